//! What an integrity check asks, the rows: of the store itself, of tasks and their trail, of counts that are kept on write.
//! Each question is bounded, or one statement that a reader can be called back from.

use rusqlite::{Connection, params};
use serde_json::{Map, Value};

use crate::db::last_sequence;
use crate::error::Result;
use crate::people::OrganisationId;
use crate::tasks::{Status, Task, TaskId};
use crate::tasks::{fold, sql};

/// Sentences about one table at most: a broken one is broken all over.
const SENTENCES: usize = 100;

/// Something that is not as it should be: what, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    pub what: String,
    pub message: String,
}

impl Finding {
    pub(super) fn of(what: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding { what: what.into(), message: message.into() }
    }
}

/// The tables of the store, by name.
pub fn tables(conn: &Connection) -> Result<Vec<String>> {
    Ok(conn
        .prepare_cached("select name from sqlite_schema where type = 'table' and name not like 'sqlite~_%' escape '~' order by name")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// What SQLite finds wrong with a table: its pages, its indexes, its references.
pub fn check_table(conn: &Connection, table: &str) -> Result<Vec<Finding>> {
    let what = format!("table {table}");
    let damage = table_damage(conn, table)?.into_iter().map(|sentence| Finding::of(&what, sentence));
    Ok(damage.chain(check_references(conn, table)?).collect())
}

/// What SQLite finds wrong with the pages and indexes of a table.
pub fn table_damage(conn: &Connection, table: &str) -> Result<Vec<String>> {
    let mut sentences = Vec::new();
    let mut statement = conn.prepare_cached("select integrity_check from pragma_integrity_check(?1)")?;
    let mut rows = statement.query([table])?;
    while let Some(row) = rows.next()? {
        let sentence: String = row.get(0)?;
        if sentence != "ok" && sentences.len() < SENTENCES {
            sentences.push(sentence);
        }
    }
    Ok(sentences)
}

/// References of a table to what is not there.
pub fn check_references(conn: &Connection, table: &str) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut statement =
        conn.prepare_cached("select \"parent\", count(*) from pragma_foreign_key_check(?1) group by 1")?;
    let mut rows = statement.query([table])?;
    while let Some(row) = rows.next()? {
        let (parent, count): (String, i64) = (row.get(0)?, row.get(1)?);
        let message = format!("{count} rows refer to {parent} that are not there");
        findings.push(Finding::of(format!("table {table}"), message));
    }
    Ok(findings)
}

/// How many tasks an organisation has, as counted on write.
pub fn counted_tasks(conn: &Connection, organisation: OrganisationId) -> Result<i64> {
    Ok(conn
        .prepare_cached("select coalesce(sum(tasks), 0) from task_counts where organisation_id = ?1")?
        .query_one([organisation], |row| row.get(0))?)
}

/// Where a walk over an organisation's tasks goes on.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct TaskPlace {
    created_at: i64,
    id: i64,
}

/// What was found about the next tasks.
#[derive(Default, Debug)]
pub struct CheckedTasks {
    pub tasks: i64,
    pub entries: i64,
    /// Tasks with findings.
    pub wrong: i64,
    pub findings: Vec<Finding>,
    /// None: these were the last.
    pub next: Option<TaskPlace>,
}

/// The next `limit` tasks: whether each is what its trail makes of it, and what is kept beside it fits.
pub fn check_tasks(
    conn: &Connection,
    organisation: OrganisationId,
    after: TaskPlace,
    limit: i64,
) -> Result<CheckedTasks> {
    let mut statement = conn.prepare_cached(
        "select created_at, id from tasks where organisation_id = ?1 and (created_at, id) > (?2, ?3)
         order by created_at, id limit ?4",
    )?;
    let places = statement
        .query_map(params![organisation, after.created_at, after.id, limit], |row| {
            Ok(TaskPlace { created_at: row.get(0)?, id: row.get(1)? })
        })?
        .collect::<rusqlite::Result<Vec<TaskPlace>>>()?;
    let mut checked = CheckedTasks::default();
    for place in &places {
        let id = TaskId::new(place.id);
        let before = checked.findings.len();
        let mut found = |message: String| checked.findings.push(Finding::of(format!("task {id}"), message));
        match sql::find(conn, id) {
            Ok(Some(task)) => {
                checked.entries += check_trail(conn, &task, &mut found)?;
                check_job(conn, &task, &mut found)?;
                check_children(conn, &task, &mut found)?;
            }
            Ok(None) => {}
            // A contradictory row fails when it is read.
            Err(error) => found(format!("cannot be read: {error}")),
        }
        checked.tasks += 1;
        checked.wrong += i64::from(checked.findings.len() > before);
    }
    let is_last = i64::try_from(places.len()).is_ok_and(|count| count < limit);
    checked.next = places.last().copied().filter(|_| !is_last);
    Ok(checked)
}

