//! What streams say besides tasks, as it stands on the wire: where to begin and where one is, that somebody is there, what
//! is gone, that everything is to be asked for again, and why it ends.

use std::hash::{BuildHasher, Hasher, RandomState};

use axum::body::Bytes;
use axum::http::HeaderMap;
use serde_json::json;

use super::outbox::Outbox;
use crate::live::feed::Start;
use crate::live::{Cursor, EndReason};
use crate::tasks::TaskId;

/// Where to go on: the address says it for our script, the header for a browser's own reader; the newer wins.
pub fn cursor(epoch: u32, pairs: &[(String, String)], headers: &HeaderMap) -> Option<Cursor> {
    let asked = pairs.iter().find(|(name, _)| name == "after").map(|(_, value)| value.as_str());
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let present = [asked, last].into_iter().flatten().filter(|text| !text.is_empty());
    // What is no cursor of ours counts as a foreign one: the page then asks for everything.
    let cursors = present.map(|text| text.parse().unwrap_or(Cursor { epoch: 0, sequence: -1 }));
    // One of this database is newer than any of another: an address may hold a cursor from before a restore for ever.
    cursors.max_by_key(|cursor: &Cursor| (cursor.epoch == epoch, cursor.sequence))
}

pub(super) const PING: &[u8] = b"event: ping\ndata: {}\n\n";

pub(super) fn hello(start: Start) -> Bytes {
    let cursor = start.cursor;
    let data =
        json!({ "epoch": format!("{:x}", cursor.epoch), "cursor": cursor.to_string(), "now": start.now.to_string() });
    Bytes::from(format!("retry: {}\nid: {cursor}\nevent: hello\ndata: {data}\n\n", jitter(1000, 1000)))
}

/// Says of each of these tasks that it is gone; the cursor stands on the last, so that a cut in between repeats them all.
pub fn gone(cursor: Cursor, tasks: impl Iterator<Item = TaskId>, out: &mut Outbox) {
    let frames: Vec<String> = tasks.map(|task| format!("event: gone\ndata: {}\n\n", json!({ "id": task }))).collect();
    let Some((last, before)) = frames.split_last() else { return };
    out.push(Bytes::from(before.concat()));
    out.push_at(cursor, Bytes::from(format!("id: {cursor}\n{last}")));
}

pub fn reset(cursor: Cursor) -> Bytes {
    Bytes::from(format!("id: {cursor}\nevent: reset\ndata: {{}}\n\n"))
}

/// Says how far the reader has come, when what happened since was none of theirs.
pub(super) fn place(cursor: Cursor) -> Bytes {
    Bytes::from(format!("id: {cursor}\n\n"))
}

/// The last event: why, and at a shutdown when to come back, not all at once.
pub(super) fn end(reason: EndReason) -> Bytes {
    let data = json!({ "reason": reason });
    Bytes::from(match reason {
        EndReason::Shutdown => format!("retry: {}\nevent: end\ndata: {data}\n\n", jitter(500, 2500)),
        _ => format!("event: end\ndata: {data}\n\n"),
    })
}

/// Milliseconds between `least` and `least + spread`, so that a thousand readers do not come back in the same second.
fn jitter(least: u64, spread: u64) -> u64 {
    least + RandomState::new().build_hasher().finish() % spread
}
