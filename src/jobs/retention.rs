//! How long what has ended is kept, the words: by how it ended and of which kind it was. What people did is in the trail,
//! which stays; assignments stay, too.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::BuiltIn;
use crate::config;
use crate::tasks::{Status, Task};

/// Days for each; what a payload leaves out is the house's own custom.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    pub dry_run: bool,
    pub done_days: i64,
    pub failed_days: i64,
    pub cancelled_days: i64,
    /// Of jobs that keep the house and come by the clock, unless they failed.
    pub routine_days: i64,
    pub upload_days: i64,
    pub file_days: i64,
    pub link_days: i64,
    pub token_days: i64,
    /// Of kinds that are to be kept for longer or shorter than others.
    pub kinds: BTreeMap<String, Kept>,
}

/// Of one kind, in days.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kept {
    pub done: Option<i64>,
    pub failed: Option<i64>,
    pub cancelled: Option<i64>,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            dry_run: false,
            done_days: config::DONE_DAYS,
            failed_days: config::FAILED_DAYS,
            cancelled_days: config::CANCELLED_DAYS,
            routine_days: config::ROUTINE_DAYS,
            upload_days: config::UPLOAD_DAYS,
            file_days: config::FILE_DAYS,
            link_days: config::LINK_DAYS,
            token_days: config::TOKEN_ROW_DAYS,
            kinds: BTreeMap::new(),
        }
    }
}

/// The instant before which something had to end to go now.
pub fn before(now: Timestamp, days: i64) -> Timestamp {
    let days = days.clamp(0, *config::RETENTION_DAYS.end());
    now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN)
}

impl Kept {
    const fn of(self, status: Status) -> Option<i64> {
        match status {
            Status::Done => self.done,
            Status::Failed => self.failed,
            Status::Cancelled => self.cancelled,
            Status::Pending | Status::InProgress => None,
        }
    }
}

impl Retention {
    /// Days for which a job that ended so is kept.
    fn days_of(&self, kind: Option<&str>, category: Option<&str>, status: Status) -> i64 {
        if let Some(days) = kind.and_then(|kind| self.kinds.get(kind)).and_then(|kept| kept.of(status)) {
            return days;
        }
        let is_routine = kind.and_then(BuiltIn::named).is_some_and(BuiltIn::is_routine);
        let is_upload = kind.is_none() && category == Some(config::UPLOAD_CATEGORY);
        match status {
            _ if is_upload => self.upload_days,
            Status::Done | Status::Cancelled if is_routine => self.routine_days,
            Status::Done => self.done_days,
            Status::Failed => self.failed_days,
            Status::Cancelled => self.cancelled_days,
            Status::Pending | Status::InProgress => i64::MAX,
        }
    }

    /// The shortest time for which any job that ended so is kept: younger ones need no look.
    pub fn shortest(&self, status: Status) -> i64 {
        let kinds = self.kinds.values().filter_map(|kept| kept.of(status));
        let general = self.days_of(None, None, status).min(self.upload_days).min(self.routine_days);
        kinds.fold(general, i64::min)
    }

    /// Whether this job was kept for long enough.
    pub fn is_over(&self, task: &Task, now: Timestamp) -> bool {
        let Some(job) = task.job().filter(|_| task.status.has_ended()) else { return false };
        let days = self.days_of(job.spec.job_kind.as_deref(), task.category.as_deref(), task.status);
        task.finished_at.is_some_and(|at| at <= before(now, days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_kept_longer_and_a_kind_may_say_otherwise() {
        let kept = Retention::default();
        let days = |kind, category, status| kept.days_of(kind, category, status);
        assert!(days(Some("letters"), None, Status::Failed) > days(Some("letters"), None, Status::Done));
        assert_eq!(days(Some("backup"), None, Status::Done), kept.routine_days);
        assert_eq!(days(Some("backup"), None, Status::Failed), kept.failed_days);
        assert_eq!(days(None, Some("upload"), Status::Done), kept.upload_days);
        assert_eq!(days(Some("letters"), Some("upload"), Status::Done), kept.done_days);
        assert!(days(None, None, Status::InProgress) > *config::RETENTION_DAYS.end(), "what is open is not over");
        let own: Retention =
            serde_json::from_value(serde_json::json!({ "kinds": { "letters": { "failed": 2 } }, "done_days": 9 }))
                .unwrap();
        assert_eq!(own.days_of(Some("letters"), None, Status::Failed), 2);
        assert_eq!(own.days_of(Some("letters"), None, Status::Done), 9);
        assert_eq!(own.shortest(Status::Failed), 2);
    }
}
