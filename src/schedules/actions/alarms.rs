//! Telling of alarms. Whoever may edit a schedule, every admin of its organisation, is told once when something begins to be
//! wrong with it, again only when it gets graver, and anew after it was well; by the bell, and by mail who wants that. What is
//! wrong is derived from its runs as its page derives it; kept is only what was told.

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
use crate::tasks::By;
use crate::tasks::actions::{NewJob, NewTask, create};

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
    let late = now - config::SCHEDULE_LATE;
    let found = sql::alarm_candidates(conn, is_whole, after, late, config::SCHEDULES_A_STEP)?;
    let mut changed = Vec::new();
    for (id, told, happened) in &found {
        let schedule = match sql::read(conn, *id) {
            Ok(Some(schedule)) => schedule,
            Ok(None) => continue,
            // One that cannot be read keeps none of the others waiting; what happened to it is noted with a warning.
            Err(_) => {
                changed.extend(happened.then_some(*id));
                continue;
            }
        };
        let gravity = alarm_of(conn, &schedule, now)?.map(Alarm::gravity);
        // It stays as grave as it was told to be until it is well.
        if *happened || gravity.is_some() != told.is_some() || gravity > *told {
            changed.push(*id);
        }
    }
    let is_last = found.len() < config::SCHEDULES_A_STEP;
    Ok((changed, found.last().map(|(id, ..)| *id).filter(|_| !is_last)))
}

/// Tells of what began or got graver, and notes what is over. One at a time: each writes a row for every admin.
pub fn tell_alarm(w: &mut Write<'_>, hands: &Hands, id: ScheduleId) -> Result<()> {
    let told = sql::alarm_told(w.conn, id)?;
    let schedule = match sql::read(w.conn, id) {
        Ok(Some(schedule)) => schedule,
        Ok(None) => return Ok(()),
        Err(error) => {
            tracing::warn!(%error, schedule = %id, "a schedule cannot be read, and nobody is told whether it is well");
            return sql::save_alarm(w.conn, id, told);
        }
    };
    let found = alarm_of(w.conn, &schedule, w.now)?;
    let gravity = found.map(Alarm::gravity);
    if let Some(alarm) = found.filter(|_| gravity > told) {
        tell_admins(w, hands, &schedule, alarm)?;
    }
    sql::save_alarm(w.conn, id, gravity.map(|gravity| told.unwrap_or_default().max(gravity)))
}

fn tell_admins(w: &mut Write<'_>, hands: &Hands, schedule: &Schedule, alarm: Alarm) -> Result<()> {
    let mut by_mail = Lang::ALL.map(|l| (l, Vec::new()));
    for admin in people::sql::active_admins(w.conn, schedule.organisation)? {
        let l = admin.language.as_deref().and_then(Lang::from_code).unwrap_or(Lang::En);
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
        if hands.has_mail && admin.alarms_by_mail {
            by_mail.iter_mut().filter(|(of, _)| *of == l).for_each(|(_, to)| to.push(admin.email.clone()));
        }
    }
    for (l, to) in by_mail {
        for list in lists(&to, config::DESCRIPTION_CHARS) {
            // Nobody goes without the bell because of the mail.
            if let Err(error) = w.nested(|w| mail(w, hands, schedule, alarm, l, list)) {
                tracing::error!(%error, schedule = %schedule.id, "nobody could be written to of an alarm");
            }
        }
    }
    Ok(())
}

/// The addresses, one in a line, in as few lists of at most so many characters as it takes.
fn lists(addresses: &[String], chars: usize) -> Vec<String> {
    let mut lists: Vec<String> = Vec::new();
    for address in addresses {
        match lists.last_mut().filter(|list| list.chars().count() + 1 + address.chars().count() <= chars) {
            Some(list) => {
                list.push('\n');
                list.push_str(address);
            }
            None => lists.push(address.clone()),
        }
    }
    lists
}

/// A broadcast like any other: what becomes of each mail is seen at its job.
fn mail(w: &mut Write<'_>, hands: &Hands, schedule: &Schedule, alarm: Alarm, l: Lang, to: String) -> Result<()> {
    let Some(by) = by_owner(w, hands, schedule.organisation)? else { return Ok(()) };
    let cut = |text: String, chars: usize| text.chars().take(chars).collect::<String>();
    let subject = cut(l.with("alarm-mail-subject", "title", title(l, schedule)), config::NAME_CHARS);
    let text = format!("{}\n{}\n\n{}", title(l, schedule), alarm_text(l, alarm), l.t("alarm-mail-why"));
    let payload = json!({
        "channel": Channel::Email,
        "to": Audience::People,
        "people": to,
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
    Ok(viewer.map(|viewer| hands.by(viewer)))
}

#[cfg(test)]
mod tests {
    use super::lists;

    #[test]
    fn more_addresses_than_a_broadcast_takes_are_several_lists_that_leave_nobody_out() {
        let addresses: Vec<String> = (0..1_000).map(|n| format!("admin-{n}@harbour.example")).collect();
        let found = lists(&addresses, 100);
        assert!(found.iter().all(|list| list.chars().count() <= 100));
        assert_eq!(found.join("\n").lines().collect::<Vec<_>>(), addresses);
        assert_eq!(lists(&addresses[..2], 100), [format!("{}\n{}", addresses[0], addresses[1])]);
        assert!(lists(&[], 100).is_empty());
    }
}
