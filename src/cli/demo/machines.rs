//! The demo's machines: jobs that are made, taken, reported on and ended by themselves, through the same verbs as the API.
//! Some fail, some are lost with their worker, some wait; what has ended goes after a while, so that the organisation
//! stays as it is for days.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;

use super::chance::Chance;
use super::plant::{PLANTS, Plant, WORKERS};
use super::seed::Seeded;
use crate::App;
use crate::error::{Error, Result};
use crate::insight::JobFilter;
use crate::insight::jobs::{self, Bucket};
use crate::jobs::Outcome;
use crate::jobs::actions::{Finish, Wanted, append_log, claim, finish};
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::people::sql::{NewApiToken, TokensOf, insert_program, insert_token, viewer_of_token};
use crate::people::tokens::Token;
use crate::people::{Scope, Scopes, Viewer};
use crate::tasks::actions::{NewJob, NewTask, Report, create, delete, report};
use crate::tasks::progress::CountsGiven;
use crate::tasks::{Stage, Task, TaskId, Via};

/// Milliseconds between two things that happen.
const PACE: u64 = 350;
/// Jobs that run, wait, and are kept once they ended.
const RUNNING: usize = 5;
const QUEUED: usize = 7;
const ENDED: usize = 30;
const LEASE_SECONDS: i64 = 20;
/// Another number is another story.
const STORY: u64 = 4;

pub struct Machines {
    app: App,
    /// The organisation's own program.
    viewer: Viewer,
    chance: Chance,
    running: Vec<Run>,
    /// How many were made of each.
    made: [usize; PLANTS.len()],
}

/// A job that a worker has.
struct Run {
    id: TaskId,
    attempt: i64,
    plant: &'static Plant,
    total: i64,
    done: i64,
    failed: i64,
    skipped: i64,
    /// Of the units since the last report, one failed.
    fails_now: bool,
    /// At which of its units it fails or falls silent, if it does.
    fails_at: Option<i64>,
    falls_silent: bool,
}

impl Machines {
    /// Gives the organisation a program of its own, and its first jobs.
    pub async fn start(app: &App, seeded: &Seeded) -> Result<Machines> {
        let (organisation, creator) = (seeded.organisation, seeded.people[1]);
        let secret = Token::for_api()?;
        let viewer = app
            .db
            .write(move |w| {
                let name = "Night shift";
                let user = insert_program(w.conn, name, &secret, w.now)?;
                let scopes = [Scope::Work, Scope::Read].into_iter().collect::<Scopes>();
                let new = NewApiToken { name, secret: &secret, scopes, created_by: creator, expires_at: None };
                let of = TokensOf { organisation, member: None };
                let id = insert_token(w.conn, of, user, &new, w.now)?;
                Ok(viewer_of_token(w.conn, id, w.now)?)
            })
            .await?
            .ok_or(Error::NotFound)?;
        let mut machines = Machines {
            app: app.clone(),
            viewer,
            chance: Chance::new(STORY),
            running: Vec::new(),
            made: [0; PLANTS.len()],
        };
        machines.lay_out().await?;
        Ok(machines)
    }

    /// What a visitor finds: some that ended, some under way, some that wait, in each way of waiting.
    async fn lay_out(&mut self) -> Result<()> {
        for _ in 0..14 {
            self.make(None, Vec::new(), None).await?;
            self.take().await?;
            while let Some(last) = self.running.pop() {
                self.end(last).await?;
            }
        }
        let parent = self.make_parent().await?;
        for _ in 0..6 {
            self.make(Some(parent), Vec::new(), None).await?;
        }
        for _ in 0..RUNNING {
            self.make(None, Vec::new(), None).await?;
            self.take().await?;
        }
        let first = self.running.first().map(|run| run.id);
        self.make(None, first.into_iter().collect(), None).await?;
        for hours in [3, 11, 60] {
            self.make(None, Vec::new(), Some(hours)).await?;
        }
        for turn in 0..60 {
            let position = turn % self.running.len().max(1);
            self.go_on_with(position).await?;
        }
        Ok(())
    }

    /// Never ends by itself: abort it before the database closes.
    pub async fn go_on(mut self) {
        let mut turn = tokio::time::interval(Duration::from_millis(PACE));
        loop {
            turn.tick().await;
            match self.step().await {
                Ok(()) => {}
                Err(Error::Internal(error)) => tracing::warn!("the demo's jobs stumbled: {error:#}"),
                // A visitor cancelled it, or put it away.
                Err(refused) => tracing::debug!("the demo's jobs were refused: {refused}"),
            }
        }
    }

