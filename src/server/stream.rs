//! One open stream: takes items from its feed, has them written by the door
//! that opened it (fragments or JSON), and sends them for as long as reader,
//! rights and server last. What the forms share is written here.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::http::response::Parts;
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout, timeout_at};

use super::frames::{PING, end, hello, place, reset};
use super::outbox::Outbox;
use crate::App;
use crate::error::Result;
use crate::live::feed::From;
use crate::live::{Batch, EndReason, Feed, Item, Watcher};

/// How a door writes what its streams say.
pub trait Encoding: Send + 'static {
    /// Writes an item into `out`, or nothing if it does not concern this reader. What is read to write it is read in a
    /// boxed future: this one's size is paid for by every stream.
    fn write(&mut self, feed: &Feed, item: Item, out: &mut Outbox) -> impl Future<Output = ()> + Send;

    /// The number under which whole batches are shared among those who take everything alike from one channel.
    fn whole(&self, feed: &Feed) -> Option<usize>;
}

/// What a reader is told first that a stream needs to be: never stored, never held back, never changed on its way.
pub(super) const HEADERS: [(header::HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/event-stream"),
    (header::CACHE_CONTROL, "no-cache, no-transform"),
    (header::HeaderName::from_static("x-accel-buffering"), "no"),
];

/// Opens a stream: the answer to the request for it, which the server carries out.
pub fn respond(app: &App, watcher: Watcher, from: From, encoding: impl Encoding) -> Result<Response> {
    let feed = Feed::open(app, watcher)?;
    let opening = Opening(Arc::new(Mutex::new(Some(Box::new(Opened { feed, from, encoding })))));
    let mut response = (HEADERS, Body::empty()).into_response();
    response.extensions_mut().insert(opening);
    Ok(response)
}

/// Rides on the answer until the server takes it up. One that nobody takes up is closed with the answer.
#[derive(Clone)]
pub struct Opening(Arc<Mutex<Option<Box<dyn Begin>>>>);

impl Opening {
    pub fn take(response: &mut Response) -> Option<Box<dyn Begin>> {
        let opening = response.extensions_mut().remove::<Opening>()?;
        // The router counted the body that stands in for the stream.
        response.headers_mut().remove(header::CONTENT_LENGTH);
        opening.0.lock().expect("no one panics holding this lock").take()
    }
}

/// A stream that is opened and has nobody to speak to yet.
pub trait Begin: Send {
    /// Speaks to a socket that was taken from HTTP/1.1: `head` is the answer's head.
    fn on_socket(self: Box<Self>, socket: TcpStream, head: &Parts) -> BoxFuture<'static, ()>;
    /// Speaks into a body that another protocol frames.
    fn on_pipe(self: Box<Self>, pipe: DuplexStream) -> BoxFuture<'static, ()>;
}

struct Opened<E> {
    feed: Feed,
    from: From,
    encoding: E,
}

impl<E: Encoding> Begin for Opened<E> {
    fn on_socket(self: Box<Self>, socket: TcpStream, head: &Parts) -> BoxFuture<'static, ()> {
        let head = head_of(head, self.feed.app.clock.now());
        let from = self.from;
        Box::pin(run(self.line(socket, head), from))
    }

    fn on_pipe(self: Box<Self>, pipe: DuplexStream) -> BoxFuture<'static, ()> {
        let from = self.from;
        Box::pin(run(self.line(pipe, Bytes::new()), from))
    }
}

impl<E: Encoding> Opened<E> {
    fn line<O: Outlet>(self, outlet: O, head: Bytes) -> Line<E, O> {
        let Opened { feed, encoding, .. } = self;
        let mut out = Outbox::default();
        out.push(head);
        let next_ping = feed.app.hub.next_ping();
        Line { feed, encoding, outlet, out, next_ping, written: 0 }
    }
}

/// Why a stream is over.
enum Over {
    /// It has a last word.
    Ended(EndReason),
    /// The reader is gone, or took nothing for too long.
    Gone,
}

impl std::convert::From<EndReason> for Over {
    fn from(reason: EndReason) -> Over {
        Over::Ended(reason)
    }
}

struct Line<E, O> {
    feed: Feed,
    encoding: E,
    outlet: O,
    out: Outbox,
    next_ping: Instant,
    /// What had been written at the last turn; nothing more since means that nobody reads.
    written: u64,
}

