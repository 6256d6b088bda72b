//! The names that stand beside ids in JSON, remembered for each organisation until a name changes: writing an event asks
//! the database nothing.

use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::App;
use crate::error::Result;
use crate::people::{OrganisationId, ProjectId, UserId, sql};
use crate::tasks::Task;

/// One organisation's.
#[derive(Default, Debug)]
pub struct Names {
    people: HashMap<UserId, String>,
    projects: HashMap<ProjectId, String>,
}

impl Names {
    /// Of whoever is or was a member, or is a program of the organisation.
    pub fn person(&self, id: UserId) -> Option<&str> {
        self.people.get(&id).map(String::as_str)
    }

    /// Whether none of the names of this task, and of whoever moved it, is missing.
    pub fn know(&self, task: &Task, actor: Option<UserId>) -> bool {
        let people = [Some(task.creator), task.assignee, actor];
        people.into_iter().flatten().all(|id| self.people.contains_key(&id))
            && task.project.is_none_or(|id| self.projects.contains_key(&id))
    }

    pub fn project(&self, id: ProjectId) -> Option<&str> {
        self.projects.get(&id).map(String::as_str)
    }
}

/// Organisations whose names are remembered at a time.
const ORGANISATIONS: usize = 1_000;

pub struct AllNames(Cache<OrganisationId, (u64, Arc<Names>)>);

impl Default for AllNames {
    fn default() -> AllNames {
        AllNames(Cache::new(ORGANISATIONS))
    }
}

impl AllNames {
    /// What is remembered and still holds.
    pub fn known(&self, app: &App, organisation: OrganisationId) -> Option<Arc<Names>> {
        let (at, names) = self.0.get(&organisation)?;
        (at == app.hub.names_generation()).then_some(names)
    }

    /// What is remembered, else what is read now.
    pub async fn get(&self, app: &App, organisation: OrganisationId) -> Result<Arc<Names>> {
        match self.known(app, organisation) {
            Some(names) => Ok(names),
            None => self.of(app, organisation).await,
        }
    }

    pub async fn of(&self, app: &App, organisation: OrganisationId) -> Result<Arc<Names>> {
        // Read before the database: a change in between makes this entry stale at once.
        let generation = app.hub.names_generation();
        let read = app.db.read(move |conn| {
            let people = sql::people_names(conn, organisation)?.into_iter().collect();
            let projects = sql::project_names(conn, organisation)?.into_iter().collect();
            Ok(Names { people, projects })
        });
        let names = Arc::new(read.await?);
        self.0.insert(organisation, (generation, names.clone()));
        Ok(names)
    }
}
