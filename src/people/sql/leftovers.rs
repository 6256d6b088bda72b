//! What is of no use to anybody any more: sessions and answers that are over, links and tokens that cannot be used. It goes
//! some rows at a time, whoever asks for it: house-keeping, or a clean-up.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::db::types::words;

words!(
    /// Rows that are over, each since a time of its own.
    Leftover {
        Sessions = "sessions",
        Answers = "answers",
        Invitations = "invitations",
        ResetLinks = "reset-links",
        /// The row alone: as whom the token acted stands in the trail and stays.
        Tokens = "tokens",
    }
);

impl Leftover {
    /// Its table, and since when a row of it is over.
    const fn over_since(self) -> (&'static str, &'static str) {
        match self {
            Leftover::Sessions => ("sessions", "expires_at"),
            Leftover::Answers => ("kept_answers", "at"),
            Leftover::Invitations => ("invitations", "coalesce(used_at, revoked_at, expires_at)"),
            Leftover::ResetLinks => ("password_resets", "coalesce(used_at, expires_at)"),
            Leftover::Tokens => ("api_tokens", "coalesce(revoked_at, expires_at)"),
        }
    }

    const fn column(self) -> &'static str {
        match self {
            Leftover::Sessions => "key",
            Leftover::ResetLinks => "token_hash",
            Leftover::Answers | Leftover::Invitations | Leftover::Tokens => "id",
        }
    }
}

pub fn count_leftovers(conn: &Connection, what: Leftover, over_before: Timestamp) -> rusqlite::Result<i64> {
    let (table, over_since) = what.over_since();
    conn.prepare_cached(&format!("select count(*) from {table} where {over_since} <= ?1"))?
        .query_one([over_before.as_microsecond()], |row| row.get(0))
}

/// Removes some; gives how many.
pub fn delete_leftovers(
    conn: &Connection,
    what: Leftover,
    over_before: Timestamp,
    most: usize,
) -> rusqlite::Result<usize> {
    let ((table, over_since), column) = (what.over_since(), what.column());
    conn.prepare_cached(&format!(
        "delete from {table} where {column} in (select {column} from {table} where {over_since} <= ?1 limit ?2)"
    ))?
    .execute(rusqlite::params![over_before.as_microsecond(), most as i64])
}
