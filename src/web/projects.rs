//! `/projects`: making, naming and archiving projects, and who works in them.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

use super::At;
use super::forms::{Fields, Filled};
use super::page::{Nav, Page, Visit};
use crate::error::{Error, Result};
use crate::locale::Lang;
use crate::people::{Member, Project, ProjectId, UserId, actions, sql};

#[derive(Template, WebTemplate)]
#[template(path = "projects/index.html")]
struct ProjectsPage {
    page: Page,
    l: Lang,
    projects: Vec<Project>,
    form: Filled,
}

#[derive(Template, WebTemplate)]
#[template(path = "projects/show.html")]
struct ProjectPage {
    page: Page,
    l: Lang,
    project: Project,
    members: Vec<Member>,
    form: Filled,
}

async fn show(visit: &Visit, form: Filled) -> Result<Response> {
    let organisation = visit.viewer.organisation;
    let projects = visit.app.db.read(move |conn| Ok(sql::projects(conn, organisation)?)).await?;
    let page = visit.page(Nav::Projects, "projects-title");
    Ok((form.status, ProjectsPage { l: page.l, page, projects, form }).into_response())
}

pub async fn get_projects(visit: Visit) -> Result<Response> {
    show(&visit, Filled::fresh([])).await
}

pub async fn post_projects(visit: Visit, fields: Fields) -> Result<Response> {
    match actions::create_project(&visit.app, &visit.viewer, fields.get("name")).await {
        Ok(id) => Ok(visit.done(visit.l().t("project-created"), &address(id))),
        Err(error) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show(&visit, form).await
        }
    }
}

fn address(id: ProjectId) -> String {
    format!("/projects/{id}")
}

async fn show_project(visit: &Visit, id: ProjectId, typed: Option<Filled>) -> Result<Response> {
    let organisation = visit.viewer.organisation;
    let (project, members) = visit
        .app
        .db
        .read(move |conn| {
            let project = sql::project(conn, organisation, id)?.ok_or(Error::NotFound)?;
            Ok((project, sql::members(conn, organisation)?))
        })
        .await?;
    // A deactivated member stays on the list as long as they are in the project, so that saving does not drop them unseen.
    let members =
        members.into_iter().filter(|m| m.deactivated_at.is_none() || project.members.contains(&m.user)).collect();
    let form = typed.unwrap_or_else(|| Filled::fresh([("name", project.name.as_str())]));
    let page = visit.page(Nav::Projects, "projects-title").titled(project.name.as_str());
    Ok((form.status, ProjectPage { l: page.l, page, project, members, form }).into_response())
}

pub async fn get_project(visit: Visit, At(id): At<ProjectId>) -> Result<Response> {
    show_project(&visit, id, None).await
}

/// Saves a project's name.
pub async fn post_project(visit: Visit, At(id): At<ProjectId>, fields: Fields) -> Result<Response> {
    match actions::rename_project(&visit.app, &visit.viewer, id, fields.get("name")).await {
        Ok(()) => Ok(visit.done(visit.l().t("project-saved"), &address(id))),
        Err(error) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show_project(&visit, id, Some(form)).await
        }
    }
}

pub async fn post_members(visit: Visit, At(id): At<ProjectId>, fields: Fields) -> Result<Response> {
    let members = fields.ids::<UserId>("members")?;
    actions::set_project_members(&visit.app, &visit.viewer, id, members).await?;
    Ok(visit.done(visit.l().t("project-saved"), &address(id)))
}

/// Archives (`archived=1`) or restores.
pub async fn post_archive(visit: Visit, At(id): At<ProjectId>, fields: Fields) -> Result<Response> {
    let archived = fields.get("archived") == "1";
    actions::archive_project(&visit.app, &visit.viewer, id, archived).await?;
    let said = if archived { visit.l().t("project-archived-now") } else { visit.l().t("project-restored") };
    Ok(visit.done(said, &address(id)))
}
