//! The only place that asks the time. Everything else is handed a `Timestamp`.
//! The store keeps integer microseconds, because a textual timestamp sorts
//! wrongly around fractions.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Tells the time: the system's, or one that a test moves by hand.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System { started: Instant },
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    /// Microseconds since 1970, and since the start.
    wall: AtomicI64,
    elapsed: AtomicI64,
}

impl Clock {
    pub fn system() -> Clock {
        let started = Instant::now();
        Clock(Source::System { started })
    }

    /// A clock that stands still until [`Clock::advance`].
    pub fn manual(at: Timestamp) -> Clock {
        let (wall, elapsed) = (AtomicI64::new(at.as_microsecond()), AtomicI64::new(0));
        Clock(Source::Manual(Arc::new(Manual { wall, elapsed })))
    }

    pub fn now(&self) -> Timestamp {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the one place")]
            Source::System { .. } => from_micros(Timestamp::now().as_microsecond()),
            Source::Manual(manual) => from_micros(manual.wall.load(Ordering::SeqCst)),
        }
    }

    /// Time since the program's start, on a clock that nobody sets: what a lease is measured by.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::System { started } => started.elapsed(),
            Source::Manual(manual) => {
                Duration::from_micros(u64::try_from(manual.elapsed.load(Ordering::SeqCst)).unwrap_or_default())
            }
        }
    }

    /// Lets time go by on a manual clock; the system's cannot be moved.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Manual(manual) = &self.0 {
            manual.elapsed.fetch_add(micros(by).max(0), Ordering::SeqCst);
        }
        self.jump(by);
    }

    /// Sets a manual clock forwards or backwards, as somebody sets a machine's: no time goes by.
    pub fn jump(&self, by: SignedDuration) {
        if let Source::Manual(manual) = &self.0 {
            manual.wall.fetch_add(micros(by), Ordering::SeqCst);
        }
    }
}

fn micros(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Microseconds since 1970 as the store keeps them. A value outside jiff's
/// range (year 9999) cannot have been written by us and becomes the epoch.
pub fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A time as the store keeps it, to the microsecond: what is told of it before is what is read of it after.
pub fn stored(time: Timestamp) -> Timestamp {
    from_micros(time.as_microsecond())
}
