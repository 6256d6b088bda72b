//! Who holds a job, and when it is taken away: the lease, the clock that somebody sets, the restart, the zombie.

use jiff::SignedDuration;
use milepost::clock::Clock;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::client::Client;
use crate::support::eventually;
use crate::support::lives::{Held, Program, changes, check_lives, outcomes};
use crate::support::server::{House, Running, make_token, monday, template_copy};

const LEASE: i64 = 30;

async fn program(house: &House) -> Program {
    Program(house.program("bob", "read work").await)
}

async fn claimed(program: &Program, kind: &str, lease: i64, attempts: i64) -> Held {
    let title = format!("A job of {kind}");
    let body = json!({ "title": title, "job_kind": kind, "max_attempts": attempts, "backoff": [0] });
    let id = program.job(body).await;
    let held = program.claim(kind, lease).await.unwrap();
    assert_eq!(held, Held { id, attempt: 1 });
    held
}

/// Lets time go by until a lease of `seconds` that began now is over, and waits until that was noticed: whatever else was
/// over by then has been noticed with it.
async fn pass(house: &House, program: &Program, seconds: i64) {
    let canary = claimed(program, "canary", seconds, 1).await;
    house.advance(SignedDuration::from_secs(seconds));
    until_status(program, canary.id, "failed").await;
}

