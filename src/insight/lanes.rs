//! The names that an organisation's jobs have (kinds, queues, categories), and what waits and runs under them. Names are
//! found by stepping through an index from one to the next, however many jobs have each; counts end at a cap.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::jobs::Counted;
use crate::config::{COUNT_CAP, JOB_NAMES};
use crate::error::Result;
use crate::jobs::sql::{limits, ready_kinds, ready_queues, running_of};
use crate::jobs::{Limited, sql};
use crate::people::{OrganisationId, Viewer};

/// The first names of each, in their order.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub kinds: Vec<String>,
    pub queues: Vec<String>,
    pub categories: Vec<String>,
}

pub fn names(conn: &Connection, viewer: &Viewer) -> Result<Names> {
    let organisation = viewer.organisation;
    Ok(Names {
        kinds: stepped(
            conn,
            organisation,
            "select job_kind from jobs where organisation_id = ?1 and job_kind is not null and job_kind > ?2 order by job_kind limit 1",
        )?,
        queues: stepped(
            conn,
            organisation,
            "select queue from jobs where organisation_id = ?1 and queue > ?2 order by queue limit 1",
        )?,
        categories: stepped(
            conn,
            organisation,
            "select category from tasks where organisation_id = ?1 and category is not null and category > ?2 order by category limit 1",
        )?,
    })
}

fn stepped(conn: &Connection, organisation: OrganisationId, step: &str) -> Result<Vec<String>> {
    let mut statement = conn.prepare_cached(step)?;
    let mut found: Vec<String> = Vec::new();
    while found.len() < JOB_NAMES {
        let last = found.last().map_or("", String::as_str);
        match statement.query_one(params![organisation, last], |row| row.get(0)).optional()? {
            Some(next) => found.push(next),
            None => break,
        }
    }
    Ok(found)
}

/// A queue or a kind: what waits in it, what runs, what admins said of it.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    pub name: String,
    pub queued: Counted,
    pub running: Counted,
    pub is_paused: bool,
    pub at_once: Option<i64>,
}

#[derive(Clone, Debug, Default)]
pub struct Lanes {
    pub queues: Vec<Lane>,
    pub kinds: Vec<Lane>,
}

/// All queues and kinds of jobs that workers take.
pub fn lanes(conn: &Connection, viewer: &Viewer, names: &Names) -> Result<Lanes> {
    let organisation = viewer.organisation;
    let (mut queues, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    for kind in ready_kinds(conn, organisation)?.into_iter().take(JOB_NAMES) {
        for queue in ready_queues(conn, organisation, &kind)?.into_iter().take(JOB_NAMES) {
            let queued: i64 = conn
                .prepare_cached(
                    "select count(*) from (select 1 from ready_jobs where organisation_id = ?1 and job_kind = ?2 and queue = ?3 limit ?4)",
                )?
                .query_one(params![organisation, kind, queue, COUNT_CAP], |row| row.get(0))?;
            *queues.entry(queue).or_insert(0) += queued;
            *kinds.entry(kind.clone()).or_insert(0) += queued;
        }
    }
    let limits = limits(conn, organisation)?;
    Ok(Lanes {
        queues: lanes_of(conn, organisation, Limited::Queue, &names.queues, &queues, &limits)?,
        kinds: lanes_of(conn, organisation, Limited::Kind, &names.kinds, &kinds, &limits)?,
    })
}

fn lanes_of(
    conn: &Connection,
    organisation: OrganisationId,
    what: Limited,
    names: &[String],
    queued: &BTreeMap<String, i64>,
    limits: &[sql::Limit],
) -> Result<Vec<Lane>> {
    let said: Vec<&sql::Limit> = limits.iter().filter(|limit| limit.what == what).collect();
    // What was limited before its first job came is there, too.
    let mut all: Vec<&str> =
        names.iter().map(String::as_str).chain(said.iter().map(|limit| limit.name.as_str())).collect();
    all.sort_unstable();
    all.dedup();
    let lane = |name: &str| {
        let limit = said.iter().find(|limit| limit.name == name);
        Ok(Lane {
            name: name.to_owned(),
            queued: capped(queued.get(name).copied().unwrap_or(0)),
            running: capped(running_of(conn, organisation, what, name, COUNT_CAP)?),
            is_paused: limit.is_some_and(|limit| limit.is_paused),
            at_once: limit.and_then(|limit| limit.at_once),
        })
    };
    all.into_iter().take(JOB_NAMES).map(lane).collect()
}

fn capped(jobs: i64) -> Counted {
    Counted { jobs: jobs.min(COUNT_CAP), or_more: jobs >= COUNT_CAP }
}
