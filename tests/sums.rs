//! Sums equal what the trail adds up to, slowly and plainly, whatever happened: as they grew step by step, made anew, cut off
//! in the middle, by several at once.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use milepost::error::Error;
use milepost::people::{OrganisationId, UserId};
use milepost::tasks::actions::{self, NewJob, NewTask, create};
use milepost::tasks::sql::{self, Next};
use milepost::tasks::sums::Ledger;
use milepost::tasks::{Status, Via};
use serde_json::{Value, json};

use crate::support::history::{HARBOUR, Lived, run};
use crate::support::jobs::{ended, viewer};
use crate::support::schedules::number;
use crate::support::server::monday;
use crate::support::{say, sums};

const HILLTOP: i64 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn after_any_history_the_sums_are_those_of_the_trail_as_they_grew_and_made_anew() {
    // Clocks change in the middle of it: on 9 March in New York, on 28 March in Jerusalem, on 6 April in Auckland.
    for (zone, at) in [
        ("America/New_York", "2025-03-07T20:00:00Z"),
        ("Asia/Jerusalem", "2025-03-26T20:00:00Z"),
        ("Pacific/Auckland", "2025-04-04T20:00:00Z"),
    ] {
        let mut lived = Lived::open(&format!("sums in {zone}"), at.parse().unwrap(), zone).await;
        let mut last = 0;
        for _ in 0..5 {
            let steps = usize::try_from(20 + lived.random.below(80)).unwrap();
            lived.live(steps).await;
            let result = lived.run("aggregate", json!({})).await;
            let sequence = lived.check(zone);
            assert!(sequence > last, "{result}");
            last = sequence;
        }
        let days = number(&lived.house, "select count(distinct period) from sums where span = 'day'");
        let result = lived.run("aggregate", json!({ "rebuild": true })).await;
        assert!(lived.check(zone) > last);
        assert_eq!(result["rebuilt"], true);
        assert_eq!(number(&lived.house, "select count(*) from ledgers"), 1, "nothing is left of the earlier ones");
        assert_eq!(number(&lived.house, "select count(distinct ledger_id) from sums"), 1);
        let (_, kept) = sums::kept(&lived.house.look(), HARBOUR, "day");
        let figures: BTreeSet<&String> = kept.values().flat_map(|figures| figures.keys()).collect();
        say(&format!("{zone}: {last} entries of {days} days, {} rows, {} of 20 figures", kept.len(), figures.len()));
        let check = lived.run("check-integrity", json!(null)).await;
        assert_eq!(check["findings"], 0, "{check}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_that_grew_in_steps_are_those_that_are_made_at_once_and_nothing_counts_twice() {
    let mut lived = Lived::open("sums in steps", monday(), "Asia/Jerusalem").await;
    lived.live(250).await;
    let app = lived.house.server.app.clone();
    let of = OrganisationId::new(HARBOUR);
    let newest = number(&lived.house, "select max(sequence) from trail");
    let opened = app.db.write(move |w| sql::ledger_to_add_to(w.conn, of, false, w.now)).await.unwrap();
    let (ledger, _) = opened;
    let mut until = 0;
    while until < newest {
        until = (until + 1 + i64::try_from(lived.random.below(40)).unwrap()).min(newest);
        let Next::Chunk(chunk) = sql::next_chunk(&lived.house.look(), &ledger, until).unwrap() else { continue };
        if lived.random.below(2) == 0 {
            let cut = chunk.clone();
            let cut = app.db.write(move |w| {
                assert!(sql::add_chunk(w.conn, &cut, w.now)?);
                Err::<(), _>(Error::NotFound)
            });
            assert!(cut.await.is_err(), "what is cut off in the middle");
        }
        for is_first in [true, false] {
            let chunk = chunk.clone();
            let added = app.db.write(move |w| sql::add_chunk(w.conn, &chunk, w.now)).await.unwrap();
            assert_eq!(added, is_first, "the same again adds nothing");
        }
    }
    put_in_place(&lived, &ledger).await;
    assert_eq!(lived.check("Asia/Jerusalem"), newest);
    let grown = ["day", "month"].map(|span| sums::kept(&lived.house.look(), HARBOUR, span));
    let (anew, is_anew) = app.db.write(move |w| sql::ledger_to_add_to(w.conn, of, true, w.now)).await.unwrap();
    assert!(is_anew && anew.id != ledger.id);
    while let Next::Chunk(chunk) = sql::next_chunk(&lived.house.look(), &anew, newest).unwrap() {
        assert_eq!(grown, ["day", "month"].map(|span| sums::kept(&lived.house.look(), HARBOUR, span)), "still read");
        assert!(app.db.write(move |w| sql::add_chunk(w.conn, &chunk, w.now)).await.unwrap());
    }
    put_in_place(&lived, &anew).await;
    assert!(matches!(sql::next_chunk(&lived.house.look(), &ledger, newest + 1).unwrap(), Next::Gone));
    assert_eq!(grown, ["day", "month"].map(|span| sums::kept(&lived.house.look(), HARBOUR, span)));
}

async fn put_in_place(lived: &Lived, ledger: &Ledger) {
    let ledger = ledger.clone();
    lived.house.server.app.db.write(move |w| sql::put_in_place(w.conn, &ledger)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_zone_moves_the_days_and_the_sums_are_made_anew_by_themselves() {
    let mut lived = Lived::open("sums of another zone", monday(), "UTC").await;
    lived.live(80).await;
    assert_eq!(lived.run("aggregate", json!({})).await["rebuilt"], true, "the first ones");
    assert_eq!(lived.run("aggregate", json!({})).await["rebuilt"], false);
    lived.check("UTC");
    let zone = "Pacific/Kiritimati";
    let change = lived.house.server.app.db.write(move |w| {
        w.conn.execute("update organisations set zone = ?", [zone])?;
        Ok(())
    });
    change.await.unwrap();
    let day = lived.run("daily-statistics", json!({})).await;
    assert_eq!(day["zone"], zone);
    lived.check(zone);
    assert_eq!(lived.run("aggregate", json!({})).await["rebuilt"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_before_and_after_midnight_counts_on_two_days_also_where_a_day_has_25_hours() {
    // In New York, 2 November 2025 has 25 hours: it ends at 05:00 UTC.
    let lived = Lived::open("sums at midnight", "2025-11-02T03:59:00Z".parse().unwrap(), "America/New_York").await;
    let mut made = Vec::new();
    for (hours, minutes) in [(0, 2), (24, 57), (0, 3)] {
        let person = Some(UserId::new(lived.people[2]));
        let new =
            NewTask { title: "Plank".into(), assignee: person, due: Some("2025-11-02".into()), ..NewTask::default() };
        let app = lived.house.server.app.clone();
        made.push(app.act(&lived.alice, Via::Api, move |w, by| create(w, by, new)).await.unwrap().task.id);
        lived.house.advance(SignedDuration::from_mins(hours * 60 + minutes));
    }
    for id in made {
        let done = lived.house.server.app.act(&lived.alice, Via::Api, move |w, by| actions::complete(w, by, id, ""));
        done.await.unwrap();
    }
    lived.run("aggregate", json!({})).await;
    lived.check("America/New_York");
    let (_, days) = sums::kept(&lived.house.look(), HARBOUR, "day");
    let of = |day: &str, name: &str| -> i64 {
        let lines = days.iter().filter(|((period, kind, ..), _)| period == day && kind == "assignment");
        lines.filter_map(|(_, figures)| figures.get(name)).sum()
    };
    let created = ["2025-11-01", "2025-11-02", "2025-11-03"].map(|day| of(day, "created"));
    assert_eq!(created, [1, 2, 0], "{days:#?}");
    assert_eq!((of("2025-11-03", "done"), of("2025-11-03", "done_on_time")), (3, 0), "a minute after its day");
    assert_eq!(of("2025-11-03", "late_milliseconds"), 3 * 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_organisations_each_has_its_own() {
    let mut lived = Lived::open("sums of two", monday(), "UTC").await;
    let stranger = viewer(&lived.house, "stranger");
    let new = NewTask { title: "Bread".into(), assignee: Some(stranger.user), ..NewTask::default() };
    let made = lived.house.server.app.act(&stranger, Via::Api, move |w, by| create(w, by, new));
    let id = made.await.unwrap().task.id;
    lived.live(60).await;
    run(&lived.house, &stranger, "aggregate", json!({})).await;
    assert_eq!(number(&lived.house, "select count(*) from ledgers where organisation_id = 1"), 0);
    lived.run("aggregate", json!({})).await;
    let done = lived.house.server.app.act(&stranger, Via::Api, move |w, by| actions::complete(w, by, id, ""));
    done.await.unwrap();
    lived.house.advance(SignedDuration::from_hours(24));
    let day = run(&lived.house, &stranger, "daily-statistics", json!({})).await;
    lived.check("UTC");
    sums::check(&lived.house.look(), HILLTOP, "UTC");
    let text = day.to_string();
    assert!(!text.contains("Seagull") && !text.contains("Waterfront"), "{text}");
    let people: Vec<&Value> = day["people"].as_array().unwrap().iter().map(|person| &person["name"]).collect();
    assert!(people.contains(&&json!("Sam Stranger")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_in_the_middle_leaves_sums_that_the_next_one_goes_on_with() {
    let mut lived = Lived::open("sums that are cancelled", monday(), "UTC").await;
    lived.live(100).await;
    let app = lived.house.server.app.clone();
    let of = OrganisationId::new(HARBOUR);
    // As it was left when it was cut off.
    let opened = app.db.write(move |w| sql::ledger_to_add_to(w.conn, of, true, w.now)).await.unwrap();
    let Next::Chunk(chunk) = sql::next_chunk(&lived.house.look(), &opened.0, 50).unwrap() else { panic!("a chunk") };
    let first = chunk.entries;
    app.db.write(move |w| sql::add_chunk(w.conn, &chunk, w.now)).await.unwrap();
    let before = number(&lived.house, "select count(*) from trail where organisation_id = 1");
    let result = lived.run("aggregate", json!({ "rebuild": true })).await;
    let entries = result["entries"].as_i64().unwrap();
    assert!(entries >= before - first && entries < before, "it goes on with the rest: {entries} of {before}");
    lived.check("UTC");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_sum_up_at_once_count_each_entry_once() {
    let mut lived = Lived::open("sums by several", monday(), "UTC").await;
    lived.live(120).await;
    let kinds = [("aggregate", json!({ "rebuild": true })), ("daily-statistics", json!({})), ("aggregate", json!({}))];
    let mut jobs = Vec::new();
    for (kind, payload) in kinds.clone().into_iter().chain(kinds) {
        let job = NewJob { job_kind: Some(kind.into()), payload, max_attempts: Some(1), ..NewJob::default() };
        let new = NewTask { title: "Sum".into(), job: Some(job), ..NewTask::default() };
        let made = lived.house.server.app.act(&lived.alice, Via::Api, move |w, by| create(w, by, new));
        jobs.push(made.await.unwrap().task.id);
    }
    for id in jobs {
        let done = ended(&lived.house, id).await;
        assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    }
    lived.check("UTC");
}
