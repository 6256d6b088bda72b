//! One's own work: what is overdue, due today, later, without a date, and what
//! was done lately.

use jiff::Timestamp;
use rusqlite::Connection;

use super::Slot;
use super::scope::slots_of;
use crate::config::{LATELY, PAGE_ROWS};
use crate::error::Result;
use crate::people::Viewer;

#[derive(Clone, Debug, Default)]
pub struct Mine {
    pub overdue: Vec<Slot>,
    pub today: Vec<Slot>,
    pub later: Vec<Slot>,
    pub no_date: Vec<Slot>,
    pub done_lately: Vec<Slot>,
    /// There is more open work than these; the monitor pages through it.
    pub more: bool,
}

pub fn mine(conn: &Connection, viewer: &Viewer, now: Timestamp) -> Result<Mine> {
    let mut mine = Mine::default();
    let today_ends = end_of_day(viewer, now);
    let dated = open(conn, viewer, "t.due_at is not null")?;
    let undated = open(conn, viewer, "t.due_at is null")?;
    mine.more = dated.len() > PAGE_ROWS || undated.len() > PAGE_ROWS;
    for row in dated.into_iter().take(PAGE_ROWS) {
        let due = row.due.unwrap_or(now);
        let section = if due <= now {
            &mut mine.overdue
        } else if due <= today_ends {
            &mut mine.today
        } else {
            &mut mine.later
        };
        section.push(row);
    }
    mine.no_date = undated;
    mine.no_date.truncate(PAGE_ROWS);
    let mut done = slots_of(viewer);
    done.and(
        "t.assignee_id = ? and t.finished_at is not null and t.finished_at >= ?",
        [viewer.user.get().into(), (now - LATELY).as_microsecond().into()],
    );
    done.end(" order by t.finished_at desc, t.id desc limit ?", PAGE_ROWS / 5);
    mine.done_lately = done.slots(conn)?;
    Ok(mine)
}

fn open(conn: &Connection, viewer: &Viewer, dated: &str) -> Result<Vec<Slot>> {
    let mut query = slots_of(viewer);
    query.and("t.assignee_id = ? and t.finished_at is null", [viewer.user.get().into()]);
    query.and(dated, []);
    query.end(" order by t.due_at, t.id limit ?", PAGE_ROWS + 1);
    query.slots(conn)
}

/// The instant at which the viewer's today is over.
pub fn end_of_day(viewer: &Viewer, now: Timestamp) -> Timestamp {
    let today = now.to_zoned(viewer.zone.clone()).date();
    today.tomorrow().and_then(|next| next.to_zoned(viewer.zone.clone())).map_or(now, |midnight| midnight.timestamp())
}