/// Folds the trail of a task and compares; gives how many entries there are.
fn check_trail(conn: &Connection, task: &Task, found: &mut impl FnMut(String)) -> Result<i64> {
    let mut statement = conn.prepare_cached("select new, version from trail where task_id = ?1 order by sequence")?;
    let mut rows = statement.query([task.id])?;
    let (mut folded, mut entries, mut last) = (Map::new(), 0, 0);
    while let Some(row) = rows.next()? {
        let Ok(new) = serde_json::from_str::<Value>(&row.get::<_, String>(0)?) else {
            found("an entry of its trail is no JSON".into());
            return Ok(entries);
        };
        let version: i64 = row.get(1)?;
        if version <= last {
            found(format!("its trail goes from version {last} to {version}"));
        }
        last = version;
        entries += 1;
        folded.extend(fold([&new]));
    }
    forget_gone(conn, &mut folded)?;
    // Between two entries a job goes on by reports that are thinned, and by output that no entry tells of.
    let is_ahead = task.job().is_some_and(|job| job.recorded.is_ahead);
    if task.version < last || (task.job.is_none() && task.version > last) {
        found(format!("it is at version {}, its trail at {last}", task.version));
    }
    let facts = task.facts();
    let fields: std::collections::BTreeSet<&String> = facts.keys().chain(folded.keys()).collect();
    for field in fields {
        if is_ahead && matches!(field.as_str(), "progress" | "counts" | "stage") {
            continue;
        }
        let (stands, told) = (facts.get(field).unwrap_or(&Value::Null), folded.get(field).unwrap_or(&Value::Null));
        if !is_same(stands, told) {
            found(format!("{field} is {}, by its trail {}", shortened(stands), shortened(told)));
        }
    }
    Ok(entries)
}

/// What it waited for and was deleted since, it waits for no more: that stands in the other's trail.
fn forget_gone(conn: &Connection, folded: &mut Map<String, Value>) -> Result<()> {
    let Some(Value::Array(after)) = folded.get_mut("after") else { return Ok(()) };
    let mut is_there = conn.prepare_cached("select exists (select 1 from tasks where id = ?1)")?;
    let mut there = Vec::with_capacity(after.len());
    for id in after.drain(..) {
        if is_there.query_one([id.as_i64()], |row| row.get(0))? {
            there.push(id);
        }
    }
    match there.is_empty() {
        true => drop(folded.remove("after")),
        false => *after = there,
    }
    Ok(())
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        // 50 and 50.0 are one number.
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        _ => one == other,
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 80 { text.chars().take(79).chain(['…']).collect() } else { text }
}

