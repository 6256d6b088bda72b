//! `/jobs/new`: the kinds of job that one may start, and the form of each. What it takes is drawn by `job_fields`.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde_json::Value;

use super::forms::{Fields, Filled};
use super::job_fields::{self, Input, beside_fields};
use super::job_names::named;
use super::monitor::pairs;
use super::page::{Nav, Page, Visit, see_other};
use super::{At, broadcast, bulk_form, import, import_tracker};
use crate::error::{Error, Result};
use crate::jobs::actions::{may_start, startable};
use crate::jobs::{BuiltIn, Purpose};
use crate::locale::Lang;
use crate::tasks::actions::{NewJob, NewTask, create};
use crate::tasks::{self, Task, TaskId, Via};

#[derive(Template, WebTemplate)]
#[template(path = "jobs/kinds.html")]
struct KindsPage {
    page: Page,
    l: Lang,
    groups: Vec<Group>,
}

/// Kinds that serve the same purpose.
struct Group {
    purpose: Purpose,
    title: &'static str,
    kinds: Vec<Offer>,
}

struct Offer {
    kind: BuiltIn,
    title: &'static str,
    about: &'static str,
    icon: &'static str,
}

impl Offer {
    fn of(l: Lang, kind: BuiltIn) -> Offer {
        Offer { kind, title: l.t(kind.title_key()), about: l.t(kind.about_key()), icon: kind_icon(kind) }
    }
}

pub fn kind_icon(kind: BuiltIn) -> &'static str {
    match kind {
        BuiltIn::Aggregate => "steps",
        BuiltIn::Backup => "copy",
        BuiltIn::Broadcast => "mail",
        BuiltIn::BulkDelete => "close",
        BuiltIn::BulkEdit => "edit",
        BuiltIn::CheckHealth => "info",
        BuiltIn::CheckIntegrity => "check",
        BuiltIn::CleanUp => "gear",
        BuiltIn::DailyStatistics => "calendar",
        BuiltIn::ExportHistory => "download",
        BuiltIn::ImportTasks => "tasks",
        BuiltIn::ImportTracker => "folder",
        BuiltIn::Rehearsal => "play",
        BuiltIn::Search => "search",
        BuiltIn::SyncFeed => "link",
    }
}

pub async fn get_kinds(visit: Visit) -> Result<Response> {
    let viewer = visit.viewer.clone();
    let kinds = visit.app.db.read(move |conn| startable(conn, &viewer)).await?;
    let page = visit.page(Nav::Jobs, "jobs-new");
    let l = page.l;
    let group = |purpose: &Purpose| {
        let kinds = kinds.iter().filter(|kind| kind.purpose() == *purpose).map(|kind| Offer::of(l, *kind)).collect();
        Group { purpose: *purpose, title: l.t(purpose.title_key()), kinds }
    };
    let groups = Purpose::ALL.iter().map(group).filter(|group| !group.kinds.is_empty()).collect();
    Ok(KindsPage { l, page, groups }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "jobs/start.html")]
struct StartPage {
    page: Page,
    l: Lang,
    offer: Offer,
    form: Filled,
    inputs: Vec<Input>,
    /// Names of the fields that show their own errors.
    shown: String,
}

/// The kind of an address, if there is one and this visitor may start it.
pub(super) async fn kind_of(visit: &Visit, name: &str) -> Result<BuiltIn> {
    let kind = BuiltIn::named(name).ok_or(Error::NotFound)?;
    let viewer = visit.viewer.clone();
    visit.app.db.read(move |conn| may_start(conn, &viewer, kind)).await?;
    Ok(kind)
}

async fn show(visit: &Visit, kind: BuiltIn, form: Filled) -> Result<Response> {
    let page = visit.page(Nav::Jobs, kind.title_key());
    let l = page.l;
    let inputs = named(visit, kind, job_fields::inputs(l, kind, &form)).await?;
    let shown = job_fields::names(&inputs);
    let shown = StartPage { l, page, offer: Offer::of(l, kind), form, inputs, shown };
    Ok((shown.form.status, shown).into_response())
}

