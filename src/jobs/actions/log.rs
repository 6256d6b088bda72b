//! A job's log, the verbs: it grows by what its attempt writes, and is read in bounded pieces.

use std::sync::Arc;

use super::output::{added, of_attempt, seen};
use super::with_job;
use crate::App;
use crate::config;
use crate::db::Write;
use crate::error::Result;
use crate::jobs::log::LogPiece;
use crate::jobs::sql;
use crate::people::Viewer;
use crate::tasks::{By, Task, TaskId};

/// Appends to a job's log what its attempt wrote; a sign of life.
pub fn append_log(w: &mut Write<'_>, by: &By, id: TaskId, attempt: Option<i64>, bytes: &[u8]) -> Result<Arc<Task>> {
    let (_, after) = of_attempt(w, by, id, attempt)?;
    let attempt = after.job().map_or(0, |job| job.attempt);
    let log_bytes = sql::append_log(w.conn, &by.output, id, attempt, bytes, w.now)?;
    added(w, with_job(&after, |job| job.log_bytes = log_bytes))
}

/// The log from a byte on, as far as one piece goes; and whether more may come.
pub async fn read_log(app: &App, viewer: &Viewer, id: TaskId, from: i64) -> Result<(LogPiece, bool)> {
    let viewer = viewer.clone();
    app.db
        .snapshot(move |conn, _| {
            let task = seen(conn, &viewer, id)?;
            let piece = sql::read_log(conn, id, from, config::LOG_PIECE_BYTES)?;
            let has_ended = task.status.has_ended();
            Ok((piece, has_ended))
        })
        .await
}

/// The last lines of the log, for a page.
pub async fn last_of_log(app: &App, viewer: &Viewer, id: TaskId, lines: usize) -> Result<LogPiece> {
    let viewer = viewer.clone();
    app.db
        .read(move |conn| {
            seen(conn, &viewer, id)?;
            sql::last_of_log(conn, id, lines, config::LOG_PIECE_BYTES)
        })
        .await
}
