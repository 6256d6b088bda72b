//! What starts an import from another tracker.

use super::{Projects, Tracker};
use crate::error::msg;
use crate::jobs::columns::DateOrder;
use crate::jobs::fields::Field;

/// What is not chosen is found out.
pub const FOUND_OUT: &str = "found-out";

impl Projects {
    pub const fn label_key(self) -> &'static str {
        match self {
            Projects::Make => "tracker-projects-make",
            Projects::Match => "tracker-projects-match",
            Projects::None => "tracker-projects-none",
        }
    }
}

pub fn fields() -> Vec<Field> {
    let found_out = || (FOUND_OUT, msg("tracker-found-out"));
    let trackers = Tracker::ALL.iter().map(|tracker| (tracker.as_str(), msg(tracker.label_key())));
    let projects = Projects::ALL.iter().map(|projects| (projects.as_str(), msg(projects.label_key())));
    let dates = vec![
        found_out(),
        (DateOrder::DayFirst.as_str(), msg("import-day-first")),
        (DateOrder::MonthFirst.as_str(), msg("import-month-first")),
    ];
    vec![
        Field::file("file", msg("import-file")),
        Field::choice("tracker", msg("tracker-tracker"), [found_out()].into_iter().chain(trackers).collect()),
        Field::choice("projects", msg("tracker-projects"), projects.collect()),
        Field::number("project", msg("tracker-project"), 1..=i64::MAX),
        Field::number("assignee", msg("tracker-assignee"), 1..=i64::MAX),
        Field::choice("dates", msg("import-dates"), dates).hint(msg("tracker-dates-hint")),
        Field::check("archived", msg("tracker-archived")).hint(msg("tracker-archived-hint")),
        Field::check("dry_run", msg("import-dry-run")),
    ]
}
