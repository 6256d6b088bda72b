//! A right that ends cuts its streams: each way in which one can end, on each stream and on the poll, while the stream is
//! quiet, while it has more to say than its reader takes, and while its reader does not read at all.

mod ways;

use std::collections::BTreeSet;
use std::time::Instant;

use milepost::live::{EndReason, Hub};
use reqwest::Method;
use tokio::task::JoinHandle;

use crate::support::events::{Event, Events};
use crate::support::raw::{Raw, get};
use crate::support::{PATIENCE, eventually, in_time, say, source};
use ways::{FRAGMENTS, JSON, Scene, Way};

fn is_afterwards(event: &Event) -> bool {
    event.data.contains("Afterwards")
}

fn ends_with(events: &[Event], reason: EndReason) -> bool {
    events.last().is_some_and(|last| last.name == "end" && last.json()["reason"] == reason.as_str())
}

/// Reads to the end of a stream; says what came and when it was over.
fn read_on(mut stream: Events) -> JoinHandle<(Vec<Event>, Instant)> {
    tokio::spawn(async move {
        stream.rest().await;
        (stream.seen, Instant::now())
    })
}

/// Watches for the moment at which no stream is open.
fn when_cut(hub: &Hub) -> JoinHandle<Instant> {
    let hub = hub.clone();
    tokio::task::spawn_blocking(move || {
        let since = Instant::now();
        while hub.streams() > 0 && since.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
        Instant::now()
    })
}

async fn quiet(way: Way) {
    let scene = Scene::set(way).await;
    let Scene { house, line, here, there, .. } = &scene;
    let mut cut = Vec::new();
    for path in way.streams() {
        cut.push((path, read_on(scene.open(here, path).await)));
    }
    for path in way.polls() {
        let request = here.request(Method::GET, path);
        let polled = async { Events::new(request.send().await.unwrap()) };
        cut.push((path, tokio::spawn(async { read_on(polled.await).await.unwrap() })));
    }
    let mut others = scene.open(there, FRAGMENTS).await;
    let mut carol = scene.open(&house.carol(), "/events?view=mine").await;
    let mut witness = scene.open(&house.alice(), FRAGMENTS).await;
    let hub = &house.server.app.hub;
    let open = way.streams().len() + way.polls().len() + 3;
    eventually("all of them are open", || async { (hub.streams() == open).then_some(()) }).await;
    let asked_at = Instant::now();
    way.happen(&scene).await;
    let answered = asked_at.elapsed();
    for (path, reader) in cut {
        let (seen, at) = in_time("the stream ends", reader).await.unwrap();
        assert!(ends_with(&seen, line.reason), "{way:?}, {path}: {seen:#?}");
        let cut = at.duration_since(asked_at);
        match way {
            Way::Expiry | Way::TokenExpiry => {
                say(&format!("{way:?}, {path}: cut {:?} after its time", cut.saturating_sub(answered)))
            }
            _ => say(&format!("{way:?}, {path}: cut {cut:?} after it was asked for, answered after {answered:?}")),
        }
    }
    scene.afterwards().await;
    witness.until("what happened afterwards", is_afterwards).await;
    if line.spares_others {
        others.until("the other device goes on", is_afterwards).await;
    } else {
        others.rest().await;
        assert!(ends_with(&others.seen, line.reason), "{way:?} elsewhere: {:#?}", others.seen);
    }
    house.assign("Carol's first", "carol").await;
    carol.named("list").await;
    // What ended is ended: it does not open again under the same right, or only for what is left of it.
    let again = here.request(Method::GET, JSON).header("sec-fetch-mode", "cors").send().await.unwrap();
    let left = [Way::RoleUp, Way::RoleDown, Way::SwitchOrganisation, Way::SignInAnew].contains(&way);
    assert_eq!(again.status().as_u16(), if left { 200 } else { 401 }, "{way:?}");
}

