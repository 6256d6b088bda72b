//! The kinds of job that come with the program, as people and programs start them: a list of what one may start, a form for
//! each, the same rules at every door.

use milepost::jobs::BuiltIn;
use milepost::tasks::{Status, TaskId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::html::Page;
use crate::support::jobs::{ended, task};
use crate::support::server::House;

/// The job to whose page an answer leads.
pub fn started(answer: &Page) -> TaskId {
    let location = answer.location().unwrap_or_else(|| panic!("{}", answer.said()));
    TaskId::new(location.trim_start_matches("/tasks/").parse().unwrap_or_else(|_| panic!("leads to {location}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_finds_every_kind_with_a_sentence_and_starts_one_by_its_form() {
    let house = House::open().await;
    let alice = house.alice();
    let jobs = alice.open("/jobs").await;
    assert!(jobs.has("a[href='/jobs/new']"));
    let page = alice.open("/jobs/new").await;
    for kind in BuiltIn::ALL {
        let offer = page.text(&format!("a[href='/jobs/new/{kind}']"));
        assert!(offer.len() > 30, "{kind}: {offer}");
        let sign = page.attribute(&format!("a[href='/jobs/new/{kind}'] use"), "href").unwrap();
        let (_, name) = sign.split_once('#').unwrap();
        assert!(include_str!("../assets/icons.svg").contains(&format!("id=\"{name}\"")), "{kind}: {name} is not drawn");
    }
    let form = alice.open("/jobs/new/rehearsal").await.form(".panel");
    assert_eq!((form.value("steps"), form.value("fail_at")), (Some("10"), Some("")), "filled in with what it would do");
    let form = form.fill("steps", "2").fill("step_milliseconds", "1").fill("fail_each", "2");
    let answer = alice.submit(&form).await.expect(303);
    let id = started(&answer);
    let done = ended(&house, id).await;
    assert_eq!((done.title.as_str(), done.status), ("Rehearsal", Status::Done));
    let payload = &done.job().unwrap().spec.payload;
    assert_eq!(
        *payload,
        json!({ "steps": 2, "step_milliseconds": 1, "fail_each": 2 }),
        "what was left open is left out"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_wrong_comes_back_with_its_sentence_and_nothing_starts() {
    let house = House::open().await;
    let alice = house.alice();
    let form = alice.open("/jobs/new/rehearsal").await.form(".panel");
    let page = alice.submit(&form.fill("steps", "many").fill("fail_at", "0")).await.refused(422);
    assert_eq!(page.text("#steps-error"), "Write a whole number from 0 to 100,000.");
    assert_eq!(page.text("#fail_at-error"), "Write a whole number from 1 to 100,000.");
    assert_eq!(page.attribute("#steps", "value").as_deref(), Some("many"), "what was typed stays");
    let jobs: i64 = house.look().query_row("select count(*) from jobs", [], |row| row.get(0)).unwrap();
    assert_eq!(jobs, 0);
    alice.get("/jobs/new/letters").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_called_in_the_language_of_whoever_starts_it() {
    let house = House::open_with(|config| config.workers = 0).await;
    let alice = house.alice();
    let zone = "Europe/Berlin";
    alice.post("/account/preferences", &[("language", "he"), ("zone", zone), ("theme", "auto")]).await.expect(303);
    let form = alice.open("/jobs/new/check-integrity").await.form(".panel");
    let id = started(&alice.submit(&form).await.expect(303));
    assert_eq!(task(&house, id).title, "בדיקת המאגר");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_find_what_they_may_start_and_nothing_else() {
    let house = House::open().await;
    let bob = house.bob();
    assert!(bob.open("/jobs").await.has("a[href='/jobs/new']"));
    let offered = bob.open("/jobs/new").await.attributes("#main a[href^='/jobs/new/']", "href");
    let open: Vec<String> =
        BuiltIn::ALL.iter().filter(|kind| !kind.is_for_admins()).map(|kind| format!("/jobs/new/{kind}")).collect();
    assert_eq!(offered.len(), open.len());
    assert!(open.iter().all(|address| offered.contains(address)), "{offered:?}");
    bob.get("/jobs/new/rehearsal").await.expect(403);
    bob.post("/jobs/new/rehearsal", &[("steps", "1")]).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_each_member_of_a_payload_that_its_kind_does_not_take() {
    let house = House::open_with(|config| config.workers = 0).await;
    let program = house.program("alice", "report read admin").await;
    let post = async |payload: Value| {
        let body = json!({ "title": "Rehearse", "job_kind": "rehearsal", "payload": payload });
        program.send(program.request(Method::POST, "/api/v1/tasks").json(&body)).await
    };
    let told = |page: &Page| {
        let errors = page.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let refused = post(json!({ "stairs": 12, "steps": "3", "fail_at": null })).await.expect(422);
    assert_eq!(told(&refused), ["payload.fail_at", "payload.stairs", "payload.steps"]);
    assert!(refused.body.contains("steps, step_milliseconds, fail_each"), "{}", refused.body);
    assert_eq!(told(&post(json!([1])).await.expect(422)), ["payload"]);
    post(json!({ "steps": 3 })).await.expect(201);
    post(Value::Null).await.expect(201);
    // Of a kind that is not built in, nobody knows what it takes.
    let body = json!({ "title": "Letters", "job_kind": "letters", "payload": { "stairs": 12 } });
    program.send(program.request(Method::POST, "/api/v1/tasks").json(&body)).await.expect(201);
}
