//! Schedules, the words: what is made again and again, when, and what becomes of it. Its time is in `cron`, how that is
//! said in `sentence`, what is wrong with it in `alarm` and `told`; rows are in `sql`, verbs in `actions`, the tick in `worker`.

pub mod actions;
pub mod alarm;
pub mod cron;
pub mod due;
pub mod sentence;
pub mod sql;
pub mod told;
pub mod worker;

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config;
use crate::db::types::{id, words};
use crate::error::{Message, msg};
use crate::people::{OrganisationId, ProjectId, UserId};
use crate::tasks::{Due, Priority, TaskId};
pub use alarm::Alarm;
pub use cron::Cron;

id!(ScheduleId);

words!(
    /// What becomes of the slots that passed while the server was down.
    AfterDowntime { Skip = "skip", Once = "once", All = "all" }
);
words!(
    /// What becomes of a slot at which an earlier run is still open.
    Overlap { Skip = "skip", Queue = "queue", Allow = "allow" }
);
words!(
    /// What a schedule makes.
    Makes { Job = "job", Assignment = "assignment" }
);
words!(
    /// How a run ended: as its task did, or without one.
    Outcome {
        Done = "done",
        Failed = "failed",
        Cancelled = "cancelled",
        /// An earlier run was still open.
        Skipped = "skipped",
        /// The server was down.
        Missed = "missed",
        /// Nothing could be made; the reason says why.
        Refused = "refused",
    }
);
words!(
    /// Why nothing could be made.
    Reason {
        /// Its maker is no member any more, or no admin.
        Maker = "maker",
        Assignee = "assignee",
        Project = "project",
        /// Anything else that was right when the schedule was saved.
        Other = "other",
    }
);

/// What is made at each slot, apart from its title.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    Job(JobTemplate),
    Assignment(AssignmentTemplate),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobTemplate {
    pub job_kind: String,
    pub payload: Value,
    pub queue: Option<String>,
    pub max_attempts: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct AssignmentTemplate {
    pub assignee: UserId,
    pub project: Option<ProjectId>,
    pub priority: Priority,
    /// Markdown.
    pub description: String,
    pub estimate_minutes: Option<i64>,
    pub due_after: Option<DueAfter>,
}

impl Template {
    pub const fn makes(&self) -> Makes {
        match self {
            Template::Job(_) => Makes::Job,
            Template::Assignment(_) => Makes::Assignment,
        }
    }
}

/// When an assignment is due, counted from its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DueAfter {
    /// At the end of the slot's own day in the schedule's zone, or so many days later.
    Days(i32),
    Hours(i32),
}

impl DueAfter {
    pub fn from(self, slot: Timestamp, zone: &TimeZone) -> Option<Due> {
        let later = |span: Span| slot.to_zoned(zone.clone()).checked_add(span).ok();
        match self {
            DueAfter::Days(days) => Due::parse(&later(days.days())?.date().to_string(), zone).ok()?,
            DueAfter::Hours(hours) => Some(Due::At(later(hours.hours())?.timestamp())),
        }
    }
}

/// `2d`, `6h`.
impl fmt::Display for DueAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DueAfter::Days(days) => write!(f, "{days}d"),
            DueAfter::Hours(hours) => write!(f, "{hours}h"),
        }
    }
}

impl FromStr for DueAfter {
    type Err = Message;

    fn from_str(text: &str) -> Result<DueAfter, Message> {
        let wrong = || msg("error-due-after").arg("days", config::DUE_AFTER_DAYS);
        let (number, unit) = text.trim().split_at_checked(text.trim().len().saturating_sub(1)).ok_or_else(wrong)?;
        let number: i32 = number.trim().parse().map_err(|_| wrong())?;
        match unit {
            "d" if (0..=config::DUE_AFTER_DAYS).contains(&i64::from(number)) => Ok(DueAfter::Days(number)),
            "h" if (1..=config::DUE_AFTER_DAYS * 24).contains(&i64::from(number)) => Ok(DueAfter::Hours(number)),
            _ => Err(wrong()),
        }
    }
}

impl Serialize for DueAfter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DueAfter {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<DueAfter, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("no time after a slot"))
    }
}

/// How a schedule behaves besides its time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// It starts up to so much later than its slot, always by the same.
    pub jitter_seconds: i64,
    pub after_downtime: AfterDowntime,
    pub overlap: Overlap,
    /// So many failures in a row are an alarm.
    pub alarm_failures: i64,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { jitter_seconds: 0, after_downtime: AfterDowntime::Once, overlap: Overlap::Skip, alarm_failures: 3 }
    }
}

