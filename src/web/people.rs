//! `/people`: who is here, in which role and with how much work; inviting, changing a role, taking away the way in.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;

use super::At;
use super::arrival::Outside;
use super::forms::{Fields, Filled};
use super::page::{Nav, Page, Visit};
use crate::error::{Error, Result, msg};
use crate::locale::Lang;
use crate::people::actions::{self, Invite};
use crate::people::tokens::Token;
use crate::people::{Invitation, InvitationId, Member, Presence, PresenceSource, Role, Theme, UserId, initials, sql};

pub fn role_key(role: &Role) -> &'static str {
    match role {
        Role::Owner => "role-owner",
        Role::Admin => "role-admin",
        Role::Member => "role-member",
    }
}

pub fn source_key(source: &PresenceSource) -> &'static str {
    match source {
        PresenceSource::Pages => "presence-source-pages",
        PresenceSource::Declared => "presence-source-declared",
    }
}

pub fn theme_key(theme: &Theme) -> &'static str {
    match theme {
        Theme::Auto => "theme-auto",
        Theme::Light => "theme-light",
        Theme::Dark => "theme-dark",
    }
}

struct Row {
    member: Member,
    presence: Presence,
    initials: String,
    manageable: bool,
}

#[derive(Template, WebTemplate)]
#[template(path = "people/index.html")]
struct PeoplePage {
    page: Page,
    l: Lang,
    zone: TimeZone,
    rows: Vec<Row>,
    active: i64,
    invitations: Vec<Invitation>,
    roles: Vec<Role>,
    form: Filled,
    link: Option<String>,
}

async fn show(visit: &Visit, form: Filled, link: Option<String>) -> Result<Response> {
    let (organisation, now) = (visit.viewer.organisation, visit.app.clock.now());
    let (members, invitations) = visit
        .app
        .db
        .read(move |conn| Ok((sql::members(conn, organisation)?, sql::invitations(conn, organisation, now)?)))
        .await?;
    let row = |member: Member| Row {
        presence: visit.app.presence.of(organisation, member.user),
        initials: initials(&member.name),
        manageable: visit.viewer.role.may_manage(member.role),
        member,
    };
    let page = visit.page(Nav::People, "people-title");
    let rows: Vec<Row> = members.into_iter().map(row).collect();
    let active = rows.iter().filter(|row| row.member.deactivated_at.is_none()).count();
    let shown = PeoplePage {
        l: page.l,
        page,
        zone: visit.viewer.zone.clone(),
        rows,
        active: i64::try_from(active).unwrap_or(i64::MAX),
        invitations,
        roles: manageable_roles(visit),
        link,
        form,
    };
    Ok((shown.form.status, shown).into_response())
}

/// The roles that this viewer may give.
fn manageable_roles(visit: &Visit) -> Vec<Role> {
    Role::ALL.iter().rev().copied().filter(|role| visit.viewer.role.may_manage(*role)).collect()
}

pub async fn get_people(visit: Visit) -> Result<Response> {
    show(&visit, Filled::fresh([("role", "member")]), None).await
}

/// Invites; the link is on the page that answers, and nowhere else.
pub async fn post_people(visit: Visit, outside: Outside, fields: Fields) -> Result<Response> {
    let invited = match role_of(&fields) {
        Ok(role) => {
            let invite = Invite { email: fields.get("email").to_owned(), name: fields.get("name").to_owned(), role };
            actions::invite(&visit.app, &visit.viewer, invite).await
        }
        Err(error) => Err(error),
    };
    match invited {
        Ok(token) => {
            let link = link(&outside, "invitations", &token);
            show(&visit, Filled::fresh([("role", "member")]), Some(link)).await
        }
        Err(error) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show(&visit, form, None).await
        }
    }
}

fn role_of(fields: &Fields) -> Result<Role> {
    fields.get("role").parse().map_err(|_| Error::field("role", msg("error-choice")))
}

/// The address that somebody else can open.
fn link(Outside(base): &Outside, room: &str, token: &Token) -> String {
    format!("{base}/{room}/{}", token.reveal())
}

pub async fn post_revoke_invitation(visit: Visit, At(id): At<InvitationId>) -> Result<Response> {
    actions::revoke_invitation(&visit.app, &visit.viewer, id).await?;
    Ok(visit.done(visit.l().t("invitation-revoked"), "/people"))
}

#[derive(Template, WebTemplate)]
#[template(path = "people/member.html")]
struct MemberPage {
    page: Page,
    l: Lang,
    member: Member,
    roles: Vec<Role>,
    form: Filled,
    link: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "people/deactivate.html")]
struct DeactivatePage {
    page: Page,
    l: Lang,
    member: Member,
}

/// A member whom this viewer may manage.
async fn managed(visit: &Visit, user: UserId) -> Result<Member> {
    let organisation = visit.viewer.organisation;
    let members = visit.app.db.read(move |conn| Ok(sql::members(conn, organisation)?)).await?;
    let member = members.into_iter().find(|member| member.user == user).ok_or(Error::NotFound)?;
    if !visit.viewer.role.may_manage(member.role) {
        return Err(Error::Forbidden(msg("error-role-above-own")));
    }
    Ok(member)
}

async fn show_member(visit: &Visit, user: UserId, form: Option<Filled>, link: Option<String>) -> Result<Response> {
    let member = managed(visit, user).await?;
    let form = form.unwrap_or_else(|| Filled::fresh([("role", member.role.as_str())]));
    let page = visit.page(Nav::People, "people-title").titled(member.name.as_str());
    let shown = MemberPage { l: page.l, page, roles: manageable_roles(visit), member, form, link };
    Ok((shown.form.status, shown).into_response())
}

pub async fn get_member(visit: Visit, At(user): At<UserId>) -> Result<Response> {
    show_member(&visit, user, None, None).await
}

pub async fn post_role(visit: Visit, At(user): At<UserId>, fields: Fields) -> Result<Response> {
    let changed = match role_of(&fields) {
        Ok(role) => actions::change_role(&visit.app, &visit.viewer, user, role).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(()) => Ok(visit.done(visit.l().t("member-role-changed"), "/people")),
        Err(error) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show_member(&visit, user, Some(form), None).await
        }
    }
}

pub async fn get_deactivate(visit: Visit, At(user): At<UserId>) -> Result<Response> {
    let member = managed(&visit, user).await?;
    let page = visit.page(Nav::People, "deactivate-title");
    Ok(DeactivatePage { l: page.l, page, member }.into_response())
}

pub async fn post_deactivate(visit: Visit, At(user): At<UserId>, fields: Fields) -> Result<Response> {
    match actions::deactivate(&visit.app, &visit.viewer, user).await {
        Ok(()) => Ok(visit.done(visit.l().t("member-deactivated-now"), "/people")),
        Err(error) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show_member(&visit, user, Some(form), None).await
        }
    }
}

pub async fn post_reactivate(visit: Visit, At(user): At<UserId>) -> Result<Response> {
    actions::reactivate(&visit.app, &visit.viewer, user).await?;
    Ok(visit.done(visit.l().t("member-reactivated"), "/people"))
}

/// Makes a password link; it is on the page that answers, and nowhere else.
pub async fn post_reset_link(visit: Visit, outside: Outside, At(user): At<UserId>, fields: Fields) -> Result<Response> {
    match actions::reset_link(&visit.app, &visit.viewer, user).await {
        Ok(token) => {
            let link = link(&outside, "reset", &token);
            show_member(&visit, user, None, Some(link)).await
        }
        Err(error) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show_member(&visit, user, Some(form), None).await
        }
    }
}
