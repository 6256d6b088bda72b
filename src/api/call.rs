//! One write of a program: who asks, the body as its type, and the key under which the same write again is answered the
//! same. The key is stored in the savepoint of the effect, so that nothing stands without its answer or twice.

use std::panic::resume_unwind;
use std::sync::Arc;

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use super::body::{Asked, Refusal};
use super::names::Names;
use super::shapes::TaskShape;
use crate::App;
use crate::config;
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::live::Cursor;
use crate::locale::Lang;
use crate::people::Viewer;
use crate::people::sql::{self, KeptAnswer};
use crate::tasks::{By, Task, Via};
use crate::web::viewer::viewer_of;

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What is asked, by whom.
pub struct Call<T> {
    pub app: App,
    pub viewer: Arc<Viewer>,
    pub body: T,
    key: Option<Key>,
}

#[derive(Clone)]
struct Key {
    text: String,
    asked: [u8; 32],
}

impl<T: Asked> FromRequest<App> for Call<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Call<T>, Response> {
        let (parts, body) = request.with_limited_body().into_parts();
        let viewer = viewer_of(&parts).cloned().ok_or_else(|| Error::SignInNeeded.into_response())?;
        // The route's own limit is around the body already; the framework's would come on top of it.
        let mut alone = Request::new(body);
        DefaultBodyLimit::disable().apply(&mut alone);
        let bytes = Bytes::from_request(alone, app).await.map_err(|rejection| rejection.status().into_response())?;
        let key = match key_text(&parts.headers).map_err(Error::into_response)? {
            Some(text) => {
                let kind = parts.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
                let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
                let asked = asked(&[parts.method.as_str().as_bytes(), path.as_bytes(), kind, &bytes]);
                Some(Key { text, asked })
            }
            None => None,
        };
        let l = viewer.lang();
        let body = match bytes.len() > config::READ_APART_BYTES {
            false => T::read(&parts.headers, &bytes, l),
            true => spawn_blocking(move || T::read(&parts.headers, &bytes, l))
                .await
                .unwrap_or_else(|error| resume_unwind(error.into_panic())),
        };
        let body = body.map_err(Refusal::into_response)?;
        Ok(Call { app: app.clone(), viewer, body, key })
    }
}

/// Each part with its length before it, so that no two requests run into the same.
fn asked(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The key: any visible ASCII, in quotes (as the IETF's draft has it) or without.
fn key_text(headers: &HeaderMap) -> Result<Option<String>> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = given.next() else { return Ok(None) };
    let refused = || Error::field("Idempotency-Key", msg("error-idempotency-key").arg("limit", config::KEY_CHARS));
    let text = value.to_str().map_err(|_| refused())?.trim();
    let is_key = (1..=config::KEY_CHARS).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let text = quoted.filter(|text| !text.is_empty()).unwrap_or(text);
    if is_key && given.next().is_none() { Ok(Some(text.to_owned())) } else { Err(refused()) }
}

/// What an answer is written with: names beside ids, and the place in the trail up to which it says everything.
pub struct Telling {
    pub names: Arc<Names>,
    pub cursor: Cursor,
    pub l: Lang,
}

impl Telling {
    /// For an answer to a question. Its cursor comes with what is read.
    pub async fn of(app: &App, viewer: &Viewer) -> Result<Telling> {
        let names = app.memory.names.get(app, viewer.organisation).await?;
        Ok(Telling { names, cursor: Cursor { epoch: app.db.epoch(), sequence: 0 }, l: viewer.lang() })
    }

    pub fn task<'a>(&'a self, task: &'a Task) -> TaskShape<'a> {
        TaskShape::of(task, &self.names, self.cursor)
    }
}

/// An answer that went well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    pub fn ok(body: &impl Serialize) -> Answer {
        Answer { status: StatusCode::OK, location: None, body: json(body) }
    }

    /// Something new, and where it stands.
    pub fn created(location: String, body: &impl Serialize) -> Answer {
        Answer { status: StatusCode::CREATED, location: Some(location), body: json(body) }
    }

    pub const fn nothing() -> Answer {
        Answer { status: StatusCode::NO_CONTENT, location: None, body: Vec::new() }
    }
}

pub fn json(body: &impl Serialize) -> Vec<u8> {
    // Most answers are a task, and a little more.
    let mut bytes = Vec::with_capacity(2_048);
    serde_json::to_writer(&mut bytes, body).expect("memory takes it, and every key is a text");
    bytes.push(b'\n');
    bytes
}

