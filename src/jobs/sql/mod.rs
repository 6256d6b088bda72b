//! Jobs, the rows: how one is read with its task, and saved. What waits to be claimed is in `queue`, what is kept of
//! attempts in `attempts`; what jobs leave behind is in `log`, `items` and `artifacts`, and how it goes in `removals`.

mod artifacts;
mod attempts;
mod bulk;
mod check;
mod check_copy;
mod check_output;
mod feeds;
mod health;
mod imports;
mod items;
mod log;
mod queue;
mod removals;
mod retention;

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
use serde_json::Value;

use super::{Backoff, Family, Job, Recorded, Spec};
use crate::clock::from_micros;
use crate::error::Result;
use crate::people::OrganisationId;
use crate::tasks::progress::StagePlan;
use crate::tasks::{Task, TaskId};

pub use artifacts::*;
pub use attempts::*;
pub use bulk::*;
pub use check::*;
pub use check_copy::*;
pub use check_output::*;
pub use feeds::*;
pub use health::*;
pub use imports::*;
pub use items::*;
pub use log::*;
pub use queue::*;
pub use removals::*;
pub use retention::*;

/// The columns of a job, in the order that [`job_row`] reads them.
macro_rules! job_columns {
    () => {
        "j.queue, j.job_kind, j.queue_priority, j.run_at, j.unique_key, j.max_attempts, j.backoff, j.timeout_seconds,
         j.stalled_after_seconds, j.stages, j.attempt, j.round, j.only_failed_items, j.worker, j.attempt_started_at,
         j.lease_seconds, j.lease_expires_at, j.heard_at, j.cancel_requested_at, j.cancel_acknowledged_at, j.stalled_at,
         j.lost_at, j.log_bytes, j.pace, j.recorded_at, j.is_ahead, j.children, j.children_done, j.children_failed,
         j.children_cancelled, j.children_progress, j.children_expected, j.own_outcome, jc.payload, jc.result, jc.error"
    };
}
pub(crate) use job_columns;

/// How many they are.
pub const JOB_COLUMNS: usize = 36;

fn broken(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, what.into())
}

fn json(row: &Row<'_>, column: usize) -> rusqlite::Result<Value> {
    match row.get_ref(column)?.as_str_or_null()? {
        None | Some("null") => Ok(Value::Null),
        Some(text) => serde_json::from_str(text).map_err(|_| broken(column, "contents that are not JSON")),
    }
}

/// The job whose columns begin at `at`.
pub fn job_row(row: &Row<'_>, at: usize) -> rusqlite::Result<Job> {
    let time = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at + column)?.map(from_micros));
    let spec = Spec {
        queue: row.get(at)?,
        job_kind: row.get(at + 1)?,
        unique_key: row.get(at + 4)?,
        max_attempts: row.get(at + 5)?,
        backoff: Backoff::from_text(row.get_ref(at + 6)?.as_str()?).ok_or_else(|| broken(at + 6, "no backoff"))?,
        timeout_seconds: row.get(at + 7)?,
        stalled_after_seconds: row.get(at + 8)?,
        stages: stages_row(row, at + 9)?,
        payload: json(row, at + 33)?,
    };
    let family = Family {
        children: row.get(at + 26)?,
        done: row.get(at + 27)?,
        failed: row.get(at + 28)?,
        cancelled: row.get(at + 29)?,
        progress: row.get(at + 30)?,
        expected: row.get(at + 31)?,
        own_outcome: row.get(at + 32)?,
    };
    Ok(Job {
        spec: Arc::new(spec),
        queue_priority: row.get(at + 2)?,
        run_at: time(3)?,
        attempt: row.get(at + 10)?,
        round: row.get(at + 11)?,
        only_failed_items: row.get(at + 12)?,
        worker: row.get(at + 13)?,
        attempt_started_at: time(14)?,
        lease_seconds: row.get(at + 15)?,
        lease_expires_at: time(16)?,
        heard_at: time(17)?,
        cancel_requested_at: time(18)?,
        cancel_acknowledged_at: time(19)?,
        stalled_at: time(20)?,
        lost_at: time(21)?,
        log_bytes: row.get(at + 22)?,
        recorded: Recorded { pace: row.get(at + 23)?, at: time(24)?, is_ahead: row.get(at + 25)?, pace_now: None },
        result: Some(json(row, at + 34)?).filter(|result| !result.is_null()).map(Arc::new),
        error: row.get(at + 35)?,
        family,
    })
}

