//! Percentages, `N/M` and `N of M` in the output of programs that nobody knows. Numbers that merely look so (dates,
//! addresses, versions, how full a disk is) are far more frequent than progress. So a line is believed at once only
//! if it looks like a display of progress; any other when the same words come again with a higher number.

use std::sync::LazyLock;

use regex::{Match, Regex};

use super::{Manner, Reading, number};

/// Places in the output that were seen once and may yet turn out to be progress.
const REMEMBERED: usize = 16;

/// What stands where one may be wrong, and its last number.
struct Once {
    words: (String, String),
    total: Option<i64>,
    last: f64,
}

#[derive(Default)]
pub struct General {
    once: Vec<Once>,
}

macro_rules! expression {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($text).expect("the tests compile it"));
    };
}

expression!(PERCENT, r"(?P<n>\d{1,3}(?:[.,]\d{1,4})?)\s?%");
expression!(COUNTS, r"(?P<n>\d[\d,]{0,18})(?:\s?/\s?|\s+(?:of|out of)\s+)(?P<m>\d[\d,]{0,18})");
expression!(
    PROGRESS_WORD,
    r"(?i)\b(?:progress|complete|completed|done|finished|steps?|stage|phase|processed|processing|downloaded|downloading|uploaded|uploading|copied|copying|transferred|transferring|written|writing|imported|importing|exported|exporting|converted|converting|encoded|encoding|sent|sending|received|receiving|resolving|installed|installing|indexed|indexing|building|compiling|linking|unpacking|extracting|files?|items?|rows?|records?|batch|batches|chunks?|pages?|epochs?|iterations?|frames?|objects?|tasks?|jobs?)\b"
);
// How much of something is used, not how far something is.
expression!(
    OTHER_WORD,
    r"(?i)\b(?:usage|used|uses|cpu|mem|memory|ram|swap|load|idle|coverage|covered|battery|discount|off|free|full|available|faster|slower|smaller|larger|loss|lost|failed|failures?|errors?|rate|ratio|score|rating|stars|accuracy|hit|humidity|volume|utili[sz]ation)\b"
);

impl General {
    pub fn read(&mut self, line: &str, manner: Manner) -> Option<Reading> {
        if line.contains('%')
            && let Some(reading) = self.percent(line, manner)
        {
            // `45% (450/1000)` says the same twice; the counts say it more exactly.
            let counts = self.counts(line, Manner::Rewritten).filter(|counts| agree(counts, &reading));
            return Some(counts.unwrap_or(reading));
        }
        if line.contains('/') || line.contains(" of ") { self.counts(line, manner) } else { None }
    }

    fn percent(&mut self, line: &str, manner: Manner) -> Option<Reading> {
        let found =
            PERCENT.captures_iter(line).find(|found| found.get(0).is_some_and(|all| percent_alone(line, all)))?;
        let all = found.get(0)?;
        let percent = number::decimal(&found["n"])?;
        let reading = Reading::percent(percent)?;
        let looks_so = manner == Manner::Rewritten || bar_beside(line, all) || PROGRESS_WORD.is_match(line);
        let other = OTHER_WORD.is_match(line);
        let alone = line.trim().len() == all.len();
        let believed = alone || (looks_so && !other) || self.rises(line, all, None, percent, other);
        believed.then_some(reading)
    }

    fn counts(&mut self, line: &str, manner: Manner) -> Option<Reading> {
        let found = COUNTS.captures_iter(line).find(|found| found.get(0).is_some_and(|all| counts_alone(line, all)))?;
        let all = found.get(0)?;
        let (done, total) = (number::count(&found["n"])?, number::count(&found["m"])?);
        let reading = Reading::of(done, total).filter(|_| total > 1)?;
        let other = OTHER_WORD.is_match(line);
        let alone = line.trim().len() == all.len();
        let at_the_start = line.trim_start().starts_with(all.as_str()) && !may_be_a_date(done, total);
        let looks_so =
            manner == Manner::Rewritten || in_brackets(line, all) || PROGRESS_WORD.is_match(line) || at_the_start;
        let believed = (alone && !may_be_a_date(done, total))
            || (looks_so && !other)
            || self.rises(line, all, Some(total), done as f64, other);
        believed.then_some(reading)
    }