/// A schedule as the store has it.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    pub id: ScheduleId,
    pub organisation: OrganisationId,
    /// Of what it makes; may hold the slot's date (see [`title_at`]).
    pub title: String,
    pub cron: Cron,
    pub zone: TimeZone,
    pub template: Template,
    pub rules: Rules,
    pub is_paused: bool,
    /// The kind of job with which it came by itself.
    pub comes_with: Option<String>,
    /// As whom it runs; none: Milepost itself.
    pub maker: Option<UserId>,
    /// None while it is paused, and after its last one.
    pub next_slot: Option<Timestamp>,
    /// Up to where its slots were looked at: later than now only when the clock was set back.
    pub counted_to: Timestamp,
    /// Runs up to this slot are forgotten, and none begins there again.
    pub forgotten_to: Timestamp,
    /// How many are kept.
    pub runs: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

impl Schedule {
    /// A new one, by the usual rules and without a maker; storing it gives it its id.
    pub fn new(
        organisation: OrganisationId,
        title: String,
        cron: Cron,
        zone: TimeZone,
        template: Template,
        now: Timestamp,
    ) -> Schedule {
        Schedule {
            id: ScheduleId::new(0),
            organisation,
            title,
            next_slot: cron.next(now, &zone),
            cron,
            zone,
            template,
            rules: Rules::default(),
            is_paused: false,
            comes_with: None,
            maker: None,
            counted_to: now,
            forgotten_to: now,
            runs: 0,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// How long after its slots it starts. Drawn from its number, so that it keeps its distance from run to run, and
    /// schedules of the same time are spread.
    pub fn delay(&self) -> SignedDuration {
        let Ok(range) = u64::try_from(self.rules.jitter_seconds + 1) else { return SignedDuration::ZERO };
        // The mixing of SplitMix64 (Steele, Lea and Flood 2014).
        let mut mixed = self.id.get().cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        SignedDuration::from_secs(i64::try_from(mixed % range.max(1)).unwrap_or_default())
    }

    /// When the next run starts.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.next_slot.map(|slot| slot + self.delay())
    }

    /// The next few slots; none while it is paused.
    pub fn ahead(&self, most: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next_slot, |slot| self.cron.next(*slot, &self.zone)).take(most).collect()
    }

    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }
}

/// One slot's run, or one that was started by hand.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    pub slot: Timestamp,
    pub by_hand: bool,
    /// Slots before it that were left out.
    pub missed: i64,
    /// None: nothing was made, or it is gone by now.
    pub task: Option<TaskId>,
    /// Waits for an earlier one to end.
    pub is_waiting: bool,
    /// None: it goes on.
    pub outcome: Option<Outcome>,
    pub reason: Option<Reason>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

impl Run {
    /// How long it took, or takes until now.
    pub fn duration(&self, now: Timestamp) -> Option<SignedDuration> {
        Some(self.ended_at.unwrap_or(now).duration_since(self.started_at?).max(SignedDuration::ZERO))
    }
}

/// A title with the slot's day, time, month or week in it, as the clock on the wall shows them there.
pub fn title_at(title: &str, slot: Timestamp, zone: &TimeZone) -> String {
    let slot = slot.to_zoned(zone.clone());
    let week = slot.date().iso_week_date();
    title
        .replace("{date}", &slot.strftime("%Y-%m-%d").to_string())
        .replace("{time}", &slot.strftime("%H:%M").to_string())
        .replace("{month}", &slot.strftime("%Y-%m").to_string())
        .replace("{week}", &format!("{}-W{:02}", week.year(), week.week()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_holds_the_day_of_its_slot_where_the_schedule_is() {
        let slot: Timestamp = "2026-12-31T23:30:00Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(
            title_at("{date} {time} {month} {week} {x}", slot, &berlin),
            "2027-01-01 00:30 2027-01 2026-W53 {x}"
        );
        assert_eq!(title_at("{date} {week}", slot, &TimeZone::UTC), "2026-12-31 2026-W53");
    }

    #[test]
    fn due_counts_from_the_slot_in_the_schedules_zone() {
        let slot: Timestamp = "2026-03-28T23:30:00Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let due = |text: &str| text.parse::<DueAfter>().unwrap().from(slot, &berlin).unwrap().instant().to_string();
        assert_eq!(due("0d"), "2026-03-29T22:00:00Z", "a day of 23 hours");
        assert_eq!(due("2d"), "2026-03-31T22:00:00Z");
        assert_eq!(due("36h"), "2026-03-30T11:30:00Z");
        for bad in ["", "d", "2", "-1d", "0h", "1w", "9999d", "1.5h", "é"] {
            assert!(bad.parse::<DueAfter>().is_err(), "{bad}");
        }
    }
}
