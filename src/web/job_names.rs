//! People and projects of a payload, chosen by name: kinds that take the history's filter know them by number, and nobody
//! knows that by heart. One way for each form that draws the fields of such a kind.

use std::sync::Arc;

use rusqlite::Connection;

use super::assign::{Candidate, candidates};
use super::choices::Names;
use super::job_fields::{Input, Typed};
use super::page::Visit;
use crate::App;
use crate::error::Result;
use crate::jobs::BuiltIn;
use crate::people::{ProjectId, Viewer};

/// Whom and what one may choose among.
pub struct ByName {
    /// Who can be given work.
    people: Vec<Candidate>,
    names: Arc<Names>,
}

/// Whether the members of its payload are those of a filter, by which people and projects are found.
pub const fn knows_numbers(kind: BuiltIn) -> bool {
    matches!(kind, BuiltIn::ExportHistory | BuiltIn::Search | BuiltIn::BulkEdit | BuiltIn::BulkDelete)
}

/// The fields of a kind, where it knows people and projects by number, with their names to choose among.
pub async fn named(visit: &Visit, kind: BuiltIn, inputs: Vec<Input>) -> Result<Vec<Input>> {
    if !knows_numbers(kind) {
        return Ok(inputs);
    }
    let (app, viewer) = (visit.app.clone(), visit.viewer.clone());
    let choices = visit.app.db.read(move |conn| ByName::read(&app, &viewer, conn)).await?;
    Ok(choices.all(visit, inputs))
}

impl ByName {
    pub fn read(app: &App, viewer: &Viewer, conn: &Connection) -> Result<ByName> {
        if viewer.is_admin() {
            let (people, names) = candidates(app, conn, viewer)?;
            return Ok(ByName { people, names });
        }
        Ok(ByName { people: Vec::new(), names: app.memory.choices.of(app, conn, viewer)? })
    }

    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }

    pub fn all(&self, visit: &Visit, inputs: Vec<Input>) -> Vec<Input> {
        inputs.into_iter().map(|input| self.name(visit, input)).collect()
    }

    fn name(&self, visit: &Visit, mut input: Input) -> Input {
        let l = visit.l();
        let projects =
            || self.names.projects.iter().map(|(id, name): &(ProjectId, String)| (id.to_string(), name.clone()));
        let first = |key: &str| (String::new(), l.t(key).to_owned());
        let mut choices: Vec<(String, String)> = match input.name {
            "person" => {
                let people = self.names.people.iter().map(|(id, name)| (id.to_string(), name.clone()));
                std::iter::once(first("monitor-any")).chain(people).collect()
            }
            "project" => std::iter::once(first("monitor-any")).chain(projects()).collect(),
            "set_assignee" => {
                let none = [first("bulk-as-is"), ("0".to_owned(), l.t("task-nobody").to_owned())];
                let people = self.people.iter().map(|(id, name, load)| (id.clone(), format!("{name} · {load}")));
                none.into_iter().chain(people).collect()
            }
            "set_project" => {
                let none = [first("bulk-as-is"), ("0".to_owned(), l.t("assign-no-project").to_owned())];
                none.into_iter().chain(projects()).collect()
            }
            _ => return input,
        };
        // What is chosen already and not offered any more stays chosen: a filter less would name more than was meant.
        if !choices.iter().any(|(value, _)| *value == input.value) {
            choices.push((input.value.clone(), self.known(visit, &input)));
        }
        let chosen = |(value, label): (String, String)| {
            let is_chosen = value == input.value;
            (value.into(), label, is_chosen)
        };
        input.choices = choices.into_iter().map(chosen).collect();
        (input.typed, input.hint) = (Typed::Choice, None);
        input
    }

    /// What a number is called that is not offered: an admin sees every name.
    fn known(&self, visit: &Visit, input: &Input) -> String {
        let id = input.value.trim().parse().ok().filter(|_| visit.viewer.is_admin());
        let name = id.and_then(|id| match input.name {
            "person" | "set_assignee" => self.names.person(id),
            _ => self.names.project(id),
        });
        name.map_or_else(|| format!("#{}", input.value), ToOwned::to_owned)
    }
}
