//! The client of Milepost's own API: one call at a time, under an idempotency key where twice is not once, and what its answer means for
//! whether it is made again.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use serde_json::Value;

const CONNECT: Duration = Duration::from_secs(5);
/// The longest is a page of items.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// For a whole call, its answer included.
const ANSWER: Duration = Duration::from_secs(15);
/// The longest that we let a server send us away for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);
/// Characters of the server's words that are shown.
const WORDS: usize = 300;

/// Where the server is, and who asks.
#[derive(Clone)]
pub struct Address {
    pub url: String,
    pub token: Option<String>,
}

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// One write, to be made until it is answered: the same key and the same body each time.
pub struct Call {
    path: String,
    body: Body,
    key: String,
    wait: Duration,
}

enum Body {
    /// A question, which changes nothing.
    None,
    Json(Value),
    Text(String),
}

pub enum Answer {
    /// What it answered; null when it answered nothing.
    Done(Value),
    /// It will not do so, however often it is asked.
    Refused(Refusal),
    /// It cannot be asked now.
    Away { why: String, after: Option<Duration> },
}

#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    pub sentence: String,
}

impl Refusal {
    /// The job is no longer ours: another attempt holds it, or it has ended.
    pub fn is_conflict(&self) -> bool {
        self.status == 409
    }

    /// No other call will be answered better.
    pub fn is_final(&self) -> bool {
        matches!(self.status, 300..=399 | 401 | 403 | 404 | 409)
    }
}

impl Call {
    pub fn json(path: impl Into<String>, body: Value) -> Call {
        Call { path: path.into(), body: Body::Json(body), key: key(), wait: Duration::ZERO }
    }

    pub fn text(path: impl Into<String>, text: String) -> Call {
        Call { path: path.into(), body: Body::Text(text), key: key(), wait: Duration::ZERO }
    }

    pub fn get(path: impl Into<String>) -> Call {
        Call { path: path.into(), body: Body::None, key: String::new(), wait: Duration::ZERO }
    }

    /// The server may take so long on purpose.
    pub fn waiting(self, wait: Duration) -> Call {
        Call { wait, ..self }
    }
}

fn key() -> String {
    let mut bytes = [0; 16];
    // Without the system's chance the key still differs from every other of this process.
    if getrandom::fill(&mut bytes).is_err() {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        bytes[..8].copy_from_slice(&next.to_le_bytes());
        bytes[8..12].copy_from_slice(&std::process::id().to_le_bytes());
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Client {
    /// An error is a sentence.
    pub fn new(address: &Address) -> Result<Client, String> {
        let Some(token) = address.token.clone().filter(|token| !token.is_empty()) else {
            return Err("there is no token (set MILEPOST_TOKEN to one with the scope report)".into());
        };
        let url = url::Url::parse(&address.url).map_err(|error| format!("{:?} is no address: {error}", address.url))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{:?} does not begin with http:// or https://", address.url));
        }
        // Another part of the process may have chosen the same already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("milepost/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .redirect(Policy::none());
        if url.scheme() == "http" {
            // So that a machine without any certificates reaches a server without any.
            http = http.tls_certs_only([]);
        }
        let http = http.build().map_err(|error| format!("no client can be made: {}", causes(&error)))?;
        Ok(Client { http, base: format!("{}/api/v1", address.url.trim_end_matches('/')), token })
    }

    pub async fn send(&self, call: &Call) -> Answer {
        let url = format!("{}{}", self.base, call.path);
        // Said twice, a sign of life or of progress is the same as once; of a long run its answers would fill the server.
        let is_repeatable = ["/progress", "/heartbeat"].iter().any(|end| call.path.ends_with(end));
        let post = || match is_repeatable {
            true => self.http.post(&url),
            false => self.http.post(&url).header("idempotency-key", &call.key),
        };
        let request = match &call.body {
            Body::None => self.http.get(&url),
            Body::Json(body) => post().header(CONTENT_TYPE, "application/json").body(body.to_string()),
            Body::Text(text) => post().header(CONTENT_TYPE, "text/plain; charset=utf-8").body(text.clone()),
        };
        let request = request.bearer_auth(&self.token).timeout(ANSWER + call.wait);
        let answered = async {
            let mut answer = request.send().await?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                // What is longer is nothing of Milepost's.
                if body.len() + chunk.len() <= ANSWER_BYTES {
                    body.extend_from_slice(&chunk);
                } else {
                    break;
                }
            }
            Ok((status, headers, String::from_utf8_lossy(&body).into_owned()))
        };
        match answered.await {
            Ok((status, headers, body)) => read(status, &headers, &body),
            Err(error) => Answer::Away { why: causes::<reqwest::Error>(&error), after: None },
        }
    }
}

fn read(status: u16, headers: &HeaderMap, body: &str) -> Answer {
    let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    match status {
        200..=299 => Answer::Done(body),
        408 | 425 | 429 | 500..=599 => {
            let after = headers.get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
            let after = after.map(|seconds| Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER));
            Answer::Away { why: format!("it answers {status}{}", said(&body)), after }
        }
        300..=399 => {
            let to = headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("somewhere else");
            Answer::Refused(Refusal { status, sentence: format!("it leads to {to}: is MILEPOST_URL right?") })
        }
        _ => Answer::Refused(Refusal { status, sentence: format!("it answers {status}{}", said(&body)) }),
    }
}

/// What a problem document says, after a colon.
fn said(body: &Value) -> String {
    let words = body["detail"].as_str().or_else(|| body["title"].as_str()).unwrap_or_default();
    let mut said: String = words.chars().filter(|c| !c.is_control()).take(WORDS).collect();
    for error in body["errors"].as_array().into_iter().flatten() {
        if let (Some(field), Some(detail)) = (error["field"].as_str(), error["detail"].as_str()) {
            said = format!("{said} ({field}: {detail})").chars().take(WORDS).collect();
        }
    }
    if said.is_empty() { said } else { format!(": {said}") }
}

/// An error and what it comes from, in one line.
fn causes<E: std::error::Error>(error: &E) -> String {
    let mut said = String::new();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        said = deeper.to_string();
        cause = deeper.source();
    }
    if said.is_empty() { error.to_string() } else { said }
}
