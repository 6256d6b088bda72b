//! What waits to be written to one reader: frames of shared bytes, sent as
//! many at a time as the socket takes.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::io::AsyncWrite;

use crate::config;
use crate::live::Cursor;

/// Frames in one write; the system takes no more than 1,024.
const SLICES: usize = 64;
/// Room for frames that an idle stream keeps, so that its pings cost no allocation.
const KEPT: usize = 4;

#[derive(Default)]
pub struct Outbox {
    frames: VecDeque<Bytes>,
    /// Bytes of all frames.
    size: usize,
    /// Bytes of the first frame that are gone already.
    begun: usize,
    /// Bytes written in all.
    written: u64,
    /// The last entry whose cursor was told.
    told: i64,
}

impl Outbox {
    pub fn push(&mut self, frame: Bytes) {
        if !frame.is_empty() {
            self.size += frame.len();
            self.frames.push_back(frame);
        }
    }

    /// A frame that carries a cursor.
    pub fn push_at(&mut self, cursor: Cursor, frame: Bytes) {
        self.told = cursor.sequence;
        self.push(frame);
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Enough waits: whoever fills this waits too.
    pub fn is_full(&self) -> bool {
        self.size >= config::OUTBOX_BYTES
    }

    pub fn size(&self) -> usize {
        self.size
    }

    pub fn written(&self) -> u64 {
        self.written
    }

    pub fn told(&self) -> i64 {
        self.told
    }

    /// Drops what was not begun; an event is never left in the middle.
    pub fn drop_unsent(&mut self) {
        // Before the first byte the first frame is the answer's head, which must stand before anything else.
        let keep = usize::from(self.begun > 0 || self.written == 0).min(self.frames.len());
        self.frames.truncate(keep);
        if self.begun > 0
            && let Some(first) = self.frames.front_mut()
        {
            // It may hold all the events of a commit.
            first.truncate(end_of_event(first, self.begun));
            if first.len() == self.begun {
                self.frames.clear();
                self.begun = 0;
            }
        }
        self.size = self.frames.iter().map(Bytes::len).sum();
    }

    /// Writes until all is gone or the reader takes no more.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, outlet: &mut (impl AsyncWrite + Unpin)) -> Poll<io::Result<()>> {
        while !self.frames.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut count = 0;
            for (slice, frame) in slices.iter_mut().zip(&self.frames) {
                *slice = IoSlice::new(if count == 0 { &frame[self.begun..] } else { frame });
                count += 1;
            }
            let written = ready!(Pin::new(&mut *outlet).poll_write_vectored(cx, &slices[..count]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent(written);
        }
        if self.frames.capacity() > KEPT * 4 {
            self.frames.shrink_to(KEPT);
        }
        Poll::Ready(Ok(()))
    }

    fn sent(&mut self, bytes: usize) {
        self.written += bytes as u64;
        self.begun += bytes;
        while let Some(first) = self.frames.front()
            && self.begun >= first.len()
        {
            self.begun -= first.len();
            self.size -= first.len();
            self.frames.pop_front();
        }
    }

    /// All that waits, as one piece.
    pub fn into_bytes(self) -> Vec<u8> {
        self.frames.iter().flat_map(|frame| frame.iter().copied()).collect()
    }
}

/// Where the event ends of which this many bytes are gone.
fn end_of_event(frame: &[u8], gone: usize) -> usize {
    let from = gone.saturating_sub(2);
    frame[from..].windows(2).position(|pair| pair == b"\n\n").map_or(frame.len(), |at| (from + at + 2).max(gone))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `most` bytes at a time, `whole` in all.
    struct Narrow {
        most: usize,
        whole: usize,
        taken: Vec<u8>,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let take = bytes.len().min(self.most).min(self.whole - self.taken.len());
            if take == 0 {
                return Poll::Pending;
            }
            self.taken.extend_from_slice(&bytes[..take]);
            Poll::Ready(Ok(take))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn frames_arrive_whole_and_in_order_however_little_is_taken_at_a_time() {
        for most in 1..9 {
            let mut out = Outbox::default();
            for frame in ["head\n\n", "a\n\n", "", "bcd\n\n"] {
                out.push(Bytes::from_static(frame.as_bytes()));
            }
            let mut outlet = Narrow { most, whole: usize::MAX, taken: Vec::new() };
            let cx = &mut Context::from_waker(std::task::Waker::noop());
            assert!(out.poll_write(cx, &mut outlet).is_ready(), "{most} at a time");
            assert_eq!(outlet.taken, b"head\n\na\n\nbcd\n\n");
            assert!(out.is_empty() && !out.is_full() && out.written() == 14);
        }
    }

    #[test]
    fn what_was_begun_is_finished_and_the_rest_dropped() {
        for (taken, whole) in [
            (0, "head\r\n\r\nend"),
            (3, "head\r\n\r\nend"),
            (8, "head\r\n\r\nend"),
            (9, "head\r\n\r\na\n\nend"),
            (11, "head\r\n\r\na\n\nend"),
            (12, "head\r\n\r\na\n\nbb\n\nend"),
            (15, "head\r\n\r\na\n\nbb\n\nend"),
            (17, "head\r\n\r\na\n\nbb\n\nc\n\nend"),
        ] {
            let mut out = Outbox::default();
            for frame in ["head\r\n\r\n", "a\n\nbb\n\n", "c\n\n"] {
                out.push(Bytes::from_static(frame.as_bytes()));
            }
            let mut outlet = Narrow { most: 2, whole: taken, taken: Vec::new() };
            let cx = &mut Context::from_waker(std::task::Waker::noop());
            assert!(out.poll_write(cx, &mut outlet).is_pending());
            out.drop_unsent();
            out.push(Bytes::from_static(b"end"));
            outlet.whole = usize::MAX;
            assert!(out.poll_write(cx, &mut outlet).is_ready());
            assert_eq!(String::from_utf8_lossy(&outlet.taken), whole, "after {taken} bytes");
        }
    }
}
