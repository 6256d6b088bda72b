//! Tasks and trail, the rows. A task is found through what its viewer may see.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::{Change, Due, Entry, Percent, Task, TaskId};
use crate::clock::from_micros;
use crate::error::Result;
use crate::people::{OrganisationId, ProjectId, UserId, Viewer};

/// The columns of a task, in the order that [`task_row`] reads them.
macro_rules! task_columns {
    () => {
        "t.id, t.organisation_id, t.kind, t.title, t.description, t.status, t.progress, t.project_id, t.assignee_id,
         t.creator_id, t.priority, t.due_at, t.due_date, t.estimate_minutes, t.created_at, t.started_at, t.finished_at,
         t.updated_at, t.version"
    };
}
/// The columns of an entry, in the order that [`entry_row`] reads them.
macro_rules! entry_columns {
    () => {
        "e.sequence, e.organisation_id, e.task_id, e.version, e.change, e.actor_id, e.via, e.old, e.new, e.note, e.presence, e.at"
    };
}
pub(crate) use {entry_columns, task_columns};

/// How many columns [`task_columns`] are: where a longer row goes on.
pub const TASK_COLUMNS: usize = 19;
pub const ENTRY_COLUMNS: usize = 12;

pub fn task_row(row: &Row<'_>) -> rusqlite::Result<Task> {
    let time = |column: usize| row.get::<_, i64>(column).map(from_micros);
    let maybe_time = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(from_micros));
    Ok(Task {
        id: row.get(0)?,
        organisation: row.get(1)?,
        kind: row.get(2)?,
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
    })
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

pub fn entry_row(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let json = |column: usize| {
        let text = row.get_ref(column)?.as_str()?;
        serde_json::from_str(text).map_err(|_| broken(column, "an entry that is not JSON"))
    };
    Ok(Entry {
        sequence: row.get(0)?,
        organisation: row.get(1)?,
        task: row.get(2)?,
        version: row.get(3)?,
        change: row.get(4)?,
        actor: row.get(5)?,
        via: row.get(6)?,
        old: json(7)?,
        new: json(8)?,
        note: row.get(9)?,
        presence: row.get(10)?,
        at: from_micros(row.get(11)?),
    })
}

/// The task, if this viewer may see it: admins see their organisation's,
/// members their own and, where the organisation allows it, their projects'.
pub fn find_for(conn: &Connection, viewer: &Viewer, id: TaskId) -> Result<Option<Task>> {
    let task = conn
        .prepare_cached(concat!(
            "select ",
            task_columns!(),
            " from tasks t where t.id = ?1 and t.organisation_id = ?2"
        ))?
        .query_one(params![id, viewer.organisation], task_row)
        .optional()?;
    let Some(task) = task else { return Ok(None) };
    let seen = viewer.is_admin() || task.assignee == Some(viewer.user) || in_seen_project(conn, viewer, &task)?;
    Ok(seen.then_some(task))
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

/// Stores a new task and gives it its id.
pub fn insert(conn: &Connection, task: &mut Task) -> Result<()> {
    conn.prepare_cached(
        "insert into tasks (organisation_id, kind, title, description, status, progress, project_id, assignee_id, creator_id,
                            priority, due_at, due_date, estimate_minutes, created_at, updated_at, version)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?
    .execute(params![
        task.organisation,
        task.kind,
        task.title,
        task.description,
        task.status,
        task.progress.get(),
        task.project,
        task.assignee,
        task.creator,
        task.priority,
        task.due.as_ref().map(|due| due.instant().as_microsecond()),
        task.due.as_ref().and_then(Due::date).map(|date| date.to_string()),
        task.estimate_minutes,
        task.created_at.as_microsecond(),
        task.updated_at.as_microsecond(),
        task.version
    ])?;
    task.id = TaskId::new(conn.last_insert_rowid());
    save_text(conn, task)?;
    count(conn, task, 1)
}

/// Stores how a task moved: its progress, status and times.
pub fn save_move(conn: &Connection, before: &Task, after: &Task) -> Result<()> {
    if before.status == after.status {
        conn.prepare_cached("update tasks set progress = ?2, updated_at = ?3, version = ?4 where id = ?1")?
            .execute(params![after.id, after.progress.get(), after.updated_at.as_microsecond(), after.version])?;
        return Ok(());
    }
    conn.prepare_cached(
        "update tasks set progress = ?2, updated_at = ?3, version = ?4, status = ?5, started_at = ?6, finished_at = ?7 where id = ?1",
    )?
    .execute(params![
        after.id,
        after.progress.get(),
        after.updated_at.as_microsecond(),
        after.version,
        after.status,
        after.started_at.map(Timestamp::as_microsecond),
        after.finished_at.map(Timestamp::as_microsecond)
    ])?;
    recount(conn, before, after)
}

/// Stores what an edit may change.
pub fn save_edit(conn: &Connection, before: &Task, after: &Task) -> Result<()> {
    conn.prepare_cached(
        "update tasks set title = ?2, description = ?3, project_id = ?4, assignee_id = ?5, priority = ?6, due_at = ?7,
                          due_date = ?8, estimate_minutes = ?9, updated_at = ?10, version = ?11 where id = ?1",
    )?
    .execute(params![
        after.id,
        after.title,
        after.description,
        after.project,
        after.assignee,
        after.priority,
        after.due.as_ref().map(|due| due.instant().as_microsecond()),
        after.due.as_ref().and_then(Due::date).map(|date| date.to_string()),
        after.estimate_minutes,
        after.updated_at.as_microsecond(),
        after.version
    ])?;
    if (&before.title, &before.description) != (&after.title, &after.description) {
        save_text(conn, after)?;
    }
    recount(conn, before, after)
}

/// A comment changes nothing of a task but when it was last heard of.
pub fn save_touch(conn: &Connection, after: &Task) -> Result<()> {
    conn.prepare_cached("update tasks set updated_at = ?2, version = ?3 where id = ?1")?.execute(params![
        after.id,
        after.updated_at.as_microsecond(),
        after.version
    ])?;
    Ok(())
}

fn save_text(conn: &Connection, task: &Task) -> Result<()> {
    conn.prepare_cached(
        "insert or replace into tasks_text (rowid, organisation, title, description) values (?1, ?2, ?3, ?4)",
    )?
    .execute(params![task.id, format!("o{}", task.organisation), task.title, task.description])?;
    Ok(())
}

fn recount(conn: &Connection, before: &Task, after: &Task) -> Result<()> {
    if (before.assignee, before.project, before.status) == (after.assignee, after.project, after.status) {
        return Ok(());
    }
    count(conn, before, -1)?;
    count(conn, after, 1)
}

fn count(conn: &Connection, task: &Task, by: i64) -> Result<()> {
    conn.prepare_cached(
        "insert into task_counts (organisation_id, assignee_id, project_id, status, tasks) values (?1, ?2, ?3, ?4, max(?5, 0))
         on conflict do update set tasks = tasks + ?5",
    )?
    .execute(params![
        task.organisation,
        task.assignee.map_or(0, UserId::get),
        task.project.map_or(0, ProjectId::get),
        task.status,
        by
    ])?;
    Ok(())
}

/// Appends to the trail; the entry has its sequence from the writer.
pub fn append_trail(conn: &Connection, entry: &Entry) -> Result<()> {
    conn.prepare_cached(
        "insert into trail (sequence, organisation_id, task_id, version, change, actor_id, via, old, new, note, presence, at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        entry.sequence,
        entry.organisation,
        entry.task,
        entry.version,
        entry.change,
        entry.actor,
        entry.via,
        entry.old.to_string(),
        entry.new.to_string(),
        entry.note,
        entry.presence,
        entry.at.as_microsecond()
    ])?;
    Ok(())
}

