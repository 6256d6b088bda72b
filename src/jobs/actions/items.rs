//! A job's items, the verbs: recorded with a report, listed, exported.

use futures_util::{Stream, stream};

use super::output::seen;
use crate::App;
use crate::db::Write;
use crate::error::{Error, Result};
use crate::jobs::items::{Item, ItemGroup, ItemOutcome, ItemsMoved, NewItem, cell, checked};
use crate::jobs::sql;
use crate::people::Viewer;
use crate::tasks::{By, Task, TaskId};

/// Rows of an export that are read and written at a time.
const ROWS: i64 = 1_000;

/// Records the items of a report on a task whose attempt was heard; gives by how much they move its counts.
pub fn record_items(w: &mut Write<'_>, by: &By, task: &Task, items: &[NewItem]) -> Result<ItemsMoved> {
    let attempt = task.job().map_or(0, |job| job.attempt);
    sql::record_items(w.conn, &by.output, task.id, attempt, &checked(items)?, w.now)
}

/// Items after a place, in the order in which they were first heard of.
pub async fn items(
    app: &App,
    viewer: &Viewer,
    id: TaskId,
    outcome: Option<ItemOutcome>,
    after: i64,
    limit: i64,
) -> Result<Vec<Item>> {
    let viewer = viewer.clone();
    app.db
        .read(move |conn| {
            seen(conn, &viewer, id)?;
            sql::items(conn, id, outcome, after, limit)
        })
        .await
}

/// The largest groups of items that say the same, each with the keys of its first few.
pub async fn item_groups(
    app: &App,
    viewer: &Viewer,
    id: TaskId,
    outcome: ItemOutcome,
    limit: i64,
    keys: i64,
) -> Result<Vec<ItemGroup>> {
    let viewer = viewer.clone();
    app.db
        .read(move |conn| {
            seen(conn, &viewer, id)?;
            sql::item_groups(conn, id, outcome, limit, keys)
        })
        .await
}

/// All items as CSV (RFC 4180), written while it is read: `key`, `outcome`, `message`, `attempt`, `at`.
pub async fn items_csv(
    app: &App,
    viewer: &Viewer,
    id: TaskId,
    outcome: Option<ItemOutcome>,
) -> Result<impl Stream<Item = Result<Vec<u8>>> + Send + use<>> {
    let (app, viewer) = (app.clone(), viewer.clone());
    // Refused before the answer begins, if it is.
    items(&app, &viewer, id, outcome, 0, 1).await?;
    Ok(stream::try_unfold(Some(0), move |after: Option<i64>| {
        let (app, viewer) = (app.clone(), viewer.clone());
        async move {
            let Some(after) = after else { return Ok(None) };
            let rows = items(&app, &viewer, id, outcome, after, ROWS).await?;
            let text = to_csv(after == 0, &rows)?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < ROWS);
            Ok(Some((text, rows.last().filter(|_| !is_last).map(|last| last.place))))
        }
    }))
}

fn to_csv(with_head: bool, items: &[Item]) -> Result<Vec<u8>> {
    let wrong = |error: csv::Error| Error::Internal(error.into());
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if with_head {
        writer.write_record(["key", "outcome", "message", "attempt", "at"]).map_err(wrong)?;
    }
    for item in items {
        let message = item.message.as_deref().map(cell).unwrap_or_default();
        let (attempt, at) = (item.attempt.to_string(), item.at.to_string());
        writer.write_record([&cell(&item.key), item.outcome.as_str(), &message, &attempt, &at]).map_err(wrong)?;
    }
    writer.into_inner().map_err(|error| Error::Internal(error.into_error().into()))
}
