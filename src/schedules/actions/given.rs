//! The schedules that kinds of jobs come with: each organisation is given each of them once. One that it deletes stays
//! deleted, and one of a kind that comes with a later version comes by itself.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::db::Write;
use crate::error::Result;
use crate::jobs::BuiltIn;
use crate::locale::Lang;
use crate::people::{self, OrganisationId};
use crate::schedules::{Cron, JobTemplate, Schedule, Template, sql};

/// Gives an organisation those that it has not been given yet.
pub fn give(w: &mut Write<'_>, organisation: OrganisationId, zone: &str) -> Result<()> {
    for kind in BuiltIn::ALL {
        let Some(cron) = kind.default_schedule() else { continue };
        if kind.is_of_the_house() && people::sql::first_organisation(w.conn)? != Some(organisation) {
            continue;
        }
        if sql::give(w.conn, organisation, kind.as_str())? {
            give_one(w, organisation, zone, *kind, cron)?;
        }
    }
    Ok(())
}

fn give_one(w: &Write<'_>, organisation: OrganisationId, zone: &str, kind: BuiltIn, cron: &str) -> Result<()> {
    let cron = Cron::parse(cron).map_err(|why| anyhow::anyhow!("the schedule of {kind}: {why}"))?;
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let template = JobTemplate {
        job_kind: kind.to_string(),
        payload: Value::Object(serde_json::Map::new()),
        queue: None,
        max_attempts: None,
    };
    // Of jobs that Milepost makes by itself, the language is that of its log.
    let title = Lang::En.t(kind.title_key()).to_owned();
    let template = Template::Job(template);
    let mut schedule = Schedule {
        comes_with: Some(kind.to_string()),
        ..Schedule::new(organisation, title, cron, zone, template, w.now)
    };
    sql::insert(w.conn, &mut schedule)
}
