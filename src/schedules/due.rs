//! Which slots of a schedule are to be run now, and which are left out: what was on time, and what passed while the
//! server was down, by the schedule's own rule. Pure.

use jiff::{SignedDuration, Timestamp};

use super::{AfterDowntime, Schedule};
use crate::config;

/// What becomes of one slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Planned {
    /// It runs. So many slots before it are left out for it.
    Begin { slot: Timestamp, missed: i64, made_up: bool },
    /// It is left out, with those before it: so many together.
    Miss { slot: Timestamp, missed: i64 },
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    pub slots: Vec<Planned>,
    /// The first one that is not due yet.
    pub next: Option<Timestamp>,
}

const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

/// None: nothing is due.
pub fn plan(schedule: &Schedule, now: Timestamp) -> Option<Plan> {
    let until = now - schedule.delay();
    let first = schedule.next_slot.filter(|slot| *slot <= until)?;
    let (cron, zone) = (&schedule.cron, &schedule.zone);
    let on_time_from = until - config::SCHEDULE_LATE;
    let start = if first >= on_time_from { Some(first) } else { cron.next(on_time_from - MICROSECOND, zone) };
    let on_time = std::iter::successors(start, |slot| cron.next(*slot, zone)).take_while(|slot| *slot <= until);
    let on_time: Vec<Timestamp> = on_time.collect();
    let mut slots = Vec::new();
    let mut owed = 0;
    if first < on_time_from {
        let last = cron.last(on_time_from - MICROSECOND, zone).map_or(first, |last| last.max(first));
        let late = std::iter::successors(Some(first), |slot| cron.next(*slot, zone)).take_while(|slot| *slot <= last);
        let count = i64::try_from(late.take(config::SLOTS_COUNTED).count()).unwrap_or(i64::MAX);
        match schedule.rules.after_downtime {
            AfterDowntime::Skip => slots.push(Planned::Miss { slot: last, missed: count }),
            AfterDowntime::Once if on_time.is_empty() => {
                slots.push(Planned::Begin { slot: last, missed: count - 1, made_up: true });
            }
            AfterDowntime::Once => owed = count,
            AfterDowntime::All => slots = made_up(schedule, first, last, count),
        }
    }
    let begin = |slot: Timestamp| Planned::Begin { slot, missed: std::mem::take(&mut owed), made_up: false };
    slots.extend(on_time.into_iter().map(begin));
    Some(Plan { slots, next: cron.next(until, zone) })
}

