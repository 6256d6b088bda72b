//! `/events`: the stream of a page. Turns what happened into what that page does about it: another fragment in the place
//! of one it has, or the doorbell on which it asks for its list again. Replay and live are `live::feed`'s.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::json;

use super::fragments::{EventKey, Frame, View};
use super::monitor::pairs;
use crate::App;
use crate::config;
use crate::error::{Error, Result};
use crate::insight::{Filter, Slot};
use crate::live::{Cursor, EndReason, Item, feed};
use crate::people::Viewer;
use crate::tasks::{self, Entry, Task, TaskId};

/// What a page shows, and so wants to hear of.
enum Interest {
    Mine,
    Monitor(Filter),
    Task(TaskId),
}

impl Interest {
    fn parse(pairs: &[(String, String)]) -> Result<Interest> {
        let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match value("view") {
            Some("mine") => Ok(Interest::Mine),
            Some("monitor") => Ok(Interest::Monitor(Filter::from_query(pairs))),
            Some("task") => value("task").and_then(|id| id.parse().ok()).map(Interest::Task).ok_or(Error::NotFound),
            _ => Err(Error::NotFound),
        }
    }

    fn view(&self) -> View {
        match self {
            Interest::Mine => View::Mine,
            Interest::Monitor(_) => View::Monitor,
            Interest::Task(_) => View::Task,
        }
    }
}

/// How a page answers an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bell {
    /// Nothing about the list changed.
    No,
    /// Only the order may have: there is time.
    Soft,
    Loud,
}

/// What one event means to one page.
#[derive(Debug, PartialEq)]
struct Meaning {
    fragment: bool,
    gone: bool,
    bell: Bell,
}

const NOTHING: Meaning = Meaning { fragment: false, gone: false, bell: Bell::No };

