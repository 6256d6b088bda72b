//! What somebody may see changes though nothing happens to a task: out of a project, into one, the organisation's setting,
//! a role, in and out of the organisation. Whoever loses sight hears so once and then nothing more; whoever was away, or gains
//! sight, asks for everything again.

use milepost::live::feed::From;
use milepost::live::{Feed, Item, Watcher};
use milepost::locale::Lang;

use crate::support::client::Client;
use crate::support::events::{Event, Events};
use crate::support::in_time;
use crate::support::server::{House, MARK};

/// The streams that say the same in two forms.
const FORMS: [&str; 2] = ["/events?view=monitor", "/api/v1/events"];

struct Waterfront {
    house: House,
    /// Two of bob's in the project, one of bob's outside of it, one of carol's inside.
    bobs: [String; 2],
    outside: String,
    carols: String,
}

/// A project of which carol is a member.
async fn waterfront() -> Waterfront {
    let house = House::open().await;
    house.alice().post("/projects", &[("name", "Waterfront")]).await.expect(303);
    members(&house, &["carol"]).await;
    let project = [("project", "1")];
    let bobs = [
        house.assign_with("Paint the north pier", "bob", &project).await,
        house.assign_with("Paint the south pier", "bob", &project).await,
    ];
    let carols = house.assign_with("Mend the crane", "carol", &project).await;
    let outside = house.assign("Count the gulls", "bob").await;
    Waterfront { house, bobs, outside, carols }
}

async fn members(house: &House, names: &[&str]) {
    let form: Vec<(&str, &str)> = names.iter().map(|name| ("members", house.people.id(name))).collect();
    house.alice().post("/projects/1/members", &form).await.expect(303);
}

async fn members_see_projects(house: &House, see: bool) {
    let name = format!("{MARK} Harbour Works");
    let mut form = vec![("name", name.as_str()), ("zone", "UTC")];
    form.extend(see.then_some(("members_see_projects", "1")));
    house.alice().post("/settings", &form).await.expect(303);
}

async fn role(house: &House, name: &str, role: &str) {
    let path = format!("/people/{}/role", house.people.id(name));
    house.alice().post(&path, &[("role", role)]).await.expect(303);
}

async fn report(client: &Client, task: &str, percent: &str) {
    client.post(&format!("/tasks/{task}/progress"), &[("progress", percent)]).await.expect(303);
}

/// Tells of this task with that percent, in either form.
fn tells(event: &Event, task: &str, percent: &str) -> bool {
    let page =
        event.data.contains(&format!("id=\"task-{task}\"")) && event.data.contains(&format!("value=\"{percent}\""));
    let json = || {
        event.data.contains(&format!("\"task_id\":{task},"))
            && event.data.contains(&format!("\"progress\":{percent}.0"))
    };
    event.name == "task" && (page || json())
}

fn names(event: &Event, task: &str) -> bool {
    event.data.contains(&format!("task-{task}\"")) || event.data.contains(&format!("\"task_id\":{task},"))
}

fn gone(events: &Events) -> Vec<String> {
    let mut gone: Vec<String> =
        events.seen.iter().filter(|event| event.name == "gone").map(|event| event.json()["id"].to_string()).collect();
    gone.sort();
    gone
}

fn was_reset(events: &Events) -> bool {
    events.seen.iter().any(|event| event.name == "reset")
}

/// The newest cursor that a stream has given.
fn cursor(events: &Events) -> String {
    events.seen.iter().rev().find_map(|event| event.id.clone()).expect("hello has an id")
}

