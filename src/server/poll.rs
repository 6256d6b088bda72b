//! A stream's past and first news as one whole answer, for those who cannot have a stream: something on their way holds
//! streams back, so that they ask again and again.

use std::future::poll_fn;

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, timeout_at};

use super::frames::{PING, end, hello, place, reset};
use super::outbox::Outbox;
use super::stream::{Encoding, HEADERS};
use crate::App;
use crate::error::Result;
use crate::live::feed::From;
use crate::live::{EndReason, Feed, Watcher};

/// Given as soon as there is anything after the greeting, or when it has been waited for long enough.
pub async fn poll(app: &App, watcher: Watcher, from: From, mut encoding: impl Encoding) -> Result<Response> {
    let mut feed = Feed::open(app, watcher)?;
    let mut out = Outbox::default();
    let until = Instant::now() + app.hub.limits().poll;
    if let Err(reason) = gather(&mut feed, from, &mut encoding, &mut out, until).await {
        out.push(end(reason));
    }
    Ok((HEADERS, out.into_bytes()).into_response())
}

async fn gather(
    feed: &mut Feed,
    from: From,
    encoding: &mut impl Encoding,
    out: &mut Outbox,
    until: Instant,
) -> Result<(), EndReason> {
    let start = feed.start(from).await?;
    out.push_at(start.cursor, hello(start));
    let mut has_news = start.reset;
    if start.reset {
        out.push(reset(start.cursor));
    }
    let mut behind = start.behind;
    let greeting = out.size();
    loop {
        if behind {
            let page = feed.replay().await?;
            behind = page.more;
            for item in page.items {
                encoding.write(feed, item, out).await;
            }
        }
        while let Some(item) = feed.try_next()? {
            encoding.write(feed, item, out).await;
        }
        has_news |= out.size() > greeting;
        if has_news && (!behind || out.is_full()) {
            return Ok(());
        }
        if behind && Instant::now() < until {
            continue;
        }
        if behind {
            // Nothing of so long a past was this reader's: the next poll goes on from here.
            out.push_at(feed.cursor(), place(feed.cursor()));
            return Ok(());
        }
        let ticket = feed.ticket().clone();
        let waited = timeout_at(until.min(Instant::now() + feed.lasts()), async {
            tokio::select! {
                biased;
                reason = poll_fn(|cx| ticket.poll_ended(cx)) => Err(reason),
                ready = feed.ready() => ready,
            }
        });
        if let Ok(heard) = waited.await {
            heard?;
        } else if Instant::now() < until {
            feed.renew().await?;
        } else {
            feed.settle();
            out.push_at(feed.cursor(), place(feed.cursor()));
            out.push(Bytes::from_static(PING));
            return Ok(());
        }
    }
}
