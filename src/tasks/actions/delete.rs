//! Dismissing an ended task: it leaves all lists, its trail stays.

use std::sync::Arc;

use rusqlite::Connection;
use serde_json::json;

use super::{find, refused};
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs;
use crate::people::Viewer;
use crate::tasks::sql::{Said, record};
use crate::tasks::{By, Change, Kind, Status, Task, TaskId, sql};

/// Admins delete any ended task; a job also whoever moves it.
pub fn delete(w: &mut Write<'_>, by: &By, id: TaskId) -> Result<Arc<Task>> {
    let task = find(w, &by.viewer, id)?;
    may_delete(w.conn, &by.viewer, &task)?;
    let old = json!({ "title": task.title, "status": task.status });
    let said = Said::new(Change::Deleted, by.who().actor, by.via, old, json!({}));
    jobs::actions::delete(w, &task)?;
    sql::delete(w, &task)?;
    record(w, Some(&task), None, said)?;
    Ok(task)
}

/// What refuses that this viewer deletes the task as it stands.
pub fn may_delete(conn: &Connection, viewer: &Viewer, task: &Task) -> Result<()> {
    task.may_be_moved_by(viewer)?;
    if task.kind == Kind::Assignment && !viewer.is_admin() {
        return Err(Error::Forbidden(msg("error-admins-only")));
    }
    if !task.status.has_ended() {
        return Err(refused(msg("refused-delete-open").arg("status", task.status.as_str())));
    }
    if sql::has_children(conn, task.id)? {
        return Err(refused(msg("refused-delete-parent")));
    }
    if task.status != Status::Done && !sql::dependents(conn, task.id)?.is_empty() {
        return Err(refused(msg("refused-delete-awaited")));
    }
    Ok(())
}
