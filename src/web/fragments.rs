//! The pieces of pages that show one task: rendered once for each version of it, view and language, and then shared by
//! every page and stream that shows them. Nothing in a fragment depends on who looks; times stand in the organisation's
//! zone until the page's script writes them in the reader's.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rusqlite::Connection;

use super::shown::{self, Icon, Moment};
use super::task_look::Look;
use crate::App;
use crate::config;
use crate::error::{Error, Result};
use crate::front::Base;
use crate::insight::{self, EntryRow, Slot, TaskRow};
use crate::locale::Lang;
use crate::people::{self, OrganisationId, Presence, Viewer};
use crate::tasks::{Change, Task, TaskId};

/// Which page a fragment is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum View {
    Mine,
    Monitor,
    Task,
    Jobs,
}

impl View {
    pub const COUNT: usize = 4;
}

/// All that a fragment's content depends on. Names that may change are covered by the generation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    task: TaskId,
    version: i64,
    generation: u64,
    view: View,
    lang: Lang,
    overdue: bool,
    /// A pending job waits for its time, or for others: both end without a new version of it.
    is_timed: bool,
    is_blocked: bool,
    presence: Option<Presence>,
}

/// What an event of the stream says of a task: `data:` lines, ready to send.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventKey {
    pub task: TaskId,
    pub version: i64,
    pub generation: u64,
    pub view: View,
    pub lang: Lang,
    pub overdue: bool,
    pub is_timed: bool,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Arc<str>> for ByBytes {
    fn weight(&self, _: &Key, html: &Arc<str>) -> u64 {
        weight(html.len())
    }
}

impl Weighter<EventKey, Bytes> for ByBytes {
    fn weight(&self, _: &EventKey, data: &Bytes) -> u64 {
        weight(data.len())
    }
}

/// The bytes of a fragment, and about as much for its place in the cache.
fn weight(bytes: usize) -> u64 {
    bytes as u64 + 128
}

/// The cache, one for a server.
#[derive(Clone)]
pub struct Fragments(Arc<Inner>);

struct Inner {
    rendered: Cache<Key, Arc<str>, ByBytes>,
    events: Cache<EventKey, Bytes, ByBytes>,
}

/// A fragment of two kilobytes is usual: what the cache's size is counted in.
const USUAL_BYTES: u64 = 2048;

impl Default for Fragments {
    fn default() -> Fragments {
        let bytes = config::FRAGMENT_CACHE_BYTES / 2;
        let items = usize::try_from(bytes / USUAL_BYTES).unwrap_or(usize::MAX);
        Fragments(Arc::new(Inner {
            rendered: Cache::with_weighter(items, bytes, ByBytes),
            events: Cache::with_weighter(items, bytes, ByBytes),
        }))
    }
}

/// What surrounds the rows of one page: everything else that their fragments depend on.
#[derive(Clone)]
pub struct Frame {
    pub app: App,
    pub l: Lang,
    pub organisation: OrganisationId,
    /// The organisation's.
    pub zone: TimeZone,
    pub now: Timestamp,
    /// Of the names that fragments show; read before the rows are.
    pub generation: u64,
}

impl Frame {
    pub fn of(app: &App, viewer: &Viewer) -> Frame {
        let (now, generation) = (app.clock.now(), app.hub.names_generation());
        let (l, organisation, zone) = (viewer.lang(), viewer.organisation, viewer.organisation_zone.clone());
        Frame { app: app.clone(), l, organisation, zone, now, generation }
    }

    /// For a stream, which outlives changes of its organisation's zone: that of the moment is read. `generation` was
    /// read before.
    pub fn of_stream(app: App, conn: &Connection, watcher: (OrganisationId, Lang), generation: u64) -> Result<Frame> {
        let (organisation, l) = watcher;
        let (_, zone, _) = people::sql::settings(conn, organisation)?;
        let (zone, now) = (TimeZone::get(&zone).unwrap_or(TimeZone::UTC), app.clock.now());
        Ok(Frame { app, l, organisation, zone, now, generation })
    }

    pub fn look<'a>(&'a self, row: &'a TaskRow) -> Look<'a> {
        let presence = row.task.assignee.map(|user| self.app.presence.of(row.task.organisation, user));
        let is_timed = Slot::from(&row.task).is_timed(self.now);
        let overdue = row.task.is_overdue(self.now);
        Look { base: self.base(), l: self.l, row, zone: &self.zone, overdue, is_timed, presence }
    }

    pub fn base(&self) -> &Base {
        self.app.config.base()
    }

    /// The fragment of each slot. Runs where the slots were read: the rest of a task is asked for only where no fragment
    /// is at hand.
    pub fn rendered(&self, conn: &Connection, view: View, slots: &[Slot]) -> Result<Vec<Arc<str>>> {
        slots.iter().map(|slot| self.app.memory.fragments.of(conn, view, self, slot)).collect()
    }

    fn key(&self, conn: &Connection, view: View, slot: &Slot) -> Result<Key> {
        let is_blocked = match slot.is_blocked {
            Some(is_blocked) => is_blocked,
            None => insight::waits_for(conn, slot.id)? > 0,
        };
        Ok(Key {
            task: slot.id,
            version: slot.version,
            generation: self.generation,
            view,
            lang: self.l,
            overdue: slot.is_overdue(self.now),
            is_timed: slot.is_timed(self.now),
            is_blocked,
            presence: slot.assignee.map(|user| self.app.presence.of(self.organisation, user)),
        })
    }
}

