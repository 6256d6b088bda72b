//! The trail, the rows: appended to, never changed; and how an entry and its letter come to be, for every verb.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::broken;
use crate::clock::from_micros;
use crate::db::Write;
use crate::error::Result;
use crate::live::{Letter, TaskLetter, TickLetter, Written};
use crate::people::{self, OrganisationId, Presence, UserId};
use crate::tasks::{Change, Entry, Task, TaskId, Via};

/// The columns of an entry, in the order that [`entry_row`] reads them.
macro_rules! entry_columns {
    () => {
        "e.sequence, e.organisation_id, e.task_id, e.version, e.change, e.actor_id, e.via, e.old, e.new, e.note, e.presence, e.at"
    };
}
pub(crate) use entry_columns;

/// How many columns [`entry_columns`] are: where a longer row goes on.
pub const ENTRY_COLUMNS: usize = 12;

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

/// What was said of a task.
pub fn comments(conn: &Connection, task: TaskId) -> Result<HashSet<String>> {
    Ok(conn
        .prepare_cached("select note from trail where task_id = ?1 and change = 'comment' and note is not null")?
        .query_map([task], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// What an entry says besides the task's two states.
pub struct Said {
    pub change: Change,
    /// None: Milepost itself.
    pub actor: Option<UserId>,
    pub via: Via,
    pub old: Value,
    pub new: Value,
    pub note: Option<String>,
    pub presence: Option<Presence>,
}

impl Said {
    pub fn new(change: Change, actor: Option<UserId>, via: Via, old: Value, new: Value) -> Said {
        Said { change, actor, via, old, new, note: None, presence: None }
    }
}

/// Appends the entry that led from `before` to `after`, and sends it on.
/// `after` has its new version and time already; none: the task was deleted.
pub fn record(
    w: &mut Write<'_>,
    before: Option<&Arc<Task>>,
    after: Option<&Arc<Task>>,
    said: Said,
) -> Result<Arc<Entry>> {
    let of = after.or(before).ok_or_else(|| anyhow::anyhow!("an entry of no task"))?;
    let entry = Entry {
        sequence: w.next_sequence(),
        organisation: of.organisation,
        task: of.id,
        version: after.map_or(of.version + 1, |task| task.version),
        change: said.change,
        actor: said.actor,
        via: said.via,
        old: said.old,
        new: said.new,
        note: said.note,
        presence: said.presence,
        at: w.now,
    };
    append_trail(w.conn, &entry)?;
    let entry = Arc::new(entry);
    let sees = after.map_or_else(|| Ok(Vec::new()), |task| watchers(w.conn, task))?;
    let saw = match (before, after) {
        (Some(before), Some(after)) if (before.assignee, before.project) == (after.assignee, after.project) => {
            sees.clone()
        }
        (Some(before), _) => watchers(w.conn, before)?,
        (None, _) => Vec::new(),
    };
    w.publish(Letter::Task(Arc::new(TaskLetter {
        entry: entry.clone(),
        before: before.cloned(),
        after: after.cloned(),
        saw,
        sees,
        written: Written::default(),
    })));
    Ok(entry)
}

/// Sends on how a task stands between two entries of its trail.
pub fn tick(w: &mut Write<'_>, task: &Arc<Task>) -> Result<()> {
    let letter = TickLetter {
        task: task.clone(),
        sequence: w.newest(),
        at: w.now,
        sees: watchers(w.conn, task)?,
        written: Written::default(),
    };
    w.publish(Letter::Tick(Arc::new(letter)));
    Ok(())
}

/// Who besides those who see everything sees this task now.
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

/// The entry has its sequence from the writer.
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

/// Of one task, after this sequence, oldest first.
pub fn trail_of(conn: &Connection, task: TaskId, after: i64, limit: usize) -> Result<Vec<Entry>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            entry_columns!(),
            " from trail e where e.task_id = ?1 and e.sequence > ?2 order by e.sequence limit ?3"
        ))?
        .query_map(params![task, after, i64::try_from(limit).unwrap_or(i64::MAX)], entry_row)?
        .collect::<rusqlite::Result<_>>()?)
}

/// Of one task, between two sequences, both included, oldest first.
pub fn trail_between(conn: &Connection, task: TaskId, first: i64, last: i64) -> Result<Vec<Entry>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            entry_columns!(),
            " from trail e where e.task_id = ?1 and e.sequence between ?2 and ?3 order by e.sequence"
        ))?
        .query_map(params![task, first, last], entry_row)?
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

/// Whoever ran a job again last, if anybody did.
pub fn last_retried_by(conn: &Connection, task: TaskId) -> Result<Option<UserId>> {
    let actor: Option<Option<UserId>> = conn
        .prepare_cached(
            "select actor_id from trail where task_id = ?1 and change = 'retried' order by sequence desc limit 1",
        )?
        .query_one([task], |row| row.get(0))
        .optional()?;
    Ok(actor.flatten())
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
