//! Imports of many rows: cancelled, killed with the server, in little memory.

use milepost::jobs::actions::cancel;
use milepost::tasks::{Status, Task, TaskId, Via};
use rusqlite::Connection;
use serde_json::json;

use crate::import::{begin, titles};
use crate::new_job::started;
use crate::support::binary::Binary;
use crate::support::client::Client;
use crate::support::jobs::{ended, until, viewer};
use crate::support::server::{House, template_copy};
use crate::support::sheet::{many, tally, upload};
use crate::support::{eventually, say};

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_import_leaves_whole_rows_only_and_run_again_it_goes_on_where_it_ended() {
    let house = House::open().await;
    let id = begin(&house, &many(6_000, false), json!({})).await;
    let running = until(&house, id, "it saves", |task| {
        task.status.has_ended() || task.counts.is_some_and(|counts| counts.succeeded > 0)
    });
    let running = running.await;
    let alice = viewer(&house, "alice");
    house.server.app.act(&alice, Via::Page, move |w, by| cancel(w, by, &running, None)).await.unwrap();
    let cancelled = ended(&house, id).await;
    assert_eq!(cancelled.status, Status::Cancelled);
    let saved = titles(&house);
    assert!(!saved.is_empty() && saved.len() < 5_940, "{} rows were saved", saved.len());
    let conn = house.look();
    let unseen: i64 = conn
        .query_row(
            "select count(*) from tasks t where kind = 'assignment'
             and not exists (select 1 from trail where task_id = t.id and change = 'created')",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(unseen, 0);
    house
        .server
        .app
        .act(&alice, Via::Page, move |w, by| milepost::jobs::actions::retry(w, by, id, false))
        .await
        .unwrap();
    let done = until(&house, id, "it ends again", |task| task.status == Status::Done).await;
    let result = done.job().unwrap().result.as_deref().unwrap();
    assert_eq!(tally(result), [5_940, 0, 0, 60], "what both attempts saved");
    let mut titles = titles(&house);
    assert_eq!(titles.len(), 5_940);
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), 5_940, "none twice");
}

/// Rows of the larger tests; the whole 200,000 take a program built without optimisation some minutes.
fn rows_wanted() -> usize {
    std::env::var("MILEPOST_IMPORT_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(6_000)
}

/// A server of its own, with alice at its pages and her file brought.
async fn served(bytes: &[u8]) -> (tempfile::TempDir, Binary, Client, TaskId) {
    let (folder, people) = template_copy().await;
    let server = Binary::start(&folder.path().join("milepost.db"));
    let alice = people.client("alice", &server.url);
    let answer = upload(&alice, "tasks.csv", bytes).await.expect(303);
    let form = alice.open(&answer.location().unwrap()).await.form(".form");
    let id = started(&alice.submit(&form.press("do", "import")).await.expect(303));
    (folder, server, alice, id)
}

fn look(folder: &tempfile::TempDir) -> Connection {
    Connection::open(folder.path().join("milepost.db")).unwrap()
}

/// Waits as long as it goes on: a large import takes its time.
async fn ends(folder: &tempfile::TempDir, id: TaskId) -> Task {
    let mut before = -1.0;
    loop {
        let what = format!("the import goes on beyond {before} %");
        let now = eventually(&what, || async {
            let task = milepost::tasks::sql::find(&look(folder), id).unwrap().unwrap();
            (task.status.has_ended() || task.progress.get() > before).then_some(task)
        })
        .await;
        if now.status.has_ended() {
            return now;
        }
        before = now.progress.get();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_comes_in_with_the_right_counts_in_little_memory_and_twice_changes_nothing() {
    let rows = rows_wanted();
    let file = many(rows, true);
    let (folder, server, alice, id) = served(&file).await;
    let done = ends(&folder, id).await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    let (bad, good) = ((rows / 100) as i64, (rows - rows / 100) as i64);
    assert_eq!(tally(done.job().unwrap().result.as_deref().unwrap()), [good, 0, 0, bad]);
    let conn = look(&folder);
    let saved: i64 =
        conn.query_row("select count(*) from tasks where kind = 'assignment'", [], |row| row.get(0)).unwrap();
    assert_eq!(saved, good);
    let again = alice.open(&format!("/jobs/new/import-tasks?from={id}")).await;
    let again = started(&alice.submit(&again.form(".form").press("do", "import")).await.expect(303));
    let done = ends(&folder, again).await;
    assert_eq!(tally(done.job().unwrap().result.as_deref().unwrap()), [0, 0, good, bad]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").trim().parse().unwrap();
    say(&format!("import of {rows} rows, twice: {} MB at most", peak / 1024));
    assert!(peak < 150 * 1024, "{peak} kB at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_server_is_killed_is_taken_up_by_the_next_one_and_nothing_is_doubled_or_lost() {
    let rows = rows_wanted();
    let (folder, mut server, _, id) = served(&many(rows, false)).await;
    let database = folder.path().join("milepost.db");
    let saved = |conn: &Connection| -> i64 {
        conn.query_row("select count(*) from tasks where kind = 'assignment'", [], |row| row.get(0)).unwrap()
    };
    for round in 1..=3 {
        let conn = look(&folder);
        let enough = (rows / 5 * round) as i64;
        eventually("it saves", || async { (saved(&conn) >= enough).then_some(()) }).await;
        server.kill();
        let before = saved(&conn);
        assert!(before < (rows - rows / 100) as i64, "killed in the middle");
        // The lease that died with the server is over, and so is the pause after it.
        conn.execute("update jobs set lease_seconds = 1, max_attempts = 9, backoff = '[0]' where task_id = ?", [id])
            .unwrap();
        drop(conn);
        server = Binary::start(&database);
    }
    let done = ends(&folder, id).await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    let (bad, good) = ((rows / 100) as i64, (rows - rows / 100) as i64);
    assert_eq!(tally(done.job().unwrap().result.as_deref().unwrap()), [good, 0, 0, bad]);
    let distinct: i64 = look(&folder)
        .query_row("select count(distinct title) from tasks where kind = 'assignment'", [], |row| row.get(0))
        .unwrap();
    assert_eq!((saved(&look(&folder)), distinct), (good, good));
}
