//! What is done to one task among many, through the verbs that everyone uses: first only asked, then done. What refuses one
//! task is told of it, and the others go on.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::undo;
use crate::db::Write;
use crate::error::{Error, Message, Result, msg};
use crate::jobs::actions::{may_retry, retry};
use crate::jobs::bulk::{Act, Bulk, Changes};
use crate::jobs::items::ItemOutcome;
use crate::jobs::sql::BulkDeed;
use crate::people::Viewer;
use crate::tasks::actions::{Edit, cancel, delete, edit, may_delete, would_cancel, would_edit};
use crate::tasks::{By, Change, Due, Kind, Status, Task, TaskId, sql};

#[derive(Clone, Debug)]
pub enum Deed {
    Set(Changes),
    Cancel,
    Retry,
    Delete,
    /// Sets back what that job changed.
    Undo(TaskId),
}

/// What became of a task, or would.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// Perhaps with something to say about it.
    Done(Option<Message>),
    /// It stands so already.
    Same,
    /// It is not there any more, or not for whoever started this.
    Gone,
    /// As it stands, this cannot be done to it.
    Skipped(Message),
    /// It was refused.
    Failed(Message),
}

/// One task, what became of it, and where the trail has that.
#[derive(Clone, Debug)]
pub struct Told {
    pub id: TaskId,
    pub verdict: Verdict,
    pub deed: Option<BulkDeed>,
}

/// A change, with the facts as they are and as they would be.
pub type Differs = (Change, Value, Value);

impl Verdict {
    pub fn outcome(&self) -> ItemOutcome {
        match self {
            Verdict::Done(_) => ItemOutcome::Succeeded,
            Verdict::Same | Verdict::Gone | Verdict::Skipped(_) => ItemOutcome::Skipped,
            Verdict::Failed(_) => ItemOutcome::Failed,
        }
    }

    pub fn message(&self) -> Option<Message> {
        match self {
            Verdict::Done(message) => message.clone(),
            Verdict::Same => Some(msg("bulk-same")),
            Verdict::Gone => Some(msg("bulk-gone")),
            Verdict::Skipped(message) | Verdict::Failed(message) => Some(message.clone()),
        }
    }

    /// What an error says of the one task that it is about. What is Milepost's fault is about none.
    pub fn of(error: Error) -> Result<Verdict> {
        match error {
            Error::Conflict(message) => Ok(Verdict::Skipped(message)),
            Error::Forbidden(message) => Ok(Verdict::Failed(message)),
            Error::Invalid(mut errors) if !errors.is_empty() => Ok(Verdict::Failed(errors.swap_remove(0).message)),
            Error::NotFound => Ok(Verdict::Gone),
            other => Err(other),
        }
    }
}

/// Each by itself: what is refused for one is done for the others.
pub fn one_by_one(w: &mut Write<'_>, by: &By, deed: &Deed, ids: &[TaskId]) -> Result<Vec<Told>> {
    let outcomes = w.each(ids, |w, id| {
        let first = w.newest() + 1;
        let (note, due_at) = deed.apply(w, by, *id)?;
        let last = w.newest();
        Ok((note, BulkDeed { first, last, due_at }))
    })?;
    let told = ids.iter().zip(outcomes).map(|(id, outcome)| {
        let (verdict, deed) = match outcome {
            // Nothing was written down: it stood so already.
            Ok((_, BulkDeed { first, last, .. })) if last < first => (Verdict::Same, None),
            Ok((note, deed)) => (Verdict::Done(note), Some(deed)),
            Err(error) => (Verdict::of(error)?, None),
        };
        Ok(Told { id: *id, verdict, deed })
    });
    told.collect()
}

impl Deed {
    pub fn of(bulk: &Bulk) -> Deed {
        match (bulk.act(), bulk.of_job) {
            (Act::Undo, Some(job)) => Deed::Undo(job),
            (Act::Cancel, _) => Deed::Cancel,
            (Act::Retry, _) => Deed::Retry,
            (Act::Delete, _) => Deed::Delete,
            (Act::Change | Act::Undo, _) => Deed::Set(bulk.changes.clone()),
        }
    }

    /// Does it; gives what there is to say of it, and when the task was due before, where that may have changed.
    fn apply(&self, w: &mut Write<'_>, by: &By, id: TaskId) -> Result<(Option<Message>, Option<Timestamp>)> {
        match self {
            Deed::Cancel => drop(cancel(w, by, id, "")?),
            Deed::Retry => drop(retry(w, by, id, false)?),
            Deed::Delete => drop(delete(w, by, id)?),
            Deed::Set(_) | Deed::Undo(_) => {
                let task = sql::find_for(w.conn, &by.viewer, id)?.ok_or(Error::NotFound)?;
                let (wanted, note) = self.edit_of(w.conn, &by.viewer.zone, &task)?;
                edit(w, by, id, &wanted)?;
                return Ok((note, task.due.map(|due| due.instant())));
            }
        }
        Ok((None, None))
    }

