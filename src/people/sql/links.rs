//! Invitations and password reset links: found only by the hash of their token.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::time;
use crate::people::{Invitation, InvitationId, OrganisationId, Role, UserId};

const INVITATION: &str = "select i.id, i.organisation_id, o.name, i.email, i.name, i.role, i.created_at, i.expires_at,
        exists (select 1 from users u where u.email = i.email)
     from invitations i join organisations o on o.id = i.organisation_id";

fn invitation_row(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    Ok(Invitation {
        id: row.get(0)?,
        organisation: row.get(1)?,
        organisation_name: row.get(2)?,
        email: row.get(3)?,
        name: row.get(4)?,
        role: row.get(5)?,
        created_at: time(row, 6)?,
        expires_at: time(row, 7)?,
        has_account: row.get(8)?,
    })
}

pub struct NewInvitation<'a> {
    pub email: &'a str,
    pub name: &'a str,
    pub role: Role,
    pub token_hash: [u8; 32],
    pub created_by: UserId,
    pub expires_at: Timestamp,
}

/// A new invitation to an address replaces the one that was open for it.
pub fn insert_invitation(
    conn: &Connection,
    organisation: OrganisationId,
    new: &NewInvitation<'_>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "update invitations set revoked_at = ?3
         where organisation_id = ?1 and email = ?2 and used_at is null and revoked_at is null",
    )?
    .execute(params![organisation, new.email, now.as_microsecond()])?;
    conn.prepare_cached(
        "insert into invitations (organisation_id, email, name, role, token_hash, created_by, created_at, expires_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        organisation,
        new.email,
        new.name,
        new.role,
        new.token_hash,
        new.created_by,
        now.as_microsecond(),
        new.expires_at.as_microsecond()
    ])?;
    Ok(())
}

/// The invitation behind a link that can still be used.
pub fn open_invitation(
    conn: &Connection,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> rusqlite::Result<Option<Invitation>> {
    conn.prepare_cached(&format!(
        "{INVITATION} where i.token_hash = ?1 and i.used_at is null and i.revoked_at is null and i.expires_at > ?2"
    ))?
    .query_one(params![token_hash, now.as_microsecond()], invitation_row)
    .optional()
}

/// Invitations that wait for an answer, newest first.
pub fn invitations(
    conn: &Connection,
    organisation: OrganisationId,
    now: Timestamp,
) -> rusqlite::Result<Vec<Invitation>> {
    conn.prepare_cached(&format!(
        "{INVITATION} where i.organisation_id = ?1 and i.used_at is null and i.revoked_at is null and i.expires_at > ?2
         order by i.created_at desc limit 500"
    ))?
    .query_map(params![organisation, now.as_microsecond()], invitation_row)?
    .collect()
}

/// False when it was used, revoked or expired meanwhile.
pub fn use_invitation(conn: &Connection, id: InvitationId, now: Timestamp) -> rusqlite::Result<bool> {
    Ok(conn
        .prepare_cached("update invitations set used_at = ?2 where id = ?1 and used_at is null and revoked_at is null and expires_at > ?2")?
        .execute(params![id, now.as_microsecond()])?
        == 1)
}

/// The address that it was for, when there was one to revoke.
pub fn revoke_invitation(
    conn: &Connection,
    organisation: OrganisationId,
    id: InvitationId,
    now: Timestamp,
) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached(
        "update invitations set revoked_at = ?3
         where organisation_id = ?1 and id = ?2 and used_at is null and revoked_at is null returning email",
    )?
    .query_one(params![organisation, id, now.as_microsecond()], |row| row.get(0))
    .optional()
}

/// Links that admins wrote out for someone earlier stop working.
pub fn insert_reset(
    conn: &Connection,
    user: UserId,
    token_hash: &[u8; 32],
    by: UserId,
    now: Timestamp,
    expires_at: Timestamp,
) -> rusqlite::Result<()> {
    delete_resets(conn, user)?;
    conn.prepare_cached(
        "insert into password_resets (token_hash, user_id, created_by, created_at, expires_at) values (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![token_hash, user, by, now.as_microsecond(), expires_at.as_microsecond()])?;
    Ok(())
}

/// Whose password a link may still set: id, e-mail, name; and who made the link.
pub fn open_reset(
    conn: &Connection,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> rusqlite::Result<Option<(UserId, String, String, UserId)>> {
    conn.prepare_cached(
        "select u.id, u.email, u.name, r.created_by from password_resets r join users u on u.id = r.user_id
         where r.token_hash = ?1 and r.used_at is null and r.expires_at > ?2",
    )?
    .query_one(params![token_hash, now.as_microsecond()], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })
    .optional()
}

/// The links that were written out for someone stop working.
pub fn delete_resets(conn: &Connection, user: UserId) -> rusqlite::Result<()> {
    conn.prepare_cached("delete from password_resets where user_id = ?1")?.execute([user])?;
    Ok(())
}

pub fn use_reset(conn: &Connection, token_hash: &[u8; 32], now: Timestamp) -> rusqlite::Result<Option<UserId>> {
    conn.prepare_cached(
        "update password_resets set used_at = ?2 where token_hash = ?1 and used_at is null and expires_at > ?2 returning user_id",
    )?
    .query_one(params![token_hash, now.as_microsecond()], |row| row.get(0))
    .optional()
}
