//! Todoist: a project as CSV (its template format: "Import or export a project as a CSV file" in its help; TYPE, CONTENT,
//! DESCRIPTION, PRIORITY, INDENT, AUTHOR, RESPONSIBLE, DATE, DATE_LANG, TIMEZONE, and of late DURATION and DEADLINE). A note
//! belongs to the task above it, labels stand in the content as `@label`, priority 1 is the highest. What is done is not in
//! it, nor is any number of a task: a task is known by its project, its title, and how often that came before.

use std::collections::HashMap;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::found::{Found, Person, line, moment};
use super::table::{Table, header};
use super::{Export, Left, Lefts, Tracker, Wishes, leave};
use crate::config;
use crate::error::{Message, msg};
use crate::jobs::columns::Standing;
use crate::jobs::sheets::Row;
use crate::tasks::Priority;

pub fn is_one(bytes: &[u8]) -> bool {
    let names = header(bytes);
    ["type", "content", "indent"].iter().all(|needed| names.iter().any(|name| name == needed))
}

pub fn read(bytes: &[u8], wishes: &Wishes) -> Result<Export, Message> {
    let table = Table::read(bytes)?;
    if !table.has("type") || !table.has("content") {
        return Err(msg("tracker-other-form"));
    }
    let project = wishes.name.rsplit_once('.').map_or(wishes.name.as_str(), |(name, _)| name);
    let (mut tasks, mut left) = (Vec::<Found>::new(), Lefts::new());
    let (mut section, mut titles) = ("", HashMap::new());
    for row in &table.rows {
        let content = table.cell(row, "content");
        match table.cell(row, "type") {
            "section" => section = content,
            "note" => match tasks.last_mut() {
                Some(task) => note(task, &table, row),
                None => leave(&mut left, Left::Notes, 1),
            },
            "task" => {
                let before: &mut usize = titles.entry(content).or_default();
                *before += 1;
                let mut found = found(&table, row, &id(project, content, *before));
                found.in_project(project);
                found.category = Some(line(section, config::NAME_CHARS).0).filter(|section| !section.is_empty());
                tasks.push(found);
            }
            // Lines that say how the project is shown, and what may come.
            _ => {}
        }
    }
    Ok(Export { tracker: Tracker::Todoist, tasks, left })
}

fn id(project: &str, content: &str, time: usize) -> String {
    let digest = Sha256::digest(format!("{project}\n{content}\n{time}"));
    digest[..10].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn found(table: &Table, row: &Row, id: &str) -> Found {
    let cell = |name| table.cell(row, name);
    let (labels, words): (Vec<&str>, Vec<&str>) =
        cell("content").split_whitespace().partition(|word| word.starts_with('@') && word.len() > 1);
    let mut found = Found::new(Tracker::Todoist, id, &words.join(" "), cell("description"));
    for label in labels {
        found.label(label.trim_start_matches('@'));
    }
    found.people = Person::new(without_number(cell("responsible")), "").into_iter().collect();
    found.priority = priority(cell("priority"));
    found.standing = Some(Standing::Open);
    let (date, deadline) = (cell("date"), cell("deadline"));
    let (due_text, other) = if deadline.is_empty() { (date, "") } else { (deadline, date) };
    found.due = due(due_text, cell("timezone"));
    let is_read = found.due.is_some() || due_text.is_empty();
    let recurs = [date, deadline].iter().any(|text| is_recurring(text));
    found.leave(Left::Recurrence, usize::from(recurs));
    found.leave(Left::UnreadDates, usize::from(!is_read && !is_recurring(due_text)));
    found.leave(Left::StartDates, usize::from(!other.is_empty() && !is_recurring(other)));
    found.leave(Left::Subtasks, usize::from(!matches!(cell("indent"), "" | "1")));
    found
}

fn note(task: &mut Found, table: &Table, row: &Row) {
    let content = table.cell(row, "content");
    // A file is told of at the end of its note.
    let (text, file) = content.split_once("[[file ").map_or((content, false), |(text, _)| (text, true));
    task.leave(Left::Attachments, usize::from(file));
    let author = Person::new(without_number(table.cell(row, "author")), "");
    task.comment(author, moment(table.cell(row, "date")), text);
}

/// "Evan (14781400)" is Evan.
fn without_number(said: &str) -> &str {
    match said.rsplit_once(" (") {
        Some((name, number)) if number.trim_end_matches(')').chars().all(|c| c.is_ascii_digit()) => name,
        _ => said,
    }
}

fn priority(said: &str) -> Option<Priority> {
    match said {
        "1" => Some(Priority::Urgent),
        "2" => Some(Priority::High),
        "3" => Some(Priority::Medium),
        "4" => Some(Priority::Low),
        _ => None,
    }
}

fn is_recurring(text: &str) -> bool {
    let text = text.to_lowercase();
    ["every", "ev ", "daily", "weekly", "monthly", "yearly"].iter().any(|word| text.starts_with(word))
}

/// A date as people type it there, as far as it is one and not words such as "tomorrow", of which nobody knows any more when
/// they were typed.
fn due(text: &str, zone: &str) -> Option<String> {
    if let Some(at) = moment(text) {
        return Some(at.to_string());
    }
    let text = text.replace(['T', '@', ','], " ").replace(" at ", " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let (day, time) = match words.as_slice() {
        [day] => ((*day).to_owned(), None),
        [day, time] if day.contains('-') => ((*day).to_owned(), Some(*time)),
        [a, b, c, rest @ ..] => (format!("{a} {b} {c}"), rest.first().copied()),
        _ => return None,
    };
    let formats = ["%Y-%m-%d", "%b %d %Y", "%d %b %Y", "%B %d %Y", "%d %B %Y"];
    let date = formats.iter().find_map(|format| Date::strptime(format, &day).ok())?;
    let time = time
        .and_then(|time| ["%H:%M", "%H:%M:%S", "%I:%M%p", "%I%p"].iter().find_map(|f| Time::strptime(f, time).ok()));
    let Some(time) = time else { return Some(date.to_string()) };
    match TimeZone::get(zone) {
        Ok(zone) => Some(date.to_datetime(time).to_zoned(zone).ok()?.timestamp().to_string()),
        Err(_) => Some(date.to_datetime(time).strftime("%Y-%m-%dT%H:%M").to_string()),
    }
}
