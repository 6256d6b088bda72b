//! Telling of alarms. Whoever may edit a schedule, every admin of its organisation, is told once when something begins to be
//! wrong with it, again only when it gets graver, and anew after it was well; by the bell, and by mail who wants that. What is
//! wrong is derived from its runs as its page derives it; kept is only what was told.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;

use super::Hands;
use crate::config;
use crate::db::Write;
use crate::error::Result;
use crate::jobs::BuiltIn;
use crate::locale::Lang;
use crate::notify::actions::tell;
use crate::notify::audience::Audience;
use crate::notify::{Channel, NewNotification, Reason};
use crate::people::{self, OrganisationId};
use crate::schedules::alarm::alarm;
use crate::schedules::told::{alarm_text, title};
use crate::schedules::{Alarm, Schedule, ScheduleId, sql};
use crate::tasks::actions::{NewJob, NewTask, create};
use crate::tasks::{By, Via};

/// What is wrong with it now.
fn alarm_of(conn: &Connection, schedule: &Schedule, now: Timestamp) -> Result<Option<Alarm>> {
    Ok(alarm(schedule, &sql::last_runs(conn, schedule.id, config::RUNS_SHOWN)?, now))
}

/// A piece of those that may have an alarm, behind this one: of which something is to be noted, and the last that was
/// looked at, none at the end. `is_whole` looks also at those to which nothing happened but time.
pub fn alarms_to_tell(
    conn: &Connection,
    is_whole: bool,
    after: ScheduleId,
    now: Timestamp,
) -> Result<(Vec<ScheduleId>, Option<ScheduleId>)> {
    let found = sql::alarm_candidates(conn, is_whole, after, config::SCHEDULES_A_STEP)?;
    let mut changed = Vec::new();
    for (id, told, happened) in &found {
        let Some(schedule) = sql::read(conn, *id)? else { continue };
        let gravity = alarm_of(conn, &schedule, now)?.map(Alarm::gravity);
        // It stays as grave as it was told to be until it is well.
        if *happened || gravity.is_some() != told.is_some() || gravity > *told {
            changed.push(*id);
        }
    }
    let is_last = found.len() < config::SCHEDULES_A_STEP;
    Ok((changed, found.last().map(|(id, ..)| *id).filter(|_| !is_last)))
}

/// Tells of what began or got graver, and notes what is over.
pub fn tell_alarms(w: &mut Write<'_>, hands: &Hands, ids: &[ScheduleId]) -> Result<()> {
    for id in ids {
        let Some(schedule) = sql::read(w.conn, *id)? else { continue };
        let told = sql::alarm_told(w.conn, *id)?;
        let found = alarm_of(w.conn, &schedule, w.now)?;
        let gravity = found.map(Alarm::gravity);
        if let Some(alarm) = found.filter(|_| gravity > told) {
            tell_admins(w, hands, &schedule, alarm)?;
        }
        sql::save_alarm(w.conn, *id, gravity.map(|gravity| told.unwrap_or_default().max(gravity)))?;
    }
    Ok(())
}

fn tell_admins(w: &mut Write<'_>, hands: &Hands, schedule: &Schedule, alarm: Alarm) -> Result<()> {
    let members = people::sql::members(w.conn, schedule.organisation)?;
    let mut by_mail = Lang::ALL.map(|l| (l, Vec::new()));
    for admin in members.into_iter().filter(|member| member.role.is_admin() && member.deactivated_at.is_none()) {
        let (language, _) = people::sql::preferences(w.conn, admin.user)?;
        let l = language.as_deref().and_then(Lang::from_code).unwrap_or(Lang::En);
        let new = NewNotification {
            organisation: schedule.organisation,
            user: admin.user,
            reason: Reason::Alarm,
            subject: title(l, schedule).to_owned(),
            text: alarm_text(l, alarm),
            task: None,
            schedule: Some(schedule.id),
        };
        tell(w, &new)?;
        if hands.has_mail && people::sql::wants_alarms_by_mail(w.conn, admin.user)? {
            by_mail.iter_mut().filter(|(of, _)| *of == l).for_each(|(_, to)| to.push(admin.email.clone()));
        }
    }
    for (l, to) in by_mail.into_iter().filter(|(_, to)| !to.is_empty()) {
        // Nobody goes without the bell because of the mail.
        if let Err(error) = w.nested(|w| mail(w, hands, schedule, alarm, l, &to)) {
            tracing::error!(%error, schedule = %schedule.id, "nobody could be written to of an alarm");
        }
    }
    Ok(())
}

/// A broadcast like any other: what becomes of each mail is seen at its job.
fn mail(w: &mut Write<'_>, hands: &Hands, schedule: &Schedule, alarm: Alarm, l: Lang, to: &[String]) -> Result<()> {
    let Some(by) = by_owner(w, hands, schedule.organisation)? else { return Ok(()) };
    let cut = |text: String, chars: usize| text.chars().take(chars).collect::<String>();
    let subject = cut(l.with("alarm-mail-subject", "title", title(l, schedule)), config::NAME_CHARS);
    let text = format!("{}\n{}\n\n{}", title(l, schedule), alarm_text(l, alarm), l.t("alarm-mail-why"));
    let payload = json!({
        "channel": Channel::Email,
        "to": Audience::People,
        "people": to.join("\n"),
        "subject": subject,
        "text": text,
    });
    let job = NewJob { job_kind: Some(BuiltIn::Broadcast.to_string()), payload, ..NewJob::default() };
    create(w, &by, NewTask { title: cut(subject, config::TITLE_CHARS), job: Some(job), ..NewTask::default() })?;
    Ok(())
}

/// As the organisation's first owner: whoever made the schedule may be the one who is gone.
fn by_owner(w: &Write<'_>, hands: &Hands, organisation: OrganisationId) -> Result<Option<By>> {
    let Some(owner) = people::sql::first_owner(w.conn, organisation)? else { return Ok(None) };
    let viewer = people::sql::viewer_of_member(w.conn, organisation, owner)?;
    Ok(viewer.map(|viewer| By {
        viewer: Arc::new(viewer),
        via: Via::System,
        presence: None,
        dispatch: hands.dispatch.clone(),
        output: hands.output.clone(),
    }))
}
