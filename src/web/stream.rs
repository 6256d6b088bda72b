//! `/events`: the stream of a page. Turns what happened into what that page does about it: another fragment in the place
//! of one it has, or the doorbell on which it asks for its list again. Replay and live are `live::feed`'s.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use super::fragments::{EventKey, Frame, View, data_lines};
use super::monitor::pairs;
use super::moving;
use super::notifications::bell_count;
use super::page::is_written_for;
use crate::App;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::insight::{Filter, JobFilter, Slot};
use crate::live::feed::{From, News};
use crate::live::{Feed, Item, Watcher};
use crate::locale::Lang;
use crate::people::Viewer;
use crate::server::frames::{cursor, gone, reset};
use crate::server::stream::{Encoding, respond};
use crate::server::{Outbox, poll};
use crate::tasks::{self, Task, TaskId};

/// What a page shows, and so wants to hear of.
enum Interest {
    Mine,
    Monitor(Filter),
    Jobs(JobFilter),
    /// And what it waits for.
    Task(TaskId, Vec<TaskId>),
}

impl Interest {
    fn parse(pairs: &[(String, String)]) -> Result<Interest> {
        let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match value("view") {
            Some("mine") => Ok(Interest::Mine),
            Some("monitor") => Ok(Interest::Monitor(Filter::from_query(pairs))),
            Some("jobs") => Ok(Interest::Jobs(JobFilter { until: None, ..JobFilter::from_query(pairs) })),
            Some("task") => {
                let id = value("task").and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
                Ok(Interest::Task(id, Vec::new()))
            }
            _ => Err(Error::NotFound),
        }
    }

    fn view(&self) -> View {
        match self {
            Interest::Mine => View::Mine,
            Interest::Monitor(_) => View::Monitor,
            Interest::Jobs(_) => View::Jobs,
            Interest::Task(..) => View::Task,
        }
    }

