//! Which tasks a viewer may be shown, as one or more ranges of an index that
//! do not overlap; and the small builder of the statements over them.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::{SLOT_COLUMNS, Slot, TaskRow, slot_row, task_row_with_names, task_rows};
use crate::error::Result;
use crate::people::{self, ProjectId, UserId, Viewer};

/// One range: a person's tasks, a project's, or the organisation's.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub assignee: Option<UserId>,
    pub project: Option<ProjectId>,
    pub not_assignee: Option<UserId>,
}

/// The ranges that hold what this viewer may see of these.
pub(super) fn scopes(
    conn: &Connection,
    viewer: &Viewer,
    person: Option<UserId>,
    project: Option<ProjectId>,
) -> Result<Vec<Scope>> {
    if viewer.sees_all() {
        return Ok(vec![Scope { assignee: person, project, not_assignee: None }]);
    }
    let mut scopes = Vec::new();
    if person.is_none_or(|person| person == viewer.user) {
        scopes.push(Scope { assignee: Some(viewer.user), project, not_assignee: None });
    }
    if person != Some(viewer.user) {
        for seen in people::sql::seen_projects(conn, viewer.organisation, viewer.user)? {
            if project.is_none_or(|project| project == seen) {
                scopes.push(Scope { assignee: person, project: Some(seen), not_assignee: Some(viewer.user) });
            }
        }
    }
    Ok(scopes)
}

/// A statement that grows clause by clause, with its values in step.
pub(super) struct Query {
    pub sql: String,
    values: Vec<Value>,
}

impl Query {
    /// `start` ends in a condition, so that every clause can begin with `and`.
    pub fn new(start: &str, values: impl IntoIterator<Item = Value>) -> Query {
        Query { sql: start.to_owned(), values: values.into_iter().collect() }
    }

    /// Adds a clause; each `?` in it takes one of `values`.
    pub fn and(&mut self, clause: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" and ");
        self.sql.push_str(clause);
        self.values.extend(values);
    }

    pub fn and_some<T: Into<Value>>(&mut self, clause: &str, value: Option<T>) {
        if let Some(value) = value {
            self.and(clause, [value.into()]);
        }
    }

    pub fn scope(&mut self, scope: &Scope) {
        self.and_some("t.assignee_id = ?", scope.assignee.map(UserId::get));
        self.and_some("t.project_id = ?", scope.project.map(ProjectId::get));
        self.and_some("t.assignee_id is not ?", scope.not_assignee.map(UserId::get));
    }

    /// In one of these ranges.
    pub fn any_of(&mut self, scopes: &[Scope]) {
        let mut any = Query::new("", []);
        for scope in scopes {
            any.sql.push_str(if any.sql.is_empty() { "(1" } else { " or 1" });
            any.scope(scope);
        }
        if any.sql.is_empty() {
            any.sql.push_str("(0");
        }
        any.sql.push(')');
        self.and(&any.sql, any.values);
    }

    pub fn end(&mut self, end: &str, limit: usize) {
        self.sql.push_str(end);
        self.values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    }

    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The clauses as they stand, for another statement to hold.
    pub fn into_parts(self) -> (String, Vec<Value>) {
        (self.sql, self.values)
    }

    pub fn rows(&self, conn: &Connection) -> Result<Vec<TaskRow>> {
        let mut statement = conn.prepare_cached(&self.sql)?;
        let rows = statement.query_map(params_from_iter(&self.values), task_row_with_names)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn map<T>(&self, conn: &Connection, each: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>> {
        let mut statement = conn.prepare_cached(&self.sql)?;
        let rows = statement.query_map(params_from_iter(&self.values), each)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn slots(&self, conn: &Connection) -> Result<Vec<Slot>> {
        let mut statement = conn.prepare_cached(&self.sql)?;
        let slots = statement.query_map(params_from_iter(&self.values), |row| slot_row(row, 0))?;
        Ok(slots.collect::<rusqlite::Result<_>>()?)
    }

    pub fn count(&self, conn: &Connection) -> Result<i64> {
        Ok(conn.prepare_cached(&self.sql)?.query_one(params_from_iter(&self.values), |row| row.get(0))?)
    }
}

/// A [`Query`] of rows of one organisation.
pub(super) fn rows_of(viewer: &Viewer) -> Query {
    Query::new(concat!(task_rows!(), "where t.organisation_id = ?"), [viewer.organisation.get().into()])
}

/// A [`Query`] of slots of one organisation.
pub(super) fn slots_of(viewer: &Viewer) -> Query {
    let start = format!("select {SLOT_COLUMNS} from tasks t where t.organisation_id = ?");
    Query::new(&start, [viewer.organisation.get().into()])
}
