//! Everything that ever was, newest first, along the narrowest index.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::filter::{HistoryFilter, full_text};
use super::scope::{Query, Scope, scopes};
use super::{TaskRow, task_rows};
use crate::config::PAGE_ROWS;
use crate::error::Result;
use crate::people::Viewer;
use crate::tasks::{Kind, Priority, Status};

/// Where a page starts: after the row of this creation (microseconds) and id.
pub type HistoryKey = (i64, i64);

#[derive(Clone, Debug)]
pub struct HistoryPage {
    pub rows: Vec<TaskRow>,
    pub next: Option<HistoryKey>,
}

pub fn history(
    conn: &Connection,
    viewer: &Viewer,
    filter: &HistoryFilter,
    after: Option<HistoryKey>,
) -> Result<HistoryPage> {
    let mut rows = Vec::new();
    for scope in scopes(conn, viewer, filter.person, filter.project)? {
        rows.append(&mut page(conn, viewer, filter, &scope, after)?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.task.created_at, row.task.id)));
    let more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    let next = rows.last().filter(|_| more).map(|row| (row.task.created_at.as_microsecond(), row.task.id.get()));
    Ok(HistoryPage { rows, next })
}

fn page(
    conn: &Connection,
    viewer: &Viewer,
    filter: &HistoryFilter,
    scope: &Scope,
    after: Option<HistoryKey>,
) -> Result<Vec<TaskRow>> {
    let mut query = found(viewer, filter, task_rows!());
    query.scope(scope);
    filtered(&mut query, viewer, filter);
    page_of(&mut query, filter, after, PAGE_ROWS + 1);
    query.rows(conn)
}

/// A [`Query`] of what the filter's search finds in an organisation; `select` ends before its `where`.
pub(super) fn found(viewer: &Viewer, filter: &HistoryFilter, select: &str) -> Query {
    match &filter.text {
        Some(text) => Query::new(
            // The plus keeps every index of tasks out of it: the full-text index leads, in the order of ids.
            &format!(
                "{select}join tasks_text f on f.rowid = t.id where f.tasks_text match ? and +t.organisation_id = ?"
            ),
            [full_text(viewer.organisation, text).into(), viewer.organisation.get().into()],
        ),
        None => Query::new(&format!("{select}where t.organisation_id = ?"), [viewer.organisation.get().into()]),
    }
}

/// What a filter asks of a task beside who does it, where it belongs and what it says.
pub(super) fn filtered(query: &mut Query, viewer: &Viewer, filter: &HistoryFilter) {
    query.and_some("t.status = ?", filter.status.map(Status::as_str).map(str::to_owned));
    query.and_some("t.kind = ?", filter.kind.map(Kind::as_str).map(str::to_owned));
    query.and_some("t.priority = ?", filter.priority.map(Priority::as_str).map(str::to_owned));
    query.and_some(
        "t.created_at >= ?",
        filter.from.and_then(|day| start_of(viewer, day)).map(Timestamp::as_microsecond),
    );
    let end = filter.to.and_then(|day| day.tomorrow().ok()).and_then(|next| start_of(viewer, next));
    query.and_some("t.created_at < ?", end.map(Timestamp::as_microsecond));
}

/// So many after a place, newest first.
pub(super) fn page_of(query: &mut Query, filter: &HistoryFilter, after: Option<HistoryKey>, limit: usize) {
    if let Some((at, id)) = after {
        if filter.text.is_some() {
            query.and("f.rowid < ?", [id.into()]);
        } else {
            query.and("(t.created_at, t.id) < (?, ?)", [Value::from(at), id.into()]);
        }
    }
    // Ids are given in the order of creation, and the full-text index is read in theirs.
    let order = if filter.text.is_some() {
        " order by f.rowid desc limit ?"
    } else {
        " order by t.created_at desc, t.id desc limit ?"
    };
    query.end(order, limit);
}

fn start_of(viewer: &Viewer, day: Date) -> Option<Timestamp> {
    day.to_zoned(viewer.zone.clone()).ok().map(|midnight| midnight.timestamp())
}
