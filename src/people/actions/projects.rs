//! What admins do with projects.

use rusqlite::Connection;

use crate::App;
use crate::config;
use crate::error::{Error, Message, Result, msg};
use crate::live::Letter;
use crate::people::actions::{admins_only, sight};
use crate::people::{OrganisationId, Project, ProjectId, Role, UserId, Viewer, parse_line, sql};

pub async fn create_project(app: &App, viewer: &Viewer, name: &str) -> Result<ProjectId> {
    admins_only(viewer)?;
    let name = project_name(name)?;
    let (organisation, by) = (viewer.organisation, viewer.user);
    app.db
        .write(move |w| {
            free_name(w.conn, organisation, &name, None)?;
            let id = sql::insert_project(w.conn, organisation, &name, w.now)?;
            sql::append_audit(w.conn, organisation, Some(by), "create-project", &name, w.now)?;
            w.publish(Letter::Changed { organisation });
            Ok(id)
        })
        .await
}

pub async fn rename_project(app: &App, viewer: &Viewer, id: ProjectId, name: &str) -> Result<()> {
    admins_only(viewer)?;
    let name = project_name(name)?;
    let (organisation, by) = (viewer.organisation, viewer.user);
    app.db
        .write(move |w| {
            let project = found(w.conn, organisation, id)?;
            free_name(w.conn, organisation, &name, Some(id))?;
            sql::save_project_name(w.conn, organisation, id, &name)?;
            sql::append_audit(
                w.conn,
                organisation,
                Some(by),
                "rename-project",
                &format!("{} → {name}", project.name),
                w.now,
            )?;
            w.publish(Letter::Changed { organisation });
            Ok(())
        })
        .await
}

/// An archived project keeps its tasks and is no longer offered for new ones.
pub async fn archive_project(app: &App, viewer: &Viewer, id: ProjectId, archived: bool) -> Result<()> {
    admins_only(viewer)?;
    let (organisation, by) = (viewer.organisation, viewer.user);
    app.db
        .write(move |w| {
            let project = found(w.conn, organisation, id)?;
            sql::save_project_archived(w.conn, organisation, id, archived.then_some(w.now))?;
            let act = if archived { "archive-project" } else { "restore-project" };
            sql::append_audit(w.conn, organisation, Some(by), act, &project.name, w.now)?;
            w.publish(Letter::Changed { organisation });
            Ok(())
        })
        .await
}

pub async fn set_project_members(app: &App, viewer: &Viewer, id: ProjectId, members: Vec<UserId>) -> Result<()> {
    admins_only(viewer)?;
    if members.len() > config::PROJECT_MEMBERS {
        return Err(Error::field("members", msg("error-too-many").arg("limit", config::PROJECT_MEMBERS)));
    }
    let (organisation, by) = (viewer.organisation, viewer.user);
    app.db
        .write(move |w| {
            let project = found(w.conn, organisation, id)?;
            for member in &members {
                if sql::membership(w.conn, organisation, *member)?.is_none() {
                    return Err(Error::field("members", msg("error-unknown-member")));
                }
            }
            let changed = changed_sight(w.conn, organisation, &project, &members)?;
            sql::replace_project_members(w.conn, id, &members)?;
            sight::publish(w, organisation, changed)?;
            sql::append_audit(w.conn, organisation, Some(by), "project-members", &project.name, w.now)?;
            w.publish(Letter::Changed { organisation });
            Ok(())
        })
        .await
}

/// Whose sight other members of a project change, while the organisation lets members see its tasks.
fn changed_sight(
    conn: &Connection,
    organisation: OrganisationId,
    project: &Project,
    members: &[UserId],
) -> Result<sight::Changed> {
    let mut changed = sight::Changed::new();
    let (_, _, members_see_projects) = sql::settings(conn, organisation)?;
    if !members_see_projects {
        return Ok(changed);
    }
    let left = project.members.iter().filter(|member| !members.contains(member));
    let came = members.iter().filter(|member| !project.members.contains(member));
    let mut lose = Vec::new();
    for (member, comes) in left.map(|member| (*member, false)).chain(came.map(|member| (*member, true))) {
        match sql::membership(conn, organisation, member)? {
            // Admins see every task anyway.
            Some((Role::Member, _)) if comes => drop(changed.insert(member, None)),
            Some((Role::Member, _)) => lose.push(member),
            _ => {}
        }
    }
    sight::lose(conn, organisation, project.id, &lose, &mut changed)?;
    Ok(changed)
}

fn project_name(text: &str) -> Result<String> {
    parse_line(text, config::NAME_CHARS).map_err(|message: Message| Error::field("name", message))
}

fn found(conn: &Connection, organisation: OrganisationId, id: ProjectId) -> Result<Project> {
    sql::project(conn, organisation, id)?.ok_or(Error::NotFound)
}

fn free_name(conn: &Connection, organisation: OrganisationId, name: &str, own: Option<ProjectId>) -> Result<()> {
    match sql::project_named(conn, organisation, name)? {
        Some(other) if Some(other) != own => Err(Error::field("name", msg("error-project-exists"))),
        _ => Ok(()),
    }
}
