//! What a search looks for in a text that no index knows: words, each of which begins one there, or a piece of text as it is;
//! in either case of letters. And the few words around it that are shown.

use regex::{Regex, RegexBuilder};

use crate::config;
use crate::db::types::words;
use crate::error::{Message, msg};

words!(
    /// How a search means what was typed.
    Mode {
        /// Every word begins a word of the text, in any order: as the history searches.
        Words = "words",
        /// As it stands, anywhere.
        Text = "text",
    }
);
words!(
    /// Where something is found.
    Place { Title = "title", Description = "description", Note = "note", Comment = "comment", Log = "log" }
);

/// Characters of an excerpt before what was found, and from there on.
const BEFORE: usize = 60;
const AFTER: usize = 140;

#[derive(Clone, Debug)]
pub struct Sought {
    pieces: Vec<Regex>,
    mode: Mode,
}

impl Mode {
    pub const fn name_key(self) -> &'static str {
        match self {
            Mode::Words => "search-by-words",
            Mode::Text => "search-by-text",
        }
    }
}

impl Sought {
    /// Refuses what has nothing to look for.
    pub fn parse(text: &str, mode: Mode) -> Result<Sought, Message> {
        let text: String = text.chars().take(config::SEARCH_CHARS).collect();
        let pieces: Vec<&str> = match mode {
            Mode::Text => vec![text.trim()],
            Mode::Words => text.split(|c: char| !c.is_alphanumeric()).collect(),
        };
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty()).take(config::SEARCH_WORDS);
        let regex = |piece: &str| RegexBuilder::new(&regex::escape(piece)).case_insensitive(true).build();
        // A text that is longer than it may be is the only thing that could be wrong with it.
        let pieces: Vec<Regex> = pieces.map(regex).collect::<Result<_, _>>().map_err(|_| msg("search-nothing"))?;
        if pieces.is_empty() { Err(msg("search-nothing")) } else { Ok(Sought { pieces, mode }) }
    }

    /// At which byte of a text it is found first; none when some of it is not there.
    pub fn find(&self, text: &str) -> Option<usize> {
        let mut first = None;
        for piece in &self.pieces {
            let at = piece.find_iter(text).map(|found| found.start()).find(|at| self.may_begin(text, *at))?;
            first = Some(first.map_or(at, |first: usize| first.min(at)));
        }
        first
    }

    pub fn is_of_words(&self) -> bool {
        self.mode == Mode::Words
    }

    fn may_begin(&self, text: &str, at: usize) -> bool {
        self.mode == Mode::Text || !text[..at].chars().next_back().is_some_and(char::is_alphanumeric)
    }
}

/// One line of what stands around a byte of a text.
pub fn excerpt(text: &str, at: usize) -> String {
    let start = text[..at].char_indices().rev().nth(BEFORE - 1).map_or(0, |(start, _)| start);
    let end = text[at..].char_indices().nth(AFTER).map_or(text.len(), |(end, _)| at + end);
    let plain: String = text[start..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if start > 0 {
        line.insert(0, '…');
    }
    if end < text.len() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(sought: &str, mode: Mode, text: &str) -> Option<usize> {
        Sought::parse(sought, mode).unwrap().find(text)
    }

    #[test]
    fn every_word_begins_one_of_the_text_in_any_order_and_case() {
        assert_eq!(finds("PIER paint", Mode::Words, "Paint the north pier"), Some(0));
        assert_eq!(finds("pain", Mode::Words, "a paint_pot"), Some(2));
        assert_eq!(finds("pot", Mode::Words, "a paint_pot"), Some(8), "a word ends where letters do");
        assert_eq!(finds("aint", Mode::Words, "Paint the north pier"), None);
        assert_eq!(finds("paint roof", Mode::Words, "Paint the north pier"), None);
        assert_eq!(finds("ier north", Mode::Words, "pier north"), None, "also where another piece is there");
        assert_eq!(finds("מזח", Mode::Words, "לצבוע את מזח"), Some("לצבוע את ".len()));
        assert_eq!(finds("größe", Mode::Words, "Die GRÖSSE, die GRÖßE"), Some("Die GRÖSSE, die ".len()));
    }

    #[test]
    fn a_text_is_found_as_it_stands() {
        assert_eq!(finds(" code=137 ", Mode::Text, "exit CODE=137."), Some(5));
        assert_eq!(finds("a.c", Mode::Text, "abc"), None, "no pattern");
        assert_eq!(finds("aint", Mode::Text, "Paint"), Some(1));
        for nothing in ["", " ", "!?"] {
            assert!(Sought::parse(nothing, Mode::Words).is_err(), "{nothing:?}");
        }
        assert!(Sought::parse("!?", Mode::Text).is_ok());
    }

    #[test]
    fn an_excerpt_is_one_line_around_what_was_found() {
        assert_eq!(excerpt("one\n two\tthree", 5), "one two three");
        let text = format!("{}needle{}", "א".repeat(200), "ב".repeat(300));
        let line = excerpt(&text, 400);
        assert!(line.starts_with("…א") && line.ends_with("ב…") && line.contains("needle"), "{line}");
        assert_eq!(line.chars().count(), BEFORE + AFTER + 2);
    }
}
