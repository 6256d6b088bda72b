//! How fast a broadcast may go: between one recipient and the next at least the same time passes, also over a restart. There
//! are no bursts: whoever sets a rate has a server behind it that counts.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;

/// Recipients a minute.
pub const RATES: RangeInclusive<i64> = 1..=6_000;
/// Unless somebody says otherwise: what small mail servers take from one sender.
pub const RATE_USUAL: i64 = 60;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    gap: Duration,
    last: Option<Timestamp>,
}

impl Pace {
    /// `last` is when a recipient was last claimed, if any was.
    pub fn new(per_minute: i64, last: Option<Timestamp>) -> Pace {
        let per_minute = per_minute.clamp(*RATES.start(), *RATES.end()).unsigned_abs();
        // Rounded up: a microsecond less would be one more an hour.
        Pace { gap: Duration::from_micros(60_000_000_u64.div_ceil(per_minute)), last }
    }

    /// How long the next recipient has to wait. A clock that was set back does not make it longer than usual.
    pub fn wait(&self, now: Timestamp) -> Duration {
        let Some(last) = self.last else { return Duration::ZERO };
        match Duration::try_from(now.duration_since(last)) {
            Ok(passed) => self.gap.saturating_sub(passed),
            Err(_) => self.gap,
        }
    }

    /// How many seconds it takes from the first of so many recipients to the last.
    pub fn seconds_for(&self, recipients: i64) -> i64 {
        let gap = i64::try_from(self.gap.as_micros()).unwrap_or(i64::MAX);
        gap.saturating_mul((recipients - 1).max(0)) / 1_000_000
    }

    pub fn claimed(&mut self, at: Timestamp) {
        self.last = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_micros(micros)
    }

    #[test]
    fn the_first_goes_at_once_and_the_others_after_the_same_time() {
        let mut pace = Pace::new(60, None);
        assert_eq!(pace.wait(at(0)), Duration::ZERO);
        pace.claimed(at(0));
        assert_eq!(pace.wait(at(0)), Duration::from_secs(1));
        assert_eq!(pace.wait(at(400_000)), Duration::from_millis(600));
        assert_eq!(pace.wait(at(5_000_000)), Duration::ZERO);
        assert_eq!(pace.wait(at(-9_000_000)), Duration::from_secs(1), "the clock was set back");
        assert_eq!([0, 1, 142].map(|recipients| pace.seconds_for(recipients)), [0, 0, 141]);
        assert_eq!(Pace::new(60, Some(at(0))).wait(at(1)), Duration::from_micros(999_999), "after a restart");
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_its_rate(
            per_minute in RATES, delays in prop::collection::vec(0..90_000_000_i64, 1..200), restart in 0..200_usize,
        ) {
            let (mut pace, mut now, mut claims) = (Pace::new(per_minute, None), 0, Vec::new());
            for (number, delay) in delays.into_iter().enumerate() {
                if number == restart {
                    pace = Pace::new(per_minute, claims.last().copied().map(at));
                }
                now += i64::try_from(pace.wait(at(now)).as_micros()).unwrap();
                claims.push(now);
                pace.claimed(at(now));
                now += delay % 200_000;
            }
            let most = usize::try_from(per_minute).unwrap();
            for window in claims.windows(most + 1) {
                prop_assert!(window[most] - window[0] >= 60_000_000);
            }
        }
    }
}
