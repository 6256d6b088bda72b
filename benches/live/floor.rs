//! The floor: axum and tokio's broadcast channels, one channel a user, every event's bytes made once and shared. Whatever
//! waits in a stream's channel leaves as one body frame. No database, no rights, no cursor to come back with.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::Read;
use std::sync::{Arc, Mutex, RwLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::TryRecvError;

/// Events that may wait in a channel: more than the client ever has in flight.
const WAITING: usize = 256;
/// Bytes of one body frame, about what a socket takes at once.
const FRAME: usize = 256 * 1024;
/// The channel of those who watch the organisation; others are named by their user.
pub const ORGANISATION: u32 = 0;

#[derive(Clone)]
struct Floor {
    channels: Arc<RwLock<HashMap<u32, broadcast::Sender<Bytes>>>>,
    /// The last event's number. Held while one is sent, so that every channel has them in order.
    sequence: Arc<Mutex<u64>>,
    epoch: Arc<str>,
    /// An event of the real server without its line of id.
    event: Arc<str>,
}

/// `args`: the epoch of the ids and the file with an event. Ends with its standard input.
pub fn run(args: &[String]) {
    let event = std::fs::read_to_string(&args[1]).expect("an event");
    let floor = Floor {
        channels: Arc::default(),
        sequence: Arc::default(),
        epoch: args[0].as_str().into(),
        event: event.into(),
    };
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let router = Router::new()
            .route("/events/{key}", get(get_events))
            .route("/publish/{key}", post(post_publish))
            .with_state(floor);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        println!("The floor is at http://{}", listener.local_addr().expect("an address"));
        let listener = listener.tap_io(|socket| {
            let _ = socket.set_nodelay(true);
        });
        axum::serve(listener, router).await.expect("serves");
    });
}

async fn get_events(State(floor): State<Floor>, Path(key): Path<u32>) -> Response {
    let ear = {
        let mut channels = floor.channels.write().expect("no one panics holding this lock");
        channels.entry(key).or_insert_with(|| broadcast::channel(WAITING).0).subscribe()
    };
    let hello = Bytes::from(format!("id: {}-0\nevent: hello\ndata: {{}}\n\n", floor.epoch));
    let frames = stream::unfold((Some(hello), ear), |(hello, mut ear)| async {
        let frame = match hello {
            Some(hello) => hello,
            None => waiting(&mut ear).await?,
        };
        Some((Ok::<_, Infallible>(frame), (None, ear)))
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache, no-transform")];
    (headers, Body::from_stream(frames)).into_response()
}

/// The next event, with all that came after it meanwhile. One alone is not copied. None ends the stream: it lagged.
async fn waiting(ear: &mut broadcast::Receiver<Bytes>) -> Option<Bytes> {
    let first = ear.recv().await.ok()?;
    if ear.is_empty() {
        return Some(first);
    }
    let mut frame = Vec::with_capacity((first.len() * (ear.len() + 1)).min(FRAME));
    frame.extend_from_slice(&first);
    while frame.len() + first.len() <= FRAME {
        match ear.try_recv() {
            Ok(more) => frame.extend_from_slice(&more),
            Err(TryRecvError::Empty) => break,
            Err(_) => return None,
        }
    }
    Some(frame.into())
}

/// Answers the event's number.
async fn post_publish(State(floor): State<Floor>, Path(key): Path<u32>, _form: Bytes) -> impl IntoResponse {
    let mut sequence = floor.sequence.lock().expect("no one panics holding this lock");
    *sequence += 1;
    let event = Bytes::from(format!("id: {}-{sequence}\n{}", floor.epoch, floor.event));
    if let Some(channel) = floor.channels.read().expect("no one panics holding this lock").get(&key) {
        // Nobody listens: nothing to do.
        let _ = channel.send(event);
    }
    (StatusCode::NO_CONTENT, [("sequence", sequence.to_string())])
}
