//! What admins do with members, invitations and the organisation.

use crate::App;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::live::{Credentials, EndReason, Letter};
use crate::people::actions::{Fields, admins_only, sight};
use crate::people::sql::NewInvitation;
use crate::people::tokens::Token;
use crate::people::{Email, InvitationId, OrganisationId, Role, UserId, Viewer, parse_line, parse_zone, sql};
use rusqlite::Connection;

#[derive(Clone, Debug)]
pub struct Invite {
    pub email: String,
    pub name: String,
    pub role: Role,
}

/// Makes a link for one person to join by. It is shown once.
pub async fn invite(app: &App, viewer: &Viewer, form: Invite) -> Result<Token> {
    admins_only(viewer)?;
    let mut fields = Fields::default();
    let email = fields.take("email", Email::parse(&form.email));
    let name = fields.take("name", parse_line(&form.name, config::NAME_CHARS));
    if !viewer.role.may_manage(form.role) {
        fields.refuse("role", msg("error-role-above-own"));
    }
    fields.check()?;
    let (Some(email), Some(name)) = (email, name) else {
        return Err(Error::Internal(anyhow::anyhow!("a checked form lacks a field")));
    };
    let token = Token::random()?;
    let token_hash = token.hash();
    let (organisation, by, role) = (viewer.organisation, viewer.user, viewer.role);
    app.db
        .write(move |w| {
            if let Some((user, _)) = sql::user_by_email(w.conn, email.as_str())? {
                match sql::membership(w.conn, organisation, user)? {
                    Some((_, None)) => return Err(Error::field("email", msg("error-already-member"))),
                    Some((former, Some(_))) if !role.may_manage(former) => {
                        return Err(Error::field("email", msg("error-role-above-own")));
                    }
                    _ => {}
                }
            }
            let expires_at = w.now + config::INVITATION_LIFE;
            let new = NewInvitation {
                email: email.as_str(),
                name: &name,
                role: form.role,
                token_hash,
                created_by: by,
                expires_at,
            };
            sql::insert_invitation(w.conn, organisation, &new, w.now)?;
            sql::append_audit(w.conn, organisation, Some(by), "invite", email.as_str(), w.now)?;
            Ok(())
        })
        .await?;
    Ok(token)
}

pub async fn revoke_invitation(app: &App, viewer: &Viewer, id: InvitationId) -> Result<()> {
    admins_only(viewer)?;
    let (organisation, by) = (viewer.organisation, viewer.user);
    app.db
        .write(move |w| {
            let email = sql::revoke_invitation(w.conn, organisation, id, w.now)?.ok_or(Error::NotFound)?;
            sql::append_audit(w.conn, organisation, Some(by), "revoke-invitation", &email, w.now)?;
            Ok(())
        })
        .await
}

/// A link by which `user` sets a new password. Refused for someone who belongs
/// to other organisations too: their password is not this one's to give away.
pub async fn reset_link(app: &App, viewer: &Viewer, user: UserId) -> Result<Token> {
    admins_only(viewer)?;
    let token = Token::random()?;
    let hash = token.hash();
    let viewer = viewer.clone();
    app.db
        .write(move |w| {
            managed(w.conn, &viewer, user)?;
            if sql::organisations_of(w.conn, user)?.iter().any(|(organisation, _)| *organisation != viewer.organisation)
            {
                return Err(Error::Conflict(msg("error-reset-elsewhere")));
            }
            sql::insert_reset(w.conn, user, &hash, viewer.user, w.now, w.now + config::RESET_LIFE)?;
            sql::append_audit(w.conn, viewer.organisation, Some(viewer.user), "reset-link", &user.to_string(), w.now)?;
            Ok(())
        })
        .await?;
    Ok(token)
}

pub async fn change_role(app: &App, viewer: &Viewer, user: UserId, role: Role) -> Result<()> {
    admins_only(viewer)?;
    let viewer = viewer.clone();
    app.db
        .write(move |w| {
            let (old, deactivated) = managed(w.conn, &viewer, user)?;
            if !viewer.role.may_manage(role) {
                return Err(Error::Forbidden(msg("error-role-above-own")));
            }
            if old == role {
                return Ok(());
            }
            if old == Role::Owner && deactivated.is_none() {
                keep_an_owner(w.conn, &viewer)?;
            }
            sql::save_role(w.conn, viewer.organisation, user, role)?;
            sight::mark(w, viewer.organisation, user)?;
            let subject = format!("{user}: {old} → {role}");
            sql::append_audit(w.conn, viewer.organisation, Some(viewer.user), "change-role", &subject, w.now)?;
            w.publish(revoked(&viewer, user));
            w.publish(Letter::Changed { organisation: viewer.organisation });
            Ok(())
        })
        .await
}

