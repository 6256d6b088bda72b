//! Queues and kinds of jobs: what waits there, and pausing or limiting it.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::Json;
use super::call::{Answer, Call, respond};
use super::openapi::{Told, param};
use super::query::Query;
use super::schemas;
use super::tasks::schema;
use crate::App;
use crate::error::{Error, Result};
use crate::jobs::sql::Limit;
use crate::jobs::{self, Limited};
use crate::people::Viewer;
use crate::web::At;

/// What is paused or limited.
#[derive(Serialize, ToSchema)]
#[schema(as = Queue)]
struct LimitShape {
    #[schema(value_type = schemas::LimitedThing)]
    what: Limited,
    name: String,
    is_paused: bool,
    /// How many run at a time; null: any number.
    at_once: Option<i64>,
}

impl LimitShape {
    fn of(limit: &Limit) -> LimitShape {
        LimitShape { what: limit.what, name: limit.name.clone(), is_paused: limit.is_paused, at_once: limit.at_once }
    }
}

/// All of them.
#[derive(Serialize, ToSchema)]
#[schema(as = QueueList)]
struct LimitList {
    items: Vec<LimitShape>,
    /// Always null: there is one page.
    next: Option<String>,
}

pub async fn get_queues(State(app): State<App>, viewer: Viewer, query: Query) -> Result<Response> {
    query.end()?;
    let limits = app.db.read(move |conn| jobs::sql::limits(conn, viewer.organisation)).await?;
    Ok(respond(&LimitList { items: limits.iter().map(LimitShape::of).collect(), next: None }))
}

pub fn told_get_queues() -> Told {
    Told::new("get_queues", "Queues", "List what is paused or limited")
        .more("Queues and kinds of jobs; one that is not listed gives out all its jobs.")
        .gives::<LimitList>(200, "Queues and kinds with what holds of them.")
}

/// What is to hold.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QueueLimit)]
pub struct LimitBody {
    /// Give out none of its jobs; those that run go on. `false` unless said.
    is_paused: Option<bool>,
    /// How many may run at a time; any number unless said.
    #[schema(value_type = Option<schemas::AtOnce>)]
    at_once: Option<i64>,
}

pub async fn put_queue(At((what, name)): At<(String, String)>, call: Call<Json<LimitBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let what: Limited = what.parse().map_err(|_| Error::NotFound)?;
    let limit = Limit { what, name, is_paused: body.is_paused.unwrap_or(false), at_once: body.at_once };
    let by = call.by();
    call.once(move |w| jobs::actions::set_limit(w, &by, limit), |limit, _| Answer::ok(&LimitShape::of(limit))).await
}

pub fn told_put_queue() -> Told {
    Told::new("put_queue", "Queues", "Pause or limit a queue, or a kind of jobs")
        .path(&param("what", "A queue, or a kind of jobs.", schema::<schemas::LimitedThing>()))
        .path(&param("name", "Its name.", schema::<schemas::Line>()))
        .takes::<LimitBody>(json!({ "is_paused": false, "at_once": 2 }))
        .gives::<LimitShape>(200, "What holds now.")
}
