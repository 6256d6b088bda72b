//! Golden tables: both changes of the clocks in three zones and more, leap days, month ends; and what no expression is.

use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// The slots after an instant, as the clock on the wall shows them there.
fn slots(cron: &str, name: &str, after: &str, most: usize) -> Vec<String> {
    let (cron, zone) = (Cron::parse(cron).unwrap(), zone(name));
    let slots = cron.upcoming(after.parse().unwrap(), &zone, most);
    slots.iter().map(|slot| slot.to_zoned(zone.clone()).strftime("%m-%d %H:%M:%S %:z").to_string()).collect()
}

/// Each line: the expression, and what comes after the instant.
fn check(zone: &str, after: &str, table: &[(&str, &[&str])]) {
    for (cron, expected) in table {
        assert_eq!(slots(cron, zone, after, expected.len()), *expected, "{cron} in {zone}");
    }
}

#[test]
fn spring_in_berlin_what_is_skipped_runs_once_right_after() {
    // 29 March 2026: 02:00 becomes 03:00.
    check(
        "Europe/Berlin",
        "2026-03-28T22:00:00Z",
        &[
            ("30 2 * * *", &["03-29 03:00:00 +02:00", "03-30 02:30:00 +02:00"]),
            // Four of them, one run; and it is also the run of 03:00.
            ("*/15 2,3 * * *", &["03-29 03:00:00 +02:00", "03-29 03:15:00 +02:00", "03-29 03:30:00 +02:00"]),
            ("0 2 * * *", &["03-29 03:00:00 +02:00", "03-30 02:00:00 +02:00"]),
            ("0 */2 * * *", &["03-29 00:00:00 +01:00", "03-29 03:00:00 +02:00", "03-29 04:00:00 +02:00"]),
            ("15 30 2 * * *", &["03-29 03:00:00 +02:00", "03-30 02:30:15 +02:00"]),
            ("@daily", &["03-29 00:00:00 +01:00", "03-30 00:00:00 +02:00"]),
            // Every so often: nothing is missed that ever was.
            (
                "30 * * * *",
                &["03-28 23:30:00 +01:00", "03-29 00:30:00 +01:00", "03-29 01:30:00 +01:00", "03-29 03:30:00 +02:00"],
            ),
            ("@hourly", &["03-29 00:00:00 +01:00", "03-29 01:00:00 +01:00", "03-29 03:00:00 +02:00"]),
        ],
    );
}

#[test]
fn autumn_in_berlin_what_comes_twice_runs_at_its_first_coming() {
    // 25 October 2026: 03:00 becomes 02:00.
    check(
        "Europe/Berlin",
        "2026-10-24T23:00:00Z",
        &[
            ("30 2 * * *", &["10-25 02:30:00 +02:00", "10-26 02:30:00 +01:00"]),
            (
                "*/30 1-3 * * *",
                &[
                    "10-25 01:30:00 +02:00",
                    "10-25 02:00:00 +02:00",
                    "10-25 02:30:00 +02:00",
                    "10-25 03:00:00 +01:00",
                    "10-25 03:30:00 +01:00",
                    "10-26 01:00:00 +01:00",
                ],
            ),
            ("0 3 * * *", &["10-25 03:00:00 +01:00", "10-26 03:00:00 +01:00"]),
            ("59 59 2 * * *", &["10-25 02:59:59 +02:00", "10-26 02:59:59 +01:00"]),
            // Every so often: an hour that comes twice is two hours.
            (
                "30 * * * *",
                &["10-25 01:30:00 +02:00", "10-25 02:30:00 +02:00", "10-25 02:30:00 +01:00", "10-25 03:30:00 +01:00"],
            ),
            ("@hourly", &["10-25 02:00:00 +02:00", "10-25 02:00:00 +01:00", "10-25 03:00:00 +01:00"]),
        ],
    );
    // Asked in the second of the two hours, after what has been in the first.
    check(
        "Europe/Berlin",
        "2026-10-25T01:10:00Z",
        &[
            ("30 2 * * *", &["10-26 02:30:00 +01:00"]),
            ("* 2 * * *", &["10-26 02:00:00 +01:00"]),
            ("*/20 * * * *", &["10-25 02:20:00 +01:00", "10-25 02:40:00 +01:00", "10-25 03:00:00 +01:00"]),
        ],
    );
}

