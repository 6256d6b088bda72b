//! Jobs, the words: what a program's task has besides progress and trail. Its
//! queue, attempts, lease and end; rules here are pure, rows are in `sql`,
//! verbs in `actions`, what memory keeps of running jobs in `dispatch`.

pub mod actions;
pub mod artifacts;
mod bucket;
pub mod built_in;
pub mod bulk;
pub mod columns;
pub mod dispatch;
pub mod feeds;
pub mod fields;
pub mod filter_fields;
pub mod health;
pub mod items;
pub mod kinds;
pub mod log;
pub mod payloads;
pub mod retention;
pub mod sheets;
pub mod sought;
pub mod sql;
pub mod trackers;
pub mod worker;
mod zipped;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::db::types::words;
use crate::tasks::eta::{Earlier, Pace};
use crate::tasks::progress::StagePlan;

pub use bucket::Bucket;
pub use built_in::{BuiltIn, Purpose};
pub use dispatch::Dispatch;

words!(
    /// How an attempt ended; `lost` is nobody's word but the silence of its worker.
    Outcome { Done = "done", Failed = "failed", Cancelled = "cancelled", Lost = "lost" }
);
words!(
    /// What becomes of a new job whose unique key an open one has.
    OnDuplicate { Refuse = "refuse", Replace = "replace", Existing = "existing" }
);
words!(
    /// What admins pause or limit.
    Limited { Queue = "queue", Kind = "kind" }
);

/// What is said of a job when it is made. Changes never, except by an edit.
#[derive(Clone, PartialEq, Debug)]
pub struct Spec {
    /// What it is to be claimed by; none: its creator runs it.
    pub job_kind: Option<String>,
    pub queue: String,
    pub unique_key: Option<String>,
    pub max_attempts: i64,
    pub backoff: Backoff,
    pub timeout_seconds: Option<i64>,
    /// Without progress for this long, it is stalled.
    pub stalled_after_seconds: Option<i64>,
    pub stages: Vec<StagePlan>,
    pub payload: Value,
}

/// How a job stands in its life.
#[derive(Clone, PartialEq, Debug)]
pub struct Job {
    pub spec: Arc<Spec>,
    /// 0 to 9; higher goes first.
    pub queue_priority: i64,
    /// Not before this.
    pub run_at: Option<Timestamp>,
    /// Counts from 1; 0 before the first.
    pub attempt: i64,
    /// The last attempt of earlier rounds: a retry by hand starts a new round.
    pub round: i64,
    pub only_failed_items: bool,
    pub worker: Option<String>,
    /// Some while an attempt runs.
    pub attempt_started_at: Option<Timestamp>,
    pub lease_seconds: Option<i64>,
    /// For show: what counts is kept in memory, on a clock that nobody sets.
    pub lease_expires_at: Option<Timestamp>,
    /// The last sign of life of the attempt.
    pub heard_at: Option<Timestamp>,
    pub cancel_requested_at: Option<Timestamp>,
    pub cancel_acknowledged_at: Option<Timestamp>,
    pub stalled_at: Option<Timestamp>,
    /// When its last attempt was lost; none once another began.
    pub lost_at: Option<Timestamp>,
    pub log_bytes: i64,
    pub recorded: Recorded,
    pub result: Option<Arc<Value>>,
    pub error: Option<String>,
    pub family: Family,
}

/// How far the trail has come with a job, whose row may have gone on.
#[derive(Clone, Default, Debug)]
pub struct Recorded {
    /// When the trail last had an entry of its progress.
    pub at: Option<Timestamp>,
    pub is_ahead: bool,
    /// What its estimate is made from, as its row keeps it: written when it has another sample.
    pub pace: Option<String>,
    /// The same as it is by now, where memory knows it.
    pub pace_now: Option<Arc<Pace>>,
}

/// As rows have it.
impl PartialEq for Recorded {
    fn eq(&self, other: &Recorded) -> bool {
        (self.at, self.is_ahead, &self.pace) == (other.at, other.is_ahead, &other.pace)
    }
}

impl Recorded {
    /// What is known of the pace.
    pub fn pace(&self) -> Option<Arc<Pace>> {
        let kept = || self.pace.as_deref()?.parse().ok().map(Arc::new);
        self.pace_now.clone().or_else(kept)
    }

    pub fn keep_pace(&mut self, pace: Arc<Pace>) {
        self.pace = Some(pace.to_string());
        self.pace_now = Some(pace);
    }
}

/// A parent's children, and how they stand.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Family {
    pub children: i64,
    pub done: i64,
    pub failed: i64,
    pub cancelled: i64,
    /// The sum of the children's percents.
    pub progress: f64,
    /// How many there will be, where that was said.
    pub expected: Option<i64>,
    /// How the parent's own attempt ended, while it waits for its children.
    pub own_outcome: Option<Outcome>,
}

impl Family {
    pub const fn ended(&self) -> i64 {
        self.done + self.failed + self.cancelled
    }

    pub fn total(&self) -> i64 {
        self.children.max(self.expected.unwrap_or(0))
    }

    /// Whether the parent waits for none of them.
    pub fn is_complete(&self) -> bool {
        self.ended() >= self.total()
    }
}

impl Job {
    pub const fn is_running(&self) -> bool {
        self.attempt_started_at.is_some()
    }

