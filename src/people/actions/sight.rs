//! What a member may see changes without an entry of the trail: whoever loses sight of tasks is told of each, whoever gains
//! some asks for everything again, and a stream that was away meanwhile is not continued.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use crate::config;
use crate::db::Write;
use crate::error::Result;
use crate::live::{Letter, SightLetter};
use crate::people::{OrganisationId, ProjectId, UserId, sql};
use crate::tasks::{self, TaskId};

/// What each member loses sight of; none when that is too much to tell, or when something is gained.
pub(super) type Changed = HashMap<UserId, Option<Vec<TaskId>>>;

/// Gives the change its place among the entries of the trail, and tells whom it concerns.
pub(super) fn publish(w: &mut Write<'_>, organisation: OrganisationId, changed: Changed) -> Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let sequence = w.next_sequence();
    for (user, gone) in changed {
        sql::save_sight_change(w.conn, organisation, user, sequence)?;
        w.publish(Letter::Sight(Arc::new(SightLetter { organisation, user, sequence, gone })));
    }
    Ok(())
}

/// For whoever's streams are cut anyway: where they come back, all is asked for again.
pub(super) fn mark(w: &mut Write<'_>, organisation: OrganisationId, user: UserId) -> Result<()> {
    let sequence = w.next_sequence();
    Ok(sql::save_sight_change(w.conn, organisation, user, sequence)?)
}

/// These members of a project see its tasks no more, but for their own.
pub(super) fn lose(
    conn: &Connection,
    organisation: OrganisationId,
    project: ProjectId,
    members: &[UserId],
    changed: &mut Changed,
) -> Result<()> {
    for member in members {
        changed.entry(*member).or_insert_with(|| Some(Vec::new()));
    }
    if !members.iter().any(|member| changed[member].is_some()) {
        return Ok(());
    }
    // A project with more tasks than are told of counts as too much, whoever does them.
    let tasks = tasks::sql::of_project(conn, organisation, project, config::GONE_TASKS + 1)?;
    for member in members {
        let Some(Some(gone)) = changed.get_mut(member) else { continue };
        gone.extend(tasks.iter().filter(|(_, assignee)| *assignee != Some(*member)).map(|(task, _)| *task));
        if gone.len() > config::GONE_TASKS || tasks.len() > config::GONE_TASKS {
            changed.insert(*member, None);
        }
    }
    Ok(())
}
