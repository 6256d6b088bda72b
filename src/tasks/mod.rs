//! Tasks, the words: what a task is, how it may move, what the trail says.
//! Every rule here is pure; rows are in `sql`, verbs in `actions`.

pub mod actions;
mod due;
pub mod eta;
pub mod progress;
mod rules;
pub mod sql;
pub mod sums;

use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::config;
use crate::db::types::{id, words};
use crate::error::{Error, Message, msg};
use crate::jobs::{Dispatch, Job};
use crate::people::{OrganisationId, Presence, ProjectId, UserId, Viewer};

pub use due::Due;
pub use eta::Eta;
pub use progress::{Counts, Progress, Stage};
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
        Category = "category",
        Labels = "labels",
        RunAt = "run-at",
        QueuePriority = "queue-priority",
        /// An attempt began: somebody took the job, or its creator reported first.
        Claimed = "claimed",
        Stage = "stage",
        /// A report that says less than was said before: kept, not applied.
        LowerReport = "lower-report",
        Failed = "failed",
        /// An attempt failed, and another one will follow.
        AttemptFailed = "attempt-failed",
        /// Nothing was heard of an attempt's worker for longer than its lease.
        Lost = "lost",
        /// Alive, but without progress for long.
        Stalled = "stalled",
        CancelRequested = "cancel-requested",
        CancelAcknowledged = "cancel-acknowledged",
        Retried = "retried",
        Deleted = "deleted",
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
        !matches!(
            self,
            Change::Progress
                | Change::Undone
                | Change::Description
                | Change::Estimate
                | Change::Comment
                | Change::Stage
                | Change::LowerReport
                | Change::CancelAcknowledged
                | Change::Labels
        )
    }
}

/// Who does something, and through which door.
#[derive(Clone)]
pub struct By {
    pub viewer: Arc<Viewer>,
    pub via: Via,
    /// How the person behind a page is present, for the trail.
    pub presence: Option<Presence>,
    pub dispatch: Arc<Dispatch>,
    /// What one job may leave behind.
    pub output: Arc<config::Output>,
}

/// Who an entry of the trail names.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Who {
    /// None: Milepost itself.
    pub actor: Option<UserId>,
    pub via: Via,
}

impl Who {
    pub const MILEPOST: Who = Who { actor: None, via: Via::System };
}

impl By {
    pub fn who(&self) -> Who {
        Who { actor: (!self.viewer.is_milepost()).then_some(self.viewer.user), via: self.via }
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
    /// Grows with each change. Between two entries of a job's trail it may grow further: reports are thinned there.
    pub version: i64,
    pub category: Option<String>,
    pub counts: Option<Counts>,
    pub stage: Option<Stage>,
    /// What the latest report of a program said.
    pub note: Option<String>,
    pub eta: Option<Eta>,
    pub parent: Option<TaskId>,
    /// What has to be done first.
    pub after: Vec<TaskId>,
    pub labels: Vec<String>,
    pub external_id: Option<String>,
    /// Some exactly for a job.
    pub job: Option<Arc<Job>>,
}

impl Task {
    /// The one whose work it is moves it, and admins; a job also whoever speaks for the organisation's programs.
    pub fn may_be_moved_by(&self, viewer: &Viewer) -> Result<(), Error> {
        let is_theirs = self.assignee == Some(viewer.user) || (self.kind == Kind::Job && viewer.sees_all());
        if viewer.is_admin() || is_theirs { Ok(()) } else { Err(Error::Forbidden(msg("error-not-your-task"))) }
    }

    /// One that nothing happened to yet.
    pub fn new(organisation: OrganisationId, kind: Kind, title: String, creator: UserId, now: Timestamp) -> Task {
        Task {
            id: TaskId::new(0),
            organisation,
            kind,
            title,
            description: String::new(),
            status: Status::Pending,
            progress: Percent::ZERO,
            project: None,
            assignee: None,
            creator,
            priority: Priority::Medium,
            due: None,
            estimate_minutes: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            updated_at: now,
            version: 1,
            category: None,
            counts: None,
            stage: None,
            note: None,
            eta: None,
            parent: None,
            after: Vec::new(),
            labels: Vec::new(),
            external_id: None,
            job: None,
        }
    }

