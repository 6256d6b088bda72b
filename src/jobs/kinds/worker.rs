//! The workers inside the program: each takes a job of a built-in kind, of whichever organisation, runs it, shows that it
//! is alive, and says how it ended. When the program stops, what runs is given back.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, interval, sleep_until};
use tokio_util::task::TaskTracker;

use super::context::{Ear, Word};
use super::{Context, Stop, start};
use crate::App;
use crate::config;
use crate::error::{Error, Result};
use crate::jobs::actions::{self, Finish, Heartbeat, Wanted};
use crate::jobs::dispatch::Wants;
use crate::jobs::{BuiltIn, Job, Outcome};
use crate::people::OrganisationId;
use crate::tasks::{By, Task};

/// Seconds without a sign of life after which a job goes to somebody else.
const LEASE_SECONDS: i64 = 30;
/// How often a job shows that it is alive and hears whether it was cancelled, should it report less often.
const BEAT: Duration = Duration::from_secs(3);
/// How often a worker that was not told of work looks for some.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// How long a job may take to stop when the program does, before it is stopped.
const GRACE: Duration = Duration::from_millis(400);

/// Starts so many workers, and some for kinds that wait; they end, after what they run has, when `stop` says so.
pub fn start_workers(app: &App, workers: usize, stop: &watch::Receiver<bool>) -> TaskTracker {
    let tasks = TaskTracker::new();
    let (waiting, working): (Vec<BuiltIn>, Vec<BuiltIn>) = BuiltIn::ALL.iter().partition(|kind| kind.waits());
    let lanes = [(working, workers), (waiting, if workers > 0 { config::WORKERS_THAT_WAIT } else { 0 })];
    let each = lanes.into_iter().flat_map(|(kinds, workers)| std::iter::repeat_n(kinds, workers));
    for (kinds, number) in each.zip(1..) {
        tasks.spawn(work(app.clone(), kinds, format!("milepost-{number}"), stop.clone()));
    }
    tasks.close();
    tasks
}

