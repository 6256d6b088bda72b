//! How people move their work: report, complete, cancel, reopen, undo, comment.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{find, refused, touched};
use crate::App;
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs;
use crate::people::actions::Fields;
use crate::people::{Presence, PresenceSource, Viewer, presence::note_presence};
use crate::tasks::sql::{Said, record};
use crate::tasks::{By, Change, Entry, Kind, Move, Percent, Status, Task, TaskId, Via, parse_note, sql};

/// A report as somebody typed it.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// 0 to 100, as [`Percent::parse`] takes it.
    pub progress: String,
    pub note: String,
    /// `active`, `idle` or `offline`; blank declares nothing.
    pub presence: String,
    /// The version that the form was opened at.
    pub version: Option<i64>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Reported {
    pub task: Arc<Task>,
    /// The new entry's sequence, by which it can be undone; none when the task
    /// stood that way already.
    pub sequence: Option<i64>,
    /// What others did between the form's version and this.
    pub meanwhile: Vec<Entry>,
}

pub async fn report_progress(app: &App, viewer: &Viewer, id: TaskId, report: Form) -> Result<Reported> {
    let mut fields = Fields::default();
    let progress = fields.take("progress", Percent::parse(&report.progress));
    let note = fields.take("note", parse_note(&report.note, config::NOTE_CHARS));
    let declared = match report.presence.trim() {
        "" => None,
        word => fields.take("presence", word.parse::<Presence>().map_err(|_| msg("error-choice"))),
    };
    fields.check()?;
    let progress = progress.ok_or_else(|| anyhow::anyhow!("a checked form lacks its progress"))?;
    let shown = declared.unwrap_or_else(|| app.presence.of(viewer.organisation, viewer.user));
    let (note, version) = (note.flatten(), report.version);
    let moved = app.act(viewer, Via::Page, move |w, by| {
        let by = By { presence: Some(shown), ..by.clone() };
        move_task(w, &by, id, Step { does: Move::Report(progress), note, version })
    });
    let reported = moved.await?;
    if let Some(state) = declared {
        note_presence(app, viewer.organisation, viewer.user, state, PresenceSource::Declared).await?;
    }
    Ok(reported)
}

/// A move, and what is said with it.
pub(super) struct Step {
    pub does: Move,
    pub note: Option<String>,
    /// The version that a form was opened at.
    pub version: Option<i64>,
}

pub fn complete(w: &mut Write<'_>, by: &By, id: TaskId, note: &str) -> Result<Reported> {
    move_task(w, by, id, Step { does: Move::Complete, note: checked_note(note)?, version: None })
}

/// Of an assignment, for admins only: cancelling is a decision about the work, not a report of it. A job is cancelled by
/// whoever moves it.
pub fn cancel(w: &mut Write<'_>, by: &By, id: TaskId, note: &str) -> Result<Reported> {
    let note = checked_note(note)?;
    let before = find(w, &by.viewer, id)?;
    would_cancel(&by.viewer, &before, w.now)?;
    if before.kind == Kind::Job {
        let after = jobs::actions::cancel(w, by, &before, note)?;
        return Ok(Reported { task: after, sequence: None, meanwhile: Vec::new() });
    }
    let by = By { presence: None, ..by.clone() };
    move_task(w, &by, id, Step { does: Move::Cancel, note, version: None })
}

/// Whether a cancel would change the task as it stands, or what refuses it.
pub fn would_cancel(viewer: &Viewer, task: &Task, now: Timestamp) -> Result<bool> {
    task.may_be_moved_by(viewer)?;
    if let Some(job) = task.job() {
        return jobs::actions::would_cancel(task.status, job);
    }
    if !viewer.is_admin() {
        return Err(Error::Forbidden(msg("error-admins-only")));
    }
    Ok(task.after(Move::Cancel, now).map_err(refused)?.is_some())
}

/// Opens an ended task again, at the progress it had before.
pub fn reopen(w: &mut Write<'_>, by: &By, id: TaskId, note: &str) -> Result<Reported> {
    let by = By { presence: None, ..by.clone() };
    move_task(w, &by, id, Step { does: Move::Reopen(Percent::ZERO), note: checked_note(note)?, version: None })
}

