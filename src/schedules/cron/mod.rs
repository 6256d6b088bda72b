//! When a schedule's time comes: cron expressions, read by croner on the clock on the wall, and the house's rule for the
//! hours that clocks skip or repeat. Pure; the instants that it gives are a schedule's slots.
//!
//! The rule. A schedule whose expression names hours goes by the clock on the wall: what lies in an hour that is skipped
//! runs once, right after it; what lies in an hour that comes twice runs at its first coming. One that runs in every hour
//! of the day (its hour is `*`) means "every so often": it goes on in both of the doubled hours, and a skipped hour is none.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::error::{Message, msg};

/// Characters of an expression: the longest lists of minutes and hours that mean something.
pub const CRON_CHARS: usize = 200;

/// What the names stand for.
const NAMES: [(&str, &str); 7] = [
    ("@HOURLY", "0 * * * *"),
    ("@DAILY", "0 0 * * *"),
    ("@MIDNIGHT", "0 0 * * *"),
    ("@WEEKLY", "0 0 * * 0"),
    ("@MONTHLY", "0 0 1 * *"),
    ("@YEARLY", "0 0 1 1 *"),
    ("@ANNUALLY", "0 0 1 1 *"),
];
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A part of an expression, in the order in which they stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Weekday,
}

const PARTS: [Part; 6] = [Part::Second, Part::Minute, Part::Hour, Part::Day, Part::Month, Part::Weekday];

impl Part {
    fn refusal(self) -> &'static str {
        match self {
            Part::Second => "error-cron-second",
            Part::Minute => "error-cron-minute",
            Part::Hour => "error-cron-hour",
            Part::Day => "error-cron-day",
            Part::Month => "error-cron-month",
            Part::Weekday => "error-cron-weekday",
        }
    }

    /// The names that may stand in it beside numbers, and signs.
    fn is_written_with(self, text: &str) -> bool {
        let mut rest = text.to_owned();
        let (names, signs): (&[&str], &str) = match self {
            Part::Day => (&[], "LW?"),
            Part::Month => (&MONTHS, ""),
            Part::Weekday => (&WEEKDAYS, "L#?+"),
            _ => (&[], ""),
        };
        for name in names {
            rest = rest.replace(name, "");
        }
        rest.chars().all(|c| c.is_ascii_digit() || "*,-/".contains(c) || signs.contains(c))
    }
}

/// An expression that is one, and comes at some time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cron {
    text: String,
    /// As texts, with seconds, in upper case.
    parts: [String; 6],
    pattern: croner::Cron,
    names_hours: bool,
}

