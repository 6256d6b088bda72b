//! Jobs by how they stand: running, queued, scheduled, blocked, failed, lost, ended. Keyset-paged along an index each;
//! what no index knows (a kind, a queue, words) is looked for row by row, at most [`SCAN_ROWS`] of them for one page, and
//! the next page goes on from there. Counts end at a cap for the same reason.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::filter::{JobFilter, full_text};
use super::scope::{Query, Scope, scopes};
use super::{SLOT_COLUMNS, Slot, slot_row, unmet};
use crate::config::{COUNT_CAP, SCAN_ROWS};
use crate::error::Result;
pub use crate::jobs::Bucket;
use crate::people::{ProjectId, UserId, Viewer};
use crate::tasks::Status;

/// Where a page starts: after the row of this moment (microseconds; creation or end, as the bucket is ordered) and id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct JobKey {
    pub at: i64,
    pub id: i64,
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}

impl FromStr for JobKey {
    type Err = ();

    fn from_str(text: &str) -> Result<JobKey, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        Ok(JobKey { at: at.parse().map_err(|_| ())?, id: id.parse().map_err(|_| ())? })
    }
}

/// A number of jobs, or at least as many.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counted {
    pub jobs: i64,
    pub or_more: bool,
}

#[derive(Clone, Debug, Default)]
pub struct JobsPage {
    pub rows: Vec<Slot>,
    pub next: Option<JobKey>,
}

/// One stretch of an index, read from its newest end.
struct Range {
    from: &'static str,
    scope: Scope,
    status: Option<Status>,
    /// The column by which it is ordered, before the id.
    order: &'static str,
}

/// The jobs of one bucket, newest first: `most` rows after `after`.
pub fn jobs(
    conn: &Connection,
    viewer: &Viewer,
    filter: &JobFilter,
    (bucket, most): (Bucket, usize),
    now: Timestamp,
    after: Option<JobKey>,
) -> Result<JobsPage> {
    let mut rows: Vec<(JobKey, Slot)> = Vec::new();
    // Beyond the newest place at which a range was left, others are not known in full.
    let mut horizon: Option<JobKey> = None;
    for range in ranges(conn, viewer, filter, bucket)? {
        let query = looking(viewer, filter, bucket, &range, now, after, SLOT_COLUMNS);
        let mut statement = conn.prepare_cached(&query.sql)?;
        let mut found = statement.query(params_from_iter(query.values()))?;
        let (mut scanned, mut fitting) = (0, 0);
        while let Some(row) = found.next()? {
            let key = key_row(row)?;
            scanned += 1;
            if row.get(2)? {
                rows.push((key, slot_row(row, 3)?));
                fitting += 1;
            }
            if fitting > most || scanned >= SCAN_ROWS {
                horizon = horizon.max(Some(key));
                break;
            }
        }
    }
    rows.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
    rows.retain(|(key, _)| horizon.is_none_or(|horizon| *key >= horizon));
    let more = rows.len() > most;
    rows.truncate(most);
    let next = if more { rows.last().map(|(key, _)| *key) } else { horizon };
    Ok(JobsPage { rows: rows.into_iter().map(|(_, slot)| slot).collect(), next })
}

/// How many are in a bucket.
pub fn count(
    conn: &Connection,
    viewer: &Viewer,
    filter: &JobFilter,
    bucket: Bucket,
    now: Timestamp,
) -> Result<Counted> {
    let mut counted = Counted::default();
    for range in ranges(conn, viewer, filter, bucket)? {
        let query = looking(viewer, filter, bucket, &range, now, None, "0");
        let mut statement = conn.prepare_cached(&query.sql)?;
        let mut found = statement.query(params_from_iter(query.values()))?;
        let mut scanned = 0;
        while let Some(row) = found.next()? {
            scanned += 1;
            counted.jobs += i64::from(row.get::<_, bool>(2)?);
            if counted.jobs >= COUNT_CAP || scanned >= SCAN_ROWS {
                counted.or_more = true;
                break;
            }
        }
        if counted.jobs >= COUNT_CAP {
            break;
        }
    }
    Ok(counted)
}

fn key_row(row: &Row<'_>) -> rusqlite::Result<JobKey> {
    Ok(JobKey { at: row.get(0)?, id: row.get(1)? })
}

fn ranges(conn: &Connection, viewer: &Viewer, filter: &JobFilter, bucket: Bucket) -> Result<Vec<Range>> {
    let scopes = scopes(conn, viewer, None, filter.project)?;
    let apart = |from: &'static str| -> Vec<Range> {
        let of = |scope: &Scope| Range { from, scope: scope.clone(), status: None, order: "t.id" };
        scopes.iter().map(of).collect()
    };
    Ok(match bucket {
        Bucket::Running => by_status(&scopes, Status::InProgress),
        Bucket::Queued => by_status(&scopes, Status::Pending),
        Bucket::Failed => by_status(&scopes, Status::Failed),
        Bucket::Ended => {
            [Status::Done, Status::Cancelled].iter().flat_map(|status| by_status(&scopes, *status)).collect()
        }
        Bucket::Scheduled => apart(TIMED),
        Bucket::Blocked => apart(WAITING),
        Bucket::Lost => apart(LOST),
    })
}