    /// What a program moves; none of an assignment, whose percent is a person's word.
    pub fn job(&self) -> Option<&Job> {
        self.job.as_deref()
    }

    pub fn how_far(&self) -> Progress {
        Progress { percent: self.progress, counts: self.counts, stage: self.stage.clone(), note: self.note.clone() }
    }

    /// Open, and its due time is over.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.status.has_ended() && self.due.as_ref().is_some_and(|due| due.instant() <= now)
    }

    /// Open, and nobody said a word for long.
    pub fn is_stalled(&self, now: Timestamp) -> bool {
        !self.status.has_ended() && now.duration_since(self.updated_at) >= crate::config::STALLED
    }

    /// What the trail's `created` entry keeps of it: the start of every fold. Fields that came with jobs stand in it when
    /// they are set; a null that a later entry says means the same. Payload and result are not part of the trail.
    pub fn facts(&self) -> Map<String, Value> {
        let facts = self.all_facts().into_iter().enumerate();
        let told = facts.filter(|(at, (_, value))| *at < ALWAYS_TOLD || !value.is_null());
        told.map(|(_, (field, value))| (field.to_owned(), value)).collect()
    }

    /// The facts in which it differs from an earlier state, as they were and as they are.
    pub fn facts_since(&self, before: &Task) -> (Map<String, Value>, Map<String, Value>) {
        let both = before.all_facts().into_iter().zip(self.all_facts());
        let differing = both.filter(|((_, old), (_, new))| old != new);
        differing.map(|((field, old), (_, new))| ((field.to_owned(), old), (field.to_owned(), new))).unzip()
    }

    /// Every field and its value, in the same places for every task.
    fn all_facts(&self) -> [(&'static str, Value); 24] {
        let job = self.job();
        [
            ("kind", self.kind.as_str().into()),
            ("title", self.title.as_str().into()),
            ("description", self.description.as_str().into()),
            ("status", self.status.as_str().into()),
            ("progress", self.progress.get().into()),
            ("project", self.project.map(ProjectId::get).into()),
            ("assignee", self.assignee.map(UserId::get).into()),
            ("priority", self.priority.as_str().into()),
            ("due", self.due.as_ref().map(Due::to_string).into()),
            ("estimate_minutes", self.estimate_minutes.into()),
            ("category", self.category.as_deref().into()),
            ("counts", self.counts.map_or(Value::Null, Counts::to_json)),
            ("stage", self.stage.as_ref().map_or(Value::Null, Stage::to_json)),
            ("parent", self.parent.map(TaskId::get).into()),
            ("after", list(self.after.iter().map(|id| id.get().into()))),
            ("labels", list(self.labels.iter().map(|label| label.as_str().into()))),
            ("external_id", self.external_id.as_deref().into()),
            ("job_kind", job.and_then(|job| job.spec.job_kind.as_deref()).into()),
            ("queue", job.map(|job| job.spec.queue.as_str()).into()),
            ("queue_priority", job.map(|job| job.queue_priority).into()),
            ("run_at", job.and_then(|job| job.run_at).map(|at| at.to_string()).into()),
            ("attempt", job.map(|job| job.attempt).into()),
            ("worker", job.and_then(|job| job.worker.as_deref()).into()),
            ("error", job.and_then(|job| job.error.as_deref()).into()),
        ]
    }
}

/// So many of all facts are told even if they are null: those that tasks had before there were jobs.
const ALWAYS_TOLD: usize = 10;

/// None when empty.
fn list(values: impl Iterator<Item = Value>) -> Value {
    let values: Vec<Value> = values.collect();
    if values.is_empty() { Value::Null } else { Value::Array(values) }
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
    let length = text.chars().count();
    let text = text.trim();
    if length > limit {
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
