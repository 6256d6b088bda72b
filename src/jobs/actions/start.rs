//! Who may start which of the built-in kinds: the same rule for pages, programs and schedules.

use rusqlite::Connection;

use crate::error::{Error, Result, msg};
use crate::jobs::BuiltIn;
use crate::people::{self, Scope, Viewer};

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
