//! Notifications, the verbs: telling a user something, and what they do with what they were told.

use super::sql::{self, Place};
use super::{NewNotification, Notification, NotificationId};
use crate::App;
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result};
use crate::live::Letter;
use crate::people::{self, OrganisationId, UserId, Viewer};
use crate::tasks::By;

/// Whether whom it was for knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    Now,
    /// By the same broadcast.
    Before,
    /// They are no member any more.
    Nobody,
}

/// Writes it down for whom it is for.
pub fn tell(w: &mut Write<'_>, new: &NewNotification) -> Result<Told> {
    if sql::insert_notification(w.conn, new, w.now)? {
        count_anew(w, new.organisation, new.user)?;
        return Ok(Told::Now);
    }
    Ok(if sql::is_told(w.conn, new)? { Told::Before } else { Told::Nobody })
}

/// Every page shows how many are unread, and who asks is kept in memory.
fn count_anew(w: &mut Write<'_>, organisation: OrganisationId, user: UserId) -> Result<()> {
    let unread = people::sql::unread(w.conn, organisation, user)?;
    w.publish(Letter::Unread { organisation, user, unread });
    Ok(())
}

/// A page of one's own, unread ones first, and where the next one begins.
pub async fn notifications(
    app: &App,
    viewer: &Viewer,
    after: Option<Place>,
) -> Result<(Vec<Notification>, Option<Place>)> {
    let (organisation, user) = (viewer.organisation, viewer.user);
    let mut found =
        app.db.read(move |conn| sql::notifications(conn, organisation, user, after, config::PAGE_ROWS + 1)).await?;
    let is_more = found.len() > config::PAGE_ROWS;
    found.truncate(config::PAGE_ROWS);
    let next = found.last().filter(|_| is_more).map(|last| Place { is_read: last.is_read, id: last.id });
    Ok((found, next))
}

/// Marks one of one's own as read; twice is as once.
pub fn mark_read(w: &mut Write<'_>, by: &By, id: NotificationId) -> Result<()> {
    let (organisation, user) = (by.viewer.organisation, by.viewer.user);
    if !sql::is_theirs(w.conn, organisation, user, id)? {
        return Err(Error::NotFound);
    }
    if sql::mark_read(w.conn, organisation, user, id, w.now)? {
        count_anew(w, by.viewer.organisation, by.viewer.user)?;
    }
    Ok(())
}

/// Marks all that were there when `newest` was; says how many.
pub fn mark_all_read(w: &mut Write<'_>, by: &By, newest: NotificationId) -> Result<i64> {
    let marked = sql::mark_all_read(w.conn, by.viewer.organisation, by.viewer.user, newest, w.now)?;
    if marked > 0 {
        count_anew(w, by.viewer.organisation, by.viewer.user)?;
    }
    Ok(marked)
}