    /// Whether the same words stood around a lower number before.
    fn rises(&mut self, line: &str, all: Match<'_>, total: Option<i64>, number: f64, other: bool) -> bool {
        if other {
            return false;
        }
        let words = (last_word(&line[..all.start()]), first_word(&line[all.end()..]));
        if let Some(known) = self.once.iter_mut().find(|once| once.words == words && once.total == total) {
            let rises = number > known.last;
            known.last = number;
            return rises;
        }
        if self.once.len() == REMEMBERED {
            self.once.remove(0);
        }
        self.once.push(Once { words, total, last: number });
        false
    }
}

/// Whether counts say what the percentage says, rounded either way.
fn agree(counts: &Reading, percent: &Reading) -> bool {
    let share = counts.done.zip(counts.total).map(|(done, total)| done as f64 / total as f64 * 100.0);
    share.zip(percent.percent).is_some_and(|(share, percent)| (share - percent).abs() <= 1.0)
}

fn last_word(text: &str) -> String {
    text.split_whitespace().next_back().unwrap_or_default().to_owned()
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

/// The characters right before and after a match.
fn neighbours(line: &str, all: Match<'_>) -> (Option<char>, Option<char>) {
    (line[..all.start()].chars().next_back(), line[all.end()..].chars().next())
}

/// Not a part of a longer number, a name, an encoded address.
fn percent_alone(line: &str, all: Match<'_>) -> bool {
    let (before, after) = neighbours(line, all);
    let joined = |c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | '-' | '+' | '/' | '_' | '~' | '<' | '%');
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '%' | '/');
    !before.is_some_and(joined) && !after.is_some_and(goes_on)
}

/// Not a part of a date, a path, a network, a version.
fn counts_alone(line: &str, all: Match<'_>) -> bool {
    let (before, after) = neighbours(line, all);
    let joined =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | '-' | '+' | '/' | '_' | ':' | '~' | '=' | '$');
    if before.is_some_and(joined) {
        return false;
    }
    let rest = &line[all.end()..];
    let then_digit = || rest.chars().nth(1).is_some_and(|c| c.is_alphanumeric());
    match after {
        Some(c) if c.is_alphanumeric() || matches!(c, '/' | '_' | '%') => false,
        Some('.' | ',' | ':' | '-') => !then_digit(),
        _ => !before_a_time(rest),
    }
}

/// `11/22 10:15`: a date before a time of day.
fn before_a_time(rest: &str) -> bool {
    let rest = rest.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&digits) && rest[digits..].starts_with(':')
}

fn may_be_a_date(a: i64, b: i64) -> bool {
    (1..=12).contains(&a) && (1..=31).contains(&b) || (1..=31).contains(&a) && (1..=12).contains(&b)
}

fn outside(line: &str, all: Match<'_>) -> (Option<char>, Option<char>) {
    (line[..all.start()].trim_end().chars().next_back(), line[all.end()..].trim_start().chars().next())
}

fn in_brackets(line: &str, all: Match<'_>) -> bool {
    outside(line, all) == (Some('['), Some(']'))
}

/// `[ 45%]`, `45% [===>  ]`, `[===>  ] 45%`, `####  45%`.
fn bar_beside(line: &str, all: Match<'_>) -> bool {
    let (before, after) = outside(line, all);
    let drawn = |c: char| matches!(c, ']' | '#' | '=' | '>' | '\u{2500}'..='\u{25ff}');
    in_brackets(line, all) || before.is_some_and(drawn) || after == Some('[')
}
