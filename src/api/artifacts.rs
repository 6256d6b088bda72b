//! The files that a job produced. They come and go as streams; a browser is never shown one, only given it.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::call::respond;
use super::openapi::{Param, Told, param};
use super::query::Query;
use super::schemas;
use super::tasks::schema;
use crate::App;
use crate::error::{Error, Result, msg};
use crate::jobs::actions::{self, NewArtifact};
use crate::jobs::artifacts::{Artifact, ArtifactName};
use crate::people::Viewer;
use crate::people::tokens::hex;
use crate::tasks::{TaskId, Via};
use crate::web::At;
use crate::web::download::download;

/// A file.
#[derive(Serialize, ToSchema)]
#[schema(as = Artifact)]
struct ArtifactShape {
    name: String,
    bytes: i64,
    content_type: String,
    sha256: String,
    created_at: Timestamp,
    /// When it goes; null: some days after its job ended, as the house keeps files.
    expires_at: Option<Timestamp>,
    /// Where to download it.
    url: String,
}

impl ArtifactShape {
    fn of(app: &App, artifact: &Artifact) -> ArtifactShape {
        let name = artifact.name.as_str();
        let base = app.config.base();
        let shown = utf8_percent_encode(name, NON_ALPHANUMERIC);
        ArtifactShape {
            name: name.to_owned(),
            bytes: artifact.bytes,
            content_type: artifact.content_type.clone(),
            sha256: hex(&artifact.sha256),
            created_at: artifact.created_at,
            expires_at: artifact.expires_at,
            url: format!("{base}/api/v1/tasks/{}/artifacts/{shown}", artifact.task),
        }
    }
}

/// All files of a job, by name.
#[derive(Serialize, ToSchema)]
#[schema(as = ArtifactList)]
struct ArtifactList {
    items: Vec<ArtifactShape>,
    /// Always null: there is one page.
    next: Option<String>,
}

pub async fn get_artifacts(
    State(app): State<App>,
    viewer: Viewer,
    At(id): At<TaskId>,
    query: Query,
) -> Result<Response> {
    query.end()?;
    let files = actions::artifacts(&app, &viewer, id).await?;
    Ok(respond(&ArtifactList { items: files.iter().map(|file| ArtifactShape::of(&app, file)).collect(), next: None }))
}

pub fn told_get_artifacts() -> Told {
    Told::new("get_artifacts", "Output", "List a job's files").gives::<ArtifactList>(200, "Its files.")
}

fn told_name() -> Param {
    param("name", "The file's name.", schema::<schemas::FileName>())
}

fn name_of(text: &str) -> Result<ArtifactName> {
    ArtifactName::parse(text).map_err(|message| Error::field("name", message))
}

pub async fn put_artifact(
    State(app): State<App>,
    viewer: Viewer,
    At((id, name)): At<(TaskId, String)>,
    mut query: Query,
    request: Request,
) -> Result<Response> {
    let attempt = query.id("attempt");
    query.end()?;
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let new = NewArtifact {
        name: name_of(&name)?,
        content_type: content_type(request.headers())?,
        attempt,
        bytes: length.and_then(|length| length.parse().ok()),
        expires_at: None,
    };
    let by = app.by(&viewer, Via::Api);
    // A sender that goes away is no failure of ours; what came of the file is given up.
    let body = request.into_body().into_data_stream();
    let body = body.map(|part| part.map_err(|_| Error::Conflict(msg("error-body-broken"))));
    let stored = actions::store_artifact(&app, &by, id, new, body).await?;
    let shape = ArtifactShape::of(&app, &stored);
    let location = HeaderValue::try_from(&shape.url).map_err(|error| Error::Internal(error.into()))?;
    let mut response = respond(&shape);
    *response.status_mut() = StatusCode::CREATED;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// As it was said, if it can be said again; what it is, nobody looks.
fn content_type(headers: &HeaderMap) -> Result<String> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok("application/octet-stream".to_owned()) };
    let text = value.to_str().unwrap_or_default().trim();
    let is_good = text.contains('/') && text.len() <= crate::config::NAME_CHARS;
    if is_good { Ok(text.to_owned()) } else { Err(Error::field("Content-Type", msg("error-content-type"))) }
}

pub fn told_put_artifact() -> Told {
    Told::new("put_artifact", "Output", "Store a file of a job")
        .more("In the place of one that has the name already: sending it again does no harm, so no `Idempotency-Key` is needed. Nobody is ever shown it inline.")
        .path(&told_name())
        .query([param("attempt", "Which attempt made it.", schema::<schemas::Attempt>())])
        .takes_file()
        .gives::<ArtifactShape>(201, "The file.")
        .header(201, "Location", "Where to download it.", &json!({ "type": "string" }))
}

pub async fn get_artifact(
    State(app): State<App>,
    viewer: Viewer,
    At((id, name)): At<(TaskId, String)>,
    query: Query,
) -> Result<Response> {
    query.end()?;
    let name = name_of(&name).map_err(|_| Error::NotFound)?;
    let (file, chunks) = actions::read_artifact(&app, &viewer, id, name).await?;
    let mut response = download(Body::from_stream(chunks), &file.content_type, file.name.as_str());
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(file.bytes));
    Ok(response)
}

pub fn told_get_artifact() -> Told {
    Told::new("get_artifact", "Output", "Download a file of a job").path(&told_name()).gives_bytes(
        200,
        "The file, as an attachment.",
        "*/*",
        &json!({}),
    )
}
