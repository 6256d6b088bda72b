//! One task with its trail.

use rusqlite::{Connection, params};

use super::{TaskRow, row, unmet};
use crate::config::TRAIL_ROWS;
use crate::error::{Error, Result};
use crate::people::Viewer;
use crate::tasks::sql::{ENTRY_COLUMNS, entry_columns, entry_row};
use crate::tasks::{Change, Entry, TaskId};

/// An entry with the name of who did it; none: Milepost itself.
#[derive(Clone, Debug)]
pub struct EntryRow {
    pub entry: Entry,
    pub actor_name: Option<String>,
}

#[derive(Clone, Debug)]
pub struct TaskPage {
    pub row: TaskRow,
    /// Newest first.
    pub trail: Vec<EntryRow>,
    /// There are older entries than these: ask before this sequence.
    pub older: Option<i64>,
}

/// Not found when this viewer may not see it. `before`: entries before this sequence.
pub fn task(conn: &Connection, viewer: &Viewer, id: TaskId, before: Option<i64>) -> Result<TaskPage> {
    let row = row(conn, viewer, id)?.ok_or(Error::NotFound)?;
    let mut trail = entries(conn, id, before.unwrap_or(i64::MAX), TRAIL_ROWS + 1)?;
    let more = trail.len() > TRAIL_ROWS;
    trail.truncate(TRAIL_ROWS);
    let older = trail.last().filter(|_| more).map(|oldest| oldest.entry.sequence);
    Ok(TaskPage { row, trail, older })
}

/// The newest five entries of a task, newest first.
pub fn last_updates(conn: &Connection, id: TaskId) -> Result<Vec<EntryRow>> {
    entries(conn, id, i64::MAX, 5)
}

/// Entry for entry what fields mean by id, for pages that show names: the
/// members and projects that an entry's `old` and `new` refer to are few.
pub fn entries(conn: &Connection, id: TaskId, before: i64, limit: usize) -> Result<Vec<EntryRow>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            entry_columns!(),
            ", u.name from trail e left join users u on u.id = e.actor_id
             where e.task_id = ?1 and e.sequence < ?2 order by e.sequence desc limit ?3"
        ))?
        .query_map(params![id, before, limit as i64], |row| {
            Ok(EntryRow { entry: entry_row(row)?, actor_name: row.get(ENTRY_COLUMNS)? })
        })?
        .collect::<rusqlite::Result<_>>()?)
}

/// How many tasks this one waits for.
pub fn waits_for(conn: &Connection, id: TaskId) -> Result<i64> {
    Ok(conn
        .prepare_cached(concat!("select (select count(*) ", unmet!(), ") from tasks t where t.id = ?1"))?
        .query_one(params![id], |row| row.get(0))?)
}

/// The children of a task after this one, in the order of their making.
pub fn children(conn: &Connection, parent: TaskId, after: TaskId, limit: usize) -> Result<Vec<TaskId>> {
    Ok(conn
        .prepare_cached("select id from tasks where parent_id = ?1 and id > ?2 order by id limit ?3")?
        .query_map(params![parent, after, limit as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Who asked last that a job be cancelled, and who acknowledged it; among its newest entries.
pub fn cancel_requests(conn: &Connection, id: TaskId) -> Result<Vec<EntryRow>> {
    let mut found: Vec<EntryRow> = Vec::new();
    for entry in entries(conn, id, i64::MAX, CHAIN_ROWS)? {
        match entry.entry.change {
            Change::CancelAcknowledged => found.push(entry),
            Change::CancelRequested => {
                found.push(entry);
                break;
            }
            _ => {}
        }
    }
    found.reverse();
    Ok(found)
}

/// How far back a request to cancel is looked for: it is told of, and soon over.
const CHAIN_ROWS: usize = 500;
