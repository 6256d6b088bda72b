//! A job's items: what became of each row, recipient, or whatever it works through.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::call::respond;
use super::openapi::{Told, param};
use super::query::{Query, told_paging};
use super::schemas;
use super::tasks::schema;
use crate::App;
use crate::error::{Result, msg};
use crate::jobs::actions;
use crate::jobs::items::{Item, ItemOutcome};
use crate::people::Viewer;
use crate::tasks::TaskId;
use crate::web::At;

/// One unit of a job's work.
#[derive(Serialize, ToSchema)]
#[schema(as = Item)]
struct ItemShape {
    key: String,
    #[schema(value_type = schemas::ItemOutcome)]
    outcome: ItemOutcome,
    message: Option<String>,
    attempt: i64,
    at: Timestamp,
}

/// A page of items, in the order in which they were first heard of.
#[derive(Serialize, ToSchema)]
#[schema(as = ItemList)]
struct ItemList {
    items: Vec<ItemShape>,
    next: Option<String>,
}

impl From<Item> for ItemShape {
    fn from(item: Item) -> ItemShape {
        let Item { key, outcome, message, attempt, at, .. } = item;
        ItemShape { key, outcome, message, attempt, at }
    }
}

pub async fn get_items(
    State(app): State<App>,
    viewer: Viewer,
    At(id): At<TaskId>,
    mut query: Query,
) -> Result<Response> {
    let outcome = query.word("outcome", ItemOutcome::ALL, ItemOutcome::as_str);
    let format = query.text("format").unwrap_or_else(|| "json".to_owned());
    if !matches!(format.as_str(), "json" | "csv") {
        query.refuse("format", msg("error-one-of").arg("choices", "json, csv"));
    }
    let (limit, after) = (query.limit(), query.cursor::<u32>().unwrap_or(0));
    query.end()?;
    if format == "csv" {
        let rows = actions::items_csv(&app, &viewer, id, outcome).await?;
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"items-{id}.csv\"")),
        ];
        return Ok((headers, Body::from_stream(rows)).into_response());
    }
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = actions::items(&app, &viewer, id, outcome, i64::from(after), most + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|item| item.place.to_string());
    Ok(respond(&ItemList { items: found.into_iter().map(ItemShape::from).collect(), next }))
}

pub fn told_get_items() -> Told {
    let [limit, _] = told_paging();
    Told::new("get_items", "Output", "List what became of a job's items")
        .query([
            param("outcome", "Only those that ended so.", schema::<schemas::ItemOutcome>()),
            param("format", "As JSON, or all of them as CSV.", json!({ "type": "string", "enum": ["json", "csv"] })),
            limit,
            param("cursor", "The `next` of the page before.", json!({ "type": "string", "pattern": "^[0-9]{1,9}$" })),
        ])
        .gives::<ItemList>(200, "A page of items.")
        .or_gives_bytes(200, "text/csv", &json!({ "type": "string" }))
}
