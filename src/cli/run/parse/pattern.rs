//! `--parse REGEX`: the user's own expression, whose named groups say what is what.

use std::str::FromStr;

use regex::{Captures, Regex, RegexBuilder};

use super::{Reading, number};

const GROUPS: [&str; 5] = ["percent", "done", "total", "stage", "note"];
/// Bytes that the compiled expression may take.
const SIZE: usize = 1 << 20;
/// Characters of a stage or a note that are kept.
const WORDS: usize = 200;

/// A checked expression.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(expression: &str) -> Result<Pattern, String> {
        let regex = RegexBuilder::new(expression)
            .size_limit(SIZE)
            .build()
            .map_err(|error| format!("it is no regular expression: {}", reason(&error)))?;
        let names: Vec<&str> = regex.capture_names().flatten().collect();
        if let Some(name) = names.iter().find(|name| !GROUPS.contains(name)) {
            return Err(format!("it has a group named {name:?}; the names are {}", GROUPS.join(", ")));
        }
        if names.is_empty() {
            let example = r"(?P<done>\d+) of (?P<total>\d+)";
            return Err(format!(
                "it has no group named {}: say which part is what, for example {example}",
                GROUPS.join(", ")
            ));
        }
        Ok(Pattern(regex))
    }
}

impl Pattern {
    pub fn read(&self, line: &str) -> Option<Reading> {
        let found = self.0.captures(line)?;
        let percent = group(&found, "percent").and_then(number::decimal).filter(|p| (0.0..=100.0).contains(p));
        let mut done = group(&found, "done").and_then(count_or_bytes);
        let total = group(&found, "total").and_then(count_or_bytes).filter(|total| *total > 0);
        if done.zip(total).is_some_and(|(done, total)| done > total) {
            done = None;
        }
        let words = |name| {
            let words = group(&found, name).map(str::trim).filter(|words| !words.is_empty())?;
            Some(words.chars().take(WORDS).collect())
        };
        let reading = Reading { percent, done, total: done.and(total), stage: words("stage"), note: words("note") };
        (!reading.says_nothing()).then_some(reading)
    }
}

/// Without the drawing of the place, which takes lines.
fn reason(error: &regex::Error) -> String {
    let said = error.to_string();
    said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn group<'t>(found: &Captures<'t>, name: &str) -> Option<&'t str> {
    found.name(name).map(|group| group.as_str())
}

fn count_or_bytes(text: &str) -> Option<i64> {
    number::count(text).or_else(|| number::bytes(text))
}
