//! How tasks and the trail are written as JSON: the same in every answer and on the stream. What is not known, or does
//! not exist yet, is null; nothing is made up.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::names::Names;
use crate::live::{Cursor, TickLetter};
use crate::people::{Presence, ProjectId, UserId};
use crate::tasks::{Change, Due, Entry, Kind, Priority, Status, Task, TaskId, Via};

/// What no task has yet.
type NotYet = Option<()>;

/// Somebody or something by id and name.
#[derive(Serialize)]
pub struct Named<'a, I> {
    id: I,
    name: Option<&'a str>,
}

fn person(names: &Names, id: UserId) -> Named<'_, UserId> {
    Named { id, name: names.person(id) }
}

fn project(names: &Names, id: ProjectId) -> Named<'_, ProjectId> {
    Named { id, name: names.project(id) }
}

fn as_text<S: Serializer>(text: &impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text.to_string())
}

/// A task. Times are UTC by RFC 3339; `due` is a date, or an instant.
#[derive(Serialize)]
pub struct TaskShape<'a> {
    id: TaskId,
    kind: Kind,
    title: &'a str,
    status: Status,
    category: NotYet,
    progress: f64,
    counts: NotYet,
    stage: NotYet,
    note: NotYet,
    eta: NotYet,
    project: Option<Named<'a, ProjectId>>,
    assignee: Option<Named<'a, UserId>>,
    creator: Named<'a, UserId>,
    parent: NotYet,
    after: [NotYet; 0],
    priority: Priority,
    labels: [NotYet; 0],
    due: Option<String>,
    estimate_minutes: Option<i64>,
    external_id: NotYet,
    job: NotYet,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    updated_at: Timestamp,
    version: i64,
    /// A place in the trail up to which this says everything: a stream from there goes on from it.
    #[serde(serialize_with = "as_text")]
    cursor: Cursor,
}

impl<'a> TaskShape<'a> {
    pub fn of(task: &'a Task, names: &'a Names, cursor: Cursor) -> TaskShape<'a> {
        TaskShape {
            id: task.id,
            kind: task.kind,
            title: &task.title,
            status: task.status,
            category: None,
            progress: task.progress.get(),
            counts: None,
            stage: None,
            note: None,
            eta: None,
            project: task.project.map(|id| project(names, id)),
            assignee: task.assignee.map(|id| person(names, id)),
            creator: person(names, task.creator),
            parent: None,
            after: [],
            priority: task.priority,
            labels: [],
            due: task.due.as_ref().map(Due::to_string),
            estimate_minutes: task.estimate_minutes,
            external_id: None,
            job: None,
            created_at: task.created_at,
            started_at: task.started_at,
            finished_at: task.finished_at,
            updated_at: task.updated_at,
            version: task.version,
            cursor,
        }
    }
}

/// An entry of the trail. `old` and `new` hold the changed fields as the trail keeps them: people and projects by id.
#[derive(Serialize)]
pub struct EntryShape<'a> {
    #[serde(serialize_with = "as_text")]
    cursor: Cursor,
    task_id: TaskId,
    change: Change,
    /// None: Milepost itself.
    actor: Option<Named<'a, UserId>>,
    via: Via,
    old: &'a Value,
    new: &'a Value,
    note: Option<&'a str>,
    presence: Option<Presence>,
    at: Timestamp,
}

impl<'a> EntryShape<'a> {
    pub fn of(entry: &'a Entry, names: &'a Names, cursor: Cursor) -> EntryShape<'a> {
        EntryShape {
            cursor,
            task_id: entry.task,
            change: entry.change,
            actor: entry.actor.map(|id| person(names, id)),
            via: entry.via,
            old: &entry.old,
            new: &entry.new,
            note: entry.note.as_deref(),
            presence: entry.presence,
            at: entry.at,
        }
    }
}

/// How a job stands between two entries of its trail.
#[derive(Serialize)]
pub struct TickShape {
    change: &'static str,
    task_id: TaskId,
    new: Moved,
    at: Timestamp,
}

#[derive(Serialize)]
struct Moved {
    progress: f64,
}

impl TickShape {
    pub fn of(tick: &TickLetter) -> TickShape {
        let new = Moved { progress: tick.task.progress.get() };
        TickShape { change: "tick", task_id: tick.task.id, new, at: tick.at }
    }
}
