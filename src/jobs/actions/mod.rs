//! Jobs, the verbs: taking one, the signs of its life, its end, and what
//! follows from that. They run inside the one writer, as those of tasks do.

mod artifacts;
mod batch;
mod cancel;
mod claim;
mod delete;
mod health;
mod inside;
mod items;
mod life;
mod limits;
mod log;
mod output;
mod queue;
mod rescue;
mod retry;
mod start;

use std::sync::Arc;

use serde_json::{Map, Value, json};

pub use artifacts::{NewArtifact, artifacts, copy_artifact, read_artifact, store_artifact};
pub use batch::{check_parent, child_moved};
pub use cancel::{cancel, cancel_children, would_cancel};
pub use claim::{Wanted, claim, claim_waiting};
pub use delete::delete;
pub use health::{check_health, takes_writes};
pub use inside::{by_milepost, claim_built_in, give_back};
pub use items::{item_groups, items, items_csv, record_items};
pub use life::{Finish, Heartbeat, finish, hear, heartbeat};
pub use limits::set_limit;
pub use log::{append_log, last_of_log, read_log};
pub use output::{begin_anew, remove_leftovers};
pub use queue::{dependency_moved, enqueue, promote_due, requeue};
pub use rescue::{catch_up, load, look_after};
pub use retry::{may_retry, retry, retry_uncertain};
pub use start::{may_begin, may_start, may_undo, startable, undone_job};

use super::{Dispatch, Job, sql};
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::people::Viewer;
use crate::tasks::progress::Lower;
use crate::tasks::sql::{Said, record, tick};
use crate::tasks::{self, Change, Status, Task, TaskId, Who};

/// How the others are told of a change.
pub(crate) enum Told {
    /// By an entry of the trail, with this note.
    Entry(Change, Who, Option<String>),
    /// By an entry that says what was reported and not applied.
    Lower(Lower, Who, Option<String>),
    /// Live only; the trail follows within a second or so.
    Tick,
}

/// The job of a task that is one.
fn job_of(task: &Task) -> Result<&Job> {
    task.job().ok_or_else(|| Error::Conflict(msg("refused-no-job")))
}

fn find(w: &Write<'_>, viewer: &Viewer, id: TaskId) -> Result<Arc<Task>> {
    tasks::sql::find_to_change(w, viewer, id)?.ok_or(Error::NotFound)
}

/// Saves a job that changed, tells of it, and carries it on to its parent and to those who wait for it.
pub(crate) fn put(
    w: &mut Write<'_>,
    dispatch: &Arc<Dispatch>,
    before: &Arc<Task>,
    after: Task,
    told: Told,
) -> Result<Arc<Task>> {
    let after = save(w, before, after, told)?;
    if before.status != after.status {
        dependency_moved(w, dispatch, before, &after)?;
    }
    if (before.status, before.progress) != (after.status, after.progress) {
        child_moved(w, dispatch, Some(before), &after)?;
    }
    Ok(after)
}

fn save(w: &mut Write<'_>, before: &Arc<Task>, mut after: Task, told: Told) -> Result<Arc<Task>> {
    after.version = before.version + 1;
    after.updated_at = w.now;
    let was_ahead = before.job().is_some_and(|job| job.recorded.is_ahead);
    if let Some(job) = after.job.as_mut().map(Arc::make_mut) {
        match told {
            Told::Entry(..) | Told::Lower(..) => {
                job.recorded.is_ahead = false;
                job.recorded.at = Some(w.now);
            }
            Told::Tick => {
                job.recorded.is_ahead = true;
                job.recorded.at.get_or_insert(w.now);
            }
        }
    }
    tasks::sql::save_move(w.conn, before, &after)?;
    sql::save_job_after(w.conn, before, &after)?;
    if let Some(job) = after.job() {
        let old = before.job();
        if old.map(|old| (&old.result, &old.error)) != Some((&job.result, &job.error)) {
            sql::save_end(w.conn, after.id, job.result.as_deref(), job.error.as_deref())?;
        }
    }
    let after = Arc::new(after);
    w.recent.keep(&after);
    match told {
        Told::Tick => tick(w, &after)?,
        Told::Lower(lower, who, note) => {
            let mut new = Map::new();
            catch_up_with(was_ahead, &after, &mut new);
            let old = json!({ "reported": lower.reported, "kept": lower.kept });
            let said = Said { note, ..Said::new(Change::LowerReport, who.actor, who.via, old, Value::Object(new)) };
            record(w, Some(before), Some(&after), said)?;
        }
        Told::Entry(change, who, note) => {
            let (old, mut new) = after.facts_since(before);
            catch_up_with(was_ahead, &after, &mut new);
            let said = Said { note, ..Said::new(change, who.actor, who.via, Value::Object(old), Value::Object(new)) };
            record(w, Some(before), Some(&after), said)?;
        }
    }
    Ok(after)
}

/// What was ticked since the last entry is told with this one.
fn catch_up_with(was_ahead: bool, task: &Task, new: &mut Map<String, Value>) {
    if was_ahead {
        for (field, value) in task.how_far().to_json() {
            new.entry(field).or_insert(value);
        }
    }
}

/// The same task with its job changed.
fn with_job(task: &Task, change: impl FnOnce(&mut Job)) -> Task {
    let mut task = task.clone();
    if let Some(job) = task.job.as_mut() {
        change(Arc::make_mut(job));
    }
    task
}

/// The same task with another status, its times in step with it.
fn with_status(task: Task, status: Status, now: jiff::Timestamp) -> Task {
    let progress = task.progress;
    task.moved_to(progress, status, now)
}
