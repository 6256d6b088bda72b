//! Ticks: what a job's program reports between two entries of the trail moves every open page at once, is nobody's place
//! to go on from, and never leads back.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use milepost::config::TICK_EVERY;
use milepost::live::feed::From;
use milepost::live::{Cursor, Feed, Item, Letter, TickLetter, Watcher, Written};
use milepost::locale::Lang;
use milepost::people::Viewer;
use milepost::tasks::actions::{NewJob, NewTask, Report, create, report};
use milepost::tasks::{Task, TaskId, Via};

use crate::streams::viewer_of;
use crate::support::events::Event;
use crate::support::in_time;
use crate::support::random::Random;
use crate::support::server::House;

/// A job that Bob's program runs.
async fn job(house: &House, title: &str) -> (Viewer, TaskId) {
    let bob = viewer_of(house, "bob").await;
    let new = NewTask { title: title.into(), job: Some(NewJob::default()), ..NewTask::default() };
    let made = house.server.app.act(&bob, Via::Api, move |w, by| create(w, by, new)).await.unwrap();
    (bob, made.task.id)
}

async fn tell(house: &House, bob: &Viewer, id: TaskId, percent: f64) -> Arc<Task> {
    let said = Report { progress: Some(percent), ..Report::default() };
    house.server.app.act(bob, Via::Api, move |w, by| report(w, by, id, &said)).await.unwrap()
}

