//! What would happen, before it does: how many there are, what would change of the first of them, and what would not, and
//! why. It asks what the verbs themselves ask.

use jiff::Timestamp;
use rusqlite::Connection;

use super::{Chosen, Deed, Differs, Verdict};
use crate::config;
use crate::error::{Error, Message, Result};
use crate::insight::jobs::Counted;
use crate::people::Viewer;
use crate::tasks::{Kind, TaskId, sql};

/// Examples of what would change, and of what would not.
const EXAMPLES: usize = 8;

#[derive(Clone, Debug)]
pub struct Preview {
    pub count: Counted,
    /// How many tasks were looked at for them.
    pub looked: i64,
    /// How many of them were asked about: the first.
    pub judged: i64,
    /// To how many of those it would be done.
    pub would: i64,
    /// What stands against it for the others, with their number; the most first.
    pub against: Vec<(Message, i64)>,
    pub examples: Vec<Example>,
}

#[derive(Clone, Debug)]
pub struct Example {
    pub id: TaskId,
    pub kind: Kind,
    pub title: String,
    pub differs: Vec<Differs>,
    pub against: Option<Message>,
}

pub fn preview(
    conn: &Connection,
    viewer: &Viewer,
    (chosen, deed): (&Chosen, &Deed),
    until: TaskId,
    now: Timestamp,
) -> Result<Preview> {
    let count = chosen.count(conn, viewer, until, now)?;
    let mut preview = Preview { count, looked: 0, judged: 0, would: 0, against: Vec::new(), examples: Vec::new() };
    let mut after = None;
    loop {
        let piece = chosen.piece(conn, viewer, (until, now), after, config::BULK_PREVIEW)?;
        for id in piece.ids {
            preview.judge(conn, viewer, deed, id, now)?;
        }
        preview.looked += i64::try_from(piece.looked).unwrap_or(i64::MAX);
        after = piece.next;
        let is_enough = preview.judged >= config::BULK_PREVIEW as i64 || preview.looked >= config::SCAN_ROWS as i64;
        if after.is_none() || is_enough {
            break;
        }
    }
    preview.against.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(preview)
}

impl Preview {
    /// Whether there are others beside those that were asked about, or may be.
    pub fn is_part(&self) -> bool {
        self.count.or_more || self.judged < self.count.jobs
    }

    fn judge(&mut self, conn: &Connection, viewer: &Viewer, deed: &Deed, id: TaskId, now: Timestamp) -> Result<()> {
        self.judged += 1;
        let found = sql::find_for(conn, viewer, id)?;
        let would = match &found {
            Some(task) => deed.would(conn, viewer, task, now),
            None => Err(Error::NotFound),
        };
        let (differs, against) = match would {
            Ok(differs) if differs.is_empty() => (differs, Verdict::Same.message()),
            Ok(differs) => (differs, None),
            Err(error) => (Vec::new(), Verdict::of(error)?.message()),
        };
        match &against {
            None => self.would += 1,
            Some(message) => match self.against.iter_mut().find(|(known, _)| known == message) {
                Some((_, count)) => *count += 1,
                None => self.against.push((message.clone(), 1)),
            },
        }
        if let Some(task) = found
            && self.examples.len() < EXAMPLES
        {
            self.examples.push(Example { id, kind: task.kind, title: task.title, differs, against });
        }
        Ok(())
    }
}