    async fn step(&mut self) -> Result<()> {
        if self.running.len() < RUNNING && self.chance.percent(20) {
            return self.take().await;
        }
        if self.chance.percent(4) {
            return self.keep_stock().await;
        }
        let position = self.chance.below(self.running.len());
        if position < self.running.len() { self.go_on_with(position).await } else { self.take().await }
    }

    /// Makes a job where few wait, and lets the oldest ended ones go.
    async fn keep_stock(&mut self) -> Result<()> {
        let (viewer, now) = (self.viewer.clone(), self.app.clock.now());
        let filter = JobFilter::default();
        let (queued, scheduled, ended) = self
            .app
            .db
            .read(move |conn| {
                let queued = jobs::count(conn, &viewer, &filter, Bucket::Queued, now)?.jobs;
                let scheduled = jobs::count(conn, &viewer, &filter, Bucket::Scheduled, now)?.jobs;
                let mut ended = Vec::new();
                for bucket in [Bucket::Ended, Bucket::Failed, Bucket::Lost] {
                    let page = jobs::jobs(conn, &viewer, &filter, (bucket, 200), now, None)?;
                    ended.extend(page.rows.into_iter().skip(ENDED / 3).map(|slot| slot.id));
                }
                Ok((queued, scheduled, ended))
            })
            .await?;
        for id in ended {
            // A parent stays until its children are gone.
            let gone = self.app.act(&self.viewer, Via::Api, move |w, by| delete(w, by, id)).await;
            if let Err(Error::Internal(error)) = gone {
                return Err(Error::Internal(error));
            }
        }
        if scheduled < 3 {
            let hours = self.chance.between(2, 70);
            self.make(None, Vec::new(), Some(hours)).await?;
        }
        if queued < QUEUED as i64 {
            let first = self.running.first().map(|run| run.id).filter(|_| self.chance.percent(20));
            self.make(None, first.into_iter().collect(), None).await?;
        }
        Ok(())
    }

    async fn make(&mut self, parent: Option<TaskId>, after: Vec<TaskId>, in_hours: Option<i64>) -> Result<()> {
        let position = self.chance.below(PLANTS.len());
        let plant = &PLANTS[position];
        let title = plant.titles[self.made[position] % plant.titles.len()].to_owned();
        self.made[position] += 1;
        let total = plant.counted.then(|| self.chance.between(plant.units.0, plant.units.1));
        let new = NewTask {
            title,
            category: Some(plant.category.to_owned()),
            total,
            parent,
            after,
            job: Some(NewJob {
                job_kind: Some(plant.kind.to_owned()),
                queue: Some(plant.queue.to_owned()),
                queue_priority: Some(self.chance.between(3, 7)),
                run_at: in_hours.map(|hours| self.app.clock.now() + SignedDuration::from_hours(hours)),
                max_attempts: Some(plant.attempts),
                payload: json!({ "source": plant.source, "dry_run": false }),
                ..NewJob::default()
            }),
            ..NewTask::default()
        };
        self.app.act(&self.viewer, Via::Api, move |w, by| create(w, by, new)).await?;
        Ok(())
    }

    async fn make_parent(&self) -> Result<TaskId> {
        let new = NewTask {
            title: "Digitise the chart collection".to_owned(),
            category: Some("archive".to_owned()),
            total: Some(6),
            job: Some(NewJob::default()),
            ..NewTask::default()
        };
        let made = self.app.act(&self.viewer, Via::Api, move |w, by| create(w, by, new)).await?;
        Ok(made.task.id)
    }

    /// A worker takes the next job that waits.
    async fn take(&mut self) -> Result<()> {
        let worker = WORKERS[self.chance.below(WORKERS.len())].to_owned();
        let wanted =
            Wanted { kinds: Vec::new(), queues: Vec::new(), worker: Some(worker), lease_seconds: LEASE_SECONDS };
        let claimed = self.app.act(&self.viewer, Via::Api, move |w, by| claim(w, by, &wanted)).await?;
        let Some(task) = claimed else { return Ok(()) };
        if let Some(run) = self.run_of(&task) {
            self.running.push(run);
        }
        Ok(())
    }

