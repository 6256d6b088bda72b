//! A schedule as the fields of its form have it.

use super::job_fields;
use crate::jobs::BuiltIn;
use crate::schedules::{DueAfter, Rules, Schedule, Template};

pub(super) fn rule_values(rules: &Rules) -> [(&'static str, String); 4] {
    [
        ("jitter_seconds", rules.jitter_seconds.to_string()),
        ("after_downtime", rules.after_downtime.to_string()),
        ("overlap", rules.overlap.to_string()),
        ("alarm_failures", rules.alarm_failures.to_string()),
    ]
}

/// What the form of one that is there already carries: the version that it shows.
pub(super) const VERSION: &str = "version";

/// A schedule as its form shows it again.
pub(super) fn values(schedule: &Schedule) -> Vec<(&'static str, String)> {
    let mut values = vec![
        (VERSION, schedule.version.to_string()),
        ("title", schedule.title.clone()),
        ("cron", schedule.cron.as_str().to_owned()),
        ("zone", schedule.zone_name().to_owned()),
    ];
    values.extend(rule_values(&schedule.rules));
    match &schedule.template {
        Template::Job(job) => {
            values.push(("job_kind", job.job_kind.clone()));
            values.push(("queue", job.queue.clone().unwrap_or_default()));
            values.push(("payload", serde_json::to_string_pretty(&job.payload).unwrap_or_default()));
            if let Some(kind) = BuiltIn::named(&job.job_kind) {
                values.extend(job_fields::values(kind, Some(&job.payload)));
            }
        }
        Template::Assignment(work) => {
            let (number, unit) = match work.due_after {
                Some(DueAfter::Days(days)) => (days.to_string(), "d"),
                Some(DueAfter::Hours(hours)) => (hours.to_string(), "h"),
                None => (String::new(), "d"),
            };
            values.push(("assignee", work.assignee.to_string()));
            values.push(("project", work.project.map(|project| project.to_string()).unwrap_or_default()));
            values.push(("priority", work.priority.to_string()));
            values.push(("description", work.description.clone()));
            values.push(("estimate", work.estimate_minutes.map(|minutes| minutes.to_string()).unwrap_or_default()));
            values.push(("due_number", number));
            values.push(("due_unit", unit.to_owned()));
        }
    }
    values
}
