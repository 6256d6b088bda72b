//! `/jobs/new/bulk-edit` and `/jobs/new/bulk-delete`: which tasks, what is done to them, and, before anything is, what would
//! become of them. It begins at a filtered list, or with the undo of such a job.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::choices::Names;
use super::forms::{Fields, Filled};
use super::fragments::Frame;
use super::job_fields::{self, Input, beside_fields};
use super::job_names::ByName;
use super::jobs::counted;
use super::new_job::start;
use super::page::{Nav, Page, Visit};
use super::shown::{self, Icon};
use super::trail::{Side, side};
use crate::error::{Error, Result, msg};
use crate::insight::jobs::Counted;
use crate::insight::{self, Filter, HistoryFilter};
use crate::jobs::BuiltIn;
use crate::jobs::actions::may_begin;
use crate::jobs::bulk::{Act, Became, Bulk, Late};
use crate::jobs::kinds::bulk::{Chosen, Deed, Example, Preview, preview};
use crate::locale::Lang;
use crate::tasks::{TaskId, sql};

#[derive(Template, WebTemplate)]
#[template(path = "jobs/bulk_form.html")]
struct FormPage {
    page: Page,
    l: Lang,
    kind: BuiltIn,
    form: Filled,
    /// What chooses tasks, and what is done to them.
    which: Vec<Input>,
    what: Vec<Input>,
    shown: String,
    /// Title of the job whose changes are undone.
    undone: Option<String>,
    /// The form of the other kind for the same tasks.
    other: String,
    told: Option<Told>,
}

/// What would happen, in words.
struct Told {
    frame: Frame,
    names: Arc<Names>,
    preview: Preview,
    act: Act,
    /// What its button says.
    title: String,
    /// All that the form that starts it sends.
    fields: Vec<(String, String)>,
}

/// One example, as a row of a table.
struct Row<'a> {
    id: TaskId,
    title: &'a str,
    changes: Vec<Changed<'a>>,
    against: Option<String>,
}

struct Changed<'a> {
    icon: Icon<'a>,
    word: &'static str,
    old: Option<Side<'a>>,
    new: Option<Side<'a>>,
}

impl Told {
    fn rows(&self) -> Vec<Row<'_>> {
        self.preview.examples.iter().map(|example| self.row(example)).collect()
    }

    fn row<'a>(&'a self, example: &'a Example) -> Row<'a> {
        let frame = &self.frame;
        let changed = |(change, old, new): &'a (_, Value, Value)| Changed {
            icon: shown::icon(frame.base(), shown::change_icon(*change)),
            word: frame.l.t(shown::change_key(*change)),
            old: side(frame, &self.names, (example.kind, *change), old),
            new: side(frame, &self.names, (example.kind, *change), new),
        };
        Row {
            id: example.id,
            title: &example.title,
            changes: example.differs.iter().map(changed).collect(),
            against: example.against.as_ref().map(|why| frame.l.m(why)),
        }
    }

    fn is_none(&self) -> bool {
        self.preview.judged == 0 && !self.preview.is_part()
    }

    /// Why there is none of them, and what to do about it.
    fn none(&self) -> (&'static str, &'static str) {
        let l = self.frame.l;
        match self.act {
            Act::Undo => (l.t("bulk-undo-nothing"), l.t("bulk-undo-nothing-hint")),
            _ => (l.t("bulk-nothing-fits"), l.t("bulk-nothing-fits-hint")),
        }
    }

    /// Whether it has no effect on any of them.
    fn is_idle(&self) -> bool {
        self.preview.would == 0 && !self.preview.is_part()
    }

    fn is_grave(&self) -> bool {
        matches!(self.act, Act::Cancel | Act::Delete)
    }

    fn would(&self) -> String {
        let l = self.frame.l;
        if self.preview.judged == 0 {
            return l.with("bulk-would-none-yet", "looked", l.number(self.preview.looked));
        }
        let (would, judged) = (l.number(self.preview.would), l.number(self.preview.judged));
        l.m(&if self.preview.is_part() { msg("bulk-would-part") } else { msg("bulk-would") }
            .arg("would", would)
            .arg("judged", judged))
    }

    fn against(&self) -> Vec<(String, String)> {
        let l = self.frame.l;
        self.preview.against.iter().map(|(why, count)| (l.m(why), l.number(*count))).collect()
    }

    fn hint(&self) -> &'static str {
        self.frame.l.t(hint_key(self.act))
    }
}

const fn hint_key(act: Act) -> &'static str {
    match act {
        Act::Change => "bulk-change-hint",
        Act::Cancel => "bulk-cancel-tasks-hint",
        Act::Retry => "bulk-retry-hint",
        Act::Undo => "bulk-undo-hint",
        Act::Delete => "bulk-delete-hint",
    }
}

const fn title_key(act: Act) -> &'static str {
    match act {
        Act::Change => "bulk-title-change",
        Act::Cancel => "bulk-title-cancel",
        Act::Retry => "bulk-title-retry",
        Act::Undo => "bulk-title-undo",
        Act::Delete => "bulk-title-delete",
    }
}

