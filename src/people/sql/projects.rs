//! Projects and who works in them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::maybe_time;
use crate::people::{OrganisationId, Project, ProjectId, UserId};

fn project_row(row: &Row<'_>) -> rusqlite::Result<Project> {
    Ok(Project { id: row.get(0)?, name: row.get(1)?, archived_at: maybe_time(row, 2)?, members: Vec::new() })
}

/// All projects by name, archived ones last, each with its members.
pub fn projects(conn: &Connection, organisation: OrganisationId) -> rusqlite::Result<Vec<Project>> {
    let mut projects: Vec<Project> = conn
        .prepare_cached(
            "select id, name, archived_at from projects where organisation_id = ?1
             order by archived_at is not null, name collate nocase, id",
        )?
        .query_map([organisation], project_row)?
        .collect::<rusqlite::Result<_>>()?;
    for project in &mut projects {
        project.members = project_members(conn, project.id)?;
    }
    Ok(projects)
}

pub fn project(conn: &Connection, organisation: OrganisationId, id: ProjectId) -> rusqlite::Result<Option<Project>> {
    conn.prepare_cached("select id, name, archived_at from projects where organisation_id = ?1 and id = ?2")?
        .query_one(params![organisation, id], project_row)
        .optional()?
        .map(|mut project| {
            project.members = project_members(conn, project.id)?;
            Ok(project)
        })
        .transpose()
}

fn project_members(conn: &Connection, id: ProjectId) -> rusqlite::Result<Vec<UserId>> {
    conn.prepare_cached("select user_id from project_members where project_id = ?1")?
        .query_map([id], |row| row.get(0))?
        .collect()
}

/// Every project that has members whose sight depends on it, with them: admins see everything anyway.
pub fn projects_with_members(
    conn: &Connection,
    organisation: OrganisationId,
) -> rusqlite::Result<Vec<(ProjectId, UserId)>> {
    conn.prepare_cached(
        "select p.id, m.user_id from projects p
         join project_members pm on pm.project_id = p.id
         join members m on m.organisation_id = p.organisation_id and m.user_id = pm.user_id and m.role = 'member'
         where p.organisation_id = ?1 order by p.id",
    )?
    .query_map([organisation], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}

/// Who besides assignee and admins watches a project's tasks: its members, if
/// the organisation lets members see them.
pub fn project_watchers(
    conn: &Connection,
    organisation: OrganisationId,
    id: ProjectId,
) -> rusqlite::Result<Vec<UserId>> {
    conn.prepare_cached(
        "select pm.user_id from organisations o join project_members pm on pm.project_id = ?2
         where o.id = ?1 and o.members_see_projects = 1",
    )?
    .query_map(params![organisation, id], |row| row.get(0))?
    .collect()
}

/// The projects whose tasks this member sees: of which they are a member, if
/// the organisation lets members see them.
pub fn seen_projects(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
) -> rusqlite::Result<Vec<ProjectId>> {
    conn.prepare_cached(
        "select p.id from project_members pm
         join projects p on p.id = pm.project_id and p.organisation_id = ?1
         join organisations o on o.id = p.organisation_id and o.members_see_projects = 1
         where pm.user_id = ?2 order by p.id",
    )?
    .query_map(params![organisation, user], |row| row.get(0))?
    .collect()
}

pub fn project_names(conn: &Connection, organisation: OrganisationId) -> rusqlite::Result<Vec<(ProjectId, String)>> {
    conn.prepare_cached("select id, name from projects where organisation_id = ?1")?
        .query_map([organisation], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub fn insert_project(
    conn: &Connection,
    organisation: OrganisationId,
    name: &str,
    now: Timestamp,
) -> rusqlite::Result<ProjectId> {
    conn.prepare_cached("insert into projects (organisation_id, name, created_at) values (?1, ?2, ?3)")?
        .execute(params![organisation, name, now.as_microsecond()])?;
    Ok(ProjectId::new(conn.last_insert_rowid()))
}

pub fn project_named(
    conn: &Connection,
    organisation: OrganisationId,
    name: &str,
) -> rusqlite::Result<Option<ProjectId>> {
    conn.prepare_cached("select id from projects where organisation_id = ?1 and name = ?2 collate nocase")?
        .query_one(params![organisation, name], |row| row.get(0))
        .optional()
}

pub fn save_project_name(
    conn: &Connection,
    organisation: OrganisationId,
    id: ProjectId,
    name: &str,
) -> rusqlite::Result<()> {
    conn.prepare_cached("update projects set name = ?3 where organisation_id = ?1 and id = ?2")?.execute(params![
        organisation,
        id,
        name
    ])?;
    Ok(())
}

pub fn save_project_archived(
    conn: &Connection,
    organisation: OrganisationId,
    id: ProjectId,
    at: Option<Timestamp>,
) -> rusqlite::Result<()> {
    conn.prepare_cached("update projects set archived_at = ?3 where organisation_id = ?1 and id = ?2")?
        .execute(params![organisation, id, at.map(Timestamp::as_microsecond)])?;
    Ok(())
}

pub fn replace_project_members(conn: &Connection, id: ProjectId, members: &[UserId]) -> rusqlite::Result<()> {
    conn.prepare_cached("delete from project_members where project_id = ?1")?.execute([id])?;
    let mut insert = conn
        .prepare_cached("insert into project_members (project_id, user_id) values (?1, ?2) on conflict do nothing")?;
    for member in members {
        insert.execute(params![id, member])?;
    }
    Ok(())
}
