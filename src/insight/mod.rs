//! Read-only questions that pages ask of tasks and trail. Each is answered
//! along an index and bounded: a page costs the same at any number of tasks.

pub mod filter;
pub mod history;
pub mod mine;
pub mod monitor;
mod scope;
pub mod task;

pub use filter::{Filter, HistoryFilter};
pub use history::{HistoryPage, history};
pub use mine::{Mine, mine};
pub use monitor::{Counts, MonitorPage, monitor};
pub use task::{EntryRow, TaskPage, last_updates, task};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Result;
use crate::people::Viewer;
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

/// `select` of a [`TaskRow`] from `tasks t`, up to its `where`.
macro_rules! task_rows {
    () => {
        concat!(
            "select ",
            $crate::tasks::sql::task_columns!(),
            ", u.name, p.name, c.name
             from tasks t
             left join users u on u.id = t.assignee_id
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