/// "Change 12 tasks"
fn title(l: Lang, act: Act, count: Counted) -> String {
    let key = title_key(act);
    if count.or_more { l.with(key, "count", counted(l, count)) } else { l.n(key, count.jobs) }
}

/// What only a list of jobs says.
const OF_JOBS: [&str; 4] = ["standing", "of_job_kind", "of_queue", "of_category"];
/// What it does not say.
const NOT_OF_JOBS: [&str; 8] = ["status", "kind", "person", "priority", "from", "to", "outcome", "overdue"];
/// Neither is typed on this page.
const HIDDEN: [&str; 2] = ["until", "of_job"];

/// How many the form that starts it says it will be.
const SHOWN: &str = "shown";

/// How many a button names, and then the job's title: to how many it would be done, or, where they are too many to ask one
/// by one, how many fit.
fn agreed(preview: &Preview) -> Counted {
    match preview.is_part() {
        true => preview.count,
        false => Counted { jobs: preview.would, or_more: false },
    }
}

/// The inputs that this visitor has use for: those that choose, those that change.
fn inputs(visit: &Visit, kind: BuiltIn, form: &Filled, choices: &ByName) -> (Vec<Input>, Vec<Input>) {
    let l = visit.l();
    let is_of_jobs = OF_JOBS.iter().any(|name| !form.value(name).is_empty());
    let mut all = job_fields::inputs(l, kind, form);
    all.retain(|input| !HIDDEN.contains(&input.name));
    all.retain(|input| !(if is_of_jobs { NOT_OF_JOBS.as_slice() } else { OF_JOBS.as_slice() }).contains(&input.name));
    let is_change = |input: &Input| input.name == "act" || input.name.starts_with("set_") || input.name == "shift_days";
    let (mut what, which): (Vec<Input>, Vec<Input>) = all.into_iter().partition(is_change);
    // Members run and cancel jobs of their own; what a task is, admins say.
    what.retain(|input| visit.viewer.is_admin() || input.name == "act");
    for input in what.iter_mut().filter(|input| input.name == "act") {
        let is_for = |act: &str| act != Act::Undo.as_str() && (visit.viewer.is_admin() || act != Act::Change.as_str());
        input.choices.retain(|(act, _, _)| is_for(act.as_ref()));
    }
    (choices.all(visit, which), choices.all(visit, what))
}

/// What the form says, if it can be done as a whole, and by this visitor at all.
fn said(visit: &Visit, kind: BuiltIn, fields: &Fields) -> Result<(Value, Bulk)> {
    let payload = job_fields::payload(kind, fields)?;
    if kind == BuiltIn::BulkEdit && Bulk::of(kind, &payload)?.act() == Act::Change && !visit.viewer.is_admin() {
        return Err(Error::field("act", msg("bulk-error-members")));
    }
    kind.check(&payload).map_err(beside_fields)?;
    let bulk = Bulk::of(kind, &payload)?;
    Ok((payload, bulk))
}

/// The members of a payload as a form sends them.
fn pairs_of(payload: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let members = payload.as_object().into_iter().flatten();
    members.map(|(name, value)| (name.clone(), text(value))).filter(|(_, value)| !value.is_empty()).collect()
}

/// What would happen to which, asked of one moment.
struct Asked {
    choices: ByName,
    preview: Option<(Preview, TaskId)>,
    undone: Option<String>,
}

async fn ask(visit: &Visit, kind: BuiltIn, wanted: Option<(Value, Bulk)>) -> Result<Asked> {
    let (app, viewer, now) = (visit.app.clone(), visit.viewer.clone(), visit.app.clock.now());
    let asked = visit.app.db.snapshot(move |conn, _| {
        let choices = ByName::read(&app, &viewer, conn)?;
        let Some((payload, bulk)) = wanted else { return Ok(Asked { choices, preview: None, undone: None }) };
        let newest = insight::newest_task(conn)?.unwrap_or(TaskId::new(0));
        let until = bulk.which.until.map_or(newest, |until| until.min(newest));
        let (chosen, deed) = (Chosen::of(&payload, &bulk), Deed::of(&bulk));
        let told = preview(conn, &viewer, (&chosen, &deed), until, now)?;
        may_begin(conn, &viewer, kind, &payload)?;
        let undone = match bulk.of_job {
            Some(job) => Some(sql::find_for(conn, &viewer, job)?.ok_or(Error::NotFound)?.title),
            None => None,
        };
        Ok(Asked { choices, preview: Some((told, until)), undone })
    });
    asked.await
}

