//! `/api/v1/events`: the stream as programs hear it, JSON, each entry once and in order; and the poll for those who cannot
//! have a stream.

use std::sync::Arc;

use milepost::live::{Letter, TickLetter, Written};
use milepost::tasks;
use serde_json::json;

use crate::support::client::Client;
use crate::support::events::{Event, Events};
use crate::support::eventually;
use crate::support::server::{House, MARK};

const EVENTS: &str = "/api/v1/events";

async fn report(client: &Client, task: &str, percent: u32) {
    let path = format!("/tasks/{task}/progress");
    client.post(&path, &[("progress", &percent.to_string())]).await.expect(303);
}

/// Every entry of an organisation's trail, as a subscriber is told of it: cursor's sequence and change.
fn trail(house: &House) -> Vec<(i64, String)> {
    let conn = house.look();
    let mut statement =
        conn.prepare("select sequence, change from trail where organisation_id = 1 order by sequence").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn told(events: &[Event]) -> Vec<(i64, String)> {
    let entries = events.iter().filter(|event| event.name == "task" && event.id.is_some());
    let entry = |event: &Event| {
        let sequence = event.id.as_deref().unwrap().rsplit('-').next().unwrap().parse().unwrap();
        (sequence, event.json()["change"]["change"].as_str().unwrap().to_owned())
    };
    entries.map(entry).collect()
}

/// The stream has told of this entry of the trail.
fn is_entry(event: &Event, change: &str, task: &str) -> bool {
    event.name == "task"
        && event.json()["change"]["change"] == change
        && event.json()["task"]["id"] == task.parse::<i64>().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_comes_in_by_token_and_hears_what_its_user_sees() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    house.assign("Ada's own", "ada").await;
    let program = house.program("bob", "read").await;
    let mut stream = program.events(EVENTS, None).await;
    let hello = stream.next().await.unwrap();
    assert_eq!(hello.name, "hello");
    assert_eq!(hello.id.as_deref(), hello.json()["cursor"].as_str());
    report(&house.alice(), &task, 40).await;
    let event = stream.named("task").await;
    let data = event.json();
    assert_eq!(data["task"]["assignee"], json!({ "id": 3, "name": format!("Bob Member {MARK}") }));
    assert_eq!(data["change"]["actor"]["name"], format!("Alice {MARK}"));
    assert_eq!(data["change"]["cursor"].as_str(), event.id.as_deref());
    assert_eq!(data["at"], "2025-03-03T09:00:00Z");
    let used: Option<i64> = eventually("its use is noted", || async {
        house.look().query_row("select last_used_at from api_tokens", [], |row| row.get(0)).unwrap()
    })
    .await;
    assert!(used.is_some());
    assert!(house.bob().open("/account").await.text("#tokens li").contains("last used"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_and_an_entry_read_as_the_documentation_says_and_nothing_is_made_up() {
    let house = House::open().await;
    house.alice().post("/projects", &[("name", "Waterfront")]).await.expect(303);
    let mut stream = house.program("alice", "read").await.events(EVENTS, None).await;
    stream.named("hello").await;
    let fields = [("project", "1"), ("due", "2025-03-10"), ("priority", "high"), ("estimate", "90")];
    let id: i64 = house.assign_with("Paint the north pier", "bob", &fields).await.parse().unwrap();
    let event = stream.named("task").await;
    let (data, cursor) = (event.json(), event.id.unwrap());
    let named = |id: i64, name: String| json!({ "id": id, "name": name });
    let expected = json!({
        "id": id, "kind": "assignment", "title": "Paint the north pier", "status": "pending", "category": null,
        "progress": 0.0, "counts": null, "stage": null, "note": null, "eta": null,
        "project": named(1, "Waterfront".into()), "assignee": named(3, format!("Bob Member {MARK}")),
        "creator": named(1, format!("Alice {MARK}")), "parent": null, "after": [],
        "priority": "high", "labels": [], "due": "2025-03-10", "estimate_minutes": 90, "external_id": null, "job": null,
        "created_at": "2025-03-03T09:00:00Z", "started_at": null, "finished_at": null,
        "updated_at": "2025-03-03T09:00:00Z", "version": 1, "cursor": cursor,
    });
    assert_eq!(data["task"], expected);
    let names: Vec<&String> = data["change"].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 10, "{names:?}");
    let change = &data["change"];
    assert_eq!(
        (&change["change"], &change["via"], &change["task_id"]),
        (&json!("created"), &json!("page"), &json!(id))
    );
    assert_eq!((&change["old"], &change["new"]["due"]), (&json!({}), &json!("2025-03-10")));
    assert_eq!(change["at"], "2025-03-03T09:00:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_comes_once_and_in_order_across_cuts() {
    let house = House::open().await;
    let tasks = [house.assign("One", "bob").await, house.assign("Two", "carol").await];
    let program = house.program("ada", "read").await;
    let start = program.events(EVENTS, None).await.named("hello").await.id.unwrap();
    let start: i64 = start.rsplit('-').next().unwrap().parse().unwrap();
    let epoch = program.events(EVENTS, None).await.named("hello").await.json()["epoch"].as_str().unwrap().to_owned();
    let mut heard = Vec::new();
    let mut last = format!("{epoch}-{start}");
    for round in 1..=10 {
        let mut stream = program.events(&format!("{EVENTS}?after={epoch}-0"), Some(&last)).await;
        for task in &tasks {
            report(&house.alice(), task, round * 5).await;
        }
        // Cut after the first or the second of them, the rest is for the next time.
        for _ in 0..=round % 2 {
            let event = stream.named("task").await;
            last = event.id.clone().unwrap();
            heard.push(event);
        }
    }
    let mut stream = program.events(EVENTS, Some(&last)).await;
    while told(&heard).last() != trail(&house).last() {
        heard.push(stream.named("task").await);
    }
    let expected: Vec<_> = trail(&house).into_iter().filter(|(sequence, _)| *sequence > start).collect();
    assert_eq!(told(&heard), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_past_is_replayed_whole_while_more_happens() {
    let house = House::open().await;
    let titles: Vec<String> = (0..100).map(|number| format!("Task {number}")).collect();
    let form = [("title", titles.join("\n")), ("assignee", house.people.id("bob").to_owned())];
    let alice = house.alice();
    let start = house.program("alice", "read").await;
    let cursor = start.events(EVENTS, None).await.named("hello").await.id.unwrap();
    for _ in 0..12 {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        alice.post("/assign", &form).await.expect(303);
    }
    let mut stream = start.events(&format!("{EVENTS}?after={cursor}"), None).await;
    let busy = tokio::spawn({
        let alice = alice.clone();
        async move {
            for percent in 1..=30 {
                report(&alice, "1", percent).await;
            }
        }
    });
    stream
        .until("the last report", |event| event.name == "task" && event.json()["change"]["new"]["progress"] == 30.0)
        .await;
    busy.await.unwrap();
    assert_eq!(told(&stream.seen), trail(&house));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_let_through_what_they_name() {
    let house = House::open().await;
    house.alice().post("/projects", &[("name", "Waterfront")]).await.expect(303);
    let inside = house.assign_with("Inside", "bob", &[("project", "1")]).await;
    let outside = house.assign("Outside", "bob").await;
    let program = house.program("alice", "read").await;
    let open = async |query: &str| {
        let mut stream = program.events(&format!("{EVENTS}?{query}"), None).await;
        stream.named("hello").await;
        stream
    };
    let mut by_task = open(&format!("task={outside}")).await;
    let mut by_project = open("project=1").await;
    let mut by_kind = open("kind=assignment").await;
    let mut jobs = open("kind=job").await;
    for (task, percent) in [(&outside, 10), (&inside, 20), (&outside, 30), (&inside, 40)] {
        report(&house.bob(), task, percent).await;
    }
    let percents = async |stream: &mut Events, count: usize| {
        let mut heard = Vec::new();
        while heard.len() < count {
            heard.push(stream.named("task").await.json()["task"]["progress"].as_f64().unwrap());
        }
        heard
    };
    assert_eq!(percents(&mut by_task, 2).await, [10.0, 30.0]);
    assert_eq!(percents(&mut by_project, 2).await, [20.0, 40.0]);
    assert_eq!(percents(&mut by_kind, 4).await, [10.0, 20.0, 30.0, 40.0]);
    house.server.app.hub.shut_down();
    let rest: Vec<String> = jobs.rest().await.into_iter().map(|event| event.name).collect();
    assert_eq!(rest, ["end"], "no assignment is a job, and none has gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_leaves_ones_sight_is_gone_once_and_nothing_more_of_it_is_said() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let program = house.program("bob", "read").await;
    let mut live = program.events(EVENTS, None).await;
    let start = live.named("hello").await.id.unwrap();
    let alice = house.alice();
    let assign = async |to: &str, version: u32| {
        let form =
            [("title", "Paint the north pier"), ("assignee", house.people.id(to)), ("version", &version.to_string())];
        alice.post(&format!("/tasks/{task}"), &form).await.expect(303);
    };
    assign("carol", 1).await;
    report(&alice, &task, 20).await;
    assign("bob", 3).await;
    assign("carol", 4).await;
    report(&alice, &task, 50).await;
    let other = house.assign("Another", "bob").await;
    let names = |events: &[Event]| -> Vec<String> {
        let name = |event: &Event| match event.name.as_str() {
            "task" => event.json()["change"]["change"].as_str().unwrap().to_owned(),
            other => other.to_owned(),
        };
        events.iter().map(name).filter(|name| name != "hello").collect()
    };
    live.until("what came after", |event| is_entry(event, "created", &other)).await;
    assert_eq!(names(&live.seen), ["gone", "assigned", "gone", "created"]);
    let gone = live.seen.iter().find(|event| event.name == "gone").unwrap();
    assert_eq!(gone.json(), json!({ "id": task.parse::<i64>().unwrap() }));
    let mut again = program.events(EVENTS, Some(&start)).await;
    again.until("what came after", |event| is_entry(event, "created", &other)).await;
    assert_eq!(names(&again.seen), ["gone", "created"], "it left twice, and is gone once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_leaves_a_filter_is_gone_once_and_nothing_more_of_it_is_said() {
    let house = House::open().await;
    let alice = house.alice();
    for name in ["Waterfront", "Lighthouse"] {
        alice.post("/projects", &[("name", name)]).await.expect(303);
    }
    let task = house.assign_with("Paint the north pier", "bob", &[("project", "1")]).await;
    let program = house.program("alice", "read").await;
    let path = format!("{EVENTS}?project=1");
    let mut live = program.events(&path, None).await;
    let start = live.named("hello").await.id.unwrap();
    for (project, version) in [("2", "1"), ("1", "2"), ("", "3")] {
        let form = [
            ("title", "Paint the north pier"),
            ("assignee", house.people.id("bob")),
            ("project", project),
            ("version", version),
        ];
        alice.post(&format!("/tasks/{task}"), &form).await.expect(303);
    }
    report(&alice, &task, 50).await;
    let other = house.assign_with("Another", "bob", &[("project", "1")]).await;
    let names = |events: &[Event]| events.iter().map(|event| event.name.clone()).collect::<Vec<_>>();
    live.until("what came after", |event| is_entry(event, "created", &other)).await;
    assert_eq!(names(&live.seen), ["hello", "gone", "task", "gone", "task"]);
    let mut again = program.events(&path, Some(&start)).await;
    again.until("what came after", |event| is_entry(event, "created", &other)).await;
    assert_eq!(names(&again.seen), ["hello", "gone", "task"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_cannot_be_continued_is_reset() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let program = house.program("bob", "read").await;
    let now = program.events(EVENTS, None).await.named("hello").await.id.unwrap();
    let (epoch, sequence) = now.split_once('-').unwrap();
    let future = format!("{epoch}-{}", sequence.parse::<i64>().unwrap() + 1000);
    for cursor in ["ffffffff-1", &future, "nonsense", "-1"] {
        let mut stream = program.events(&format!("{EVENTS}?after={cursor}"), None).await;
        assert_eq!(stream.named("hello").await.id.as_deref(), Some(now.as_str()), "{cursor}");
        let reset = stream.next().await.unwrap();
        assert_eq!((reset.name.as_str(), reset.id.as_deref()), ("reset", Some(now.as_str())), "{cursor}");
    }
    let mut stream = program.events(&format!("{EVENTS}?after={epoch}-0"), None).await;
    stream.until("the past", |event| is_entry(event, "created", &task)).await;
    assert!(stream.seen.iter().all(|event| event.name != "reset"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_cursors_the_newer_counts() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let program = house.program("bob", "read").await;
    let old = program.events(EVENTS, None).await.named("hello").await.id.unwrap();
    report(&house.bob(), &task, 10).await;
    let new = program.events(EVENTS, None).await.named("hello").await.id.unwrap();
    assert_ne!(old, new);
    for (after, last) in [(&old, &new), (&new, &old)] {
        let mut stream = program.events(&format!("{EVENTS}?after={after}"), Some(last)).await;
        assert_eq!(stream.named("hello").await.id.as_ref(), Some(&new), "after={after}, last id {last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_is_marked_as_one_and_carries_no_id() {
    let house = House::open().await;
    let id = house.assign("Send letters", "bob").await.parse().unwrap();
    let mut stream = house.program("bob", "read").await.events(EVENTS, None).await;
    stream.named("hello").await;
    let app = &house.server.app;
    let viewer = {
        let key = house.look().query_row("select key from sessions where user_id = 3", [], |row| row.get(0)).unwrap();
        let key = milepost::people::SessionKey::from_bytes(key);
        milepost::people::sql::viewer(&house.look(), &key, app.clock.now()).unwrap().unwrap()
    };
    let task = tasks::sql::find_for(&house.look(), &viewer, id).unwrap().unwrap();
    let tick = TickLetter {
        sequence: app.hub.announced(),
        at: app.clock.now(),
        sees: vec![viewer.user],
        written: Written::default(),
        task: Arc::new(task),
    };
    let place = format!("{:x}-{}", app.db.epoch(), tick.sequence);
    app.hub.publish(vec![Letter::Tick(Arc::new(tick))], app.hub.announced());
    let event = stream.named("task").await;
    assert_eq!(event.id, None);
    assert_eq!(event.json()["task"]["cursor"], json!(place), "how far it knows everything");
    let new = json!({ "progress": 0.0, "counts": null, "stage": null, "note": null, "eta": null });
    let change = json!({ "change": "tick", "task_id": id, "new": new, "at": "2025-03-03T09:00:00Z" });
    assert_eq!(event.json()["change"], change);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_stream_polls_and_misses_nothing() {
    let house = House::open_with(|config| config.streams.poll = std::time::Duration::from_millis(300)).await;
    let task = house.assign("Paint the north pier", "bob").await;
    let program = house.program("bob", "read").await;
    let bob = house.bob();
    let alice = house.alice();
    for (client, path, percent, shown) in [
        (&program, format!("{EVENTS}/poll?after="), 25, "\"progress\":25.0"),
        (&bob, "/events/poll?view=mine&after=".to_owned(), 50, "value=\"50\""),
    ] {
        let cursor = bob.open("/tasks").await.attribute("#main", "data-cursor").unwrap();
        let path = format!("{path}{cursor}");
        // Nothing there: answered after its time, with the place to go on from.
        let quiet = client.get(&path).await.expect(200);
        assert_eq!(quiet.header("content-type"), "text/event-stream");
        assert_eq!(quiet.header("content-length"), quiet.body.len().to_string());
        assert!(quiet.body.contains("event: hello") && !quiet.body.contains("event: task"), "{}", quiet.body);
        assert!(quiet.body.contains(&format!("id: {cursor}")));
        // Something comes while it waits, or after it gave up: the next has it at once.
        let (first, ()) = tokio::join!(client.get(&path), report(&alice, &task, percent));
        let next = client.get(&path).await.expect(200);
        assert!(next.body.contains("event: task") && next.body.contains(shown), "{} then {}", first.body, next.body);
    }
    assert_eq!(house.server.app.hub.streams(), 0, "a poll leaves nothing behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_is_answered_as_soon_as_something_happens() {
    let house = House::open_with(|config| config.streams.poll = std::time::Duration::from_secs(3600)).await;
    let task = house.assign("Paint the north pier", "bob").await;
    let program = house.program("bob", "read").await;
    let waiting = tokio::spawn({
        let program = program.clone();
        async move { program.get(&format!("{EVENTS}/poll")).await.expect(200) }
    });
    eventually("it waits", || async { (house.server.app.hub.streams() == 1).then_some(()) }).await;
    report(&house.alice(), &task, 30).await;
    let answer = waiting.await.unwrap();
    assert!(answer.body.contains("event: task") && answer.body.contains("\"progress\":30.0"), "{}", answer.body);
}
