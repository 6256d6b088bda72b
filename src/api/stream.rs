//! `/api/v1/events`: the one feed as JSON. Says which letters a subscriber's filter lets through, and writes each of them
//! once for all who hear it. Replay and live are `live::feed`'s, sockets are `server`'s.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::names::Names;
use super::openapi::{Param, Told, param};
use super::shapes::{EntryShape, TaskShape, TickShape};
use crate::App;
use crate::error::{Error, Result, msg};
use crate::live::feed::{From, News};
use crate::live::{Cursor, Feed, Item, TickLetter, Watcher};
use crate::people::{ProjectId, UserId, Viewer};
use crate::server::frames::{cursor, gone, reset};
use crate::server::stream::{Encoding, respond};
use crate::server::{Outbox, poll};
use crate::tasks::{self, Change, Kind, Task, TaskId};
use crate::web::monitor::pairs;

/// Under these numbers a letter keeps what was written of it; those of fragments count from 0.
const AS_TASK: usize = usize::MAX;
const AS_GONE: usize = usize::MAX - 1;

/// What a subscriber wants to hear of: all that it may see, or less.
#[derive(Clone, Copy, Default, PartialEq)]
struct Filter {
    task: Option<TaskId>,
    kind: Option<Kind>,
    project: Option<ProjectId>,
}

fn project(text: &str) -> Option<ProjectId> {
    text.parse().ok().filter(|id: &ProjectId| id.get() >= 1)
}

impl Filter {
    fn parse(pairs: &[(String, String)]) -> Result<Filter> {
        let given = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let value = |name: &str| given(name).filter(|value| !value.is_empty());
        let unknown = |field: &'static str| Error::field(field, msg("error-choice"));
        Ok(Filter {
            task: value("task").map(|id| id.parse().map_err(|_| Error::NotFound)).transpose()?,
            kind: value("kind").map(|kind| kind.parse().map_err(|_| unknown("kind"))).transpose()?,
            project: value("project").map(|id| project(id).ok_or_else(|| unknown("project"))).transpose()?,
        })
    }

    fn shows(&self, task: &Task) -> bool {
        self.task.is_none_or(|id| id == task.id)
            && self.kind.is_none_or(|kind| kind == task.kind)
            && self.project.is_none_or(|project| Some(project) == task.project)
    }

    /// Whether it showed the task before this entry, as far as the entry alone can tell: of what it shows, a task only
    /// leaves by another project, or out of the subscriber's sight.
    fn showed(&self, news: &News) -> bool {
        let entry = news.entry();
        let Some(task) = news.after() else { return self.task.is_none_or(|id| id == entry.task) };
        let old_project = entry.old.get("project").and_then(Value::as_i64).map(ProjectId::new);
        let left_project = entry.change == Change::Project && self.project.is_some() && self.project == old_project;
        left_project && Filter { project: None, ..*self }.shows(task)
    }
}

pub async fn get_events(
    State(app): State<App>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let (from, letters) = asked(&app, &viewer, query.as_deref(), &headers).await?;
    respond(&app, Watcher::of(&viewer, viewer.lang()), from, letters)
}

/// The same, for those who cannot have a stream: answered as soon as there is something, or after a while.
pub async fn get_poll(
    State(app): State<App>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let (from, letters) = asked(&app, &viewer, query.as_deref(), &headers).await?;
    poll(&app, Watcher::of(&viewer, viewer.lang()), from, letters).await
}

/// As server-sent events write it; `data` is JSON.
fn told_event() -> Value {
    let text = json!({ "type": "string" });
    json!({ "type": "object", "properties": { "id": text, "event": text, "data": text, "retry": { "type": "integer" } } })
}

fn told_filter() -> Vec<Param> {
    let id = json!({ "type": "integer", "format": "int64", "minimum": 1 });
    vec![
        param("task", "Only this task.", id.clone()),
        param("kind", "Only tasks of this kind.", json!({ "enum": Kind::ALL })),
        param("project", "Only tasks of this project.", id),
        param(
            "after",
            "Everything after this cursor, then what happens. `Last-Event-ID` says the same; the newer counts.",
            json!({ "type": "string" }),
        ),
    ]
}

pub fn told_events() -> Told {
    Told::new("get_events", "Stream", "What happens, as server-sent events")
        .more("Begins with `hello`; then `task` (`{task, change, at}`), `gone`, `reset`, `ping` each 15 seconds, and `end` with its reason before the server closes. An event's id is a cursor.")
        .query(told_filter())
        .gives_bytes(200, "A stream that does not end by itself.", "text/event-stream", &told_event())
        .refuses(&[404])
}

pub fn told_poll() -> Told {
    Told::new("get_events_poll", "Stream", "The same without a stream")
        .more("Answers with the same text as soon as there is something after the cursor, or after 20 seconds.")
        .query(told_filter())
        .gives_bytes(200, "Events.", "text/event-stream", &told_event())
        .refuses(&[404])
}

