//! One job that this worker holds: its command is run in a thread, and reported beside. When the server says that the job
//! is no longer ours, the command ends too.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::sync::oneshot;

use super::{Worker, environment};
use crate::cli::run::client::{Answer, Call, Refusal};
use crate::cli::run::outbox::{Finish, Outbox};
use crate::cli::run::output::backlog::Stream;
use crate::cli::run::output::{self, Way};
use crate::cli::run::process::{self, Ending, Process, Session};
use crate::cli::run::report::{Job, News, Reporter};
use crate::cli::run::wrap::{complain, finish};

/// Why a command is made to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Why {
    Cancelled,
    /// The server no longer hears us on this job.
    Lost,
    /// This worker was told twice to stop.
    Stopping,
}

/// The way to a command that may not run yet, or no more.
#[derive(Default)]
pub struct Control(Mutex<State>);

#[derive(Default)]
struct State {
    process: Option<Arc<Process>>,
    stop: Option<(Why, Duration)>,
}

impl Control {
    fn stop(&self, why: Why, grace: Duration) {
        let mut state = self.lock();
        state.stop.get_or_insert((why, grace));
        if let Some(process) = &state.process {
            process.terminate(grace);
        }
    }

    fn started(&self, process: &Arc<Process>) {
        let mut state = self.lock();
        state.process = Some(process.clone());
        if let Some((_, grace)) = state.stop {
            process.terminate(grace);
        }
    }

