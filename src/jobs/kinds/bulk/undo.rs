//! Setting back what a job changed of a task: the trail says what it was and what it became. Only what is still as the job
//! left it becomes what it was; then that job did nothing to it any more, and run again does it again.

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

use crate::error::{Error, Message, Result, msg};
use crate::jobs::BuiltIn;
use crate::jobs::bulk::{Act, Bulk};
use crate::jobs::sql::{BulkDeed, bulk_deed, delete_bulk_deed, save_bulk_deed};
use crate::tasks::actions::Edit;
use crate::tasks::{Change, Due, Task, TaskId, sql};

/// The fact that a change of this sort changes, as the trail calls it.
pub fn fact(change: Change) -> Option<&'static str> {
    match change {
        Change::Assigned => Some("assignee"),
        Change::Project => Some("project"),
        Change::Due => Some("due"),
        Change::Priority => Some("priority"),
        _ => None,
    }
}

/// The edit that sets it back; and a word on what others changed since, which stays.
pub fn edit_back(conn: &Connection, job: TaskId, task: &Task) -> Result<(Edit, Option<Message>)> {
    let deed = bulk_deed(conn, job, task.id)?.ok_or(Error::NotFound)?;
    let facts = task.facts();
    let (mut edit, mut back, mut spared) = (Edit::default(), 0, 0);
    for entry in sql::trail_between(conn, task.id, deed.first, deed.last)? {
        let Some(name) = fact(entry.change) else { continue };
        let member = |value: &Value| value.get(name).cloned().unwrap_or(Value::Null);
        if facts.get(name) != Some(&member(&entry.new)) {
            spared += 1;
            continue;
        }
        back += 1;
        let old = member(&entry.old);
        match entry.change {
            Change::Assigned => edit.assignee = Some(text(&old)),
            Change::Project => edit.project = Some(text(&old)),
            Change::Priority => edit.priority = Some(text(&old)),
            _ => edit.due_again = Some(due(&old, deed.due_at)),
        }
    }
    match (back, spared) {
        (0, 0) => Err(Error::Conflict(msg("bulk-undo-none"))),
        (0, _) => Err(Error::Conflict(msg("bulk-undo-changed"))),
        (_, 0) => Ok((edit, None)),
        _ => Ok((edit, Some(msg("bulk-undo-part")))),
    }
}

/// As forms send it; nothing is blank.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A day with the end that it had, or an instant.
fn due(old: &Value, at: Option<Timestamp>) -> Option<Due> {
    let day = old.as_str()?.parse().ok();
    at.map(|at| day.map_or(Due::At(at), |day| Due::Date(day, at)))
}

/// The job whose changes are undone; where it had itself undone another's, that one; and so on.
pub fn chain(conn: &Connection, job: TaskId) -> Result<Vec<TaskId>> {
    let (mut chain, mut next) = (Vec::new(), Some(job));
    while let Some(job) = next {
        let Some(found) = sql::find(conn, job)? else { break };
        chain.push(job);
        // A job undoes only what was there before it.
        next = undoes(&found).filter(|older| *older < job);
    }
    Ok(chain)
}

/// What the first of them did to the task is undone by this deed: what that one had undone stands again, and so on.
pub fn turn_over(conn: &Connection, chain: &[TaskId], task: TaskId, deed: &BulkDeed) -> Result<()> {
    for (place, job) in chain.iter().enumerate() {
        match place % 2 {
            0 => delete_bulk_deed(conn, *job, task)?,
            _ => save_bulk_deed(conn, *job, task, deed)?,
        }
    }
    Ok(())
}

/// The job whose changes this one undoes.
fn undoes(task: &Task) -> Option<TaskId> {
    let job = task.job().filter(|job| job.built_in() == Some(BuiltIn::BulkEdit))?;
    let bulk = Bulk::of(BuiltIn::BulkEdit, &job.spec.payload).ok()?;
    bulk.of_job.filter(|_| bulk.act() == Act::Undo)
}
