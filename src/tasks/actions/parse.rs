//! What forms and programs say of a task, read into its words.

use crate::config;
use crate::error::{Message, msg};
use crate::tasks::Priority;

pub(crate) fn parse_id(text: &str) -> Result<Option<i64>, Message> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| msg("error-choice")),
    }
}

pub(crate) fn parse_priority(text: &str) -> Result<Priority, Message> {
    match text.trim() {
        "" => Ok(Priority::Medium),
        text => text.parse().map_err(|_| msg("error-choice")),
    }
}

/// Working time in minutes: "90", "90m", "1h", "1h 30m", "1:30", "1.5h".
pub(crate) fn parse_estimate(text: &str) -> Result<Option<i64>, Message> {
    let text = text.trim().to_lowercase().replace(',', ".");
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || msg("error-estimate");
    let minutes = if let Ok(minutes) = text.parse::<f64>() {
        minutes
    } else if let Some((hours, minutes)) = text.split_once(':') {
        let hours: u32 = hours.parse().map_err(|_| wrong())?;
        let minutes: u32 = minutes.parse().map_err(|_| wrong())?;
        f64::from(hours) * 60.0 + f64::from(minutes)
    } else {
        let (hours, rest) = text.split_once('h').unwrap_or(("0", &text));
        let rest = rest.trim().trim_end_matches('m').trim();
        let hours: f64 = hours.trim().parse().map_err(|_| wrong())?;
        let minutes: f64 = if rest.is_empty() { 0.0 } else { rest.parse().map_err(|_| wrong())? };
        hours * 60.0 + minutes
    };
    #[expect(clippy::cast_possible_truncation, reason = "checked to be a small number just before")]
    match minutes.round() {
        rounded if config::ESTIMATE_MINUTES.contains(&(rounded as i64)) => Ok(Some(rounded as i64)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_taken_as_people_write_it() {
        for (text, minutes) in [
            ("90", 90),
            ("90m", 90),
            ("1h", 60),
            ("1h 30m", 90),
            ("1h30", 90),
            ("1:30", 90),
            ("1.5h", 90),
            ("1,5h", 90),
        ] {
            assert_eq!(parse_estimate(text), Ok(Some(minutes)), "{text}");
        }
        assert_eq!(parse_estimate(" "), Ok(None));
        for bad in ["0", "-5", "soon", "h", "1h2h", "nan", "1e99", "999999999"] {
            assert!(parse_estimate(bad).is_err(), "{bad}");
        }
    }
}
