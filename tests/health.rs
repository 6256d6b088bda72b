//! How the house itself is: what a check finds stands under the settings of those whose house it is, and beneath the answer
//! that supervisors get; it never turns anybody away who could be served.

use jiff::SignedDuration;
use milepost::tasks::actions::NewJob;
use milepost::tasks::{Status, TaskId};
use serde_json::{Value, json};

use crate::support::html::Page;
use crate::support::jobs::{create_job, ended, start_kind, until};
use crate::support::program;
use crate::support::server::House;

/// The result of a check, and what its items say.
async fn check(house: &House) -> (Value, Vec<String>) {
    let id = start_kind(house, "check-health", json!(null)).await;
    let done = ended(house, id).await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    let result = done.job().unwrap().result.as_deref().unwrap().clone();
    let items = milepost::jobs::sql::items(&house.look(), id, None, 0, 100).unwrap();
    assert_eq!(done.counts.unwrap().processed(), 9);
    (result, items.into_iter().map(|item| item.message.unwrap_or_default()).collect())
}

fn panel(page: &Page) -> String {
    page.text("#health")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_show_each_check_with_its_figure_and_what_to_do() {
    let house = House::open().await;
    assert!(panel(&house.alice().open("/settings").await).contains("Nobody has looked yet."));
    // The form of the panel starts a look, and leads to its job.
    let alice = house.alice();
    let form = alice.open("/settings").await.form("[action$='/check-health']");
    let answer = alice.submit(&form).await.expect(303);
    let id: i64 = answer.location().unwrap().trim_start_matches("/tasks/").parse().unwrap();
    ended(&house, TaskId::new(id)).await;
    let page = alice.open("/settings").await;
    assert_eq!(page.attributes("#health .checks > li", "data-health").len(), 9);
    assert!(panel(&page).contains("There is none yet."), "{}", panel(&page));
    let backup = page.attributes("#health .checks > li", "data-health")[4].clone();
    assert_eq!(backup, "well", "on its first day a house has no backup yet");
    assert!(!page.has("#health .check-advice"), "what is well needs no advice: {}", panel(&page));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_well_is_found_with_its_advice_and_gets_well_again() {
    let house = House::open().await;
    let alice = house.client("alice");
    let program = house.program("alice", "read work").await;
    house.advance(SignedDuration::from_hours(30));
    create_job(&house, "alice", NewJob { job_kind: Some("letters".into()), ..NewJob::default() }).await.unwrap();
    let task =
        program::make(&program, json!({ "title": "Copy", "job_kind": "copy", "stalled_after_seconds": 40 })).await;
    let claimed =
        program::post(&program, "/api/v1/claims", json!({ "kinds": ["copy"], "worker": "w-1", "lease_seconds": 3600 }));
    claimed.await.expect(200);
    house.advance(SignedDuration::from_secs(60));
    let stuck = TaskId::new(task["id"].as_i64().unwrap());
    until(&house, stuck, "it stands still", |task| task.job().unwrap().stalled_at.is_some()).await;
    house.advance(SignedDuration::from_hours(2));
    let (result, items) = check(&house).await;
    assert_eq!(result["backup"], json!({ "state": "warning", "figure": null }));
    assert_eq!(result["waiting"], json!({ "state": "warning", "figure": 1 }));
    assert_eq!(result["writer"]["state"], "well", "{result}");
    assert!(items.iter().any(|item| item.starts_with("There is none yet. Look at the schedule")), "{items:#?}");
    let page = alice.open("/settings").await;
    assert!(page.has("#health .panel-head [data-health='warning']"), "{}", panel(&page));
    assert!(panel(&page).contains("One job has waited for more than an hour."), "{}", panel(&page));
    let id = start_kind(&house, "backup", json!(null)).await;
    assert_eq!(ended(&house, id).await.status, Status::Done);
    house.advance(SignedDuration::from_mins(5));
    let (result, _) = check(&house).await;
    assert_eq!(result["backup"], json!({ "state": "well", "figure": 5 }));
    house.advance(SignedDuration::from_hours(24 * 8));
    assert!(house.nobody().get("/readyz").await.expect(200).body.starts_with("ready"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_stands_still_is_counted() {
    let house = House::open().await;
    let program = house.program("alice", "read work").await;
    let task =
        program::make(&program, json!({ "title": "Copy", "job_kind": "copy", "stalled_after_seconds": 40 })).await;
    program::claim(&program, "copy").await.expect("it waits");
    let beat = json!({ "attempt": 1, "lease_seconds": 3600 });
    program::act(&program, &task, "heartbeat", beat).await.expect(200);
    house.advance(SignedDuration::from_secs(60));
    let stuck = TaskId::new(task["id"].as_i64().unwrap());
    until(&house, stuck, "it stands still", |task| task.job().unwrap().stalled_at.is_some()).await;
    let (result, items) = check(&house).await;
    assert_eq!(result["stuck"], json!({ "state": "warning", "figure": 1 }));
    assert!(items.iter().any(|item| item.starts_with("One job runs without progress")), "{items:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_look_is_said_to_be_old() {
    let house = House::open().await;
    check(&house).await;
    assert!(!panel(&house.alice().open("/settings").await).contains("more than an hour ago"));
    house.advance(SignedDuration::from_hours(2));
    assert!(panel(&house.alice().open("/settings").await).contains("more than an hour ago"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_whose_house_it_is_are_told_how_it_is() {
    let house = House::open().await;
    check(&house).await;
    for name in ["nobody", "bob", "stranger"] {
        assert_eq!(house.client(name).get("/readyz").await.expect(200).body, "ready", "{name}");
    }
    for name in ["alice", "ada"] {
        let told = house.client(name).get("/readyz").await.expect(200).body;
        assert!(told.starts_with("ready\n") && told.contains("\nbackup: well: There is none yet."), "{name}: {told}");
    }
    assert!(house.ada().open("/settings").await.has("#health"));
    assert!(!house.stranger().open("/settings").await.has("#health"));
    assert_eq!(house.program("alice", "read work").await.get("/readyz").await.expect(200).body, "ready");
    let admin = house.organisation_token("admin").await;
    let supervisor = crate::support::client::Client::with_token(house.url(), &admin);
    assert!(supervisor.get("/readyz").await.expect(200).body.contains("\ndisk: "));
    let job = NewJob { job_kind: Some("check-health".into()), ..NewJob::default() };
    assert!(create_job(&house, "stranger", job).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_write_is_not_ready() {
    let house = House::open().await;
    // It has done what it does at its start.
    house.nobody().get("/readyz").await.expect(200);
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let app = house.server.app.clone();
    let held = tokio::spawn(async move {
        app.db
            .write(move |_| {
                // Ends with its sender.
                let _ = wait.recv();
                Ok(())
            })
            .await
    });
    let answer = house.nobody().get("/readyz").await.expect(503);
    assert_eq!(answer.body, "not ready");
    drop(go_on);
    held.await.unwrap().unwrap();
    house.nobody().get("/readyz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_failed_is_told_of_until_something_gets_through_or_a_day_has_passed() {
    let house = House::open().await;
    let note = async |told: Option<&'static str>| {
        let noted = move |w: &mut milepost::db::Write<'_>| {
            milepost::notify::sql::save_channel(w.conn, milepost::notify::Channel::Email, told, w.now)
        };
        house.server.app.db.write(noted).await.unwrap();
    };
    let state = async || check(&house).await.0["channels"].clone();
    note(Some("no answer")).await;
    assert_eq!(state().await, json!({ "state": "warning", "figure": 1 }));
    note(None).await;
    assert_eq!(state().await, json!({ "state": "well", "figure": 0 }));
    note(Some("no answer")).await;
    house.advance(SignedDuration::from_hours(25));
    assert_eq!(state().await, json!({ "state": "well", "figure": 0 }), "nobody has used it since");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_travels_unencrypted_is_told_with_what_to_do() {
    let server = "smtp://ada:secret@mail.example".parse().unwrap();
    let mail = milepost::notify::mail::Mail { server, from: "works@harbour.example".parse().unwrap() };
    let house = House::open_with(|config| config.mail = Some(mail)).await;
    let (result, items) = check(&house).await;
    assert_eq!(result["mail"], json!({ "state": "warning", "figure": 1 }));
    assert!(items.iter().any(|item| item.contains("unencrypted") && item.contains("smtps://")), "{items:#?}");
}
