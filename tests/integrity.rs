//! The integrity check: it finds nothing in a house that was lived in, and finds each thing that was broken on purpose,
//! behind Milepost's back, in the database file.

use jiff::SignedDuration;
use milepost::jobs::actions::{Finish, Wanted, claim, finish};
use milepost::jobs::artifacts::ArtifactName;
use milepost::jobs::items::{ItemOutcome, NewItem};
use milepost::jobs::{Outcome, sql};
use milepost::tasks::actions::{NewJob, NewTask, Report, create, delete, report};
use milepost::tasks::progress::CountsGiven;
use milepost::tasks::{Status, TaskId, Via};
use rusqlite::Connection;
use serde_json::json;

use crate::support::jobs::{create_job, ended, start_kind, viewer};
use crate::support::server::House;

/// Assignments that moved, a parent with children, a job with attempts, items, a log and a file, a deleted one, one that
/// waits for another.
async fn lived_in() -> House {
    let house = House::open().await;
    let alice = house.alice();
    alice.post("/projects", &[("name", "Waterfront")]).await.expect(303);
    for (number, to) in ["bob", "carol", "ada", "bob", "bob"].into_iter().enumerate() {
        let id = house
            .assign_with(&format!("Plank {number}"), to, &[("project", if number % 2 == 0 { "1" } else { "" })])
            .await;
        house
            .client(to)
            .post(&format!("/tasks/{id}/progress"), &[("progress", "40"), ("note", "well")])
            .await
            .expect(303);
        house.advance(SignedDuration::from_secs(5));
        if number > 2 {
            alice.post(&format!("/tasks/{id}/complete"), &[]).await.expect(303);
        }
    }
    let app = house.server.app.clone();
    let owner = viewer(&house, "alice");
    let worked = app.act(&owner, Via::Api, |w, by| {
        let new = |title: &str, job: NewJob| NewTask { title: title.into(), job: Some(job), ..NewTask::default() };
        let kind = || NewJob { job_kind: Some("letters".into()), ..NewJob::default() };
        let parent = create(w, by, new("Batch", NewJob::default()))?.task.id;
        for number in 0..3 {
            create(w, by, NewTask { parent: Some(parent), ..new(&format!("Part {number}"), kind()) })?;
        }
        let wanted = Wanted { kinds: vec!["letters".into()], queues: vec![], worker: None, lease_seconds: 30 };
        let first = claim(w, by, &wanted)?.expect("a part waits").id;
        let items = (0..5)
            .map(|number| NewItem {
                key: None,
                outcome: if number == 2 { ItemOutcome::Failed } else { ItemOutcome::Succeeded },
                message: Some("x".into()),
            })
            .collect();
        let counts = CountsGiven { total: Some(5), ..CountsGiven::default() };
        report(w, by, first, &Report { attempt: Some(1), counts, ..Report::default() })?;
        report(w, by, first, &Report { attempt: Some(1), items, ..Report::default() })?;
        milepost::jobs::actions::append_log(w, by, first, Some(1), b"hello\n")?;
        let done = Finish { attempt: Some(1), outcome: Outcome::Done, result: Some(json!({ "sent": 4 })), error: None };
        finish(w, by, first, done)?;
        // This one is still running, and ahead of its trail.
        let second = claim(w, by, &wanted)?.expect("another part waits").id;
        for processed in [1, 2, 3] {
            let counts = CountsGiven { total: Some(10), processed: Some(processed), ..CountsGiven::default() };
            report(w, by, second, &Report { attempt: Some(1), counts, ..Report::default() })?;
        }
        create(w, by, NewTask { after: vec![second], ..new("Afterwards", kind()) })?;
        let gone = create(w, by, new("Gone", NewJob::default()))?.task.id;
        report(w, by, gone, &Report { progress: Some(30.0), ..Report::default() })?;
        milepost::jobs::actions::append_log(w, by, gone, None, b"gone\n")?;
        finish(
            w,
            by,
            gone,
            Finish { attempt: None, outcome: Outcome::Failed, result: None, error: Some("no".into()) },
        )?;
        delete(w, by, gone)?;
        Ok(())
    });
    worked.await.unwrap();
    house
}