async fn asked(app: &App, viewer: &Viewer, query: Option<&str>, headers: &HeaderMap) -> Result<(From, Letters)> {
    let pairs = pairs(query);
    let filter = Filter::parse(&pairs)?;
    if let Some(id) = filter.task {
        let asker = viewer.clone();
        app.db.read(move |conn| tasks::sql::find_for(conn, &asker, id)?.map(drop).ok_or(Error::NotFound)).await?;
    }
    // A program hears every entry that it missed, however many.
    let from = From { cursor: cursor(app.db.epoch(), &pairs, headers), most: i64::MAX };
    Ok((from, Letters { filter, gone: BTreeSet::new() }))
}

/// Writes letters as JSON.
struct Letters {
    filter: Filter,
    /// While the past is replayed: the tasks of which it was said that they are gone. They may have left more than once.
    gone: BTreeSet<TaskId>,
}

/// What a letter means to one subscriber.
enum Meaning {
    Task,
    Gone,
    Nothing,
}

impl Letters {
    fn meaning(&mut self, news: &News) -> Meaning {
        if news.after().is_some_and(|task| self.filter.shows(task)) {
            return Meaning::Task;
        }
        let showed = match news.before() {
            Some(before) => self.filter.shows(before),
            // The past: the entry alone tells.
            None => self.filter.showed(news) && self.gone.insert(news.task()),
        };
        if showed { Meaning::Gone } else { Meaning::Nothing }
    }
}

impl Encoding for Letters {
    fn whole(&self, _: &Feed) -> Option<usize> {
        (self.filter == Filter::default()).then_some(0)
    }

    async fn write(&mut self, feed: &Feed, item: Item, out: &mut Outbox) {
        match item {
            Item::Task(news) => {
                if news.before().is_some() {
                    // The past is over.
                    self.gone = BTreeSet::new();
                }
                let way = match self.meaning(&news) {
                    Meaning::Task => AS_TASK,
                    Meaning::Gone => AS_GONE,
                    Meaning::Nothing => return,
                };
                let written = match (news.letter.written.get(way), news.after()) {
                    (Some(written), _) => written,
                    (None, Some(task)) if way == AS_TASK => {
                        let names = names(feed, task, news.entry().actor).await;
                        news.letter.written.keep(way, task_event(&names, &news, task))
                    }
                    (None, _) => news.letter.written.keep(way, gone_event(&news)),
                };
                out.push_at(news.cursor, written);
            }
            Item::Tick(tick) if self.filter.shows(&tick.task) => {
                let written = match tick.written.get(AS_TASK) {
                    Some(written) => written,
                    None => {
                        let names = names(feed, &tick.task, None).await;
                        let cursor = Cursor { epoch: feed.app.db.epoch(), sequence: tick.sequence };
                        tick.written.keep(AS_TASK, tick_event(&names, &tick, cursor))
                    }
                };
                out.push(written);
            }
            Item::Gone { cursor, letter } => {
                // Of which kind and project they were, nobody says: one may be told of that was never shown.
                let tasks = letter.gone.iter().flatten().copied();
                gone(cursor, tasks.filter(|task| self.filter.task.is_none_or(|id| id == *task)), out);
            }
            Item::Reset { cursor } => out.push_at(cursor, reset(cursor)),
            Item::Tick(_) | Item::Presence { .. } | Item::Changed | Item::Unread(_) => {}
        }
    }
}

/// The names that this task is written with; asks the database only when one of them is new.
async fn names(feed: &Feed, task: &Task, actor: Option<UserId>) -> Arc<Names> {
    let (app, organisation) = (&feed.app, feed.watcher.organisation);
    match app.memory.names.known(app, organisation) {
        Some(names) if names.know(task, actor) => names,
        _ => Box::pin(app.memory.names.of(app, organisation)).await.unwrap_or_else(|error| {
            tracing::error!(%error, "names could not be read: an event goes out with ids alone");
            Arc::default()
        }),
    }
}

#[derive(Serialize)]
struct TaskEvent<'a, C> {
    task: TaskShape<'a>,
    change: C,
    at: Timestamp,
}

fn task_event(names: &Names, news: &News, task: &Task) -> Bytes {
    let (entry, cursor) = (news.entry(), news.cursor);
    let (task, change) = (TaskShape::of(task, names, cursor), EntryShape::of(entry, names, cursor));
    frame("task", Some(cursor), &TaskEvent { task, change, at: entry.at })
}

/// Live only: it carries no id, and moves nobody's place. The cursor of its task is how far it knows everything.
fn tick_event(names: &Names, tick: &TickLetter, cursor: Cursor) -> Bytes {
    let task = TaskShape::of(&tick.task, names, cursor);
    frame("task", None, &TaskEvent { task, change: TickShape::of(tick), at: tick.at })
}

fn gone_event(news: &News) -> Bytes {
    frame("gone", Some(news.cursor), &json!({ "id": news.task() }))
}

fn frame(name: &str, cursor: Option<Cursor>, data: &impl Serialize) -> Bytes {
    let id = cursor.map_or_else(String::new, |cursor| format!("id: {cursor}\n"));
    let mut frame = format!("{id}event: {name}\ndata: ").into_bytes();
    serde_json::to_writer(&mut frame, data).expect("memory takes it, and every key is a text");
    frame.extend_from_slice(b"\n\n");
    Bytes::from(frame)
}
