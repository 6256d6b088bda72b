//! Answers to writes that came with an `Idempotency-Key`, by whoever asked.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::people::Viewer;

/// An answer as it went out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptAnswer {
    /// What was asked: SHA-256 of method, path and body.
    pub asked: [u8; 32],
    /// An HTTP status.
    pub status: u16,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

pub fn kept_answer(
    conn: &Connection,
    viewer: &Viewer,
    key: &str,
    kept_since: Timestamp,
) -> rusqlite::Result<Option<KeptAnswer>> {
    conn.prepare_cached(
        "select asked, status, location, body from kept_answers
         where organisation_id = ?1 and user_id = ?2 and key = ?3 and at > ?4",
    )?
    .query_one(params![viewer.organisation, viewer.user, key, kept_since.as_microsecond()], |row| {
        Ok(KeptAnswer { asked: row.get(0)?, status: row.get(1)?, location: row.get(2)?, body: row.get(3)? })
    })
    .optional()
}

/// Keeps it in the place of one that is over, if there is one.
pub fn keep_answer(
    conn: &Connection,
    viewer: &Viewer,
    key: &str,
    answer: &KeptAnswer,
    now: Timestamp,
) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "insert or replace into kept_answers (organisation_id, user_id, key, asked, status, location, body, at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        viewer.organisation,
        viewer.user,
        key,
        answer.asked,
        answer.status,
        answer.location,
        answer.body,
        now.as_microsecond()
    ])?;
    Ok(())
}
