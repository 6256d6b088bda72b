//! `/jobs/new/broadcast`: what is written, to whom, by which of the channels that this server has. A list of addresses or URLs
//! is brought as a file first; then the form asks only what is left. To how many it goes is shown before anything is sent, and
//! only that page has the button that sends it, once.

use askama::Template;
use askama_web::WebTemplate;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::forms::{Fields, Filled};
use super::job_fields::{self, Input, Typed, beside_fields};
use super::once::{self, Once};
use super::page::{Nav, Page, Visit};
use crate::error::{Error, Result};
use crate::jobs::BuiltIn;
use crate::jobs::artifacts::ArtifactName;
use crate::jobs::kinds::broadcast::{Preview, preview};
use crate::locale::Lang;
use crate::notify::Channel;
use crate::notify::audience::Audience;
use crate::notify::channels;
use crate::people::sql;
use crate::schedules::told::took;
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
    told: Option<Told>,
}

/// To whom it would go, in words, and the form that sends it.
struct Told {
    l: Lang,
    preview: Preview,
    /// It was to be sent, and was not, for it is not what was shown.
    is_stale: bool,
    /// All that this form sends, with its key.
    fields: Vec<(String, String)>,
}

impl Told {
    /// "142 members by e-mail", and about how long it takes.
    fn would(&self) -> String {
        let key = match (self.preview.channel, self.preview.to) {
            (Channel::Bell, _) => "broadcast-would-bell",
            (Channel::Email, Audience::File) => "broadcast-would-addresses",
            (Channel::Email, _) => "broadcast-would-email",
            (Channel::Webhook, _) => "broadcast-would-webhooks",
        };
        format!("{} {}", self.l.n(key, self.preview.recipients), self.takes())
    }

    fn takes(&self) -> String {
        match self.preview.seconds {
            ..60 => self.l.t("broadcast-takes-moment").to_owned(),
            // Whole minutes, rather too many than too few.
            seconds => {
                let minutes = SignedDuration::from_mins(seconds.div_euclid(60) + i64::from(seconds % 60 > 0));
                self.l.with("broadcast-takes", "took", took(self.l, minutes))
            }
        }
    }

    fn against(&self) -> Vec<(&str, String)> {
        self.preview.against.iter().map(|(why, count)| (why.as_str(), self.l.number(*count))).collect()
    }

    fn has_more(&self) -> bool {
        usize::try_from(self.preview.recipients).is_ok_and(|recipients| recipients > self.preview.examples.len())
    }

    fn button(&self) -> String {
        self.l.n("broadcast-send-to", self.preview.recipients)
    }
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
    show_with(visit, fields, form, None).await
}

async fn show_with(visit: &Visit, fields: &Fields, form: Filled, told: Option<Told>) -> Result<Response> {
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
    // With a file there is no field any more to stand beside.
    let shown = if file.is_some() { shown } else { format!("{shown} file") };
    let shown = BroadcastPage { l, page, form, inputs, shown, file, has_mail, limit, told };
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
fn payload(visit: &Visit, fields: &Fields) -> Result<Value> {
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
    KIND.check(&payload).map_err(beside_fields)?;
    let channel = payload.get("channel").and_then(Value::as_str).and_then(|channel| channel.parse().ok());
    if let Some(Err(why)) = channel.map(|channel| channels::check(&visit.app.config, channel)) {
        return Err(Error::field("channel", why));
    }
    Ok(payload)
}

/// Sends it if the button of a preview says so; else shows that preview.
pub(super) async fn post(visit: Visit, fields: Fields) -> Result<Response> {
    let l = visit.l();
    let outcome = match payload(&visit, &fields) {
        Ok(payload) => send(&visit, &fields, payload).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let form = Filled::refused(fields.clone(), beside_fields(error), l)?;
            show(&visit, &fields, form).await
        }
    }
}

async fn send(visit: &Visit, fields: &Fields, payload: Value) -> Result<Response> {
    let l = visit.l();
    let Some(key) = fields.filled(KEY) else { return look(visit, fields, &payload, false).await };
    let subject: String = fields.get("subject").trim().chars().take(SUBJECT_CHARS).collect();
    let title = l.with("broadcast-title", "subject", &subject);
    let said = l.with("done-started", "title", &title);
    match once::start(visit, KIND, title, payload.clone(), key).await? {
        Once::Made(id) => Ok(visit.done(said, &format!("/tasks/{id}"))),
        Once::Known(Some(id)) => Ok(visit.done(l.t("broadcast-once"), &format!("/tasks/{id}"))),
        Once::Known(None) => Ok(visit.done(l.t("broadcast-once-gone"), "/jobs")),
        Once::Stale => look(visit, fields, &payload, true).await,
    }
}

/// Shows to whom it would go, with a button that sends it.
async fn look(visit: &Visit, fields: &Fields, payload: &Value, is_stale: bool) -> Result<Response> {
    let preview = preview(&visit.app, &visit.viewer, payload, visit.l()).await?;
    let mut sent: Vec<(String, String)> =
        fields.pairs().iter().filter(|(name, _)| name != KEY && name != "return_to").cloned().collect();
    if preview.recipients > 0 {
        sent.push((KEY.to_owned(), once::key(visit, KIND, payload).await?));
    }
    let told = Told { l: visit.l(), preview, is_stale, fields: sent };
    let form = Filled::typed(fields.clone(), StatusCode::OK);
    show_with(visit, fields, form, Some(told)).await
}

/// The field that has the key of the form that sends.
const KEY: &str = "once";
/// Characters of the subject that stand in the job's title.
const SUBJECT_CHARS: usize = 100;
