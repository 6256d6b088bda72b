//! How an entry of the trail reads on a task's page: previous → new, who, when, and what they said.

use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};
use serde_json::Value;

use super::choices::Names;
use super::fragments::Frame;
use super::shown::{self, DueShown, Icon, Moment};
use crate::error::msg;
use crate::insight::EntryRow;
use crate::locale::Lang;
use crate::people::{Presence, UserId};
use crate::tasks::{Change, Due, Entry, Kind, Priority, Status, TaskId, Via};

pub struct Line<'a> {
    pub sequence: i64,
    pub task: TaskId,
    /// Where the task stood with this entry, if it moved it.
    pub percent: Option<String>,
    pub icon: Icon<'a>,
    pub word: &'static str,
    pub old: Option<Side<'a>>,
    pub new: Option<Side<'a>>,
    pub actor: Option<&'a str>,
    pub by_program: bool,
    pub at: Moment<'a>,
    pub presence: Option<Presence>,
    /// A description is too long to stand beside its successor.
    pub text_before: Option<&'a str>,
    pub note: Option<&'a str>,
    pub may_undo: bool,
}

/// One side of a change.
pub enum Side<'a> {
    Text(String),
    Due(Lang, Due, &'a Frame),
    At(Moment<'a>),
}

impl HtmlSafe for Side<'_> {}

impl fmt::Display for Side<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Side::Text(text) => match escape(text, Html) {
                Ok(safe) => write!(f, "<bdi>{safe}</bdi>"),
                Err(never) => match never {},
            },
            Side::At(at) => at.fmt(f),
            Side::Due(l, due, frame) => DueShown { l: *l, due, zone: &frame.zone }.fmt(f),
        }
    }
}

impl<'a> Line<'a> {
    pub fn of(frame: &'a Frame, names: &Names, kind: Kind, row: &'a EntryRow, undoable_by: Option<UserId>) -> Line<'a> {
        let entry = &row.entry;
        let percent =
            (entry.change != Change::Created).then(|| entry.new.get("progress").and_then(Value::as_f64)).flatten();
        let (old, new) = sides(frame, names, kind, entry);
        Line {
            sequence: entry.sequence,
            task: entry.task,
            percent: percent.map(|percent| frame.l.percent(percent)),
            icon: shown::icon(frame.base(), shown::change_icon(entry.change)),
            word: frame.l.t(shown::change_key(entry.change)),
            old,
            new,
            actor: row.actor_name.as_deref(),
            by_program: entry.via == Via::Api,
            at: Moment::full(frame.l, entry.at, &frame.zone),
            presence: entry.presence,
            text_before: (entry.change == Change::Description).then(|| text(&entry.old, "description")).flatten(),
            note: entry.note.as_deref(),
            may_undo: undoable_by.is_some() && entry.actor == undoable_by,
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn sides<'a>(frame: &'a Frame, names: &Names, kind: Kind, entry: &Entry) -> (Option<Side<'a>>, Option<Side<'a>>) {
    let side = |value: &Value| side(frame, names, (kind, entry.change), value);
    match entry.change {
        // What a task began with is its present page or an entry of its own.
        Change::Created => (None, assignee(names, &entry.new).map(Side::Text)),
        Change::Description | Change::Comment => (None, None),
        _ => (side(&entry.old), side(&entry.new)),
    }
}

pub(super) fn side<'a>(
    frame: &'a Frame,
    names: &Names,
    (kind, change): (Kind, Change),
    value: &Value,
) -> Option<Side<'a>> {
    let l = frame.l;
    let none = || Some(Side::Text(l.t("task-none").to_owned()));
    match change {
        Change::Progress
        | Change::Completed
        | Change::Reopened
        | Change::Cancelled
        | Change::Undone
        | Change::Failed
        | Change::AttemptFailed
        | Change::Lost
        | Change::Retried => moved(l, kind, value),
        Change::Stage => stage(l, value),
        Change::Claimed => worker(value),
        Change::Category => match text(value, "category") {
            Some(category) => Some(Side::Text(category.to_owned())),
            None => none(),
        },
        Change::Labels => match value.get("labels").and_then(Value::as_array) {
            Some(labels) => Some(Side::Text(labels.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))),
            None => none(),
        },
        Change::QueuePriority => {
            value.get("queue_priority").and_then(Value::as_i64).map(|priority| Side::Text(priority.to_string()))
        }
        Change::RunAt => match text(value, "run_at") {
            Some(at) => at.parse().ok().map(|at| Side::At(Moment::full(l, at, &frame.zone))),
            None => none(),
        },
        Change::Title => text(value, "title").map(|title| Side::Text(title.to_owned())),
        Change::Assigned => match assignee(names, value) {
            Some(name) => Some(Side::Text(name)),
            None => Some(Side::Text(l.t("task-nobody").to_owned())),
        },
        Change::Project => match value.get("project").and_then(Value::as_i64).and_then(|id| names.project(id)) {
            Some(name) => Some(Side::Text(name.to_owned())),
            None => none(),
        },
        Change::Priority => {
            let priority: Priority = text(value, "priority")?.parse().ok()?;
            Some(Side::Text(l.t(shown::priority_key(priority)).to_owned()))
        }
        Change::Due => match text(value, "due") {
            // As the trail keeps it: a date or an instant, which no zone changes.
            Some(due) => Due::parse(due, &frame.zone).ok().flatten().map(|due| Side::Due(l, due, frame)),
            None => none(),
        },
        Change::Estimate => match value.get("estimate_minutes").and_then(Value::as_i64) {
            Some(minutes) => Some(Side::Text(shown::estimate(l, minutes))),
            None => none(),
        },
        Change::Created
        | Change::Description
        | Change::Comment
        | Change::LowerReport
        | Change::Stalled
        | Change::CancelRequested
        | Change::CancelAcknowledged
        | Change::Deleted => None,
    }
}

