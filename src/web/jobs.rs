//! `/jobs`: what programs run, by how it stands, live; filters stand in the URL. What is done to many at once is `bulk`,
//! one job's page `job`.

use std::sync::Arc;

use askama::Template;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use rusqlite::Connection;

use super::bulk::{act_name, acts_of};
use super::choices::Names;
use super::fragments::{Frame, View};
use super::monitor::{address, page_start, pairs};
use super::page::{Nav, Page, Visit, written};
use super::tasks::next_turn;
use crate::config;
use crate::error::Result;
use crate::insight::JobFilter;
use crate::insight::jobs::{self, Bucket, Counted, JobKey};
use crate::insight::lanes::{self, Lane};
use crate::jobs::Limited;
use crate::jobs::actions::startable;
use crate::jobs::bulk::Act;
use crate::live::Cursor;
use crate::locale::Lang;
use crate::people::{ProjectId, Viewer};

#[derive(Template)]
#[template(path = "jobs/index.html")]
pub struct JobsPage {
    page: Page,
    l: Lang,
    cursor: Cursor,
    turns: Option<Timestamp>,
    tabs: Vec<Tab>,
    choice: Choice,
    groups: Vec<Group>,
    lanes: Option<Vec<LaneTable>>,
    stream_query: String,
    first: Option<String>,
    next: Option<String>,
    is_filtered: bool,
    /// Some kind of those that come with the program.
    may_start: bool,
}

impl IntoResponse for JobsPage {
    fn into_response(self) -> Response {
        written(&self, self.groups.iter().flat_map(|group| &group.rows).map(|row| row.len()).sum())
    }
}

/// One of the numbers above the list; it leads to what it counts.
struct Tab {
    bucket: Bucket,
    title: &'static str,
    icon: &'static str,
    count: String,
    address: String,
    current: bool,
}

/// Jobs that stand alike.
struct Group {
    bucket: Bucket,
    title: &'static str,
    count: String,
    rows: Vec<Arc<str>>,
    more: Option<String>,
    acts: Vec<ActLink>,
}

struct ActLink {
    address: String,
    label: &'static str,
}

/// The filters as the form shows them.
struct Choice {
    text: String,
    named: Vec<Named>,
    names: Arc<Names>,
    project: Option<ProjectId>,
}

impl Choice {
    fn projects(&self) -> &[(ProjectId, String)] {
        &self.names.projects
    }

    fn has_project(&self, project: &ProjectId) -> bool {
        self.project.as_ref() == Some(project)
    }
}

/// A filter by name: a kind, a queue, a category.
struct Named {
    name: &'static str,
    label: &'static str,
    chosen: String,
    /// Those to choose among; none where one has to type.
    known: Vec<String>,
}

impl Named {
    fn of(name: &'static str, label: &'static str, chosen: Option<&String>, mut known: Vec<String>) -> Named {
        let chosen = chosen.cloned().unwrap_or_default();
        if !chosen.is_empty() && !known.is_empty() && !known.contains(&chosen) {
            known.push(chosen.clone());
        }
        Named { name, label, chosen, known }
    }

    fn is(&self, value: &str) -> bool {
        self.chosen == value
    }
}

/// Queues, or kinds.
struct LaneTable {
    what: Limited,
    title: &'static str,
    lanes: Vec<LaneRow>,
}

struct LaneRow {
    name: String,
    running: String,
    queued: String,
    is_paused: bool,
    at_once: String,
    address: String,
}

fn bucket_icon(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Running => "in_progress",
        Bucket::Queued => "pending",
        Bucket::Scheduled => "clock",
        Bucket::Blocked => "lock",
        Bucket::Failed => "failed",
        Bucket::Lost => "lost",
        Bucket::Ended => "done",
    }
}

/// A number, or "as many or more".
pub fn counted(l: Lang, counted: Counted) -> String {
    let plus = if counted.or_more { "+" } else { "" };
    format!("{}{plus}", l.number(counted.jobs))
}

/// All that the page asks of the database, from one moment.
struct Found {
    counts: Vec<Counted>,
    groups: Vec<(Bucket, jobs::JobsPage, Vec<Arc<str>>)>,
    names: Arc<Names>,
    known: lanes::Names,
    lanes: Option<lanes::Lanes>,
    may_start: bool,
}

pub async fn get_jobs(visit: Visit, RawQuery(query): RawQuery) -> Result<JobsPage> {
    let pairs = pairs(query.as_deref());
    let filter = JobFilter { until: None, ..JobFilter::from_query(&pairs) };
    let after: Option<JobKey> = page_start(&pairs).filter(|_| filter.bucket.is_some());
    let page = visit.page(Nav::Jobs, "nav-jobs");
    let frame = Frame::of(&visit.app, &visit.viewer);
    let (viewer, wanted, asking) = (visit.viewer.clone(), filter.clone(), frame.clone());
    let (cursor, found) =
        visit.app.db.snapshot(move |conn, cursor| Ok((cursor, found(conn, &asking, &viewer, &wanted, after)?))).await?;
    let l = page.l;
    let query = filter.to_query();
    let slots = || found.groups.iter().flat_map(|(_, page, _)| &page.rows);
    let next = filter.bucket.and_then(|_| found.groups.first()).and_then(|(_, page, _)| page.next);
    Ok(JobsPage {
        l,
        cursor,
        turns: next_turn(slots(), frame.now),
        tabs: tabs(l, &filter, &found.counts),
        choice: choice(l, &filter, &found),
        stream_query: if query.is_empty() { String::new() } else { format!("&{query}") },
        first: after.map(|_| address("/jobs", &query, None)),
        next: next.map(|key| address("/jobs", &query, Some(key.to_string()))),
        is_filtered: !filter.is_empty(),
        may_start: found.may_start,
        lanes: found.lanes.as_ref().map(|lanes| lane_tables(l, lanes)).filter(|tables| !tables.is_empty()),
        groups: groups(l, &filter, &found.counts, found.groups),
        page,
    })
}

