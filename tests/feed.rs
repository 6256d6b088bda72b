//! Tasks that are kept in step with an address: a server of somebody else's gives a table or a calendar, changes it, takes from
//! it, fails; what people here did themselves stays.

use std::sync::Arc;

use milepost::tasks::actions::{Edit, Report, cancel, complete, delete, edit, report};
use milepost::tasks::{Status, Task, TaskId, Via};
use reqwest::Method;
use serde_json::{Value, json};

use crate::new_job::started;
use crate::support::jobs::{ended, start_kind, task, until, viewer};
use crate::support::other::{Other, Reply};
use crate::support::server::House;
use crate::support::sheet::tally;

const CALENDAR: &str = include_str!("fixtures/feeds/work.ics");
const TABLE: &str = "external id,title,assignee,due,percent
a,Paint the railing,bob@harbour.example,2025-06-01,
b,Count the ropes,,2025-06-02,40
c,Oil the crane,,,
";

async fn house() -> House {
    House::open_with(|config| config.allowed_private = "127.0.0.1".parse().unwrap()).await
}

async fn sync(house: &House, other: &Other, more: Value) -> Arc<Task> {
    let mut payload = json!({ "url": format!("{}/feed?key=1", other.url) });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ended(house, start_kind(house, "sync-feed", payload).await).await
}

/// New, updated, skipped, failed; then gone.
async fn synced(house: &House, other: &Other, more: Value) -> ([i64; 4], i64, Value) {
    let done = sync(house, other, more).await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    let result = done.job().unwrap().result.as_deref().cloned().unwrap();
    (tally(&result), result["gone"].as_i64().unwrap(), result)
}

/// What became of each: title, who, due, priority, standing.
fn told(house: &House) -> Vec<String> {
    let conn = house.look();
    let mut find = conn.prepare("select id from tasks where kind = 'assignment' order by id").unwrap();
    let ids: Vec<TaskId> = find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let told = |id: TaskId| {
        let task = task(house, id);
        let email = "select email from users where id = ?";
        let who: String = conn.query_row(email, [task.assignee.unwrap().get()], |row| row.get(0)).unwrap();
        let due = task.due.as_ref().map_or("-".into(), ToString::to_string);
        let who = who.trim_end_matches("@harbour.example");
        format!("{} | {who} | {due} | {} | {} {}", task.title, task.priority, task.status, task.progress.get())
    };
    ids.into_iter().map(told).collect()
}

fn by_title(house: &House, title: &str) -> TaskId {
    house.look().query_row("select id from tasks where title = ?", [title], |row| row.get(0)).unwrap()
}

