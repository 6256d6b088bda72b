//! What is going on, by risk: overdue, due soon, then whoever was not heard of
//! for longest. Keyset-paged in two stretches, each along an index; skipping
//! the first stretch's rows in the second costs only what was paged through.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::Slot;
use super::filter::{Filter, full_text};
use super::scope::{Query, Scope, scopes, slots_of};
use crate::config::{COUNT_CAP, PAGE_ROWS, SOON};
use crate::error::Result;
use crate::people::{ProjectId, UserId, Viewer};
use crate::tasks::Status;

/// Where a page starts: after this row of this stretch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageKey {
    /// Overdue and due soon: due instant, id.
    Due(i64, i64),
    /// The rest: last update, id.
    Update(i64, i64),
    /// Ended tasks: creation, id; newest first.
    Created(i64, i64),
}

impl fmt::Display for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stretch, at, id) = match self {
            PageKey::Due(at, id) => ('d', at, id),
            PageKey::Update(at, id) => ('u', at, id),
            PageKey::Created(at, id) => ('c', at, id),
        };
        write!(f, "{stretch}.{at}.{id}")
    }
}

impl FromStr for PageKey {
    type Err = ();

    fn from_str(text: &str) -> Result<PageKey, ()> {
        let mut parts = text.split('.');
        let (Some(stretch), Some(at), Some(id), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(());
        };
        let (at, id) = (at.parse().map_err(|_| ())?, id.parse().map_err(|_| ())?);
        match stretch {
            "d" => Ok(PageKey::Due(at, id)),
            "u" => Ok(PageKey::Update(at, id)),
            "c" => Ok(PageKey::Created(at, id)),
            _ => Err(()),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    pub total: i64,
    pub pending: i64,
    pub in_progress: i64,
    pub done: i64,
    /// At most [`COUNT_CAP`]: then it stands for "as many or more".
    pub overdue: i64,
}

#[derive(Clone, Debug)]
pub struct MonitorPage {
    pub rows: Vec<Slot>,
    /// Of the person and project that the filter names, else of all in sight.
    pub counts: Counts,
    pub next: Option<PageKey>,
}

pub fn monitor(
    conn: &Connection,
    viewer: &Viewer,
    filter: &Filter,
    now: Timestamp,
    after: Option<PageKey>,
) -> Result<MonitorPage> {
    let scopes = scopes(conn, viewer, filter.person, filter.project)?;
    let counts = counts(conn, viewer, &scopes, now)?;
    let mut rows = Vec::new();
    match filter.status {
        Some(status) if status.has_ended() => {
            // An ended task is never overdue.
            if !filter.overdue {
                let key = match after {
                    Some(PageKey::Created(at, id)) => Some((at, id)),
                    _ => None,
                };
                rows = merged(&scopes, |scope| ended(conn, viewer, filter, scope, key))?;
                rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
            }
        }
        _ => {
            if !matches!(after, Some(PageKey::Update(..))) {
                let key = match after {
                    Some(PageKey::Due(at, id)) => Some((at, id)),
                    _ => None,
                };
                rows = merged(&scopes, |scope| due(conn, viewer, filter, scope, now, key))?;
                rows.sort_by_key(|row| (row.due, row.id));
            }
            if rows.len() <= PAGE_ROWS && !filter.overdue {
                let key = match after {
                    Some(PageKey::Update(at, id)) => Some((at, id)),
                    _ => None,
                };
                let mut rest = merged(&scopes, |scope| rest(conn, viewer, filter, scope, now, key))?;
                rest.sort_by_key(|row| (row.updated_at, row.id));
                rows.append(&mut rest);
            }
        }
    }
    let more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    let next = rows.last().filter(|_| more).map(|row| key_of(row, now));
    Ok(MonitorPage { rows, counts, next })
}

fn key_of(row: &Slot, now: Timestamp) -> PageKey {
    let id = row.id.get();
    if row.has_ended {
        return PageKey::Created(row.created_at.as_microsecond(), id);
    }
    match row.due {
        Some(due) if due <= now + SOON => PageKey::Due(due.as_microsecond(), id),
        _ => PageKey::Update(row.updated_at.as_microsecond(), id),
    }
}

fn merged(scopes: &[Scope], of: impl Fn(&Scope) -> Result<Vec<Slot>>) -> Result<Vec<Slot>> {
    let mut rows = Vec::new();
    for scope in scopes {
        rows.append(&mut of(scope)?);
    }
    Ok(rows)
}

fn filtered(viewer: &Viewer, filter: &Filter, scope: &Scope) -> Query {
    let mut query = slots_of(viewer);
    query.scope(scope);
    query.and_some("t.status = ?", filter.status.map(Status::as_str).map(str::to_owned));
    query.and_some("t.priority = ?", filter.priority.map(|priority| priority.as_str().to_owned()));
    if let Some(text) = &filter.text {
        // The newest matches: a search for more is what history is for.
        query.and(
            "t.id in (select rowid from tasks_text where tasks_text match ? order by rowid desc limit 1000)",
            [full_text(viewer.organisation, text).into()],
        );
    }
    query
}

fn due(
    conn: &Connection,
    viewer: &Viewer,
    filter: &Filter,
    scope: &Scope,
    now: Timestamp,
    after: Option<(i64, i64)>,
) -> Result<Vec<Slot>> {
    let mut query = filtered(viewer, filter, scope);
    let horizon = if filter.overdue { now } else { now + SOON };
    query.and("t.finished_at is null and t.due_at <= ?", [horizon.as_microsecond().into()]);
    if let Some((at, id)) = after {
        query.and("(t.due_at, t.id) > (?, ?)", [Value::from(at), id.into()]);
    }
    query.end(" order by t.due_at, t.id limit ?", PAGE_ROWS + 1);
    query.slots(conn)
}

fn rest(
    conn: &Connection,
    viewer: &Viewer,
    filter: &Filter,
    scope: &Scope,
    now: Timestamp,
    after: Option<(i64, i64)>,
) -> Result<Vec<Slot>> {
    let mut query = filtered(viewer, filter, scope);
    query.and("t.finished_at is null and (t.due_at is null or +t.due_at > ?)", [(now + SOON).as_microsecond().into()]);
    if let Some((at, id)) = after {
        query.and("(t.updated_at, t.id) > (?, ?)", [Value::from(at), id.into()]);
    }
    query.end(" order by t.updated_at, t.id limit ?", PAGE_ROWS + 1);
    query.slots(conn)
}

fn ended(
    conn: &Connection,
    viewer: &Viewer,
    filter: &Filter,
    scope: &Scope,
    after: Option<(i64, i64)>,
) -> Result<Vec<Slot>> {
    let mut query = filtered(viewer, filter, scope);
    if let Some((at, id)) = after {
        query.and("(t.created_at, t.id) < (?, ?)", [Value::from(at), id.into()]);
    }
    query.end(" order by t.created_at desc, t.id desc limit ?", PAGE_ROWS + 1);
    query.slots(conn)
}

fn counts(conn: &Connection, viewer: &Viewer, scopes: &[Scope], now: Timestamp) -> Result<Counts> {
    let mut counts = Counts::default();
    for scope in scopes {
        let mut statement = conn.prepare_cached(
            "select status, sum(tasks) from task_counts
             where organisation_id = ?1 and (?2 is null or assignee_id = ?2) and (?3 is null or project_id = ?3)
               and (?4 is null or assignee_id <> ?4)
             group by status",
        )?;
        let rows = statement.query_map(
            params![
                viewer.organisation,
                scope.assignee.map(UserId::get),
                scope.project.map(ProjectId::get),
                scope.not_assignee.map(UserId::get)
            ],
            |row| Ok((row.get::<_, Status>(0)?, row.get::<_, i64>(1)?)),
        )?;
        for row in rows {
            let (status, tasks) = row?;
            counts.total += tasks;
            match status {
                Status::Pending => counts.pending += tasks,
                Status::InProgress => counts.in_progress += tasks,
                Status::Done => counts.done += tasks,
                Status::Failed | Status::Cancelled => {}
            }
        }
        counts.overdue += overdue(conn, viewer, scope, now)?;
    }
    counts.overdue = counts.overdue.min(COUNT_CAP);
    Ok(counts)
}

fn overdue(conn: &Connection, viewer: &Viewer, scope: &Scope, now: Timestamp) -> Result<i64> {
    let mut query = Query::new(
        "select count(*) from (select 1 from tasks t where t.organisation_id = ? and t.finished_at is null and t.due_at <= ?",
        [Value::from(viewer.organisation.get()), now.as_microsecond().into()],
    );
    query.scope(scope);
    query.end(" limit ?)", usize::try_from(COUNT_CAP).unwrap_or(usize::MAX));
    query.count(conn)
}
