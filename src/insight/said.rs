//! What people and programs said about tasks: the notes of their trail, comments among them, one after the other.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::clock::from_micros;
use crate::error::Result;
use crate::tasks::{Change, TaskId};

/// Hands over each note of these tasks, oldest first, until it is enough: false from `each`. None is kept.
pub fn notes(
    conn: &Connection,
    tasks: &[TaskId],
    mut each: impl FnMut(TaskId, Change, Timestamp, &str) -> bool,
) -> Result<()> {
    let mut statement = conn.prepare_cached(
        "select e.change, e.at, e.note from trail e where e.task_id = ?1 and e.note is not null order by e.sequence",
    )?;
    for task in tasks {
        let mut rows = statement.query([task])?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            if !each(*task, row.get(0)?, row.get(1).map(from_micros)?, text) {
                return Ok(());
            }
        }
    }
    Ok(())
}
