//! Tasks, the rows: how one is read and found, always through what its viewer may see. Saving is in `save`, the trail in
//! `trail`.

mod ledgers;
mod save;
mod trail;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Counts, Due, Eta, Kind, Percent, Stage, Task, TaskId};
use crate::clock::from_micros;
use crate::db::Write;
use crate::error::Result;
use crate::jobs::sql::{JOB_COLUMNS, job_row};
use crate::people::{OrganisationId, ProjectId, UserId, Viewer};

pub use ledgers::*;
pub use save::*;
pub use trail::*;

/// The columns of a task, in the order that [`task_row`] reads them.
macro_rules! task_columns {
    () => {
        concat!(
            "t.id, t.organisation_id, t.kind, t.title, t.description, t.status, t.progress, t.project_id, t.assignee_id,
             t.creator_id, t.priority, t.due_at, t.due_date, t.estimate_minutes, t.created_at, t.started_at,
             t.finished_at, t.updated_at, t.version, t.category, t.total, t.succeeded, t.failed, t.skipped, t.stage,
             t.stage_index, t.stage_of, t.note, t.eta_earliest, t.eta_latest, t.parent_id, t.labels, t.external_id,
             (select json_group_array(td.after_id) from task_dependencies td where td.task_id = t.id), ",
            $crate::jobs::sql::job_columns!()
        )
    };
}

/// Where they come from, up to `where`: a task, and what only a job has.
macro_rules! from_tasks {
    () => {
        " from tasks t
          left join jobs j on j.task_id = t.id and t.kind = 'job'
          left join job_contents jc on jc.task_id = t.id and t.kind = 'job' "
    };
}
pub(crate) use {from_tasks, task_columns};

/// How many columns [`task_columns`] are: where a longer row goes on.
pub const TASK_COLUMNS: usize = OWN_COLUMNS + JOB_COLUMNS;
const OWN_COLUMNS: usize = 34;

pub fn task_row(row: &Row<'_>) -> rusqlite::Result<Task> {
    let kind = row.get(2)?;
    let time = |column: usize| row.get::<_, i64>(column).map(from_micros);
    let maybe_time = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(from_micros));
    Ok(Task {
        id: row.get(0)?,
        organisation: row.get(1)?,
        kind,
        title: row.get(3)?,
        description: row.get(4)?,
        status: row.get(5)?,
        progress: Percent::new(row.get(6)?).map_err(|_| broken(6, "a percent outside 0 to 100"))?,
        project: row.get(7)?,
        assignee: row.get(8)?,
        creator: row.get(9)?,
        priority: row.get(10)?,
        due: due_row(maybe_time(11)?, row.get(12)?)?,
        estimate_minutes: row.get(13)?,
        created_at: time(14)?,
        started_at: maybe_time(15)?,
        finished_at: maybe_time(16)?,
        updated_at: time(17)?,
        version: row.get(18)?,
        category: row.get(19)?,
        counts: counts_row(row, 20)?,
        stage: stage_row(row, 24)?,
        note: row.get(27)?,
        eta: match (maybe_time(28)?, maybe_time(29)?) {
            (Some(earliest), Some(latest)) => Some(Eta { earliest, latest }),
            _ => None,
        },
        parent: row.get(30)?,
        labels: json_row(row, 31)?.unwrap_or_default(),
        external_id: row.get(32)?,
        after: match row.get_ref(33)?.as_str()? {
            "[]" => Vec::new(),
            _ => json_row(row, 33)?.unwrap_or_default(),
        },
        job: if kind == Kind::Job { Some(Arc::new(job_row(row, OWN_COLUMNS)?)) } else { None },
    })
}