async fn show(
    visit: &Visit,
    kind: BuiltIn,
    fields: &Fields,
    form: Filled,
    wanted: Option<(Value, Bulk)>,
) -> Result<Response> {
    let asked = ask(visit, kind, wanted.clone()).await?;
    let page = visit.page(Nav::Jobs, kind.title_key());
    let l = page.l;
    let (which, what) = inputs(visit, kind, &form, &asked.choices);
    let shown: Vec<&str> = which.iter().chain(&what).map(|input| input.name).collect();
    let told = wanted.zip(asked.preview).map(|((payload, bulk), (preview, until))| {
        let count = agreed(&preview);
        let mut fields = pairs_of(&payload);
        fields.retain(|(name, _)| name != "until");
        fields.extend([("until".to_owned(), until.to_string()), (SHOWN.to_owned(), count.jobs.to_string())]);
        Told {
            frame: Frame::of(&visit.app, &visit.viewer),
            names: asked.choices.names().clone(),
            act: bulk.act(),
            title: title(l, bulk.act(), count),
            preview,
            fields,
        }
    });
    let shown = FormPage {
        l,
        kind,
        shown: shown.join(" "),
        undone: asked.undone,
        other: other(kind, fields),
        which,
        what,
        told,
        page,
        form,
    };
    Ok((shown.form.status, shown).into_response())
}

/// The same tasks, for the other kind.
fn other(kind: BuiltIn, fields: &Fields) -> String {
    let other = if kind == BuiltIn::BulkEdit { BuiltIn::BulkDelete } else { BuiltIn::BulkEdit };
    let known: Vec<&str> = BuiltIn::BulkDelete.fields().into_iter().map(|field| field.name).collect();
    let pairs = fields.pairs().iter().filter(|(name, value)| known.contains(&name.as_str()) && !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    super::monitor::address(&format!("/jobs/new/{other}"), &query, None)
}

pub(super) async fn get(visit: Visit, kind: BuiltIn, fields: Fields) -> Result<Response> {
    let first = if visit.viewer.is_admin() { Act::Change } else { Act::Cancel };
    let fields = fields.or([("act", first.to_string())]);
    let known = fields.pairs().to_vec();
    let typed = || Filled::fresh(known.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if !fields.has("show") {
        return show(&visit, kind, &fields, typed(), None).await;
    }
    // Nothing is done yet: whatever is there may be looked at, and what is there is what the form then names.
    match said(&visit, kind, &fields.clone().or([("until", TaskId::new(i64::MAX).to_string())])) {
        Ok(wanted) => show(&visit, kind, &fields, typed(), Some(wanted)).await,
        Err(error) => {
            let form = Filled::refused(fields.clone(), error, visit.l())?;
            show(&visit, kind, &fields, form, None).await
        }
    }
}

pub(super) async fn post(visit: Visit, kind: BuiltIn, fields: Fields) -> Result<Response> {
    let l = visit.l();
    let made = match said(&visit, kind, &fields) {
        Ok((payload, bulk)) => begin(&visit, kind, payload, bulk).await,
        Err(error) => Err(error),
    };
    match made {
        Ok((id, count)) => {
            let then = fields.get(SHOWN).parse().ok().filter(|then| *then != count.jobs);
            let said = match then {
                Some(then) => {
                    l.m(&msg("bulk-begun-otherwise").arg("then", l.number(then)).arg("now", counted(l, count)))
                }
                None => l.t("bulk-begun").to_owned(),
            };
            Ok(visit.done(said, &format!("/tasks/{id}")))
        }
        Err(error) => {
            let form = Filled::refused(fields.clone(), beside_fields(error), l)?;
            show(&visit, kind, &fields, form, None).await
        }
    }
}

/// Starts it for as many as there are by now.
async fn begin(visit: &Visit, kind: BuiltIn, payload: Value, bulk: Bulk) -> Result<(TaskId, Counted)> {
    let asked = ask(visit, kind, Some((payload.clone(), bulk.clone()))).await?;
    let count = asked.preview.map(|(preview, _)| agreed(&preview)).unwrap_or(Counted { jobs: 0, or_more: false });
    Ok((start(visit, kind, title(visit.l(), bulk.act(), count), payload).await?.id, count))
}

/// An earlier job's tasks and changes, as the address of its form says them: for those that are there by now.
pub(super) fn address_of(kind: BuiltIn, payload: &Value) -> String {
    let pairs = pairs_of(payload).into_iter().filter(|(name, _)| name != "until");
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).append_pair("show", "1").finish();
    super::monitor::address(&format!("/jobs/new/{kind}"), &query, None)
}

/// The form that undoes what a job changed: what would happen, and a button.
pub(super) fn undo_address(job: TaskId) -> String {
    address_of(BuiltIn::BulkEdit, &serde_json::json!({ "act": Act::Undo, "of_job": job }))
}

/// The form for the tasks that the monitor shows under a filter.
pub(super) fn address_for_shown(filter: &Filter) -> String {
    let Filter { status, person, project, priority, text, .. } = filter.clone();
    let all = HistoryFilter { status, person, project, priority, text, ..HistoryFilter::default() };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(all.pairs());
    if filter.status.is_none() {
        query.append_pair("outcome", Became::Open.as_str());
    }
    if filter.overdue {
        query.append_pair("overdue", Late::Now.as_str());
    }
    super::monitor::address(&format!("/jobs/new/{}", BuiltIn::BulkEdit), &query.finish(), None)
}

/// The form for the tasks that a filter of the history names.
pub(super) fn address_for(kind: BuiltIn, filter: &HistoryFilter) -> String {
    super::monitor::address(&format!("/jobs/new/{kind}"), &filter.to_query(), None)
}
