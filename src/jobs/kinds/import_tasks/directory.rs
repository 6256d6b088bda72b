//! Who and what a file can name, as people write it.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::error::{Message, Result, msg};
use crate::people::{self, OrganisationId, ProjectId, UserId};

/// Who and what can be named in a row, as people write them. None: several are called so.
#[derive(Default)]
pub struct Directory {
    people: HashMap<String, Option<UserId>>,
    projects: HashMap<String, Option<ProjectId>>,
}

impl Directory {
    pub fn read(conn: &Connection, organisation: OrganisationId) -> Result<Directory> {
        let mut directory = Directory::default();
        let members = people::sql::members(conn, organisation)?;
        for member in members.into_iter().filter(|member| member.deactivated_at.is_none()) {
            add(&mut directory.people, &member.name, member.user);
            add(&mut directory.people, &member.email, member.user);
        }
        for project in people::sql::projects(conn, organisation)? {
            if project.archived_at.is_none() {
                add(&mut directory.projects, &project.name, project.id);
            }
        }
        Ok(directory)
    }

    pub fn person(&self, cell: &str) -> Result<UserId, Message> {
        // As mail programs write people: Bob Vance <bob@example.org>.
        let address = cell.rsplit_once('<').map(|(_, rest)| rest.trim_end_matches('>').trim().to_lowercase());
        let known = &self.people;
        let found = known.get(&cell.to_lowercase()).or_else(|| known.get(&address?));
        match found {
            Some(Some(user)) => Ok(*user),
            Some(None) => Err(msg("import-several-people").arg("name", cell)),
            None => Err(msg("import-unknown-person").arg("name", cell)),
        }
    }

    pub fn project(&self, cell: &str) -> Result<ProjectId, Message> {
        match self.projects.get(&cell.to_lowercase()) {
            Some(Some(project)) => Ok(*project),
            Some(None) => Err(msg("import-several-projects").arg("name", cell)),
            None => Err(msg("import-unknown-project").arg("name", cell)),
        }
    }
}

fn add<T: Copy + PartialEq>(known: &mut HashMap<String, Option<T>>, name: &str, id: T) {
    let name = name.trim().to_lowercase();
    match known.get_mut(&name) {
        Some(other) if *other != Some(id) => *other = None,
        Some(_) => {}
        None => drop(known.insert(name, Some(id))),
    }
}