/// The newest of many, oldest first; what was before them is left out.
fn made_up(schedule: &Schedule, first: Timestamp, last: Timestamp, count: i64) -> Vec<Planned> {
    let before =
        |slot: &Timestamp| schedule.cron.last(*slot - MICROSECOND, &schedule.zone).filter(|slot| *slot >= first);
    let mut backwards = std::iter::successors(Some(last), before);
    let newest: Vec<Timestamp> = backwards.by_ref().take(config::SLOTS_MADE_UP).collect();
    let left_out = backwards.next().map(|slot| {
        let missed = count - i64::try_from(newest.len()).unwrap_or(i64::MAX);
        Planned::Miss { slot, missed: missed.max(1) }
    });
    let begin = |slot: Timestamp| Planned::Begin { slot, missed: 0, made_up: true };
    left_out.into_iter().chain(newest.into_iter().rev().map(begin)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::Value;

    use super::*;
    use crate::people::OrganisationId;
    use crate::schedules::{Cron, JobTemplate, Rules, ScheduleId, Template};

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn schedule(cron: &str, after_downtime: AfterDowntime, next: &str) -> Schedule {
        let template =
            JobTemplate { job_kind: "letters".into(), payload: Value::Null, queue: None, max_attempts: None };
        let at = time("2026-11-01T00:00:00Z");
        Schedule {
            id: ScheduleId::new(1),
            organisation: OrganisationId::new(1),
            title: "Letters".into(),
            cron: Cron::parse(cron).unwrap(),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            template: Template::Job(template),
            rules: Rules { after_downtime, ..Rules::default() },
            is_paused: false,
            comes_with: None,
            maker: None,
            next_slot: Some(time(next)),
            counted_to: at,
            forgotten_to: at,
            runs: 0,
            created_at: at,
            updated_at: at,
            version: 1,
        }
    }

    /// "+15:30" begins, "+15:30/3" instead of three others, "-15:30/3" leaves out three; by day where there are several.
    fn told(plan: &Plan) -> String {
        let slot = |slot: &Timestamp| slot.strftime("%d-%H:%M:%S").to_string();
        let mut told: Vec<String> = Vec::new();
        for planned in &plan.slots {
            told.push(match planned {
                Planned::Begin { slot: at, missed: 0, .. } => format!("+{}", slot(at)),
                Planned::Begin { slot: at, missed, .. } => format!("+{}/{missed}", slot(at)),
                Planned::Miss { slot: at, missed } => format!("-{}/{missed}", slot(at)),
            });
        }
        format!("{} > {}", told.join(" "), plan.next.as_ref().map(slot).unwrap_or_default())
    }

    #[test]
    fn a_downtime_of_a_week_by_each_rule() {
        use AfterDowntime::{All, Once, Skip};
        // Down from the 16th to the 23rd; 03:00 in Berlin is 02:00 UTC.
        let table = [
            ("0 3 * * *", "2026-11-16T02:00:00Z", Skip, "-23-02:00:00/8 > 24-02:00:00"),
            ("0 3 * * *", "2026-11-16T02:00:00Z", Once, "+23-02:00:00/7 > 24-02:00:00"),
            (
                "0 3 * * *",
                "2026-11-16T02:00:00Z",
                All,
                "+16-02:00:00 +17-02:00:00 +18-02:00:00 +19-02:00:00 +20-02:00:00 +21-02:00:00 +22-02:00:00 +23-02:00:00 > 24-02:00:00",
            ),
            // One is on time when the server comes back: it stands for those before.
            ("30 13 * * *", "2026-11-16T12:30:00Z", Skip, "-22-12:30:00/7 +23-12:30:00 > 24-12:30:00"),
            ("30 13 * * *", "2026-11-16T12:30:00Z", Once, "+23-12:30:00/7 > 24-12:30:00"),
            ("@weekly", "2026-11-21T23:00:00Z", Once, "+21-23:00:00 > 28-23:00:00"),
            ("* * * * * *", "2026-11-16T00:00:00Z", Skip, "on time"),
        ];
        for (cron, next, rule, expected) in table {
            let plan = plan(&schedule(cron, rule, next), time("2026-11-23T12:30:20Z")).unwrap();
            if expected == "on time" {
                assert_eq!(plan.slots.len(), 62, "a minute's worth, and what was before");
                assert_eq!(plan.slots[0], Planned::Miss { slot: time("2026-11-23T12:29:19Z"), missed: 1_000 });
            } else {
                assert_eq!(told(&plan), expected, "{cron} {rule}");
            }
        }
    }

    #[test]
    fn all_of_very_many_are_the_newest_hundred() {
        let schedule = schedule("*/5 * * * *", AfterDowntime::All, "2026-11-16T12:00:00Z");
        let plan = plan(&schedule, time("2026-11-23T12:03:00Z")).unwrap();
        assert_eq!(plan.slots.len(), 101);
        assert_eq!(plan.slots[0], Planned::Miss { slot: time("2026-11-23T03:40:00Z"), missed: 900 });
        assert_eq!(plan.slots[1], Planned::Begin { slot: time("2026-11-23T03:45:00Z"), missed: 0, made_up: true });
        assert_eq!(plan.slots[100], Planned::Begin { slot: time("2026-11-23T12:00:00Z"), missed: 0, made_up: true });
        assert_eq!(plan.next, Some(time("2026-11-23T12:05:00Z")));
    }

    #[test]
    fn nothing_is_due_before_its_time_and_a_delay_moves_that() {
        let mut schedule = schedule("0 * * * *", AfterDowntime::Once, "2026-11-23T12:00:00Z");
        assert_eq!(plan(&schedule, time("2026-11-23T11:59:59.999Z")), None);
        assert_eq!(told(&plan(&schedule, time("2026-11-23T12:00:00Z")).unwrap()), "+23-12:00:00 > 23-13:00:00");
        assert_eq!(told(&plan(&schedule, time("2026-11-23T12:01:00Z")).unwrap()), "+23-12:00:00 > 23-13:00:00");
        schedule.rules.jitter_seconds = 600;
        let delay = schedule.delay();
        assert!(delay > SignedDuration::ZERO && delay <= SignedDuration::from_secs(600));
        let at = time("2026-11-23T12:00:00Z") + delay;
        assert_eq!(plan(&schedule, at - SignedDuration::from_secs(1)), None);
        assert_eq!(told(&plan(&schedule, at).unwrap()), "+23-12:00:00 > 23-13:00:00");
    }

    #[test]
    fn delays_are_spread_over_the_whole_range() {
        let mut schedule = schedule("0 * * * *", AfterDowntime::Once, "2026-11-23T12:00:00Z");
        schedule.rules.jitter_seconds = 9;
        let mut seen = std::collections::BTreeSet::new();
        for id in 1..=200 {
            schedule.id = ScheduleId::new(id);
            seen.insert(schedule.delay().as_secs());
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), (0..=9).collect::<Vec<_>>());
    }
}
