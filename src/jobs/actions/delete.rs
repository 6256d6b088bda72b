//! Removing what an ended job left besides its trail.

use super::batch;
use crate::db::Write;
use crate::error::Result;
use crate::jobs::sql;
use crate::tasks::{self, Task};

pub fn delete(w: &mut Write<'_>, task: &Task) -> Result<()> {
    leave(w, task)?;
    let task = task.id;
    sql::delete_output(w.conn, task, w.now)?;
    sql::delete_job(w.conn, task)
}

/// A parent no longer counts a child that is gone; how it stood with it stays as it was told.
fn leave(w: &Write<'_>, child: &Task) -> Result<()> {
    let Some(parent) = child.parent.map(|id| tasks::sql::find(w.conn, id)).transpose()?.flatten() else {
        return Ok(());
    };
    let Some(mut family) = parent.job().map(|job| job.family) else { return Ok(()) };
    family.children -= 1;
    family.progress = (family.progress - batch::share(child)).max(0.0);
    batch::count(&mut family, child, -1);
    sql::save_family(w.conn, parent.id, &family)
}
