//! A search of everything that was written: each place where it finds something is a row of a file, and nobody finds what
//! they may not see.

use milepost::jobs::actions::{append_log, cancel};
use milepost::tasks::actions::NewJob;
use milepost::tasks::{Status, Task, TaskId, Via};
use reqwest::Method;
use serde_json::{Value, json};

use crate::new_job::started;
use crate::support::jobs::{create_job, ended, until, viewer};
use crate::support::server::House;
use crate::support::sheet::csv_rows;

async fn begin(house: &House, who: &str, payload: Value) -> TaskId {
    let kind = Some("search".into());
    create_job(house, who, NewJob { job_kind: kind, payload, max_attempts: Some(1), ..NewJob::default() })
        .await
        .unwrap()
}

fn result(done: &Task) -> &Value {
    done.job().unwrap().result.as_deref().unwrap_or_else(|| panic!("{:?}", done.job().unwrap().error))
}

/// What a search says, and the rows of its file beside their heading.
async fn searched(house: &House, who: &str, payload: Value) -> (Value, Vec<Vec<String>>) {
    let done = ended(house, begin(house, who, payload).await).await;
    let name = result(&done)["file"].as_str().unwrap();
    let path = format!("/tasks/{}/artifacts/{name}", done.id);
    let answer = house.client(who).request(Method::GET, &path).send().await.unwrap();
    let mut rows = csv_rows(&answer.bytes().await.unwrap());
    assert_eq!(rows.remove(0), ["Number", "Title", "Where", "When", "Excerpt", "Link"]);
    assert_eq!(result(&done)["hits"], rows.len());
    (result(&done).clone(), rows)
}

/// Where something was found, and what.
fn places(rows: &[Vec<String>]) -> Vec<(&str, &str)> {
    let mut places: Vec<(&str, &str)> = rows.iter().map(|row| (row[2].as_str(), row[4].as_str())).collect();
    places.sort_unstable();
    places
}

async fn log(house: &House, who: &str, id: TaskId, text: impl Into<Vec<u8>>) {
    let text = text.into();
    let by = viewer(house, who);
    house.server.app.act(&by, Via::Api, move |w, by| append_log(w, by, id, None, &text)).await.unwrap();
}

