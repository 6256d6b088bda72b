//! A backup of the whole store while it is served: copied, looked at, closed, rotated (`db::backup` says how). Here is only
//! how the job is asked for, how far it is, and that it stops when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::{Context, JobKind, Stop};
use crate::config;
use crate::db::backup::{self, BackupError, Keep, Made, Order, Step, Watch, in_megabytes};
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::jobs::sql::{CopyInspection, Finding};
use crate::tasks::Stage;
use crate::tasks::actions::Report;

const STAGES: [&str; 3] = ["copying", "checking", "closing"];
/// Percent at which each stage begins: roughly what they take.
const BEGINS: [f64; 4] = [0.0, 50.0, 80.0, 99.0];
/// How often it says how far it is.
const TELL_EVERY: Duration = Duration::from_millis(250);

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Payload {
    /// Of how many days, and of how many weeks, the newest backup stays.
    keep_daily: i64,
    keep_weekly: i64,
}

impl Default for Payload {
    fn default() -> Payload {
        let number = |kept: usize| i64::try_from(kept).unwrap_or_default();
        Payload { keep_daily: number(config::BACKUPS_KEPT.daily), keep_weekly: number(config::BACKUPS_KEPT.weekly) }
    }
}

impl Payload {
    fn keep(&self) -> Keep {
        // Its bounds were checked when the job was made.
        let number = |number: i64| usize::try_from(number).unwrap_or_default();
        Keep { daily: number(self.keep_daily), weekly: number(self.keep_weekly), ..config::BACKUPS_KEPT }
    }
}

pub struct Backup;

impl JobKind for Backup {
    type Payload = Payload;

    async fn run(payload: Payload, job: &Context) -> Result<Value, Stop> {
        let app = job.app();
        let order = Order {
            database: app.config.db.clone(),
            folder: app.config.backups(),
            keep: payload.keep(),
            now: app.clock.now(),
        };
        job.log(&format!("into {}\n", order.folder.display())).await?;
        let made = watched(order, job).await?;
        say(job, &made).await?;
        Ok(json!({
            "file": made.file.display().to_string(),
            "bytes": made.seal.bytes,
            "findings": made.found.len(),
            "kept": made.kept,
            "removed": made.removed.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "log_bytes_before": made.log_bytes.0,
            "log_bytes_after": made.log_bytes.1,
        }))
    }
}

/// Dropped, it stops what was begun, whyever it is dropped.
struct Halt(Arc<AtomicBool>);

impl Drop for Halt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Makes the backup on a thread of its own, and says how far it is.
async fn watched(order: Order, job: &Context) -> Result<Made<Vec<Finding>>, Stop> {
    let (tell, told) = watch::channel(None);
    let halt = Halt(Arc::default());
    let stop = halt.0.clone();
    let mut making = tokio::task::spawn_blocking(move || {
        let watch = Watch { told: &|step| _ = tell.send_replace(Some(step)), stop };
        backup::make(&order, &CopyInspection, &watch)
    });
    let mut turn = interval(TELL_EVERY);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    loop {
        tokio::select! {
            made = &mut making => return ended(made.map_err(anyhow::Error::from).map_err(crate::error::Error::from)?),
            () = job.cancelled() => break,
            _ = turn.tick() => {
                let step = *told.borrow();
                if let Some(step) = step.filter(|step| last != Some(*step)) {
                    last = Some(step);
                    if job.report(report(step)).await.is_err() {
                        break;
                    }
                }
            }
        }
    }
    drop(halt);
    // What was begun is removed before the job is over.
    let _ = making.await;
    Err(Stop::Told)
}

fn ended(made: Result<Made<Vec<Finding>>, BackupError>) -> Result<Made<Vec<Finding>>, Stop> {
    made.map_err(|error| match error {
        BackupError::Stopped => Stop::Told,
        BackupError::Sql(error) => Stop::Broken(error.into()),
        BackupError::Other(error) => Stop::Broken(error.into()),
        sentence => Stop::Failed(sentence.to_string()),
    })
}

/// A step as the job's page shows it.
fn report(step: Step) -> Report {
    let (stage, part, note) = match step {
        Step::Copying { bytes, of } => {
            (0, share(bytes, of), format!("{} of {} copied", in_megabytes(bytes), in_megabytes(of)))
        }
        Step::Checking { table, of, bytes } => {
            (1, share(table as u64, of as u64), format!("{table} of {of} tables looked at in {}", in_megabytes(bytes)))
        }
        Step::Closing { bytes, of } => {
            (2, share(bytes, of), format!("{} of {} added up", in_megabytes(bytes), in_megabytes(of)))
        }
    };
    Report {
        progress: Some(BEGINS[stage] + (BEGINS[stage + 1] - BEGINS[stage]) * part),
        stage: Some(Stage::among(&STAGES, stage)),
        note: Some(note),
        ..Report::default()
    }
}

fn share(done: u64, of: u64) -> f64 {
    if of == 0 { 1.0 } else { done as f64 / of as f64 }
}

/// What came of it, in the log; and what is not right in the store, as items.
async fn say(job: &Context, made: &Made<Vec<Finding>>) -> Result<(), Stop> {
    let mut text = format!("{}: {}, whole\n", made.file.display(), in_megabytes(made.seal.bytes));
    for path in &made.removed {
        text.push_str(&format!("removed {}, for newer ones stand for its time\n", path.display()));
    }
    let (before, after) = made.log_bytes;
    if after > before {
        text.push_str(&format!(
            "the write-ahead log grew from {} to {} meanwhile; its room is used again from now on\n",
            in_megabytes(before),
            in_megabytes(after)
        ));
    }
    text.push_str(&format!("backups kept: {}\n", made.kept));
    job.log(&text).await?;
    for (number, findings) in made.found.chunks(config::ITEMS_AT_ONCE).enumerate() {
        let items = findings.iter().zip(number * config::ITEMS_AT_ONCE + 1..).map(|(finding, place)| NewItem {
            key: Some(format!("{place}: {}", finding.what).chars().take(config::ITEM_KEY_CHARS).collect()),
            outcome: ItemOutcome::Failed,
            message: Some(finding.message.clone()),
        });
        job.report(Report { items: items.collect(), ..Report::default() }).await?;
    }
    Ok(())
}
