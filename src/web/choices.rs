//! The people and projects that a viewer may choose among in filters and forms, remembered until a name changes: a large
//! organisation's list is not read anew for every page.

use std::sync::Arc;

use quick_cache::sync::Cache;
use rusqlite::Connection;

use crate::App;
use crate::error::Result;
use crate::people::{OrganisationId, Project, ProjectId, UserId, Viewer, sql};

/// Names by id, in the order in which they are shown.
#[derive(Default)]
pub struct Names {
    pub people: Vec<(UserId, String)>,
    /// Projects in use that this viewer sees.
    pub projects: Vec<(ProjectId, String)>,
    /// Every project of the organisation: what an old entry of a trail may name.
    pub all_projects: Vec<(ProjectId, String)>,
}

impl Names {
    pub fn person(&self, id: i64) -> Option<&str> {
        self.people.iter().find(|(user, _)| user.get() == id).map(|(_, name)| name.as_str())
    }

    pub fn project(&self, id: i64) -> Option<&str> {
        self.all_projects.iter().find(|(project, _)| project.get() == id).map(|(_, name)| name.as_str())
    }
}

/// Lists of names: an admin's is everything, a member's only the projects in sight.
type Key = (OrganisationId, Option<UserId>);

#[derive(Clone)]
pub struct Choices(Arc<Cache<Key, (u64, Arc<Names>)>>);

/// Lists remembered at a time.
const LISTS: usize = 1_000;

impl Default for Choices {
    fn default() -> Choices {
        Choices(Arc::new(Cache::new(LISTS)))
    }
}

impl Choices {
    pub fn of(&self, app: &App, conn: &Connection, viewer: &Viewer) -> Result<Arc<Names>> {
        let key = (viewer.organisation, (!viewer.is_admin()).then_some(viewer.user));
        // Read before the database: a change in between makes this list stale at once.
        let generation = app.hub.names_generation();
        if let Some((known_at, names)) = self.0.get(&key)
            && known_at == generation
        {
            return Ok(names);
        }
        let names = Arc::new(read(conn, viewer)?);
        self.0.insert(key, (generation, names.clone()));
        Ok(names)
    }
}

fn read(conn: &Connection, viewer: &Viewer) -> Result<Names> {
    let organisation = viewer.organisation;
    let people = sql::members(conn, organisation)?.into_iter().map(|member| (member.user, member.name)).collect();
    let projects = sql::projects(conn, organisation)?;
    let seen = match (viewer.is_admin(), viewer.sees_projects) {
        (true, _) => projects.iter().map(|project| project.id).collect(),
        (false, true) => sql::seen_projects(conn, organisation, viewer.user)?,
        (false, false) => Vec::new(),
    };
    let in_use = |project: &&Project| project.archived_at.is_none() && seen.contains(&project.id);
    Ok(Names {
        people,
        projects: projects.iter().filter(in_use).map(|project| (project.id, project.name.clone())).collect(),
        all_projects: projects.iter().map(|project| (project.id, project.name.clone())).collect(),
    })
}
