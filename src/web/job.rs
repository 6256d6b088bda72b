//! `/tasks/{id}` of a job: how it stands, its log, errors, attempts, files and relatives, beside the trail that every task
//! has. What its forms do is in `job_forms`, what it hands out as files in `job_files`.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

use super::bulk_form::undo_address;
use super::choices::Names;
use super::forms::Filled;
use super::fragments::Frame;
use super::job_look::{State, state_key};
use super::page::{Page, PageUser};
use super::shown::Moment;
use super::task_look::Look;
use super::trail::Line;
use crate::config;
use crate::error::{Result, msg};
use crate::insight::{self, TaskRow};
use crate::jobs::bulk::{Act, Bulk};
use crate::jobs::items::{ItemGroup, ItemOutcome};
use crate::jobs::log::{self, LogPiece};
use crate::jobs::sql::Attempt;
use crate::jobs::{BuiltIn, Job, Outcome, artifacts::Artifact, sql};
use crate::live::Cursor;
use crate::locale::Lang;
use crate::people::Viewer;
use crate::tasks::{Change, Kind, Status, Task, TaskId};

#[derive(Template, WebTemplate)]
#[template(path = "jobs/show.html")]
pub struct JobPage {
    page: Page,
    l: Lang,
    cursor: Cursor,
    turns: Option<Timestamp>,
    frame: Frame,
    found: insight::TaskPage,
    more: More,
    job: Arc<Job>,
    head: Arc<str>,
    names: Arc<Names>,
    may_move: bool,
    is_older: bool,
    comment: Filled,
    log: LogShown,
    errors: Errors,
    payload: Option<String>,
    result: Option<String>,
}

/// What a job's page shows besides what every task's does.
pub struct More {
    log: LogPiece,
    groups: Vec<ItemGroup>,
    attempts: Vec<Attempt>,
    files: Vec<Artifact>,
    parent: Option<(TaskId, Option<TaskRow>)>,
    waits: Vec<(TaskId, Option<TaskRow>)>,
    children: Vec<(TaskId, Option<TaskRow>)>,
    next_child: Option<TaskId>,
    /// The newest entry of each step of a cancel.
    chain: Vec<insight::EntryRow>,
    /// Whether it changed tasks in a way that can be undone.
    has_changed: bool,
}

impl More {
    pub fn read(conn: &Connection, viewer: &Viewer, row: &TaskRow, children_after: TaskId) -> Result<More> {
        let task = &row.task;
        let seen = |id: TaskId| Ok((id, insight::row(conn, viewer, id)?));
        let mut children = insight::children(conn, task.id, children_after, config::PAGE_ROWS + 1)?;
        let more = children.len() > config::PAGE_ROWS;
        children.truncate(config::PAGE_ROWS);
        Ok(More {
            log: sql::last_of_log(conn, task.id, config::LOG_LINES, config::LOG_PAGE_BYTES)?,
            groups: sql::item_groups(
                conn,
                task.id,
                ItemOutcome::Failed,
                config::ERROR_GROUPS as i64 + 1,
                config::ERROR_KEYS as i64 + 1,
            )?,
            attempts: sql::attempts(conn, task.id, config::ATTEMPT_ROWS)?,
            files: sql::artifacts(conn, task.id)?,
            parent: task.parent.map(seen).transpose()?,
            waits: match task.status {
                Status::Pending => {
                    task.after.iter().take(config::PAGE_ROWS).map(|id| seen(*id)).collect::<Result<_>>()?
                }
                _ => Vec::new(),
            },
            next_child: children.last().copied().filter(|_| more),
            children: children.into_iter().map(seen).collect::<Result<_>>()?,
            chain: match task.job().is_some_and(|job| job.cancel_requested_at.is_some()) {
                true => insight::cancel_requests(conn, task.id)?,
                false => Vec::new(),
            },
            has_changed: changes_tasks(task) && !sql::bulk_tasks(conn, task.id, TaskId::new(0), 1)?.is_empty(),
        })
    }
}

/// Whether it makes tasks otherwise than they were, of which the opposite can be done.
fn changes_tasks(task: &Task) -> bool {
    let Some(job) = task.job().filter(|job| job.built_in() == Some(BuiltIn::BulkEdit)) else { return false };
    let bulk = Bulk::of(BuiltIn::BulkEdit, &job.spec.payload);
    task.status.has_ended() && bulk.is_ok_and(|bulk| matches!(bulk.act(), Act::Change | Act::Undo))
}

/// The part of a log that stands on the page.
struct LogShown {
    text: String,
    /// The byte from which the page's script goes on.
    next: i64,
    lines: i64,
    is_cut: bool,
}

impl LogShown {
    fn of(piece: &LogPiece) -> LogShown {
        let text = log::plain(&piece.text);
        let lines = i64::try_from(text.lines().count()).unwrap_or(i64::MAX);
        LogShown { text, next: piece.next, lines, is_cut: piece.start > 0 }
    }
}

struct Errors {
    count: String,
    groups: Vec<ErrorGroup>,
    has_more: bool,
}

