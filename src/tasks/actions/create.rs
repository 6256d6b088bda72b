//! Making one task as a program asks for it: a job, or an assignment.

use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::assign::check_people;
use crate::clock::stored;
use crate::config;
use crate::db::Write;
use crate::error::{Error, Message, Result, msg};
use crate::jobs::{self, Backoff, Family, Job, OnDuplicate, Recorded, Spec};
use crate::people::actions::Fields;
use crate::people::{ProjectId, UserId, Viewer, parse_line};
use crate::tasks::progress::StagePlan;
use crate::tasks::sql::{Said, record};
use crate::tasks::{By, Change, Counts, Due, Kind, Priority, Task, TaskId, parse_note, sql};

/// What is wanted of a task; texts as they came.
#[derive(Clone, Debug, Default)]
pub struct NewTask {
    pub title: String,
    pub description: String,
    pub category: Option<String>,
    pub labels: Vec<String>,
    pub total: Option<i64>,
    pub project: Option<ProjectId>,
    pub assignee: Option<UserId>,
    pub priority: Option<Priority>,
    /// As [`Due::parse`] takes it.
    pub due: Option<String>,
    pub estimate_minutes: Option<i64>,
    pub external_id: Option<String>,
    pub parent: Option<TaskId>,
    pub after: Vec<TaskId>,
    /// None: an assignment.
    pub job: Option<NewJob>,
}

#[derive(Clone, Debug, Default)]
pub struct NewJob {
    pub job_kind: Option<String>,
    pub queue: Option<String>,
    pub queue_priority: Option<i64>,
    pub run_at: Option<Timestamp>,
    pub unique_key: Option<String>,
    pub on_duplicate: Option<OnDuplicate>,
    pub max_attempts: Option<i64>,
    pub backoff: Option<Backoff>,
    pub timeout_seconds: Option<i64>,
    pub stalled_after_seconds: Option<i64>,
    pub stages: Vec<StagePlan>,
    pub payload: Value,
}

#[derive(Clone, Debug)]
pub struct Created {
    pub task: Arc<Task>,
    /// An open job had the unique key: this is that one.
    pub existed: bool,
}

/// Admins make assignments; whoever may speak for programs makes jobs. A member's job is the member's own.
pub fn create(w: &mut Write<'_>, by: &By, new: NewTask) -> Result<Created> {
    let viewer = by.viewer.clone();
    if new.job.is_none() && !viewer.is_admin() {
        return Err(Error::Forbidden(msg("error-admins-only")));
    }
    let on_duplicate = new.job.as_ref().and_then(|job| job.on_duplicate).unwrap_or(OnDuplicate::Refuse);
    let mut task = checked(&viewer, new, w.now)?;
    if let Some(job) = task.job()
        && let Some(kind) = job.built_in()
    {
        jobs::actions::may_start(w.conn, &viewer, kind)?;
        kind.check(&job.spec.payload)?;
        jobs::actions::may_begin(w.conn, &viewer, kind, &job.spec.payload)?;
    }
    check_people(w.conn, viewer.organisation, task.assignee, task.project)?;
    if task.assignee.is_none() && !viewer.sees_all() {
        task.assignee = Some(viewer.user);
    } else if task.assignee != Some(viewer.user) && !viewer.sees_all() {
        return Err(Error::Forbidden(msg("error-admins-only")));
    }
    for id in &task.after {
        sql::find_for(w.conn, &viewer, *id)?.ok_or_else(|| Error::field("after", msg("error-unknown-task")))?;
    }
    if let Some(parent) = task.parent {
        let mut above = Some(jobs::actions::check_parent(w, &viewer, parent)?);
        let mut depth = 0;
        while let Some(parent) = above {
            depth += 1;
            if depth > config::PARENTS {
                return Err(Error::field("parent", msg("error-parent-depth").arg("limit", config::PARENTS)));
            }
            if task.after.contains(&parent.id) {
                return Err(Error::field("after", msg("error-after-parent")));
            }
            above = parent.parent.map(|id| sql::find(w.conn, id)).transpose()?.flatten().map(Arc::new);
        }
    }
    if let Some(external_id) = &task.external_id
        && let Some(id) = sql::by_external_id(w.conn, viewer.organisation, external_id)?
    {
        return Err(Error::Conflict(msg("refused-external-id").arg("id", id.get())));
    }
    if let Some(existing) = duplicate(w, by, &task, on_duplicate)? {
        return Ok(Created { task: existing, existed: true });
    }
    sql::insert(w, &mut task)?;
    if let Some(job) = task.job() {
        jobs::sql::insert_job(w.conn, task.organisation, task.id, job)?;
    }
    let task = Arc::new(task);
    let said = Said::new(Change::Created, Some(viewer.user), by.via, json!({}), Value::Object(task.facts()));
    record(w, None, Some(&task), said)?;
    jobs::actions::enqueue(w, &by.dispatch, &task)?;
    jobs::actions::child_moved(w, &by.dispatch, None, &task)?;
    Ok(Created { task, existed: false })
}

