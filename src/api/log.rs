//! A job's log: what it writes is appended, and read from a byte on.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::body::{Asked, Json, Refusal, media_type};
use super::call::{Answer, Call};
use super::openapi::{Told, param};
use super::query::Query;
use super::schemas;
use super::shapes::ReportedShape;
use super::tasks::schema;
use crate::App;
use crate::error::{Result, msg};
use crate::jobs::actions;
use crate::locale::Lang;
use crate::people::Viewer;
use crate::tasks::TaskId;
use crate::web::At;

/// Output as JSON; it can come as text just as well.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LogText)]
pub struct LogBody {
    text: String,
    #[schema(value_type = Option<schemas::Attempt>)]
    attempt: Option<i64>,
}

/// What is appended, and of which attempt it says to be.
pub struct Output(Bytes, Option<i64>);

impl Asked for Output {
    fn read(headers: &HeaderMap, body: &Bytes, l: Lang) -> Result<Output, Refusal> {
        match media_type(headers).as_str() {
            "text/plain" | "application/octet-stream" => Ok(Output(body.clone(), None)),
            "" if !body.is_empty() => Ok(Output(body.clone(), None)),
            "application/json" => {
                let Json(LogBody { text, attempt }) = Json::read(headers, body, l)?;
                Ok(Output(text.into(), attempt))
            }
            _ => Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, l, &msg("error-not-text"))),
        }
    }
}

pub async fn post_log(At(id): At<TaskId>, mut query: Query, call: Call<Output>) -> Result<Response> {
    let attempt = query.id("attempt");
    query.end()?;
    let (call, Output(bytes, said)) = call.split();
    let by = call.by();
    call.once(
        move |w| actions::append_log(w, &by, id, attempt.or(said), &bytes),
        |task, telling| Answer::ok(&ReportedShape::of(task, &telling.names, telling.cursor)),
    )
    .await
}

pub fn told_post_log() -> Told {
    Told::new("post_log", "Output", "Append to a job's log")
        .more(
            "Text (`text/plain`), or JSON with `text` and `attempt`. Of a long log the beginning and the end are kept.",
        )
        .query([param("attempt", "Which attempt wrote it.", schema::<schemas::Attempt>())])
        .takes::<LogBody>(json!({ "text": "rendered 500 letters\n" }))
        .takes_text("rendered 500 letters\n")
        .gives::<ReportedShape>(200, "The task as it is now, and whether it is to stop.")
}

pub async fn get_log(State(app): State<App>, viewer: Viewer, At(id): At<TaskId>, mut query: Query) -> Result<Response> {
    let from = query.value::<i64>("from", || msg("error-wants-whole-number")).unwrap_or(0);
    if from < 0 {
        query.refuse("from", msg("error-least").arg("least", "0"));
    }
    query.end()?;
    let (piece, has_ended) = actions::read_log(&app, &viewer, id, from).await?;
    let ended = has_ended && piece.is_last();
    let next = piece.next;
    let text = piece.dropped_line().unwrap_or_default() + &piece.text;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert("milepost-log-next", HeaderValue::from(next));
    headers.insert("milepost-log-ended", HeaderValue::from_static(if ended { "true" } else { "false" }));
    Ok(response)
}

pub fn told_get_log() -> Told {
    let text = json!({ "type": "string" });
    Told::new("get_log", "Output", "Read a job's log")
        .more("A piece of it, from a byte on; `Milepost-Log-Next` is where to go on. What was not kept of a long one is a line that says how much.")
        .query([param("from", "The byte to begin at.", json!({ "type": "integer", "format": "int64", "minimum": 0 }))])
        .gives_bytes(200, "Output, as text.", "text/plain", &text)
        .header(200, "Milepost-Log-Next", "The byte to go on from.", &json!({ "type": "string", "pattern": "^[0-9]+$" }))
        .header(200, "Milepost-Log-Ended", "`true`: no more will come.", &json!({ "enum": ["true", "false"] }))
}