/// Opens a stream and reads on to what is there now.
async fn listen(place: &Waterfront, form: &str, after: Option<&str>, percent: &str) -> Events {
    let carol = place.house.carol();
    let mut stream = carol.events(form, after).await;
    stream.named("hello").await;
    report(&carol, &place.carols, percent).await;
    stream.until("her own task", |event| tells(event, &place.carols, percent)).await;
    stream
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum How {
    Project,
    Setting,
}

impl How {
    async fn lose(self, house: &House) {
        match self {
            How::Project => members(house, &["bob"]).await,
            How::Setting => members_see_projects(house, false).await,
        }
    }

    async fn gain(self, house: &House) {
        match self {
            How::Project => members(house, &["bob", "carol"]).await,
            How::Setting => members_see_projects(house, true).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_sight_of_tasks_hears_so_once_and_nothing_more_of_them() {
    for form in FORMS {
        for how in [How::Project, How::Setting] {
            let place = waterfront().await;
            let (house, bob) = (&place.house, place.house.bob());
            let mut stream = listen(&place, form, None, "10").await;
            report(&bob, &place.bobs[0], "20").await;
            stream.until("what she sees", |event| tells(event, &place.bobs[0], "20")).await;
            let before = cursor(&stream);
            how.lose(house).await;
            for task in place.bobs.iter().chain([&place.outside]) {
                report(&bob, task, "30").await;
            }
            report(&house.carol(), &place.carols, "40").await;
            stream.until("her own task still", |event| tells(event, &place.carols, "40")).await;
            assert_eq!(gone(&stream), place.bobs, "{form}, {how:?}: each once");
            assert!(!was_reset(&stream), "{form}, {how:?}");
            let at = stream.seen.iter().rposition(|event| event.name == "gone").unwrap();
            for event in &stream.seen[at + 1..] {
                assert!(!place.bobs.iter().any(|task| names(event, task)), "{form}, {how:?}: {event:?}");
            }
            let after = cursor(&stream);
            // Away while it happened; and not away.
            let again = listen(&place, form, Some(&before), "50").await;
            assert!(was_reset(&again) && gone(&again).is_empty(), "{form}, {how:?}: {:#?}", again.seen);
            let again = listen(&place, form, Some(&after), "60").await;
            assert!(!was_reset(&again), "{form}, {how:?}: {:#?}", again.seen);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_at_a_task_that_leaves_their_sight_is_told_of_that_one() {
    for how in [How::Project, How::Setting] {
        let place = waterfront().await;
        let (house, carol) = (&place.house, place.house.carol());
        let [looked_at, other] = &place.bobs;
        let page = carol.open(&format!("/tasks/{looked_at}")).await;
        let mut stream = carol.stream_of(&page).await;
        stream.named("hello").await;
        how.lose(house).await;
        stream.named("gone").await;
        report(&house.bob(), looked_at, "30").await;
        report(&house.bob(), other, "30").await;
        // A name that changes rings everywhere: what comes before it has come.
        house.alice().post("/projects", &[("name", "Uptown")]).await.expect(303);
        let bells = |stream: &Events| stream.seen.iter().filter(|event| event.name == "list").count();
        while bells(&stream) < 2 {
            stream.next().await.expect("it goes on");
        }
        assert_eq!(gone(&stream), std::slice::from_ref(looked_at), "{how:?}");
        assert!(!stream.seen.iter().any(|event| event.name == "task"), "{how:?}: {:#?}", stream.seen);
    }
}

/// A long past is read page by page: what is lost or gained between two pages is not left out.
#[tokio::test(flavor = "multi_thread")]
async fn sight_that_changes_in_the_midst_of_a_replay_is_noticed() {
    let place = waterfront().await;
    let house = &place.house;
    let start = house.carol().open("/monitor").await.attribute("#main", "data-cursor").unwrap().parse().unwrap();
    let pages = usize::try_from(milepost::config::REPLAY_ROWS).unwrap() * 2 / milepost::config::TASKS_AT_ONCE;
    for _ in 0..=pages {
        let titles = ["Plank"; milepost::config::TASKS_AT_ONCE].join("\n");
        let form = [("title", titles.as_str()), ("assignee", house.people.id("bob")), ("project", "1")];
        house.alice().post("/assign", &form).await.expect(303);
    }
    let viewer = crate::streams::viewer_of(house, "carol").await;
    let mut feed = Feed::open(&house.server.app, Watcher::of(&viewer, Lang::En)).unwrap();
    let start = feed.start(From { cursor: Some(start), most: i64::MAX }).await.unwrap();
    assert!(start.behind && !start.reset);
    let page = feed.replay().await.unwrap();
    assert!(page.more && page.items.len() == usize::try_from(milepost::config::REPLAY_ROWS).unwrap());
    How::Project.lose(house).await;
    let page = feed.replay().await.unwrap();
    assert!(!page.more && matches!(page.items[..], [Item::Reset { .. }]), "{} items", page.items.len());
    // It is live, and has not heard of the same again.
    report(&house.carol(), &place.carols, "20").await;
    let item = in_time("her own task", async {
        loop {
            match feed.try_next().unwrap() {
                Some(Item::Changed | Item::Presence { .. }) => {}
                Some(item) => return item,
                None => feed.ready().await.unwrap(),
            }
        }
    });
    assert!(matches!(item.await, Item::Task(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gains_sight_of_tasks_asks_for_everything_and_hears_of_them() {
    for form in FORMS {
        for how in [How::Project, How::Setting] {
            let place = waterfront().await;
            let (house, bob) = (&place.house, place.house.bob());
            how.lose(house).await;
            let mut stream = listen(&place, form, None, "10").await;
            let before = cursor(&stream);
            how.gain(house).await;
            let reset = stream.named("reset").await;
            assert!(reset.id.is_some_and(|id| id != before), "{form}, {how:?}: it has a place of its own");
            report(&bob, &place.bobs[0], "20").await;
            stream.until("what she sees now", |event| tells(event, &place.bobs[0], "20")).await;
            assert_eq!(stream.seen.iter().filter(|event| event.name == "reset").count(), 1, "{form}, {how:?}");
            let after = cursor(&stream);
            let again = listen(&place, form, Some(&before), "50").await;
            assert!(was_reset(&again), "{form}, {how:?}: {:#?}", again.seen);
            let again = listen(&place, form, Some(&after), "60").await;
            assert!(!was_reset(&again), "{form}, {how:?}: {:#?}", again.seen);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_in_another_role_or_after_having_been_out_asks_for_everything() {
    for form in FORMS {
        for change in ["up", "down", "out and in"] {
            let place = waterfront().await;
            let house = &place.house;
            if change == "down" {
                role(house, "carol", "admin").await;
            }
            let mut stream = listen(&place, form, None, "10").await;
            let before = cursor(&stream);
            match change {
                "up" => role(house, "carol", "admin").await,
                "down" => role(house, "carol", "member").await,
                _ => {
                    let path = format!("/people/{}", house.people.id("carol"));
                    house.alice().post(&format!("{path}/deactivate"), &[]).await.expect(303);
                    house.alice().post(&format!("{path}/reactivate"), &[]).await.expect(303);
                }
            }
            let end = stream.rest().await.pop().expect("the stream is ended");
            assert_eq!(
                (end.name.as_str(), end.json()["reason"].as_str()),
                ("end", Some("revoked")),
                "{form}, {change}"
            );
            let again = listen(&place, form, Some(&before), "50").await;
            assert!(was_reset(&again), "{form}, {change}: {:#?}", again.seen);
            let again = listen(&place, form, Some(&cursor(&again)), "60").await;
            assert!(!was_reset(&again), "{form}, {change}: {:#?}", again.seen);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_read_after_a_change_of_sight_is_not_told_to_begin_anew() {
    let place = waterfront().await;
    let (house, carol) = (&place.house, place.house.carol());
    let before = carol.open("/monitor").await;
    How::Project.lose(house).await;
    let after = carol.open("/monitor").await;
    assert_ne!(before.attribute("#main", "data-cursor"), after.attribute("#main", "data-cursor"));
    for (page, resets) in [(before, true), (after, false)] {
        let mut stream = carol.stream_of(&page).await;
        report(&carol, &place.carols, if resets { "20" } else { "30" }).await;
        stream.until("her own task", |event| event.name == "task").await;
        assert_eq!(was_reset(&stream), resets, "{:#?}", stream.seen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_not_disturbed_by_a_change_of_sight() {
    let place = waterfront().await;
    let (house, bob) = (&place.house, place.house.bob());
    let (mut own, mut monitor) =
        (bob.events("/events?view=mine", None).await, house.ada().events(FORMS[0], None).await);
    own.named("hello").await;
    monitor.named("hello").await;
    let (at, watched) = (cursor(&own), cursor(&monitor));
    members(house, &[]).await;
    report(&bob, &place.outside, "20").await;
    own.until("his own", |event| tells(event, &place.outside, "20")).await;
    monitor.until("all", |event| tells(event, &place.outside, "20")).await;
    for (stream, cursor, form) in [(own, at, "/events?view=mine"), (monitor, watched, FORMS[0])] {
        assert!(gone(&stream).is_empty() && !was_reset(&stream), "{form}: {:#?}", stream.seen);
        let client = if form == FORMS[0] { house.ada() } else { house.bob() };
        let mut again = client.events(form, Some(&cursor)).await;
        again.until("what was missed", |event| tells(event, &place.outside, "20")).await;
        assert!(!was_reset(&again), "{form}: {:#?}", again.seen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_tasks_than_are_told_of_one_by_one_are_a_reset() {
    let place = waterfront().await;
    let house = &place.house;
    let limit = milepost::config::GONE_TASKS;
    let titles = |from: usize, to: usize| (from..to).map(|number| format!("Plank {number}")).collect::<Vec<_>>();
    // Two of bob's and one of carol's are there already.
    for lines in titles(3, limit).chunks(milepost::config::TASKS_AT_ONCE) {
        let form = [("title", &*lines.join("\n")), ("assignee", house.people.id("bob")), ("project", "1")];
        house.alice().post("/assign", &form).await.expect(303);
    }
    let mut stream = listen(&place, FORMS[0], None, "10").await;
    How::Project.lose(house).await;
    report(&house.carol(), &place.carols, "20").await;
    stream.until("her own task", |event| tells(event, &place.carols, "20")).await;
    assert_eq!((gone(&stream).len(), was_reset(&stream)), (limit - 1, false), "all but her own");
    How::Project.gain(house).await;
    house.assign_with("One too many", "bob", &[("project", "1")]).await;
    let mut stream = listen(&place, FORMS[0], None, "30").await;
    How::Project.lose(house).await;
    stream.named("reset").await;
    assert!(gone(&stream).is_empty());
}
