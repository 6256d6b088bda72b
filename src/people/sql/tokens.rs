//! Tokens of the API. A member's own is found by organisation and member, the organisation's by organisation alone.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::sessions::zone;
use super::{maybe_time, time};
use crate::people::tokens::Token;
use crate::people::{
    ApiToken, Credential, OrganisationId, Role, Scope, Scopes, Theme, TokenId, TokenOwner, UserId, Viewer,
};

/// Whose tokens: a member's own in an organisation, or the organisation's.
#[derive(Clone, Copy, Debug)]
pub struct TokensOf {
    pub organisation: OrganisationId,
    /// None: the organisation's.
    pub member: Option<UserId>,
}

impl TokensOf {
    const fn owner(self) -> TokenOwner {
        match self.member {
            Some(_) => TokenOwner::Member,
            None => TokenOwner::Organisation,
        }
    }
}

pub struct NewApiToken<'a> {
    pub name: &'a str,
    pub secret: &'a Token,
    pub scopes: Scopes,
    pub created_by: UserId,
    pub expires_at: Option<Timestamp>,
}

/// Stores a token that acts as `user`.
pub fn insert_token(
    conn: &Connection,
    of: TokensOf,
    user: UserId,
    new: &NewApiToken<'_>,
    now: Timestamp,
) -> rusqlite::Result<TokenId> {
    conn.prepare_cached(
        "insert into api_tokens (organisation_id, owner, user_id, name, prefix, secret_hash, scopes, created_by, created_at, expires_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        of.organisation,
        of.owner(),
        user,
        new.name,
        new.secret.prefix(),
        new.secret.hash(),
        new.scopes,
        new.created_by,
        now.as_microsecond(),
        new.expires_at.map(Timestamp::as_microsecond)
    ])?;
    Ok(TokenId::new(conn.last_insert_rowid()))
}

const TOKEN: &str =
    "select t.id, t.user_id, t.name, t.prefix, t.scopes, m.name, t.created_at, t.expires_at, t.last_used_at
     from api_tokens t join users m on m.id = t.created_by
     where t.organisation_id = ?1 and t.owner = ?2 and t.user_id = coalesce(?3, t.user_id) and t.revoked_at is null";

fn token_row(row: &Row<'_>) -> rusqlite::Result<ApiToken> {
    Ok(ApiToken {
        id: row.get(0)?,
        user: row.get(1)?,
        name: row.get(2)?,
        prefix: row.get(3)?,
        scopes: row.get(4)?,
        maker: row.get(5)?,
        created_at: time(row, 6)?,
        expires_at: maybe_time(row, 7)?,
        last_used_at: maybe_time(row, 8)?,
    })
}

/// Newest first. Expired ones are among them, revoked ones are not.
pub fn tokens(conn: &Connection, of: TokensOf) -> rusqlite::Result<Vec<ApiToken>> {
    conn.prepare_cached(&format!("{TOKEN} order by t.created_at desc, t.id desc"))?
        .query_map(params![of.organisation, of.owner(), of.member], token_row)?
        .collect()
}

pub fn token(conn: &Connection, of: TokensOf, id: TokenId) -> rusqlite::Result<Option<ApiToken>> {
    conn.prepare_cached(&format!("{TOKEN} and t.id = ?4"))?
        .query_one(params![of.organisation, of.owner(), of.member, id], token_row)
        .optional()
}

pub fn revoke_token(conn: &Connection, id: TokenId, now: Timestamp) -> rusqlite::Result<()> {
    conn.prepare_cached("update api_tokens set revoked_at = ?2 where id = ?1 and revoked_at is null")?
        .execute(params![id, now.as_microsecond()])?;
    Ok(())
}

/// Makes the user as whom an organisation's token acts: a member of nothing, whose address is the token's prefix, which
/// is no address, so that nobody signs in as it.
pub fn insert_program(conn: &Connection, name: &str, secret: &Token, now: Timestamp) -> rusqlite::Result<UserId> {
    super::insert_user(conn, secret.prefix(), name, "", None, None, now)
}

/// As whom a token acts, up to its `where`: nobody when it is revoked or over, or when its member is no active one there
/// any more.
const VIEWER: &str = "select t.id, u.id, o.id, m.role, t.scopes, u.name, u.email, o.name, o.zone, o.members_see_projects, t.expires_at, t.last_used_at
     from api_tokens t
     join users u on u.id = t.user_id
     join organisations o on o.id = t.organisation_id
     left join members m on m.organisation_id = t.organisation_id and m.user_id = t.user_id and m.deactivated_at is null
     where t.revoked_at is null and (t.expires_at is null or t.expires_at > ?2)
       and (t.owner = 'organisation' or m.role is not null)";

/// And when the token was last used.
fn viewer_row(row: &Row<'_>) -> rusqlite::Result<(Viewer, Option<Timestamp>)> {
    let scopes: Scopes = row.get(4)?;
    // The organisation's own tokens have no membership: what they may do, their scopes say.
    let own = if scopes.contains(Scope::Admin) { Role::Admin } else { Role::Member };
    let member: Option<Role> = row.get(3)?;
    let organisation_zone = zone(&row.get::<_, String>(8)?);
    let viewer = Viewer {
        user: row.get(1)?,
        organisation: row.get(2)?,
        role: member.unwrap_or(own),
        is_program: member.is_none(),
        name: row.get(5)?,
        email: row.get(6)?,
        organisation_name: row.get(7)?,
        language: None,
        theme: Theme::Auto,
        zone: organisation_zone.clone(),
        organisation_zone,
        sees_projects: row.get(9)?,
        credential: Credential::Token(row.get(0)?),
        scopes,
        // One without an end lasts as long as time does.
        expires_at: maybe_time(row, 10)?.unwrap_or(Timestamp::MAX),
        known_at: 0,
        organisations: Vec::new(),
        unread: 0,
    };
    Ok((viewer, maybe_time(row, 11)?))
}

pub fn viewer_of_secret(
    conn: &Connection,
    hash: &[u8; 32],
    now: Timestamp,
) -> rusqlite::Result<Option<(Viewer, Option<Timestamp>)>> {
    conn.prepare_cached(&format!("{VIEWER} and t.secret_hash = ?1"))?
        .query_one(params![hash, now.as_microsecond()], viewer_row)
        .optional()
}

pub fn viewer_of_token(conn: &Connection, id: TokenId, now: Timestamp) -> rusqlite::Result<Option<Viewer>> {
    conn.prepare_cached(&format!("{VIEWER} and t.id = ?1"))?
        .query_one(params![id, now.as_microsecond()], |row| viewer_row(row).map(|(viewer, _)| viewer))
        .optional()
}

/// As whom one of the organisation's own programs acts without its token being shown: none when that is revoked or over.
pub fn viewer_of_program(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
    now: Timestamp,
) -> rusqlite::Result<Option<Viewer>> {
    conn.prepare_cached(&format!(
        "{VIEWER} and t.user_id = ?1 and t.owner = 'organisation' and t.organisation_id = ?3 limit 1"
    ))?
    .query_one(params![user, now.as_microsecond(), organisation], |row| viewer_row(row).map(|(viewer, _)| viewer))
    .optional()
}

pub fn save_token_use(conn: &Connection, id: TokenId, now: Timestamp) -> rusqlite::Result<()> {
    conn.prepare_cached("update api_tokens set last_used_at = ?2 where id = ?1")?
        .execute(params![id, now.as_microsecond()])?;
    Ok(())
}
