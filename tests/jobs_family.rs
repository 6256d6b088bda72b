//! A job and what belongs to it: its children, whichever ends last, and its failed items, through every further attempt.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::eventually;
use crate::support::program::{TASKS, act, claim, make, post, read};
use crate::support::server::House;

async fn house() -> (House, Client) {
    let house = House::open().await;
    let program = house.program("alice", "read report work admin").await;
    (house, program)
}

async fn finish(program: &Client, claimed: &Value, outcome: &str) -> Value {
    let said = json!({ "attempt": claimed["attempt"], "outcome": outcome });
    act(program, claimed, "finish", said).await.expect(200).json()
}

fn counts(task: &Value) -> [i64; 3] {
    ["succeeded", "failed", "skipped"].map(|part| task["counts"][part].as_i64().unwrap())
}

async fn failed_items(program: &Client, task: &Value) -> usize {
    let items = program.get(&format!("{TASKS}/{}/items?outcome=failed", task["id"])).await.expect(200).json();
    items["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_failed_items_stays_one_until_it_ends_and_forgets_none_of_them() {
    let (_house, program) = house().await;
    let task = make(&program, json!({ "title": "Letters", "job_kind": "mail", "total": 4, "backoff": [0] })).await;
    let first = claim(&program, "mail").await.unwrap();
    let item = |key: &str, outcome: &str| json!({ "key": key, "outcome": outcome });
    let items = json!([item("a", "succeeded"), item("b", "succeeded"), item("c", "failed"), item("d", "failed")]);
    act(&program, &first, "progress", json!({ "attempt": 1, "items": items })).await.expect(200);
    assert_eq!(counts(&finish(&program, &first, "done").await), [2, 2, 0]);
    act(&program, &task, "retry", json!({ "only_failed_items": true })).await.expect(200);
    let second = claim(&program, "mail").await.unwrap();
    assert_eq!((&second["job"]["only_failed_items"], counts(&second)), (&json!(true), [2, 0, 0]));
    finish(&program, &second, "failed").await;
    let third = claim(&program, "mail").await.unwrap();
    assert_eq!((&third["job"]["only_failed_items"], counts(&third)), (&json!(true), [2, 0, 0]));
    assert_eq!(failed_items(&program, &task).await, 2);
    act(&program, &third, "progress", json!({ "attempt": 3, "items": [item("c", "succeeded")] })).await.expect(200);
    // The other one was not tried: it still counts as failed.
    assert_eq!(counts(&finish(&program, &third, "done").await), [3, 1, 0]);
    assert_eq!(failed_items(&program, &task).await, 1);
    act(&program, &task, "retry", json!({ "only_failed_items": true })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_report_counts_stands_though_its_percent_is_too_low() {
    let (_house, program) = house().await;
    let task = make(&program, json!({ "title": "Letters" })).await;
    act(&program, &task, "progress", json!({ "progress": 50 })).await.expect(200);
    let item = json!([{ "key": "a", "outcome": "failed", "message": "no such street" }]);
    let said = act(&program, &task, "progress", json!({ "total": 1000, "items": item })).await.expect(200).json();
    assert_eq!((&said["task"]["progress"], counts(&said["task"])), (&json!(50.0), [0, 1, 0]));
    let said = act(&program, &task, "progress", json!({ "progress": 10, "succeeded": 5 })).await.expect(200).json();
    assert_eq!((&said["task"]["progress"], counts(&said["task"])), (&json!(50.0), [5, 1, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_is_as_its_children_are_whichever_ends_last() {
    let (_house, program) = house().await;
    for parent_first in [true, false] {
        let parent = make(&program, json!({ "title": "Parent", "job_kind": "parent" })).await;
        let claimed = claim(&program, "parent").await.unwrap();
        make(&program, json!({ "title": "Child", "job_kind": "child", "parent": parent["id"], "max_attempts": 1 }))
            .await;
        let child = claim(&program, "child").await.unwrap();
        if parent_first {
            assert_eq!(finish(&program, &claimed, "done").await["status"], "in_progress");
            finish(&program, &child, "failed").await;
        } else {
            finish(&program, &child, "failed").await;
            finish(&program, &claimed, "done").await;
        }
        assert_eq!(read(&program, &parent).await["status"], "failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_parent_that_is_cancelled_ends_with_its_children_and_takes_no_more() {
    let (_house, program) = house().await;
    let parent = make(&program, json!({ "title": "Parent", "job_kind": "parent" })).await;
    let child = json!({ "title": "Child", "job_kind": "child", "parent": parent["id"] });
    make(&program, child.clone()).await;
    make(&program, child.clone()).await;
    let running = claim(&program, "child").await.unwrap();
    let mut events = program.events(&format!("/api/v1/events?task={}", parent["id"]), None).await;
    events.named("hello").await;
    act(&program, &parent, "cancel", json!({})).await.expect(200);
    post(&program, TASKS, child).await.expect(409);
    while !read(&program, &running).await["job"]["cancel_requested"].as_bool().unwrap() {
        events.named("task").await;
    }
    finish(&program, &running, "cancelled").await;
    let ended = read(&program, &parent).await;
    assert_eq!((&ended["status"], counts(&ended)), (&json!("cancelled"), [0, 0, 2]));
    program.send_json(Method::DELETE, &format!("{TASKS}/{}", running["id"]), "").await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_does_not_wait_for_its_own_parent() {
    let (_house, program) = house().await;
    let grandparent = make(&program, json!({ "title": "Grandparent" })).await;
    let parent = make(&program, json!({ "title": "Parent", "parent": grandparent["id"] })).await;
    for above in [&parent, &grandparent] {
        let child = json!({ "title": "Child", "job_kind": "child", "parent": parent["id"], "after": [above["id"]] });
        post(&program, TASKS, child).await.expect(422);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_is_no_deeper_than_one_write_can_carry() {
    let (_house, program) = house().await;
    let mut above = make(&program, json!({ "title": "First" })).await;
    for _ in 0..8 {
        above = make(&program, json!({ "title": "Next", "parent": above["id"] })).await;
    }
    post(&program, TASKS, json!({ "title": "Too deep", "parent": above["id"] })).await.expect(422);
    act(&program, &above, "progress", json!({ "progress": 50 })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_cancels_or_joins_by_a_detour_what_is_not_theirs() {
    let (house, program) = house().await;
    let bob = house.program("bob", "read report").await;
    // Bob sees the jobs of a project that he is in.
    let alice = house.alice();
    alice.post("/projects", &[("name", "Shop")]).await.expect(303);
    alice.post("/projects/1/members", &[("members", house.people.id("bob"))]).await.expect(303);
    let job = json!({ "title": "Sync", "job_kind": "sync", "project": 1, "unique_key": "shop" });
    let hers = make(&program, job).await;
    read(&bob, &hers).await;
    let detour = json!({ "title": "Mine", "job_kind": "sync", "unique_key": "shop", "on_duplicate": "replace" });
    post(&bob, TASKS, detour).await.expect(403);
    post(&bob, TASKS, json!({ "title": "Child", "parent": hers["id"] })).await.expect(403);
    assert_eq!(read(&program, &hers).await["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_waits_gets_nothing_once_its_token_is_revoked() {
    let (house, program) = house().await;
    let worker = Client::with_token(house.url(), &house.organisation_token("work").await);
    let waiting = tokio::spawn({
        let body = json!({ "kinds": ["secret"], "wait_seconds": 20 });
        async move { post(&worker, "/api/v1/claims", body).await }
    });
    eventually("the claim waits", || std::future::ready((house.server.app.dispatch.waits() > 0).then_some(()))).await;
    let alice = house.alice();
    let link = alice.open("/settings").await.attribute("#tokens a[href$='/revoke']", "href").unwrap();
    let confirm = alice.open(&link).await;
    alice.submit(&confirm.form("[action$='/revoke']")).await;
    let task = make(&program, json!({ "title": "Secret", "job_kind": "secret" })).await;
    waiting.await.unwrap().expect(401);
    assert_eq!(read(&program, &task).await["status"], "pending");
}
