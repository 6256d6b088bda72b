//! Exports of each tracker, read into exact tasks; and bytes that are none, which nobody panics over.

use std::io::{Cursor, Write};

use proptest::prelude::*;

use super::*;
use crate::jobs::columns::Standing;
use crate::tasks::{Percent, Priority};

const VIKUNJA: &[u8] = include_bytes!("../../../tests/fixtures/trackers/vikunja.json");
const TRELLO: &[u8] = include_bytes!("../../../tests/fixtures/trackers/trello.json");
const KANBOARD: &[u8] = include_bytes!("../../../tests/fixtures/trackers/kanboard.json");
const KANBOARD_CSV: &[u8] = include_bytes!("../../../tests/fixtures/trackers/kanboard.csv");
const TODOIST: &[u8] = include_bytes!("../../../tests/fixtures/trackers/todoist.csv");
const ALL: [(&[u8], Tracker); 5] = [
    (VIKUNJA, Tracker::Vikunja),
    (TRELLO, Tracker::Trello),
    (KANBOARD, Tracker::Kanboard),
    (KANBOARD_CSV, Tracker::Kanboard),
    (TODOIST, Tracker::Todoist),
];

fn wishes() -> Wishes {
    Wishes { name: "Rope store.csv".into(), ..Wishes::default() }
}

fn export(bytes: &[u8]) -> Export {
    read(bytes, &wishes()).unwrap()
}

/// A task in one line.
fn told(task: &Found) -> String {
    let people: Vec<&str> = task.people.iter().map(Person::called).collect();
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let standing = task.standing.map_or("-".into(), |standing| format!("{standing:?}"));
    let priority = task.priority.map_or("-", Priority::as_str);
    format!(
        "{} | {} | {} | {} | {standing} | {priority} | {} | {}",
        task.title,
        people.join("+"),
        or(&task.project),
        or(&task.due),
        or(&task.category),
        task.labels.join("+"),
    )
}

fn all_left(export: &Export) -> Vec<(Left, i64)> {
    let mut all = export.left.clone();
    for (what, count) in export.tasks.iter().flat_map(|task| &task.left) {
        *all.entry(*what).or_default() += count;
    }
    all.into_iter().collect()
}

#[test]
fn whose_export_it_is_shows_in_the_file() {
    for (bytes, tracker) in ALL {
        assert_eq!(look(bytes).unwrap(), tracker);
    }
    for other in [&b"{\"a\": 1}"[..], b"[]", b"[1, 2]", b"name,age\nbob,7\n", b"\xff\xfe\x00", b"PK\x03\x04"] {
        assert_eq!(look(other).unwrap_err().key, "tracker-unknown", "{other:?}");
    }
    assert_eq!(look(b" \n").unwrap_err().key, "import-empty-file");
    let said = Wishes { tracker: Some(Tracker::Trello), ..wishes() };
    assert_eq!(read(TODOIST, &said).unwrap_err().key, "tracker-other-form");
    assert_eq!(read(&TRELLO[..TRELLO.len() / 2], &said).unwrap_err().key, "tracker-broken");
}

#[test]
fn vikunja_keeps_what_has_a_place_here() {
    let export = export(VIKUNJA);
    assert_eq!(
        export.tasks.iter().map(told).collect::<Vec<_>>(),
        [
            "Paint the railing | Bob Member Seagull+Carol Idle Seagull | North pier | 2025-03-10T16:00:00Z | At(Percent(30.0)) | urgent | - | outside+paint",
            "Buy paint | Bob Member Seagull | North pier | - | Done | - | - | ",
            "For nobody in particular | zoe | Inbox | - | Open | urgent | - | ",
        ]
    );
    assert_eq!(export.tasks[0].id, "vikunja:11");
    assert_eq!(export.tasks[0].description, "Two coats, & dry between.");
    let comment = &export.tasks[0].comments[0];
    assert_eq!(
        (comment.text.as_str(), comment.at.unwrap().to_string()),
        ("The north side is done.", "2025-02-20T10:00:00Z".into())
    );
    assert_eq!(comment.author.as_ref().unwrap().name, "Carol Idle Seagull");
    assert_eq!(
        all_left(&export),
        [
            (Left::Archived, 1),
            (Left::StartDates, 1),
            (Left::Reminders, 1),
            (Left::Recurrence, 1),
            (Left::Attachments, 1),
            (Left::Relations, 1),
            (Left::Notes, 1),
        ]
    );
    let all = read(VIKUNJA, &Wishes { with_archived: true, ..wishes() }).unwrap();
    assert!(all.tasks.iter().any(|task| task.title == "Tear it down"));
}