/// What happened to assignments, so far.
fn entries(house: &House) -> i64 {
    let sql = "select count(*) from trail where task_id in (select id from tasks where kind = 'assignment')";
    house.look().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_changed_gone_and_back_in_a_table_is_so_here() {
    let house = house().await;
    let other = Other::start(Reply::ok(TABLE)).await;
    let (new, gone, _) = synced(&house, &other, json!({ "assignee": "carol@harbour.example" })).await;
    assert_eq!((new, gone), ([3, 0, 0, 0], 0));
    let paint = "Paint the railing | bob | 2025-06-01 | medium | pending 0";
    let ropes = "Count the ropes | carol | 2025-06-02 | medium | in_progress 40";
    assert_eq!(told(&house), [paint, ropes, "Oil the crane | carol | - | medium | pending 0"]);
    let before = entries(&house);
    let (again, gone, _) = synced(&house, &other, json!({ "assignee": "carol@harbour.example" })).await;
    assert_eq!((again, gone, entries(&house)), ([0, 0, 3, 0], 0, before), "a second run changes nothing");
    // One changed, one gone, one new.
    other.replies(Reply::ok("external id,title,assignee,due,percent\na,Paint the railing,bob@harbour.example,2025-06-09,\nb,Count the ropes,,2025-06-02,40\nd,Sweep,,,\n"));
    let (changed, gone, _) = synced(&house, &other, json!({})).await;
    assert_eq!((changed, gone), ([1, 1, 1, 0], 1));
    let later = "Paint the railing | bob | 2025-06-09 | medium | pending 0";
    let sweep = "Sweep | alice | - | medium | pending 0";
    assert_eq!(told(&house), [later, ropes, "Oil the crane | carol | - | medium | cancelled 0", sweep]);
    other.replies(Reply::ok(format!("{TABLE}d,Sweep,,,\n")));
    let (back, gone, result) = synced(&house, &other, json!({})).await;
    assert_eq!((back, gone, result["reopened"].as_i64()), ([0, 2, 2, 0], 0, Some(1)));
    assert_eq!(told(&house), [paint, ropes, "Oil the crane | carol | - | medium | pending 0", sweep]);
    // What is gone may also stay, and what people cancelled stays so.
    other.replies(Reply::ok(TABLE));
    assert_eq!(synced(&house, &other, json!({ "gone": "leave" })).await.1, 1);
    assert_eq!(told(&house)[3], sweep);
    let id = by_title(&house, "Sweep");
    let alice = viewer(&house, "alice");
    let cancelled = house.server.app.act(&alice, Via::Page, move |w, by| cancel(w, by, id, ""));
    cancelled.await.unwrap();
    other.replies(Reply::ok(format!("{TABLE}d,Sweep twice,,,\n")));
    assert_eq!(synced(&house, &other, json!({})).await.0, [0, 1, 3, 0]);
    assert_eq!(told(&house)[3], "Sweep twice | alice | - | medium | cancelled 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_did_here_stays_until_the_feed_itself_changes_it() {
    let house = house().await;
    let other = Other::start(Reply::ok(TABLE)).await;
    synced(&house, &other, json!({})).await;
    let ropes = by_title(&house, "Count the ropes");
    let wish = Edit { priority: Some("urgent".into()), due: Some("2025-07-01".into()), ..Edit::default() };
    let progress = Report { progress: Some(70.0), ..Report::default() };
    let alice = viewer(&house, "alice");
    let acted = house.server.app.act(&alice, Via::Page, move |w, by| {
        edit(w, by, ropes, &wish)?;
        report(w, by, ropes, &progress)
    });
    acted.await.unwrap();
    let before = entries(&house);
    assert_eq!(synced(&house, &other, json!({})).await.0, [0, 0, 3, 0]);
    assert_eq!(entries(&house), before, "nothing is put back");
    other.replies(Reply::ok(TABLE.replace("Count the ropes", "Count all ropes")));
    assert_eq!(synced(&house, &other, json!({})).await.0, [0, 1, 2, 0]);
    assert_eq!(told(&house)[1], "Count all ropes | alice | 2025-07-01 | urgent | in_progress 70");
    other.replies(Reply::ok(TABLE.replace("2025-06-02,40", "2025-06-02,90")));
    assert_eq!(synced(&house, &other, json!({})).await.0, [0, 1, 2, 0]);
    assert_eq!(told(&house)[1], "Count the ropes | alice | 2025-07-01 | urgent | in_progress 90");
    // Gone and back, it is as far as somebody here said.
    let progress = Report { progress: Some(95.0), ..Report::default() };
    house.server.app.act(&alice, Via::Page, move |w, by| report(w, by, ropes, &progress)).await.unwrap();
    let without: String = TABLE.lines().filter(|line| !line.starts_with('b')).map(|line| format!("{line}\n")).collect();
    other.replies(Reply::ok(without));
    assert_eq!(synced(&house, &other, json!({})).await.1, 1);
    other.replies(Reply::ok(TABLE.replace("2025-06-02,40", "2025-06-02,90")));
    synced(&house, &other, json!({})).await;
    assert_eq!(told(&house)[1], "Count the ropes | alice | 2025-07-01 | urgent | in_progress 95");
    // Deleted here, it is not made again.
    let deleted = house.server.app.act(&alice, Via::Page, move |w, by| {
        complete(w, by, ropes, "")?;
        delete(w, by, ropes)
    });
    deleted.await.unwrap();
    assert_eq!(synced(&house, &other, json!({})).await.0, [0, 0, 3, 0]);
    assert_eq!(told(&house).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_address_fails_the_last_good_state_stands() {
    let house = house().await;
    let table = format!("{TABLE}d,Sweep,,,\ne,Weed,,,\n");
    let other = Other::start(Reply::ok(table.as_str())).await;
    synced(&house, &other, json!({})).await;
    let (state, before) = (told(&house), entries(&house));
    let inside = Other::at("127.0.0.2", Reply::ok("title\nSecret\n")).await;
    let half = &CALENDAR[..CALENDAR.len() / 2];
    let failing = [
        (Reply::status(500), "status 500"),
        (Reply::status(404), "status 404"),
        (Reply::ok("title\nOnly this").cut(), "broke off"),
        (Reply::ok("<!doctype html><title>Sign in</title>"), "web page"),
        (Reply::ok(table.as_str()).with("content-type", "text/html; charset=utf-8"), "web page"),
        (Reply::ok(""), "nothing at all"),
        (Reply::ok(&table[..table.len() - 3]), "breaks off"),
        (Reply::ok("external id,title,assignee,due,percent\n"), "5 of 5"),
        (Reply::ok("external id,title\na,Paint the railing\n"), "4 of 5"),
        (Reply::ok(vec![b'x'; 17 * 1024 * 1024]), "larger than"),
        (Reply::status(302).with("location", format!("{}/secret", inside.url)), "private address"),
    ];
    for (reply, why) in failing {
        other.replies(reply);
        let failed = sync(&house, &other, json!({})).await;
        let error = failed.job().unwrap().error.clone().unwrap_or_default();
        assert_eq!(failed.status, Status::Failed, "{why}");
        assert!(error.contains(why) && !error.contains("key=1"), "{why}: {error}");
        assert_eq!((told(&house), entries(&house)), (state.clone(), before), "{why}");
    }
    assert_eq!(inside.asked().len(), 0, "nobody is led to what stands inside");
    other.replies(Reply::ok(half));
    let failed = sync(&house, &other, json!({ "format": "ics" })).await;
    assert_eq!((failed.status, entries(&house)), (Status::Failed, before), "half a calendar");
    other.replies(Reply::ok(table.as_str()));
    assert_eq!(synced(&house, &other, json!({})).await.0, [0, 0, 5, 0], "and it goes on from there");
    other.replies(Reply::ok(
        "external id,title,assignee,due,percent\na,Paint the railing,bob@harbour.example,2025-06-01,\n",
    ));
    assert_eq!(synced(&house, &other, json!({ "many_gone": true })).await.1, 4, "if it is meant so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_as_it_was_is_not_sent_again() {
    let house = house().await;
    let date = "Sat, 01 Mar 2025 08:00:00 GMT";
    let other = Other::start(Reply::ok(TABLE).with("etag", "\"1\"").with("last-modified", date)).await;
    synced(&house, &other, json!({})).await;
    let (tally, _, result) = synced(&house, &other, json!({})).await;
    assert_eq!((tally, &result["is_unchanged"]), ([0, 0, 0, 0], &json!(true)));
    let asked = |place: usize, name: &str| {
        let asked = other.asked();
        asked[place].headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!((asked(0, "if-none-match"), asked(0, "if-modified-since")), (None, None));
    assert_eq!(asked(1, "if-none-match").as_deref(), Some("\"1\""));
    assert_eq!(asked(1, "if-modified-since").as_deref(), Some(date));
    // Read otherwise, it is needed whole; and what could not be saved is tried again.
    let bad = format!("{TABLE}d,Sweep,zoe,,\n");
    other.replies(Reply::ok(bad).with("etag", "\"2\""));
    let (tally, _, _) =
        synced(&house, &other, json!({ "columns": "title: title\nexternal_id: 1\nassignee: assignee" })).await;
    assert_eq!((asked(2, "if-none-match"), tally[3]), (None, 1));
    synced(&house, &other, json!({ "columns": "title: title\nexternal_id: 1\nassignee: assignee" })).await;
    assert_eq!(asked(3, "if-none-match"), None);
    let failed = sync(&house, &other, json!({ "columns": "name: title" })).await;
    assert!(failed.job().unwrap().error.as_ref().unwrap().contains("name"), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_becomes_tasks_and_says_what_recurs() {
    let house = house().await;
    let other = Other::start(Reply::ok(CALENDAR.replace('\n', "\r\n"))).await;
    let (new, _, result) = synced(&house, &other, json!({})).await;
    assert_eq!((new, &result["recurring_first_only"], &result["format"]), ([5, 0, 0, 0], &json!(1), &json!("ics")));
    let mut all = told(&house);
    all.sort();
    assert_eq!(
        all,
        [
            "Count the ropes | alice | 2026-12-02T13:00:00Z | low | done 100",
            "Each week | alice | 2026-12-07T10:30:00Z | medium | pending 0",
            "Paint, then varnish; the railing | alice | 2026-12-01 | urgent | in_progress 40",
            "Wherever one is | alice | 2026-12-08T09:00:00Z | medium | cancelled 0",
            "Whole days | alice | 2026-12-04 | medium | pending 0",
        ]
    );
    let past = CALENDAR.replace("event-1@", "event-9@").replace("SUMMARY:Whole days", "SUMMARY:Long ago");
    other.replies(Reply::ok(past.replace("20261203", "20241203").replace("20261205", "20241205")));
    let (changed, gone, result) = synced(&house, &other, json!({})).await;
    assert_eq!((changed, gone, &result["past_events"]), ([0, 0, 4, 0], 1, &json!(1)), "what is over is not begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_feed_is_cancelled_between_two_chunks_and_the_next_run_does_the_rest() {
    const ROWS: usize = 3_000;
    let house = house().await;
    let rows: String = (1..=ROWS).map(|number| format!("{number},Row {number}\n")).collect();
    let other = Other::start(Reply::ok(format!("external id,title\n{rows}"))).await;
    let id = start_kind(&house, "sync-feed", json!({ "url": other.url })).await;
    let has_begun = |task: &Task| task.counts.is_some_and(|counts| counts.succeeded > 0);
    until(&house, id, "it saves", has_begun).await;
    house.alice().post(&format!("/tasks/{id}/cancel"), &[]).await.expect(303);
    let stopped = ended(&house, id).await;
    assert_eq!(stopped.status, Status::Cancelled);
    let made = i64::try_from(told(&house).len()).unwrap();
    let all = i64::try_from(ROWS).unwrap();
    assert_eq!(stopped.counts.unwrap().succeeded, made, "it counts what it made");
    let done = ended(&house, start_kind(&house, "sync-feed", json!({ "url": other.url })).await).await;
    assert_eq!(tally(done.job().unwrap().result.as_deref().unwrap()), [all - made, 0, made, 0]);
    assert_eq!(told(&house).len(), ROWS);
    // One that never answers is given up at once.
    other.replies(Reply { is_silent: true, ..Reply::ok("") });
    let id = start_kind(&house, "sync-feed", json!({ "url": other.url })).await;
    until(&house, id, "it asks", |_| other.asked().len() == 3).await;
    house.alice().post(&format!("/tasks/{id}/cancel"), &[]).await.expect(303);
    assert_eq!(ended(&house, id).await.status, Status::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_start_it_by_form_and_api_and_nobody_else_does() {
    let house = house().await;
    let other = Other::start(Reply::ok(TABLE)).await;
    let alice = house.alice();
    let form = alice.open("/jobs/new/sync-feed").await.form(".panel");
    let page = alice.submit(&form.clone().fill("url", "")).await.refused(422);
    assert!(page.has("#url-error"));
    let id = started(&alice.submit(&form.fill("url", &other.url).fill("assignee", "carol@harbour.example")).await);
    assert_eq!(ended(&house, id).await.status, Status::Done);
    assert_eq!(told(&house)[2], "Oil the crane | carol | - | medium | pending 0");
    house.bob().get("/jobs/new/sync-feed").await.expect(403);
    house.bob().post("/jobs/new/sync-feed", &[("url", &other.url)]).await.expect(403);
    let body = json!({ "title": "Feed", "job_kind": "sync-feed", "payload": { "url": other.url } });
    for (who, scopes, status) in
        [("bob", "report read", 403), ("alice", "report read", 403), ("alice", "report read admin", 201)]
    {
        let program = house.program(who, scopes).await;
        program.send(program.request(Method::POST, "/api/v1/tasks").json(&body)).await.expect(status);
    }
}
