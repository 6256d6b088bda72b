//! Reports one command to the server, write after write, until its end is reported: creates the job if it must, sends progress
//! and log as they come but not too often, heartbeats in between, hears of a cancel. While the server is away the
//! write at hand is tried again and again with its key; whatever else comes waits in the outbox.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::client::{Answer, Call, Client, Refusal};
use super::outbox::Outbox;
use super::parse::Reading;

/// How long the server holds a job without hearing of it.
pub const LEASE: Duration = Duration::from_secs(30);
/// The longest silence towards the server, and so the time in which a cancel is heard of.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Time between two reports; more often nobody could see.
const PACE: Duration = Duration::from_millis(250);
/// Pauses before the same write is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest one once only the end is left to report.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// The job that is reported on.
pub enum Job {
    /// To be created, with this body.
    New(Value),
    Held {
        id: i64,
        /// Its fencing number, if it was claimed.
        attempt: Option<i64>,
    },
}

/// What the reporter hears on its way.
pub enum News {
    CancelRequested,
    /// The server cannot be reached, for the first time; why.
    Away(String),
    /// Nothing more will be reported; why.
    Stopped(Refusal),
}

pub struct Reporter {
    client: Client,
    outbox: Arc<Outbox>,
    job: Job,
    tell: Box<dyn Fn(News) + Send + Sync>,
    cancel_requested: bool,
    was_away: bool,
}

/// The way to the server has ended before the job did.
type Heard<T> = Result<T, Refusal>;

impl Reporter {
    pub fn new(client: Client, outbox: Arc<Outbox>, job: Job, tell: impl Fn(News) + Send + Sync + 'static) -> Reporter {
        Reporter { client, outbox, job, tell: Box::new(tell), cancel_requested: false, was_away: false }
    }

    /// Returns when the end is reported, or when nothing can be.
    pub async fn run(mut self) {
        if let Err(refusal) = self.report_all().await {
            if refusal.is_conflict() && self.was_cancelled().await {
                (self.tell)(News::CancelRequested);
            }
            (self.tell)(News::Stopped(refusal));
        }
    }

    /// Whether somebody cancelled the job while we were not heard of, so that the server ended it. Only a token that may
    /// read can tell.
    async fn was_cancelled(&self) -> bool {
        let Job::Held { id, .. } = self.job else { return false };
        let asked = self.client.send(&Call::get(format!("/tasks/{id}"))).await;
        matches!(asked, Answer::Done(task) if task["status"] == "cancelled")
    }

    async fn report_all(&mut self) -> Heard<()> {
        let new = if let Job::New(body) = &self.job { Some(Call::json("/tasks", body.clone())) } else { None };
        if let Some(create) = new {
            let task = self.deliver(create).await?;
            let Some(id) = task["id"].as_i64() else {
                let sentence = "what answers there is no Milepost".into();
                return Err(Refusal { status: 404, sentence });
            };
            self.job = Job::Held { id, attempt: None };
        }
        self.heartbeat(false).await?;
        let mut heartbeat = Instant::now() + HEARTBEAT;
        loop {
            while !self.outbox.has_something() && timeout_at(heartbeat, self.outbox.changed()).await.is_ok() {}
            let started = Instant::now();
            if let Some(reading) = self.outbox.take_progress() {
                self.progress(&reading).await?;
                heartbeat = Instant::now() + HEARTBEAT;
            }
            if let Some(text) = self.outbox.take_log() {
                self.log(text).await?;
            }
            if let Some(finish) = self.outbox.take_finish() {
                let mut body = self.body();
                body.insert("outcome".into(), finish.outcome.into());
                body.insert("result".into(), finish.result);
                body.extend(finish.error.map(|error| ("error".into(), error.into())));
                self.deliver(Call::json(self.path("finish"), body.into())).await?;
                return Ok(());
            }
            if Instant::now() >= heartbeat {
                self.heartbeat(false).await?;
                heartbeat = Instant::now() + HEARTBEAT;
            }
            self.pause(heartbeat.min(started + PACE)).await;
        }
    }

