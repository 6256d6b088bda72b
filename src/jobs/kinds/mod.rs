//! What the workers inside the program run: one file for each kind of job, one trait for all of them. A kind does its
//! work in small steps, reports after each, and stops where a report tells it to.

mod aggregate;
mod backup;
pub mod broadcast;
pub mod bulk;
mod check_health;
mod check_integrity;
mod clean_up;
mod context;
mod daily_statistics;
mod export_history;
pub mod import_tasks;
mod import_tracker;
mod looks;
mod rehearsal;
mod search;
mod sync_feed;
mod walk;
pub mod worker;
mod writing;

use std::future::Future;
use std::pin::Pin;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::BuiltIn;
use crate::error::Error;
pub use context::{Context, FileOf};
pub use looks::in_turn;

/// A kind of job.
pub trait JobKind {
    /// What its payload is; a job whose payload is something else fails with a sentence.
    type Payload: DeserializeOwned + Send;

    /// Does the work; gives the job's result. It must not block the thread: what takes the processor or the disk for more
    /// than a moment goes through [`Context::read`] or `tokio::task::spawn_blocking`.
    fn run(payload: Self::Payload, job: &Context) -> impl Future<Output = Result<Value, Stop>> + Send;
}

/// Why a job ends without a result.
#[derive(Debug)]
pub enum Stop {
    /// It was told to: cancelled, or the program ends, or its attempt is over.
    Told,
    /// The kind's own sentence.
    Failed(String),
    /// Milepost's fault: the log says what, the job that it is not theirs.
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Broken(error)
    }
}

type Running = Pin<Box<dyn Future<Output = Result<Value, Stop>> + Send>>;

/// Every kind has its line here, or this does not compile.
fn start(kind: BuiltIn, job: Context) -> Running {
    match kind {
        BuiltIn::Aggregate => Box::pin(run::<aggregate::Aggregate>(job)),
        BuiltIn::Backup => Box::pin(run::<backup::Backup>(job)),
        BuiltIn::Broadcast => Box::pin(run::<broadcast::Broadcast>(job)),
        BuiltIn::BulkDelete => Box::pin(run::<bulk::BulkDelete>(job)),
        BuiltIn::BulkEdit => Box::pin(run::<bulk::BulkEdit>(job)),
        BuiltIn::CheckHealth => Box::pin(run::<check_health::CheckHealth>(job)),
        BuiltIn::CheckIntegrity => Box::pin(run::<check_integrity::CheckIntegrity>(job)),
        BuiltIn::CleanUp => Box::pin(run::<clean_up::CleanUp>(job)),
        BuiltIn::DailyStatistics => Box::pin(run::<daily_statistics::DailyStatistics>(job)),
        BuiltIn::ExportHistory => Box::pin(run::<export_history::ExportHistory>(job)),
        BuiltIn::ImportTasks => Box::pin(run::<import_tasks::ImportTasks>(job)),
        BuiltIn::ImportTracker => Box::pin(run::<import_tracker::ImportTracker>(job)),
        BuiltIn::SyncFeed => Box::pin(run::<sync_feed::SyncFeed>(job)),
        BuiltIn::Search => Box::pin(run::<search::Search>(job)),
        BuiltIn::Rehearsal => Box::pin(run::<rehearsal::Rehearsal>(job)),
    }
}

async fn run<K: JobKind>(job: Context) -> Result<Value, Stop> {
    // It may have waited: what its creator was allowed then need not be any more.
    job.by_creator().await?;
    // No payload at all is one without fields.
    let payload = match job.payload() {
        Value::Null => Value::Object(serde_json::Map::new()),
        payload => payload.clone(),
    };
    let payload = serde_json::from_value(payload)
        .map_err(|error| Stop::Failed(format!("The payload is not what this kind of job takes: {error}.")))?;
    K::run(payload, &job).await
}