#[test]
fn new_york_by_the_same_rule() {
    // 8 March 2026: 02:00 becomes 03:00. 1 November: 02:00 becomes 01:00.
    check(
        "America/New_York",
        "2026-03-08T05:30:00Z",
        &[
            ("30 2 * * *", &["03-08 03:00:00 -04:00", "03-09 02:30:00 -04:00"]),
            ("30 1 * * *", &["03-08 01:30:00 -05:00", "03-09 01:30:00 -04:00"]),
            ("0 2 8 3 *", &["03-08 03:00:00 -04:00"]),
            ("*/30 * * * *", &["03-08 01:00:00 -05:00", "03-08 01:30:00 -05:00", "03-08 03:00:00 -04:00"]),
        ],
    );
    check(
        "America/New_York",
        "2026-11-01T04:30:00Z",
        &[
            ("30 1 * * *", &["11-01 01:30:00 -04:00", "11-02 01:30:00 -05:00"]),
            ("0 2 * * *", &["11-01 02:00:00 -05:00", "11-02 02:00:00 -05:00"]),
            ("0 1,2 * * *", &["11-01 01:00:00 -04:00", "11-01 02:00:00 -05:00", "11-02 01:00:00 -05:00"]),
            ("0 * * * *", &["11-01 01:00:00 -04:00", "11-01 01:00:00 -05:00", "11-01 02:00:00 -05:00"]),
        ],
    );
}

#[test]
fn sydney_where_spring_is_in_october() {
    // 4 October 2026: 02:00 becomes 03:00. 5 April: 03:00 becomes 02:00.
    check(
        "Australia/Sydney",
        "2026-10-03T13:00:00Z",
        &[
            ("30 2 * * *", &["10-04 03:00:00 +11:00", "10-05 02:30:00 +11:00"]),
            ("10,50 2 * * 0", &["10-04 03:00:00 +11:00", "10-11 02:10:00 +11:00"]),
            ("0 * * * *", &["10-04 00:00:00 +10:00", "10-04 01:00:00 +10:00", "10-04 03:00:00 +11:00"]),
        ],
    );
    check(
        "Australia/Sydney",
        "2026-04-04T13:30:00Z",
        &[
            ("30 2 * * *", &["04-05 02:30:00 +11:00", "04-06 02:30:00 +10:00"]),
            ("0 2,3 * * *", &["04-05 02:00:00 +11:00", "04-05 03:00:00 +10:00", "04-06 02:00:00 +10:00"]),
            ("30 * * * *", &["04-05 01:30:00 +11:00", "04-05 02:30:00 +11:00", "04-05 02:30:00 +10:00"]),
        ],
    );
}

#[test]
fn other_changes_by_the_same_rule() {
    // Half an hour: 4 October 2026, 02:00 becomes 02:30.
    check(
        "Australia/Lord_Howe",
        "2026-10-03T13:30:00Z",
        &[
            ("15 2 * * *", &["10-04 02:30:00 +11:00", "10-05 02:15:00 +11:00"]),
            ("45 2 * * *", &["10-04 02:45:00 +11:00", "10-05 02:45:00 +11:00"]),
        ],
    );
    // Midnight itself: 24 April 2026, 00:00 becomes 01:00.
    check(
        "Africa/Cairo",
        "2026-04-23T10:00:00Z",
        &[("@daily", &["04-24 01:00:00 +03:00", "04-25 00:00:00 +03:00"]), ("@weekly", &["04-26 00:00:00 +03:00"])],
    );
    // 27 March 2026: 02:00 becomes 03:00. 25 October: 02:00 becomes 01:00.
    check(
        "Asia/Jerusalem",
        "2026-03-26T20:00:00Z",
        &[("0 2 * * 5", &["03-27 03:00:00 +03:00", "04-03 02:00:00 +03:00"])],
    );
    check(
        "Asia/Jerusalem",
        "2026-10-24T21:00:00Z",
        &[("15 1 * * *", &["10-25 01:15:00 +03:00", "10-26 01:15:00 +02:00"])],
    );
    // A whole day that never was: Samoa had no 30 December 2011.
    check(
        "Pacific/Apia",
        "2011-12-29T12:00:00Z",
        &[("0 12 * * *", &["12-29 12:00:00 -10:00", "12-31 00:00:00 +14:00", "12-31 12:00:00 +14:00"])],
    );
}

