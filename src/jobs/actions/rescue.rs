//! What Milepost does about jobs by itself: ends the attempts of workers that fell silent or took too long, says which
//! jobs stand still, and lets the trail catch up with what was reported.

use std::sync::Arc;

use super::life::{Ending, end_attempt};
use super::{Told, put, save, with_job};
use crate::config;
use crate::db::Write;
use crate::error::Result;
use crate::jobs::dispatch::{Alarm, Due, Heard, Sign};
use crate::jobs::{Dispatch, Outcome, sql};
use crate::tasks::{self, Change, Status, Task, Who};

/// Looks after one job whose time in memory is over; what the store says of it decides.
pub fn look_after(w: &mut Write<'_>, dispatch: &Arc<Dispatch>, due: Due) -> Result<()> {
    let Some(before) = tasks::sql::find(w.conn, due.task)?.map(Arc::new) else { return Ok(()) };
    let Some(job) = before.job().filter(|job| job.is_running() && job.attempt == due.attempt) else { return Ok(()) };
    if before.status != Status::InProgress {
        return Ok(());
    }
    let who = Who::MILEPOST;
    let after = Task::clone(&before);
    let ending = match due.alarm {
        Alarm::Lost => {
            let seconds = job.lease_seconds.unwrap_or_default();
            let error = format!("lost: nothing was heard of its worker for {seconds} s");
            Ending { outcome: Outcome::Lost, error: Some(error) }
        }
        Alarm::TimedOut => {
            let seconds = job.spec.timeout_seconds.unwrap_or_default();
            Ending { outcome: Outcome::Failed, error: Some(format!("timed out after {seconds} s")) }
        }
        Alarm::Unheeded => Ending { outcome: Outcome::Cancelled, error: None },
        Alarm::Stalled => {
            let now = w.now;
            let after = with_job(&after, |job| job.stalled_at = Some(now));
            return put(w, dispatch, &before, after, Told::Entry(Change::Stalled, who, None)).map(drop);
        }
    };
    end_attempt(w, dispatch, who, &before, after, ending).map(drop)
}

/// Appends what was reported since the last entry of each job whose row is ahead of its trail; whether there may be more.
pub fn catch_up(w: &mut Write<'_>) -> Result<bool> {
    let behind = sql::jobs_ahead(w.conn, w.now, config::JOBS_A_STEP)?;
    for id in &behind {
        if let Some(before) = tasks::sql::find(w.conn, *id)?.map(Arc::new) {
            let note = before.note.clone();
            let after = Task::clone(&before);
            save(w, &before, after, Told::Entry(Change::Progress, Who::MILEPOST, note))?;
        }
    }
    Ok(behind.len() == config::JOBS_A_STEP)
}

/// After a start: all that run get a full lease, because nobody could be heard while the server was away; and the
/// children of what was cancelled are told, should that not have been done.
pub fn load(w: &mut Write<'_>, dispatch: &Arc<Dispatch>) -> Result<()> {
    for id in sql::running(w.conn)? {
        if let Some(task) = tasks::sql::find(w.conn, id)? {
            Heard::of(&task, Sign::Started).into_iter().for_each(|heard| dispatch.heard(heard));
        }
    }
    for parent in sql::cancelled_parents(w.conn)? {
        dispatch.cancel_children(parent);
    }
    Ok(())
}
