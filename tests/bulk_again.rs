//! Jobs that went through many tasks, run again: after their undo, over it, with only what was refused, while they still run.

use std::sync::Arc;

use milepost::jobs::actions::{Wanted, by_milepost, claim_built_in, give_back, retry};
use milepost::tasks::{Status, Task, TaskId, Via};
use reqwest::Method;
use serde_json::{Value, json};

use crate::bulk::{EDIT, bulk, job, many, tally};
use crate::support::jobs::{create_job, ended, until, viewer};
use crate::support::server::House;

/// Runs it again, to its end.
async fn again(house: &House, id: TaskId, only_failed: bool) -> Arc<Task> {
    let attempt = crate::support::jobs::task(house, id).job().unwrap().attempt;
    let alice = viewer(house, "alice");
    house.server.app.act(&alice, Via::Page, move |w, by| retry(w, by, id, only_failed)).await.unwrap();
    let has_ended = move |task: &Task| task.job().unwrap().attempt > attempt && task.status.has_ended();
    until(house, id, "it ends again", has_ended).await
}

/// How many are due on this day.
fn due(house: &House, day: &str) -> i64 {
    house.look().query_row("select count(*) from tasks where due_date = ?", [day], |row| row.get(0)).unwrap()
}

/// Some tasks that are due on the first of April, and a job that moved them by a day.
async fn moved(count: usize) -> (House, TaskId) {
    let house = House::open().await;
    many(&house.alice(), house.people.id("bob"), count).await;
    bulk(&house, "alice", "bulk-edit", json!({ "kind": "assignment", "set_due": "2025-04-01" })).await;
    let done = bulk(&house, "alice", "bulk-edit", json!({ "kind": "assignment", "shift_days": 1 })).await;
    (house, done.id)
}

