//! Sums equal what the trail adds up to, slowly and plainly, whatever happened: as they grew step by step, made anew, cut off
//! in the middle; and the figures of a day.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use milepost::clock::Clock;
use milepost::error::{Error, Result};
use milepost::jobs::actions::{Finish, Wanted, claim, finish, retry};
use milepost::jobs::artifacts::ArtifactName;
use milepost::jobs::{Backoff, Outcome, sql as jobs};
use milepost::people::{OrganisationId, UserId, Viewer};
use milepost::tasks::actions::{self, Edit, NewJob, NewTask, Report, create};
use milepost::tasks::sql::{self, Next};
use milepost::tasks::sums::Ledger;
use milepost::tasks::{Status, Task, TaskId, Via};
use serde_json::{Value, json};

use crate::support::jobs::{ended, viewer};
use crate::support::random::Random;
use crate::support::schedules::{number, ticked};
use crate::support::server::{House, monday};
use crate::support::{eventually, say, sums};

const HARBOUR: i64 = 1;
const HILLTOP: i64 = 2;

/// A house in which much happens, by a seed.
struct Lived {
    house: House,
    /// As she was when she was signed in: in these tests months go by.
    alice: Viewer,
    people: Vec<i64>,
    random: Random,
    tasks: Vec<TaskId>,
}

impl Lived {
    async fn open(test: &str, at: Timestamp, zone: &str) -> Lived {
        let zone = zone.to_owned();
        let zoned = |conn: &rusqlite::Connection| {
            conn.execute("update organisations set zone = ?", [zone]).unwrap();
        };
        let house = House::prepared(Clock::manual(monday()), |_| {}, zoned).await;
        let (alice, random) = (viewer(&house, "alice"), Random::new(test));
        for name in ["Waterfront", "Shipyard"] {
            house.alice().post("/projects", &[("name", name)]).await.expect(303);
        }
        let people = ["alice", "ada", "bob", "carol"].map(|name| house.people.id(name).parse().unwrap()).to_vec();
        house.advance(at.duration_since(monday()));
        Lived { house, alice, people, random, tasks: Vec::new() }
    }

    fn pick<T: Clone>(&mut self, some: &[T]) -> T {
        some[usize::try_from(self.random.below(some.len() as u64)).unwrap()].clone()
    }

    fn new_task(&mut self) -> NewTask {
        let now = self.house.server.clock.now();
        let due = now + SignedDuration::from_hours(i64::try_from(self.random.below(60)).unwrap());
        let is_job = self.random.below(2) == 0;
        let job = NewJob {
            job_kind: self.pick(&[None, Some("letters".to_owned())]),
            max_attempts: Some(2),
            backoff: Some(Backoff::Fixed(vec![0])),
            ..NewJob::default()
        };
        let parent = self.tasks.last().copied().filter(|_| is_job && self.random.below(4) == 0);
        let person = UserId::new(self.pick(&self.people.clone()));
        NewTask {
            title: "Plank".into(),
            assignee: self.pick(&[Some(person), None]).or((!is_job).then_some(person)),
            project: self.pick(&[None, Some(1), Some(2)]).map(milepost::people::ProjectId::new),
            category: self.pick(&[None, Some("paint".to_owned()), Some("rope, =1".to_owned())]),
            due: self.pick(&[None, Some(due.to_string()), Some(due.to_string()[..10].to_owned())]),
            estimate_minutes: self.pick(&[None, Some(90)]),
            parent,
            job: is_job.then_some(job),
            ..NewTask::default()
        }
    }

    fn edit(&mut self) -> Edit {
        let people: Vec<String> = self.people.iter().map(ToString::to_string).collect();
        let some = |text: &str| Some(text.to_owned());
        match self.random.below(5) {
            0 => Edit { assignee: Some(self.pick(&people)), ..Edit::default() },
            1 => Edit { project: self.pick(&[some(""), some("1"), some("2")]), ..Edit::default() },
            2 => Edit { category: self.pick(&[some(""), some("paint"), some("ropes")]), ..Edit::default() },
            3 => Edit { due: self.pick(&[some(""), some("2025-03-10"), some("2025-03-09T23:30")]), ..Edit::default() },
            _ => Edit { estimate: self.pick(&[some(""), some("2h")]), ..Edit::default() },
        }
    }

