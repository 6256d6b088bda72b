//! `/settings`: what holds for everyone in the organisation.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

use super::forms::{Fields, Filled};
use super::page::{Nav, Page, Visit};
use super::session::look_at;
use crate::error::Result;
use crate::locale::Lang;
use crate::people::{Role, actions, sql};

#[derive(Template, WebTemplate)]
#[template(path = "people/settings.html")]
struct SettingsPage {
    page: Page,
    l: Lang,
    form: Filled,
    is_owner: bool,
    zones: Vec<String>,
}

async fn show(visit: &Visit, form: Filled) -> Response {
    let page = visit.page(Nav::Settings, "settings-title");
    (form.status, SettingsPage { l: page.l, page, form, is_owner: visit.viewer.role == Role::Owner, zones: zones() })
        .into_response()
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
    let organisation = visit.viewer.organisation;
    let (name, zone, sees) = visit.app.db.read(move |conn| Ok(sql::settings(conn, organisation)?)).await?;
    Ok(show(&visit, Filled::fresh(present(&name, &zone, sees))).await)
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
            Ok(show(&visit, form.beside(present(&name, &zone, sees))).await)
        }
    }
}
