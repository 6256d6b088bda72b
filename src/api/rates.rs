//! How many requests a program may make: each token (and each session, where a page asks) has a bucket of its own, in
//! memory. Every answer says what is left in it, as the IETF's draft writes that (draft-ietf-httpapi-ratelimit-headers).

use std::hash::RandomState;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::config;
use crate::error::{Error, Result};
use crate::people::Credential;

pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

type Buckets =
    RateLimiter<Credential, DashMapStateStore<Credential, RandomState>, MonotonicClock, StateInformationMiddleware>;

pub struct Rates {
    buckets: Buckets,
    /// How many fit into a bucket, and how many seconds it takes to fill.
    burst: u32,
    window_seconds: u64,
    per_second: f64,
    policy: HeaderValue,
    /// Requests since the full buckets were last forgotten.
    since: AtomicUsize,
}

/// What is left of a bucket after one more request.
#[derive(Clone)]
pub struct Left {
    limit: HeaderValue,
    policy: HeaderValue,
}

impl Rates {
    pub fn new(per_minute: NonZeroU32) -> Rates {
        let burst = NonZeroU32::new(per_minute.get() / config::BURSTS_PER_MINUTE).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        let per_second = f64::from(per_minute.get()) / 60.0;
        let window_seconds = seconds_for(burst.get(), per_second);
        let policy = format!("\"requests\";q={burst};w={window_seconds}");
        Rates {
            buckets: RateLimiter::new(quota, DashMapStateStore::default(), MonotonicClock),
            burst: burst.get(),
            window_seconds,
            per_second,
            policy: HeaderValue::try_from(policy).expect("quotes and digits may stand in a header"),
            since: AtomicUsize::new(0),
        }
    }

    /// Counts one request of whoever shows this; refuses it when the bucket is empty.
    pub fn count(&self, credential: Credential) -> (Left, Result<()>) {
        if self.since.fetch_add(1, Ordering::Relaxed) >= config::REQUESTS_BETWEEN_SWEEPS {
            self.since.store(0, Ordering::Relaxed);
            self.buckets.retain_recent();
        }
        match self.buckets.check_key(&credential) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity().min(self.burst);
                (self.left(remaining, seconds_for(self.burst - remaining, self.per_second)), Ok(()))
            }
            Err(until) => {
                let wait = until.wait_time_from(MonotonicClock.now()).as_secs_f64().ceil() as u64;
                (self.left(0, self.window_seconds), Err(Error::TooMany { retry_after_seconds: wait.max(1) }))
            }
        }
    }

    fn left(&self, remaining: u32, full_in_seconds: u64) -> Left {
        let limit = format!("\"requests\";r={remaining};t={full_in_seconds}");
        let limit = HeaderValue::try_from(limit).expect("quotes and digits may stand in a header");
        Left { limit, policy: self.policy.clone() }
    }
}

/// How long it takes until so many more are allowed.
fn seconds_for(requests: u32, per_second: f64) -> u64 {
    (f64::from(requests) / per_second).ceil() as u64
}

impl Left {
    pub fn tell(self, headers: &mut HeaderMap) {
        headers.insert(RATE_LIMIT, self.limit);
        headers.insert(RATE_LIMIT_POLICY, self.policy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::TokenId;

    #[test]
    fn each_token_has_a_bucket_of_its_own_and_hears_what_is_left() {
        let rates = Rates::new(NonZeroU32::new(18).unwrap());
        let (one, other) = (Credential::Token(TokenId::new(1)), Credential::Token(TokenId::new(2)));
        let said = |left: Left| (left.limit.to_str().unwrap().to_owned(), left.policy.to_str().unwrap().to_owned());
        let policy = "\"requests\";q=3;w=10".to_owned();
        for left_over in ["\"requests\";r=2;t=4", "\"requests\";r=1;t=7", "\"requests\";r=0;t=10"] {
            let (left, allowed) = rates.count(one);
            assert_eq!(said(left), (left_over.to_owned(), policy.clone()));
            allowed.unwrap();
        }
        let (left, refused) = rates.count(one);
        assert_eq!(said(left), ("\"requests\";r=0;t=10".to_owned(), policy));
        assert!(matches!(refused, Err(Error::TooMany { retry_after_seconds: 1..=4 })), "{refused:?}");
        rates.count(other).1.unwrap();
    }
}
