//! Tokens of the API: a member's own, for programs that act as that member; and the organisation's, which admins make
//! for programs that outlive whoever set them up.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::App;
use crate::config;
use crate::error::{Error, Message, Result, msg};
use crate::live::{Credentials, EndReason, Letter};
use crate::people::actions::{Fields, admins_only};
use crate::people::sql::{Leftover, NewApiToken, TokensOf};
use crate::people::tokens::Token;
use crate::people::{ApiToken, Credential, Scope, Scopes, TokenId, TokenOwner, Viewer, parse_line, sql};

/// What a token's maker fills in, as typed.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    pub name: String,
    pub scopes: Vec<String>,
    /// A date, at whose end it stops working in the viewer's zone; or an instant. Empty: never.
    pub expires: String,
}

/// The tokens of this owner that the viewer may look after, newest first.
pub async fn tokens(app: &App, viewer: &Viewer, owner: TokenOwner) -> Result<Vec<ApiToken>> {
    let of = tokens_of(viewer, owner)?;
    app.db.read(move |conn| Ok(sql::tokens(conn, of)?)).await
}

pub async fn token(app: &App, viewer: &Viewer, owner: TokenOwner, id: TokenId) -> Result<ApiToken> {
    let of = tokens_of(viewer, owner)?;
    app.db.read(move |conn| sql::token(conn, of, id)?.ok_or(Error::NotFound)).await
}

/// Makes a token; its secret is shown this once. It never has more rights than its maker: an own one acts as its member
/// with the role of the moment, and only admins make the organisation's. That one acts in its own name, as an admin if it
/// has that scope, and works on when its maker leaves; every admin sees and revokes it.
pub async fn create_token(app: &App, viewer: &Viewer, owner: TokenOwner, form: NewToken) -> Result<Token> {
    let of = tokens_of(viewer, owner)?;
    let mut fields = Fields::default();
    let name = fields.take("name", parse_line(&form.name, config::NAME_CHARS));
    let scopes = fields.take("scopes", parse_scopes(&form.scopes));
    let expires_at = fields.take("expires", parse_expiry(&form.expires, &viewer.zone, app.clock.now()));
    if scopes.is_some_and(|scopes| scopes.contains(Scope::Admin)) && !viewer.is_admin() {
        fields.refuse("scopes", msg("error-admins-only"));
    }
    fields.check()?;
    let (Some(name), Some(scopes), Some(expires_at)) = (name, scopes, expires_at) else {
        return Err(Error::Internal(anyhow::anyhow!("a checked form lacks a field")));
    };
    let secret = Token::for_api()?;
    let (by, shown) = (viewer.user, secret.clone());
    app.db
        .write(move |w| {
            let now = w.now;
            // What outlives its maker is not made with rights that ended meanwhile.
            match sql::membership(w.conn, of.organisation, by)? {
                Some((role, None)) if of.member.is_some() || role.is_admin() => {}
                _ => return Err(Error::Forbidden(msg("error-admins-only"))),
            }
            if sql::tokens(w.conn, of)?.iter().filter(|token| !token.has_expired(now)).count() >= config::TOKENS {
                return Err(Error::Conflict(msg("error-too-many-tokens").arg("limit", config::TOKENS)));
            }
            let user = match of.member {
                Some(member) => member,
                None => sql::insert_program(w.conn, &name, &secret, now)?,
            };
            let new = NewApiToken { name: &name, secret: &secret, scopes, created_by: by, expires_at };
            sql::insert_token(w.conn, of, user, &new, now)?;
            let subject = format!("{} {name} ({owner}: {scopes})", secret.prefix());
            sql::append_audit(w.conn, of.organisation, Some(by), "create-token", &subject, now)?;
            Ok(())
        })
        .await?;
    Ok(shown)
}