fn undo(of: TaskId) -> Value {
    json!({ "act": "undo", "of_job": of })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_undone_is_done_again_when_the_job_is_run_again() {
    let (house, first) = moved(120).await;
    assert_eq!(due(&house, "2025-04-02"), 120);
    let undone = bulk(&house, "alice", "bulk-edit", undo(first)).await;
    assert_eq!((tally(&undone), due(&house, "2025-04-01")), ([120, 0, 0], 120));
    let redone = again(&house, first, false).await;
    assert_eq!((tally(&redone), due(&house, "2025-04-02")), ([120, 0, 0], 120), "it is done, not only said");
    // Run again without an undo in between, nothing is moved twice, and it says so.
    let same = again(&house, first, false).await;
    assert_eq!((tally(&same)[0], due(&house, "2025-04-02")), (120, 120));
    let log = house.alice().get(&format!("/tasks/{first}/log")).await.body;
    assert!(log.contains("120 of them were done by earlier attempts"), "{log}");
    // The undo, run again, undoes what was done again.
    let back = again(&house, undone.id, false).await;
    assert_eq!((tally(&back), due(&house, "2025-04-01")), ([120, 0, 0], 120));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_is_undone_stands_as_if_it_had_never_been() {
    let (house, first) = moved(60).await;
    let undone = bulk(&house, "alice", "bulk-edit", undo(first)).await.id;
    let over = bulk(&house, "alice", "bulk-edit", undo(undone)).await;
    assert_eq!((tally(&over), due(&house, "2025-04-02")), ([60, 0, 0], 60));
    assert_eq!(tally(&*again(&house, first, false).await)[0], 60);
    assert_eq!(due(&house, "2025-04-02"), 60, "no date was moved twice");
    let last = bulk(&house, "alice", "bulk-edit", undo(over.id)).await;
    assert_eq!((tally(&last), due(&house, "2025-04-01")), ([60, 0, 0], 60));
    assert_eq!(tally(&*again(&house, first, false).await)[0], 60);
    assert_eq!(due(&house, "2025-04-02"), 60, "undone three times, it is to be done again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_runs_is_not_undone_yet() {
    let house = House::open_with(|config| config.workers = 0).await;
    many(&house.alice(), house.people.id("bob"), 3).await;
    let payload = json!({ "kind": "assignment", "set_priority": "urgent" });
    let id = create_job(&house, "alice", job("bulk-edit", payload)).await.unwrap();
    let program = house.program("alice", "report read admin").await;
    let body = json!({ "title": "Back", "job_kind": "bulk-edit", "payload": undo(id) }).to_string();
    let refused = program.send_json(Method::POST, "/api/v1/tasks", &body).await.expect(409);
    assert!(refused.body.contains(&format!("Job #{id} has not ended yet")), "{}", refused.body);
    let page = house.alice().get(&format!("{EDIT}?act=undo&of_job={id}&show=1")).await.expect(409);
    assert!(page.contains("has not ended yet"), "{}", page.said());
    // Made when it had ended, and taken when it was run again: the undo refuses then.
    house.alice().post(&format!("/tasks/{id}/cancel"), &[]).await.expect(303);
    let first =
        json!({ "title": "Back", "job_kind": "bulk-edit", "payload": undo(id), "queue_priority": 9 }).to_string();
    let made = program.send_json(Method::POST, "/api/v1/tasks", &first).await.expect(201).json();
    let back = TaskId::new(made["id"].as_i64().unwrap());
    let alice = viewer(&house, "alice");
    house.server.app.act(&alice, Via::Page, move |w, by| retry(w, by, id, false)).await.unwrap();
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let _workers = milepost::jobs::kinds::worker::start_workers(&house.server.app, 1, &stopped);
    let failed = until(&house, back, "it is refused", |task| task.job().unwrap().error.is_some()).await;
    assert!(failed.job().unwrap().error.as_ref().unwrap().contains("has not ended yet"), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_refusals_than_are_recorded_are_not_tried_again_alone() {
    let house = House::open_with(|config| {
        let mut output = (*config.output).clone();
        output.items = 10;
        config.output = Arc::new(output);
    })
    .await;
    many(&house.alice(), house.people.id("bob"), 30).await;
    let carol = house.people.id("carol").to_owned();
    let alice = house.alice();
    alice.post(&format!("/people/{carol}/deactivate"), &[]).await.expect(303);
    let payload = json!({ "until": 9_999, "set_assignee": carol.parse::<i64>().unwrap() });
    let refused = bulk(&house, "alice", "bulk-edit", payload).await;
    assert_eq!(tally(&refused), [0, 0, 30]);
    let path = format!("/tasks/{}/retry", refused.id);
    let told = alice.post(&path, &[("only_failed_items", "1")]).await.expect(409);
    assert!(told.contains("Of 30 that were refused only 10 are recorded"), "{}", told.said());
    alice.post(&format!("/people/{carol}/reactivate"), &[]).await.expect(303);
    let whole = again(&house, refused.id, false).await;
    assert_eq!((whole.status, tally(&whole)), (Status::Done, [30, 0, 0]));
    assert_eq!(ended(&house, refused.id).await.counts.unwrap().total, Some(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_ran_it_again_in_anothers_name_must_still_be_an_admin() {
    for (still, changed) in [(true, 3), (false, 0)] {
        let house = House::open_with(|config| config.workers = 0).await;
        many(&house.alice(), house.people.id("bob"), 3).await;
        let payload = json!({ "kind": "assignment", "set_priority": "urgent" });
        let id = create_job(&house, "alice", job("bulk-edit", payload)).await.unwrap();
        house.alice().post(&format!("/tasks/{id}/cancel"), &[]).await.expect(303);
        let ada = viewer(&house, "ada");
        house.server.app.act(&ada, Via::Page, move |w, by| retry(w, by, id, false)).await.unwrap();
        if !still {
            let path = format!("/people/{}/role", house.people.id("ada"));
            house.alice().post(&path, &[("role", "member")]).await.expect(303);
        }
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let _workers = milepost::jobs::kinds::worker::start_workers(&house.server.app, 1, &stopped);
        let done = ended(&house, id).await;
        let urgent = "select count(*) from tasks where priority = 'urgent'";
        let urgent: i64 = house.look().query_row(urgent, [], |row| row.get(0)).unwrap();
        assert_eq!((urgent, done.status == Status::Done), (changed, still), "{:?}", done.job().unwrap().error);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_says_nothing_of_what_it_is_not_for() {
    let house = House::open_with(|config| config.workers = 0).await;
    let elsewhere =
        create_job(&house, "stranger", job("bulk-edit", json!({ "until": 1, "set_priority": "low" }))).await;
    let elsewhere = elsewhere.unwrap();
    let task = house.assign("No such job", "bob").await.parse().unwrap();
    let nothing = TaskId::new(99_999);
    let program = house.program("alice", "report read admin").await;
    let mut jobs = Vec::new();
    for of in [elsewhere, task, nothing] {
        let body = json!({ "title": "Back", "job_kind": "bulk-edit", "payload": undo(of), "queue_priority": 9, "max_attempts": 1 })
            .to_string();
        let made = program.send_json(Method::POST, "/api/v1/tasks", &body).await.expect(201).json();
        jobs.push(TaskId::new(made["id"].as_i64().unwrap()));
        house.alice().get(&format!("{EDIT}?act=undo&of_job={of}&show=1")).await.expect(404);
        house.alice().post(EDIT, &[("act", "undo"), ("of_job", &of.to_string())]).await.expect(404);
    }
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let _workers = milepost::jobs::kinds::worker::start_workers(&house.server.app, 1, &stopped);
    for job in jobs {
        let failed = ended(&house, job).await;
        let why = failed.job().unwrap().error.clone();
        assert_eq!(why.as_deref(), Some("The job whose changes were to be undone is not there any more."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_undone_is_not_run_again_meanwhile() {
    let house = House::open_with(|config| config.workers = 0).await;
    many(&house.alice(), house.people.id("bob"), 3).await;
    let payload = json!({ "kind": "assignment", "set_priority": "urgent" });
    let id = create_job(&house, "alice", job("bulk-edit", payload)).await.unwrap();
    house.alice().post(&format!("/tasks/{id}/cancel"), &[]).await.expect(303);
    let back = create_job(&house, "alice", job("bulk-edit", undo(id))).await.unwrap();
    let app = house.server.app.clone();
    let (dispatch, output) = (app.dispatch.clone(), app.config.output.clone());
    let wanted =
        Wanted { kinds: vec!["bulk-edit".into()], queues: Vec::new(), worker: Some("one".into()), lease_seconds: 60 };
    let taken = app.db.write(move |w| claim_built_in(w, (&dispatch, &output), &wanted, None)).await.unwrap().unwrap();
    assert_eq!(taken.id, back, "the undo runs");
    let again = format!("/tasks/{id}/retry");
    let told = house.alice().post(&again, &[]).await.expect(409);
    assert!(told.contains("Its changes are being undone just now"), "{}", told.said());
    assert_eq!(crate::support::jobs::task(&house, id).status, Status::Cancelled);
    let by = by_milepost(taken.organisation, &app.dispatch, &app.config.output);
    let attempt = taken.job().unwrap().attempt;
    app.db.write(move |w| give_back(w, &by, back, attempt)).await.unwrap();
    house.alice().post(&again, &[]).await.expect(303);
}
