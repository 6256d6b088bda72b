//! Nothing acknowledged is lost: the binary is killed at random moments while people report progress.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use tokio::sync::Notify;

use crate::support::binary::Binary;
use crate::support::client::Client;
use crate::support::random::Random;
use crate::support::server::{People, template_copy};

const ROUNDS: u64 = 200;
const TASKS: usize = 4;
const POSTERS: usize = 6;

/// What the server said yes to: the note of the report, and the task.
type Acknowledged = Vec<(String, i64)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_progress_that_was_acknowledged_outlives_two_hundred_kills() {
    let mut random = Random::new("two hundred kills");
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let mut server = Binary::start(&database);
    let tasks = assign_tasks(&people, &server.url, &database).await;
    let mut acknowledged = Acknowledged::new();
    let mut heard: Vec<i64> = Vec::new();
    let alice = people.client("alice", &server.url);
    let mut cursor = alice.open("/monitor").await.attribute("#main", "data-cursor").unwrap();
    let first = sequence(&cursor);
    for round in 0..ROUNDS {
        let stream = people.client("alice", &server.url).events("/events?view=monitor", Some(&cursor)).await;
        let listener = tokio::spawn(async move {
            let mut stream = stream;
            stream.rest().await
        });
        let answers = random.below(40) as usize;
        let moment = Duration::from_micros(random.below(3_000));
        acknowledged.extend(report_until_killed(&mut server, &people, &tasks, round, answers, moment).await);
        for event in listener.await.unwrap() {
            assert_ne!(event.name, "reset", "round {round}: the stream can be continued");
            if let Some(id) = event.id {
                heard.extend((event.name != "hello").then(|| sequence(&id)));
                cursor = id;
            }
        }
        server.kill_and_restart(&database);
    }
    check(&database, &acknowledged, first, &mut heard, &people, &server, &cursor).await;
}

fn sequence(cursor: &str) -> i64 {
    cursor.rsplit('-').next().unwrap().parse().unwrap()
}

async fn assign_tasks(people: &People, url: &str, database: &Path) -> Vec<i64> {
    let alice = people.client("alice", url);
    for number in 0..TASKS {
        let title = format!("Load {number}");
        alice.post("/assign", &[("title", &title), ("assignee", people.id("bob"))]).await.expect(303);
    }
    let conn = rusqlite::Connection::open(database).unwrap();
    let mut statement = conn.prepare("select id from tasks order by id").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Posts from several people at once; kills the server some time after the given number of answers.
async fn report_until_killed(
    server: &mut Binary,
    people: &People,
    tasks: &[i64],
    round: u64,
    answers: usize,
    moment: Duration,
) -> Acknowledged {
    let (count, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut posters = Vec::new();
    for poster in 0..POSTERS {
        let client = people.client(if poster % 2 == 0 { "bob" } else { "alice" }, &server.url);
        let (task, count, enough) = (tasks[poster % tasks.len()], count.clone(), enough.clone());
        posters.push(tokio::spawn(async move {
            let mut acknowledged = Acknowledged::new();
            for step in 0.. {
                let note = format!("round {round} by {poster} step {step}");
                if !report(&client, task, &note, step).await {
                    break;
                }
                acknowledged.push((note, task));
                if count.fetch_add(1, Ordering::SeqCst) >= answers {
                    enough.notify_one();
                }
            }
            acknowledged
        }));
    }
    crate::support::in_time("enough answers", enough.notified()).await;
    // The random moment itself: nothing is waited for here.
    let _ = tokio::time::timeout(moment, std::future::pending::<()>()).await;
    server.kill();
    let mut acknowledged = Acknowledged::new();
    for poster in posters {
        acknowledged.extend(crate::support::in_time("a poster notices the kill", poster).await.unwrap());
    }
    acknowledged
}

/// Whether the server acknowledged this report.
async fn report(client: &Client, task: i64, note: &str, step: u64) -> bool {
    let progress = (step * 7 % 99 + 1).to_string();
    let form = [("progress", progress.as_str()), ("note", note)];
    let request = client.request(Method::POST, &format!("/tasks/{task}/progress")).form(&form);
    match client.try_send(request).await {
        Ok(page) => {
            assert_eq!(page.status, StatusCode::SEE_OTHER, "a report is taken: {}", page.said());
            true
        }
        Err(_) => false,
    }
}

async fn check(
    database: &Path,
    acknowledged: &Acknowledged,
    first: i64,
    heard: &mut Vec<i64>,
    people: &People,
    server: &Binary,
    cursor: &str,
) {
    let conn = rusqlite::Connection::open(database).unwrap();
    let mut statement = conn.prepare("select sequence, task_id, note, new from trail order by sequence").unwrap();
    let row = |row: &rusqlite::Row| -> rusqlite::Result<(i64, i64, Option<String>, String)> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    };
    let trail: Vec<_> = statement.query_map([], row).unwrap().map(Result::unwrap).collect();
    let mut notes: BTreeMap<&str, i64> = BTreeMap::new();
    for (_, task, note, _) in &trail {
        if let Some(note) = note.as_deref() {
            assert!(notes.insert(note, *task).is_none(), "{note} stands twice in the trail");
        }
    }
    for (note, task) in acknowledged {
        assert_eq!(notes.get(note.as_str()), Some(task), "{note} was acknowledged and is lost");
    }
    for (task, progress) in progress_of_tasks(&conn) {
        let last = trail.iter().rev().filter(|entry| entry.1 == task).find_map(|entry| {
            serde_json::from_str::<serde_json::Value>(&entry.3)
                .unwrap()
                .get("progress")
                .and_then(serde_json::Value::as_f64)
        });
        assert_eq!(Some(progress), last, "task {task} stands where its trail ends");
    }
    let last = trail.last().unwrap().0;
    let mut stream = people.client("alice", &server.url).events("/events?view=monitor", Some(cursor)).await;
    while heard.last() != Some(&last) {
        let event = stream.next().await.expect("the stream goes on to the trail's end");
        heard.extend(event.id.as_deref().filter(|_| event.name != "hello").map(sequence));
    }
    // An entry that both moves a card and changes the list may stand on two events, and a cut between them repeats it.
    heard.dedup();
    let after: Vec<i64> = trail.iter().map(|entry| entry.0).filter(|sequence| *sequence > first).collect();
    assert_eq!(*heard, after, "the stream's order is the trail's: every entry once");
    crate::support::say(&format!(
        "{} reports acknowledged, {} entries in the trail, {} heard",
        acknowledged.len(),
        trail.len(),
        heard.len()
    ));
}

fn progress_of_tasks(conn: &rusqlite::Connection) -> Vec<(i64, f64)> {
    let mut statement = conn.prepare("select id, progress from tasks").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}
