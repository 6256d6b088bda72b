//! Tasks, the verbs. Each runs inside the one writer: found through what the
//! viewer may see, moved by a pure rule, saved, appended to the trail, sent on.

mod assign;
mod create;
mod delete;
mod edit;
mod parse;
mod progress;
mod report;

use std::sync::Arc;

use jiff::Timestamp;

pub use assign::{NewTasks, create_tasks};
pub use create::{Created, NewJob, NewTask, create};
pub use delete::{delete, may_delete};
pub use edit::{Edit, Edited, edit, would_edit};
pub(crate) use parse::{parse_estimate, parse_id, parse_priority};
pub use progress::{Form, Reported, cancel, comment, complete, reopen, report_progress, undo, would_cancel};
pub use report::{Report, report};

use super::{Task, TaskId, sql};
use crate::db::Write;
use crate::error::{Error, Message, Result};
use crate::people::Viewer;

fn find(w: &Write<'_>, viewer: &Viewer, id: TaskId) -> Result<Arc<Task>> {
    sql::find_to_change(w, viewer, id)?.ok_or(Error::NotFound)
}

/// The next version of a task, heard of now.
fn touched(task: Task, now: Timestamp) -> Task {
    Task { version: task.version + 1, updated_at: now, ..task }
}

fn refused(message: Message) -> Error {
    Error::Conflict(message)
}
