//! The links that admins hand out: to join, and to set a new password. Whoever opens a dead one is told so.

use askama::Template;
use askama_web::WebTemplate;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::At;
use super::arrival::Address;
use super::flash::{Flash, with_flash};
use super::forms::{Fields, Filled};
use super::page::{OpenVisit, Page, see_other};
use super::people::role_key;
use super::session::sign_in_session;
use crate::error::{Error, Result};
use crate::locale::Lang;
use crate::people::actions::{self, Accept};
use crate::people::tokens::Token;
use crate::people::{Invitation, Verified, sql};

#[derive(Template, WebTemplate)]
#[template(path = "people/invitation.html")]
struct InvitationPage {
    page: Page,
    l: Lang,
    form: Filled,
    token: String,
    invitation: Invitation,
}

#[derive(Template, WebTemplate)]
#[template(path = "people/reset.html")]
struct ResetPage {
    page: Page,
    l: Lang,
    form: Filled,
    token: String,
    email: String,
    name: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "people/dead_link.html")]
struct DeadLinkPage {
    page: Page,
    l: Lang,
}

async fn dead_link(visit: &OpenVisit) -> Response {
    let page = visit.page("dead-link-title");
    (StatusCode::NOT_FOUND, DeadLinkPage { l: page.l, page }).into_response()
}

async fn show_invitation(visit: &OpenVisit, token: String, form: Option<Filled>) -> Result<Response> {
    let invitation = match actions::invitation(&visit.app, &Token::given(&token)).await {
        Ok(invitation) => invitation,
        Err(Error::NotFound) => return Ok(dead_link(visit).await),
        Err(error) => return Err(error),
    };
    let form = form.unwrap_or_else(|| Filled::fresh([("name", invitation.name.as_str())]));
    let page = visit.page("invitation-title");
    Ok((form.status, InvitationPage { l: page.l, page, form, token, invitation }).into_response())
}

pub async fn get_invitation(visit: OpenVisit, At(token): At<String>) -> Result<Response> {
    show_invitation(&visit, token, None).await
}

pub async fn post_invitation(
    visit: OpenVisit,
    At(token): At<String>,
    Address(address): Address,
    fields: Fields,
) -> Result<Response> {
    let accept = Accept { name: fields.get("name").to_owned(), password: fields.get("password").to_owned() };
    match actions::accept_invitation(&visit.app, &Token::given(&token), accept, address).await {
        Ok(verified) => {
            sign_in_session(&visit, verified, address).await?;
            Ok(see_other(None, "/"))
        }
        Err(Error::NotFound) => Ok(dead_link(&visit).await),
        Err(error) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show_invitation(&visit, token, Some(form)).await
        }
    }
}

async fn show_reset(visit: &OpenVisit, token: String, form: Filled) -> Result<Response> {
    match actions::reset(&visit.app, &Token::given(&token)).await {
        Ok((email, name)) => {
            let page = visit.page("reset-title");
            Ok((form.status, ResetPage { l: page.l, page, form, token, email, name }).into_response())
        }
        Err(Error::NotFound) => Ok(dead_link(visit).await),
        Err(error) => Err(error),
    }
}

pub async fn get_reset(visit: OpenVisit, At(token): At<String>) -> Result<Response> {
    show_reset(&visit, token, Filled::fresh([])).await
}

pub async fn post_reset(
    visit: OpenVisit,
    At(token): At<String>,
    Address(address): Address,
    fields: Fields,
) -> Result<Response> {
    match actions::reset_password(&visit.app, &Token::given(&token), fields.get("password")).await {
        Ok((user, password)) => {
            let organisations = visit.app.db.read(move |conn| Ok(sql::organisations_of(conn, user)?)).await?;
            // Someone who is active nowhere has a new password and no page to see with it.
            let Some((organisation, _)) = organisations.first() else { return Ok(see_other(None, "/sign-in")) };
            let verified = Verified { user, organisation: *organisation, password };
            sign_in_session(&visit, verified, address).await?;
            Ok(with_flash(see_other(None, "/"), Flash::good(visit.l().t("reset-done"))))
        }
        Err(Error::NotFound) => Ok(dead_link(&visit).await),
        Err(error) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show_reset(&visit, token, form).await
        }
    }
}
