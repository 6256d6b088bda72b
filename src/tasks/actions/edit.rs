//! Changing what a task is: each field that differs becomes an entry of its own.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Map, Value};

use super::assign::check_people;
use super::create::parse_labels;
use super::parse::{parse_estimate, parse_id, parse_priority};
use super::{find, touched};
use crate::clock::stored;
use crate::config;
use crate::db::Write;
use crate::error::{Error, FieldError, Result, msg};
use crate::jobs;
use crate::people::actions::Fields;
use crate::people::{ProjectId, UserId, Viewer, parse_line};
use crate::tasks::sql::{Said, record};
use crate::tasks::{By, Change, Due, Entry, Status, Task, TaskId, parse_note, sql};

/// What a form sends; a field that is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    pub title: Option<String>,
    pub description: Option<String>,
    pub assignee: Option<String>,
    pub project: Option<String>,
    pub due: Option<String>,
    /// Instead of `due`: what it was once, which the zone of whoever sets it back does not move.
    pub due_again: Option<Option<Due>>,
    pub priority: Option<String>,
    pub estimate: Option<String>,
    /// Blank is none.
    pub category: Option<String>,
    pub labels: Option<Vec<String>>,
    /// Of a job that does not run yet; none within: as soon as can be.
    pub run_at: Option<Option<Timestamp>>,
    pub queue_priority: Option<i64>,
    /// The version that the form was opened at.
    pub version: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct Edited {
    pub task: Arc<Task>,
    /// What others did between the form's version and this.
    pub meanwhile: Vec<Entry>,
}

/// Each change, in the order in which they are recorded, and its field's name
/// in forms and in the trail.
const FIELDS: [(Change, &str); 11] = [
    (Change::Title, "title"),
    (Change::Description, "description"),
    (Change::Assigned, "assignee"),
    (Change::Project, "project"),
    (Change::Due, "due"),
    (Change::Priority, "priority"),
    (Change::Estimate, "estimate"),
    (Change::Category, "category"),
    (Change::Labels, "labels"),
    (Change::RunAt, "run_at"),
    (Change::QueuePriority, "queue_priority"),
];

/// Admins edit. Two who edit at once each keep what only they changed; where
/// both changed the same field, the later one is told and nothing is stored.
pub fn edit(w: &mut Write<'_>, by: &By, id: TaskId, form: &Edit) -> Result<Edited> {
    let viewer = &by.viewer;
    let before = find(w, viewer, id)?;
    let (wanted, changed) = would_edit(w.conn, viewer, &before, form)?;
    let meanwhile = match form.version {
        Some(version) if version < before.version => sql::trail_since(w.conn, id, version)?,
        _ => Vec::new(),
    };
    let task = apply(w, before, &wanted, &changed, by)?;
    Ok(Edited { task, meanwhile })
}

/// The task as it would be, and what would change of it; or what refuses the edit.
pub fn would_edit(conn: &Connection, viewer: &Viewer, before: &Task, form: &Edit) -> Result<(Task, Vec<Change>)> {
    if !viewer.is_admin() {
        return Err(Error::Forbidden(msg("error-admins-only")));
    }
    let wanted = wanted(before, form, viewer)?;
    let changed = changed_fields(conn, before, &wanted, form.version)?;
    let assignee = wanted.assignee.filter(|_| changed.contains(&Change::Assigned));
    let project = wanted.project.filter(|_| changed.contains(&Change::Project));
    check_people(conn, viewer.organisation, assignee, project)?;
    Ok((wanted, changed))
}

/// The task as the form wants it.
fn wanted(before: &Task, form: &Edit, viewer: &Viewer) -> Result<Task> {
    let mut fields = Fields::default();
    let mut task = before.clone();
    if let Some(title) = &form.title {
        task.title = fields.take("title", parse_line(title, config::TITLE_CHARS)).unwrap_or_default();
    }
    if let Some(text) = &form.description {
        task.description =
            fields.take("description", parse_note(text, config::DESCRIPTION_CHARS)).flatten().unwrap_or_default();
    }
    if let Some(id) = &form.assignee {
        task.assignee = fields.take("assignee", parse_id(id)).flatten().map(UserId::new);
    }
    if let Some(id) = &form.project {
        task.project = fields.take("project", parse_id(id)).flatten().map(ProjectId::new);
    }
    if let Some(due) = &form.due {
        // A form shows minutes: what it sends back unchanged keeps its seconds.
        let unchanged = before.due.as_ref().is_some_and(|old| old.to_field(&viewer.zone) == due.trim());
        if !unchanged {
            task.due = fields.take("due", Due::parse(due, &viewer.zone)).flatten();
        }
    }
    if let Some(due) = &form.due_again {
        task.due.clone_from(due);
    }
    if let Some(priority) = &form.priority {
        task.priority = fields.take("priority", parse_priority(priority)).unwrap_or(before.priority);
    }
    if let Some(estimate) = &form.estimate {
        task.estimate_minutes = fields.take("estimate", parse_estimate(estimate)).flatten();
    }
    if let Some(category) = &form.category {
        let category = Some(category.as_str()).filter(|category| !category.trim().is_empty());
        task.category = category.and_then(|text| fields.take("category", parse_line(text, config::NAME_CHARS)));
    }
    if let Some(labels) = &form.labels {
        task.labels = fields.take("labels", parse_labels(labels)).unwrap_or_default();
    }
    wanted_of_job(&mut fields, &mut task, form)?;
    fields.check()?;
    Ok(task)
}

