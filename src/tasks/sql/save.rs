//! Tasks, the rows: how they are stored and counted.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::db::Write;
use crate::error::Result;
use crate::people::{OrganisationId, ProjectId, UserId};
use crate::tasks::{Due, Task, TaskId};

/// Stores a new task and gives it its id.
pub fn insert(w: &mut Write<'_>, task: &mut Task) -> Result<()> {
    let conn = w.conn;
    conn.prepare_cached(
        "insert into tasks (organisation_id, kind, title, description, status, progress, project_id, assignee_id, creator_id,
                            priority, due_at, due_date, estimate_minutes, created_at, updated_at, version, category,
                            parent_id, labels, external_id, total, succeeded, failed, skipped)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
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
        task.version,
        task.category,
        task.parent,
        labels_text(task),
        task.external_id,
        task.counts.and_then(|counts| counts.total),
        task.counts.map(|counts| counts.succeeded),
        task.counts.map(|counts| counts.failed),
        task.counts.map(|counts| counts.skipped)
    ])?;
    task.id = TaskId::new(conn.last_insert_rowid());
    for after in &task.after {
        conn.prepare_cached("insert into task_dependencies (task_id, after_id) values (?1, ?2)")?
            .execute(params![task.id, after])?;
    }
    w.words.push(Words::of(task));
    count(conn, task, 1)
}

/// Updates how a task moved, and more.
macro_rules! update_move {
    ($more:literal) => {
        concat!(
            "update tasks set progress = ?2, updated_at = ?3, version = ?4, total = ?5, succeeded = ?6, failed = ?7, skipped = ?8,
                              stage = ?9, stage_index = ?10, stage_of = ?11, note = ?12, eta_earliest = ?13, eta_latest = ?14",
            $more,
            " where id = ?1"
        )
    };
}

/// Stores how a task moved: its progress, status and times, and what was said of them. Only what differs is named of the
/// columns that indexes have: each of those is written anew with the column, whether or not it says the same.
pub fn save_move(conn: &Connection, before: &Task, after: &Task) -> Result<()> {
    let (counts, micros) = (after.counts, Timestamp::as_microsecond);
    let values = params![
        after.id,
        after.progress.get(),
        after.updated_at.as_microsecond(),
        after.version,
        counts.and_then(|counts| counts.total),
        counts.map(|counts| counts.succeeded),
        counts.map(|counts| counts.failed),
        counts.map(|counts| counts.skipped),
        after.stage.as_ref().map(|stage| &stage.name),
        after.stage.as_ref().and_then(|stage| stage.index),
        after.stage.as_ref().and_then(|stage| stage.of),
        after.note,
        after.eta.map(|eta| eta.earliest.as_microsecond()),
        after.eta.map(|eta| eta.latest.as_microsecond()),
        after.status,
        after.started_at.map(micros),
        after.finished_at.map(micros)
    ];
    let (sql, named) = if before.status == after.status {
        (update_move!(""), 14)
    } else if before.finished_at == after.finished_at {
        (update_move!(", status = ?15, started_at = ?16"), 16)
    } else {
        (update_move!(", status = ?15, started_at = ?16, finished_at = ?17"), 17)
    };
    conn.prepare_cached(sql)?.execute(&values[..named])?;
    recount(conn, before, after)
}

/// Stores what an edit may change.
pub fn save_edit(w: &mut Write<'_>, before: &Task, after: &Task) -> Result<()> {
    let conn = w.conn;
    conn.prepare_cached(
        "update tasks set title = ?2, description = ?3, project_id = ?4, assignee_id = ?5, priority = ?6, due_at = ?7,
                          due_date = ?8, estimate_minutes = ?9, updated_at = ?10, version = ?11, category = ?12, labels = ?13
         where id = ?1",
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
        after.version,
        after.category,
        labels_text(after)
    ])?;
    if (&before.title, &before.description) != (&after.title, &after.description) {
        w.words.push(Words::of(after));
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

fn labels_text(task: &Task) -> Option<String> {
    (!task.labels.is_empty()).then(|| serde_json::json!(task.labels).to_string())
}

/// Removes a task; its trail stays.
pub fn delete(w: &mut Write<'_>, task: &Task) -> Result<()> {
    for sql in ["delete from task_dependencies where task_id = ?1 or after_id = ?1", "delete from tasks where id = ?1"]
    {
        w.conn.prepare_cached(sql)?.execute(params![task.id])?;
    }
    w.words.push(Words { texts: None, ..Words::of(task) });
    count(w.conn, task, -1)
}

/// What a task is found by. The writer saves the words of all that it commits together at the end: the index of words is
/// written out whenever a savepoint begins, which costs more than the words.
pub struct Words {
    task: TaskId,
    organisation: OrganisationId,
    /// Title and description; none: the task was deleted.
    texts: Option<(String, String)>,
}

impl Words {
    fn of(task: &Task) -> Words {
        let texts = Some((task.title.clone(), task.description.clone()));
        Words { task: task.id, organisation: task.organisation, texts }
    }
}

pub fn save_words(conn: &Connection, words: &Words) -> rusqlite::Result<()> {
    match &words.texts {
        Some((title, description)) => conn
            .prepare_cached(
                "insert or replace into tasks_text (rowid, organisation, title, description) values (?1, ?2, ?3, ?4)",
            )?
            .execute(params![words.task, format!("o{}", words.organisation), title, description])?,
        None => conn.prepare_cached("delete from tasks_text where rowid = ?1")?.execute([words.task])?,
    };
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