    fn shows(&self, task: &Task, feed: &Feed) -> bool {
        match self {
            Interest::Mine => task.assignee == Some(feed.watcher.user),
            Interest::Monitor(filter) => filter.matches(task, feed.app.clock.now()),
            Interest::Jobs(filter) => filter.matches(task, feed.app.clock.now()),
            Interest::Task(id, _) => task.id == *id,
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
#[derive(Clone, Copy, Debug, PartialEq)]
struct Meaning {
    fragment: bool,
    gone: bool,
    bell: Bell,
}

impl Meaning {
    /// The number under which a letter keeps what was written for this view, language and meaning.
    fn way(self, view: View, lang: Lang) -> usize {
        let bits = [self.fragment, self.gone, self.bell == Bell::Soft, self.bell == Bell::Loud];
        let meaning = bits.iter().fold(0, |number, bit| number * 2 + usize::from(*bit));
        (lang.index() * View::COUNT + view as usize) * 16 + meaning
    }
}

const NOTHING: Meaning = Meaning { fragment: false, gone: false, bell: Bell::No };

pub async fn get_events(
    State(app): State<App>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let (from, fragments) = asked(&app, &viewer, query.as_deref(), &headers).await?;
    respond(&app, Watcher::of(&viewer, viewer.lang()), from, fragments)
}

/// The same, for a page whose proxy holds streams back: answered as soon as there is something, or after a while.
pub async fn get_poll(
    State(app): State<App>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let (from, fragments) = asked(&app, &viewer, query.as_deref(), &headers).await?;
    poll(&app, Watcher::of(&viewer, viewer.lang()), from, fragments).await
}

async fn asked(app: &App, viewer: &Viewer, query: Option<&str>, headers: &HeaderMap) -> Result<(From, Fragments)> {
    let pairs = pairs(query);
    let interest = interest(app, viewer, &pairs).await?;
    let from = From { cursor: cursor(app.db.epoch(), &pairs, headers), most: config::REPLAY_FRAGMENTS };
    Ok((from, Fragments { interest }))
}

/// What the page that asks shows, if this viewer may see it.
async fn interest(app: &App, viewer: &Viewer, pairs: &[(String, String)]) -> Result<Box<Interest>> {
    let mut interest = Interest::parse(pairs)?;
    // A page that was left open must not go on with what somebody else may see who signed in here since.
    let owner = pairs.iter().find(|(name, _)| name == "for").map(|(_, owner)| owner.as_str());
    if !is_written_for(owner, viewer) {
        return Err(Error::Conflict(msg("error-other-account")));
    }
    if let Interest::Task(id, after) = &mut interest {
        let (asker, id) = (viewer.clone(), *id);
        let task = app.db.read(move |conn| tasks::sql::find_for(conn, &asker, id)?.ok_or(Error::NotFound)).await?;
        *after = task.after;
    }
    Ok(Box::new(interest))
}

/// Writes what a page does about an item.
struct Fragments {
    interest: Box<Interest>,
}

impl Encoding for Fragments {
    fn whole(&self, feed: &Feed) -> Option<usize> {
        let is_all = matches!(&*self.interest, Interest::Monitor(filter) if *filter == Filter::default());
        // JSON has the first number.
        is_all.then_some(1 + feed.watcher.lang.index())
    }

    async fn write(&mut self, feed: &Feed, item: Item, out: &mut Outbox) {
        match item {
            Item::Task(news) => {
                let meaning = meaning(&self.interest, feed, &news);
                if meaning == NOTHING {
                    return;
                }
                // Whoever writes first keeps it for all who show the same.
                let way = meaning.way(self.interest.view(), feed.watcher.lang);
                let written = match news.letter.written.get(way) {
                    Some(written) => written,
                    None => news.letter.written.keep(way, Box::pin(self.written(feed, &news, meaning)).await),
                };
                out.push_at(news.cursor, written);
            }
            Item::Presence { user, presence } => {
                if !matches!(*self.interest, Interest::Mine) {
                    let data = json!({ "user": user, "state": presence });
                    out.push(Bytes::from(format!("event: presence\ndata: {data}\n\n")));
                }
            }
            Item::Changed => out.push(Bytes::from_static(LIST)),
            Item::Unread(unread) => match bell_count(feed.watcher.lang, unread) {
                Ok(html) => out.push([b"event: bell\n", &data_lines(&html)[..], b"\n"].concat().into()),
                Err(error) => tracing::error!(%error, "a count could not be written"),
            },
            // The doorbell comes by itself: what changes sight changes a name or a setting, too.
            Item::Gone { cursor, letter } => {
                let shown = letter.gone.iter().flatten().copied().filter(|task| match &*self.interest {
                    // One's own never leave one's sight in this way.
                    Interest::Mine => false,
                    Interest::Task(id, _) => task == id,
                    Interest::Monitor(_) | Interest::Jobs(_) => true,
                });
                gone(cursor, shown, out);
            }
            Item::Reset { cursor } => out.push_at(cursor, reset(cursor)),
            Item::Tick(tick) if self.interest.shows(&tick.task, feed) => {
                match moving::event(&feed.app, &tick, feed.watcher.lang).await {
                    Ok(written) => out.push(written),
                    // The next entry of the trail shows it.
                    Err(error) => tracing::error!(%error, task = %tick.task.id, "a tick could not be written"),
                }
            }
            Item::Tick(_) => {}
        }
    }
}

/// The doorbell.
const LIST: &[u8] = b"event: list\ndata: {}\n\n";

impl Fragments {
    async fn written(&self, feed: &Feed, news: &News, meaning: Meaning) -> Bytes {
        let mut text = Vec::new();
        if let (true, Some(after)) = (meaning.fragment, news.after()) {
            match self.fragment(feed, after).await {
                Ok(data) => {
                    text.extend_from_slice(b"event: task\n");
                    text.extend_from_slice(&data);
                    text.push(b'\n');
                }
                // It has gone on: what became of it comes with a later entry, or is not for this reader.
                Err(Error::NotFound) => text.extend_from_slice(LIST),
                Err(error) => {
                    tracing::error!(%error, task = %after.id, "a fragment could not be written");
                    text.extend_from_slice(LIST);
                }
            }
        }
        if meaning.gone {
            text.extend_from_slice(format!("event: gone\ndata: {}\n\n", json!({ "id": news.task() })).as_bytes());
        }
        match meaning.bell {
            Bell::No => {}
            Bell::Soft => text.extend_from_slice(b"event: list\ndata: {\"soft\":true}\n\n"),
            Bell::Loud => text.extend_from_slice(LIST),
        }
        // The cursor stands on the last of them: a cut in between repeats the event, and loses none.
        let last = text[..text.len() - 2].windows(2).rposition(|pair| pair == b"\n\n").map_or(0, |at| at + 2);
        text.splice(last..last, format!("id: {}\n", news.cursor).into_bytes());
        Bytes::from(text)
    }

    async fn fragment(&self, feed: &Feed, task: &Arc<Task>) -> Result<Bytes> {
        let view = self.interest.view();
        let app = feed.app.clone();
        let Watcher { organisation, lang, .. } = feed.watcher;
        let generation = app.hub.names_generation();
        let overdue = task.is_overdue(app.clock.now());
        let slot = Slot::from(task.as_ref());
        let is_timed = slot.is_timed(app.clock.now());
        let key = EventKey { task: task.id, version: task.version, generation, view, lang, overdue, is_timed };
        let task = task.clone();
        let rendered = async {
            let inside = app.clone();
            let read = app.db.snapshot(move |conn, _| {
                let frame = Frame::of_stream(inside.clone(), conn, (organisation, lang), generation)?;
                inside.memory.fragments.of_letter(conn, view, &frame, &task)
            });
            read.await
        };
        // Whether it is blocked, others decide, and its version says nothing of that.
        if slot.is_blocked.is_none() {
            return Ok(data_lines(&rendered.await?));
        }
        app.memory.fragments.event(key, rendered).await
    }
}

/// What a page has to do about an event. While the past is replayed `before` is not known: then the list is asked for.
fn meaning(interest: &Interest, feed: &Feed, news: &News) -> Meaning {
    let user = feed.watcher.user;
    let (entry, before, after) = (news.entry(), news.before().map(Arc::as_ref), news.after().map(Arc::as_ref));
    let shows = |task: &Task| interest.shows(task, feed);
    if let Interest::Task(id, after) = interest
        && entry.task != *id
    {
        // What it waits for may be done now.
        let moves = after.contains(&entry.task) && entry.change.moves_lists();
        return if moves { Meaning { bell: Bell::Soft, ..NOTHING } } else { NOTHING };
    }
    let Some(after) = after else {
        return Meaning { fragment: false, gone: true, bell: Bell::Loud };
    };
    let is_shown = shows(after);
    let was_shown = before.is_none_or(shows);
    let same_place = before.is_some_and(|before| is_same_place(before, after));
    match (was_shown, is_shown, interest) {
        // Of a job that reports all the time, only the head moves at once.
        (_, true, Interest::Task(..)) if after.job.is_some() && !entry.change.moves_lists() => {
            Meaning { fragment: true, gone: false, bell: Bell::Soft }
        }
        (_, true, Interest::Task(..)) => Meaning { fragment: true, gone: false, bell: Bell::Loud },
        // In a busy house jobs come and go all the time: the list follows them at its own pace.
        (_, true, Interest::Jobs(_)) if same_place => Meaning { fragment: true, gone: false, bell: Bell::No },
        (_, true, Interest::Jobs(_)) | (true, false, Interest::Jobs(_)) => {
            Meaning { fragment: true, gone: false, bell: Bell::Soft }
        }
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
                || entry.old.get("assignee").and_then(serde_json::Value::as_i64) == Some(user.get()) =>
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
