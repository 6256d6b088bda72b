//! Sums, the words: what is added up of what the trail tells, and how each entry counts. Only what can be added is kept: a
//! month is the sum of its days, an organisation that of its people. All is read from the trail alone, so that sums that
//! grew with it and sums that are made anew are the same. Rows are in `sql`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

use super::{Change, Due, Kind, Status};
use crate::db::types::{id, words};
use crate::people::{OrganisationId, ProjectId, UserId};

id!(LedgerId);

words!(
    /// For how long a row of sums counts.
    Span { Day = "day", Month = "month" }
);

/// What the figures mean, and how days are told apart: raised with every change of that, so that all ledgers are made anew.
pub const FORM: i64 = 1;

/// The sums of one organisation, as far as one entry of the trail.
#[derive(Clone, PartialEq, Debug)]
pub struct Ledger {
    pub id: LedgerId,
    pub organisation: OrganisationId,
    /// Whose days they are.
    pub zone: TimeZone,
    /// The last entry that is in it.
    pub sequence: i64,
}

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What happened on a day, or in a month, in numbers that can be added.
        #[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
        pub struct Figures { $($(#[$doc])* pub $name: i64),* }

        impl Figures {
            /// In the order of [`Figures::values`]; also the columns of their rows.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            pub fn values(&self) -> [i64; Figures::NAMES.len()] {
                [$(self.$name),*]
            }

            pub fn from_values(values: [i64; Figures::NAMES.len()]) -> Figures {
                let [$($name),*] = values;
                Figures { $($name),* }
            }
        }

        impl std::ops::AddAssign for Figures {
            fn add_assign(&mut self, other: Figures) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

figures! {
    /// Tasks that were made.
    created,
    /// Tasks that came to a person: made for them, or given to them later.
    assigned,
    /// Times that a task became done. Done, opened again and done again is two, beside one that was reopened.
    done,
    /// Times that a job failed for good.
    failed,
    /// Times that a task was cancelled.
    cancelled,
    /// Times that an ended task was opened again: reopened, retried, or its end undone.
    reopened,
    /// Reports of progress that the trail has, of whoever made them. Those of programs are thinned there to one a second.
    reports,
    /// Comments, of whoever wrote them.
    comments,
    /// Of the done ones, those that had a due time.
    done_due,
    /// Of these, those that were done before it was over.
    done_on_time,
    /// From the due time to the end of those that were not, in milliseconds.
    late_milliseconds,
    /// From the making of the done ones to their end, in milliseconds.
    lead_milliseconds,
    /// From the start of the done ones to their end, in milliseconds. An assignment starts when it leaves pending, a job with
    /// its first attempt.
    cycle_milliseconds,
    /// Of the done ones, those that had an estimate.
    done_estimated,
    /// What was estimated for these, in minutes.
    estimated_minutes,
    /// From the start of these to their end, in milliseconds.
    estimated_cycle_milliseconds,
    /// Attempts of jobs that began.
    attempts,
    /// Attempts that ended with a failure.
    attempts_failed,
    /// Attempts that ended because their worker fell silent.
    attempts_lost,
    /// How long the attempts that ended had run, in milliseconds; of a parent until its children had ended.
    run_milliseconds,
}

/// What a row of sums is of: a day in the ledger's zone, and what was true of the task when it happened. Reports and
/// comments are of the person who made them, all else of the one whose task it was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    pub day: Date,
    pub person: Option<UserId>,
    pub project: Option<ProjectId>,
    pub category: Option<String>,
    pub is_job: bool,
}

impl Place {
    pub const fn kind(&self) -> Kind {
        if self.is_job { Kind::Job } else { Kind::Assignment }
    }
}

pub type Sums = BTreeMap<Place, Figures>;

/// A task as its trail tells it up to some entry, as far as the sums need it.
#[derive(Clone, PartialEq, Debug)]
pub struct Standing {
    pub kind: Kind,
    pub status: Status,
    pub person: Option<UserId>,
    pub project: Option<ProjectId>,
    pub category: Option<String>,
    pub due: Option<Timestamp>,
    pub estimate_minutes: Option<i64>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    /// When the attempt that runs began.
    pub attempt_at: Option<Timestamp>,
}

/// An entry, as far as it can count.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    pub change: Change,
    pub actor: Option<UserId>,
    pub facts: Facts,
    pub at: Timestamp,
}

/// What an entry's `new` says of the fields that matter here; an inner none is a null that it says.
#[derive(Clone, PartialEq, Default, Debug, Deserialize)]
#[serde(default)]
pub struct Facts {
    kind: Option<Kind>,
    status: Option<Status>,
    #[serde(deserialize_with = "said")]
    assignee: Option<Option<UserId>>,
    #[serde(deserialize_with = "said")]
    project: Option<Option<ProjectId>>,
    #[serde(deserialize_with = "said")]
    category: Option<Option<String>>,
    #[serde(deserialize_with = "said")]
    due: Option<Option<String>>,
    #[serde(deserialize_with = "said")]
    estimate_minutes: Option<Option<i64>>,
}

/// Keeps a null apart from a field that is not there.
fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Told {
    /// Whether a task may stand otherwise after it.
    pub fn moves(&self) -> bool {
        self.facts != Facts::default() || matches!(self.change, Change::Claimed | Change::Deleted)
    }
}

impl Standing {
    fn made(told: &Told) -> Standing {
        Standing {
            kind: told.facts.kind.unwrap_or(Kind::Assignment),
            status: Status::Pending,
            person: None,
            project: None,
            category: None,
            due: None,
            estimate_minutes: None,
            created_at: told.at,
            started_at: None,
            attempt_at: None,
        }
    }

    fn learn(&mut self, told: &Told, zone: &TimeZone) {
        let facts = &told.facts;
        self.status = facts.status.unwrap_or(self.status);
        self.person = facts.assignee.unwrap_or(self.person);
        self.project = facts.project.unwrap_or(self.project);
        self.estimate_minutes = facts.estimate_minutes.unwrap_or(self.estimate_minutes);
        if let Some(category) = &facts.category {
            self.category.clone_from(category);
        }
        if let Some(due) = &facts.due {
            // Of a day the trail keeps no zone: here it is over when the day of the sums is.
            let due = due.as_deref().and_then(|due| Due::parse(due, zone).ok().flatten());
            self.due = due.map(|due| due.instant());
        }
        match (self.status, self.kind) {
            (Status::Pending, Kind::Assignment) => self.started_at = None,
            (Status::Pending, Kind::Job) | (Status::Cancelled, _) => {}
            (Status::InProgress | Status::Done | Status::Failed, _) => {
                self.started_at.get_or_insert(told.at);
            }
        }
        if told.change == Change::Claimed {
            self.attempt_at = Some(told.at);
        }
    }

    fn place(&self, day: Date, person: Option<UserId>) -> Place {
        let (project, category) = (self.project, self.category.clone());
        Place { day, person, project, category, is_job: self.kind == Kind::Job }
    }

    /// What its end adds.
    fn ended(&self, at: Timestamp) -> Figures {
        let cycle = milliseconds(self.started_at.unwrap_or(at), at);
        let is_estimated = i64::from(self.estimate_minutes.is_some());
        let late = self.due.filter(|due| at >= *due);
        Figures {
            done: 1,
            done_due: i64::from(self.due.is_some()),
            done_on_time: i64::from(self.due.is_some() && late.is_none()),
            late_milliseconds: late.map_or(0, |due| milliseconds(due, at)),
            lead_milliseconds: milliseconds(self.created_at, at),
            cycle_milliseconds: cycle,
            done_estimated: is_estimated,
            estimated_minutes: self.estimate_minutes.unwrap_or(0),
            estimated_cycle_milliseconds: cycle * is_estimated,
            ..Figures::default()
        }
    }
}

/// None below zero: clocks are set back.
fn milliseconds(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(to.duration_since(from).as_millis()).unwrap_or(i64::MAX).max(0)
}

/// Adds what an entry tells, and lets the task stand as it does after it: not at all before it was made and once it is
/// deleted.
pub fn count(standing: &mut Option<Standing>, told: &Told, zone: &TimeZone, sums: &mut Sums) {
    if told.change == Change::Deleted {
        *standing = None;
        return;
    }
    let is_new = told.change == Change::Created;
    if standing.is_none() && !is_new {
        return;
    }
    let task = standing.get_or_insert_with(|| Standing::made(told));
    let (was, had) = (task.status, task.person);
    if told.moves() {
        task.learn(told, zone);
    }
    let mut figures = Figures {
        created: i64::from(is_new),
        assigned: i64::from(task.person.is_some() && task.person != had),
        attempts: i64::from(told.change == Change::Claimed),
        ..Figures::default()
    };
    match task.status {
        status if status == was => {}
        Status::Done => figures += task.ended(told.at),
        Status::Failed => figures.failed = 1,
        Status::Cancelled => figures.cancelled = 1,
        Status::Pending | Status::InProgress => figures.reopened = i64::from(was.has_ended()),
    }
    if task.status != Status::InProgress
        && let Some(began) = task.attempt_at.take()
    {
        figures.attempts_failed = i64::from(matches!(told.change, Change::Failed | Change::AttemptFailed));
        figures.attempts_lost = i64::from(told.change == Change::Lost);
        figures.run_milliseconds = milliseconds(began, told.at);
    }
    let day = || told.at.to_zoned(zone.clone()).date();
    if figures != Figures::default() {
        *sums.entry(task.place(day(), task.person)).or_default() += figures;
    }
    let act = match told.change {
        Change::Progress | Change::Stage | Change::LowerReport => Figures { reports: 1, ..Figures::default() },
        Change::Comment => Figures { comments: 1, ..Figures::default() },
        _ => return,
    };
    // What Milepost says by itself is nobody's act.
    if told.actor.is_some() {
        *sums.entry(task.place(day(), told.actor)).or_default() += act;
    }
}

/// The days of each month together, by its first day.
pub fn months(days: &Sums) -> Sums {
    let mut months = Sums::new();
    for (place, figures) in days {
        *months.entry(Place { day: place.day.first_of_month(), ..place.clone() }).or_default() += *figures;
    }
    months
}

impl Span {
    /// The name of the day, or of the month in which it is.
    pub fn period(self, day: Date) -> String {
        match self {
            Span::Day => day.to_string(),
            Span::Month => day.strftime("%Y-%m").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(change: Change, new: serde_json::Value, at: &str) -> Told {
        let facts = serde_json::from_value(new).unwrap();
        Told { change, actor: Some(UserId::new(1)), facts, at: at.parse().unwrap() }
    }

    /// All figures of these entries together.
    fn together(entries: &[Told]) -> Figures {
        let (mut standing, mut sums) = (None, Sums::new());
        let zone = TimeZone::get("Asia/Jerusalem").unwrap();
        entries.iter().for_each(|told| count(&mut standing, told, &zone, &mut sums));
        let mut all = Figures::default();
        months(&sums).into_values().for_each(|figures| all += figures);
        all
    }

    #[test]
    fn a_due_day_is_met_until_it_is_over_where_the_organisation_is() {
        let made = told(Change::Created, json!({ "kind": "assignment", "due": "2026-11-30" }), "2026-11-30T08:00:00Z");
        let done = |at| told(Change::Completed, json!({ "status": "done" }), at);
        let last = together(&[made.clone(), done("2026-11-30T21:59:59Z")]);
        assert_eq!((last.done_due, last.done_on_time, last.late_milliseconds), (1, 1, 0));
        let late = together(&[made, done("2026-11-30T22:00:01Z")]);
        assert_eq!((late.done_due, late.done_on_time, late.late_milliseconds), (1, 0, 1_000));
    }

    #[test]
    fn a_field_that_is_set_to_nothing_is_not_one_that_is_left_out() {
        let given = told(Change::Assigned, json!({ "assignee": 3 }), "2026-11-30T08:00:00Z");
        let taken = told(Change::Assigned, json!({ "assignee": null }), "2026-11-30T08:00:00Z");
        let titled = told(Change::Title, json!({ "title": "Rope" }), "2026-11-30T08:00:00Z");
        assert_eq!(given.facts.assignee, Some(Some(UserId::new(3))));
        assert_eq!(taken.facts.assignee, Some(None));
        assert!(taken.moves() && !titled.moves());
        let made = told(Change::Created, json!({ "kind": "assignment", "assignee": 3 }), "2026-11-30T07:00:00Z");
        assert_eq!(together(&[made, titled, given.clone(), taken, given]).assigned, 2);
    }

    #[test]
    fn a_clock_that_was_set_back_takes_nothing_away() {
        let made = told(Change::Created, json!({ "kind": "job" }), "2026-11-30T08:00:00Z");
        let claimed = told(Change::Claimed, json!({ "status": "in_progress" }), "2026-11-30T08:00:00Z");
        let done = told(Change::Completed, json!({ "status": "done" }), "2026-11-30T07:00:00Z");
        let all = together(&[made, claimed, done]);
        assert_eq!((all.done, all.attempts), (1, 1));
        assert_eq!((all.lead_milliseconds, all.cycle_milliseconds, all.run_milliseconds), (0, 0, 0));
    }
}
