//! Read-only questions that pages ask of tasks and trail. Each is answered
//! along an index and bounded: a page costs the same at any number of tasks.

pub mod filter;
pub mod history;
pub mod jobs;
pub mod lanes;
pub mod list;
pub mod mine;
pub mod monitor;
pub mod said;
mod scope;
pub mod sums;
pub mod task;
pub mod whole;

pub use filter::{Filter, HistoryFilter, JobFilter};
pub use history::{HistoryPage, history};
pub use mine::{Mine, mine};
pub use monitor::{Counts, MonitorPage, monitor};
pub use task::{EntryRow, TaskPage, cancel_requests, children, last_updates, task, waits_for};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::clock::from_micros;
use crate::error::Result;
use crate::people::{UserId, Viewer};
use crate::tasks::sql::{TASK_COLUMNS, task_row};
use crate::tasks::{Status, Task, TaskId};

/// A task with the names that stand beside it.
#[derive(Clone, Debug)]
pub struct TaskRow {
    pub task: Task,
    pub assignee_name: Option<String>,
    pub project_name: Option<String>,
    pub creator_name: String,
    /// How many tasks a job waits for that are not done.
    pub waits_for: i64,
}

impl TaskRow {
    /// Without the names, for what shows none of them.
    pub fn bare(task: Task) -> TaskRow {
        TaskRow { task, assignee_name: None, project_name: None, creator_name: String::new(), waits_for: 0 }
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
    /// Of a pending job.
    pub run_at: Option<Timestamp>,
    /// Whether a pending job waits for others; none: it may, and is to be asked.
    pub is_blocked: Option<bool>,
}

impl Slot {
    /// The same as [`Task::is_overdue`].
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        !self.has_ended && self.due.is_some_and(|due| due <= now)
    }

    /// It waits for its time.
    pub fn is_timed(&self, now: Timestamp) -> bool {
        self.run_at.is_some_and(|at| at > now)
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
            run_at: task.job().filter(|_| task.status == Status::Pending).and_then(|job| job.run_at),
            is_blocked: if task.status == Status::Pending && !task.after.is_empty() { None } else { Some(false) },
        }
    }
}

/// Of a task `t`, a dependency that is not done.
macro_rules! unmet {
    () => {
        "from task_dependencies d join tasks a on a.id = d.after_id where d.task_id = t.id and a.status <> 'done'"
    };
}
pub(crate) use unmet;

/// The columns of a [`Slot`] of `tasks t`.
const SLOT_COLUMNS: &str = concat!(
    "t.id, t.version, t.assignee_id, t.due_at, t.created_at, t.updated_at, t.finished_at is not null,
     case when t.kind = 'job' and t.status = 'pending' then (select jr.run_at from jobs jr where jr.task_id = t.id) end,
     case when t.kind = 'job' and t.status = 'pending' then exists (select 1 ",
    unmet!(),
    ") else 0 end"
);

/// The slot whose columns begin at `at`.
fn slot_row(row: &Row<'_>, at: usize) -> rusqlite::Result<Slot> {
    Ok(Slot {
        id: row.get(at)?,
        version: row.get(at + 1)?,
        assignee: row.get(at + 2)?,
        due: row.get::<_, Option<i64>>(at + 3)?.map(from_micros),
        created_at: row.get(at + 4).map(from_micros)?,
        updated_at: row.get(at + 5).map(from_micros)?,
        has_ended: row.get(at + 6)?,
        run_at: row.get::<_, Option<i64>>(at + 7)?.map(from_micros),
        is_blocked: Some(row.get(at + 8)?),
    })
}

/// `select` of a [`TaskRow`] from `tasks t`, up to its `where`.
macro_rules! task_rows {
    () => {
        concat!(
            "select ",
            $crate::tasks::sql::task_columns!(),
            ", u.name, p.name, c.name,
             case when t.kind = 'job' and t.status = 'pending' then (select count(*) ",
            $crate::insight::unmet!(),
            ") else 0 end",
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
        waits_for: row.get(TASK_COLUMNS + 3)?,
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

/// The newest task that there is.
pub fn newest_task(conn: &Connection) -> Result<Option<TaskId>> {
    Ok(conn.prepare_cached("select max(id) from tasks")?.query_one([], |row| row.get(0))?)
}