struct ErrorGroup {
    message: String,
    count: String,
    keys: Vec<String>,
    has_more: bool,
}

impl Errors {
    fn of(l: Lang, found: &TaskRow, groups: &[ItemGroup]) -> Errors {
        let shown = groups.iter().take(config::ERROR_GROUPS);
        let failed = found.task.counts.map_or(0, |counts| counts.failed);
        let listed: i64 = shown.clone().map(|group| group.items).sum();
        Errors {
            count: l.number(failed.max(listed)),
            groups: shown.map(|group| ErrorGroup::of(l, group)).collect(),
            has_more: groups.len() > config::ERROR_GROUPS,
        }
    }
}

impl ErrorGroup {
    fn of(l: Lang, group: &ItemGroup) -> ErrorGroup {
        ErrorGroup {
            message: group.message.clone().unwrap_or_else(|| l.t("job-no-message").to_owned()),
            count: l.with("job-times", "count", l.number(group.items)),
            keys: group.first.iter().take(config::ERROR_KEYS).cloned().collect(),
            has_more: usize::try_from(group.items).unwrap_or(usize::MAX) > group.first.len().min(config::ERROR_KEYS),
        }
    }
}

/// One step of a cancel, or the one that is waited for.
struct Link<'a> {
    word: &'static str,
    by: Option<&'a str>,
    at: Option<Moment<'a>>,
}

struct AttemptShown<'a> {
    number: i64,
    worker: Option<&'a str>,
    started: Moment<'a>,
    ended: Option<Moment<'a>>,
    state: &'static str,
    icon: &'static str,
    word: &'static str,
    percent: Option<String>,
    error: Option<&'a str>,
}

fn outcome_key(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => "outcome-running",
        Some(Outcome::Done) => "outcome-done",
        Some(Outcome::Failed) => "outcome-failed",
        Some(Outcome::Cancelled) => "outcome-cancelled",
        Some(Outcome::Lost) => "outcome-lost",
    }
}

const fn outcome_state(outcome: Option<Outcome>) -> State {
    match outcome {
        None => State::Running,
        Some(Outcome::Done) => State::Done,
        Some(Outcome::Failed) => State::Failed,
        Some(Outcome::Cancelled) => State::Cancelled,
        Some(Outcome::Lost) => State::Lost,
    }
}

struct FileShown<'a> {
    name: &'a str,
    address: String,
    size: String,
    /// When it goes, where that is known.
    until: Option<Moment<'a>>,
}

/// A parent, a child, or what a job waits for; its content only where the viewer may see it.
struct Relative<'a> {
    id: TaskId,
    seen: Option<Seen<'a>>,
}

struct Seen<'a> {
    title: &'a str,
    state: &'static str,
    icon: &'static str,
    word: &'static str,
    percent: Option<String>,
}

struct FamilyShown<'a> {
    count: String,
    children: Vec<Relative<'a>>,
    next: Option<String>,
}

/// All that the page is made of but what it makes of it itself.
pub struct Parts {
    pub page: Page,
    pub cursor: Cursor,
    pub turns: Option<Timestamp>,
    pub frame: Frame,
    pub found: insight::TaskPage,
    pub more: More,
    pub head: Arc<str>,
    pub names: Arc<Names>,
    pub may_move: bool,
    pub is_older: bool,
    pub comment: Filled,
}

impl JobPage {
    /// Where what it changed is undone.
    fn undo(&self) -> Option<String> {
        self.more.has_changed.then(|| undo_address(self.found.row.task.id))
    }

    /// The form of a kind that comes with the program, as it was filled in for this job.
    fn again(&self) -> Option<String> {
        let kind = self.job.spec.job_kind.as_deref().and_then(BuiltIn::named)?;
        let may_start = !kind.is_for_admins() || self.page.user.as_ref().is_some_and(PageUser::is_admin);
        may_start.then(|| format!("/jobs/new/{kind}?from={}", self.found.row.task.id))
    }

    pub fn new(job: Arc<Job>, parts: Parts) -> JobPage {
        let Parts { page, cursor, turns, frame, found, more, head, names, may_move, is_older, comment } = parts;
        let l = page.l;
        JobPage {
            l,
            log: LogShown::of(&more.log),
            errors: Errors::of(l, &found.row, &more.groups),
            payload: pretty(&job.spec.payload),
            result: job.result.as_deref().and_then(pretty),
            page,
            cursor,
            turns,
            frame,
            found,
            more,
            job,
            head,
            names,
            may_move,
            is_older,
            comment,
        }
    }

