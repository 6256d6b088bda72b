//! `/tasks/{id}`: one task with its trail, and the forms that move and edit it. What the forms do is in `task_forms`.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use pulldown_cmark::Event;

use super::At;
use super::assign::{Candidate, candidates};
use super::choices::Names;
use super::forms::Filled;
use super::fragments::{Frame, View};
use super::job::{JobPage, More, Parts};
use super::monitor::pairs;
use super::page::{Nav, Page, Visit};
use super::task_look::Look;
use super::tasks::next_turn;
use super::trail::Line;
use crate::error::Result;
use crate::insight;
use crate::insight::Slot;
use crate::live::Cursor;
use crate::locale::Lang;
use crate::people::{ProjectId, UserId, Viewer};
use crate::tasks::{Change, Kind, TaskId};

#[derive(Template, WebTemplate)]
#[template(path = "tasks/show.html")]
pub struct TaskPage {
    page: Page,
    l: Lang,
    cursor: Cursor,
    turns: Option<Timestamp>,
    frame: Frame,
    found: insight::TaskPage,
    head: Arc<str>,
    names: Arc<Names>,
    people: Vec<Candidate>,
    description: String,
    is_admin: bool,
    may_move: bool,
    is_older: bool,
    viewer: UserId,
    report: Filled,
    comment: Filled,
    form: Filled,
}

impl TaskPage {
    const REPORT_FIELDS: &'static str = "progress note";
    const EDIT_FIELDS: &'static str = "title assignee due project priority description estimate";

    fn k(&self) -> Look<'_> {
        self.frame.look(&self.found.row)
    }

    fn projects(&self) -> &[(ProjectId, String)] {
        &self.names.projects
    }

    fn trail(&self) -> Vec<Line<'_>> {
        // Only the newest move can be taken back, and only from the newest page.
        let newest = self.found.trail.iter().find(|row| row.entry.new.get("progress").is_some());
        let newest = newest.filter(|row| !self.is_older && row.entry.change != Change::Created);
        let undoable = newest.map(|row| row.entry.sequence);
        self.found
            .trail
            .iter()
            .map(|row| {
                let by = (undoable == Some(row.entry.sequence) && self.may_move).then_some(self.viewer);
                Line::of(&self.frame, &self.names, Kind::Assignment, row, by)
            })
            .collect()
    }

    fn is_editing(&self) -> bool {
        self.form.status != StatusCode::OK
    }
}

/// A form on its way back to its sender.
#[derive(Default)]
pub enum Refused {
    #[default]
    Nothing,
    Report(Filled),
    Comment(Filled),
    Edit(Filled),
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Refused::Nothing => StatusCode::OK,
            Refused::Report(form) | Refused::Comment(form) | Refused::Edit(form) => form.status,
        }
    }
}

pub async fn get_task(visit: Visit, At(id): At<TaskId>, RawQuery(query): RawQuery) -> Result<Response> {
    let pairs = pairs(query.as_deref());
    let value = |of: &str| pairs.iter().find(|(name, _)| name == of).map(|(_, value)| value);
    let place = Place {
        before: value("before").and_then(|sequence| sequence.parse().ok()),
        children: value("children").and_then(|id| id.parse().ok()),
    };
    show(&visit, id, place, Refused::Nothing).await
}

/// Which part of what is long a page shows: entries of the trail before one, children after one.
#[derive(Clone, Copy, Default)]
pub struct Place {
    pub before: Option<i64>,
    pub children: Option<TaskId>,
}

/// The task's page, with a refused form filled in as it was typed.
pub async fn show(visit: &Visit, id: TaskId, place: Place, refused: Refused) -> Result<Response> {
    let Place { before, children } = place;
    let children = children.unwrap_or(TaskId::new(0));
    let frame = Frame::of(&visit.app, &visit.viewer);
    let viewer = visit.viewer.clone();
    let asking = frame.clone();
    let (cursor, found, more, head, people, names) = visit
        .app
        .db
        .snapshot(move |conn, cursor| {
            let found = insight::task(conn, &viewer, id, before)?;
            let head = asking.app.memory.fragments.of(conn, View::Task, &asking, &Slot::from(&found.row.task))?;
            let more = match found.row.task.job {
                Some(_) => Some(More::read(conn, &viewer, &found.row, children)?),
                None => None,
            };
            let (people, names) = if viewer.is_admin() && more.is_none() {
                candidates(&asking.app, conn, &viewer)?
            } else {
                (Vec::new(), asking.app.memory.choices.of(&asking.app, conn, &viewer)?)
            };
            Ok((cursor, found, more, head, people, names))
        })
        .await?;
    let status = refused.status();
    let turns = next_turn(std::iter::once(&Slot::from(&found.row.task)), frame.now);
    let may_move = may_move(&visit.viewer, &found);
    if let (Some(job), Some(more)) = (found.row.task.job.clone(), more) {
        let page = visit.page(Nav::Jobs, "nav-jobs").titled(found.row.task.title.as_str());
        let comment = match refused {
            Refused::Comment(form) => form,
            _ => Filled::fresh([]),
        };
        let is_older = before.is_some();
        let parts = Parts { page, cursor, turns, frame, found, more, head, names, may_move, is_older, comment };
        return Ok((status, JobPage::new(job, parts)).into_response());
    }
    let page = visit.page(Nav::Tasks, "nav-tasks").titled(found.row.task.title.as_str());
    let shown = TaskPage {
        l: page.l,
        page,
        cursor,
        turns,
        head,
        names,
        people,
        description: markdown(&found.row.task.description),
        is_admin: visit.viewer.is_admin(),
        may_move,
        is_older: before.is_some(),
        viewer: visit.viewer.user,
        report: present_report(&found),
        comment: Filled::fresh([]),
        form: present_edit(&visit.viewer, &found),
        frame,
        found,
    };
    Ok((status, with_refused(shown, refused)).into_response())
}