#[test]
fn trello_keeps_checklists_as_text_and_lists_as_categories() {
    let export = export(TRELLO);
    assert_eq!(
        export.tasks.iter().map(told).collect::<Vec<_>>(),
        [
            "Oil the winch | Zoe Elsewhere+Bob Member Seagull | South pier | 2025-03-12T09:00:00Z | InProgress | - | Doing | outside+red",
            "Count the ropes | Bob Member Seagull | South pier | - | Done | - | Done | ",
        ]
    );
    assert_eq!(export.tasks[0].description, "With *good* oil.\n\n**Parts**\n\n- [x] drum\n- [ ] crank");
    let said: Vec<&str> = export.tasks[0].comments.iter().map(|comment| comment.text.as_str()).collect();
    assert_eq!(said, ["It squeaks.", "The drum is done."], "oldest first");
    assert_eq!(
        all_left(&export),
        [
            (Left::Archived, 1),
            (Left::StartDates, 1),
            (Left::Reminders, 1),
            (Left::Attachments, 1),
            (Left::CustomFields, 1),
        ]
    );
}

#[test]
fn kanboard_is_read_from_its_api_and_from_its_table() {
    let export = export(KANBOARD);
    assert_eq!(
        export.tasks.iter().map(told).collect::<Vec<_>>(),
        [
            "Sweep the deck | B. Somebody | Ship | 2025-03-10T10:00:00Z | InProgress | high | Work in progress | ",
            "Mend the net | B. Somebody | Ship | - | Done | - | Done | ",
            "Nobody's task |  | Ship | - | Open | - | Ready | ",
        ]
    );
    assert_eq!(export.tasks[0].people[0].email.as_deref(), Some("bob@harbour.example"));
    assert_eq!(export.tasks[0].description, "Fore and *aft*.\n\n- [x] Fore\n- [ ] Aft");
    assert_eq!(export.tasks[0].estimate_minutes, Some(150));
    assert_eq!(export.tasks[0].comments[0].author.as_ref().unwrap().name, "admin");
    assert_eq!(all_left(&export), [(Left::StartDates, 1), (Left::Recurrence, 1), (Left::TimeSpent, 1)]);
    let table = self::export(KANBOARD_CSV);
    assert_eq!(
        table.tasks.iter().map(told).collect::<Vec<_>>(),
        [
            "Sweep the deck | Bob Member Seagull | Ship | 2025-03-10 10:00 | InProgress | high | Work in progress | deck+weekly+Cleaning",
            "Mend the net | carol@harbour.example | Ship | - | Done | - | Done | ",
        ]
    );
    assert_eq!(table.tasks[0].id, export.tasks[0].id, "either way it is the same task");
    // In another language its columns are known by their places.
    let text = String::from_utf8(KANBOARD_CSV.to_vec()).unwrap();
    let german = format!("{}\n{}", "Spalte,".repeat(23) + "Schlagworte", text.split_once('\n').unwrap().1);
    let said = Wishes { tracker: Some(Tracker::Kanboard), ..wishes() };
    assert_eq!(read(german.as_bytes(), &said).unwrap().tasks, table.tasks);
}

#[test]
fn todoist_has_notes_below_their_tasks_and_words_for_dates() {
    let export = export(TODOIST);
    assert_eq!(
        export.tasks.iter().map(told).collect::<Vec<_>>(),
        [
            "Order rope | Bob Member Seagull | Rope store | 2025-03-11 | Open | urgent | - | shop+rope",
            "Ask three shops | Bob Member Seagull | Rope store | - | Open | low | - | ",
            "Feed the gulls | Bob Member Seagull | Rope store | - | Open | medium | Later | ",
            "Feed the gulls | Bob Member Seagull | Rope store | 2025-03-12T13:30:00Z | Open | high | Later | ",
            "Answer the letter |  | Rope store | - | Open | high | Later | ",
        ]
    );
    assert_eq!(export.tasks[0].comments[0].text, "The old one was hemp.");
    assert_ne!(export.tasks[2].id, export.tasks[3].id, "two of one name are two");
    assert_eq!(all_left(&export), [(Left::UnreadDates, 1), (Left::Recurrence, 1), (Left::Subtasks, 1)]);
}

