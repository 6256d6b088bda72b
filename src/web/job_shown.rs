//! What a job left behind, as its page shows it: the end of its log, its errors in groups, its attempts, its files.

use jiff::tz::TimeZone;

use super::job_look::State;
use super::shown::Moment;
use crate::config;
use crate::insight::TaskRow;
use crate::jobs::Outcome;
use crate::jobs::artifacts::Artifact;
use crate::jobs::items::ItemGroup;
use crate::jobs::log::{self, LogPiece};
use crate::jobs::sql::Attempt;
use crate::locale::Lang;
use crate::tasks::TaskId;

/// The part of a log that stands on the page.
pub struct LogShown {
    pub text: String,
    /// The byte from which the page's script goes on.
    pub next: i64,
    pub lines: i64,
    pub is_cut: bool,
}

impl LogShown {
    pub fn of(piece: &LogPiece) -> LogShown {
        let text = log::plain(&piece.text);
        let lines = i64::try_from(text.lines().count()).unwrap_or(i64::MAX);
        LogShown { text, next: piece.next, lines, is_cut: piece.start > 0 }
    }
}

pub struct Errors {
    pub count: String,
    pub groups: Vec<ErrorGroup>,
    pub has_more: bool,
}

pub struct ErrorGroup {
    pub message: String,
    pub count: String,
    pub keys: Vec<String>,
    pub has_more: bool,
}

impl Errors {
    pub fn of(l: Lang, found: &TaskRow, groups: &[ItemGroup]) -> Errors {
        let shown = groups.iter().take(config::ERROR_GROUPS);
        let failed = found.task.counts.map_or(0, |counts| counts.failed);
        let listed: i64 = shown.clone().map(|group| group.items).sum();
        Errors {
            count: l.number(failed.max(listed)),
            groups: shown.map(|group| ErrorGroup::of(l, group)).collect(),
            has_more: groups.len() > config::ERROR_GROUPS,
        }
    }
}

impl ErrorGroup {
    fn of(l: Lang, group: &ItemGroup) -> ErrorGroup {
        ErrorGroup {
            message: group.message.clone().unwrap_or_else(|| l.t("job-no-message").to_owned()),
            count: l.with("job-times", "count", l.number(group.items)),
            keys: group.first.iter().take(config::ERROR_KEYS).cloned().collect(),
            has_more: usize::try_from(group.items).unwrap_or(usize::MAX) > group.first.len().min(config::ERROR_KEYS),
        }
    }
}

pub struct AttemptShown<'a> {
    pub number: i64,
    pub worker: Option<&'a str>,
    pub started: Moment<'a>,
    pub ended: Option<Moment<'a>>,
    pub state: &'static str,
    pub icon: &'static str,
    pub word: &'static str,
    pub percent: Option<String>,
    pub error: Option<&'a str>,
}

fn outcome_key(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => "outcome-running",
        Some(Outcome::Done) => "outcome-done",
        Some(Outcome::Failed) => "outcome-failed",
        Some(Outcome::Cancelled) => "outcome-cancelled",
        Some(Outcome::Lost) => "outcome-lost",
    }
}

const fn outcome_state(outcome: Option<Outcome>) -> State {
    match outcome {
        None => State::Running,
        Some(Outcome::Done) => State::Done,
        Some(Outcome::Failed) => State::Failed,
        Some(Outcome::Cancelled) => State::Cancelled,
        Some(Outcome::Lost) => State::Lost,
    }
}

impl<'a> AttemptShown<'a> {
    pub fn of(l: Lang, zone: &'a TimeZone, attempt: &'a Attempt) -> AttemptShown<'a> {
        let state = outcome_state(attempt.outcome);
        AttemptShown {
            number: attempt.attempt,
            worker: attempt.worker.as_deref(),
            started: Moment::full(l, attempt.started_at, zone),
            ended: attempt.ended_at.map(|at| Moment::full(l, at, zone)),
            state: state.as_str(),
            icon: state.icon(),
            word: l.t(outcome_key(attempt.outcome)),
            percent: attempt.progress.map(|percent| l.percent(percent)),
            error: attempt.error.as_deref(),
        }
    }
}

pub struct FileShown<'a> {
    pub name: &'a str,
    pub address: String,
    pub size: String,
    /// When it goes, where that is known.
    pub until: Option<Moment<'a>>,
}

impl<'a> FileShown<'a> {
    pub fn of(l: Lang, zone: &'a TimeZone, task: TaskId, file: &'a Artifact) -> FileShown<'a> {
        let name = file.name.as_str();
        let in_address = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        FileShown {
            name,
            address: format!("/tasks/{task}/artifacts/{in_address}"),
            size: size(l, file.bytes),
            until: file.expires_at.map(|at| Moment::date(l, at, zone)),
        }
    }
}

fn size(l: Lang, bytes: i64) -> String {
    match bytes {
        0..1_000 => l.with("job-bytes", "bytes", bytes),
        1_000..1_000_000 => l.with("job-kilobytes", "kilobytes", (bytes + 500) / 1_000),
        _ => l.with("job-megabytes", "megabytes", format!("{}.{}", bytes / 1_000_000, bytes % 1_000_000 / 100_000)),
    }
}
