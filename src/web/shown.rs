//! How what tasks are made of is shown: the words of status, priority and change, moments, due dates, presence, icons.
//! Small values that templates print; no page, no handler, no question to the database.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::assets;
use crate::front::Base;
use crate::locale::Lang;
use crate::people::Presence;
use crate::tasks::{Change, Due, Kind, Priority, Status};

pub fn status_key(kind: Kind, status: Status) -> &'static str {
    match (kind, status) {
        (Kind::Assignment, Status::Pending) => "status-pending",
        (Kind::Job, Status::Pending) => "status-queued",
        (Kind::Assignment, Status::InProgress) => "status-in-progress",
        (Kind::Job, Status::InProgress) => "status-running",
        (Kind::Assignment, Status::Done) => "status-done",
        (Kind::Job, Status::Done) => "status-completed",
        (_, Status::Failed) => "status-failed",
        (_, Status::Cancelled) => "status-cancelled",
    }
}

pub fn priority_key(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "priority-low",
        Priority::Medium => "priority-medium",
        Priority::High => "priority-high",
        Priority::Urgent => "priority-urgent",
    }
}

pub fn kind_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Assignment => "kind-assignment",
        Kind::Job => "kind-job",
    }
}

pub fn presence_key(presence: Presence) -> &'static str {
    match presence {
        Presence::Active => "presence-active",
        Presence::Idle => "presence-idle",
        Presence::Offline => "presence-offline",
    }
}

pub fn change_key(change: Change) -> &'static str {
    match change {
        Change::Created => "change-created",
        Change::Assigned => "change-assigned",
        Change::Progress => "change-progress",
        Change::Completed => "change-completed",
        Change::Reopened => "change-reopened",
        Change::Cancelled => "change-cancelled",
        Change::Undone => "change-undone",
        Change::Title => "change-title",
        Change::Description => "change-description",
        Change::Due => "change-due",
        Change::Priority => "change-priority",
        Change::Project => "change-project",
        Change::Estimate => "change-estimate",
        Change::Comment => "change-comment",
        Change::Category => "change-category",
        Change::Labels => "change-labels",
        Change::RunAt => "change-run-at",
        Change::QueuePriority => "change-queue-priority",
        Change::Claimed => "change-claimed",
        Change::Stage => "change-stage",
        Change::LowerReport => "change-lower-report",
        Change::Failed => "change-failed",
        Change::AttemptFailed => "change-attempt-failed",
        Change::Lost => "change-lost",
        Change::Stalled => "change-stalled",
        Change::CancelRequested => "change-cancel-requested",
        Change::CancelAcknowledged => "change-cancel-acknowledged",
        Change::Retried => "change-retried",
        Change::Deleted => "change-deleted",
    }
}

pub fn change_icon(change: Change) -> &'static str {
    match change {
        Change::Created => "plus",
        Change::Assigned => "user",
        Change::Progress | Change::Stage => "steps",
        Change::Completed => "check",
        Change::Reopened | Change::Undone | Change::Retried => "undo",
        Change::Cancelled | Change::CancelRequested | Change::CancelAcknowledged => "cancelled",
        Change::Title | Change::Description | Change::Category | Change::Labels => "edit",
        Change::Due | Change::Estimate | Change::RunAt => "clock",
        Change::Priority | Change::QueuePriority => "flag",
        Change::Project => "folder",
        Change::Claimed => "play",
        Change::LowerReport => "low",
        Change::Failed | Change::AttemptFailed => "failed",
        Change::Lost => "lost",
        Change::Stalled => "warning",
        Change::Deleted => "close",
        Change::Comment => "comment",
    }
}

// Templates pass what they have by reference.
pub fn priority_word(l: &Lang, priority: &Priority) -> &'static str {
    l.t(priority_key(*priority))
}

pub fn kind_word(l: &Lang, kind: &Kind) -> &'static str {
    l.t(kind_key(*kind))
}

pub fn presence_word(l: &Lang, presence: &Presence) -> &'static str {
    l.t(presence_key(*presence))
}

/// An icon of the sprite, by its name there; a sign beside a word, never alone.
pub struct Icon<'a> {
    base: &'a Base,
    name: &'static str,
}

pub fn icon<'a>(base: &'a Base, name: &'static str) -> Icon<'a> {
    Icon { base, name }
}

/// Made of characters that mean nothing in HTML.
impl HtmlSafe for Base {}

impl HtmlSafe for Icon<'_> {}

impl fmt::Display for Icon<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (base, icons, name) = (self.base, assets::icons(), self.name);
        write!(f, r##"<svg class="icon" aria-hidden="true"><use href="{base}{icons}#{name}"/></svg>"##)
    }
}

/// How a moment is written.
#[derive(Clone, Copy)]
enum Style {
    DateTime,
    Date,
    /// The day; the script puts how long ago that was.
    Age,
}

/// A moment, in a `<time>` that the page's script writes again in the reader's zone.
pub struct Moment<'a> {
    l: Lang,
    at: Timestamp,
    zone: &'a TimeZone,
    style: Style,
}

impl<'a> Moment<'a> {
    pub fn full(l: Lang, at: Timestamp, zone: &'a TimeZone) -> Moment<'a> {
        Moment { l, at, zone, style: Style::DateTime }
    }

    pub fn date(l: Lang, at: Timestamp, zone: &'a TimeZone) -> Moment<'a> {
        Moment { l, at, zone, style: Style::Date }
    }

    pub fn age(l: Lang, at: Timestamp, zone: &'a TimeZone) -> Moment<'a> {
        Moment { l, at, zone, style: Style::Age }
    }
}

impl HtmlSafe for Moment<'_> {}

impl fmt::Display for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.at.strftime("%Y-%m-%dT%H:%M:%SZ");
        let day = || self.l.date(self.at.to_zoned(self.zone.clone()).date());
        match self.style {
            Style::DateTime => {
                let text = self.l.date_time(self.at, self.zone);
                write!(f, r#"<time datetime="{utc}" data-format="datetime">{text}</time>"#)
            }
            Style::Date => write!(f, r#"<time datetime="{utc}" data-format="date">{}</time>"#, day()),
            Style::Age => write!(f, r#"<time datetime="{utc}">{}</time>"#, day()),
        }
    }
}

/// A due date: a day is the same day for everybody, an instant is written in the reader's zone.
pub struct DueShown<'a> {
    pub l: Lang,
    pub due: &'a Due,
    pub zone: &'a TimeZone,
}

impl HtmlSafe for DueShown<'_> {}

impl fmt::Display for DueShown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.due {
            Due::Date(date, _) => {
                write!(f, r#"<time datetime="{date}" data-format="date">{}</time>"#, self.l.date(*date))
            }
            Due::At(at) => Moment::full(self.l, *at, self.zone).fmt(f),
        }
    }
}

/// "1 h 30 min"
pub fn estimate(l: Lang, minutes: i64) -> String {
    let hours = minutes / 60;
    let rest = minutes % 60;
    match (hours, rest) {
        (0, rest) => l.with("estimate-minutes", "minutes", rest),
        (hours, 0) => l.with("estimate-hours", "hours", hours),
        (hours, rest) => {
            format!("{} {}", l.with("estimate-hours", "hours", hours), l.with("estimate-minutes", "minutes", rest))
        }
    }
}
