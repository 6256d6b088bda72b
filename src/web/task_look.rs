//! How a task looks: what the templates of its fragments ask for. What they ask of a job besides stands in `job_look`.

use jiff::tz::TimeZone;

use super::shown::{self, DueShown, Icon, Moment};
use crate::front::Base;
use crate::insight::TaskRow;
use crate::locale::Lang;
use crate::people::{Presence, UserId};
use crate::tasks::{Status, Task, TaskId};

/// A task as its fragments show it: what their templates ask for.
pub struct Look<'a> {
    /// Stands before every address.
    pub base: &'a Base,
    pub l: Lang,
    pub row: &'a TaskRow,
    pub zone: &'a TimeZone,
    pub overdue: bool,
    /// It waits for its time.
    pub is_timed: bool,
    pub presence: Option<Presence>,
}

impl Look<'_> {
    fn task(&self) -> &Task {
        &self.row.task
    }

    pub fn id(&self) -> TaskId {
        self.task().id
    }

    pub fn version(&self) -> i64 {
        self.task().version
    }

    pub fn title(&self) -> &str {
        &self.task().title
    }

    pub fn has_ended(&self) -> bool {
        self.task().status.has_ended()
    }

    pub fn status(&self) -> Status {
        self.task().status
    }

    pub fn status_word(&self) -> &'static str {
        self.l.t(shown::status_key(self.task().kind, self.task().status))
    }

    pub fn icon(&self, name: &'static str) -> Icon<'_> {
        shown::icon(self.base, name)
    }

    pub fn status_icon(&self) -> Icon<'_> {
        self.icon(self.task().status.as_str())
    }

    pub fn priority(&self) -> &'static str {
        self.task().priority.as_str()
    }

    pub fn priority_word(&self) -> &'static str {
        self.l.t(shown::priority_key(self.task().priority))
    }

    pub fn priority_icon(&self) -> Icon<'_> {
        self.icon(self.task().priority.as_str())
    }

    /// The percent as an attribute: a number in any language.
    pub fn value(&self) -> f64 {
        self.task().progress.get()
    }

    pub fn percent(&self) -> String {
        self.l.percent(self.value())
    }

    pub fn due(&self) -> Option<DueShown<'_>> {
        self.task().due.as_ref().map(|due| DueShown { l: self.l, due, zone: self.zone })
    }

    pub fn person(&self) -> Option<(UserId, &str, Presence)> {
        let name = self.row.assignee_name.as_deref()?;
        Some((self.task().assignee?, name, self.presence.unwrap_or(Presence::Offline)))
    }

    pub fn created(&self) -> Moment<'_> {
        Moment::full(self.l, self.task().created_at, self.zone)
    }

    pub fn created_day(&self) -> Moment<'_> {
        Moment::date(self.l, self.task().created_at, self.zone)
    }

    pub fn ended_day(&self) -> Option<Moment<'_>> {
        self.task().finished_at.map(|at| Moment::date(self.l, at, self.zone))
    }

    pub fn started(&self) -> Option<Moment<'_>> {
        self.task().started_at.map(|at| Moment::full(self.l, at, self.zone))
    }

    pub fn ended(&self) -> Option<Moment<'_>> {
        self.task().finished_at.map(|at| Moment::full(self.l, at, self.zone))
    }

    pub fn estimate(&self) -> Option<String> {
        self.task().estimate_minutes.map(|minutes| shown::estimate(self.l, minutes))
    }

    /// The quick buttons: what each reports, and what it says.
    pub fn steps(&self) -> Vec<(f64, String)> {
        let at = self.value();
        let further = [10.0, 25.0].map(|step| ((at + step).min(100.0), format!("\u{200e}+{}", self.l.percent(step))));
        let marks = [50.0, 75.0].map(|mark| (mark, self.l.percent(mark)));
        further.into_iter().chain(marks).collect()
    }
}
