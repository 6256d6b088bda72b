//! Health, the words: what is looked at of the house itself, what figure was found, and what is thought of it. Each
//! threshold stands in `config` with its reason. Whether somebody hears of it is not decided here.

use jiff::{SignedDuration, Timestamp};

use crate::config;
use crate::db::types::words;
use crate::error::{Message, msg};

words!(
    /// What is looked at.
    Check {
        /// Bytes that are free where the database is, or the backups, whichever has fewer.
        Disk = "disk",
        /// Bytes of the database.
        Database = "database",
        /// Bytes of its write-ahead log.
        Log = "log",
        /// Milliseconds until a write is durable.
        Writer = "writer",
        /// Minutes since the last backup.
        Backup = "backup",
        /// Jobs that run without progress, or whose worker is gone.
        Stuck = "stuck",
        /// Jobs that wait for a worker for long, and are not paused.
        Waiting = "waiting",
        /// Channels that did not work as a whole when they were last used, not long ago.
        Channels = "channels",
        /// Passwords for a mail server that can be read on their way to it.
        Mail = "mail",
    }
);
words!(
    State {
        Well = "well",
        /// Somebody should look at it in the next days.
        Warning = "warning",
        /// Now.
        Failing = "failing",
    }
);

/// One check as it was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    pub check: Check,
    pub state: State,
    /// In the unit of the check; none where there is none, or where the system does not say.
    pub figure: Option<i64>,
    pub at: Timestamp,
}

/// What was measured.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Measured {
    pub free_bytes: Option<i64>,
    pub database_bytes: i64,
    pub log_bytes: i64,
    /// None: it did not answer in time.
    pub writer: Option<SignedDuration>,
    pub last_backup: Option<Timestamp>,
    /// When the house was set up: before its first night nobody can have a backup.
    pub began_at: Option<Timestamp>,
    pub stuck: i64,
    pub waiting: i64,
    pub failing_channels: i64,
    pub is_password_readable: bool,
}

impl Measured {
    /// What is thought of it.
    pub fn readings(&self, now: Timestamp) -> Vec<Reading> {
        let of = |check| {
            let (state, figure) = self.judge(check, now);
            Reading { check, state, figure, at: now }
        };
        Check::ALL.iter().copied().map(of).collect()
    }

    fn judge(&self, check: Check, now: Timestamp) -> (State, Option<i64>) {
        match check {
            Check::Disk => (self.free_bytes.map_or(State::Well, |free| self.judge_disk(free)), self.free_bytes),
            Check::Database => above(self.database_bytes, config::HEALTH_DATABASE_BYTES, i64::MAX),
            Check::Log => above(self.log_bytes, config::HEALTH_LOG_BYTES, config::HEALTH_LOG_BYTES_FAILING),
            Check::Writer => match self.writer {
                Some(lag) => above(
                    // One begun counts: nothing is durable in no time.
                    i64::try_from(lag.as_millis()).unwrap_or(i64::MAX).saturating_add(1),
                    config::HEALTH_WRITER_MILLISECONDS,
                    config::HEALTH_WRITER_MILLISECONDS_FAILING,
                ),
                None => (State::Failing, None),
            },
            Check::Backup => self.judge_backup(now),
            Check::Stuck => above(self.stuck, 0, i64::MAX),
            Check::Waiting => above(self.waiting, 0, i64::MAX),
            Check::Channels => above(self.failing_channels, 0, i64::MAX),
            Check::Mail => above(i64::from(self.is_password_readable), 0, i64::MAX),
        }
    }

    fn judge_disk(&self, free: i64) -> State {
        if free < config::HEALTH_FREE_BYTES_FAILING {
            State::Failing
        } else if free < config::HEALTH_FREE_BYTES.max(self.database_bytes) {
            State::Warning
        } else {
            State::Well
        }
    }

    fn judge_backup(&self, now: Timestamp) -> (State, Option<i64>) {
        let age = |since: Timestamp| now.duration_since(since);
        match self.last_backup {
            Some(last) => {
                let minutes = age(last).as_secs() / 60;
                above(minutes, config::HEALTH_BACKUP_MINUTES, config::HEALTH_BACKUP_MINUTES_FAILING)
            }
            None if self.began_at.is_none_or(|at| age(at).as_secs() / 60 <= config::HEALTH_BACKUP_MINUTES) => {
                (State::Well, None)
            }
            None => (State::Warning, None),
        }
    }
}

fn above(figure: i64, warning: i64, failing: i64) -> (State, Option<i64>) {
    let state = match figure {
        _ if figure > failing => State::Failing,
        _ if figure > warning => State::Warning,
        _ => State::Well,
    };
    (state, Some(figure))
}

