//! What is late is found where it stands, not among all that is open; and for one page only so much is looked at.

use std::cell::RefCell;
use std::collections::BTreeMap;

use milepost::config;
use milepost::jobs::BuiltIn;
use milepost::jobs::bulk::Bulk;
use milepost::jobs::kinds::bulk::{Chosen, Deed, Preview, preview};
use milepost::people::Viewer;
use milepost::tasks::TaskId;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};
use serde_json::{Value, json};

use crate::bulk::{EDIT, bulk, many, tally};
use crate::support::jobs::viewer;
use crate::support::server::{House, monday};

thread_local! {
    static STEPS: RefCell<BTreeMap<String, i32>> = const { RefCell::new(BTreeMap::new()) };
}

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Profile(statement, _) = event {
        let steps = statement.get_status(StatementStatus::VmStep);
        STEPS.with_borrow_mut(|all| all.insert(statement.sql().into_owned(), steps));
    }
}

/// What is shown before, and the steps that SQLite's machine takes for it.
fn look(house: &House, viewer: &Viewer, payload: &Value) -> (Preview, i32) {
    let bulk = Bulk::of(BuiltIn::BulkEdit, payload).unwrap();
    let (chosen, deed) = (Chosen::of(payload, &bulk), Deed::of(&bulk));
    STEPS.take();
    // A connection of its own: what its statements count begins at nothing.
    let conn = house.look();
    conn.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(note));
    let told = preview(&conn, viewer, (&chosen, &deed), TaskId::new(i64::MAX), monday()).unwrap();
    conn.trace_v2(TraceEventCodes::empty(), None);
    let steps = STEPS.take();
    assert!(!steps.is_empty());
    (told, steps.values().sum())
}

/// So many more tasks of bob's that are due at this instant.
fn fill(house: &House, viewer: &Viewer, count: i64, due_at: i64) {
    let conn = Connection::open(house.database()).unwrap();
    conn.busy_timeout(crate::support::PATIENCE).unwrap();
    let (now, of, alice, bob) = (monday().as_microsecond(), viewer.organisation, viewer.user, house.people.id("bob"));
    let sql = format!(
        "with recursive n (id) as (select 1 union all select id + 1 from n where id < {count})
         insert into tasks (organisation_id, kind, title, status, assignee_id, creator_id, priority, due_at, created_at,
           updated_at, version)
         select {of}, 'assignment', 'Plank ' || id, 'pending', {bob}, {alice}, 'medium', {due_at}, {now}, {now}, 1 from n"
    );
    conn.execute_batch(&sql).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_late_is_not_looked_for_among_all_that_is_open() {
    let house = House::open().await;
    let (alice, bob) = (viewer(&house, "alice"), viewer(&house, "bob"));
    let (now, hour) = (monday().as_microsecond(), 3_600_000_000);
    let late = json!({ "outcome": "open", "overdue": "now", "act": "change", "set_priority": "high" });
    let asked = || [&alice, &bob].map(|viewer| look(&house, viewer, &late));
    fill(&house, &alice, 10, now + hour);
    let few = asked();
    fill(&house, &alice, 20_000, now + hour);
    let many = asked();
    for ((few, steps), (many, steps_of_many)) in few.into_iter().zip(many) {
        assert_eq!((few.count.jobs, many.count.jobs, many.looked), (0, 0, 0));
        assert_eq!(steps_of_many, steps, "steps at twenty thousand that are open, and at ten");
    }
    // Late, but not so urgent: they are looked at, and only so many.
    fill(&house, &alice, config::SCAN_ROWS as i64 + 1_000, now - hour);
    let mut urgent = late.clone();
    urgent["priority"] = json!("urgent");
    let (told, _) = look(&house, &alice, &urgent);
    assert_eq!((told.count.jobs, told.count.or_more, told.judged), (0, true, 0));
    assert_eq!(told.looked, config::SCAN_ROWS as i64);
    let query = "outcome=open&overdue=now&priority=urgent&act=change&set_priority=high&show=1";
    let page = house.alice().open(&format!("{EDIT}?{query}")).await;
    assert!(page.text("#would").starts_with("None of the first 20,000 fits."), "{}", page.said());
    assert_eq!(page.text("#preview button"), "Change 0+ tasks", "there may be some beyond");
    let (told, _) = look(&house, &bob, &late);
    assert_eq!((told.count.jobs, told.count.or_more), (config::SCAN_ROWS as i64, true));
    assert_eq!(told.judged, config::BULK_PREVIEW as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_late_when_it_is_moved_is_moved_once() {
    let house = House::open().await;
    many(&house.alice(), house.people.id("bob"), 120).await;
    bulk(&house, "alice", "bulk-edit", json!({ "kind": "assignment", "set_due": "2025-02-20" })).await;
    house.assign_with("Plank in time", "bob", &[("due", "2025-04-02")]).await;
    let moved = bulk(&house, "alice", "bulk-edit", json!({ "overdue": "now", "q": "plank", "shift_days": 1 })).await;
    assert_eq!(tally(&moved), [120, 0, 0]);
    let due = "select count(*) from tasks where due_date = '2025-02-21'";
    assert_eq!(house.look().query_row(due, [], |row| row.get::<_, i64>(0)).unwrap(), 120);
}
