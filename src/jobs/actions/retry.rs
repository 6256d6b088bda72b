//! Running an ended job again: whole, only its failed items, or only those of which nobody knows.

use std::sync::Arc;

use rusqlite::Connection;

use super::life::anew;
use super::{Told, enqueue, find, job_of, may_start, put, with_job};
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs::bulk::{Act, Bulk};
use crate::jobs::{BuiltIn, Job, sql};
use crate::notify::Standing;
use crate::notify::sql::{has_list, is_any, save_retry, unknown};
use crate::people::Viewer;
use crate::tasks::{self, By, Change, Status, Task, TaskId};

/// The job waits for its next attempt, with all its attempts before it again.
pub fn retry(w: &mut Write<'_>, by: &By, id: TaskId, only_failed_items: bool) -> Result<Arc<Task>> {
    let before = find(w, &by.viewer, id)?;
    may_retry(w.conn, &by.viewer, &before, only_failed_items)?;
    let after = begin_again(w, by, &before, only_failed_items)?;
    if is_broadcast(&after) {
        save_retry(w.conn, id, false)?;
    }
    Ok(after)
}

fn begin_again(w: &mut Write<'_>, by: &By, before: &Arc<Task>, only_failed_items: bool) -> Result<Arc<Task>> {
    let mut after = with_job(before, |job| {
        job.round = job.attempt;
        job.only_failed_items = only_failed_items;
        job.run_at = None;
        job.worker = None;
        (job.cancel_requested_at, job.cancel_acknowledged_at) = (None, None);
    });
    anew(&mut after, only_failed_items);
    let started_at = after.started_at;
    let mut after = after.moved_to(after.progress, Status::Pending, w.now);
    after.started_at = started_at;
    let after = put(w, &by.dispatch, before, after, Told::Entry(Change::Retried, by.who(), None))?;
    enqueue(w, &by.dispatch, &after)?;
    Ok(after)
}

/// Sends a broadcast again to those of whom nobody knows whether they got it, and to nobody else.
pub fn retry_uncertain(w: &mut Write<'_>, by: &By, id: TaskId) -> Result<Arc<Task>> {
    let before = find(w, &by.viewer, id)?;
    if !is_broadcast(&before) || unknown(w.conn, id, 1)? == 0 {
        return Err(Error::Conflict(msg("refused-retry-no-uncertain")));
    }
    // The next attempt sends to whoever waits, and that is more than was asked for.
    if is_any(w.conn, id, Standing::Waiting)? {
        return Err(Error::Conflict(msg("refused-retry-waiting")));
    }
    may_retry(w.conn, &by.viewer, &before, false)?;
    let after = begin_again(w, by, &before, true)?;
    save_retry(w.conn, id, true)?;
    Ok(after)
}

fn is_broadcast(task: &Task) -> bool {
    task.job().is_some_and(|job| job.built_in() == Some(BuiltIn::Broadcast))
}

/// What refuses that this viewer runs the job again as it stands.
pub fn may_retry(conn: &Connection, viewer: &Viewer, before: &Task, only_failed_items: bool) -> Result<()> {
    let job = job_of(before)?;
    before.may_be_moved_by(viewer)?;
    // Whoever runs it again starts it.
    if let Some(kind) = job.built_in() {
        may_start(conn, viewer, kind)?;
        // It runs with the rights of whoever made it, and what it leaves is read by whoever sees it.
        let is_in_anothers_name =
            (kind.acts_for_its_creator() || kind.reads_for_its_creator()) && before.creator != viewer.user;
        if is_in_anothers_name && !viewer.is_admin() {
            return Err(Error::Forbidden(msg("error-admins-only")));
        }
    }
    if !before.status.has_ended() {
        return Err(Error::Conflict(msg("refused-retry-open").arg("status", before.status.as_str())));
    }
    if job.family.children > 0 {
        return Err(Error::Conflict(msg("refused-retry-parent")));
    }
    if only_failed_items {
        may_retry_items(conn, before, job)?;
    }
    if is_being_undone(conn, before, job)? {
        return Err(Error::Conflict(msg("refused-retry-undone")));
    }
    if let Some(key) = &job.spec.unique_key
        && let Some(other) = sql::by_unique_key(conn, before.organisation, key)?
    {
        return Err(Error::Conflict(msg("refused-unique-key").arg("id", other.get())));
    }
    Ok(())
}

/// Whether another job sets back just now what this one did: run again meanwhile it would leave some of both.
fn is_being_undone(conn: &Connection, before: &Task, job: &Job) -> Result<bool> {
    if !matches!(job.built_in(), Some(BuiltIn::BulkEdit | BuiltIn::BulkDelete)) {
        return Ok(false);
    }
    for other in sql::running_of_kind(conn, before.organisation, BuiltIn::BulkEdit.as_str())? {
        let Some(task) = tasks::sql::find(conn, other)? else { continue };
        if let Some(other) = task.job()
            && let Ok(bulk) = Bulk::of(BuiltIn::BulkEdit, &other.spec.payload)
            && bulk.act() == Act::Undo
            && bulk.of_job == Some(before.id)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What refuses that only the failed items are tried again.
fn may_retry_items(conn: &Connection, before: &Task, job: &Job) -> Result<()> {
    let counted = before.counts.map_or(0, |counts| counts.failed);
    if counted == 0 && !sql::has_failed_items(conn, before.id)? {
        return Err(Error::Conflict(msg("refused-retry-no-items")));
    }
    let has_any = |standing| is_any(conn, before.id, standing);
    if is_broadcast(before) && has_list(conn, before.id)? && !has_any(Standing::Failed)? && !has_any(Standing::Waiting)?
    {
        let why = if unknown(conn, before.id, 1)? > 0 { "refused-retry-uncertain" } else { "refused-retry-lines" };
        return Err(Error::Conflict(msg(why)));
    }
    // These find by their items what failed: what was counted and has no item would be left out without a word.
    let recorded = match job.built_in() {
        Some(BuiltIn::BulkEdit | BuiltIn::BulkDelete) => sql::failed_items(conn, before.id)?,
        _ => counted,
    };
    match recorded < counted {
        true => Err(Error::Conflict(msg("bulk-retry-part").arg("recorded", recorded).arg("failed", counted))),
        false => Ok(()),
    }
}
