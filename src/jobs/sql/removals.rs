//! What nobody sees any more goes in pieces, each short enough to keep no other
//! write waiting.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::artifacts::let_go;
use super::imports::delete_import_chunks;
use crate::error::Result;
use crate::jobs::artifacts::ArtifactId;
use crate::notify::sql::remove_deliveries;
use crate::tasks::TaskId;

/// Rows that go in one write: chunks of files (4 MB), chunks of logs (2 MB at most), items and groups.
const FILE_CHUNKS: i64 = 16;
const LOG_CHUNKS: i64 = 64;
const ITEMS: i64 = 1_000;

/// Lets go of all that a job left behind: its task is deleted. The rows themselves go later.
pub fn delete_output(conn: &Connection, task: TaskId, now: Timestamp) -> Result<()> {
    delete_import_chunks(conn, task)?;
    conn.prepare_cached(
        "insert into output_removals (task_id, generation) select task_id, 0 from job_outputs where task_id = ?1
         on conflict do nothing",
    )?
    .execute([task])?;
    let_go(conn, task, now)
}

/// Removes one piece; false when there is nothing left to remove. Files that went after `gone_before` stay: somebody may
/// still be reading them.
pub fn remove_some(conn: &Connection, gone_before: Timestamp) -> Result<bool> {
    if remove_of_file(conn, gone_before)? {
        return Ok(true);
    }
    let first: Option<(TaskId, i64)> = conn
        .prepare_cached("select task_id, generation from output_removals order by task_id, generation limit 1")?
        .query_one([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((task, generation)) = first else { return Ok(false) };
    let removed = if generation == 0 { remove_all(conn, task)? } else { remove_items(conn, task, generation)? };
    if !removed {
        conn.prepare_cached("delete from output_removals where task_id = ?1 and generation = ?2")?
            .execute(params![task, generation])?;
    }
    Ok(true)
}

fn remove_of_file(conn: &Connection, gone_before: Timestamp) -> Result<bool> {
    let gone: Option<ArtifactId> = conn
        .prepare_cached(
            "select id from artifacts where state = 'gone' and touched_at <= ?1 order by touched_at limit 1",
        )?
        .query_one([gone_before.as_microsecond()], |row| row.get(0))
        .optional()?;
    let Some(id) = gone else { return Ok(false) };
    let removed = conn
        .prepare_cached(
            "delete from artifact_chunks where id in (select id from artifact_chunks where artifact_id = ?1 limit ?2)",
        )?
        .execute(params![id, FILE_CHUNKS])?;
    if removed == 0 {
        conn.prepare_cached("delete from artifacts where id = ?1")?.execute([id])?;
    }
    Ok(true)
}

fn remove_all(conn: &Connection, task: TaskId) -> Result<bool> {
    let log = conn
        .prepare_cached("delete from job_log where id in (select id from job_log where task_id = ?1 limit ?2)")?
        .execute(params![task, LOG_CHUNKS])?;
    let items = conn
        .prepare_cached("delete from items where id in (select id from items where task_id = ?1 limit ?2)")?
        .execute(params![task, ITEMS])?;
    let groups = conn
        .prepare_cached("delete from item_groups where id in (select id from item_groups where task_id = ?1 limit ?2)")?
        .execute(params![task, ITEMS])?;
    let listed = remove_deliveries(conn, task, ITEMS)?;
    let deeds = conn
        .prepare_cached(
            "delete from bulk_deeds where job_id = ?1 and task_id in
               (select task_id from bulk_deeds where job_id = ?1 order by task_id limit ?2)",
        )?
        .execute(params![task, ITEMS])?;
    let more = log + items + groups + deeds > 0 || listed;
    if !more {
        conn.prepare_cached("delete from job_outputs where task_id = ?1")?.execute([task])?;
    }
    Ok(more)
}

fn remove_items(conn: &Connection, task: TaskId, generation: i64) -> Result<bool> {
    let items = conn
        .prepare_cached(
            "delete from items where id in (select id from items where task_id = ?1 and generation = ?2 limit ?3)",
        )?
        .execute(params![task, generation, ITEMS])?;
    let groups = conn
        .prepare_cached(
            "delete from item_groups where id in
               (select id from item_groups where task_id = ?1 and generation = ?2 limit ?3)",
        )?
        .execute(params![task, generation, ITEMS])?;
    Ok(items + groups > 0)
}
