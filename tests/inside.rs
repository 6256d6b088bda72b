//! The workers inside the program: they run jobs of built-in kinds for every organisation, hear when they are to stop, and
//! outlive what breaks in a job.

use jiff::SignedDuration;
use milepost::clock::Clock;
use milepost::error::Error;
use milepost::jobs::actions::{Wanted, cancel, claim};
use milepost::jobs::items::ItemOutcome;
use milepost::jobs::sql;
use milepost::tasks::actions::NewJob;
use milepost::tasks::{Status, TaskId, Via};
use reqwest::Method;
use serde_json::json;

use crate::support::client::Client;
use crate::support::jobs::{changes, create_job, ended, start_kind, task, until, viewer};
use crate::support::program::{TASKS, make, post};
use crate::support::server::{House, Running};

const QUICK: u64 = 1;
/// Longer than any test waits.
const SLOW: u64 = 600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_built_in_job_runs_reports_and_leaves_its_output() {
    let house = House::open().await;
    let payload = json!({ "steps": 6, "step_milliseconds": QUICK, "fail_each": 3 });
    let id = start_kind(&house, "rehearsal", payload).await;
    let done = ended(&house, id).await;
    assert_eq!(done.status, Status::Done);
    let counts = done.counts.unwrap();
    assert_eq!((counts.total, counts.succeeded, counts.failed), (Some(6), 4, 2));
    let job = done.job().unwrap();
    assert_eq!(job.result.as_deref(), Some(&json!({ "steps": 6, "failed": 2 })));
    let conn = house.look();
    let log = sql::read_log(&conn, id, 0, 10_000).unwrap();
    assert_eq!(log.text.lines().count(), 6);
    assert_eq!((log.end, log.text.lines().next()), (job.log_bytes, Some("step 1 of 6: succeeded")));
    let groups = sql::item_groups(&conn, id, ItemOutcome::Failed, 10, 5).unwrap();
    assert_eq!((groups[0].items, groups[0].first.concat()), (2, "step 3step 6".into()));
    let actor: Option<i64> = conn
        .query_row("select actor_id from trail where task_id = ? and change = 'completed'", [id], |row| row.get(0))
        .unwrap();
    assert_eq!(actor, None, "Milepost itself did it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_built_in_job_that_is_cancelled_stops_and_says_so() {
    let house = House::open().await;
    let id = start_kind(&house, "rehearsal", json!({ "step_milliseconds": SLOW })).await;
    let running = until(&house, id, "it reports", |task| task.stage.is_some()).await;
    let alice = viewer(&house, "alice");
    house.server.app.act(&alice, Via::Page, move |w, by| cancel(w, by, &running, None)).await.unwrap();
    assert_eq!(ended(&house, id).await.status, Status::Cancelled);
    let said = changes(&house, id);
    assert_eq!(said[said.len() - 3..], ["cancel-requested", "cancel-acknowledged", "cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_in_a_kind_is_a_failed_attempt_and_the_worker_goes_on() {
    let house = House::open_with(|config| config.workers = 1).await;
    let broken = start_kind(&house, "rehearsal", json!({ "step_milliseconds": QUICK, "panic_at": 2 })).await;
    let failing = start_kind(&house, "rehearsal", json!({ "step_milliseconds": QUICK, "fail_at": 2 })).await;
    let fine = start_kind(&house, "rehearsal", json!({ "steps": 1, "step_milliseconds": QUICK })).await;
    let error = async |id| ended(&house, id).await.job().unwrap().error.clone().unwrap();
    assert!(error(broken).await.contains("broke off unexpectedly"));
    assert_eq!(error(failing).await, "It was to fail at step 2.");
    assert_eq!(ended(&house, fine).await.status, Status::Done);
    let attempt = &sql::attempts(&house.look(), broken, 10).unwrap()[0];
    assert_eq!(attempt.outcome, Some(milepost::jobs::Outcome::Failed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_the_end_of_the_program_cuts_short_is_given_back_and_run_by_the_next_one() {
    let house = House::open_with(|config| config.workers = 1).await;
    let id = start_kind(&house, "rehearsal", json!({ "steps": 2, "step_milliseconds": 300 })).await;
    until(&house, id, "it reports", |task| task.stage.is_some()).await;
    let (database, later) = (house.database(), house.server.clock.now() + SignedDuration::from_hours(1));
    let conn = house.look();
    let (folder, server) = house.into_parts();
    server.stop().await;
    let now = milepost::tasks::sql::find(&conn, id).unwrap().unwrap();
    assert_eq!(now.status, Status::Pending, "{now:#?}");
    let attempt = &sql::attempts(&conn, id, 10).unwrap()[0];
    assert_eq!(attempt.outcome, Some(milepost::jobs::Outcome::Lost));
    let server = Running::start(&database, Clock::manual(later)).await;
    let found = crate::support::eventually("the next program ends it", || async {
        milepost::tasks::sql::find(&conn, id).unwrap().filter(|task| task.status.has_ended())
    });
    assert_eq!(found.await.status, Status::Done);
    server.stop().await;
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_outside_takes_a_built_in_job_and_only_admins_start_one() {
    let house = House::open_with(|config| config.workers = 0).await;
    let id = start_kind(&house, "rehearsal", json!({})).await;
    let alice = viewer(&house, "alice");
    let take = async |kinds: &[&str]| {
        let kinds = kinds.iter().map(ToString::to_string).collect();
        let wanted = Wanted { kinds, queues: Vec::new(), worker: None, lease_seconds: 30 };
        house.server.app.act(&alice, Via::Api, move |w, by| claim(w, by, &wanted)).await
    };
    assert!(matches!(take(&["rehearsal"]).await, Err(Error::Invalid(_))));
    assert!(take(&[]).await.unwrap().is_none(), "any kind is any that is not built in");
    assert_eq!(task(&house, id).status, Status::Pending, "without workers it waits");
    for kind in ["check-integrity", " rehearsal "] {
        let job = NewJob { job_kind: Some(kind.into()), ..NewJob::default() };
        let refused = create_job(&house, "bob", job).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_workers_serve_every_organisation() {
    let house = House::open_with(|config| config.workers = 1).await;
    let payload = json!({ "steps": 1, "step_milliseconds": QUICK });
    let ours = start_kind(&house, "rehearsal", payload.clone()).await;
    let job = NewJob { job_kind: Some("rehearsal".into()), payload, ..NewJob::default() };
    let theirs = create_job(&house, "stranger", job).await.unwrap();
    for id in [ours, theirs] {
        assert_eq!(ended(&house, id).await.status, Status::Done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admins_program_starts_a_check_and_a_members_may_not() {
    let house = House::open().await;
    let body = json!({ "title": "Check the store", "job_kind": "check-integrity" });
    let post = async |name: &str| {
        let program = house.program(name, if name == "bob" { "report read" } else { "report read admin" }).await;
        program.send(program.request(Method::POST, "/api/v1/tasks").json(&body)).await
    };
    post("bob").await.expect(403);
    let made: serde_json::Value = serde_json::from_str(&post("alice").await.expect(201).body).unwrap();
    let done = ended(&house, TaskId::new(made["id"].as_i64().unwrap())).await;
    assert_eq!(done.status, Status::Done);
}

/// The number of a job that somebody makes through the API.
async fn made(program: &Client, kind: &str) -> i64 {
    let payload = if kind == "rehearsal" { json!({ "steps": 1, "step_milliseconds": QUICK }) } else { json!({}) };
    make(program, json!({ "title": "Keep house", "job_kind": kind, "payload": payload })).await["id"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whoever_may_start_a_kind_runs_its_jobs_again() {
    let house = House::open().await;
    let owner = house.program("alice", "report admin").await;
    let id = made(&owner, "rehearsal").await;
    let done = ended(&house, TaskId::new(id)).await;
    let bob: i64 = house.people.id("bob").parse().unwrap();
    owner.send_json(Method::PATCH, &format!("{TASKS}/{id}"), &json!({ "assignee": bob }).to_string()).await.expect(200);
    let organisations = Client::with_token(house.url(), &house.organisation_token("read report").await);
    for program in [&house.program("bob", "read report").await, &organisations] {
        post(program, &format!("{TASKS}/{id}/retry"), json!({})).await.expect(403);
    }
    let bob = house.client("bob");
    bob.post(&format!("/tasks/{id}/retry"), &[]).await.refused(403);
    assert_eq!(task(&house, done.id).job().unwrap().attempt, 1);
    post(&owner, &format!("{TASKS}/{id}/retry"), json!({})).await.expect(200);
    until(&house, done.id, "it runs again", |task| task.job().unwrap().attempt == 2).await;
}
#[tokio::test(flavor = "multi_thread")]
async fn a_token_starts_what_is_for_admins_only_with_the_right_of_one() {
    let house = House::open_with(|config| config.workers = 0).await;
    let (reports, admins) = (house.program("alice", "report read").await, house.program("alice", "report admin").await);
    for kind in ["aggregate", "backup", "check-health", "check-integrity", "clean-up", "daily-statistics", "rehearsal"]
    {
        let body = json!({ "title": "Keep house", "job_kind": kind });
        let refused = post(&reports, TASKS, body).await.expect(403);
        assert!(refused.body.contains("admin"), "{}", refused.body);
        made(&admins, kind).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_milepost_runs_only_milepost_says_how_it_goes() {
    let house = House::open().await;
    let owner = house.program("alice", "read report admin").await;
    let running = start_kind(&house, "rehearsal", json!({ "step_milliseconds": SLOW })).await;
    until(&house, running, "it reports", |task| task.stage.is_some()).await;
    let over = TaskId::new(made(&owner, "rehearsal").await);
    ended(&house, over).await;
    for id in [running, over] {
        let path = format!("{TASKS}/{id}");
        for (verb, body) in [
            ("progress", json!({ "attempt": 1, "progress": 99 })),
            ("progress", json!({ "attempt": 1, "items": [{ "key": "made up", "outcome": "failed" }] })),
            ("heartbeat", json!({ "attempt": 1 })),
            ("finish", json!({ "attempt": 1, "outcome": "done", "result": { "findings": 0 } })),
        ] {
            post(&owner, &format!("{path}/{verb}"), body).await.expect(409);
        }
        for (method, place) in [(Method::POST, "log?attempt=1"), (Method::PUT, "artifacts/a.txt?attempt=1")] {
            let request = owner.request(method, &format!("{path}/{place}"));
            owner.send(request.header("content-type", "text/plain").body("made up")).await.expect(409);
        }
        let batch = json!({ "reports": [{ "task_id": id.get(), "attempt": 1, "progress": 99 }] });
        let batch = post(&owner, "/api/v1/tasks/progress", batch).await.expect(200).json();
        assert_eq!(batch["results"][0]["status"], 409);
    }
    post(&owner, &format!("{TASKS}/{running}/cancel"), json!({})).await.expect(200);
    assert_eq!(ended(&house, running).await.status, Status::Cancelled);
}
#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_creator_who_may_not_start_it_any_more_fails_when_its_time_comes() {
    let house = House::open().await;
    let (alice, carol) = (house.alice(), house.people.id("carol"));
    alice.post(&format!("/people/{carol}/role"), &[("role", "admin")]).await.expect(303);
    let organisations = Client::with_token(house.url(), &house.organisation_token("read report admin").await);
    let carols = house.program("carol", "report admin").await;
    let mut jobs = Vec::new();
    for program in [&carols, &organisations] {
        let run_at = house.server.clock.now() + SignedDuration::from_hours(1);
        let body = json!({ "title": "Later", "job_kind": "rehearsal", "max_attempts": 1, "payload": { "steps": 1, "step_milliseconds": QUICK },
            "run_at": run_at.to_string() });
        jobs.push(TaskId::new(make(program, body).await["id"].as_i64().unwrap()));
    }
    alice.post(&format!("/people/{carol}/role"), &[("role", "member")]).await.expect(303);
    house.server.clock.advance(SignedDuration::from_hours(2));
    let gone = ended(&house, jobs[0]).await;
    assert_eq!(gone.status, Status::Failed);
    let why = gone.job().unwrap().error.clone().unwrap();
    assert!(why.contains("may not do what it does any more"), "{why}");
    assert_eq!(ended(&house, jobs[1]).await.status, Status::Done);
}
