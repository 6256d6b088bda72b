//! What a feed asks of the database: whether its right still holds, and what the trail has for it; and the seam at which
//! that past meets the present. When to ask is the feed's.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;

use super::{TaskLetter, Watcher, Written};
use crate::config;
use crate::error::Result;
use crate::people::{self, Credential, OrganisationId, UserId, Viewer};
use crate::tasks::{self, Change, Entry, Kind, Task, TaskId};

/// Where the past ends and the present begins: the past shows each task as it stood when that was read, and ticks of
/// before may still be on their way.
#[derive(Default)]
pub struct Seam {
    /// Up to here the past was read: with the first entry after it, all of before has come.
    sequence: i64,
    /// The versions that were shown of the tasks that tick; of one that left the reader's sight, the last there can be.
    shown: HashMap<TaskId, i64>,
}

impl Seam {
    /// The seam behind this page of the past, if there is anything to look for.
    pub fn after(before: Option<Box<Seam>>, past: &Past) -> Option<Box<Seam>> {
        let mut seam = before.unwrap_or_default();
        seam.sequence = past.newest;
        for letter in &past.letters {
            match &letter.after {
                Some(task) if task.kind == Kind::Job && !task.status.has_ended() => {
                    seam.shown.insert(task.id, task.version);
                }
                Some(_) => {}
                None => {
                    seam.shown.insert(letter.entry.task, i64::MAX);
                }
            }
        }
        (!seam.shown.is_empty()).then_some(seam)
    }

    pub fn has_shown(&self, task: &Task) -> bool {
        self.shown.get(&task.id).is_some_and(|shown| task.version <= *shown)
    }

    /// With this entry all of before has come.
    pub fn is_passed(&self, sequence: i64) -> bool {
        sequence > self.sequence
    }
}

/// What stands behind a watcher, if it is still what it was; its end.
fn viewer(conn: &Connection, watcher: &Watcher, now: Timestamp) -> Result<Option<Viewer>> {
    let found = match watcher.credential {
        Credential::Session(key) => people::sql::viewer(conn, &key, now)?,
        Credential::Token(id) => people::sql::viewer_of_token(conn, id, now)?,
    };
    Ok(found.filter(|found| found.organisation == watcher.organisation && found.sees_all() == watcher.is_admin))
}

/// How things stand for a watcher.
pub struct Looked {
    pub newest: i64,
    pub sight_changed_at: i64,
    pub expires_at: Timestamp,
}

pub fn look(conn: &Connection, watcher: &Watcher, newest: i64, now: Timestamp) -> Result<Option<Looked>> {
    let Some(viewer) = viewer(conn, watcher, now)? else { return Ok(None) };
    let sight_changed_at = people::sql::sight_changed_at(conn, viewer.organisation, viewer.user)?;
    Ok(Some(Looked { newest, sight_changed_at, expires_at: viewer.expires_at }))
}

pub struct Past {
    pub letters: Vec<TaskLetter>,
    pub last: i64,
    /// Where the trail stood when it was read.
    pub newest: i64,
    pub more: bool,
    /// What this watcher sees changed meanwhile: the past of before says nothing about it.
    pub reset: bool,
}

/// One page of what this watcher may know of the trail after `after`, which goes up to `newest`; none when the right
/// behind it is over.
pub fn replay(conn: &Connection, watcher: &Watcher, after: i64, newest: i64, now: Timestamp) -> Result<Option<Past>> {
    let Some(viewer) = viewer(conn, watcher, now)? else { return Ok(None) };
    if people::sql::sight_changed_at(conn, viewer.organisation, viewer.user)? > after {
        return Ok(Some(Past { letters: Vec::new(), last: newest, newest, more: false, reset: true }));
    }
    let entries = tasks::sql::trail_after(conn, viewer.organisation, after, config::REPLAY_ROWS)?;
    let more = i64::try_from(entries.len()).is_ok_and(|rows| rows == config::REPLAY_ROWS);
    let last = entries.last().map_or(after, |entry| entry.sequence);
    let mut letters = Vec::new();
    // Much of a page is often about few tasks.
    let mut seen: HashMap<TaskId, Option<Arc<Task>>> = HashMap::new();
    for entry in entries {
        let task = match seen.get(&entry.task) {
            Some(task) => task.clone(),
            None => {
                let task = tasks::sql::find_for(conn, &viewer, entry.task)?.map(Arc::new);
                seen.insert(entry.task, task.clone());
                task
            }
        };
        if task.is_some() || left_sight(conn, viewer.organisation, viewer.user, &entry)? {
            letters.push(TaskLetter {
                entry: Arc::new(entry),
                before: None,
                after: task,
                saw: Vec::new(),
                sees: Vec::new(),
                written: Written::default(),
            });
        }
    }
    Ok(Some(Past { letters, last, newest, more, reset: false }))
}

/// This entry is how a task went out of the user's sight.
fn left_sight(conn: &Connection, organisation: OrganisationId, user: UserId, entry: &Entry) -> Result<bool> {
    let id_in = |field: &str| entry.old.get(field).and_then(serde_json::Value::as_i64);
    Ok(match entry.change {
        Change::Assigned => id_in("assignee") == Some(user.get()),
        Change::Project => match id_in("project") {
            Some(project) => {
                people::sql::project_watchers(conn, organisation, people::ProjectId::new(project))?.contains(&user)
            }
            None => false,
        },
        _ => false,
    })
}
