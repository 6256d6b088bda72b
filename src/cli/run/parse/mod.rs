//! Reads progress from what commands print: one state of a line in, what it says of progress out.
//! `tools` knows known programs, `general` percentages and counts of any other, `pattern` the user's own expression.
//! Pure: no clock, no network. Takes time in the length of the text, and no text over [`LONGEST`].

mod general;
mod number;
mod pattern;
#[cfg(test)]
mod tests;
mod tools;

use std::str::FromStr;

use self::general::General;
pub use self::pattern::Pattern;
use self::tools::Tools;

/// No line that says how far something is has more bytes; longer ones are data.
const LONGEST: usize = 1_000;

/// What one state of a line says of progress.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// 0 to 100.
    pub percent: Option<f64>,
    /// How many items, records or bytes are done.
    pub done: Option<i64>,
    /// Of how many; never without `done`, never less.
    pub total: Option<i64>,
    pub stage: Option<String>,
    pub note: Option<String>,
}

impl Reading {
    fn percent(percent: f64) -> Option<Reading> {
        (0.0..=100.0).contains(&percent).then(|| Reading { percent: Some(percent), ..Reading::default() })
    }

    fn done(done: i64) -> Reading {
        Reading { done: Some(done), ..Reading::default() }
    }

    fn of(done: i64, total: i64) -> Option<Reading> {
        (0 <= done && done <= total && total > 0).then(|| Reading {
            done: Some(done),
            total: Some(total),
            ..Reading::default()
        })
    }

    fn says_nothing(&self) -> bool {
        *self == Reading::default()
    }
}

/// How a line was when it was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// It ended, or stands there.
    Printed,
    /// It is written over and over, as only displays of progress are.
    Rewritten,
}

/// What `--parse` says.
#[derive(Clone, Debug)]
pub enum Parse {
    Auto,
    None,
    Pattern(Pattern),
}

impl FromStr for Parse {
    type Err = String;

    fn from_str(text: &str) -> Result<Parse, String> {
        match text {
            "auto" => Ok(Parse::Auto),
            "none" => Ok(Parse::None),
            expression => expression.parse().map(Parse::Pattern),
        }
    }
}

/// Reads the output of one run of a command, state by state; what falls back is left out, since progress never does.
pub struct Parser {
    by: By,
    percent: f64,
    done: i64,
    total: Option<i64>,
}

enum By {
    Auto(Box<(Tools, General)>),
    None,
    Pattern(Pattern),
}

impl Parser {
    pub fn new(parse: &Parse) -> Parser {
        let by = match parse {
            Parse::Auto => By::Auto(Box::default()),
            Parse::None => By::None,
            Parse::Pattern(pattern) => By::Pattern(pattern.clone()),
        };
        Parser { by, percent: 0.0, done: 0, total: None }
    }

    pub fn read(&mut self, line: &str, manner: Manner) -> Option<Reading> {
        if line.len() > LONGEST {
            return None;
        }
        let reading = match &mut self.by {
            By::None => None,
            By::Pattern(pattern) => pattern.read(line),
            By::Auto(both) => {
                if !line.bytes().any(|byte| byte.is_ascii_digit()) {
                    both.0.text(line);
                    return None;
                }
                let (tools, general) = &mut **both;
                match tools.read(line) {
                    tools::Heard::Reading(reading) => Some(reading),
                    tools::Heard::Nothing => None,
                    tools::Heard::Other => general.read(line, manner),
                }
            }
        };
        reading.and_then(|reading| self.rising(reading))
    }

    /// Leaves out what would lower progress; a total may change.
    fn rising(&mut self, mut reading: Reading) -> Option<Reading> {
        if let Some(percent) = reading.percent {
            if percent < self.percent {
                reading.percent = None;
            } else {
                self.percent = percent;
            }
        }
        if let Some(done) = reading.done {
            let lower = done < self.done;
            let share = |done: i64, total: Option<i64>| total.map(|total| done as f64 / total as f64);
            let falls = share(done, reading.total) < share(self.done, self.total) && reading.total <= self.total;
            if lower || falls {
                (reading.done, reading.total) = (None, None);
            } else {
                (self.done, self.total) = (done, reading.total.or(self.total));
            }
        }
        (!reading.says_nothing()).then_some(reading)
    }
}
