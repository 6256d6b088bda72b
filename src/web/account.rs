//! `/account`: one's own name, password, preferences and sessions, and what is recorded about one's presence.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::At;
use super::arrival::Address;
use super::forms::{Fields, Filled};
use super::page::{Nav, Page, Visit};
use super::people::{source_key, theme_key};
use super::settings::zones;
use super::tokens::Tokens;
use crate::error::{Error, Result};
use crate::locale::Lang;
use crate::people::sql::SessionRow;
use crate::people::{Span, Theme, TokenOwner, actions, sql};

/// One of the places where the account is signed in.
struct SessionLine {
    key: String,
    device: String,
    address: String,
    created_at: Timestamp,
    seen_at: Timestamp,
    current: bool,
}

#[derive(Template, WebTemplate)]
#[template(path = "people/account.html")]
struct AccountPage {
    page: Page,
    l: Lang,
    email: String,
    zone: TimeZone,
    organisation_zone: String,
    sessions: Vec<SessionLine>,
    spans: Vec<Span>,
    zones: Vec<String>,
    form: Filled,
    tokens: Tokens,
    /// Whether alarms come by mail; none for whom there are none, or where there is no mail.
    alarms_by_mail: Option<bool>,
}

/// The account as it is, with what was typed into one of its forms laid over it.
async fn show(visit: &Visit, refused: Option<(Fields, Error)>) -> Result<Response> {
    let tokens = Tokens::of(visit, TokenOwner::Member).await?;
    show_with(visit, refused, tokens).await
}

pub(super) async fn show_with(visit: &Visit, refused: Option<(Fields, Error)>, tokens: Tokens) -> Result<Response> {
    let user = visit.viewer.user;
    let (language, zone) = visit.app.db.read(move |conn| Ok(sql::preferences(conn, user)?)).await?;
    let now = [
        ("name", visit.viewer.name.clone()),
        ("language", language.unwrap_or_default()),
        ("zone", zone.unwrap_or_default()),
        ("theme", visit.viewer.theme.to_string()),
    ];
    let form = match refused {
        Some((fields, error)) => Filled::refused(fields.or(now), error, visit.l())?,
        None => Filled::fresh(now.iter().map(|(name, value)| (*name, value.as_str()))),
    };
    let hears_alarms = visit.viewer.is_admin() && visit.app.config.mail.is_some();
    let wants = visit.app.db.read(move |conn| Ok(sql::wants_alarms_by_mail(conn, user)?)).await?;
    let sessions = actions::sessions(&visit.app, &visit.viewer).await?;
    let page = visit.page(Nav::Account, "account-title");
    let shown = AccountPage {
        l: page.l,
        email: visit.viewer.email.clone(),
        zone: visit.viewer.zone.clone(),
        organisation_zone: visit.viewer.organisation_zone.iana_name().unwrap_or("UTC").to_owned(),
        sessions: sessions.into_iter().map(|row| line(visit, row)).collect(),
        spans: actions::presence_spans(&visit.app, &visit.viewer).await?,
        zones: zones(),
        page,
        form,
        tokens,
        alarms_by_mail: hears_alarms.then_some(wants),
    };
    Ok((shown.tokens.status_beside(&shown.form), shown).into_response())
}

fn line(visit: &Visit, row: SessionRow) -> SessionLine {
    let agent = row.user_agent.unwrap_or_default();
    SessionLine {
        key: row.key.to_string(),
        device: device(&agent).unwrap_or_else(|| visit.l().t("session-unknown").to_owned()),
        address: row.address.unwrap_or_default(),
        created_at: row.created_at,
        seen_at: row.seen_at,
        current: Some(row.key) == visit.viewer.session(),
    }
}

/// "Firefox · Linux": enough to tell one's own devices apart. Browsers claim to be each other; the order tells them apart.
fn device(agent: &str) -> Option<String> {
    let find =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = find(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => Some(format!("{browser} · {system}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => agent.split_whitespace().next().map(|word| word.chars().take(40).collect()),
    }
}

pub async fn get_account(visit: Visit) -> Result<Response> {
    show(&visit, None).await
}

async fn answer(visit: &Visit, fields: Fields, saved: Result<()>, said: &'static str) -> Result<Response> {
    match saved {
        Ok(()) => Ok(visit.done(said, "/account")),
        Err(error) => show(visit, Some((fields, error))).await,
    }
}

pub async fn post_name(visit: Visit, fields: Fields) -> Result<Response> {
    let saved = actions::rename(&visit.app, &visit.viewer, fields.get("name")).await;
    answer(&visit, fields, saved, visit.l().t("account-saved")).await
}

pub async fn post_password(visit: Visit, Address(address): Address, fields: Fields) -> Result<Response> {
    let saved =
        actions::change_password(&visit.app, &visit.viewer, fields.get("current"), fields.get("password"), address)
            .await;
    answer(&visit, fields, saved, visit.l().t("account-password-changed")).await
}

pub async fn post_preferences(visit: Visit, fields: Fields) -> Result<Response> {
    let language = Lang::from_code(fields.get("language"));
    let theme = fields.get("theme").parse().unwrap_or(visit.viewer.theme);
    let zone = fields.filled("zone").map(|zone| zone.trim().to_owned());
    let saved =
        actions::set_preferences(&visit.app, &visit.viewer, language.map(|l| l.code().to_owned()), theme, zone).await;
    // The answer already speaks the new language.
    let l = language.unwrap_or(visit.l());
    answer(&visit, fields, saved, l.t("account-saved")).await
}

/// `mail`, or nothing.
pub async fn post_alarms(visit: Visit, fields: Fields) -> Result<Response> {
    actions::set_alarms_by_mail(&visit.app, &visit.viewer, fields.has("mail")).await?;
    Ok(visit.done(visit.l().t("account-saved"), "/account"))
}

/// Signs one of one's own sessions out. The address carries the hash of its id, which is worth nothing as a cookie.
pub async fn post_end_session(visit: Visit, At(key): At<String>) -> Result<Response> {
    let sessions = actions::sessions(&visit.app, &visit.viewer).await?;
    let row = sessions.into_iter().find(|row| row.key.to_string() == key).ok_or(Error::NotFound)?;
    actions::end_session(&visit.app, &visit.viewer, row.key).await?;
    Ok(visit.done(visit.l().t("session-ended"), "/account"))
}

pub async fn post_end_other_sessions(visit: Visit) -> Result<Response> {
    let ended = actions::end_other_sessions(&visit.app, &visit.viewer).await?;
    Ok(visit.done(visit.l().n("sessions-ended", i64::try_from(ended).unwrap_or(i64::MAX)), "/account"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_told_by_its_browser_and_system() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(device(chrome).as_deref(), Some("Chrome · Linux"));
        assert_eq!(device("curl/8.5").as_deref(), Some("curl"));
        assert_eq!(device(""), None);
    }
}
