//! What is done to a task by forms: each calls its verb, says on the next page what became of it, and goes back to where
//! the form stood. A form that is refused comes back filled in, on the task's own page.

use axum::response::Response;

use super::At;
use super::assign::due;
use super::choices::Names;
use super::flash::{Flash, FlashKind, FlashUndo, with_flash};
use super::forms::{Fields, Filled};
use super::job_forms::say_cancelled;
use super::page::{Visit, see_other};
use super::task::{Place, Refused, show};
use super::trail;
use crate::error::{Error, Result};
use crate::tasks::actions::{self, Edit, Form, Reported};
use crate::tasks::{Entry, TaskId, Via};

/// What was done, for the sentence on the next page.
#[derive(Clone, Copy)]
enum Done {
    Reported,
    Completed,
    Cancelled,
    Reopened,
    Undone,
}

pub async fn post_progress(visit: Visit, At(id): At<TaskId>, fields: Fields) -> Result<Response> {
    let report = Form {
        progress: fields.get("progress").to_owned(),
        note: fields.get("note").to_owned(),
        presence: fields.get("presence").to_owned(),
        version: fields.filled("version").and_then(|version| version.trim().parse().ok()),
    };
    let told = actions::report_progress(&visit.app, &visit.viewer, id, report).await;
    match told {
        Ok(reported) => say_moved(&visit, Done::Reported, &reported, &fields).await,
        Err(error @ (Error::Invalid(_) | Error::Conflict(_))) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show(&visit, id, Place::default(), Refused::Report(form)).await
        }
        Err(error) => Err(error),
    }
}

pub async fn post_complete(visit: Visit, At(id): At<TaskId>, fields: Fields) -> Result<Response> {
    let note = fields.get("note").to_owned();
    let told = visit.app.act(&visit.viewer, Via::Page, move |w, by| actions::complete(w, by, id, &note)).await?;
    say_moved(&visit, Done::Completed, &told, &fields).await
}

pub async fn post_cancel(visit: Visit, At(id): At<TaskId>, fields: Fields) -> Result<Response> {
    let note = fields.get("note").to_owned();
    let told = visit.app.act(&visit.viewer, Via::Page, move |w, by| actions::cancel(w, by, id, &note)).await?;
    if told.task.job.is_some() {
        return Ok(say_cancelled(&visit, &told.task, &fields));
    }
    say_moved(&visit, Done::Cancelled, &told, &fields).await
}

pub async fn post_reopen(visit: Visit, At(id): At<TaskId>, fields: Fields) -> Result<Response> {
    let note = fields.get("note").to_owned();
    let told = visit.app.act(&visit.viewer, Via::Page, move |w, by| actions::reopen(w, by, id, &note)).await?;
    say_moved(&visit, Done::Reopened, &told, &fields).await
}

pub async fn post_undo(visit: Visit, At(id): At<TaskId>, fields: Fields) -> Result<Response> {
    let sequence = fields.id("sequence")?;
    let told = visit.app.act(&visit.viewer, Via::Page, move |w, by| actions::undo(w, by, id, sequence)).await?;
    say_moved(&visit, Done::Undone, &told, &fields).await
}

pub async fn post_comments(visit: Visit, At(id): At<TaskId>, fields: Fields) -> Result<Response> {
    let text =
        ["text", "comment", "note"].into_iter().find_map(|name| fields.filled(name)).unwrap_or_default().to_owned();
    match visit.app.act(&visit.viewer, Via::Page, move |w, by| actions::comment(w, by, id, &text)).await {
        Ok(_) => Ok(back(id, &fields, Flash::good(visit.l().t("done-commented")))),
        Err(error @ Error::Invalid(_)) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show(&visit, id, Place::default(), Refused::Comment(form)).await
        }
        Err(error) => Err(error),
    }
}

/// Saves the fields that the form has; a field that it lacks stays.
pub async fn post_task(visit: Visit, At(id): At<TaskId>, fields: Fields) -> Result<Response> {
    let given = |name: &str| fields.has(name).then(|| fields.get(name).to_owned());
    let edit = Edit {
        title: given("title"),
        description: given("description"),
        assignee: given("assignee"),
        project: given("project"),
        due: (fields.has("due") || fields.has("due_time")).then(|| due(&fields)),
        priority: given("priority"),
        estimate: given("estimate"),
        category: given("category"),
        version: fields.filled("version").and_then(|version| version.trim().parse().ok()),
        ..Edit::default()
    };
    match visit.app.act(&visit.viewer, Via::Page, move |w, by| actions::edit(w, by, id, &edit)).await {
        Ok(edited) => {
            let said = visit.l().t("done-edited").to_owned();
            let said = with_meanwhile(&visit, said, &edited.meanwhile).await?;
            Ok(back(id, &fields, Flash::good(said)))
        }
        Err(error @ (Error::Invalid(_) | Error::Conflict(_))) => {
            let form = Filled::refused(fields, error, visit.l())?;
            show(&visit, id, Place::default(), Refused::Edit(form)).await
        }
        Err(error) => Err(error),
    }
}

/// Says how the task stands now, and offers to take the move back.
async fn say_moved(visit: &Visit, done: Done, reported: &Reported, fields: &Fields) -> Result<Response> {
    let l = visit.l();
    let task = &reported.task;
    let Some(sequence) = reported.sequence else {
        return Ok(back_from_card(fields, Flash::good(l.t("done-unchanged"))));
    };
    let title = task.title.as_str();
    let percent = || l.percent(task.progress.get());
    let said = match done {
        Done::Reported => l.m(&crate::error::msg("done-reported").arg("title", title).arg("percent", percent())),
        Done::Undone => l.m(&crate::error::msg("done-undone").arg("title", title).arg("percent", percent())),
        Done::Completed => l.with("done-completed", "title", title),
        Done::Cancelled => l.with("done-cancelled", "title", title),
        Done::Reopened => l.with("done-reopened", "title", title),
    };
    let text = with_meanwhile(visit, said, &reported.meanwhile).await?;
    let undo = FlashUndo { task: task.id.get(), sequence };
    Ok(back_from_card(fields, Flash { kind: FlashKind::Good, text, undo: Some(undo) }))
}

/// Adds what others did since the form was opened.
async fn with_meanwhile(visit: &Visit, said: String, meanwhile: &[Entry]) -> Result<String> {
    if meanwhile.is_empty() {
        return Ok(said);
    }
    let (app, viewer) = (visit.app.clone(), visit.viewer.clone());
    let names: std::sync::Arc<Names> =
        visit.app.db.read(move |conn| app.memory.choices.of(&app, conn, &viewer)).await?;
    let l = visit.l();
    let told = trail::in_short(l, &names, meanwhile, visit.viewer.user);
    Ok(match told {
        Some(changes) => format!("{said} {}", l.with("done-meanwhile", "changes", changes)),
        None => said,
    })
}

/// Back to where the form stood, else to the task.
fn back(id: TaskId, fields: &Fields, said: Flash) -> Response {
    with_flash(see_other(fields.return_to(), &format!("/tasks/{id}")), said)
}

/// Like [`back`]; a quick form names no place, because it stands on the cards of `/tasks` alone.
fn back_from_card(fields: &Fields, said: Flash) -> Response {
    with_flash(see_other(fields.return_to(), "/tasks"), said)
}
