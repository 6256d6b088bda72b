//! A job as its fragments show it: the word, sign and colour of how it stands, its counts, stage, estimate and worker.
//! What any task shows is `task_look`'s.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::shown::{Icon, Moment};
use super::task_look::Look;
use crate::error::msg;
use crate::jobs::Job;
use crate::locale::Lang;
use crate::tasks::{Eta, Kind, Status, Task};

/// How a job stands: its status, and what makes two that share one differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Queued,
    Scheduled,
    Blocked,
    Running,
    Stalled,
    Done,
    Failed,
    Lost,
    Cancelled,
}

impl State {
    /// `waits_for`: how many tasks have to be done first.
    pub fn of(task: &Task, waits_for: i64, is_timed: bool) -> State {
        let Some(job) = task.job() else { return State::of_assignment(task.status) };
        match task.status {
            Status::Pending if waits_for > 0 => State::Blocked,
            Status::Pending if is_timed => State::Scheduled,
            Status::Pending => State::Queued,
            Status::InProgress if job.stalled_at.is_some() => State::Stalled,
            Status::InProgress => State::Running,
            Status::Done => State::Done,
            Status::Failed if job.lost_at.is_some() => State::Lost,
            Status::Failed => State::Failed,
            Status::Cancelled => State::Cancelled,
        }
    }

    /// For lists in which both stand.
    fn of_assignment(status: Status) -> State {
        match status {
            Status::Pending => State::Queued,
            Status::InProgress => State::Running,
            Status::Done => State::Done,
            Status::Failed => State::Failed,
            Status::Cancelled => State::Cancelled,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Scheduled => "scheduled",
            State::Blocked => "blocked",
            State::Running => "running",
            State::Stalled => "stalled",
            State::Done => "done",
            State::Failed => "failed",
            State::Lost => "lost",
            State::Cancelled => "cancelled",
        }
    }

    pub const fn icon(self) -> &'static str {
        match self {
            State::Queued => "pending",
            State::Scheduled => "clock",
            State::Blocked => "lock",
            State::Running => "in_progress",
            State::Stalled => "warning",
            State::Done => "done",
            State::Failed => "failed",
            State::Lost => "lost",
            State::Cancelled => "cancelled",
        }
    }
}

pub fn state_key(state: State) -> &'static str {
    match state {
        State::Queued => "status-queued",
        State::Scheduled => "status-scheduled",
        State::Blocked => "status-blocked",
        State::Running => "status-running",
        State::Stalled => "status-stalled",
        State::Done => "status-completed",
        State::Failed => "status-failed",
        State::Lost => "status-lost",
        State::Cancelled => "status-cancelled",
    }
}

/// Characters of an error in a list: its first line, as far as a row is wide.
const ERROR_CHARS: usize = 200;

pub struct CountsShown {
    pub processed: String,
    pub failed: Option<String>,
    pub skipped: Option<String>,
}

pub struct StageShown<'a> {
    pub name: &'a str,
    pub place: Option<String>,
}

