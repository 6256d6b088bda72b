//! Removing what an ended job left besides its trail.

use crate::db::Write;
use crate::error::Result;
use crate::jobs::sql;
use crate::tasks::TaskId;

pub fn delete(w: &mut Write<'_>, task: TaskId) -> Result<()> {
    sql::delete_output(w.conn, task, w.now)?;
    sql::delete_job(w.conn, task)
}
