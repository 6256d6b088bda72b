//! What can be claimed, the rows: which jobs are ready, in which order, and what admins said of their queues and kinds.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::jobs::dispatch::Lane;
use crate::jobs::{Job, Limited};
use crate::people::{OrganisationId, UserId};
use crate::tasks::{Task, TaskId};

/// Puts a job among those that can be claimed; the same as once when it is there already.
pub fn insert_ready(conn: &Connection, task: &Task, job: &Job, at: Timestamp) -> Result<()> {
    let Some(kind) = &job.spec.job_kind else { return Ok(()) };
    conn.prepare_cached(
        "insert into ready_jobs (organisation_id, job_kind, queue, rank, ready_at, task_id, assignee_id)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict (task_id) do nothing",
    )?
    .execute(params![
        task.organisation,
        kind,
        job.spec.queue,
        9 - job.queue_priority,
        at.as_microsecond(),
        task.id,
        task.assignee
    ])?;
    Ok(())
}

/// Takes it away; whether it was there.
pub fn delete_ready(conn: &Connection, task: TaskId) -> Result<bool> {
    Ok(conn.prepare_cached("delete from ready_jobs where task_id = ?1")?.execute(params![task])? > 0)
}

/// What stands first in a lane, and by what it is compared with the first of another.
pub type First = (i64, i64, TaskId);

/// The first ready job of a lane; of a member's own only, where a member asks.
pub fn first_ready(conn: &Connection, lane: &Lane, own: Option<UserId>) -> Result<Option<First>> {
    let sql = match own {
        None => {
            "select rank, ready_at, task_id from ready_jobs where organisation_id = ?1 and job_kind = ?2 and queue = ?3
             order by rank, ready_at, task_id limit 1"
        }
        Some(_) => {
            "select rank, ready_at, task_id from ready_jobs where organisation_id = ?1 and job_kind = ?2 and queue = ?3
               and assignee_id = ?4 order by rank, ready_at, task_id limit 1"
        }
    };
    let mut statement = conn.prepare_cached(sql)?;
    let first = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let found = match own {
        None => statement.query_one(params![lane.organisation, lane.job_kind, lane.queue], first),
        Some(user) => statement.query_one(params![lane.organisation, lane.job_kind, lane.queue, user], first),
    };
    Ok(found.optional()?)
}

/// The queues in which jobs of a kind wait: one step of the index for each, however many jobs they hold.
pub fn ready_queues(conn: &Connection, organisation: OrganisationId, kind: &str) -> Result<Vec<String>> {
    let mut statement = conn.prepare_cached(
        "select queue from ready_jobs where organisation_id = ?1 and job_kind = ?2 and queue > ?3 order by queue limit 1",
    )?;
    next_steps(|last| statement.query_one(params![organisation, kind, last], |row| row.get(0)))
}

/// The kinds of which jobs wait in an organisation, likewise.
pub fn ready_kinds(conn: &Connection, organisation: OrganisationId) -> Result<Vec<String>> {
    let mut statement = conn.prepare_cached(
        "select job_kind from ready_jobs where organisation_id = ?1 and job_kind > ?2 order by job_kind limit 1",
    )?;
    next_steps(|last| statement.query_one(params![organisation, last], |row| row.get(0)))
}

fn next_steps(mut step: impl FnMut(&str) -> rusqlite::Result<String>) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    loop {
        let last = found.last().map_or("", String::as_str).to_owned();
        match step(&last).optional()? {
            Some(next) => found.push(next),
            None => return Ok(found),
        }
    }
}

/// The organisations in which jobs wait.
pub fn ready_organisations(conn: &Connection) -> Result<Vec<OrganisationId>> {
    let mut statement = conn.prepare_cached(
        "select organisation_id from ready_jobs where organisation_id > ?1 order by organisation_id limit 1",
    )?;
    let mut found: Vec<OrganisationId> = Vec::new();
    loop {
        let last = found.last().map_or(0, |id| id.get());
        match statement.query_one(params![last], |row| row.get(0)).optional()? {
            Some(next) => found.push(next),
            None => return Ok(found),
        }
    }
}

/// Jobs whose time has come, which nobody has put among the ready ones yet.
pub fn due_scheduled(conn: &Connection, now: Timestamp, limit: usize) -> Result<Vec<TaskId>> {
    Ok(conn
        .prepare_cached("select task_id from jobs where is_scheduled = 1 and run_at <= ?1 order by run_at limit ?2")?
        .query_map(params![now.as_microsecond(), limit as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Whether a job waits for its time.
pub fn save_scheduled(conn: &Connection, task: TaskId, is_scheduled: bool) -> Result<()> {
    conn.prepare_cached("update jobs set is_scheduled = ?2 where task_id = ?1 and is_scheduled <> ?2")?
        .execute(params![task, is_scheduled])?;
    Ok(())
}

/// What was said of a queue or of a kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limit {
    pub what: Limited,
    pub name: String,
    pub is_paused: bool,
    /// So many run at a time; none: any number.
    pub at_once: Option<i64>,
}

pub fn limits(conn: &Connection, organisation: OrganisationId) -> Result<Vec<Limit>> {
    Ok(conn
        .prepare_cached(
            "select what, name, is_paused, at_once from queue_limits where organisation_id = ?1 order by what desc, name",
        )?
        .query_map(params![organisation], |row| {
            Ok(Limit { what: row.get(0)?, name: row.get(1)?, is_paused: row.get(2)?, at_once: row.get(3)? })
        })?
        .collect::<rusqlite::Result<_>>()?)
}

pub fn save_limit(conn: &Connection, organisation: OrganisationId, limit: &Limit) -> Result<()> {
    if !limit.is_paused && limit.at_once.is_none() {
        conn.prepare_cached("delete from queue_limits where organisation_id = ?1 and what = ?2 and name = ?3")?
            .execute(params![organisation, limit.what, limit.name])?;
        return Ok(());
    }
    conn.prepare_cached(
        "insert or replace into queue_limits (organisation_id, what, name, is_paused, at_once) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![organisation, limit.what, limit.name, limit.is_paused, limit.at_once])?;
    Ok(())
}

/// How many jobs of a queue or of a kind run, counted no further than `most`.
pub fn running_of(
    conn: &Connection,
    organisation: OrganisationId,
    what: Limited,
    name: &str,
    most: i64,
) -> Result<i64> {
    let sql = match what {
        Limited::Queue => {
            "select count(*) from (select 1 from jobs where organisation_id = ?1 and queue = ?2 and job_kind is not null
               and attempt_started_at is not null and ended_at is null limit ?3)"
        }
        Limited::Kind => {
            "select count(*) from (select 1 from jobs indexed by jobs_running where organisation_id = ?1 and job_kind = ?2
               and attempt_started_at is not null and ended_at is null limit ?3)"
        }
    };
    Ok(conn.prepare_cached(sql)?.query_one(params![organisation, name, most], |row| row.get(0))?)
}

/// The running jobs of a kind; not all that there ever were of it are gone through.
pub fn running_of_kind(conn: &Connection, organisation: OrganisationId, kind: &str) -> Result<Vec<TaskId>> {
    Ok(conn
        .prepare_cached(
            "select task_id from jobs indexed by jobs_running where organisation_id = ?1 and job_kind = ?2
               and attempt_started_at is not null and ended_at is null",
        )?
        .query_map(params![organisation, kind], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}
