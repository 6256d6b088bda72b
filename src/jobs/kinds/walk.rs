//! Through all that a history filter shows to whoever started a job, newest first, in parts: what is made meanwhile is not
//! in it, and what went, or left the filter, is left out.

use std::collections::VecDeque;

use rusqlite::Connection;

use super::{Context, Stop};
use crate::error::Result;
use crate::insight::history::HistoryKey;
use crate::insight::whole::{Line, keys, lines};
use crate::insight::{self, HistoryFilter};
use crate::people::Viewer;
use crate::tasks::TaskId;

/// Keys of one look.
const KEYS: usize = 20_000;

pub struct Walk<'a> {
    job: &'a Context,
    filter: HistoryFilter,
    /// The newest task when it began.
    until: TaskId,
    ahead: VecDeque<HistoryKey>,
    after: Option<HistoryKey>,
    is_last: bool,
}

impl<'a> Walk<'a> {
    pub async fn begin(job: &'a Context, filter: HistoryFilter) -> Result<Walk<'a>, Stop> {
        let until = job.read(insight::newest_task).await?.unwrap_or(TaskId::new(0));
        Ok(Walk { job, filter, until, ahead: VecDeque::new(), after: None, is_last: false })
    }

    async fn keys(&self, after: Option<HistoryKey>) -> Result<Vec<HistoryKey>, Stop> {
        let (filter, until) = (self.filter.clone(), self.until);
        self.job.read_as(move |conn, viewer| keys(conn, viewer, &filter, until, after, KEYS)).await
    }

    /// How many tasks it will come by.
    pub async fn count(&self) -> Result<i64, Stop> {
        let (mut count, mut after) = (0, None);
        loop {
            let keys = self.keys(after).await?;
            count += i64::try_from(keys.len()).unwrap_or(0);
            if keys.len() < KEYS {
                return Ok(count);
            }
            after = keys.last().copied();
        }
    }

    /// What `make` makes of the next so many; none when there are no more.
    pub async fn part<T: Send + 'static>(
        &mut self,
        rows: usize,
        make: impl FnOnce(&Connection, &Viewer, Vec<Line>) -> Result<T> + Send + 'static,
    ) -> Result<Option<T>, Stop> {
        if self.ahead.is_empty() && !self.is_last {
            let keys = self.keys(self.after).await?;
            self.is_last = keys.len() < KEYS;
            self.after = keys.last().copied();
            self.ahead.extend(keys);
        }
        let part: Vec<HistoryKey> = self.ahead.drain(..rows.min(self.ahead.len())).collect();
        if part.is_empty() {
            return Ok(None);
        }
        let filter = self.filter.clone();
        let made = self.job.read_as(move |conn, viewer| make(conn, viewer, lines(conn, viewer, &filter, &part)?));
        made.await.map(Some)
    }
}
