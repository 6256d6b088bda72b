//! Cancelling a job in all its ways: what waits, what runs outside, a worker that heeds, ignores or was done already, twice
//! at once, a parent with its children.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::lives::{Held, Program, changes, check_lives, outcomes};
use crate::support::server::House;

const LEASE: i64 = 30;

async fn open() -> (House, Program) {
    let house = House::open().await;
    let program = Program(house.program("bob", "read work").await);
    (house, program)
}

async fn running(program: &Program) -> Held {
    program.job(json!({ "title": "Letters", "job_kind": "letters", "max_attempts": 3, "backoff": [0] })).await;
    program.claim("letters", LEASE).await.unwrap()
}

async fn cancel(program: &Program, id: i64) -> Value {
    program.act(id, "cancel", json!({ "note": "Wrong template" })).await.expect(200).json()
}

async fn until_status(program: &Program, id: i64, status: &str) {
    let what = format!("job {id} is {status}");
    eventually(&what, || async { (program.read(id).await["status"] == status).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_cancelled_at_once_and_nobody_gets_it() {
    let (house, program) = open().await;
    let waiting = program.job(json!({ "title": "Letters", "job_kind": "letters" })).await;
    let timed = json!({ "title": "Tonight", "job_kind": "letters", "run_at": "2025-03-03T21:00:00Z" });
    let scheduled = program.job(timed).await;
    let blocked = program.job(json!({ "title": "After", "job_kind": "letters", "after": [waiting] })).await;
    for id in [waiting, scheduled, blocked] {
        let said = cancel(&program, id).await;
        assert_eq!(said["task"]["status"], "cancelled");
        assert_eq!(cancel(&program, id).await["task"]["status"], "cancelled", "twice is the same as once");
        assert_eq!(changes(&house.look(), id), ["created", "cancelled"]);
    }
    house.advance(SignedDuration::from_hours(24));
    assert_eq!(program.claim("letters", LEASE).await, None);
    check_lives(&house.look());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_outside_hears_of_it_in_its_next_answer_acknowledges_and_stops() {
    let (house, program) = open().await;
    let held = running(&program).await;
    assert_eq!(program.report(held, 10.0).await.expect(200).json()["cancel_requested"], false);
    let said = cancel(&program, held.id).await;
    assert_eq!((&said["task"]["status"], &said["cancel_requested"]), (&json!("in_progress"), &json!(true)));
    assert_eq!(program.report(held, 11.0).await.expect(200).json()["cancel_requested"], true);
    assert_eq!(program.beat(held).await.expect(200).json()["cancel_requested"], true);
    let knows = json!({ "attempt": held.attempt, "cancel_acknowledged": true });
    for _ in 0..2 {
        program.act(held.id, "heartbeat", knows.clone()).await.expect(200);
    }
    let ended = program.finish(held, "cancelled").await.expect(200).json();
    assert_eq!(ended["status"], "cancelled");
    let told = changes(&house.look(), held.id);
    let chain: Vec<_> = told.iter().filter(|change| change.contains("cancel")).collect();
    assert_eq!(chain, ["cancel-requested", "cancel-acknowledged", "cancelled"]);
    assert_eq!(outcomes(&house.look(), held.id), [Some("cancelled".into())]);
    assert_eq!(program.claim("letters", LEASE).await, None, "no other attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_finished_before_the_request_reached_it_is_done_and_what_failed_is_not_tried_again() {
    let (house, program) = open().await;
    let held = running(&program).await;
    cancel(&program, held.id).await;
    assert_eq!(program.finish(held, "done").await.expect(200).json()["status"], "done");
    assert_eq!(changes(&house.look(), held.id).last().unwrap(), "completed");
    let refused = program.act(held.id, "cancel", json!({})).await.expect(409).json();
    assert!(!refused["detail"].as_str().unwrap().is_empty());
    let held = running(&program).await;
    cancel(&program, held.id).await;
    assert_eq!(program.finish(held, "failed").await.expect(200).json()["status"], "failed");
    assert_eq!(program.claim("letters", LEASE).await, None);
    check_lives(&house.look());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ignores_it_and_is_alive_goes_on_and_who_falls_silent_is_cancelled_by_the_server() {
    let (house, program) = open().await;
    let held = running(&program).await;
    cancel(&program, held.id).await;
    for step in 1..=5 {
        house.advance(SignedDuration::from_secs(LEASE - 1));
        let said = program.report(held, f64::from(step)).await.expect(200).json();
        assert_eq!((&said["task"]["status"], &said["cancel_requested"]), (&json!("in_progress"), &json!(true)));
    }
    house.advance(SignedDuration::from_secs(2 * LEASE));
    until_status(&program, held.id, "cancelled").await;
    program.finish(held, "done").await.expect(409);
    assert_eq!(program.claim("letters", LEASE).await, None);
    // Without a lease, a minute of silence is enough.
    let own = program.job(json!({ "title": "My own" })).await;
    program.act(own, "progress", json!({ "progress": 10 })).await.expect(200);
    cancel(&program, own).await;
    house.advance(SignedDuration::from_secs(61));
    until_status(&program, own, "cancelled").await;
    check_lives(&house.look());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_cancels_at_once_are_one_request() {
    let (house, program) = open().await;
    let held = running(&program).await;
    let waiting = program.job(json!({ "title": "Letters", "job_kind": "letters" })).await;
    let all = (0..16).map(|number| {
        let program = program.clone();
        let id = if number % 2 == 0 { held.id } else { waiting };
        tokio::spawn(async move { cancel(&program, id).await })
    });
    for answer in futures_util::future::join_all(all).await {
        assert!(answer.is_ok());
    }
    assert_eq!(changes(&house.look(), held.id), ["created", "claimed", "cancel-requested"]);
    assert_eq!(changes(&house.look(), waiting), ["created", "cancelled"]);
    // The page's button and the program's end at the same instant: one of them holds.
    let (asked, ended) = tokio::join!(program.act(held.id, "cancel", json!({})), program.finish(held, "done"));
    ended.expect(200);
    assert!([200, 409].contains(&asked.status.as_u16()));
    check_lives(&house.look());
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_parent_cancels_its_children_and_it_ends_when_they_have() {
    let (house, program) = open().await;
    let parent = program.job(json!({ "title": "All letters" })).await;
    let mut children = Vec::new();
    for number in 0..6 {
        let body =
            json!({ "title": format!("Letter {number}"), "job_kind": "letters", "parent": parent, "max_attempts": 2 });
        children.push(program.job(body).await);
    }
    let done = program.claim("letters", LEASE).await.unwrap();
    program.finish(done, "done").await.expect(200);
    let (heeds, finishes) =
        (program.claim("letters", LEASE).await.unwrap(), program.claim("letters", LEASE).await.unwrap());
    cancel(&program, parent).await;
    for id in children.iter().filter(|id| ![done.id, heeds.id, finishes.id].contains(id)) {
        until_status(&program, *id, "cancelled").await;
    }
    for held in [heeds, finishes] {
        eventually("a running child is asked", || async {
            let said = program.beat(held).await.expect(200).json();
            (said["cancel_requested"] == true).then_some(())
        })
        .await;
    }
    assert_ne!(program.read(parent).await["status"], "cancelled", "two of them still run");
    program.finish(heeds, "cancelled").await.expect(200);
    program.finish(finishes, "done").await.expect(200);
    until_status(&program, parent, "cancelled").await;
    let counts = program.read(parent).await["counts"].clone();
    assert_eq!((&counts["succeeded"], &counts["skipped"], &counts["failed"]), (&json!(2), &json!(4), &json!(0)));
    assert_eq!(program.claim("letters", LEASE).await, None);
    let told = changes(&house.look(), parent);
    assert_eq!(told.iter().filter(|change| *change == "cancelled").count(), 1, "{told:?}");
}