/// Runs the check; its findings as `what: message`.
async fn findings(house: &House) -> Vec<String> {
    let id = start_kind(house, "check-integrity", json!(null)).await;
    let done = ended(house, id).await;
    assert_eq!(done.status, Status::Done, "{done:#?}");
    let conn = house.look();
    let items: Vec<String> = sql::items(&conn, id, Some(ItemOutcome::Failed), 0, 1_000)
        .unwrap()
        .into_iter()
        .map(|item| format!("{} | {}", item.key.split_once(": ").unwrap().1, item.message.unwrap_or_default()))
        .collect();
    let result = done.job().unwrap().result.clone().unwrap();
    assert_eq!(result["findings"], items.len(), "{items:#?}");
    let file = sql::artifact(&conn, id, &ArtifactName::parse("findings.txt").unwrap()).unwrap().expect("a text file");
    let text = String::from_utf8(sql::artifact_chunk(&conn, file.id, 0).unwrap().unwrap()).unwrap();
    assert_eq!(text.lines().count(), items.len().max(1), "{text}");
    assert_eq!(done.counts.unwrap().processed(), done.counts.unwrap().total.unwrap());
    items
}

/// Does something to the file that Milepost never would.
fn tamper(house: &House, sql: &str) {
    let conn = Connection::open(house.database()).unwrap();
    conn.busy_timeout(crate::support::PATIENCE).unwrap();
    conn.execute_batch("pragma foreign_keys = off").unwrap();
    conn.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_that_was_lived_in_has_nothing_wrong() {
    let house = lived_in().await;
    assert_eq!(findings(&house).await, Vec::<String>::new());
    // Neither has it while the first check itself is among the tasks.
    assert_eq!(findings(&house).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_something_that_was_deleted_is_not_wrong() {
    let house = House::open().await;
    let owner = viewer(&house, "alice");
    let worked = house.server.app.act(&owner, Via::Api, |w, by| {
        let new = |after| NewTask { title: "A job".into(), after, job: Some(NewJob::default()), ..NewTask::default() };
        let gone = create(w, by, new(vec![]))?.task.id;
        let stays = create(w, by, new(vec![]))?.task.id;
        create(w, by, new(vec![gone]))?;
        create(w, by, new(vec![gone, stays]))?;
        finish(w, by, gone, Finish { attempt: None, outcome: Outcome::Done, result: None, error: None })?;
        delete(w, by, gone).map(drop)
    });
    worked.await.unwrap();
    assert_eq!(findings(&house).await, Vec::<String>::new());
    // What waits for one that is there and does not say so still is.
    tamper(&house, "delete from task_dependencies");
    assert_eq!(findings(&house).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_broken_in_the_file_is_found() {
    let broken = [
        ("update tasks set title = 'Forged' where title = 'Plank 1'", "title is \"Forged\", by its trail \"Plank 1\""),
        ("update tasks set progress = 41 where title = 'Plank 0'", "progress is 41.0, by its trail 40"),
        ("update tasks set description = 'x', version = version + 1 where title = 'Plank 2'", "it is at version"),
        ("update tasks set project_id = null where title = 'Plank 4'", "counted as"),
        ("update tasks set status = 'pending' where title = 'Afterwards'; delete from task_dependencies", "cannot"),
        ("update task_counts set tasks = tasks + 1 where status = 'done'", "counted as"),
        ("delete from ready_jobs", "it waits to be claimed, and cannot be"),
        (
            "insert into ledgers (organisation_id, zone, form, sequence, state, updated_at) values (1, 'UTC', 1, 999999, 'present', 0)",
            "they go up to entry 999999",
        ),
        ("update jobs set children_done = 2 where children > 0", "it counts 3 children (2 done"),
        ("delete from attempts", "the last that is kept is 0"),
        ("update tasks set labels = '{' where title = 'Batch'", "cannot be read"),
        (
            "update job_log set text = x'6869' where task_id in (select id from tasks)",
            "its log has 6 bytes, 2 are kept",
        ),
        ("update jobs set log_bytes = 99 where log_bytes > 0", "shown as 99"),
        ("delete from items where place = 3", "it has 4 items, counted as 5"),
        (
            "insert into job_log (task_id, start, attempt, at, text) values (9999, 0, 1, 0, x'41')",
            "left of 1 that are gone, the first of them 9999",
        ),
        ("insert into artifact_chunks (artifact_id, place, bytes) values (77, 0, x'41')", "the first of them 77"),
        ("delete from project_members; delete from projects", "rows refer to projects that are not there"),
    ];
    for (sql, expected) in broken {
        let house = lived_in().await;
        tamper(&house, sql);
        let found = findings(&house).await;
        assert!(found.iter().any(|finding| finding.contains(expected)), "{sql}: {expected} is not in {found:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_found() {
    let house = lived_in().await;
    // An index that was made while the table held other rows.
    tamper(
        &house,
        "pragma writable_schema = on;
         update sqlite_schema set sql = replace(sql, 'finished_at is null', 'finished_at is not null')
           where name = 'tasks_open_by_update';
         pragma schema_version = 9999;",
    );
    let found = findings(&house).await;
    assert!(found.iter().any(|finding| finding.contains("tasks_open_by_update")), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_other_organisations_have_is_not_told() {
    let house = lived_in().await;
    tamper(&house, "update tasks set title = 'Forged' where title = 'Plank 1'");
    let job = NewJob { job_kind: Some("check-integrity".into()), ..NewJob::default() };
    let id: TaskId = create_job(&house, "stranger", job).await.unwrap();
    let done = ended(&house, id).await;
    assert_eq!(done.job().unwrap().result.as_ref().unwrap()["findings"], 0);
    assert_eq!(done.job().unwrap().result.as_ref().unwrap()["tasks"], 1);
}

/// Tasks that were reported on once, put into the file as Milepost would have.
pub fn fill(conn: &Connection, tasks: i64) {
    conn.execute_batch(&format!(
        "create temp table many as with recursive n (n) as (select 1 union all select n + 1 from n where n < {tasks}) select n from n;
         create temp table base as select (select max(sequence) from trail) as sequence, (select coalesce(max(id), 0) from tasks) as id;
         insert into tasks (id, organisation_id, kind, title, status, progress, assignee_id, creator_id, created_at, started_at, updated_at, version)
           select base.id + n, 1, 'assignment', 'Task ' || n, 'in_progress', 40, 1, 1, n, n, n, 2 from many, base;
         insert into trail (sequence, organisation_id, task_id, version, change, actor_id, via, old, new, at)
           select coalesce(base.sequence, 0) + n, 1, base.id + n, 1, 'created', 1, 'page', '{{}}',
                  json_object('kind', 'assignment', 'title', 'Task ' || n, 'description', '', 'status', 'pending', 'progress', 0,
                              'project', null, 'assignee', 1, 'priority', 'medium', 'due', null, 'estimate_minutes', null), n
             from many, base;
         insert into trail (sequence, organisation_id, task_id, version, change, actor_id, via, old, new, at)
           select coalesce(base.sequence, 0) + {tasks} + n, 1, base.id + n, 2, 'progress', 1, 'page', '{{\"progress\":0,\"status\":\"pending\"}}',
                  '{{\"progress\":40,\"status\":\"in_progress\"}}', n
             from many, base;
         insert into task_counts values (1, 1, 0, 'in_progress', {tasks});"
    ))
    .unwrap();
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("0");
    line.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0) / 1024
}

/// MILEPOST_CHECK_TASKS=1000000 measures at a million.
#[tokio::test(flavor = "multi_thread")]
async fn many_tasks_are_checked_while_pages_answer() {
    let tasks = std::env::var("MILEPOST_CHECK_TASKS").map_or(5_000, |tasks| tasks.parse().unwrap());
    let clock = milepost::clock::Clock::manual(crate::support::server::monday());
    let house = House::prepared(clock, |_| {}, |conn| fill(conn, tasks)).await;
    let (before, began) = (resident_mb(), std::time::Instant::now());
    let id = start_kind(&house, "check-integrity", json!(null)).await;
    let mut slowest = std::time::Duration::ZERO;
    let done = loop {
        let asked = std::time::Instant::now();
        house.alice().open("/monitor").await;
        slowest = slowest.max(asked.elapsed());
        let now = crate::support::jobs::task(&house, id);
        if now.status.has_ended() {
            break now;
        }
    };
    assert_eq!(done.job().unwrap().result.as_ref().unwrap()["findings"], 0, "{done:#?}");
    assert!(done.counts.unwrap().succeeded > tasks);
    let (took, after) = (began.elapsed(), resident_mb());
    crate::support::say(&format!(
        "{tasks} tasks checked in {took:.1?}; memory at its most {before} MB before, {after} MB after; slowest page {slowest:.1?}"
    ));
}
