//! What users do with their own account, sessions and organisations.

use std::net::IpAddr;

use crate::App;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::live::{Credentials, EndReason, Letter};
use crate::people::actions::Fields;
use crate::people::sql::SessionRow;
use crate::people::{
    Credential, Email, OrganisationId, Password, PasswordMark, SessionKey, Span, Theme, UserId, Viewer, parse_line,
    parse_zone, sql,
};

pub async fn rename(app: &App, viewer: &Viewer, name: &str) -> Result<()> {
    let name = parse_line(name, config::NAME_CHARS).map_err(|message| Error::field("name", message))?;
    let viewer = viewer.clone();
    app.db
        .write(move |w| {
            sql::save_name(w.conn, viewer.user, &name)?;
            for (organisation, _) in &viewer.organisations {
                w.publish(Letter::Changed { organisation: *organisation });
            }
            Ok(())
        })
        .await
}

/// Language is a code in `locales/` (checked by the door), zone an IANA name;
/// none follows the browser and the organisation.
pub async fn set_preferences(
    app: &App,
    viewer: &Viewer,
    language: Option<String>,
    theme: Theme,
    zone: Option<String>,
) -> Result<()> {
    let zone = zone.filter(|zone| !zone.trim().is_empty());
    if let Some(zone) = &zone {
        parse_zone(zone).map_err(|message| Error::field("zone", message))?;
    }
    let user = viewer.user;
    app.db
        .write(move |w| {
            sql::save_preferences(w.conn, user, language.as_deref(), theme, zone.as_deref())?;
            w.publish(Letter::ViewersChanged);
            Ok(())
        })
        .await
}

/// Whether alarms of schedules go to the user by e-mail, besides the bell.
pub async fn set_alarms_by_mail(app: &App, viewer: &Viewer, wants: bool) -> Result<()> {
    let user = viewer.user;
    app.db.write(move |w| Ok(sql::save_alarms_by_mail(w.conn, user, wants)?)).await
}

/// Every other session of the user ends, and their streams with them.
/// The present password is guessed no faster here than at sign-in.
pub async fn change_password(app: &App, viewer: &Viewer, current: &str, new: &str, address: IpAddr) -> Result<()> {
    let user = viewer.user;
    let account = Email::parse(&viewer.email).map_err(|_| anyhow::anyhow!("a stored address is none"))?;
    app.throttle.attempt(&account, address, app.clock.now())?;
    let mut fields = Fields::default();
    let new = fields.take("password", Password::parse(new));
    let stored = app.db.read(move |conn| Ok(sql::password_hash(conn, user)?)).await?;
    let verified = PasswordMark::of(&stored);
    if !app.passwords.verify(Password::given(current), Some(stored)).await? {
        fields.refuse("current", msg("error-password-wrong"));
    } else {
        app.throttle.succeeded(&account, address, app.clock.now());
    }
    fields.check()?;
    let new = new.ok_or_else(|| anyhow::anyhow!("a checked form lacks its password"))?;
    let hash = app.passwords.hash(new).await?;
    let keep = viewer.session();
    app.db
        .write(move |w| {
            // Changed meanwhile by somebody else: what was verified is the password no more.
            if sql::password_mark(w.conn, user)? != verified {
                return Err(Error::field("current", msg("error-password-wrong")));
            }
            sql::save_password(w.conn, user, &hash)?;
            sql::delete_resets(w.conn, user)?;
            sql::delete_sessions(w.conn, user, keep.as_ref())?;
            w.publish(ended(user, Credentials::Sessions { but: keep }));
            Ok(())
        })
        .await
}

pub async fn sessions(app: &App, viewer: &Viewer) -> Result<Vec<SessionRow>> {
    let (user, now) = (viewer.user, app.clock.now());
    app.db.read(move |conn| Ok(sql::sessions(conn, user, now)?)).await
}

/// Ends one of the viewer's own sessions: another device's, or this one.
pub async fn end_session(app: &App, viewer: &Viewer, key: SessionKey) -> Result<()> {
    let user = viewer.user;
    app.db
        .write(move |w| {
            if !sql::delete_own_session(w.conn, user, &key)? {
                return Err(Error::NotFound);
            }
            w.publish(ended(user, Credentials::Only(Credential::Session(key))));
            Ok(())
        })
        .await
}

/// Says how many ended.
pub async fn end_other_sessions(app: &App, viewer: &Viewer) -> Result<usize> {
    let (user, keep) = (viewer.user, viewer.session());
    app.db
        .write(move |w| {
            let ended_now = sql::delete_sessions(w.conn, user, keep.as_ref())?;
            w.publish(ended(user, Credentials::Sessions { but: keep }));
            Ok(ended_now)
        })
        .await
}

fn ended(user: UserId, credentials: Credentials) -> Letter {
    Letter::Ended { user, organisation: None, credentials, reason: EndReason::SignedOut }
}

/// Whether the user may look at that organisation, which the door has written into the session. What this session had
/// open of the one before ends: it would go on beside pages of the other.
pub async fn switch_organisation(app: &App, viewer: &Viewer, organisation: OrganisationId) -> Result<()> {
    let Viewer { user, credential, organisation: before, .. } = *viewer;
    app.db
        .write(move |w| {
            let Some((_, None)) = sql::membership(w.conn, organisation, user)? else { return Err(Error::NotFound) };
            if organisation != before {
                w.publish(Letter::Ended {
                    user,
                    organisation: Some(before),
                    credentials: Credentials::Only(credential),
                    reason: EndReason::Revoked,
                });
            }
            w.publish(Letter::ViewersChanged);
            Ok(())
        })
        .await
}

/// The viewer's own record of presence, newest first.
pub async fn presence_spans(app: &App, viewer: &Viewer) -> Result<Vec<Span>> {
    let (organisation, user) = (viewer.organisation, viewer.user);
    app.db.read(move |conn| Ok(sql::spans(conn, organisation, user, config::PAGE_ROWS)?)).await
}
