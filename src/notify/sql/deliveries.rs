//! To whom a broadcast is sent, and how it stands with each. Nothing is sent before its row says `sending`, and no row says so
//! twice unless somebody asked for that.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::from_micros;
use crate::error::Result;
use crate::notify::Standing;
use crate::tasks::TaskId;

/// A line of the list as it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub place: i64,
    /// None: it names nobody, and `told` says why.
    pub recipient: Option<String>,
    pub key: String,
    /// How it is called should its recipient be listed already.
    pub key_twice: String,
    pub told: Option<String>,
}

/// Whether the whole list of a broadcast is there.
pub fn has_list(conn: &Connection, job: TaskId) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from broadcasts where job_id = ?1)")?
        .query_one([job], |row| row.get(0))?)
}

/// Puts lines on the list; those that are there stay as they are. `twice` is told of a recipient who is listed already.
pub fn list(conn: &Connection, job: TaskId, lines: &[Line], twice: &str) -> Result<()> {
    let mut insert = conn.prepare_cached(
        "insert into deliveries (job_id, place, recipient, key, state, told) values (?1, ?2, ?3, ?4, ?5, ?6)
         on conflict do nothing",
    )?;
    for line in lines {
        let state = if line.recipient.is_some() { Standing::Waiting } else { Standing::Bad };
        let inserted = insert.execute(params![job, line.place, line.recipient, line.key, state, line.told])?;
        if inserted == 0 {
            // Of the same place it does nothing either: the line was read by an attempt that did not come to the end.
            insert.execute(params![job, line.place, None::<String>, line.key_twice, Standing::Twice, twice])?;
        }
    }
    Ok(())
}

/// The list is whole, and the retries by hand so far were not for it.
pub fn close_list(conn: &Connection, job: TaskId) -> Result<()> {
    conn.prepare_cached("insert into broadcasts (job_id, retries) values (?1, ?2) on conflict do nothing")?
        .execute(params![job, retries(conn, job)?])?;
    Ok(())
}

fn retries(conn: &Connection, job: TaskId) -> Result<i64> {
    Ok(conn
        .prepare_cached("select count(*) from trail where task_id = ?1 and change = 'retried'")?
        .query_one([job], |row| row.get(0))?)
}

/// What an attempt begins with, a piece at a time: false when nothing of it is left, and only then may anything be sent.
/// What an earlier one was sending may have been sent: it is said so, unless it can be sent again without harm. Once for
/// each retry by hand either what failed waits again, or what nobody knows of, whichever that retry was for.
pub fn begin_round(conn: &Connection, job: TaskId, attempt: i64, interrupted: Option<&str>, most: i64) -> Result<bool> {
    let (state, told) = match interrupted {
        Some(told) => (Standing::Unknown, Some(told)),
        None => (Standing::Waiting, None),
    };
    let interrupted = conn
        .prepare_cached(
            "update deliveries set state = ?4, told = ?5 where job_id = ?1 and place in (
               select place from deliveries indexed by deliveries_by_state
               where job_id = ?1 and state = 'sending' and attempt < ?2 order by place limit ?3)",
        )?
        .execute(params![job, attempt, most, state, told])?;
    if interrupted > 0 {
        return Ok(true);
    }
    let heeded: Option<(i64, bool)> = conn
        .prepare_cached("select retries, sends_unknown from broadcasts where job_id = ?1")?
        .query_one([job], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((heeded, sends_unknown)) = heeded else { return Ok(false) };
    let asked = retries(conn, job)?;
    if asked <= heeded {
        return Ok(false);
    }
    // Nothing is sent before the retry is noted as heeded: what a crash leaves of it waits in the next attempt.
    let again = conn
        .prepare_cached(
            "update deliveries set state = 'waiting', told = null where job_id = ?1 and place in (
               select place from deliveries indexed by deliveries_by_state
               where job_id = ?1 and state = ?2 order by place limit ?3)",
        )?
        .execute(params![job, if sends_unknown { Standing::Unknown } else { Standing::Failed }, most])?;
    if again == 0 {
        conn.prepare_cached("update broadcasts set retries = ?2, sends_unknown = 0 where job_id = ?1")?
            .execute(params![job, asked])?;
    }
    Ok(again > 0)
}

/// Whether the retry that is asked for is of those of whom nobody knows.
pub fn save_retry(conn: &Connection, job: TaskId, sends_unknown: bool) -> Result<()> {
    conn.prepare_cached("update broadcasts set sends_unknown = ?2 where job_id = ?1 and sends_unknown <> ?2")?
        .execute(params![job, sends_unknown])?;
    Ok(())
}

/// Whether any line stands so.
pub fn is_any(conn: &Connection, job: TaskId, standing: Standing) -> Result<bool> {
    Ok(conn
        .prepare_cached("select exists (select 1 from deliveries where job_id = ?1 and state = ?2)")?
        .query_one(params![job, standing], |row| row.get(0))?)
}

/// How many of an ended broadcast nobody knows whether they got it; counted to a limit at the most.
pub fn unknown(conn: &Connection, job: TaskId, most: i64) -> Result<i64> {
    // What was being sent when its last attempt was lost is said to be unknown when the next one begins.
    Ok(conn
        .prepare_cached(
            "select count(*) from (select 1 from deliveries where job_id = ?1 and state in ('unknown', 'sending') limit ?2)",
        )?
        .query_one(params![job, most], |row| row.get(0))?)
}

