//! People, the rows. Organisation first among the arguments; what may be seen
//! is decided by the verbs and by the joins on `members`.

mod answers;
mod leftovers;
mod links;
mod members;
mod projects;
mod sessions;
mod tokens;

pub use answers::*;
pub use leftovers::*;
pub use links::*;
pub use members::*;
pub use projects::*;
pub use sessions::*;
pub use tokens::*;

use jiff::Timestamp;
use rusqlite::Row;

use crate::clock::from_micros;

pub(crate) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(from_micros)
}

pub(crate) fn maybe_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(from_micros))
}
