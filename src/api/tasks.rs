//! Tasks: making, listing, reading, editing and deleting them.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, OneOf, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::body::Json;
use super::call::{Answer, Call, Telling, respond};
use super::openapi::{Param, Told, param};
use super::query::{Query, told_paging};
use super::schemas;
use super::shapes::TaskShape;
use crate::App;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::insight::list::{Place, Wanted, list};
use crate::jobs::{Backoff, OnDuplicate};
use crate::people::{ProjectId, Scope, UserId, Viewer};
use crate::tasks::actions::{NewJob, NewTask};
use crate::tasks::progress::StagePlan;
use crate::tasks::{self, Kind, Priority, Status, TaskId, actions};
use crate::web::At;

/// A new task: a job unless said. Of an assignment, the fields from `job_kind` on are not taken.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTask)]
pub struct NewTaskBody {
    #[schema(value_type = schemas::Title)]
    title: String,
    #[schema(value_type = Option<schemas::Kind>)]
    kind: Option<Kind>,
    #[schema(value_type = Option<schemas::Description>)]
    description: Option<String>,
    #[schema(value_type = Option<schemas::Line>)]
    category: Option<String>,
    #[schema(value_type = Option<Vec<schemas::Line>>, max_items = 20)]
    labels: Option<Vec<String>>,
    /// Units of work, if that is known.
    #[schema(value_type = Option<schemas::Amount>)]
    total: Option<i64>,
    /// A project's id.
    #[schema(value_type = Option<schemas::Id>)]
    project: Option<ProjectId>,
    /// A member's id. Of an assignment: who is to do it.
    #[schema(value_type = Option<schemas::Id>)]
    assignee: Option<UserId>,
    #[schema(value_type = Option<schemas::Priority>)]
    priority: Option<Priority>,
    /// A date, such as `2026-11-22`, or a date and time.
    #[schema(value_type = Option<schemas::DueText>)]
    due: Option<String>,
    #[schema(value_type = Option<schemas::EstimateMinutes>)]
    estimate_minutes: Option<i64>,
    /// A name of your own, which no two tasks have.
    #[schema(value_type = Option<schemas::Line>)]
    external_id: Option<String>,
    /// The job of which this is a part.
    #[schema(value_type = Option<schemas::Id>)]
    parent: Option<TaskId>,
    /// The tasks that have to be done before this begins.
    #[schema(value_type = Option<Vec<schemas::Id>>, max_items = 100)]
    after: Option<Vec<TaskId>>,
    /// What workers claim it by. Without one you run it yourself: the first report begins it.
    #[schema(value_type = Option<schemas::Line>)]
    job_kind: Option<String>,
    /// `default` unless said.
    #[schema(value_type = Option<schemas::Line>)]
    queue: Option<String>,
    #[schema(value_type = Option<schemas::QueuePriority>)]
    queue_priority: Option<i64>,
    /// Not before this.
    #[schema(value_type = Option<schemas::Time>)]
    run_at: Option<jiff::Timestamp>,
    /// No two open jobs have the same.
    #[schema(value_type = Option<schemas::Line>)]
    unique_key: Option<String>,
    #[schema(value_type = Option<schemas::Duplicate>)]
    on_duplicate: Option<OnDuplicate>,
    /// 3 unless said.
    #[schema(value_type = Option<schemas::Attempts>)]
    max_attempts: Option<i64>,
    /// How long to wait between attempts.
    backoff: Option<BackoffBody>,
    /// An attempt that takes longer has failed.
    #[schema(value_type = Option<schemas::Timeout>)]
    timeout_seconds: Option<i64>,
    /// Without progress for longer it is shown as stalled.
    #[schema(value_type = Option<schemas::Timeout>)]
    stalled_after_seconds: Option<i64>,
    /// The stages that it will go through, in their order.
    #[schema(max_items = 50)]
    stages: Option<Vec<StageBody>>,
    /// Anything that its worker needs to know; at most 64 KB.
    payload: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum BackoffBody {
    Exponential(BackoffWord),
    Fixed(Vec<i64>),
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum BackoffWord {
    Exponential,
}

impl PartialSchema for BackoffBody {
    fn schema() -> RefOr<Schema> {
        let said = "`exponential` (15 s, 30 s, 60 s, … up to an hour, with jitter), or the seconds after each attempt.";
        let pauses = ArrayBuilder::new().items(schemas::PauseSeconds::schema());
        let pauses = pauses.min_items(Some(1)).max_items(Some(config::BACKOFF_PAUSES));
        OneOf::builder().item(BackoffWord::schema()).item(pauses).description(Some(said)).into()
    }
}

impl ToSchema for BackoffBody {}

/// A stage by name, and its share of the whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlannedStage)]
struct StageBody {
    #[schema(value_type = schemas::Line)]
    name: String,
    /// 1 unless said.
    #[schema(value_type = Option<schemas::Weight>)]
    weight: Option<f64>,
}

impl NewTaskBody {
    /// The first field that only a job has.
    fn job_field(&self) -> Option<&'static str> {
        let given = [
            ("job_kind", self.job_kind.is_some()),
            ("queue", self.queue.is_some()),
            ("queue_priority", self.queue_priority.is_some()),
            ("run_at", self.run_at.is_some()),
            ("unique_key", self.unique_key.is_some()),
            ("on_duplicate", self.on_duplicate.is_some()),
            ("max_attempts", self.max_attempts.is_some()),
            ("backoff", self.backoff.is_some()),
            ("timeout_seconds", self.timeout_seconds.is_some()),
            ("stalled_after_seconds", self.stalled_after_seconds.is_some()),
            ("stages", self.stages.is_some()),
            ("payload", self.payload.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
    }

    fn wanted(self) -> Result<NewTask> {
        let is_job = self.kind != Some(Kind::Assignment);
        if let Some(field) = self.job_field().filter(|_| !is_job) {
            return Err(Error::field(field, msg("error-only-jobs")));
        }
        let stage = |stage: StageBody| StagePlan { name: stage.name, weight: stage.weight.unwrap_or(1.0) };
        let job = NewJob {
            job_kind: self.job_kind,
            queue: self.queue,
            queue_priority: self.queue_priority,
            run_at: self.run_at,
            unique_key: self.unique_key,
            on_duplicate: self.on_duplicate,
            max_attempts: self.max_attempts,
            backoff: self.backoff.map(|backoff| match backoff {
                BackoffBody::Exponential(BackoffWord::Exponential) => Backoff::Exponential,
                BackoffBody::Fixed(pauses) => Backoff::Fixed(pauses),
            }),
            timeout_seconds: self.timeout_seconds,
            stalled_after_seconds: self.stalled_after_seconds,
            stages: self.stages.unwrap_or_default().into_iter().map(stage).collect(),
            payload: self.payload.unwrap_or(Value::Null),
        };
        Ok(NewTask {
            title: self.title,
            description: self.description.unwrap_or_default(),
            category: self.category,
            labels: self.labels.unwrap_or_default(),
            total: self.total,
            project: self.project,
            assignee: self.assignee,
            priority: self.priority,
            due: self.due,
            estimate_minutes: self.estimate_minutes,
            external_id: self.external_id,
            parent: self.parent,
            after: self.after.unwrap_or_default(),
            job: is_job.then_some(job),
        })
    }
}

/// Whether this token may do what only a scope beyond the route's opens.
pub fn needs(viewer: &Viewer, scope: Scope) -> Result<()> {
    if viewer.scopes.open(scope) {
        Ok(())
    } else {
        Err(Error::Forbidden(msg("error-scope").arg("scope", scope.as_str())))
    }
}

pub async fn post_tasks(call: Call<Json<NewTaskBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let new = body.wanted()?;
    needs(&call.viewer, if new.job.is_some() { Scope::Report } else { Scope::Admin })?;
    let by = call.by();
    let base = call.app.config.base().as_str().to_owned();
    let verb = move |w: &mut crate::db::Write<'_>| actions::create(w, &by, new);
    call.once(verb, move |created, telling| {
        let task = telling.task(&created.task);
        if created.existed {
            return Answer::ok(&task);
        }
        Answer::created(format!("{base}/api/v1/tasks/{}", created.task.id), &task)
    })
    .await
}

pub fn told_post_tasks() -> Told {
    Told::new("post_tasks", "Tasks", "Make a task")
        .more("A job, unless `kind` says otherwise. A member's job is the member's own; making assignments takes the scope `admin`. With `on_duplicate: existing`, a job that has the `unique_key` already is answered with 200.")
        .takes::<NewTaskBody>(json!({
            "title": "Send 1000 letters", "category": "mail", "job_kind": "letters", "total": 1000,
            "stages": [{ "name": "rendering" }, { "name": "sending", "weight": 3 }], "payload": { "template": "spring" },
        }))
        .gives::<TaskShape>(201, "The new task.")
        .header(201, "Location", "Its address.", &json!({ "type": "string" }))
        .gives::<TaskShape>(200, "The job that has this `unique_key` already.")
        .leads_to_all(201, "id", "$response.body#/id")
}

pub async fn get_tasks(State(app): State<App>, viewer: Viewer, mut query: Query) -> Result<Response> {
    let wanted = Wanted {
        status: query.word("status", Status::ALL, Status::as_str),
        kind: query.word("kind", Kind::ALL, Kind::as_str),
        category: query.line("category"),
        project: query.id("project").map(ProjectId::new),
        assignee: query.id("assignee").map(UserId::new),
        queue: query.line("queue"),
        job_kind: query.line("job_kind"),
        parent: query.id("parent").map(TaskId::new),
        label: query.line("label"),
        external_id: query.line("external_id"),
        text: sought(query.text("q")),
        created_after: query.time("created_after"),
        created_before: query.time("created_before"),
    };
    let (limit, after) = (query.limit(), query.cursor::<Place>());
    query.end()?;
    let telling = Telling::of(&app, &viewer).await?;
    let (tasks, next, cursor) = app
        .db
        .snapshot(move |conn, cursor| {
            let (tasks, next) = list(conn, &viewer, &wanted, after, limit)?;
            Ok((tasks, next, cursor))
        })
        .await?;
    let items = tasks.iter().map(|task| TaskShape::of(task, &telling.names, cursor)).collect();
    Ok(respond(&TaskList { items, next: next.map(|place| place.to_string()) }))
}

/// What is looked for; nothing, where no word is in it.
fn sought(text: Option<String>) -> Option<String> {
    let text: String = text?.chars().take(config::SEARCH_CHARS).collect();
    Some(text).filter(|text| text.chars().any(char::is_alphanumeric))
}

/// A page of tasks.
#[derive(Serialize, ToSchema)]
struct TaskList<'a> {
    items: Vec<TaskShape<'a>>,
    next: Option<String>,
}

pub fn told_get_tasks() -> Told {
    let id = || schema::<schemas::Id>();
    let line = || schema::<schemas::Line>();
    let filters: [Param; 13] = [
        param("status", "Only tasks that stand so.", schema::<schemas::Status>()),
        param("kind", "Only jobs, or only assignments.", schema::<schemas::Kind>()),
        param("category", "Only of this category.", line()),
        param("project", "Only of this project.", id()),
        param("assignee", "Only of this member.", id()),
        param("queue", "Only jobs of this queue.", line()),
        param("job_kind", "Only jobs of this kind.", line()),
        param("parent", "Only the parts of this job.", id()),
        param("label", "Only with this label.", line()),
        param("external_id", "Only the one with this name of yours.", line()),
        param(
            "q",
            "Words of the title or the description, each of which begins one there.",
            json!({ "type": "string" }),
        ),
        param("created_after", "Only those made at this instant or later.", schema::<schemas::Time>()),
        param("created_before", "Only those made before this instant.", schema::<schemas::Time>()),
    ];
    Told::new("get_tasks", "Tasks", "List tasks")
        .more("All that this token may see, newest first.")
        .query(filters)
        .query(told_paging())
        .gives::<TaskList>(200, "A page of tasks.")
        .leads_to(200, "get_tasks", "cursor", "$response.body#/next")
        .leads_to(200, "get_task", "id", "$response.body#/items/0/id")
}

pub fn schema<T: PartialSchema>() -> Value {
    json!(T::schema())
}

pub async fn get_task(State(app): State<App>, viewer: Viewer, At(id): At<TaskId>) -> Result<Response> {
    let telling = Telling::of(&app, &viewer).await?;
    let (task, cursor) = app
        .db
        .snapshot(move |conn, cursor| {
            let task = tasks::sql::find_for(conn, &viewer, id)?.ok_or(Error::NotFound)?;
            Ok((task, cursor))
        })
        .await?;
    Ok(respond(&TaskShape::of(&task, &telling.names, cursor)))
}

pub fn told_get_task() -> Told {
    Told::new("get_task", "Tasks", "Read a task").gives::<TaskShape>(200, "The task.")
}

pub async fn delete_task(At(id): At<TaskId>, call: Call<()>) -> Result<Response> {
    let by = call.by();
    call.once(move |w| actions::delete(w, &by, id), |_, _| Answer::nothing()).await
}

pub fn told_delete_task() -> Told {
    Told::new("delete_task", "Tasks", "Delete an ended task")
        .more("It leaves all lists; its trail stays.")
        .gives_nothing("It is gone.")
}