/// Ends a token at once, and for good.
pub async fn revoke_token(app: &App, viewer: &Viewer, owner: TokenOwner, id: TokenId) -> Result<()> {
    let of = tokens_of(viewer, owner)?;
    let by = viewer.user;
    app.db
        .write(move |w| {
            let token = sql::token(w.conn, of, id)?.ok_or(Error::NotFound)?;
            sql::revoke_token(w.conn, id, w.now)?;
            let subject = format!("{} {} ({owner})", token.prefix, token.name);
            sql::append_audit(w.conn, of.organisation, Some(by), "revoke-token", &subject, w.now)?;
            w.publish(Letter::Ended {
                user: token.user,
                organisation: Some(of.organisation),
                credentials: Credentials::Only(Credential::Token(id)),
                reason: EndReason::Revoked,
            });
            Ok(())
        })
        .await
}

/// Its owner sees when a token was last used; how often, nobody writes down.
pub async fn note_token_use(app: &App, id: TokenId) -> Result<()> {
    app.db.write(move |w| Ok(sql::save_token_use(w.conn, id, w.now)?)).await
}

fn tokens_of(viewer: &Viewer, owner: TokenOwner) -> Result<TokensOf> {
    let member = match owner {
        TokenOwner::Member => Some(viewer.user),
        TokenOwner::Organisation => admins_only(viewer).map(|()| None)?,
    };
    Ok(TokensOf { organisation: viewer.organisation, member })
}

fn parse_scopes(given: &[String]) -> Result<Scopes, Message> {
    let scopes: Result<Scopes, String> = given.iter().map(|scope| scope.parse::<Scope>()).collect();
    match scopes {
        Ok(scopes) if scopes.is_empty() => Err(msg("error-no-scope")),
        Ok(scopes) => Ok(scopes),
        Err(_) => Err(msg("error-choice")),
    }
}

fn parse_expiry(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Option<Timestamp>, Message> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let end_of = |date: Date| date.tomorrow().ok()?.to_datetime(Time::midnight()).to_zoned(zone.clone()).ok();
    let at = match text.parse::<Date>() {
        // An instant begins like a date, and jiff would read it as one.
        Ok(date) if text.len() <= "2026-11-22".len() => end_of(date).map(|end| end.timestamp()),
        _ => text.parse().ok(),
    };
    match at {
        None => Err(msg("error-expiry")),
        Some(at) if at <= now => Err(msg("error-expiry-past")),
        Some(at) => Ok(Some(at)),
    }
}

/// The day that a new token's form offers.
pub fn usual_expiry(zone: &TimeZone, now: Timestamp) -> Date {
    zone.to_datetime(now + SignedDuration::from_hours(24 * config::TOKEN_DAYS)).date()
}

/// Removes rows that were over before this, some at a time, so that nobody waits for it; gives how many.
pub async fn remove_leftovers(app: &App, what: Leftover, over_before: Timestamp) -> Result<usize> {
    let mut removed = 0;
    loop {
        let most = config::ROWS_SWEPT;
        let some = app.db.write(move |w| Ok(sql::delete_leftovers(w.conn, what, over_before, most)?)).await?;
        removed += some;
        if some < most {
            return Ok(removed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lasts_to_the_end_of_its_day_where_its_maker_is() {
        let zone = TimeZone::get("Asia/Jerusalem").unwrap();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let parse = |text| parse_expiry(text, &zone, now).map(|at| at.map(|at| at.to_string()));
        assert_eq!(parse(" "), Ok(None));
        assert_eq!(parse("2026-11-22"), Ok(Some("2026-11-22T22:00:00Z".into())));
        assert_eq!(parse("2026-11-22T10:00:01Z"), Ok(Some("2026-11-22T10:00:01Z".into())));
        assert_eq!(parse("2026-11-22T10:00:00Z"), Err(msg("error-expiry-past")));
        for bad in ["soon", "22.11.2027", "9999-12-31", "30"] {
            assert_eq!(parse(bad), Err(msg("error-expiry")), "{bad}");
        }
        assert_eq!(usual_expiry(&zone, now).to_string(), "2027-02-20");
    }
}
