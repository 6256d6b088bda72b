//! Kills while work comes in from outside: the real program ends without a word while it saves a feed, or the export of another
//! tracker, and is started again. In the end everything is there once, as the file says it, and the store is whole.

use std::path::Path;

use milepost::jobs::BuiltIn;
use milepost::tasks::{Status, Task, TaskId};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::binary::Binary;
use crate::support::client::Client;
use crate::support::other::{Other, Reply};
use crate::support::random::Random;
use crate::support::server::{People, make_token, template_copy};
use crate::support::sheet::{tally, upload_for, uploaded};
use crate::support::{eventually, program, say};

/// A dozen chunks of a save.
const ENTRIES: i64 = 6_000;
const KILLS: i64 = 4;
const MORE: [&str; 2] = ["--allow-private-addresses", "127.0.0.0/8"];

/// A program of the real binary's, over its kills.
struct Killed {
    database: std::path::PathBuf,
    server: Binary,
    token: String,
    random: Random,
    _folder: tempfile::TempDir,
    people: People,
}

impl Killed {
    async fn begin(name: &str) -> Killed {
        let (folder, people) = template_copy().await;
        let database = folder.path().join("milepost.db");
        let server = Binary::start_with(&database, "127.0.0.1:0", &MORE);
        let token = make_token(&people.client("alice", &server.url), "/account", "read report work admin").await;
        Killed { database, server, token, random: Random::new(name), _folder: folder, people }
    }

    fn alice(&self) -> Client {
        self.people.client("alice", &self.server.url)
    }

    fn look(&self) -> Connection {
        look(&self.database)
    }

    async fn start(&self, kind: &str, payload: Value) -> TaskId {
        let body = json!({ "title": "In", "job_kind": kind, "max_attempts": 20, "backoff": [0], "payload": payload });
        let made = program::make(&Client::with_token(&self.server.url, &self.token), body).await;
        TaskId::new(made["id"].as_i64().unwrap())
    }

    /// Kills it again and again while `done` grows to so many, then lets the job end.
    async fn run(&mut self, id: TaskId, done: impl Fn(&Connection) -> i64, of: i64) -> Task {
        let before = done(&self.look());
        let mut cut = Vec::new();
        for round in 0..KILLS {
            let enough = before + of * round / KILLS + 1 + self.random.below(of as u64 / 20) as i64;
            let conn = self.look();
            eventually("more is saved", || async { (done(&conn) >= enough).then_some(()) }).await;
            self.server.kill();
            cut.push(done(&conn) - before);
            // The lease that died with the server is over.
            conn.execute("update jobs set lease_seconds = 1 where task_id = ?", [id]).unwrap();
            drop(conn);
            self.server = Binary::start_with(&self.database, "127.0.0.1:0", &MORE);
        }
        say(&format!("killed when {cut:?} of {of} were saved"));
        assert!(cut.iter().any(|saved| *saved < of), "none was killed in the middle");
        let database = &self.database;
        let ended = || async { Some(task(database, id)).filter(|task| task.status.has_ended()) };
        let ended = eventually("the job ends", ended).await;
        assert_eq!(ended.status, Status::Done, "{:?}", ended.job().unwrap().error);
        assert!(ended.job().unwrap().attempt > 1);
        ended
    }

    /// What the program itself finds wrong with its store.
    async fn check(&mut self) {
        let id = self.start("check-integrity", json!({})).await;
        let database = &self.database;
        let checked = || async { Some(task(database, id)).filter(|task| task.status.has_ended()) };
        let checked = eventually("the store is checked", checked).await;
        let result = checked.job().unwrap().result.as_deref().cloned().unwrap();
        assert_eq!((checked.status, &result["findings"]), (Status::Done, &json!(0)), "{result}");
        assert_eq!(self.server.complaints(), [""; 0]);
    }
}

fn look(database: &Path) -> Connection {
    let conn = Connection::open(database).unwrap();
    conn.busy_timeout(crate::support::PATIENCE).unwrap();
    conn
}

fn task(database: &Path, id: TaskId) -> Task {
    milepost::tasks::sql::find(&look(database), id).unwrap().unwrap()
}

