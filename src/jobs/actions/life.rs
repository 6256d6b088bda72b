//! An attempt from its beginning to its end: who runs it shows that they are alive, and says how it ended.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value;

use super::{Told, find, job_of, put, with_job, with_status};
use crate::clock::stored;
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs::dispatch::{Heard, Sign};
use crate::jobs::items::ItemsMoved;
use crate::jobs::sql::End;
use crate::jobs::{Dispatch, Family, Job, Outcome, quarters, sql};
use crate::tasks::eta::{Earlier, Pace};
use crate::tasks::{By, Change, Counts, Percent, Status, Task, TaskId, Who};

/// How an attempt begins.
pub(super) struct Start {
    pub worker: Option<String>,
    pub lease_seconds: Option<i64>,
}

/// The next attempt begins: progress counts anew, but for the items that are not repeated.
pub(super) fn start(
    w: &mut Write<'_>,
    dispatch: &Arc<Dispatch>,
    who: Who,
    before: &Arc<Task>,
    begun: Start,
) -> Result<Arc<Task>> {
    let now = w.now;
    let only_failed = job_of(before)?.only_failed_items;
    let mut after = with_job(before, |job| {
        job.attempt += 1;
        job.worker.clone_from(&begun.worker);
        job.attempt_started_at = Some(now);
        job.heard_at = Some(now);
        lease(job, begun.lease_seconds, now);
        (job.cancel_requested_at, job.cancel_acknowledged_at) = (None, None);
        (job.stalled_at, job.lost_at, job.error, job.result) = (None, None, None, None);
        job.recorded.keep_pace(Arc::new(Pace::start(now, 0.0)));
    });
    anew(&mut after, only_failed);
    let begins_at = after.progress;
    let earlier = earlier(w, before)?;
    after.eta = Pace::start(now, 0.0).estimate(now, 0.0, None, earlier);
    let after = after.moved_to(begins_at, Status::InProgress, now);
    let attempt = job_of(&after)?.attempt;
    if attempt > 1 {
        sql::restart_items(w.conn, after.id, attempt, only_failed)?;
    }
    sql::insert_attempt(w.conn, after.id, attempt, begun.worker.as_deref(), now)?;
    // Whoever claimed it took it from the ready ones, and what its creator runs was never among them.
    let after = put(w, dispatch, before, after, Told::Entry(Change::Claimed, who, None))?;
    keep(w, dispatch, &after, Sign::Started);
    Ok(after)
}

/// Progress as another attempt begins with it: nothing is done, but for the items that are not repeated. What children
/// did stays done.
pub(super) fn anew(task: &mut Task, only_failed: bool) {
    if task.job().is_some_and(|job| job.is_run_by_creator() && job.family.children > 0) {
        return;
    }
    task.counts = task.counts.map(|counts| match only_failed {
        true => Counts { failed: 0, ..counts },
        false => Counts { total: counts.total, ..Counts::default() },
    });
    let kept = task.counts.filter(|_| only_failed).and_then(|counts| counts.percent());
    task.progress = kept.unwrap_or(Percent::ZERO);
    (task.stage, task.note, task.eta) = (None, None, None);
}

/// How long runs of the same kind took before.
fn earlier(w: &Write<'_>, task: &Task) -> Result<Option<Earlier>> {
    Ok(quarters(sql::run_times(w.conn, task.organisation, run_kind(task))?))
}

/// What runs are compared by: their kind, else their title.
fn run_kind(task: &Task) -> &str {
    task.job().and_then(|job| job.spec.job_kind.as_deref()).unwrap_or(&task.title)
}

fn lease(job: &mut Job, seconds: Option<i64>, now: jiff::Timestamp) {
    job.lease_seconds = seconds;
    job.lease_expires_at = seconds.map(|seconds| now + SignedDuration::from_secs(seconds));
}