impl Fragments {
    /// One task's fragment, if it still is of this version. `conn` reads from one moment.
    pub fn of(&self, conn: &Connection, view: View, frame: &Frame, slot: &Slot) -> Result<Arc<str>> {
        self.render(conn, view, frame, slot, None)
    }

    /// The same of a task as a letter tells of it; a job has often gone on by then.
    pub fn of_letter(&self, conn: &Connection, view: View, frame: &Frame, told: &Task) -> Result<Arc<str>> {
        self.render(conn, view, frame, &Slot::from(told), Some(told))
    }

    fn render(
        &self,
        conn: &Connection,
        view: View,
        frame: &Frame,
        slot: &Slot,
        told: Option<&Task>,
    ) -> Result<Arc<str>> {
        let key = frame.key(conn, view, slot)?;
        if let Some(html) = self.0.rendered.get(&key) {
            return Ok(html);
        }
        let mut row = insight::row_of(conn, frame.organisation, slot.id)?.ok_or(Error::NotFound)?;
        let is_present = row.task.version == slot.version;
        if !is_present {
            // What came after may not be for everybody who may see this version: only the names beside it are taken, and
            // only while they are the same people's.
            let same_eyes = |told: &&Task| (told.assignee, told.project) == (row.task.assignee, row.task.project);
            row.task = told.filter(same_eyes).ok_or(Error::NotFound)?.clone();
        }
        let k = Look { overdue: key.overdue, presence: key.presence, ..frame.look(&row) };
        let updates = if view == View::Monitor { insight::last_updates(conn, row.task.id)? } else { Vec::new() };
        let known = updates.iter().rev().filter(|update| update.entry.version <= slot.version);
        let posts = known.map(|update| Post::of(frame, update)).collect();
        let html = match (view, k.is_job()) {
            (View::Mine, false) => Card { k }.render(),
            (View::Mine, true) => JobCard { k }.render(),
            (View::Task, false) => Head { k }.render(),
            (View::Task, true) => JobHead { k }.render(),
            (View::Monitor, false) => Row { k, posts }.render(),
            (View::Monitor, true) => JobMonitorRow { k, posts }.render(),
            (View::Jobs, _) => JobRow { k }.render(),
        };
        let html: Arc<str> = html.map_err(anyhow::Error::from)?.trim().into();
        if is_present {
            self.0.rendered.insert(key, html.clone());
        }
        Ok(html)
    }

    /// The event that carries a task's fragment. Of all streams that ask for the same, one asks `rendered`.
    pub async fn event<F>(&self, key: EventKey, rendered: F) -> Result<Bytes>
    where
        F: Future<Output = Result<Arc<str>>>,
    {
        self.0.events.get_or_insert_async(&key, async { Ok(data_lines(&rendered.await?)) }).await
    }
}

/// As the lines of an event: a line end inside would end the field.
pub fn data_lines(html: &str) -> Bytes {
    let mut data = String::with_capacity(html.len() + 32);
    for line in html.trim().split('\n') {
        data.push_str("data: ");
        data.push_str(line.trim_end_matches('\r'));
        data.push('\n');
    }
    Bytes::from(data)
}

#[derive(Template)]
#[template(path = "tasks/_card.html")]
struct Card<'a> {
    k: Look<'a>,
}

#[derive(Template)]
#[template(path = "tasks/_head.html")]
struct Head<'a> {
    k: Look<'a>,
}

#[derive(Template)]
#[template(path = "monitor/_row.html")]
struct Row<'a> {
    k: Look<'a>,
    posts: Vec<Post<'a>>,
}

#[derive(Template)]
#[template(path = "jobs/_card.html")]
struct JobCard<'a> {
    k: Look<'a>,
}

#[derive(Template)]
#[template(path = "jobs/_head.html")]
struct JobHead<'a> {
    k: Look<'a>,
}

#[derive(Template)]
#[template(path = "jobs/_monitor_row.html")]
struct JobMonitorRow<'a> {
    k: Look<'a>,
    posts: Vec<Post<'a>>,
}

#[derive(Template)]
#[template(path = "jobs/_row.html")]
struct JobRow<'a> {
    k: Look<'a>,
}

/// One of the last updates, as a milepost beside the road.
struct Post<'a> {
    percent: Option<String>,
    icon: Icon<'a>,
    word: &'static str,
    /// Who, and what they noted.
    told: Option<String>,
    at: Moment<'a>,
}

impl<'a> Post<'a> {
    fn of(frame: &'a Frame, row: &EntryRow) -> Post<'a> {
        let entry = &row.entry;
        let percent = match entry.change {
            Change::Created | Change::Comment => None,
            _ => entry.new.get("progress").and_then(serde_json::Value::as_f64),
        };
        let told = match (&row.actor_name, &entry.note) {
            (Some(name), Some(note)) => Some(format!("{name}: {note}")),
            (Some(name), None) => Some(name.clone()),
            (None, note) => note.clone(),
        };
        Post {
            percent: percent.map(|percent| frame.l.percent(percent)),
            icon: shown::icon(frame.base(), shown::change_icon(entry.change)),
            word: frame.l.t(shown::change_key(entry.change)),
            told: told.map(|told| told.chars().take(TOLD_CHARS).collect()),
            at: Moment::age(frame.l, entry.at, &frame.zone),
        }
    }
}

/// As much of a note as a tooltip shows well.
const TOLD_CHARS: usize = 120;