#[expect(
    clippy::manual_async_fn,
    reason = "an async fn would keep its argument's place too: twice the memory of a stream"
)]
fn run<E: Encoding, O: Outlet>(mut line: Line<E, O>, from: From) -> impl Future<Output = ()> + Send {
    async move {
        let over = match line.begin(from).await {
            Ok(()) => {
                // The past may have taken longer than some pings.
                line.next_ping = line.feed.app.hub.next_ping();
                line.live().await
            }
            Err(over) => over,
        };
        if let Over::Ended(reason) = over {
            // In a box: only the last moment of a stream's life needs this memory.
            Box::pin(line.say_goodbye(reason)).await;
        }
    }
}

/// A socket, or a pipe into a body.
trait Outlet: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Outlet for T {}

impl<E: Encoding, O: Outlet> Line<E, O> {
    /// The greeting, and the past.
    async fn begin(&mut self, from: From) -> Result<(), Over> {
        let ticket = self.feed.ticket().clone();
        // In a box, and gone with it: most of a stream's life needs none of this memory.
        let past = Box::pin(self.catch_up(from));
        tokio::select! {
            biased;
            reason = poll_fn(|cx| ticket.poll_ended(cx)) => Err(Over::Ended(reason)),
            done = past => done,
        }
    }

    async fn catch_up(&mut self, from: From) -> Result<(), Over> {
        let start = self.feed.start(from).await?;
        self.out.push_at(start.cursor, hello(start));
        if start.reset {
            self.out.push(reset(start.cursor));
        }
        let mut behind = start.behind;
        while behind {
            // What stands is told before the next page is read: of a long past little may be this reader's.
            self.flush().await?;
            let page = self.feed.replay().await?;
            behind = page.more;
            for item in page.items {
                self.encoding.write(&self.feed, item, &mut self.out).await;
                if self.out.is_full() {
                    self.flush().await?;
                }
            }
            self.tell_place();
        }
        Ok(())
    }

    /// Tells how far the reader has come, where what it was sent does not.
    fn tell_place(&mut self) {
        let cursor = self.feed.cursor();
        if cursor.sequence > self.out.told() {
            self.out.push_at(cursor, place(cursor));
        }
    }

