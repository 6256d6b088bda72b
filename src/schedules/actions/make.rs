//! Making what a schedule makes, for one slot, in its maker's name and with the rights that its maker has now.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;

use super::Hands;
use crate::db::Write;
use crate::error::{Error, Result};
use crate::people::{self, Viewer};
use crate::schedules::{DueAfter, Reason, Schedule, Template, title_at};
use crate::tasks::actions::{NewJob, NewTask, create};
use crate::tasks::{By, TaskId};

/// As whom a schedule runs; none when that is nobody any more who may. What came by itself runs in the name of the
/// organisation's first owner: every task has somebody who made it.
pub fn maker(conn: &Connection, schedule: &Schedule, now: Timestamp) -> Result<Option<Viewer>> {
    let organisation = schedule.organisation;
    let member = match schedule.maker {
        Some(user) => Some(user),
        None => people::sql::first_owner(conn, organisation)?,
    };
    let Some(user) = member else { return Ok(None) };
    let viewer = match people::sql::viewer_of_member(conn, organisation, user)? {
        Some(member) => Some(member),
        None => people::sql::viewer_of_program(conn, organisation, user, now)?,
    };
    Ok(viewer.filter(Viewer::is_admin))
}

/// The same, as verbs take it.
pub fn by_maker(w: &Write<'_>, hands: &Hands, schedule: &Schedule) -> Result<Option<By>> {
    let viewer = maker(w.conn, schedule, w.now)?;
    Ok(viewer.map(|viewer| hands.by(viewer)))
}

/// Makes it, or says why not; a failure of Milepost's own is logged here.
pub fn make(w: &mut Write<'_>, hands: &Hands, schedule: &Schedule, slot: Timestamp) -> Result<Result<TaskId, Reason>> {
    let Some(by) = by_maker(w, hands, schedule)? else { return Ok(Err(Reason::Maker)) };
    match w.nested(|w| make_by(w, &by, schedule, slot)) {
        Ok(task) => Ok(Ok(task)),
        Err(Error::Internal(error)) => {
            tracing::error!(%error, schedule = %schedule.id, "a schedule could not make its task");
            Ok(Err(Reason::Other))
        }
        Err(error) => Ok(Err(reason(&error))),
    }
}

/// Makes it in this name.
pub fn make_by(w: &mut Write<'_>, by: &By, schedule: &Schedule, slot: Timestamp) -> Result<TaskId> {
    // Its days are those of its own zone.
    let viewer = Viewer { zone: schedule.zone.clone(), ..Viewer::clone(&by.viewer) };
    let by = By { viewer: Arc::new(viewer), ..by.clone() };
    Ok(create(w, &by, new_task(schedule, slot))?.task.id)
}

fn reason(error: &Error) -> Reason {
    match error {
        Error::Forbidden(_) => Reason::Maker,
        Error::Invalid(errors) if errors.iter().any(|error| error.field == "assignee") => Reason::Assignee,
        Error::Invalid(errors) if errors.iter().any(|error| error.field == "project") => Reason::Project,
        _ => Reason::Other,
    }
}

fn new_task(schedule: &Schedule, slot: Timestamp) -> NewTask {
    let title = title_at(&schedule.title, slot, &schedule.zone);
    match &schedule.template {
        Template::Job(job) => NewTask {
            title,
            job: Some(NewJob {
                job_kind: Some(job.job_kind.clone()),
                queue: job.queue.clone(),
                max_attempts: job.max_attempts,
                payload: job.payload.clone(),
                ..NewJob::default()
            }),
            ..NewTask::default()
        },
        Template::Assignment(work) => NewTask {
            title,
            description: work.description.clone(),
            project: work.project,
            assignee: Some(work.assignee),
            priority: Some(work.priority),
            due: work.due_after.and_then(|after| due_text(after, slot, schedule)),
            estimate_minutes: work.estimate_minutes,
            ..NewTask::default()
        },
    }
}

fn due_text(after: DueAfter, slot: Timestamp, schedule: &Schedule) -> Option<String> {
    after.from(slot, &schedule.zone).map(|due| due.to_string())
}
