//! Broadcasts over kills: the real binary is killed again and again while it sends, to a mail server and to a receiver that
//! fail at random. Each recipient gets it once; of the few that were under way, it is said that nobody knows.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use milepost::tasks::{Task, TaskId};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::binary::Binary;
use crate::support::client::Client;
use crate::support::mail::MailServer;
use crate::support::program;
use crate::support::random::Random;
use crate::support::receiver::Receiver;
use crate::support::server::{make_token, template_copy};
use crate::support::sheet::{upload, uploaded};
use crate::support::{eventually, say};

const RECIPIENTS: usize = 90;
const KILLS: u64 = 6;
const PER_MINUTE: i64 = 3_000;
const GAP_MICROS: i64 = 60_000_000 / PER_MINUTE;

fn states(conn: &Connection) -> BTreeMap<String, (String, String)> {
    let mut find = conn.prepare("select recipient, state, coalesce(told, '') from deliveries").unwrap();
    let rows = find.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn settled(database: &Path) -> usize {
    let conn = Connection::open(database).unwrap();
    states(&conn).values().filter(|(state, _)| state != "waiting" && state != "sending").count()
}

fn task(database: &Path, id: TaskId) -> Task {
    milepost::tasks::sql::find(&Connection::open(database).unwrap(), id).unwrap().unwrap()
}

/// Waits as long as it goes on.
async fn ends(database: &Path, id: TaskId) {
    let mut before = settled(database);
    while !task(database, id).status.has_ended() {
        let what = format!("it goes on beyond {before}");
        before = eventually(&what, || async {
            let now = settled(database);
            (now > before || task(database, id).status.has_ended()).then_some(now)
        })
        .await;
    }
}

/// Sends to this list by this channel, over kills and retries by hand; gives how each recipient stands in the end.
async fn over_kills(
    channel: &str,
    list: &str,
    random: &mut Random,
    more: &[&str],
) -> BTreeMap<String, (String, String)> {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let mut server = Binary::start_with(&database, "127.0.0.1:0", more);
    let alice = people.client("alice", &server.url);
    let file = uploaded(&upload(&alice, "list.csv", list.as_bytes()).await.expect(303));
    let token = make_token(&alice, "/account", "read work admin").await;
    let body = json!({
        "title": "To all", "job_kind": "broadcast", "max_attempts": 20, "backoff": [0],
        "payload": {
            "channel": channel, "to": "file", "file": { "task": file, "name": "list.csv" },
            "subject": "Hello", "text": "The pier is closed.", "per_minute": PER_MINUTE,
        },
    });
    let made = program::make(&Client::with_token(&server.url, &token), body).await;
    let id = TaskId::new(made["id"].as_i64().unwrap());
    for _ in 0..KILLS {
        let enough = (settled(&database) + 5 + random.below(8) as usize).min(RECIPIENTS);
        eventually("more are settled", || async { (settled(&database) >= enough).then_some(()) }).await;
        // The random moment itself: nothing is waited for here.
        let moment = Duration::from_micros(random.below(20_000));
        let _ = tokio::time::timeout(moment, std::future::pending::<()>()).await;
        server.kill();
        // The lease that died with the server is over.
        Connection::open(&database)
            .unwrap()
            .execute("update jobs set lease_seconds = 1 where task_id = ?", [id])
            .unwrap();
        server = Binary::start_with(&database, "127.0.0.1:0", more);
    }
    ends(&database, id).await;
    // What certainly did not arrive is tried until it does; what nobody knows of is left alone.
    for _ in 0..40 {
        let conn = Connection::open(&database).unwrap();
        if !states(&conn).values().any(|(state, _)| state == "failed") {
            break;
        }
        let program = Client::with_token(&server.url, &token);
        program::act(&program, &made, "retry", json!({})).await.expect(200);
        ends(&database, id).await;
    }
    let ended = task(&database, id);
    assert_eq!(ended.status, milepost::tasks::Status::Done, "{:?}", ended.job().unwrap().error);
    let conn = Connection::open(&database).unwrap();
    check_rate(&conn);
    assert_eq!(server.complaints(), [""; 0]);
    let states = states(&conn);
    let of = |word: &str| states.values().filter(|(state, _)| state == word).count();
    let result: Value = ended.job().unwrap().result.as_deref().unwrap().clone();
    assert_eq!(
        (result["sent"].as_u64(), result["may_have_been_sent"].as_u64()),
        (Some(of("sent") as u64), Some(of("unknown") as u64))
    );
    let counts = ended.counts.unwrap();
    assert_eq!((counts.succeeded as usize, counts.failed as usize), (of("sent"), of("unknown")));
    say(&format!("{channel}: {KILLS} kills, {} sent, {} uncertain of {RECIPIENTS}", of("sent"), of("unknown")));
    states
}

/// Between one claim and the next passes what the rate says, over all kills.
fn check_rate(conn: &Connection) {
    let mut find = conn.prepare("select claimed_at from deliveries order by claimed_at").unwrap();
    let claims: Vec<i64> = find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let short: Vec<i64> = claims.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap < GAP_MICROS).collect();
    assert!(short.is_empty(), "{short:?} microseconds are less than {GAP_MICROS}");
}

/// Nobody got it twice, whoever it says was sent to got it once, and all others are said to be uncertain.
fn check(states: &BTreeMap<String, (String, String)>, taken: impl Fn(&str) -> usize) {
    assert_eq!(states.len(), RECIPIENTS);
    for (recipient, (state, told)) in states {
        let times = taken(recipient);
        match state.as_str() {
            "sent" => assert_eq!(times, 1, "{recipient}"),
            "unknown" => assert!(times <= 1 && told.contains("may have been sent"), "{recipient}: {times}, {told}"),
            other => panic!("{recipient} is {other}: {told}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_gets_one_mail_over_kills_and_a_mail_server_that_fails_at_random() {
    let mut random = Random::new("mail over kills");
    let mail = MailServer::start(random.next() >> 1, 5);
    let list: String = (0..RECIPIENTS).map(|number| format!("r{number}@there.example\n")).collect();
    let more = ["--smtp-url", &mail.url(), "--mail-from", "works@harbour.example"];
    let states = over_kills("email", &list, &mut random, &more).await;
    let recipients = mail.recipients();
    check(&states, |recipient| recipients.iter().filter(|to| *to == recipient).count());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_webhook_is_called_once_over_kills_and_a_receiver_that_fails_at_random() {
    let mut random = Random::new("webhooks over kills");
    let receiver = Receiver::start(random.fork(), 20).await;
    let list: String = (0..RECIPIENTS).map(|number| format!("{}/r{number}\n", receiver.url)).collect();
    let more = ["--allow-private-addresses", "127.0.0.0/8"];
    let states = over_kills("webhook", &list, &mut random, &more).await;
    let taken = receiver.taken();
    let path = |url: &str| url.replace(&receiver.url, "");
    check(&states, |recipient| taken.get(&path(recipient)).copied().unwrap_or_default());
}
