//! The server below the pages: limits of streams, connections that say too little, too much or nothing, both protocols,
//! and the end of the server.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use jiff::SignedDuration;
use milepost::clock::Clock;
use milepost::config::{Config, Streams};
use milepost::live::{EndReason, Letter};
use milepost::people::{OrganisationId, Presence, UserId};
use reqwest::Method;

use crate::support::binary::Binary;
use crate::support::client::Client;
use crate::support::curl::Curl;
use crate::support::events::{Event, events_in};
use crate::support::html::Page;
use crate::support::raw::{Raw, get};
use crate::support::server::{House, PASSWORD, Running, monday, template_copy};
use crate::support::{PATIENCE, eventually, in_time, say};

const MONITOR: &str = "/events?view=monitor";

async fn asked(client: &Client, path: &str) -> Page {
    client.send(client.request(Method::GET, path).header("sec-fetch-mode", "cors")).await
}

fn refused(answer: &Page, status: u16, sentence: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.said());
    let seconds: u64 = answer.header("retry-after").parse().expect("says when to come back");
    assert!((1..=120).contains(&seconds), "{seconds}");
    assert!(answer.body.contains(sentence), "{sentence:?} in {}", answer.said());
}

async fn streams_are(house: &House, count: usize) {
    let hub = &house.server.app.hub;
    eventually(&format!("{count} streams are open"), || async { (hub.streams() == count).then_some(()) }).await;
}