/// How many lines stand how.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    pub open: i64,
    pub sent: i64,
    pub failed: i64,
    pub unknown: i64,
    pub bad: i64,
    pub twice: i64,
    pub gone: i64,
}

pub fn tally(conn: &Connection, job: TaskId) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut count = conn.prepare_cached("select state, count(*) from deliveries where job_id = ?1 group by state")?;
    for found in count.query_map([job], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (state, lines): (Standing, i64) = found?;
        match state {
            Standing::Waiting | Standing::Sending => tally.open += lines,
            Standing::Sent => tally.sent = lines,
            Standing::Failed => tally.failed = lines,
            Standing::Unknown => tally.unknown = lines,
            Standing::Bad => tally.bad = lines,
            Standing::Twice => tally.twice = lines,
            Standing::Gone => tally.gone = lines,
        }
    }
    Ok(tally)
}

/// A line that is over, for now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    pub place: i64,
    pub key: String,
    pub standing: Standing,
    pub told: Option<String>,
}

/// Those after a place, in the order of the list.
pub fn settled(conn: &Connection, job: TaskId, after: i64, limit: i64) -> Result<Vec<Listed>> {
    Ok(conn
        .prepare_cached(
            "select place, key, state, told from deliveries
             where job_id = ?1 and place > ?2 and state not in ('waiting', 'sending') order by place limit ?3",
        )?
        .query_map(params![job, after, limit], |row| {
            Ok(Listed { place: row.get(0)?, key: row.get(1)?, standing: row.get(2)?, told: row.get(3)? })
        })?
        .collect::<rusqlite::Result<_>>()?)
}

/// A recipient whose turn comes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    pub place: i64,
    pub recipient: String,
    pub key: String,
}

pub fn waiting(conn: &Connection, job: TaskId, after: i64, limit: i64) -> Result<Vec<Waiting>> {
    Ok(conn
        .prepare_cached(
            "select place, recipient, key from deliveries indexed by deliveries_by_state
             where job_id = ?1 and state = 'waiting' and place > ?2 order by place limit ?3",
        )?
        .query_map(params![job, after, limit], |row| {
            Ok(Waiting { place: row.get(0)?, recipient: row.get(1)?, key: row.get(2)? })
        })?
        .collect::<rusqlite::Result<_>>()?)
}

/// When a recipient was last claimed.
pub fn last_claim(conn: &Connection, job: TaskId) -> Result<Option<Timestamp>> {
    let last: Option<i64> = conn
        .prepare_cached("select max(claimed_at) from deliveries where job_id = ?1")?
        .query_one([job], |row| row.get(0))?;
    Ok(last.map(from_micros))
}

/// Takes a recipient's turn; false when it is not to be sent to.
pub fn claim(conn: &Connection, job: TaskId, place: i64, attempt: i64, now: Timestamp) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "update deliveries set state = 'sending', attempt = ?3, claimed_at = ?4
             where job_id = ?1 and place = ?2 and state = 'waiting'",
        )?
        .execute(params![job, place, attempt, now.as_microsecond()])?
        == 1)
}

/// A claim under which nothing was sent.
pub fn release(conn: &Connection, job: TaskId, place: i64, attempt: i64) -> Result<()> {
    conn.prepare_cached(
        "update deliveries set state = 'waiting' where job_id = ?1 and place = ?2 and state = 'sending' and attempt = ?3",
    )?
    .execute(params![job, place, attempt])?;
    Ok(())
}

/// Another try under the same claim: it counts as a turn, also for whoever goes on after a crash.
pub fn claim_again(conn: &Connection, job: TaskId, place: i64, attempt: i64, now: Timestamp) -> Result<()> {
    conn.prepare_cached(
        "update deliveries set claimed_at = ?4 where job_id = ?1 and place = ?2 and state = 'sending' and attempt = ?3",
    )?
    .execute(params![job, place, attempt, now.as_microsecond()])?;
    Ok(())
}

/// How a claim ended. Of whom there is nobody to send to, no turn is taken.
pub fn settle(conn: &Connection, job: TaskId, place: i64, standing: Standing, told: Option<&str>) -> Result<()> {
    conn.prepare_cached(
        "update deliveries set state = ?3, told = ?4 where job_id = ?1 and place = ?2
         and (state = 'sending' or state = 'waiting' and ?3 = 'gone')",
    )?
    .execute(params![job, place, standing, told])?;
    Ok(())
}

/// The job is deleted: removes some of its list; false when nothing is left of it.
pub fn remove_deliveries(conn: &Connection, job: TaskId, most: i64) -> Result<bool> {
    let removed = conn
        .prepare_cached(
            "delete from deliveries where job_id = ?1
             and place in (select place from deliveries where job_id = ?1 order by place limit ?2)",
        )?
        .execute(params![job, most])?;
    if removed == 0 {
        conn.prepare_cached("delete from broadcasts where job_id = ?1")?.execute([job])?;
    }
    Ok(removed > 0)
}
