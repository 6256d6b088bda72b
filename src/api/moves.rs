//! What is done to a task as a whole: cancel, retry, complete, reopen, comment.

use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::body::Json;
use super::call::{Answer, Call};
use super::openapi::Told;
use super::schemas;
use super::shapes::{ReportedShape, TaskShape};
use crate::error::{Error, Result, msg};
use crate::jobs;
use crate::tasks::{TaskId, actions};
use crate::web::At;

/// What to say with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Remark)]
pub struct NoteBody {
    #[schema(value_type = Option<schemas::Note>)]
    note: Option<String>,
}

impl NoteBody {
    fn text(self) -> String {
        self.note.unwrap_or_default()
    }
}

pub async fn post_cancel(At(id): At<TaskId>, call: Call<Json<NoteBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let (by, note) = (call.by(), body.text());
    call.once(
        move |w| actions::cancel(w, &by, id, &note),
        |moved, telling| Answer::ok(&ReportedShape::of(&moved.task, &telling.names, telling.cursor)),
    )
    .await
}

pub fn told_post_cancel() -> Told {
    Told::new("post_cancel", "Tasks", "Cancel a task")
        .more("What waits is cancelled at once. A running job is asked: its worker hears `cancel_requested` in the answer to its next report. Twice is the same as once.")
        .takes::<NoteBody>(json!({ "note": "Wrong template" }))
        .gives::<ReportedShape>(200, "The task as it is now.")
}

/// How to run it again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Retry)]
pub struct RetryBody {
    /// Repeat only what failed, and keep what succeeded.
    only_failed_items: Option<bool>,
    /// Of a broadcast: send again to those of whom nobody knows whether they got it, and to nobody else. Some may get it twice.
    uncertain_items: Option<bool>,
}

pub async fn post_retry(At(id): At<TaskId>, call: Call<Json<RetryBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let (by, only_failed_items) = (call.by(), body.only_failed_items.unwrap_or(false));
    let uncertain = body.uncertain_items.unwrap_or(false);
    if uncertain && only_failed_items {
        return Err(Error::field("uncertain_items", msg("refused-retry-both")));
    }
    call.once(
        move |w| match uncertain {
            true => jobs::actions::retry_uncertain(w, &by, id),
            false => jobs::actions::retry(w, &by, id, only_failed_items),
        },
        |task, telling| Answer::ok(&telling.task(task)),
    )
    .await
}

pub fn told_post_retry() -> Told {
    Told::new("post_retry", "Jobs", "Run an ended job again")
        .more("The same task waits for its next attempt.")
        .takes::<RetryBody>(json!({ "only_failed_items": false }))
        .gives::<TaskShape>(200, "The job as it is now.")
}

pub async fn post_complete(At(id): At<TaskId>, call: Call<Json<NoteBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let (by, note) = (call.by(), body.text());
    call.once(move |w| actions::complete(w, &by, id, &note), |moved, telling| Answer::ok(&telling.task(&moved.task)))
        .await
}

pub fn told_post_complete() -> Told {
    Told::new("post_complete", "Tasks", "Complete an assignment")
        .more("Jobs end by `finish`.")
        .takes::<NoteBody>(json!({ "note": "All signed" }))
        .gives::<TaskShape>(200, "The task as it is now.")
}

pub async fn post_reopen(At(id): At<TaskId>, call: Call<Json<NoteBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let (by, note) = (call.by(), body.text());
    call.once(move |w| actions::reopen(w, &by, id, &note), |moved, telling| Answer::ok(&telling.task(&moved.task)))
        .await
}

pub fn told_post_reopen() -> Told {
    Told::new("post_reopen", "Tasks", "Open an ended assignment again")
        .more("At the progress that it had before. Jobs are run again by `retry`.")
        .takes::<NoteBody>(json!({ "note": "One is missing" }))
        .gives::<TaskShape>(200, "The task as it is now.")
}

/// A comment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Comment)]
pub struct CommentBody {
    #[schema(value_type = schemas::CommentText)]
    text: String,
}

pub async fn post_comments(At(id): At<TaskId>, call: Call<Json<CommentBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let by = call.by();
    call.once(
        move |w| actions::comment(w, &by, id, &body.text).map_err(|error| error.about("note", "text")),
        |moved, telling| Answer::ok(&telling.task(&moved.task)),
    )
    .await
}

pub fn told_post_comments() -> Told {
    Told::new("post_comments", "Tasks", "Say something about a task")
        .takes::<CommentBody>(json!({ "text": "The printer is out of paper" }))
        .gives::<TaskShape>(200, "The task as it is now.")
}
