//! The live stream: who hears what, in which order, and what happens after a cut.

use milepost::live::feed::From;
use milepost::live::{Cursor, Feed, Item, Watcher};
use milepost::locale::Lang;
use reqwest::Method;

use crate::support::client::Client;
use crate::support::events::{Event, Events};
use crate::support::server::House;
use crate::support::{eventually, in_time};

async fn report(client: &Client, task: &str, percent: u32) {
    let path = format!("/tasks/{task}/progress");
    client.post(&path, &[("progress", &percent.to_string())]).await.expect(303);
}

/// This event shows that task with that percent.
fn shows(event: &Event, task: &str, percent: u32) -> bool {
    let bar = format!("value=\"{percent}\"");
    event.name == "task" && event.data.contains(&format!("id=\"task-{task}\"")) && event.data.contains(&bar)
}

fn sequence(event: &Event) -> Option<i64> {
    event.id.as_deref().map(|id| id.rsplit('-').next().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_says_hello_first_and_is_never_stored_or_squeezed() {
    let house = House::open().await;
    let alice = house.alice();
    let request = alice.request(Method::GET, "/events?view=monitor").header("accept-encoding", "gzip, br, zstd");
    let mut stream = Events::new(request.send().await.unwrap());
    let header = |name: &str| stream.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    assert!(header("content-type").starts_with("text/event-stream"));
    assert!(header("cache-control").contains("no-cache") && header("cache-control").contains("no-transform"));
    assert_eq!(header("x-accel-buffering"), "no");
    assert_eq!(header("content-encoding"), "");
    let hello = stream.next().await.unwrap();
    assert_eq!(hello.name, "hello");
    for name in ["epoch", "cursor", "now"] {
        assert!(!hello.json()[name].is_null(), "{name} in {}", hello.data);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_comes_by_itself_with_a_name_and_without_an_id() {
    let house = House::open().await;
    let mut stream = house.bob().events("/events?view=mine", None).await;
    let ping = stream.named("ping").await;
    assert_eq!(ping.id, None, "a ping never moves the cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_reaches_admins_and_the_assignee_and_nobody_else() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let (alice, ada, bob, carol) = (house.alice(), house.ada(), house.bob(), house.carol());
    let mut on_monitor = alice.stream_of(&alice.open("/monitor").await).await;
    let mut beside = ada.stream_of(&ada.open("/monitor").await).await;
    let mut on_task = ada.stream_of(&ada.open(&format!("/tasks/{task}")).await).await;
    let mut own = bob.stream_of(&bob.open("/tasks").await).await;
    let mut others = carol.stream_of(&carol.open("/tasks").await).await;
    let stranger = house.stranger();
    let mut foreign = stranger.stream_of(&stranger.open("/monitor").await).await;
    report(&bob, &task, 37).await;
    let first = on_monitor.until("the monitor", |event| shows(event, &task, 37)).await;
    let second = beside.until("another monitor", |event| shows(event, &task, 37)).await;
    assert_eq!(first.data, second.data, "a fragment is the same for all who see it");
    on_task.until("the task's page", |event| shows(event, &task, 37)).await;
    own.until("the assignee's page", |event| shows(event, &task, 37)).await;
    // What comes after proves that nothing came before.
    let second_task = house.assign("Carol's first", "carol").await;
    others.until("her own", |event| event.data.contains("Carol's first") || event.name == "list").await;
    assert!(others.seen.iter().all(|event| !event.data.contains(&format!("task-{task}\""))), "{:#?}", others.seen);
    let hilltop = [("title", "Hilltop's own"), ("assignee", house.people.id("stranger"))];
    stranger.post("/assign", &hilltop).await.expect(303);
    foreign.until("their own", |event| event.data.contains("Hilltop's own") || event.name == "list").await;
    for event in &foreign.seen {
        assert!(
            !event.data.contains(&format!("task-{task}\"")) && !event.data.contains(&format!("task-{second_task}\"")),
            "{event:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_task_rings_at_its_assignees_and_on_every_monitor() {
    let house = House::open().await;
    let (alice, bob) = (house.alice(), house.bob());
    let mut monitor = alice.stream_of(&alice.open("/monitor").await).await;
    let mut own = bob.stream_of(&bob.open("/tasks").await).await;
    house.assign("Fresh from the desk", "bob").await;
    monitor.named("list").await;
    own.named("list").await;
    assert!(bob.open("/tasks").await.contains("Fresh from the desk"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_read_before_and_opened_after_misses_nothing() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let bob = house.bob();
    let page = bob.open("/tasks").await;
    for percent in [10, 20, 30] {
        report(&bob, &task, percent).await;
    }
    let mut stream = bob.stream_of(&page).await;
    stream.until("what happened between", |event| shows(event, &task, 30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_a_stream_goes_on_behind_its_last_event() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let other = house.assign("Paint the south pier", "bob").await;
    let bob = house.bob();
    report(&bob, &task, 5).await;
    report(&bob, &other, 5).await;
    let mut stream = bob.stream_of(&bob.open("/tasks").await).await;
    report(&bob, &task, 10).await;
    let last = stream.until("the first report", |event| shows(event, &task, 10)).await;
    assert!(last.id.is_some(), "a report that moves no list is one event, with its id");
    drop(stream);
    report(&bob, &other, 20).await;
    report(&bob, &task, 30).await;
    let mut again = bob.events("/events?view=mine", last.id.as_deref()).await;
    again.until("one while away", |event| shows(event, &other, 20)).await;
    again.until("the other while away", |event| shows(event, &task, 30)).await;
    let heard: Vec<i64> = again.seen.iter().filter(|event| event.name == "task").filter_map(sequence).collect();
    assert!(heard.iter().all(|heard| Some(*heard) > sequence(&last)), "no repeats: {heard:?} after {last:?}");
    assert!(heard.is_sorted());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_last_event_id_and_after_the_newer_wins() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let bob = house.bob();
    let old = bob.open("/tasks").await.attribute("#main", "data-cursor").unwrap();
    report(&bob, &task, 10).await;
    let new = bob.open("/tasks").await.attribute("#main", "data-cursor").unwrap();
    assert_ne!(old, new);
    for (after, last_id) in [(&old, &new), (&new, &old)] {
        let mut stream = bob.events(&format!("/events?view=mine&after={after}"), Some(last_id)).await;
        let hello = stream.named("hello").await;
        assert_eq!(hello.json()["cursor"], new.as_str(), "after={after}, last id {last_id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_cannot_be_continued_gets_a_reset() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let bob = house.bob();
    let cursor = bob.open("/tasks").await.attribute("#main", "data-cursor").unwrap();
    let (epoch, sequence) = cursor.rsplit_once('-').unwrap();
    let future = format!("{epoch}-{}", sequence.parse::<i64>().unwrap() + 1000);
    for strange in [format!("ffffff-{sequence}"), future, "nonsense".to_owned(), "-5".to_owned(), format!("{epoch}-")] {
        let mut stream = bob.events("/events?view=mine", Some(&strange)).await;
        let first = stream.next().await.unwrap();
        assert_eq!(first.name, "hello", "{strange}");
        stream.named("reset").await;
        report(&bob, &task, 44).await;
        stream.until("it goes on from here", |event| shows(event, &task, 44)).await;
        report(&bob, &task, 45).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_streams_without_a_session_and_nobody_a_task_that_is_not_theirs() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let own = house.bob().open(&format!("/tasks/{task}")).await.attribute("#main", "data-stream").unwrap();
    for (name, status) in [("nobody", 401), ("carol", 404), ("stranger", 404)] {
        let client = house.client(name);
        let request =
            client.request(Method::GET, &own).header("accept", "text/event-stream").header("sec-fetch-mode", "cors");
        let answer = client.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {}", answer.said());
    }
    let carol = house.carol();
    for strange in ["view=nothing-of-the-kind", "view=task", "view=task&task=abc", ""] {
        carol.send(carol.request(Method::GET, &format!("/events?{strange}"))).await.refused(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_has_many_streams_but_not_endlessly_many() {
    let house = House::open().await;
    let bob = house.bob();
    let mut open = Vec::new();
    for _ in 0..milepost::config::Streams::default().per_user {
        open.push(bob.events("/events?view=mine", None).await);
    }
    let refused = bob.send(bob.request(Method::GET, "/events?view=mine")).await;
    assert_eq!(refused.status.as_u16(), 429);
    assert!(!refused.header("retry-after").is_empty());
    // Others are not the worse for it.
    house.carol().events("/events?view=mine", None).await.named("hello").await;
    open.clear();
    eventually("a closed stream makes room", || async {
        let answer = bob.request(Method::GET, "/events?view=mine").send().await.unwrap();
        (answer.status().as_u16() == 200).then_some(())
    })
    .await;
}

/// The next items of a feed, from the past or the present.
async fn items(feed: &mut Feed, behind: &mut bool) -> Vec<Item> {
    if *behind {
        let page = feed.replay().await.unwrap();
        *behind = page.more;
        return page.items;
    }
    in_time("the feed goes on", feed.ready()).await.unwrap();
    std::iter::from_fn(|| feed.try_next().unwrap()).collect()
}

/// Reads a feed from `cursor` to the trail's entry `last`, cutting it now and then; gives the sequences in the order heard.
async fn hear_all(house: &House, cursor: Cursor, last: i64) -> Vec<i64> {
    let viewer = viewer_of(house, "alice").await;
    let (mut cursor, mut heard) = (cursor, Vec::new());
    while heard.last() != Some(&last) {
        let mut feed = Feed::open(&house.server.app, Watcher::of(&viewer, Lang::En)).unwrap();
        let start = feed.start(From { cursor: Some(cursor), most: i64::MAX }).await.unwrap();
        assert!(!start.reset, "a cursor of its own is continued");
        let mut behind = start.behind;
        let mut taken = 0;
        // Then it is cut, wherever that is in what was read.
        while taken < 7 && heard.last() != Some(&last) {
            for item in items(&mut feed, &mut behind).await {
                let Item::Task(news) = item else { continue };
                heard.push(news.entry().sequence);
                cursor = news.cursor;
                taken += 1;
                if taken == 7 || news.entry().sequence == last {
                    break;
                }
            }
        }
    }
    heard
}

pub async fn viewer_of(house: &House, name: &str) -> milepost::people::Viewer {
    let id: i64 = house.people.id(name).parse().unwrap();
    let now = house.server.clock.now();
    let app = &house.server.app;
    app.db
        .read(move |conn| {
            let key: Vec<u8> = conn.query_row("select key from sessions where user_id = ?", [id], |row| row.get(0))?;
            let key = milepost::people::SessionKey::from_bytes(key.try_into().unwrap());
            Ok(milepost::people::sql::viewer(conn, &key, now)?.expect("the cast is signed in"))
        })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_with_many_cuts_hears_every_entry_once_in_the_trails_order() {
    let house = House::open().await;
    let mut tasks = Vec::new();
    for number in 0..4 {
        tasks.push(house.assign(&format!("Load {number}"), "bob").await);
    }
    let cursor: Cursor =
        house.alice().open("/monitor").await.attribute("#main", "data-cursor").unwrap().parse().unwrap();
    let mut posters = Vec::new();
    for (number, task) in tasks.iter().cloned().enumerate() {
        let client = house.client(if number % 2 == 0 { "bob" } else { "ada" });
        posters.push(tokio::spawn(async move {
            for step in 1..=40 {
                report(&client, &task, step).await;
            }
        }));
    }
    let first_half = cursor.sequence + 80;
    let live = hear_all(&house, cursor, first_half).await;
    for poster in posters {
        in_time("a poster ends", poster).await.unwrap();
    }
    let entries = |sql: &str| -> Vec<i64> {
        let conn = house.look();
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([cursor.sequence], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let trail = entries("select sequence from trail where organisation_id = 1 and sequence > ? order by sequence");
    assert_eq!(trail.len(), 160);
    assert_eq!(live, trail[..80], "while it happens");
    assert_eq!(hear_all(&house, cursor, *trail.last().unwrap()).await, trail, "afterwards");
}