impl Check {
    pub const fn title_key(self) -> &'static str {
        match self {
            Check::Disk => "health-disk",
            Check::Database => "health-database",
            Check::Log => "health-log",
            Check::Writer => "health-writer",
            Check::Backup => "health-backup",
            Check::Stuck => "health-stuck",
            Check::Waiting => "health-waiting",
            Check::Channels => "health-channels",
            Check::Mail => "health-mail",
        }
    }

    /// What to do when it is not well.
    pub const fn advice_key(self) -> &'static str {
        match self {
            Check::Disk => "health-disk-advice",
            Check::Database => "health-database-advice",
            Check::Log => "health-log-advice",
            Check::Writer => "health-writer-advice",
            Check::Backup => "health-backup-advice",
            Check::Stuck => "health-stuck-advice",
            Check::Waiting => "health-waiting-advice",
            Check::Channels => "health-channels-advice",
            Check::Mail => "health-mail-advice",
        }
    }
}

impl State {
    pub const fn key(self) -> &'static str {
        match self {
            State::Well => "health-well",
            State::Warning => "health-warning",
            State::Failing => "health-failing",
        }
    }
}

impl Reading {
    /// Whether the check was made lately: what is older says little of now.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) <= config::HEALTH_FRESH
    }

    /// The figure in a sentence.
    pub fn sentence(&self) -> Message {
        let Some(figure) = self.figure else {
            return msg(match self.check {
                Check::Writer => "health-writer-silent",
                Check::Backup => "health-backup-none",
                _ => "health-unknown",
            });
        };
        match self.check {
            Check::Disk => msg("health-disk-is").arg("size", size(figure)),
            Check::Database | Check::Log => msg("health-size-is").arg("size", size(figure)),
            Check::Writer => msg("health-writer-is").arg("count", figure),
            Check::Backup if figure < 120 => msg("health-backup-minutes").arg("count", figure),
            Check::Backup if figure < 48 * 60 => msg("health-backup-hours").arg("count", figure / 60),
            Check::Backup => msg("health-backup-days").arg("count", figure / (24 * 60)),
            Check::Stuck => msg("health-stuck-is").arg("count", figure),
            Check::Waiting => msg("health-waiting-is").arg("count", figure),
            Check::Channels => msg("health-channels-is").arg("count", figure),
            Check::Mail => msg("health-mail-is").arg("count", figure),
        }
    }
}

fn size(bytes: i64) -> String {
    crate::db::backup::in_megabytes(u64::try_from(bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: i64 = 1_000_000_000;

    fn well(now: Timestamp) -> Measured {
        Measured {
            free_bytes: Some(100 * GB),
            database_bytes: GB,
            log_bytes: 16_000_000,
            writer: Some(SignedDuration::from_millis(3)),
            last_backup: Some(now - SignedDuration::from_hours(8)),
            began_at: Some(now - SignedDuration::from_hours(1_000)),
            stuck: 0,
            waiting: 0,
            failing_channels: 0,
            is_password_readable: false,
        }
    }

    #[test]
    fn each_figure_is_judged_by_its_threshold() {
        let now: Timestamp = "2026-11-22T11:00:00Z".parse().unwrap();
        let ago = |hours| Some(now - SignedDuration::from_hours(hours));
        let state = |check: Check, change: &dyn Fn(&mut Measured)| {
            let mut measured = well(now);
            change(&mut measured);
            measured.readings(now).into_iter().find(|reading| reading.check == check).unwrap().state
        };
        for reading in well(now).readings(now) {
            assert_eq!(reading.state, State::Well, "{reading:?}");
        }
        use State::{Failing, Warning, Well};
        assert_eq!(state(Check::Disk, &|m| m.free_bytes = Some(GB)), Warning);
        assert_eq!(state(Check::Disk, &|m| m.free_bytes = Some(100_000_000)), Failing);
        assert_eq!(state(Check::Disk, &|m| m.free_bytes = None), Well, "nobody knows");
        assert_eq!(
            state(Check::Disk, &|m| (m.database_bytes, m.free_bytes) = (30 * GB, Some(20 * GB))),
            Warning,
            "no backup would fit"
        );
        assert_eq!(state(Check::Database, &|m| m.database_bytes = 60 * GB), Warning);
        assert_eq!(state(Check::Log, &|m| m.log_bytes = GB), Warning);
        assert_eq!(state(Check::Log, &|m| m.log_bytes = 10 * GB), Failing);
        assert_eq!(state(Check::Writer, &|m| m.writer = Some(SignedDuration::from_secs(2))), Warning);
        assert_eq!(state(Check::Writer, &|m| m.writer = None), Failing);
        assert_eq!(state(Check::Backup, &|m| m.last_backup = ago(30)), Warning);
        assert_eq!(state(Check::Backup, &|m| m.last_backup = ago(8 * 24)), Failing);
        assert_eq!(state(Check::Backup, &|m| m.last_backup = None), Warning);
        assert_eq!(state(Check::Backup, &|m| (m.last_backup, m.began_at) = (None, ago(3))), Well, "its first day");
        assert_eq!(state(Check::Stuck, &|m| m.stuck = 1), Warning);
        assert_eq!(state(Check::Waiting, &|m| m.waiting = 1), Warning);
        assert_eq!(state(Check::Channels, &|m| m.failing_channels = 1), Warning);
        assert_eq!(state(Check::Mail, &|m| m.is_password_readable = true), Warning);
    }
}
