//! What a history filter shows, whole: for what goes through all of it in parts. First the keys of many, then the rows of a
//! few of them, asked for again with the rights that hold by then: between two parts nothing is held.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, Row};

use super::filter::{HistoryFilter, full_text};
use super::history::{HistoryKey, filtered, found};
use super::scope::{Query, Scope, scopes};
use crate::clock::from_micros;
use crate::error::Result;
use crate::people::Viewer;
use crate::tasks::{Kind, Percent, Priority, Status, TaskId};

/// A task as a table shows it.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: TaskId,
    pub kind: Kind,
    pub title: String,
    pub description: String,
    pub status: Status,
    pub progress: Percent,
    pub assignee: Option<String>,
    pub creator: String,
    pub project: Option<String>,
    pub priority: Priority,
    pub category: Option<String>,
    pub labels: Vec<String>,
    /// The day, where it is due on a day; the instant.
    pub due: Option<(Option<Date>, Timestamp)>,
    pub estimate_minutes: Option<i64>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub external_id: Option<String>,
}

const LINE: &str =
    "select t.id, t.kind, t.title, t.description, t.status, t.progress, u.name, c.name, p.name, t.priority,
     t.category, t.labels, t.due_date, t.due_at, t.estimate_minutes, t.created_at, t.started_at, t.finished_at,
     t.external_id
     from json_each(?) k cross join tasks t on t.id = k.value
     left join users u on u.id = t.assignee_id
     left join projects p on p.id = t.project_id
     join users c on c.id = t.creator_id
     where +t.organisation_id = ?";

/// The keys of the next so many after a place, newest first; of tasks no younger than `until`.
pub fn keys(
    conn: &Connection,
    viewer: &Viewer,
    filter: &HistoryFilter,
    until: TaskId,
    after: Option<HistoryKey>,
    limit: usize,
) -> Result<Vec<HistoryKey>> {
    let mut keys: Vec<HistoryKey> = Vec::new();
    for scope in scopes(conn, viewer, filter.person, filter.project)? {
        let mut query = found(viewer, filter, "select t.created_at, t.id from tasks t ");
        query.scope(&scope);
        filtered(&mut query, viewer, filter);
        // A clock that was set back made younger ones that look older. The plus: it leads along no index.
        query.and("+t.id <= ?", [until.get().into()]);
        super::history::page_of(&mut query, filter, after, limit);
        keys.extend(query.map(conn, |row| Ok((row.get(0)?, row.get(1)?)))?);
    }
    in_order(&mut keys, filter, limit);
    Ok(keys)
}

/// In the order in which the index was read, or the next part would leave some out.
fn in_order(keys: &mut Vec<HistoryKey>, filter: &HistoryFilter, limit: usize) {
    match filter.text {
        Some(_) => keys.sort_unstable_by_key(|(_, id)| std::cmp::Reverse(*id)),
        None => keys.sort_unstable_by_key(|key| std::cmp::Reverse(*key)),
    }
    keys.truncate(limit);
}

/// The same of those that have not ended.
pub fn open_keys(
    conn: &Connection,
    viewer: &Viewer,
    filter: &HistoryFilter,
    until: TaskId,
    after: Option<HistoryKey>,
    limit: usize,
) -> Result<Vec<HistoryKey>> {
    let mut found = Vec::new();
    // An index leads to each status: what has ended is not gone through.
    for status in Status::ALL.iter().copied().filter(|status| !status.has_ended()) {
        if filter.status.is_none_or(|wanted| wanted == status) {
            let filter = HistoryFilter { status: Some(status), ..filter.clone() };
            found.append(&mut keys(conn, viewer, &filter, until, after, limit)?);
        }
    }
    in_order(&mut found, filter, limit);
    Ok(found)
}

/// A key that was looked at, and whether it fits.
pub type Looked = (HistoryKey, bool);

