//! `/notifications`: what one should know, unread first, and the forms that mark it as read.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;

use super::forms::Fields;
use super::monitor::pairs;
use super::page::{Nav, Page, Visit, see_other};
use crate::error::Result;
use crate::locale::Lang;
use crate::notify::sql::Place;
use crate::notify::{Notification, actions};
use crate::tasks::Via;

#[derive(Template, WebTemplate)]
#[template(path = "notifications/index.html")]
struct NotificationsPage {
    page: Page,
    l: Lang,
    zone: TimeZone,
    rows: Vec<Shown>,
    unread: i64,
    /// The newest that this page knows of: what comes later stays unread.
    newest: Option<i64>,
    is_first: bool,
    next: Option<String>,
}

struct Shown {
    one: Notification,
    reason: &'static str,
}

/// How many are unread, as every page shows it beside its bell.
#[derive(Template)]
#[template(path = "notifications/_count.html")]
struct Count {
    l: Lang,
    unread: i64,
}

pub(super) fn bell_count(l: Lang, unread: i64) -> Result<String> {
    Ok(Count { l, unread }.render().map_err(anyhow::Error::from)?)
}

/// `after=u.42` or `after=r.42`: behind an unread or a read one.
fn place_of(text: &str) -> Option<Place> {
    let (kind, id) = text.split_once('.')?;
    let is_read = match kind {
        "u" => false,
        "r" => true,
        _ => return None,
    };
    Some(Place { is_read, id: id.parse().ok()? })
}

pub async fn get_notifications(visit: Visit, RawQuery(query): RawQuery) -> Result<Response> {
    let after = pairs(query.as_deref()).iter().find(|(name, _)| name == "after").and_then(|(_, text)| place_of(text));
    let (found, next) = actions::notifications(&visit.app, &visit.viewer, after).await?;
    let page = visit.page(Nav::Notifications, "nav-notifications");
    let l = page.l;
    let newest = found.iter().map(|one| one.id.get()).max();
    let shown = |one: Notification| Shown { reason: l.t(one.reason.title_key()), one };
    let next = next.map(|place| {
        let kind = if place.is_read { "r" } else { "u" };
        format!("/notifications?after={kind}.{}", place.id)
    });
    let rows = found.into_iter().map(shown).collect();
    let unread = visit.viewer.unread;
    let (zone, is_first) = (visit.viewer.zone.clone(), after.is_none());
    Ok(NotificationsPage { l, page, zone, rows, unread, newest, is_first, next }.into_response())
}

/// Marks one (`id`), or all up to the newest that was shown (`newest`).
pub async fn post_read(visit: Visit, fields: Fields) -> Result<Response> {
    if fields.has("newest") {
        let newest = fields.id("newest")?;
        visit.app.act(&visit.viewer, Via::Page, move |w, by| actions::mark_all_read(w, by, newest)).await?;
    } else {
        let id = fields.id("id")?;
        visit.app.act(&visit.viewer, Via::Page, move |w, by| actions::mark_read(w, by, id)).await?;
    }
    Ok(see_other(fields.return_to(), "/notifications"))
}
