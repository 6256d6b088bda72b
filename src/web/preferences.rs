//! The small forms of every page's frame: language and appearance (for visitors too), and which organisation one looks at.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use tower_sessions::Session;

use super::forms::Fields;
use super::page::{LANGUAGE_COOKIE, OpenVisit, THEME_COOKIE, see_other};
use super::session::look_at;
use crate::App;
use crate::error::{Error, Result};
use crate::locale::Lang;
use crate::people::{OrganisationId, Theme, Viewer, actions, sql};

/// A year, in seconds.
const COOKIE_LIFE: u32 = 31_536_000;

/// `language` and/or `theme`. The signed-in have it in their account, visitors in a cookie; both keep the cookie, so
/// that the sign-in page looks the same.
pub async fn post_preferences(visit: OpenVisit, fields: Fields) -> Result<Response> {
    let language = Lang::from_code(fields.get("language"));
    let theme: Option<Theme> = fields.get("theme").parse().ok();
    if let Some(viewer) = &visit.viewer {
        let user = viewer.user;
        let (kept, zone) = visit.app.db.read(move |conn| Ok(sql::preferences(conn, user)?)).await?;
        let chosen = language.map(|language| language.code().to_owned()).or(kept);
        actions::set_preferences(&visit.app, viewer, chosen, theme.unwrap_or(viewer.theme), zone).await?;
    }
    let mut response = see_other(fields.return_to(), "/");
    let cookies = [(LANGUAGE_COOKIE, language.map(Lang::code)), (THEME_COOKIE, theme.map(Theme::as_str))];
    for (name, value) in cookies.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        let cookie = format!("{name}={value}; Path=/; Max-Age={COOKIE_LIFE}; SameSite=Lax; HttpOnly");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}

/// Pages of one organisation mean nothing in another, so this leads to the start.
pub async fn post_switch_organisation(
    State(app): State<App>,
    viewer: Viewer,
    session: Session,
    fields: Fields,
) -> Result<Response> {
    let organisation = fields.id::<OrganisationId>("organisation")?;
    if !viewer.organisations.iter().any(|(id, _)| *id == organisation) {
        return Err(Error::NotFound);
    }
    look_at(&session, organisation).await?;
    // Afterwards, because it makes the doors forget the viewer of this session.
    actions::switch_organisation(&app, &viewer, organisation).await?;
    Ok(see_other(None, "/"))
}
