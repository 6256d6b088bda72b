//! What a job leaves behind: who may add to it, how the others hear of it, and what of it goes in the end.

use std::sync::Arc;

use jiff::SignedDuration;
use rusqlite::Connection;

use super::life::may_speak_for;
use super::{find, hear, job_of};
use crate::App;
use crate::db::Write;
use crate::error::{Error, Result};
use crate::jobs::dispatch::Sign;
use crate::jobs::{Job, sql};
use crate::people::Viewer;
use crate::tasks::sql::tick;
use crate::tasks::{self, By, Task, TaskId};

/// A file of which nothing came for this long does not come any more: the connection is dead, or its sender.
const SILENCE: SignedDuration = SignedDuration::from_mins(10);
/// How long a replaced or deleted file can still be read by those who began to.
const READ_ON: SignedDuration = SignedDuration::from_mins(15);

/// The task of the attempt that wants to add something, which shows that it is alive; not saved yet. An attempt that is
/// over may still add what it wrote last, until the next one begins.
pub(super) fn of_attempt(w: &mut Write<'_>, by: &By, id: TaskId, attempt: Option<i64>) -> Result<(Arc<Task>, Task)> {
    let before = find(w, &by.viewer, id)?;
    let job = job_of(&before)?;
    if is_over(job, attempt) {
        may_speak_for(&before, job, by)?;
        let after = Task::clone(&before);
        return Ok((before, after));
    }
    hear(w, by, before, attempt, Sign::Alive)
}

fn is_over(job: &Job, attempt: Option<i64>) -> bool {
    let is_same = match attempt {
        Some(attempt) => attempt == job.attempt,
        None => job.is_run_by_creator(),
    };
    // One that was lost and is heard again begins anew.
    let comes_back = job.is_run_by_creator() && job.lost_at.is_some();
    job.attempt > 0 && !job.is_running() && is_same && !comes_back
}

/// Saves a job to whose output something was added, and tells of it live: the trail is not about output.
pub(super) fn added(w: &mut Write<'_>, mut after: Task) -> Result<Arc<Task>> {
    after.version += 1;
    after.updated_at = w.now;
    tasks::sql::save_touch(w.conn, &after)?;
    sql::save_job(w.conn, after.id, job_of(&after)?, after.finished_at)?;
    let after = Arc::new(after);
    tick(w, &after)?;
    Ok(after)
}

/// The task whose output this viewer would read.
pub(super) fn seen(conn: &Connection, viewer: &Viewer, id: TaskId) -> Result<Task> {
    tasks::sql::find_for(conn, viewer, id)?.ok_or(Error::NotFound)
}

/// When the program starts, nothing is arriving any more.
pub async fn begin_anew(app: &App) -> Result<()> {
    app.db.write(|w| sql::abandon_artifacts(w.conn, w.now, w.now).map(|_| ())).await
}

/// Removes what is let go of, piece by piece, and gives up files that do not arrive.
pub async fn remove_leftovers(app: &App) -> Result<()> {
    app.db.write(|w| sql::abandon_artifacts(w.conn, w.now - SILENCE, w.now).map(|_| ())).await?;
    while app.db.write(|w| sql::remove_some(w.conn, w.now - READ_ON)).await? {}
    Ok(())
}
