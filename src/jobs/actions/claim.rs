//! Taking a job: by one conditional step in the one writer, so that two never hold the same.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::life::{Start, start};
use crate::App;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs::dispatch::{Lane, Wants};
use crate::jobs::sql::First;
use crate::jobs::{BuiltIn, Limited, sql};
use crate::people::{self, Credential, OrganisationId, UserId, Viewer};
use crate::tasks::{self, By, Status, Task};

/// What somebody would take.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Empty: any, but those that Milepost runs itself.
    pub kinds: Vec<String>,
    /// Empty: any.
    pub queues: Vec<String>,
    pub worker: Option<String>,
    pub lease_seconds: i64,
}

/// The next job of these, by priority and then by age; none when nothing waits, or all that waits is paused or at its
/// limit.
pub fn claim(w: &mut Write<'_>, by: &By, wanted: &Wanted) -> Result<Option<Arc<Task>>> {
    if let Some(kind) = wanted.kinds.iter().find(|kind| BuiltIn::named(kind).is_some()) {
        return Err(Error::field("kinds", msg("error-kind-built-in").arg("kind", kind.as_str())));
    }
    // It may have waited: what was true when it asked need not be any more.
    let viewer = match by.viewer.credential {
        Credential::Token(id) => people::sql::viewer_of_token(w.conn, id, w.now)?,
        Credential::Session(key) => people::sql::viewer(w.conn, &key, w.now)?,
    };
    let viewer = viewer.filter(|viewer| viewer.organisation == by.viewer.organisation).ok_or(Error::SignInNeeded)?;
    take(w, &By { viewer: Arc::new(viewer), ..by.clone() }, wanted)
}

/// The same, whatever the kind.
pub(super) fn take(w: &mut Write<'_>, by: &By, wanted: &Wanted) -> Result<Option<Arc<Task>>> {
    let viewer = &by.viewer;
    let own = own(viewer);
    // A lane whose first is no longer what it was is looked at again.
    loop {
        let Some((lane, first)) = best(w, viewer.organisation, wanted, own)? else { return Ok(None) };
        let (_, _, id) = first;
        if !sql::delete_ready(w.conn, id)? {
            return Err(anyhow::anyhow!("{lane:?} lists a job that is not ready").into());
        }
        let found = tasks::sql::find(w.conn, id)?.filter(|task| task.status == Status::Pending).map(Arc::new);
        if let Some(task) = found {
            let started = Start { worker: wanted.worker.clone(), lease_seconds: Some(wanted.lease_seconds) };
            return start(w, &by.dispatch, by.who(), &task, started).map(Some);
        }
    }
}

/// Whose jobs alone a viewer takes, if not everybody's.
fn own(viewer: &Viewer) -> Option<UserId> {
    (!viewer.sees_all()).then_some(viewer.user)
}

/// The first of all lanes that may give one.
fn best(
    w: &Write<'_>,
    organisation: OrganisationId,
    wanted: &Wanted,
    own: Option<UserId>,
) -> Result<Option<(Lane, First)>> {
    let full = full(w, organisation)?;
    let kinds = match wanted.kinds.as_slice() {
        [] => {
            sql::ready_kinds(w.conn, organisation)?.into_iter().filter(|kind| BuiltIn::named(kind).is_none()).collect()
        }
        some => some.to_vec(),
    };
    let mut best: Option<(Lane, First)> = None;
    for kind in kinds.into_iter().filter(|kind| !full.contains(&(Limited::Kind, kind.clone()))) {
        let queues = match wanted.queues.as_slice() {
            [] => sql::ready_queues(w.conn, organisation, &kind)?,
            some => some.to_vec(),
        };
        for queue in queues.into_iter().filter(|queue| !full.contains(&(Limited::Queue, queue.clone()))) {
            let lane = Lane { organisation, job_kind: kind.clone(), queue };
            let first = sql::first_ready(w.conn, &lane, own)?;
            if let Some(first) = first.filter(|first| best.as_ref().is_none_or(|(_, best)| first < best)) {
                best = Some((lane, first));
            }
        }
    }
    Ok(best)
}

/// The queues and kinds that give nothing now: paused, or with as many running as they may have.
fn full(w: &Write<'_>, organisation: OrganisationId) -> Result<HashSet<(Limited, String)>> {
    let mut full = HashSet::new();
    for limit in sql::limits(w.conn, organisation)? {
        let is_full = match limit.at_once {
            _ if limit.is_paused => true,
            Some(most) => sql::running_of(w.conn, organisation, limit.what, &limit.name, most)? >= most,
            None => false,
        };
        if is_full {
            full.insert((limit.what, limit.name));
        }
    }
    Ok(full)
}

/// How long a claimer waits at the most before it looks again by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The same, waiting for work until `wait` is over. `once` is one try; it is given so that an answer can be kept with the
/// claim.
pub async fn claim_waiting<T, F, R>(
    app: &App,
    viewer: &Viewer,
    wanted: &Wanted,
    wait: Duration,
    once: F,
) -> Result<Option<T>>
where
    F: Fn() -> R,
    R: Future<Output = Result<Option<T>>>,
{
    let until = Instant::now() + wait;
    let wants = Wants {
        organisation: Some(viewer.organisation),
        kinds: wanted.kinds.clone(),
        queues: wanted.queues.clone(),
        own: own(viewer),
    };
    // The place first: what becomes ready after the look rings it.
    let place = app.dispatch.wait_for(wants, Some(viewer.user))?;
    loop {
        if let Some(claimed) = once().await? {
            return Ok(Some(claimed));
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        let rung = timeout_at(until.min(Instant::now() + LOOK_AGAIN), place.rung());
        tokio::select! {
            _ = rung => {}
            // Not while it is being claimed: what is claimed is answered.
            () = app.stopping.cancelled() => return Ok(None),
        }
    }
}