pub async fn get_events(
    State(app): State<App>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let pairs = pairs(query.as_deref());
    let interest = Arc::new(Interest::parse(&pairs)?);
    let viewer = Arc::new(viewer);
    if let Interest::Task(id) = *interest {
        let asker = viewer.clone();
        app.db.read(move |conn| tasks::sql::find_for(conn, &asker, id)?.map(drop).ok_or(Error::NotFound)).await?;
    }
    let items = feed(&app, viewer.clone(), cursor(&pairs, &headers), config::REPLAY_FRAGMENTS)?;
    let page = Arc::new(Watching { app, viewer, interest });
    let events = items.then(move |item| {
        let page = page.clone();
        async move { Ok::<_, Infallible>(page.written(item).await) }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// Where to go on: the address says it for our script, the header for a browser's own reader; the newer wins.
fn cursor(pairs: &[(String, String)], headers: &HeaderMap) -> Option<Cursor> {
    let asked = pairs.iter().find(|(name, _)| name == "after").map(|(_, value)| value.as_str());
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let present = [asked, last].into_iter().flatten().filter(|text| !text.is_empty());
    // What is no cursor of ours counts as a foreign one: the page then asks for everything.
    let cursors = present.map(|text| text.parse().unwrap_or(Cursor { epoch: 0, sequence: i64::MAX }));
    cursors.max_by_key(|cursor: &Cursor| if cursor.sequence == i64::MAX { -1 } else { cursor.sequence })
}

/// A page that watches.
struct Watching {
    app: App,
    viewer: Arc<Viewer>,
    interest: Arc<Interest>,
}

impl Watching {
    async fn written(&self, item: Item) -> Bytes {
        match item {
            Item::Hello { cursor, now } => {
                let data = json!({ "epoch": format!("{:x}", cursor.epoch), "cursor": cursor.to_string(), "now": now.to_string() });
                Bytes::from(format!("id: {cursor}\nevent: hello\ndata: {data}\n\n"))
            }
            Item::Task { cursor, entry, before, after } => {
                self.task(cursor, &entry, before.as_deref(), after.as_deref()).await
            }
            Item::Presence { user, presence } => match *self.interest {
                Interest::Mine => Bytes::new(),
                _ => Bytes::from(format!("event: presence\ndata: {}\n\n", json!({ "user": user, "state": presence }))),
            },
            Item::Changed => Bytes::from_static(b"event: list\ndata: {}\n\n"),
            Item::Reset { cursor } => Bytes::from(format!("id: {cursor}\nevent: reset\ndata: {{}}\n\n")),
            Item::Ping => Bytes::from_static(b"event: ping\ndata: {}\n\n"),
            Item::End(reason) => Bytes::from(end(reason)),
        }
    }

    async fn task(&self, cursor: Cursor, entry: &Entry, before: Option<&Task>, after: Option<&Task>) -> Bytes {
        let meaning = meaning(&self.interest, &self.viewer, self.app.clock.now(), entry, before, after);
        let mut text = Vec::new();
        if let (true, Some(after)) = (meaning.fragment, after) {
            match self.fragment(after).await {
                Ok(data) => {
                    text.extend_from_slice(b"event: task\n");
                    text.extend_from_slice(&data);
                    text.push(b'\n');
                }
                Err(error) => {
                    tracing::error!(%error, task = %after.id, "a fragment could not be written");
                    text.extend_from_slice(b"event: list\ndata: {}\n\n");
                }
            }
        }
        if meaning.gone {
            text.extend_from_slice(format!("event: gone\ndata: {}\n\n", json!({ "id": entry.task })).as_bytes());
        }
        match meaning.bell {
            Bell::No => {}
            Bell::Soft => text.extend_from_slice(b"event: list\ndata: {\"soft\":true}\n\n"),
            Bell::Loud => text.extend_from_slice(b"event: list\ndata: {}\n\n"),
        }
        if text.is_empty() {
            return Bytes::new();
        }
        // The cursor stands on the last of them: a cut in between repeats the event, and loses none.
        let last = text[..text.len() - 2].windows(2).rposition(|pair| pair == b"\n\n").map_or(0, |at| at + 2);
        text.splice(last..last, format!("id: {cursor}\n").into_bytes());
        Bytes::from(text)
    }

    async fn fragment(&self, task: &Task) -> Result<Bytes> {
        let view = self.interest.view();
        let frame = Frame::of(&self.app, &self.viewer);
        let key = EventKey {
            task: task.id,
            version: task.version,
            generation: frame.generation,
            view,
            lang: frame.l,
            overdue: task.is_overdue(frame.now),
        };
        let (app, slot) = (self.app.clone(), Slot::from(task));
        let rendered = async move {
            let fragments = app.memory.fragments.clone();
            app.db.read(move |conn| fragments.of(conn, view, &frame, &slot)).await
        };
        self.app.memory.fragments.event(key, rendered).await
    }
}

/// The last event: why, and at a shutdown when to come back, not all at once.
fn end(reason: EndReason) -> String {
    let data = json!({ "reason": reason });
    match reason {
        EndReason::Shutdown => {
            let mut byte = [0];
            // Without randomness all come back in the same second, which is survivable.
            let _ = getrandom::fill(&mut byte);
            format!("retry: {}\nevent: end\ndata: {data}\n\n", 500 + u32::from(byte[0]) * 10)
        }
        _ => format!("event: end\ndata: {data}\n\n"),
    }
}

/// What a page has to do about an event. While the past is replayed `before` is not known: then the list is asked for.
fn meaning(
    interest: &Interest,
    viewer: &Viewer,
    now: Timestamp,
    entry: &Entry,
    before: Option<&Task>,
    after: Option<&Task>,
) -> Meaning {
    let shows = |task: &Task| match interest {
        Interest::Mine => task.assignee == Some(viewer.user),
        Interest::Monitor(filter) => filter.matches(task, now),
        Interest::Task(id) => task.id == *id,
    };
    if let Interest::Task(id) = interest
        && entry.task != *id
    {
        return NOTHING;
    }
    let Some(after) = after else {
        return Meaning { fragment: false, gone: true, bell: Bell::Loud };
    };
    let is_shown = shows(after);
    let was_shown = before.is_none_or(shows);
    let same_place = before.is_some_and(|before| is_same_place(before, after));
    match (was_shown, is_shown, interest) {
        (_, true, Interest::Task(_)) => Meaning { fragment: true, gone: false, bell: Bell::Loud },
        (true, true, _) if same_place && entry.change.moves_lists() => {
            Meaning { fragment: true, gone: false, bell: Bell::Loud }
        }
        (true, true, Interest::Mine) if same_place => Meaning { fragment: true, gone: false, bell: Bell::No },
        (true, true, _) if same_place => Meaning { fragment: true, gone: false, bell: Bell::Soft },
        (_, true, _) => Meaning { fragment: true, gone: false, bell: Bell::Loud },
        // Somebody else's now, or outside the filter: shown once more as it is, then the list goes on without it.
        (true, false, Interest::Monitor(_)) => Meaning { fragment: true, gone: false, bell: Bell::Loud },
        (true, false, _)
            if before.is_some()
                || entry.old.get("assignee").and_then(serde_json::Value::as_i64) == Some(viewer.user.get()) =>
        {
            Meaning { fragment: false, gone: true, bell: Bell::Loud }
        }
        // Not among the rows, but the numbers above them count it.
        (false, false, Interest::Monitor(_)) if !same_place => {
            Meaning { fragment: false, gone: false, bell: Bell::Soft }
        }
        _ => NOTHING,
    }
}

/// Nothing that decides about a task's section, order or count differs.
fn is_same_place(before: &Task, after: &Task) -> bool {
    (before.status, &before.due, before.assignee, before.project)
        == (after.status, &after.due, after.assignee, after.project)
}
