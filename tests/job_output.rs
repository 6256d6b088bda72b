//! What a job leaves behind, as the store keeps it: a log with a head and a tail, items by key and message, files in
//! chunks; what is let go of disappears at once and is removed in pieces.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use milepost::config::Output;
use milepost::error::{Error, Result};
use milepost::jobs::artifacts::{Artifact, ArtifactId, ArtifactName};
use milepost::jobs::items::{Item, ItemOutcome, ItemsMoved, NewItem};
use milepost::jobs::log::LogPiece;
use milepost::jobs::sql;
use milepost::tasks::TaskId;
use rusqlite::Connection;

use crate::support::random::Random;
use crate::support::server::{House, monday};

const JOB: TaskId = TaskId::new(7);
const OTHER: TaskId = TaskId::new(8);

async fn write<T: Send + 'static>(
    house: &House,
    verb: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
) -> Result<T> {
    house.server.app.db.write(move |w| verb(w.conn)).await
}

/// A house whose server answers: it has done what it does at its start.
async fn open_house() -> House {
    let house = House::open().await;
    house.nobody().get("/healthz").await.expect(200);
    house
}

fn small() -> Output {
    Output {
        log_head_bytes: 1_000,
        log_tail_bytes: 5_000,
        items: 20,
        artifacts: 3,
        artifact_bytes: 100,
        artifacts_bytes: 150,
    }
}

