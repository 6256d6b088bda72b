//! Finds the ids in what a stream sends, wherever the reads happen to cut it, without keeping what was read: all that
//! stays between two reads is a tail of a few bytes.

use memchr::memmem::Finder;

/// Longer than any line of id, and than the last event before the end of a stream.
const TAIL: usize = 128;
const MARK: &[u8] = b"\nid: ";

/// One buffer for all streams of a thread, with room before what is read for the line that the last read cut.
pub struct Buffer {
    bytes: Vec<u8>,
    mark: Finder<'static>,
}

/// What is kept of a stream between two reads.
#[derive(Clone)]
pub struct Tail {
    bytes: [u8; TAIL],
    length: usize,
    /// How many of them are the beginning of a line of id.
    open: usize,
}

impl Default for Tail {
    fn default() -> Tail {
        Tail { bytes: [0; TAIL], length: 0, open: 0 }
    }
}

/// The id of an event, or of nothing: then it only says how far the stream has come.
pub struct Id<'a> {
    pub epoch: &'a [u8],
    pub sequence: u64,
    pub is_event: bool,
}

impl Tail {
    /// `data` begins with what was open.
    fn keep(&mut self, data: &[u8]) {
        let length = data.len().min(TAIL);
        let former = (self.length - self.open).min(TAIL - length);
        let from = self.length - self.open - former;
        self.bytes.copy_within(from..from + former, 0);
        self.bytes[former..former + length].copy_from_slice(&data[data.len() - length..]);
        self.length = former + length;
    }

    /// Whether the last bytes that came say this.
    pub fn says(&self, words: &str) -> bool {
        self.bytes[..self.length].windows(words.len()).any(|window| window == words.as_bytes())
    }
}

impl Buffer {
    pub fn new(size: usize) -> Buffer {
        Buffer { bytes: vec![0; TAIL + size], mark: Finder::new(MARK) }
    }

    /// Where the next read goes.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.bytes[TAIL..]
    }

    /// What was just read.
    pub fn read(&self, count: usize) -> &[u8] {
        &self.bytes[TAIL..TAIL + count]
    }

    /// Calls `found` with each id that ends in the `count` bytes just read.
    pub fn scan(&mut self, count: usize, tail: &mut Tail, mut found: impl FnMut(Id<'_>)) {
        let start = TAIL - tail.open;
        self.bytes[start..TAIL].copy_from_slice(&tail.bytes[tail.length - tail.open..tail.length]);
        let data = &self.bytes[start..TAIL + count];
        let mut at = 0;
        let mut open = 0;
        while let Some(next) = self.mark.find(&data[at..]) {
            let line = at + next + MARK.len();
            match id(&data[line..]) {
                Some((id, length)) => {
                    found(id);
                    at = line + length;
                }
                None => {
                    open = data.len() - (at + next);
                    break;
                }
            }
        }
        if open == 0 {
            open = (1..MARK.len()).rev().find(|cut| data.ends_with(&MARK[..*cut])).unwrap_or(0);
        }
        assert!(open <= TAIL, "a line of id is longer than {TAIL} bytes");
        tail.keep(data);
        tail.open = open;
    }
}

/// The id, and how long it is; none when the line and what follows it are not all there.
fn id(line: &[u8]) -> Option<(Id<'_>, usize)> {
    let dash = line.iter().position(|byte| *byte == b'-')?;
    let digits = line[dash + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length = dash + 1 + digits;
    let is_event = *line.get(length + 1)? != b'\n';
    let sequence = line[dash + 1..length].iter().fold(0, |number, byte| number * 10 + u64::from(byte - b'0'));
    Some((Id { epoch: &line[..dash], sequence, is_event }, length))
}
