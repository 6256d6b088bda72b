//! `milepost worker --exec KIND=COMMAND…`: takes queued jobs of these kinds from the server and runs a command for each, several
//! at once, reported as `milepost run` reports. Here: the arguments, and claiming. `held` runs one job, `environment` is what
//! its command finds.

mod environment;
mod held;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};

use self::held::{Held, Holding};
use super::run::client::{Answer, Call, Client, Refusal};
use super::run::parse::Parse;
use super::run::report::LEASE;
use super::run::wrap::complain;
use super::run::{ServerArgs, host};

#[derive(Args, Clone, Debug)]
pub struct WorkerArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// What to run for jobs of a kind; a line for the shell. Can be given several times
    #[arg(long, required = true, value_name = "KIND=COMMAND", value_parser = kind_and_command)]
    exec: Vec<(String, String)>,
    /// Take jobs from this queue only; can be given several times
    #[arg(long, value_name = "QUEUE")]
    queue: Vec<String>,
    /// How many jobs to run at once
    #[arg(long, default_value_t = 1, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    parallel: u32,
    /// What this worker is called; without it, the machine's name and the process
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How progress is read from the output: `auto`, `none`, or a regular expression with groups named percent, done, total, stage or note
    #[arg(long, default_value = "auto", value_name = "REGEX|auto|none", allow_hyphen_values = true)]
    parse: Parse,
    /// After a cancel: seconds between SIGTERM and SIGKILL
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    grace: u64,
}

fn kind_and_command(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((kind, command)) if !kind.trim().is_empty() && !command.trim().is_empty() => {
            Ok((kind.trim().to_owned(), command.to_owned()))
        }
        _ => Err("say KIND=COMMAND, for example letters='./send-letters --all'".into()),
    }
}

/// How long the server may let a claim wait.
const WAIT: Duration = Duration::from_secs(20);
/// Pauses before a claim is made again: after an answer that came too soon, and while the server is away.
const SOON: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// What the last reports may take once we were told twice to stop.
const LAST_REPORTS: Duration = Duration::from_secs(10);

pub struct Worker {
    client: Client,
    args: WorkerArgs,
    commands: BTreeMap<String, String>,
    name: String,
}

pub fn run(args: WorkerArgs) -> anyhow::Result<()> {
    let client = Client::new(&args.server.address()).map_err(|why| anyhow!(why))?;
    let commands = args.exec.iter().cloned().collect();
    let name = args.name.clone().unwrap_or_else(|| format!("{}-{}", host(), std::process::id()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Arc::new(Worker { client, args, commands, name }).work())
}

/// How often we were told to stop.
fn hear_signals() -> anyhow::Result<watch::Receiver<u32>> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be heard")?;
    let (told, heard) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            told.send_modify(|times| *times += 1);
        }
    });
    Ok(heard)
}

/// Returns once we were told so often.
async fn told(heard: &mut watch::Receiver<u32>, times: u32) {
    // The sender lives as long as the program.
    let _ = heard.wait_for(|told| *told >= times).await;
}

impl Worker {
    async fn work(self: Arc<Worker>) -> anyhow::Result<()> {
        let mut stop = hear_signals()?;
        let slots = Arc::new(Semaphore::new(self.args.parallel as usize));
        let holding = Arc::new(Holding::default());
        complain(&format!("{} takes jobs from {}", self.name, self.args.server.url), "\n");
        let refused = loop {
            let slot = tokio::select! {
                slot = slots.clone().acquire_owned() => slot.context("slots are never closed")?,
                () = told(&mut stop, 1) => break None,
            };
            let claimed = tokio::select! {
                // A job that was just given to us is ours to run.
                biased;
                claimed = self.claim() => claimed,
                () = told(&mut stop, 1) => break None,
            };
            match claimed {
                Ok(task) => self.start(task, slot, &holding),
                Err(refusal) => break Some(refusal),
            }
        };
        if refused.is_none() && !holding.is_empty() {
            complain("takes no more; waits for what runs (again SIGTERM stops it)", "\n");
        }
        self.rest(&slots, &holding, &mut stop).await;
        refused.map_or(Ok(()), |refusal| Err(anyhow!("{}: {}", self.args.server.url, refusal.sentence)))
    }

    /// Waits for what still runs, until somebody says that it shall not.
    async fn rest(&self, slots: &Arc<Semaphore>, holding: &Holding, stop: &mut watch::Receiver<u32>) {
        let all = || slots.acquire_many(self.args.parallel);
        tokio::select! {
            _ = all() => return,
            () = told(stop, 2) => {}
        }
        holding.stop_all(self.grace());
        tokio::select! {
            _ = timeout(self.grace() + LAST_REPORTS, all()) => {}
            () = told(stop, 3) => {}
        }
    }

    fn grace(&self) -> Duration {
        Duration::from_secs(self.args.grace)
    }

    fn start(self: &Arc<Worker>, task: Value, slot: OwnedSemaphorePermit, holding: &Arc<Holding>) {
        let Some(held) = Held::new(self, task) else {
            complain("the server gave a job that makes no sense", "\n");
            return;
        };
        let (worker, holding) = (self.clone(), holding.clone());
        tokio::spawn(async move {
            held.work(&worker, &holding).await;
            drop(slot);
        });
    }

    /// The next job, however long that takes.
    async fn claim(&self) -> Result<Value, Refusal> {
        let mut said = false;
        loop {
            let mut body = json!({
                "kinds": self.commands.keys().collect::<Vec<_>>(),
                "worker": self.name,
                "lease_seconds": LEASE.as_secs(),
                "wait_seconds": WAIT.as_secs(),
            });
            if !self.args.queue.is_empty() {
                body["queues"] = json!(self.args.queue);
            }
            let call = Call::json("/claims", body).waiting(WAIT);
            let asked = Instant::now();
            let mut pause = Duration::from_millis(250);
            let answer = loop {
                match self.client.send(&call).await {
                    Answer::Done(answer) => break answer,
                    Answer::Refused(refusal) => return Err(refusal),
                    Answer::Away { why, after } => {
                        if after.is_none() && !std::mem::replace(&mut said, true) {
                            complain(&format!("{} is away ({why}); asks again", self.args.server.url), "\n");
                        }
                        sleep(after.unwrap_or(pause)).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            };
            if !answer.is_null() {
                return Ok(answer);
            }
            // A server that does not wait must not be asked without end.
            sleep(SOON.saturating_sub(asked.elapsed())).await;
        }
    }
}