/// Lets memory know, once this is durable.
pub(super) fn keep(w: &mut Write<'_>, dispatch: &Arc<Dispatch>, task: &Task, sign: Sign) {
    let Some(heard) = Heard::of(task, sign) else { return };
    let dispatch = dispatch.clone();
    w.afterwards(move || dispatch.heard(heard));
}

/// Whoever moves a task says how its attempt goes; of what Milepost runs, Milepost alone.
pub(super) fn may_speak_for(task: &Task, job: &Job, by: &By) -> Result<()> {
    task.may_be_moved_by(&by.viewer)?;
    if job.built_in().is_some() && !by.viewer.is_milepost() {
        return Err(Error::Conflict(msg("refused-run-by-milepost")));
    }
    Ok(())
}

/// A sign of life of the attempt that `attempt` names: the task with its lease renewed, not saved yet. Of a job that its
/// creator runs, the first sign begins the attempt. An attempt that is over is refused, so that a zombie never overwrites
/// its successor.
pub fn hear(
    w: &mut Write<'_>,
    by: &By,
    before: Arc<Task>,
    attempt: Option<i64>,
    sign: Sign,
) -> Result<(Arc<Task>, Task)> {
    let job = job_of(&before)?;
    may_speak_for(&before, job, by)?;
    let came_back = before.status == Status::Failed && job.lost_at.is_some();
    let begins = job.is_run_by_creator() && !job.is_running() && (!before.status.has_ended() || came_back);
    if begins && attempt.is_none_or(|attempt| attempt == job.attempt + 1 || came_back) {
        let lease_seconds = job.lease_seconds.filter(|_| came_back);
        let before = start(w, &by.dispatch, by.who(), &before, Start { worker: None, lease_seconds })?;
        let after = Task::clone(&before);
        return Ok((before, after));
    }
    match attempt {
        None if !job.is_run_by_creator() => return Err(Error::Conflict(msg("error-attempt-needed"))),
        Some(attempt) if attempt != job.attempt => {
            return Err(Error::Conflict(msg("refused-old-attempt").arg("attempt", attempt).arg("now", job.attempt)));
        }
        _ => {}
    }
    if before.status.has_ended() {
        return Err(Error::Conflict(msg("refused-job-ended").arg("status", before.status.as_str())));
    }
    if !job.is_running() {
        return Err(Error::Conflict(msg("refused-not-claimed")));
    }
    let now = w.now;
    let after = with_job(&before, |job| {
        job.heard_at = Some(now);
        lease(job, job.lease_seconds, now);
    });
    keep(w, &by.dispatch, &after, sign);
    Ok((before, after))
}

/// What a worker says only to say that it is there.
#[derive(Clone, Copy, Default, Debug)]
pub struct Heartbeat {
    pub attempt: Option<i64>,
    /// It knows that it is to stop, and is about to.
    pub cancel_acknowledged: bool,
    /// A new length of its lease.
    pub lease_seconds: Option<i64>,
}

pub fn heartbeat(w: &mut Write<'_>, by: &By, id: TaskId, beat: Heartbeat) -> Result<Arc<Task>> {
    if beat.lease_seconds.is_some_and(|seconds| !config::LEASE_SECONDS.contains(&seconds)) {
        let (from, to) = (*config::LEASE_SECONDS.start(), *config::LEASE_SECONDS.end());
        return Err(Error::field("lease_seconds", msg("error-lease").arg("from", from).arg("to", to)));
    }
    let before = find(w, &by.viewer, id)?;
    let (before, after) = hear(w, by, before, beat.attempt, Sign::Alive)?;
    let now = w.now;
    let acknowledges = beat.cancel_acknowledged
        && job_of(&after)?.cancel_requested_at.is_some()
        && job_of(&after)?.cancel_acknowledged_at.is_none();
    let after = with_job(&after, |job| {
        let default = job.is_run_by_creator().then_some(config::LEASE_DEFAULT_SECONDS);
        lease(job, beat.lease_seconds.or(job.lease_seconds).or(default), now);
        if acknowledges {
            job.cancel_acknowledged_at = Some(now);
        }
    });
    keep(w, &by.dispatch, &after, Sign::Alive);
    if acknowledges {
        return put(w, &by.dispatch, &before, after, Told::Entry(Change::CancelAcknowledged, by.who(), None));
    }
    sql::save_job_after(w.conn, &before, &after)?;
    let after = Arc::new(after);
    w.recent.keep(&after);
    Ok(after)
}

