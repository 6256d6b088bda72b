//! A file that somebody brings: it goes as it comes into the files of a job of its own, which is made for it and over with
//! it. What reads it names it by that job.

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::forms::{Fields, Filled};
use super::import::{begins_with_file, show_upload};
use super::new_job::kind_of;
use super::page::{Visit, see_other};
use super::{At, broadcast};
use crate::config::UPLOAD_CATEGORY;
use crate::error::{Error, Result, msg};
use crate::jobs::actions::{Finish, NewArtifact, finish, store_artifact};
use crate::jobs::artifacts::ArtifactName;
use crate::jobs::{BuiltIn, Outcome};
use crate::tasks::actions::{NewJob, NewTask, create};
use crate::tasks::{TaskId, Via};

/// Takes the file of a kind that begins with one, then leads to what is asked about it.
pub async fn post_file(visit: Visit, At(name): At<String>, mut request: Request) -> Result<Response> {
    let kind = kind_of(&visit, &name).await?;
    if !begins_with_file(kind) {
        return Err(Error::NotFound);
    }
    // How much it may be is said where it is stored, in a sentence.
    DefaultBodyLimit::disable().apply(&mut request);
    let parts = match Multipart::from_request(request, &()).await {
        Ok(parts) => parts,
        Err(rejection) => return Ok(rejection.status().into_response()),
    };
    match take(&visit, parts).await {
        Ok((task, name)) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("task", &task.to_string())
                .append_pair("name", name.as_str())
                .finish();
            Ok(see_other(None, &format!("/jobs/new/{kind}?{query}")))
        }
        Err(error) => {
            let form = Filled::refused(Fields::default(), error, visit.l())?;
            match kind {
                BuiltIn::Broadcast => broadcast::show(&visit, &Fields::default(), form).await,
                _ => Ok(show_upload(&visit, kind, form)),
            }
        }
    }
}

/// A sender that goes away is no failure of ours.
fn broken(_: MultipartError) -> Error {
    Error::Conflict(msg("error-body-broken"))
}

async fn take(visit: &Visit, mut parts: Multipart) -> Result<(TaskId, ArtifactName)> {
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        if part.name() != Some("file") {
            continue;
        }
        let first = part.chunk().await.map_err(broken)?.filter(|first| !first.is_empty());
        let Some(first) = first else {
            let is_chosen = part.file_name().is_some_and(|name| !name.is_empty());
            let why = if is_chosen { msg("import-empty-file") } else { msg("error-required") };
            return Err(Error::field("file", why));
        };
        return keep(visit, part, first).await;
    }
    Err(Error::field("file", msg("error-required")))
}

/// The last step of a path, as far as it is a name.
fn name_of(said: Option<&str>) -> Result<ArtifactName> {
    let last = said.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    ArtifactName::parse(last).map_err(|why| Error::field("file", why))
}

async fn keep(visit: &Visit, part: Field<'_>, first: axum::body::Bytes) -> Result<(TaskId, ArtifactName)> {
    let name = name_of(part.file_name())?;
    let title = visit.l().with("upload-title", "name", name.as_str());
    let content_type = part.content_type().unwrap_or("application/octet-stream").to_owned();
    let job = NewJob { max_attempts: Some(1), ..NewJob::default() };
    let new = NewTask { title, category: Some(UPLOAD_CATEGORY.into()), job: Some(job), ..NewTask::default() };
    let task = visit.app.act(&visit.viewer, Via::Page, move |w, by| create(w, by, new)).await?.task.id;
    let file = NewArtifact { name: name.clone(), content_type, attempt: None, bytes: None, expires_at: None };
    let body = stream::iter([Ok(first)]).chain(part.map_err(broken));
    let by = visit.app.by(&visit.viewer, Via::Page);
    let stored = store_artifact(&visit.app, &by, task, file, body).await;
    let error = stored.as_ref().err().map(|error| match error {
        Error::Invalid(errors) => errors.iter().map(|error| visit.l().m(&error.message)).collect(),
        _ => visit.l().t("error-title-refused").to_owned(),
    });
    let outcome = if error.is_none() { Outcome::Done } else { Outcome::Failed };
    let end = Finish { attempt: None, outcome, result: None, error };
    visit.app.act(&visit.viewer, Via::Page, move |w, by| finish(w, by, task, end)).await?;
    stored.map(|_| (task, name))
}
