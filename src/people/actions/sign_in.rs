//! Ways in: first setup, sign-in, and the links that admins hand out.

use std::net::IpAddr;

use crate::App;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::live::{Credentials, EndReason, Letter};
use crate::people::actions::{Fields, sight};
use crate::people::tokens::Token;
use crate::people::{Email, Invitation, Password, PasswordMark, Role, UserId, Verified, parse_line, parse_zone, sql};
use rusqlite::Connection;

/// What the first run asks for, as typed.
#[derive(Clone, Debug, Default)]
pub struct SetUp {
    pub organisation: String,
    pub name: String,
    pub email: String,
    pub password: String,
    /// IANA name; the page's script fills it in from the browser.
    pub zone: Option<String>,
    pub language: Option<String>,
}

pub async fn is_set_up(app: &App) -> Result<bool> {
    app.db.read(|conn| Ok(sql::is_set_up(conn)?)).await
}

/// Makes the organisation and its owner, once.
pub async fn set_up(app: &App, form: SetUp) -> Result<Verified> {
    let mut fields = Fields::default();
    let organisation = fields.take("organisation", parse_line(&form.organisation, config::NAME_CHARS));
    let name = fields.take("name", parse_line(&form.name, config::NAME_CHARS));
    let email = fields.take("email", Email::parse(&form.email));
    let password = fields.take("password", Password::parse(&form.password));
    let zone = form.zone.filter(|zone| !zone.trim().is_empty()).unwrap_or_else(|| "UTC".into());
    fields.take("zone", parse_zone(&zone));
    fields.check()?;
    let (Some(organisation), Some(name), Some(email), Some(password)) = (organisation, name, email, password) else {
        return Err(Error::Internal(anyhow::anyhow!("a checked form lacks a field")));
    };
    let hash = app.passwords.hash(password).await?;
    app.db
        .write(move |w| {
            if sql::is_set_up(w.conn)? {
                return Err(Error::Conflict(msg("error-already-set-up")));
            }
            let organisation = sql::insert_organisation(w.conn, &organisation, &zone, w.now)?;
            let user = sql::insert_user(w.conn, email.as_str(), &name, &hash, None, form.language.as_deref(), w.now)?;
            sql::insert_member(w.conn, organisation, user, Role::Owner, w.now)?;
            sql::append_audit(w.conn, organisation, Some(user), "set-up", email.as_str(), w.now)?;
            Ok(Verified { user, organisation, password: PasswordMark::of(&hash) })
        })
        .await
}

/// Checks address and password. The answer, and the time it takes, are the
/// same for a wrong password, an unknown address and a deactivated account.
pub async fn sign_in(app: &App, email: &str, password: &str, address: IpAddr) -> Result<Verified> {
    let email = Email::parse(email).map_err(|_| no_sign_in())?;
    app.throttle.attempt(&email, address, app.clock.now())?;
    let asked = email.clone();
    let found = app
        .db
        .read(move |conn| {
            let Some((user, hash)) = sql::user_by_email(conn, asked.as_str())? else { return Ok(None) };
            Ok(sql::organisations_of(conn, user)?.first().map(|(organisation, _)| (user, *organisation, hash)))
        })
        .await?;
    let hash = found.as_ref().map(|(_, _, hash)| hash.clone());
    let right = app.passwords.verify(Password::given(password), hash).await?;
    match found {
        Some((user, organisation, hash)) if right => {
            app.throttle.succeeded(&email, address, app.clock.now());
            Ok(Verified { user, organisation, password: PasswordMark::of(&hash) })
        }
        _ => Err(no_sign_in()),
    }
}

/// The one answer to whoever may not sign in.
pub fn no_sign_in() -> Error {
    Error::field("email", msg("error-sign-in"))
}

/// Whether the password by which somebody was verified is still theirs.
pub async fn still_verified(app: &App, verified: &Verified) -> Result<bool> {
    let Verified { user, password, .. } = verified.clone();
    app.db.read(move |conn| Ok(sql::password_mark(conn, user)? == password)).await
}

/// The invitation behind a link, or not found when it is used, revoked or expired.
pub async fn invitation(app: &App, token: &Token) -> Result<Invitation> {
    let (hash, now) = (token.hash(), app.clock.now());
    app.db.read(move |conn| sql::open_invitation(conn, &hash, now)?.ok_or(Error::NotFound)).await
}

/// What the invited fill in. Whoever has an account already gives its password.
#[derive(Clone, Debug, Default)]
pub struct Accept {
    pub name: String,
    pub password: String,
}

