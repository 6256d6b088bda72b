//! A job's items, the words: the units inside it (a row of a file, a recipient),
//! each with its outcome and message, told apart by a key.

use jiff::Timestamp;

use crate::config;
use crate::db::types::words;
use crate::error::{Error, FieldError, Message, Result, msg};

words!(
    /// How an item came out.
    ItemOutcome { Succeeded = "succeeded", Failed = "failed", Skipped = "skipped" }
);

/// What a report says of one item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewItem {
    /// None: it gets its number in the job.
    pub key: Option<String>,
    pub outcome: ItemOutcome,
    pub message: Option<String>,
}

/// An item as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its place in the job: where a list goes on.
    pub place: i64,
    pub key: String,
    pub outcome: ItemOutcome,
    pub message: Option<String>,
    pub attempt: i64,
    pub at: Timestamp,
}

/// All items of one outcome that say the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemGroup {
    pub outcome: ItemOutcome,
    pub message: Option<String>,
    pub items: i64,
    /// The keys of the first few.
    pub first: Vec<String>,
}

/// By how much recorded items move a job's counts: an item that came out otherwise than before leaves one count for
/// another.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ItemsMoved {
    pub succeeded: i64,
    pub failed: i64,
    pub skipped: i64,
}

impl ItemsMoved {
    pub const fn by(mut self, outcome: ItemOutcome, items: i64) -> ItemsMoved {
        match outcome {
            ItemOutcome::Succeeded => self.succeeded += items,
            ItemOutcome::Failed => self.failed += items,
            ItemOutcome::Skipped => self.skipped += items,
        }
        self
    }
}

/// Checks the items of one report. A message that is too long is cut: an error's first words say what it is.
pub fn checked(items: &[NewItem]) -> Result<Vec<NewItem>> {
    if items.len() > config::ITEMS_AT_ONCE {
        return Err(Error::field("items", msg("error-too-many").arg("limit", config::ITEMS_AT_ONCE)));
    }
    let mut wrong = Vec::new();
    let mut checked = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        match item.key.as_deref().map_or(Ok(()), check_name) {
            Ok(()) => checked.push(NewItem { message: item.message.as_deref().and_then(to_message), ..item.clone() }),
            Err(why) => wrong.push(FieldError { field: "items".into(), message: why.arg("number", at + 1) }),
        }
    }
    if wrong.is_empty() { Ok(checked) } else { Err(Error::Invalid(wrong)) }
}

fn check_name(key: &str) -> Result<(), Message> {
    let is_good =
        !key.trim().is_empty() && key.chars().count() <= config::ITEM_KEY_CHARS && !key.chars().any(char::is_control);
    if is_good { Ok(()) } else { Err(msg("error-item-key").arg("limit", config::ITEM_KEY_CHARS)) }
}

fn to_message(text: &str) -> Option<String> {
    let text = text.trim();
    let cut = text.char_indices().nth(config::ITEM_MESSAGE_CHARS).map_or(text.len(), |(at, _)| at);
    let shown = |c: char| match c {
        '\0' => '\u{2400}',
        c if c.is_control() && c != '\n' && c != '\t' => '\u{fffd}',
        c => c,
    };
    Some(text[..cut].chars().map(shown).collect()).filter(|text: &String| !text.is_empty())
}

/// A cell of a spreadsheet that nothing computes: what a program would take for a formula begins with an apostrophe
/// (OWASP, CSV Injection). Spreadsheets of countries that write decimals with a comma divide at semicolons or tabs, whatever
/// stands in quotes, and begin a row at each line: there, too, nothing begins that computes.
pub fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len() + 1);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        cell.push('\'');
    }
    let mut may_begin = text.starts_with('"');
    for (at, c) in text.char_indices() {
        if may_begin && computes(&text[at..]) {
            cell.push('\'');
        }
        may_begin = matches!(c, ';' | '\t' | '\r' | '\n') || (may_begin && c == '"');
        cell.push(c);
    }
    cell
}

/// Whether a spreadsheet would do something with it. What begins a list, or a number, stays as it was written: a sum that
/// calls nothing and names no other place harms nobody.
fn computes(text: &str) -> bool {
    match text.chars().next() {
        Some('=' | '@' | '＝' | '＠') => true,
        Some('+' | '-' | '＋' | '－') => text.lines().next().is_some_and(|line| line.contains(['(', '|', '!'])),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, message: &str) -> NewItem {
        NewItem { key: Some(key.into()), outcome: ItemOutcome::Failed, message: Some(message.into()) }
    }

    #[test]
    fn a_key_is_a_word_and_a_message_is_cut() {
        let long = "ü".repeat(config::ITEM_MESSAGE_CHARS + 5);
        let items = checked(&[item("row 7", " boom\0 "), item("8", ""), item("9", &long)]).unwrap();
        let messages: Vec<_> = items.iter().map(|item| item.message.as_deref()).collect();
        assert_eq!(messages[..2], [Some("boom\u{2400}"), None]);
        assert_eq!(messages[2].unwrap().chars().count(), config::ITEM_MESSAGE_CHARS);
        let bad = checked(&[item("fine", ""), item("a\nb", ""), item(" ", "")]);
        assert!(matches!(bad, Err(Error::Invalid(wrong)) if wrong.len() == 2));
        assert!(checked(&vec![item("a", ""); config::ITEMS_AT_ONCE + 1]).is_err());
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "＝1"] {
            assert!(cell(text).starts_with('\''), "{text}");
        }
        assert_eq!(cell("row 7"), "row 7");
    }

    #[test]
    fn no_part_of_a_cell_is_a_formula_where_semicolons_divide() {
        for (text, told) in [
            ("a;=HYPERLINK(\"http://x\")", "a;'=HYPERLINK(\"http://x\")"),
            ("a;\"=1", "a;\"'=1"),
            ("a\t@sum", "a\t'@sum"),
            ("a\n=1", "a\n'=1"),
            ("a;-2+3+cmd|' /C calc'!A0", "a;'-2+3+cmd|' /C calc'!A0"),
            ("To do:\n- paint\n- sweep; -5 degrees\n+ rope", "To do:\n- paint\n- sweep; -5 degrees\n+ rope"),
            ("a = b; c", "a = b; c"),
        ] {
            assert_eq!(cell(text), told);
        }
    }
}