/// The reader reads as fast as it can, which is not fast enough.
async fn saturated(way: Way) {
    let scene = Scene::set(way).await;
    let mut streams = Vec::new();
    for path in way.streams() {
        streams.push((path, scene.open(&scene.here, path).await));
    }
    scene.flood(way).await;
    let mut cut = Vec::new();
    for (path, mut stream) in streams {
        stream.next().await.unwrap();
        cut.push((path, read_on(stream)));
    }
    let (asked_at, gone) = (Instant::now(), when_cut(&scene.house.server.app.hub));
    way.happen(&scene).await;
    let answered = asked_at.elapsed();
    let gone = in_time("the streams are cut", gone).await.unwrap().duration_since(asked_at);
    scene.afterwards().await;
    for (path, reader) in cut {
        let (seen, at) = in_time("the stream ends", reader).await.unwrap();
        let count = seen.len();
        assert!(ends_with(&seen, scene.line.reason), "{way:?}, {path}: ended with {:?}", seen.last());
        assert!(!seen.iter().any(is_afterwards), "{way:?}, {path}: heard of what came after its right had ended");
        let read = at.duration_since(asked_at);
        say(&format!(
            "{way:?}, {path}, saturated: cut {gone:?} after, answered after {answered:?}, read to the end {read:?} after, {count} events"
        ));
    }
}

/// The readers asked and then never read.
async fn stalled(way: Way) {
    let scene = Scene::set(way).await;
    let hub = &scene.house.server.app.hub;
    let mut stalled = Vec::new();
    for path in way.streams() {
        let mut raw = Raw::with_small_buffer(scene.house.url());
        raw.send(&get(path, &scene.here));
        // The greeting is heard by whoever hears all that comes after it.
        raw.until("event: hello");
        stalled.push((path, raw));
    }
    scene.flood(way).await;
    // Where it is time that ends the right, it may do so before the sockets are full.
    for (_, raw) in stalled.iter().filter(|_| !way.is_by_time()) {
        raw.is_stuck().await;
    }
    let (asked_at, cut) = (Instant::now(), when_cut(hub));
    way.happen(&scene).await;
    let answered = asked_at.elapsed();
    let cut = in_time("the streams are cut", cut).await.unwrap().duration_since(asked_at);
    assert_eq!(hub.streams(), 0, "{way:?}");
    scene.afterwards().await;
    for (path, mut raw) in stalled {
        let text = tokio::task::spawn_blocking(move || raw.rest().0).await.unwrap();
        assert!(!text.contains("Afterwards"), "{way:?}, {path}: heard of what came after its right had ended");
        let told = text.contains(&format!("{{\"reason\":\"{}\"}}", scene.line.reason));
        let bytes = text.len();
        say(&format!(
            "{way:?}, {path}, stalled: cut {cut:?} after, answered after {answered:?}, {bytes} bytes lay in the sockets, told why: {told}"
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_in_which_a_right_ends_cuts_its_streams_with_the_reason_and_no_others() {
    for way in Way::ALL {
        quiet(way).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_ends_cuts_a_stream_that_has_more_to_say_than_is_read() {
    for way in Way::ALL {
        saturated(way).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_ends_cuts_a_stream_whose_reader_does_not_read() {
    for way in Way::ALL {
        stalled(way).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_prolonged_by_use_keeps_its_stream_past_its_old_end() {
    let scene = Scene::set(Way::Expiry).await;
    let mut stream = scene.open(&scene.here, FRAGMENTS).await;
    scene.here.open("/tasks").await;
    Way::Expiry.happen(&scene).await;
    let clock = &scene.house.server.clock;
    eventually("its old end is over", || async { (clock.now() > scene.expires_at).then_some(()) }).await;
    // The answer to a request that came later: what was due at the old end has happened.
    scene.here.open("/tasks").await;
    scene.afterwards().await;
    stream.until("what happened afterwards", is_afterwards).await;
    assert!(stream.seen.iter().all(|event| event.name != "end"), "{:#?}", stream.seen);
}

/// Every verb that ends somebody's right has a line in the table: a new one is missed here.
#[test]
fn each_verb_that_ends_a_right_has_its_line_in_the_table() {
    let known: BTreeSet<&str> = Way::ALL.iter().filter_map(|way| way.line().verb).collect();
    let mut found = BTreeSet::new();
    for source in source::files("src", "rs") {
        let is_elsewhere = source.path.starts_with("src/live/");
        for function in source.text.split("pub async fn ").skip(1).filter(|_| !is_elsewhere) {
            let name = function.split(['(', '<']).next().unwrap();
            // Up to the end of this function.
            let body = function.split("\n}\n").next().unwrap();
            if ["Letter::Ended", "publish(ended(", "publish(revoked("].iter().any(|mark| body.contains(mark)) {
                found.insert(name.to_owned());
            }
        }
    }
    assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
}