    /// Nobody claims it: the program that made it reports on it.
    pub fn is_run_by_creator(&self) -> bool {
        self.spec.job_kind.is_none()
    }

    /// Milepost itself runs it: as a job of this kind.
    pub fn built_in(&self) -> Option<BuiltIn> {
        self.spec.job_kind.as_deref().and_then(BuiltIn::named)
    }

    /// Whether an attempt that failed or was lost leaves another one.
    pub fn has_attempts_left(&self) -> bool {
        !self.is_run_by_creator()
            && self.cancel_requested_at.is_none()
            && self.attempt - self.round < self.spec.max_attempts
    }

    /// Whether it stands as before, but for signs of life, what its trail and its estimate keep, and its contents.
    pub fn was_only_heard_since(&self, before: &Job) -> bool {
        // Each field is named, so that one more has to be thought of.
        let Job {
            queue_priority,
            run_at,
            attempt,
            round,
            only_failed_items,
            worker,
            attempt_started_at,
            lease_seconds,
            cancel_requested_at,
            cancel_acknowledged_at,
            lost_at,
            log_bytes,
            family,
            spec: _,
            lease_expires_at: _,
            heard_at: _,
            stalled_at: _,
            recorded: _,
            result: _,
            error: _,
        } = before;
        *queue_priority == self.queue_priority
            && *run_at == self.run_at
            && (*attempt, *round) == (self.attempt, self.round)
            && *only_failed_items == self.only_failed_items
            && *worker == self.worker
            && *attempt_started_at == self.attempt_started_at
            && *lease_seconds == self.lease_seconds
            && *cancel_requested_at == self.cancel_requested_at
            && *cancel_acknowledged_at == self.cancel_acknowledged_at
            && *lost_at == self.lost_at
            && *log_bytes == self.log_bytes
            && family.own_outcome == self.family.own_outcome
    }

    /// How long to wait before the next attempt.
    pub fn pause(&self, chance: f64) -> SignedDuration {
        self.spec.backoff.pause(self.attempt - self.round, chance)
    }
}

/// The pause between attempts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Backoff {
    /// 15 s, 30 s, 60 s, … up to an hour, each with full jitter over its upper half.
    Exponential,
    /// So many seconds after the first, the second, …; the last one from there on.
    Fixed(Vec<i64>),
}

/// The first pause of the exponential backoff and its longest, in seconds.
const BACKOFF_SECONDS: f64 = 15.0;
const BACKOFF_MOST_SECONDS: f64 = 3600.0;

impl Backoff {
    /// After `failed` attempts of this round; `chance` is in 0..1. The jitter keeps jobs that failed together from coming
    /// back together ("equal jitter" of the AWS architecture blog, Exponential Backoff And Jitter).
    pub fn pause(&self, failed: i64, chance: f64) -> SignedDuration {
        let seconds = match self {
            Backoff::Exponential => {
                let doublings = i32::try_from(failed.clamp(1, 30) - 1).unwrap_or(0);
                let most = (BACKOFF_SECONDS * 2f64.powi(doublings)).min(BACKOFF_MOST_SECONDS);
                most / 2.0 + most / 2.0 * chance.clamp(0.0, 1.0)
            }
            Backoff::Fixed(pauses) => {
                let at = usize::try_from(failed.max(1) - 1).unwrap_or(0).min(pauses.len().saturating_sub(1));
                #[expect(clippy::cast_precision_loss, reason = "checked to be at most a month")]
                pauses.get(at).copied().map_or(0.0, |seconds| seconds as f64)
            }
        };
        SignedDuration::from_secs_f64(seconds)
    }

    /// As the store keeps it.
    pub fn to_text(&self) -> String {
        match self {
            Backoff::Exponential => "exponential".to_owned(),
            Backoff::Fixed(pauses) => Value::from(pauses.clone()).to_string(),
        }
    }

    pub fn from_text(text: &str) -> Option<Backoff> {
        match text {
            "exponential" => Some(Backoff::Exponential),
            list => serde_json::from_str(list).ok().map(Backoff::Fixed),
        }
    }
}

/// How long runs took, from the seconds of each; none of none.
pub fn quarters(mut seconds: Vec<f64>) -> Option<Earlier> {
    seconds.sort_by(f64::total_cmp);
    let at = |share: f64| {
        // Nearest rank.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a small index"
        )]
        let rank = (share * seconds.len() as f64).ceil().max(1.0) as usize;
        seconds.get(rank - 1).copied()
    };
    Some(Earlier {
        p25_seconds: at(0.25)?,
        median_seconds: at(0.5)?,
        p75_seconds: at(0.75)?,
        runs: i64::try_from(seconds.len()).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_a_list_is_taken_as_it_stands() {
        let seconds = |failed| Backoff::Exponential.pause(failed, 1.0).as_secs();
        assert_eq!([1, 2, 3, 20].map(seconds), [15, 30, 60, 3600]);
        assert_eq!(Backoff::Exponential.pause(2, 0.0).as_secs(), 15);
        let fixed = Backoff::Fixed(vec![1, 60]);
        assert_eq!([1, 2, 9].map(|failed| fixed.pause(failed, 0.5).as_secs()), [1, 60, 60]);
        assert_eq!(Backoff::from_text(&fixed.to_text()), Some(fixed));
        assert_eq!(Backoff::from_text("exponential"), Some(Backoff::Exponential));
        assert_eq!(Backoff::from_text("soon"), None);
    }
}