fn found(
    conn: &Connection,
    frame: &Frame,
    viewer: &Viewer,
    filter: &JobFilter,
    after: Option<JobKey>,
) -> Result<Found> {
    let now = frame.now;
    let counts = Bucket::ALL.iter().map(|bucket| jobs::count(conn, viewer, filter, *bucket, now));
    let shown: &[Bucket] = filter.bucket.as_ref().map_or(Bucket::ALL, std::slice::from_ref);
    let mut groups = Vec::new();
    for bucket in shown {
        let is_whole = filter.bucket.is_some() || *bucket == Bucket::Running;
        let most = if is_whole { config::PAGE_ROWS } else { config::GROUP_ROWS };
        let page = jobs::jobs(conn, viewer, filter, (*bucket, most), now, after)?;
        let rows = frame.rendered(conn, View::Jobs, &page.rows)?;
        groups.push((*bucket, page, rows));
    }
    let known = if viewer.is_admin() { lanes::names(conn, viewer)? } else { lanes::Names::default() };
    Ok(Found {
        counts: counts.collect::<Result<_>>()?,
        groups,
        names: frame.app.memory.choices.of(&frame.app, conn, viewer)?,
        lanes: viewer.is_admin().then(|| lanes::lanes(conn, viewer, &known)).transpose()?,
        may_start: !startable(conn, viewer)?.is_empty(),
        known,
    })
}

fn tabs(l: Lang, filter: &JobFilter, counts: &[Counted]) -> Vec<Tab> {
    let tab = |(bucket, count): (&Bucket, &Counted)| Tab {
        bucket: *bucket,
        title: l.t(bucket.title_key()),
        icon: bucket_icon(*bucket),
        count: counted(l, *count),
        address: address("/jobs", &JobFilter { bucket: Some(*bucket), ..filter.clone() }.to_query(), None),
        current: filter.bucket == Some(*bucket),
    };
    Bucket::ALL.iter().zip(counts).map(tab).collect()
}

fn choice(l: Lang, filter: &JobFilter, found: &Found) -> Choice {
    let known = &found.known;
    Choice {
        text: filter.text.clone().unwrap_or_default(),
        named: vec![
            Named::of("kind", l.t("jobs-kind"), filter.kind.as_ref(), known.kinds.clone()),
            Named::of("queue", l.t("jobs-queue"), filter.queue.as_ref(), known.queues.clone()),
            Named::of("category", l.t("jobs-category"), filter.category.as_ref(), known.categories.clone()),
        ],
        names: found.names.clone(),
        project: filter.project,
    }
}

type Shown = (Bucket, jobs::JobsPage, Vec<Arc<str>>);

fn groups(l: Lang, filter: &JobFilter, counts: &[Counted], found: Vec<Shown>) -> Vec<Group> {
    let group = |(bucket, page, rows): Shown| {
        let here = JobFilter { bucket: Some(bucket), ..filter.clone() };
        let count = Bucket::ALL.iter().zip(counts).find(|(other, _)| **other == bucket).map(|(_, count)| *count);
        let is_part = filter.bucket.is_none();
        Group {
            bucket,
            title: if is_part && bucket == Bucket::Ended { l.t("jobs-ended-lately") } else { l.t(bucket.title_key()) },
            count: counted(l, count.unwrap_or_default()),
            rows,
            more: (is_part && page.next.is_some()).then(|| address("/jobs", &here.to_query(), None)),
            acts: acts_of(bucket).iter().map(|act| act_link(l, *act, &here)).collect(),
        }
    };
    found.into_iter().filter(|(_, page, _)| !page.rows.is_empty()).map(group).collect()
}

fn act_link(l: Lang, act: Act, here: &JobFilter) -> ActLink {
    let label = match act {
        Act::Cancel => l.t("jobs-cancel-all"),
        Act::Retry => l.t("jobs-retry-all"),
        _ => l.t("jobs-dismiss-all"),
    };
    ActLink { address: format!("/jobs/bulk?act={}&{}", act_name(act), here.to_query()), label }
}

fn lane_tables(l: Lang, lanes: &lanes::Lanes) -> Vec<LaneTable> {
    let table = |what: Limited, title: &'static str, lanes: &[Lane]| LaneTable {
        what,
        title,
        lanes: lanes.iter().map(|lane| lane_row(l, what, lane)).collect(),
    };
    let tables = [
        table(Limited::Queue, l.t("jobs-queues"), &lanes.queues),
        table(Limited::Kind, l.t("jobs-kinds"), &lanes.kinds),
    ];
    tables.into_iter().filter(|table| !table.lanes.is_empty()).collect()
}

fn lane_row(l: Lang, what: Limited, lane: &Lane) -> LaneRow {
    let name = Some(lane.name.clone());
    let filter = match what {
        Limited::Queue => JobFilter { queue: name, ..JobFilter::default() },
        Limited::Kind => JobFilter { kind: name, ..JobFilter::default() },
    };
    LaneRow {
        name: lane.name.clone(),
        running: counted(l, lane.running),
        queued: counted(l, lane.queued),
        is_paused: lane.is_paused,
        at_once: lane.at_once.map(|most| most.to_string()).unwrap_or_default(),
        address: address("/jobs", &filter.to_query(), None),
    }
}
