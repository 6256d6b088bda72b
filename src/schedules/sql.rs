//! Schedules, the rows: what is due along one index, a slot's run that only one can insert, and the last runs.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Cron, Rules, Run, Schedule, ScheduleId};
use crate::clock::from_micros;
use crate::config;
use crate::error::Result;
use crate::people::OrganisationId;

macro_rules! schedule_columns {
    () => {
        "id, organisation_id, title, cron, zone, template, jitter_seconds, after_downtime, overlap, alarm_failures,
         is_paused, comes_with, maker_id, next_slot, counted_to, forgotten_to, runs, created_at, updated_at, version"
    };
}

fn schedule_row(row: &Row<'_>) -> rusqlite::Result<Schedule> {
    let time = |column: usize| row.get::<_, i64>(column).map(from_micros);
    let cron = Cron::parse(row.get_ref(3)?.as_str()?).map_err(|_| broken(3, "an expression that is none"))?;
    let template = serde_json::from_str(row.get_ref(5)?.as_str()?).map_err(|_| broken(5, "a template that is none"))?;
    Ok(Schedule {
        id: row.get(0)?,
        organisation: row.get(1)?,
        title: row.get(2)?,
        cron,
        // Checked when it was chosen; one that this build no longer knows is UTC.
        zone: TimeZone::get(row.get_ref(4)?.as_str()?).unwrap_or(TimeZone::UTC),
        template,
        rules: Rules {
            jitter_seconds: row.get(6)?,
            after_downtime: row.get(7)?,
            overlap: row.get(8)?,
            alarm_failures: row.get(9)?,
        },
        is_paused: row.get(10)?,
        comes_with: row.get(11)?,
        maker: row.get(12)?,
        next_slot: row.get::<_, Option<i64>>(13)?.map(from_micros),
        counted_to: time(14)?,
        forgotten_to: time(15)?,
        runs: row.get(16)?,
        created_at: time(17)?,
        updated_at: time(18)?,
        version: row.get(19)?,
    })
}

fn broken(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, what.into())
}

fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_microsecond)
}

/// A schedule of this organisation.
pub fn find(conn: &Connection, organisation: OrganisationId, id: ScheduleId) -> Result<Option<Schedule>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            schedule_columns!(),
            " from schedules where organisation_id = ?1 and id = ?2"
        ))?
        .query_one(params![organisation, id], schedule_row)
        .optional()?)
}

/// By its id alone, for Milepost itself.
pub fn read(conn: &Connection, id: ScheduleId) -> Result<Option<Schedule>> {
    Ok(conn
        .prepare_cached(concat!("select ", schedule_columns!(), " from schedules where id = ?1"))?
        .query_one([id], schedule_row)
        .optional()?)
}

/// Those after this one, in the order in which they were made.
pub fn list(conn: &Connection, organisation: OrganisationId, after: ScheduleId, limit: usize) -> Result<Vec<Schedule>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            schedule_columns!(),
            " from schedules where organisation_id = ?1 and id > ?2 order by id limit ?3"
        ))?
        .query_map(params![organisation, after, limit as i64], schedule_row)?
        .collect::<rusqlite::Result<_>>()?)
}

/// How many an organisation has; counted to the limit at the most.
pub fn count(conn: &Connection, organisation: OrganisationId) -> Result<i64> {
    Ok(conn
        .prepare_cached("select count(*) from (select 1 from schedules where organisation_id = ?1 limit ?2)")?
        .query_one(params![organisation, config::SCHEDULES], |row| row.get(0))?)
}

/// Stores a new one and gives it its id.
pub fn insert(conn: &Connection, schedule: &mut Schedule) -> Result<()> {
    conn.prepare_cached(
        "insert into schedules (organisation_id, title, cron, zone, template, jitter_seconds, after_downtime, overlap,
           alarm_failures, is_paused, comes_with, maker_id, counted_to, forgotten_to, created_at, updated_at, version)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?13, ?13, 1)",
    )?
    .execute(params![
        schedule.organisation,
        schedule.title,
        schedule.cron.as_str(),
        schedule.zone_name(),
        serde_json::to_string(&schedule.template)?,
        schedule.rules.jitter_seconds,
        schedule.rules.after_downtime,
        schedule.rules.overlap,
        schedule.rules.alarm_failures,
        schedule.is_paused,
        schedule.comes_with,
        schedule.maker,
        schedule.created_at.as_microsecond(),
        schedule.forgotten_to.as_microsecond(),
    ])?;
    schedule.id = ScheduleId::new(conn.last_insert_rowid());
    save_time(conn, schedule, schedule.next_at())
}

