//! What whoever runs a job says of it: how far it is, that it is alive, how it ended; one report, or many at once.

use std::sync::Arc;

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{OneOf, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::body::Json;
use super::call::{Answer, Call, Telling};
use super::openapi::Told;
use super::problem::Problem;
use super::schemas;
use super::shapes::{ReportedShape, TaskShape, is_cancel_requested};
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs::actions::{Finish, Heartbeat};
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::jobs::{self, Outcome};
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;
use crate::tasks::{By, Stage, Task, TaskId, actions};
use crate::web::At;
use crate::web::boundary::problem_of;

/// A report's fields, alone and beside the task that it is of.
macro_rules! report {
    ($(#[$doc:meta])* $name:ident { $($(#[$extra_doc:meta])* $extra:ident: $extra_type:ty),* }) => {
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$doc])*
        pub struct $name {
            $($(#[$extra_doc])* $extra: $extra_type,)*
            #[schema(value_type = Option<schemas::Attempt>)]
            attempt: Option<i64>,
            #[schema(value_type = Option<schemas::Percent>)]
            progress: Option<f64>,
            /// Of the whole. With its parts given, it is their sum; alone, what is neither failed nor skipped has succeeded.
            #[schema(value_type = Option<schemas::Amount>)]
            processed: Option<i64>,
            #[schema(value_type = Option<schemas::Amount>)]
            succeeded: Option<i64>,
            #[schema(value_type = Option<schemas::Amount>)]
            failed: Option<i64>,
            #[schema(value_type = Option<schemas::Amount>)]
            skipped: Option<i64>,
            /// May grow.
            #[schema(value_type = Option<schemas::Amount>)]
            total: Option<i64>,
            stage: Option<StageNow>,
            #[schema(value_type = Option<schemas::Note>)]
            note: Option<String>,
            /// What became of single items. Without counts beside them, they move the counts.
            #[schema(max_items = 1000)]
            items: Option<Vec<ItemBody>>,
        }

        impl $name {
            fn said(self) -> Report {
                let counts = CountsGiven {
                    total: self.total,
                    processed: self.processed,
                    succeeded: self.succeeded,
                    failed: self.failed,
                    skipped: self.skipped,
                };
                let stage = self.stage.map(StageNow::stage);
                let items = self.items.unwrap_or_default().into_iter().map(ItemBody::item).collect();
                Report { attempt: self.attempt, progress: self.progress, counts, stage, note: self.note, items }
            }
        }
    };
}

report!(
    /// How far it is: percent, or counts, or both. What a report leaves out stays as it was.
    #[schema(as = Report)]
    ReportBody {}
);
report!(
    /// One of many reports.
    #[schema(as = TaskReport)]
    TaskReport {
        #[schema(value_type = i64)]
        task_id: TaskId
    }
);

/// One unit of the work.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewItem)]
struct ItemBody {
    /// Said again, it is the same item.
    #[schema(value_type = Option<schemas::ItemKey>)]
    key: Option<String>,
    #[schema(value_type = schemas::ItemOutcome)]
    outcome: ItemOutcome,
    message: Option<String>,
}

impl ItemBody {
    fn item(self) -> NewItem {
        NewItem { key: self.key, outcome: self.outcome, message: self.message }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum StageNow {
    Name(String),
    Placed(PlacedStage),
}

impl PartialSchema for StageNow {
    fn schema() -> RefOr<Schema> {
        let said = "The stage that goes on now: its name, or its name and place.";
        OneOf::builder().item(schemas::Line::schema()).item(PlacedStage::schema()).description(Some(said)).into()
    }
}

impl ToSchema for StageNow {
    fn schemas(parts: &mut Vec<(String, RefOr<Schema>)>) {
        PlacedStage::schemas(parts);
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlacedStage {
    #[schema(value_type = schemas::Line)]
    name: String,
    #[schema(value_type = Option<schemas::Place>)]
    index: Option<i64>,
    #[schema(value_type = Option<schemas::Place>)]
    of: Option<i64>,
}

impl StageNow {
    fn stage(self) -> Stage {
        match self {
            StageNow::Name(name) => Stage { name, index: None, of: None },
            StageNow::Placed(PlacedStage { name, index, of }) => Stage { name, index, of },
        }
    }
}

fn reported(task: &Arc<Task>, telling: &Telling) -> Answer {
    Answer::ok(&ReportedShape::of(task, &telling.names, telling.cursor))
}

pub async fn post_progress(At(id): At<TaskId>, call: Call<Json<ReportBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let (by, said) = (call.by(), body.said());
    call.once(move |w| actions::report(w, &by, id, &said), reported).await
}

pub fn told_post_progress() -> Told {
    Told::new("post_progress", "Jobs", "Report progress")
        .more("Durable when it is answered. Within an attempt progress does not fall: a lower report is kept as a note of the trail, and not applied. Of a job without `job_kind` the first report begins attempt 1.")
        .takes::<ReportBody>(json!({ "succeeded": 498, "failed": 2, "total": 1000, "stage": "sending", "note": "Half way" }))
        .gives::<ReportedShape>(200, "The task as it is now, and whether it is to stop.")
}

/// Up to 1,000 reports, with up to 5,000 items in all.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reports)]
pub struct ReportsBody {
    #[schema(min_items = 1, max_items = 1000)]
    reports: Vec<TaskReport>,
}

/// What became of one of many reports.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchResult)]
struct ResultShape<'a> {
    /// 200, or that of the refusal.
    status: u16,
    #[schema(value_type = i64)]
    task_id: TaskId,
    /// Null: it was refused. Its payload and result are left out.
    task: Option<TaskShape<'a>>,
    cancel_requested: bool,
    /// Null: it was taken.
    problem: Option<Problem>,
}

/// In the order of the reports.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchResults)]
struct ResultsShape<'a> {
    results: Vec<ResultShape<'a>>,
}

type Outcomes = Vec<(TaskId, Result<Arc<Task>>)>;

/// Each report by itself, all of them in one commit.
fn report_all(w: &mut Write<'_>, by: &By, reports: &[(TaskId, Report)]) -> Result<Outcomes> {
    let taken = w.each(reports, |w, (id, said)| actions::report(w, by, *id, said))?;
    let mut outcomes = Vec::with_capacity(taken.len());
    for ((id, _), outcome) in reports.iter().zip(taken) {
        if let Err(Error::Internal(error)) = outcome {
            return Err(Error::Internal(error));
        }
        outcomes.push((*id, outcome));
    }
    Ok(outcomes)
}

fn results(outcomes: &Outcomes, telling: &Telling) -> Answer {
    let results = outcomes.iter().map(|(task_id, outcome)| one_result(*task_id, outcome, telling)).collect();
    Answer::ok(&ResultsShape { results })
}

fn one_result<'a>(task_id: TaskId, outcome: &'a Result<Arc<Task>>, telling: &'a Telling) -> ResultShape<'a> {
    match outcome {
        Ok(task) => ResultShape {
            status: 200,
            task_id,
            task: Some(telling.task(task).in_short()),
            cancel_requested: task.job().is_some_and(is_cancel_requested),
            problem: None,
        },
        Err(error) => {
            let problem = problem_of(telling.l, error);
            ResultShape { status: problem.status, task_id, task: None, cancel_requested: false, problem: Some(problem) }
        }
    }
}

pub async fn post_progress_batch(call: Call<Json<ReportsBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    if !(1..=config::REPORTS_AT_ONCE).contains(&body.reports.len()) {
        return Err(Error::field("reports", msg("error-too-many").arg("limit", config::REPORTS_AT_ONCE)));
    }
    let items = body.reports.iter().map(|report| report.items.as_ref().map_or(0, Vec::len)).sum::<usize>();
    if items > config::ITEMS_A_CALL {
        return Err(Error::field("reports", msg("error-items-a-call").arg("limit", config::ITEMS_A_CALL)));
    }
    let by = call.by();
    let reports: Vec<_> = body.reports.into_iter().map(|report| (report.task_id, report.said())).collect();
    call.once(move |w| report_all(w, &by, &reports), results).await
}

pub fn told_post_progress_batch() -> Told {
    Told::new("post_progress_batch", "Jobs", "Report progress of many tasks")
        .more(
            "Up to 1,000 reports, with up to 5,000 items in all, in one durable commit. Each is taken or refused by itself, and answered at its place; `payload` and `result` are left out there (null).",
        )
        .takes::<ReportsBody>(json!({ "reports": [
            { "task_id": 42, "progress": 50, "note": "Half way" }, { "task_id": 43, "processed": 7, "total": 10 },
        ] }))
        .gives::<ResultsShape>(200, "What became of each.")
}

/// A sign of life.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Heartbeat)]
pub struct HeartbeatBody {
    #[schema(value_type = Option<schemas::Attempt>)]
    attempt: Option<i64>,
    /// The worker knows that it is to stop, and is about to.
    cancel_acknowledged: Option<bool>,
    /// How long the lease is from now on.
    #[schema(value_type = Option<schemas::LeaseSeconds>)]
    lease_seconds: Option<i64>,
}

pub async fn post_heartbeat(At(id): At<TaskId>, call: Call<Json<HeartbeatBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let by = call.by();
    let beat = Heartbeat {
        attempt: body.attempt,
        cancel_acknowledged: body.cancel_acknowledged.unwrap_or(false),
        lease_seconds: body.lease_seconds,
    };
    call.once(move |w| jobs::actions::heartbeat(w, &by, id, beat), reported).await
}

pub fn told_post_heartbeat() -> Told {
    Told::new("post_heartbeat", "Jobs", "Say that the worker is alive")
        .more("Renews the lease, as every report does. Who is silent for longer has lost the job. Of a job without `job_kind` the first heartbeat gives it a lease of 30 seconds.")
        .takes::<HeartbeatBody>(json!({ "cancel_acknowledged": false }))
        .gives::<ReportedShape>(200, "The task as it is now, and whether it is to stop.")
}

/// How it ended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Finish)]
pub struct FinishBody {
    #[schema(value_type = Option<schemas::Attempt>)]
    attempt: Option<i64>,
    #[schema(value_type = schemas::Ending)]
    outcome: Outcome,
    /// Anything that it found; at most 64 KB.
    result: Option<Value>,
    #[schema(value_type = Option<schemas::ErrorText>)]
    error: Option<String>,
}

pub async fn post_finish(At(id): At<TaskId>, call: Call<Json<FinishBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let by = call.by();
    let too_large = body.result.as_ref().is_some_and(|result| result.to_string().len() > config::PAYLOAD_BYTES);
    if too_large {
        return Err(Error::field("result", msg("error-bytes").arg("limit", config::PAYLOAD_BYTES)));
    }
    let error = body.error.map(|text| text.chars().take(config::ERROR_CHARS).collect());
    let finish = Finish { attempt: body.attempt, outcome: body.outcome, result: body.result, error };
    call.once(move |w| jobs::actions::finish(w, &by, id, finish), |task, telling| Answer::ok(&telling.task(task))).await
}

pub fn told_post_finish() -> Told {
    Told::new("post_finish", "Jobs", "End a job")
        .more("A job that failed goes back to its queue while it has attempts left. Said twice is the same as once.")
        .takes::<FinishBody>(json!({ "outcome": "done", "result": { "letters": 1000 } }))
        .gives::<TaskShape>(200, "The task as it is now.")
}
