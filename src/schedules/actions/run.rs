//! One run: the slot is taken, and what is to be made is made, waits for an earlier run, or is left out.

use jiff::{SignedDuration, Timestamp};

use super::make::make;
use super::{Hands, audit, find};
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::schedules::told::refusal_key;
use crate::schedules::{Outcome, Overlap, Run, Schedule, ScheduleId, sql};
use crate::tasks::By;

/// A run that nothing became of yet.
pub fn at(slot: Timestamp) -> Run {
    Run {
        slot,
        by_hand: false,
        missed: 0,
        task: None,
        is_waiting: false,
        outcome: None,
        reason: None,
        started_at: None,
        ended_at: None,
    }
}

/// Takes a slot: the row that says so, and what it makes, are one write. A slot that somebody took already, or that was
/// forgotten since, is nobody's.
pub fn take(w: &mut Write<'_>, schedule: &mut Schedule, run: &Run) -> Result<bool> {
    if run.slot <= schedule.forgotten_to || !sql::insert_run(w.conn, schedule.id, run)? {
        return Ok(false);
    }
    schedule.runs += 1;
    if schedule.runs > config::RUNS_KEPT + config::RUNS_OVER
        && let Some(newest) = sql::forget_runs(w.conn, schedule.id)?
    {
        schedule.forgotten_to = schedule.forgotten_to.max(newest);
        schedule.runs = config::RUNS_KEPT;
    }
    Ok(true)
}

/// Makes what a taken slot is to make, and notes what became of it.
pub fn begin(w: &mut Write<'_>, hands: &Hands, schedule: &Schedule, run: Run) -> Result<Run> {
    let run = match make(w, hands, schedule, run.slot)? {
        Ok(task) => Run { task: Some(task), is_waiting: false, ..run },
        Err(reason) => Run { outcome: Some(Outcome::Refused), reason: Some(reason), is_waiting: false, ..run },
    };
    sql::save_run(w.conn, schedule.id, &run)?;
    Ok(run)
}

/// Runs a schedule now, apart from its slots.
pub fn run_now(w: &mut Write<'_>, by: &By, id: ScheduleId) -> Result<(Schedule, Run)> {
    let mut schedule = find(w, by, id)?;
    let (open, waiting) = sql::open_runs(w.conn, id)?;
    let is_open = open + waiting > 0;
    let waits = match schedule.rules.overlap {
        Overlap::Allow => false,
        Overlap::Queue if waiting < config::RUNS_WAITING => is_open,
        Overlap::Skip | Overlap::Queue if is_open => return Err(Error::Conflict(msg("refused-schedule-open"))),
        Overlap::Skip | Overlap::Queue => false,
    };
    // No slot of its own is within a second.
    let mut run = Run { by_hand: true, is_waiting: waits, ..at(w.now.max(schedule.forgotten_to)) };
    while run.slot.subsec_nanosecond() == 0 || !take(w, &mut schedule, &run)? {
        run.slot += SignedDuration::from_micros(1);
    }
    if !waits {
        run = begin(w, &Hands::lent(by), &schedule, run)?;
        // Whoever asks is told; nothing is kept of it.
        if let Some(reason) = run.reason {
            return Err(Error::Conflict(msg(refusal_key(reason))));
        }
    }
    sql::save_counts(w.conn, &schedule)?;
    audit(w, by, "run-schedule", &schedule)?;
    Ok((schedule, run))
}
