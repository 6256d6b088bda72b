//! API tokens on pages: a member's own under `/account`, the organisation's under `/settings`. Both show the same list
//! and the same form; a secret stands only on the page that answers the form.

use askama::Template;
use askama_web::WebTemplate;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::forms::{Fields, Filled};
use super::page::{Nav, Page, Visit};
use super::{At, account, settings};
use crate::error::Result;
use crate::locale::Lang;
use crate::people::actions::{self, NewToken};
use crate::people::{ApiToken, Scope, TokenId, TokenOwner};

pub fn scope_key(scope: &Scope) -> &'static str {
    match scope {
        Scope::Read => "scope-read",
        Scope::Report => "scope-report",
        Scope::Work => "scope-work",
        Scope::Admin => "scope-admin",
    }
}

fn scope_hint_key(scope: Scope, owner: TokenOwner) -> &'static str {
    match (scope, owner) {
        (Scope::Read, _) => "scope-read-hint",
        (Scope::Report, _) => "scope-report-hint",
        (Scope::Work, _) => "scope-work-hint",
        (Scope::Admin, TokenOwner::Member) => "scope-admin-hint",
        (Scope::Admin, TokenOwner::Organisation) => "scope-admin-organisation-hint",
    }
}

/// Where an owner's tokens are looked after.
const fn home(owner: TokenOwner) -> &'static str {
    match owner {
        TokenOwner::Member => "/account",
        TokenOwner::Organisation => "/settings",
    }
}

/// One owner's tokens, as both pages show them.
pub struct Tokens {
    pub(super) home: &'static str,
    pub(super) title: &'static str,
    pub(super) hint: String,
    pub(super) rows: Vec<ApiToken>,
    /// What this viewer may give a token, and what that means.
    pub(super) offered: Vec<(Scope, &'static str)>,
    pub(super) form: Filled,
    /// The token that was just made.
    pub(super) secret: Option<String>,
    pub(super) now: Timestamp,
}

impl Tokens {
    pub async fn of(visit: &Visit, owner: TokenOwner) -> Result<Tokens> {
        let now = visit.app.clock.now();
        let expires = actions::usual_expiry(&visit.viewer.zone, now).to_string();
        let form = Filled::fresh([("scopes", Scope::Read.as_str()), ("expires", &expires)]);
        Tokens::with(visit, owner, form, None).await
    }

    async fn with(visit: &Visit, owner: TokenOwner, form: Filled, secret: Option<String>) -> Result<Tokens> {
        let l = visit.l();
        let (title, hint) = match owner {
            TokenOwner::Member => {
                (l.t("tokens-title"), l.with("tokens-hint", "organisation", &visit.viewer.organisation_name))
            }
            TokenOwner::Organisation => (l.t("tokens-organisation-title"), l.t("tokens-organisation-hint").to_owned()),
        };
        let may_give = |scope: &Scope| *scope != Scope::Admin || visit.viewer.is_admin();
        let meant = |scope: Scope| (scope, l.t(scope_hint_key(scope, owner)));
        Ok(Tokens {
            home: home(owner),
            title,
            hint,
            rows: actions::tokens(&visit.app, &visit.viewer, owner).await?,
            offered: Scope::ALL.iter().copied().filter(may_give).map(meant).collect(),
            form,
            secret,
            now: visit.app.clock.now(),
        })
    }

    /// Makes a token of what the form says; or the form comes back.
    async fn made(visit: &Visit, owner: TokenOwner, fields: Fields) -> Result<Tokens> {
        let form = NewToken {
            name: fields.get("name").to_owned(),
            scopes: fields.all("scopes").map(str::to_owned).collect(),
            expires: fields.get("expires").to_owned(),
        };
        match actions::create_token(&visit.app, &visit.viewer, owner, form).await {
            Ok(secret) => {
                let fresh = Tokens::of(visit, owner).await?;
                Ok(Tokens { secret: Some(secret.reveal().to_owned()), ..fresh })
            }
            Err(error) => Tokens::with(visit, owner, Filled::refused(fields, error, visit.l())?, None).await,
        }
    }

    /// The status of a page that has another form too: one of them may have been refused.
    pub fn status_beside(&self, form: &Filled) -> StatusCode {
        if form.status == StatusCode::OK { self.form.status } else { form.status }
    }
}

pub async fn post_own(visit: Visit, fields: Fields) -> Result<Response> {
    let tokens = Tokens::made(&visit, TokenOwner::Member, fields).await?;
    account::show_with(&visit, None, tokens).await
}

pub async fn post_organisations(visit: Visit, fields: Fields) -> Result<Response> {
    let tokens = Tokens::made(&visit, TokenOwner::Organisation, fields).await?;
    settings::show_tokens(&visit, tokens).await
}

#[derive(Template, WebTemplate)]
#[template(path = "people/revoke_token.html")]
struct RevokePage {
    page: Page,
    l: Lang,
    token: ApiToken,
    home: &'static str,
}

async fn confirm(visit: &Visit, owner: TokenOwner, id: TokenId) -> Result<Response> {
    let token = actions::token(&visit.app, &visit.viewer, owner, id).await?;
    let here = match owner {
        TokenOwner::Member => Nav::Account,
        TokenOwner::Organisation => Nav::Settings,
    };
    let page = visit.page(here, "token-revoke-title");
    Ok(RevokePage { l: page.l, page, token, home: home(owner) }.into_response())
}

async fn revoke(visit: &Visit, owner: TokenOwner, id: TokenId) -> Result<Response> {
    actions::revoke_token(&visit.app, &visit.viewer, owner, id).await?;
    Ok(visit.done(visit.l().t("token-revoked"), home(owner)))
}

pub async fn get_revoke_own(visit: Visit, At(id): At<TokenId>) -> Result<Response> {
    confirm(&visit, TokenOwner::Member, id).await
}

pub async fn post_revoke_own(visit: Visit, At(id): At<TokenId>) -> Result<Response> {
    revoke(&visit, TokenOwner::Member, id).await
}

pub async fn get_revoke_organisations(visit: Visit, At(id): At<TokenId>) -> Result<Response> {
    confirm(&visit, TokenOwner::Organisation, id).await
}

pub async fn post_revoke_organisations(visit: Visit, At(id): At<TokenId>) -> Result<Response> {
    revoke(&visit, TokenOwner::Organisation, id).await
}
