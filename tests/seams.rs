//! Where a stream could tell too much, too little or nothing: what is rendered late, bodies that never come, settings that
//! change under an open stream, cursors of two databases, a past without anything for its reader.

use milepost::insight::Slot;
use milepost::tasks::TaskId;
use milepost::web::fragments::{Frame, View};

use crate::support::raw::{self, Raw};
use crate::support::server::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_rendered_late_shows_nothing_of_what_came_after_it() {
    let house = House::open().await;
    let id = house.assign("Paint the north pier", "bob").await;
    let number = TaskId::new(id.parse().unwrap());
    let app = house.server.app.clone();
    let find = "select version from tasks where id = ?";
    let version: i64 = house.look().query_row(find, [&id], |row| row.get(0)).unwrap();
    let organisation = milepost::people::OrganisationId::new(1);
    let render = async |version: i64| {
        let inside = app.clone();
        let read = app.db.snapshot(move |conn, _| {
            let task = milepost::insight::row_of(conn, organisation, number)?.unwrap().task;
            let slot = Slot { version, ..Slot::from(&task) };
            let watcher = (organisation, milepost::locale::Lang::En);
            let frame = Frame::of_stream(inside.clone(), conn, watcher, inside.hub.names_generation())?;
            inside.memory.fragments.of(conn, View::Monitor, &frame, &slot)
        });
        read.await
    };
    house.alice().post(&format!("/tasks/{id}/comments"), &[("text", "Not for everybody")]).await.expect(303);
    let late = render(version).await;
    assert!(matches!(late, Err(milepost::error::Error::NotFound)), "{late:?}");
    let present = render(version + 1).await.unwrap();
    assert!(present.contains("Not for everybody"), "{present}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_waited_for_who_announces_a_body_where_one_only_asks() {
    let house = House::open().await;
    let url = house.url().to_owned();
    let ask = move |path: &str| {
        let mut raw = Raw::open(&url);
        raw.send(&format!("GET {path} HTTP/1.1\r\nHost: milepost\r\nContent-Length: 262144\r\n\r\nhalf"));
        raw.answer().head
    };
    let heads = tokio::task::spawn_blocking(move || ["/events?view=monitor", "/api/v1/events"].map(ask));
    let [page, api] = heads.await.unwrap();
    assert!(page.starts_with("http/1.1 303"), "{page}");
    assert!(api.starts_with("http/1.1 401"), "{api}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_changes_under_an_open_stream_holds_for_what_it_says() {
    let house = House::open().await;
    let alice = house.alice();
    let mut stream = alice.events("/events?view=monitor", None).await;
    stream.named("hello").await;
    let form = alice.open("/settings").await.form("[action='/settings']").fill("zone", "Pacific/Auckland");
    alice.submit(&form).await.expect(303);
    let due = [("due", "2025-03-20T10:00")];
    let id = house.assign_with("Paint the north pier", "bob", &due).await;
    let event =
        stream.until("the task", |event| event.name == "task" && event.data.contains(&format!("task-{id}"))).await;
    let page = house.ada().open("/monitor").await;
    for html in [&event.data, &page.body] {
        assert!(html.contains("20 Mar 2025, 10:00"), "{html}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_a_cursor_from_before_a_restore_does_not_outweigh_the_last_event() {
    let house = House::open().await;
    let bob = house.bob();
    let own = bob.open("/tasks").await.attribute("#main", "data-cursor").unwrap();
    let mut stream = bob.events("/events?view=mine&after=deadbeef-900000", Some(&own)).await;
    assert_eq!(stream.named("hello").await.json()["cursor"], own.as_str());
    house.assign("Paint the north pier", "bob").await;
    stream.named("task").await;
    assert!(stream.seen.iter().all(|event| event.name != "reset"), "{:#?}", stream.seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_without_anything_for_its_reader_moves_the_readers_place_all_the_same() {
    let house = House::open().await;
    let carol = house.carol();
    let before = carol.open("/tasks").await.attribute("#main", "data-cursor").unwrap();
    house.assign("Paint the north pier", "bob").await;
    let after = carol.open("/tasks").await.attribute("#main", "data-cursor").unwrap();
    assert_ne!(before, after);
    let url = house.url().to_owned();
    let request = raw::get(&format!("/api/v1/events?after={before}"), &carol);
    let told = tokio::task::spawn_blocking(move || {
        let mut raw = Raw::open(&url);
        raw.send(&request);
        raw.until(&format!("\n\nid: {after}\n\n"))
    });
    let text = told.await.unwrap();
    assert!(text.contains(&format!("id: {before}\nevent: hello")), "{text}");
}
