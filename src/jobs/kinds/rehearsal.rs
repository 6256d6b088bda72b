//! A job that does nothing, at the pace that one asks for: to see how jobs look, how they are cancelled, how they end; and
//! to copy for a kind of one's own.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, JobKind, Stop};
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::jobs::payloads::REHEARSAL_STEPS;
use crate::tasks::Stage;
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Payload {
    steps: i64,
    step_milliseconds: u64,
    /// Each step of this number and its multiples is an item that fails.
    fail_each: Option<i64>,
    /// The whole job fails at this step, or ends as a fault in a program ends.
    fail_at: Option<i64>,
    panic_at: Option<i64>,
}

impl Default for Payload {
    fn default() -> Payload {
        Payload { steps: 10, step_milliseconds: 500, fail_each: None, fail_at: None, panic_at: None }
    }
}

pub struct Rehearsal;

impl JobKind for Rehearsal {
    type Payload = Payload;

    async fn run(payload: Payload, job: &Context) -> Result<Value, Stop> {
        let steps = payload.steps.clamp(0, REHEARSAL_STEPS);
        let stage = Some(Stage { name: "rehearsing".into(), index: Some(1), of: Some(1) });
        let counts = CountsGiven { total: Some(steps), ..CountsGiven::default() };
        job.report(Report { counts, stage, ..Report::default() }).await?;
        let mut failed = 0;
        for step in 1..=steps {
            if payload.panic_at == Some(step) {
                panic!("rehearsed at step {step}");
            }
            if payload.fail_at == Some(step) {
                return Err(Stop::Failed(format!("It was to fail at step {step}.")));
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(payload.step_milliseconds)) => {}
                () = job.cancelled() => return Err(Stop::Told),
            }
            let fails = payload.fail_each.is_some_and(|each| each > 0 && step % each == 0);
            failed += i64::from(fails);
            let (outcome, message) = if fails {
                (ItemOutcome::Failed, Some("This step was to fail.".into()))
            } else {
                (ItemOutcome::Succeeded, None)
            };
            let items = vec![NewItem { key: Some(format!("step {step}")), outcome, message }];
            job.log(&format!("step {step} of {steps}: {outcome}\n")).await?;
            job.report(Report { items, ..Report::default() }).await?;
        }
        Ok(json!({ "steps": steps, "failed": failed }))
    }
}