fn counts_row(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Counts>> {
    let Some(succeeded) = row.get(at + 1)? else { return Ok(None) };
    Ok(Some(Counts { total: row.get(at)?, succeeded, failed: row.get(at + 2)?, skipped: row.get(at + 3)? }))
}

fn stage_row(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Stage>> {
    let Some(name) = row.get(at)? else { return Ok(None) };
    Ok(Some(Stage { name, index: row.get(at + 1)?, of: row.get(at + 2)? }))
}

fn json_row<T: serde::de::DeserializeOwned>(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<T>> {
    match row.get_ref(at)?.as_str_or_null()? {
        None => Ok(None),
        Some(text) => serde_json::from_str(text).map(Some).map_err(|_| broken(at, "a list that is not JSON")),
    }
}

fn due_row(at: Option<Timestamp>, date: Option<String>) -> rusqlite::Result<Option<Due>> {
    match (at, date) {
        (None, _) => Ok(None),
        (Some(at), None) => Ok(Some(Due::At(at))),
        (Some(at), Some(date)) => {
            let date: Date = date.parse().map_err(|_| broken(12, "a due date that is none"))?;
            Ok(Some(Due::Date(date, at)))
        }
    }
}

fn broken(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, what.into())
}

/// The task, if this viewer may see it: admins see their organisation's,
/// members their own and, where the organisation allows it, their projects'.
pub fn find_for(conn: &Connection, viewer: &Viewer, id: TaskId) -> Result<Option<Task>> {
    let task = conn
        .prepare_cached(concat!(
            "select ",
            task_columns!(),
            from_tasks!(),
            "where t.id = ?1 and t.organisation_id = ?2"
        ))?
        .query_one(params![id, viewer.organisation], task_row)
        .optional()?;
    let Some(task) = task else { return Ok(None) };
    Ok(is_seen(conn, viewer, &task)?.then_some(task))
}

/// The same inside the writer, which remembers the jobs that are reported on.
pub fn find_to_change(w: &Write<'_>, viewer: &Viewer, id: TaskId) -> Result<Option<Arc<Task>>> {
    let Some(task) = w.recent.get(id) else { return Ok(find_for(w.conn, viewer, id)?.map(Arc::new)) };
    if cfg!(debug_assertions) {
        let read = find(w.conn, id)?;
        assert_eq!(read.as_ref(), Some(&*task), "what is remembered of a task is what its row says");
    }
    let is_seen = task.organisation == viewer.organisation && is_seen(w.conn, viewer, &task)?;
    Ok(is_seen.then_some(task))
}

fn is_seen(conn: &Connection, viewer: &Viewer, task: &Task) -> Result<bool> {
    Ok(viewer.sees_all() || task.assignee == Some(viewer.user) || in_seen_project(conn, viewer, task)?)
}

fn in_seen_project(conn: &Connection, viewer: &Viewer, task: &Task) -> Result<bool> {
    let Some(project) = task.project.filter(|_| viewer.sees_projects) else { return Ok(false) };
    Ok(conn
        .prepare_cached(
            "select exists (select 1 from project_members pm
               join organisations o on o.id = ?3 and o.members_see_projects = 1
             where pm.project_id = ?1 and pm.user_id = ?2)",
        )?
        .query_one(params![project, viewer.user, viewer.organisation], |row| row.get(0))?)
}

/// A project's tasks, whoever sees them, with their assignees.
pub fn of_project(
    conn: &Connection,
    organisation: OrganisationId,
    project: ProjectId,
    limit: usize,
) -> Result<Vec<(TaskId, Option<UserId>)>> {
    Ok(conn
        .prepare_cached("select id, assignee_id from tasks where organisation_id = ?1 and project_id = ?2 limit ?3")?
        .query_map(params![organisation, project, limit as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

/// A task by its id alone, for Milepost itself.
pub fn find(conn: &Connection, id: TaskId) -> Result<Option<Task>> {
    Ok(conn
        .prepare_cached(concat!("select ", task_columns!(), from_tasks!(), "where t.id = ?1"))?
        .query_one(params![id], task_row)
        .optional()?)
}

pub fn by_external_id(conn: &Connection, organisation: OrganisationId, external_id: &str) -> Result<Option<TaskId>> {
    Ok(conn
        .prepare_cached("select id from tasks where organisation_id = ?1 and external_id = ?2")?
        .query_one(params![organisation, external_id], |row| row.get(0))
        .optional()?)
}

/// The open children of a task after this one, in order.
pub fn open_children(conn: &Connection, parent: TaskId, after: TaskId, limit: usize) -> Result<Vec<TaskId>> {
    Ok(conn
        .prepare_cached(
            "select id from tasks where parent_id = ?1 and id > ?2 and finished_at is null order by id limit ?3",
        )?
        .query_map(params![parent, after, limit as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Whether all that a task waits for is done.
pub fn is_unblocked(conn: &Connection, task: TaskId) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "select not exists (select 1 from task_dependencies d join tasks t on t.id = d.after_id
               where d.task_id = ?1 and t.status <> 'done')",
        )?
        .query_one(params![task], |row| row.get(0))?)
}

/// The open tasks that wait for this one.
pub fn dependents(conn: &Connection, id: TaskId) -> Result<Vec<TaskId>> {
    Ok(conn
        .prepare_cached(
            "select d.task_id from task_dependencies d join tasks t on t.id = d.task_id
             where d.after_id = ?1 and t.finished_at is null order by d.task_id",
        )?
        .query_map(params![id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

pub fn has_children(conn: &Connection, id: TaskId) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from tasks where parent_id = ?1)")?
        .query_one(params![id], |row| row.get(0))?)
}
