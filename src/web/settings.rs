//! `/settings`: what holds for everyone in the organisation.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

use super::forms::{Fields, Filled};
use super::page::{Nav, Page, Visit};
use crate::error::Result;
use crate::locale::Lang;
use crate::people::{actions, sql};

#[derive(Template, WebTemplate)]
#[template(path = "people/settings.html")]
struct SettingsPage {
    page: Page,
    l: Lang,
    form: Filled,
    zones: Vec<String>,
}

async fn show(visit: &Visit, form: Filled) -> Response {
    let page = visit.page(Nav::Settings, "settings-title");
    (form.status, SettingsPage { l: page.l, page, form, zones: zones() }).into_response()
}

/// Every zone that may be typed, offered while typing.
pub fn zones() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.to_string()).filter(|name| name.contains('/') || name == "UTC").collect()
}

pub async fn get_settings(visit: Visit) -> Result<Response> {
    let organisation = visit.viewer.organisation;
    let (name, zone, sees) = visit.app.db.read(move |conn| Ok(sql::settings(conn, organisation)?)).await?;
    let form =
        [("name", name.as_str()), ("zone", zone.as_str()), ("members_see_projects", if sees { "1" } else { "" })];
    Ok(show(&visit, Filled::fresh(form)).await)
}

pub async fn post_settings(visit: Visit, fields: Fields) -> Result<Response> {
    let settings = actions::Settings {
        name: fields.get("name").to_owned(),
        zone: fields.get("zone").to_owned(),
        members_see_projects: fields.filled("members_see_projects").is_some(),
    };
    match actions::save_settings(&visit.app, &visit.viewer, settings).await {
        Ok(()) => Ok(visit.done(visit.l().t("settings-saved"), "/settings")),
        Err(error) => Ok(show(&visit, Filled::refused(fields, error, visit.l())?).await),
    }
}
