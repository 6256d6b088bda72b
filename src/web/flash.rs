//! What has just been done, told on the next page and then no more. It travels in a short-lived cookie, not in the
//! session: telling it costs no write, and two tabs do not overwrite each other's session for it.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::session::cookie;

const COOKIE: &str = "milepost_flash";
/// Seconds: from a form's answer to the page that it leads to.
const LIFE_SECONDS: u32 = 60;
/// Browsers keep 4096 bytes of name, value and attributes.
const VALUE_BYTES: usize = 3500;
/// What the page's script sends when it asks for its page again: nobody reads the frame around the list then.
pub(super) const PART: &str = "x-milepost-part";

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Flash {
    pub kind: FlashKind,
    pub text: String,
    pub undo: Option<FlashUndo>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlashKind {
    Good,
    Bad,
}

/// The flash offers to undo this entry of the trail.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct FlashUndo {
    pub task: i64,
    pub sequence: i64,
}

impl Flash {
    pub fn good(text: impl Into<String>) -> Flash {
        Flash { kind: FlashKind::Good, text: text.into(), undo: None }
    }

    pub fn bad(text: impl Into<String>) -> Flash {
        Flash { kind: FlashKind::Bad, text: text.into(), undo: None }
    }

    /// Good news are a status, bad ones an alert.
    pub fn is_good(&self) -> bool {
        self.kind == FlashKind::Good
    }

    /// As a cookie's value, its text cut where it would not fit.
    fn value(mut self) -> Option<String> {
        loop {
            let json = serde_json::to_string(&self).ok()?;
            let value = utf8_percent_encode(&json, NON_ALPHANUMERIC).to_string();
            if value.len() <= VALUE_BYTES {
                return Some(value);
            }
            let keep = self.text.chars().count() * 3 / 4;
            self.text = self.text.chars().take(keep).chain(['…']).collect();
        }
    }
}

/// The same answer, with a message for the page that it leads to.
pub fn with_flash(mut response: Response, flash: Flash) -> Response {
    let set =
        flash.value().map(|value| format!("{COOKIE}={value}; Path=/; Max-Age={LIFE_SECONDS}; HttpOnly; SameSite=Lax"));
    if let Some(set) = set.and_then(|set| HeaderValue::from_str(&set).ok()) {
        response.headers_mut().append(header::SET_COOKIE, set);
    }
    response
}

/// The message that waits for the page that is asked for.
pub fn flash_of(headers: &HeaderMap) -> Option<Flash> {
    if headers.contains_key(PART) {
        return None;
    }
    let json = percent_decode_str(cookie(headers, COOKIE)?).decode_utf8().ok()?;
    serde_json::from_str(&json).ok()
}

/// Forgets the message once a page has shown it.
pub async fn shown_once(request: Request, next: Next) -> Response {
    let waits = flash_of(request.headers()).is_some();
    let mut response = next.run(request).await;
    let html =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if waits && html && !response.status().is_redirection() {
        let gone = const { HeaderValue::from_static("milepost_flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax") };
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_any_length_fits_a_cookie_and_comes_back() {
        let long = Flash::good("שלום ".repeat(400)).value().unwrap();
        assert!(long.len() <= VALUE_BYTES);
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("a=b; {COOKIE}={long}").parse().unwrap());
        assert!(flash_of(&headers).unwrap().text.starts_with("שלום שלום"));
        headers.insert(header::COOKIE, format!("{COOKIE}=%7Bbroken").parse().unwrap());
        assert!(flash_of(&headers).is_none());
    }
}
