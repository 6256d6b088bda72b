//! The log on its way to the server, in bounded memory: what does not go off in time is thinned, the beginning and the end
//! are kept, and a line between them says how much is left out. Pure.

/// Kept of the beginning of what waits.
const HEAD: usize = 256 << 10;
/// Kept of its end.
const TAIL: usize = 768 << 10;
/// Bytes that go off at once.
const BATCH: usize = 64 << 10;

/// Text that waits to be sent.
#[derive(Default)]
pub struct Log {
    head: String,
    /// Bytes left out after the head.
    missing: u64,
    tail: String,
    /// The text sent last did not end with a line.
    mid_line: bool,
}

impl Log {
    pub fn push(&mut self, text: &str) {
        if self.missing == 0 && self.tail.is_empty() && self.head.len() + text.len() <= HEAD {
            self.head.push_str(text);
            return;
        }
        self.tail.push_str(text);
        // Twice as much for a moment, so that cutting off the front costs little for each byte.
        if self.tail.len() > 2 * TAIL {
            self.shorten();
        }
    }

    /// Says that bytes of the output were never looked at.
    pub fn skip(&mut self, bytes: u64) {
        self.missing += bytes + self.tail.len() as u64;
        self.tail.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty() && self.missing == 0
    }

    /// The next piece to send: whole characters, and whole lines where there are any.
    pub fn take(&mut self) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        if self.head.is_empty() {
            self.shorten();
            if self.missing > 0 {
                let before = if self.mid_line { "\n" } else { "" };
                self.head = format!("{before}[… {} bytes are left out here …]\n", self.missing);
                self.missing = 0;
            }
            self.head.push_str(&std::mem::take(&mut self.tail));
        }
        let end = if self.head.len() <= BATCH { self.head.len() } else { cut(&self.head, BATCH) };
        let rest = self.head.split_off(end);
        let batch = std::mem::replace(&mut self.head, rest);
        self.mid_line = !batch.ends_with('\n');
        Some(batch)
    }

    /// Leaves out the front of the tail, up to the start of a line.
    fn shorten(&mut self) {
        if self.tail.len() <= TAIL {
            return;
        }
        let least = self.tail.len() - TAIL;
        let line = self.tail.as_bytes()[least..].iter().position(|byte| *byte == b'\n');
        let at = line.map_or(least, |line| least + line + 1);
        let at = (at..=self.tail.len()).find(|at| self.tail.is_char_boundary(*at)).unwrap_or(self.tail.len());
        self.missing += at as u64;
        self.tail.drain(..at);
    }
}

/// Where to cut `text` before `most` bytes: after a line, or at least after a character.
fn cut(text: &str, most: usize) -> usize {
    match text.as_bytes()[..most].iter().rposition(|byte| *byte == b'\n') {
        Some(line) => line + 1,
        None => (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0),
    }
}
