//! The form that changes many tasks: what its button says is what begins, and it offers each only what they may.

use serde_json::json;

use crate::bulk::{EDIT, bulk, many, tally, would};
use crate::new_job::started;
use crate::support::jobs::ended;
use crate::support::server::House;

const CONFIRM: &str = "[method='post'][action='/jobs/new/bulk-edit']";

#[tokio::test(flavor = "multi_thread")]
async fn the_job_is_called_as_its_button_was_and_says_when_the_world_moved_meanwhile() {
    let house = House::open().await;
    let alice = house.alice();
    many(&alice, house.people.id("bob"), 25).await;
    bulk(&house, "alice", "bulk-edit", json!({ "until": 5, "set_priority": "urgent" })).await;
    let page = alice.open(&format!("{EDIT}?set_priority=urgent&kind=assignment&show=1")).await;
    assert_eq!(page.text("#preview button"), "Change 20 tasks");
    let answer = alice.submit(&page.form(CONFIRM)).await.expect(303);
    let told = alice.open(&answer.location().unwrap()).await;
    assert!(told.contains("It has begun."), "{}", told.said());
    let done = ended(&house, started(&answer)).await;
    assert_eq!((done.title.as_str(), tally(&done)), ("Change 20 tasks", [20, 5, 0]));
    // Somebody does one of them by hand before the button is pressed.
    let page = alice.open(&format!("{EDIT}?set_priority=low&kind=assignment&show=1")).await;
    assert_eq!(page.text("#preview button"), "Change 25 tasks");
    alice.post("/tasks/3", &[("priority", "low")]).await.expect(303);
    let answer = alice.submit(&page.form(CONFIRM)).await.expect(303);
    let told = alice.open(&answer.location().unwrap()).await;
    assert!(told.contains("When it was shown it was 25; by now it is 24."), "{}", told.said());
    let done = ended(&house, started(&answer)).await;
    assert_eq!((done.title.as_str(), tally(&done)), ("Change 24 tasks", [24, 1, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_offered_what_they_may_and_told_what_not() {
    let house = House::open().await;
    many(&house.alice(), house.people.id("bob"), 2).await;
    let bob = house.bob();
    let jobs = || -> i64 {
        house.look().query_row("select count(*) from tasks where kind = 'job'", [], |row| row.get(0)).unwrap()
    };
    let change = "act=change&set_priority=urgent&kind=assignment";
    let page = bob.get(&format!("{EDIT}?{change}&show=1")).await.refused(422);
    assert!(page.text("#act-error").contains("admins change"), "{}", page.said());
    assert!(!page.has("#preview") && !page.has("#act option[value='change']") && !page.has("#set_priority"));
    let fields = [("act", "change"), ("set_priority", "urgent"), ("kind", "assignment")];
    let page = bob.post(EDIT, &fields).await.refused(422);
    assert!(page.has("#act-error"), "{}", page.said());
    assert_eq!(jobs(), 0, "nothing begins that would refuse all");
    bob.get(&format!("{EDIT}?act=cancel&kind=job&show=1")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_monitor_shows_is_what_its_link_changes() {
    let house = House::open().await;
    let alice = house.alice();
    let late = house.assign_with("Late", "bob", &[("due", "2025-03-02")]).await;
    house.assign_with("Later", "bob", &[("due", "2025-04-02")]).await;
    house.assign("Whenever", "carol").await;
    let done = house.assign("Done", "bob").await;
    house.bob().post(&format!("/tasks/{done}/complete"), &[]).await.expect(303);
    let over = house.assign_with("Over and late", "bob", &[("due", "2025-03-01")]).await;
    house.bob().post(&format!("/tasks/{over}/complete"), &[]).await.expect(303);
    let bob = house.people.id("bob");
    for (filter, count) in [
        (String::new(), 3),
        (format!("?person={bob}"), 2),
        ("?overdue=1".to_owned(), 1),
        ("?status=done".to_owned(), 2),
        ("?q=late".to_owned(), 2),
    ] {
        let link = alice.open(&format!("/monitor{filter}")).await.attribute(".bulk-links a", "href").unwrap();
        let form = alice.open(&link).await.form("[method='get'][action='/jobs/new/bulk-edit']");
        let asked = form.fill("set_priority", "urgent").press("show", "1");
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked.fields).finish();
        let page = alice.open(&format!("{}?{query}", asked.action)).await;
        assert_eq!(would(&page), count, "{filter}: {}", page.said());
    }
    let page = alice.open(&format!("{EDIT}?overdue=now&set_priority=urgent&show=1")).await;
    let done = ended(&house, started(&alice.submit(&page.form(CONFIRM)).await.expect(303))).await;
    assert_eq!(tally(&done), [1, 0, 0]);
    let urgent = "select id from tasks where priority = 'urgent'";
    let urgent: i64 = house.look().query_row(urgent, [], |row| row.get(0)).unwrap();
    assert_eq!(urgent.to_string(), late);
    assert!(!house.bob().open("/monitor").await.has(".bulk-links"));
}