impl Look<'_> {
    fn job(&self) -> Option<&Job> {
        self.row.task.job()
    }

    pub fn is_job(&self) -> bool {
        self.row.task.kind == Kind::Job
    }

    fn standing(&self) -> State {
        State::of(&self.row.task, self.row.waits_for, self.is_timed)
    }

    pub fn state(&self) -> &'static str {
        self.standing().as_str()
    }

    pub fn state_word(&self) -> &'static str {
        self.l.t(state_key(self.standing()))
    }

    pub fn state_icon(&self) -> Icon<'_> {
        self.icon(self.standing().icon())
    }

    pub fn is_running(&self) -> bool {
        self.row.task.status == Status::InProgress
    }

    /// How far a request to stop has come, while it still matters.
    pub fn cancel_word(&self) -> Option<&'static str> {
        let job = self.job().filter(|job| job.cancel_requested_at.is_some() && !self.has_ended())?;
        let is_heard = job.cancel_acknowledged_at.is_some();
        Some(if is_heard { self.l.t("cancel-acknowledged") } else { self.l.t("cancel-requested") })
    }

    pub fn may_cancel(&self) -> bool {
        !self.has_ended() && self.job().is_none_or(|job| job.cancel_requested_at.is_none())
    }

    pub fn has_failed_items(&self) -> bool {
        self.row.task.counts.is_some_and(|counts| counts.failed > 0)
    }

    pub fn job_kind(&self) -> Option<&str> {
        self.job()?.spec.job_kind.as_deref()
    }

    /// Where it waits or waited, if that is not where all do.
    pub fn queue(&self) -> Option<&str> {
        self.job().map(|job| job.spec.queue.as_str()).filter(|queue| *queue != "default")
    }

    pub fn category(&self) -> Option<&str> {
        self.row.task.category.as_deref()
    }

    /// What its bar shows; none while nobody knows the whole.
    pub fn known(&self) -> Option<f64> {
        let has_no_total = self.row.task.counts.is_some_and(|counts| counts.total.is_none());
        let is_unknown = self.is_running() && has_no_total && self.value() <= 0.0;
        (!is_unknown).then(|| self.value())
    }

    pub fn counts(&self) -> Option<CountsShown> {
        let counts = self.row.task.counts.filter(|counts| counts.total.is_some() || counts.processed() > 0)?;
        let processed = self.l.number(counts.processed());
        let processed = match counts.total {
            Some(total) => self.l.m(&msg("job-counts").arg("processed", processed).arg("total", self.l.number(total))),
            None => self.l.with("job-counts-open", "processed", processed),
        };
        Some(CountsShown {
            processed,
            failed: (counts.failed > 0).then(|| self.l.with("job-failed", "count", self.l.number(counts.failed))),
            skipped: (counts.skipped > 0).then(|| self.l.with("job-skipped", "count", self.l.number(counts.skipped))),
        })
    }

    pub fn stage(&self) -> Option<StageShown<'_>> {
        let stage = self.row.task.stage.as_ref().filter(|_| !self.has_ended())?;
        let place = stage.index.zip(stage.of);
        let place = place.map(|(index, of)| self.l.m(&msg("job-stage-place").arg("index", index).arg("of", of)));
        Some(StageShown { name: &stage.name, place })
    }

    pub fn waits(&self) -> Option<String> {
        (self.row.waits_for > 0).then(|| self.l.n("job-waits", self.row.waits_for))
    }

    /// The time before which it does not begin.
    pub fn run_at(&self) -> Option<Moment<'_>> {
        let at = self.job()?.run_at.filter(|_| self.is_timed && self.row.task.status == Status::Pending)?;
        Some(Moment::full(self.l, at, self.zone))
    }

    pub fn eta(&self) -> Option<EtaShown<'_>> {
        self.row.task.eta.map(|eta| EtaShown { l: self.l, eta, zone: self.zone })
    }

    /// Who runs it, or ran it last.
    pub fn worker(&self) -> Option<&str> {
        self.job()?.worker.as_deref()
    }

    /// Which attempt it is, from the second on.
    pub fn attempt(&self) -> Option<String> {
        let job = self.job()?;
        // What waits for its next one has had the others.
        let attempt = job.attempt - job.round + i64::from(self.row.task.status == Status::Pending);
        (attempt > 1).then(|| self.l.m(&msg("job-attempt").arg("attempt", attempt).arg("most", job.spec.max_attempts)))
    }

    pub fn note(&self) -> Option<&str> {
        self.row.task.note.as_deref()
    }

    pub fn whole_error(&self) -> Option<&str> {
        self.job()?.error.as_deref().filter(|_| self.row.task.status == Status::Failed)
    }

    pub fn error(&self) -> Option<String> {
        let first = self.whole_error()?.lines().find(|line| !line.trim().is_empty())?;
        Some(first.chars().take(ERROR_CHARS).collect())
    }

    pub fn log_bytes(&self) -> i64 {
        self.job().map_or(0, |job| job.log_bytes)
    }
}

/// An estimate, as the range that it is. The page's script writes how long that still is.
pub struct EtaShown<'a> {
    l: Lang,
    eta: Eta,
    zone: &'a TimeZone,
}

impl HtmlSafe for EtaShown<'_> {}

impl fmt::Display for EtaShown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let Eta { earliest, latest } = self.eta;
        let text = self.l.date_time(earliest, self.zone);
        let latest_text = self.l.date_time(latest, self.zone);
        let range = if text == latest_text { text } else { format!("{text} – {latest_text}") };
        write!(
            f,
            r#"<time datetime="{}" data-earliest="{}" data-format="eta">{range}</time>"#,
            utc(latest),
            utc(earliest)
        )
    }
}