    /// Something happens, or is refused.
    async fn step(&mut self) {
        let (app, alice) = (self.house.server.app.clone(), self.alice.clone());
        if self.tasks.len() < 4 || self.random.below(6) == 0 {
            let new = self.new_task();
            let made = app.act(&alice, Via::Api, move |w, by| create(w, by, new)).await;
            self.tasks.extend(refused(made).map(|made| made.task.id));
            return;
        }
        let id = self.pick(&self.tasks.clone());
        let what = self.random.below(14);
        let percent = [0.0, 30.0, 70.0, 100.0][usize::try_from(self.random.below(4)).unwrap()];
        let outcome = self.pick(&[Outcome::Done, Outcome::Done, Outcome::Failed, Outcome::Cancelled]);
        let edit = self.edit();
        let happened = app.act(&alice, Via::Api, move |w, by| {
            let task = milepost::tasks::sql::find(w.conn, id)?.ok_or(Error::NotFound)?;
            let attempt = task.job().map(|job| job.attempt).filter(|attempt| *attempt > 0);
            match what {
                0 => actions::complete(w, by, id, "").map(drop),
                1 => actions::cancel(w, by, id, "").map(drop),
                2 if task.job().is_none() => actions::reopen(w, by, id, "").map(drop),
                2 => retry(w, by, id, false).map(drop),
                3 => actions::comment(w, by, id, "Well?").map(drop),
                4 | 5 => actions::edit(w, by, id, &edit).map(drop),
                6 => {
                    let last = sql::trail_of(w.conn, id, 0, 1_000)?.last().map_or(0, |entry| entry.sequence);
                    actions::undo(w, by, id, last).map(drop)
                }
                7 | 8 => take(w, by),
                9 | 10 => finish(w, by, id, Finish { attempt, outcome, result: None, error: None }).map(drop),
                11 if task.status.has_ended() => actions::delete(w, by, id).map(drop),
                _ => actions::report(w, by, id, &Report { attempt, progress: Some(percent), ..Report::default() })
                    .map(drop),
            }
        });
        refused(happened.await);
    }

    /// So many steps, between which time goes by: minutes mostly, hours at times, now and then back.
    async fn live(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step().await;
            match self.random.below(12) {
                0..6 => self.pass(60 * 90),
                6 => self.pass(3_600 * 9),
                7 => self.house.server.clock.jump(SignedDuration::from_secs(-1_800)),
                _ => {}
            }
        }
    }

    fn pass(&mut self, seconds: u64) {
        let seconds = i64::try_from(self.random.below(seconds)).unwrap();
        self.house.advance(SignedDuration::from_secs(seconds));
    }

    async fn run(&self, kind: &str, payload: Value) -> Value {
        run(&self.house, &self.alice, kind, payload).await
    }

    fn check(&self, zone: &str) -> i64 {
        sums::check(&self.house.look(), HARBOUR, zone)
    }
}

fn take(w: &mut milepost::db::Write<'_>, by: &milepost::tasks::By) -> Result<()> {
    let wanted = Wanted { kinds: vec!["letters".into()], queues: vec![], worker: None, lease_seconds: 600 };
    claim(w, by, &wanted).map(drop)
}

/// What the rules do not allow does not happen; anything else is a fault.
fn refused<T>(outcome: Result<T>) -> Option<T> {
    match outcome {
        Ok(done) => Some(done),
        Err(Error::Internal(error)) => panic!("{error:#}"),
        Err(_) => None,
    }
}

/// Runs a job of a kind to its end; gives its result.
async fn run(house: &House, by: &Viewer, kind: &str, payload: Value) -> Value {
    let done = end_of(house, by, kind, payload).await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    done.job().unwrap().result.as_deref().unwrap().clone()
}

async fn end_of(house: &House, by: &Viewer, kind: &str, payload: Value) -> std::sync::Arc<Task> {
    let job = NewJob { job_kind: Some(kind.into()), payload, max_attempts: Some(1), ..NewJob::default() };
    let new = NewTask { title: "Sum".into(), job: Some(job), ..NewTask::default() };
    let made = house.server.app.act(by, Via::Api, move |w, by| create(w, by, new)).await.unwrap();
    ended(house, made.task.id).await
}

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
