//! What happened to a task: its entries of the trail, oldest first.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::call::{Telling, respond};
use super::openapi::{Told, param};
use super::query::{Query, told_paging};
use super::shapes::EntryShape;
use crate::App;
use crate::error::{Error, Result};
use crate::live::Cursor;
use crate::people::Viewer;
use crate::tasks::{TaskId, sql};
use crate::web::At;

/// A page of the trail.
#[derive(Serialize, ToSchema)]
#[schema(as = Trail)]
struct TrailShape<'a> {
    items: Vec<EntryShape<'a>>,
    next: Option<String>,
}

pub async fn get_trail(
    State(app): State<App>,
    viewer: Viewer,
    At(id): At<TaskId>,
    mut query: Query,
) -> Result<Response> {
    let (limit, after) = (query.limit(), query.cursor::<Cursor>());
    query.end()?;
    let epoch = app.db.epoch();
    // Of another database: its places mean nothing here, so the list begins anew.
    let after = after.filter(|cursor| cursor.epoch == epoch).map_or(0, |cursor| cursor.sequence);
    let telling = Telling::of(&app, &viewer).await?;
    let mut entries = app
        .db
        .read(move |conn| {
            sql::find_for(conn, &viewer, id)?.ok_or(Error::NotFound)?;
            sql::trail_of(conn, id, after, limit + 1)
        })
        .await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let cursor = |sequence: i64| Cursor { epoch, sequence };
    let next = entries.last().filter(|_| more).map(|entry| cursor(entry.sequence).to_string());
    let items = entries.iter().map(|entry| EntryShape::of(entry, &telling.names, cursor(entry.sequence))).collect();
    Ok(respond(&TrailShape { items, next }))
}

pub fn told_get_trail() -> Told {
    let [limit, _] = told_paging();
    let cursor = json!({ "type": "string", "pattern": "^[0-9a-f]{1,8}-[0-9]{1,18}$" });
    Told::new("get_trail", "Tasks", "Read what happened to a task")
        .more("Oldest first. `old` and `new` hold the fields that changed.")
        .query([
            limit,
            param("cursor", "The `next` of the page before; or any cursor, for what happened after it.", cursor),
        ])
        .gives::<TrailShape>(200, "A page of its trail.")
}