/// The answer to a question.
pub fn respond(body: &impl Serialize) -> Response {
    Answer::ok(body).into_response()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        if self.status != StatusCode::NO_CONTENT {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(location) = self.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

impl<T> Call<T> {
    /// The call without its body, and the body.
    pub fn split(self) -> (Call<()>, T) {
        (Call { app: self.app, viewer: self.viewer, body: (), key: self.key }, self.body)
    }
}

impl<T> Call<T> {
    /// As whom its verb acts.
    pub fn by(&self) -> By {
        self.app.by_shared(self.viewer.clone(), Via::Api)
    }
}

impl Call<()> {
    /// Runs `verb` in the writer and answers what came of it: once, however often the same is asked under the same key.
    /// What is refused did nothing and is not kept.
    pub async fn once<T, V, A>(self, verb: V, answer: A) -> Result<Response>
    where
        T: Send + 'static,
        V: FnOnce(&mut Write<'_>) -> Result<T> + Send + 'static,
        A: FnOnce(&T, &Telling) -> Answer + Send + 'static,
    {
        let done = self.attempt(move |w| verb(w).map(Some), answer).await?;
        done.ok_or_else(|| anyhow::anyhow!("a verb that always does something did nothing").into())
    }

    /// The same of a verb that may have had nothing to do: then there is no answer, and none is kept.
    pub fn attempt<T, V, A>(
        &self,
        verb: V,
        answer: A,
    ) -> impl Future<Output = Result<Option<Response>>> + Send + use<T, V, A>
    where
        T: Send + 'static,
        V: FnOnce(&mut Write<'_>) -> Result<Option<T>> + Send + 'static,
        A: FnOnce(&T, &Telling) -> Answer + Send + 'static,
    {
        let (app, viewer, key) = (self.app.clone(), self.viewer.clone(), self.key.clone());
        async move {
            let Some(key) = key else { return attempt_without_key(&app, &viewer, verb, answer).await };
            let (epoch, l) = (app.db.epoch(), viewer.lang());
            let names = app.memory.names.get(&app, viewer.organisation).await?;
            let attempted = app.db.write(move |w| {
                let kept_since = w.now - config::ANSWERS_KEPT;
                if let Some(kept) = sql::kept_answer(w.conn, &viewer, &key.text, kept_since)? {
                    return replayed(kept, &key).map(|answer| Some((answer, true)));
                }
                let Some(done) = verb(w)? else { return Ok(None) };
                let cursor = Cursor { epoch, sequence: w.newest() };
                let answer = answer(&done, &Telling { names, cursor, l });
                sql::keep_answer(w.conn, &viewer, &key.text, &kept(&answer, &key), w.now)?;
                Ok(Some((answer, false)))
            });
            Ok(attempted.await?.map(|(answer, is_replayed)| {
                let mut response = answer.into_response();
                if is_replayed {
                    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                }
                response
            }))
        }
    }
}

/// Without a key the answer is written outside of the writer, where it costs the others no time.
async fn attempt_without_key<T, V, A>(app: &App, viewer: &Viewer, verb: V, answer: A) -> Result<Option<Response>>
where
    T: Send + 'static,
    V: FnOnce(&mut Write<'_>) -> Result<Option<T>> + Send + 'static,
    A: FnOnce(&T, &Telling) -> Answer,
{
    let (done, sequence) = app.db.write(move |w| verb(w).map(|done| (done, w.newest()))).await?;
    let Some(done) = done else { return Ok(None) };
    let telling = Telling::of(app, viewer).await?;
    let cursor = Cursor { sequence, ..telling.cursor };
    Ok(Some(answer(&done, &Telling { cursor, ..telling }).into_response()))
}

fn kept(answer: &Answer, key: &Key) -> KeptAnswer {
    KeptAnswer {
        asked: key.asked,
        status: answer.status.as_u16(),
        location: answer.location.clone(),
        body: answer.body.clone(),
    }
}

fn replayed(kept: KeptAnswer, key: &Key) -> Result<Answer> {
    if kept.asked != key.asked {
        return Err(Error::Conflict(msg("error-idempotency-reused")));
    }
    let status = StatusCode::from_u16(kept.status).map_err(|error| anyhow::anyhow!("a kept answer: {error}"))?;
    Ok(Answer { status, location: kept.location, body: kept.body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_with_quotes_and_without_and_nothing_else_is_one() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            key_text(&headers)
        };
        assert_eq!(read("\"8e03-978e\"").unwrap().as_deref(), Some("8e03-978e"));
        assert_eq!(read("8e03978e").unwrap().as_deref(), Some("8e03978e"));
        for bad in ["", "a b", "ö", &"x".repeat(config::KEY_CHARS + 1)] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(key_text(&HeaderMap::new()).unwrap().is_none());
    }

    #[test]
    fn what_was_asked_cannot_be_shifted_from_one_part_to_the_next() {
        assert_ne!(asked(&[b"ab", b"c"]), asked(&[b"a", b"bc"]));
        assert_eq!(asked(&[b"ab", b"c"]), asked(&[b"ab", b"c"]));
    }
}