async fn until_status(program: &Program, id: i64, status: &str) {
    let what = format!("job {id} is {status}");
    eventually(&what, || async { (program.read(id).await["status"] == status).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_workers_attempt_is_lost_within_two_lease_periods_and_a_zombie_is_refused() {
    let house = House::open().await;
    let program = program(&house).await;
    let first = claimed(&program, "letters", LEASE, 2).await;
    program.report(first, 40.0).await.expect(200);
    pass(&house, &program, LEASE - 1).await;
    assert_eq!(program.read(first.id).await["status"], "in_progress", "its lease is not over");
    program.beat(first).await.expect(200);
    pass(&house, &program, LEASE - 1).await;
    program.report(first, 50.0).await.expect(200);
    house.advance(SignedDuration::from_secs(2 * LEASE));
    until_status(&program, first.id, "pending").await;
    let second = program.claim("letters", LEASE).await.unwrap();
    assert_eq!(second, Held { id: first.id, attempt: 2 });
    for late in [program.report(first, 90.0).await, program.beat(first).await, program.finish(first, "done").await] {
        let problem = late.expect(409).json();
        assert!(problem["detail"].as_str().unwrap().contains('2'), "it says which attempt runs: {problem}");
    }
    let read = program.read(first.id).await;
    assert_eq!((&read["progress"], &read["job"]["attempt"]), (&json!(0.0), &json!(2)), "the zombie changed nothing");
    program.finish(second, "done").await.expect(200);
    program.finish(first, "failed").await.expect(409);
    let conn = house.look();
    assert_eq!(outcomes(&conn, first.id), [Some("lost".into()), Some("done".into())]);
    let told = changes(&conn, first.id);
    assert_eq!(told.iter().filter(|change| *change == "completed").count(), 1, "{told:?}");
    check_lives(&conn);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_last_attempt_is_lost_the_job_has_failed_and_says_so() {
    let house = House::open().await;
    let program = program(&house).await;
    let held = claimed(&program, "letters", LEASE, 1).await;
    house.advance(SignedDuration::from_secs(2 * LEASE));
    until_status(&program, held.id, "failed").await;
    let read = program.read(held.id).await;
    assert!(read["job"]["error"].as_str().unwrap().contains("lost"), "{read}");
    assert_eq!(outcomes(&house.look(), held.id), [Some("lost".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_or_forwards_loses_no_job_and_rescues_none_that_is_alive() {
    let house = House::open().await;
    let program = program(&house).await;
    let scheduled =
        program.job(json!({ "title": "Tonight", "job_kind": "night", "run_at": "2025-03-05T21:00:00Z" })).await;
    let mut alive = Vec::new();
    for number in 0..10 {
        alive.push(claimed(&program, &format!("kind {number}"), LEASE, 3).await);
    }
    let mut percent = 0.0;
    for jump in [-3600, 86_400, -86_400, 3600] {
        house.server.clock.jump(SignedDuration::from_secs(jump));
        pass(&house, &program, LEASE - 1).await;
        percent += 10.0;
        for held in &alive {
            let said = program.report(*held, percent).await.expect(200).json();
            assert_eq!(said["task"]["job"]["attempt"], 1, "after a jump of {jump} s");
            assert_eq!(said["task"]["progress"], percent);
        }
        let silent = claimed(&program, "silent", LEASE, 1).await;
        pass(&house, &program, LEASE - 1).await;
        for held in &alive {
            program.beat(*held).await.expect(200);
        }
        pass(&house, &program, LEASE - 1).await;
        assert_eq!(program.read(silent.id).await["status"], "failed", "who is silent is still noticed, {jump} s");
        for held in &alive {
            program.beat(*held).await.expect(200);
        }
    }
    for held in &alive {
        program.finish(*held, "done").await.expect(200);
    }
    assert!(program.claim("night", LEASE).await.is_none(), "its time has not come");
    house.server.clock.jump(SignedDuration::from_secs(3 * 86_400));
    let night = eventually("its time has come", || program.claim("night", LEASE)).await;
    assert_eq!(night.id, scheduled);
    program.finish(night, "done").await.expect(200);
    let (_, ends) = check_lives(&house.look());
    assert_eq!(ends["completed"], 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_reported_before_the_clock_was_set_back_is_in_the_trail_soon() {
    let house = House::open().await;
    let program = program(&house).await;
    let held = claimed(&program, "letters", LEASE, 1).await;
    program.report(held, 10.0).await.expect(200);
    program.report(held, 20.0).await.expect(200);
    house.server.clock.jump(SignedDuration::from_secs(-3600));
    house.advance(SignedDuration::from_secs(3));
    eventually("the trail has it", || async {
        let last = "select new from trail where task_id = ? order by sequence desc limit 1";
        let new: String = house.look().query_row(last, [held.id], |row| row.get(0)).unwrap();
        new.contains("20.0").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_who_is_alive_goes_on_and_who_is_not_is_lost_within_two_periods() {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let clock = Clock::manual(monday());
    let server = Running::start(&database, clock.clone()).await;
    let token = make_token(&people.client("bob", &server.url), "/account", "read work").await;
    let first = Program(Client::with_token(&server.url, &token));
    let (alive, dead) = (claimed(&first, "alive", LEASE, 2).await, claimed(&first, "dead", LEASE, 2).await);
    clock.advance(SignedDuration::from_secs(LEASE - 1));
    server.stop().await;
    // The machine was off for a night.
    let clock = Clock::manual(monday() + SignedDuration::from_hours(8));
    let server = Running::start(&database, clock.clone()).await;
    let again = Program(Client::with_token(&server.url, &token));
    clock.advance(SignedDuration::from_secs(LEASE - 1));
    again.report(alive, 30.0).await.expect(200);
    clock.advance(SignedDuration::from_secs(2));
    eventually("the dead one's is lost", || async { again.read(dead.id).await["status"].eq("pending").then_some(()) })
        .await;
    again.beat(dead).await.expect(409);
    assert_eq!(again.claim("dead", LEASE).await, Some(Held { id: dead.id, attempt: 2 }));
    again.finish(alive, "done").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finish_said_twice_is_the_same_as_once_and_another_end_is_refused() {
    let house = House::open().await;
    let program = program(&house).await;
    let held = claimed(&program, "letters", LEASE, 3).await;
    program.finish(held, "done").await.expect(200);
    program.finish(held, "done").await.expect(200);
    program.finish(held, "failed").await.expect(409);
    program.report(held, 100.0).await.expect(409);
    assert_eq!(changes(&house.look(), held.id), ["created", "claimed", "completed"]);
    // Of two ends at once, one holds.
    let held = claimed(&program, "letters", LEASE, 1).await;
    let (one, other) = tokio::join!(program.finish(held, "done"), program.finish(held, "failed"));
    let statuses = [one.status, other.status];
    assert!(statuses.contains(&StatusCode::OK) && statuses.contains(&StatusCode::CONFLICT), "{statuses:?}");
    check_lives(&house.look());
}
