//! How programs take jobs: claims, attempts, queues that are paused or limited.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::in_time;
use crate::support::program::{act, make, post, wrong};
use crate::support::server::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_job_belongs_to_one_worker_and_an_old_attempt_is_refused() {
    let house = House::open().await;
    let maker = house.program("alice", "read report").await;
    let worker = Client::with_token(house.url(), &house.organisation_token("read work").await);
    assert_eq!(post(&worker, "/api/v1/claims", json!({})).await.expect(204).body, "");
    let job = make(&maker, json!({ "title": "Letters", "job_kind": "letters", "backoff": [0] })).await;
    post(&maker, "/api/v1/claims", json!({})).await.expect(403);
    let claim = json!({ "kinds": ["letters"], "worker": "w-7", "lease_seconds": 5 });
    let claimed = post(&worker, "/api/v1/claims", claim.clone()).await.expect(200).json();
    assert_eq!(
        (&claimed["id"], &claimed["attempt"], &claimed["job"]["worker"]),
        (&job["id"], &json!(1), &json!("w-7"))
    );
    assert_eq!(claimed["lease_expires_at"], "2025-03-03T09:00:05Z");
    post(&worker, "/api/v1/claims", claim.clone()).await.expect(204);
    act(&worker, &job, "progress", json!({ "progress": 1 })).await.expect(409);
    act(&worker, &job, "heartbeat", json!({ "attempt": 1 })).await.expect(200);
    act(&worker, &job, "finish", json!({ "attempt": 1, "outcome": "failed", "error": "no paper" })).await.expect(200);
    // It goes back to the queue at once, and a second later at the latest it can be taken.
    house.advance(SignedDuration::from_secs(1));
    let wait = json!({ "kinds": ["letters"], "wait_seconds": 20 });
    let again = in_time("claimed again", post(&worker, "/api/v1/claims", wait)).await.expect(200).json();
    assert_eq!(again["attempt"], 2);
    let refused = act(&worker, &job, "progress", json!({ "attempt": 1, "progress": 90 })).await.expect(409).json();
    assert!(refused["detail"].as_str().unwrap().contains("attempt 2"), "{refused}");
    act(&maker, &job, "cancel", json!({})).await.expect(200);
    let told = act(&worker, &job, "progress", json!({ "attempt": 2, "progress": 10 })).await.expect(200).json();
    assert_eq!(told["cancel_requested"], true);
    act(&worker, &job, "finish", json!({ "attempt": 2, "outcome": "cancelled" })).await.expect(200);
    let retried = act(&maker, &job, "retry", json!({})).await.expect(200).json();
    assert_eq!(retried["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_waits_for_work_and_ends_with_the_server() {
    let house = House::open().await;
    let maker = house.program("alice", "report").await;
    let worker = Client::with_token(house.url(), &house.organisation_token("work").await);
    let wait = json!({ "kinds": ["letters"], "wait_seconds": 60 });
    let waiting = tokio::spawn({
        let (worker, wait) = (worker.clone(), wait.clone());
        async move { post(&worker, "/api/v1/claims", wait).await }
    });
    make(&maker, json!({ "title": "Other", "job_kind": "other" })).await;
    let job = make(&maker, json!({ "title": "Letters", "job_kind": "letters" })).await;
    let claimed = in_time("the job is claimed", waiting).await.unwrap().expect(200).json();
    assert_eq!(claimed["id"], job["id"]);
    let waiting = tokio::spawn(async move { post(&worker, "/api/v1/claims", wait).await });
    // Whether it waits already or comes too late, it is over soon.
    in_time("the server ends", house.server.stop()).await;
    let _ = in_time("the claim ends", waiting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_under_a_key_is_answered_again_and_old_answers_are_forgotten() {
    let house = House::open().await;
    let maker = house.program("alice", "report").await;
    let worker = Client::with_token(house.url(), &house.organisation_token("work").await);
    let claim = async || {
        let request = worker.request(Method::POST, "/api/v1/claims").header("idempotency-key", "k");
        worker.send(request.header("content-type", "application/json").body("{}")).await
    };
    claim().await.expect(204);
    make(&maker, json!({ "title": "Letters", "job_kind": "letters" })).await;
    make(&maker, json!({ "title": "Letters", "job_kind": "letters" })).await;
    let first = claim().await.expect(200);
    assert_eq!(claim().await.expect(200).body, first.body);
    let kept = || -> i64 { house.look().query_row("select count(*) from kept_answers", [], |row| row.get(0)).unwrap() };
    assert_eq!(kept(), 1);
    house.advance(SignedDuration::from_hours(24));
    let over_before = house.server.clock.now() - milepost::config::ANSWERS_KEPT;
    let answers = milepost::people::sql::Leftover::Answers;
    milepost::people::actions::remove_leftovers(&house.server.app, answers, over_before).await.unwrap();
    assert_eq!(kept(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_paused_and_limited_by_an_admins_token() {
    let house = House::open().await;
    let admin = house.program("alice", "read admin work").await;
    let make_two = async || {
        for _ in 0..2 {
            make(&admin, json!({ "title": "Letters", "job_kind": "letters", "queue": "post office" })).await;
        }
    };
    make_two().await;
    let path = "/api/v1/queues/queue/post%20office";
    let put = async |body: Value| admin.send_json(Method::PUT, path, &body.to_string()).await;
    put(json!({ "is_paused": true })).await.expect(200);
    post(&admin, "/api/v1/claims", json!({})).await.expect(204);
    put(json!({ "at_once": 1 })).await.expect(200);
    post(&admin, "/api/v1/claims", json!({})).await.expect(200);
    post(&admin, "/api/v1/claims", json!({})).await.expect(204);
    let listed = admin.get("/api/v1/queues").await.expect(200).json();
    assert_eq!(listed["items"], json!([{ "what": "queue", "name": "post office", "is_paused": false, "at_once": 1 }]));
    assert_eq!(wrong(put(json!({ "at_once": 0 })).await), ["at_once"]);
    let path = "/api/v1/queues/queue/post%2Foffice";
    let slash = admin.send_json(Method::PUT, path, r#"{"is_paused":true}"#).await.expect(200).json();
    assert_eq!(slash["name"], "post/office");
    admin.send_json(Method::PUT, "/api/v1/queues/colour/red", "{}").await.expect(404);
}
