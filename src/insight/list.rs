//! Tasks as programs list them: newest first, filtered, a page at a time, along the narrowest index there is.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::filter::full_text;
use super::scope::{Query, Scope, rows_of, scopes};
use super::task_rows;
use crate::error::Result;
use crate::people::{ProjectId, UserId, Viewer};
use crate::tasks::{Kind, Status, Task, TaskId};

/// Which tasks; what is none does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    pub status: Option<Status>,
    pub kind: Option<Kind>,
    pub category: Option<String>,
    pub project: Option<ProjectId>,
    pub assignee: Option<UserId>,
    pub queue: Option<String>,
    pub job_kind: Option<String>,
    pub parent: Option<TaskId>,
    pub label: Option<String>,
    pub external_id: Option<String>,
    /// Words of title and description, each of which begins one there.
    pub text: Option<String>,
    /// At this instant or later; before this one.
    pub created_after: Option<Timestamp>,
    pub created_before: Option<Timestamp>,
}

/// The last task of a page: the next one goes on after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// When it was made, in microseconds.
    created_at: i64,
    id: i64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.created_at, self.id)
    }
}

impl FromStr for Place {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Place, Self::Err> {
        let (created_at, id) = text.split_once('.').unwrap_or((text, ""));
        Ok(Place { created_at: created_at.parse()?, id: id.parse()? })
    }
}

/// A page, and where the next one goes on.
pub fn list(
    conn: &Connection,
    viewer: &Viewer,
    wanted: &Wanted,
    after: Option<Place>,
    limit: usize,
) -> Result<(Vec<Task>, Option<Place>)> {
    let mut tasks: Vec<Task> = Vec::new();
    for scope in scopes(conn, viewer, wanted.assignee, wanted.project)? {
        let query = page(viewer, wanted, &scope, after, limit);
        tasks.extend(query.rows(conn)?.into_iter().map(|row| row.task));
    }
    match wanted.order() {
        Order::Id => tasks.sort_by_key(|task| std::cmp::Reverse(task.id)),
        Order::Creation => tasks.sort_by_key(|task| std::cmp::Reverse((task.created_at, task.id))),
    }
    let more = tasks.len() > limit;
    tasks.truncate(limit);
    let place = |task: &Task| Place { created_at: task.created_at.as_microsecond(), id: task.id.get() };
    let next = tasks.last().filter(|_| more).map(place);
    Ok((tasks, next))
}

/// Ids are given in the order of creation: either is newest first, whichever an index has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Id,
    Creation,
}

impl Wanted {
    fn order(&self) -> Order {
        let by_id = self.text.is_some()
            || self.parent.is_some()
            || self.external_id.is_some()
            || self.job_kind.is_some()
            || self.queue.is_some();
        if by_id { Order::Id } else { Order::Creation }
    }
}

fn page(viewer: &Viewer, wanted: &Wanted, scope: &Scope, after: Option<Place>, limit: usize) -> Query {
    let organisation = Value::from(viewer.organisation.get());
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let (mut query, id) = match (&wanted.text, wanted.job_kind.is_some() || wanted.queue.is_some()) {
        (Some(sought), _) => (
            Query::new(
                concat!(
                    task_rows!(),
                    // The plus keeps every index of tasks out of it: the full-text index leads, in the order of ids.
                    "join tasks_text f on f.rowid = t.id where f.tasks_text match ? and +t.organisation_id = ?"
                ),
                [full_text(viewer.organisation, sought).into(), organisation.clone()],
            ),
            "f.rowid",
        ),
        // The jobs of a kind, or of a queue, are listed by their own index.
        (None, true) => (
            Query::new(
                concat!(task_rows!(), "where j.organisation_id = ? and +t.organisation_id = ?"),
                [organisation.clone(), organisation.clone()],
            ),
            "j.task_id",
        ),
        (None, false) => (rows_of(viewer), "t.id"),
    };
    query.scope(scope);
    query.and_some("j.job_kind = ?", text(&wanted.job_kind));
    query.and_some("j.queue = ?", text(&wanted.queue));
    query.and_some("t.parent_id = ?", wanted.parent.map(TaskId::get));
    query.and_some("t.external_id = ?", text(&wanted.external_id));
    query.and_some("t.category = ?", text(&wanted.category));
    query.and_some("t.status = ?", wanted.status.map(|status| status.as_str().to_owned()));
    query.and_some("t.kind = ?", wanted.kind.map(|kind| kind.as_str().to_owned()));
    query.and_some("exists (select 1 from json_each(t.labels) l where l.value = ?)", text(&wanted.label));
    query.and_some("t.created_at >= ?", wanted.created_after.map(Timestamp::as_microsecond));
    query.and_some("t.created_at < ?", wanted.created_before.map(Timestamp::as_microsecond));
    let order = wanted.order();
    match (after, order) {
        (Some(place), Order::Id) => query.and(&format!("{id} < ?"), [place.id.into()]),
        (Some(place), Order::Creation) => {
            query.and("(t.created_at, t.id) < (?, ?)", [place.created_at.into(), place.id.into()]);
        }
        (None, _) => {}
    }
    match order {
        Order::Id => query.end(&format!(" order by {id} desc limit ?"), limit + 1),
        Order::Creation => query.end(" order by t.created_at desc, t.id desc limit ?", limit + 1),
    }
    query
}