#[test]
fn leap_days_and_the_ends_of_months() {
    let of = |cron: &str, after: &str, most: usize| -> Vec<String> {
        let slots = Cron::parse(cron).unwrap().upcoming(after.parse().unwrap(), &TimeZone::UTC, most);
        slots.iter().map(|slot| slot.strftime("%Y-%m-%d").to_string()).collect()
    };
    assert_eq!(of("0 0 29 2 *", "2026-01-01T00:00:00Z", 3), ["2028-02-29", "2032-02-29", "2036-02-29"]);
    assert_eq!(of("0 0 29 2 *", "2096-03-01T00:00:00Z", 1), ["2104-02-29"], "2100 has no leap day");
    assert_eq!(of("0 0 31 * *", "2026-01-31T12:00:00Z", 3), ["2026-03-31", "2026-05-31", "2026-07-31"]);
    assert_eq!(of("0 0 L * *", "2027-12-31T00:00:00Z", 3), ["2028-01-31", "2028-02-29", "2028-03-31"]);
    assert_eq!(of("0 0 L 2 *", "2026-01-01T00:00:00Z", 3), ["2026-02-28", "2027-02-28", "2028-02-29"]);
    assert_eq!(of("0 0 LW * *", "2026-01-01T00:00:00Z", 2), ["2026-01-30", "2026-02-27"]);
    assert_eq!(of("0 0 * * MON#1", "2026-11-22T00:00:00Z", 2), ["2026-12-07", "2027-01-04"]);
    assert_eq!(of("0 0 * * 5L", "2026-11-22T00:00:00Z", 2), ["2026-11-27", "2026-12-25"]);
    assert_eq!(of("0 0 13 * 5", "2026-11-01T00:00:00Z", 4), ["2026-11-06", "2026-11-13", "2026-11-20", "2026-11-27"]);
    assert_eq!(of("@yearly", "2026-11-22T00:00:00Z", 2), ["2027-01-01", "2028-01-01"]);
    assert_eq!(of("0 0 * * 7", "2026-11-22T00:00:00Z", 1), ["2026-11-29"], "7 is Sunday, too");
    assert_eq!(of("* * 29 2 *", "2026-01-01T00:00:00Z", 1), ["2028-02-29"]);
}

