//! Tokens of the API. A member's own is found by organisation and member, the organisation's by organisation alone.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{maybe_time, time};
use crate::people::tokens::Token;
use crate::people::{ApiToken, OrganisationId, Scopes, TokenId, TokenOwner, UserId};

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

const TOKEN: &str = "select t.id, t.name, t.prefix, t.scopes, m.name, t.created_at, t.expires_at, t.last_used_at
     from api_tokens t join users m on m.id = t.created_by
     where t.organisation_id = ?1 and t.owner = ?2 and t.user_id = coalesce(?3, t.user_id) and t.revoked_at is null";

fn token_row(row: &Row<'_>) -> rusqlite::Result<ApiToken> {
    Ok(ApiToken {
        id: row.get(0)?,
        name: row.get(1)?,
        prefix: row.get(2)?,
        scopes: row.get(3)?,
        maker: row.get(4)?,
        created_at: time(row, 5)?,
        expires_at: maybe_time(row, 6)?,
        last_used_at: maybe_time(row, 7)?,
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
