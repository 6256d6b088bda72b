//! What is done to all tasks that a filter names: shown before, done one by one, by each only as far as they may; undone;
//! cancelled, killed, taken up again.

use std::collections::BTreeMap;
use std::sync::Arc;

use milepost::jobs::actions::{cancel, retry};
use milepost::jobs::items::ItemOutcome;
use milepost::jobs::sql;
use milepost::tasks::actions::NewJob;
use milepost::tasks::{Status, Task, TaskId, Via};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::new_job::started;
use crate::support::binary::Binary;
use crate::support::client::Client;
use crate::support::eventually;
use crate::support::html::Page;
use crate::support::jobs::{create_job, ended, task, until, viewer};
use crate::support::server::{House, template_copy};
use crate::support::worker::Worker;

pub const EDIT: &str = "/jobs/new/bulk-edit";

/// So many tasks for somebody, by the form for pasted lists.
pub async fn many(alice: &Client, to: &str, count: usize) {
    let titles: Vec<String> = (0..count).map(|number| format!("Plank {number}")).collect();
    for some in titles.chunks(100) {
        alice.post("/assign", &[("title", &*some.join("\n")), ("assignee", to)]).await.expect(303);
    }
}

pub fn job(kind: &str, payload: Value) -> NewJob {
    NewJob { job_kind: Some(kind.into()), payload, max_attempts: Some(1), ..NewJob::default() }
}

/// Such a job of somebody's, to its end.
pub async fn bulk(house: &House, name: &str, kind: &str, payload: Value) -> Arc<Task> {
    let id = create_job(house, name, job(kind, payload)).await.unwrap();
    ended(house, id).await
}

/// Done, left as they were, refused.
pub fn tally(done: &Task) -> [i64; 3] {
    let job = done.job().unwrap();
    let result = job.result.as_deref().unwrap_or_else(|| panic!("{:?}", job.error));
    ["done", "skipped", "failed"].map(|name| result[name].as_i64().unwrap())
}