/// More frames than sockets keep, to those of bob's streams that show who is there.
fn flood(house: &House) {
    let user = UserId::new(house.people.id("bob").parse().unwrap());
    let letter = Letter::Presence { organisation: OrganisationId::new(1), user, presence: Presence::Idle };
    let hub = &house.server.app.hub;
    // Fewer commits than a channel keeps.
    for _ in 0..8 {
        hub.publish(vec![letter.clone(); 50_000], hub.announced());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_an_organisation_and_the_server_have_only_so_many_streams_and_a_closed_one_makes_room() {
    let limits = Streams { per_user: 2, per_organisation: 3, in_all: 4, ..Streams::default() };
    let house = House::open_with(|config| config.streams = limits).await;
    let (alice, bob, carol, stranger) = (house.alice(), house.bob(), house.carol(), house.stranger());
    let first = bob.events(MONITOR, None).await;
    let second = bob.events(MONITOR, None).await;
    refused(&asked(&bob, MONITOR).await, 429, "You have too many live pages and connections open.");
    let third = carol.events(MONITOR, None).await;
    refused(&asked(&alice, MONITOR).await, 429, "Your organisation has too many live connections open.");
    let fourth = stranger.events(MONITOR, None).await;
    refused(&asked(&stranger, MONITOR).await, 503, "The server has no room for more live connections.");
    // Pages go on.
    alice.open("/monitor").await;
    drop(first);
    streams_are(&house, 3).await;
    let fifth = alice.events(MONITOR, None).await;
    refused(&asked(&bob, MONITOR).await, 503, "The server has no room for more live connections.");
    drop((second, third, fourth, fifth));
    streams_are(&house, 0).await;
    assert_eq!(house.server.app.hub.channels(), 0);
    bob.events(MONITOR, None).await.named("hello").await;
}

async fn impatient() -> Running {
    let (folder, _) = template_copy().await;
    // Kept for as long as the process: the server closes it by itself.
    let db = folder.keep().join("milepost.db");
    let config = Config { db, head_timeout: Duration::from_millis(300), ..Config::default() };
    Running::with(config, Clock::manual(monday())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_finish_a_request_is_not_waited_for() {
    let server = impatient().await;
    let begun = ["", "P", "PRI * HTT", "GET /healthz HTTP/1.1\r\nHost: milepost\r\nCook"];
    // One that asked once, and keeps the connection without a word.
    let kept = "GET /healthz HTTP/1.1\r\nHost: milepost\r\n\r\n";
    for text in begun.into_iter().chain([kept]) {
        let mut raw = Raw::open(&server.url);
        raw.send(text);
        let rest = tokio::task::spawn_blocking(move || raw.rest().0);
        let said = in_time(&format!("closed after {text:?}"), rest).await.unwrap();
        assert_eq!(said.ends_with("\r\n\r\nok\n") || said.ends_with("\r\n\r\nok"), text == kept, "{text:?}: {said}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_follows_other_answers_on_its_connection_which_arrive_whole() {
    let house = House::open().await;
    let bob = house.bob();
    let page = get("/tasks", &bob);
    let stream = get("/events?view=mine", &bob);
    // At once, and one after the other on a connection that is kept.
    for is_pipelined in [true, false] {
        let mut raw = Raw::open(house.url());
        if is_pipelined {
            raw.send(&format!("{page}{page}{stream}"));
        }
        for _ in 0..2 {
            if !is_pipelined {
                raw.send(&page);
            }
            let answer = raw.answer();
            assert!(answer.head.starts_with("http/1.1 200 "), "{}", answer.head);
            assert!(String::from_utf8(answer.body).unwrap().trim_end().ends_with("</html>"), "a page is whole");
        }
        if !is_pipelined {
            raw.send(&stream);
        }
        let head = raw.until("\r\n\r\n").to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200 ") && head.contains("content-type: text/event-stream"), "{head}");
        assert!(head.contains("connection: close") && !head.contains("chunked") && !head.contains("content-length"));
        raw.until("event: hello");
        streams_are(&house, 1).await;
        drop(raw);
        streams_are(&house, 0).await;
    }
}

/// More answers than the sockets keep, to a reader that reads none of them until the last was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_waits_until_the_answers_before_it_have_left() {
    let house = House::open().await;
    let bob = house.bob();
    let page = house.alice().open("/sign-in").await;
    let asset = page.attributes("script[src], link[rel='stylesheet']", "src");
    let script = asset.into_iter().find(|src| src.contains("htmx")).expect("a page has a large script");
    let mut raw = Raw::with_small_buffer(house.url());
    let count = 200;
    let requests = get(&script, &bob).repeat(count);
    let mut sender = raw.socket.try_clone().unwrap();
    let stream = get("/events?view=mine", &bob);
    let sending = tokio::task::spawn_blocking(move || {
        use std::io::Write;
        sender.write_all(requests.as_bytes()).unwrap();
        sender.write_all(stream.as_bytes()).unwrap();
    });
    raw.is_stuck().await;
    let heard = tokio::task::spawn_blocking(move || {
        let lengths: BTreeSet<usize> = (0..count).map(|_| raw.answer().body.len()).collect();
        (lengths, raw.until("event: hello"))
    });
    let (lengths, rest) = in_time("all of it arrives", heard).await.unwrap();
    sending.await.unwrap();
    assert_eq!(lengths.len(), 1, "each answer is as long as the other");
    assert!(rest.to_ascii_lowercase().starts_with("http/1.1 200 ok\r\n"), "{rest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_a_stream_asked_for_alone_takes_no_place() {
    let house = House::open().await;
    let bob = house.bob();
    let mut raw = Raw::open(house.url());
    raw.send(&get("/events?view=mine", &bob).replacen("GET", "HEAD", 1));
    let head = raw.until("\r\n\r\n").to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200 ") && head.contains("text/event-stream"), "{head}");
    raw.send(&get("/healthz", &bob));
    assert_eq!(String::from_utf8(raw.answer().body).unwrap().trim(), "ok", "nothing stood between the two answers");
    streams_are(&house, 0).await;
    assert_eq!(house.server.app.hub.channels(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_reading_is_let_go_after_two_pings() {
    let limits = Streams { ping: Duration::from_millis(300), ..Streams::default() };
    let house = House::open_with(|config| config.streams = limits).await;
    let curl = signed_in_by_http2(&house);
    let mut raw = Raw::with_small_buffer(house.url());
    raw.send(&get(MONITOR, &house.bob()));
    raw.until("event: hello");
    // Curl stops reading when nobody takes what it prints.
    let mut command = curl.command(MONITOR);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    streams_are(&house, 2).await;
    let mut reading = house.bob().events(MONITOR, None).await;
    flood(&house);
    let reader = tokio::spawn(async move {
        reading.until("the flood", |event| event.name == "presence").await;
        reading.until("a ping after the flood", |event| event.name == "ping").await;
        reading
    });
    raw.is_stuck().await;
    streams_are(&house, 1).await;
    let mut reading = in_time("whoever reads goes on", reader).await.unwrap();
    reading.named("ping").await;
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Resident memory of this process in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_do_not_read_cost_no_more_than_their_outbox() {
    // No ping looks whether they read while this goes on.
    let house = House::open_with(|config| config.streams.ping = PATIENCE * 10).await;
    let raws: Vec<Raw> = (0..40)
        .map(|_| {
            let mut raw = Raw::with_small_buffer(house.url());
            raw.send(&get(MONITOR, &house.bob()));
            raw.until("event: hello");
            raw
        })
        .collect();
    streams_are(&house, 40).await;
    let before = memory();
    flood(&house);
    for raw in &raws {
        raw.is_stuck().await;
    }
    let grown = memory().saturating_sub(before) / 1024 / 1024;
    // All of it, for each: 40 times 20 MB. Other tests run beside this one, and the letters themselves take some.
    say(&format!("40 stalled readers of a flood: memory grew by {grown} MB"));
    assert!(grown < 400, "{grown} MB");
    assert_eq!(house.server.app.hub.streams(), 40, "they are still there");
}

/// What a stream said about this task, by the percents of its reports.
fn percents(events: &[Event]) -> Vec<u32> {
    let reports = events.iter().filter(|event| event.name == "task");
    let percent = |event: &Event| event.data.split("value=\"").nth(1)?.split('"').next()?.parse().ok();
    reports.filter_map(percent).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lags_is_told_so_and_gets_everything_by_the_cursor() {
    // No ping looks whether they read while this goes on.
    let house = House::open_with(|config| config.streams.ping = PATIENCE * 10).await;
    let task = house.assign("Paint the north pier", "bob").await;
    let bob = house.bob();
    let mut raw = Raw::with_small_buffer(house.url());
    raw.send(&get(MONITOR, &bob));
    // The greeting is heard by whoever hears all that comes after it.
    let greeting = raw.until("event: hello");
    flood(&house);
    raw.is_stuck().await;
    for percent in 1..=40 {
        let path = format!("/tasks/{task}/progress");
        house.alice().post(&path, &[("progress", &percent.to_string())]).await.expect(303);
    }
    assert_eq!(house.server.app.hub.streams(), 1, "it is cut when it reads on, not before");
    let (text, is_proper) = in_time("it ends", tokio::task::spawn_blocking(move || raw.rest())).await.unwrap();
    let mut heard = events_in(&format!("{greeting}{text}"));
    assert!(is_proper);
    let end = heard.pop().unwrap();
    assert_eq!((end.name.as_str(), end.json()["reason"].as_str()), ("end", Some("lagged")));
    let cursor = heard.iter().rev().find_map(|event| event.id.clone()).expect("at least the greeting has one");
    let entries = |events: &[Event]| -> Vec<i64> {
        let ids = events.iter().filter(|event| event.name != "hello").filter_map(|event| event.id.as_deref());
        ids.map(|id| id.rsplit('-').next().unwrap().parse().unwrap()).collect()
    };
    let before = entries(&heard).len();
    let mut again = bob.events(MONITOR, Some(&cursor)).await;
    for _ in before..40 {
        again.until("the next entry", |event| event.name != "hello" && event.id.is_some()).await;
    }
    // From the past each entry shows the task as it is by now; every entry comes, in order, and none twice.
    heard.append(&mut again.seen);
    let sequences = entries(&heard);
    assert_eq!(percents(&heard).last(), Some(&40));
    let conn = house.look();
    let mut statement = conn.prepare("select sequence from trail where change = 'progress' order by sequence").unwrap();
    let trail: Vec<i64> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(sequences, trail);
}

/// Bob, by HTTP/2 without TLS.
fn signed_in_by_http2(house: &House) -> Curl {
    let curl = Curl::new(house.url(), &["--http2-prior-knowledge"]);
    let form = curl.open("/sign-in").form("[action*='sign-in']");
    let answer = curl.submit(&form.fill("email", "bob@harbour.example").fill("password", PASSWORD));
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.said());
    curl
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_carries_pages_and_streams_and_its_closed_streams_make_room() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let curl = signed_in_by_http2(&house);
    assert!(curl.open("/tasks").contains("Paint the north pier"));
    let (status, mut events) = curl.events("/events?view=mine");
    assert_eq!(status.as_u16(), 200);
    assert!(events.headers.get("content-length").is_none() && events.headers.get("connection").is_none());
    events.named("hello").await;
    let path = format!("/tasks/{task}/progress");
    house.alice().post(&path, &[("progress", "41")]).await.expect(303);
    events.until("the report", |event| percents(std::slice::from_ref(event)) == [41]).await;
    assert_eq!(house.server.app.hub.streams(), 1);
    drop(events);
    streams_are(&house, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_tells_each_stream_on_both_protocols_and_when_to_come_back() {
    let house = House::open().await;
    let curl = signed_in_by_http2(&house);
    let mut streams = vec![curl.events(MONITOR).1];
    for client in [house.alice(), house.bob(), house.carol()] {
        streams.push(client.events(MONITOR, None).await);
    }
    for stream in &mut streams {
        stream.named("hello").await;
    }
    house.server.stop().await;
    for mut stream in streams {
        let rest = stream.rest().await;
        let [.., end] = rest.as_slice() else { panic!("it just closed") };
        assert_eq!((end.name.as_str(), end.json()["reason"].as_str()), ("end", Some(EndReason::Shutdown.as_str())));
        assert!(end.retry.is_some_and(|millis| (500..=3_000).contains(&millis)), "{end:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_system_gives_few_files_the_log_says_so_and_streams_are_refused_before_pages_are() {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let conn = rusqlite::Connection::open(&database).unwrap();
    let soon = Clock::system().now() + SignedDuration::from_hours(24);
    conn.execute("update sessions set expires_at = ?", [soon.as_microsecond()]).unwrap();
    drop(conn);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 300; exec \"$0\" \"$@\""]).arg(env!("CARGO_BIN_EXE_milepost"));
    let mut server = Binary::start_by(shell, &database, "127.0.0.1:0", &[]);
    let warning = server.said("the limit of open files (300) leaves room for");
    assert!(warning.contains("ulimit -n "), "{warning}");
    let bob = people.client("bob", &server.url);
    let mut open = Vec::new();
    let refusal = loop {
        assert!(open.len() < 300, "never refused");
        let answer = bob.request(Method::GET, MONITOR).header("sec-fetch-mode", "cors").send();
        let answer = in_time("an answer", answer).await.unwrap();
        if answer.status() != 200 {
            break answer;
        }
        open.push(answer);
    };
    assert_eq!((refusal.status().as_u16(), refusal.headers().contains_key("retry-after")), (503, true));
    assert!(warning.contains(&format!("room for {} live streams", open.len())), "{} in {warning}", open.len());
    people.client("alice", &server.url).open("/monitor").await;
    // Connections that ask for nothing take what files are left: that is said, too, and does not last.
    let idle: Vec<Raw> = (0..300).map(|_| Raw::open(&server.url)).collect();
    server.said("no more connections can be taken");
    drop(idle);
    people.client("carol", &server.url).open("/tasks").await;
}