/// Whether a job waits where it should, and its attempts are those that it counts.
fn check_job(conn: &Connection, task: &Task, found: &mut impl FnMut(String)) -> Result<()> {
    let Some(job) = task.job() else { return Ok(()) };
    let (is_ready, is_scheduled): (bool, bool) = conn
        .prepare_cached(
            "select exists (select 1 from ready_jobs where task_id = ?1), is_scheduled from jobs where task_id = ?1",
        )?
        .query_one([task.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let waits = task.status == Status::Pending && !job.is_run_by_creator();
    let should = waits && !is_scheduled && sql::is_unblocked(conn, task.id)? && job.family.own_outcome.is_none();
    if is_ready && !should {
        found("it can be claimed, and should not be".into());
    } else if should && !is_ready {
        found("it waits to be claimed, and cannot be".into());
    }
    if is_scheduled && !waits {
        found("it is scheduled, and does not wait".into());
    }
    let (last, open): (i64, i64) = conn
        .prepare_cached(
            "select coalesce(max(attempt), 0), count(*) - count(ended_at) from attempts where task_id = ?1",
        )?
        .query_one([task.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if last != job.attempt {
        found(format!("it is at attempt {}, the last that is kept is {last}", job.attempt));
    }
    if open != i64::from(job.is_running()) {
        found(format!("{open} attempts are open, {} runs", i64::from(job.is_running())));
    }
    if job.is_running() && task.status != Status::InProgress {
        found(format!("an attempt runs, and it is {}", task.status));
    }
    Ok(())
}

/// Whether a parent counts its children as they are.
fn check_children(conn: &Connection, task: &Task, found: &mut impl FnMut(String)) -> Result<()> {
    let family = task.job().map(|job| job.family).unwrap_or_default();
    let stands: (i64, i64, i64, i64, f64) = conn
        .prepare_cached(
            "select count(*), count(*) filter (where status = 'done'), count(*) filter (where status = 'failed'),
                    count(*) filter (where status = 'cancelled'),
                    coalesce(sum(iif(finished_at is null, progress, 100.0)), 0.0)
             from tasks where parent_id = ?1",
        )?
        .query_one([task.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    let kept = (family.children, family.done, family.failed, family.cancelled);
    if (stands.0, stands.1, stands.2, stands.3) != kept {
        found(format!(
            "it counts {} children ({} done, {} failed, {} cancelled); there are {} ({}, {}, {})",
            kept.0, kept.1, kept.2, kept.3, stands.0, stands.1, stands.2, stands.3
        ));
    } else if (stands.4 - family.progress).abs() > 0.01 * (1.0 + stands.4.abs()) {
        found(format!("it counts its children's progress as {:.2}; it is {:.2}", family.progress, stands.4));
    }
    Ok(())
}

/// Counts of an organisation that are kept on write and differ from what there is.
pub fn check_counts(conn: &Connection, organisation: OrganisationId) -> Result<Vec<Finding>> {
    let mut statement = conn.prepare_cached(
        "select assignee, project, status, sum(stands), sum(kept) from (
           select coalesce(assignee_id, 0) as assignee, coalesce(project_id, 0) as project, status, count(*) as stands, 0 as kept
             from tasks where organisation_id = ?1 group by 1, 2, 3
           union all
           select assignee_id, project_id, status, 0, tasks from task_counts where organisation_id = ?1)
         group by 1, 2, 3 having sum(stands) <> sum(kept)",
    )?;
    let mut rows = statement.query([organisation])?;
    let mut findings = Vec::new();
    while let Some(row) = rows.next()? {
        let (assignee, project, status): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (stands, kept): (i64, i64) = (row.get(3)?, row.get(4)?);
        let what = format!("{status} tasks of user {assignee} in project {project}");
        findings.push(Finding::of(what, format!("counted as {kept}, there are {stands}")));
    }
    let strays: i64 = conn
        .prepare_cached(
            "select count(*) from ready_jobs r left join jobs j on j.task_id = r.task_id
             where r.organisation_id = ?1 and (j.task_id is null or j.organisation_id <> r.organisation_id
               or j.job_kind is not r.job_kind or j.queue <> r.queue or 9 - j.queue_priority <> r.rank)",
        )?
        .query_one([organisation], |row| row.get(0))?;
    if strays > 0 {
        findings.push(Finding::of("what can be claimed", format!("{strays} rows are of no such job")));
    }
    let newest = last_sequence(conn)?;
    let ahead: Option<i64> = conn
        .prepare_cached("select max(sequence) from ledgers where organisation_id = ?1 and state <> 'gone'")?
        .query_one([organisation], |row| row.get(0))?;
    if let Some(ahead) = ahead.filter(|ahead| *ahead > newest) {
        findings
            .push(Finding::of("sums", format!("they go up to entry {ahead}, the trail to {newest}: make them anew")));
    }
    Ok(findings)
}
