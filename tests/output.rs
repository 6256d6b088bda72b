//! What jobs leave behind, through the verbs that the doors call: fenced by the attempt, seen by whoever sees the task,
//! streamed both ways.

use std::future::ready;
use std::sync::Arc;

use axum::body::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;
use milepost::clock::Clock;
use milepost::error::{Error, Result};
use milepost::jobs::actions::{self, Finish, NewArtifact, Wanted, claim, finish};
use milepost::jobs::artifacts::{Artifact, ArtifactName};
use milepost::jobs::items::{ItemOutcome, NewItem};
use milepost::jobs::{Outcome, sql};
use milepost::tasks::actions::{NewJob, Report, delete, report};
use milepost::tasks::progress::CountsGiven;
use milepost::tasks::{Task, TaskId, Via};
use sha2::{Digest, Sha256};

use crate::support::jobs::{create_job, task, viewer};
use crate::support::random::Random;
use crate::support::server::{House, Running};

async fn open_house() -> House {
    let house = House::open().await;
    // It has done what it does at its start.
    house.nobody().get("/healthz").await.expect(200);
    house
}

async fn append(house: &House, name: &str, id: TaskId, attempt: Option<i64>, text: &'static str) -> Result<Arc<Task>> {
    let verb = move |w: &mut milepost::db::Write<'_>, by: &milepost::tasks::By| {
        actions::append_log(w, by, id, attempt, text.as_bytes())
    };
    house.server.app.act(&viewer(house, name), Via::Api, verb).await
}

async fn end(house: &House, id: TaskId, attempt: Option<i64>, outcome: Outcome) -> Arc<Task> {
    let said = Finish { attempt, outcome, result: None, error: None };
    house.server.app.act(&viewer(house, "alice"), Via::Api, move |w, by| finish(w, by, id, said)).await.unwrap()
}

async fn claim_letters(house: &House) -> Arc<Task> {
    let wanted = Wanted { kinds: vec!["letters".into()], queues: vec![], worker: None, lease_seconds: 30 };
    let alice = viewer(house, "alice");
    house.server.app.act(&alice, Via::Api, move |w, by| claim(w, by, &wanted)).await.unwrap().expect("a job waits")
}

