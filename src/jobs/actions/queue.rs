//! When a job can be claimed: at once, at its time, or when what it waits for is done.

use std::sync::Arc;

use crate::config;
use crate::db::Write;
use crate::error::Result;
use crate::jobs::dispatch::Lane;
use crate::jobs::{Dispatch, sql};
use crate::tasks::{self, Status, Task};

/// Puts a pending job where it belongs: among the ready ones, among those that wait for their time, or nowhere while it is
/// blocked.
pub fn enqueue(w: &mut Write<'_>, dispatch: &Arc<Dispatch>, task: &Task) -> Result<()> {
    let Some(job) = task.job().filter(|job| task.status == Status::Pending && !job.is_run_by_creator()) else {
        return Ok(());
    };
    let is_early = job.run_at.is_some_and(|run_at| run_at > w.now);
    if job.run_at.is_some() {
        sql::save_scheduled(w.conn, task.id, is_early)?;
    }
    if is_early || !(task.after.is_empty() || tasks::sql::is_unblocked(w.conn, task.id)?) {
        sql::delete_ready(w.conn, task.id)?;
        return Ok(());
    }
    sql::insert_ready(w.conn, task, job, job.run_at.unwrap_or(w.now).max(task.created_at))?;
    ring(w, dispatch, task);
    Ok(())
}

/// The same for one whose time or priority was changed.
pub fn requeue(w: &mut Write<'_>, dispatch: &Arc<Dispatch>, task: &Task) -> Result<()> {
    if let Some(job) = task.job() {
        sql::save_job(w.conn, task.id, job, task.finished_at)?;
    }
    // Its time may have been taken away.
    sql::save_scheduled(w.conn, task.id, false)?;
    sql::delete_ready(w.conn, task.id)?;
    enqueue(w, dispatch, task)
}

/// Lets those who wait know that there may be work in this job's lane.
pub(super) fn ring(w: &mut Write<'_>, dispatch: &Arc<Dispatch>, task: &Task) {
    let Some(job) = task.job() else { return };
    let Some(job_kind) = job.spec.job_kind.clone() else { return };
    let lane = Lane { organisation: task.organisation, job_kind, queue: job.spec.queue.clone() };
    let (dispatch, assignee) = (dispatch.clone(), task.assignee);
    w.afterwards(move || dispatch.ring(&lane, assignee));
}

/// After a task's status changed: what waited for it may be free to run, or is not any more.
pub fn dependency_moved(w: &mut Write<'_>, dispatch: &Arc<Dispatch>, before: &Task, after: &Task) -> Result<()> {
    if (before.status == Status::Done) == (after.status == Status::Done) {
        return Ok(());
    }
    for id in tasks::sql::dependents(w.conn, after.id)? {
        if let Some(waiting) = tasks::sql::find(w.conn, id)? {
            enqueue(w, dispatch, &waiting)?;
        }
    }
    Ok(())
}

/// Makes ready what was scheduled for a time that has come; whether there may be more.
pub fn promote_due(w: &mut Write<'_>, dispatch: &Arc<Dispatch>) -> Result<bool> {
    let due = sql::due_scheduled(w.conn, w.now, config::JOBS_A_STEP)?;
    for id in &due {
        if let Some(task) = tasks::sql::find(w.conn, *id)? {
            sql::save_scheduled(w.conn, *id, false)?;
            enqueue(w, dispatch, &task)?;
        }
    }
    Ok(due.len() == config::JOBS_A_STEP)
}