    fn k(&self) -> Look<'_> {
        self.frame.look(&self.found.row)
    }

    fn trail(&self) -> Vec<Line<'_>> {
        self.found.trail.iter().map(|row| Line::of(&self.frame, &self.names, Kind::Job, row, None)).collect()
    }

    fn full(&self, at: Timestamp) -> Moment<'_> {
        Moment::full(self.l, at, &self.frame.zone)
    }

    fn heard(&self) -> Option<Moment<'_>> {
        self.job.heard_at.filter(|_| self.job.is_running()).map(|at| self.full(at))
    }

    fn timeout(&self) -> Option<String> {
        self.job.spec.timeout_seconds.map(|seconds| self.l.with("job-seconds", "seconds", self.l.number(seconds)))
    }

    /// Requested, acknowledged, ended; what is still to come is said as such.
    fn chain(&self) -> Vec<Link<'_>> {
        let (l, task) = (self.l, &self.found.row.task);
        let link = |row: &'_ insight::EntryRow| match row.entry.change {
            Change::CancelRequested => l.t("cancel-requested"),
            _ => l.t("cancel-acknowledged"),
        };
        let told = self.more.chain.iter();
        let mut links: Vec<Link<'_>> = told
            .map(|row| Link { word: link(row), by: row.actor_name.as_deref(), at: Some(self.full(row.entry.at)) })
            .collect();
        if links.is_empty() {
            return links;
        }
        let word = match task.status {
            Status::Done => l.t("cancel-too-late"),
            Status::Failed => l.t("cancel-failed"),
            Status::Cancelled => l.t("cancel-ended"),
            _ if self.job.cancel_acknowledged_at.is_some() => l.t("cancel-ending"),
            _ => l.t("cancel-awaited"),
        };
        links.push(Link { word, by: None, at: task.finished_at.map(|at| self.full(at)) });
        links
    }

    fn attempts(&self) -> Vec<AttemptShown<'_>> {
        let shown = |attempt: &'_ Attempt| {
            let state = outcome_state(attempt.outcome);
            (state, outcome_key(attempt.outcome))
        };
        self.more
            .attempts
            .iter()
            .map(|attempt| {
                let (state, key) = shown(attempt);
                AttemptShown {
                    number: attempt.attempt,
                    worker: attempt.worker.as_deref(),
                    started: self.full(attempt.started_at),
                    ended: attempt.ended_at.map(|at| self.full(at)),
                    state: state.as_str(),
                    icon: state.icon(),
                    word: self.l.t(key),
                    percent: attempt.progress.map(|percent| self.l.percent(percent)),
                    error: attempt.error.as_deref(),
                }
            })
            .collect()
    }

    fn files(&self) -> Vec<FileShown<'_>> {
        let shown = |file: &'_ Artifact| (file.name.as_str().to_owned(), size(self.l, file.bytes));
        self.more
            .files
            .iter()
            .map(|file| {
                let (name, size) = shown(file);
                let id = self.found.row.task.id;
                let name = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC).to_string();
                let until = file.expires_at.map(|at| Moment::date(self.l, at, &self.frame.zone));
                FileShown { name: file.name.as_str(), address: format!("/tasks/{id}/artifacts/{name}"), size, until }
            })
            .collect()
    }

    fn relative<'a>(&'a self, (id, row): &'a (TaskId, Option<TaskRow>)) -> Relative<'a> {
        let seen = row.as_ref().map(|row| {
            let task = &row.task;
            let is_timed = task.job().and_then(|job| job.run_at).is_some_and(|at| at > self.frame.now);
            let state = State::of(task, row.waits_for, is_timed);
            Seen {
                title: &task.title,
                state: state.as_str(),
                icon: state.icon(),
                word: self.l.t(state_key(state)),
                percent: (task.status == Status::InProgress).then(|| self.l.percent(task.progress.get())),
            }
        });
        Relative { id: *id, seen }
    }

    fn waits(&self) -> Vec<Relative<'_>> {
        self.more.waits.iter().map(|other| self.relative(other)).collect()
    }

    fn parent(&self) -> Option<Relative<'_>> {
        self.more.parent.as_ref().map(|other| self.relative(other))
    }

    fn family(&self) -> Option<FamilyShown<'_>> {
        let family = &self.job.family;
        (family.children > 0).then(|| FamilyShown {
            count: self.l.m(&msg("job-children-count")
                .arg("ended", self.l.number(family.ended()))
                .arg("total", self.l.number(family.total()))),
            children: self.more.children.iter().map(|other| self.relative(other)).collect(),
            next: self.more.next_child.map(|last| format!("/tasks/{}?children={last}", self.found.row.task.id)),
        })
    }
}

/// JSON as a person reads it; nothing for nothing.
fn pretty(value: &Value) -> Option<String> {
    let is_nothing = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
    let text = serde_json::to_string_pretty(value).ok().filter(|_| !is_nothing)?;
    let cut = text.char_indices().nth(config::CONTENT_CHARS).map(|(at, _)| at);
    Some(cut.map_or(text.clone(), |at| format!("{}\n…", &text[..at])))
}

fn size(l: Lang, bytes: i64) -> String {
    match bytes {
        0..1_000 => l.with("job-bytes", "bytes", bytes),
        1_000..1_000_000 => l.with("job-kilobytes", "kilobytes", (bytes + 500) / 1_000),
        _ => l.with("job-megabytes", "megabytes", format!("{}.{}", bytes / 1_000_000, bytes % 1_000_000 / 100_000)),
    }
}
