//! What admins do with schedules: making, changing, pausing and deleting them. Each is written down.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::make::{by_maker, make_by};
use super::{Hands, admins_only, audit, find};
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::people::actions::Fields;
use crate::people::{parse_line, parse_zone};
use crate::schedules::{Cron, JobTemplate, Rules, Schedule, ScheduleId, Template, sql, title_at};
use crate::tasks::By;

/// What is wanted of a schedule; texts as they came.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub title: String,
    pub cron: String,
    /// Blank: that of whoever saves it.
    pub zone: String,
    pub template: Template,
    pub rules: Rules,
    /// The version that its form was opened at, or that a program read: what somebody else saved since is not overwritten.
    pub version: Option<i64>,
}

/// What of it stands for itself.
struct Checked {
    title: String,
    cron: Cron,
    zone: TimeZone,
    template: Template,
    rules: Rules,
}

fn checked(wanted: Wanted, by: &By, now: Timestamp) -> Result<Checked> {
    let mut fields = Fields::default();
    let cron = fields.take("cron", Cron::parse(&wanted.cron));
    let zone = match wanted.zone.trim() {
        "" => Some(by.viewer.zone.clone()),
        name => fields.take("zone", parse_zone(name)),
    };
    let title = fields.take("title", parse_line(&wanted.title, config::TITLE_CHARS)).filter(|title| {
        let filled = title_at(title, now, &TimeZone::UTC);
        let fits = filled.chars().count() <= config::TITLE_CHARS;
        if !fits {
            fields.refuse("title", msg("error-too-long").arg("limit", config::TITLE_CHARS));
        }
        fits
    });
    let template = checked_template(&mut fields, wanted.template);
    for (field, value, range) in [
        ("jitter_seconds", wanted.rules.jitter_seconds, config::JITTER_SECONDS),
        ("alarm_failures", wanted.rules.alarm_failures, config::ALARM_FAILURES),
    ] {
        if !range.contains(&value) {
            fields.refuse(field, msg("error-number-range").arg("from", *range.start()).arg("to", *range.end()));
        }
    }
    fields.check()?;
    match (title, cron, zone, template) {
        (Some(title), Some(cron), Some(zone), Some(template)) => {
            Ok(Checked { title, cron, zone, template, rules: wanted.rules })
        }
        _ => Err(anyhow::anyhow!("a checked form lacks a field").into()),
    }
}

/// A job of a schedule has a kind: without one no worker would ever claim it.
fn checked_template(fields: &mut Fields, template: Template) -> Option<Template> {
    let Template::Job(job) = template else { return Some(template) };
    let line = |text: &str| parse_line(text, config::NAME_CHARS);
    let job_kind = fields.take("job_kind", line(&job.job_kind));
    let queue = fields.take("queue", job.queue.as_deref().map(line).transpose());
    Some(Template::Job(JobTemplate { job_kind: job_kind?, queue: queue?, ..job }))
}

/// Makes what it would make, and takes it back: what is wrong with it is told by the verb that will make it.
fn rehearse(w: &mut Write<'_>, by: &By, schedule: &Schedule) -> Result<()> {
    let mut fits = false;
    let now = w.now;
    let taken_back = w.nested(|w| -> Result<()> {
        make_by(w, by, schedule, now)?;
        fits = true;
        Err(Error::NotFound)
    });
    if fits { Ok(()) } else { taken_back }
}

pub fn create(w: &mut Write<'_>, by: &By, wanted: Wanted) -> Result<Schedule> {
    admins_only(&by.viewer)?;
    let checked = checked(wanted, by, w.now)?;
    if sql::count(w.conn, by.viewer.organisation)? >= config::SCHEDULES {
        return Err(Error::Conflict(msg("refused-schedules-full").arg("limit", config::SCHEDULES)));
    }
    let Checked { title, cron, zone, template, rules } = checked;
    let mut schedule = Schedule {
        rules,
        maker: Some(by.viewer.user),
        ..Schedule::new(by.viewer.organisation, title, cron, zone, template, w.now)
    };
    rehearse(w, by, &schedule)?;
    sql::insert(w.conn, &mut schedule)?;
    audit(w, by, "create-schedule", &schedule)?;
    Ok(schedule)
}

/// Whoever saves a schedule is its maker from then on, so that somebody's who left can be taken over; what came by itself
/// stays Milepost's, and makes what it came to make.
pub fn edit(w: &mut Write<'_>, by: &By, id: ScheduleId, wanted: impl FnOnce(&Schedule) -> Wanted) -> Result<Schedule> {
    let before = find(w, by, id)?;
    let wanted = wanted(&before);
    if wanted.version.is_some_and(|version| version != before.version) {
        return Err(Error::Conflict(msg("refused-schedule-version")));
    }
    let checked = checked(wanted, by, w.now)?;
    if before.comes_with.is_some() && kind(&before.template) != kind(&checked.template) {
        return Err(Error::Conflict(msg("refused-schedule-kind")));
    }
    let moves = (&before.cron, &before.zone) != (&checked.cron, &checked.zone);
    let next = if moves { checked.cron.next(w.now, &checked.zone) } else { before.next_slot };
    let schedule = Schedule {
        title: checked.title,
        cron: checked.cron,
        zone: checked.zone,
        template: checked.template,
        rules: checked.rules,
        maker: before.comes_with.is_none().then_some(by.viewer.user),
        next_slot: next.filter(|_| !before.is_paused),
        updated_at: w.now,
        version: before.version + 1,
        ..before.clone()
    };
    match by_maker(w, &Hands::lent(by), &schedule)? {
        Some(maker) => rehearse(w, &maker, &schedule)?,
        None => rehearse(w, by, &schedule)?,
    }
    sql::save(w.conn, &schedule)?;
    wake(w, &schedule)?;
    if schedule != (Schedule { updated_at: w.now, version: schedule.version, ..before }) {
        audit(w, by, "edit-schedule", &schedule)?;
    }
    Ok(schedule)
}

/// The kind of job that it makes.
fn kind(template: &Template) -> Option<&str> {
    match template {
        Template::Job(job) => Some(&job.job_kind),
        Template::Assignment(_) => None,
    }
}

/// Puts it where it is found at its time; at once where a run waits.
fn wake(w: &Write<'_>, schedule: &Schedule) -> Result<()> {
    let (_, waiting) = sql::open_runs(w.conn, schedule.id)?;
    sql::save_time(w.conn, schedule, if waiting > 0 { Some(w.now) } else { schedule.next_at() })
}

/// Pauses a schedule, or lets it go on: with the first slot from now, those of the pause are left out. Done twice is as
/// done once.
pub fn pause(w: &mut Write<'_>, by: &By, id: ScheduleId, is_paused: bool) -> Result<Schedule> {
    let before = find(w, by, id)?;
    if before.is_paused == is_paused {
        return Ok(before);
    }
    let next = if is_paused { None } else { before.cron.next(w.now, &before.zone) };
    let schedule = Schedule {
        is_paused,
        next_slot: next,
        counted_to: w.now,
        updated_at: w.now,
        version: before.version + 1,
        ..before
    };
    sql::save(w.conn, &schedule)?;
    wake(w, &schedule)?;
    audit(w, by, if is_paused { "pause-schedule" } else { "resume-schedule" }, &schedule)?;
    Ok(schedule)
}

/// What it made stays.
pub fn delete(w: &mut Write<'_>, by: &By, id: ScheduleId) -> Result<Schedule> {
    let schedule = find(w, by, id)?;
    sql::delete(w.conn, id)?;
    audit(w, by, "delete-schedule", &schedule)?;
    Ok(schedule)
}
