//! How each channel fared when it was last used.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::error::Result;
use crate::notify::Channel;

/// `told` is the sentence of a failure.
pub fn save_channel(conn: &Connection, channel: Channel, told: Option<&str>, now: Timestamp) -> Result<()> {
    conn.prepare_cached(
        "insert into channels (channel, is_well, told, at) values (?1, ?2, ?3, ?4)
         on conflict do update set is_well = excluded.is_well, told = excluded.told, at = excluded.at",
    )?
    .execute(params![channel, told.is_none(), told, now.as_microsecond()])?;
    Ok(())
}

/// How many did not work as a whole when they were last used, if that was since then.
pub fn failing_channels(conn: &Connection, since: Timestamp) -> Result<i64> {
    Ok(conn
        .prepare_cached("select count(*) from channels where is_well = 0 and at > ?1")?
        .query_one([since.as_microsecond()], |row| row.get(0))?)
}