pub(super) fn move_task(w: &mut Write<'_>, by: &By, id: TaskId, step: Step) -> Result<Reported> {
    let viewer = &by.viewer;
    let before = find(w, viewer, id)?;
    before.may_be_moved_by(viewer)?;
    if before.kind == Kind::Job {
        return Err(refused(msg("refused-by-hand-job")));
    }
    if step.does == Move::Cancel && !viewer.is_admin() {
        return Err(Error::Forbidden(msg("error-admins-only")));
    }
    let does = match step.does {
        Move::Reopen(_) => Move::Reopen(former_progress(w, &before)?),
        other => other,
    };
    let meanwhile = match step.version {
        Some(version) if version < before.version => sql::trail_since(w.conn, id, version)?,
        _ => Vec::new(),
    };
    let Some((change, after)) = before.after(does, w.now).map_err(refused)? else {
        return Ok(Reported { task: before, sequence: None, meanwhile });
    };
    let said = Said {
        note: step.note,
        presence: by.presence,
        ..Said::new(change, Some(viewer.user), by.via, Value::Null, Value::Null)
    };
    let moved = save_move(w, by, &before, after, said)?;
    Ok(Reported { meanwhile, ..moved })
}

/// Saves and records a move; `said.old` and `said.new` are made here.
fn save_move(w: &mut Write<'_>, by: &By, before: &Arc<Task>, after: Task, said: Said) -> Result<Reported> {
    let after = Arc::new(touched(after, w.now));
    sql::save_move(w.conn, before, &after)?;
    let (old, new) = if before.status == after.status {
        (json!({ "progress": before.progress.get() }), json!({ "progress": after.progress.get() }))
    } else {
        let facts = |task: &Task| json!({ "progress": task.progress.get(), "status": task.status });
        (facts(before), facts(&after))
    };
    let entry = record(w, Some(before), Some(&after), Said { old, new, ..said })?;
    jobs::actions::dependency_moved(w, &by.dispatch, before, &after)?;
    Ok(Reported { task: after, sequence: Some(entry.sequence), meanwhile: Vec::new() })
}

fn former_progress(w: &Write<'_>, task: &Task) -> Result<Percent> {
    let kept = match task.status {
        Status::Cancelled => Some(task.progress.get()),
        _ => sql::progress_before_end(w.conn, task.id)?,
    };
    Ok(kept.and_then(|value| Percent::new(value).ok()).unwrap_or(Percent::ZERO))
}

/// Takes a move back by a new entry; the old one stays. Refused when something
/// else moved the task since.
pub fn undo(w: &mut Write<'_>, by: &By, id: TaskId, sequence: i64) -> Result<Reported> {
    let viewer = &by.viewer;
    let before = find(w, viewer, id)?;
    before.may_be_moved_by(viewer)?;
    let entry = sql::trail_entry(w.conn, id, sequence)?.ok_or(Error::NotFound)?;
    let undoable = matches!(
        entry.change,
        Change::Progress | Change::Completed | Change::Cancelled | Change::Reopened | Change::Undone
    );
    if !undoable || before.kind == Kind::Job {
        return Err(refused(msg("refused-undo-kind")));
    }
    if sql::moved_since(w.conn, id, entry.version)? {
        return Err(refused(msg("refused-undo-moved")));
    }
    let progress = entry.old.get("progress").and_then(Value::as_f64).unwrap_or(0.0);
    let progress = Percent::new(progress).map_err(refused)?;
    let status = match entry.old.get("status").and_then(Value::as_str) {
        Some(status) => status.parse().map_err(|why: String| anyhow::anyhow!(why))?,
        None => before.status,
    };
    // Into cancelled and out of it is a decision about the work, for admins alone.
    if (status == Status::Cancelled || before.status == Status::Cancelled) && !viewer.is_admin() {
        return Err(Error::Forbidden(msg("error-admins-only")));
    }
    let after = before.moved_to(progress, status, w.now);
    let said = Said::new(Change::Undone, Some(viewer.user), by.via, Value::Null, Value::Null);
    save_move(w, by, &before, after, said)
}

/// Says something about a task without moving it: whoever sees it may.
pub fn comment(w: &mut Write<'_>, by: &By, id: TaskId, text: &str) -> Result<Reported> {
    let note = checked_note(text)?.ok_or_else(|| Error::field("note", msg("error-required")))?;
    let before = find(w, &by.viewer, id)?;
    let after = Arc::new(touched(Task::clone(&before), w.now));
    sql::save_touch(w.conn, &after)?;
    let said =
        Said { note: Some(note), ..Said::new(Change::Comment, Some(by.viewer.user), by.via, json!({}), json!({})) };
    let entry = record(w, Some(&before), Some(&after), said)?;
    Ok(Reported { task: after, sequence: Some(entry.sequence), meanwhile: Vec::new() })
}

pub(super) fn checked_note(text: &str) -> Result<Option<String>> {
    parse_note(text, config::NOTE_CHARS).map_err(|message| Error::field("note", message))
}
