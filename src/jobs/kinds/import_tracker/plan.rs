//! What a task of another tracker wants of one here: who of its people are members, where it goes, what is said of it; and how
//! it stands in the file of those that could not be saved, which can be mended and imported as a table.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::super::import_tasks::directory::Directory;
use super::super::import_tasks::row::{Looked, Wanted};
use super::told::LeftOut;
use crate::config;
use crate::error::{Message, msg};
use crate::jobs::columns::{Standing, Target};
use crate::jobs::sheets::Row;
use crate::jobs::trackers::{Comment, Found, Left, Lefts, Person, Projects, leave};
use crate::locale::Lang;
use crate::people::{ProjectId, UserId, parse_line};
use crate::tasks::Due;

/// The columns of that file.
const COLUMNS: [Target; 10] = [
    Target::ExternalId,
    Target::Title,
    Target::Assignee,
    Target::Project,
    Target::Due,
    Target::Priority,
    Target::Status,
    Target::Percent,
    Target::Estimate,
    Target::Description,
];

pub fn header(l: Lang) -> Vec<String> {
    COLUMNS.iter().map(|target| l.t(target.label_key()).to_owned()).collect()
}

pub struct Plan {
    pub directory: Directory,
    pub zone: TimeZone,
    pub assignee: Option<UserId>,
    pub project: Option<ProjectId>,
    pub projects: Projects,
    /// Projects that an import would make, where it is only tried.
    pub would_make: BTreeSet<String>,
    pub l: Lang,
}

impl Plan {
    pub fn look(&self, tasks: &[Found], first: usize) -> (Looked, LeftOut) {
        let mut looked = Looked { first, good: Vec::new(), bad: Vec::new(), columns: COLUMNS.len() };
        let mut left = LeftOut::default();
        for (place, task) in tasks.iter().enumerate() {
            let (row, mut lost) = (row(task), task.left.clone());
            match self.wanted(task, &mut lost) {
                Ok(wanted) => looked.good.push((place, row, Arc::new(wanted))),
                Err(why) => looked.bad.push((row, self.l.m(&why))),
            }
            let unknown = task.people.iter().filter(|person| self.member(person).is_none()).map(Person::called);
            left.lost(task, lost, unknown);
        }
        (looked, left)
    }

    fn member(&self, person: &Person) -> Option<UserId> {
        // Who has an address is that one and nobody of the same name.
        let known_as = person.email.as_deref().unwrap_or(&person.name);
        self.directory.person(known_as).ok()
    }

    fn wanted(&self, task: &Found, left: &mut Lefts) -> Result<Wanted, Message> {
        let due = task.due.as_deref().map(|due| Due::parse(due, &self.zone)).transpose();
        leave(left, Left::UnreadDates, usize::from(due.is_err()));
        let due = due.ok().flatten().flatten();
        let filled = [
            !task.people.is_empty(),
            task.project.is_some(),
            due.is_some(),
            task.priority.is_some(),
            task.estimate_minutes.is_some(),
            !task.description.is_empty(),
        ];
        Ok(Wanted {
            title: parse_line(&task.title, config::TITLE_CHARS)?,
            assignee: self.assignee(task, left)?,
            project: self.project(task, left),
            due_text: due.as_ref().and(task.due.clone()),
            due,
            priority: task.priority,
            standing: task.standing,
            estimate_minutes: task.estimate_minutes,
            description: Some(task.description.clone()).filter(|text| !text.is_empty()),
            external_id: Some(task.id.clone()),
            category: task.category.clone(),
            labels: Some(task.labels.clone()).filter(|labels| !labels.is_empty()),
            comments: task.comments.iter().map(|comment| self.note(comment)).collect(),
            // Title, external id, status and percent are always said.
            filled: 4 + filled.iter().filter(|is_filled| **is_filled).count(),
        })
    }

    /// The first of its people who is a member; Milepost's tasks have one.
    fn assignee(&self, task: &Found, left: &mut Lefts) -> Result<Option<UserId>, Message> {
        let known: Vec<UserId> = task.people.iter().filter_map(|person| self.member(person)).collect();
        leave(left, Left::FurtherPeople, known.len().saturating_sub(1));
        leave(left, Left::UnknownPeople, task.people.len() - known.len());
        match (known.first().copied().or(self.assignee), task.people.first()) {
            (None, Some(unknown)) => Err(msg("import-unknown-person").arg("name", unknown.called())),
            (assignee, _) => Ok(assignee),
        }
    }

    fn project(&self, task: &Found, left: &mut Lefts) -> Option<ProjectId> {
        if self.project.is_some() {
            return self.project;
        }
        let name = task.project.as_deref()?;
        let found = match self.projects {
            Projects::None => None,
            // One that is not there yet is another than any that is.
            _ if self.would_make.contains(name) => Some(ProjectId::new(0)),
            _ => self.directory.project(name).ok(),
        };
        leave(left, Left::Projects, usize::from(found.is_none()));
        found
    }

    /// Who said it and when stands above it: the trail says who brought it here.
    fn note(&self, comment: &Comment) -> String {
        let author = comment.author.as_ref().map_or("?", Person::called);
        let at = comment.at.map(|at| at.strftime(" · %Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
        let note = format!("{author}{at}\n{}", comment.text);
        let note: String = note.chars().take(config::NOTE_CHARS).collect();
        note.trim().to_owned()
    }
}

fn row(task: &Found) -> Row {
    let person = task.people.first();
    let (status, percent) = match task.standing {
        Some(Standing::Done) => ("done", String::new()),
        Some(Standing::Cancelled) => ("cancelled", String::new()),
        Some(Standing::InProgress) => ("in progress", String::new()),
        Some(Standing::At(percent)) => ("", percent.get().to_string()),
        Some(Standing::Open) | None => ("open", String::new()),
    };
    let cells = vec![
        task.id.clone(),
        task.title.clone(),
        person.map(|person| person.email.clone().unwrap_or_else(|| person.name.clone())).unwrap_or_default(),
        task.project.clone().unwrap_or_default(),
        task.due.clone().unwrap_or_default(),
        task.priority.map(|priority| priority.to_string()).unwrap_or_default(),
        status.to_owned(),
        percent,
        task.estimate_minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
        task.description.clone(),
    ];
    Row { line: 0, cells }
}
