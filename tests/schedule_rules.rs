//! The rules of schedules: downtime, overlap, clocks that are set, pauses, makers who left, and that no slot is ever taken
//! twice, whoever shares the file and whatever is killed.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use milepost::schedules::{ScheduleId, actions, sql};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::schedules::{
    advance, hours, letters, make, minutes, number, program, read, runs, texts, ticked, with,
};
use crate::support::served::Served;
use crate::support::server::{House, Running};

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
                let run = actions::run_at(Timestamp::from_microsecond(slot).unwrap());
                if sql::insert_run(&conn, ScheduleId::new(id), &run).unwrap() {
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
    house.alice().open(&format!("/schedules/{id}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_again_and_again_loses_no_slot_and_doubles_none() {
    let mut served = Served::open().await;
    let database = served.database();
    let each_second = with(letters("* * * * * *"), json!({ "after_downtime": "all" })).to_string();
    served.client("alice").send_json(Method::POST, "/api/v1/schedules", &each_second).await.expect(201);
    let look = || rusqlite::Connection::open(&database).unwrap();
    let count = || look().query_row("select count(*) from schedule_runs", [], |row| row.get::<_, i64>(0)).unwrap();
    for _ in 0..6 {
        let before = count();
        eventually("some slots are taken", || async { Some(()).filter(|()| count() > before) }).await;
        served.server.as_mut().unwrap().kill_and_restart(&database);
    }
    let before = count();
    eventually("it goes on", || async { Some(()).filter(|()| count() > before + 1) }).await;
    served.server.as_mut().unwrap().kill();
    let slots: Vec<i64> = texts(&look(), "select (slot / 1000000) || '' from schedule_runs order by slot")
        .iter()
        .map(|slot| slot.parse().unwrap())
        .collect();
    assert!(slots.windows(2).all(|pair| pair[1] == pair[0] + 1), "every second once: {slots:?}");
    let one = |sql: &str| look().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(one("select count(*) from tasks"), count(), "each slot has made one job");
    assert_eq!(one("select count(distinct task_id) from schedule_runs"), count());
}