/// What its makers say of it.
pub fn save(conn: &Connection, schedule: &Schedule) -> Result<()> {
    conn.prepare_cached(
        "update schedules set title = ?2, cron = ?3, zone = ?4, template = ?5, jitter_seconds = ?6, after_downtime = ?7,
           overlap = ?8, alarm_failures = ?9, is_paused = ?10, maker_id = ?11, updated_at = ?12, version = ?13,
           look_at = null, alarm_look = 1
         where id = ?1",
    )?
    .execute(params![
        schedule.id,
        schedule.title,
        schedule.cron.as_str(),
        schedule.zone_name(),
        serde_json::to_string(&schedule.template)?,
        schedule.rules.jitter_seconds,
        schedule.rules.after_downtime,
        schedule.rules.overlap,
        schedule.rules.alarm_failures,
        schedule.is_paused,
        schedule.maker,
        schedule.updated_at.as_microsecond(),
        schedule.version,
    ])?;
    Ok(())
}

/// Where it is in its time, and when it is looked at next; a paused one never is.
pub fn save_time(conn: &Connection, schedule: &Schedule, look_at: Option<Timestamp>) -> Result<()> {
    conn.prepare_cached(
        "update schedules set next_slot = ?2, look_at = ?3, counted_to = ?4, forgotten_to = ?5, runs = ?6 where id = ?1",
    )?
    .execute(params![
        schedule.id,
        micros(schedule.next_slot),
        micros(look_at.filter(|_| !schedule.is_paused)),
        schedule.counted_to.as_microsecond(),
        schedule.forgotten_to.as_microsecond(),
        schedule.runs,
    ])?;
    Ok(())
}

/// How many runs it has, without a word on its time.
pub fn save_counts(conn: &Connection, schedule: &Schedule) -> Result<()> {
    conn.prepare_cached("update schedules set forgotten_to = ?2, runs = ?3 where id = ?1")?.execute(params![
        schedule.id,
        schedule.forgotten_to.as_microsecond(),
        schedule.runs
    ])?;
    Ok(())
}

pub fn delete(conn: &Connection, id: ScheduleId) -> Result<()> {
    conn.prepare_cached("delete from schedule_runs where schedule_id = ?1")?.execute([id])?;
    conn.prepare_cached("delete from schedules where id = ?1")?.execute([id])?;
    Ok(())
}

/// Whether the tick has anything to do: a schedule whose time came, a clock that was set back, an organisation that has
/// not been given its first ones.
pub fn needs_a_look(conn: &Connection, now: Timestamp, newest: OrganisationId) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "select exists (select 1 from schedules where look_at <= ?1)
               or exists (select 1 from schedules where counted_to > ?1 and is_paused = 0)
               or exists (select 1 from organisations where id > ?2)",
        )?
        .query_one(params![now.as_microsecond(), newest], |row| row.get(0))?)
}

pub fn due(conn: &Connection, now: Timestamp, limit: usize) -> Result<Vec<ScheduleId>> {
    Ok(conn
        .prepare_cached("select id from schedules where look_at <= ?1 order by look_at limit ?2")?
        .query_map(params![now.as_microsecond(), limit as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Schedules whose slots were looked at in what is the future now.
pub fn ahead(conn: &Connection, now: Timestamp, limit: usize) -> Result<Vec<ScheduleId>> {
    Ok(conn
        .prepare_cached("select id from schedules where counted_to > ?1 and is_paused = 0 limit ?2")?
        .query_map(params![now.as_microsecond(), limit as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Takes a slot; false where somebody has it already.
pub fn insert_run(conn: &Connection, id: ScheduleId, run: &Run) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "insert into schedule_runs (schedule_id, slot, by_hand, missed, task_id, is_waiting, outcome, reason, started_at, ended_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) on conflict do nothing",
        )?
        .execute(params![
            id,
            run.slot.as_microsecond(),
            run.by_hand,
            run.missed,
            run.task,
            run.is_waiting,
            run.outcome,
            run.reason,
            micros(run.started_at),
            micros(run.ended_at)
        ])?
        == 1)
}

/// What became of a run that was taken.
pub fn save_run(conn: &Connection, id: ScheduleId, run: &Run) -> Result<()> {
    conn.prepare_cached(
        "update schedule_runs set task_id = ?3, is_waiting = ?4, outcome = ?5, reason = ?6 where schedule_id = ?1 and slot = ?2",
    )?
    .execute(params![id, run.slot.as_microsecond(), run.task, run.is_waiting, run.outcome, run.reason])?;
    Ok(())
}

/// How many of its runs are open, and how many wait.
pub fn open_runs(conn: &Connection, id: ScheduleId) -> Result<(i64, i64)> {
    let count = |is_waiting: bool, limit: i64| {
        conn.prepare_cached(
            "select count(*) from (select 1 from schedule_runs where schedule_id = ?1 and outcome is null and is_waiting = ?2 limit ?3)",
        )?
        .query_one(params![id, is_waiting, limit], |row| row.get(0))
    };
    Ok((count(false, 1)?, count(true, config::RUNS_WAITING)?))
}

macro_rules! run_columns {
    () => {
        "r.slot, r.by_hand, r.missed, t.id, r.is_waiting, r.outcome, r.reason, coalesce(r.started_at, t.started_at), r.ended_at"
    };
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<Run> {
    let maybe_time = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(from_micros));
    Ok(Run {
        slot: from_micros(row.get(0)?),
        by_hand: row.get(1)?,
        missed: row.get(2)?,
        task: row.get(3)?,
        is_waiting: row.get(4)?,
        outcome: row.get(5)?,
        reason: row.get(6)?,
        started_at: maybe_time(7)?,
        ended_at: maybe_time(8)?,
    })
}

/// The run that waits for longest.
pub fn first_waiting(conn: &Connection, id: ScheduleId) -> Result<Option<Run>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            run_columns!(),
            " from schedule_runs r left join tasks t on t.id = r.task_id
             where r.schedule_id = ?1 and r.outcome is null and r.is_waiting = 1 order by r.slot limit 1"
        ))?
        .query_one([id], run_row)
        .optional()?)
}

/// The last runs, newest first.
pub fn last_runs(conn: &Connection, id: ScheduleId, limit: usize) -> Result<Vec<Run>> {
    Ok(conn
        .prepare_cached(concat!(
            "select ",
            run_columns!(),
            " from schedule_runs r left join tasks t on t.id = r.task_id where r.schedule_id = ?1 order by r.slot desc limit ?2"
        ))?
        .query_map(params![id, limit as i64], run_row)?
        .collect::<rusqlite::Result<_>>()?)
}

/// Forgets all but the newest runs, and those that go on; gives the newest slot that is forgotten.
pub fn forget_runs(conn: &Connection, id: ScheduleId) -> Result<Option<Timestamp>> {
    // So many steps along the key, and only once in a while.
    let newest: Option<i64> = conn
        .prepare_cached(
            "select slot from schedule_runs where schedule_id = ?1 and outcome is not null order by slot desc limit 1 offset ?2",
        )?
        .query_one(params![id, config::RUNS_KEPT], |row| row.get(0))
        .optional()?;
    let Some(newest) = newest else { return Ok(None) };
    conn.prepare_cached("delete from schedule_runs where schedule_id = ?1 and slot <= ?2 and outcome is not null")?
        .execute(params![id, newest])?;
    Ok(Some(from_micros(newest)))
}

/// Notes that an organisation has been given the schedule of a kind; false where it was before.
pub fn give(conn: &Connection, organisation: OrganisationId, job_kind: &str) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "insert into schedules_given (organisation_id, job_kind) values (?1, ?2) on conflict do nothing",
        )?
        .execute(params![organisation, job_kind])?
        == 1)
}

