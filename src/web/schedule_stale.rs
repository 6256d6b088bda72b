//! The form of a schedule that somebody else saved since it was opened: what was typed stands as it was, beside each field
//! that differs what it is now, and sent again the form puts its own there.

use super::choices::Names;
use super::forms::Fields;
use super::page::Visit;
use super::schedule::{downtime_key, overlap_key};
use super::schedule_values::{VERSION, values};
use crate::error::{Error, FieldError, Result, msg};
use crate::jobs::BuiltIn;
use crate::jobs::fields::Takes;
use crate::jobs::filter_fields::priority_key;
use crate::locale::Lang;
use crate::schedules::{Schedule, ScheduleId, Template, sql};

/// The same refusal, about the fields that differ, and the fields with the version that is there now; any other refusal, and
/// its fields, as they are.
pub async fn beside_present(visit: &Visit, id: ScheduleId, fields: Fields, error: Error) -> Result<(Fields, Error)> {
    let (true, Error::Conflict(message)) = (fields.has(VERSION), &error) else { return Ok((fields, error)) };
    let (app, viewer) = (visit.app.clone(), visit.viewer.clone());
    let (present, names) = visit
        .app
        .db
        .read(move |conn| Ok((sql::find(conn, viewer.organisation, id)?, app.memory.choices.of(&app, conn, &viewer)?)))
        .await?;
    let present = present.ok_or(Error::NotFound)?;
    let version = present.version.to_string();
    if fields.get(VERSION) == version {
        return Ok((fields, error));
    }
    let mut errors = vec![FieldError { field: "".into(), message: message.clone() }];
    for (name, value) in values(&present) {
        // What the form does not have, it does not send; nor a check that is not set.
        let is_there = fields.has(name) || is_check(&present, name);
        if name != VERSION && is_there && fields.get(name).trim() != value.trim() {
            let now = called(visit.l(), &names, &present, name, &value);
            errors.push(FieldError { field: name.into(), message: msg("schedule-is-now").arg("value", now) });
        }
    }
    let others = fields.pairs().iter().filter(|(name, _)| name != VERSION).cloned();
    let fields = others.chain([(VERSION.to_owned(), version)]).collect();
    Ok((fields, Error::Invalid(errors)))
}

/// A value as the form calls it.
fn called(l: Lang, names: &Names, schedule: &Schedule, field: &str, value: &str) -> String {
    let id = || value.parse().ok();
    let known = match field {
        _ if is_check(schedule, field) => {
            Some(l.t(if value.is_empty() { "schedule-is-not-set" } else { "schedule-is-set" }).to_owned())
        }
        _ if value.is_empty() => Some(l.t("schedule-is-blank").to_owned()),
        "assignee" | "person" => id().and_then(|id| names.person(id)).map(ToOwned::to_owned),
        "project" => id().and_then(|id| names.project(id)).map(ToOwned::to_owned),
        "after_downtime" => value.parse().ok().map(|rule| l.t(downtime_key(&rule)).to_owned()),
        "overlap" => value.parse().ok().map(|rule| l.t(overlap_key(&rule)).to_owned()),
        "priority" => value.parse().ok().map(|priority| l.t(priority_key(priority)).to_owned()),
        "due_unit" => Some(l.t(if value == "d" { "schedule-days" } else { "schedule-hours" }).to_owned()),
        _ => chosen(l, schedule, field, value),
    };
    known.unwrap_or_else(|| value.to_owned())
}

/// What a field takes that only jobs of that kind have.
fn takes(schedule: &Schedule, field: &str) -> Option<Takes> {
    let Template::Job(job) = &schedule.template else { return None };
    BuiltIn::named(&job.job_kind)?.fields().into_iter().find(|known| known.name == field).map(|field| field.takes)
}

fn is_check(schedule: &Schedule, field: &str) -> bool {
    matches!(takes(schedule, field), Some(Takes::Check))
}

/// One of the choices of the kind of job that it makes.
fn chosen(l: Lang, schedule: &Schedule, field: &str, value: &str) -> Option<String> {
    let Takes::Choice(choices) = takes(schedule, field)? else { return None };
    choices.iter().find(|(known, _)| *known == value).map(|(_, label)| l.m(label))
}
