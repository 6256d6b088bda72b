//! Giving work to people: one task, or one for each line of a pasted list.

use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::parse::{parse_estimate, parse_id, parse_priority};
use crate::App;
use crate::config;
use crate::error::{Error, FieldError, Message, Result, msg};
use crate::people::actions::Fields;
use crate::people::{self, OrganisationId, ProjectId, UserId, Viewer, parse_line};
use crate::tasks::sql::{Said, record};
use crate::tasks::{Change, Due, Kind, Priority, Task, TaskId, Via, parse_note, sql};

/// New work as somebody typed it. Blank fields are left open.
#[derive(Clone, Debug, Default)]
pub struct NewTasks {
    /// Each line that is not blank is a task.
    pub title: String,
    pub assignee: String,
    pub project: String,
    /// As [`Due::parse`] takes it, in the viewer's zone.
    pub due: String,
    /// Blank is medium.
    pub priority: String,
    pub description: String,
    /// As [`parse_estimate`] takes it.
    pub estimate: String,
}

pub async fn create_tasks(app: &App, viewer: &Viewer, form: NewTasks) -> Result<Vec<TaskId>> {
    if !viewer.is_admin() {
        return Err(Error::Forbidden(msg("error-admins-only")));
    }
    let mut fields = Fields::default();
    let titles = fields.take("title", parse_titles(&form.title));
    let assignee =
        fields.take("assignee", parse_id(&form.assignee).and_then(|id| id.ok_or_else(|| msg("error-required"))));
    let project = fields.take("project", parse_id(&form.project));
    let due = fields.take("due", Due::parse(&form.due, &viewer.zone));
    let priority = fields.take("priority", parse_priority(&form.priority));
    let description = fields.take("description", parse_note(&form.description, config::DESCRIPTION_CHARS));
    let estimate = fields.take("estimate", parse_estimate(&form.estimate));
    fields.check()?;
    let (titles, assignee) = titles.zip(assignee).ok_or_else(|| anyhow::anyhow!("a checked form lacks a field"))?;
    let assignee = UserId::new(assignee);
    let project = project.flatten().map(ProjectId::new);
    let viewer = viewer.clone();
    app.db
        .write(move |w| {
            check_people(w.conn, viewer.organisation, Some(assignee), project)?;
            let mut ids = Vec::with_capacity(titles.len());
            for title in titles {
                let mut task = Task {
                    description: description.clone().flatten().unwrap_or_default(),
                    project,
                    assignee: Some(assignee),
                    priority: priority.unwrap_or(Priority::Medium),
                    due: due.clone().flatten(),
                    estimate_minutes: estimate.flatten(),
                    ..Task::new(viewer.organisation, Kind::Assignment, title, viewer.user, w.now)
                };
                sql::insert(w, &mut task)?;
                ids.push(task.id);
                let new = Value::Object(task.facts());
                let said = Said::new(Change::Created, Some(viewer.user), Via::Page, json!({}), new);
                record(w, None, Some(&Arc::new(task)), said)?;
            }
            Ok(ids)
        })
        .await
}

/// The assignee is an active member, the project is this organisation's and in use.
pub(super) fn check_people(
    conn: &Connection,
    organisation: OrganisationId,
    assignee: Option<UserId>,
    project: Option<ProjectId>,
) -> Result<()> {
    let mut errors = Vec::new();
    if let Some(assignee) = assignee
        && !matches!(people::sql::membership(conn, organisation, assignee)?, Some((_, None)))
    {
        errors.push(FieldError { field: "assignee".into(), message: msg("error-unknown-member") });
    }
    if let Some(project) = project
        && people::sql::project(conn, organisation, project)?.is_none_or(|project| project.archived_at.is_some())
    {
        errors.push(FieldError { field: "project".into(), message: msg("error-unknown-project") });
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

fn parse_titles(text: &str) -> Result<Vec<String>, Message> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        Err(msg("error-required"))
    } else if lines.len() > config::TASKS_AT_ONCE {
        Err(msg("error-too-many").arg("limit", config::TASKS_AT_ONCE))
    } else {
        lines.into_iter().map(|line| parse_line(line, config::TITLE_CHARS)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_task_and_blank_lines_are_none() {
        assert_eq!(parse_titles(" a \n\n b\r\n"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert!(parse_titles(" \n ").is_err());
        assert!(parse_titles(&"x".repeat(201)).is_err());
    }
}
