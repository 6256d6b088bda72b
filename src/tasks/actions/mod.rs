//! Tasks, the verbs. Each runs inside the one writer: found through what the
//! viewer may see, moved by a pure rule, saved, appended to the trail, sent on.

mod assign;
mod edit;
mod progress;

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

pub use assign::{NewTasks, create_tasks};
pub use edit::{Edit, Edited, edit};
pub use progress::{Report, Reported, cancel, comment, complete, reopen, report_progress, undo};

use super::{Change, Entry, Task, TaskId, Via, sql};
use crate::db::Write;
use crate::error::{Error, Message, Result, msg};
use crate::live::{Letter, TaskLetter, Written};
use crate::people::{self, Presence, UserId, Viewer};

/// What an entry says besides the task's two states.
struct Said {
    change: Change,
    actor: Option<UserId>,
    old: Value,
    new: Value,
    note: Option<String>,
    presence: Option<Presence>,
}

/// Appends the entry that led from `before` to `after`, and sends it on.
/// `after` has its new version and time already.
fn record(w: &mut Write<'_>, before: Option<&Arc<Task>>, after: &Arc<Task>, said: Said) -> Result<Arc<Entry>> {
    let entry = Entry {
        sequence: w.next_sequence(),
        organisation: after.organisation,
        task: after.id,
        version: after.version,
        change: said.change,
        actor: said.actor,
        via: Via::Page,
        old: said.old,
        new: said.new,
        note: said.note,
        presence: said.presence,
        at: w.now,
    };
    sql::append_trail(w.conn, &entry)?;
    let entry = Arc::new(entry);
    let sees = watchers(w.conn, after)?;
    let saw = match before {
        Some(before) if (before.assignee, before.project) == (after.assignee, after.project) => sees.clone(),
        Some(before) => watchers(w.conn, before)?,
        None => Vec::new(),
    };
    w.publish(Letter::Task(Arc::new(TaskLetter {
        entry: entry.clone(),
        before: before.cloned(),
        after: Some(after.clone()),
        saw,
        sees,
        written: Written::default(),
    })));
    Ok(entry)
}

/// Who besides admins sees this task now.
fn watchers(conn: &Connection, task: &Task) -> Result<Vec<UserId>> {
    let mut watchers = match task.project {
        Some(project) => people::sql::project_watchers(conn, task.organisation, project)?,
        None => Vec::new(),
    };
    if let Some(assignee) = task.assignee
        && !watchers.contains(&assignee)
    {
        watchers.push(assignee);
    }
    Ok(watchers)
}

fn find(w: &Write<'_>, viewer: &Viewer, id: TaskId) -> Result<Arc<Task>> {
    sql::find_for(w.conn, viewer, id)?.map(Arc::new).ok_or(Error::NotFound)
}

/// The one whose work it is moves it, and admins.
fn may_move(viewer: &Viewer, task: &Task) -> Result<()> {
    if viewer.is_admin() || task.assignee == Some(viewer.user) {
        Ok(())
    } else {
        Err(Error::Forbidden(msg("error-not-your-task")))
    }
}

/// The next version of a task, heard of now.
fn touched(task: Task, now: Timestamp) -> Task {
    Task { version: task.version + 1, updated_at: now, ..task }
}

fn refused(message: Message) -> Error {
    Error::Conflict(message)
}