async fn log_of(house: &House, name: &str, id: TaskId) -> Result<(String, bool)> {
    let (piece, has_ended) = actions::read_log(&house.server.app, &viewer(house, name), id, 0).await?;
    Ok((piece.text, has_ended))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_written_by_the_attempt_that_runs_and_read_by_whoever_sees_the_task() {
    let house = open_house().await;
    let kind = NewJob { job_kind: Some("letters".into()), ..NewJob::default() };
    let id = create_job(&house, "alice", kind).await.unwrap();
    let early = append(&house, "alice", id, Some(1), "early\n").await;
    assert!(matches!(early, Err(Error::Conflict(_))), "nobody has claimed it: {early:?}");
    assert_eq!(claim_letters(&house).await.id, id);
    append(&house, "alice", id, Some(1), "one\n").await.unwrap();
    assert!(matches!(append(&house, "alice", id, None, "x").await, Err(Error::Conflict(_))));
    end(&house, id, Some(1), Outcome::Failed).await;
    append(&house, "alice", id, Some(1), "last words\n").await.expect("what it wrote last may come late");
    house.advance(SignedDuration::from_mins(5));
    let again = crate::support::eventually("the next attempt", || async {
        let wanted = Wanted { kinds: vec!["letters".into()], queues: vec![], worker: None, lease_seconds: 30 };
        let alice = viewer(&house, "alice");
        house.server.app.act(&alice, Via::Api, move |w, by| claim(w, by, &wanted)).await.unwrap()
    });
    assert_eq!(again.await.job().unwrap().attempt, 2);
    let zombie = append(&house, "alice", id, Some(1), "zombie\n").await;
    assert!(matches!(zombie, Err(Error::Conflict(_))), "{zombie:?}");
    append(&house, "alice", id, Some(2), "two\n").await.unwrap();
    assert_eq!(log_of(&house, "ada", id).await.unwrap(), ("one\nlast words\ntwo\n".to_owned(), false));
    assert_eq!(task(&house, id).job().unwrap().log_bytes, 19);
    for name in ["bob", "stranger"] {
        assert!(matches!(log_of(&house, name, id).await, Err(Error::NotFound)), "{name} sees nothing");
        assert!(matches!(append(&house, name, id, Some(2), "x").await, Err(Error::NotFound)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_hears_that_a_log_grew_and_the_trail_does_not() {
    let house = open_house().await;
    let id = create_job(&house, "alice", NewJob::default()).await.unwrap();
    append(&house, "alice", id, None, "begun\n").await.unwrap();
    let program = house.program("alice", "read").await;
    let mut stream = program.events(&format!("/api/v1/events?task={id}"), None).await;
    stream.named("hello").await;
    let entries = crate::support::jobs::changes(&house, id).len();
    append(&house, "alice", id, None, "more\n").await.unwrap();
    let event = stream.named("task").await;
    assert_eq!(event.id, None, "a tick has no place in the trail");
    assert_eq!(crate::support::jobs::changes(&house, id).len(), entries);
}

fn file(name: &str, bytes: Option<u64>) -> NewArtifact {
    let name = ArtifactName::parse(name).unwrap();
    NewArtifact { name, content_type: "application/octet-stream".into(), attempt: None, bytes, expires_at: None }
}

async fn store(house: &House, id: TaskId, name: &str, body: impl Stream<Item = Result<Bytes>>) -> Result<Artifact> {
    let by = house.server.app.by(&viewer(house, "alice"), Via::Api);
    actions::store_artifact(&house.server.app, &by, id, file(name, None), body).await
}

/// These bytes in pieces of all sizes, as a network brings them.
fn in_pieces(bytes: &[u8], random: &mut Random) -> impl Stream<Item = Result<Bytes>> + use<> {
    let (mut rest, mut pieces) = (bytes, Vec::new());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((random.below(700_000) as usize + 1).min(rest.len()));
        pieces.push(Ok(Bytes::copy_from_slice(piece)));
        rest = after;
    }
    stream::iter(pieces)
}

async fn load(house: &House, name: &str, id: TaskId, file: &str) -> Result<Vec<u8>> {
    let name_of = ArtifactName::parse(file).unwrap();
    let (_, chunks) = actions::read_artifact(&house.server.app, &viewer(house, name), id, name_of).await?;
    chunks
        .try_fold(Vec::new(), |mut all, chunk| {
            all.extend_from_slice(&chunk);
            ready(Ok(all))
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_back_as_it_was_sent_and_is_replaced_under_those_who_read_it() {
    let house = open_house().await;
    let mut random = Random::new("files of all sizes");
    let id = create_job(&house, "alice", NewJob::default()).await.unwrap();
    for size in [0, 1, 256 * 1024, 1024 * 1024, 3_000_001] {
        let bytes: Vec<u8> = (0..size).map(|_| random.next() as u8).collect();
        let stored = store(&house, id, "report.bin", in_pieces(&bytes, &mut random)).await.unwrap();
        assert_eq!(stored.bytes, i64::from(size));
        assert_eq!(stored.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
        assert!(load(&house, "ada", id, "report.bin").await.unwrap() == bytes, "{size} bytes come back");
    }
    let app = &house.server.app;
    let name = ArtifactName::parse("report.bin").unwrap();
    let (old, chunks) = actions::read_artifact(app, &viewer(&house, "ada"), id, name).await.unwrap();
    let mut chunks = Box::pin(chunks);
    let mut got = chunks.next().await.unwrap().unwrap().len();
    store(&house, id, "report.bin", stream::iter([Ok(Bytes::from_static(b"new"))])).await.unwrap();
    actions::remove_leftovers(app).await.unwrap();
    while let Some(chunk) = chunks.next().await {
        got += chunk.unwrap().len();
    }
    assert_eq!(i64::try_from(got).unwrap(), old.bytes, "who began to read the old one reads it to its end");
    assert_eq!(load(&house, "ada", id, "report.bin").await.unwrap(), b"new");
    assert!(matches!(load(&house, "bob", id, "report.bin").await, Err(Error::NotFound)));
    house.advance(SignedDuration::from_mins(20));
    actions::remove_leftovers(app).await.unwrap();
    assert_eq!(count(&house, "artifact_chunks"), 1);
}

fn count(house: &House, table: &str) -> i64 {
    house.look().query_row(&format!("select count(*) from {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_breaks_off_is_not_there_and_does_not_stay() {
    let house = open_house().await;
    let id = create_job(&house, "alice", NewJob::default()).await.unwrap();
    let half = vec![Ok(Bytes::from(vec![1; 2_000_000])), Err(anyhow::anyhow!("the sender went away").into())];
    assert!(store(&house, id, "half.bin", stream::iter(half)).await.is_err());
    crate::support::eventually("it is given up", || async {
        let arriving: i64 = house
            .look()
            .query_row("select count(*) from artifacts where state = 'arriving'", [], |row| row.get(0))
            .unwrap();
        (arriving == 0).then_some(())
    })
    .await;
    assert!(sql::artifacts(&house.look(), id).unwrap().is_empty());
    // One whose sender says nothing more, in a server that ends.
    let by = house.server.app.by(&viewer(&house, "alice"), Via::Api);
    let app = house.server.app.clone();
    let (began, mut begun) = tokio::sync::mpsc::channel::<()>(1);
    let body = stream::unfold(0, move |place| {
        let began = began.clone();
        async move {
            if place == 2 {
                let _ = began.send(()).await;
                std::future::pending::<()>().await;
            }
            Some((Ok(Bytes::from(vec![2; 1_500_000])), place + 1))
        }
    });
    let upload =
        tokio::spawn(async move { actions::store_artifact(&app, &by, id, file("slow.bin", None), body).await });
    begun.recv().await.unwrap();
    let (database, later) = (house.database(), house.server.clock.now());
    let conn = house.look();
    let (folder, server) = house.into_parts();
    server.stop().await;
    upload.abort();
    let arriving = |conn: &rusqlite::Connection| -> i64 {
        conn.query_row("select count(*) from artifacts where state = 'arriving'", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(arriving(&conn), 1);
    let server = Running::start(&database, Clock::manual(later)).await;
    crate::support::eventually("the next start gives it up", || async { (arriving(&conn) == 0).then_some(()) }).await;
    server.clock.advance(SignedDuration::from_mins(20));
    actions::remove_leftovers(&server.app).await.unwrap();
    let left: i64 = conn.query_row("select count(*) from artifact_chunks", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    server.stop().await;
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_large_is_refused_before_it_is_sent() {
    let house = open_house().await;
    let id = create_job(&house, "alice", NewJob::default()).await.unwrap();
    let by = house.server.app.by(&viewer(&house, "alice"), Via::Api);
    let most = u64::try_from(house.server.app.config.output.artifact_bytes).unwrap();
    let never = stream::poll_fn(|_| panic!("nothing of it is read"));
    let refused = actions::store_artifact(&house.server.app, &by, id, file("big.iso", Some(most + 1)), never).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}

async fn report_items(house: &House, id: TaskId, attempt: i64, items: Vec<NewItem>) -> Arc<Task> {
    let said = Report { attempt: Some(attempt), items, ..Report::default() };
    house.server.app.act(&viewer(house, "alice"), Via::Api, move |w, by| report(w, by, id, &said)).await.unwrap()
}

fn item(key: &str, outcome: ItemOutcome, message: Option<&str>) -> NewItem {
    NewItem { key: Some(key.into()), outcome, message: message.map(Into::into) }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_move_the_counts_and_failed_ones_can_be_tried_again() {
    use ItemOutcome::{Failed, Succeeded};
    let house = open_house().await;
    let kind = NewJob { job_kind: Some("letters".into()), max_attempts: Some(1), ..NewJob::default() };
    let id = create_job(&house, "alice", kind).await.unwrap();
    claim_letters(&house).await;
    let first =
        vec![item("a", Succeeded, None), item("b", Failed, Some("no street")), item("c", Failed, Some("no street"))];
    // A total says nothing about how the items came out.
    let counts = CountsGiven { total: Some(3), ..CountsGiven::default() };
    let said = Report { attempt: Some(1), counts, items: first, ..Report::default() };
    let verb = move |w: &mut milepost::db::Write<'_>, by: &milepost::tasks::By| report(w, by, id, &said);
    let reported = house.server.app.act(&viewer(&house, "alice"), Via::Api, verb).await.unwrap();
    let counts = reported.counts.unwrap();
    assert_eq!((counts.succeeded, counts.failed, counts.processed()), (1, 2, 3));
    end(&house, id, Some(1), Outcome::Failed).await;
    house
        .server
        .app
        .act(&viewer(&house, "alice"), Via::Api, move |w, by| actions::retry(w, by, id, true))
        .await
        .unwrap();
    let again = claim_letters(&house).await;
    assert!(again.job().unwrap().only_failed_items);
    let app = &house.server.app;
    let failed = actions::items(app, &viewer(&house, "alice"), id, Some(Failed), 0, 10).await.unwrap();
    assert_eq!(failed.iter().map(|item| item.key.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    let second = vec![item("b", Succeeded, None), item("c", Failed, Some("mailbox full"))];
    let counts = report_items(&house, id, 2, second).await.counts.unwrap();
    assert_eq!((counts.succeeded, counts.failed, counts.total), (2, 1, Some(3)));
    let groups = actions::item_groups(app, &viewer(&house, "alice"), id, Failed, 10, 3).await.unwrap();
    assert_eq!((groups.len(), groups[0].message.as_deref()), (1, Some("mailbox full")));
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_exported_as_a_table_in_which_nothing_computes() {
    let house = open_house().await;
    let id =
        create_job(&house, "alice", NewJob { job_kind: Some("letters".into()), ..NewJob::default() }).await.unwrap();
    claim_letters(&house).await;
    for round in 0..3 {
        let items = (0..1_000).map(|number| item(&format!("{round}-{number}"), ItemOutcome::Succeeded, None)).collect();
        report_items(&house, id, 1, items).await;
    }
    let evil = item("=HYPERLINK(\"x\")", ItemOutcome::Failed, Some("a \"quoted\",\nbroken line"));
    report_items(&house, id, 1, vec![evil]).await;
    let table = actions::items_csv(&house.server.app, &viewer(&house, "ada"), id, None).await.unwrap();
    let pieces: Vec<Vec<u8>> = table.try_collect().await.unwrap();
    assert!(pieces.len() > 3, "it is written while it is read");
    let text = String::from_utf8(pieces.concat()).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["key", "outcome", "message", "attempt", "at"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(std::result::Result::unwrap).collect();
    assert_eq!(rows.len(), 3_001);
    assert_eq!(&rows[3_000][0], "'=HYPERLINK(\"x\")");
    assert_eq!(&rows[3_000][2], "a \"quoted\",\nbroken line");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_jobs_output_goes_with_it() {
    let house = open_house().await;
    let id = create_job(&house, "alice", NewJob::default()).await.unwrap();
    append(&house, "alice", id, None, "words\n").await.unwrap();
    store(&house, id, "file.txt", stream::iter([Ok(Bytes::from_static(b"bytes"))])).await.unwrap();
    report_items(&house, id, 1, vec![item("a", ItemOutcome::Failed, Some("x"))]).await;
    end(&house, id, None, Outcome::Done).await;
    house.server.app.act(&viewer(&house, "alice"), Via::Api, move |w, by| delete(w, by, id)).await.unwrap();
    assert!(matches!(log_of(&house, "alice", id).await, Err(Error::NotFound)));
    house.advance(SignedDuration::from_mins(20));
    actions::remove_leftovers(&house.server.app).await.unwrap();
    for table in ["job_outputs", "job_log", "items", "item_groups", "artifacts", "artifact_chunks", "output_removals"] {
        assert_eq!(count(&house, table), 0, "{table}");
    }
}
