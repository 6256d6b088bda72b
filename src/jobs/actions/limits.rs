//! Pausing queues and kinds, and limiting how many of them run at a time.

use std::sync::Arc;

use super::{job_of, queue};
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs::sql::Limit;
use crate::jobs::{Dispatch, Limited, sql};
use crate::tasks::{By, Task};

/// Admins only. What runs goes on; what waits is not given out.
pub fn set_limit(w: &mut Write<'_>, by: &By, limit: Limit) -> Result<Limit> {
    let viewer = &by.viewer;
    if !viewer.is_admin() {
        return Err(Error::Forbidden(msg("error-admins-only")));
    }
    if limit.at_once.is_some_and(|at_once| !config::AT_ONCE.contains(&at_once)) {
        let (from, to) = (*config::AT_ONCE.start(), *config::AT_ONCE.end());
        return Err(Error::field("at_once", msg("error-number-range").arg("from", from).arg("to", to)));
    }
    let name =
        crate::people::parse_line(&limit.name, config::NAME_CHARS).map_err(|message| Error::field("name", message))?;
    let limit = Limit { name, ..limit };
    sql::save_limit(w.conn, viewer.organisation, &limit)?;
    let (dispatch, organisation) = (by.dispatch.clone(), viewer.organisation);
    w.afterwards(move || dispatch.ring_all(organisation));
    Ok(limit)
}

/// An attempt ended: where so many run at a time, another one may begin.
pub(super) fn freed(w: &mut Write<'_>, dispatch: &Arc<Dispatch>, task: &Task) -> Result<()> {
    let job = job_of(task)?;
    let limits = sql::limits(w.conn, task.organisation)?;
    let is_limited = |limit: &Limit| match limit.what {
        Limited::Queue => limit.name == job.spec.queue,
        Limited::Kind => Some(&limit.name) == job.spec.job_kind.as_ref(),
    };
    if limits.iter().any(|limit| limit.what == Limited::Queue && is_limited(limit)) {
        let (dispatch, organisation) = (dispatch.clone(), task.organisation);
        w.afterwards(move || dispatch.ring_all(organisation));
    } else if limits.iter().any(is_limited) {
        queue::ring(w, dispatch, task);
    }
    Ok(())
}
