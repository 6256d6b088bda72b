//! A receiver of webhooks that fails at random, and counts what it took, by path.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::random::Random;

struct Kept {
    taken: Mutex<BTreeMap<String, usize>>,
    random: Mutex<Random>,
    troubles: u64,
}

pub struct Receiver {
    pub url: String,
    kept: Arc<Kept>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Fails in so many of a hundred requests.
    pub async fn start(random: Random, troubles: u64) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::new(Kept { taken: Mutex::default(), random: Mutex::new(random), troubles });
        let router = Router::new().fallback(answer).with_state(kept.clone());
        let task = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Receiver { url, kept, task }
    }

    /// How often each path was taken.
    pub fn taken(&self) -> BTreeMap<String, usize> {
        self.kept.taken.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(kept): State<Arc<Kept>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let _ = axum::body::to_bytes(request.into_body(), usize::MAX).await;
    let (is_troubled, how) = {
        let mut random = kept.random.lock().unwrap();
        (random.below(100) < kept.troubles, random.below(4))
    };
    if is_troubled && how < 3 {
        // Nothing is taken.
        let status =
            [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS, StatusCode::INTERNAL_SERVER_ERROR];
        return (status[how as usize], [("retry-after", "0")], "no room").into_response();
    }
    *kept.taken.lock().unwrap().entry(path).or_default() += 1;
    match is_troubled {
        // It was taken, and nobody hears of it.
        true => Response::new(Body::from_stream(stream::iter([Err::<&str, _>(std::io::Error::other("cut"))]))),
        false => StatusCode::NO_CONTENT.into_response(),
    }
}
