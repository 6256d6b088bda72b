//! In and out: sign-in with its remembered way back, sign-out, the demo's two visitors, and where `/` leads.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tower_sessions::Session;

use super::arrival::Address;
use super::forms::{Fields, Filled};
use super::page::{OpenVisit, Page, see_other, session_failed};
use super::session::{end, sign_in_session};
use crate::App;
use crate::error::{Error, Result};
use crate::locale::Lang;
use crate::people::{OrganisationId, Verified, Viewer, actions, sql};

#[derive(Template, WebTemplate)]
#[template(path = "people/sign_in.html")]
struct SignInPage {
    page: Page,
    l: Lang,
    form: Filled,
}

async fn show(visit: &OpenVisit, form: Filled) -> Response {
    let page = visit.page("sign-in-title");
    (form.status, SignInPage { l: page.l, page, form }).into_response()
}

/// Admins watch, members work.
pub fn home(is_admin: bool) -> &'static str {
    if is_admin { "/monitor" } else { "/tasks" }
}

pub async fn get_root(State(app): State<App>, viewer: Option<Viewer>) -> Result<Response> {
    match viewer {
        Some(viewer) => Ok(see_other(None, home(viewer.is_admin()))),
        None if actions::is_set_up(&app).await? => Ok(see_other(None, "/sign-in")),
        None => Ok(see_other(None, "/setup")),
    }
}

pub async fn get_sign_in(visit: OpenVisit, RawQuery(query): RawQuery) -> Result<Response> {
    let query = query.unwrap_or_default();
    let next = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next").map(|(_, next)| next);
    let next = next.as_deref().unwrap_or_default();
    if visit.viewer.is_some() {
        return Ok(see_other(Some(next), "/"));
    }
    if !actions::is_set_up(&visit.app).await? {
        return Ok(see_other(None, "/setup"));
    }
    Ok(show(&visit, Filled::fresh([("next", next)])).await)
}

pub async fn post_sign_in(visit: OpenVisit, Address(address): Address, fields: Fields) -> Result<Response> {
    let signed_in = async {
        let verified = actions::sign_in(&visit.app, fields.get("email"), fields.get("password"), address).await?;
        sign_in_session(&visit, verified, address).await.map_err(|error| match error {
            // It was the password, until a moment ago.
            Error::SignInNeeded => actions::no_sign_in(),
            other => other,
        })
    };
    match signed_in.await {
        Ok(()) => Ok(see_other(fields.filled("next"), "/")),
        Err(error) => {
            let wait = match &error {
                Error::TooMany { retry_after_seconds } => Some(HeaderValue::from(*retry_after_seconds)),
                _ => None,
            };
            let mut page = show(&visit, Filled::refused(fields, error, visit.l())?).await;
            if let Some(seconds) = wait {
                page.headers_mut().insert(header::RETRY_AFTER, seconds);
            }
            Ok(page)
        }
    }
}

/// Signing out twice is the same as once.
pub async fn post_sign_out(State(app): State<App>, viewer: Option<Viewer>, session: Session) -> Result<Response> {
    if let Some(viewer) = viewer {
        end(&app, &viewer).await?;
    }
    session.flush().await.map_err(session_failed)?;
    Ok(see_other(None, "/sign-in"))
}

/// Lets a visitor of the demo in as its first admin or its first member. The route exists in the demo only.
pub async fn post_demo_sign_in(visit: OpenVisit, Address(address): Address, fields: Fields) -> Result<Response> {
    // The demo's database is its own and begins with its one organisation.
    let organisation = OrganisationId::new(1);
    let wants_admin = fields.get("role") == "admin";
    let members = visit.app.db.read(move |conn| Ok(sql::members(conn, organisation)?)).await?;
    let first = members
        .iter()
        .filter(|member| member.deactivated_at.is_none() && member.role.is_admin() == wants_admin)
        .min_by_key(|member| member.user)
        .ok_or(Error::NotFound)?;
    let (user, role) = (first.user, first.role);
    let password = visit.app.db.read(move |conn| Ok(sql::password_mark(conn, user)?)).await?;
    sign_in_session(&visit, Verified { user, organisation, password }, address).await?;
    Ok(see_other(None, home(role.is_admin())))
}
