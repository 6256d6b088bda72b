//! What is told of a schedule's alarm, in words: the same on its page, at the API, in a notification, in a mail.

use jiff::SignedDuration;

use super::{Alarm, Reason, Schedule};
use crate::error::msg;
use crate::jobs::BuiltIn;
use crate::locale::Lang;

/// "4 min": as long as one would say it.
pub fn took(l: Lang, duration: SignedDuration) -> String {
    let (seconds, minutes, hours) = (duration.as_secs(), duration.as_mins(), duration.as_hours());
    if seconds < 60 {
        l.with("schedule-seconds", "seconds", seconds)
    } else if minutes < 60 {
        l.with("schedule-minutes", "minutes", minutes)
    } else if hours < 48 {
        l.m(&msg("schedule-hours-minutes").arg("hours", hours).arg("minutes", minutes % 60))
    } else {
        l.m(&msg("schedule-days-hours").arg("days", hours / 24).arg("hours", hours % 24))
    }
}

pub fn alarm_text(l: Lang, alarm: Alarm) -> String {
    let took = |seconds: i64| took(l, SignedDuration::from_secs(seconds));
    match alarm {
        Alarm::Refused(reason) => l.t(refusal_key(reason)).to_owned(),
        Alarm::Failing(count) => l.n("alarm-failing", count),
        Alarm::Missed(count) => l.n("alarm-missed", count),
        Alarm::Late => l.t("alarm-late").to_owned(),
        Alarm::NotBegun(minutes) => l.n("alarm-not-begun", minutes),
        Alarm::Slow { seconds, median } => {
            l.m(&msg("alarm-slow").arg("took", took(seconds)).arg("median", took(median)))
        }
    }
}

pub fn refusal_key(reason: Reason) -> &'static str {
    match reason {
        Reason::Maker => "refused-schedule-maker",
        Reason::Assignee => "refused-schedule-assignee",
        Reason::Project => "refused-schedule-project",
        Reason::Other => "refused-schedule-other",
    }
}

/// A schedule's title; of one that came with Milepost and was not renamed, in the reader's language.
pub fn title(l: Lang, schedule: &Schedule) -> &str {
    let came_with = schedule.comes_with.as_deref().and_then(BuiltIn::named).map(BuiltIn::title_key);
    match came_with {
        Some(key) if schedule.title == Lang::En.t(key) => l.t(key),
        _ => &schedule.title,
    }
}
