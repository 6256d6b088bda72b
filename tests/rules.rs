//! The rules of an assignment hold for any sequence of moves: first the pure rule, then the whole way through the pages.

use jiff::{SignedDuration, Timestamp};
use milepost::people::{OrganisationId, UserId};
use milepost::tasks::{Due, Kind, Move, Percent, Status, Task, TaskId, fold};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::random::Random;
use crate::support::server::{House, monday};

fn fresh() -> Task {
    let (organisation, title) = (OrganisationId::new(1), "Paint the north pier".into());
    Task {
        id: TaskId::new(1),
        assignee: Some(UserId::new(2)),
        ..Task::new(organisation, Kind::Assignment, title, UserId::new(1), monday())
    }
}

fn any_percent() -> impl Strategy<Value = Percent> {
    let edge = prop_oneof![Just(0.0), Just(100.0), Just(0.01), Just(99.99)];
    prop_oneof![edge, 0.0..=100.0].prop_map(|value| Percent::new(value).unwrap())
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => any_percent().prop_map(Move::Report),
        1 => Just(Move::Complete),
        1 => Just(Move::Cancel),
        1 => any_percent().prop_map(Move::Reopen),
    ]
}

/// What is true of every assignment, however it came to be so.
fn check_consistent(task: &Task) -> Result<(), TestCaseError> {
    let percent = task.progress.get();
    prop_assert!((0.0..=100.0).contains(&percent), "{percent} %");
    match task.status {
        Status::Pending => prop_assert!(percent == 0.0, "pending at {percent} %"),
        Status::InProgress => prop_assert!(percent > 0.0 && percent < 100.0, "in progress at {percent} %"),
        Status::Done => prop_assert!(percent == 100.0, "done at {percent} %"),
        Status::Cancelled => {}
        Status::Failed => prop_assert!(false, "an assignment never fails"),
    }
    prop_assert_eq!(task.finished_at.is_some(), task.status.has_ended());
    prop_assert!(task.status != Status::Pending || task.started_at.is_none());
    prop_assert!(task.status != Status::InProgress || task.started_at.is_some());
    if let (Some(started), Some(finished)) = (task.started_at, task.finished_at) {
        prop_assert!(started <= finished);
    }
    Ok(())
}

proptest! {
    #[test]
    fn status_follows_progress_through_any_sequence_of_moves(moves in prop::collection::vec(any_move(), 0..40)) {
        let mut task = fresh();
        let mut now = monday();
        let mut trail = vec![Value::Object(task.facts())];
        for step in moves {
            now += SignedDuration::from_secs(60);
            let was = task.status;
            match task.after(step, now) {
                Ok(Some((_, after))) => {
                    let new: serde_json::Map<_, _> =
                        after.facts().into_iter().filter(|(field, value)| task.facts().get(field) != Some(value)).collect();
                    trail.push(Value::Object(new));
                    task = after;
                }
                // Twice is the same as once.
                Ok(None) => prop_assert!(was.has_ended()),
                Err(refusal) => prop_assert!(!refusal.key.is_empty()),
            }
            check_consistent(&task)?;
            if let (Move::Report(progress), true) = (step, was != Status::Cancelled) {
                prop_assert_eq!(task.progress, progress, "percent is the person's word");
            }
        }
        prop_assert_eq!(fold(&trail), task.facts());
    }

    #[test]
    fn a_refused_move_says_what_is_allowed(step in any_move(), at in any_percent()) {
        // An open task takes everything but reopening; an ended one is reopened, or reported on when it is done.
        let open = fresh().moved_to(at, Status::InProgress, monday());
        prop_assert_eq!(open.after(step, monday()).is_err(), matches!(step, Move::Reopen(_)));
        let cancelled = fresh().moved_to(at, Status::Cancelled, monday());
        let allowed = matches!(step, Move::Reopen(_) | Move::Cancel);
        prop_assert_eq!(cancelled.after(step, monday()).is_ok(), allowed);
    }

    #[test]
    fn a_percent_is_never_outside(text in "[-+]?[0-9.,eE%naif ]{0,12}") {
        if let Ok(percent) = Percent::parse(&text) {
            prop_assert!((0.0..=100.0).contains(&percent.get()), "{text}");
        }
    }

    #[test]
    fn a_due_date_reads_as_it_was_written(days in 0i64..20_000, hour in 0i8..24, minute in 0i8..60, zone in any_zone()) {
        let zone = jiff::tz::TimeZone::get(zone).unwrap();
        let day = jiff::civil::date(1990, 1, 1).checked_add(SignedDuration::from_hours(24 * days)).unwrap();
        let text = day.to_string();
        prop_assert_eq!(Due::parse(&text, &zone).unwrap().unwrap().to_field(&zone), text);
        let time = day.at(hour, minute, 0, 0);
        let text = time.strftime("%Y-%m-%dT%H:%M").to_string();
        match Due::parse(&text, &zone) {
            Ok(due) => prop_assert_eq!(due.unwrap().to_field(&zone), text),
            Err(refusal) => {
                let is_gap = matches!(zone.to_ambiguous_zoned(time).offset(), jiff::tz::AmbiguousOffset::Gap { .. });
                prop_assert!(is_gap, "{} is no gap", text);
                prop_assert_eq!(refusal.key, "error-date-gap");
            }
        }
    }
}

