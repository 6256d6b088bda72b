//! Who may start which of the built-in kinds, and when: the same rule for pages, programs and schedules.

use rusqlite::Connection;
use serde_json::Value;

use crate::error::{Error, Result, msg};
use crate::jobs::BuiltIn;
use crate::jobs::bulk::{Act, Bulk};
use crate::people::{self, Scope, Viewer};
use crate::tasks::{self, Task, TaskId};

/// Refuses whoever may not start a job of this kind.
pub fn may_start(conn: &Connection, viewer: &Viewer, kind: BuiltIn) -> Result<()> {
    if kind.is_for_admins() && !viewer.is_admin() {
        return Err(Error::Forbidden(msg("error-admins-only")));
    }
    if kind.is_of_the_house() && people::sql::first_organisation(conn)? != Some(viewer.organisation) {
        return Err(Error::Forbidden(msg("error-kind-of-the-house")));
    }
    // What a job reads in somebody's name, their token must be allowed to read.
    if kind.reads_for_its_creator() && !viewer.scopes.open(Scope::Read) {
        return Err(Error::Forbidden(msg("error-scope").arg("scope", Scope::Read.as_str())));
    }
    // A token that may only report must not do by a job what it may not do by itself.
    let is_for_few = kind.is_for_admins() || kind.is_of_the_house();
    if (is_for_few || kind.acts_for_its_creator()) && !viewer.scopes.open(Scope::Admin) {
        return Err(Error::Forbidden(msg("error-scope").arg("scope", Scope::Admin.as_str())));
    }
    Ok(())
}

/// Refuses what a payload asks for, where that cannot be as things stand.
pub fn may_begin(conn: &Connection, viewer: &Viewer, kind: BuiltIn, payload: &Value) -> Result<()> {
    if kind != BuiltIn::BulkEdit {
        return Ok(());
    }
    let bulk = Bulk::of(kind, payload)?;
    let (Act::Undo, Some(of)) = (bulk.act(), bulk.of_job) else { return Ok(()) };
    match may_undo(conn, viewer, of) {
        // Of one that is not there, or not for them, the job itself tells.
        Err(Error::NotFound) => Ok(()),
        other => other,
    }
}

/// Refuses to undo what a job still does: it would do again what was set back.
pub fn may_undo(conn: &Connection, viewer: &Viewer, of: TaskId) -> Result<()> {
    match undone_job(conn, viewer, of)?.status.has_ended() {
        true => Ok(()),
        false => Err(Error::Conflict(msg("bulk-undo-running").arg("id", of.get()))),
    }
}

/// The job whose changes are to be undone. What this viewer does not see, and what is no such job, is answered as what is
/// not there.
pub fn undone_job(conn: &Connection, viewer: &Viewer, of: TaskId) -> Result<Task> {
    let changes_many = |task: &Task| {
        let kind = task.job().and_then(|job| job.built_in());
        matches!(kind, Some(BuiltIn::BulkEdit | BuiltIn::BulkDelete))
    };
    tasks::sql::find_for(conn, viewer, of)?.filter(changes_many).ok_or(Error::NotFound)
}

/// The kinds that this viewer may start.
pub fn startable(conn: &Connection, viewer: &Viewer) -> Result<Vec<BuiltIn>> {
    let mut kinds = Vec::new();
    for kind in BuiltIn::ALL {
        match may_start(conn, viewer, *kind) {
            Ok(()) => kinds.push(*kind),
            Err(Error::Forbidden(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(kinds)
}
