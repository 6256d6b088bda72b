//! `/settings`: what holds for everyone in the organisation.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

use super::forms::{Fields, Filled};
use super::health::HealthPanel;
use super::page::{Nav, Page, Visit};
use super::session::look_at;
use super::tokens::Tokens;
use crate::error::Result;
use crate::locale::Lang;
use crate::people::{Role, TokenOwner, actions, sql};
use jiff::tz::TimeZone;

#[derive(Template, WebTemplate)]
#[template(path = "people/settings.html")]
struct SettingsPage {
    page: Page,
    l: Lang,
    form: Filled,
    is_owner: bool,
    zone: TimeZone,
    zones: Vec<String>,
    tokens: Tokens,
    /// For admins of the house.
    health: Option<HealthPanel>,
}

async fn show(visit: &Visit, form: Filled) -> Result<Response> {
    let tokens = Tokens::of(visit, TokenOwner::Organisation).await?;
    show_with(visit, form, tokens).await
}

async fn show_with(visit: &Visit, form: Filled, tokens: Tokens) -> Result<Response> {
    let health = HealthPanel::of(&visit.app, &visit.viewer, visit.l()).await?;
    let page = visit.page(Nav::Settings, "settings-title");
    let shown = SettingsPage {
        l: page.l,
        page,
        form,
        is_owner: visit.viewer.role == Role::Owner,
        zone: visit.viewer.zone.clone(),
        zones: zones(),
        tokens,
        health,
    };
    Ok((shown.tokens.status_beside(&shown.form), shown).into_response())
}

/// The settings as they are, beside what was done with tokens.
pub(super) async fn show_tokens(visit: &Visit, tokens: Tokens) -> Result<Response> {
    show_with(visit, as_they_are(visit).await?, tokens).await
}

async fn as_they_are(visit: &Visit) -> Result<Filled> {
    let organisation = visit.viewer.organisation;
    let (name, zone, sees) = visit.app.db.read(move |conn| Ok(sql::settings(conn, organisation)?)).await?;
    Ok(Filled::fresh(present(&name, &zone, sees)))
}

/// Every zone that may be typed, offered while typing.
pub fn zones() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.to_string()).filter(|name| name.contains('/') || name == "UTC").collect()
}

/// The settings as their form shows them.
fn present<'a>(name: &'a str, zone: &'a str, sees: bool) -> [(&'static str, &'a str); 3] {
    [("name", name), ("zone", zone), ("members_see_projects", if sees { "1" } else { "" })]
}

pub async fn get_settings(visit: Visit) -> Result<Response> {
    show(&visit, as_they_are(&visit).await?).await
}

pub async fn post_settings(visit: Visit, fields: Fields) -> Result<Response> {
    let settings = actions::Settings {
        name: fields.get("name").to_owned(),
        zone: fields.get("zone").to_owned(),
        members_see_projects: fields.filled("members_see_projects").is_some(),
    };
    match actions::save_settings(&visit.app, &visit.viewer, settings).await {
        Ok(()) => Ok(visit.done(visit.l().t("settings-saved"), "/settings")),
        Err(error) => show(&visit, Filled::refused(fields, error, visit.l())?).await,
    }
}

/// Another organisation, and straight on into it.
pub async fn post_organisations(visit: Visit, fields: Fields) -> Result<Response> {
    match actions::create_organisation(&visit.app, &visit.viewer, fields.get("organisation")).await {
        Ok(organisation) => {
            look_at(&visit.session, organisation).await?;
            // Afterwards, because it makes the doors forget the viewer of this session.
            actions::switch_organisation(&visit.app, &visit.viewer, organisation).await?;
            Ok(visit.done(visit.l().t("organisation-created"), "/people"))
        }
        Err(error) => {
            let organisation = visit.viewer.organisation;
            let (name, zone, sees) = visit.app.db.read(move |conn| Ok(sql::settings(conn, organisation)?)).await?;
            let form = Filled::refused(fields, error, visit.l())?;
            show(&visit, form.beside(present(&name, &zone, sees))).await
        }
    }
}
