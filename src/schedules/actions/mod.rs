//! Schedules, the verbs: what admins do with them, and what the tick does at their time. What is made is made by the verb
//! of tasks that everybody's tasks are made by.

mod alarms;
mod edit;
mod given;
mod make;
mod run;
mod tick;

use std::sync::Arc;

pub use alarms::{alarms_to_tell, tell_alarm};
pub use edit::{Wanted, create, delete, edit, pause};
pub use run::{at as run_at, run_now};
pub use tick::tick;

use super::{Schedule, ScheduleId, sql};
use crate::App;
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs::Dispatch;
use crate::people::{self, Viewer};
use crate::tasks::{By, Via};

/// What is needed to make tasks in somebody's name when nobody asks.
#[derive(Clone)]
pub struct Hands {
    pub dispatch: Arc<Dispatch>,
    pub output: Arc<config::Output>,
    /// Whether organisations are given the schedules that kinds come with.
    pub gives: bool,
    /// Whether there is a server that takes mail.
    pub has_mail: bool,
}

impl Hands {
    pub fn of(app: &App) -> Hands {
        Hands {
            dispatch: app.dispatch.clone(),
            output: app.config.output.clone(),
            gives: app.config.default_schedules,
            has_mail: app.config.mail.is_some(),
        }
    }

    /// What Milepost does by itself, in somebody's name.
    fn by(&self, viewer: Viewer) -> By {
        By {
            viewer: Arc::new(viewer),
            via: Via::System,
            presence: None,
            dispatch: self.dispatch.clone(),
            output: self.output.clone(),
        }
    }

    fn lent(by: &By) -> Hands {
        Hands { dispatch: by.dispatch.clone(), output: by.output.clone(), gives: false, has_mail: false }
    }
}

fn admins_only(viewer: &Viewer) -> Result<()> {
    if viewer.is_admin() { Ok(()) } else { Err(Error::Forbidden(msg("error-admins-only"))) }
}

fn find(w: &Write<'_>, by: &By, id: ScheduleId) -> Result<Schedule> {
    admins_only(&by.viewer)?;
    sql::find(w.conn, by.viewer.organisation, id)?.ok_or(Error::NotFound)
}

/// Writes down what an admin did.
fn audit(w: &Write<'_>, by: &By, act: &'static str, schedule: &Schedule) -> Result<()> {
    let viewer = &by.viewer;
    Ok(people::sql::append_audit(w.conn, viewer.organisation, Some(viewer.user), act, &schedule.title, w.now)?)
}
