//! What jobs that go through many tasks have done, task by task.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::from_micros;
use crate::error::Result;
use crate::tasks::TaskId;

/// Where in the trail stands what such a job did to one task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BulkDeed {
    pub first: i64,
    pub last: i64,
    /// The instant after which the task was overdue before.
    pub due_at: Option<Timestamp>,
}

pub fn bulk_deed(conn: &Connection, job: TaskId, task: TaskId) -> Result<Option<BulkDeed>> {
    Ok(conn
        .prepare_cached(
            "select first_sequence, last_sequence, due_at from bulk_deeds where job_id = ?1 and task_id = ?2",
        )?
        .query_one(params![job, task], |row| {
            let due_at: Option<i64> = row.get(2)?;
            Ok(BulkDeed { first: row.get(0)?, last: row.get(1)?, due_at: due_at.map(from_micros) })
        })
        .optional()?)
}

pub fn save_bulk_deed(conn: &Connection, job: TaskId, task: TaskId, deed: &BulkDeed) -> Result<()> {
    conn.prepare_cached(
        "insert into bulk_deeds (job_id, task_id, first_sequence, last_sequence, due_at) values (?1, ?2, ?3, ?4, ?5)
         on conflict do update set first_sequence = ?3, last_sequence = ?4, due_at = ?5",
    )?
    .execute(params![job, task, deed.first, deed.last, deed.due_at.map(Timestamp::as_microsecond)])?;
    Ok(())
}

/// It did nothing to the task any more.
pub fn delete_bulk_deed(conn: &Connection, job: TaskId, task: TaskId) -> Result<()> {
    conn.prepare_cached("delete from bulk_deeds where job_id = ?1 and task_id = ?2")?.execute(params![job, task])?;
    Ok(())
}

/// The tasks to which a job did something, after one of them.
pub fn bulk_tasks(conn: &Connection, job: TaskId, after: TaskId, limit: usize) -> Result<Vec<TaskId>> {
    Ok(conn
        .prepare_cached("select task_id from bulk_deeds where job_id = ?1 and task_id > ?2 order by task_id limit ?3")?
        .query_map(params![job, after, i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}
