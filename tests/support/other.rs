//! Somebody else's server, as feeds and webhooks reach it: what it answers the test says, what it was asked it keeps.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What it answers, whatever it is asked. With an ETag among the headers, whoever has that gets a 304.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// After the body the connection breaks off.
    pub is_cut: bool,
    /// It never answers at all.
    pub is_silent: bool,
}

impl Reply {
    pub fn ok(body: impl Into<Vec<u8>>) -> Reply {
        Reply { status: 200, body: body.into(), ..Reply::default() }
    }

    pub fn status(status: u16) -> Reply {
        Reply { status, ..Reply::default() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    pub fn cut(self) -> Reply {
        Reply { is_cut: true, ..self }
    }
}

/// One thing that it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Default)]
struct Kept {
    reply: Mutex<Reply>,
    asked: Mutex<Vec<Asked>>,
}

pub struct Other {
    pub url: String,
    kept: Arc<Kept>,
    task: JoinHandle<()>,
}

impl Other {
    pub async fn start(reply: Reply) -> Other {
        Other::at("127.0.0.1", reply).await
    }

    /// At another address of this machine.
    pub async fn at(address: &str, reply: Reply) -> Other {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::new(Kept { reply: Mutex::new(reply), asked: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(kept.clone());
        let task = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Other { url, kept, task }
    }

    pub fn replies(&self, reply: Reply) {
        *self.kept.reply.lock().unwrap() = reply;
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.kept.asked.lock().unwrap().clone()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(kept): State<Arc<Kept>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    kept.asked.lock().unwrap().push(Asked { path: head.uri.to_string(), headers: head.headers.clone(), body });
    let reply = kept.reply.lock().unwrap().clone();
    if reply.is_silent {
        std::future::pending::<()>().await;
    }
    let known = head.headers.get("if-none-match").and_then(|tag| tag.to_str().ok());
    let is_known = known.is_some_and(|known| reply.headers.iter().any(|(name, tag)| *name == "etag" && tag == known));
    let body = match (is_known, reply.is_cut) {
        (true, _) => Body::empty(),
        (false, false) => Body::from(reply.body),
        (false, true) => {
            let whole = stream::once(async { Ok(Bytes::from(reply.body)) });
            // Pending once, so that what came before has gone out.
            let end = stream::once(async {
                tokio::task::yield_now().await;
                Err(std::io::Error::other("cut"))
            });
            Body::from_stream(whole.chain(end))
        }
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = axum::http::StatusCode::from_u16(if is_known { 304 } else { reply.status }).unwrap();
    for (name, value) in reply.headers {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
    }
    answer
}