#[test]
fn the_last_slot_is_found_however_long_ago_it_was() {
    let berlin = zone("Europe/Berlin");
    for (cron, until, last) in [
        ("* * * * * *", "2026-03-29T01:00:00.5Z", "2026-03-29T01:00:00Z"),
        ("30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
        ("30 2 * * *", "2026-03-29T00:59:59Z", "2026-03-28T01:30:00Z"),
        ("30 2 * * *", "2026-10-25T01:45:00Z", "2026-10-25T00:30:00Z"),
        ("0 0 29 2 *", "2031-12-01T00:00:00Z", "2028-02-28T23:00:00Z"),
        ("0 0 1 1 *", "2026-11-22T00:00:00Z", "2025-12-31T23:00:00Z"),
    ] {
        let found = Cron::parse(cron).unwrap().last(until.parse().unwrap(), &berlin);
        assert_eq!(found, Some(last.parse().unwrap()), "{cron} until {until}");
    }
}

#[test]
fn what_is_none_is_told_by_its_part() {
    for (text, key) in [
        ("", "error-required"),
        ("61 * * * *", "error-cron-minute"),
        ("* 24 * * *", "error-cron-hour"),
        ("* * 32 * *", "error-cron-day"),
        ("* * * 13 *", "error-cron-month"),
        ("* * * * 8", "error-cron-weekday"),
        ("MON * * * *", "error-cron-minute"),
        ("* * * MON *", "error-cron-month"),
        ("*/0 * * * *", "error-cron-minute"),
        ("60 * * * * *", "error-cron-second"),
        ("* * * *", "error-cron-parts"),
        ("* * * * * * *", "error-cron-parts"),
        ("@often", "error-cron-name"),
        ("0 0 30 2 *", "error-cron-never"),
        ("0 0 31 4,6,9,11 *", "error-cron-never"),
        ("כל יום בשתיים בלילה בערך", "error-cron-minute"),
    ] {
        assert_eq!(Cron::parse(text).unwrap_err().key, key, "{text}");
    }
    assert_eq!(Cron::parse(" @Daily ").unwrap().as_str(), "@Daily");
    assert_eq!(Cron::parse("0  9 * * mon-fri").unwrap().as_str(), "0 9 * * mon-fri");
}

fn expression() -> impl Strategy<Value = String> {
    let part = |most: u32| {
        prop_oneof![
            4 => Just("*".to_owned()),
            2 => (0..=most).prop_map(|at| at.to_string()),
            1 => (2..=most.max(3)).prop_map(|step| format!("*/{step}")),
            1 => (0..most, 1..=most).prop_map(move |(from, more)| format!("{from}-{}", (from + more).min(most))),
            1 => (0..=most, 0..=most).prop_map(|(one, other)| format!("{one},{other}")),
        ]
    };
    (part(59), part(59), part(23), part(31), part(12), part(7))
        .prop_map(|(s, m, h, d, mo, w)| format!("{s} {m} {h} {d} {mo} {w}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_never_breaks_anything(text in "\\PC{0,40}", cron in "[-@A-Z0-9*/,#?+ ]{0,30}") {
        let _ = (Cron::parse(&text), Cron::parse(&cron));
    }

    /// Against a walk over every second: what the wall shows for the first time, and what a change of clocks skips.
    #[test]
    fn slots_are_those_of_the_rule(cron in expression(), minutes in 0..120i64, at in 0..6usize) {
        let (name, change) = [
            ("Europe/Berlin", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T01:00:00Z"),
            ("America/New_York", "2026-03-08T07:00:00Z"),
            ("America/New_York", "2026-11-01T06:00:00Z"),
            ("Australia/Sydney", "2026-10-03T16:00:00Z"),
            ("Australia/Sydney", "2026-04-04T16:00:00Z"),
        ][at];
        let Ok(cron) = Cron::parse(&cron) else { return Ok(()) };
        let (zone, change) = (zone(name), change.parse::<Timestamp>().unwrap());
        let from = change - SignedDuration::from_mins(minutes);
        let until = change + SignedDuration::from_mins(90);
        let found: Vec<Timestamp> = cron.upcoming(from, &zone, 20_000).into_iter().take_while(|slot| *slot <= until).collect();
        prop_assert_eq!(found, walked(&cron, &zone, change, from, until));
    }
}

fn walked(cron: &Cron, zone: &TimeZone, change: Timestamp, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let shows = |wall: DateTime| cron.pattern.is_time_matching(&wall).unwrap();
    let second = SignedDuration::from_secs(1);
    let mut at = from + second;
    let mut slots = Vec::new();
    while at <= until {
        let wall = zone.to_datetime(at);
        let is_again = at >= change && zone.to_datetime(at - SignedDuration::from_hours(1)) == wall;
        let skipped = (at == change).then(|| zone.to_datetime(at - second)).into_iter().flat_map(|last| {
            let gap = wall.duration_since(last).as_secs() - 1;
            (1..=gap).map(move |more| last + SignedDuration::from_secs(more))
        });
        let is_slot = match cron.names_hours {
            true => (shows(wall) && !is_again) || skipped.into_iter().any(shows),
            false => shows(wall),
        };
        if is_slot {
            slots.push(at);
        }
        at += second;
    }
    slots
}
