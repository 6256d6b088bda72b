//! Feeds and what their last good state had.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::broken;
use crate::error::Result;
use crate::jobs::feeds::{FeedId, Known, LastRead, Said};
use crate::people::OrganisationId;

/// The feed of this address (its SHA-256) for this project; one that nobody read yet is remembered.
pub fn feed(conn: &Connection, organisation: OrganisationId, address: &[u8], project: &str) -> Result<FeedId> {
    conn.prepare_cached(
        "insert into feeds (organisation_id, address, project) values (?1, ?2, ?3) on conflict do nothing",
    )?
    .execute(params![organisation, address, project])?;
    Ok(conn
        .prepare_cached("select id from feeds where organisation_id = ?1 and address = ?2 and project = ?3")?
        .query_one(params![organisation, address, project], |row| row.get(0))?)
}

pub fn last_read(conn: &Connection, feed: FeedId) -> Result<LastRead> {
    Ok(conn
        .prepare_cached("select settings, etag, last_modified from feeds where id = ?1")?
        .query_one([feed], |row| {
            Ok(LastRead { settings: row.get(0)?, etag: row.get(1)?, last_modified: row.get(2)? })
        })?)
}

pub fn save_last_read(conn: &Connection, feed: FeedId, read: &LastRead, now: Timestamp) -> Result<()> {
    conn.prepare_cached("update feeds set settings = ?2, etag = ?3, last_modified = ?4, read_at = ?5 where id = ?1")?
        .execute(params![feed, read.settings, read.etag, read.last_modified, now.as_microsecond()])?;
    Ok(())
}

/// All that it ever had, by uid.
pub fn feed_entries(conn: &Connection, feed: FeedId) -> Result<BTreeMap<String, Known>> {
    Ok(conn
        .prepare_cached(
            "select task_id, said, gone_at is not null, is_cancelled, uid from feed_entries where feed_id = ?1",
        )?
        .query_map([feed], |row| Ok((row.get(4)?, known(row)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

pub fn feed_entry(conn: &Connection, feed: FeedId, uid: &str) -> Result<Option<Known>> {
    Ok(conn
        .prepare_cached(
            "select task_id, said, gone_at is not null, is_cancelled from feed_entries where feed_id = ?1 and uid = ?2",
        )?
        .query_one(params![feed, uid], known)
        .optional()?)
}

fn known(row: &Row<'_>) -> rusqlite::Result<Known> {
    let said: Said =
        serde_json::from_str(row.get_ref(1)?.as_str()?).map_err(|_| broken(1, "what a feed said that is no JSON"))?;
    Ok(Known { task: row.get(0)?, said, is_gone: row.get(2)?, is_cancelled: row.get(3)? })
}

pub fn save_feed_entry(conn: &Connection, feed: FeedId, uid: &str, known: &Known, now: Timestamp) -> Result<()> {
    let gone_at = known.is_gone.then(|| now.as_microsecond());
    conn.prepare_cached(
        "insert into feed_entries (feed_id, uid, task_id, said, gone_at, is_cancelled) values (?1, ?2, ?3, ?4, ?5, ?6)
         on conflict do update set task_id = ?3, said = ?4, gone_at = ?5, is_cancelled = ?6",
    )?
    .execute(params![
        feed,
        uid,
        known.task,
        serde_json::json!(known.said).to_string(),
        gone_at,
        known.is_cancelled
    ])?;
    Ok(())
}
