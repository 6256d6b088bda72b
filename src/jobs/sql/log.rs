//! A job's log: chunks of text by the byte where they begin. Small appends of a
//! moment share a chunk; of a log that grows too long the middle goes.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::from_micros;
use crate::config;
use crate::error::Result;
use crate::jobs::log::{LogPiece, pieces, to_text};
use crate::tasks::TaskId;

/// Bytes of a chunk at most, and of one that a further append may still join.
const CHUNK_BYTES: usize = 32 * 1024;
const JOINED_BYTES: usize = 4 * 1024;
/// How long a chunk is joined: its time is that of all its lines.
const JOINED_FOR: SignedDuration = SignedDuration::from_secs(1);

/// Where a log stands.
struct Place {
    bytes: i64,
    gap: (i64, i64),
    rest: Vec<u8>,
    attempt: i64,
}

/// Makes sure that there is a row for what the task leaves behind.
pub(super) fn ensure_output(conn: &Connection, task: TaskId) -> Result<()> {
    conn.prepare_cached("insert into job_outputs (task_id) values (?1) on conflict do nothing")?.execute([task])?;
    Ok(())
}

fn place(conn: &Connection, task: TaskId) -> Result<Option<Place>> {
    Ok(conn
        .prepare_cached("select log_bytes, gap_start, gap_end, log_rest, attempt from job_outputs where task_id = ?1")?
        .query_one([task], |row| {
            Ok(Place {
                bytes: row.get(0)?,
                gap: (row.get(1)?, row.get(2)?),
                rest: row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default(),
                attempt: row.get(4)?,
            })
        })
        .optional()?)
}

/// Appends what a program wrote; gives the bytes that were ever appended, as text.
pub fn append_log(
    conn: &Connection,
    limits: &config::Output,
    task: TaskId,
    attempt: i64,
    bytes: &[u8],
    now: Timestamp,
) -> Result<i64> {
    ensure_output(conn, task)?;
    let Some(mut place) = place(conn, task)? else { return Ok(0) };
    if !place.rest.is_empty() && place.attempt != attempt {
        // Nobody will finish that character.
        place.rest.clear();
        put(conn, task, &mut place, attempt, "\u{fffd}", now)?;
    }
    let joined;
    let bytes = if place.rest.is_empty() {
        bytes
    } else {
        joined = [&place.rest, bytes].concat();
        &joined
    };
    let (text, rest) = to_text(bytes);
    put(conn, task, &mut place, attempt, &text, now)?;
    drop_middle(conn, limits, task, &mut place)?;
    conn.prepare_cached(
        "update job_outputs set log_bytes = ?2, gap_start = ?3, gap_end = ?4, log_rest = ?5, attempt = ?6 where task_id = ?1",
    )?
    .execute(params![
        task,
        place.bytes,
        place.gap.0,
        place.gap.1,
        Some(rest).filter(|rest| !rest.is_empty()),
        attempt
    ])?;
    Ok(place.bytes)
}

fn put(conn: &Connection, task: TaskId, place: &mut Place, attempt: i64, text: &str, now: Timestamp) -> Result<()> {
    if text.is_empty() || join(conn, task, place, attempt, text, now)? {
        return Ok(());
    }
    let mut insert =
        conn.prepare_cached("insert into job_log (task_id, start, attempt, at, text) values (?1, ?2, ?3, ?4, ?5)")?;
    for piece in pieces(text, CHUNK_BYTES) {
        insert.execute(params![task, place.bytes, attempt, now.as_microsecond(), piece.as_bytes()])?;
        place.bytes += length(piece.len());
    }
    Ok(())
}

