//! What is done to one job by forms: cancel, retry, dismiss; and what admins say of queues and kinds. Each goes back to
//! the page on which its form stood. What is done to many at once is `bulk`.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

use super::At;
use super::flash::{Flash, with_flash};
use super::forms::Fields;
use super::fragments::Frame;
use super::page::{Nav, Page, Visit, see_other};
use super::task_look::Look;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::insight::{self, TaskRow};
use crate::jobs::actions::{retry, retry_uncertain, set_limit};
use crate::jobs::sql::{Limit, limits};
use crate::locale::Lang;
use crate::tasks::actions::delete;
use crate::tasks::{Task, TaskId, Via};

/// Back to where the form stood. `/jobs` where that page is no more, or was none of ours.
fn back(visit: &Visit, fields: &Fields, said: Flash) -> Response {
    let page = visit.came_from().to_owned();
    with_flash(see_other(fields.return_to().or(Some(&page)), "/jobs"), said)
}

/// What became of a request to cancel.
pub(super) fn say_cancelled(visit: &Visit, task: &Task, fields: &Fields) -> Response {
    let l = visit.l();
    let title = task.title.as_str();
    let said = match task.status.has_ended() {
        true => l.with("done-cancelled", "title", title),
        false => l.with("done-cancel-requested", "title", title),
    };
    back(visit, fields, Flash::good(said))
}

pub async fn post_retry(visit: Visit, At(id): At<TaskId>, fields: Fields) -> Result<Response> {
    let (only_failed, uncertain) = (fields.get("only_failed_items") == "1", fields.get("uncertain_items") == "1");
    let again = visit.app.act(&visit.viewer, Via::Page, move |w, by| match uncertain {
        true => retry_uncertain(w, by, id),
        false => retry(w, by, id, only_failed),
    });
    let task = again.await?;
    Ok(back(&visit, &fields, Flash::good(visit.l().with("done-retried", "title", &task.title))))
}

#[derive(Template, WebTemplate)]
#[template(path = "jobs/dismiss.html")]
struct DismissPage {
    page: Page,
    l: Lang,
    frame: Frame,
    row: TaskRow,
}

impl DismissPage {
    fn k(&self) -> Look<'_> {
        self.frame.look(&self.row)
    }
}

/// Asks whether it is meant: it cannot be undone.
pub async fn get_dismiss(visit: Visit, At(id): At<TaskId>) -> Result<Response> {
    let viewer = visit.viewer.clone();
    let row = visit.app.db.read(move |conn| insight::row(conn, &viewer, id)).await?;
    let row = row.filter(|row| row.task.job.is_some()).ok_or(Error::NotFound)?;
    if !row.task.status.has_ended() {
        return Err(Error::Conflict(msg("refused-delete-open").arg("status", row.task.status.as_str())));
    }
    let page = visit.page(Nav::Jobs, "job-dismiss-title");
    let frame = Frame::of(&visit.app, &visit.viewer);
    Ok(DismissPage { l: page.l, page, frame, row }.into_response())
}

pub async fn post_dismiss(visit: Visit, At(id): At<TaskId>) -> Result<Response> {
    let task = visit.app.act(&visit.viewer, Via::Page, move |w, by| delete(w, by, id)).await?;
    Ok(visit.done(visit.l().with("done-dismissed", "title", &task.title), "/jobs"))
}

/// Pauses (`paused=1`) or resumes a queue or kind, or says how many of it run at the same time (`at_once`, blank: any
/// number). What the form does not say stays.
pub async fn post_limits(visit: Visit, fields: Fields) -> Result<Response> {
    let what = fields.id("what")?;
    let name = fields.get("name").to_owned();
    let at_once = match fields.filled("at_once").map(|number| number.trim().parse::<i64>()) {
        None => None,
        Some(Ok(number)) => Some(number),
        Some(Err(_)) => {
            let (from, to) = (*config::AT_ONCE.start(), *config::AT_ONCE.end());
            return Err(Error::field("at_once", msg("error-number-range").arg("from", from).arg("to", to)));
        }
    };
    let paused = fields.has("paused").then(|| fields.get("paused") == "1");
    let says_number = fields.has("at_once");
    let limit = visit
        .app
        .act(&visit.viewer, Via::Page, move |w, by| {
            let all = limits(w.conn, by.viewer.organisation)?;
            let found = all.into_iter().find(|limit| limit.what == what && limit.name == name);
            let before = found.unwrap_or(Limit { what, name, is_paused: false, at_once: None });
            let is_paused = paused.unwrap_or(before.is_paused);
            let at_once = if says_number { at_once } else { before.at_once };
            set_limit(w, by, Limit { is_paused, at_once, ..before })
        })
        .await?;
    let l = visit.l();
    let said = match paused {
        Some(true) => l.with("done-paused", "name", &limit.name),
        Some(false) => l.with("done-resumed", "name", &limit.name),
        None => l.with("done-limit", "name", &limit.name),
    };
    Ok(back(&visit, &fields, Flash::good(said)))
}