fn number(conn: &Connection, sql: &str) -> i64 {
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

const ASSIGNMENTS: &str = "select count(*) from tasks where kind = 'assignment'";

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_over_kills_is_there_once_and_as_it_says() {
    let rows = |rows: &mut dyn Iterator<Item = i64>, title: &str| {
        let rows: String = rows.map(|number| format!("{number},{title} {number}\n")).collect();
        format!("external id,title\n{rows}")
    };
    let other = Other::start(Reply::ok(rows(&mut (1..=ENTRIES), "Row"))).await;
    let mut killed = Killed::begin("a feed over kills").await;
    let payload = json!({ "url": other.url });
    let id = killed.start("sync-feed", payload.clone()).await;
    let done = killed.run(id, |conn| number(conn, ASSIGNMENTS), ENTRIES).await;
    let [new, updated, same, failed] = tally(done.job().unwrap().result.as_deref().unwrap());
    assert_eq!((new + same, updated, failed), (ENTRIES, 0, 0), "what earlier attempts made is as it says");
    let conn = killed.look();
    let each = "select count(distinct title) from tasks where kind = 'assignment' and title like 'Row %'";
    let made = "select count(*) from trail where change = 'created' and task_id in
        (select task_id from feed_entries)";
    for sql in [ASSIGNMENTS, each, made, "select count(*) from feed_entries"] {
        assert_eq!(number(&conn, sql), ENTRIES, "{sql}");
    }
    // It changes; some of it goes.
    other.replies(Reply::ok(rows(&mut (1..=ENTRIES).filter(|number| number % 3 > 0), "Line")));
    let id = killed.start("sync-feed", payload).await;
    let changed =
        "select count(*) from tasks where kind = 'assignment' and (title like 'Line %' or status = 'cancelled')";
    killed.run(id, |conn| number(conn, changed), ENTRIES).await;
    let conn = killed.look();
    assert_eq!(number(&conn, changed), ENTRIES);
    let gone = "select count(*) from tasks where kind = 'assignment' and status = 'cancelled' and title like 'Row %'";
    assert_eq!(number(&conn, gone), ENTRIES / 3);
    let entries = "select count(*) from trail where change in ('title', 'cancelled') and task_id in
        (select task_id from feed_entries)";
    assert_eq!(number(&conn, entries), ENTRIES, "each was changed once");
    killed.check().await;
}

/// A board of so many cards, each with a comment.
fn board(cards: i64) -> Vec<u8> {
    let mut board: Value = serde_json::from_slice(include_bytes!("fixtures/trackers/trello.json")).unwrap();
    let (card, action) = (board["cards"][1].clone(), board["actions"][1].clone());
    let id = |number: i64| format!("{number:024x}");
    let cards_of = |number: i64| {
        let mut card = card.clone();
        (card["id"], card["name"]) = (json!(id(number)), json!(format!("Card {number}")));
        card["idList"] = json!("64f0000000000000000000c1");
        card
    };
    let said = |number: i64| {
        let mut action = action.clone();
        action["id"] = json!(id(1_000_000 + number));
        action["data"] = json!({ "text": format!("Said of {number}"), "card": { "id": id(number) } });
        action
    };
    board["cards"] = (1..=cards).map(cards_of).collect();
    board["actions"] = (1..=cards).map(said).collect();
    serde_json::to_vec(&board).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_a_tracker_over_kills_is_there_once_with_what_was_said() {
    let mut killed = Killed::begin("a tracker over kills").await;
    let cards = ENTRIES / 2;
    let brought = upload_for(&killed.alice(), BuiltIn::ImportTracker, "board.json", &board(cards)).await.expect(303);
    let payload = json!({ "file": { "task": uploaded(&brought), "name": "board.json" } });
    let id = killed.start("import-tracker", payload.clone()).await;
    let done = killed.run(id, |conn| number(conn, ASSIGNMENTS), cards).await;
    let [new, updated, same, failed] = tally(done.job().unwrap().result.as_deref().unwrap());
    assert_eq!((new + same, updated, failed), (cards, 0, 0));
    let all = |conn: &Connection| {
        let each = "select count(distinct external_id) from tasks where external_id like 'trello:%'";
        let said = "select count(*) from trail where change = 'comment'";
        let once = "select count(distinct task_id) from trail where change = 'comment'";
        [ASSIGNMENTS, each, said, once, "select count(*) from projects where name = 'South pier'"]
            .map(|sql| number(conn, sql))
    };
    assert_eq!(all(&killed.look()), [cards, cards, cards, cards, 1]);
    let again = killed.start("import-tracker", payload).await;
    let database = &killed.database;
    let again = eventually("it ends", || async { Some(task(database, again)).filter(|task| task.status.has_ended()) });
    assert_eq!(tally(again.await.job().unwrap().result.as_deref().unwrap()), [0, 0, cards, 0]);
    assert_eq!(all(&killed.look()), [cards, cards, cards, cards, 1]);
    killed.check().await;
}