    /// What would change of the task; nothing, where it stands so already.
    pub fn would(&self, conn: &Connection, viewer: &Viewer, task: &Task, now: Timestamp) -> Result<Vec<Differs>> {
        let status = |status: Status| json!({ "status": status });
        match self {
            Deed::Cancel if would_cancel(viewer, task, now)? => {
                Ok(vec![(Change::Cancelled, status(task.status), status(Status::Cancelled))])
            }
            Deed::Cancel => Ok(Vec::new()),
            Deed::Retry => {
                may_retry(conn, viewer, task, false)?;
                Ok(vec![(Change::Retried, status(task.status), status(Status::Pending))])
            }
            Deed::Delete => {
                may_delete(conn, viewer, task)?;
                Ok(vec![(Change::Deleted, json!({}), json!({}))])
            }
            Deed::Set(_) | Deed::Undo(_) => {
                let (form, _) = self.edit_of(conn, &viewer.zone, task)?;
                let (wanted, changed) = would_edit(conn, viewer, task, &form)?;
                let (old, new) = wanted.facts_since(task);
                let only = |facts: &serde_json::Map<String, Value>, change: Change| match undo::fact(change) {
                    Some(name) => json!({ name: facts.get(name) }),
                    None => json!({}),
                };
                Ok(changed.into_iter().map(|change| (change, only(&old, change), only(&new, change))).collect())
            }
        }
    }

    /// What it is as an edit of this task.
    fn edit_of(&self, conn: &Connection, zone: &TimeZone, task: &Task) -> Result<(Edit, Option<Message>)> {
        match self {
            Deed::Undo(job) => undo::edit_back(conn, *job, task),
            Deed::Set(changes) => Ok((set(changes, zone, task)?, None)),
            Deed::Cancel | Deed::Retry | Deed::Delete => Ok((Edit::default(), None)),
        }
    }
}

fn set(changes: &Changes, zone: &TimeZone, task: &Task) -> Result<Edit> {
    // With a job go its files and its log: that is nothing to happen to one among many.
    if task.kind == Kind::Job && (changes.set_assignee.is_some() || changes.set_project.is_some()) {
        return Err(Error::Conflict(msg("bulk-is-a-job")));
    }
    // 0 is nobody, and none.
    let id = |id: i64| if id == 0 { String::new() } else { id.to_string() };
    let due = match (changes.set_due, changes.shift_days) {
        (Some(date), _) => Some(date.to_string()),
        (None, Some(days)) => Some(shifted(task.due.as_ref(), days, zone)?),
        (None, None) => None,
    };
    Ok(Edit {
        assignee: changes.set_assignee.map(|user| id(user.get())),
        project: changes.set_project.map(|project| id(project.get())),
        due,
        priority: changes.set_priority.map(|priority| priority.to_string()),
        ..Edit::default()
    })
}

/// So many days later, at the same time of the day as the clocks there show it; as [`Due::parse`] takes it.
fn shifted(due: Option<&Due>, days: i64, zone: &TimeZone) -> Result<String> {
    let outside = |_| Error::Conflict(msg("error-date"));
    let days = Span::new().try_days(days).map_err(outside)?;
    match due {
        None => Err(Error::Conflict(msg("bulk-no-due"))),
        Some(Due::Date(date, _)) => Ok(date.checked_add(days).map_err(outside)?.to_string()),
        Some(Due::At(at)) => {
            let moved = at.to_zoned(zone.clone()).checked_add(days).map_err(outside)?;
            Ok(moved.timestamp().to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_moved_by_the_calendar_and_not_by_hours() {
        let zone = TimeZone::get("Asia/Jerusalem").unwrap();
        let due = |text: &str| Due::parse(text, &zone).unwrap().unwrap();
        assert_eq!(shifted(Some(&due("2026-02-27")), 2, &zone).unwrap(), "2026-03-01");
        // Clocks go forward on 27 March 2026: the same time of the day is an hour less away.
        let moved = shifted(Some(&due("2026-03-26T10:00")), 1, &zone).unwrap();
        assert_eq!(Due::parse(&moved, &zone).unwrap().unwrap().to_field(&zone), "2026-03-27T10:00");
        assert_eq!(shifted(Some(&due("2026-03-01")), -1, &zone).unwrap(), "2026-02-28");
        assert!(matches!(shifted(None, 1, &zone), Err(Error::Conflict(_))));
        assert!(shifted(Some(&due("9998-01-01")), 3_650, &zone).is_err(), "no calendar goes so far");
    }
}
