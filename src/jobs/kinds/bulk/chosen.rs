//! Which tasks: a piece at a time, as a viewer sees them, newest first; of what is late, what is late for longest first.

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

use crate::config;
use crate::error::Result;
use crate::insight::jobs::{self, Counted, JobKey};
use crate::insight::{HistoryFilter, JobFilter, whole};
use crate::jobs::actions::undone_job;
use crate::jobs::bulk::{Act, Became, Bulk, Late};
use crate::jobs::items::ItemOutcome;
use crate::jobs::{Bucket, sql};
use crate::people::Viewer;
use crate::tasks::TaskId;

/// Where a piece ends, in the order of whatever is gone through.
pub type Place = JobKey;

/// Tasks that a count looks at one by one.
const COUNTED: usize = 1_000;

#[derive(Clone, Debug)]
pub enum Chosen {
    Tasks(HistoryFilter, Only),
    Jobs(Bucket, JobFilter),
    /// To which that job did something.
    Done(TaskId),
    /// Which failed in an earlier attempt of that job.
    Failed(TaskId),
}

/// Of the tasks of a filter, which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Only {
    All,
    Open,
    Overdue,
}

#[derive(Clone, Debug)]
pub struct Piece {
    pub ids: Vec<TaskId>,
    /// How many were looked at for them.
    pub looked: usize,
    /// None: there are no more.
    pub next: Option<Place>,
}

impl Piece {
    /// Of which each that was looked at fits.
    fn whole(ids: Vec<TaskId>, next: Option<Place>) -> Piece {
        Piece { looked: ids.len(), ids, next }
    }
}

impl Chosen {
    pub fn of(payload: &Value, bulk: &Bulk) -> Chosen {
        let filter = HistoryFilter::from_payload(payload);
        match (bulk.act(), bulk.of_job, bulk.which.standing) {
            (Act::Undo, Some(job), _) => Chosen::Done(job),
            (_, _, Some(bucket)) => {
                let which = &bulk.which;
                let jobs = JobFilter {
                    bucket: Some(bucket),
                    kind: which.of_job_kind.clone(),
                    queue: which.of_queue.clone(),
                    category: which.of_category.clone(),
                    project: filter.project,
                    text: filter.text,
                    until: None,
                };
                Chosen::Jobs(bucket, jobs)
            }
            _ => Chosen::Tasks(
                filter,
                match (bulk.outcome, bulk.overdue) {
                    (_, Some(Late::Now)) => Only::Overdue,
                    (Some(Became::Open), None) => Only::Open,
                    (None, None) => Only::All,
                },
            ),
        }
    }

    /// The next so many after a place, none made after `until`. Of a job that this viewer does not see there is nothing.
    pub fn piece(
        &self,
        conn: &Connection,
        viewer: &Viewer,
        (until, now): (TaskId, Timestamp),
        after: Option<Place>,
        limit: usize,
    ) -> Result<Piece> {
        match self {
            Chosen::Tasks(filter, Only::Overdue) => {
                let after = after.map(|place| (place.at, place.id));
                let keys = whole::late_keys(conn, viewer, filter, (until, now), after, limit)?;
                let next = keys.last().filter(|_| keys.len() == limit).map(|((at, id), _)| Place { at: *at, id: *id });
                let fitting = keys.iter().filter(|(_, fits)| *fits).map(|((_, id), _)| TaskId::new(*id));
                Ok(Piece { ids: fitting.collect(), looked: keys.len(), next })
            }
            Chosen::Tasks(filter, only) => {
                let after = after.map(|place| (place.at, place.id));
                let keys = match only {
                    Only::Open => whole::open_keys(conn, viewer, filter, until, after, limit)?,
                    _ => whole::keys(conn, viewer, filter, until, after, limit)?,
                };
                let next = keys.last().filter(|_| keys.len() == limit).map(|(at, id)| Place { at: *at, id: *id });
                Ok(Piece::whole(keys.into_iter().map(|(_, id)| TaskId::new(id)).collect(), next))
            }
            Chosen::Jobs(bucket, filter) => {
                let filter = JobFilter { until: Some(until), ..filter.clone() };
                let page = jobs::jobs(conn, viewer, &filter, (*bucket, limit), now, after)?;
                // A page that is not full, and has a next, looked at as many as it may.
                let is_cut = page.rows.len() < limit && page.next.is_some();
                let looked = if is_cut { config::SCAN_ROWS } else { page.rows.len() };
                Ok(Piece { ids: page.rows.into_iter().map(|slot| slot.id).collect(), looked, next: page.next })
            }
            Chosen::Done(job) => {
                undone_job(conn, viewer, *job)?;
                let after = TaskId::new(after.map_or(0, |place| place.id));
                let ids = sql::bulk_tasks(conn, *job, after, limit)?;
                let next = ids.last().filter(|_| ids.len() == limit).map(|id| Place { at: 0, id: id.get() });
                Ok(Piece::whole(ids, next))
            }
            Chosen::Failed(job) => {
                let after = after.map_or(0, |place| place.at);
                let most = i64::try_from(limit).unwrap_or(i64::MAX);
                let items = sql::items(conn, *job, Some(ItemOutcome::Failed), after, most)?;
                let next = items.last().filter(|_| items.len() == limit).map(|item| Place { at: item.place, id: 0 });
                Ok(Piece::whole(items.into_iter().filter_map(|item| item.key.parse().ok()).collect(), next))
            }
        }
    }

    /// How many they are, as far as a page counts.
    pub fn count(&self, conn: &Connection, viewer: &Viewer, until: TaskId, now: Timestamp) -> Result<Counted> {
        if let Chosen::Jobs(bucket, filter) = self {
            return jobs::count(conn, viewer, &JobFilter { until: Some(until), ..filter.clone() }, *bucket, now);
        }
        let (mut count, mut looked, mut after) = (0, 0, None);
        loop {
            let piece = self.piece(conn, viewer, (until, now), after, COUNTED)?;
            count += piece.ids.len();
            looked += piece.looked;
            after = piece.next;
            if after.is_none() || looked >= config::SCAN_ROWS {
                return Ok(Counted { jobs: i64::try_from(count).unwrap_or(i64::MAX), or_more: after.is_some() });
            }
        }
    }
}