fn any_zone() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "UTC",
        "Asia/Jerusalem",
        "America/New_York",
        "Pacific/Apia",
        "Australia/Lord_Howe",
        "Africa/Cairo",
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_do_a_trail_folds_to_its_task() {
    let house = House::open().await;
    let mut random = Random::new("trails fold");
    let ada = house.ada();
    for round in 0..12 {
        let id = house.assign(&format!("Any sequence {round}"), "bob").await;
        for _ in 0..12 {
            house.advance(SignedDuration::from_secs(30));
            let percent = random.below(101).to_string();
            let last = last_sequence(&house, &id).to_string();
            let (path, field) = match random.below(7) {
                0 => ("complete", ("note", "there")),
                1 => ("cancel", ("note", "never mind")),
                2 => ("reopen", ("note", "after all")),
                3 => ("undo", ("sequence", last.as_str())),
                4 => ("comments", ("text", "so it goes")),
                _ => ("progress", ("progress", percent.as_str())),
            };
            let answer = ada.post(&format!("/tasks/{id}/{path}"), &[field]).await;
            let status = answer.status.as_u16();
            assert!([303, 409, 422].contains(&status), "{path} {field:?}: {status} {}", answer.said());
            check_folds(&house, &id);
        }
    }
}

fn last_sequence(house: &House, id: &str) -> i64 {
    house.look().query_row("select max(sequence) from trail where task_id = ?", [id], |row| row.get(0)).unwrap()
}

/// The trail's `new` objects, one over the other, are the task's present state; versions count without a gap.
fn check_folds(house: &House, id: &str) {
    let conn = house.look();
    let mut statement = conn.prepare("select new, version from trail where task_id = ? order by sequence").unwrap();
    let rows = statement.query_map([id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
    let (news, versions): (Vec<Value>, Vec<i64>) =
        rows.map(|row| row.map(|(new, version)| (serde_json::from_str(&new).unwrap(), version)).unwrap()).unzip();
    assert_eq!(versions, (1..=versions.len() as i64).collect::<Vec<_>>(), "versions count the trail");
    let facts = fold(&news);
    let row = conn
        .query_row("select status, progress, title, version from tasks where id = ?", [id], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, f64>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?))
        })
        .unwrap();
    assert_eq!(facts["status"], row.0.as_str());
    assert_eq!(facts["progress"].as_f64(), Some(row.1));
    assert_eq!(facts["title"], row.2.as_str());
    assert_eq!(versions.last(), Some(&row.3));
}

#[test]
fn a_task_is_overdue_from_the_end_of_its_day_and_never_once_ended() {
    let zone = jiff::tz::TimeZone::get("Asia/Jerusalem").unwrap();
    let due = Due::parse("2025-03-03", &zone).unwrap();
    let task = Task { due, ..fresh() };
    let end: Timestamp = "2025-03-03T22:00:00Z".parse().unwrap();
    assert!(!task.is_overdue(end - SignedDuration::from_secs(1)));
    assert!(task.is_overdue(end));
    assert!(!task.moved_to(Percent::FULL, Status::Done, end).is_overdue(end + SignedDuration::from_hours(99)));
}
