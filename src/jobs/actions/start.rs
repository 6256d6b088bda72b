//! Who may start which of the built-in kinds, and when: the same rule for pages, programs and schedules.

use rusqlite::Connection;
use serde_json::Value;

use crate::error::{Error, Result, msg};
use crate::jobs::BuiltIn;
use crate::jobs::bulk::{Act, Bulk};
use crate::people::{self, Scope, Viewer};
use crate::tasks;

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
    // Of one that is not there, or not for them, the job itself tells.
    match tasks::sql::find_for(conn, viewer, of)?.is_some_and(|task| !task.status.has_ended()) {
        true => Err(Error::Conflict(msg("bulk-undo-running").arg("id", of.get()))),
        false => Ok(()),
    }
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
