//! `/assign`: giving work to people, one task or one for each line.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;

use super::choices::Names;
use super::forms::{Fields, Filled};
use super::page::{Nav, Page, Visit};
use crate::App;
use crate::error::Result;
use crate::locale::Lang;
use crate::people::{ProjectId, Viewer, sql};
use crate::tasks::actions::{NewTasks, create_tasks};

#[derive(Template, WebTemplate)]
#[template(path = "assign/index.html")]
struct AssignPage {
    page: Page,
    l: Lang,
    form: Filled,
    people: Vec<Candidate>,
    names: Arc<Names>,
    is_unfolded: bool,
}

impl AssignPage {
    const FIELDS: &'static str = "title assignee due project priority description estimate";

    fn projects(&self) -> &[(ProjectId, String)] {
        &self.names.projects
    }
}

/// Somebody whom work can be given to: id, name, and how much is on them already.
pub type Candidate = (String, String, String);

/// Active members with their open load, in the viewer's words; and the projects in use.
pub fn candidates(app: &App, conn: &Connection, viewer: &Viewer) -> Result<(Vec<Candidate>, Arc<Names>)> {
    let l = viewer.lang();
    let members = sql::members(conn, viewer.organisation)?.into_iter().filter(|member| member.deactivated_at.is_none());
    let people = members
        .map(|member| (member.user.to_string(), member.name, l.n("count-open-tasks", member.open_tasks)))
        .collect();
    Ok((people, app.memory.choices.of(app, conn, viewer)?))
}

/// The kind of input that shows this value: a browser's date field would swallow what is no date.
pub fn due_input(value: &str) -> &'static str {
    let is_date = value.parse::<jiff::civil::Date>().is_ok() && value.len() == "2026-11-22".len();
    if value.is_empty() || is_date { "date" } else { "text" }
}

/// A due date from its two fields. The first alone may hold both.
pub fn due(fields: &Fields) -> String {
    match (fields.filled("due"), fields.filled("due_time")) {
        (Some(date), Some(time)) if !date.contains(['T', ' ']) => format!("{}T{}", date.trim(), time.trim()),
        (Some(date), _) => date.to_owned(),
        // A time without a date is no date, and is told so.
        (None, Some(time)) => time.to_owned(),
        (None, None) => String::new(),
    }
}

async fn show(visit: &Visit, form: Filled) -> Result<Response> {
    let (viewer, app) = (visit.viewer.clone(), visit.app.clone());
    let (people, names) = visit.app.db.read(move |conn| candidates(&app, conn, &viewer)).await?;
    let page = visit.page(Nav::Assign, "nav-assign");
    let folded = ["project", "description", "estimate"];
    let is_unfolded = folded.iter().any(|field| !form.value(field).is_empty() || form.error(field).is_some());
    let shown = AssignPage { l: page.l, page, people, names, is_unfolded, form };
    Ok((shown.form.status, shown).into_response())
}

pub async fn get_assign(visit: Visit) -> Result<Response> {
    show(&visit, Filled::fresh([("priority", "medium")])).await
}

pub async fn post_assign(visit: Visit, fields: Fields) -> Result<Response> {
    let title = fields.filled("titles").unwrap_or_else(|| fields.get("title"));
    let new = NewTasks {
        title: title.to_owned(),
        assignee: fields.get("assignee").to_owned(),
        project: fields.get("project").to_owned(),
        due: due(&fields),
        priority: fields.get("priority").to_owned(),
        description: fields.get("description").to_owned(),
        estimate: fields.get("estimate").to_owned(),
    };
    match create_tasks(&visit.app, &visit.viewer, new).await {
        Ok(ids) => {
            let said = visit.l().n("done-assigned", i64::try_from(ids.len()).unwrap_or(i64::MAX));
            Ok(visit.done(said, "/assign"))
        }
        Err(error) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show(&visit, form).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn date_and_time_are_one_due() {
        assert_eq!(due(&fields(&[("due", "2026-11-30"), ("due_time", "17:00")])), "2026-11-30T17:00");
        assert_eq!(due(&fields(&[("due", "2026-11-30T14:00"), ("due_time", "")])), "2026-11-30T14:00");
        assert_eq!(due(&fields(&[("due", " "), ("due_time", "")])), "");
    }

    #[test]
    fn what_is_no_date_stays_visible() {
        assert_eq!(due_input("2026-11-30"), "date");
        assert_eq!(due_input("tomorrow"), "text");
        assert_eq!(due_input("2026-11-30T14:00"), "text");
    }
}