fn with_refused(page: TaskPage, refused: Refused) -> TaskPage {
    match refused {
        Refused::Nothing => page,
        Refused::Report(report) => TaskPage { report, ..page },
        Refused::Comment(comment) => TaskPage { comment, ..page },
        Refused::Edit(form) => TaskPage { form, ..page },
    }
}

/// Whether the forms are offered at all; the verb decides again.
fn may_move(viewer: &Viewer, found: &insight::TaskPage) -> bool {
    viewer.is_admin() || found.row.task.assignee == Some(viewer.user)
}

fn present_report(found: &insight::TaskPage) -> Filled {
    let progress = found.row.task.progress.get().to_string();
    Filled::fresh([("progress", progress.as_str())])
}

fn present_edit(viewer: &Viewer, found: &insight::TaskPage) -> Filled {
    let task = &found.row.task;
    let due = task.due.as_ref().map(|due| due.to_field(&viewer.zone)).unwrap_or_default();
    let (date, time) = due.split_once('T').unwrap_or((&due, ""));
    let estimate = task.estimate_minutes.map(estimate_field).unwrap_or_default();
    Filled::fresh([
        ("title", task.title.as_str()),
        ("description", task.description.as_str()),
        ("assignee", &task.assignee.map(|id| id.to_string()).unwrap_or_default()),
        ("project", &task.project.map(|id| id.to_string()).unwrap_or_default()),
        ("priority", task.priority.as_str()),
        ("due", date),
        ("due_time", time),
        ("estimate", &estimate),
    ])
}

/// Minutes as the form takes them again.
fn estimate_field(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, rest) => format!("{rest}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, rest) => format!("{hours}h {rest}m"),
    }
}

/// Lists in lists and quotes in quotes that a page shows as such. What is nested deeper stands flat: thousands of levels
/// would keep the cleaner busy for minutes.
const DEEPEST: usize = 32;

/// Markdown as safe HTML: what somebody wrote never becomes script, style, form or image of elsewhere.
pub(super) fn markdown(text: &str) -> String {
    let options = pulldown_cmark::Options::ENABLE_TABLES
        | pulldown_cmark::Options::ENABLE_STRIKETHROUGH
        | pulldown_cmark::Options::ENABLE_TASKLISTS;
    let mut html = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let events = pulldown_cmark::Parser::new_ext(text, options).filter(|event| match event {
        Event::Start(_) => {
            depth += 1;
            depth <= DEEPEST
        }
        Event::End(_) => {
            depth = depth.saturating_sub(1);
            depth < DEEPEST
        }
        Event::Html(_) | Event::InlineHtml(_) => false,
        _ => true,
    });
    pulldown_cmark::html::push_html(&mut html, events);
    let mut cleaner = ammonia::Builder::default();
    cleaner.rm_tags(["img", "h1", "h2", "map", "area"]).link_rel(Some("noopener noreferrer nofollow ugc"));
    cleaner.url_schemes(["http", "https", "mailto", "tel"].into());
    // The side on which a list has its marks is that of what it says, not of the page.
    cleaner.set_tag_attribute_value("ol", "dir", "auto").set_tag_attribute_value("ul", "dir", "auto");
    cleaner.clean(&html).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_never_becomes_script() {
        let html = markdown(
            "**bold** <script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> <b onclick=x>y</b>",
        );
        assert!(html.contains("<strong>bold</strong>"));
        for bad in ["script", "onerror", "onclick", "<img"] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
    }

    #[test]
    fn nesting_without_end_is_shown_flat() {
        for deep in [">".repeat(19_000), "<div>".repeat(3_900), "* ".repeat(9_500), "**a ".repeat(4_900)] {
            let html = markdown(&format!("{deep} the end"));
            assert!(!html.contains("<script"));
            assert!(html.matches("<blockquote>").count() <= DEEPEST && !html.contains("<div"));
        }
    }

    #[test]
    fn an_estimate_is_shown_as_it_is_typed() {
        assert_eq!(estimate_field(90), "1h 30m");
        assert_eq!(estimate_field(120), "2h");
        assert_eq!(estimate_field(45), "45m");
    }
}
