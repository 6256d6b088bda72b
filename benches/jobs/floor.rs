//! The floor: the rows of a report, written by SQLite alone. A copy of the same database under the same settings; the
//! statements prepared once, by the row's number; the values as wide as Milepost's, made beforehand where that is possible;
//! one thread that does nothing else, which neither reads what it changes, nor checks a right, nor answers anybody. What a
//! report changes is one row of `tasks` and one of `jobs`, and now and then one more of `trail`: as often as in Milepost's
//! own run, which is told. One transaction holds as many reports as Milepost's did on average.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{CachedStatement, Connection, params};

use crate::prepare::{RUNNING, STEPS};
use crate::support;

/// What Milepost keeps to estimate from, when it is as long as it gets.
const PACE: &str = "1795356000000 61234:51.27 1000:0.53 5021:4.17 9044:7.81 13067:11.45 17090:15.09 21113:18.73 25136:22.37 \
                    29159:26.01 33182:29.65 37205:33.29 41228:36.93 45251:40.57 49274:44.21 53297:47.85 57320:51.21 61234:51.27";
const LEASE_MICROS: i64 = 3_600_000_000;

pub struct Floor {
    conn: Connection,
    /// Whether the row of each job is ahead of its trail.
    ahead: Vec<bool>,
    done: usize,
    /// Entries of the trail that are owed, and their share of the updates.
    owed: f64,
}

/// How it is written.
#[derive(Clone, Copy)]
pub struct Load {
    /// Updates a transaction.
    pub group: usize,
    /// Entries of the trail for each update.
    pub entries: f64,
    /// Also reads the row before it is changed, as a program has to that does not know it.
    pub reads: bool,
}

struct Statements<'a> {
    find: CachedStatement<'a>,
    task: CachedStatement<'a>,
    tick: CachedStatement<'a>,
    first_tick: CachedStatement<'a>,
    entry: CachedStatement<'a>,
    trail: CachedStatement<'a>,
}

impl Floor {
    pub fn of(folder: &Path, database: &Path) -> Floor {
        let conn = support::raw(folder, database);
        conn.set_prepared_statement_cache_capacity(64);
        Floor { conn, ahead: vec![false; RUNNING], done: 0, owed: 0.0 }
    }

    /// Updates a second, and how long each transaction took from its begin until it was durable. With `pace`, one begins
    /// each time that it is over, or when the one before has ended.
    pub fn updates(&mut self, load: Load, span: Duration, pace: Option<Duration>) -> (f64, Vec<Duration>) {
        let Floor { conn, ahead, done, owed } = self;
        let mut statements = Statements::of(conn);
        let start = Instant::now();
        let (before, mut times) = (*done, Vec::new());
        while start.elapsed() < span {
            let begun = Instant::now();
            conn.prepare_cached("begin immediate").and_then(|mut begin| begin.raw_execute()).expect("begins");
            for _ in 0..load.group.max(1) {
                *owed += load.entries;
                let is_entry = *owed >= 1.0;
                if is_entry {
                    *owed -= 1.0;
                }
                statements.update(*done, load.reads, is_entry, &mut ahead[*done % RUNNING]).expect("writes");
                *done += 1;
            }
            conn.prepare_cached("commit").and_then(|mut commit| commit.raw_execute()).expect("commits");
            times.push(begun.elapsed());
            if let Some(pace) = pace {
                let next = pace * u32::try_from(times.len()).unwrap_or(u32::MAX);
                std::thread::sleep(next.saturating_sub(start.elapsed()));
            }
        }
        ((*done - before) as f64 / start.elapsed().as_secs_f64(), times)
    }
}

impl<'a> Statements<'a> {
    fn of(conn: &'a Connection) -> Statements<'a> {
        let prepare = |sql: &str| conn.prepare_cached(sql).expect("sql");
        Statements {
            find: prepare(
                "select t.organisation_id, t.status, t.progress, t.version, t.total, t.succeeded, t.failed, t.skipped, j.attempt,
                        j.lease_seconds, j.cancel_requested_at, j.recorded_at, j.pace
                 from tasks t join jobs j on j.task_id = t.id where t.id = ?1",
            ),
            task: prepare(
                "update tasks set progress = ?2, updated_at = ?3, version = version + 1, total = ?4, succeeded = ?5, failed = 0,
                                  skipped = 0, eta_earliest = ?6, eta_latest = ?7 where id = ?1",
            ),
            tick: prepare("update jobs set heard_at = ?2, lease_expires_at = ?3, pace = ?4 where task_id = ?1"),
            first_tick: prepare(
                "update jobs set heard_at = ?2, lease_expires_at = ?3, pace = ?4, is_ahead = 1 where task_id = ?1",
            ),
            entry: prepare(
                "update jobs set heard_at = ?2, lease_expires_at = ?3, pace = ?4, is_ahead = 0, recorded_at = ?2 where task_id = ?1",
            ),
            trail: prepare(
                "insert into trail (organisation_id, task_id, version, change, actor_id, via, old, new, note, presence, at)
                 values (1, ?1, ?2, 'progress', 2, 'api', ?3, ?4, null, null, ?5)",
            ),
        }
    }

    fn update(&mut self, done: usize, reads: bool, is_entry: bool, is_ahead: &mut bool) -> rusqlite::Result<()> {
        let id = (done % RUNNING + 1) as i64;
        let step = (done / RUNNING % STEPS) as i64;
        let (now, progress) = (1_795_356_000_000_000 + done as i64, step as f64 / 100.0);
        if reads {
            self.find.query_one([id], |row| {
                Ok((
                    row.get::<_, String>(1)?,
                    row.get::<_, f64>(2)?,
                    row.get::<_, i64>(3)?,
                    row.get::<_, Option<String>>(12)?,
                ))
            })?;
        }
        self.task.execute(params![id, progress, now, STEPS as i64, step, now + 3_000_000, now + 9_000_000])?;
        let jobs = match (is_entry, *is_ahead) {
            (true, _) => &mut self.entry,
            (false, true) => &mut self.tick,
            (false, false) => &mut self.first_tick,
        };
        jobs.execute(params![id, now, now + LEASE_MICROS, PACE])?;
        *is_ahead = !is_entry;
        if is_entry {
            let counts = |step: i64| {
                format!(
                    r#"{{"counts":{{"failed":0,"processed":{step},"skipped":0,"succeeded":{step},"total":{STEPS}}},"progress":{progress}}}"#
                )
            };
            self.trail.execute(params![id, step, counts(step - 1), counts(step), now])?;
        }
        Ok(())
    }
}