/// How a worker says that it is done with a job.
#[derive(Clone, Debug)]
pub struct Finish {
    pub attempt: Option<i64>,
    /// `done`, `failed` or `cancelled`.
    pub outcome: Outcome,
    pub result: Option<Value>,
    pub error: Option<String>,
}

/// The end of an attempt by its worker's word. Said twice is the same as once.
pub fn finish(w: &mut Write<'_>, by: &By, id: TaskId, said: Finish) -> Result<Arc<Task>> {
    let before = find(w, &by.viewer, id)?;
    let error = said.error.as_deref().map(cleaned);
    if is_said_already(w, &before, &said)? {
        may_speak_for(&before, job_of(&before)?, by)?;
        return Ok(before);
    }
    let (before, after) = hear(w, by, before, said.attempt, Sign::Alive)?;
    // Whoever says that it is done expects no more children than there are.
    let family = Family { expected: None, ..job_of(&before)?.family };
    let is_last = said.outcome != Outcome::Failed || !job_of(&before)?.has_attempts_left();
    if !family.is_complete() && is_last {
        // Its own part is over; its children are still at it, or are told to stop.
        let after = with_job(&after, |job| {
            job.family = Family { own_outcome: Some(said.outcome), ..family };
            job.error.clone_from(&error);
            job.result = said.result.map(Arc::new);
            rest(job);
        });
        let after = put(w, &by.dispatch, &before, after, Told::Entry(Change::Progress, by.who(), None))?;
        sql::save_family(w.conn, after.id, &family)?;
        close(w, &after, said.outcome, error.as_deref())?;
        if said.outcome != Outcome::Done {
            let (dispatch, id) = (by.dispatch.clone(), after.id);
            w.afterwards(move || dispatch.cancel_children(id));
        }
        keep(w, &by.dispatch, &after, Sign::Alive);
        return Ok(after);
    }
    let after = with_job(&after, |job| job.result = said.result.map(Arc::new));
    end_attempt(w, &by.dispatch, by.who(), &before, after, Ending { outcome: said.outcome, error })
}

