//! How schedules and their runs are shown: words, signs, bars. Small values that templates print.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::error::msg;
use crate::locale::Lang;
use crate::schedules::alarm::{alarm, median};
use crate::schedules::told::{alarm_text, refusal_key, took};
use crate::schedules::{Outcome, Run, Schedule};

/// One run, as a line and as a bar.
pub struct RunShown {
    pub slot: Timestamp,
    /// For colours.
    pub state: &'static str,
    pub icon: &'static str,
    pub word: String,
    pub took: Option<String>,
    pub task: Option<i64>,
    pub by_hand: bool,
    pub left_out: Option<String>,
    pub reason: Option<&'static str>,
    /// 1 to 8, by how long it took beside the others.
    pub size: i64,
}

fn state(run: &Run) -> &'static str {
    match run.outcome {
        None if run.is_waiting => "waiting",
        None => "open",
        Some(outcome) => outcome.as_str(),
    }
}

fn icon(run: &Run) -> &'static str {
    match run.outcome {
        None if run.is_waiting => "pending",
        None => "in_progress",
        Some(Outcome::Done) => "done",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Cancelled) => "cancelled",
        Some(Outcome::Skipped) => "pause",
        Some(Outcome::Missed) => "lost",
        Some(Outcome::Refused) => "warning",
    }
}

fn word(l: Lang, run: &Run) -> String {
    let key = match run.outcome {
        Some(Outcome::Missed) => return l.n("run-missed", run.missed),
        None if run.is_waiting => l.t("run-waiting"),
        None => l.t("run-open"),
        Some(Outcome::Done) => l.t("run-done"),
        Some(Outcome::Failed) => l.t("run-failed"),
        Some(Outcome::Cancelled) => l.t("run-cancelled"),
        Some(Outcome::Skipped) => l.t("run-skipped"),
        Some(Outcome::Refused) => l.t("run-refused"),
    };
    key.to_owned()
}

fn run_shown(l: Lang, run: &Run, longest: SignedDuration, now: Timestamp) -> RunShown {
    let duration = run.duration(now);
    let share = duration.map_or(0, |took| took.as_secs() * 7 / longest.as_secs().max(1));
    RunShown {
        slot: run.slot,
        state: state(run),
        icon: icon(run),
        word: word(l, run),
        took: duration.map(|duration| took(l, duration)),
        task: run.task.map(|task| task.get()),
        by_hand: run.by_hand,
        left_out: (run.missed > 0 && run.outcome != Some(Outcome::Missed))
            .then(|| l.n("schedule-left-out", run.missed)),
        reason: run.reason.map(|reason| l.t(refusal_key(reason))),
        size: 1 + share.clamp(0, 7),
    }
}

/// The last runs, and what they say together.
pub struct RunsShown {
    /// Newest first.
    pub runs: Vec<RunShown>,
    /// What the bars say, in a sentence.
    pub summary: String,
    pub alarm: Option<String>,
    pub median: Option<String>,
}

impl RunsShown {
    pub fn of(l: Lang, schedule: &Schedule, runs: &[Run], now: Timestamp) -> RunsShown {
        let longest = runs.iter().filter_map(|run| run.duration(now)).max().unwrap_or_default();
        let count = |outcome: Outcome| runs.iter().filter(|run| run.outcome == Some(outcome)).count();
        let (done, failed) = (count(Outcome::Done), count(Outcome::Failed));
        let summary = msg("schedules-strip").arg("count", runs.len()).arg("done", done).arg("failed", failed);
        RunsShown {
            runs: runs.iter().map(|run| run_shown(l, run, longest, now)).collect(),
            summary: l.m(&summary.arg("other", runs.len() - done - failed)),
            alarm: alarm(schedule, runs, now).map(|alarm| alarm_text(l, alarm)),
            median: median(runs.iter()).map(|median| l.with("schedule-median", "took", took(l, median))),
        }
    }

    pub fn last(&self) -> Option<&RunShown> {
        self.runs.first()
    }

    /// Oldest first: as time goes.
    pub fn bars(&self) -> impl Iterator<Item = &RunShown> {
        self.runs.iter().rev()
    }
}

/// Slots ahead, each as the schedule's own clock shows it; where the reader is, the page writes it.
pub fn ahead(l: Lang, slots: &[Timestamp], zone: &TimeZone) -> Vec<(String, Timestamp)> {
    let has_seconds = slots.iter().any(|slot| slot.as_second() % 60 != 0);
    let there = |slot: &Timestamp| match has_seconds {
        true => format!("{}{}", l.date_time(*slot, zone), slot.strftime(":%S")),
        false => l.date_time(*slot, zone),
    };
    slots.iter().map(|slot| (there(slot), *slot)).collect()
}