/// The organisation's entries after a sequence, in order.
pub fn trail_after(conn: &Connection, organisation: OrganisationId, after: i64, limit: i64) -> Result<Vec<Entry>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            entry_columns!(),
            " from trail e where e.organisation_id = ?1 and e.sequence > ?2 order by e.sequence limit ?3"
        ))?
        .query_map(params![organisation, after, limit], entry_row)?
        .collect::<rusqlite::Result<_>>()?)
}

/// What happened to a task after it had this version, oldest first: as much as anybody would be told.
pub fn trail_since(conn: &Connection, task: TaskId, version: i64) -> Result<Vec<Entry>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            entry_columns!(),
            " from trail e where e.task_id = ?1 and e.version > ?2 order by e.sequence limit 100"
        ))?
        .query_map(params![task, version], entry_row)?
        .collect::<rusqlite::Result<_>>()?)
}

/// Whether anything moved the task after it had this version.
pub fn moved_since(conn: &Connection, task: TaskId, version: i64) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "select exists (select 1 from trail where task_id = ?1 and version > ?2 and new ->> 'progress' is not null)",
        )?
        .query_one(params![task, version], |row| row.get(0))?)
}

/// The first of these changes after the task had this version.
pub fn first_since(conn: &Connection, task: TaskId, version: i64, change: Change) -> Result<Option<Entry>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            entry_columns!(),
            " from trail e where e.task_id = ?1 and e.version > ?2 and e.change = ?3 order by e.sequence limit 1"
        ))?
        .query_one(params![task, version, change], entry_row)
        .optional()?)
}

pub fn trail_entry(conn: &Connection, task: TaskId, sequence: i64) -> Result<Option<Entry>> {
    Ok(conn
        .prepare_cached(concat!("select ", entry_columns!(), " from trail e where e.sequence = ?2 and e.task_id = ?1"))?
        .query_one(params![task, sequence], entry_row)
        .optional()?)
}

/// The progress that a task had before it last ended.
pub fn progress_before_end(conn: &Connection, task: TaskId) -> Result<Option<f64>> {
    let old: Option<String> = conn
        .prepare_cached(
            "select old from trail where task_id = ?1 and new ->> 'status' in ('done', 'cancelled') and old ->> 'progress' is not null
             order by sequence desc limit 1",
        )?
        .query_one(params![task], |row| row.get(0))
        .optional()?;
    let old: Option<Value> = old.map(|text| serde_json::from_str(&text)).transpose()?;
    Ok(old.and_then(|old| old.get("progress").and_then(Value::as_f64)))
}