    fn run_of(&mut self, task: &Arc<Task>) -> Option<Run> {
        let job = task.job()?;
        let plant = PLANTS.iter().find(|plant| Some(plant.kind) == job.spec.job_kind.as_deref())?;
        let total = task.counts.and_then(|counts| counts.total).unwrap_or(100);
        let fails_at = self.chance.percent(plant.fails).then(|| self.chance.between(total / 5, total * 4 / 5));
        let falls_silent = fails_at.is_some() && self.chance.percent(25);
        Some(Run {
            id: task.id,
            attempt: job.attempt,
            plant,
            total,
            done: 0,
            failed: 0,
            skipped: 0,
            fails_now: false,
            fails_at,
            falls_silent,
        })
    }

    /// The next report of a running job, or its end.
    async fn go_on_with(&mut self, position: usize) -> Result<()> {
        let Some(mut run) = (position < self.running.len()).then(|| self.running.swap_remove(position)) else {
            return Ok(());
        };
        let step = (run.total / self.chance.between(25, 60)).max(1);
        run.done = (run.done + step).min(run.total);
        if run.plant.counted {
            run.fails_now = self.chance.percent(run.plant.troubled);
            run.failed += i64::from(run.fails_now);
            run.skipped += i64::from(self.chance.percent(run.plant.troubled / 2));
        }
        let fails = run.fails_at.is_some_and(|at| run.done >= at);
        if fails && run.falls_silent {
            // Nobody hears of it any more: its lease runs out.
            return Ok(());
        }
        if fails || run.done >= run.total {
            return self.end(run).await;
        }
        let cancelled = self.tell(&run).await?;
        if cancelled {
            return self.finish(&run, Outcome::Cancelled, None).await;
        }
        self.running.push(run);
        Ok(())
    }

    /// Reports; whether it is to stop.
    async fn tell(&mut self, run: &Run) -> Result<bool> {
        let mut said = run.report();
        let (id, attempt) = (run.id, run.attempt);
        let trouble = run.trouble(&mut self.chance, &mut said);
        let line = format!("{}% {}/{} {trouble}\n", run.done * 100 / run.total.max(1), run.done, run.total);
        let told = self
            .app
            .act(&self.viewer, Via::Api, move |w, by| {
                append_log(w, by, id, Some(attempt), line.as_bytes())?;
                report(w, by, id, &said)
            })
            .await?;
        Ok(told.job().is_some_and(|job| job.cancel_requested_at.is_some()))
    }

    async fn end(&mut self, mut run: Run) -> Result<()> {
        if run.fails_at.is_some() {
            return self.finish(&run, Outcome::Failed, Some(run.plant.error.to_owned())).await;
        }
        run.done = run.total;
        self.tell(&run).await?;
        self.finish(&run, Outcome::Done, None).await
    }

    async fn finish(&self, run: &Run, outcome: Outcome, error: Option<String>) -> Result<()> {
        let result = (outcome == Outcome::Done).then(|| json!({ "processed": run.total, "failed": run.failed }));
        let said = Finish { attempt: Some(run.attempt), outcome, result, error };
        let id = run.id;
        self.app.act(&self.viewer, Via::Api, move |w, by| finish(w, by, id, said)).await?;
        Ok(())
    }
}

impl Run {
    /// What went wrong with a unit, as an item of the report and in words for the log.
    fn trouble(&self, chance: &mut Chance, said: &mut Report) -> &'static str {
        if !self.fails_now || self.plant.troubles.is_empty() {
            return "";
        }
        let message = chance.pick(self.plant.troubles);
        let key = Some(format!("{}", self.done));
        said.items.push(NewItem { key, outcome: ItemOutcome::Failed, message: Some(message.to_owned()) });
        message
    }

    fn report(&self) -> Report {
        let stages = self.plant.stages;
        let count = i64::try_from(stages.len()).unwrap_or(1).max(1);
        let index = (self.done * count / self.total.max(1)).min(count - 1);
        let name = usize::try_from(index).ok().and_then(|index| stages.get(index));
        let stage = name.map(|name| Stage { name: (*name).to_owned(), index: Some(index + 1), of: Some(count) });
        let (failed, skipped) = (self.failed.min(self.done), self.skipped.min(self.done - self.failed.min(self.done)));
        let counts = CountsGiven {
            processed: Some(self.done),
            failed: Some(failed),
            skipped: Some(skipped),
            ..CountsGiven::default()
        };
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let percent = self.done as f64 / self.total.max(1) as f64 * 100.0;
        Report {
            attempt: Some(self.attempt),
            progress: Some(percent),
            counts: if self.plant.counted { counts } else { CountsGiven::default() },
            stage,
            ..Report::default()
        }
    }
}
