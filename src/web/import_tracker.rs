//! `/jobs/new/import-tracker`: the export of another tracker is brought, what is in it is shown, and what would be left out;
//! then it is tried or imported. Bringing it is `import`'s.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::assign::{Candidate, candidates};
use super::forms::{Fields, Filled};
use super::import::{file_of, show_upload};
use super::job_fields::{self, Input};
use super::page::{Nav, Page, Visit};
use crate::error::Result;
use crate::jobs::BuiltIn;
use crate::jobs::actions::copy_artifact;
use crate::jobs::kinds::in_turn;
use crate::jobs::trackers::{self, Export, Found, Lefts, Person, Tracker, Wishes};
use crate::locale::Lang;
use crate::tasks::TaskId;

const KIND: BuiltIn = BuiltIn::ImportTracker;
/// Tasks that are shown.
const SHOWN: usize = 6;

#[derive(Template, WebTemplate)]
#[template(path = "jobs/import_tracker.html")]
struct ExportPage {
    page: Page,
    l: Lang,
    form: Filled,
    name: String,
    task: TaskId,
    tracker: &'static str,
    count: String,
    rows: Vec<[String; 5]>,
    left: Vec<(&'static str, String)>,
    inputs: Vec<Input>,
    people: Vec<Candidate>,
    projects: Vec<(String, String)>,
}

impl ExportPage {
    /// Fields that show their own errors.
    const FIELDS: &'static str = "tracker projects project assignee dates archived";
}

pub(super) async fn get(visit: Visit, query: Fields) -> Result<Response> {
    if !query.has("task") {
        return Ok(show_upload(&visit, KIND, Filled::fresh([])));
    }
    let known: Vec<(String, String)> = query.pairs().to_vec();
    let values = known.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    show(&visit, &query, Filled::fresh(values)).await
}

async fn look(visit: &Visit, fields: &Fields) -> Result<Export> {
    let (task, name) = file_of(fields)?;
    let wishes = Wishes {
        tracker: fields.get("tracker").parse().ok(),
        dates: fields.get("dates").parse().ok(),
        with_archived: fields.has("archived"),
        name: name.as_str().to_owned(),
    };
    let mut file = copy_artifact(&visit.app, &visit.viewer, task, name).await?;
    in_turn(&visit.app, move || trackers::load(&mut file).and_then(|bytes| trackers::read(&bytes, &wishes))).await
}

pub(super) async fn show(visit: &Visit, fields: &Fields, form: Filled) -> Result<Response> {
    let (task, name) = file_of(fields)?;
    let export = match look(visit, fields).await {
        Ok(export) => export,
        Err(error) => return Ok(show_upload(visit, KIND, Filled::refused(fields.clone(), error, visit.l())?)),
    };
    let (viewer, app) = (visit.viewer.clone(), visit.app.clone());
    let (people, names) = visit.app.db.read(move |conn| candidates(&app, conn, &viewer)).await?;
    let page = visit.page(Nav::Jobs, KIND.title_key());
    let l = page.l;
    let typed = ["tracker", "projects", "dates", "archived"];
    let inputs = job_fields::inputs(l, KIND, &form).into_iter().filter(|input| typed.contains(&input.name));
    let tasks = i64::try_from(export.tasks.len()).unwrap_or(i64::MAX);
    let shown = ExportPage {
        l,
        name: name.as_str().to_owned(),
        task,
        tracker: l.t(Tracker::label_key(export.tracker)),
        count: l.n("tracker-told-tasks", tasks),
        rows: export.tasks.iter().take(SHOWN).map(row).collect(),
        left: left(&export).iter().map(|(what, count)| (l.t(what.label_key()), l.number(*count))).collect(),
        inputs: inputs.collect(),
        people,
        projects: names.projects.iter().map(|(id, name)| (id.to_string(), name.clone())).collect(),
        page,
        form,
    };
    Ok((shown.form.status, shown).into_response())
}

/// All that has no place here; who is a member only the import itself finds out.
fn left(export: &Export) -> Lefts {
    let mut left = export.left.clone();
    for (what, count) in export.tasks.iter().flat_map(|task| &task.left) {
        *left.entry(*what).or_default() += count;
    }
    left
}

fn row(task: &Found) -> [String; 5] {
    let people: Vec<&str> = task.people.iter().map(Person::called).collect();
    // An instant is shown by its day: the preview says what there is, not when exactly.
    let due = task.due.as_deref().unwrap_or_default().chars().take("2026-11-22".len()).collect();
    [
        task.title.clone(),
        people.join(", "),
        task.project.clone().unwrap_or_default(),
        due,
        task.category.clone().unwrap_or_default(),
    ]
}

/// The payload that the form says.
pub(super) fn payload(fields: &Fields) -> Result<Value> {
    let (task, name) = file_of(fields)?;
    let mut payload = job_fields::payload(KIND, fields)?;
    payload["file"] = json!({ "task": task, "name": name.as_str() });
    payload["dry_run"] = json!(fields.get("do") == "try");
    Ok(payload)
}

/// An earlier import's file and choices, as the address of its form says them.
pub(super) fn address_of(payload: &Value) -> Option<String> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let file = payload.get("file")?;
    query.append_pair("task", &file.get("task")?.as_i64()?.to_string());
    query.append_pair("name", file.get("name")?.as_str()?);
    for (name, value) in job_fields::values(KIND, Some(payload)) {
        if !value.is_empty() && name != "dry_run" {
            query.append_pair(name, &value);
        }
    }
    Some(format!("/jobs/new/{KIND}?{}", query.finish()))
}