fn archive(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(bytes).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn an_archive_is_read_as_what_is_in_it_and_no_further_than_fits() {
    let whole = load(&mut Cursor::new(archive("data.json", VIKUNJA))).unwrap();
    assert_eq!(whole, VIKUNJA);
    assert_eq!(load(&mut Cursor::new(archive("other.json", VIKUNJA))).unwrap_err().key, "tracker-archive");
    let bomb = archive("data.json", &vec![b' '; BYTES + 1]);
    assert!(bomb.len() < BYTES / 100, "small as it came");
    assert_eq!(load(&mut Cursor::new(bomb)).unwrap_err().key, "tracker-too-large");
    assert_eq!(load(&mut Cursor::new(vec![b'['; BYTES + 1])).unwrap_err().key, "tracker-too-large");
}

#[test]
fn depth_and_number_have_an_end() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(look(deep.as_bytes()).unwrap_err().key, "tracker-other-form");
    let many = format!("[{{\"tasks\": [{}0]}}]", "0,".repeat(4_000_001));
    assert_eq!(look(many.as_bytes()).unwrap_err().key, "tracker-too-large");
    let tasks: Vec<String> = (0..=TASKS).map(|id| format!("{{\"id\":{id},\"title\":\"x\"}}")).collect();
    let many = format!("[{{\"title\": \"a\", \"tasks\": [{}]}}]", tasks.join(","));
    assert_eq!(read(many.as_bytes(), &wishes()).unwrap_err().key, "tracker-too-many");
}

#[test]
fn what_does_not_fit_is_cut_and_said() {
    let long = "x".repeat(300);
    let task = Found::new(Tracker::Trello, "1", &long, &"y".repeat(30_000));
    assert_eq!(task.title.chars().count(), 200);
    assert!(task.description.starts_with(&long), "the whole title stands above the description");
    assert_eq!(task.left, Lefts::from([(Left::Texts, 1)]));
    let odd = Found::new(Tracker::Trello, "1", "a\u{0}b\tc", "d\u{7}e\r\nf");
    assert_eq!((odd.title.as_str(), odd.description.as_str()), ("a b c", "de\nf"));
    let half = Found { standing: Some(Standing::At(Percent::new(50.0).unwrap())), ..Found::default() };
    assert!(half.left.is_empty());
}

/// Whatever is read is as verbs take it.
fn is_sound(export: &Export) -> bool {
    export.tasks.iter().all(|task| {
        task.title.chars().count() <= 200
            && task.description.chars().count() <= 20_000
            && task.id.chars().count() <= 100
            && task.labels.len() <= 20
            && task.project.as_ref().is_none_or(|name| name.chars().count() <= 100)
            && !task.title.chars().any(char::is_control)
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000), tracker in prop::sample::select(Tracker::ALL)) {
        let _ = read(&bytes, &Wishes { tracker: Some(tracker), ..wishes() });
        let _ = read(&bytes, &wishes());
        let _ = load(&mut Cursor::new(bytes));
    }

    #[test]
    fn no_change_of_an_export_makes_a_reader_panic(
        which in 0..ALL.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..4)), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
        packed in any::<bool>(),
    ) {
        let (bytes, tracker) = ALL[which];
        let mut bytes = if packed { archive("data.json", bytes) } else { bytes.to_vec() };
        for (place, new) in changes {
            let place = place.index(bytes.len());
            bytes.splice(place..(place + 1).min(bytes.len()), new);
            if bytes.is_empty() { break; }
        }
        if let Some(cut) = cut && !bytes.is_empty() {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(bytes) = load(&mut Cursor::new(bytes))
            && let Ok(export) = read(&bytes, &Wishes { tracker: Some(tracker), with_archived: true, ..wishes() })
        {
            prop_assert!(is_sound(&export));
        }
    }

    #[test]
    fn any_values_in_the_right_places_are_read_or_refused(
        title in any::<String>(), text in any::<String>(), number in any::<i64>(), date in any::<String>(), half in any::<f64>(),
    ) {
        let task = serde_json::json!({ "id": number, "title": title, "description": text, "percent_done": half, "due_date": date,
            "priority": number, "labels": [{ "title": text }, { "title": number }], "assignees": [{ "name": title, "email": text }],
            "comments": [{ "comment": text, "created": date }], "column_id": 1, "date_due": number, "time_estimated": half });
        for export in [serde_json::json!([{ "title": title, "tasks": [task] }]), serde_json::json!([task])] {
            if let Ok(export) = read(export.to_string().as_bytes(), &wishes()) {
                prop_assert!(is_sound(&export));
            }
        }
    }
}
