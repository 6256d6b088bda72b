//! The listening end: takes connections, speaks HTTP/1.1 and HTTP/2 on them,
//! and stops when told to. A stream's socket leaves hyper once its request was
//! read, so that a reader costs a small task and no buffers.

pub mod frames;
mod outbox;
mod poll;
mod socket;
pub mod stream;

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{self, Method};
use axum::response::Response;
use axum::{Router, http::response::Parts};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::duplex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::io::ReaderStream;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub use outbox::Outbox;
pub use poll::poll;
use socket::Socket;
use stream::{Begin, Opening};

/// How often a quiet HTTP/2 connection is asked whether somebody is there.
const HTTP2_PING: Duration = Duration::from_secs(30);
/// A peer that acknowledges nothing for this long is gone, though nobody closed.
const SILENCE: Duration = Duration::from_secs(45);
/// Waited after the system refused another connection: it has no files left, and asking again at once gives none.
const BREATH: Duration = Duration::from_millis(100);
/// Bytes on their way through a pipe into another protocol's frames.
const PIPE_BYTES: usize = 32 * 1024;

/// Told apart by its first bytes: no method of HTTP/1.1 begins so.
const HTTP2_PREFACE: &[u8] = b"PRI";

/// Serves connections until `stop` says so; then ends each after its present request, all within `grace`. A request's
/// head has to come within `head_timeout`.
pub async fn listen(
    listener: TcpListener,
    router: Router,
    stop: watch::Receiver<bool>,
    head_timeout: Duration,
    grace: Duration,
) {
    let server = Server { router, stop: stop.clone(), head_timeout, tasks: TaskTracker::new() };
    tokio::select! {
        () = accept(&listener, &server) => {}
        () = stopped(stop) => {}
    }
    // New connections are refused from now on, not left waiting.
    drop(listener);
    server.tasks.close();
    let _ = tokio::time::timeout(grace, server.tasks.wait()).await;
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn accept(listener: &TcpListener, server: &Server) {
    let mut is_full = false;
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                is_full = false;
                server.tasks.spawn(server.clone().connection(socket, peer));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if !is_full {
                    tracing::error!(%error, "no more connections can be taken: raise the limit of open files (ulimit -n)");
                }
                is_full = true;
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[derive(Clone)]
struct Server {
    router: Router,
    stop: watch::Receiver<bool>,
    head_timeout: Duration,
    tasks: TaskTracker,
}

/// Where the service leaves a stream that wants the connection's socket.
type Handover = Arc<Mutex<Option<(Parts, Box<dyn Begin>)>>>;

impl Server {
    async fn connection(self, socket: TcpStream, peer: SocketAddr) {
        // Failing to set an option costs some delay, not the connection.
        let _ = socket.set_nodelay(true);
        #[cfg(target_os = "linux")]
        let _ = SockRef::from(&socket).set_tcp_user_timeout(Some(SILENCE));
        let mut first = [0; HTTP2_PREFACE.len()];
        let peeked = tokio::select! {
            peeked = tokio::time::timeout(self.head_timeout, socket.peek(&mut first)) => peeked,
            () = stopped(self.stop.clone()) => return,
        };
        match peeked {
            Ok(Ok(read)) if read > 0 && first == HTTP2_PREFACE => self.http2(socket, peer).await,
            Ok(Ok(read)) if read > 0 => self.http1(socket, peer).await,
            _ => {}
        }
    }

    async fn answer(router: Router, request: http::Request<Incoming>, peer: SocketAddr) -> Response {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let is_get = *request.method() == Method::GET;
        let mut response = router.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
        if !is_get {
            // The head of a stream, asked for alone: nothing follows.
            drop(Opening::take(&mut response));
        }
        response
    }

    async fn http1(self, socket: TcpStream, peer: SocketAddr) {
        let handover = Handover::default();
        let slot = handover.clone();
        let router = self.router.clone();
        let service = service_fn(move |request| {
            let (slot, router) = (slot.clone(), router.clone());
            Box::pin(async move {
                let mut response = Server::answer(router, request, peer).await;
                if let Some(stream) = Opening::take(&mut response) {
                    let (head, _) = response.into_parts();
                    *slot.lock().expect("no one panics holding this lock") = Some((head, stream));
                    // The connection is taken away from under this request.
                    return pending().await;
                }
                Ok::<_, Infallible>(response)
            })
        });
        let (socket, is_blocked) = Socket::new(socket);
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .serve_connection(TokioIo::new(socket), service);
        let mut stopping = pin!(stopped(self.stop.clone()));
        let mut is_stopping = false;
        let taken = poll_fn(|cx| {
            if !is_stopping && stopping.as_mut().poll(cx).is_ready() {
                is_stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            // What a client did wrong is no news, and what we did was logged where it happened.
            let Poll::Pending = Pin::new(&mut connection).poll(cx) else { return Poll::Ready(None) };
            // Not before the answers to earlier requests have left.
            let is_free = !is_blocked.load(Ordering::Relaxed);
            let taken = is_free.then(|| handover.lock().expect("no one panics holding this lock").take()).flatten();
            taken.map_or(Poll::Pending, |taken| Poll::Ready(Some(taken)))
        });
        if let Some((head, stream)) = taken.await {
            let socket = connection.into_parts().io.into_inner().into_inner();
            self.tasks.spawn(stream.on_socket(socket, &head));
        }
    }

    async fn http2(self, socket: TcpStream, peer: SocketAddr) {
        let (router, tasks) = (self.router.clone(), self.tasks.clone());
        let (asked, mut was_asked) = watch::channel(false);
        let service = service_fn(move |request| {
            asked.send_replace(true);
            let (router, tasks) = (router.clone(), tasks.clone());
            async move {
                let mut response = Server::answer(router, request, peer).await;
                if let Some(stream) = Opening::take(&mut response) {
                    let (inside, outside) = duplex(PIPE_BYTES);
                    tasks.spawn(stream.on_pipe(inside));
                    *response.body_mut() = Body::from_stream(ReaderStream::new(outside));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let mut connection = pin!(
            http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .keep_alive_interval(HTTP2_PING)
                .serve_connection(TokioIo::new(socket), service)
        );
        // The protocol has no timeout of its own for what is begun and never becomes a request.
        let silence = async {
            if tokio::time::timeout(self.head_timeout, was_asked.wait_for(|asked| *asked)).await.is_ok() {
                pending::<()>().await;
            }
        };
        tokio::select! {
            _ = connection.as_mut() => return,
            () = silence => return,
            () = stopped(self.stop.clone()) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}