pub async fn accept_invitation(app: &App, token: &Token, form: Accept, address: IpAddr) -> Result<Verified> {
    let invitation = invitation(app, token).await?;
    let (user, name, hash) = if invitation.has_account {
        let (user, hash) = verified(app, &invitation.email, &form.password, address).await?;
        (Some(user), String::new(), hash)
    } else {
        let mut fields = Fields::default();
        let name = fields.take("name", parse_line(&form.name, config::NAME_CHARS));
        let password = fields.take("password", Password::parse(&form.password));
        fields.check()?;
        let password = password.ok_or_else(|| anyhow::anyhow!("a checked form lacks its password"))?;
        (None, name.unwrap_or_default(), app.passwords.hash(password).await?)
    };
    app.db
        .write(move |w| {
            if !sql::use_invitation(w.conn, invitation.id, w.now)? {
                return Err(Error::NotFound);
            }
            let password = PasswordMark::of(&hash);
            let user = match user {
                Some(user) if sql::password_mark(w.conn, user)? == password => user,
                Some(_) => return Err(Error::field("password", msg("error-password-wrong"))),
                None if sql::user_by_email(w.conn, &invitation.email)?.is_some() => {
                    return Err(Error::Conflict(msg("error-email-taken")));
                }
                None => sql::insert_user(w.conn, &invitation.email, &name, &hash, None, None, w.now)?,
            };
            let organisation = invitation.organisation;
            if !sql::insert_member(w.conn, organisation, user, invitation.role, w.now)? {
                // Let in again meanwhile: what was decided last stays, an old link neither raises nor lowers it.
                if matches!(sql::membership(w.conn, organisation, user)?, Some((_, None))) {
                    return Ok(Verified { user, organisation, password });
                }
                sql::save_role(w.conn, organisation, user, invitation.role)?;
                sql::save_deactivation(w.conn, organisation, user, None)?;
                sight::mark(w, organisation, user)?;
            }
            sql::append_audit(w.conn, organisation, Some(user), "join", &invitation.email, w.now)?;
            w.publish(Letter::Changed { organisation });
            Ok(Verified { user, organisation, password })
        })
        .await
}

/// Like sign-in, but also for an account that is active nowhere at the moment. Gives the hash that fitted.
async fn verified(app: &App, email: &str, password: &str, address: IpAddr) -> Result<(UserId, String)> {
    let email = Email::parse(email).map_err(|_| Error::NotFound)?;
    app.throttle.attempt(&email, address, app.clock.now())?;
    let asked = email.clone();
    let found = app.db.read(move |conn| Ok(sql::user_by_email(conn, asked.as_str())?)).await?;
    let hash = found.as_ref().map(|(_, hash)| hash.clone());
    let right = app.passwords.verify(Password::given(password), hash).await?;
    match found {
        Some((user, hash)) if right => {
            app.throttle.succeeded(&email, address, app.clock.now());
            Ok((user, hash))
        }
        _ => Err(Error::field("password", msg("error-password-wrong"))),
    }
}

/// Whose password a reset link may set: e-mail and name.
pub async fn reset(app: &App, token: &Token) -> Result<(String, String)> {
    let (hash, now) = (token.hash(), app.clock.now());
    app.db
        .read(move |conn| {
            let (user, email, name, by) = sql::open_reset(conn, &hash, now)?.ok_or(Error::NotFound)?;
            still_managed(conn, by, user)?;
            Ok((email, name))
        })
        .await
}

/// A link is worth no more than its maker is by now: not once its user has joined another organisation, has risen above
/// the maker, or either of them has gone.
fn still_managed(conn: &Connection, by: UserId, user: UserId) -> Result<()> {
    let places = sql::organisations_of(conn, user)?;
    for (place, _) in &places {
        let (maker, subject) = (sql::membership(conn, *place, by)?, sql::membership(conn, *place, user)?);
        match (maker, subject) {
            (Some((maker, None)), Some((role, None))) if maker.may_manage(role) => {}
            _ => return Err(Error::NotFound),
        }
    }
    if places.is_empty() { Err(Error::NotFound) } else { Ok(()) }
}

/// Sets a new password by a link; whoever was signed in as that user no longer is.
pub async fn reset_password(app: &App, token: &Token, password: &str) -> Result<(UserId, PasswordMark)> {
    reset(app, token).await?;
    let password = Password::parse(password).map_err(|message| Error::field("password", message))?;
    let (link, hash) = (token.hash(), app.passwords.hash(password).await?);
    app.db
        .write(move |w| {
            let (user, _, _, by) = sql::open_reset(w.conn, &link, w.now)?.ok_or(Error::NotFound)?;
            still_managed(w.conn, by, user)?;
            sql::use_reset(w.conn, &link, w.now)?.ok_or(Error::NotFound)?;
            sql::save_password(w.conn, user, &hash)?;
            sql::delete_sessions(w.conn, user, None)?;
            w.publish(Letter::Ended {
                user,
                organisation: None,
                credentials: Credentials::Sessions { but: None },
                reason: EndReason::SignedOut,
            });
            Ok((user, PasswordMark::of(&hash)))
        })
        .await
}
