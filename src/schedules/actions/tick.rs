//! What happens at a schedule's time: its slots are taken one by one, each with what it makes and with the schedule's next
//! time in one write, so that a crash in between loses none and doubles none.

use super::given::give;
use super::run::{at, begin, take};
use super::{Hands, sql};
use crate::config;
use crate::db::Write;
use crate::error::Result;
use crate::people::OrganisationId;
use crate::schedules::due::{Planned, plan};
use crate::schedules::{Outcome, Overlap, Run, Schedule, ScheduleId};

/// A step of what is to be done now: the newest organisation that has its first schedules, and whether there may be more.
pub fn tick(w: &mut Write<'_>, hands: &Hands, newest: OrganisationId) -> Result<(OrganisationId, bool)> {
    let newcomers = sql::organisations_after(w.conn, newest)?;
    let newest = newcomers.last().map_or(newest, |(organisation, _)| *organisation);
    if hands.gives {
        for (organisation, zone) in &newcomers {
            give(w, *organisation, zone)?;
        }
    }
    let ahead = sql::ahead(w.conn, w.now, config::SCHEDULES_A_STEP)?;
    for id in &ahead {
        count_anew(w, *id)?;
    }
    let due = sql::due(w.conn, w.now, config::SCHEDULES_A_STEP)?;
    for id in &due {
        look(w, hands, *id)?;
    }
    let more = [newcomers.len(), ahead.len(), due.len()].into_iter().any(|found| found == config::SCHEDULES_A_STEP);
    Ok((newest, more))
}

/// After the clock was set back: from now on again. A slot that was taken stays taken.
fn count_anew(w: &mut Write<'_>, id: ScheduleId) -> Result<()> {
    let Some(mut schedule) = sql::read(w.conn, id)? else { return Ok(()) };
    schedule.next_slot = schedule.cron.next(w.now.max(schedule.forgotten_to), &schedule.zone);
    schedule.counted_to = w.now;
    sql::save_time(w.conn, &schedule, schedule.next_at())
}

fn look(w: &mut Write<'_>, hands: &Hands, id: ScheduleId) -> Result<()> {
    let Some(mut schedule) = sql::read(w.conn, id)? else { return Ok(()) };
    begin_waiting(w, hands, &schedule)?;
    if let Some(plan) = plan(&schedule, w.now) {
        for planned in plan.slots {
            run(w, hands, &mut schedule, planned)?;
        }
        schedule.next_slot = plan.next;
    }
    schedule.counted_to = w.now;
    sql::save_time(w.conn, &schedule, schedule.next_at())
}

/// Those that wait begin one after the other, each when none is open.
fn begin_waiting(w: &mut Write<'_>, hands: &Hands, schedule: &Schedule) -> Result<()> {
    while let (0, 1..) = sql::open_runs(w.conn, schedule.id)? {
        let Some(run) = sql::first_waiting(w.conn, schedule.id)? else { return Ok(()) };
        begin(w, hands, schedule, run)?;
    }
    Ok(())
}

fn run(w: &mut Write<'_>, hands: &Hands, schedule: &mut Schedule, planned: Planned) -> Result<()> {
    let (slot, missed, made_up) = match planned {
        Planned::Begin { slot, missed, made_up } => (slot, missed, made_up),
        Planned::Miss { slot, missed } => {
            let run = Run { missed, outcome: Some(Outcome::Missed), ..at(slot) };
            return take(w, schedule, &run).map(drop);
        }
    };
    let (open, waiting) = sql::open_runs(w.conn, schedule.id)?;
    let is_free = schedule.rules.overlap == Overlap::Allow || open + waiting == 0;
    // What is made up for comes all at once: one waits for the other instead of being left out.
    let may_wait = (schedule.rules.overlap == Overlap::Queue || made_up) && waiting < config::RUNS_WAITING;
    let run = Run {
        missed,
        is_waiting: !is_free && may_wait,
        outcome: (!is_free && !may_wait).then_some(Outcome::Skipped),
        ..at(slot)
    };
    if take(w, schedule, &run)? && is_free {
        begin(w, hands, schedule, run)?;
    }
    Ok(())
}
