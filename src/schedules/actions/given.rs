//! The schedules that kinds of jobs come with: each organisation is given each of them once. One that it deletes stays
//! deleted, and one of a kind that comes with a later version comes by itself.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::db::Write;
use crate::error::Result;
use crate::jobs::BuiltIn;
use crate::locale::Lang;
use crate::people::{self, OrganisationId};
use crate::schedules::{Cron, JobTemplate, Rules, Schedule, ScheduleId, Template, sql};

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
    let next_slot = cron.next(w.now, &zone);
    let mut schedule = Schedule {
        id: ScheduleId::new(0),
        organisation,
        // Of jobs that Milepost makes by itself, the language is that of its log.
        title: Lang::En.t(kind.title_key()).to_owned(),
        cron,
        zone,
        template: Template::Job(template),
        rules: Rules::default(),
        is_paused: false,
        comes_with: Some(kind.to_string()),
        maker: None,
        next_slot,
        counted_to: w.now,
        forgotten_to: w.now,
        runs: 0,
        created_at: w.now,
        updated_at: w.now,
        version: 1,
    };
    sql::insert(w.conn, &mut schedule)
}
