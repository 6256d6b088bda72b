//! What a job leaves behind, for whoever sees it in a browser: its log as text, its items as CSV, its files. Always a
//! download, never shown inline, and sent in pieces: none of it is held in memory as a whole.

use axum::body::{Body, Bytes};
use axum::extract::RawQuery;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use futures_util::{StreamExt, stream};

use super::At;
use super::download::download;
use super::monitor::pairs;
use super::page::Visit;
use crate::error::{Error, Result};
use crate::jobs::actions;
use crate::jobs::artifacts::ArtifactName;
use crate::jobs::items::ItemOutcome;
use crate::jobs::log::LogPiece;
use crate::tasks::TaskId;

const TEXT: &str = "text/plain; charset=utf-8";
const LOG_NEXT: HeaderName = HeaderName::from_static("milepost-log-next");
const LOG_ENDED: HeaderName = HeaderName::from_static("milepost-log-ended");

fn text_of(piece: &LogPiece) -> Bytes {
    Bytes::from(piece.dropped_line().unwrap_or_default() + &piece.text)
}

/// The whole log, or with `?from=` what came after that byte, as far as one piece goes: where to go on stands in a header.
pub async fn get_log(visit: Visit, At(id): At<TaskId>, RawQuery(query): RawQuery) -> Result<Response> {
    let from = pairs(query.as_deref()).into_iter().find(|(name, _)| name == "from");
    let from: Option<i64> = from.and_then(|(_, from)| from.parse().ok());
    // Refused before the answer begins, if it is.
    let (piece, has_ended) = actions::read_log(&visit.app, &visit.viewer, id, from.unwrap_or(0)).await?;
    let name = format!("log-{id}.txt");
    if from.is_some() {
        let mut response = download(Body::from(text_of(&piece)), TEXT, &name);
        let has_ended = has_ended && piece.is_last();
        response.headers_mut().insert(LOG_NEXT, HeaderValue::from(piece.next));
        response.headers_mut().insert(LOG_ENDED, HeaderValue::from_static(if has_ended { "true" } else { "false" }));
        return Ok(response);
    }
    let first = stream::iter([Ok::<_, Error>(text_of(&piece))]);
    let rest = stream::try_unfold(piece, move |before| {
        let (app, viewer) = (visit.app.clone(), visit.viewer.clone());
        async move {
            if before.is_last() {
                return Ok(None);
            }
            let (piece, _) = actions::read_log(&app, &viewer, id, before.next).await?;
            Ok::<_, Error>(Some((text_of(&piece), piece)))
        }
    });
    Ok(download(Body::from_stream(first.chain(rest)), TEXT, &name))
}

/// All items, or with `?outcome=` those that came out so.
pub async fn get_items(visit: Visit, At(id): At<TaskId>, RawQuery(query): RawQuery) -> Result<Response> {
    let outcome = pairs(query.as_deref()).into_iter().find(|(name, value)| name == "outcome" && !value.is_empty());
    let outcome: Option<ItemOutcome> =
        outcome.map(|(_, outcome)| outcome.parse().map_err(|_| Error::NotFound)).transpose()?;
    let rows = actions::items_csv(&visit.app, &visit.viewer, id, outcome).await?;
    // Spreadsheets take UTF-8 for what it is when it begins with the mark.
    let mark = stream::iter([Ok("\u{feff}".as_bytes().to_vec())]);
    let name = format!("items-{id}.csv");
    Ok(download(Body::from_stream(mark.chain(rows)), "text/csv; charset=utf-8", &name))
}

pub async fn get_artifact(visit: Visit, At((id, name)): At<(TaskId, String)>) -> Result<Response> {
    let name = ArtifactName::parse(&name).map_err(|_| Error::NotFound)?;
    let (file, bytes) = actions::read_artifact(&visit.app, &visit.viewer, id, name).await?;
    let mut response = download(Body::from_stream(bytes), &file.content_type, file.name.as_str());
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(file.bytes));
    Ok(response)
}