/// Words about a lantern in every place where words are.
async fn filled() -> (House, TaskId) {
    let house = House::open().await;
    house.assign("Order a lantern", "carol").await;
    let description = [("description", "The old ones leak.\n\n=Lantern glass is in the shed.")];
    let paint = house.assign_with("Paint the pier", "bob", &description).await;
    let bob = house.bob();
    bob.post(&format!("/tasks/{paint}/progress"), &[("progress", "10"), ("note", "a LANTERN broke")]).await.expect(303);
    bob.post(&format!("/tasks/{paint}/comments"), &[("text", "which lanterns, then?")]).await.expect(303);
    let job = create_job(&house, "alice", NewJob::default()).await.unwrap();
    log(&house, "alice", job, "began\n\x1b[31mlantern 7 is out\x1b[0m\nlan").await;
    log(&house, "alice", job, "tern 8 as well\nended\n").await;
    (house, job)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_finds_what_was_written_anywhere_and_says_where() {
    let (house, job) = filled().await;
    let (said, rows) = searched(&house, "alice", json!({ "q": "lantern" })).await;
    assert_eq!(
        places(&rows),
        [
            ("Comment", "which lanterns, then?"),
            ("Description", "The old ones leak. =Lantern glass is in the shed."),
            ("Log", "lantern 7 is out"),
            ("Log", "lantern 8 as well"),
            ("Note", "a LANTERN broke"),
            ("Title", "Order a lantern"),
        ]
    );
    assert_eq!(said["found"], json!({ "title": 1, "description": 1, "note": 1, "comment": 1, "log": 2 }));
    assert_eq!((&said["tasks_found"], &said["is_cut"]), (&json!(3), &json!(false)));
    let of_log = rows.iter().find(|row| row[2] == "Log").unwrap();
    assert_eq!((of_log[0].as_str(), of_log[5].as_str()), (&*job.to_string(), &*format!("/tasks/{job}")));
    assert_eq!(of_log[3], "2025-03-03 09:00");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_looks_only_where_it_is_asked_to_and_only_for_that() {
    let (house, _) = filled().await;
    let found = async |payload: Value| {
        let (_, rows) = searched(&house, "alice", payload).await;
        rows.iter().map(|row| row[2].clone()).collect::<Vec<_>>()
    };
    let only = json!({ "q": "lantern", "titles": false, "descriptions": false, "notes": false, "comments": false });
    assert_eq!(found(only).await, ["Log", "Log"]);
    assert_eq!(found(json!({ "q": "lantern", "kind": "assignment", "status": "in_progress" })).await.len(), 3);
    assert_eq!(found(json!({ "q": "antern" })).await, [""; 0], "words are found by how they begin");
    assert_eq!(found(json!({ "q": "antern 7 IS", "match": "text" })).await, ["Log"]);
    assert_eq!(found(json!({ "q": "7 lantern" })).await, ["Log"], "in any order");
    assert_eq!(found(json!({ "q": "pier shed" })).await, ["Description"], "as the history finds it");
    let nothing = ended(&house, begin(&house, "alice", json!({ "q": "?!" })).await).await;
    assert_eq!(nothing.job().unwrap().error.as_deref(), Some("There is no word in it to look for."));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_what_they_may_not_see() {
    let (house, _) = filled().await;
    let (said, rows) = searched(&house, "bob", json!({ "q": "lantern" })).await;
    assert_eq!(said["tasks_found"], 1, "his own");
    assert!(!rows.iter().any(|row| row[2] == "Log" || row[2] == "Title"), "{rows:?}");
    assert_eq!(searched(&house, "carol", json!({ "q": "lantern" })).await.1.len(), 1);
    assert_eq!(searched(&house, "stranger", json!({ "q": "lantern" })).await.1.len(), 0);
    let program = house.program("bob", "report").await;
    let body = json!({ "title": "Search", "job_kind": "search", "payload": { "q": "lantern" } });
    program.send(program.request(Method::POST, "/api/v1/tasks").json(&body)).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_leads_to_it_with_its_filter() {
    let (house, _) = filled().await;
    let alice = house.alice();
    let page = alice.open("/history?q=lantern&from=2025-03-01&kind=job").await;
    let address = page.attribute("a[href*='/jobs/new/search']", "href").unwrap();
    let form = alice.open(&address).await.form(".panel");
    assert_eq!(
        (form.value("q"), form.value("from"), form.value("kind")),
        (Some("lantern"), Some("2025-03-01"), Some("job"))
    );
    let done = ended(&house, started(&alice.submit(&form).await.expect(303))).await;
    assert_eq!(result(&done)["hits"], 2);
    let again = alice.open(&format!("/jobs/new/search?from={}", done.id)).await.form(".panel");
    assert_eq!(again.value("q"), Some("lantern"));
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_limit_it_stops_and_says_so() {
    let house = House::open().await;
    let job = create_job(&house, "alice", NewJob::default()).await.unwrap();
    for _ in 0..10 {
        log(&house, "alice", job, "a lamp\n".repeat(10_000)).await;
    }
    let (said, rows) = searched(&house, "alice", json!({ "q": "lamp", "kind": "job" })).await;
    assert_eq!((rows.len(), &said["is_cut"]), (100_000, &json!(false)), "as many as there is room for are all");
    log(&house, "alice", job, "a lamp\n").await;
    let (said, rows) = searched(&house, "alice", json!({ "q": "lamp" })).await;
    assert_eq!((rows.len(), &said["is_cut"]), (100_000, &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_search_leaves_no_file() {
    let house = House::open().await;
    for _ in 0..8 {
        let job = create_job(&house, "alice", NewJob::default()).await.unwrap();
        log(&house, "alice", job, "nothing to be found in here\n".repeat(30_000)).await;
    }
    let id = begin(&house, "alice", json!({ "q": "lamp" })).await;
    let running = until(&house, id, "it looks", |task| {
        task.status.has_ended() || task.stage.as_ref().is_some_and(|stage| stage.name == "searching")
    });
    let running = running.await;
    let alice = viewer(&house, "alice");
    house.server.app.act(&alice, Via::Page, move |w, by| cancel(w, by, &running, None)).await.unwrap();
    assert_eq!(ended(&house, id).await.status, Status::Cancelled);
    assert!(milepost::jobs::sql::artifacts(&house.look(), id).unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_projects_are_chosen_by_name() {
    let house = House::open().await;
    let alice = house.alice();
    alice.post("/projects", &[("name", "Waterfront")]).await.expect(303);
    let bob = house.people.id("bob");
    for path in ["/jobs/new/search", "/jobs/new/export-history", "/schedules/new?what=search"] {
        let page = alice.open(path).await;
        assert!(page.has(&format!("select#person option[value='{bob}']")), "{path}");
        assert!(page.has("select#project option[value='1']"), "{path}");
    }
    let form = alice.open(&format!("/jobs/new/search?q=lantern&person={bob}&project=1")).await.form(".panel");
    assert_eq!((form.value("person"), form.value("project")), (Some(bob), Some("1")));
    // What is not offered any more stays chosen: a filter less would name more than was meant.
    alice.post("/projects/1/archive", &[("archived", "1")]).await.expect(303);
    let page = alice.open("/jobs/new/search?q=lantern&project=1").await;
    assert_eq!(page.text("#project option[selected]"), "Waterfront");
    assert_eq!(page.form(".panel").value("project"), Some("1"));
    assert_eq!(house.bob().open("/jobs/new/search?q=lantern&project=1").await.text("#project option[selected]"), "#1");
    let id = started(&alice.submit(&page.form(".panel")).await.expect(303));
    assert_eq!(ended(&house, id).await.job().unwrap().spec.payload["project"], 1);
}
