//! What users should know: it stands on a page of their own, unread first, with a count on every page; nobody reads or marks
//! another's.

use milepost::config;
use milepost::notify::{NewNotification, Reason, actions};
use milepost::people::OrganisationId;

use crate::support::html::Page;
use crate::support::server::House;

async fn told(house: &House, name: &str, subject: &str) {
    tell(house, name, subject, "One line.\nAnother <b>line</b>.").await;
}

/// A notification of somebody's, as admins write them.
pub async fn tell(house: &House, name: &str, subject: &str, text: &str) {
    let new = NewNotification {
        organisation: OrganisationId::new(if name == "stranger" { 2 } else { 1 }),
        user: house.people.id(name).parse().unwrap(),
        reason: Reason::Broadcast,
        subject: subject.into(),
        text: text.into(),
        task: None,
        schedule: None,
    };
    assert_eq!(house.server.app.db.write(move |w| actions::tell(w, &new)).await.unwrap(), actions::Told::Now);
}

fn count(page: &Page) -> String {
    if page.has("#bell .bell-count") { page.text("#bell .bell-count [aria-hidden]") } else { String::new() }
}

fn subjects(page: &Page) -> Vec<String> {
    page.texts(".notification h2")
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_ones_are_counted_on_every_page_and_stand_first_until_they_are_read() {
    let house = House::open().await;
    let bob = house.bob();
    let page = bob.open("/notifications").await;
    assert!(page.contains("Nothing to know"), "{}", page.said());
    assert_eq!(count(&page), "");
    for subject in ["First", "Second", "Third"] {
        told(&house, "bob", subject).await;
    }
    assert_eq!(count(&bob.open("/tasks").await), "3", "on any page");
    assert_eq!(count(&house.carol().open("/tasks").await), "");
    let page = bob.open("/notifications").await;
    assert_eq!(subjects(&page), ["Third", "Second", "First"]);
    assert!(page.contains("Another <b>line</b>."), "as it was written: {}", page.said());
    let form = page.form(":has([name='id'][value='2'])");
    let page = bob.submit_and_follow(&form).await;
    assert_eq!((count(&page).as_str(), subjects(&page)), ("2", vec!["Third".into(), "First".into(), "Second".into()]));
    bob.submit(&form).await.expect(303);
    assert_eq!(count(&bob.open("/tasks").await), "2", "twice is as once");
    // What came after the page was shown stays unread.
    let all = page.form("[action$='/notifications/read']:has([name='newest'])");
    told(&house, "bob", "Fourth").await;
    let page = bob.submit_and_follow(&all).await;
    assert_eq!((count(&page).as_str(), subjects(&page)[0].as_str()), ("1", "Fourth"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_marks_anothers() {
    let house = House::open().await;
    told(&house, "bob", "For bob").await;
    told(&house, "stranger", "For the stranger").await;
    for name in ["alice", "carol", "stranger"] {
        let client = house.client(name);
        client.post("/notifications/read", &[("id", "1")]).await.expect(404);
        client.post("/notifications/read", &[("newest", "9")]).await.expect(303);
        assert!(!client.open("/notifications").await.contains("For bob"), "{name}");
    }
    assert_eq!(count(&house.bob().open("/notifications").await), "1");
    assert_eq!(count(&house.stranger().open("/notifications").await), "", "it marked its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_read_page_by_page_and_the_oldest_of_too_many_goes() {
    let house = House::open().await;
    for number in 1..=config::PAGE_ROWS + 5 {
        told(&house, "bob", &format!("Number {number}")).await;
    }
    let bob = house.bob();
    for id in [50, 3] {
        bob.post("/notifications/read", &[("id", &id.to_string())]).await.expect(303);
    }
    let first = bob.open("/notifications").await;
    assert_eq!(subjects(&first).len(), config::PAGE_ROWS);
    let next = bob.open(&first.attribute("a[rel='next']", "href").unwrap()).await;
    assert_eq!(subjects(&next), ["Number 4", "Number 2", "Number 1", "Number 50", "Number 3"]);
    assert!(!next.has("a[rel='next']"));
    let most = usize::try_from(config::NOTIFICATIONS_KEPT).unwrap();
    let new = |number: usize| NewNotification {
        organisation: OrganisationId::new(1),
        user: house.people.id("bob").parse().unwrap(),
        reason: Reason::Alarm,
        subject: format!("More {number}"),
        text: "x".into(),
        task: None,
        schedule: None,
    };
    let many: Vec<NewNotification> = (0..most).map(new).collect();
    let written = house.server.app.db.write(move |w| many.iter().try_for_each(|one| actions::tell(w, one).map(drop)));
    written.await.unwrap();
    assert_eq!(count(&bob.open("/tasks").await), most.to_string(), "what went is not counted any more");
    let kept: i64 = house.look().query_row("select count(*) from notifications", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, config::NOTIFICATIONS_KEPT);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_hear_how_many_are_unread_and_nobody_hears_of_anothers() {
    let house = House::open().await;
    for subject in ["First", "Second"] {
        told(&house, "ada", subject).await;
    }
    let mut bob = house.bob().events("/events?view=mine", None).await;
    let mut alice = house.alice().events("/events?view=monitor", None).await;
    let mut ada = house.ada().events("/events?view=monitor", None).await;
    for stream in [&mut bob, &mut alice, &mut ada] {
        stream.named("hello").await;
    }
    for name in ["bob", "alice", "ada"] {
        told(&house, name, "News").await;
    }
    for (stream, unread) in [(&mut bob, "One is unread."), (&mut alice, "One is unread."), (&mut ada, "3 are unread.")]
    {
        let event = stream.named("bell").await;
        assert!(event.data.contains(unread), "{}", event.data);
    }
    house.bob().post("/notifications/read", &[("id", "3")]).await.expect(303);
    assert_eq!(bob.named("bell").await.data, "<span id=\"bell-count\"></span>");
}
