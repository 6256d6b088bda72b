//! How programs move a task: each report is durable at once and goes out live; the trail has at most one entry of it a
//! second, and every stage.

use std::sync::Arc;

use jiff::Timestamp;

use super::find;
use super::progress::{Step, checked_note, move_task};
use crate::config;
use crate::db::Write;
use crate::error::{Error, Message, Result, msg};
use crate::jobs;
use crate::jobs::actions::{Told, put};
use crate::jobs::dispatch::Sign;
use crate::jobs::items::NewItem;
use crate::people::actions::Fields;
use crate::people::parse_line;
use crate::tasks::eta::Pace;
use crate::tasks::progress::{CountsGiven, Lower, Outcome, Progress, Said};
use crate::tasks::{By, Change, Kind, Move, Percent, Stage, Task, TaskId};

/// A report as a program sends it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub attempt: Option<i64>,
    /// Percent.
    pub progress: Option<f64>,
    pub counts: CountsGiven,
    pub stage: Option<Stage>,
    pub note: Option<String>,
    /// Without counts beside them, they move the counts.
    pub items: Vec<NewItem>,
}

/// The task as it is after the report.
pub fn report(w: &mut Write<'_>, by: &By, id: TaskId, said: &Report) -> Result<Arc<Task>> {
    let mut fields = Fields::default();
    let percent = said.progress.and_then(|percent| fields.take("progress", Percent::new(percent)));
    let stage = said.stage.as_ref().and_then(|stage| fields.take("stage", checked_stage(stage)));
    fields.check()?;
    let note = checked_note(said.note.as_deref().unwrap_or_default())?;
    let before = find(w, &by.viewer, id)?;
    if before.kind == Kind::Assignment {
        let percent = percent.ok_or_else(|| Error::field("progress", msg("error-required")))?;
        if !said.counts.is_empty() || stage.is_some() || !said.items.is_empty() {
            return Err(Error::field("progress", msg("error-counts-assignment")));
        }
        return Ok(move_task(w, by, id, Step { does: Move::Report(percent), note, version: None })?.task);
    }
    let (before, after) = jobs::actions::hear(w, by, before, said.attempt, Sign::Progress)?;
    let given = match said.counts.is_empty() && said.items.is_empty() {
        true => None,
        false => Some(said.counts.onto(before.counts).map_err(Error::Invalid)?),
    };
    let stages = before.job().map(|job| job.spec.stages.clone()).unwrap_or_default();
    let mut wanted = Said { percent, counts: given, stage, note };
    // What the report itself counts includes its items; of what is not applied, they are not kept either.
    if said.items.is_empty() {
        // Most reports have none.
    } else if said.counts.counts_units() {
        if matches!(before.how_far().after(&Said { percent: None, ..wanted.clone() }, &stages), Outcome::Moved(_)) {
            jobs::actions::record_items(w, by, &before, &said.items)?;
        }
    } else {
        let items = jobs::actions::record_items(w, by, &before, &said.items)?;
        wanted.counts = given.map(|counts| counts.moved(items));
    }
    match before.how_far().after(&wanted, &stages) {
        Outcome::Moved(progress) => moved(w, by, &before, after, progress, wanted.note),
        Outcome::Lower(why) => {
            let noted = lower(w, by, &before, after, why, wanted.note.take())?;
            // Its percent was too low; what it counts may stand.
            let rest = Said { percent: None, ..wanted };
            match noted.how_far().after(&rest, &stages) {
                Outcome::Moved(progress) if rest.counts.is_some() && percent.is_some() => {
                    moved(w, by, &noted, Task::clone(&noted), progress, None)
                }
                _ => Ok(noted),
            }
        }
    }
}

fn moved(
    w: &mut Write<'_>,
    by: &By,
    before: &Arc<Task>,
    mut after: Task,
    progress: Progress,
    note: Option<String>,
) -> Result<Arc<Task>> {
    let is_new_stage = progress.stage != before.stage;
    (after.progress, after.counts, after.stage, after.note) =
        (progress.percent, progress.counts, progress.stage, progress.note);
    estimate(&mut after, w.now);
    let recorded = before.job().and_then(|job| job.recorded.at);
    // A clock that was set back must not silence the trail for an hour.
    let is_due = recorded.is_none_or(|at| w.now < at || w.now.duration_since(at) >= config::TRAIL_EVERY);
    let told = if is_new_stage {
        Told::Entry(Change::Stage, by.who(), note)
    } else if is_due {
        Told::Entry(Change::Progress, by.who(), note)
    } else {
        Told::Tick
    };
    put(w, &by.dispatch, before, after, told)
}

/// Keeps a report that would lower progress, as a note of the trail.
fn lower(
    w: &mut Write<'_>,
    by: &By,
    before: &Arc<Task>,
    after: Task,
    lower: Lower,
    note: Option<String>,
) -> Result<Arc<Task>> {
    put(w, &by.dispatch, before, after, Told::Lower(lower, by.who(), note))
}

/// When it will be done, from how fast it went.
fn estimate(task: &mut Task, now: Timestamp) {
    let done = task.progress.get();
    let Some(job) = task.job.as_mut().map(Arc::make_mut) else { return };
    let started_at = job.attempt_started_at.unwrap_or(now);
    let mut pace = job.recorded.pace().unwrap_or_else(|| Arc::new(Pace::start(started_at, 0.0)));
    let newest = pace.newest();
    if Arc::make_mut(&mut pace).observe(now, done) && (pace.newest() != newest || job.recorded.pace.is_none()) {
        job.recorded.keep_pace(pace.clone());
    }
    let found = match pace.estimate(now, done, Some(100.0), None) {
        // Until there is a rate, the expectation from earlier runs stands.
        None if !pace.has_rate(now) => task.eta,
        found => found,
    };
    task.eta = found.filter(|eta| eta.latest >= now);
    job.recorded.pace_now = Some(pace);
    job.stalled_at = None;
}

fn checked_stage(stage: &Stage) -> Result<Stage, Message> {
    let name = parse_line(&stage.name, config::NAME_CHARS)?;
    let range = 1..=10_000;
    let wrong = [stage.index, stage.of].into_iter().flatten().any(|number| !range.contains(&number));
    if wrong || matches!((stage.index, stage.of), (Some(index), Some(of)) if index > of) {
        return Err(msg("error-stage-place"));
    }
    Ok(Stage { name, index: stage.index, of: stage.of })
}
