//! How tasks and the trail are written as JSON: the same in every answer and on the stream. What is not known, or does
//! not exist yet, is null; nothing is made up.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::names::Names;
use super::schemas;
use crate::jobs::Job;
use crate::live::{Cursor, TickLetter};
use crate::people::{Presence, ProjectId, UserId};
use crate::tasks::{self, Change, Due, Entry, Kind, Priority, Status, Task, TaskId, Via};

/// Somebody (a member, or a program of the organisation), by id and name.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub struct PersonShape<'a> {
    #[schema(value_type = i64)]
    id: UserId,
    name: Option<&'a str>,
}

/// A project by id and name.
#[derive(Serialize, ToSchema)]
#[schema(as = Project)]
pub struct ProjectShape<'a> {
    #[schema(value_type = i64)]
    id: ProjectId,
    name: Option<&'a str>,
}

pub fn person(names: &Names, id: UserId) -> PersonShape<'_> {
    PersonShape { id, name: names.person(id) }
}

pub fn project(names: &Names, id: ProjectId) -> ProjectShape<'_> {
    ProjectShape { id, name: names.project(id) }
}

fn as_text<S: Serializer>(text: &impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text.to_string())
}

/// Units of work. `processed` is always `succeeded` + `failed` + `skipped`; `total` is null while nobody knows it.
#[derive(Serialize, ToSchema)]
#[schema(as = Counts)]
struct CountsShape {
    total: Option<i64>,
    processed: i64,
    succeeded: i64,
    failed: i64,
    skipped: i64,
}

/// The named part of the work that goes on now, and the how many-th of how many it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Stage)]
struct StageShape<'a> {
    name: &'a str,
    index: Option<i64>,
    of: Option<i64>,
}

/// When it will probably be done, as a range.
#[derive(Serialize, ToSchema)]
#[schema(as = Eta)]
struct EtaShape {
    earliest: Timestamp,
    latest: Timestamp,
}

/// How far it is, apart from its status.
struct HowFar<'a> {
    counts: Option<CountsShape>,
    stage: Option<StageShape<'a>>,
    eta: Option<EtaShape>,
}

impl<'a> HowFar<'a> {
    fn of(task: &'a Task) -> HowFar<'a> {
        HowFar {
            counts: task.counts.map(|counts| CountsShape {
                total: counts.total,
                processed: counts.processed(),
                succeeded: counts.succeeded,
                failed: counts.failed,
                skipped: counts.skipped,
            }),
            stage: task.stage.as_ref().map(|stage| StageShape { name: &stage.name, index: stage.index, of: stage.of }),
            eta: task.eta.map(|eta| EtaShape { earliest: eta.earliest, latest: eta.latest }),
        }
    }
}

static LEFT_OUT: Value = Value::Null;

impl TaskShape<'_> {
    /// Without what may be large: where many are answered at once.
    pub fn in_short(mut self) -> Self {
        if let Some(job) = &mut self.job {
            job.payload = &LEFT_OUT;
            job.result = None;
        }
        self
    }
}

/// What only a job has.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobShape<'a> {
    /// What it is claimed by; null: its creator runs it.
    job_kind: Option<&'a str>,
    queue: &'a str,
    /// 0 to 9; higher goes first.
    queue_priority: i64,
    /// 0 before the first.
    attempt: i64,
    max_attempts: i64,
    /// Its worker is to repeat only what failed: the items that are listed as `failed`.
    only_failed_items: bool,
    /// Not before this.
    run_at: Option<Timestamp>,
    timeout_seconds: Option<i64>,
    cancel_requested: bool,
    worker: Option<&'a str>,
    lease_expires_at: Option<Timestamp>,
    payload: &'a Value,
    result: Option<&'a Value>,
    error: Option<&'a str>,
}