impl Cron {
    /// Five parts (minute, hour, day of the month, month, weekday), six with seconds before them, or a name such as
    /// `@daily`. Says which part is none.
    pub fn parse(text: &str) -> Result<Cron, Message> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return Err(msg("error-required"));
        }
        if text.chars().count() > CRON_CHARS {
            return Err(msg("error-too-long").arg("limit", CRON_CHARS));
        }
        let upper = text.to_ascii_uppercase();
        let meant = match NAMES.iter().find(|(name, _)| *name == upper) {
            Some((_, meant)) => *meant,
            None if upper.starts_with('@') => return Err(msg("error-cron-name").arg("name", text)),
            None => &upper,
        };
        let mut given: Vec<&str> = meant.split(' ').collect();
        if given.len() == 5 {
            given.insert(0, "0");
        }
        let parts: [&str; 6] =
            given.try_into().map_err(|given: Vec<&str>| msg("error-cron-parts").arg("count", given.len()))?;
        check_each(parts)?;
        let pattern = parsed(parts).ok_or_else(|| msg("error-cron"))?;
        let names_hours = pattern.pattern.hours.values().len() < 24;
        let cron = Cron { text, parts: parts.map(str::to_owned), pattern, names_hours };
        // The thirtieth of February.
        let any = DateTime::constant(2024, 1, 1, 0, 0, 0, 0);
        if cron.on_the_wall(any, true).is_none() {
            return Err(msg("error-cron-never"));
        }
        Ok(cron)
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is written in a part.
    pub fn part(&self, part: Part) -> &str {
        &self.parts[part as usize]
    }

    /// The plain numbers that a part stands for; weekdays from Sunday, 0.
    pub fn values(&self, part: Part) -> Vec<u16> {
        let pattern = &self.pattern.pattern;
        match part {
            Part::Second => pattern.seconds.values(),
            Part::Minute => pattern.minutes.values(),
            Part::Hour => pattern.hours.values(),
            Part::Day => pattern.days.values(),
            Part::Month => pattern.months.values(),
            Part::Weekday => pattern.days_of_week.values(),
        }
    }

    /// The first slot after an instant.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if self.names_hours { self.next_by_the_wall(after, zone) } else { self.next_by_the_hour(after, zone) }
    }

    /// The next few of them.
    pub fn upcoming(&self, after: Timestamp, zone: &TimeZone, most: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next(after, zone), |slot| self.next(*slot, zone)).take(most).collect()
    }

    /// The last slot up to an instant, and that instant itself; none where there was none in ten years.
    pub fn last(&self, until: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let is_past = |from: Timestamp| self.next(from, zone).filter(|slot| *slot <= until);
        let mut width = SignedDuration::from_secs(1);
        let mut low = until - width;
        while is_past(low).is_none() {
            width *= 2;
            if width > SignedDuration::from_hours(10 * 366 * 24) {
                return None;
            }
            low = until.checked_sub(width).ok()?;
        }
        // What comes after a later instant comes later: between the two lies the last one.
        let mut high = until;
        while high.duration_since(low) > SignedDuration::from_secs(1) {
            let middle = low + high.duration_since(low) / 2;
            if is_past(middle).is_some() {
                low = middle;
            } else {
                high = middle;
            }
        }
        is_past(low)
    }

    /// What the expression says to a clock that nobody ever sets.
    fn on_the_wall(&self, from: DateTime, inclusive: bool) -> Option<DateTime> {
        self.pattern.find_next_occurrence(&from, inclusive).ok()
    }

    fn next_by_the_wall(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut wall = zone.to_datetime(after);
        loop {
            wall = self.on_the_wall(wall, false)?;
            let at = first_instant(wall, zone)?;
            // In the second of two hours the wall still says what has been.
            if at > after {
                return Some(at);
            }
        }
    }

    fn next_by_the_hour(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let (mut from, mut inclusive) = (after, false);
        loop {
            let offset = zone.to_offset(from);
            let at = offset.to_timestamp(self.on_the_wall(offset.to_datetime(from), inclusive)?).ok()?;
            let change = zone.following(from).find(|change| change.offset() != offset).map(|change| change.timestamp());
            match change {
                // Before it comes, the clock is set.
                Some(change) if change <= at => (from, inclusive) = (change, true),
                _ => return Some(at),
            }
        }
    }
}

/// The first time that a clock on the wall shows this; of what it skips, the instant after.
fn first_instant(wall: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_zoned(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wall).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(wall).ok(),
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(wall).ok()?;
            zone.following(before).next().map(|change| change.timestamp())
        }
    }
}

fn parsed(parts: [&str; 6]) -> Option<croner::Cron> {
    use croner::parser::{CronParser, Seconds, Year};
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed).build();
    parser.parse(&parts.join(" ")).ok()
}

/// Names the first part that is none, by trying each among stars.
fn check_each(parts: [&str; 6]) -> Result<(), Message> {
    for (at, part) in PARTS.into_iter().enumerate() {
        let mut alone = ["*"; 6];
        alone[at] = parts[at];
        if !part.is_written_with(parts[at]) || parsed(alone).is_none() {
            return Err(msg(part.refusal()).arg("value", parts[at]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
