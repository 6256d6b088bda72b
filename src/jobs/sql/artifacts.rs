//! A job's files, in chunks. One arrives unseen, chunk by chunk, each durable by
//! itself, and takes the place of its name with the last write.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::log::ensure_output;
use crate::clock::from_micros;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::jobs::artifacts::{Artifact, ArtifactId, ArtifactName, ArtifactState};
use crate::tasks::TaskId;

const ARTIFACT: &str =
    "select id, task_id, name, content_type, bytes, sha256, attempt, created_at, expires_at from artifacts";

fn artifact_row(row: &Row<'_>) -> rusqlite::Result<Artifact> {
    let name: String = row.get(2)?;
    let name = ArtifactName::parse(&name)
        .map_err(|_| rusqlite::Error::FromSqlConversionFailure(2, Type::Text, "a file's name that is none".into()))?;
    Ok(Artifact {
        id: row.get(0)?,
        task: row.get(1)?,
        name,
        content_type: row.get(3)?,
        bytes: row.get(4)?,
        sha256: row.get(5)?,
        attempt: row.get(6)?,
        created_at: from_micros(row.get(7)?),
        expires_at: row.get::<_, Option<i64>>(8)?.map(from_micros),
    })
}

/// The files that are there, by name.
pub fn artifacts(conn: &Connection, task: TaskId) -> Result<Vec<Artifact>> {
    Ok(conn
        .prepare_cached(&format!("{ARTIFACT} where task_id = ?1 and state = 'stored' order by name"))?
        .query_map([task], artifact_row)?
        .collect::<rusqlite::Result<_>>()?)
}

pub fn artifact(conn: &Connection, task: TaskId, name: &ArtifactName) -> Result<Option<Artifact>> {
    Ok(conn
        .prepare_cached(&format!("{ARTIFACT} where task_id = ?1 and name = ?2 and state = 'stored'"))?
        .query_one(params![task, name.as_str()], artifact_row)
        .optional()?)
}

/// One chunk of a file; none past its last one, or when the file was removed meanwhile.
pub fn artifact_chunk(conn: &Connection, id: ArtifactId, place: i64) -> Result<Option<Vec<u8>>> {
    Ok(conn
        .prepare_cached("select bytes from artifact_chunks where artifact_id = ?1 and place = ?2")?
        .query_one(params![id, place], |row| row.get(0))
        .optional()?)
}

/// A file that begins to arrive.
pub struct Begun<'a> {
    pub name: &'a ArtifactName,
    pub content_type: &'a str,
    pub attempt: i64,
    pub expires_at: Option<Timestamp>,
}

/// Begins a file that nobody sees yet.
pub fn begin_artifact(
    conn: &Connection,
    limits: &config::Output,
    task: TaskId,
    Begun { name, content_type, attempt, expires_at }: Begun<'_>,
    now: Timestamp,
) -> Result<ArtifactId> {
    ensure_output(conn, task)?;
    let others: i64 = conn
        .prepare_cached(
            "select count(*) from artifacts where task_id = ?1 and state in ('stored', 'arriving') and name <> ?2",
        )?
        .query_one(params![task, name.as_str()], |row| row.get(0))?;
    if others >= limits.artifacts {
        return Err(Error::field("name", msg("error-too-many-artifacts").arg("limit", limits.artifacts)));
    }
    conn.prepare_cached(
        "insert into artifacts (task_id, name, state, content_type, attempt, created_at, touched_at, expires_at)
         values (?1, ?2, 'arriving', ?3, ?4, ?5, ?5, ?6)",
    )?
    .execute(params![
        task,
        name.as_str(),
        content_type,
        attempt,
        now.as_microsecond(),
        expires_at.map(Timestamp::as_microsecond)
    ])?;
    Ok(ArtifactId::new(conn.last_insert_rowid()))
}

