//! A house in which much happens, by a seed: work that is given, moved, edited, ended and opened again, jobs with attempts
//! that fail and are lost, over days, while the clock is set back now and then.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use milepost::clock::Clock;
use milepost::error::{Error, Result};
use milepost::jobs::actions::{Finish, Wanted, claim, finish, retry};
use milepost::jobs::{Backoff, Outcome};
use milepost::people::{ProjectId, UserId, Viewer};
use milepost::tasks::actions::{self, Edit, NewJob, NewTask, Report, create};
use milepost::tasks::{Status, Task, TaskId, Via, sql};
use serde_json::Value;

use super::jobs::{ended, viewer};
use super::random::Random;
use super::server::{House, monday};
use super::sums;

pub const HARBOUR: i64 = 1;

pub struct Lived {
    pub house: House,
    /// As she was when she was signed in: in these tests months go by.
    pub alice: Viewer,
    pub people: Vec<i64>,
    pub random: Random,
    tasks: Vec<TaskId>,
}

impl Lived {
    pub async fn open(test: &str, at: Timestamp, zone: &str) -> Lived {
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
            project: self.pick(&[None, Some(1), Some(2)]).map(ProjectId::new),
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
            let task = sql::find(w.conn, id)?.ok_or(Error::NotFound)?;
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
    pub async fn live(&mut self, steps: usize) {
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

    pub async fn run(&self, kind: &str, payload: Value) -> Value {
        run(&self.house, &self.alice, kind, payload).await
    }

    pub fn check(&self, zone: &str) -> i64 {
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
pub async fn run(house: &House, by: &Viewer, kind: &str, payload: Value) -> Value {
    let done = end_of(house, by, kind, payload).await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    done.job().unwrap().result.as_deref().unwrap().clone()
}

pub async fn end_of(house: &House, by: &Viewer, kind: &str, payload: Value) -> Arc<Task> {
    let job = NewJob { job_kind: Some(kind.into()), payload, max_attempts: Some(1), ..NewJob::default() };
    let new = NewTask { title: "Sum".into(), job: Some(job), ..NewTask::default() };
    let made = house.server.app.act(by, Via::Api, move |w, by| create(w, by, new)).await.unwrap();
    ended(house, made.task.id).await
}
