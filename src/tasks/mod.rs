//! Tasks, the words: what a task is, how it may move, what the trail says.
//! Every rule here is pure; rows are in `sql`, verbs in `actions`.

pub mod actions;
mod due;
pub mod eta;
mod rules;
pub mod sql;

use std::str::FromStr;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::db::types::{id, words};
use crate::error::{Message, msg};
use crate::people::{OrganisationId, Presence, ProjectId, UserId};

pub use due::Due;
pub use rules::{Move, fold};

id!(TaskId);

words!(
    /// Who moves it: a person, or a program.
    Kind { Assignment = "assignment", Job = "job" }
);
words!(Status { Pending = "pending", InProgress = "in_progress", Done = "done", Failed = "failed", Cancelled = "cancelled" });
words!(Priority { Low = "low", Medium = "medium", High = "high", Urgent = "urgent" });
words!(
    /// What an entry of the trail records.
    Change {
        Created = "created",
        Assigned = "assigned",
        Progress = "progress",
        Completed = "completed",
        Reopened = "reopened",
        Cancelled = "cancelled",
        Undone = "undone",
        Title = "title",
        Description = "description",
        Due = "due",
        Priority = "priority",
        Project = "project",
        Estimate = "estimate",
        Comment = "comment",
    }
);
words!(
    /// Through which door a change came.
    Via { Page = "page", Api = "api", System = "system" }
);

impl Status {
    pub const fn has_ended(self) -> bool {
        matches!(self, Status::Done | Status::Failed | Status::Cancelled)
    }
}

impl Change {
    /// These alter which tasks a list shows or in what order; the others only
    /// how one task looks.
    pub const fn moves_lists(self) -> bool {
        !matches!(self, Change::Progress | Change::Undone | Change::Description | Change::Estimate | Change::Comment)
    }
}

/// 0 to 100, in hundredths of a percent at the finest.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Percent(f64);

impl Percent {
    pub const ZERO: Percent = Percent(0.0);
    pub const FULL: Percent = Percent(100.0);

    pub fn new(value: f64) -> Result<Percent, Message> {
        if value.is_finite() && (0.0..=100.0).contains(&value) {
            Ok(Percent((value * 100.0).round() / 100.0 + 0.0))
        } else {
            Err(msg("error-percent"))
        }
    }

    /// As typed: "40", "37.5", "37,5" or "40 %".
    pub fn parse(text: &str) -> Result<Percent, Message> {
        let text = text.trim().trim_end_matches('%').trim_end().replace(',', ".");
        f64::from_str(&text).map_err(|_| msg("error-percent")).and_then(Percent::new)
    }

    pub const fn get(self) -> f64 {
        self.0
    }
}

/// One tracked piece of work, as the store has it.
#[derive(Clone, PartialEq, Debug)]
pub struct Task {
    pub id: TaskId,
    pub organisation: OrganisationId,
    pub kind: Kind,
    pub title: String,
    /// Markdown.
    pub description: String,
    pub status: Status,
    pub progress: Percent,
    pub project: Option<ProjectId>,
    pub assignee: Option<UserId>,
    pub creator: UserId,
    pub priority: Priority,
    pub due: Option<Due>,
    pub estimate_minutes: Option<i64>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// When anything last happened to it.
    pub updated_at: Timestamp,
    /// Counts the entries of its trail.
    pub version: i64,
}

impl Task {
    /// Open, and its due time is over.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.status.has_ended() && self.due.as_ref().is_some_and(|due| due.instant() <= now)
    }

    /// Open, and nobody said a word for long.
    pub fn is_stalled(&self, now: Timestamp) -> bool {
        !self.status.has_ended() && now.duration_since(self.updated_at) >= crate::config::STALLED
    }

    /// What the trail's `created` entry keeps of it: the start of every fold.
    pub fn facts(&self) -> Map<String, Value> {
        let mut facts = Map::new();
        facts.insert("kind".into(), self.kind.as_str().into());
        facts.insert("title".into(), self.title.as_str().into());
        facts.insert("description".into(), self.description.as_str().into());
        facts.insert("status".into(), self.status.as_str().into());
        facts.insert("progress".into(), self.progress.get().into());
        facts.insert("project".into(), self.project.map(ProjectId::get).into());
        facts.insert("assignee".into(), self.assignee.map(UserId::get).into());
        facts.insert("priority".into(), self.priority.as_str().into());
        facts.insert("due".into(), self.due.as_ref().map(Due::to_string).into());
        facts.insert("estimate_minutes".into(), self.estimate_minutes.into());
        facts
    }
}

/// One line of the trail. `old` and `new` are objects of the fields that it
/// changed; a comment changes none.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    pub sequence: i64,
    pub organisation: OrganisationId,
    pub task: TaskId,
    /// The task's version with this entry.
    pub version: i64,
    pub change: Change,
    pub actor: Option<UserId>,
    pub via: Via,
    pub old: Value,
    pub new: Value,
    pub note: Option<String>,
    pub presence: Option<Presence>,
    pub at: Timestamp,
}

/// Some text that somebody wrote over several lines: a note, a comment.
/// Blank is none.
pub fn parse_note(text: &str, limit: usize) -> Result<Option<String>, Message> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().count() > limit {
        Err(msg("error-too-long").arg("limit", limit))
    } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        Err(msg("error-control-characters"))
    } else {
        Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_takes_what_people_type_and_nothing_outside() {
        for (text, value) in
            [("40", 40.0), (" 37,5 % ", 37.5), ("0", 0.0), ("-0", 0.0), ("100", 100.0), ("33.333", 33.33)]
        {
            assert_eq!(Percent::parse(text).unwrap().get(), value, "{text}");
        }
        for bad in ["", "abc", "-1", "100.1", "NaN", "inf", "1e3", "4 0"] {
            assert!(Percent::parse(bad).is_err(), "{bad}");
        }
    }
}
