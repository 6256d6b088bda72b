//! Organisations, users and their membership, and the audit of what admins did.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{maybe_time, time};
use crate::people::{Member, OrganisationId, PasswordMark, Role, Theme, UserId};

pub fn is_set_up(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached("select exists (select 1 from organisations)")?.query_one([], |row| row.get(0))
}

/// The one that was there first: the house is in its admins' hands.
pub fn first_organisation(conn: &Connection) -> rusqlite::Result<Option<OrganisationId>> {
    conn.prepare_cached("select min(id) from organisations")?.query_one([], |row| row.get(0))
}

/// All of them, the first one first.
pub fn organisation_ids(conn: &Connection) -> rusqlite::Result<Vec<OrganisationId>> {
    conn.prepare_cached("select id from organisations order by id")?.query_map([], |row| row.get(0))?.collect()
}

pub fn insert_organisation(
    conn: &Connection,
    name: &str,
    zone: &str,
    now: Timestamp,
) -> rusqlite::Result<OrganisationId> {
    conn.prepare_cached("insert into organisations (name, zone, created_at) values (?1, ?2, ?3)")?.execute(params![
        name,
        zone,
        now.as_microsecond()
    ])?;
    Ok(OrganisationId::new(conn.last_insert_rowid()))
}

/// Name, zone, whether members see the tasks of their projects.
pub fn settings(conn: &Connection, organisation: OrganisationId) -> rusqlite::Result<(String, String, bool)> {
    conn.prepare_cached("select name, zone, members_see_projects from organisations where id = ?1")?
        .query_one([organisation], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

pub fn save_settings(
    conn: &Connection,
    organisation: OrganisationId,
    name: &str,
    zone: &str,
    members_see_projects: bool,
) -> rusqlite::Result<()> {
    conn.prepare_cached("update organisations set name = ?2, zone = ?3, members_see_projects = ?4 where id = ?1")?
        .execute(params![organisation, name, zone, members_see_projects])?;
    Ok(())
}

pub fn insert_user(
    conn: &Connection,
    email: &str,
    name: &str,
    password_hash: &str,
    zone: Option<&str>,
    language: Option<&str>,
    now: Timestamp,
) -> rusqlite::Result<UserId> {
    conn.prepare_cached(
        "insert into users (email, name, password_hash, zone, language, created_at) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![email, name, password_hash, zone, language, now.as_microsecond()])?;
    Ok(UserId::new(conn.last_insert_rowid()))
}

/// Id and password hash of whoever has this address.
pub fn user_by_email(conn: &Connection, email: &str) -> rusqlite::Result<Option<(UserId, String)>> {
    conn.prepare_cached("select id, password_hash from users where email = ?1")?
        .query_one([email], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

pub fn password_hash(conn: &Connection, user: UserId) -> rusqlite::Result<String> {
    conn.prepare_cached("select password_hash from users where id = ?1")?.query_one([user], |row| row.get(0))
}

pub fn password_mark(conn: &Connection, user: UserId) -> rusqlite::Result<PasswordMark> {
    password_hash(conn, user).map(|hash| PasswordMark::of(&hash))
}

pub fn save_password(conn: &Connection, user: UserId, hash: &str) -> rusqlite::Result<()> {
    conn.prepare_cached("update users set password_hash = ?2 where id = ?1")?.execute(params![user, hash])?;
    Ok(())
}

pub fn save_name(conn: &Connection, user: UserId, name: &str) -> rusqlite::Result<()> {
    conn.prepare_cached("update users set name = ?2 where id = ?1")?.execute(params![user, name])?;
    Ok(())
}

pub fn save_preferences(
    conn: &Connection,
    user: UserId,
    language: Option<&str>,
    theme: Theme,
    zone: Option<&str>,
) -> rusqlite::Result<()> {
    conn.prepare_cached("update users set language = ?2, theme = ?3, zone = ?4 where id = ?1")?
        .execute(params![user, language, theme, zone])?;
    Ok(())
}

/// Whether alarms of schedules go to them by e-mail, too.
/// Whom one tells of what only admins can mend, and how.
pub struct AdminToTell {
    pub user: UserId,
    pub email: String,
    pub language: Option<String>,
    pub alarms_by_mail: bool,
}

pub fn active_admins(conn: &Connection, organisation: OrganisationId) -> rusqlite::Result<Vec<AdminToTell>> {
    conn.prepare_cached(
        "select u.id, u.email, u.language, u.alarms_by_mail from members m join users u on u.id = m.user_id
         where m.organisation_id = ?1 and m.role in ('owner', 'admin') and m.deactivated_at is null",
    )?
    .query_map([organisation], |row| {
        Ok(AdminToTell { user: row.get(0)?, email: row.get(1)?, language: row.get(2)?, alarms_by_mail: row.get(3)? })
    })?
    .collect()
}

pub fn wants_alarms_by_mail(conn: &Connection, user: UserId) -> rusqlite::Result<bool> {
    conn.prepare_cached("select alarms_by_mail from users where id = ?1")?.query_one([user], |row| row.get(0))
}

pub fn save_alarms_by_mail(conn: &Connection, user: UserId, wants: bool) -> rusqlite::Result<()> {
    conn.prepare_cached("update users set alarms_by_mail = ?2 where id = ?1")?.execute(params![user, wants])?;
    Ok(())
}

/// True when the user became a member now.
pub fn insert_member(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
    role: Role,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    Ok(conn
        .prepare_cached("insert into members (organisation_id, user_id, role, joined_at) values (?1, ?2, ?3, ?4) on conflict do nothing")?
        .execute(params![organisation, user, role, now.as_microsecond()])?
        == 1)
}

/// Role and when deactivated.
pub fn membership(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
) -> rusqlite::Result<Option<(Role, Option<Timestamp>)>> {
    conn.prepare_cached("select role, deactivated_at from members where organisation_id = ?1 and user_id = ?2")?
        .query_one(params![organisation, user], |row| Ok((row.get(0)?, maybe_time(row, 1)?)))
        .optional()
}

/// Whether an active member has this address.
pub fn has_active_email(conn: &Connection, organisation: OrganisationId, email: &str) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "select exists (select 1 from users u join members m on m.user_id = u.id
           where u.email = ?2 and m.organisation_id = ?1 and m.deactivated_at is null)",
    )?
    .query_one(params![organisation, email], |row| row.get(0))
}

pub fn active_owners(conn: &Connection, organisation: OrganisationId) -> rusqlite::Result<i64> {
    conn.prepare_cached(
        "select count(*) from members where organisation_id = ?1 and role = 'owner' and deactivated_at is null",
    )?
    .query_one([organisation], |row| row.get(0))
}

/// Whoever has owned the organisation for longest, and still does: there always is somebody.
pub fn first_owner(conn: &Connection, organisation: OrganisationId) -> rusqlite::Result<Option<UserId>> {
    conn.prepare_cached(
        "select user_id from members where organisation_id = ?1 and role = 'owner' and deactivated_at is null
         order by joined_at, user_id limit 1",
    )?
    .query_one([organisation], |row| row.get(0))
    .optional()
}

pub fn save_role(conn: &Connection, organisation: OrganisationId, user: UserId, role: Role) -> rusqlite::Result<()> {
    conn.prepare_cached("update members set role = ?3 where organisation_id = ?1 and user_id = ?2")?
        .execute(params![organisation, user, role])?;
    Ok(())
}

pub fn save_deactivation(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
    at: Option<Timestamp>,
) -> rusqlite::Result<()> {
    conn.prepare_cached("update members set deactivated_at = ?3 where organisation_id = ?1 and user_id = ?2")?
        .execute(params![organisation, user, at.map(Timestamp::as_microsecond)])?;
    Ok(())
}

/// The sequence at which this member's sight last changed without an entry of the trail; that of a program, who is no
/// member, never does.
pub fn sight_changed_at(conn: &Connection, organisation: OrganisationId, user: UserId) -> rusqlite::Result<i64> {
    let found = conn
        .prepare_cached("select sight_changed_at from members where organisation_id = ?1 and user_id = ?2")?
        .query_one(params![organisation, user], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

pub fn save_sight_change(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
    sequence: i64,
) -> rusqlite::Result<()> {
    conn.prepare_cached("update members set sight_changed_at = ?3 where organisation_id = ?1 and user_id = ?2")?
        .execute(params![organisation, user, sequence])?;
    Ok(())
}

/// Everyone who is or was a member, active ones first, with their open load.
pub fn members(conn: &Connection, organisation: OrganisationId) -> rusqlite::Result<Vec<Member>> {
    conn.prepare_cached(
        "select u.id, u.name, u.email, m.role, m.joined_at, m.deactivated_at,
                (select coalesce(sum(c.tasks), 0) from task_counts c
                 where c.organisation_id = m.organisation_id and c.assignee_id = u.id and c.status in ('pending', 'in_progress'))
         from members m join users u on u.id = m.user_id
         where m.organisation_id = ?1
         order by m.deactivated_at is not null, u.name collate nocase, u.id",
    )?
    .query_map([organisation], |row| {
        Ok(Member {
            user: row.get(0)?,
            name: row.get(1)?,
            email: row.get(2)?,
            role: row.get(3)?,
            joined_at: time(row, 4)?,
            deactivated_at: maybe_time(row, 5)?,
            open_tasks: row.get(6)?,
        })
    })?
    .collect()
}

/// The names of whoever is or was a member, and of the organisation's programs.
pub fn people_names(conn: &Connection, organisation: OrganisationId) -> rusqlite::Result<Vec<(UserId, String)>> {
    conn.prepare_cached(
        "select u.id, u.name from members m join users u on u.id = m.user_id where m.organisation_id = ?1
         union all
         select u.id, u.name from api_tokens t join users u on u.id = t.user_id
         where t.organisation_id = ?1 and t.owner = 'organisation'",
    )?
    .query_map([organisation], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}

pub fn user_name(conn: &Connection, user: UserId) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("select name from users where id = ?1")?.query_one([user], |row| row.get(0)).optional()
}

/// Writes down an administrative act: `subject` names whom or what it touched.
pub fn append_audit(
    conn: &Connection,
    organisation: OrganisationId,
    actor: Option<UserId>,
    act: &str,
    subject: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    conn.prepare_cached("insert into audit (organisation_id, actor_id, act, subject, at) values (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![organisation, actor, act, subject, now.as_microsecond()])?;
    Ok(())
}

/// Language and zone that the user chose, if any.
pub fn preferences(conn: &Connection, user: UserId) -> rusqlite::Result<(Option<String>, Option<String>)> {
    conn.prepare_cached("select language, zone from users where id = ?1")?
        .query_one([user], |row| Ok((row.get(0)?, row.get(1)?)))
}