    fn why(&self) -> Option<Why> {
        self.lock().stop.map(|(why, _)| why)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All that this worker runs.
#[derive(Default)]
pub struct Holding(Mutex<BTreeMap<i64, Arc<Control>>>);

impl Holding {
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    pub fn stop_all(&self, grace: Duration) {
        for control in self.lock().values() {
            control.stop(Why::Stopping, grace);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Arc<Control>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Held {
    id: i64,
    attempt: i64,
    kind: String,
    command: String,
    payload: Value,
    only_failed_items: bool,
}

impl Held {
    /// Of a claim's answer.
    pub fn new(worker: &Worker, mut task: Value) -> Option<Held> {
        let job = task["job"].take();
        let kind = job["job_kind"].as_str()?.to_owned();
        Some(Held {
            id: task["id"].as_i64()?,
            attempt: task["attempt"].as_i64().or(job["attempt"].as_i64())?,
            command: worker.commands.get(&kind)?.clone(),
            kind,
            payload: job["payload"].clone(),
            only_failed_items: job["only_failed_items"] == json!(true),
        })
    }

    /// Runs it and reports it, until both are over.
    pub async fn work(self, worker: &Arc<Worker>, holding: &Holding) {
        let (id, attempt, kind) = (self.id, self.attempt, self.kind.clone());
        complain(&format!("job {id} ({kind}), attempt {attempt}: starts"), "\n");
        let control = Arc::new(Control::default());
        holding.lock().insert(id, control.clone());
        let outbox = Arc::new(Outbox::default());
        let (over, is_over) = oneshot::channel();
        match self.failed_items(worker).await {
            Ok(items) => self.start(worker, items, &outbox, &control, over),
            Err(refusal) => {
                let error = format!("the items that failed cannot be read: {}", refusal.sentence);
                outbox.finish(Finish { outcome: "failed", error: Some(error), result: Value::Null });
                drop(over);
            }
        }
        let (ends, grace) = (control.clone(), worker.grace());
        let tell = move |news| match news {
            News::CancelRequested => {
                complain(&format!("job {id}: cancelled in Milepost, SIGTERM"), "\n");
                ends.stop(Why::Cancelled, grace);
            }
            News::Away(why) => complain(&format!("job {id}: the server is away ({why}), the command goes on"), "\n"),
            News::Stopped(refusal) => {
                complain(&format!("job {id}: no longer ours ({}), SIGTERM", refusal.sentence), "\n");
                ends.stop(Why::Lost, grace);
            }
        };
        let job = Job::Held { id, attempt: Some(attempt) };
        Reporter::new(worker.client.clone(), outbox, job, tell).run().await;
        // An error says that the sender is gone, and the command with it.
        let ending = is_over.await.map_or_else(|_| "not run".to_owned(), Ending::sentence);
        complain(&format!("job {id}: over, {ending}"), "\n");
        holding.lock().remove(&id);
    }

    /// The keys of the items that are to be repeated, a line each, if only those are.
    async fn failed_items(&self, worker: &Worker) -> Result<Option<NamedTempFile>, Refusal> {
        if !self.only_failed_items {
            return Ok(None);
        }
        let refuse = |error: &dyn std::fmt::Display| Refusal { status: 0, sentence: error.to_string() };
        let mut file = NamedTempFile::new().map_err(|error| refuse(&error))?;
        let mut cursor = String::new();
        loop {
            let call = Call::get(format!("/tasks/{}/items?outcome=failed&limit=500{cursor}", self.id));
            let page = match worker.client.send(&call).await {
                Answer::Done(page) => page,
                Answer::Refused(refusal) => return Err(refusal),
                Answer::Away { why, .. } => return Err(refuse(&why)),
            };
            for key in page["items"].as_array().into_iter().flatten().filter_map(|item| item["key"].as_str()) {
                writeln!(file, "{key}").map_err(|error| refuse(&error))?;
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(Some(file)),
            }
        }
    }

    /// Starts the command in a thread, with whose end it would die.
    fn start(
        self,
        worker: &Arc<Worker>,
        items: Option<NamedTempFile>,
        outbox: &Arc<Outbox>,
        control: &Arc<Control>,
        over: oneshot::Sender<Ending>,
    ) {
        let (worker, outbox, control) = (worker.clone(), outbox.clone(), control.clone());
        thread::spawn(move || match self.run(&worker, items.as_ref(), &outbox, &control) {
            Ok((ending, last_line)) => {
                outbox.finish(how(ending, control.why(), &last_line));
                let _ = over.send(ending);
            }
            Err(error) => {
                let error = format!("the command cannot be run: {error}");
                outbox.finish(Finish { outcome: "failed", error: Some(error), result: Value::Null });
            }
        });
    }

    fn run(
        self,
        worker: &Worker,
        items: Option<&NamedTempFile>,
        outbox: &Arc<Outbox>,
        control: &Control,
    ) -> io::Result<(Ending, String)> {
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.command).stdin(Stdio::piped());
        command.envs(environment::variables(self.id, self.attempt, &self.payload));
        command.env("MILEPOST_URL", &worker.args.server.url);
        command.env("MILEPOST_TOKEN", worker.args.server.token.as_deref().unwrap_or_default());
        command.env_remove("MILEPOST_ONLY_FAILED_ITEMS").env_remove("MILEPOST_FAILED_ITEMS");
        if let Some(items) = items {
            command.env("MILEPOST_ONLY_FAILED_ITEMS", "1").env("MILEPOST_FAILED_ITEMS", items.path());
        }
        let (from, theirs) = io::pipe()?;
        command.stderr(theirs.try_clone()?).stdout(theirs);
        let mut child = process::start(command, Session::Ours)?;
        let (ended, running) = io::pipe()?;
        let process = Process::of(&child);
        control.started(&process);
        if let Some(mut input) = child.stdin.take() {
            let payload = self.payload.to_string();
            // A command need not read it.
            thread::spawn(move || drop(input.write_all(payload.as_bytes())));
        }
        let ways = vec![Way { from: File::from(OwnedFd::from(from)), to: None, stream: Stream::Out }];
        let (last_line, lines) = std::sync::mpsc::channel();
        output::pass(ways, ended, outbox, &worker.args.parse, move |line| drop(last_line.send(line)));
        let ending = Ending::from(child.wait()?);
        process.ended();
        drop(running);
        Ok((ending, lines.recv().unwrap_or_default()))
    }
}

/// How an attempt ended. What was stopped only because this worker ends has failed, so that another attempt may follow.
fn how(ending: Ending, stopped: Option<Why>, last_line: &str) -> Finish {
    if stopped == Some(Why::Stopping) && !ending.is_success() {
        let error = Some("its worker was told to stop".to_owned());
        return Finish { outcome: "failed", error, result: json!({ "exit_code": ending.code() }) };
    }
    finish(ending, stopped == Some(Why::Cancelled), last_line)
}
