//! What is wrong with a schedule, from its last runs: derived whenever somebody looks, never stored.

use jiff::{SignedDuration, Timestamp};

use super::{Makes, Outcome, Reason, Run, Schedule};
use crate::config;

/// The gravest of what is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alarm {
    /// Nothing could be made at the last slot.
    Refused(Reason),
    /// So many runs in a row.
    Failing(i64),
    /// So many slots passed while the server was down, and nothing has run since.
    Missed(i64),
    /// Its time came, and nothing happened.
    Late,
    /// What it made waits for so many minutes already, and nobody began.
    NotBegun(i64),
    /// The last run takes or took so many seconds, where half of them take so many at the most.
    Slow { seconds: i64, median: i64 },
}

impl Alarm {
    /// Of two alarms, the one with more is graver: the order in which they are looked for.
    pub const fn gravity(self) -> i64 {
        match self {
            Alarm::Slow { .. } => 1,
            Alarm::NotBegun(_) => 2,
            Alarm::Late => 3,
            Alarm::Missed(_) => 4,
            Alarm::Failing(_) => 5,
            Alarm::Refused(_) => 6,
        }
    }
}

/// `runs` are the last ones, newest first.
pub fn alarm(schedule: &Schedule, runs: &[Run], now: Timestamp) -> Option<Alarm> {
    let last = runs.iter().find(|run| !run.is_waiting && run.outcome != Some(Outcome::Skipped));
    if let Some(run) = last.filter(|run| run.outcome == Some(Outcome::Refused)) {
        return Some(Alarm::Refused(run.reason.unwrap_or(Reason::Other)));
    }
    let ended = runs.iter().filter(|run| matches!(run.outcome, Some(Outcome::Done | Outcome::Failed)));
    let failed = ended.take_while(|run| run.outcome == Some(Outcome::Failed)).count();
    let failed = i64::try_from(failed).unwrap_or(i64::MAX);
    if failed >= schedule.rules.alarm_failures {
        return Some(Alarm::Failing(failed));
    }
    if let Some(run) = runs.first().filter(|run| run.outcome == Some(Outcome::Missed)) {
        return Some(Alarm::Missed(run.missed));
    }
    let due = schedule.next_at().filter(|_| !schedule.is_paused);
    if due.is_some_and(|due| now.duration_since(due) > config::SCHEDULE_LATE) {
        return Some(Alarm::Late);
    }
    if schedule.template.makes() == Makes::Assignment {
        // How long people take is theirs.
        return None;
    }
    not_begun(schedule, runs, now).or_else(|| slow(runs, now))
}

fn not_begun(schedule: &Schedule, runs: &[Run], now: Timestamp) -> Option<Alarm> {
    let waits = |run: &&Run| run.outcome.is_none() && run.task.is_some() && run.started_at.is_none();
    let oldest = runs.iter().filter(waits).map(|run| run.slot + schedule.delay()).min()?;
    let waited = now.duration_since(oldest);
    (waited > config::SCHEDULE_NOT_BEGUN).then(|| Alarm::NotBegun(waited.as_mins()))
}

fn slow(runs: &[Run], now: Timestamp) -> Option<Alarm> {
    let last = runs.iter().find(|run| run.started_at.is_some())?;
    let took = last.duration(now)?;
    let median = median(runs.iter().filter(|run| run.slot != last.slot))?;
    let most = (median * config::SCHEDULE_SLOW_TIMES).max(median + config::SCHEDULE_SLOW_LEAST);
    (took > most).then(|| Alarm::Slow { seconds: took.as_secs(), median: median.as_secs() })
}

