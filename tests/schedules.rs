//! Schedules through the front door: made by forms and by the API, run by the tick of the real server, whose clock the
//! test moves.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use milepost::config;
use milepost::jobs::Outcome as Ending;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::eventually;
use crate::support::html::Page;
use crate::support::server::{House, MARK, Running, monday};
use crate::support::worker::Worker;

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// One number of the file.
fn number(house: &House, sql: &str) -> i64 {
    house.look().query_row(sql, [], |row| row.get(0)).unwrap()
}

fn texts(conn: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = conn.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Waits until the tick has looked at everything up to now.
async fn ticked(house: &House) {
    eventually("the tick has looked", || async {
        let now = house.server.clock.now().as_microsecond();
        let due =
            format!("select count(*) from schedules where look_at <= {now} or (counted_to > {now} and is_paused = 0)");
        Some(()).filter(|()| number(house, &due) == 0)
    })
    .await;
}

async fn advance(house: &House, by: SignedDuration) {
    house.advance(by);
    ticked(house).await;
}

/// What each run of a schedule came to: its slot and outcome.
fn runs(house: &House, id: &Value) -> Vec<String> {
    let conn = house.look();
    let sql = format!(
        "select strftime('%dT%H:%M', slot / 1000000, 'unixepoch') || ' ' ||
           case when is_waiting then 'waiting' else coalesce(outcome, 'open') end ||
           case when missed > 0 then '/' || missed else '' end
         from schedule_runs where schedule_id = {id} order by slot"
    );
    texts(&conn, &sql)
}

/// The program of alice, who owns the house.
async fn program(house: &House) -> Client {
    house.program("alice", "read report work admin").await
}

async fn make(program: &Client, body: &Value) -> Value {
    program.send_json(Method::POST, "/api/v1/schedules", &body.to_string()).await.expect(201).json()
}

/// A schedule of jobs that nobody takes unless the test does.
fn letters(cron: &str) -> Value {
    json!({
        "title": "Letters", "cron": cron, "zone": "UTC", "job": { "job_kind": "letters", "max_attempts": 1 },
        "overlap": "allow",
    })
}

fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn read(program: &Client, id: &Value) -> Value {
    program.get(&format!("/api/v1/schedules/{id}")).await.expect(200).json()
}

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
async fn after_a_week_of_downtime_each_does_as_its_rule_says() {
    let house = House::open().await;
    let alice = program(&house).await;
    let mut ids = Vec::new();
    for rule in ["skip", "once", "all"] {
        ids.push(
            make(&alice, &with(letters("0 6 * * *"), json!({ "title": rule, "after_downtime": rule }))).await["id"]
                .clone(),
        );
    }
    let often = make(&alice, &with(letters("*/5 * * * *"), json!({ "title": "often", "after_downtime": "all" }))).await;
    let people = house.people.clone();
    let (folder, running) = house.into_parts();
    let clock = running.clock.clone();
    running.stop().await;
    clock.advance(hours(7 * 24) + minutes(2));
    let running = Running::start(&folder.path().join("milepost.db"), clock.clone()).await;
    let client = people.client("alice", &running.url);
    let conn = rusqlite::Connection::open(folder.path().join("milepost.db")).unwrap();
    let count =
        |title: &str| texts(&conn, &format!("select '' || count(*) from tasks where title = '{title}'"))[0].clone();
    eventually("all are made up for", || async { Some(()).filter(|()| count("often") == "100") }).await;
    assert_eq!((count("skip"), count("once"), count("all")), ("0".into(), "1".into(), "7".into()));
    let told = |id: &Value| {
        let sql = format!("select outcome || ' ' || missed from schedule_runs where schedule_id = {id} and missed > 0");
        texts(&conn, &sql)
    };
    assert_eq!(told(&ids[0]), ["missed 7"]);
    assert_eq!(told(&often["id"]), ["missed 900"], "a bound, and it says so");
    let once = texts(&conn, &format!("select '' || missed from schedule_runs where schedule_id = {}", ids[1]));
    assert_eq!(once, ["6"], "one instead of seven");
    let page = client.open("/schedules").await;
    assert!(page.contains("7 slots passed while Milepost was down, and nothing has run since."), "{}", page.said());
    // The next slot comes as ever, and with it the alarm goes.
    clock.advance(hours(21) - minutes(2));
    eventually("the next one comes", || async { Some(()).filter(|()| count("skip") == "1") }).await;
    assert!(!client.open("/schedules").await.contains("nothing has run since"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_earlier_run_is_open_a_slot_is_left_out_waits_or_runs_beside_it() {
    let house = House::open().await;
    let alice = program(&house).await;
    let mut ids = Vec::new();
    for rule in ["skip", "queue", "allow"] {
        ids.push(
            make(&alice, &with(letters("0 * * * *"), json!({ "title": rule, "overlap": rule }))).await["id"].clone(),
        );
    }
    for _ in 0..3 {
        advance(&house, hours(1)).await;
    }
    assert_eq!(runs(&house, &ids[0]), ["03T10:00 open", "03T11:00 skipped", "03T12:00 skipped"]);
    assert_eq!(runs(&house, &ids[1]), ["03T10:00 open", "03T11:00 waiting", "03T12:00 waiting"]);
    assert_eq!(runs(&house, &ids[2]), ["03T10:00 open", "03T11:00 open", "03T12:00 open"]);
    // By hand it is no different.
    let run = |id: &Value| format!("/api/v1/schedules/{id}/run");
    alice.send_json(Method::POST, &run(&ids[0]), "").await.expect(409);
    let waits = alice.send_json(Method::POST, &run(&ids[1]), "").await.expect(200).json();
    assert_eq!((&waits["run"]["is_waiting"], &waits["task"]), (&json!(true), &Value::Null));
    let beside = alice.send_json(Method::POST, &run(&ids[2]), "").await.expect(200).json();
    assert_eq!((&beside["run"]["by_hand"], &beside["task"]["title"]), (&json!(true), &json!("allow")));
    // What waits begins when the one before it ends, one at a time.
    for open in 1..=3 {
        let first = number(&house, "select min(id) from tasks where title = 'queue' and finished_at is null");
        alice.send_json(Method::POST, &format!("/api/v1/tasks/{first}/cancel"), "").await.expect(200);
        eventually("the next one begins", || async {
            let made = number(&house, "select count(*) from tasks where title = 'queue'");
            Some(()).filter(|()| made == open + 1)
        })
        .await;
    }
    let by_then = runs(&house, &ids[1]);
    assert_eq!(by_then.iter().filter(|run| run.ends_with("cancelled")).count(), 3, "{by_then:?}");
    assert_eq!(by_then.iter().filter(|run| run.ends_with("open")).count(), 1, "{by_then:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_runs_no_slot_twice_and_one_set_forward_is_downtime() {
    let house = House::open().await;
    let alice = program(&house).await;
    let hourly = make(&alice, &letters("0 * * * *")).await["id"].clone();
    for _ in 0..3 {
        advance(&house, hours(1)).await;
    }
    let three = ["03T10:00 open", "03T11:00 open", "03T12:00 open"];
    assert_eq!(runs(&house, &hourly), three);
    house.server.clock.jump(-hours(3));
    ticked(&house).await;
    let next = read(&alice, &hourly).await;
    assert_eq!(next["next_run"], "2025-03-03T10:00:00Z", "it counts from now again");
    for _ in 0..6 {
        advance(&house, minutes(30)).await;
    }
    assert_eq!(runs(&house, &hourly), three, "what has been is not again");
    advance(&house, hours(1)).await;
    assert_eq!(runs(&house, &hourly).len(), 4);
    // Forward by a day: run once, as the rule says; and back to where time really is.
    house.server.clock.jump(hours(24));
    ticked(&house).await;
    assert_eq!(runs(&house, &hourly)[4..], ["04T13:00 open/23"]);
    house.server.clock.jump(-hours(24));
    ticked(&house).await;
    advance(&house, hours(1)).await;
    assert_eq!(runs(&house, &hourly)[4], "03T14:00 open", "a wrong hour does not silence the days until then");
    assert_eq!(number(&house, "select count(*) from tasks"), number(&house, "select count(*) from schedule_runs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_stands_still_and_goes_on_with_the_next_slot() {
    let house = House::open().await;
    let alice = house.alice();
    let id = make(&program(&house).await, &letters("0 * * * *")).await["id"].clone();
    let form = alice.open(&format!("/schedules/{id}")).await.form(&format!("[action='/schedules/{id}/pause']"));
    let page = alice.submit_and_follow(&form.press("paused", "1")).await;
    assert!(page.contains("Paused"), "{}", page.said());
    advance(&house, hours(5)).await;
    assert!(runs(&house, &id).is_empty());
    // By hand it runs all the same.
    let form = alice.open(&format!("/schedules/{id}")).await.form(&format!("[action='/schedules/{id}/run']"));
    assert!(alice.submit_and_follow(&form).await.contains("was started"));
    let page = alice.post(&format!("/schedules/{id}/pause"), &[("paused", "0")]).await.expect(303);
    assert_eq!(page.location(), Some(format!("/schedules/{id}")));
    advance(&house, hours(1)).await;
    assert_eq!(runs(&house, &id).len(), 2, "{:?}", runs(&house, &id));
    let acts = texts(&house.look(), "select act from audit where act like '%schedule' order by id");
    assert_eq!(acts, ["create-schedule", "pause-schedule", "run-schedule", "resume-schedule"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_whose_maker_is_no_admin_any_more_says_so_and_makes_nothing_until_somebody_saves_it() {
    let house = House::open().await;
    let made = {
        let ada = house.program("ada", "read admin").await;
        make(&ada, &letters("0 * * * *")).await
    };
    let (alice, id) = (house.alice(), made["id"].clone());
    assert!(made["maker"]["name"].as_str().unwrap().contains("Ada"));
    let role = format!("/people/{}/role", house.people.id("ada"));
    alice.post(&role, &[("role", "member")]).await.expect(303);
    advance(&house, hours(1)).await;
    assert_eq!(runs(&house, &id), ["03T10:00 refused"]);
    assert_eq!(number(&house, "select count(*) from tasks"), 0);
    let page = alice.open("/schedules").await;
    assert!(page.contains("Whoever made this schedule is no admin here any more."), "{}", page.said());
    let refused = alice.post(&format!("/schedules/{id}/run"), &[]).await.expect(409);
    assert!(refused.contains("no admin here any more"));
    let form = alice.open(&format!("/schedules/{id}/edit")).await.form(&format!("[action='/schedules/{id}']"));
    let page = alice.submit_and_follow(&form).await;
    assert!(page.contains("Runs as Alice"), "{}", page.said());
    advance(&house, hours(1)).await;
    assert_eq!(runs(&house, &id), ["03T10:00 refused", "03T11:00 open"]);
    assert!(!alice.open("/schedules").await.contains("no admin here"));
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
async fn two_writers_on_one_file_never_take_a_slot_twice() {
    let house = House::open().await;
    let id = make(&program(&house).await, &letters("@yearly")).await["id"].as_i64().unwrap();
    // As two processes would, each with its own connection and its own transactions.
    let taken: Vec<Vec<i64>> = std::thread::scope(|threads| {
        let take = || {
            let conn = rusqlite::Connection::open(house.database()).unwrap();
            conn.busy_timeout(crate::support::PATIENCE).unwrap();
            let mut own = Vec::new();
            for slot in 1..=300 {
                conn.execute_batch("begin immediate").unwrap();
                let run = milepost::schedules::actions::run_at(Timestamp::from_microsecond(slot).unwrap());
                if milepost::schedules::sql::insert_run(&conn, milepost::schedules::ScheduleId::new(id), &run).unwrap()
                {
                    own.push(slot);
                }
                conn.execute_batch("commit").unwrap();
            }
            own
        };
        let both = [threads.spawn(take), threads.spawn(take)];
        both.map(|thread| thread.join().unwrap()).into()
    });
    let all: Vec<i64> = taken.concat();
    assert_eq!(all.len(), 300);
    assert_eq!(all.iter().copied().collect::<BTreeSet<_>>(), (1..=300).collect());
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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_is_only_the_oldest_and_never_runs_again() {
    let house = House::open().await;
    let alice = program(&house).await;
    let id = make(&alice, &letters("* * * * * *")).await["id"].clone();
    for _ in 0..6 {
        advance(&house, SignedDuration::from_secs(50)).await;
    }
    let kept = number(&house, "select count(*) from schedule_runs where outcome is not null or task_id is not null");
    assert_eq!(kept, 300, "what is open is kept");
    let tasks = number(&house, "select count(*) from tasks");
    assert_eq!(tasks, 300, "each second of five minutes once");
    house.server.clock.jump(-minutes(4));
    advance(&house, minutes(4)).await;
    assert_eq!(number(&house, "select count(*) from tasks"), 300);
    let _: &Page = &house.alice().open(&format!("/schedules/{id}")).await;
    assert_eq!(monday().as_microsecond() % 1_000_000, 0);
}