/// The whole log as a reader gets it piece by piece, with a mark where something is missing.
fn whole(conn: &Connection, from: i64, most: usize) -> String {
    let (mut from, mut text) = (from, String::new());
    loop {
        let piece = sql::read_log(conn, JOB, from, most).unwrap();
        text.push_str(&piece.dropped_line().unwrap_or_default());
        text.push_str(&piece.text);
        assert!(piece.text.len() <= most.max(4), "a piece is bounded");
        assert_eq!(piece.start + i64::try_from(piece.text.len()).unwrap(), piece.next);
        assert!(piece.next > from || piece.is_last(), "reading gets on: {piece:?}");
        if piece.is_last() {
            return text;
        }
        from = piece.next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_read_as_it_was_written_from_any_byte_in_pieces_of_any_size() {
    let house = open_house().await;
    let mut random = Random::new("a log from any byte");
    let mut said = String::new();
    for round in 0..200 {
        let line = format!("{round} größer als 😀 {}\n", "x".repeat(random.below(900) as usize));
        let cut = random.below(line.len() as u64) as usize;
        said.push_str(&line);
        // A program's buffer ends in the middle of a character.
        for part in [line.as_bytes()[..cut].to_vec(), line.as_bytes()[cut..].to_vec()] {
            write(&house, move |conn| sql::append_log(conn, &Output::default(), JOB, 1, &part, monday()))
                .await
                .unwrap();
        }
        write(&house, |conn| sql::append_log(conn, &Output::default(), OTHER, 1, b"other\n", monday())).await.unwrap();
    }
    let conn = house.look();
    for most in [1, 7, 100, 4_096, 1_000_000] {
        assert_eq!(whole(&conn, 0, most), said, "in pieces of {most}");
    }
    for _ in 0..50 {
        let from = random.below(said.len() as u64) as usize;
        let start = said.ceil_char_boundary(from);
        assert_eq!(whole(&conn, i64::try_from(from).unwrap(), 1_000), said[start..], "from byte {from}");
    }
    let beyond = sql::read_log(&conn, JOB, i64::MAX, 10).unwrap();
    assert_eq!((beyond.text.as_str(), beyond.next), ("", i64::try_from(said.len()).unwrap()));
    assert_eq!(sql::read_log(&conn, TaskId::new(99), 5, 10).unwrap(), LogPiece::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_too_long_keeps_its_head_and_its_tail_and_says_how_much_is_missing() {
    let house = open_house().await;
    let mut said = String::new();
    for round in 0..400 {
        let line = format!("line {round} {}\n", "y".repeat(round % 90));
        said.push_str(&line);
        // A second each, so that no two share a chunk.
        let at = monday() + SignedDuration::from_secs(i64::try_from(round).unwrap());
        let bytes = write(&house, move |conn| sql::append_log(conn, &small(), JOB, 1, line.as_bytes(), at)).await;
        assert_eq!(bytes.unwrap(), i64::try_from(said.len()).unwrap());
    }
    let conn = house.look();
    let shown = whole(&conn, 0, 700);
    let (head, rest) = shown.split_once("[… ").expect("the gap is told");
    let (dropped, tail) = rest.split_once(" bytes of the log were not kept …]\n").unwrap();
    assert!(said.starts_with(head) && said.ends_with(tail));
    assert_eq!(head.len() + tail.len() + dropped.parse::<usize>().unwrap(), said.len());
    assert!((1_000..1_200).contains(&head.len()), "{}", head.len());
    assert!((5_000..5_200).contains(&tail.len()), "{}", tail.len());
    let kept: i64 = conn.query_row("select sum(length(text)) from job_log", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, i64::try_from(head.len() + tail.len()).unwrap(), "what is dropped is not stored");
    // A reader who was in the middle hears what was dropped from there.
    let middle = sql::read_log(&conn, JOB, 3_000, 100).unwrap();
    assert_eq!(middle.start, 3_000 + middle.dropped);
    assert!(tail.starts_with(&middle.text));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_lines_are_whole_lines_and_few_chunks_are_read_for_them() {
    let house = open_house().await;
    for round in 0..300 {
        let line = format!("line {round}\n");
        write(&house, move |conn| sql::append_log(conn, &Output::default(), JOB, 1, line.as_bytes(), monday()))
            .await
            .unwrap();
    }
    let conn = house.look();
    let end = sql::read_log(&conn, JOB, 0, 1).unwrap().end;
    let last = |lines, most| sql::last_of_log(&conn, JOB, lines, most).unwrap();
    assert_eq!(last(3, 1_000).text, "line 297\nline 298\nline 299\n");
    assert_eq!(last(0, 1_000).text, "");
    assert_eq!(last(3, 20).text, "line 298\nline 299\n", "half a line is left out");
    let all = last(1_000, 1_000_000);
    assert_eq!((all.start, all.next, all.text.lines().count()), (0, end, 300));
    let few = last(3, 1_000);
    assert_eq!(sql::read_log(&conn, JOB, few.start, 1_000).unwrap().text, few.text, "a follower goes on from there");
    write(&house, |conn| sql::append_log(conn, &Output::default(), JOB, 1, b"no end", monday())).await.unwrap();
    assert_eq!(last(2, 1_000).text, "line 299\nno end");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_bytes_are_a_log() {
    let house = open_house().await;
    let mut random = Random::new("any bytes are a log");
    let bytes: Vec<u8> = (0..100_000).map(|_| random.below(256) as u8).collect();
    for part in bytes.chunks(777) {
        let part = part.to_vec();
        write(&house, move |conn| sql::append_log(conn, &Output::default(), JOB, 1, &part, monday())).await.unwrap();
    }
    let shown = whole(&house.look(), 0, 4_096);
    let expected = String::from_utf8_lossy(&bytes).replace('\0', "\u{2400}");
    assert!(expected.starts_with(&shown), "in parts it reads as in one");
    assert!(expected.len() - shown.len() <= 3, "at most one unfinished character waits for its end");
}

fn item(key: Option<&str>, outcome: ItemOutcome, message: Option<&str>) -> NewItem {
    NewItem { key: key.map(Into::into), outcome, message: message.map(Into::into) }
}

async fn record(house: &House, attempt: i64, items: Vec<NewItem>) -> Result<ItemsMoved> {
    write(house, move |conn| sql::record_items(conn, &small(), JOB, attempt, &items, monday())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_comes_out_otherwise_leaves_one_count_for_another() {
    use ItemOutcome::{Failed, Skipped, Succeeded};
    let house = open_house().await;
    let first = vec![
        item(Some("a"), Failed, Some("no such street")),
        item(Some("b"), Failed, Some("no such street")),
        item(None, Succeeded, None),
        item(Some("c"), Skipped, Some("unsubscribed")),
    ];
    let moved = record(&house, 1, first).await.unwrap();
    assert_eq!(moved, ItemsMoved { succeeded: 1, failed: 2, skipped: 1 });
    // Twice in one report, too.
    let again = vec![item(Some("a"), Failed, Some("mailbox full")), item(Some("a"), Succeeded, None)];
    let moved = record(&house, 2, again).await.unwrap();
    assert_eq!(moved, ItemsMoved { succeeded: 1, failed: -1, skipped: 0 });
    let conn = house.look();
    let keys = |outcome| -> Vec<String> {
        sql::items(&conn, JOB, outcome, 0, 100).unwrap().into_iter().map(|item| item.key).collect()
    };
    assert_eq!(keys(None), ["a", "b", "3", "c"], "in the order in which they were first heard of");
    assert_eq!(keys(Some(Failed)), ["b"]);
    assert_eq!(keys(Some(Succeeded)), ["a", "3"]);
    let groups = sql::item_groups(&conn, JOB, Failed, 10, 3).unwrap();
    assert_eq!(groups.len(), 1, "{groups:#?}");
    assert_eq!((groups[0].message.as_deref(), groups[0].items), (Some("no such street"), 1));
    assert_eq!(groups[0].first, ["b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_and_groups_are_those_of_the_items_after_any_reports() {
    let house = open_house().await;
    let mut random = Random::new("any reports of items");
    let mut known: BTreeMap<String, NewItem> = BTreeMap::new();
    let mut counts = ItemsMoved::default();
    for round in 0..100 {
        let items: Vec<NewItem> = (0..random.below(12))
            .map(|_| {
                let key = format!("k{}", random.below(18));
                let message = (random.below(3) > 0).then(|| format!("because {}", random.below(4)));
                item(Some(&key), ItemOutcome::ALL[random.below(3) as usize], message.as_deref())
            })
            .collect();
        for item in &items {
            known.insert(item.key.clone().unwrap(), item.clone());
        }
        let moved = record(&house, round, items).await.unwrap();
        counts = ItemsMoved {
            succeeded: counts.succeeded + moved.succeeded,
            failed: counts.failed + moved.failed,
            skipped: counts.skipped + moved.skipped,
        };
    }
    let conn = house.look();
    let expected = known.values().fold(ItemsMoved::default(), |counts, item| counts.by(item.outcome, 1));
    assert_eq!(counts, expected);
    let stored: Vec<Item> = sql::items(&conn, JOB, None, 0, 100).unwrap();
    assert_eq!(stored.len(), known.len());
    for item in &stored {
        assert_eq!((item.outcome, &item.message), (known[&item.key].outcome, &known[&item.key].message));
    }
    for outcome in ItemOutcome::ALL {
        let mut groups: BTreeMap<Option<String>, i64> = BTreeMap::new();
        for item in known.values().filter(|item| item.outcome == *outcome) {
            *groups.entry(item.message.clone()).or_default() += 1;
        }
        let found = sql::item_groups(&conn, JOB, *outcome, 100, 2).unwrap();
        assert!(found.is_sorted_by(|a, b| a.items >= b.items), "the largest first");
        assert_eq!(found.into_iter().map(|group| (group.message, group.items)).collect::<BTreeMap<_, _>>(), groups);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_past_the_limit_are_refused_whole_and_forgotten_ones_begin_anew() {
    let house = open_house().await;
    let many = |count: usize| vec![item(None, ItemOutcome::Failed, Some("boom")); count];
    record(&house, 1, many(20)).await.unwrap();
    let full = record(&house, 1, many(1)).await;
    assert!(matches!(full, Err(Error::Invalid(_))), "{full:?}");
    assert_eq!(sql::items(&house.look(), JOB, None, 0, 100).unwrap().len(), 20);
    write(&house, |conn| sql::restart_items(conn, JOB, 2, false)).await.unwrap();
    assert!(sql::items(&house.look(), JOB, None, 0, 100).unwrap().is_empty());
    let moved = record(&house, 2, many(2)).await.unwrap();
    assert_eq!(moved.failed, 2, "what is forgotten is subtracted from nothing");
    while write(&house, |conn| sql::remove_some(conn, monday())).await.unwrap() {}
    assert_eq!(rows(&house, "items"), 2);
    assert_eq!(rows(&house, "item_groups"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_are_tried_again_leave_no_count_twice() {
    use ItemOutcome::{Failed, Succeeded};
    let house = open_house().await;
    let first =
        vec![item(Some("a"), Failed, Some("x")), item(Some("b"), Failed, Some("x")), item(Some("c"), Succeeded, None)];
    record(&house, 1, first).await.unwrap();
    // The job's counts keep what succeeded, and its failures begin at zero.
    write(&house, |conn| sql::restart_items(conn, JOB, 2, true)).await.unwrap();
    let again: Vec<String> =
        sql::items(&house.look(), JOB, Some(Failed), 0, 10).unwrap().into_iter().map(|item| item.key).collect();
    assert_eq!(again, ["a", "b"], "the worker can ask which they are");
    let moved = record(&house, 2, vec![item(Some("a"), Succeeded, None), item(Some("b"), Failed, None)]).await.unwrap();
    assert_eq!(moved, ItemsMoved { succeeded: 1, failed: 1, skipped: 0 });
    let moved = record(&house, 2, vec![item(Some("b"), Succeeded, None)]).await.unwrap();
    assert_eq!(moved, ItemsMoved { succeeded: 1, failed: -1, skipped: 0 });
}

fn rows(house: &House, table: &str) -> i64 {
    house.look().query_row(&format!("select count(*) from {table}"), [], |row| row.get(0)).unwrap()
}

async fn begin(house: &House, name: &'static str) -> Result<ArtifactId> {
    let name = ArtifactName::parse(name).unwrap();
    write(house, move |conn| {
        let file = sql::Begun { name: &name, content_type: "text/csv", attempt: 1, expires_at: None };
        sql::begin_artifact(conn, &small(), JOB, file, monday())
    })
    .await
}

async fn chunk(house: &House, id: ArtifactId, place: i64, bytes: &[u8]) -> Result<()> {
    let chunk = bytes.to_vec();
    write(house, move |conn| sql::append_chunks(conn, &small(), id, place, &[chunk], monday())).await
}

async fn store(house: &House, name: &'static str, bytes: &[u8]) -> Result<Artifact> {
    let id = begin(house, name).await?;
    chunk(house, id, 0, bytes).await?;
    let length = i64::try_from(bytes.len()).unwrap();
    write(house, move |conn| sql::finish_artifact(conn, id, length, &[7; 32], monday())).await
}

fn content(house: &House, name: &str) -> Option<Vec<u8>> {
    let conn = house.look();
    let file = sql::artifact(&conn, JOB, &ArtifactName::parse(name).unwrap()).unwrap()?;
    Some((0..).map_while(|place| sql::artifact_chunk(&conn, file.id, place).unwrap()).flatten().collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_seen_whole_or_not_at_all_and_replaces_the_one_of_its_name() {
    let house = open_house().await;
    store(&house, "report.csv", b"old").await.unwrap();
    let id = begin(&house, "report.csv").await.unwrap();
    chunk(&house, id, 0, b"new ").await.unwrap();
    chunk(&house, id, 1, b"content").await.unwrap();
    assert_eq!(content(&house, "report.csv").unwrap(), b"old");
    let short = write(&house, move |conn| sql::finish_artifact(conn, id, 4, &[7; 32], monday())).await;
    assert!(matches!(short, Err(Error::NotFound)), "what arrived is not what was sent: {short:?}");
    assert_eq!(content(&house, "report.csv").unwrap(), b"old");
    write(&house, move |conn| sql::finish_artifact(conn, id, 11, &[7; 32], monday())).await.unwrap();
    assert_eq!(content(&house, "report.csv").unwrap(), b"new content");
    assert_eq!(sql::artifacts(&house.look(), JOB).unwrap().len(), 1);
    // Whoever still reads the old one can read it to its end.
    while write(&house, |conn| sql::remove_some(conn, monday() - SignedDuration::from_secs(1))).await.unwrap() {}
    assert_eq!(rows(&house, "artifact_chunks"), 3);
    while write(&house, |conn| sql::remove_some(conn, monday())).await.unwrap() {}
    assert_eq!(rows(&house, "artifact_chunks"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_limited_each_and_together() {
    let house = open_house().await;
    assert!(matches!(store(&house, "a", &[0; 101]).await, Err(Error::Invalid(_))));
    store(&house, "a", &[0; 100]).await.unwrap();
    assert!(matches!(store(&house, "b", &[0; 60]).await, Err(Error::Invalid(_))));
    store(&house, "a", &[1; 90]).await.expect("a replaced file does not count beside its successor");
    let abandoned = write(&house, |conn| sql::abandon_artifacts(conn, monday(), monday())).await.unwrap();
    assert_eq!(abandoned, 2, "what was refused in the middle does not stay");
    for name in ["b", "c"] {
        store(&house, name, b"x").await.unwrap();
    }
    assert!(matches!(begin(&house, "d").await, Err(Error::Invalid(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_job_left_behind_goes_in_pieces() {
    let house = open_house().await;
    store(&house, "a", b"content").await.unwrap();
    begin(&house, "b").await.unwrap();
    record(&house, 1, vec![item(Some("a"), ItemOutcome::Failed, Some("boom"))]).await.unwrap();
    for task in [JOB, OTHER] {
        let line = "x".repeat(5_000_000);
        write(&house, move |conn| sql::append_log(conn, &Output::default(), task, 1, line.as_bytes(), monday()))
            .await
            .unwrap();
    }
    let before = rows(&house, "job_log");
    write(&house, |conn| sql::delete_output(conn, JOB, monday())).await.unwrap();
    assert_eq!(content(&house, "a"), None);
    let mut writes = 0;
    while write(&house, |conn| sql::remove_some(conn, monday())).await.unwrap() {
        writes += 1;
    }
    assert!(writes > 3, "not all at once: {writes}");
    for table in ["artifacts", "artifact_chunks", "items", "item_groups", "output_removals"] {
        assert_eq!(rows(&house, table), 0, "{table}");
    }
    assert_eq!(rows(&house, "job_log"), before / 2, "another job's log stays");
    assert_eq!(rows(&house, "job_outputs"), 1);
}
