//! Two runs of one feed, one after the other: what the second would change, the first may be changing just then. Whoever began
//! later waits, and shows for whom.

use std::time::Duration;

use rusqlite::Connection;

use super::super::{Context, Stop};
use super::Payload;
use crate::error::Result;
use crate::jobs::sql;
use crate::jobs::{BuiltIn, Job};
use crate::locale::Lang;
use crate::tasks::{Task, TaskId, sql as tasks};

/// How often it is looked whether the other one has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Returns when no run of this feed that began before is at it. One that was cut short begins anew, and then later than
/// this one: no two wait for each other.
pub async fn wait(job: &Context, l: Lang, own: &Payload) -> Result<(), Stop> {
    let mut told = None;
    loop {
        let (id, organisation, own) = (job.id(), job.organisation(), own.clone());
        let read = move |conn: &Connection| {
            let Some(mine) = tasks::find(conn, id)?.as_ref().and_then(begun) else { return Ok(None) };
            for other in sql::running_of_kind(conn, organisation, BuiltIn::SyncFeed.as_str())? {
                let Some(task) = tasks::find(conn, other)? else { continue };
                if begun(&task).is_some_and(|theirs| theirs < mine) && is_same(&task, &own) {
                    return Ok(Some(other));
                }
            }
            Ok(None)
        };
        let Some(other) = job.read(read).await? else { return Ok(()) };
        if told != Some(other) {
            told = Some(other);
            job.log(&format!("{}\n", l.with("feed-waits", "id", other.to_string()))).await?;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = job.cancelled() => return Err(Stop::Told),
        }
    }
}

/// When its attempt began; of two at the same moment, the older job's is first.
fn begun(task: &Task) -> Option<(jiff::Timestamp, TaskId)> {
    Some((task.job()?.attempt_started_at?, task.id))
}

fn is_same(task: &Task, own: &Payload) -> bool {
    let payload = task.job().map(|job: &Job| serde_json::from_value::<Payload>(job.spec.payload.clone()));
    payload.and_then(Result::ok).is_some_and(|theirs| theirs.is_same_feed(own))
}
