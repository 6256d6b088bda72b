//! What only the workers inside the program do: take jobs of built-in kinds, of whichever organisation, and give one back
//! that they cannot finish.

use std::sync::Arc;

use super::claim::{Wanted, take};
use super::life::{Ending, end_attempt, hear};
use super::{find, with_job};
use crate::config;
use crate::db::Write;
use crate::error::Result;
use crate::jobs::dispatch::Sign;
use crate::jobs::{Dispatch, Outcome, sql};
use crate::people::{OrganisationId, Viewer};
use crate::tasks::{By, Task, TaskId, Via, Who};

/// Milepost itself, in one organisation.
pub fn by_milepost(organisation: OrganisationId, dispatch: &Arc<Dispatch>, output: &Arc<config::Output>) -> By {
    let viewer = Arc::new(Viewer::milepost(organisation));
    By { viewer, via: Via::System, presence: None, dispatch: dispatch.clone(), output: output.clone() }
}

/// The next job of these kinds, all built in. Organisations after `after` come first, so that none waits for another's last
/// job.
pub fn claim_built_in(
    w: &mut Write<'_>,
    (dispatch, output): (&Arc<Dispatch>, &Arc<config::Output>),
    wanted: &Wanted,
    after: Option<OrganisationId>,
) -> Result<Option<Arc<Task>>> {
    let mut organisations = sql::ready_organisations(w.conn)?;
    let first = organisations.partition_point(|organisation| Some(*organisation) <= after);
    organisations.rotate_left(first);
    for organisation in organisations {
        if let Some(task) = take(w, &by_milepost(organisation, dispatch, output), wanted)? {
            return Ok(Some(task));
        }
    }
    Ok(None)
}

/// Ends an attempt that the program's own end cuts short. It does not count against those that the job has.
pub fn give_back(w: &mut Write<'_>, by: &By, id: TaskId, attempt: i64) -> Result<Arc<Task>> {
    let before = find(w, &by.viewer, id)?;
    let (before, after) = hear(w, by, before, Some(attempt), Sign::Alive)?;
    let uncounted = |task: &Task| with_job(task, |job| job.round += 1);
    let error = Some("given back: Milepost was stopped".to_owned());
    let ending = Ending { outcome: Outcome::Lost, error };
    end_attempt(w, &by.dispatch, Who::MILEPOST, &Arc::new(uncounted(&before)), uncounted(&after), ending)
}
