//! iCalendar (RFC 5545), by its own parser: what is to be done (VTODO) and what takes place (VEVENT). Of what recurs the first
//! time alone is taken: a task is one thing to do, and exceptions of single times are read over. A calendar that breaks off
//! is none.

use icalendar::parser::{Component, Property, read_components, unfold};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::{Event, digest};
use crate::config;
use crate::error::{Message, msg};
use crate::jobs::columns::Standing;
use crate::jobs::trackers::{line, lines};
use crate::tasks::{Percent, Priority};

/// Entries of a calendar, and how deep its parts may stand in one another: alarms in events in the calendar.
const ENTRIES: usize = 20_000;
const DEPTH: usize = 8;

pub fn read(bytes: &[u8]) -> Result<Vec<Event>, Message> {
    let text = String::from_utf8_lossy(bytes);
    let text = unfold(text.trim_start_matches('\u{feff}').trim());
    let entries = count(&text)?;
    let roots = read_components(&text).map_err(|_| msg("feed-broken"))?;
    let mut events = Vec::new();
    let mut read = 0;
    for part in roots.iter().filter(|root| root.name == "VCALENDAR").flat_map(|root| &root.components) {
        if part.name != "VTODO" && part.name != "VEVENT" {
            continue;
        }
        read += 1;
        // Of what recurs, a single time that is otherwise.
        if value(part, "RECURRENCE-ID").is_empty() {
            events.push(event(part));
        }
    }
    // The parser stops at what it does not understand: the rest of the entries would seem to be gone.
    if read == entries { Ok(events) } else { Err(msg("feed-broken")) }
}

/// How many entries there must be; an error where it is not whole, or more than fits.
fn count(text: &str) -> Result<usize, Message> {
    let (mut depth, mut entries) = (0_usize, 0);
    for line in text.lines() {
        let line = line.trim_end();
        if let Some(name) = line.get(..6).filter(|start| start.eq_ignore_ascii_case("BEGIN:")).and(line.get(6..)) {
            depth += 1;
            entries += usize::from(name.eq_ignore_ascii_case("VTODO") || name.eq_ignore_ascii_case("VEVENT"));
        } else if line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("END:")) {
            depth = depth.checked_sub(1).ok_or_else(|| msg("feed-broken"))?;
        }
        if depth > DEPTH {
            return Err(msg("feed-broken"));
        }
        if entries > ENTRIES {
            return Err(msg("feed-too-many").arg("limit", ENTRIES));
        }
    }
    if depth == 0 { Ok(entries) } else { Err(msg("feed-cut")) }
}

fn property<'a>(part: &'a Component<'_>, name: &str) -> Option<&'a Property<'a>> {
    part.properties.iter().find(|property| property.name.as_str().eq_ignore_ascii_case(name))
}

fn value<'a>(part: &'a Component<'_>, name: &str) -> &'a str {
    property(part, name).map_or("", |property| property.val.as_str().trim())
}

/// Texts are escaped (RFC 5545, 3.3.11); what the parser took back already has no such signs any more.
fn text(part: &Component<'_>, name: &str) -> String {
    let Some(property) = property(part, name) else { return String::new() };
    property.val.clone().unescape_text().as_str().to_owned()
}

fn event(part: &Component<'_>) -> Event {
    let takes_place = part.name == "VEVENT";
    let title = line(&text(part, "SUMMARY"), config::TITLE_CHARS).0;
    let description = lines(&text(part, "DESCRIPTION"), config::DESCRIPTION_CHARS).0;
    let due = if takes_place { end(part) } else { property(part, "DUE").and_then(moment).map(Moment::due) };
    let mut labels = Vec::new();
    for property in part.properties.iter().filter(|property| property.name.as_str().eq_ignore_ascii_case("CATEGORIES"))
    {
        for label in property.val.as_str().split(',') {
            let label = line(label, config::NAME_CHARS).0;
            if !label.is_empty() && !labels.contains(&label) && labels.len() < config::LABELS {
                labels.push(label);
            }
        }
    }
    let recurs = ["RRULE", "RDATE"].iter().any(|name| property(part, name).is_some());
    let uid = match value(part, "UID") {
        "" => digest(&format!("{title}\n{}", value(part, "DTSTART"))),
        uid if uid.len() > config::NAME_CHARS => digest(uid),
        uid => uid.to_owned(),
    };
    Event {
        uid,
        title,
        description,
        due,
        priority: priority(part),
        standing: standing(part),
        labels,
        takes_place,
        recurs,
    }
}

/// RFC 5545, 3.8.1.9: 1 is the highest, 5 the middle, 9 the lowest, 0 says nothing.
fn priority(part: &Component<'_>) -> Option<Priority> {
    match value(part, "PRIORITY").parse::<u8>().ok()? {
        1 => Some(Priority::Urgent),
        2..=4 => Some(Priority::High),
        5 => Some(Priority::Medium),
        6..=9 => Some(Priority::Low),
        _ => None,
    }
}

