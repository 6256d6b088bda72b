//! The first run: one form that makes the organisation and its owner, and signs in.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

use super::arrival::Address;
use super::forms::{Fields, Filled};
use super::page::{OpenVisit, Page, see_other};
use super::session::sign_in_session;
use crate::error::Result;
use crate::locale::Lang;
use crate::people::actions::{SetUp, is_set_up, set_up};

#[derive(Template, WebTemplate)]
#[template(path = "people/setup.html")]
struct SetupPage {
    page: Page,
    l: Lang,
    form: Filled,
}

async fn show(visit: &OpenVisit, form: Filled) -> Response {
    let page = visit.page("setup-title");
    (form.status, SetupPage { l: page.l, page, form }).into_response()
}

pub async fn get_setup(visit: OpenVisit) -> Result<Response> {
    if is_set_up(&visit.app).await? {
        return Ok(see_other(None, "/"));
    }
    Ok(show(&visit, Filled::fresh([("zone", "UTC")])).await)
}

pub async fn post_setup(visit: OpenVisit, Address(address): Address, fields: Fields) -> Result<Response> {
    let typed = SetUp {
        organisation: fields.get("organisation").to_owned(),
        name: fields.get("name").to_owned(),
        email: fields.get("email").to_owned(),
        password: fields.get("password").to_owned(),
        zone: fields.filled("zone").map(str::to_owned),
        language: None,
    };
    match set_up(&visit.app, typed).await {
        Ok(verified) => {
            sign_in_session(&visit, verified, address).await?;
            Ok(see_other(None, "/people"))
        }
        Err(error) => Ok(show(&visit, Filled::refused(fields, error, visit.l())?).await),
    }
}
