//! The database that a part begins with: an organisation with a token of its own, jobs that run, and jobs that wait.

use std::path::Path;
use std::time::Instant;

use milepost::jobs::actions::{Wanted, claim};
use milepost::people::TokenOwner;
use milepost::people::actions::{NewToken, create_token};
use milepost::tasks::Via;
use milepost::tasks::actions::{NewJob, NewTask, create};
use rusqlite::{Connection, params};
use serde_json::json;

use crate::scripts::KIND;
use crate::support;

/// Jobs that run and are reported on: the tasks 1 to this, each in its first attempt.
pub const RUNNING: usize = 1_000;
/// Steps of each: a hundredth of a percent.
pub const STEPS: usize = 10_000;
/// Jobs written at a time.
const CHUNK: usize = 100_000;

/// Makes the database at `path`; the token's secret.
pub async fn prepare(path: &Path) -> String {
    let (app, viewer) = support::app(path).await;
    let form = NewToken { name: "Benchmark".into(), scopes: vec!["work".into()], ..NewToken::default() };
    let token = create_token(&app, &viewer, TokenOwner::Organisation, form).await.expect("makes a token");
    let running = app.act(&viewer, Via::Api, |w, by| {
        for n in 0..RUNNING {
            let job = NewJob { job_kind: Some("import".into()), ..NewJob::default() };
            let title = format!("Import the customers of branch {n}");
            create(w, by, NewTask { title, job: Some(job), ..NewTask::default() })?;
            // Longer than any run of the benchmark: nobody is lost while another part is measured.
            let worker = Some(format!("worker-{n}"));
            claim(w, by, &Wanted { kinds: vec!["import".into()], queues: vec![], worker, lease_seconds: 3_600 })?;
        }
        Ok(())
    });
    running.await.expect("makes running jobs");
    app.db.close();
    token.reveal().to_owned()
}

/// A job as it is made while claims are measured.
pub fn waiting_job() -> NewTask {
    let payload = json!({ "list": "customers", "limit": 1000 });
    let job = NewJob { job_kind: Some(KIND.into()), payload, ..NewJob::default() };
    NewTask { title: "Send the letters of today".into(), job: Some(job), ..NewTask::default() }
}

/// So many jobs that wait, in all: the last ones are made by the verb, all before them are copies of one that it made,
/// in the tables that a claim knows. Each is a millisecond older than the next.
pub fn fill(path: &Path, jobs: usize) {
    let conn = Connection::open(path).expect("opens");
    conn.execute_batch(
        "pragma journal_mode = memory; pragma synchronous = off; pragma foreign_keys = off; pragma cache_size = -400000;
         pragma temp_store = memory;",
    )
    .expect("settings");
    let begin = Instant::now();
    let indexes = without_indexes(&conn);
    let first: i64 = conn.query_row("select max(id) + 1 from tasks", [], |row| row.get(0)).expect("counts");
    let mut written = 0;
    while written < jobs {
        let chunk = CHUNK.min(jobs - written);
        write_chunk(&conn, first, written as i64, chunk as i64).expect("fills");
        written += chunk;
        if jobs > CHUNK {
            eprintln!("  {written} of {jobs} jobs written, {:.1} s", begin.elapsed().as_secs_f64());
        }
    }
    conn.execute_batch("delete from task_counts; insert into task_counts
         select organisation_id, coalesce(assignee_id, 0), coalesce(project_id, 0), status, count(*) from tasks group by 1, 2, 3, 4;")
        .expect("counts");
    for index in indexes {
        conn.execute_batch(&index).expect("indexes");
    }
    conn.execute_batch("pragma journal_mode = wal; pragma optimize;").expect("settings");
    if jobs > CHUNK {
        eprintln!("  {jobs} jobs wait, {:.1} s", begin.elapsed().as_secs_f64());
    }
}

/// Indexes are quicker made at once than row by row: drops those of the tables to be filled, and says how to make them.
fn without_indexes(conn: &Connection) -> Vec<String> {
    let mut found = conn
        .prepare(
            "select name, sql from sqlite_schema
             where type = 'index' and sql is not null and tbl_name in ('tasks', 'jobs', 'job_contents', 'ready_jobs', 'trail')",
        )
        .expect("sql");
    let indexes: Vec<(String, String)> = found
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("asks")
        .map(|row| row.expect("a row"))
        .collect();
    let drop_one = |(name, sql): (String, String)| {
        conn.execute_batch(&format!("drop index {name}")).expect("drops");
        sql
    };
    indexes.into_iter().map(drop_one).collect()
}

fn write_chunk(conn: &Connection, first: i64, from: i64, jobs: i64) -> rusqlite::Result<()> {
    let ids = "with recursive n (i) as (select ?2 union all select i + 1 from n where i < ?2 + ?3 - 1)";
    conn.execute_batch("begin")?;
    for rows in [
        "insert into tasks (id, organisation_id, kind, title, status, progress, creator_id, created_at, updated_at, version)
         select ?1 + i, 1, 'job', 'Send the letters of today', 'pending', 0, ?4, ?5 + i * 1000, ?5 + i * 1000, 1 from n",
        "insert into jobs (task_id, organisation_id, job_kind, queue, queue_priority, max_attempts, backoff)
         select ?1 + i, 1, 'letters', 'default', 5, 3, 'exponential' from n where ?4 + ?5 > 0",
        "insert into job_contents (task_id, payload)
         select ?1 + i, '{\"list\":\"customers\",\"limit\":1000}' from n where ?4 + ?5 > 0",
        "insert into ready_jobs (organisation_id, job_kind, queue, rank, ready_at, task_id)
         select 1, 'letters', 'default', 4, ?5 + i * 1000, ?1 + i from n where ?4 > 0",
        "insert into trail (organisation_id, task_id, version, change, actor_id, via, old, new, at)
         select 1, ?1 + i, 1, 'created', ?4, 'api', '{}',
                '{\"description\":\"\",\"due\":null,\"job_kind\":\"letters\",\"kind\":\"job\",\"priority\":\"medium\",\"progress\":0.0,\"queue\":\"default\",\"status\":\"pending\",\"title\":\"Send the letters of today\"}',
                ?5 + i * 1000 from n",
    ] {
        // Micros of a moment in 2026, before the clock of whoever runs this.
        conn.execute(&format!("{ids} {rows}"), params![first, from, jobs, CREATOR, 1_767_225_600_000_000_i64])?;
    }
    conn.execute_batch("commit")
}

/// The organisation's owner.
const CREATOR: i64 = 1;
