//! Notifications, the rows: what each user was told, and how many of it they have not read. The recipients of broadcasts are
//! in `deliveries`, how channels fare in `channels`.

mod channels;
mod deliveries;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::clock::from_micros;
use crate::config;
use crate::error::Result;
use crate::notify::{NewNotification, Notification, NotificationId};
use crate::people::{OrganisationId, UserId};

pub use channels::{failing_channels, save_channel};
pub use deliveries::{
    Line, Listed, Tally, Waiting, begin_round, claim, claim_again, close_list, has_list, is_any, last_claim, list,
    release, remove_deliveries, save_retry, settle, settled, tally, unknown, waiting,
};

/// Whether the same broadcast told them already.
pub fn is_told(conn: &Connection, new: &NewNotification) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "select exists (select 1 from notifications where task_id = ?1 and user_id = ?2 and reason = 'broadcast')",
        )?
        .query_one(params![new.task, new.user], |row| row.get(0))?)
}

/// False when it was told already, or when they are no member. The oldest of too many goes.
pub fn insert_notification(conn: &Connection, new: &NewNotification, now: Timestamp) -> Result<bool> {
    let inserted = conn
        .prepare_cached(
            "insert into notifications (organisation_id, user_id, reason, subject, text, task_id, schedule_id, created_at)
             select organisation_id, user_id, ?3, ?4, ?5, ?6, ?7, ?8 from members
             where organisation_id = ?1 and user_id = ?2 and deactivated_at is null
             on conflict do nothing",
        )?
        .execute(params![
            new.organisation,
            new.user,
            new.reason,
            new.subject,
            new.text,
            new.task,
            new.schedule,
            now.as_microsecond()
        ])?;
    if inserted == 1 {
        add_unread(conn, new.organisation, new.user, 1)?;
        forget_oldest(conn, new.organisation, new.user)?;
    }
    Ok(inserted == 1)
}

fn add_unread(conn: &Connection, organisation: OrganisationId, user: UserId, more: i64) -> Result<()> {
    conn.prepare_cached("update members set unread = unread + ?3 where organisation_id = ?1 and user_id = ?2")?
        .execute(params![organisation, user, more])?;
    Ok(())
}

fn forget_oldest(conn: &Connection, organisation: OrganisationId, user: UserId) -> Result<()> {
    let oldest: Option<(NotificationId, bool)> = conn
        .prepare_cached(
            "select id, is_read from notifications where organisation_id = ?1 and user_id = ?2
             order by id desc limit 1 offset ?3",
        )?
        .query_one(params![organisation, user, config::NOTIFICATIONS_KEPT], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((id, is_read)) = oldest {
        conn.prepare_cached("delete from notifications where id = ?1")?.execute([id])?;
        add_unread(conn, organisation, user, if is_read { 0 } else { -1 })?;
    }
    Ok(())
}

/// Where a list of notifications goes on: behind this one, which is read or is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub is_read: bool,
    pub id: NotificationId,
}

fn row(row: &Row<'_>) -> rusqlite::Result<Notification> {
    Ok(Notification {
        id: row.get(0)?,
        reason: row.get(1)?,
        subject: row.get(2)?,
        text: row.get(3)?,
        task: row.get(4)?,
        schedule: row.get(5)?,
        is_read: row.get(6)?,
        created_at: from_micros(row.get(7)?),
    })
}

/// A user's own: unread ones first, newest first among each.
pub fn notifications(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<Notification>> {
    let mut find = conn.prepare_cached(
        "select id, reason, subject, text, task_id, schedule_id, is_read, created_at from notifications
         where organisation_id = ?1 and user_id = ?2 and is_read = ?3 and id < ?4 order by id desc limit ?5",
    )?;
    let mut found = Vec::new();
    let parts = match after {
        None => vec![(false, i64::MAX), (true, i64::MAX)],
        Some(Place { is_read: false, id }) => vec![(false, id.get()), (true, i64::MAX)],
        Some(Place { is_read: true, id }) => vec![(true, id.get())],
    };
    for (is_read, before) in parts {
        let room = i64::try_from(limit - found.len()).unwrap_or(i64::MAX);
        for one in find.query_map(params![organisation, user, is_read, before, room], row)? {
            found.push(one?);
        }
    }
    Ok(found)
}

/// False when there is no such unread one of theirs.
pub fn mark_read(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
    id: NotificationId,
    now: Timestamp,
) -> Result<bool> {
    let marked = conn
        .prepare_cached(
            "update notifications set is_read = 1, read_at = ?4
             where id = ?3 and organisation_id = ?1 and user_id = ?2 and is_read = 0",
        )?
        .execute(params![organisation, user, id, now.as_microsecond()])?;
    add_unread(conn, organisation, user, -i64::from(marked == 1))?;
    Ok(marked == 1)
}

/// All up to this one; says how many.
pub fn mark_all_read(
    conn: &Connection,
    organisation: OrganisationId,
    user: UserId,
    newest: NotificationId,
    now: Timestamp,
) -> Result<i64> {
    let marked = conn
        .prepare_cached(
            "update notifications set is_read = 1, read_at = ?4
             where organisation_id = ?1 and user_id = ?2 and is_read = 0 and id <= ?3",
        )?
        .execute(params![organisation, user, newest, now.as_microsecond()])?;
    let marked = i64::try_from(marked).unwrap_or(i64::MAX);
    add_unread(conn, organisation, user, -marked)?;
    Ok(marked)
}

/// Whether a notification is this user's.
pub fn is_theirs(conn: &Connection, organisation: OrganisationId, user: UserId, id: NotificationId) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "select exists (select 1 from notifications where id = ?3 and organisation_id = ?1 and user_id = ?2)",
        )?
        .query_one(params![organisation, user, id], |row| row.get(0))?)
}
