//! Slows down guessing: counts sign-ins that failed, per account and per
//! address, in memory. Attempts count from their start, so that many at once
//! gain nothing; a success takes its own back.

use std::net::IpAddr;
use std::sync::Mutex;

use jiff::Timestamp;
use quick_cache::unsync::Cache;

use super::Email;
use crate::config;
use crate::error::{Error, Result};

#[derive(Clone, PartialEq, Eq, Hash)]
enum Who {
    Account(Email),
    Address(IpAddr),
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    since: Timestamp,
}

pub struct Throttle(Mutex<Cache<Who, Failures>>);

impl Default for Throttle {
    fn default() -> Throttle {
        Throttle(Mutex::new(Cache::new(config::SIGN_IN_REMEMBERED)))
    }
}

impl Throttle {
    /// Counts an attempt, or says how long to wait.
    pub fn attempt(&self, email: &Email, address: IpAddr, now: Timestamp) -> Result<()> {
        let mut seen = self.0.lock().expect("no one panics holding this lock");
        let whos = whos(email, address);
        for (who, limit) in &whos {
            let failures = current(&seen, who, now);
            if failures.count >= *limit {
                let wait = (failures.since + config::SIGN_IN_WINDOW).duration_since(now);
                return Err(Error::TooMany { retry_after_seconds: wait.as_secs().unsigned_abs().max(1) });
            }
        }
        for (who, _) in whos {
            let failures = current(&seen, &who, now);
            seen.insert(who, Failures { count: failures.count + 1, ..failures });
        }
        Ok(())
    }

    /// The attempt succeeded: the account starts afresh, the address gets its one back.
    pub fn succeeded(&self, email: &Email, address: IpAddr, now: Timestamp) {
        let mut seen = self.0.lock().expect("no one panics holding this lock");
        seen.remove(&Who::Account(email.clone()));
        let who = Who::Address(address);
        let failures = current(&seen, &who, now);
        seen.insert(who, Failures { count: failures.count.saturating_sub(1), ..failures });
    }
}

fn whos(email: &Email, address: IpAddr) -> [(Who, u32); 2] {
    [
        (Who::Account(email.clone()), config::SIGN_IN_FAILURES_PER_ACCOUNT),
        (Who::Address(address), config::SIGN_IN_FAILURES_PER_ADDRESS),
    ]
}

fn current(seen: &Cache<Who, Failures>, who: &Who, now: Timestamp) -> Failures {
    seen.peek(who)
        .copied()
        .filter(|failures| now < failures.since + config::SIGN_IN_WINDOW)
        .unwrap_or(Failures { count: 0, since: now })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_wrong_guesses_make_an_account_wait_and_time_heals() {
        let throttle = Throttle::default();
        let email = Email::parse("ada@example.org").unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let address = |n: u8| IpAddr::from([10, 0, 0, n]);
        for n in 0..10 {
            throttle.attempt(&email, address(n), now).unwrap();
        }
        let refused = throttle.attempt(&email, address(11), now);
        assert!(matches!(refused, Err(Error::TooMany { retry_after_seconds: 600 })), "{refused:?}");
        throttle.attempt(&email, address(11), now + config::SIGN_IN_WINDOW).unwrap();
    }

    #[test]
    fn signing_in_rightly_is_never_throttled() {
        let throttle = Throttle::default();
        let email = Email::parse("ada@example.org").unwrap();
        for _ in 0..200 {
            throttle.attempt(&email, IpAddr::from([10, 0, 0, 1]), Timestamp::UNIX_EPOCH).unwrap();
            throttle.succeeded(&email, IpAddr::from([10, 0, 0, 1]), Timestamp::UNIX_EPOCH);
        }
    }
}