/// What a program says of its failure may hold what a terminal obeys; a page shows it as signs.
fn cleaned(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Whether this attempt ended so before.
fn is_said_already(w: &Write<'_>, task: &Task, said: &Finish) -> Result<bool> {
    if said.outcome == Outcome::Lost {
        return Err(Error::field("outcome", msg("error-choice")));
    }
    let job = job_of(task)?;
    if job.is_running() && said.attempt.is_none_or(|attempt| attempt == job.attempt) {
        return Ok(false);
    }
    // Who does not say which attempt means the present one; one that has yet to begin has not ended.
    let attempt = said.attempt.or(task.status.has_ended().then_some(job.attempt));
    let ended = attempt.map(|attempt| sql::attempt_outcome(w.conn, task.id, attempt)).transpose()?.flatten();
    Ok(ended == Some(said.outcome))
}

/// How an attempt ends, and why.
pub(super) struct Ending {
    pub outcome: Outcome,
    pub error: Option<String>,
}

/// No attempt runs any more.
fn rest(job: &mut Job) {
    job.attempt_started_at = None;
    job.lease_expires_at = None;
    job.stalled_at = None;
}

fn close(w: &Write<'_>, task: &Task, outcome: Outcome, error: Option<&str>) -> Result<()> {
    let end = End { outcome, progress: task.progress.get(), error, at: w.now };
    sql::end_attempt(w.conn, task.id, job_of(task)?.attempt, &end)
}

/// Ends the running attempt: the job with it, or it waits for another one.
pub(super) fn end_attempt(
    w: &mut Write<'_>,
    dispatch: &Arc<Dispatch>,
    who: Who,
    before: &Arc<Task>,
    after: Task,
    end: Ending,
) -> Result<Arc<Task>> {
    let job = job_of(before)?.clone();
    close(w, &after, end.outcome, end.error.as_deref())?;
    if end.outcome == Outcome::Done
        && let Some(started_at) = job.attempt_started_at
    {
        let seconds = w.now.duration_since(started_at).as_secs_f64().max(0.0);
        sql::insert_run_time(w.conn, (before.organisation, run_kind(before)), before.id, seconds, w.now)?;
    }
    let goes_on = matches!(end.outcome, Outcome::Failed | Outcome::Lost) && job.has_attempts_left();
    let now = w.now;
    let pause = goes_on.then(|| job.pause(chance(before)));
    let mut after = with_job(&after, |job| {
        rest(job);
        job.error.clone_from(&end.error);
        job.lost_at = (end.outcome == Outcome::Lost).then_some(now);
        match pause {
            Some(pause) => {
                job.run_at = Some(stored(now + pause));
                job.worker = None;
            }
            // Of an attempt that follows by itself, the failed items are still the only ones.
            None => job.only_failed_items = false,
        }
    });
    if job.only_failed_items && !goes_on {
        // Those that were to be tried again, and were not.
        let untried = sql::untried_items(w.conn, before.id, job.attempt)?;
        after.counts = after.counts.map(|counts| counts.moved(ItemsMoved { failed: untried, ..ItemsMoved::default() }));
    }
    after.eta = None;
    let (change, status) = match end.outcome {
        // A parent is as its children are, whichever of them ends last.
        Outcome::Done if job.family.failed > 0 => (Change::Failed, Status::Failed),
        Outcome::Done => (Change::Completed, Status::Done),
        Outcome::Lost if goes_on => (Change::Lost, Status::Pending),
        Outcome::Failed if goes_on => (Change::AttemptFailed, Status::Pending),
        Outcome::Lost if job.cancel_requested_at.is_some() => (Change::Cancelled, Status::Cancelled),
        Outcome::Lost => (Change::Lost, Status::Failed),
        Outcome::Failed => (Change::Failed, Status::Failed),
        Outcome::Cancelled => (Change::Cancelled, Status::Cancelled),
    };
    let progress = if status == Status::Done { Percent::FULL } else { after.progress };
    let started_at = after.started_at;
    let mut after = after.moved_to(progress, status, now);
    // It was begun, even if it waits again.
    after.started_at = started_at;
    let after = put(w, dispatch, before, after, Told::Entry(change, who, end.error))?;
    super::enqueue(w, dispatch, &after)?;
    keep(w, dispatch, &after, Sign::Alive);
    super::limits::freed(w, dispatch, &after)?;
    Ok(after)
}

/// Where in its span a pause falls: a hash of the attempt, as even as chance and the same when it is asked for twice.
fn chance(task: &Task) -> f64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (task.id, task.version, task.updated_at).hash(&mut hasher);
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let share = (hasher.finish() >> 32) as f64 / f64::from(u32::MAX);
    share
}

/// Ends a job outside of an attempt: a pending one that is cancelled, a parent whose children have ended.
pub(super) fn end_task(
    w: &mut Write<'_>,
    dispatch: &Arc<Dispatch>,
    who: Who,
    before: &Arc<Task>,
    (change, status): (Change, Status),
    note: Option<String>,
) -> Result<Arc<Task>> {
    sql::delete_ready(w.conn, before.id)?;
    sql::save_scheduled(w.conn, before.id, false)?;
    let at_rest = with_job(before, |job| {
        rest(job);
        job.only_failed_items = false;
    });
    let mut after = with_status(at_rest, status, w.now);
    if status == Status::Done {
        after.progress = Percent::FULL;
    }
    after.eta = None;
    let after = put(w, dispatch, before, after, Told::Entry(change, who, note))?;
    keep(w, dispatch, &after, Sign::Alive);
    Ok(after)
}
