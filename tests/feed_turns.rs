//! Feeds by the calendar, and two runs of one feed, of which the second waits for the first.

use milepost::tasks::Status;
use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::jobs::{ended, start_kind, task, until};
use crate::support::other::{Other, Reply};
use crate::support::schedules::{advance, make, minutes, number, program, runs};
use crate::support::server::House;
use crate::support::sheet::tally;

const TABLE: &str = "external id,title\na,Paint the railing\nb,Count the ropes\n";

async fn house(workers: usize) -> House {
    House::open_with(|config| {
        config.allowed_private = "127.0.0.1".parse().unwrap();
        config.workers = workers;
    })
    .await
}

fn result(task: &milepost::tasks::Task) -> &Value {
    task.job().unwrap().result.as_deref().unwrap_or_else(|| panic!("{:?}", task.job().unwrap().error))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_of_one_feed_come_one_after_the_other() {
    let house = house(4).await;
    house.alice().post("/projects", &[("name", "Waterfront")]).await.expect(303);
    let other = Other::start(Reply { is_silent: true, ..Reply::ok("") }).await;
    let payload = json!({ "url": other.url });
    let first = start_kind(&house, "sync-feed", payload.clone()).await;
    until(&house, first, "the first asks", |_| other.asked().len() == 1).await;
    let second = start_kind(&house, "sync-feed", json!({ "url": format!(" {} ", other.url) })).await;
    eventually("the second says for whom it waits", || async {
        let log = house.alice().get(&format!("/tasks/{second}/log")).await.body;
        log.contains(&format!("Waits until job #{first}")).then_some(())
    })
    .await;
    // For another project the same address is another feed.
    other.replies(Reply::ok(TABLE));
    let elsewhere = json!({ "url": other.url, "project": "Waterfront" });
    let elsewhere = ended(&house, start_kind(&house, "sync-feed", elsewhere).await).await;
    assert_eq!(tally(result(&elsewhere)), [2, 0, 0, 0]);
    assert_eq!((task(&house, second).status, other.asked().len()), (Status::InProgress, 2), "it has asked nobody");
    house.alice().post(&format!("/tasks/{first}/cancel"), &[]).await.expect(303);
    assert_eq!(tally(result(&*ended(&house, second).await)), [2, 0, 0, 0]);
    assert_eq!(task(&house, first).status, Status::Cancelled);
    // One that waits is cancelled like any other.
    other.replies(Reply { is_silent: true, ..Reply::ok("") });
    let first = start_kind(&house, "sync-feed", payload.clone()).await;
    until(&house, first, "it asks again", |_| other.asked().len() == 4).await;
    let second = start_kind(&house, "sync-feed", payload).await;
    until(&house, second, "it runs", |task| task.status == Status::InProgress).await;
    house.alice().post(&format!("/tasks/{second}/cancel"), &[]).await.expect(303);
    assert_eq!(ended(&house, second).await.status, Status::Cancelled);
    assert_eq!(task(&house, first).status, Status::InProgress);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_keeps_tasks_in_step_with_a_feed() {
    let house = house(2).await;
    let other = Other::start(Reply::ok(TABLE)).await;
    let job = json!({ "job_kind": "sync-feed", "payload": { "url": other.url }, "max_attempts": 1 });
    let body = json!({ "title": "In step", "cron": "*/30 * * * *", "zone": "UTC", "job": job });
    let schedule = make(&program(&house).await, &body).await;
    let assignments = || number(&house, "select count(*) from tasks where kind = 'assignment'");
    let next = async || {
        let before = number(&house, "select count(*) from schedule_runs where outcome is not null");
        advance(&house, minutes(30)).await;
        eventually("the run has ended", || async {
            let ended = number(&house, "select count(*) from schedule_runs where outcome is not null");
            (ended > before).then_some(())
        })
        .await;
    };
    next().await;
    assert_eq!((assignments(), other.asked().len()), (2, 1));
    other.replies(Reply::ok(format!("{TABLE}c,Oil the crane\n").replace("Paint", "Scrape")));
    next().await;
    assert_eq!(assignments(), 3);
    assert_eq!(number(&house, "select count(*) from tasks where title = 'Scrape the railing'"), 1);
    // An address that fails is a failed run, and what there was stands.
    other.replies(Reply::status(500));
    next().await;
    let told: Vec<String> =
        runs(&house, &schedule["id"]).iter().map(|run| run.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!((told, assignments()), (["done", "done", "failed"].map(String::from).to_vec(), 3));
}