fn stages_row(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<StagePlan>> {
    let Some(text) = row.get_ref(at)?.as_str_or_null()? else { return Ok(Vec::new()) };
    let pairs: Vec<(String, f64)> = serde_json::from_str(text).map_err(|_| broken(at, "stages that are none"))?;
    Ok(pairs.into_iter().map(|(name, weight)| StagePlan { name, weight }).collect())
}

/// Stores a new job beside its task.
pub fn insert_job(conn: &Connection, organisation: OrganisationId, task: TaskId, job: &Job) -> Result<()> {
    let spec = &job.spec;
    let stages: Vec<(&str, f64)> = spec.stages.iter().map(|stage| (stage.name.as_str(), stage.weight)).collect();
    conn.prepare_cached(
        "insert into jobs (task_id, organisation_id, job_kind, queue, queue_priority, run_at, unique_key, max_attempts, backoff,
                           timeout_seconds, stalled_after_seconds, stages, children_expected)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        task,
        organisation,
        spec.job_kind,
        spec.queue,
        job.queue_priority,
        job.run_at.map(Timestamp::as_microsecond),
        spec.unique_key,
        spec.max_attempts,
        spec.backoff.to_text(),
        spec.timeout_seconds,
        spec.stalled_after_seconds,
        (!stages.is_empty()).then(|| serde_json::json!(stages).to_string()),
        job.family.expected
    ])?;
    conn.prepare_cached("insert into job_contents (task_id, payload) values (?1, ?2)")?
        .execute(params![task, spec.payload.to_string()])?;
    Ok(())
}

/// Stores how a job stands. `ended_at` is its task's.
pub fn save_job(conn: &Connection, task: TaskId, job: &Job, ended_at: Option<Timestamp>) -> Result<()> {
    let micros = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
    conn.prepare_cached(
        "update jobs set queue_priority = ?2, run_at = ?3, attempt = ?4, round = ?5, only_failed_items = ?6, worker = ?7,
                         attempt_started_at = ?8, lease_seconds = ?9, lease_expires_at = ?10, heard_at = ?11,
                         cancel_requested_at = ?12, cancel_acknowledged_at = ?13, stalled_at = ?14, lost_at = ?15, log_bytes = ?16,
                         pace = ?17, recorded_at = ?18, is_ahead = ?19, own_outcome = ?20, ended_at = ?21
         where task_id = ?1",
    )?
    .execute(params![
        task,
        job.queue_priority,
        micros(job.run_at),
        job.attempt,
        job.round,
        job.only_failed_items,
        job.worker,
        micros(job.attempt_started_at),
        job.lease_seconds,
        micros(job.lease_expires_at),
        micros(job.heard_at),
        micros(job.cancel_requested_at),
        micros(job.cancel_acknowledged_at),
        micros(job.stalled_at),
        micros(job.lost_at),
        job.log_bytes,
        job.recorded.pace,
        micros(job.recorded.at),
        job.recorded.is_ahead,
        job.family.own_outcome,
        micros(ended_at)
    ])?;
    Ok(())
}

/// Stores how a job stands after it stood as `before`. Of a report only what it says: the rest is in indexes, which would be
/// written anew with it.
pub fn save_job_after(conn: &Connection, before: &Task, after: &Task) -> Result<()> {
    let (Some(old), Some(job)) = (before.job(), after.job()) else { return Ok(()) };
    if !job.was_only_heard_since(old) || before.finished_at != after.finished_at {
        return save_job(conn, after.id, job, after.finished_at);
    }
    let micros = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
    conn.prepare_cached(
        "update jobs set lease_expires_at = ?2, heard_at = ?3, stalled_at = ?4, pace = ?5 where task_id = ?1",
    )?
    .execute(params![
        after.id,
        micros(job.lease_expires_at),
        micros(job.heard_at),
        micros(job.stalled_at),
        job.recorded.pace
    ])?;
    if (job.recorded.at, job.recorded.is_ahead) != (old.recorded.at, old.recorded.is_ahead) {
        conn.prepare_cached("update jobs set recorded_at = ?2, is_ahead = ?3 where task_id = ?1")?.execute(params![
            after.id,
            micros(job.recorded.at),
            job.recorded.is_ahead
        ])?;
    }
    Ok(())
}