/// The stretch of each index that holds one status of one scope. The index is named, because several would do and only one
/// has nothing but jobs in it.
fn by_status(scopes: &[Scope], status: Status) -> Vec<Range> {
    let range = |scope: &Scope| {
        let from = match (status.has_ended(), scope.assignee, scope.project) {
            (false, None, None) => {
                "from tasks t indexed by jobs_open join jobs j on j.task_id = t.id where t.kind = 'job' and t.finished_at is null"
            }
            (false, Some(_), _) => {
                "from tasks t indexed by jobs_open_by_assignee join jobs j on j.task_id = t.id where t.kind = 'job' and t.finished_at is null"
            }
            (false, None, Some(_)) => {
                "from tasks t indexed by jobs_open_by_project join jobs j on j.task_id = t.id where t.kind = 'job' and t.finished_at is null"
            }
            (true, None, None) => {
                "from tasks t indexed by jobs_ended join jobs j on j.task_id = t.id where t.kind = 'job' and t.finished_at is not null"
            }
            (true, Some(_), _) => {
                "from tasks t indexed by jobs_ended_by_assignee join jobs j on j.task_id = t.id where t.kind = 'job' and t.finished_at is not null"
            }
            (true, None, Some(_)) => {
                "from tasks t indexed by jobs_ended_by_project join jobs j on j.task_id = t.id where t.kind = 'job' and t.finished_at is not null"
            }
        };
        let order = if status.has_ended() { "t.finished_at" } else { "t.created_at" };
        Range { from, scope: scope.clone(), status: Some(status), order }
    };
    scopes.iter().map(range).collect()
}

// A cross join keeps its order: the few lead.
const TIMED: &str = "from jobs j indexed by jobs_timed cross join tasks t on t.id = j.task_id
    where j.run_at is not null and j.attempt_started_at is null and j.ended_at is null";
const WAITING: &str = "from jobs j indexed by jobs_waiting cross join tasks t on t.id = j.task_id
    where j.waits = 1 and j.attempt_started_at is null and j.ended_at is null";
const LOST: &str =
    "from jobs j indexed by jobs_lost cross join tasks t on t.id = j.task_id where j.lost_at is not null";

/// The rows of a range, newest first: key, whether the row fits, `columns`.
fn looking(
    viewer: &Viewer,
    filter: &JobFilter,
    bucket: Bucket,
    range: &Range,
    now: Timestamp,
    after: Option<JobKey>,
    columns: &str,
) -> Query {
    let (fits, mut values) = fits(viewer, filter, bucket, range, now);
    let leads_jobs = range.from.starts_with("from jobs");
    let (order, id) = if leads_jobs { ("j.task_id", "j.task_id") } else { (range.order, "t.id") };
    let organisation = if leads_jobs { "j.organisation_id" } else { "t.organisation_id" };
    values.push(viewer.organisation.get().into());
    let start = format!("select {order}, {id}, ({fits}) is true, {columns} {} and {organisation} = ?", range.from);
    let mut query = Query::new(&start, values);
    if !leads_jobs {
        query.and_some("t.assignee_id = ?", range.scope.assignee.map(UserId::get));
        let by_project = range.scope.assignee.is_none();
        query.and_some("t.project_id = ?", range.scope.project.filter(|_| by_project).map(ProjectId::get));
        query.and_some("t.status = ?", range.status.map(|status| status.as_str().to_owned()));
    }
    if let Some(JobKey { at, id }) = after {
        if leads_jobs {
            query.and("j.task_id < ?", [id.into()]);
        } else {
            query.and(&format!("({order}, t.id) < (?, ?)"), [Value::from(at), id.into()]);
        }
    }
    query.sql.push_str(&if leads_jobs {
        " order by j.task_id desc".to_owned()
    } else {
        format!(" order by {order} desc, t.id desc")
    });
    query
}

/// What decides about one row, with its values.
fn fits(viewer: &Viewer, filter: &JobFilter, bucket: Bucket, range: &Range, now: Timestamp) -> (String, Vec<Value>) {
    let mut query = Query::new("1", []);
    let now = now.as_microsecond();
    match bucket {
        Bucket::Queued => {
            query.and("(j.run_at is null or j.run_at <= ?)", [now.into()]);
            query.and(concat!("not (j.waits and exists (select 1 ", unmet!(), "))"), []);
        }
        Bucket::Scheduled => {
            query.and("t.status = 'pending' and j.run_at > ?", [now.into()]);
            query.and(concat!("not (j.waits and exists (select 1 ", unmet!(), "))"), []);
        }
        Bucket::Blocked => query.and(concat!("t.status = 'pending' and exists (select 1 ", unmet!(), ")"), []),
        Bucket::Failed => query.and("j.lost_at is null", []),
        Bucket::Lost => query.and("t.status = 'failed'", []),
        Bucket::Running | Bucket::Ended => {}
    }
    query.scope(&range.scope);
    query.and_some("j.queue = ?", filter.queue.clone());
    query.and_some("j.job_kind = ?", filter.kind.clone());
    query.and_some("t.category = ?", filter.category.clone());
    if let Some(text) = &filter.text {
        query.and(
            "t.id in (select rowid from tasks_text where tasks_text match ? order by rowid desc limit 1000)",
            [full_text(viewer.organisation, text).into()],
        );
    }
    if let Some(until) = filter.until {
        query.and("t.id <= ?", [until.get().into()]);
    }
    query.into_parts()
}