/// "sending (2 of 3)"
fn stage<'a>(l: Lang, value: &Value) -> Option<Side<'a>> {
    let stage = value.get("stage")?;
    let name = text(stage, "name")?.to_owned();
    let place = stage.get("index").and_then(Value::as_i64).zip(stage.get("of").and_then(Value::as_i64));
    Some(Side::Text(match place {
        // Isolated: the place reads in the direction of the page, whatever that of the name is.
        Some((index, of)) => {
            format!("\u{2068}{name}\u{2069} {}", l.m(&msg("job-stage-place").arg("index", index).arg("of", of)))
        }
        None => name,
    }))
}

/// Who took it; its creator, when nobody is named.
fn worker<'a>(value: &Value) -> Option<Side<'a>> {
    text(value, "worker").map(|worker| Side::Text(worker.to_owned()))
}

fn assignee(names: &Names, value: &Value) -> Option<String> {
    value.get("assignee").and_then(Value::as_i64).and_then(|id| names.person(id)).map(str::to_owned)
}

/// "40 %", or "100 %, Done" where the status changed too.
fn moved<'a>(l: Lang, kind: Kind, value: &Value) -> Option<Side<'a>> {
    let percent = value
        .get("progress")
        .and_then(Value::as_f64)
        .map(|percent| format!("\u{200e}{}\u{202f}%\u{200e}", l.percent(percent)));
    let status = text(value, "status").and_then(|status| status.parse::<Status>().ok());
    let word = status.map(|status| l.t(shown::status_key(kind, status)));
    match (percent, word) {
        (Some(percent), Some(word)) => Some(Side::Text(format!("{percent}, {word}"))),
        (Some(percent), None) => Some(Side::Text(percent)),
        (None, word) => word.map(|word| Side::Text(word.to_owned())),
    }
}

/// What others did, in a few words: for the notice that somebody was faster.
pub fn in_short(l: Lang, names: &Names, entries: &[Entry], viewer: UserId) -> Option<String> {
    let told: Vec<String> = entries
        .iter()
        .filter(|entry| entry.actor != Some(viewer))
        .take(3)
        .map(|entry| {
            let word = l.t(shown::change_key(entry.change));
            let percent =
                entry.new.get("progress").and_then(Value::as_f64).map(|percent| format!(" {} %", l.percent(percent)));
            let name = entry.actor.and_then(|user| names.person(user.get())).unwrap_or("Milepost");
            format!("{name}: {word}{}", percent.unwrap_or_default())
        })
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}
