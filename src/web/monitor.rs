//! `/monitor`: everything in sight, by risk, live; filters stand in the URL.

use std::sync::Arc;

use askama::Template;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::bulk_form::address_for_shown;
use super::choices::Names;
use super::fragments::{Frame, View};
use super::page::{Nav, Page, Visit, written};
use super::shown;
use super::tasks::next_turn;
use crate::config;
use crate::error::Result;
use crate::insight::{self, Counts, Filter, monitor::PageKey};
use crate::live::Cursor;
use crate::locale::Lang;
use crate::people::{ProjectId, UserId};
use crate::tasks::{Kind, Priority, Status};

#[derive(Template)]
#[template(path = "monitor/index.html")]
pub struct MonitorPage {
    page: Page,
    l: Lang,
    cursor: Cursor,
    choice: Choice,
    counts: Vec<Count>,
    rows: Vec<Arc<str>>,
    turns: Option<Timestamp>,
    stream_query: String,
    first: Option<String>,
    next: Option<String>,
    is_filtered: bool,
    is_admin: bool,
    /// Where all that it shows is changed; for admins.
    bulk: Option<String>,
}

impl IntoResponse for MonitorPage {
    fn into_response(self) -> Response {
        written(&self, self.rows.iter().map(|row| row.len()).sum())
    }
}

/// One of the numbers above the grid; it leads to what it counts.
struct Count {
    id: &'static str,
    status: Option<Status>,
    title: &'static str,
    icon: &'static str,
    tasks: String,
    address: String,
    current: bool,
}

/// The filters as the form shows them.
pub struct Choice {
    l: Lang,
    names: Arc<Names>,
    pub status: Option<Status>,
    pub person: Option<UserId>,
    pub project: Option<ProjectId>,
    pub priority: Option<Priority>,
    pub overdue: bool,
    pub text: String,
}

impl Choice {
    pub fn of(l: Lang, names: Arc<Names>, filter: &Filter) -> Choice {
        Choice {
            l,
            names,
            status: filter.status,
            person: filter.person,
            project: filter.project,
            priority: filter.priority,
            overdue: filter.overdue,
            text: filter.text.clone().unwrap_or_default(),
        }
    }

    pub fn people(&self) -> &[(UserId, String)] {
        &self.names.people
    }

    pub fn projects(&self) -> &[(ProjectId, String)] {
        &self.names.projects
    }

    /// The statuses that a filter offers. Only jobs fail.
    pub fn statuses(&self) -> &'static [Status] {
        Status::ALL
    }

    pub fn has_status(&self, status: &Status) -> bool {
        self.status.as_ref() == Some(status)
    }

    pub fn has_person(&self, person: &UserId) -> bool {
        self.person.as_ref() == Some(person)
    }

    pub fn has_project(&self, project: &ProjectId) -> bool {
        self.project.as_ref() == Some(project)
    }

    pub fn has_priority(&self, priority: &Priority) -> bool {
        self.priority.as_ref() == Some(priority)
    }

    pub fn status_word(&self, status: &Status) -> &'static str {
        self.l.t(shown::status_key(Kind::Assignment, *status))
    }

    pub fn priorities(&self) -> &'static [Priority] {
        Priority::ALL
    }
}

/// The pairs of a query string.
pub fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Where a page of a list starts, if the address says so.
pub fn page_start<T: std::str::FromStr>(pairs: &[(String, String)]) -> Option<T> {
    pairs.iter().find(|(name, _)| name == "after").and_then(|(_, key)| key.parse().ok())
}

/// An address with a query, or without when there is nothing to ask.
pub fn address(path: &str, query: &str, after: Option<String>) -> String {
    let mut address = path.to_owned();
    if !query.is_empty() {
        address = format!("{address}?{query}");
    }
    if let Some(after) = after {
        let join = if query.is_empty() { '?' } else { '&' };
        address = format!("{address}{join}after={after}");
    }
    address
}

pub async fn get_monitor(visit: Visit, RawQuery(query): RawQuery) -> Result<MonitorPage> {
    let pairs = pairs(query.as_deref());
    let filter = Filter::from_query(&pairs);
    let after: Option<PageKey> = page_start(&pairs);
    let page = visit.page(Nav::Monitor, "nav-monitor");
    let frame = Frame::of(&visit.app, &visit.viewer);
    let (viewer, wanted) = (visit.viewer.clone(), filter.clone());
    let (cursor, found, rows, turns, names) = visit
        .app
        .db
        .snapshot(move |conn, cursor| {
            let found = insight::monitor(conn, &viewer, &wanted, frame.now, after)?;
            let rows = frame.rendered(conn, View::Monitor, &found.rows)?;
            let turns = next_turn(found.rows.iter(), frame.now);
            let names = frame.app.memory.choices.of(&frame.app, conn, &viewer)?;
            Ok((cursor, found, rows, turns, names))
        })
        .await?;
    let query = filter.to_query();
    Ok(MonitorPage {
        l: page.l,
        cursor,
        counts: counts(page.l, &filter, &found.counts),
        rows,
        turns,
        stream_query: if query.is_empty() { String::new() } else { format!("&{query}") },
        first: after.map(|_| address("/monitor", &query, None)),
        next: found.next.map(|key| address("/monitor", &query, Some(key.to_string()))),
        is_filtered: !filter.is_empty(),
        is_admin: visit.viewer.is_admin(),
        bulk: visit.viewer.is_admin().then(|| address_for_shown(&filter)),
        choice: Choice::of(page.l, names, &filter),
        page,
    })
}

fn counts(l: Lang, filter: &Filter, counts: &Counts) -> Vec<Count> {
    let only = |status: Option<Status>, overdue: bool| Filter { status, overdue, text: None, ..filter.clone() };
    let of = |status: Status, tasks: i64| Count {
        id: status.as_str(),
        status: Some(status),
        title: l.t(shown::status_key(Kind::Assignment, status)),
        icon: status.as_str(),
        tasks: l.number(tasks),
        address: address("/monitor", &only(Some(status), false).to_query(), None),
        current: filter.status == Some(status) && !filter.overdue,
    };
    let overdue = if counts.overdue >= config::COUNT_CAP {
        format!("{}+", l.number(counts.overdue))
    } else {
        l.number(counts.overdue)
    };
    vec![
        Count {
            id: "total",
            status: None,
            title: l.t("monitor-total"),
            icon: "flag",
            tasks: l.number(counts.total),
            address: address("/history", &history_query(filter), None),
            current: false,
        },
        of(Status::Pending, counts.pending),
        of(Status::InProgress, counts.in_progress),
        of(Status::Done, counts.done),
        Count {
            id: "overdue",
            status: None,
            title: l.t("task-overdue"),
            icon: "overdue",
            tasks: overdue,
            address: address("/monitor", &only(None, true).to_query(), None),
            current: filter.overdue,
        },
    ]
}

/// All tasks, ended ones too, are in the history.
fn history_query(filter: &Filter) -> String {
    insight::HistoryFilter { person: filter.person, project: filter.project, ..Default::default() }.to_query()
}