async fn work(app: App, kinds: Vec<BuiltIn>, name: String, mut stop: watch::Receiver<bool>) {
    let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    let wants = Wants { organisation: None, kinds: kinds.clone(), queues: Vec::new(), own: None };
    let mut last = None;
    while !*stop.borrow() {
        // The place first: what becomes ready after the look rings it. Who is at work has none.
        let place = app.dispatch.wait_for(wants.clone(), None).expect("only users have a limit");
        // Not raced against the stop: what is taken is run, or given back.
        match take(&app, &kinds, &name, last).await {
            Ok(Some(task)) => {
                drop(place);
                let id = task.id;
                last = Some(task.organisation);
                if let Err(error) = run(&app, task, stop.clone()).await {
                    tracing::error!(%error, task = %id, "a job's end could not be stored; its lease will end it");
                }
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "no job could be taken"),
        }
        tokio::select! {
            () = stopped(&mut stop) => {}
            _ = tokio::time::timeout(LOOK_AGAIN, place.rung()) => {}
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn take(app: &App, kinds: &[String], worker: &str, after: Option<OrganisationId>) -> Result<Option<Arc<Task>>> {
    let (dispatch, output) = (app.dispatch.clone(), app.config.output.clone());
    let wanted = Wanted {
        kinds: kinds.to_vec(),
        queues: Vec::new(),
        worker: Some(worker.to_owned()),
        lease_seconds: LEASE_SECONDS,
    };
    app.db.write(move |w| actions::claim_built_in(w, (&dispatch, &output), &wanted, after)).await
}

/// Runs one job to its end, whichever that is.
async fn run(app: &App, task: Arc<Task>, stop: watch::Receiver<bool>) -> Result<()> {
    let by = actions::by_milepost(task.organisation, &app.dispatch, &app.config.output);
    let Some(kind) = task.job().and_then(Job::built_in) else {
        return Err(anyhow::anyhow!("task {} is of no kind that is built in", task.id).into());
    };
    let ear = Arc::new(Ear::new());
    let context = Context::new(app.clone(), by.clone(), task.clone(), ear.clone());
    let running = tokio::spawn(start(kind, context));
    let ended = watch_over(app, &by, &task, &ear, running, stop).await;
    let finish = match (how(ended), ear.word()) {
        (_, Word::Over) => return Ok(()),
        (End::Told, Word::Cancel) => {
            beat(app, &by, &task, true).await?;
            Finish { outcome: Outcome::Cancelled, ..nothing(&task) }
        }
        (End::Told, _) => {
            let id = task.id;
            return app.db.write(move |w| actions::give_back(w, &by, id, attempt(&task))).await.map(|_| ());
        }
        (End::Done(result), _) => Finish { result: Some(result), ..nothing(&task) },
        (End::Failed(error), _) => Finish { outcome: Outcome::Failed, error: Some(error), ..nothing(&task) },
    };
    let id = task.id;
    match app.db.write(move |w| actions::finish(w, &by, id, finish)).await {
        // It ended otherwise meanwhile.
        Err(Error::Conflict(_) | Error::NotFound) => Ok(()),
        other => other.map(|_| ()),
    }
}

fn attempt(task: &Task) -> i64 {
    task.job().map_or(0, |job| job.attempt)
}

fn nothing(task: &Task) -> Finish {
    Finish { attempt: Some(attempt(task)), outcome: Outcome::Done, result: None, error: None }
}

/// How a job's own part ended.
enum End {
    Done(Value),
    Told,
    Failed(String),
}

/// None: it did not stop in time and was stopped.
type Ended = Option<Result<Result<Value, Stop>, JoinError>>;

fn how(ended: Ended) -> End {
    match ended {
        None | Some(Ok(Err(Stop::Told))) => End::Told,
        Some(Ok(Ok(result))) => End::Done(result),
        Some(Ok(Err(Stop::Failed(sentence)))) => End::Failed(sentence),
        Some(Ok(Err(Stop::Broken(error)))) => {
            tracing::error!(%error, "a built-in job failed");
            End::Failed("Milepost itself failed at this; its log says why.".into())
        }
        // The panic's own words are in the log.
        Some(Err(_)) => End::Failed("Milepost's program for this kind of job broke off unexpectedly (a panic).".into()),
    }
}

/// Keeps the lease while the job runs, and passes on what it is told.
async fn watch_over(
    app: &App,
    by: &By,
    task: &Task,
    ear: &Ear,
    mut running: JoinHandle<Result<Value, Stop>>,
    mut stop: watch::Receiver<bool>,
) -> Ended {
    let mut turn = interval(BEAT);
    let mut until = None;
    loop {
        tokio::select! {
            ended = &mut running => return Some(ended),
            _ = turn.tick() => match beat(app, by, task, false).await {
                Ok(true) => ear.tell(Word::Cancel),
                Ok(false) => {}
                Err(Error::Conflict(_) | Error::NotFound) => ear.tell(Word::Over),
                Err(error) => tracing::warn!(%error, task = %task.id, "a job could not show that it is alive"),
            },
            () = stopped(&mut stop), if until.is_none() => {
                ear.tell(Word::Pause);
                until = Some(Instant::now() + GRACE);
            }
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {
                running.abort();
                return None;
            }
        }
    }
}

/// A sign of life; whether the job is to stop.
async fn beat(app: &App, by: &By, task: &Task, cancel_acknowledged: bool) -> Result<bool> {
    let (by, id, attempt) = (by.clone(), task.id, Some(attempt(task)));
    let beat = Heartbeat { attempt, cancel_acknowledged, lease_seconds: None };
    let task = app.db.write(move |w| actions::heartbeat(w, &by, id, beat)).await?;
    Ok(task.job().is_some_and(|job| job.cancel_requested_at.is_some()))
}
