//! `/jobs/new/import-tasks`: a file is brought, its first rows are shown with what was found out about it, its columns are
//! said what they become; then it is tried or imported. The file stays where it came to: with a job that was its upload.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::assign::{Candidate, candidates};
use super::forms::{Fields, Filled};
use super::page::{Nav, Page, Visit};
use crate::error::{Error, Result, msg};
use crate::jobs::BuiltIn;
use crate::jobs::actions::copy_artifact;
use crate::jobs::artifacts::ArtifactName;
use crate::jobs::columns::{DateOrder, Target, guess, is_header};
use crate::jobs::kinds::import_tasks::delimiter_of;
use crate::jobs::kinds::in_turn;
use crate::jobs::sheets::{self, Form, Next, Row, Wishes};
use crate::jobs::trackers::Tracker;
use crate::locale::Lang;
use crate::tasks::TaskId;

/// Rows that are shown, besides the names.
const SHOWN: usize = 6;
/// Characters of a cell that are.
const CELL_CHARS: usize = 80;
/// What files are usually written in; others are offered where they are found.
const ENCODINGS: [&str; 6] = ["UTF-8", "UTF-16LE", "UTF-16BE", "windows-1252", "windows-1255", "windows-1251"];
const DELIMITERS: [(&str, char); 5] = [(",", ','), (";", ';'), ("tab", '\t'), ("|", '|'), (":", ':')];

#[derive(Template, WebTemplate)]
#[template(path = "jobs/import.html")]
struct UploadPage {
    page: Page,
    l: Lang,
    form: Filled,
    kind: BuiltIn,
    lead: &'static str,
    hint: String,
    /// What browsers offer to choose.
    accept: &'static str,
    help_title: &'static str,
    /// What may be in such a file: a word, and what is meant.
    help: Vec<(&'static str, &'static str)>,
}

