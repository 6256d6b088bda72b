//! Webhooks: JSON to a program of somebody's. Who has a right to be asked at all, `outbound` decides. The answer says whether
//! it was taken (`told` has the rule); where there is none, nobody knows.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER};
use serde_json::json;

use super::{Courier, Delivered, Letter, answer};
use crate::App;
use crate::error::{Message, msg};
use crate::outbound::{self, Answer, Ask};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of its answer that are read.
const ANSWER_BYTES: usize = 64 * 1024;

pub struct Webhook {
    app: App,
}

impl Webhook {
    pub fn new(app: &App) -> Webhook {
        Webhook { app: app.clone() }
    }
}

#[async_trait]
impl Courier for Webhook {
    /// `to` is a URL.
    async fn deliver(&mut self, to: &str, letter: &Letter, id: &str) -> Delivered {
        let url = match outbound::address(to) {
            Ok(url) => url,
            Err(why) => return Delivered::Refused(why),
        };
        let body = json!({
            "id": id,
            "reason": letter.reason,
            "organisation": letter.organisation_name,
            "subject": letter.subject,
            "text": letter.text,
            "task": letter.task,
            "sent_at": self.app.clock.now(),
        });
        let mut ask = Ask::post(url, HeaderValue::from_static("application/json"), body.to_string().into_bytes());
        (ask.time, ask.bytes, ask.redirects) = (PATIENCE, ANSWER_BYTES, 0);
        // It is made of numbers and hyphens.
        let ask = match HeaderValue::from_str(id) {
            Ok(id) => ask.header(HeaderName::from_static("idempotency-key"), id),
            Err(_) => ask,
        };
        match self.app.outbound.ask(ask).await {
            Ok(answer) => told(&answer),
            Err(missed) => missed_by(missed),
        }
    }
}

/// What an answer means (RFC 9110 §15, RFC 6585 §4, RFC 8470 §5.2). It was taken: 2xx. Nothing was done, and it may be sent
/// again: the request did not come whole (408), too early (425), too many at once (429), not now (503). Nothing was done,
/// and nothing will be: it leads elsewhere (3xx), it was not taken as it is (4xx), this receiver does not do such things
/// (501, 505, 511). All other failures break in the midst of doing it, or hide what lies behind a gateway: nobody knows.
fn told(given: &Answer) -> Delivered {
    let text = answer(&String::from_utf8_lossy(&given.body));
    let why = |key| msg(key).arg("status", i64::from(given.status)).arg("answer", text.clone());
    match given.status {
        200..=299 => Delivered::Sent,
        408 | 425 | 429 | 503 => {
            Delivered::Later { why: why("webhook-later"), after: given.header(RETRY_AFTER).and_then(seconds) }
        }
        501 | 505 | 511 => Delivered::Refused(why("webhook-refused")),
        500..=599 => Delivered::Unknown(why("webhook-unknown")),
        300..=399 => Delivered::Refused(why("webhook-redirect")),
        _ => Delivered::Refused(why("webhook-refused")),
    }
}

/// Only seconds: a date would need the receiver's clock.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

/// Without an answer it is certain that nothing arrived only where nothing was sent.
fn missed_by(why: Message) -> Delivered {
    match why.key {
        "outbound-private" | "outbound-no-address" | "outbound-no-client" => Delivered::Refused(why),
        "outbound-unconnected" => Delivered::Later { why, after: None },
        _ => Delivered::Unknown(why),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn of(status: u16, retry_after: Option<&'static str>) -> Delivered {
        let mut headers = HeaderMap::new();
        headers.extend(retry_after.map(|value| (RETRY_AFTER, HeaderValue::from_static(value))));
        told(&Answer { status, headers, body: b"no\nroom".to_vec() })
    }

    #[test]
    fn an_answer_says_whether_anything_arrived() {
        assert_eq!(of(204, None), Delivered::Sent);
        assert!(matches!(of(429, Some("7")), Delivered::Later { after: Some(seven), .. } if seven.as_secs() == 7));
        assert!(matches!(of(503, Some("Wed, 21 Oct 2026 07:28:00 GMT")), Delivered::Later { after: None, .. }));
        for refused in [302, 400, 401, 404, 410, 501, 505] {
            assert!(matches!(of(refused, None), Delivered::Refused(_)), "{refused}");
        }
        for later in [408, 425] {
            assert!(matches!(of(later, None), Delivered::Later { .. }), "{later}");
        }
        for unknown in [500, 502, 504, 520] {
            assert!(matches!(of(unknown, None), Delivered::Unknown(_)), "{unknown}: it may have been taken");
        }
        assert!(matches!(missed_by(msg("outbound-late")), Delivered::Unknown(_)));
        assert!(matches!(missed_by(msg("outbound-unconnected")), Delivered::Later { .. }));
    }
}