impl<'a> JobShape<'a> {
    fn of(job: &'a Job) -> JobShape<'a> {
        JobShape {
            job_kind: job.spec.job_kind.as_deref(),
            queue: &job.spec.queue,
            queue_priority: job.queue_priority,
            attempt: job.attempt,
            max_attempts: job.spec.max_attempts,
            only_failed_items: job.only_failed_items,
            run_at: job.run_at,
            timeout_seconds: job.spec.timeout_seconds,
            cancel_requested: is_cancel_requested(job),
            worker: job.worker.as_deref(),
            lease_expires_at: job.lease_expires_at,
            payload: &job.spec.payload,
            result: job.result.as_deref(),
            error: job.error.as_deref(),
        }
    }
}

pub fn is_cancel_requested(job: &Job) -> bool {
    job.cancel_requested_at.is_some()
}

/// A task. Times are UTC (RFC 3339).
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub struct TaskShape<'a> {
    #[schema(value_type = schemas::Id)]
    id: TaskId,
    #[schema(value_type = schemas::Kind)]
    kind: Kind,
    title: &'a str,
    #[schema(value_type = schemas::Status)]
    status: Status,
    category: Option<&'a str>,
    /// Percent.
    #[schema(minimum = 0, maximum = 100)]
    progress: f64,
    counts: Option<CountsShape>,
    stage: Option<StageShape<'a>>,
    /// What the latest report said.
    note: Option<&'a str>,
    /// Null: no estimate yet.
    eta: Option<EtaShape>,
    project: Option<ProjectShape<'a>>,
    assignee: Option<PersonShape<'a>>,
    creator: PersonShape<'a>,
    #[schema(value_type = Option<i64>)]
    parent: Option<TaskId>,
    /// The tasks that have to be done before it begins.
    #[schema(value_type = Vec<i64>)]
    after: &'a [TaskId],
    #[schema(value_type = schemas::Priority)]
    priority: Priority,
    labels: &'a [String],
    /// A date, or an instant.
    due: Option<String>,
    estimate_minutes: Option<i64>,
    external_id: Option<&'a str>,
    /// Null for an assignment.
    job: Option<JobShape<'a>>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    updated_at: Timestamp,
    /// Grows with each change.
    version: i64,
    /// A place in the trail up to which this says everything: a stream from there goes on from it.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String)]
    cursor: Cursor,
}

impl<'a> TaskShape<'a> {
    pub fn of(task: &'a Task, names: &'a Names, cursor: Cursor) -> TaskShape<'a> {
        let HowFar { counts, stage, eta } = HowFar::of(task);
        TaskShape {
            id: task.id,
            kind: task.kind,
            title: &task.title,
            status: task.status,
            category: task.category.as_deref(),
            progress: task.progress.get(),
            counts,
            stage,
            note: task.note.as_deref(),
            eta,
            project: task.project.map(|id| project(names, id)),
            assignee: task.assignee.map(|id| person(names, id)),
            creator: person(names, task.creator),
            parent: task.parent,
            after: &task.after,
            priority: task.priority,
            labels: &task.labels,
            due: task.due.as_ref().map(Due::to_string),
            estimate_minutes: task.estimate_minutes,
            external_id: task.external_id.as_deref(),
            job: task.job().map(JobShape::of),
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
#[derive(Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct EntryShape<'a> {
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String)]
    cursor: Cursor,
    #[schema(value_type = schemas::Id)]
    task_id: TaskId,
    #[schema(value_type = schemas::Change)]
    change: Change,
    /// Null: Milepost itself.
    actor: Option<PersonShape<'a>>,
    #[schema(value_type = schemas::Door)]
    via: Via,
    #[schema(value_type = schemas::Facts)]
    old: &'a Value,
    #[schema(value_type = schemas::Facts)]
    new: &'a Value,
    note: Option<&'a str>,
    #[schema(value_type = Option<schemas::PresenceState>)]
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
pub struct TickShape<'a> {
    change: &'static str,
    task_id: TaskId,
    new: Moved<'a>,
    at: Timestamp,
}

#[derive(Serialize)]
struct Moved<'a> {
    progress: f64,
    counts: Option<CountsShape>,
    stage: Option<StageShape<'a>>,
    note: Option<&'a str>,
    eta: Option<EtaShape>,
}

impl<'a> TickShape<'a> {
    pub fn of(tick: &'a TickLetter) -> TickShape<'a> {
        let task: &tasks::Task = &tick.task;
        let HowFar { counts, stage, eta } = HowFar::of(task);
        let new = Moved { progress: task.progress.get(), counts, stage, note: task.note.as_deref(), eta };
        TickShape { change: "tick", task_id: task.id, new, at: tick.at }
    }
}

/// A task after a report. A worker need not ask whether it is to stop: `cancel_requested` says so.
#[derive(Serialize, ToSchema)]
#[schema(as = Reported)]
pub struct ReportedShape<'a> {
    pub task: TaskShape<'a>,
    pub cancel_requested: bool,
}

impl<'a> ReportedShape<'a> {
    pub fn of(task: &'a Task, names: &'a Names, cursor: Cursor) -> ReportedShape<'a> {
        let cancel_requested = task.job().is_some_and(is_cancel_requested);
        ReportedShape { task: TaskShape::of(task, names, cursor), cancel_requested }
    }
}
