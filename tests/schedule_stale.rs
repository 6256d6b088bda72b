//! Two admins who save one schedule: the second is told what the first made of it, and nothing is lost.

use reqwest::Method;
use serde_json::json;

use crate::support::schedules::{letters, make, program, read};
use crate::support::server::House;

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_saved_meanwhile_is_told_beside_what_was_typed() {
    let house = House::open().await;
    let schedule = make(&program(&house).await, &letters("0 9 * * *")).await;
    let path = format!("/schedules/{}", schedule["id"]);
    let (alice, ada) = (house.alice(), house.client("ada"));
    let edit = async |client: &crate::support::client::Client| {
        client.open(&format!("{path}/edit")).await.form("[method='post'][action^='/schedules/']")
    };
    let (mine, hers) = (edit(&alice).await, edit(&ada).await);
    ada.submit(&hers.fill("cron", "0 10 * * *").fill("overlap", "queue")).await.expect(303);
    let mine = mine.fill("title", "Letters to all").fill("cron", "0 11 * * *");
    let page = alice.submit(&mine).await.refused(422);
    assert!(page.contains("Somebody saved this schedule after you opened it"), "{}", page.said());
    assert_eq!(page.text("#cron-error"), "Now it is: 0 10 * * *");
    assert!(page.text("#overlap-error").starts_with("Now it is: "), "{}", page.said());
    assert!(!page.text("#overlap-error").contains("queue"), "it is called as the form calls it");
    let owner = program(&house).await;
    let now = read(&owner, &schedule["id"]).await;
    assert_eq!((&now["cron"], &now["title"]), (&json!("0 10 * * *"), &json!("Letters")), "nothing was changed");
    let form = page.form("[method='post'][action^='/schedules/']");
    assert_eq!((form.value("cron"), form.value("title")), (Some("0 11 * * *"), Some("Letters to all")));
    alice.submit(&form).await.expect(303);
    let now = read(&owner, &schedule["id"]).await;
    assert_eq!((&now["cron"], &now["title"]), (&json!("0 11 * * *"), &json!("Letters to all")));
    // A program says which version it read, if it cares.
    let patch = async |version: &serde_json::Value| {
        let body = json!({ "title": "By program", "version": version }).to_string();
        owner.send_json(Method::PATCH, &format!("/api/v1{path}"), &body).await
    };
    patch(&schedule["version"]).await.expect(409);
    patch(&now["version"]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_that_somebody_else_set_meanwhile_is_told_beside_it() {
    let house = House::open().await;
    let owner = program(&house).await;
    let job = json!({ "job_kind": "clean-up", "payload": { "dry_run": false } });
    let schedule = make(&owner, &json!({ "title": "Sweep", "cron": "0 4 * * *", "zone": "UTC", "job": job })).await;
    let path = format!("/schedules/{}", schedule["id"]);
    let (alice, ada) = (house.alice(), house.client("ada"));
    let edit = async |client: &crate::support::client::Client| {
        client.open(&format!("{path}/edit")).await.form("[method='post'][action^='/schedules/']")
    };
    let (mine, hers) = (edit(&alice).await, edit(&ada).await);
    ada.submit(&hers.fill("dry_run", "1")).await.expect(303);
    let page = alice.submit(&mine.fill("title", "Sweep all")).await.refused(422);
    assert_eq!(page.text("#dry_run-error"), "Now it is: ticked");
    assert_eq!(read(&owner, &schedule["id"]).await["job"]["payload"]["dry_run"], json!(true), "nothing was changed");
    // The other way round as well.
    let (mine, form) = (edit(&alice).await, page.form("[method='post'][action^='/schedules/']"));
    ada.submit(&form).await.expect(303);
    let page = alice.submit(&mine).await.refused(422);
    assert_eq!(page.text("#dry_run-error"), "Now it is: not ticked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_none_overwrites_nothing() {
    let house = House::open().await;
    let owner = program(&house).await;
    let schedule = make(&owner, &letters("0 9 * * *")).await;
    let path = format!("/schedules/{}/edit", schedule["id"]);
    for version in ["x", "", "1.5", "99999999999999999999"] {
        let form = house.alice().open(&path).await.form("[method='post'][action^='/schedules/']");
        let form = form.fill("version", version).fill("title", "Overwritten");
        let page = house.alice().submit(&form).await.refused(422);
        assert!(page.contains("Somebody saved this schedule after you opened it"), "{version}: {}", page.said());
        let again = page.form("[method='post'][action^='/schedules/']");
        assert_eq!(again.value("version"), Some(&*schedule["version"].to_string()));
    }
    assert_eq!(read(&owner, &schedule["id"]).await["title"], json!("Letters"));
}
