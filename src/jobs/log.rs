//! A job's log, the words: the bytes of any program become text that can be
//! kept, cut and shown. What is too long keeps its head and its tail.

use std::borrow::Cow;

/// Part of a log, from one byte to another of all that was ever appended.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct LogPiece {
    /// Bytes that stood right before this text and were dropped, because the log is too long.
    pub dropped: i64,
    /// Where the text begins.
    pub start: i64,
    pub text: String,
    /// Where to read on.
    pub next: i64,
    /// Where the log ends at present.
    pub end: i64,
}

impl LogPiece {
    /// Nothing follows as yet.
    pub const fn is_last(&self) -> bool {
        self.next >= self.end
    }

    /// The line that stands in a plain text for what was dropped.
    pub fn dropped_line(&self) -> Option<String> {
        (self.dropped > 0).then(|| format!("[… {} bytes of the log were not kept …]\n", self.dropped))
    }
}

/// What came as bytes, as text: what is no UTF-8 becomes U+FFFD, NUL its picture U+2400. The second part is a
/// character that has only begun: it is to be put before the bytes that come next.
pub fn to_text(bytes: &[u8]) -> (Cow<'_, str>, &[u8]) {
    let rest = rest_of_character(bytes);
    let text = String::from_utf8_lossy(&bytes[..bytes.len() - rest]);
    let text = if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{2400}")) } else { text };
    (text, &bytes[bytes.len() - rest..])
}

/// How many bytes at the end are a character that could still become whole.
fn rest_of_character(bytes: &[u8]) -> usize {
    (1..=bytes.len().min(3))
        .find(|length| match std::str::from_utf8(&bytes[bytes.len() - length..]) {
            Ok(_) => false,
            Err(error) => error.valid_up_to() == 0 && error.error_len().is_none(),
        })
        .unwrap_or(0)
}

/// Cuts `text` into pieces of at most `most` bytes, between characters.
pub fn pieces(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(most.max(4)));
        rest = after;
        Some(piece).filter(|piece| !piece.is_empty())
    })
}

/// A log as a page shows it: without the sequences by which programs colour and move in a terminal, without other
/// control characters, and of a line that was written over with carriage returns only what it said last.
pub fn plain(text: &str) -> String {
    let stripped = anstream::adapter::strip_str(text).to_string();
    let mut shown = String::with_capacity(stripped.len());
    for line in stripped.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let line = line.trim_end_matches('\r');
        let line = line.rsplit('\r').next().unwrap_or(line);
        shown.extend(line.chars().filter(|c| !c.is_control() || *c == '\t'));
        shown.push_str(end);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_become_text_and_a_character_may_come_in_two_parts() {
        let (text, rest) = to_text("Grüße".as_bytes());
        assert_eq!((text.as_ref(), rest), ("Grüße", &[][..]));
        for cut in 0.."Größe 😀".len() {
            let (first, second) = "Größe 😀".as_bytes().split_at(cut);
            let (text, rest) = to_text(first);
            let whole = [rest, second].concat();
            assert_eq!(format!("{text}{}", to_text(&whole).0), "Größe 😀", "cut at {cut}");
        }
        let (text, rest) = to_text(b"a\0b\xff\xfec\xf0\x9f");
        assert_eq!((text.as_ref(), rest), ("a\u{2400}b\u{fffd}\u{fffd}c", &b"\xf0\x9f"[..]));
        // A lone continuation byte begins nothing.
        assert_eq!(to_text(b"a\x80"), (Cow::Borrowed("a\u{fffd}"), &[][..]));
    }

    #[test]
    fn pieces_are_whole_characters_and_together_the_text() {
        let text = "aä€😀".repeat(50);
        for most in [1, 4, 5, 7, 1000] {
            let found: Vec<&str> = pieces(&text, most).collect();
            assert_eq!(found.concat(), text);
            assert!(found.iter().all(|piece| !piece.is_empty() && piece.len() <= most.max(4)));
        }
    }

    #[test]
    fn a_page_shows_no_escapes_and_what_a_line_said_last() {
        let text = "\x1b[1;31mred\x1b[0m\n 10%\r 50%\r100%\r\n\x1b]0;title\x07bell\x07\tend\u{9b}2J";
        assert_eq!(plain(text), "red\n100%\nbell\tend2J");
    }
}
