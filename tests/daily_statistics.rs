//! The figures of a day: yesterday's come by themselves, others when they are asked for.

use jiff::SignedDuration;
use jiff::civil::Date;
use milepost::jobs::artifacts::ArtifactName;
use milepost::jobs::sql as jobs;
use milepost::tasks::{Status, TaskId};
use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::history::{Lived, end_of};
use crate::support::jobs::ended;
use crate::support::schedules::{number, ticked};
use crate::support::server::{House, monday};

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_yesterday_come_by_themselves_at_one() {
    let house = House::open_with(|config| config.default_schedules = true).await;
    let alice = house.alice();
    alice.post("/projects", &[("name", "=Waterfront")]).await.expect(303);
    let fields = [("project", "1"), ("due", "2025-03-03T12:00")];
    let [first, second] = [house.assign_with("Plank", "bob", &fields).await, house.assign("Rope", "bob").await];
    house.advance(SignedDuration::from_hours(4));
    house.bob().post(&format!("/tasks/{first}/complete"), &[]).await.expect(303);
    house.bob().post(&format!("/tasks/{second}/progress"), &[("progress", "40")]).await.expect(303);
    house.advance(SignedDuration::from_hours(11) + SignedDuration::from_mins(59));
    ticked(&house).await;
    let of_kind = "select count(*) from jobs where job_kind = 'daily-statistics' and organisation_id = 1";
    assert_eq!(number(&house, of_kind), 0, "it is 00:59");
    house.advance(SignedDuration::from_mins(2));
    let id = eventually("it comes at one", || async {
        house
            .look()
            .query_row(
                "select task_id from jobs where job_kind = 'daily-statistics' and organisation_id = 1",
                [],
                |row| row.get(0),
            )
            .ok()
    })
    .await;
    let done = ended(&house, TaskId::new(id)).await;
    assert_eq!((done.title.as_str(), done.status), ("Daily statistics", Status::Done), "{:?}", done.job());
    let result = done.job().unwrap().result.as_deref().unwrap();
    let work = &result["organisation"]["assignment"];
    assert_eq!((&result["date"], &result["is_over"]), (&json!("2025-03-03"), &json!(true)));
    assert_eq!((&work["created"], &work["done"], &work["done_due"]), (&json!(2), &json!(1), &json!(1)));
    assert_eq!(work["late_milliseconds"], 3_600_000, "{result}");
    assert_eq!(work["done_on_time"], Value::Null, "what is 0 is left out");
    let bob = result["people"].as_array().unwrap().iter().find(|person| person["assignment"]["done"] == 1).unwrap();
    assert_eq!((bob["id"].to_string(), &bob["assignment"]["reports"]), (house.people.id("bob").to_owned(), &json!(1)));
    assert_eq!(result["projects"][0]["name"], "=Waterfront");
    let note = done.note.as_deref().unwrap();
    assert!(note.contains("2 made, 1 done. 0 of 1 with a due time were on time."), "{note}");
    let file = jobs::artifact(&house.look(), done.id, &ArtifactName::parse("statistics-2025-03-03.csv").unwrap());
    let file = jobs::artifact_chunk(&house.look(), file.unwrap().expect("a file").id, 0).unwrap().unwrap();
    let text = String::from_utf8(file).unwrap();
    assert!(text.starts_with("date,of,id,name,kind,created,assigned,done,"), "{text}");
    assert!(text.contains("\r\n2025-03-03,project,1,'=Waterfront,assignment,1,1,1,"), "no cell is a formula: {text}");
    assert!(text.contains(",organisation,,,assignment,2,2,1,"), "{text}");
    let page = alice.open(&format!("/tasks/{}", done.id)).await;
    assert!(page.body.contains("statistics-2025-03-03.csv") && page.body.contains("late_milliseconds"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_may_be_asked_for_but_none_that_has_not_come() {
    let lived = Lived::open("the figures of a day", monday(), "UTC").await;
    lived.house.assign("Plank", "bob").await;
    let today = lived.run("daily-statistics", json!({ "date": "2025-03-03" })).await;
    assert_eq!((&today["is_over"], &today["organisation"]["assignment"]["created"]), (&json!(false), &json!(1)));
    let quiet = lived.run("daily-statistics", json!({ "date": "2001-02-03" })).await;
    assert_eq!((&quiet["organisation"], &quiet["people"]), (&json!({}), &json!([])));
    let tomorrow: Date = "2025-03-04".parse().unwrap();
    let failed = end_of(&lived.house, &lived.alice, "daily-statistics", json!({ "date": tomorrow })).await;
    assert_eq!(failed.status, Status::Failed);
    let why = failed.job().unwrap().error.clone().unwrap();
    assert!(why.ends_with("has not come yet."), "{why}");
    let form = lived.house.alice().open("/jobs/new/daily-statistics").await.form(".panel");
    let page = lived.house.alice().submit(&form.fill("date", "yesterday")).await.refused(422);
    assert!(!page.text("#date-error").is_empty());
}