pub async fn get_kind(visit: Visit, At(name): At<String>, RawQuery(query): RawQuery) -> Result<Response> {
    let kind = kind_of(&visit, &name).await?;
    let query: Fields = pairs(query.as_deref()).into_iter().collect();
    let before = payload_before(&visit, kind, &query).await?;
    let address = before.as_ref().and_then(|payload| match kind {
        BuiltIn::ImportTasks => import::address_of(payload),
        BuiltIn::ImportTracker => import_tracker::address_of(payload),
        _ => None,
    });
    match (kind, address) {
        (_, Some(address)) => return Ok(see_other(None, &address)),
        (BuiltIn::ImportTasks, None) => return import::get(visit, query).await,
        (BuiltIn::ImportTracker, None) => return import_tracker::get(visit, query).await,
        _ => {}
    }
    if kind == BuiltIn::Broadcast {
        return broadcast::get(visit, query, before).await;
    }
    if kind.begins_at_a_list() {
        return match before {
            Some(payload) => Ok(see_other(None, &bulk_form::address_of(kind, &payload))),
            None => bulk_form::get(visit, kind, query).await,
        };
    }
    let mut values = job_fields::values(kind, before.as_ref());
    // A page that knows what is wanted says so in the address.
    for (name, value) in values.iter_mut().filter(|_| before.is_none()) {
        if let Some(said) = query.filled(name) {
            *value = said.to_owned();
        }
    }
    show(&visit, kind, Filled::fresh(values.iter().map(|(name, value)| (*name, value.as_str())))).await
}

pub async fn post_kind(visit: Visit, At(name): At<String>, fields: Fields) -> Result<Response> {
    let kind = kind_of(&visit, &name).await?;
    if kind.begins_at_a_list() {
        return bulk_form::post(visit, kind, fields).await;
    }
    // Nothing is sent that was not looked at.
    if kind == BuiltIn::Broadcast {
        return broadcast::post(visit, fields).await;
    }
    let l = visit.l();
    let (title, payload) = match kind {
        BuiltIn::ImportTasks => (import::title(l, &fields), import::payload(&fields)),
        BuiltIn::ImportTracker => (import::title(l, &fields), import_tracker::payload(&fields)),
        _ => (l.t(kind.title_key()).to_owned(), job_fields::payload(kind, &fields)),
    };
    let made = match payload {
        Ok(payload) => start(&visit, kind, title, payload).await,
        Err(error) => Err(error),
    };
    let error = match made {
        Ok(task) => return Ok(visit.done(l.with("done-started", "title", &task.title), &format!("/tasks/{}", task.id))),
        Err(error) => error,
    };
    let form = Filled::refused(fields.clone(), beside_fields(error), l)?;
    match kind {
        BuiltIn::ImportTasks => import::show_columns(&visit, &fields, form).await,
        BuiltIn::ImportTracker => import_tracker::show(&visit, &fields, form).await,
        _ => show(&visit, kind, form).await,
    }
}

/// The payload of the earlier job that a form is to begin with (`?from=42`; a day is a filter's).
async fn payload_before(visit: &Visit, kind: BuiltIn, query: &Fields) -> Result<Option<Value>> {
    if query.filled("from").is_none_or(|from| from.trim().parse::<Date>().is_ok()) {
        return Ok(None);
    }
    let (id, viewer): (TaskId, _) = (query.id("from")?, visit.viewer.clone());
    let task = visit.app.db.read(move |conn| tasks::sql::find_for(conn, &viewer, id)).await?.ok_or(Error::NotFound)?;
    let spec = task.job().map(|job| job.spec.clone()).filter(|spec| spec.job_kind.as_deref() == Some(kind.as_str()));
    Ok(Some(spec.ok_or(Error::NotFound)?.payload.clone()))
}

/// Makes a job of a built-in kind.
pub(super) async fn start(visit: &Visit, kind: BuiltIn, title: String, payload: Value) -> Result<Arc<Task>> {
    let job = NewJob { job_kind: Some(kind.to_string()), payload, ..NewJob::default() };
    let new = NewTask { title, job: Some(job), ..NewTask::default() };
    Ok(visit.app.act(&visit.viewer, Via::Page, move |w, by| create(w, by, new)).await?.task)
}
