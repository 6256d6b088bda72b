//! Taking queued jobs. Whoever waits for one costs no thread: it stands in memory until one is ready.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::Json;
use super::call::{Answer, Call, Telling};
use super::openapi::Told;
use super::schemas;
use super::shapes::TaskShape;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::jobs::actions::{Wanted, claim, claim_waiting};
use crate::people::parse_line;
use crate::tasks::Task;

/// What a worker would take.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Claim)]
pub struct ClaimBody {
    /// Of any kind, unless said.
    #[schema(value_type = Option<Vec<schemas::Line>>, max_items = 100)]
    kinds: Option<Vec<String>>,
    /// From any queue, unless said.
    #[schema(value_type = Option<Vec<schemas::Line>>, max_items = 100)]
    queues: Option<Vec<String>>,
    /// Your name, for whoever looks.
    #[schema(value_type = Option<schemas::Line>)]
    worker: Option<String>,
    /// 30 unless said.
    #[schema(value_type = Option<schemas::LeaseSeconds>)]
    lease_seconds: Option<i64>,
    /// How long to wait for a job when there is none; 0 unless said.
    #[schema(value_type = Option<schemas::WaitSeconds>)]
    wait_seconds: Option<i64>,
}

impl ClaimBody {
    fn wanted(&self) -> Result<Wanted> {
        let lines = |field: &'static str, lines: Option<&Vec<String>>| -> Result<Vec<String>> {
            let lines = lines.map(Vec::as_slice).unwrap_or_default();
            if lines.len() > config::NAMES_AT_ONCE {
                return Err(Error::field(field, msg("error-too-many").arg("limit", config::NAMES_AT_ONCE)));
            }
            let line =
                |line: &String| parse_line(line, config::NAME_CHARS).map_err(|message| Error::field(field, message));
            lines.iter().map(line).collect()
        };
        let lease_seconds = self.lease_seconds.unwrap_or(config::LEASE_DEFAULT_SECONDS);
        if !config::LEASE_SECONDS.contains(&lease_seconds) {
            let (from, to) = (*config::LEASE_SECONDS.start(), *config::LEASE_SECONDS.end());
            return Err(Error::field("lease_seconds", msg("error-lease").arg("from", from).arg("to", to)));
        }
        let worker = self
            .worker
            .as_ref()
            .map(|worker| parse_line(worker, config::NAME_CHARS).map_err(|message| Error::field("worker", message)));
        Ok(Wanted {
            kinds: lines("kinds", self.kinds.as_ref())?,
            queues: lines("queues", self.queues.as_ref())?,
            worker: worker.transpose()?,
            lease_seconds,
        })
    }

    fn wait(&self) -> Result<Duration> {
        let seconds = self.wait_seconds.unwrap_or(0);
        if (0..=config::CLAIM_WAIT_SECONDS).contains(&seconds) {
            return Ok(Duration::from_secs(seconds.unsigned_abs()));
        }
        let range = msg("error-range").arg("least", "0").arg("most", config::CLAIM_WAIT_SECONDS.to_string());
        Err(Error::field("wait_seconds", range))
    }
}

/// A task that was claimed, with its lease.
#[derive(Serialize, ToSchema)]
#[schema(as = Claimed)]
struct ClaimedShape<'a> {
    #[serde(flatten)]
    task: TaskShape<'a>,
    /// To be sent with every report, heartbeat and finish.
    attempt: i64,
    lease_expires_at: Option<Timestamp>,
}

fn claimed(task: &Arc<Task>, telling: &Telling) -> Answer {
    let job = task.job();
    Answer::ok(&ClaimedShape {
        task: telling.task(task),
        attempt: job.map_or(0, |job| job.attempt),
        lease_expires_at: job.and_then(|job| job.lease_expires_at),
    })
}

pub async fn post_claims(call: Call<Json<ClaimBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let (wanted, wait) = (body.wanted()?, body.wait()?.min(call.app.config.claim_wait));
    let once = || {
        let (by, wanted) = (call.by(), wanted.clone());
        call.attempt(move |w| claim(w, &by, &wanted), claimed)
    };
    let answer = claim_waiting(&call.app, &call.viewer, &wanted, wait, once).await?;
    Ok(answer.unwrap_or_else(|| Answer::nothing().into_response()))
}

pub fn told_post_claims() -> Told {
    Told::new("post_claims", "Jobs", "Take the next job")
        .more("By priority, then by age; of each job one worker at a time. Its reports, heartbeats and finish carry the `attempt` that is answered. Under one `Idempotency-Key` the same job is answered again.")
        .takes::<ClaimBody>(json!({ "kinds": ["letters"], "worker": "w-7", "lease_seconds": 30, "wait_seconds": 0 }))
        .gives::<ClaimedShape>(200, "The job, with its lease.")
        .gives_nothing("There is none now.")
}