/// Writes small text into the last chunk, when that is small and young; false when it is not.
fn join(conn: &Connection, task: TaskId, place: &mut Place, attempt: i64, text: &str, now: Timestamp) -> Result<bool> {
    if text.len() >= JOINED_BYTES {
        return Ok(false);
    }
    let last: Option<(i64, Vec<u8>)> = conn
        .prepare_cached(
            "select id, text from job_log where task_id = ?1 and start =
               (select max(start) from job_log where task_id = ?1)
             and attempt = ?2 and at between ?3 and ?4 and length(text) < ?5",
        )?
        .query_one(
            params![task, attempt, (now - JOINED_FOR).as_microsecond() + 1, now.as_microsecond(), length(JOINED_BYTES)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((id, mut bytes)) = last else { return Ok(false) };
    bytes.extend_from_slice(text.as_bytes());
    conn.prepare_cached("update job_log set text = ?2 where id = ?1")?.execute(params![id, bytes])?;
    place.bytes += length(text.len());
    Ok(true)
}

/// Of a log that is longer than its head and its tail may be, the oldest chunks behind the head go.
fn drop_middle(conn: &Connection, limits: &config::Output, task: TaskId, place: &mut Place) -> Result<()> {
    let tail = place.bytes - limits.log_tail_bytes;
    if tail <= limits.log_head_bytes.max(place.gap.1) {
        return Ok(());
    }
    let kept: i64 = conn
        .prepare_cached("select max(start) from job_log where task_id = ?1 and start <= ?2")?
        .query_one(params![task, tail], |row| row.get(0))?;
    let first: Option<i64> = conn
        .prepare_cached("select min(start) from job_log where task_id = ?1 and start >= ?2 and start < ?3")?
        .query_one(params![task, limits.log_head_bytes, kept], |row| row.get(0))?;
    let Some(first) = first else { return Ok(()) };
    conn.prepare_cached("delete from job_log where task_id = ?1 and start >= ?2 and start < ?3")?
        .execute(params![task, first, kept])?;
    let start = if place.gap.1 > place.gap.0 { place.gap.0 } else { first };
    place.gap = (start, kept);
    Ok(())
}

/// The log from a byte on, as far as `most` bytes go. What was dropped there is skipped and counted.
pub fn read_log(conn: &Connection, task: TaskId, from: i64, most: usize) -> Result<LogPiece> {
    let Some(place) = place(conn, task)? else { return Ok(LogPiece::default()) };
    let from = from.clamp(0, place.bytes);
    let (gap_start, gap_end) = place.gap;
    let in_gap = gap_start < gap_end && (gap_start..gap_end).contains(&from);
    let dropped = if in_gap { gap_end - from } else { 0 };
    let from = from + dropped;
    let until = if from < gap_start { gap_start } else { place.bytes };
    let mut piece = LogPiece { dropped, start: from, next: from, end: place.bytes, text: String::new() };
    let mut statement = conn.prepare_cached(
        "select start, text from job_log where task_id = ?1 and start < ?3
         and start >= (select max(start) from job_log where task_id = ?1 and start <= ?2) order by start",
    )?;
    let mut rows = statement.query(params![task, from, until])?;
    while let Some(row) = rows.next()? {
        let chunk = text(row.get(1)?);
        let skip = usize::try_from(piece.next - row.get::<_, i64>(0)?).unwrap_or(0).min(chunk.len());
        let skip = chunk.ceil_char_boundary(skip);
        let room = most.max(4).saturating_sub(piece.text.len());
        let end = chunk.floor_char_boundary((skip + room).min(chunk.len()));
        if piece.text.is_empty() {
            piece.start = row.get::<_, i64>(0)? + length(skip);
        }
        piece.text.push_str(&chunk[skip..end.max(skip)]);
        piece.next = piece.start + length(piece.text.len());
        if end < chunk.len() || piece.text.len() >= most {
            break;
        }
    }
    Ok(piece)
}

/// Where a walk through a log goes on.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LogPlace(i64);

/// What was appended at about one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogChunk {
    /// The byte of all the log at which it begins: where it is not where the one before ended, something was dropped.
    pub start: i64,
    pub at: Timestamp,
    pub text: String,
}

/// The chunks of a log from a place on, until they are so many bytes, and where to go on; nowhere after the last.
pub fn log_chunks(
    conn: &Connection,
    task: TaskId,
    from: LogPlace,
    most: usize,
) -> Result<(Vec<LogChunk>, Option<LogPlace>)> {
    let mut statement =
        conn.prepare_cached("select start, at, text from job_log where task_id = ?1 and start >= ?2 order by start")?;
    let mut rows = statement.query(params![task, from.0])?;
    let (mut chunks, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let start = row.get(0)?;
        if bytes >= most {
            return Ok((chunks, Some(LogPlace(start))));
        }
        let chunk = LogChunk { start, at: row.get(1).map(from_micros)?, text: text(row.get(2)?) };
        bytes += chunk.text.len();
        chunks.push(chunk);
    }
    Ok((chunks, None))
}

/// The last `lines` lines, as far as they fit into `most` bytes.
pub fn last_of_log(conn: &Connection, task: TaskId, lines: usize, most: usize) -> Result<LogPiece> {
    let Some(place) = place(conn, task)? else { return Ok(LogPiece::default()) };
    let mut statement =
        conn.prepare_cached("select start, text from job_log where task_id = ?1 and start >= ?2 order by start desc")?;
    // What lies before the gap is another place of the log.
    let mut rows = statement.query(params![task, if place.gap.0 < place.gap.1 { place.gap.1 } else { 0 }])?;
    let mut piece = LogPiece { start: place.bytes, next: place.bytes, end: place.bytes, ..LogPiece::default() };
    let (mut chunks, mut bytes, mut ends) = (Vec::new(), 0, 0);
    while let Some(row) = rows.next()? {
        let chunk = text(row.get(1)?);
        piece.start = row.get(0)?;
        bytes += chunk.len();
        ends += chunk.matches('\n').count();
        chunks.push(chunk);
        // One more than asked for: the last line may have an end, and the first must have begun.
        if ends > lines || bytes >= most {
            break;
        }
    }
    let whole: String = chunks.into_iter().rev().collect();
    let mut cut = whole.ceil_char_boundary(whole.len().saturating_sub(most));
    if cut > 0 {
        // Half a line says little.
        cut = whole[cut..].find('\n').map_or(cut, |end| cut + end + 1);
    }
    let body = whole.strip_suffix('\n').unwrap_or(&whole);
    let line = body.rmatch_indices('\n').nth(lines.saturating_sub(1)).map_or(0, |(at, _)| at + 1);
    let cut = if lines == 0 { whole.len() } else { cut.max(line) };
    piece.start += length(cut);
    piece.text = whole[cut..].to_owned();
    if piece.start == place.gap.1 {
        piece.dropped = place.gap.1 - place.gap.0;
    }
    Ok(piece)
}

fn text(bytes: Vec<u8>) -> String {
    // We wrote whole characters; whatever else stands there is not worth failing a page for.
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
