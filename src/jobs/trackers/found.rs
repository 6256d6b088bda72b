//! A task of another tracker, in words that all of them share; and how what they write becomes what Milepost takes.

use jiff::Timestamp;

use super::{Left, Lefts, Tracker, leave};
use crate::config;
use crate::jobs::columns::{Standing, standing};
use crate::tasks::Priority;

/// Somebody, as far as an export says who.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Person {
    pub name: String,
    pub email: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comment {
    pub author: Option<Person>,
    pub at: Option<Timestamp>,
    pub text: String,
}

/// Texts are as verbs take them: neither too long, nor with what no screen shows.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Found {
    /// As the task's external id: the tracker's name, and its own number there.
    pub id: String,
    pub title: String,
    pub description: String,
    pub project: Option<String>,
    pub people: Vec<Person>,
    /// As [`crate::tasks::Due::parse`] takes it.
    pub due: Option<String>,
    pub priority: Option<Priority>,
    pub standing: Option<Standing>,
    pub estimate_minutes: Option<i64>,
    /// The list, section or column in which it stands.
    pub category: Option<String>,
    pub labels: Vec<String>,
    pub comments: Vec<Comment>,
    pub left: Lefts,
}

impl Found {
    pub fn new(tracker: Tracker, id: &str, title: &str, description: &str) -> Found {
        let mut found = Found { id: format!("{tracker}:{}", line(id, 60).0), ..Found::default() };
        let (short, is_cut) = line(title, config::TITLE_CHARS);
        found.title = short;
        // A title that does not fit stands whole above the description.
        let description =
            if is_cut { format!("{}\n\n{description}", line(title, usize::MAX).0) } else { description.into() };
        found.describe(&description);
        found
    }

    pub fn leave(&mut self, what: Left, count: usize) {
        leave(&mut self.left, what, count);
    }

    /// Adds a paragraph to the description.
    pub fn describe(&mut self, text: &str) {
        let whole =
            if self.description.is_empty() { text.to_owned() } else { format!("{}\n\n{text}", self.description) };
        let (whole, is_cut) = lines(&whole, config::DESCRIPTION_CHARS);
        self.leave(Left::Texts, usize::from(is_cut));
        self.description = whole;
    }

    pub fn label(&mut self, name: &str) {
        let (name, _) = line(name, config::NAME_CHARS);
        if name.is_empty() || self.labels.contains(&name) {
            return;
        }
        match self.labels.len() < config::LABELS {
            true => self.labels.push(name),
            false => self.leave(Left::Labels, 1),
        }
    }

    pub fn comment(&mut self, author: Option<Person>, at: Option<Timestamp>, text: &str) {
        // Whose and when it was stands above it.
        const HEAD: usize = 200;
        let (text, is_cut) = lines(text, config::NOTE_CHARS - HEAD);
        self.leave(Left::Texts, usize::from(is_cut));
        if !text.is_empty() {
            self.comments.push(Comment { author, at, text });
        }
    }

    /// The list in which it stands; some are called as Milepost calls how far a task is.
    pub fn stands_in(&mut self, list: &str) {
        let (list, _) = line(list, config::NAME_CHARS);
        if self.standing.is_none() {
            self.standing = match list.to_lowercase().as_str() {
                "work in progress" => Some(Standing::InProgress),
                _ => standing(&list).ok().filter(|standing| !matches!(standing, Standing::At(_))),
            };
        }
        self.category = Some(list).filter(|list| !list.is_empty());
    }

    pub fn in_project(&mut self, name: &str) {
        self.project = Some(line(name, config::NAME_CHARS).0).filter(|name| !name.is_empty());
    }

    pub fn due_at(&mut self, at: Option<Timestamp>) {
        self.due = at.map(|at| at.to_string());
    }
}

impl Person {
    pub fn new(name: &str, email: &str) -> Option<Person> {
        let (name, email) = (line(name, config::NAME_CHARS).0, email.trim().to_lowercase());
        let email = Some(email).filter(|email| email.contains('@') && email.chars().count() <= config::EMAIL_CHARS);
        (!name.is_empty() || email.is_some()).then_some(Person { name, email })
    }

    /// How others know them.
    pub fn called(&self) -> &str {
        if self.name.is_empty() { self.email.as_deref().unwrap_or_default() } else { &self.name }
    }
}

/// One line of at most so many characters; whether something was cut.
pub fn line(text: &str, most: usize) -> (String, bool) {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let plain = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    cut(plain, most)
}

/// Lines of at most so many characters together.
pub fn lines(text: &str, most: usize) -> (String, bool) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let shown: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    cut(shown.trim().to_owned(), most)
}

fn cut(text: String, most: usize) -> (String, bool) {
    match text.char_indices().nth(most) {
        None => (text, false),
        Some(_) => {
            let kept: String = text.chars().take(most.saturating_sub(1)).collect();
            (format!("{}…", kept.trim_end()), true)
        }
    }
}

/// A moment in the form that all of these write (RFC 3339); what is before 1970 means none.
pub fn moment(text: &str) -> Option<Timestamp> {
    let at: Timestamp = text.trim().parse().ok()?;
    (at > Timestamp::UNIX_EPOCH).then_some(at)
}

/// Seconds since 1970; zero means none.
pub fn moment_of_seconds(text: &str) -> Option<Timestamp> {
    let seconds: i64 = text.trim().parse().ok()?;
    Timestamp::from_second(seconds).ok().filter(|_| seconds > 0)
}