    /// Waits, unless the command is over by then.
    async fn pause(&self, until: Instant) {
        let pause = sleep_until(until);
        tokio::pin!(pause);
        while !self.outbox.is_over() {
            tokio::select! {
                () = &mut pause => return,
                () = self.outbox.changed() => {}
            }
        }
    }

    fn path(&self, what: &str) -> String {
        let Job::Held { id, .. } = self.job else { return "/tasks".into() };
        format!("/tasks/{id}/{what}")
    }

    fn body(&self) -> Map<String, Value> {
        let attempt = if let Job::Held { attempt, .. } = self.job { attempt } else { None };
        attempt.map(|attempt| ("attempt".to_owned(), attempt.into())).into_iter().collect()
    }

    async fn heartbeat(&mut self, cancel_acknowledged: bool) -> Heard<()> {
        let mut body = self.body();
        body.insert("lease_seconds".into(), LEASE.as_secs().into());
        if cancel_acknowledged {
            body.insert("cancel_acknowledged".into(), true.into());
        }
        self.deliver(Call::json(self.path("heartbeat"), body.into())).await?;
        Ok(())
    }

    async fn progress(&mut self, reading: &Reading) -> Heard<()> {
        let mut body = self.body();
        let mut say = |name: &str, value: Option<Value>| body.extend(value.map(|value| (name.to_owned(), value)));
        say("progress", reading.percent.map(Value::from));
        say("processed", reading.done.map(Value::from));
        say("total", reading.total.map(Value::from));
        say("stage", reading.stage.clone().map(Value::from));
        say("note", reading.note.clone().map(Value::from));
        self.deliver(Call::json(self.path("progress"), body.into())).await?;
        Ok(())
    }

    async fn log(&mut self, text: String) -> Heard<()> {
        let attempt = if let Job::Held { attempt: Some(attempt), .. } = self.job {
            format!("?attempt={attempt}")
        } else {
            String::new()
        };
        match self.deliver(Call::text(format!("{}{attempt}", self.path("log")), text)).await {
            // A log that is not wanted is no reason to report nothing else.
            Err(refusal) if refusal.status == 404 => Ok(()),
            other => other.map(drop),
        }
    }

    /// Makes a call until it is answered, and acknowledges the request to cancel that the answer may carry. What is refused for
    /// its own sake (a value out of range) is not worth the rest.
    async fn deliver(&mut self, call: Call) -> Heard<Value> {
        let answer = match self.until_answered(&call).await {
            Err(refusal) if refusal.is_final() || matches!(self.job, Job::New(_)) => return Err(refusal),
            Err(_) => Value::Null,
            Ok(answer) => answer,
        };
        let requested = answer["cancel_requested"] == json!(true) || answer["job"]["cancel_requested"] == json!(true);
        if requested && !self.outbox.is_over() && !std::mem::replace(&mut self.cancel_requested, true) {
            (self.tell)(News::CancelRequested);
            Box::pin(self.heartbeat(true)).await?;
        }
        Ok(answer)
    }

    async fn until_answered(&mut self, call: &Call) -> Heard<Value> {
        let mut pause = FIRST_PAUSE;
        loop {
            let after = match self.client.send(call).await {
                Answer::Done(answer) => return Ok(answer),
                Answer::Refused(refusal) => return Err(refusal),
                Answer::Away { why, after } => {
                    if after.is_none() && !std::mem::replace(&mut self.was_away, true) {
                        (self.tell)(News::Away(why));
                    }
                    after
                }
            };
            if self.outbox.is_over() {
                // Somebody waits for the command's end.
                sleep(after.unwrap_or(pause).min(LAST_PAUSE)).await;
            } else {
                self.pause(Instant::now() + after.unwrap_or(pause)).await;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
