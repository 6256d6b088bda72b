//! Attempts, the rows, and how long the runs of a kind took.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::from_micros;
use crate::error::Result;
use crate::jobs::Outcome;
use crate::people::OrganisationId;
use crate::tasks::TaskId;

/// One run of a job, as it is kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Attempt {
    pub attempt: i64,
    pub worker: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub outcome: Option<Outcome>,
    /// Percent at its end.
    pub progress: Option<f64>,
    pub error: Option<String>,
}

pub fn insert_attempt(
    conn: &Connection,
    task: TaskId,
    attempt: i64,
    worker: Option<&str>,
    at: Timestamp,
) -> Result<()> {
    conn.prepare_cached("insert into attempts (task_id, attempt, worker, started_at) values (?1, ?2, ?3, ?4)")?
        .execute(params![task, attempt, worker, at.as_microsecond()])?;
    Ok(())
}

/// How an attempt ended.
pub struct End<'a> {
    pub outcome: Outcome,
    pub progress: f64,
    pub error: Option<&'a str>,
    pub at: Timestamp,
}

pub fn end_attempt(conn: &Connection, task: TaskId, attempt: i64, end: &End<'_>) -> Result<()> {
    conn.prepare_cached(
        "update attempts set ended_at = max(?3, started_at), outcome = ?4, progress = ?5, error = ?6
         where task_id = ?1 and attempt = ?2 and ended_at is null",
    )?
    .execute(params![task, attempt, end.at.as_microsecond(), end.outcome, end.progress, end.error])?;
    Ok(())
}

/// How it ended, if it has.
pub fn attempt_outcome(conn: &Connection, task: TaskId, attempt: i64) -> Result<Option<Outcome>> {
    let outcome = conn
        .prepare_cached("select outcome from attempts where task_id = ?1 and attempt = ?2")?
        .query_one(params![task, attempt], |row| row.get(0))
        .optional()?;
    Ok(outcome.flatten())
}

/// Newest first.
pub fn attempts(conn: &Connection, task: TaskId, limit: usize) -> Result<Vec<Attempt>> {
    Ok(conn
        .prepare_cached(
            "select attempt, worker, started_at, ended_at, outcome, progress, error from attempts
             where task_id = ?1 order by attempt desc limit ?2",
        )?
        .query_map(params![task, limit as i64], |row| {
            Ok(Attempt {
                attempt: row.get(0)?,
                worker: row.get(1)?,
                started_at: from_micros(row.get(2)?),
                ended_at: row.get::<_, Option<i64>>(3)?.map(from_micros),
                outcome: row.get(4)?,
                progress: row.get(5)?,
                error: row.get(6)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?)
}

/// Keeps how long a run took, and of each kind only the newest few.
pub fn insert_run_time(
    conn: &Connection,
    (organisation, kind): (OrganisationId, &str),
    task: TaskId,
    seconds: f64,
    at: Timestamp,
) -> Result<()> {
    conn.prepare_cached(
        "insert or replace into run_times (organisation_id, kind, ended_at, task_id, seconds) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![organisation, kind, at.as_microsecond(), task, seconds])?;
    conn.prepare_cached(
        "delete from run_times where organisation_id = ?1 and kind = ?2 and (ended_at, task_id) <=
           (select ended_at, task_id from run_times where organisation_id = ?1 and kind = ?2
            order by ended_at desc, task_id desc limit 1 offset ?3)",
    )?
    .execute(params![organisation, kind, RUN_TIMES as i64])?;
    Ok(())
}

/// So many runs are remembered of each kind.
const RUN_TIMES: usize = 20;

/// Seconds, in no order.
pub fn run_times(conn: &Connection, organisation: OrganisationId, kind: &str) -> Result<Vec<f64>> {
    Ok(conn
        .prepare_cached("select seconds from run_times where organisation_id = ?1 and kind = ?2")?
        .query_map(params![organisation, kind], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}