/// Organisations after this one, with their zones.
pub fn organisations_after(conn: &Connection, newest: OrganisationId) -> Result<Vec<(OrganisationId, String)>> {
    Ok(conn
        .prepare_cached("select id, zone from organisations where id > ?1 order by id limit ?2")?
        .query_map(params![newest, config::SCHEDULES_A_STEP as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Schedules that may have an alarm that is not told, or one no more, behind this one: each with the gravity of what was told,
/// and whether something happened to it since. All of them are also those that wait only for time to pass, and those to which
/// nothing happened though they were due by `late`.
pub fn alarm_candidates(
    conn: &Connection,
    is_whole: bool,
    after: ScheduleId,
    late: Timestamp,
    limit: usize,
) -> Result<Vec<(ScheduleId, Option<i64>, bool)>> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    if !is_whole {
        return Ok(conn
            .prepare_cached(
                "select id, alarm_told, alarm_look from schedules where alarm_look = 1 and id > ?1 order by id limit ?2",
            )?
            .query_map(params![after, limit as i64], read)?
            .collect::<rusqlite::Result<_>>()?);
    }
    // Each arm brings its first ones alone, so that a look at all of them takes as long as they are many.
    Ok(conn
        .prepare_cached(
            "select id, alarm_told, alarm_look from schedules where id in (
               select id from (select id from schedules where alarm_look = 1 and id > ?1 order by id limit ?2)
               union select id from (select id from schedules where alarm_told is not null and id > ?1 order by id limit ?2)
               union select id from (select distinct schedule_id as id from schedule_runs
                 where outcome is null and schedule_id > ?1 order by schedule_id limit ?2)
               union select id from (select id from schedules indexed by schedules_due
                 where look_at < ?3 and id > ?1 order by id limit ?2)
             ) order by id limit ?2",
        )?
        .query_map(params![after, limit as i64, late.as_microsecond()], read)?
        .collect::<rusqlite::Result<_>>()?)
}

/// How grave what was told of it was; none: it was well.
pub fn alarm_told(conn: &Connection, id: ScheduleId) -> Result<Option<i64>> {
    Ok(conn.prepare_cached("select alarm_told from schedules where id = ?1")?.query_one([id], |row| row.get(0))?)
}

pub fn save_alarm(conn: &Connection, id: ScheduleId, told: Option<i64>) -> Result<()> {
    conn.prepare_cached("update schedules set alarm_told = ?2, alarm_look = 0 where id = ?1")?
        .execute(params![id, told])?;
    Ok(())
}