    /// Waits until all is written: the past is read no faster than it is taken.
    async fn flush(&mut self) -> Result<(), Over> {
        let patience = Instant::now() + self.feed.app.hub.limits().ping * 2;
        loop {
            let until = patience.min(Instant::now() + self.feed.lasts());
            let Line { out, outlet, .. } = self;
            match timeout_at(until, poll_fn(|cx| out.poll_write(cx, outlet))).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(_)) => return Err(Over::Gone),
                Err(_) if Instant::now() >= patience => return Err(Over::Gone),
                Err(_) => Box::pin(self.feed.renew()).await?,
            }
        }
    }

    async fn live(&mut self) -> Over {
        let ticket = self.feed.ticket().clone();
        let mut timer = pin!(sleep_until(self.next_turn()));
        loop {
            if let Err(over) = self.fill().await {
                return over;
            }
            let Line { feed, outlet, out, .. } = self;
            let turn = tokio::select! {
                // In this order: neither a right that ended nor a ping waits for a lull.
                biased;
                reason = poll_fn(|cx| ticket.poll_ended(cx)) => Err(Over::Ended(reason)),
                () = timer.as_mut() => Ok(true),
                done = poll_fn(|cx| poll_outlet(cx, outlet, out)) => done.map(|()| false).map_err(|_| Over::Gone),
                ready = feed.ready(), if !out.is_full() => ready.map(|()| false).map_err(Over::Ended),
            };
            match turn {
                Ok(false) => {}
                Ok(true) => {
                    if let Err(over) = self.turn(timer.as_mut()).await {
                        return over;
                    }
                }
                Err(over) => return over,
            }
        }
    }

    /// Takes what is there, as much as fits.
    async fn fill(&mut self) -> Result<(), Over> {
        let way = self.encoding.whole(&self.feed);
        while !self.out.is_full() {
            if let Some(way) = way
                && let Some(batch) = self.feed.try_whole()?
                && let Some(cell) = batch.whole(way)
            {
                let written = match cell.get() {
                    Some(written) => written.clone(),
                    None => Box::pin(cell.get_or_try_init(|| self.write_whole(&batch))).await?.clone(),
                };
                match self.feed.pass(&batch) {
                    Some(cursor) => self.out.push_at(cursor, written),
                    None => self.out.push(written),
                }
            } else {
                let Some(item) = self.feed.try_next()? else { break };
                self.encoding.write(&self.feed, item, &mut self.out).await;
            }
        }
        Ok(())
    }

    /// The first to take a batch writes it for all others; if its rights end meanwhile, the next one does.
    async fn write_whole(&mut self, batch: &Batch) -> Result<Bytes, EndReason> {
        let mut all = Outbox::default();
        for letter in &batch.letters {
            if let Some(reason) = self.feed.ticket().ended() {
                return Err(reason);
            }
            if let Some(item) = self.feed.item(letter.clone()) {
                self.encoding.write(&self.feed, item, &mut all).await;
            }
        }
        Ok(all.into_bytes().into())
    }

    fn next_turn(&self) -> Instant {
        self.next_ping.min(Instant::now() + self.feed.lasts())
    }

    /// The timer: a ping is due, or the right that this stream stands on may be over.
    async fn turn(&mut self, timer: Pin<&mut Sleep>) -> Result<(), Over> {
        if self.feed.lasts().is_zero() {
            Box::pin(self.feed.renew()).await?;
        }
        if self.next_ping <= Instant::now() {
            self.next_ping = self.feed.app.hub.next_ping();
            self.ping()?;
        }
        timer.reset(self.next_turn());
        Ok(())
    }

    fn ping(&mut self) -> Result<(), Over> {
        if !self.out.is_empty() {
            let reads = self.out.written() > self.written;
            self.written = self.out.written();
            return if reads { Ok(()) } else { Err(Over::Gone) };
        }
        self.written = self.out.written();
        self.feed.settle();
        self.tell_place();
        self.out.push(Bytes::from_static(PING));
        Ok(())
    }

    /// The last word: whoever does not take it soon learns the same when coming back.
    async fn say_goodbye(self, reason: EndReason) {
        let Line { feed, mut out, mut outlet, .. } = self;
        // Nothing more is heard from here on, and the place is free.
        drop(feed);
        out.drop_unsent();
        out.push(end(reason));
        let patience = if reason == EndReason::Shutdown { FAREWELL_AT_SHUTDOWN } else { FAREWELL };
        // A reader that has gone needs no farewell.
        let _ = timeout(patience, poll_fn(|cx| out.poll_write(cx, &mut outlet))).await;
        let _ = outlet.shutdown().await;
    }
}

/// Ready when something was written that waited, or when the reader is gone.
fn poll_outlet(cx: &mut Context<'_>, outlet: &mut impl Outlet, out: &mut Outbox) -> Poll<io::Result<()>> {
    if !out.is_empty()
        && let Poll::Ready(done) = out.poll_write(cx, outlet)
    {
        return Poll::Ready(done);
    }
    let mut bytes = [0; 64];
    loop {
        let mut buffer = ReadBuf::new(&mut bytes);
        match Pin::new(&mut *outlet).poll_read(cx, &mut buffer) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            // A reader has nothing more to say here.
            Poll::Ready(Ok(())) => {}
        }
    }
}

/// The head of an answer whose body ends with the connection.
fn head_of(head: &Parts, now: Timestamp) -> Bytes {
    let mut bytes = Vec::with_capacity(512);
    bytes.extend_from_slice(b"HTTP/1.1 ");
    bytes.extend_from_slice(head.status.as_str().as_bytes());
    bytes.extend_from_slice(b" OK\r\n");
    for (name, value) in &head.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    let date = httpdate::fmt_http_date(now.into());
    bytes.extend_from_slice(format!("date: {date}\r\nconnection: close\r\n\r\n").as_bytes());
    Bytes::from(bytes)
}

/// How long a reader that had more to read may take for the last word: what lies in the sockets goes over a slow line
/// first.
const FAREWELL: Duration = Duration::from_secs(5);
/// Less than the server takes to stop.
const FAREWELL_AT_SHUTDOWN: Duration = Duration::from_millis(500);
