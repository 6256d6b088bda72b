//! How jobs stand, as pages and filters tell them apart: finer than a status, because what waits waits for different
//! things.

use jiff::Timestamp;

use crate::db::types::words;
use crate::tasks::{Status, Task};

words!(
    /// How jobs stand, as their pages tell them apart.
    Bucket {
        Running = "running",
        Queued = "queued",
        Scheduled = "scheduled",
        Blocked = "blocked",
        Failed = "failed",
        Lost = "lost",
        Ended = "ended",
    }
);

impl Bucket {
    pub const fn is_open(self) -> bool {
        matches!(self, Bucket::Running | Bucket::Queued | Bucket::Scheduled | Bucket::Blocked)
    }

    /// Whether a job is among these, as far as it says so itself: whether it is blocked, others decide.
    pub fn may_hold(self, task: &Task, now: Timestamp) -> bool {
        let Some(job) = task.job() else { return false };
        let is_lost = job.lost_at.is_some();
        let is_timed = job.run_at.is_some_and(|at| at > now);
        match self {
            Bucket::Running => task.status == Status::InProgress,
            Bucket::Queued => task.status == Status::Pending && !is_timed,
            Bucket::Scheduled => task.status == Status::Pending && is_timed,
            Bucket::Blocked => task.status == Status::Pending && !task.after.is_empty(),
            Bucket::Failed => task.status == Status::Failed && !is_lost,
            Bucket::Lost => task.status == Status::Failed && is_lost,
            Bucket::Ended => matches!(task.status, Status::Done | Status::Cancelled),
        }
    }

    pub const fn title_key(self) -> &'static str {
        match self {
            Bucket::Running => "status-running",
            Bucket::Queued => "status-queued",
            Bucket::Scheduled => "status-scheduled",
            Bucket::Blocked => "status-blocked",
            Bucket::Failed => "status-failed",
            Bucket::Lost => "status-lost",
            Bucket::Ended => "status-ended",
        }
    }
}