#[derive(Template, WebTemplate)]
#[template(path = "jobs/import_columns.html")]
struct ColumnsPage {
    page: Page,
    l: Lang,
    form: Filled,
    name: String,
    task: TaskId,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// Value, what it is called, whether it is chosen.
    encodings: Vec<(String, bool)>,
    delimiters: Vec<(String, String, bool)>,
    sheets: Vec<(String, bool)>,
    has_header: bool,
    dates: Vec<(DateOrder, &'static str, bool)>,
    people: Vec<Candidate>,
}

/// One column of the file, and what it is to become.
struct Column {
    field: String,
    name: String,
    targets: Vec<(Target, &'static str, bool)>,
    error: Option<String>,
}

impl ColumnsPage {
    const FIELDS: &'static str = "assignee";
}

/// The file that an address names.
pub(super) fn file_of(fields: &Fields) -> Result<(TaskId, ArtifactName)> {
    let name = ArtifactName::parse(fields.get("name")).map_err(|_| Error::NotFound)?;
    Ok((fields.id("task")?, name))
}

/// Whether jobs of this kind begin with a file that is brought here.
pub(super) fn begins_with_file(kind: BuiltIn) -> bool {
    matches!(kind, BuiltIn::ImportTasks | BuiltIn::ImportTracker | BuiltIn::Broadcast)
}

/// The page on which the file of such a kind is brought.
pub(super) fn show_upload(visit: &Visit, kind: BuiltIn, form: Filled) -> Response {
    let page = visit.page(Nav::Jobs, kind.title_key());
    let limit = visit.app.config.output.artifact_bytes / (1024 * 1024);
    let l = page.l;
    let shown = match kind {
        BuiltIn::ImportTracker => UploadPage {
            lead: l.t("tracker-lead"),
            hint: l.n("tracker-file-hint", limit),
            accept: ".json,.zip,.csv,application/json,application/zip,text/csv",
            help_title: l.t("tracker-help"),
            help: Tracker::ALL.iter().map(|tracker| (l.t(tracker.label_key()), l.t(tracker.about_key()))).collect(),
            l,
            page,
            form,
            kind,
        },
        _ => UploadPage {
            lead: l.t("import-lead"),
            hint: l.n("import-file-hint", limit),
            accept: ".csv,.tsv,.txt,.xlsx,text/csv,text/tab-separated-values",
            help_title: l.t("import-help"),
            help: Target::ALL.iter().map(|target| (l.t(target.label_key()), l.t(target.about_key()))).collect(),
            l,
            page,
            form,
            kind,
        },
    };
    (shown.form.status, shown).into_response()
}

pub(super) async fn get(visit: Visit, query: Fields) -> Result<Response> {
    if !query.has("task") {
        return Ok(show_upload(&visit, BuiltIn::ImportTasks, Filled::fresh([])));
    }
    let known: Vec<(String, String)> = query.pairs().to_vec();
    let values = known.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    show_columns(&visit, &query, Filled::fresh(values)).await
}

/// What was found in the file.
struct Found {
    form: Form,
    rows: Vec<Row>,
}

/// Reads the first rows, as far as the form says how.
async fn look(visit: &Visit, fields: &Fields) -> Result<Found> {
    let (task, name) = file_of(fields)?;
    let mut file = copy_artifact(&visit.app, &visit.viewer, task, name).await?;
    let text = |name: &str| fields.filled(name).map(ToOwned::to_owned);
    let wishes = Wishes {
        encoding: text("encoding"),
        delimiter: fields.filled("delimiter").and_then(delimiter_of),
        sheet: text("sheet"),
        is_perhaps_hebrew: visit.l() == Lang::He,
    };
    let reading = in_turn(&visit.app, move || {
        let form = sheets::look(&mut file, &wishes)?;
        let mut rows = Vec::new();
        sheets::read(&mut file, &form, |row| {
            rows.push(row);
            if rows.len() > SHOWN { Next::Enough } else { Next::More }
        })?;
        if rows.is_empty() { Err(msg("import-no-rows")) } else { Ok(Found { form, rows }) }
    });
    reading.await
}

/// Whether the first row names the columns: as the form says, else as it looks.
fn has_header(fields: &Fields, found: &Found) -> bool {
    match fields.has("settled") {
        true => fields.has("header"),
        false => found.rows.first().is_some_and(|row| is_header(&row.cells)),
    }
}

pub(super) async fn show_columns(visit: &Visit, fields: &Fields, form: Filled) -> Result<Response> {
    let (task, name) = file_of(fields)?;
    let found = match look(visit, fields).await {
        Ok(found) => found,
        Err(error) => {
            return Ok(show_upload(visit, BuiltIn::ImportTasks, Filled::refused(fields.clone(), error, visit.l())?));
        }
    };
    let (viewer, app) = (visit.viewer.clone(), visit.app.clone());
    let (people, _) = visit.app.db.read(move |conn| candidates(&app, conn, &viewer)).await?;
    let page = visit.page(Nav::Jobs, BuiltIn::ImportTasks.title_key());
    let l = page.l;
    let has_header = has_header(fields, &found);
    let width = found.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let columns = (0..width).map(|place| column(l, place, &found, has_header, fields, &form)).collect();
    let cells = |row: &Row| (0..width).map(|place| row.cell(place).chars().take(CELL_CHARS).collect()).collect();
    let rows = found.rows.iter().skip(usize::from(has_header)).map(cells).collect();
    let order = fields.get("dates");
    let order = order.parse().unwrap_or_else(|_| date_order(&found.rows));
    let shown = ColumnsPage {
        l,
        name: name.as_str().to_owned(),
        task,
        columns,
        rows,
        encodings: encodings(found.form.encoding()),
        delimiters: delimiters(l, found.form.delimiter()),
        sheets: match &found.form {
            Form::Book { sheets, sheet } => sheets.iter().map(|name| (name.clone(), name == sheet)).collect(),
            Form::Text { .. } => Vec::new(),
        },
        has_header,
        dates: vec![
            (DateOrder::DayFirst, l.t("import-day-first"), order == DateOrder::DayFirst),
            (DateOrder::MonthFirst, l.t("import-month-first"), order == DateOrder::MonthFirst),
        ],
        people,
        page,
        form,
    };
    Ok((shown.form.status, shown).into_response())
}

fn column(l: Lang, place: usize, found: &Found, has_header: bool, fields: &Fields, form: &Filled) -> Column {
    let field = format!("column-{}", place + 1);
    let header = found.rows.first().filter(|_| has_header).map(|row| row.cells.as_slice()).unwrap_or_default();
    let chosen = match fields.has(&field) {
        true => fields.get(&field).parse().ok(),
        false => guess(header).get(place).copied().flatten(),
    };
    let name = header.get(place).map(|name| name.trim()).filter(|name| !name.is_empty());
    let number = i64::try_from(place + 1).unwrap_or(i64::MAX);
    let option = |target: &Target| (*target, l.t(target.label_key()), chosen == Some(*target));
    Column {
        name: name.map_or_else(|| l.n("import-column", number), ToOwned::to_owned),
        targets: Target::ALL.iter().map(option).collect(),
        error: form.error(&field).map(ToOwned::to_owned),
        field,
    }
}

fn encodings(found: Option<&'static str>) -> Vec<(String, bool)> {
    let Some(found) = found else { return Vec::new() };
    let mut offered: Vec<(String, bool)> =
        ENCODINGS.iter().map(|name| ((*name).to_owned(), name.eq_ignore_ascii_case(found))).collect();
    if !offered.iter().any(|(_, is_chosen)| *is_chosen) {
        offered.push((found.to_owned(), true));
    }
    offered
}

fn delimiters(l: Lang, found: Option<char>) -> Vec<(String, String, bool)> {
    let Some(found) = found else { return Vec::new() };
    let name = |name: &str| if name == "tab" { l.t("import-tab").to_owned() } else { name.to_owned() };
    let mut offered: Vec<_> =
        DELIMITERS.iter().map(|(value, sign)| ((*value).to_owned(), name(value), *sign == found)).collect();
    if !offered.iter().any(|(_, _, is_chosen)| *is_chosen) {
        offered.push((found.to_string(), found.to_string(), true));
    }
    offered
}

/// How dates with slashes are written here, if that shows: no month is beyond twelve.
fn date_order(rows: &[Row]) -> DateOrder {
    let months_last = rows.iter().flat_map(|row| &row.cells).any(|cell| {
        let mut parts = cell.trim().split('/').map(|part| part.parse::<u8>());
        matches!((parts.next(), parts.next()), (Some(Ok(1..=12)), Some(Ok(13..=31))))
    });
    if months_last { DateOrder::MonthFirst } else { DateOrder::DayFirst }
}

/// The payload that the form says.
pub(super) fn payload(fields: &Fields) -> Result<Value> {
    let (task, name) = file_of(fields)?;
    let mut columns = Map::new();
    for (field, target) in fields.pairs() {
        let Some(number) = field.strip_prefix("column-").and_then(|number| number.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(target) = target.parse::<Target>() else { continue };
        if columns.insert(target.to_string(), json!(number)).is_some() {
            return Err(Error::field(field.clone(), msg("import-column-twice")));
        }
    }
    if !columns.contains_key(Target::Title.as_str()) {
        return Err(Error::field("columns", msg("import-no-title")));
    }
    let mut payload = json!({
        "file": { "task": task, "name": name.as_str() },
        "header": fields.has("header"),
        "columns": columns,
        "dry_run": fields.get("do") == "try",
    });
    for name in ["encoding", "delimiter", "sheet", "dates"] {
        if let Some(value) = fields.filled(name) {
            payload[name] = json!(value);
        }
    }
    if let Some(assignee) = fields.filled("assignee") {
        let assignee: i64 = assignee.parse().map_err(|_| Error::field("assignee", msg("error-choice")))?;
        payload["assignee"] = json!(assignee);
    }
    Ok(payload)
}

/// What an import of the file is called, or a trial of one.
pub(super) fn title(l: Lang, fields: &Fields) -> String {
    let key = if fields.get("do") == "try" { "import-title-trial" } else { "import-title" };
    l.with(key, "name", fields.get("name"))
}

/// An earlier import's file and columns, as the address of its form says them.
pub(super) fn address_of(payload: &Value) -> Option<String> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let file = payload.get("file")?;
    query.append_pair("task", &file.get("task")?.as_i64()?.to_string());
    query.append_pair("name", file.get("name")?.as_str()?);
    query.append_pair("settled", "1");
    if payload.get("header").and_then(Value::as_bool).unwrap_or(true) {
        query.append_pair("header", "1");
    }
    for name in ["encoding", "delimiter", "sheet", "dates"] {
        if let Some(value) = payload.get(name).and_then(Value::as_str) {
            query.append_pair(name, value);
        }
    }
    if let Some(assignee) = payload.get("assignee").and_then(Value::as_i64) {
        query.append_pair("assignee", &assignee.to_string());
    }
    for (target, column) in payload.get("columns").and_then(Value::as_object).into_iter().flatten() {
        if let Some(number) = column.as_u64() {
            query.append_pair(&format!("column-{number}"), target);
        }
    }
    Some(format!("/jobs/new/{}?{}", BuiltIn::ImportTasks, query.finish()))
}
