//! Cancelling, a visible chain: requested, acknowledged by the worker, ended. What waits is cancelled at once.

use std::sync::Arc;

use super::life::{end_task, keep};
use super::{Told, job_of, put, with_job};
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs::dispatch::Sign;
use crate::jobs::{Dispatch, Job, sql};
use crate::tasks::{self, By, Change, Status, Task, TaskId, Who};

/// Twice is the same as once.
pub fn cancel(w: &mut Write<'_>, by: &By, before: &Arc<Task>, note: Option<String>) -> Result<Arc<Task>> {
    if !would_cancel(before.status, job_of(before)?)? {
        return Ok(before.clone());
    }
    request(w, &by.dispatch, by.who(), before, note)
}

/// Whether a cancel would change a job that stands so, or what refuses it.
pub fn would_cancel(status: Status, job: &Job) -> Result<bool> {
    match status {
        Status::Cancelled => Ok(false),
        Status::Done | Status::Failed => Err(Error::Conflict(msg("refused-cancel-ended"))),
        Status::Pending | Status::InProgress => Ok(job.cancel_requested_at.is_none()),
    }
}

fn request(
    w: &mut Write<'_>,
    dispatch: &Arc<Dispatch>,
    who: Who,
    before: &Arc<Task>,
    note: Option<String>,
) -> Result<Arc<Task>> {
    let job = job_of(before)?;
    if job.cancel_requested_at.is_some() {
        return Ok(before.clone());
    }
    let has_children = job.family.ended() < job.family.children;
    if !job.is_running() && !has_children {
        return end_task(w, dispatch, who, before, (Change::Cancelled, Status::Cancelled), note);
    }
    let now = w.now;
    sql::delete_ready(w.conn, before.id)?;
    sql::save_scheduled(w.conn, before.id, false)?;
    let after = with_job(before, |job| job.cancel_requested_at = Some(now));
    let after = put(w, dispatch, before, after, Told::Entry(Change::CancelRequested, who, note))?;
    keep(w, dispatch, &after, Sign::Alive);
    if has_children {
        let (dispatch, id) = (dispatch.clone(), after.id);
        w.afterwards(move || dispatch.cancel_children(id));
    }
    Ok(after)
}

/// Tells the children of a cancelled parent, some at a time; from which to go on, if there may be more.
pub fn cancel_children(
    w: &mut Write<'_>,
    dispatch: &Arc<Dispatch>,
    parent: TaskId,
    after: TaskId,
) -> Result<Option<TaskId>> {
    let children = tasks::sql::open_children(w.conn, parent, after, config::JOBS_A_STEP)?;
    for child in &children {
        if let Some(child) = tasks::sql::find(w.conn, *child)?.map(Arc::new)
            && child.job.is_some()
        {
            request(w, dispatch, Who::MILEPOST, &child, None)?;
        }
    }
    Ok(children.last().copied().filter(|_| children.len() == config::JOBS_A_STEP))
}