/// When a job runs, and before which others.
fn wanted_of_job(fields: &mut Fields, task: &mut Task, form: &Edit) -> Result<()> {
    if form.run_at.is_none() && form.queue_priority.is_none() {
        return Ok(());
    }
    let is_waiting = task.status == Status::Pending;
    let Some(job) = task.job.as_mut().map(Arc::make_mut) else {
        return Err(Error::Conflict(msg("refused-no-job")));
    };
    if !is_waiting {
        return Err(Error::Conflict(msg("refused-edit-running")));
    }
    job.run_at = form.run_at.map_or(job.run_at, |run_at| run_at.map(stored));
    if let Some(priority) = form.queue_priority {
        if !(0..=9).contains(&priority) {
            fields.refuse("queue_priority", msg("error-number-range").arg("from", 0i64).arg("to", 9i64));
        }
        job.queue_priority = priority;
    }
    Ok(())
}

/// Which fields to change: those that the form differs in from now, but not
/// those that it merely shows as they were when it was opened.
fn changed_fields(conn: &Connection, before: &Task, wanted: &Task, opened_at: Option<i64>) -> Result<Vec<Change>> {
    let opened_at = opened_at.unwrap_or(before.version);
    let (now, then) = (before.facts(), wanted.facts());
    let mut changed = Vec::new();
    let mut clashes = Vec::new();
    for (change, field) in FIELDS {
        let key = fact(field);
        if now.get(key) == then.get(key) {
            continue;
        }
        let since = sql::first_since(conn, before.id, opened_at, change)?;
        match since.as_ref().and_then(|entry| entry.old.get(key)) {
            Some(shown) if Some(shown) == then.get(key) => {}
            Some(_) => clashes.push(FieldError { field: field.into(), message: msg("error-changed-meanwhile") }),
            None => changed.push(change),
        }
    }
    if clashes.is_empty() { Ok(changed) } else { Err(Error::Invalid(clashes)) }
}

/// A field's name among a task's facts.
fn fact(field: &'static str) -> &'static str {
    if field == "estimate" { "estimate_minutes" } else { field }
}

/// One version and one entry for each changed field, in one commit.
fn apply(w: &mut Write<'_>, before: Arc<Task>, wanted: &Task, changed: &[Change], by: &By) -> Result<Arc<Task>> {
    let mut present = before;
    for (change, field) in FIELDS {
        if !changed.contains(&change) {
            continue;
        }
        let mut next = (*present).clone();
        match change {
            Change::Title => next.title.clone_from(&wanted.title),
            Change::Description => next.description.clone_from(&wanted.description),
            Change::Assigned => next.assignee = wanted.assignee,
            Change::Project => next.project = wanted.project,
            Change::Due => next.due.clone_from(&wanted.due),
            Change::Priority => next.priority = wanted.priority,
            Change::Category => next.category.clone_from(&wanted.category),
            Change::Labels => next.labels.clone_from(&wanted.labels),
            Change::RunAt | Change::QueuePriority => next.job.clone_from(&wanted.job),
            _ => next.estimate_minutes = wanted.estimate_minutes,
        }
        let next = Arc::new(touched(next, w.now));
        sql::save_edit(w, &present, &next)?;
        if next.job.is_some() && matches!(change, Change::Assigned | Change::RunAt | Change::QueuePriority) {
            jobs::actions::requeue(w, &by.dispatch, &next)?;
        }
        let only = |task: &Task| {
            let mut facts = Map::new();
            facts.insert(fact(field).to_owned(), task.facts().remove(fact(field)).unwrap_or(Value::Null));
            Value::Object(facts)
        };
        let said = Said::new(change, Some(by.viewer.user), by.via, only(&present), only(&next));
        record(w, Some(&present), Some(&next), said)?;
        present = next;
    }
    Ok(present)
}