/// What assignments are, by their numbers.
fn facts(conn: &Connection) -> BTreeMap<i64, String> {
    let mut statement = conn
        .prepare(
            "select id, coalesce(assignee_id, 0) || ' ' || coalesce(project_id, 0) || ' ' || priority || ' ' ||
               coalesce(due_at, 0) || ' ' || coalesce(due_date, '') || ' ' || status
             from tasks where kind = 'assignment'",
        )
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// How many entries of this change the trail of assignments has, and of how many tasks.
fn entries(conn: &Connection, change: &str) -> (i64, i64) {
    let sql = "select count(*), count(distinct task_id) from trail where change = ? and task_id in
        (select id from tasks where kind = 'assignment')";
    conn.query_row(sql, [change], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

/// Work of every sort: open and ended, due and not, and a job.
async fn mixed(house: &House) -> Vec<String> {
    let (alice, bob) = (house.alice(), house.bob());
    alice.post("/projects", &[("name", "Waterfront")]).await.expect(303);
    let mut ids = vec![
        house.assign_with("Paint the pier", "bob", &[("due", "2025-03-10"), ("priority", "high")]).await,
        house.assign_with("Count the gulls", "bob", &[("due", "2025-03-30T10:30")]).await,
        house.assign_with("Sweep", "carol", &[("project", "1")]).await,
        house.assign("Fetch rope", "bob").await,
        house.assign("Old work", "carol").await,
    ];
    bob.post(&format!("/tasks/{}/complete", ids[3]), &[]).await.expect(303);
    alice.post(&format!("/tasks/{}/cancel", ids[4]), &[]).await.expect(303);
    ids.push(Worker::of(house, "alice").job("Send the letters").await.to_string());
    ids
}

/// How many the page says it would be done to.
pub fn would(page: &Page) -> i64 {
    let said = page.text("#would");
    let words: Vec<&str> = said.trim_end_matches('.').split(' ').collect();
    words[words.len() - 3].parse().unwrap_or_else(|_| panic!("{said}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_before_is_what_happens() {
    for (form, what) in [
        (vec![("shift_days", "7")], [2, 4, 0]),
        (vec![("set_priority", "high"), ("set_project", "1")], [5, 1, 0]),
        (vec![("set_project", "1")], [4, 2, 0]),
        (vec![("set_due", "2025-04-01"), ("status", "pending"), ("kind", "assignment")], [3, 0, 0]),
        (vec![("act", "cancel")], [4, 2, 0]),
        (vec![("act", "retry")], [0, 6, 0]),
        (vec![("set_assignee", "0"), ("person", "bob")], [3, 0, 0]),
        (vec![("set_priority", "low"), ("q", "pier")], [1, 0, 0]),
    ] {
        let house = House::open_with(|config| config.workers = 0).await;
        mixed(&house).await;
        let alice = house.alice();
        let history = alice.open("/history").await;
        let link = history.attribute("a[href^='/jobs/new/bulk-edit']", "href").unwrap();
        let mut asked = alice.open(&link).await.form("[method='get'][action='/jobs/new/bulk-edit']");
        for (name, value) in &form {
            asked = asked.fill(name, if *value == "bob" { house.people.id("bob") } else { value });
        }
        let asked = asked.press("show", "1");
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked.fields).finish();
        let page = alice.open(&format!("{}?{query}", asked.action)).await;
        assert_eq!(would(&page), what[0], "{form:?}: {}", page.said());
        if what[0] == 0 {
            assert!(page.contains("Nothing would change."), "{form:?}");
            continue;
        }
        let id = started(&alice.submit(&page.form("[method='post'][action='/jobs/new/bulk-edit']")).await.expect(303));
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let _workers = milepost::jobs::kinds::worker::start_workers(&house.server.app, 1, &stopped);
        let done = ended(&house, id).await;
        assert_eq!(tally(&done), what, "{form:?}");
        let against: i64 =
            page.texts("#against li").iter().map(|line| line.split(' ').next().unwrap().parse::<i64>().unwrap()).sum();
        assert_eq!(against, what[1] + what[2], "{form:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_show_before_and_after_and_why_not() {
    let house = House::open().await;
    mixed(&house).await;
    let alice = house.alice();
    let page = alice.open(&format!("{EDIT}?shift_days=7&act=change&kind=assignment&show=1")).await;
    let shown = page.text("#preview table");
    for words in ["10 Mar 2025", "17 Mar 2025", "Paint the pier", "It has no due date to move."] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    assert!(page.text("#against").contains("3 × It has no due date to move."), "{}", page.said());
    assert_eq!(page.text("#preview button"), "Change 2 tasks");
    let page = alice.open(&format!("{EDIT}?act=cancel&show=1")).await;
    assert!(page.contains("There is no undo for all of them"), "{}", page.said());
    assert!(page.text("#against").contains("This task has ended already"), "{}", page.said());
    let page = alice.open(&format!("{EDIT}?q=nothing&set_priority=low&show=1")).await;
    assert!(page.contains("No task fits"), "{}", page.said());
    let delete = page.attribute("a[href^='/jobs/new/bulk-delete']", "href").unwrap();
    assert_eq!(delete, "/jobs/new/bulk-delete?q=nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_tasks_are_given_to_somebody_else_each_once_and_back() {
    let house = House::open().await;
    many(&house.alice(), house.people.id("bob"), 2_000).await;
    let before = facts(&house.look());
    let payload = json!({ "person": house.people.id("bob").parse::<i64>().unwrap(),
        "set_assignee": house.people.id("carol").parse::<i64>().unwrap(), "set_priority": "urgent" });
    let done = bulk(&house, "alice", "bulk-edit", payload).await;
    assert_eq!(tally(&done), [2_000, 0, 0]);
    let counts = done.counts.unwrap();
    assert_eq!((counts.total, counts.succeeded), (Some(2_000), 2_000));
    assert_eq!(
        (entries(&house.look(), "assigned"), entries(&house.look(), "priority")),
        ((2_000, 2_000), (2_000, 2_000))
    );
    let items = sql::items(&house.look(), done.id, Some(ItemOutcome::Succeeded), 0, 5_000).unwrap();
    assert_eq!(items.len(), 2_000, "each is an item");
    let alice = house.alice();
    assert!(alice.open("/history").await.contains("Carol Idle"));
    let undo = alice.open(&format!("/tasks/{}", done.id)).await.attribute("#undo-changes", "href").unwrap();
    let page = alice.open(&undo).await;
    assert!(page.contains("Undo a change of 2,000 tasks") && page.contains("1,000"), "{}", page.said());
    let id = started(&alice.submit(&page.form("[method='post'][action='/jobs/new/bulk-edit']")).await.expect(303));
    assert_eq!(tally(&*ended(&house, id).await), [2_000, 0, 0]);
    assert_eq!(facts(&house.look()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_restores_exactly_and_spares_what_was_changed_since() {
    let house = House::open().await;
    let alice = house.alice();
    // A day is over where it was given.
    let zone = |zone: &'static str| [("language", "en"), ("zone", zone), ("theme", "auto")];
    alice.post("/account/preferences", &zone("Asia/Tokyo")).await.expect(303);
    let ids = mixed(&house).await;
    alice.post("/account/preferences", &zone("America/New_York")).await.expect(303);
    let before = facts(&house.look());
    let carol: i64 = house.people.id("carol").parse().unwrap();
    let payload = json!({ "kind": "assignment", "set_due": "2025-05-01", "set_assignee": carol, "set_project": 1, "set_priority": "low" });
    let done = bulk(&house, "alice", "bulk-edit", payload).await;
    assert_eq!(tally(&done), [5, 0, 0]);
    let again = bulk(&house, "alice", "bulk-edit", json!({ "act": "undo", "of_job": done.id })).await;
    assert_eq!(tally(&again), [5, 0, 0]);
    assert_eq!(facts(&house.look()), before);
    let twice = bulk(&house, "alice", "bulk-edit", json!({ "act": "undo", "of_job": done.id })).await;
    assert_eq!(tally(&twice), [0, 0, 0], "it was undone: there is nothing left");
    assert!(!alice.open(&format!("/tasks/{}", done.id)).await.has("#undo-changes"));
    let page = alice.open(&format!("{EDIT}?act=undo&of_job={}&show=1", done.id)).await;
    assert!(page.contains("There is nothing left to undo"), "{}", page.said());
    // An undo is undone as well; meanwhile one task changes in part, one as a whole, one goes.
    let redone = bulk(&house, "alice", "bulk-edit", json!({ "act": "undo", "of_job": again.id })).await;
    assert_eq!(tally(&redone), [5, 0, 0]);
    alice.post(&format!("/tasks/{}", ids[0]), &[("priority", "urgent")]).await.expect(303);
    let all = [("priority", "urgent"), ("assignee", house.people.id("ada")), ("project", ""), ("due", "2025-06-01")];
    alice.post(&format!("/tasks/{}", ids[1]), &all).await.expect(303);
    let delete = house.alice().send_json(Method::DELETE, &format!("/api/v1/tasks/{}", ids[4]), "").await;
    assert!(delete.status.is_success(), "{}", delete.body);
    let mine = facts(&house.look());
    let last = bulk(&house, "alice", "bulk-edit", json!({ "act": "undo", "of_job": redone.id })).await;
    assert_eq!(tally(&last), [3, 2, 0]);
    let after = facts(&house.look());
    let number = |at: usize| ids[at].parse::<i64>().unwrap();
    assert_eq!(after[&number(1)], mine[&number(1)], "what somebody changed since stays");
    assert_eq!(after[&number(0)], before[&number(0)].replace(" high ", " urgent "), "the rest of it is undone");
    assert_eq!((&after[&number(2)], &after[&number(3)]), (&before[&number(2)], &before[&number(3)]));
    let items = sql::items(&house.look(), last.id, None, 0, 10).unwrap();
    let message =
        |at: usize| items.iter().find(|item| item.key == ids[at]).unwrap().message.clone().unwrap_or_default();
    assert_eq!(message(0), "A part of it was changed again since, and stays.");
    assert_eq!(message(1), "It was changed again since.");
    assert_eq!(message(4), "It is not there any more.");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_task_answers_by_itself_and_only_what_has_ended_is_deleted() {
    let house = House::open().await;
    let ids = mixed(&house).await;
    let done = bulk(&house, "alice", "bulk-delete", json!({ "until": 9_999 })).await;
    assert_eq!(tally(&done), [2, 4, 0], "neither the open ones nor the job itself");
    assert_eq!(facts(&house.look()).len(), 3);
    let log = house.alice().get(&format!("/tasks/{}/log", done.id)).await.body;
    assert!(log.contains("Done: 2. Left as they were: 4. Refused: 0."), "{log}");
    assert!(log.contains("4 × Only what has ended can be deleted") || log.contains("3 × Only"), "{log}");
    assert!(!house.alice().open(&format!("/tasks/{}", done.id)).await.has("#undo-changes"), "there is no undo");
    let deleted = "select actor_id from trail where change = 'deleted' and task_id = ?";
    let actor: i64 = house.look().query_row(deleted, [&ids[3]], |row| row.get(0)).unwrap();
    assert_eq!(actor.to_string(), house.people.id("alice"), "in the name of whoever started it");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_does_to_many_what_they_may_not_do_to_one() {
    let house = House::open().await;
    let ids = mixed(&house).await;
    let own = Worker::of(&house, "bob").job("Bob's own").await;
    let alice = house.alice();
    alice.post("/settings", &[("name", "Works"), ("zone", "UTC"), ("members_see_projects", "1")]).await.expect(303);
    alice.post("/projects/1/members", &[("members", house.people.id("bob"))]).await.expect(303);
    let before = facts(&house.look());
    // His own three, one in a project that he sees, and a job of his.
    let refused = bulk(&house, "bob", "bulk-edit", json!({ "until": 9_999, "set_priority": "urgent" })).await;
    assert_eq!(tally(&refused), [0, 0, 5]);
    let cancelled = bulk(&house, "bob", "bulk-edit", json!({ "until": 9_999, "act": "cancel" })).await;
    assert_eq!(tally(&cancelled), [1, 1, 4].map(|count| count), "{:?}", cancelled.counts);
    assert_eq!(task(&house, own).status, Status::Cancelled);
    assert_eq!(facts(&house.look()), before);
    let deleted = bulk(&house, "bob", "bulk-delete", json!({ "until": 9_999 })).await;
    assert_eq!(tally(&deleted)[0], 3, "his ended jobs, these among them");
    assert_eq!(facts(&house.look()), before);
    let elsewhere = bulk(&house, "stranger", "bulk-edit", json!({ "until": 9_999, "set_priority": "urgent" })).await;
    assert_eq!(tally(&elsewhere), [0, 0, 0]);
    assert_eq!(facts(&house.look()), before);
    // Nor is anything undone that one does not see.
    let mine = bulk(&house, "alice", "bulk-edit", json!({ "kind": "assignment", "set_priority": "urgent" })).await;
    assert_eq!(tally(&mine), [5, 0, 0]);
    for name in ["bob", "stranger"] {
        let undo = bulk(&house, name, "bulk-edit", json!({ "act": "undo", "of_job": mine.id })).await;
        assert_eq!(undo.status, Status::Failed, "{name}");
        house.client(name).get(&format!("{EDIT}?act=undo&of_job={}&show=1", mine.id)).await.expect(404);
    }
    let form = house.bob().open(EDIT).await.form("[method='get'][action='/jobs/new/bulk-edit']");
    assert!(!form.has("set_assignee") && form.value("act") == Some("cancel"), "{form:?}");
    assert!(!house.bob().open("/history").await.has("a[href^='/jobs/new/bulk-edit']"));
    assert_eq!(ids.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_it_was_shown_is_left_alone() {
    let house = House::open().await;
    mixed(&house).await;
    let alice = house.alice();
    let page = alice.open(&format!("{EDIT}?set_priority=urgent&kind=assignment&show=1")).await;
    let later = house.assign("Later", "bob").await;
    let id = started(&alice.submit(&page.form("[method='post'][action='/jobs/new/bulk-edit']")).await.expect(303));
    assert_eq!(tally(&*ended(&house, id).await), [5, 0, 0]);
    assert_eq!(task(&house, TaskId::new(later.parse().unwrap())).priority.as_str(), "medium");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_one_has_changed_whole_tasks_and_run_again_goes_on_where_it_ended() {
    let house = House::open().await;
    many(&house.alice(), house.people.id("bob"), 1_500).await;
    let payload = json!({ "kind": "assignment", "shift_days": 1 });
    bulk(&house, "alice", "bulk-edit", json!({ "kind": "assignment", "set_due": "2025-04-01" })).await;
    let id = create_job(&house, "alice", job("bulk-edit", payload)).await.unwrap();
    let running = until(&house, id, "it changes", |task| {
        task.status.has_ended() || task.counts.is_some_and(|counts| counts.succeeded > 0)
    });
    let running = running.await;
    let alice = viewer(&house, "alice");
    house.server.app.act(&alice, Via::Page, move |w, by| cancel(w, by, &running, None)).await.unwrap();
    let cancelled = ended(&house, id).await;
    assert_eq!(cancelled.status, Status::Cancelled);
    let moved = |day: &str| -> i64 {
        house.look().query_row("select count(*) from tasks where due_date = ?", [day], |row| row.get(0)).unwrap()
    };
    let some = moved("2025-04-02");
    assert!(some > 0 && some < 1_500, "{some}");
    assert_eq!(cancelled.counts.unwrap().succeeded, some);
    house.server.app.act(&alice, Via::Page, move |w, by| retry(w, by, id, false)).await.unwrap();
    let done = until(&house, id, "it ends again", |task| task.status == Status::Done).await;
    assert_eq!(tally(&done)[0], 1_500, "what both attempts did");
    assert_eq!(moved("2025-04-02"), 1_500, "no date was moved twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_refused_is_tried_again() {
    let house = House::open().await;
    many(&house.alice(), house.people.id("bob"), 30).await;
    let (alice, carol) = (house.alice(), house.people.id("carol").to_owned());
    alice.post(&format!("/people/{carol}/deactivate"), &[]).await.expect(303);
    let payload = json!({ "until": 9_999, "set_assignee": carol.parse::<i64>().unwrap() });
    let refused = bulk(&house, "alice", "bulk-edit", payload).await;
    assert_eq!(tally(&refused), [0, 0, 30]);
    let groups = sql::item_groups(&house.look(), refused.id, ItemOutcome::Failed, 5, 5).unwrap();
    assert_eq!((groups.len(), groups[0].items), (1, 30), "{groups:?}");
    alice.post(&format!("/people/{carol}/reactivate"), &[]).await.expect(303);
    let (alice, id) = (viewer(&house, "alice"), refused.id);
    house.server.app.act(&alice, Via::Page, move |w, by| retry(w, by, id, true)).await.unwrap();
    let done =
        until(&house, id, "it ends again", |task| task.job().unwrap().attempt == 2 && task.status == Status::Done);
    assert_eq!(tally(&*done.await), [30, 0, 0]);
    assert_eq!(entries(&house.look(), "assigned"), (30, 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_server_is_killed_is_taken_up_by_the_next_one_and_no_task_is_done_twice() {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let mut server = Binary::start(&database);
    let alice = people.client("alice", &server.url);
    many(&alice, people.id("bob"), 2_000).await;
    let page = alice.open(&format!("{EDIT}?set_priority=urgent&show=1")).await;
    let id = started(&alice.submit(&page.form("[method='post'][action='/jobs/new/bulk-edit']")).await.expect(303));
    let look = || Connection::open(&database).unwrap();
    for round in 1..=3 {
        let conn = look();
        conn.busy_timeout(crate::support::PATIENCE).unwrap();
        let enough = 2_000 / 6 * round;
        eventually("it changes", || async { (entries(&conn, "priority").0 >= enough).then_some(()) }).await;
        server.kill();
        assert!(entries(&conn, "priority").0 < 2_000, "killed in the middle");
        // The lease that died with the server is over, and so is the pause after it.
        let over = "update jobs set lease_seconds = 1, max_attempts = 9, backoff = '[0]' where task_id = ?";
        conn.execute(over, [id]).unwrap();
        drop(conn);
        server = Binary::start(&database);
    }
    let done = eventually("the job ends", || async {
        milepost::tasks::sql::find(&look(), id).unwrap().filter(|task| task.status.has_ended())
    });
    let done = done.await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    assert_eq!(tally(&done), [2_000, 0, 0]);
    assert_eq!(entries(&look(), "priority"), (2_000, 2_000));
    assert_eq!(sql::items(&look(), id, Some(ItemOutcome::Succeeded), 0, 5_000).unwrap().len(), 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_no_longer_changes_no_more() {
    let house = House::open_with(|config| config.workers = 0).await;
    mixed(&house).await;
    let before = facts(&house.look());
    let id =
        create_job(&house, "ada", job("bulk-edit", json!({ "until": 9_999, "set_priority": "urgent" }))).await.unwrap();
    let ada = house.people.id("ada").to_owned();
    house.alice().post(&format!("/people/{ada}/role"), &[("role", "member")]).await.expect(303);
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let _workers = milepost::jobs::kinds::worker::start_workers(&house.server.app, 1, &stopped);
    // She is a member now, who sees none of them.
    assert_eq!(tally(&*ended(&house, id).await)[0], 0);
    assert_eq!(facts(&house.look()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_never_more_than_a_filter() {
    let house = House::open().await;
    mixed(&house).await;
    let before = facts(&house.look());
    for (name, value) in [
        ("q", "x' or 1=1 --"),
        ("q", "\" OR organisation:o1 *"),
        ("of_queue", "' or ''='"),
        ("of_job_kind", "letters') or (1=1"),
        ("of_category", "%"),
    ] {
        let mut payload = json!({ name: value });
        if name == "q" {
            payload["set_priority"] = json!("urgent");
        } else {
            payload["standing"] = json!("queued");
            payload["act"] = json!("cancel");
        }
        let done = bulk(&house, "alice", "bulk-edit", payload).await;
        assert_eq!(tally(&done), [0, 0, 0], "{name}={value}");
    }
    assert_eq!(facts(&house.look()), before);
    let alice = house.alice();
    for nonsense in [
        "status=x&set_priority=low",
        "set_priority=great",
        "set_due=tomorrow",
        "shift_days=much",
        "person=bob&set_priority=low",
        "act=change",
    ] {
        let page = alice.get(&format!("{EDIT}?{nonsense}&show=1")).await.refused(422);
        assert!(!page.has("#preview"), "{nonsense}");
    }
    alice.post(EDIT, &[("set_priority", "great")]).await.refused(422);
    alice.post(EDIT, &[]).await.refused(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_and_schedules_do_it_as_well_and_are_told_what_is_wrong() {
    let house = House::open().await;
    mixed(&house).await;
    let program = house.program("alice", "report read admin").await;
    let body =
        |payload: Value| json!({ "title": "Move it all", "job_kind": "bulk-edit", "payload": payload }).to_string();
    let told = async |payload: Value| {
        let page = program.send_json(Method::POST, "/api/v1/tasks", &body(payload)).await.expect(422);
        page.json()["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    assert_eq!(told(json!({ "until": 9_999 })).await, "payload.act");
    assert_eq!(told(json!({ "set_priority": "low" })).await, "payload.until", "not every task by mistake");
    assert_eq!(told(json!({ "set_priority": "low", "q": "!!!" })).await, "payload.q");
    assert_eq!(told(json!({ "set_due": "2025-04-01", "shift_days": 1 })).await, "payload.shift_days");
    assert_eq!(told(json!({ "colour": "red" })).await, "payload.colour");
    assert_eq!(told(json!({ "act": "undo" })).await, "payload.of_job");
    let made = program
        .send_json(Method::POST, "/api/v1/tasks", &body(json!({ "shift_days": 7, "status": "", "until": 9_999 })))
        .await;
    let id = TaskId::new(made.expect(201).json()["id"].as_i64().unwrap());
    assert_eq!(tally(&*ended(&house, id).await), [2, 4, 0]);
    // A token that may not by itself does not by a job.
    let few = house.program("alice", "report read").await;
    few.send_json(Method::POST, "/api/v1/tasks", &body(json!({ "until": 9, "set_priority": "low" }))).await.expect(403);
    let alice = house.alice();
    let schedule = json!({ "title": "Weekly", "cron": "@weekly",
        "job": { "job_kind": "bulk-edit", "payload": { "shift_days": 7, "status": "pending" } } });
    let schedule = alice.send_json(Method::POST, "/api/v1/schedules", &schedule.to_string()).await.expect(201).json();
    let run = alice.post(&format!("/schedules/{}/run", schedule["id"]), &[]).await;
    assert_eq!(run.status, 303, "{}", run.said());
    let id: i64 = house.look().query_row("select max(id) from tasks where kind = 'job'", [], |row| row.get(0)).unwrap();
    let done = ended(&house, TaskId::new(id)).await;
    assert_eq!((done.title.as_str(), tally(&done)[0]), ("Weekly", 2));
    let form = alice.open("/schedules/new?what=bulk-edit").await;
    assert!(form.has("#shift_days") && form.has("#standing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn started_again_its_form_is_as_it_was_for_the_tasks_that_are_there_now() {
    let house = House::open().await;
    mixed(&house).await;
    let done = bulk(
        &house,
        "alice",
        "bulk-edit",
        json!({ "set_priority": "low", "from": "2025-01-01", "kind": "assignment" }),
    )
    .await;
    let alice = house.alice();
    let later = house.assign("Later", "bob").await;
    let again = alice.get(&format!("{EDIT}?from={}", done.id)).await.expect(303).location().unwrap();
    let page = alice.open(&again).await;
    assert_eq!(page.form("[method='get'][action='/jobs/new/bulk-edit']").value("set_priority"), Some("low"));
    assert_eq!(would(&page), 1, "{}", page.said());
    let id = started(&alice.submit(&page.form("[method='post'][action='/jobs/new/bulk-edit']")).await.expect(303));
    assert_eq!(tally(&*ended(&house, id).await)[0], 1);
    assert_eq!(task(&house, TaskId::new(later.parse().unwrap())).priority.as_str(), "low");
}
