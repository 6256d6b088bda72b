//! Which rows an import has saved.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::tasks::TaskId;

/// What became of each row of a chunk; none where none of them was saved.
pub fn import_chunk(conn: &Connection, job: TaskId, chunk: i64) -> Result<Option<Vec<u8>>> {
    Ok(conn
        .prepare_cached("select outcomes from import_chunks where job_id = ?1 and chunk = ?2")?
        .query_one(params![job, chunk], |row| row.get(0))
        .optional()?)
}

pub fn save_import_chunk(conn: &Connection, job: TaskId, chunk: i64, outcomes: &[u8]) -> Result<()> {
    conn.prepare_cached("insert or replace into import_chunks (job_id, chunk, outcomes) values (?1, ?2, ?3)")?
        .execute(params![job, chunk, outcomes])?;
    Ok(())
}

/// The job is deleted: a few hundred rows at most.
pub fn delete_import_chunks(conn: &Connection, job: TaskId) -> Result<()> {
    conn.prepare_cached("delete from import_chunks where job_id = ?1")?.execute([job])?;
    Ok(())
}
