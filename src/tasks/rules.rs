//! How an assignment may move. Each move gives the task as it is after, or a
//! sentence that says what is allowed; nothing here writes or asks the time.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Change, Percent, Status, Task};
use crate::error::{Message, msg};

/// What somebody does with an assignment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Move {
    Report(Percent),
    Complete,
    Cancel,
    /// Back to open, at this much progress (below 100 %).
    Reopen(Percent),
}

impl Task {
    /// The task after `step`, not yet with a new version; none when that is how
    /// it stands already (completing what is done, cancelling what is
    /// cancelled: twice is the same as once).
    pub fn after(&self, step: Move, now: Timestamp) -> Result<Option<(Change, Task)>, Message> {
        use Status::{Cancelled, Done, Failed};
        let (change, progress, status) = match (step, self.status) {
            (Move::Complete, Done) | (Move::Cancel, Cancelled) => return Ok(None),
            (Move::Report(_) | Move::Complete, Cancelled | Failed) => return Err(msg("refused-cancelled")),
            (Move::Cancel, Done | Failed) => return Err(msg("refused-cancel-ended")),
            (Move::Reopen(_), status) if !status.has_ended() => return Err(msg("refused-reopen-open")),
            (Move::Report(progress), _) => (Change::Progress, progress, status_at(progress)),
            (Move::Complete, _) => (Change::Completed, Percent::FULL, Done),
            (Move::Cancel, _) => (Change::Cancelled, self.progress, Cancelled),
            (Move::Reopen(progress), _) => {
                let progress = if progress == Percent::FULL { Percent::ZERO } else { progress };
                (Change::Reopened, progress, status_at(progress))
            }
        };
        Ok(Some((change, self.moved_to(progress, status, now))))
    }

    /// The same task with this progress and status, its times in step with them.
    pub fn moved_to(&self, progress: Percent, status: Status, now: Timestamp) -> Task {
        let started_at = match status {
            Status::Pending => None,
            _ => self.started_at.or((status != Status::Cancelled).then_some(now)),
        };
        let finished_at = match (status.has_ended(), self.status == status) {
            (false, _) => None,
            (true, true) => self.finished_at,
            (true, false) => Some(now),
        };
        Task { progress, status, started_at, finished_at, ..self.clone() }
    }
}

/// Status follows progress: nothing done is pending, all done is done.
fn status_at(progress: Percent) -> Status {
    if progress == Percent::FULL {
        Status::Done
    } else if progress == Percent::ZERO {
        Status::Pending
    } else {
        Status::InProgress
    }
}

/// A task's facts after all these `new` objects of its trail, oldest first.
pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Value>) -> Map<String, Value> {
    let mut facts = Map::new();
    for new in entries {
        if let Value::Object(new) = new {
            facts.extend(new.iter().map(|(field, value)| (field.clone(), value.clone())));
        }
    }
    facts
}