/// Stores how a parent's children stand.
pub fn save_family(conn: &Connection, task: TaskId, family: &Family) -> Result<()> {
    conn.prepare_cached(
        "update jobs set children = ?2, children_done = ?3, children_failed = ?4, children_cancelled = ?5, children_progress = ?6,
                         children_expected = ?7 where task_id = ?1",
    )?
    .execute(params![task, family.children, family.done, family.failed, family.cancelled, family.progress, family.expected])?;
    Ok(())
}

/// Stores what a job came to.
pub fn save_end(conn: &Connection, task: TaskId, result: Option<&Value>, error: Option<&str>) -> Result<()> {
    conn.prepare_cached("update job_contents set result = ?2, error = ?3 where task_id = ?1")?.execute(params![
        task,
        result.map(Value::to_string),
        error
    ])?;
    Ok(())
}

/// The job whose unique key is this, while it is open.
pub fn by_unique_key(conn: &Connection, organisation: OrganisationId, key: &str) -> Result<Option<TaskId>> {
    use rusqlite::OptionalExtension;
    Ok(conn
        .prepare_cached(
            "select task_id from jobs where organisation_id = ?1 and unique_key = ?2 and unique_key is not null and ended_at is null",
        )?
        .query_one(params![organisation, key], |row| row.get(0))
        .optional()?)
}

/// A running job that is to be replaced gives its key to its successor.
pub fn release_unique_key(conn: &Connection, task: TaskId) -> Result<()> {
    conn.prepare_cached("update jobs set unique_key = null where task_id = ?1")?.execute(params![task])?;
    Ok(())
}

/// Removes what a deleted task had as a job.
pub fn delete_job(conn: &Connection, task: TaskId) -> Result<()> {
    for sql in [
        "delete from ready_jobs where task_id = ?1",
        "delete from attempts where task_id = ?1",
        "delete from job_contents where task_id = ?1",
        "delete from jobs where task_id = ?1",
    ] {
        conn.prepare_cached(sql)?.execute(params![task])?;
    }
    Ok(())
}

/// Jobs whose row has gone on past the trail for long enough; also those of a time that has not come, because the clock
/// was set back.
pub fn jobs_ahead(conn: &Connection, now: Timestamp, limit: usize) -> Result<Vec<TaskId>> {
    let before = now - crate::config::TRAIL_EVERY;
    Ok(conn
        .prepare_cached(
            "select task_id from jobs where is_ahead = 1 and recorded_at <= ?1
             union all
             select task_id from jobs where is_ahead = 1 and recorded_at > ?2
             limit ?3",
        )?
        .query_map(params![before.as_microsecond(), now.as_microsecond(), limit as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// All that run, with what their leases are made from.
pub fn running(conn: &Connection) -> Result<Vec<TaskId>> {
    Ok(conn
        .prepare_cached("select task_id from jobs where attempt_started_at is not null and ended_at is null")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Open parents that were cancelled.
pub fn cancelled_parents(conn: &Connection) -> Result<Vec<TaskId>> {
    Ok(conn
        .prepare_cached(
            "select task_id from jobs where children > 0 and cancel_requested_at is not null and ended_at is null",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Whether a scheduled job is due, or a row is ahead of its trail: asked often, of a reader.
pub fn needs_a_look(conn: &Connection, now: Timestamp) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "select exists (select 1 from jobs where is_scheduled = 1 and run_at <= ?1)
                 or exists (select 1 from jobs where is_ahead = 1 and recorded_at <= ?2)
                 or exists (select 1 from jobs where is_ahead = 1 and recorded_at > ?1)",
        )?
        .query_one(params![now.as_microsecond(), (now - crate::config::TRAIL_EVERY).as_microsecond()], |row| {
            row.get(0)
        })?)
}
