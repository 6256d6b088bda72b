//! The latest health of the house, and what of it the store itself knows.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::clock::from_micros;
use crate::error::Result;
use crate::jobs::health::{Check, Measured, Reading};
use crate::notify::sql::failing_channels;

/// What the store knows: its size, since when it is, and jobs of all organisations that do not go on.
pub fn measure(conn: &Connection, waiting_since: Timestamp, failing_since: Timestamp) -> Result<Measured> {
    let number = |sql: &str| -> Result<i64> { Ok(conn.prepare_cached(sql)?.query_one([], |row| row.get(0))?) };
    let began_at: Option<i64> =
        conn.prepare_cached("select min(created_at) from organisations")?.query_one([], |row| row.get(0))?;
    let stuck = number(
        "select count(*) from jobs where attempt_started_at is not null and ended_at is null and stalled_at is not null",
    )? + number("select count(*) from jobs where lost_at is not null and ended_at is null")?;
    let waiting = conn
        .prepare_cached(
            "select count(*) from ready_jobs r where r.ready_at <= ?1 and not exists (
               select 1 from queue_limits l where l.organisation_id = r.organisation_id and l.is_paused = 1
                 and (l.what = 'queue' and l.name = r.queue or l.what = 'kind' and l.name = r.job_kind))",
        )?
        .query_one([waiting_since.as_microsecond()], |row| row.get(0))?;
    Ok(Measured {
        database_bytes: number("select page_count * page_size from pragma_page_count(), pragma_page_size()")?,
        began_at: began_at.map(from_micros),
        stuck,
        waiting,
        failing_channels: failing_channels(conn, failing_since)?,
        ..Measured::default()
    })
}

/// Writes something, so that it is seen how long that takes.
pub fn save_look(conn: &Connection, now: Timestamp) -> Result<()> {
    conn.prepare_cached(
        "insert into meta (key, value) values ('looked_at', ?1) on conflict do update set value = excluded.value",
    )?
    .execute([now.as_microsecond().to_string()])?;
    Ok(())
}

pub fn save_health(conn: &Connection, readings: &[Reading]) -> Result<()> {
    let mut save = conn.prepare_cached(
        "insert into health (what, state, figure, at) values (?1, ?2, ?3, ?4)
         on conflict do update set state = excluded.state, figure = excluded.figure, at = excluded.at",
    )?;
    for reading in readings {
        save.execute(params![reading.check, reading.state, reading.figure, reading.at.as_microsecond()])?;
    }
    Ok(())
}

/// The latest of each check; nothing before the first.
pub fn health(conn: &Connection) -> Result<Vec<Reading>> {
    let mut readings: Vec<Reading> = conn
        .prepare_cached("select what, state, figure, at from health")?
        .query_map([], |row| {
            Ok(Reading { check: row.get(0)?, state: row.get(1)?, figure: row.get(2)?, at: from_micros(row.get(3)?) })
        })?
        .collect::<rusqlite::Result<_>>()?;
    readings.sort_by_key(|reading| Check::ALL.iter().position(|check| *check == reading.check));
    Ok(readings)
}