/// The next so many late tasks after a place, along the index of the monitor's: due instant and id, whoever is late for
/// longest first; and which of them the filter shows. What no index leads to is asked of each, so that a look ends.
pub fn late_keys(
    conn: &Connection,
    viewer: &Viewer,
    filter: &HistoryFilter,
    (until, now): (TaskId, Timestamp),
    after: Option<HistoryKey>,
    limit: usize,
) -> Result<Vec<Looked>> {
    let mut looked: Vec<Looked> = Vec::new();
    for scope in scopes(conn, viewer, filter.person, filter.project)? {
        let mut query = late(viewer, filter, &scope, until, now);
        if let Some((at, id)) = after {
            query.and("(t.due_at, t.id) > (?, ?)", [Value::from(at), id.into()]);
        }
        query.end(" order by t.due_at, t.id limit ?", limit);
        looked.extend(query.map(conn, |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?);
    }
    // One that was looked at in several ranges is in at most one of them.
    looked.sort_unstable();
    looked.dedup_by(|later, kept| {
        let is_same = later.0 == kept.0;
        kept.1 |= is_same && later.1;
        is_same
    });
    looked.truncate(limit);
    Ok(looked)
}

/// Of what is late in a range, each with whether it fits.
fn late(viewer: &Viewer, filter: &HistoryFilter, scope: &Scope, until: TaskId, now: Timestamp) -> Query {
    let mut query = Query::new("select t.due_at, t.id, 1", []);
    query.scope(scope);
    filtered(&mut query, viewer, filter);
    query.and_some(
        "exists (select 1 from tasks_text f where f.tasks_text match ? and f.rowid = t.id)",
        filter.text.as_ref().map(|text| full_text(viewer.organisation, text)),
    );
    let organisation = viewer.organisation.get();
    query.and("t.id <= ? from tasks t where t.organisation_id = ?", [until.get().into(), organisation.into()]);
    query.and("t.finished_at is null and t.due_at <= ?", [now.as_microsecond().into()]);
    match (scope.assignee, scope.project) {
        (Some(person), _) => query.and("t.assignee_id = ?", [person.get().into()]),
        (None, Some(project)) => query.and("t.project_id = ?", [project.get().into()]),
        (None, None) => {}
    }
    query
}

/// Of these, in their order, what there still is and this viewer may see.
pub fn lines(conn: &Connection, viewer: &Viewer, filter: &HistoryFilter, keys: &[HistoryKey]) -> Result<Vec<Line>> {
    let ids: Vec<i64> = keys.iter().map(|(_, id)| *id).collect();
    let ids = serde_json::to_string(&ids).map_err(anyhow::Error::from)?;
    let mut query = Query::new(LINE, [Value::from(ids), viewer.organisation.get().into()]);
    query.any_of(&scopes(conn, viewer, filter.person, filter.project)?);
    filtered(&mut query, viewer, filter);
    // The ids lead, in their order.
    query.map(conn, line)
}

fn line(row: &Row<'_>) -> rusqlite::Result<Line> {
    let time = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(from_micros));
    let broken =
        |column: usize, what: &'static str| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, what.into());
    let day: Option<String> = row.get(12)?;
    let day = day.map(|day| day.parse::<Date>().map_err(|_| broken(12, "a due date that is none"))).transpose()?;
    let labels: Option<String> = row.get(11)?;
    let labels = labels.map(|labels| serde_json::from_str(&labels).map_err(|_| broken(11, "labels that are no list")));
    Ok(Line {
        id: row.get(0)?,
        kind: row.get(1)?,
        title: row.get(2)?,
        description: row.get(3)?,
        status: row.get(4)?,
        progress: Percent::new(row.get(5)?).map_err(|_| broken(5, "a percent outside 0 to 100"))?,
        assignee: row.get(6)?,
        creator: row.get(7)?,
        project: row.get(8)?,
        priority: row.get(9)?,
        category: row.get(10)?,
        labels: labels.transpose()?.unwrap_or_default(),
        due: time(13)?.map(|at| (day, at)),
        estimate_minutes: row.get(14)?,
        created_at: row.get(15).map(from_micros)?,
        started_at: time(16)?,
        finished_at: time(17)?,
        external_id: row.get(18)?,
    })
}
