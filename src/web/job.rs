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
use super::job_shown::{AttemptShown, Errors, FileShown, LogShown};
use super::page::{Page, PageUser};
use super::shown::Moment;
use super::task_look::Look;
use super::trail::Line;
use crate::config;
use crate::error::{Result, msg};
use crate::insight::{self, TaskRow};
use crate::jobs::bulk::{Act, Bulk};
use crate::jobs::items::{ItemGroup, ItemOutcome};
use crate::jobs::log::LogPiece;
use crate::jobs::sql::Attempt;
use crate::jobs::{BuiltIn, Job, artifacts::Artifact, sql};
use crate::live::Cursor;
use crate::locale::Lang;
use crate::notify::sql::unknown;
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
    /// Whether there are recipients of whom nobody knows whether they got it.
    is_uncertain: bool,
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
            is_uncertain: is_ended_broadcast(task) && unknown(conn, task.id, 1)? > 0,
            has_changed: changes_tasks(task) && !sql::bulk_tasks(conn, task.id, TaskId::new(0), 1)?.is_empty(),
        })
    }
}

fn is_ended_broadcast(task: &Task) -> bool {
    task.status.has_ended() && task.job().is_some_and(|job| job.built_in() == Some(BuiltIn::Broadcast))
}

/// Whether it makes tasks otherwise than they were, of which the opposite can be done.
fn changes_tasks(task: &Task) -> bool {
    let Some(job) = task.job().filter(|job| job.built_in() == Some(BuiltIn::BulkEdit)) else { return false };
    let bulk = Bulk::of(BuiltIn::BulkEdit, &job.spec.payload);
    task.status.has_ended() && bulk.is_ok_and(|bulk| matches!(bulk.act(), Act::Change | Act::Undo))
}

/// One step of a cancel, or the one that is waited for.
struct Link<'a> {
    word: &'static str,
    by: Option<&'a str>,
    at: Option<Moment<'a>>,
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
        self.more.attempts.iter().map(|attempt| AttemptShown::of(self.l, &self.frame.zone, attempt)).collect()
    }

    fn files(&self) -> Vec<FileShown<'_>> {
        let id = self.found.row.task.id;
        self.more.files.iter().map(|file| FileShown::of(self.l, &self.frame.zone, id, file)).collect()
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
