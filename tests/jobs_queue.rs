//! Which job comes next, and when: order, time, unique keys, dependencies, limits, attempts and their pauses, parents.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::program::{act, changes, claim, make, post, read};
use crate::support::server::House;

const ALL: &str = "read report work admin";

async fn house() -> (House, Client) {
    let house = House::open().await;
    let program = house.program("alice", ALL).await;
    (house, program)
}

fn id(task: &Value) -> i64 {
    task["id"].as_i64().unwrap()
}

async fn finish(program: &Client, claimed: &Value, outcome: &str) -> Value {
    let said = json!({ "attempt": claimed["attempt"], "outcome": outcome });
    act(program, claimed, "finish", said).await.expect(200).json()
}

/// What the stream says next of this task: this change.
async fn heard(events: &mut crate::support::events::Events, task: &Value, change: &str) {
    loop {
        let event = events.named("task").await.json();
        if event["task"]["id"] == task["id"] && event["change"]["change"] == change {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_higher_priority_goes_first_and_among_equals_the_older() {
    let (_house, program) = house().await;
    let mut made = Vec::new();
    for priority in [5, 9, 0, 5] {
        made.push(make(&program, json!({ "title": "Mail", "job_kind": "mail", "queue_priority": priority })).await);
    }
    let mut order = Vec::new();
    while let Some(claimed) = claim(&program, "mail").await {
        assert_eq!((&claimed["attempt"], &claimed["job"]["worker"]), (&json!(1), &json!("w-1")));
        order.push(id(&claimed));
    }
    assert_eq!(order, [1, 0, 3, 2].map(|at: usize| id(&made[at])));
    assert!(claim(&program, "other").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_waits_for_its_time_and_for_what_must_be_done_first() {
    let (house, program) = house().await;
    let later = crate::support::server::monday() + SignedDuration::from_hours(1);
    let scheduled =
        make(&program, json!({ "title": "Nightly", "job_kind": "nightly", "run_at": later.to_string() })).await;
    assert!(claim(&program, "nightly").await.is_none());
    let waiting = tokio::spawn({
        let program = program.clone();
        async move { post(&program, "/api/v1/claims", json!({ "kinds": ["nightly"], "wait_seconds": 20 })).await }
    });
    house.advance(SignedDuration::from_hours(1));
    assert_eq!(id(&waiting.await.unwrap().expect(200).json()), id(&scheduled));

    let first = make(&program, json!({ "title": "Fetch", "job_kind": "fetch" })).await;
    let second = make(&program, json!({ "title": "Load", "job_kind": "load", "after": [first["id"]] })).await;
    assert!(claim(&program, "load").await.is_none());
    let failed = claim(&program, "fetch").await.unwrap();
    act(&program, &failed, "cancel", json!({})).await.expect(200);
    finish(&program, &failed, "cancelled").await;
    assert!(claim(&program, "load").await.is_none(), "what was cancelled was not done");
    act(&program, &first, "retry", json!({})).await.expect(200);
    finish(&program, &claim(&program, "fetch").await.unwrap(), "done").await;
    assert_eq!(id(&claim(&program, "load").await.unwrap()), id(&second));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_key_is_refused_given_back_or_replaced() {
    let (_house, program) = house().await;
    let new = |rule: &str| json!({ "title": "Sync", "job_kind": "sync", "unique_key": "shop 7", "on_duplicate": rule });
    let first = make(&program, new("refuse")).await;
    let said = post(&program, "/api/v1/tasks", new("refuse")).await.expect(409).json();
    assert!(said["detail"].as_str().unwrap().contains(&first["id"].to_string()), "{said}");
    let same = post(&program, "/api/v1/tasks", new("existing")).await.expect(200).json();
    assert_eq!(same["id"], first["id"]);
    let second = make(&program, new("replace")).await;
    assert_eq!(read(&program, &first).await["status"], "cancelled");
    // One that runs is asked to stop, and its successor is queued already.
    let running = claim(&program, "sync").await.unwrap();
    assert_eq!(running["id"], second["id"]);
    let third = make(&program, new("replace")).await;
    assert_eq!(read(&program, &second).await["job"]["cancel_requested"], true);
    finish(&program, &running, "cancelled").await;
    finish(&program, &claim(&program, "sync").await.unwrap(), "done").await;
    assert_eq!(read(&program, &third).await["status"], "done");
    // The key is free again, also for the retry of a former holder.
    act(&program, &third, "retry", json!({})).await.expect(200);
    post(&program, "/api/v1/tasks", new("refuse")).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_after_its_pause_until_its_attempts_are_used_up() {
    let (house, program) = house().await;
    let new = json!({ "title": "Call", "job_kind": "call", "max_attempts": 3, "backoff": [10, 60] });
    let task = make(&program, new).await;
    let failed = |attempt: i64| json!({ "attempt": attempt, "outcome": "failed", "error": "no answer" });
    let mut claimed = claim(&program, "call").await.unwrap();
    for (attempt, pause) in [(1, 10), (2, 60)] {
        assert_eq!(claimed["attempt"], attempt);
        let waits = act(&program, &claimed, "finish", failed(attempt)).await.expect(200).json();
        assert_eq!((&waits["status"], &waits["job"]["error"]), (&json!("pending"), &json!("no answer")));
        // Said twice is the same as once.
        act(&program, &claimed, "finish", failed(attempt)).await.expect(200);
        house.advance(SignedDuration::from_secs(pause - 1));
        assert!(claim(&program, "call").await.is_none());
        let waiting = json!({ "kinds": ["call"], "wait_seconds": 20 });
        let again = tokio::spawn({
            let program = program.clone();
            async move { post(&program, "/api/v1/claims", waiting).await }
        });
        house.advance(SignedDuration::from_secs(1));
        claimed = again.await.unwrap().expect(200).json();
    }
    act(&program, &claimed, "finish", failed(3)).await.expect(200);
    assert_eq!(read(&program, &task).await["status"], "failed");
    let expected = ["created", "claimed", "attempt-failed", "claimed", "attempt-failed", "claimed", "failed"];
    assert_eq!(changes(&program, &task).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_takes_too_long_is_ended_and_its_worker_refused() {
    let (house, program) = house().await;
    let new = json!({ "title": "Build", "job_kind": "build", "max_attempts": 1, "timeout_seconds": 60 });
    let task = make(&program, new).await;
    let claimed = claim(&program, "build").await.unwrap();
    let mut events = program.events(&format!("/api/v1/events?task={}", task["id"]), None).await;
    events.named("hello").await;
    // It shows that it is alive all the while.
    house.advance(SignedDuration::from_secs(25));
    act(&program, &claimed, "heartbeat", json!({ "attempt": 1 })).await.expect(200);
    house.advance(SignedDuration::from_secs(25));
    act(&program, &claimed, "heartbeat", json!({ "attempt": 1 })).await.expect(200);
    house.advance(SignedDuration::from_secs(11));
    heard(&mut events, &task, "failed").await;
    let ended = read(&program, &task).await;
    assert!(ended["job"]["error"].as_str().unwrap().contains("60 s"), "{ended}");
    act(&program, &claimed, "progress", json!({ "attempt": 1, "progress": 50 })).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_alive_without_progress_is_said_to_stand_still() {
    let (house, program) = house().await;
    let task = make(&program, json!({ "title": "Copy", "job_kind": "copy", "stalled_after_seconds": 40 })).await;
    let claimed = claim(&program, "copy").await.unwrap();
    let mut events = program.events(&format!("/api/v1/events?task={}", task["id"]), None).await;
    events.named("hello").await;
    for _ in 0..2 {
        house.advance(SignedDuration::from_secs(20));
        act(&program, &claimed, "heartbeat", json!({ "attempt": 1 })).await.expect(200);
    }
    heard(&mut events, &task, "stalled").await;
    assert_eq!(read(&program, &task).await["status"], "in_progress");
    house.advance(SignedDuration::from_secs(1));
    act(&program, &claimed, "progress", json!({ "attempt": 1, "progress": 10 })).await.expect(200);
    assert_eq!(changes(&program, &task).await, ["created", "claimed", "stalled", "progress"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_queue_gives_nothing_and_a_limited_one_no_more_than_it_may() {
    let (_house, program) = house().await;
    for _ in 0..3 {
        make(&program, json!({ "title": "Crawl", "job_kind": "crawl", "queue": "slow" })).await;
    }
    let limit = |body: Value| {
        let program = program.clone();
        async move {
            program.send_json(reqwest::Method::PUT, "/api/v1/queues/queue/slow", &body.to_string()).await.expect(200)
        }
    };
    limit(json!({ "is_paused": true })).await;
    assert!(claim(&program, "crawl").await.is_none());
    limit(json!({ "is_paused": false, "at_once": 1 })).await;
    let one = claim(&program, "crawl").await.unwrap();
    assert!(claim(&program, "crawl").await.is_none());
    let waiting = json!({ "kinds": ["crawl"], "wait_seconds": 20 });
    let next = tokio::spawn({
        let program = program.clone();
        async move { post(&program, "/api/v1/claims", waiting).await }
    });
    finish(&program, &one, "done").await;
    next.await.unwrap().expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_follows_its_children_to_its_end() {
    let (_house, program) = house().await;
    let parent = make(&program, json!({ "title": "Batch", "total": 3 })).await;
    let child = |title: &str| json!({ "title": title, "job_kind": "part", "parent": parent["id"], "max_attempts": 1 });
    for title in ["One", "Two"] {
        make(&program, child(title)).await;
    }
    let one = claim(&program, "part").await.unwrap();
    act(&program, &one, "progress", json!({ "attempt": 1, "progress": 60 })).await.expect(200);
    let seen = read(&program, &parent).await;
    assert_eq!(
        (&seen["status"], &seen["progress"], &seen["counts"]["total"]),
        (&json!("in_progress"), &json!(20.0), &json!(3))
    );
    finish(&program, &one, "done").await;
    finish(&program, &claim(&program, "part").await.unwrap(), "failed").await;
    assert_eq!(read(&program, &parent).await["status"], "in_progress", "a third was announced");
    make(&program, child("Three")).await;
    finish(&program, &claim(&program, "part").await.unwrap(), "done").await;
    let ended = read(&program, &parent).await;
    assert_eq!(ended["status"], "failed");
    assert_eq!(ended["counts"], json!({ "total": 3, "processed": 3, "succeeded": 2, "failed": 1, "skipped": 0 }));
    post(&program, "/api/v1/tasks", child("Four")).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lower_report_is_kept_as_a_note_and_not_applied() {
    let (_house, program) = house().await;
    let task = make(&program, json!({ "title": "Copy" })).await;
    act(&program, &task, "progress", json!({ "progress": 50 })).await.expect(200);
    let said =
        act(&program, &task, "progress", json!({ "progress": 30, "note": "started over?" })).await.expect(200).json();
    assert_eq!(said["task"]["progress"], 50.0);
    let trail = program.get(&format!("/api/v1/tasks/{}/trail", task["id"])).await.json();
    let last = trail["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["change"], "lower-report");
    assert_eq!(
        (&last["old"]["reported"], &last["old"]["kept"], &last["note"]),
        (&json!(30.0), &json!(50.0), &json!("started over?"))
    );
}
