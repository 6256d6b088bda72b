//! When a task is due: a day, or an instant. A day is over at its end in the
//! zone of whoever gave it, and is shown as that day to everybody.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::clock::stored;
use crate::error::{Message, msg};

#[derive(Clone, PartialEq, Debug)]
pub enum Due {
    /// A day, and the instant at which it is over.
    Date(Date, Timestamp),
    At(Timestamp),
}

impl Due {
    /// As a form gives it: "2026-11-30", or "2026-11-30T14:00" in `zone`.
    /// Blank is none. A time that the clocks there skip, or a date that no
    /// calendar has, is refused.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Option<Due>, Message> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        // A zone's name in brackets would be read over: the time would be another one than was meant.
        if text.contains('[') {
            return Err(msg("error-date"));
        }
        if let Ok(at) = Timestamp::from_str(text) {
            in_our_time(at.to_zoned(TimeZone::UTC).date())?;
            return Ok(Some(Due::At(stored(at))));
        }
        if !text.contains(['T', ' ']) {
            let date = Date::from_str(text).map_err(|_| msg("error-date")).and_then(in_our_time)?;
            let end = date.tomorrow().and_then(|next| next.to_zoned(zone.clone())).map_err(|_| msg("error-date"))?;
            return Ok(Some(Due::Date(date, end.timestamp())));
        }
        let time = DateTime::from_str(&text.replacen(' ', "T", 1)).map_err(|_| msg("error-date"))?;
        in_our_time(time.date())?;
        let ambiguous = zone.to_ambiguous_zoned(time);
        if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
            return Err(msg("error-date-gap").arg("time", time.strftime("%H:%M").to_string()).arg("date", time.date()));
        }
        // A time that comes twice, when clocks are set back, is the first of the two.
        let at = ambiguous.compatible().map_err(|_| msg("error-date"))?;
        Ok(Some(Due::At(stored(at.timestamp()))))
    }

    /// After this instant the task is overdue.
    pub fn instant(&self) -> Timestamp {
        match self {
            Due::Date(_, end) => *end,
            Due::At(at) => *at,
        }
    }

    pub fn date(&self) -> Option<Date> {
        match self {
            Due::Date(date, _) => Some(*date),
            Due::At(_) => None,
        }
    }

    /// As a form's field shows it again, in the viewer's zone.
    pub fn to_field(&self, zone: &TimeZone) -> String {
        match self {
            Due::Date(date, _) => date.to_string(),
            Due::At(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string(),
        }
    }
}

/// Browsers' date fields show no year 0, and nothing was ever due before computers were.
fn in_our_time(date: Date) -> Result<Date, Message> {
    if date.year() < 1970 { Err(msg("error-date")) } else { Ok(date) }
}

/// As the trail and the API write it: a date, or an instant in UTC.
impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Due::Date(date, _) => date.fmt(f),
            Due::At(at) => at.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jerusalem() -> TimeZone {
        TimeZone::get("Asia/Jerusalem").unwrap()
    }

    #[test]
    fn a_day_is_over_at_its_end_in_the_zone_that_gave_it() {
        let due = Due::parse("2026-11-30", &jerusalem()).unwrap().unwrap();
        assert_eq!(due.instant().to_string(), "2026-11-30T22:00:00Z");
        assert_eq!(due.to_string(), "2026-11-30");
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_refused() {
        // Clocks go from 02:00 to 03:00 on 27 March 2026.
        assert_eq!(Due::parse("2026-03-27T02:30", &jerusalem()).unwrap_err().key, "error-date-gap");
        assert!(Due::parse("2026-03-27T03:30", &jerusalem()).is_ok());
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "tomorrow",
            "2026-02-30",
            "2026-13-01",
            "30/11/2026",
            "2026-11-30T25:00",
            "9999-12-31",
            "0000-01-01",
            "1969-12-31T10:00",
            "-009999-01-02T00:00Z",
            "2026-11-30T14:00[Asia/Tokyo]",
        ] {
            assert!(Due::parse(bad, &jerusalem()).is_err(), "{bad}");
        }
        assert_eq!(Due::parse("  ", &jerusalem()).unwrap(), None);
    }
}
