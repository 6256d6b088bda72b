//! A history filter as members of a payload, called and written as in the address of the history: for kinds that go through
//! all that it shows.

use super::fields::{Field, Takes};
use crate::config;
use crate::error::{Message, msg};
use crate::tasks::{Kind, Priority, Status};

/// All of them may be left out. Which tasks they mean says `insight::HistoryFilter::from_payload`.
pub fn filter_fields() -> Vec<Field> {
    let search = Field::line("q", msg("history-search"));
    vec![
        Field { takes: Takes::Line(config::SEARCH_CHARS), ..search },
        Field::choice("status", msg("monitor-status"), any_of(Status::ALL, Status::as_str, status_key)),
        Field::choice("kind", msg("history-kind"), any_of(Kind::ALL, Kind::as_str, kind_key)),
        Field::number("person", msg("filter-person"), 1..=i64::MAX).hint(msg("filter-person-hint")),
        Field::number("project", msg("filter-project"), 1..=i64::MAX).hint(msg("filter-project-hint")),
        Field::choice("priority", msg("monitor-priority"), any_of(Priority::ALL, Priority::as_str, priority_key)),
        Field::date("from", msg("history-from")),
        Field::date("to", msg("history-to")),
    ]
}

fn any_of<T: Copy>(all: &[T], word: fn(T) -> &'static str, key: fn(T) -> &'static str) -> Vec<(&'static str, Message)> {
    let words = all.iter().map(|value| (word(*value), msg(key(*value))));
    [("", msg("monitor-any"))].into_iter().chain(words).collect()
}

const fn status_key(status: Status) -> &'static str {
    match status {
        Status::Pending => "status-pending",
        Status::InProgress => "status-in-progress",
        Status::Done => "status-done",
        Status::Failed => "status-failed",
        Status::Cancelled => "status-cancelled",
    }
}

const fn kind_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Assignment => "kind-assignment",
        Kind::Job => "kind-job",
    }
}

pub const fn priority_key(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "priority-low",
        Priority::Medium => "priority-medium",
        Priority::High => "priority-high",
        Priority::Urgent => "priority-urgent",
    }
}
