//! The demo's schedules: what the museum does by the calendar, and how that went lately.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::seed::Seeded;
use crate::App;
use crate::db::Write;
use crate::error::{Error, Result};
use crate::people::sql::viewer_of_member;
use crate::schedules::actions::{Wanted, create, run_at};
use crate::schedules::{
    AssignmentTemplate, DueAfter, JobTemplate, Outcome, Overlap, Rules, Run, Schedule, Template, sql,
};
use crate::tasks::{Priority, Via};

/// Makes them in the owner's name.
pub async fn fill(app: &App, seeded: &Seeded, zone: &str) -> Result<()> {
    let (organisation, owner, member) = (seeded.organisation, seeded.people[0], seeded.people[seeded.people.len() - 1]);
    let viewer = app.db.read(move |conn| Ok(viewer_of_member(conn, organisation, owner)?)).await?;
    let viewer = viewer.ok_or(Error::NotFound)?;
    let work = |days: i32, priority| {
        Template::Assignment(AssignmentTemplate {
            assignee: member,
            project: None,
            priority,
            description: String::new(),
            estimate_minutes: Some(45),
            due_after: Some(DueAfter::Days(days)),
        })
    };
    let rehearsal = Template::Job(JobTemplate {
        job_kind: "rehearsal".to_owned(),
        payload: json!({ "steps": 40, "step_milliseconds": 1500 }),
        queue: None,
        max_attempts: Some(1),
    });
    let beside = Rules { overlap: Overlap::Allow, ..Rules::default() };
    let wanted = |title: &str, cron: &str, template, rules| Wanted {
        title: title.to_owned(),
        cron: cron.to_owned(),
        zone: zone.to_owned(),
        template,
        rules,
        version: None,
    };
    let all = [
        wanted("Rehearse the evacuation announcement", "*/10 * * * *", rehearsal, Rules::default()),
        wanted("Weekly visitor report {week}", "0 9 * * SUN", work(2, Priority::High), beside.clone()),
        wanted("Check the humidity in all halls, {date}", "30 8 * * SUN-THU", work(0, Priority::Medium), beside),
    ];
    app.act(&viewer, Via::Page, move |w, by| {
        for (position, wanted) in all.into_iter().enumerate() {
            let schedule = create(w, by, wanted)?;
            fill_past(w, &schedule, position)?;
        }
        Ok(())
    })
    .await
}

/// How long the last runs took, in seconds, newest first; none: it failed.
const TOOK: [Option<i64>; 16] = [
    Some(61),
    Some(60),
    Some(74),
    Some(62),
    None,
    Some(88),
    Some(60),
    Some(61),
    Some(120),
    Some(66),
    Some(61),
    Some(60),
    None,
    Some(95),
    Some(63),
    Some(61),
];

fn fill_past(w: &Write<'_>, schedule: &Schedule, position: usize) -> Result<()> {
    let mut until = w.now;
    for took in TOOK {
        let Some(slot) = schedule.cron.last(until, &schedule.zone) else { break };
        until = slot - SignedDuration::from_micros(1);
        // People take hours where a machine takes seconds, and none of them fails.
        let seconds = if position == 0 { took.unwrap_or(30) } else { took.unwrap_or(50) * 240 };
        let ended_at = slot + SignedDuration::from_secs(seconds);
        if ended_at >= w.now {
            continue;
        }
        let outcome = if took.is_none() && position == 0 { Outcome::Failed } else { Outcome::Done };
        sql::insert_run(w.conn, schedule.id, &past(slot, ended_at, outcome))?;
    }
    Ok(())
}

fn past(slot: Timestamp, ended_at: Timestamp, outcome: Outcome) -> Run {
    Run { outcome: Some(outcome), started_at: Some(slot), ended_at: Some(ended_at), ..run_at(slot) }
}