fn shows(event: &Event, id: TaskId, percent: u32) -> bool {
    event.data.contains(&format!("\"t{id}-moving\"")) && event.data.contains(&format!("value=\"{percent}\""))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_between_two_entries_moves_the_bar_on_every_page_and_nothing_else() {
    let house = House::open().await;
    let (bob, id) = job(&house, "Send 1000 letters").await;
    tell(&house, &bob, id, 10.0).await;
    let (alice, own) = (house.alice(), house.bob());
    let mut pages = vec![
        alice.stream_of(&alice.open("/monitor").await).await,
        alice.stream_of(&alice.open(&format!("/tasks/{id}")).await).await,
        own.stream_of(&own.open("/tasks").await).await,
    ];
    let mut others = house.carol().stream_of(&house.carol().open("/tasks").await).await;
    let told = tell(&house, &bob, id, 11.0).await;
    let mut ticks = Vec::new();
    for page in &mut pages {
        ticks.push(page.until("the tick", |event| shows(event, id, 11)).await);
    }
    for tick in &ticks {
        assert_eq!((tick.name.as_str(), &tick.id), ("tick", &None), "nobody's place to go on from");
        assert_eq!(tick.data, ticks[0].data, "the same for all who see it");
        assert!(tick.data.contains(&format!("data-v=\"{}\"", told.version)) && !tick.data.contains("Send 1000"));
    }
    // What comes after proves that nothing came before.
    house.assign("Carol's first", "carol").await;
    others.until("her own", |event| event.data.contains("Carol's first") || event.name == "list").await;
    assert!(others.seen.iter().all(|event| event.name != "tick"), "{:#?}", others.seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_thinned_from_the_trail_is_in_it_a_second_later_and_on_the_page() {
    let house = House::open().await;
    let (bob, id) = job(&house, "Send 1000 letters").await;
    for percent in 1..=5 {
        tell(&house, &bob, id, f64::from(percent)).await;
    }
    let own = house.bob();
    let page = own.open("/tasks").await;
    let bar = format!("#t{id}-moving progress");
    assert_eq!(page.attribute(&bar, "value").unwrap(), "5", "a page shows the row, not the trail");
    let mut stream = own.stream_of(&page).await;
    house.server.clock.advance(SignedDuration::from_secs(2));
    let entry = stream.until("the entry", |event| event.name == "task" && event.data.contains("value=\"5\"")).await;
    assert!(entry.id.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_seam_a_late_tick_does_not_lead_back_behind_what_the_past_showed() {
    let house = House::open().await;
    let (alice, app) = (viewer_of(&house, "alice").await, &house.server.app);
    let (bob, id) = job(&house, "Send 1000 letters").await;
    let cursor = Cursor { epoch: app.db.epoch(), sequence: app.hub.announced() };
    let old = tell(&house, &bob, id, 10.0).await;
    house.server.clock.advance(SignedDuration::from_secs(2));
    let shown = tell(&house, &bob, id, 20.0).await;
    let mut feed = Feed::open(app, Watcher::of(&alice, Lang::En)).unwrap();
    feed.start(From { cursor: Some(cursor), most: i64::MAX }).await.unwrap();
    let past = feed.replay().await.unwrap().items;
    assert!(matches!(&past[..], [.., Item::Task(news)] if news.after().unwrap().version == shown.version), "{past:?}");
    let next = Arc::new(Task { version: shown.version + 1, ..Task::clone(&shown) });
    for (turn, task) in [&old, &shown, &next].into_iter().enumerate() {
        let (sequence, at, sees) = (app.hub.announced(), shown.updated_at, Vec::new());
        let tick = TickLetter { task: task.clone(), sequence, at, sees, written: Written::default() };
        // So far apart that none is coalesced away.
        let now = tokio::time::Instant::now() + TICK_EVERY * 2 * (1 + u32::try_from(turn).unwrap());
        app.hub.publish_at(vec![Letter::Tick(Arc::new(tick))], sequence, now);
    }
    let heard: Vec<Item> = std::iter::from_fn(|| feed.try_next().unwrap()).collect();
    assert!(matches!(&heard[..], [Item::Tick(tick)] if tick.task.version == next.version), "{heard:?}");
}

/// What a feed shows of each task, and in which version; going back is the failure.
#[derive(Default)]
struct Shown(BTreeMap<TaskId, (i64, f64)>);

impl Shown {
    fn see(&mut self, task: &Task, how: &str) {
        let before = self.0.insert(task.id, (task.version, task.progress.get()));
        assert!(
            before.is_none_or(|(version, _)| version <= task.version),
            "{how} leads {} back from {before:?} to {}",
            task.id,
            task.version
        );
    }
}

/// Reads a while from `cursor`; gives where to go on.
async fn watch(house: &House, alice: &Viewer, cursor: Cursor, shown: &mut Shown, most: u64) -> Cursor {
    let mut feed = Feed::open(&house.server.app, Watcher::of(alice, Lang::En)).unwrap();
    let start = feed.start(From { cursor: Some(cursor), most: i64::MAX }).await.unwrap();
    assert!(!start.reset);
    let (mut behind, mut taken, mut cursor) = (start.behind, 0, cursor);
    while behind || taken < most {
        let items: Vec<Item> = if behind {
            let page = feed.replay().await.unwrap();
            behind = page.more;
            page.items
        } else {
            in_time("something happens", feed.ready()).await.unwrap();
            std::iter::from_fn(|| feed.try_next().unwrap()).collect()
        };
        for item in items {
            taken += 1;
            match item {
                Item::Task(news) => {
                    cursor = news.cursor;
                    news.after().into_iter().for_each(|task| shown.see(task, "an entry"));
                }
                Item::Tick(tick) => shown.see(&tick.task, "a tick"),
                _ => {}
            }
        }
    }
    cursor
}

#[tokio::test(flavor = "multi_thread")]
async fn across_cuts_and_replays_no_tick_leads_back_and_the_end_is_the_truth() {
    let mut random = Random::new("ticks across cuts");
    let house = Arc::new(House::open().await);
    let alice = viewer_of(&house, "alice").await;
    let mut jobs = Vec::new();
    for number in 0..5 {
        jobs.push(job(&house, &format!("Load {number}")).await);
    }
    let mut cursor: Cursor =
        house.alice().open("/monitor").await.attribute("#main", "data-cursor").unwrap().parse().unwrap();
    let mut programs = Vec::new();
    for (bob, id) in jobs.clone() {
        let (house, mut random) = (house.clone(), random.fork());
        programs.push(tokio::spawn(async move {
            for step in 1..=400 {
                tell(&house, &bob, id, f64::from(step) / 4.0).await;
                // Now and then a second passes, and the trail gets its entry.
                if random.below(20) == 0 {
                    house.server.clock.advance(SignedDuration::from_millis(700));
                }
            }
        }));
    }
    // So that there is always something to hear.
    let (bob, noise) = job(&house, "Noise").await;
    let noisy = tokio::spawn({
        let house = house.clone();
        async move {
            loop {
                tell(&house, &bob, noise, 1.0).await;
            }
        }
    });
    let mut shown = Shown::default();
    while programs.iter().any(|program| !program.is_finished()) {
        cursor = watch(&house, &alice, cursor, &mut shown, random.below(30)).await;
    }
    for program in programs {
        in_time("a program ends", program).await.unwrap();
    }
    house.server.clock.advance(SignedDuration::from_secs(2));
    while jobs.iter().any(|(_, id)| shown.0.get(id).is_none_or(|(_, progress)| *progress < 100.0)) {
        cursor = watch(&house, &alice, cursor, &mut shown, 1).await;
    }
    noisy.abort();
}
