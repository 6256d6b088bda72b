//! What an integrity check asks about the output of jobs: whether logs are whole, items are counted, files complete, and
//! nothing is left of jobs that are gone.

use rusqlite::{Connection, params};

use super::check::Finding;
use crate::error::Result;
use crate::people::OrganisationId;
use crate::tasks::TaskId;

/// What was found about the next jobs' output.
#[derive(Default, Debug)]
pub struct CheckedOutput {
    pub jobs: i64,
    /// Jobs with findings.
    pub wrong: i64,
    pub findings: Vec<Finding>,
    /// None: these were the last.
    pub next: Option<TaskId>,
}

/// How many jobs of the store left something behind.
pub fn count_outputs(conn: &Connection) -> Result<i64> {
    Ok(conn.prepare_cached("select count(*) from job_outputs")?.query_one([], |row| row.get(0))?)
}

/// The output of the next `limit` jobs of the store, of which those of the organisation are looked at.
pub fn check_outputs(
    conn: &Connection,
    organisation: OrganisationId,
    after: TaskId,
    limit: i64,
) -> Result<CheckedOutput> {
    let mut statement = conn.prepare_cached(
        "select o.task_id, t.organisation_id = ?1 from job_outputs o left join tasks t on t.id = o.task_id
         where o.task_id > ?2 order by o.task_id limit ?3",
    )?;
    let jobs = statement
        .query_map(params![organisation, after, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(TaskId, Option<bool>)>>>()?;
    let mut checked = CheckedOutput::default();
    for (task, is_own) in &jobs {
        checked.jobs += 1;
        if *is_own != Some(true) {
            continue;
        }
        let before = checked.findings.len();
        let mut found = |message: String| checked.findings.push(Finding::of(format!("task {task}"), message));
        check_log(conn, *task, &mut found)?;
        check_items(conn, *task, &mut found)?;
        check_files(conn, *task, &mut found)?;
        checked.wrong += i64::from(checked.findings.len() > before);
    }
    let is_last = i64::try_from(jobs.len()).is_ok_and(|count| count < limit);
    checked.next = jobs.last().map(|(task, _)| *task).filter(|_| !is_last);
    Ok(checked)
}

fn check_log(conn: &Connection, task: TaskId, found: &mut impl FnMut(String)) -> Result<()> {
    let (bytes, kept, known): (i64, i64, i64) = conn
        .prepare_cached(
            "select o.log_bytes, (select coalesce(sum(length(l.text)), 0) from job_log l where l.task_id = o.task_id)
                    + o.gap_end - o.gap_start, j.log_bytes
             from job_outputs o join jobs j on j.task_id = o.task_id where o.task_id = ?1",
        )?
        .query_one([task], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if bytes != kept {
        found(format!("its log has {bytes} bytes, {kept} are kept or known to be dropped"));
    }
    if bytes != known {
        found(format!("its log has {bytes} bytes, shown as {known}"));
    }
    Ok(())
}

fn check_items(conn: &Connection, task: TaskId, found: &mut impl FnMut(String)) -> Result<()> {
    let (counted, stands, grouped): (i64, i64, i64) = conn
        .prepare_cached(
            "select o.items, (select count(*) from items i where i.task_id = o.task_id and i.generation = o.generation),
               (select coalesce(sum(g.items), 0) from item_groups g where g.task_id = o.task_id and g.generation = o.generation)
             from job_outputs o where o.task_id = ?1",
        )?
        .query_one([task], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if counted != stands || grouped != stands {
        found(format!("it has {stands} items, counted as {counted}, in groups as {grouped}"));
    }
    Ok(())
}

fn check_files(conn: &Connection, task: TaskId, found: &mut impl FnMut(String)) -> Result<()> {
    let mut statement = conn.prepare_cached(
        "select a.name, a.bytes, (select coalesce(sum(length(c.bytes)), 0) from artifact_chunks c where c.artifact_id = a.id)
         from artifacts a where a.task_id = ?1 and a.state = 'stored'",
    )?;
    let mut rows = statement.query([task])?;
    while let Some(row) = rows.next()? {
        let (name, bytes, stands): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if bytes != stands {
            found(format!("its file {name} has {bytes} bytes, of which {stands} are there"));
        }
    }
    Ok(())
}

/// What is left in the store of jobs that are gone, beside what waits for its removal. Each distinct owner is one step along
/// an index, however much it left.
pub fn check_orphans(conn: &Connection) -> Result<Vec<Finding>> {
    let left = |of: &str, table: &str, column: &str, owner: &str| -> Result<Option<Finding>> {
        let sql = format!(
            "with recursive owner (id) as (
               select min({column}) from {table}
               union all
               select (select min({column}) from {table} where {column} > owner.id) from owner where owner.id is not null)
             select count(*), min(id) from owner where id is not null and {owner}"
        );
        let (count, first): (i64, Option<i64>) =
            conn.prepare(&sql)?.query_one([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(first.map(|first| Finding::of(of, format!("left of {count} that are gone, the first of them {first}"))))
    };
    let task = "not exists (select 1 from tasks t where t.id = owner.id)
        and not exists (select 1 from output_removals r where r.task_id = owner.id and r.generation = 0)";
    let output = "not exists (select 1 from job_outputs o where o.task_id = owner.id)";
    let file = "not exists (select 1 from artifacts a where a.id = owner.id)";
    // A file that goes outlives its job for a while.
    let held = "not exists (select 1 from job_outputs o where o.task_id = owner.id)
        and exists (select 1 from artifacts a where a.task_id = owner.id and a.state <> 'gone')";
    let found = [
        left("output of jobs", "job_outputs", "task_id", task)?,
        left("logs of jobs", "job_log", "task_id", output)?,
        left("items of jobs", "items", "task_id", output)?,
        left("groups of items of jobs", "item_groups", "task_id", output)?,
        left("what jobs did to many tasks", "bulk_deeds", "job_id", output)?,
        left("files of jobs", "artifacts", "task_id", held)?,
        left("chunks of files", "artifact_chunks", "artifact_id", file)?,
    ];
    Ok(found.into_iter().flatten().collect())
}
