//! `/jobs/new/broadcast`: what is written, to whom, by which of the channels that this server has. A list of addresses or URLs
//! is brought as a file first; then the form asks only what is left.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::forms::{Fields, Filled};
use super::job_fields::{self, Input, Typed};
use super::page::{Nav, Page, Visit};
use crate::error::{Error, Result};
use crate::jobs::BuiltIn;
use crate::jobs::artifacts::ArtifactName;
use crate::locale::Lang;
use crate::notify::Channel;
use crate::notify::audience::{self, Audience};
use crate::notify::channels;
use crate::people::sql;
use crate::tasks::TaskId;

const KIND: BuiltIn = BuiltIn::Broadcast;

#[derive(Template, WebTemplate)]
#[template(path = "jobs/broadcast.html")]
struct BroadcastPage {
    page: Page,
    l: Lang,
    form: Filled,
    inputs: Vec<Input>,
    /// Names of the fields that show their own errors.
    shown: String,
    file: Option<(TaskId, String)>,
    has_mail: bool,
    limit: i64,
}

/// The file that was brought for it, if one was.
fn file_of(fields: &Fields) -> Result<Option<(TaskId, ArtifactName)>> {
    if !fields.has("task") {
        return Ok(None);
    }
    let name = ArtifactName::parse(fields.get("name")).map_err(|_| Error::NotFound)?;
    Ok(Some((fields.id("task")?, name)))
}

/// Whether members are reached by it, or the lines of a file.
fn reaches(channel: Channel, is_file: bool) -> bool {
    match channel {
        Channel::Bell => !is_file,
        Channel::Email => true,
        Channel::Webhook => is_file,
    }
}

pub(super) async fn show(visit: &Visit, fields: &Fields, form: Filled) -> Result<Response> {
    let file = file_of(fields)?.map(|(task, name)| (task, name.as_str().to_owned()));
    let organisation = visit.viewer.organisation;
    let projects = visit.app.db.read(move |conn| Ok(sql::projects(conn, organisation)?)).await?;
    let page = visit.page(Nav::Jobs, KIND.title_key());
    let l = page.l;
    let mut inputs = job_fields::inputs(l, KIND, &form);
    let of_members = ["to", "role", "project", "people"];
    inputs.retain(|input| if file.is_some() { !of_members.contains(&input.name) } else { input.name != "column" });
    for input in &mut inputs {
        match input.name {
            "channel" => input.choices.retain(|(channel, ..)| {
                channel.parse().is_ok_and(|channel| {
                    reaches(channel, file.is_some()) && channels::check(&visit.app.config, channel).is_ok()
                })
            }),
            "to" => input.choices.retain(|(to, ..)| to.as_ref() != Audience::File.as_str()),
            "project" => {
                input.typed = Typed::Choice;
                input.choices.push((String::new().into(), l.t("broadcast-no-project").to_owned(), false));
                let open = projects.iter().filter(|project| project.archived_at.is_none());
                input.choices.extend(open.map(|project| {
                    let id = project.id.to_string();
                    let is_chosen = form.is("project", &id);
                    (id.into(), project.name.clone(), is_chosen)
                }));
            }
            _ => {}
        }
    }
    let shown = job_fields::names(&inputs);
    let has_mail = visit.app.config.mail.is_some();
    let limit = visit.app.config.output.artifact_bytes / (1024 * 1024);
    let shown = BroadcastPage { l, page, form, inputs, shown: format!("{shown} file"), file, has_mail, limit };
    Ok((shown.form.status, shown).into_response())
}

/// `before` is the payload of an earlier one that the form begins with.
pub(super) async fn get(visit: Visit, query: Fields, before: Option<Value>) -> Result<Response> {
    let values = job_fields::values(KIND, before.as_ref());
    let mut query = query;
    if let Some(file) = before.as_ref().and_then(|payload| payload.get("file")) {
        let name = file.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        query = query.or([("task", file.get("task").map(Value::to_string).unwrap_or_default()), ("name", name)]);
    }
    let form = Filled::fresh(values.iter().map(|(name, value)| (*name, value.as_str())));
    show(&visit, &query, form).await
}

/// The payload that the form says: what the audience does not need is not in it.
pub(super) fn payload(visit: &Visit, fields: &Fields) -> Result<Value> {
    let file = file_of(fields)?;
    let fields = match &file {
        Some(_) => Fields::clone(fields).or([("to", Audience::File.to_string())]),
        None => fields.clone(),
    };
    let mut payload = job_fields::payload(KIND, &fields)?;
    if let Some((task, name)) = file {
        payload["file"] = json!({ "task": task, "name": name.as_str() });
    }
    let to = payload.get("to").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Value::Object(payload) = &mut payload {
        payload.retain(|name, _| !["role", "project", "people"].contains(&name.as_str()) || *name == to);
    }
    let wrong = audience::wrong(&payload);
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let channel = payload.get("channel").and_then(Value::as_str).and_then(|channel| channel.parse().ok());
    if let Some(Err(why)) = channel.map(|channel| channels::check(&visit.app.config, channel)) {
        return Err(Error::field("channel", why));
    }
    Ok(payload)
}

/// What it is called.
pub(super) fn title(l: Lang, fields: &Fields) -> String {
    let subject: String = fields.get("subject").trim().chars().take(SUBJECT_CHARS).collect();
    l.with("broadcast-title", "subject", &subject)
}

/// Characters of the subject that stand in the job's title.
const SUBJECT_CHARS: usize = 100;