/// What becomes of the open job that has the same unique key.
fn duplicate(w: &mut Write<'_>, by: &By, task: &Task, on_duplicate: OnDuplicate) -> Result<Option<Arc<Task>>> {
    let Some(key) = task.job().and_then(|job| job.spec.unique_key.as_deref()) else { return Ok(None) };
    let Some(id) = jobs::sql::by_unique_key(w.conn, task.organisation, key)? else { return Ok(None) };
    // Of what one may not see, not even the number is told.
    let seen = sql::find_for(w.conn, &by.viewer, id)?.map(Arc::new);
    let seen = seen.ok_or_else(|| Error::Conflict(msg("refused-unique-key-unseen")))?;
    match on_duplicate {
        OnDuplicate::Refuse => Err(Error::Conflict(msg("refused-unique-key").arg("id", id.get()))),
        OnDuplicate::Existing => Ok(Some(seen)),
        // What one waits for, or belongs to, does not make room for it; nor what somebody else moves.
        OnDuplicate::Replace if task.after.contains(&id) || task.parent == Some(id) => {
            Err(Error::Conflict(msg("refused-unique-key").arg("id", id.get())))
        }
        OnDuplicate::Replace => {
            seen.may_be_moved_by(&by.viewer)?;
            let cancelled = jobs::actions::cancel(w, by, &seen, None)?;
            if !cancelled.status.has_ended() {
                jobs::sql::release_unique_key(w.conn, id)?;
            }
            Ok(None)
        }
    }
}

/// The task as its rules allow it.
fn checked(viewer: &Viewer, new: NewTask, now: Timestamp) -> Result<Task> {
    let mut fields = Fields::default();
    let kind = if new.job.is_some() { Kind::Job } else { Kind::Assignment };
    let title = fields.take("title", parse_line(&new.title, config::TITLE_CHARS)).unwrap_or_default();
    let description = fields.take("description", parse_note(&new.description, config::DESCRIPTION_CHARS)).flatten();
    let category = take_line(&mut fields, "category", new.category.as_deref());
    let external_id = take_line(&mut fields, "external_id", new.external_id.as_deref());
    let labels = fields.take("labels", parse_labels(&new.labels)).unwrap_or_default();
    let due = new.due.as_deref().and_then(|due| fields.take("due", Due::parse(due, &viewer.zone))).flatten();
    take_range(&mut fields, "estimate_minutes", new.estimate_minutes, config::ESTIMATE_MINUTES);
    take_range(&mut fields, "total", new.total, 0..=1_000_000_000_000);
    if new.after.len() > config::AFTER {
        fields.refuse("after", msg("error-too-many").arg("limit", config::AFTER));
    }
    let job = new.job.map(|job| checked_job(&mut fields, job, new.total));
    if kind == Kind::Assignment && new.total.is_some() {
        fields.refuse("total", msg("error-counts-assignment"));
    }
    if kind == Kind::Assignment && new.parent.is_some() {
        fields.refuse("parent", msg("error-parent-no-job"));
    }
    if kind == Kind::Assignment && new.assignee.is_none() {
        fields.refuse("assignee", msg("error-required"));
    }
    fields.check()?;
    let mut after = new.after;
    after.sort_unstable();
    after.dedup();
    Ok(Task {
        description: description.unwrap_or_default(),
        category,
        labels,
        counts: new.total.map(|total| Counts { total: Some(total), ..Counts::default() }),
        project: new.project,
        assignee: new.assignee,
        priority: new.priority.unwrap_or(Priority::Medium),
        due,
        estimate_minutes: new.estimate_minutes,
        external_id,
        parent: new.parent,
        after,
        job: job.map(Arc::new),
        ..Task::new(viewer.organisation, kind, title, viewer.user, now)
    })
}

