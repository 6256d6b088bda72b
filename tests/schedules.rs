//! Schedules through the front door: made by forms and by the API, run by the tick of the real server, whose clock the
//! test moves.

use jiff::Timestamp;
use milepost::config;
use milepost::jobs::Outcome as Ending;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::schedules::{advance, hours, letters, make, minutes, number, program, read, texts, with};
use crate::support::server::{House, MARK, Running};
use crate::support::worker::Worker;

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_made_by_a_form_makes_its_job_when_the_hour_comes_and_shows_it() {
    let house = House::open().await;
    let alice = house.alice();
    let choose = alice.open("/schedules/new").await;
    assert!(
        choose.has("a[href='/schedules/new?what=assignment']") && choose.has("a[href='/schedules/new?what=rehearsal']")
    );
    let form = alice.open("/schedules/new?what=own").await.form("[action='/schedules']");
    let form = form.fill("title", &format!("{MARK} letters of {{date}}")).fill("job_kind", "letters");
    let form = form.fill("cron", "30 10 * * *").fill("zone", "Europe/Berlin").fill("payload", "{\"list\": 3}");
    let shown = alice.submit_and_follow(&form).await;
    assert!(shown.contains("At 10:30, every day") && shown.contains("Europe/Berlin"), "{}", shown.said());
    assert!(
        shown.contains("3 Mar 2025, 10:30") && shown.contains("7 Mar 2025, 10:30"),
        "the next five: {}",
        shown.said()
    );
    // It is 10:00 in Berlin.
    advance(&house, minutes(29)).await;
    assert_eq!(number(&house, "select count(*) from tasks"), 0);
    advance(&house, minutes(1)).await;
    let conn = house.look();
    let made = texts(
        &conn,
        "select title || ' | ' || payload from tasks join jobs on task_id = id join job_contents using (task_id)",
    );
    assert_eq!(made, [format!("{MARK} letters of 2025-03-03 | {{\"list\":3}}")]);
    let by = texts(
        &conn,
        "select u.name || ' via ' || via from trail join users u on u.id = actor_id where change = 'created'",
    );
    assert_eq!(by, [format!("Alice {MARK} via system")], "in its maker's name");
    let worker = Worker::of(&house, "alice");
    let task = worker.claim().await;
    house.advance(minutes(4));
    worker.finish(task.id, Ending::Done).await;
    let list = alice.open("/schedules").await;
    assert!(list.contains("Completed") && list.contains("4 Mar 2025"), "{}", list.said());
    assert_eq!(list.attributes(".strip i", "data-run"), ["done"]);
    let page = alice.open("/schedules/1").await;
    assert!(page.contains("4 min") && page.has(&format!("a[href='/tasks/{}']", task.id)), "{}", page.said());
    let audit = texts(&conn, "select act from audit where act like '%schedule%' order by id");
    assert_eq!(audit, ["create-schedule"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn recurring_work_comes_once_for_each_slot_and_is_due_counted_from_it_also_when_it_is_late() {
    let house = House::open().await;
    let alice = house.alice();
    alice.post("/projects", &[("name", "Waterfront")]).await.expect(303);
    let form = alice.open("/schedules/new?what=assignment").await.form("[action='/schedules']");
    let form = form.fill("title", "Weekly report {week}").fill("assignee", house.people.id("bob")).fill("project", "1");
    let form = form.fill("priority", "high").fill("estimate", "1h 30m").fill("description", "What *went* well");
    let form = form.fill("cron", "0 8 * * MON").fill("zone", "Asia/Jerusalem").fill("due_number", "2");
    alice.submit(&form.fill("after_downtime", "all")).await.expect(303);
    // Down for two weeks and more: each slot has its own, late as it is.
    let (folder, running) = house.into_parts();
    let clock = running.clock.clone();
    running.stop().await;
    clock.advance(hours(24 * 15));
    let running = Running::start(&folder.path().join("milepost.db"), clock.clone()).await;
    let look = || rusqlite::Connection::open(folder.path().join("milepost.db")).unwrap();
    let tasks = "select title || ' ' || due_date || ' ' || priority || ' ' || estimate_minutes from tasks order by id";
    let first = ["Weekly report 2025-W11 2025-03-12 high 90"];
    // The second waits for the first: assignments run beside each other, made-up slots too.
    let both = [first[0], "Weekly report 2025-W12 2025-03-19 high 90"];
    eventually("both weeks have their work", || async { Some(()).filter(|()| texts(&look(), tasks) == both) }).await;
    running.stop().await;
    // Looked at again: nothing comes twice.
    let running = Running::start(&folder.path().join("milepost.db"), clock.clone()).await;
    clock.advance(hours(24 * 7));
    eventually("the third week's work", || async { Some(()).filter(|()| texts(&look(), tasks).len() == 3) }).await;
    let due: i64 =
        look().query_row("select due_at from tasks where due_date = '2025-03-12'", [], |row| row.get(0)).unwrap();
    assert_eq!(
        Timestamp::from_microsecond(due).unwrap().to_string(),
        "2025-03-12T22:00:00Z",
        "the day's end in Jerusalem"
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_or_a_project_that_is_gone_is_an_alarm_too() {
    let house = House::open().await;
    let (alice, program) = (house.alice(), program(&house).await);
    alice.post("/projects", &[("name", "Waterfront")]).await.expect(303);
    let (bob, carol): (i64, i64) = (house.people.id("bob").parse().unwrap(), house.people.id("carol").parse().unwrap());
    let to = |who: i64, project: Value| json!({ "title": "Tidy", "cron": "@hourly", "assignment": { "assignee": who, "project": project } });
    make(&program, &to(bob, Value::Null)).await;
    make(&program, &to(carol, json!(1))).await;
    alice.post(&format!("/people/{bob}/deactivate"), &[]).await.expect(303);
    alice.post("/projects/1/archive", &[("archived", "1")]).await.expect(303);
    advance(&house, hours(1)).await;
    let page = alice.open("/schedules").await;
    assert!(
        page.contains("Whoever is to do it is no member") && page.contains("Its project is archived"),
        "{}",
        page.said()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_in_a_row_are_an_alarm_until_one_comes_through() {
    let house = House::open().await;
    let alice = program(&house).await;
    let id = make(&alice, &with(letters("0 * * * *"), json!({ "alarm_failures": 2 }))).await["id"].clone();
    let worker = Worker::of(&house, "alice");
    for (ending, alarm) in [(Ending::Failed, None), (Ending::Failed, Some("failing")), (Ending::Done, None)] {
        advance(&house, hours(1)).await;
        let task = worker.claim().await;
        worker.finish(task.id, ending).await;
        let told = read(&alice, &id).await;
        assert_eq!(told["alarm"]["what"].as_str(), alarm, "{told}");
        assert_eq!(told["last_run"]["outcome"], ending.as_str());
    }
    // What failed and was repeated by hand is open again, and ends as the task does.
    let failed = read(&alice, &id).await["runs"][1]["task"].clone();
    alice.send_json(Method::POST, &format!("/api/v1/tasks/{failed}/retry"), "").await.expect(200);
    assert_eq!(read(&alice, &id).await["runs"][1]["outcome"], Value::Null);
    let task = worker.claim().await;
    worker.finish(task.id, Ending::Done).await;
    assert_eq!(read(&alice, &id).await["runs"][1]["outcome"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_said_in_words_and_what_is_wrong_beside_its_field() {
    let house = House::open().await;
    let alice = house.alice();
    let form = alice.open("/schedules/new?what=own").await.form("[action='/schedules']");
    let check = form.clone().fill("cron", "*/20 8-11 * * SUN-THU").fill("zone", "Asia/Tokyo").press("check", "1");
    let page = alice.submit(&check).await.expect(200);
    let words = "Every 20 minutes from 08:00 to 11:59, Sunday to Thursday";
    assert_eq!(page.text("#preview b"), words);
    assert_eq!(page.texts("#preview tbody tr").len(), 5);
    assert!(page.text("#preview").contains("4 Mar 2025, 08:00"), "where the schedule is: {}", page.text("#preview"));
    assert_eq!(number(&house, "select count(*) from schedules"), 0, "nothing is made");
    let wrong = form
        .fill("title", "")
        .fill("cron", "61 * * * *")
        .fill("zone", "Mars")
        .fill("payload", "[1]")
        .fill("job_kind", "x");
    let page = alice.submit(&wrong.clone().press("check", "1")).await.expect(200);
    assert!(page.text("#preview").contains("61 is not understood as minutes"));
    let page = alice.submit(&wrong).await.expect(422);
    assert!(page.text("#payload-error").contains("JSON object"), "{}", page.said());
    let wrong = wrong.fill("payload", "{}").fill("jitter_seconds", "-1");
    let page = alice.submit(&wrong).await.expect(422);
    for field in ["title", "cron", "zone", "jitter_seconds"] {
        assert!(!page.text(&format!("#{field}-error")).is_empty(), "{field}: {}", page.said());
    }
    // A kind's own fields are those of its form.
    let form = alice.open("/schedules/new?what=rehearsal").await.form("[action='/schedules']");
    let page = alice.submit(&form.clone().fill("steps", "-4")).await.expect(422);
    assert!(page.text("#steps-error").contains("whole number"), "{}", page.said());
    alice.submit(&form.fill("steps", "4").fill("step_milliseconds", "1")).await.expect(303);
    advance(&house, hours(24)).await;
    eventually("the job of the kind is done", || async {
        Some(()).filter(|()| number(&house, "select count(*) from schedule_runs where outcome = 'done'") == 1)
    })
    .await;
    let house_in_hebrew = alice.open("/schedules").await;
    assert!(house_in_hebrew.contains("At 09:00, Monday to Friday"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_organisation_is_given_the_schedules_of_kinds_once_and_a_deleted_one_stays_deleted() {
    let house = House::open_with(|config| config.default_schedules = true).await;
    let alice = house.alice();
    let given = || {
        let sql = "select organisation_id || ' ' || cron from schedules where title = 'Check the store' order by id";
        texts(&house.look(), sql)
    };
    let both = ["1 @hourly", "2 @hourly"];
    eventually("both organisations have theirs", || async { Some(()).filter(|()| given() == both) }).await;
    let id = number(&house, "select id from schedules where title = 'Check the store' and organisation_id = 1");
    advance(&house, hours(1)).await;
    eventually("the first check is through", || async {
        let done = format!("select count(*) from schedule_runs where schedule_id = {id} and outcome = 'done'");
        Some(()).filter(|()| number(&house, &done) == 1)
    })
    .await;
    // Its time can be changed, its kind cannot.
    let form = alice.open(&format!("/schedules/{id}/edit")).await.form(&format!("[action='/schedules/{id}']"));
    alice.submit(&form.fill("cron", "30 3 * * *")).await.expect(303);
    let page = alice.open(&format!("/schedules/{id}")).await;
    assert!(page.contains("At 03:30, every day") && page.contains("Came with Milepost"), "{}", page.said());
    let other = json!({ "job": { "job_kind": "letters" } }).to_string();
    let program = program(&house).await;
    program.send_json(Method::PATCH, &format!("/api/v1/schedules/{id}"), &other).await.expect(409);
    for id in texts(&house.look(), "select '' || id from schedules where organisation_id = 1") {
        let ask =
            alice.open(&format!("/schedules/{id}/delete")).await.form(&format!("[action='/schedules/{id}/delete']"));
        alice.submit(&ask).await.expect(303);
    }
    let empty = alice.open("/schedules").await;
    assert!(empty.has("a[href='/schedules/new?what=check-integrity']"), "it is offered again: {}", empty.said());
    alice.post("/organisations", &[("organisation", "Third House")]).await.expect(303);
    let after = ["2 @hourly", "3 @hourly"];
    eventually("the newcomer has its own, and only it", || async { Some(()).filter(|()| given() == after) }).await;
    let (folder, running) = house.into_parts();
    let clock = running.clock.clone();
    running.stop().await;
    let config = config::Config { db: folder.path().join("milepost.db"), ..config::Config::default() };
    let running = Running::with(config, clock.clone()).await;
    clock.advance(hours(1));
    let conn = rusqlite::Connection::open(folder.path().join("milepost.db")).unwrap();
    eventually("it ticks", || async {
        let runs =
            "select 'x' from schedule_runs r join schedules s on s.id = r.schedule_id where s.organisation_id = 3";
        Some(()).filter(|()| !texts(&conn, runs).is_empty())
    })
    .await;
    assert!(texts(&conn, "select title from schedules where organisation_id = 1").is_empty());
    let kept = "select organisation_id || ' ' || cron from schedules where title = 'Check the store' order by id";
    assert_eq!(texts(&conn, kept), after);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_make_edit_run_pause_and_delete_schedules() {
    let house = House::open().await;
    let alice = program(&house).await;
    let path = |id: &Value| format!("/api/v1/schedules/{id}");
    let made =
        make(&alice, &with(letters("0 9 * * MON-FRI"), json!({ "zone": "Europe/Berlin", "jitter_seconds": 0 }))).await;
    assert_eq!(made["words"], "At 09:00, Monday to Friday");
    assert_eq!(made["upcoming"][0], "2025-03-04T08:00:00Z");
    assert_eq!(made["job"]["job_kind"], "letters");
    let id = made["id"].clone();
    let edited =
        alice.send_json(Method::PATCH, &path(&id), r#"{"cron":"@daily","zone":"UTC"}"#).await.expect(200).json();
    assert_eq!((&edited["next_run"], &edited["title"]), (&json!("2025-03-04T00:00:00Z"), &json!("Letters")));
    for (body, field) in [
        (json!({ "cron": "no" }), "cron"),
        (json!({ "zone": "Mars" }), "zone"),
        (json!({ "jitter_seconds": 1_000_000 }), "jitter_seconds"),
        (json!({ "assignment": { "assignee": 999 } }), "assignment.assignee"),
        (json!({ "assignment": { "assignee": 1, "due_after": "soon" } }), "assignment.due_after"),
        (json!({ "job": { "job_kind": "rehearsal", "payload": { "stairs": 1 } } }), "payload.stairs"),
    ] {
        let refused = alice.send_json(Method::PATCH, &path(&id), &body.to_string()).await.expect(422).json();
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let neither = json!({ "title": "x", "cron": "@daily" }).to_string();
    alice.send_json(Method::POST, "/api/v1/schedules", &neither).await.expect(422);
    let post =
        async |verb: &str| alice.send_json(Method::POST, &format!("{}/{verb}", path(&id)), "").await.expect(200).json();
    assert_eq!(post("pause").await["next_run"], Value::Null);
    assert_eq!(post("pause").await["is_paused"], true, "twice is as once");
    assert_eq!(post("resume").await["next_run"], "2025-03-04T00:00:00Z");
    assert_eq!(post("run").await["task"]["job"]["job_kind"], "letters");
    make(&alice, &letters("@hourly")).await;
    let first = alice.get("/api/v1/schedules?limit=1").await.expect(200).json();
    let next = first["next"].as_str().unwrap();
    let second = alice.get(&format!("/api/v1/schedules?limit=1&cursor={next}")).await.expect(200).json();
    assert_eq!((&second["items"][0]["cron"], &second["next"]), (&json!("@hourly"), &Value::Null));
    // The same under a key is one schedule.
    let body = letters("@weekly").to_string();
    let keyed = || {
        let request = alice.request(Method::POST, "/api/v1/schedules").header("idempotency-key", "k1");
        alice.send(request.header("content-type", "application/json").body(body.clone()))
    };
    assert_eq!(keyed().await.expect(201).body, keyed().await.expect(201).body);
    assert_eq!(number(&house, "select count(*) from schedules"), 3);
    alice.send(alice.request(Method::DELETE, &path(&id))).await.expect(204);
    alice.get(&path(&id)).await.expect(404);
    assert_eq!(number(&house, "select count(*) from tasks"), 1, "what it made stays");
    let bob = house.program("bob", "read report").await;
    bob.get("/api/v1/schedules").await.expect(403);
    let reader = house.program("alice", "read").await;
    reader.send_json(Method::POST, "/api/v1/schedules", &body).await.expect(403);
}
