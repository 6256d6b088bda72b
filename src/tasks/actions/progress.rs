//! How people move their work: report, complete, cancel, reopen, undo, comment.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Said, find, may_move, record, refused, touched};
use crate::App;
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::people::actions::Fields;
use crate::people::{Presence, PresenceSource, Viewer, presence::note_presence};
use crate::tasks::{Change, Entry, Move, Percent, Status, Task, TaskId, parse_note, sql};

/// A report as somebody typed it.
#[derive(Clone, Debug, Default)]
pub struct Report {
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

pub async fn report_progress(app: &App, viewer: &Viewer, id: TaskId, report: Report) -> Result<Reported> {
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
    let reported =
        move_task(app, viewer, id, Move::Report(progress), note.flatten(), Some(shown), report.version).await?;
    if let Some(state) = declared {
        note_presence(app, viewer.organisation, viewer.user, state, PresenceSource::Declared).await?;
    }
    Ok(reported)
}

pub async fn complete(app: &App, viewer: &Viewer, id: TaskId, note: &str) -> Result<Reported> {
    let note = checked_note(note)?;
    let shown = app.presence.of(viewer.organisation, viewer.user);
    move_task(app, viewer, id, Move::Complete, note, Some(shown), None).await
}

/// Admins only: cancelling is a decision about the work, not a report of it.
pub async fn cancel(app: &App, viewer: &Viewer, id: TaskId, note: &str) -> Result<Reported> {
    let note = checked_note(note)?;
    move_task(app, viewer, id, Move::Cancel, note, None, None).await
}

/// Opens an ended task again, at the progress it had before.
pub async fn reopen(app: &App, viewer: &Viewer, id: TaskId, note: &str) -> Result<Reported> {
    let note = checked_note(note)?;
    move_task(app, viewer, id, Move::Reopen(Percent::ZERO), note, None, None).await
}

async fn move_task(
    app: &App,
    viewer: &Viewer,
    id: TaskId,
    step: Move,
    note: Option<String>,
    presence: Option<Presence>,
    version: Option<i64>,
) -> Result<Reported> {
    let viewer = viewer.clone();
    app.db
        .write(move |w| {
            let before = find(w, &viewer, id)?;
            may_move(&viewer, &before)?;
            if step == Move::Cancel && !viewer.is_admin() {
                return Err(Error::Forbidden(msg("error-admins-only")));
            }
            let step = match step {
                Move::Reopen(_) => Move::Reopen(former_progress(w, &before)?),
                other => other,
            };
            let meanwhile = match version {
                Some(version) if version < before.version => sql::trail_since(w.conn, id, version)?,
                _ => Vec::new(),
            };
            let Some((change, after)) = before.after(step, w.now).map_err(refused)? else {
                return Ok(Reported { task: before, sequence: None, meanwhile });
            };
            let moved = save_move(
                w,
                &before,
                after,
                Said { change, actor: Some(viewer.user), old: Value::Null, new: Value::Null, note, presence },
            )?;
            Ok(Reported { meanwhile, ..moved })
        })
        .await
}

/// Saves and records a move; `said.old` and `said.new` are made here.
fn save_move(w: &mut Write<'_>, before: &Arc<Task>, after: Task, said: Said) -> Result<Reported> {
    let after = Arc::new(touched(after, w.now));
    sql::save_move(w.conn, before, &after)?;
    let (old, new) = if before.status == after.status {
        (json!({ "progress": before.progress.get() }), json!({ "progress": after.progress.get() }))
    } else {
        let facts = |task: &Task| json!({ "progress": task.progress.get(), "status": task.status });
        (facts(before), facts(&after))
    };
    let entry = record(w, Some(before), &after, Said { old, new, ..said })?;
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
pub async fn undo(app: &App, viewer: &Viewer, id: TaskId, sequence: i64) -> Result<Reported> {
    let viewer = viewer.clone();
    app.db
        .write(move |w| {
            let before = find(w, &viewer, id)?;
            may_move(&viewer, &before)?;
            let entry = sql::trail_entry(w.conn, id, sequence)?.ok_or(Error::NotFound)?;
            let undoable = matches!(
                entry.change,
                Change::Progress | Change::Completed | Change::Cancelled | Change::Reopened | Change::Undone
            );
            if !undoable {
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
            let said = Said {
                change: Change::Undone,
                actor: Some(viewer.user),
                old: Value::Null,
                new: Value::Null,
                note: None,
                presence: None,
            };
            save_move(w, &before, after, said)
        })
        .await
}

/// Says something about a task without moving it: whoever sees it may.
pub async fn comment(app: &App, viewer: &Viewer, id: TaskId, text: &str) -> Result<Reported> {
    let note = checked_note(text)?.ok_or_else(|| Error::field("note", msg("error-required")))?;
    let viewer = viewer.clone();
    app.db
        .write(move |w| {
            let before = find(w, &viewer, id)?;
            let after = Arc::new(touched(Task::clone(&before), w.now));
            sql::save_touch(w.conn, &after)?;
            let said = Said {
                change: Change::Comment,
                actor: Some(viewer.user),
                old: json!({}),
                new: json!({}),
                note: Some(note),
                presence: None,
            };
            let entry = record(w, Some(&before), &after, said)?;
            Ok(Reported { task: after, sequence: Some(entry.sequence), meanwhile: Vec::new() })
        })
        .await
}

fn checked_note(text: &str) -> Result<Option<String>> {
    parse_note(text, config::NOTE_CHARS).map_err(|message| Error::field("note", message))
}