/// Of the runs that came through; none of too few.
pub fn median<'a>(runs: impl Iterator<Item = &'a Run>) -> Option<SignedDuration> {
    let done = runs.filter(|run| run.outcome == Some(Outcome::Done));
    let mut took: Vec<SignedDuration> = done.filter_map(|run| run.duration(run.ended_at?)).collect();
    took.sort_unstable();
    (took.len() >= config::SCHEDULE_MEDIAN_OF).then(|| took[(took.len() - 1) / 2])
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::Value;

    use super::*;
    use crate::people::OrganisationId;
    use crate::schedules::{Cron, JobTemplate, Rules, ScheduleId, Template};
    use crate::tasks::TaskId;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn hourly() -> Schedule {
        let template =
            JobTemplate { job_kind: "letters".into(), payload: Value::Null, queue: None, max_attempts: None };
        Schedule {
            id: ScheduleId::new(1),
            organisation: OrganisationId::new(1),
            title: "Letters".into(),
            cron: Cron::parse("@hourly").unwrap(),
            zone: TimeZone::UTC,
            template: Template::Job(template),
            rules: Rules::default(),
            is_paused: false,
            comes_with: None,
            maker: None,
            next_slot: Some(at(6000)),
            counted_to: at(0),
            forgotten_to: at(0),
            runs: 0,
            created_at: at(0),
            updated_at: at(0),
            version: 1,
        }
    }

    /// A run of that hour that took so many minutes.
    fn run(hour: i64, outcome: Outcome, minutes: i64) -> Run {
        let started_at = Some(at(hour * 60));
        let ended_at = Some(at(hour * 60 + minutes));
        let task = Some(TaskId::new(hour));
        Run {
            slot: at(hour * 60),
            by_hand: false,
            missed: 0,
            task,
            is_waiting: false,
            outcome: Some(outcome),
            reason: None,
            started_at,
            ended_at,
        }
    }

    fn told(runs: &[Run], minute: i64) -> Option<Alarm> {
        alarm(&hourly(), runs, at(minute))
    }

    #[test]
    fn failures_in_a_row_are_counted_and_what_lies_between_is_passed_over() {
        use Outcome::{Cancelled, Done, Failed, Skipped};
        let of = |outcomes: &[Outcome]| -> Vec<Run> {
            outcomes.iter().zip((1..).map(|age| 50 - age)).map(|(outcome, hour)| run(hour, *outcome, 1)).collect()
        };
        assert_eq!(told(&of(&[Failed, Failed, Done]), 3000), None);
        assert_eq!(told(&of(&[Failed, Skipped, Failed, Cancelled, Failed, Done]), 3000), Some(Alarm::Failing(3)));
        assert_eq!(told(&of(&[Done, Failed, Failed, Failed]), 3000), None);
        assert_eq!(told(&[], 3000), None);
    }

    #[test]
    fn a_run_is_slow_when_it_takes_far_longer_than_half_of_them() {
        use Outcome::Done;
        let earlier = [run(4, Done, 2), run(3, Done, 1), run(2, Done, 2)];
        let with = |last: Run| [vec![last], earlier.to_vec()].concat();
        assert_eq!(told(&with(run(5, Done, 6)), 3000), None);
        assert_eq!(told(&with(run(5, Done, 7)), 3000), Some(Alarm::Slow { seconds: 420, median: 120 }));
        let runs = with(Run { outcome: None, ended_at: None, ..run(5, Done, 0) });
        assert_eq!(told(&runs, 306), None);
        assert_eq!(told(&runs, 307), Some(Alarm::Slow { seconds: 420, median: 120 }), "while it runs");
        assert_eq!(told(&[run(5, Done, 50), run(4, Done, 1)], 3000), None, "two are no measure");
    }

    #[test]
    fn what_did_not_come_is_told_until_something_comes() {
        let missed = Run { missed: 7, task: None, started_at: None, ended_at: None, ..run(9, Outcome::Missed, 0) };
        assert_eq!(told(std::slice::from_ref(&missed), 3000), Some(Alarm::Missed(7)));
        assert_eq!(told(&[run(10, Outcome::Done, 1), missed], 3000), None);
        let waits = Run { outcome: None, started_at: None, ended_at: None, ..run(10, Outcome::Done, 0) };
        assert_eq!(told(std::slice::from_ref(&waits), 610), None);
        assert_eq!(told(&[waits], 616), Some(Alarm::NotBegun(16)));
        assert_eq!(told(&[], 6001), None);
        assert_eq!(told(&[], 6002), Some(Alarm::Late));
        assert_eq!(alarm(&Schedule { is_paused: true, ..hourly() }, &[], at(6002)), None);
    }

    #[test]
    fn a_maker_who_lost_the_right_is_an_alarm_before_all_others() {
        let refused = Run { reason: Some(Reason::Maker), task: None, ..run(9, Outcome::Refused, 0) };
        assert_eq!(told(&[refused, run(8, Outcome::Failed, 1)], 3000), Some(Alarm::Refused(Reason::Maker)));
    }
}
