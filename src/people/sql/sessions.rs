//! Sessions, the viewer that a session stands for, and presence spans.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{maybe_time, time};
use crate::clock::from_micros;
use crate::people::{
    Credential, OrganisationId, Presence, PresenceSource, Scopes, SessionKey, Span, TokenId, UserId, Viewer,
};

/// True when the row went in (`fresh`: none was there; else: one was).
pub fn put_session(
    conn: &Connection,
    key: &SessionKey,
    user: Option<i64>,
    data: &str,
    expires_at: i64,
    now: Timestamp,
    fresh: bool,
) -> rusqlite::Result<bool> {
    let now = now.as_microsecond();
    let rows = if fresh {
        conn.prepare_cached(
            "insert into sessions (key, user_id, data, created_at, seen_at, expires_at)
             values (?1, ?2, ?3, ?4, ?4, ?5) on conflict do nothing",
        )?
        .execute(params![key.as_bytes(), user, data, now, expires_at])?
    } else {
        conn.prepare_cached(
            "update sessions set user_id = ?2, data = ?3, seen_at = ?4, expires_at = ?5 where key = ?1",
        )?
        .execute(params![key.as_bytes(), user, data, now, expires_at])?
    };
    Ok(rows == 1)
}

/// Data and expiry (microseconds) of a session that has not expired.
pub fn session(conn: &Connection, key: &SessionKey, now: Timestamp) -> rusqlite::Result<Option<(String, i64)>> {
    conn.prepare_cached("select data, expires_at from sessions where key = ?1 and expires_at > ?2")?
        .query_one(params![key.as_bytes(), now.as_microsecond()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

pub fn delete_session(conn: &Connection, key: &SessionKey) -> rusqlite::Result<()> {
    conn.prepare_cached("delete from sessions where key = ?1")?.execute([key.as_bytes()])?;
    Ok(())
}

/// Ends the user's sessions, all but `keep`; says how many.
pub fn delete_sessions(conn: &Connection, user: UserId, keep: Option<&SessionKey>) -> rusqlite::Result<usize> {
    conn.prepare_cached("delete from sessions where user_id = ?1 and key is not ?2")?
        .execute(params![user, keep.map(SessionKey::as_bytes)])
}

pub fn delete_own_session(conn: &Connection, user: UserId, key: &SessionKey) -> rusqlite::Result<bool> {
    Ok(conn
        .prepare_cached("delete from sessions where user_id = ?1 and key = ?2")?
        .execute(params![user, key.as_bytes()])?
        == 1)
}

/// One line of the list of one's own sessions.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub key: SessionKey,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
}

pub fn sessions(conn: &Connection, user: UserId, now: Timestamp) -> rusqlite::Result<Vec<SessionRow>> {
    conn.prepare_cached(
        "select key, data ->> 'user_agent', data ->> 'address', created_at, seen_at
         from sessions where user_id = ?1 and expires_at > ?2 order by seen_at desc limit 200",
    )?
    .query_map(params![user, now.as_microsecond()], |row| {
        Ok(SessionRow {
            key: SessionKey::from_bytes(row.get(0)?),
            user_agent: row.get(1)?,
            address: row.get(2)?,
            created_at: time(row, 3)?,
            seen_at: time(row, 4)?,
        })
    })?
    .collect()
}

/// Who this session stands for: none when it is over, when nobody signed in
/// under it, or when its user is no active member there any more.
pub fn viewer(conn: &Connection, key: &SessionKey, now: Timestamp) -> rusqlite::Result<Option<Viewer>> {
    let found = conn
        .prepare_cached(
            "select u.id, o.id, m.role, u.name, u.email, o.name, u.language, u.theme, u.zone, o.zone,
                    o.members_see_projects, s.expires_at
             from sessions s
             join users u on u.id = s.user_id
             join members m on m.user_id = u.id and m.organisation_id = s.data ->> 'organisation'
             join organisations o on o.id = m.organisation_id
             where s.key = ?1 and s.expires_at > ?2 and m.deactivated_at is null",
        )?
        .query_one(params![key.as_bytes(), now.as_microsecond()], |row| viewer_row(row, Credential::Session(*key)))
        .optional()?;
    found
        .map(|mut viewer| {
            viewer.organisations = organisations_of(conn, viewer.user)?;
            viewer.unread = unread(conn, viewer.organisation, viewer.user)?;
            Ok(viewer)
        })
        .transpose()
}

/// Notifications that a member has not read.
pub fn unread(conn: &Connection, organisation: OrganisationId, user: UserId) -> rusqlite::Result<i64> {
    conn.prepare_cached("select unread from members where organisation_id = ?1 and user_id = ?2")?
        .query_one(params![organisation, user], |row| row.get(0))
}

/// As whom something goes on in this user's name without them: none when they are no active member there any more.
pub fn viewer_of_member(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
) -> rusqlite::Result<Option<Viewer>> {
    let endless = Timestamp::MAX.as_microsecond();
    conn.prepare_cached(
        "select u.id, o.id, m.role, u.name, u.email, o.name, u.language, u.theme, u.zone, o.zone,
                o.members_see_projects, ?3
         from members m
         join users u on u.id = m.user_id
         join organisations o on o.id = m.organisation_id
         where m.organisation_id = ?1 and m.user_id = ?2 and m.deactivated_at is null",
    )?
    .query_one(params![organisation, user, endless], |row| viewer_row(row, Credential::Token(TokenId::new(0))))
    .optional()
}

/// A zone is checked when it is chosen; one that this build no longer knows is UTC.
pub(super) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn viewer_row(row: &Row<'_>, credential: Credential) -> rusqlite::Result<Viewer> {
    let organisation_zone = zone(&row.get::<_, String>(9)?);
    let own: Option<String> = row.get(8)?;
    Ok(Viewer {
        user: row.get(0)?,
        organisation: row.get(1)?,
        role: row.get(2)?,
        name: row.get(3)?,
        email: row.get(4)?,
        organisation_name: row.get(5)?,
        language: row.get(6)?,
        theme: row.get(7)?,
        zone: own.as_deref().map_or_else(|| organisation_zone.clone(), zone),
        organisation_zone,
        sees_projects: row.get(10)?,
        is_program: false,
        credential,
        scopes: Scopes::all(),
        expires_at: from_micros(row.get(11)?),
        known_at: 0,
        organisations: Vec::new(),
        unread: 0,
    })
}

/// Where this user is an active member, by name.
pub fn organisations_of(conn: &Connection, user: UserId) -> rusqlite::Result<Vec<(OrganisationId, String)>> {
    conn.prepare_cached(
        "select o.id, o.name from members m join organisations o on o.id = m.organisation_id
         where m.user_id = ?1 and m.deactivated_at is null order by o.name, o.id",
    )?
    .query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}

pub fn open_span(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
    state: Presence,
    source: PresenceSource,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    conn.prepare_cached(
        "insert into presence_spans (organisation_id, user_id, state, source, started_at, ended_at) values (?1, ?2, ?3, ?4, ?5, ?5)",
    )?
    .execute(params![organisation, user, state, source, now.as_microsecond()])?;
    Ok(conn.last_insert_rowid())
}

pub fn extend_span(conn: &Connection, span: i64, until: Timestamp) -> rusqlite::Result<()> {
    conn.prepare_cached("update presence_spans set ended_at = max(ended_at, ?2) where id = ?1")?
        .execute(params![span, until.as_microsecond()])?;
    Ok(())
}

/// The newest spans of one's own record.
pub fn spans(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
    limit: usize,
) -> rusqlite::Result<Vec<Span>> {
    conn.prepare_cached(
        "select state, source, started_at, ended_at from presence_spans
         where organisation_id = ?1 and user_id = ?2 order by started_at desc limit ?3",
    )?
    .query_map(params![organisation, user, limit as i64], |row| {
        Ok(Span {
            state: row.get(0)?,
            source: row.get(1)?,
            started_at: time(row, 2)?,
            ended_at: maybe_time(row, 3)?.unwrap_or_default(),
        })
    })?
    .collect()
}
