//! Read-only questions that pages ask of tasks and trail. Each is answered
//! along an index and bounded: a page costs the same at any number of tasks.

pub mod filter;
pub mod history;
pub mod list;
pub mod mine;
pub mod monitor;
mod scope;
pub mod task;

pub use filter::{Filter, HistoryFilter};
pub use history::{HistoryPage, history};
pub use mine::{Mine, mine};
pub use monitor::{Counts, MonitorPage, monitor};
pub use task::{EntryRow, TaskPage, last_updates, task};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::clock::from_micros;
use crate::error::Result;
use crate::people::{UserId, Viewer};
use crate::tasks::sql::{TASK_COLUMNS, task_row};
use crate::tasks::{Task, TaskId};

/// A task with the names that stand beside it.
#[derive(Clone, Debug)]
pub struct TaskRow {
    pub task: Task,
    pub assignee_name: Option<String>,
    pub project_name: Option<String>,
    pub creator_name: String,
}

impl TaskRow {
    /// Without the names, for what shows none of them.
    pub fn bare(task: Task) -> TaskRow {
        TaskRow { task, assignee_name: None, project_name: None, creator_name: String::new() }
    }
}

/// What a list needs to know of a task to place it: the rest stands in its fragment.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub id: TaskId,
    pub version: i64,
    pub assignee: Option<UserId>,
    pub due: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub has_ended: bool,
}

impl Slot {
    /// The same as [`Task::is_overdue`].
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.has_ended && self.due.is_some_and(|due| due <= now)
    }
}

impl From<&Task> for Slot {
    fn from(task: &Task) -> Slot {
        Slot {
            id: task.id,
            version: task.version,
            assignee: task.assignee,
            due: task.due.as_ref().map(|due| due.instant()),
            created_at: task.created_at,
            updated_at: task.updated_at,
            has_ended: task.status.has_ended(),
        }
    }
}

/// `select` of a [`Slot`] from `tasks t`, up to its `where`.
const SLOTS: &str =
    "select t.id, t.version, t.assignee_id, t.due_at, t.created_at, t.updated_at, t.finished_at is not null
     from tasks t ";

fn slot_row(row: &Row<'_>) -> rusqlite::Result<Slot> {
    Ok(Slot {
        id: row.get(0)?,
        version: row.get(1)?,
        assignee: row.get(2)?,
        due: row.get::<_, Option<i64>>(3)?.map(from_micros),
        created_at: row.get(4).map(from_micros)?,
        updated_at: row.get(5).map(from_micros)?,
        has_ended: row.get(6)?,
    })
}

/// `select` of a [`TaskRow`] from `tasks t`, up to its `where`.
macro_rules! task_rows {
    () => {
        concat!(
            "select ",
            $crate::tasks::sql::task_columns!(),
            ", u.name, p.name, c.name",
            $crate::tasks::sql::from_tasks!(),
            "left join users u on u.id = t.assignee_id
             left join projects p on p.id = t.project_id
             join users c on c.id = t.creator_id "
        )
    };
}
pub(crate) use task_rows;

fn task_row_with_names(row: &Row<'_>) -> rusqlite::Result<TaskRow> {
    Ok(TaskRow {
        task: task_row(row)?,
        assignee_name: row.get(TASK_COLUMNS)?,
        project_name: row.get(TASK_COLUMNS + 1)?,
        creator_name: row.get(TASK_COLUMNS + 2)?,
    })
}

/// One task with its names, if this viewer may see it.
pub fn row(conn: &Connection, viewer: &Viewer, id: TaskId) -> Result<Option<TaskRow>> {
    if crate::tasks::sql::find_for(conn, viewer, id)?.is_none() {
        return Ok(None);
    }
    row_of(conn, viewer.organisation, id)
}

/// One task with its names, for whoever was found to see it.
pub fn row_of(conn: &Connection, organisation: crate::people::OrganisationId, id: TaskId) -> Result<Option<TaskRow>> {
    Ok(conn
        .prepare_cached(concat!(task_rows!(), "where t.id = ?1 and t.organisation_id = ?2"))?
        .query_one(params![id, organisation], task_row_with_names)
        .optional()?)
}