fn checked_job(fields: &mut Fields, new: NewJob, total: Option<i64>) -> Job {
    let job_kind = take_line(fields, "job_kind", new.job_kind.as_deref());
    let queue = take_line(fields, "queue", new.queue.as_deref()).unwrap_or_else(|| "default".to_owned());
    let unique_key = take_line(fields, "unique_key", new.unique_key.as_deref());
    take_range(fields, "queue_priority", new.queue_priority, 0..=9);
    take_range(fields, "max_attempts", new.max_attempts, config::MAX_ATTEMPTS);
    take_range(fields, "timeout_seconds", new.timeout_seconds, config::TIMEOUT_SECONDS);
    take_range(fields, "stalled_after_seconds", new.stalled_after_seconds, config::TIMEOUT_SECONDS);
    if new.payload.to_string().len() > config::PAYLOAD_BYTES {
        fields.refuse("payload", msg("error-bytes").arg("limit", config::PAYLOAD_BYTES));
    }
    check_stages(fields, &new.stages);
    if let Some(Backoff::Fixed(pauses)) = &new.backoff
        && (pauses.is_empty()
            || pauses.len() > config::BACKOFF_PAUSES
            || pauses.iter().any(|pause| !config::BACKOFF_SECONDS.contains(pause)))
    {
        fields.refuse("backoff", msg("error-backoff").arg("limit", config::BACKOFF_PAUSES));
    }
    // A parent that nobody claims expects as many children as it has units.
    let expected = total.filter(|_| job_kind.is_none());
    Job {
        spec: Arc::new(Spec {
            job_kind,
            queue,
            unique_key,
            max_attempts: new.max_attempts.unwrap_or(config::ATTEMPTS_DEFAULT),
            backoff: new.backoff.unwrap_or(Backoff::Exponential),
            timeout_seconds: new.timeout_seconds,
            stalled_after_seconds: new.stalled_after_seconds,
            stages: new.stages,
            payload: if new.payload.is_null() { json!({}) } else { new.payload },
        }),
        queue_priority: new.queue_priority.unwrap_or(5),
        run_at: new.run_at.map(stored),
        attempt: 0,
        round: 0,
        only_failed_items: false,
        worker: None,
        attempt_started_at: None,
        lease_seconds: None,
        lease_expires_at: None,
        heard_at: None,
        cancel_requested_at: None,
        cancel_acknowledged_at: None,
        stalled_at: None,
        lost_at: None,
        log_bytes: 0,
        recorded: Recorded::default(),
        result: None,
        error: None,
        family: Family { expected, ..Family::default() },
    }
}

fn check_stages(fields: &mut Fields, stages: &[StagePlan]) {
    if stages.len() > config::STAGES {
        fields.refuse("stages", msg("error-too-many").arg("limit", config::STAGES));
    }
    let is_good = |stage: &StagePlan| {
        stage.weight.is_finite()
            && (0.0..=1e6).contains(&stage.weight)
            && parse_line(&stage.name, config::NAME_CHARS).is_ok_and(|name| name == stage.name)
    };
    let is_double = |(at, stage): (usize, &StagePlan)| stages[..at].iter().any(|other| other.name == stage.name);
    if !stages.iter().all(is_good) || stages.iter().enumerate().any(is_double) {
        fields.refuse("stages", msg("error-stages"));
    }
}

/// A short text; blank is none.
fn take_line(fields: &mut Fields, field: &'static str, text: Option<&str>) -> Option<String> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    fields.take(field, parse_line(text, config::NAME_CHARS))
}

fn take_range(fields: &mut Fields, field: &'static str, value: Option<i64>, range: RangeInclusive<i64>) {
    if value.is_some_and(|value| !range.contains(&value)) {
        fields.refuse(field, msg("error-number-range").arg("from", *range.start()).arg("to", *range.end()));
    }
}

pub(super) fn parse_labels(labels: &[String]) -> Result<Vec<String>, Message> {
    if labels.len() > config::LABELS {
        return Err(msg("error-too-many").arg("limit", config::LABELS));
    }
    let mut parsed: Vec<String> = Vec::with_capacity(labels.len());
    for label in labels {
        let label = parse_line(label, config::NAME_CHARS)?;
        if !parsed.contains(&label) {
            parsed.push(label);
        }
    }
    Ok(parsed)
}