fn standing(part: &Component<'_>) -> Option<Standing> {
    let percent = value(part, "PERCENT-COMPLETE").parse::<f64>().ok().and_then(|percent| Percent::new(percent).ok());
    match (value(part, "STATUS").to_ascii_uppercase().as_str(), percent) {
        ("COMPLETED", _) => Some(Standing::Done),
        ("CANCELLED", _) => Some(Standing::Cancelled),
        (_, Some(percent)) if percent > Percent::ZERO => Some(Standing::At(percent)),
        ("IN-PROCESS", _) => Some(Standing::InProgress),
        ("NEEDS-ACTION" | "CONFIRMED" | "TENTATIVE", _) => Some(Standing::Open),
        _ => None,
    }
}

/// A day; a time of somewhere; a time of wherever one is.
enum Moment {
    Day(Date),
    At(Timestamp),
    Floating(DateTime),
}

impl Moment {
    fn due(self) -> String {
        match self {
            Moment::Day(date) => date.to_string(),
            Moment::At(at) => at.to_string(),
            Moment::Floating(time) => time.strftime("%Y-%m-%dT%H:%M").to_string(),
        }
    }
}

fn moment(property: &Property<'_>) -> Option<Moment> {
    let text = property.val.as_str().trim();
    if let Some(utc) = text.strip_suffix('Z') {
        let time = DateTime::strptime("%Y%m%dT%H%M%S", utc).ok()?;
        return time.to_zoned(TimeZone::UTC).ok().map(|at| Moment::At(at.timestamp()));
    }
    if !text.contains('T') {
        return Date::strptime("%Y%m%d", text).ok().map(Moment::Day);
    }
    let time = DateTime::strptime("%Y%m%dT%H%M%S", text).ok()?;
    let zone = property.params.iter().find(|param| param.key.as_str().eq_ignore_ascii_case("TZID"));
    let zone =
        zone.and_then(|param| param.val.as_ref()).and_then(|name| TimeZone::get(name.as_str().trim_matches('"')).ok());
    Some(match zone {
        Some(zone) => Moment::At(time.to_zoned(zone).ok()?.timestamp()),
        None => Moment::Floating(time),
    })
}

/// When something is over: its end, else its beginning and how long it takes. The end of whole days is the day after.
fn end(part: &Component<'_>) -> Option<String> {
    if let Some(end) = property(part, "DTEND").and_then(moment) {
        return Some(match end {
            Moment::Day(after) => after.yesterday().ok()?.to_string(),
            other => other.due(),
        });
    }
    let start = property(part, "DTSTART").and_then(moment)?;
    let takes = value(part, "DURATION").parse::<Span>().ok();
    Some(match (start, takes) {
        (Moment::At(at), Some(takes)) => takes
            .to_duration(at.to_zoned(TimeZone::UTC).date())
            .ok()
            .filter(|takes| *takes < SignedDuration::from_hours(24 * 3660))
            .and_then(|takes| at.checked_add(takes).ok())
            .unwrap_or(at)
            .to_string(),
        (start, _) => start.due(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEED: &str = include_str!("../../../tests/fixtures/feeds/work.ics");

    fn told(event: &Event) -> String {
        let priority = event.priority.map_or("-", Priority::as_str);
        let standing = event.standing.map_or("-".into(), |standing| format!("{standing:?}"));
        let due = event.due.as_deref().unwrap_or("-");
        format!(
            "{} | {} | {due} | {priority} | {standing} | {} | {}",
            event.uid,
            event.title,
            event.labels.join("+"),
            event.recurs
        )
    }

    #[test]
    fn to_dos_and_events_are_read_as_they_say() {
        let events = read(FEED.replace('\n', "\r\n").as_bytes()).unwrap();
        assert_eq!(
            events.iter().map(told).collect::<Vec<_>>(),
            [
                "todo-1@harbour.example | Paint, then varnish; the railing | 2026-12-01 | urgent | At(Percent(40.0)) | outside+paint | false",
                "todo-2@harbour.example | Count the ropes | 2026-12-02T13:00:00Z | low | Done |  | false",
                "event-1@harbour.example | Whole days | 2026-12-04 | - | Open |  | false",
                "event-2@harbour.example | Each week | 2026-12-07T10:30:00Z | - | - |  | true",
                "event-3@harbour.example | Wherever one is | 2026-12-08T09:00 | - | Cancelled |  | false",
            ]
        );
        assert_eq!(
            events[0].description,
            "Two coats.\nDry between, and a line that is long enough to be folded by whoever wrote it."
        );
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let half = &FEED[..FEED.len() / 2];
        assert!(["feed-cut", "feed-broken"].contains(&read(half.as_bytes()).unwrap_err().key));
        let deep = "BEGIN:X\n".repeat(100_000);
        assert_eq!(read(deep.as_bytes()).unwrap_err().key, "feed-broken");
        assert!(read(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..1_000)) {
            let _ = read(&bytes);
            let _ = super::super::look(&bytes, None);
        }

        #[test]
        fn no_change_of_a_calendar_makes_the_reader_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..4)), 1..8),
        ) {
            let mut bytes = FEED.as_bytes().to_vec();
            for (place, new) in changes {
                let place = place.index(bytes.len());
                bytes.splice(place..place + 1, new);
            }
            for event in read(&bytes).unwrap_or_default() {
                prop_assert!(event.title.chars().count() <= 200 && event.uid.len() <= 100);
            }
        }
    }
}