/// Appends chunks to a file that arrives; the first has this place.
pub fn append_chunks(
    conn: &Connection,
    limits: &config::Output,
    id: ArtifactId,
    place: i64,
    chunks: &[Vec<u8>],
    now: Timestamp,
) -> Result<()> {
    let bytes: i64 = chunks.iter().map(|chunk| i64::try_from(chunk.len()).unwrap_or(i64::MAX)).sum();
    let arriving: Option<(TaskId, String, i64)> = conn
        .prepare_cached(
            "update artifacts set bytes = bytes + ?2, touched_at = ?3 where id = ?1 and state = 'arriving'
             returning task_id, name, bytes",
        )?
        .query_one(params![id, bytes, now.as_microsecond()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    // Gave up on, for nothing came for long, or its task is deleted.
    let Some((task, name, bytes)) = arriving else { return Err(Error::NotFound) };
    check_size(conn, limits, task, &name, bytes)?;
    let mut insert =
        conn.prepare_cached("insert into artifact_chunks (artifact_id, place, bytes) values (?1, ?2, ?3)")?;
    for (place, chunk) in (place..).zip(chunks) {
        insert.execute(params![id, place, chunk])?;
    }
    Ok(())
}

/// For a sentence about a limit.
pub fn in_megabytes(bytes: i64) -> i64 {
    (bytes / (1024 * 1024)).max(1)
}

/// Whether a file of so many bytes may stand beside the others of its job.
fn check_size(conn: &Connection, limits: &config::Output, task: TaskId, name: &str, bytes: i64) -> Result<()> {
    if bytes > limits.artifact_bytes {
        return Err(Error::field("file", msg("error-artifact-size").arg("limit", in_megabytes(limits.artifact_bytes))));
    }
    let others: i64 = conn
        .prepare_cached(
            "select coalesce(sum(bytes), 0) from artifacts
             where task_id = ?1 and (state = 'arriving' or state = 'stored' and name <> ?2)",
        )?
        .query_one(params![task, name], |row| row.get(0))?;
    if others > limits.artifacts_bytes {
        return Err(Error::field(
            "file",
            msg("error-artifacts-size").arg("limit", in_megabytes(limits.artifacts_bytes)),
        ));
    }
    Ok(())
}

/// Shows a file that has arrived, in the place of what had its name.
pub fn finish_artifact(
    conn: &Connection,
    id: ArtifactId,
    bytes: i64,
    sha256: &[u8; 32],
    now: Timestamp,
) -> Result<Artifact> {
    conn.prepare_cached(
        "update artifacts set state = 'gone', touched_at = ?2 where state = 'stored'
         and (task_id, name) = (select task_id, name from artifacts where id = ?1 and state = 'arriving')",
    )?
    .execute(params![id, now.as_microsecond()])?;
    conn.prepare_cached(
        "update artifacts set state = 'stored', sha256 = ?3, created_at = ?4, touched_at = ?4
         where id = ?1 and state = 'arriving' and bytes = ?2
         returning id, task_id, name, content_type, bytes, sha256, attempt, created_at, expires_at",
    )?
    .query_one(params![id, bytes, sha256, now.as_microsecond()], artifact_row)
    .optional()?
    .ok_or(Error::NotFound)
}

/// Gives up a file that did not arrive.
pub fn abandon_artifact(conn: &Connection, id: ArtifactId, now: Timestamp) -> Result<()> {
    conn.prepare_cached("update artifacts set state = 'gone', touched_at = ?2 where id = ?1 and state = 'arriving'")?
        .execute(params![id, now.as_microsecond()])?;
    Ok(())
}

/// Gives up what arrives and of which nothing came since `silent_since`; says how many.
pub fn abandon_artifacts(conn: &Connection, silent_since: Timestamp, now: Timestamp) -> Result<usize> {
    Ok(conn
        .prepare_cached(
            "update artifacts set state = 'gone', touched_at = ?2 where state = 'arriving' and touched_at <= ?1",
        )?
        .execute([silent_since.as_microsecond(), now.as_microsecond()])?)
}

/// All files of a task go: it is deleted.
pub(super) fn let_go(conn: &Connection, task: TaskId, now: Timestamp) -> Result<()> {
    conn.prepare_cached(
        "update artifacts set state = ?2, touched_at = ?3 where task_id = ?1 and state in ('stored', 'arriving')",
    )?
    .execute(params![task, ArtifactState::Gone, now.as_microsecond()])?;
    Ok(())
}
