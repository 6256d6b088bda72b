//! A parent and its children: how they stand rolls up, and the parent ends when they have.

use std::sync::Arc;

use super::{Told, job_of, put, with_job};
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs::{Dispatch, Family, Outcome, sql};
use crate::people::Viewer;
use crate::tasks::eta::Pace;
use crate::tasks::{self, Change, Counts, Percent, Status, Task, TaskId, Who};

/// The parent that a new job names: a job that has not ended.
pub fn check_parent(w: &Write<'_>, viewer: &Viewer, parent: TaskId) -> Result<Arc<Task>> {
    let unknown = || Error::field("parent", msg("error-unknown-task"));
    let parent = tasks::sql::find_for(w.conn, viewer, parent)?.ok_or_else(unknown)?;
    if parent.job.is_none() {
        return Err(Error::field("parent", msg("error-parent-no-job")));
    }
    parent.may_be_moved_by(viewer)?;
    if parent.status.has_ended() || job_of(&parent)?.cancel_requested_at.is_some() {
        return Err(Error::Conflict(msg("refused-parent-ended")));
    }
    Ok(Arc::new(parent))
}

/// What a child adds to its parent's progress, in percent of one child.
pub(super) fn share(task: &Task) -> f64 {
    if task.status.has_ended() { 100.0 } else { task.progress.get() }
}

pub(super) fn count(family: &mut Family, task: &Task, by: i64) {
    match task.status {
        Status::Done => family.done += by,
        Status::Failed => family.failed += by,
        Status::Cancelled => family.cancelled += by,
        Status::Pending | Status::InProgress => {}
    }
}

/// Rolls up that a child came (`before` is none) or moved.
pub fn child_moved(w: &mut Write<'_>, dispatch: &Arc<Dispatch>, before: Option<&Task>, after: &Task) -> Result<()> {
    let Some(parent) = after.parent else { return Ok(()) };
    let Some(parent) = tasks::sql::find(w.conn, parent)?.map(Arc::new) else { return Ok(()) };
    let mut family = job_of(&parent)?.family;
    match before {
        Some(before) => {
            family.progress = (family.progress - share(before) + share(after)).max(0.0);
            count(&mut family, before, -1);
        }
        None => {
            family.children += 1;
            family.progress += share(after);
        }
    }
    count(&mut family, after, 1);
    sql::save_family(w.conn, parent.id, &family)?;
    roll_up(w, dispatch, &parent, family)
}

/// The parent as its children make it, unless it reports for itself.
fn roll_up(w: &mut Write<'_>, dispatch: &Arc<Dispatch>, parent: &Arc<Task>, family: Family) -> Result<()> {
    let job = job_of(parent)?;
    let is_to_come = !job.is_run_by_creator() && job.family.own_outcome.is_none() && job.cancel_requested_at.is_none();
    let speaks_for_itself = job.is_running() || is_to_come;
    let mut after = with_job(parent, |job| job.family = family);
    if speaks_for_itself {
        return Ok(());
    }
    let total = family.total();
    after.counts =
        Some(Counts { total: Some(total), succeeded: family.done, failed: family.failed, skipped: family.cancelled });
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let percent = if total == 0 { 0.0 } else { (family.progress / total as f64).clamp(0.0, 100.0) };
    after.progress = Percent::new(percent).unwrap_or(parent.progress);
    estimate(w, parent, &mut after);
    if family.is_complete() {
        return end(w, dispatch, parent, after, family);
    }
    if parent.status.has_ended()
        && let Some(key) = &job.spec.unique_key
        && sql::by_unique_key(w.conn, parent.organisation, key)?.is_some()
    {
        // It opens again with its child; another one has its key by now.
        sql::release_unique_key(w.conn, parent.id)?;
    }
    let untouched = family.ended() == 0 && family.progress == 0.0 && parent.status == Status::Pending;
    let status = if untouched { Status::Pending } else { Status::InProgress };
    let after = after.moved_to(after.progress, status, w.now);
    let is_due = job.recorded.at.is_none_or(|at| w.now.duration_since(at) >= config::TRAIL_EVERY || w.now < at);
    let told =
        if is_due || status != parent.status { Told::Entry(Change::Progress, Who::MILEPOST, None) } else { Told::Tick };
    put(w, dispatch, parent, after, told).map(drop)
}

fn end(w: &mut Write<'_>, dispatch: &Arc<Dispatch>, parent: &Arc<Task>, after: Task, family: Family) -> Result<()> {
    let job = job_of(parent)?;
    let end = if job.cancel_requested_at.is_some() || job.family.own_outcome == Some(Outcome::Cancelled) {
        (Change::Cancelled, Status::Cancelled)
    } else if family.failed > 0 || job.family.own_outcome == Some(Outcome::Failed) {
        (Change::Failed, Status::Failed)
    } else {
        (Change::Completed, Status::Done)
    };
    if parent.status == end.1 {
        return Ok(());
    }
    let progress = if end.1 == Status::Done { Percent::FULL } else { after.progress };
    let mut after = after.moved_to(progress, end.1, w.now);
    after.eta = None;
    sql::delete_ready(w.conn, parent.id)?;
    put(w, dispatch, parent, after, Told::Entry(end.0, Who::MILEPOST, None)).map(drop)
}

fn estimate(w: &Write<'_>, parent: &Task, after: &mut Task) {
    let done = after.progress.get();
    let Some(job) = after.job.as_mut().map(Arc::make_mut) else { return };
    let mut pace = job.recorded.pace().unwrap_or_else(|| Arc::new(Pace::start(w.now, parent.progress.get())));
    Arc::make_mut(&mut pace).observe(w.now, done);
    after.eta = pace.estimate(w.now, done, Some(100.0), None);
    job.recorded.keep_pace(pace);
}