/// Takes away the way in; history stays.
pub async fn deactivate(app: &App, viewer: &Viewer, user: UserId) -> Result<()> {
    admins_only(viewer)?;
    let viewer = viewer.clone();
    app.db
        .write(move |w| {
            let (role, deactivated) = managed(w.conn, &viewer, user)?;
            if deactivated.is_some() {
                return Ok(());
            }
            if role == Role::Owner {
                keep_an_owner(w.conn, &viewer)?;
            }
            sql::save_deactivation(w.conn, viewer.organisation, user, Some(w.now))?;
            sql::append_audit(w.conn, viewer.organisation, Some(viewer.user), "deactivate", &user.to_string(), w.now)?;
            w.publish(revoked(&viewer, user));
            w.publish(Letter::Changed { organisation: viewer.organisation });
            Ok(())
        })
        .await
}

pub async fn reactivate(app: &App, viewer: &Viewer, user: UserId) -> Result<()> {
    admins_only(viewer)?;
    let viewer = viewer.clone();
    app.db
        .write(move |w| {
            let (_, deactivated) = managed(w.conn, &viewer, user)?;
            sql::save_deactivation(w.conn, viewer.organisation, user, None)?;
            if deactivated.is_some() {
                sight::mark(w, viewer.organisation, user)?;
            }
            sql::append_audit(w.conn, viewer.organisation, Some(viewer.user), "reactivate", &user.to_string(), w.now)?;
            w.publish(Letter::Changed { organisation: viewer.organisation });
            Ok(())
        })
        .await
}

#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub name: String,
    pub zone: String,
    pub members_see_projects: bool,
}

pub async fn save_settings(app: &App, viewer: &Viewer, form: Settings) -> Result<()> {
    admins_only(viewer)?;
    let mut fields = Fields::default();
    let name = fields.take("name", parse_line(&form.name, config::NAME_CHARS));
    fields.take("zone", parse_zone(&form.zone));
    fields.check()?;
    let name = name.unwrap_or_default();
    let (organisation, by) = (viewer.organisation, viewer.user);
    app.db
        .write(move |w| {
            let (_, _, saw_projects) = sql::settings(w.conn, organisation)?;
            sql::save_settings(w.conn, organisation, &name, form.zone.trim(), form.members_see_projects)?;
            if saw_projects != form.members_see_projects {
                let changed = changed_sight(w.conn, organisation, saw_projects)?;
                sight::publish(w, organisation, changed)?;
            }
            sql::append_audit(w.conn, organisation, Some(by), "settings", &name, w.now)?;
            w.publish(Letter::Changed { organisation });
            Ok(())
        })
        .await
}

/// Whose sight it changes that members no longer see their projects' tasks (`saw_projects`), or do now.
fn changed_sight(conn: &Connection, organisation: OrganisationId, saw_projects: bool) -> Result<sight::Changed> {
    let mut changed = sight::Changed::new();
    for project in sql::projects_with_members(conn, organisation)?.chunk_by(|one, next| one.0 == next.0) {
        let members: Vec<UserId> = project.iter().map(|(_, member)| *member).collect();
        if saw_projects {
            sight::lose(conn, organisation, project[0].0, &members, &mut changed)?;
        } else {
            changed.extend(members.into_iter().map(|member| (member, None)));
        }
    }
    Ok(changed)
}

/// Another organisation beside this one, with the same owner and zone. Nothing crosses between the two.
pub async fn create_organisation(app: &App, viewer: &Viewer, name: &str) -> Result<OrganisationId> {
    if viewer.role != Role::Owner {
        return Err(Error::Forbidden(msg("error-owners-only")));
    }
    let name = parse_line(name, config::NAME_CHARS).map_err(|message| Error::field("organisation", message))?;
    let (of, owner) = (viewer.organisation, viewer.user);
    app.db
        .write(move |w| {
            let (_, zone, _) = sql::settings(w.conn, of)?;
            let organisation = sql::insert_organisation(w.conn, &name, &zone, w.now)?;
            sql::insert_member(w.conn, organisation, owner, Role::Owner, w.now)?;
            sql::append_audit(w.conn, organisation, Some(owner), "create-organisation", &name, w.now)?;
            w.publish(Letter::ViewersChanged);
            Ok(organisation)
        })
        .await
}

/// Role and deactivation of a member whom this viewer may manage.
fn managed(conn: &Connection, viewer: &Viewer, user: UserId) -> Result<(Role, Option<jiff::Timestamp>)> {
    // The asking admin's own role may have changed since the page was opened.
    let own = sql::membership(conn, viewer.organisation, viewer.user)?;
    let (role, deactivated) = sql::membership(conn, viewer.organisation, user)?.ok_or(Error::NotFound)?;
    match own {
        Some((own, None)) if own.may_manage(role) => Ok((role, deactivated)),
        _ => Err(Error::Forbidden(msg("error-role-above-own"))),
    }
}

fn keep_an_owner(conn: &Connection, viewer: &Viewer) -> Result<()> {
    if sql::active_owners(conn, viewer.organisation)? <= 1 {
        return Err(Error::Conflict(msg("error-last-owner")));
    }
    Ok(())
}

fn revoked(viewer: &Viewer, user: UserId) -> Letter {
    Letter::Ended {
        user,
        organisation: Some(viewer.organisation),
        credentials: Credentials::All,
        reason: EndReason::Revoked,
    }
}
