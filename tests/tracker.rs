//! Work that comes in from other trackers: the files that they export, as people bring them; twice, tried, cancelled.

use milepost::jobs::BuiltIn;
use milepost::jobs::items::ItemOutcome;
use milepost::jobs::sql;
use milepost::tasks::actions::NewJob;
use milepost::tasks::{Status, Task, TaskId};
use serde_json::{Value, json};

use crate::new_job::started;
use crate::support::jobs::{create_job, ended};
use crate::support::server::House;
use crate::support::sheet::{tally, upload_for, uploaded};

const VIKUNJA: &[u8] = include_bytes!("fixtures/trackers/vikunja.json");
const TRELLO: &[u8] = include_bytes!("fixtures/trackers/trello.json");
const KANBOARD: &[u8] = include_bytes!("fixtures/trackers/kanboard.json");
const KANBOARD_CSV: &[u8] = include_bytes!("fixtures/trackers/kanboard.csv");
const TODOIST: &[u8] = include_bytes!("fixtures/trackers/todoist.csv");

async fn import(house: &House, name: &str, bytes: &[u8], more: Value) -> (TaskId, Value) {
    let brought = upload_for(&house.alice(), BuiltIn::ImportTracker, name, bytes).await.expect(303);
    let mut payload = json!({ "file": { "task": uploaded(&brought), "name": name } });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let kind = BuiltIn::ImportTracker.to_string();
    let job = NewJob { job_kind: Some(kind), payload, max_attempts: Some(1), ..NewJob::default() };
    let done = ended(house, create_job(house, "alice", job).await.unwrap()).await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    (done.id, done.job().unwrap().result.as_deref().cloned().unwrap())
}

fn tasks(house: &House) -> Vec<Task> {
    let conn = house.look();
    let mut statement = conn.prepare("select id from tasks where kind = 'assignment' order by id").unwrap();
    let ids: Vec<TaskId> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    ids.into_iter().map(|id| milepost::tasks::sql::find(&conn, id).unwrap().unwrap()).collect()
}

/// What became of each: title, who, project, standing, priority, due, labels, external id.
fn told(house: &House) -> Vec<String> {
    let conn = house.look();
    let name = |sql: &str, id: Option<i64>| match id {
        Some(id) => conn.query_row(sql, [id], |row| row.get::<_, String>(0)).unwrap(),
        None => "-".into(),
    };
    let told = |task: &Task| {
        let who = name("select email from users where id = ?", task.assignee.map(|id| id.get()));
        let project = name("select name from projects where id = ?", task.project.map(|id| id.get()));
        let due = task.due.as_ref().map_or("-".into(), ToString::to_string);
        let who = who.trim_end_matches("@harbour.example").to_owned();
        let standing = format!("{} {}", task.status, task.progress.get());
        let id = task.external_id.as_deref().unwrap().split(':').next().unwrap().to_owned();
        let labels = task.labels.join("+");
        [task.title.clone(), who, project, standing, task.priority.to_string(), due, labels, id].join(" | ")
    };
    tasks(house).iter().map(told).collect()
}

fn comments(house: &House) -> Vec<(String, i64)> {
    let conn = house.look();
    let mut statement =
        conn.prepare("select note, actor_id from trail where change = 'comment' order by sequence").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn entries(house: &House) -> i64 {
    let sql = "select count(*) from trail where task_id in (select id from tasks where kind = 'assignment')";
    house.look().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn vikunjas_export_comes_in_and_what_has_no_place_here_is_said() {
    let house = House::open().await;
    let (id, result) = import(&house, "data.json", VIKUNJA, json!({})).await;
    assert_eq!(tally(&result), [2, 0, 0, 1], "{result}");
    assert_eq!(
        told(&house),
        [
            "Paint the railing | bob | North pier | in_progress 30 | urgent | 2025-03-10T16:00:00Z | outside+paint | vikunja",
            "Buy paint | bob | North pier | done 100 | medium | - |  | vikunja",
        ]
    );
    let alice: i64 = house.people.id("alice").parse().unwrap();
    let note = "Carol Idle Seagull · 2025-02-20 10:00 UTC\nThe north side is done.";
    assert_eq!(comments(&house), [(note.to_owned(), alice)], "said by whoever brought it, of whoever wrote it");
    assert_eq!(result["projects_made"], json!(["Inbox", "North pier"]));
    let left = json!({ "archived": 1, "unknown-people": 1, "further-people": 1, "start-dates": 1, "reminders": 1,
        "recurrence": 1, "attachments": 1, "relations": 1, "notes": 1 });
    assert_eq!(result["left_out"], left);
    assert_eq!(result["unknown_people"], json!(["zoe"]));
    let file = house.alice().get(&format!("/tasks/{id}/artifacts/left-out.csv")).await.expect(200).body;
    assert!(file.contains("vikunja:11,Paint the railing,attachments,1"), "{file}");
    assert!(file.contains(",,archived tasks,1"), "{file}");
    let bad = house.alice().get(&format!("/tasks/{id}/artifacts/not-imported.csv")).await.expect(200).body;
    assert!(
        bad.contains("vikunja:14,For nobody in particular,zoe,Inbox,,urgent,open,,,,“zoe” is no active member."),
        "{bad}"
    );
    let groups = sql::item_groups(&house.look(), id, ItemOutcome::Succeeded, 10, 5).unwrap();
    let lost = groups.iter().find(|group| group.first == ["vikunja:11 · Paint the railing"]).unwrap();
    assert!(lost.message.as_ref().unwrap().starts_with("Left out: "), "{lost:?}");
    let log = house.alice().get(&format!("/tasks/{id}/log")).await.body;
    assert!(log.contains("attachments: 1") && log.contains("Vikunja: 3 tasks"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_changes_nothing_and_a_changed_file_updates() {
    for (name, bytes) in
        [("a.json", VIKUNJA), ("a.json", TRELLO), ("a.json", KANBOARD), ("a.csv", KANBOARD_CSV), ("Ropes.csv", TODOIST)]
    {
        let house = House::open().await;
        let carol: i64 = house.people.id("carol").parse().unwrap();
        let (_, first) = import(&house, name, bytes, json!({ "assignee": carol })).await;
        let [new, _, _, failed] = tally(&first);
        assert!(new >= 2 && failed == 0, "{first}");
        let (before, said) = (entries(&house), comments(&house));
        let (_, second) = import(&house, name, bytes, json!({ "assignee": carol })).await;
        assert_eq!(tally(&second), [0, 0, new, 0], "{second}");
        assert_eq!((entries(&house), comments(&house)), (before, said), "nothing happened to anything");
        assert_eq!(second["projects_made"], json!([]));
    }
    let house = House::open().await;
    import(&house, "a.json", TRELLO, json!({})).await;
    let changed = String::from_utf8(TRELLO.to_vec()).unwrap().replace("Oil the winch", "Oil both winches");
    let changed = changed.replace("The drum is done.", "The drum is done, too.");
    let (_, result) = import(&house, "a.json", changed.as_bytes(), json!({})).await;
    assert_eq!(tally(&result), [0, 1, 1, 0], "{result}");
    assert_eq!(tasks(&house)[0].title, "Oil both winches");
    assert_eq!(comments(&house).len(), 3, "what was said once is not said again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_trackers_come_in_with_their_people_dates_and_standing() {
    let house = House::open().await;
    let (_, result) = import(&house, "board.json", TRELLO, json!({})).await;
    assert_eq!(tally(&result), [2, 0, 0, 0], "{result}");
    let (_, result) = import(&house, "kanboard.json", KANBOARD, json!({ "projects": "match" })).await;
    assert_eq!(tally(&result), [2, 0, 0, 1], "{result}");
    assert_eq!((&result["projects_made"], &result["left_out"]["projects"]), (&json!([]), &json!(3)));
    let carol: i64 = house.people.id("carol").parse().unwrap();
    let (_, result) = import(&house, "Ropes.csv", TODOIST, json!({ "projects": "none", "assignee": carol })).await;
    assert_eq!(tally(&result), [5, 0, 0, 0], "{result}");
    assert_eq!(
        told(&house),
        [
            "Oil the winch | bob | South pier | in_progress 1 | medium | 2025-03-12T09:00:00Z | outside+red | trello",
            "Count the ropes | bob | South pier | done 100 | medium | - |  | trello",
            "Sweep the deck | bob | - | in_progress 1 | high | 2025-03-10T10:00:00Z |  | kanboard",
            "Mend the net | bob | - | done 100 | medium | - |  | kanboard",
            "Order rope | bob | - | pending 0 | urgent | 2025-03-11 | shop+rope | todoist",
            "Ask three shops | bob | - | pending 0 | low | - |  | todoist",
            "Feed the gulls | bob | - | pending 0 | medium | - |  | todoist",
            "Feed the gulls | bob | - | pending 0 | high | 2025-03-12T13:30:00Z |  | todoist",
            "Answer the letter | carol | - | pending 0 | high | - |  | todoist",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_brought_looked_at_tried_and_imported_by_hand() {
    let house = House::open().await;
    let alice = house.alice();
    let brought = upload_for(&alice, BuiltIn::ImportTracker, "board.json", TRELLO).await.expect(303);
    let page = alice.open(&brought.location().unwrap()).await;
    for said in
        ["Trello · 2 tasks", "Oil the winch", "Zoe Elsewhere, Bob Member Seagull", "archived tasks", "South pier"]
    {
        assert!(page.contains(said), "{said} in {}", page.said());
    }
    let form = page.form(".import-form");
    let trial = started(&alice.submit(&form.clone().press("do", "try")).await.expect(303));
    let tried = ended(&house, trial).await;
    let result = tried.job().unwrap().result.as_deref().unwrap();
    assert_eq!((tally(result), &result["projects_made"]), ([2, 0, 0, 0], &json!(["South pier"])));
    assert!(tasks(&house).is_empty(), "a dry run saves nothing");
    let projects: i64 = house.look().query_row("select count(*) from projects", [], |row| row.get(0)).unwrap();
    assert_eq!(projects, 0);
    let again = alice.open(&format!("/jobs/new/import-tracker?from={trial}")).await;
    let form = again.form(".import-form").fill("projects", "none");
    let id = started(&alice.submit(&form.press("do", "import")).await.expect(303));
    let done = ended(&house, id).await;
    assert_eq!((done.title.as_str(), done.status), ("Import board.json", Status::Done));
    assert_eq!(tasks(&house).len(), 2);
    assert!(tasks(&house).iter().all(|task| task.project.is_none()));
    let none = upload_for(&alice, BuiltIn::ImportTracker, "a.json", b"{\"some\": \"thing\"}").await.expect(303);
    let page = alice.get(&none.location().unwrap()).await.expect(422);
    assert!(page.contains("This is no export that Milepost knows."), "{}", page.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_bring_exports_and_only_what_they_may_see() {
    let house = House::open().await;
    house.bob().get("/jobs/new/import-tracker").await.expect(403);
    upload_for(&house.bob(), BuiltIn::ImportTracker, "a.json", TRELLO).await.expect(403);
    let theirs = uploaded(&upload_for(&house.stranger(), BuiltIn::ImportTracker, "a.json", TRELLO).await.expect(303));
    house.alice().get(&format!("/jobs/new/import-tracker?task={theirs}&name=a.json")).await.expect(404);
    let payload = json!({ "file": { "task": theirs, "name": "a.json" } });
    let job = NewJob { job_kind: Some("import-tracker".into()), payload, max_attempts: Some(1), ..NewJob::default() };
    let done = ended(&house, create_job(&house, "alice", job).await.unwrap()).await;
    assert_eq!(done.status, Status::Failed);
    assert!(done.job().unwrap().error.as_ref().unwrap().contains("not there any more"));
    let wrong = json!({ "file": { "task": 1, "name": "a" }, "projects": "some" });
    let job = NewJob { job_kind: Some("import-tracker".into()), payload: wrong, ..NewJob::default() };
    assert!(format!("{:?}", create_job(&house, "alice", job).await.unwrap_err()).contains("payload.projects"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_into_a_file_waits_until_there_is_room_for_it() {
    let house = House::open().await;
    let (alice, bob) = (house.alice(), house.bob());
    let brought = upload_for(&alice, BuiltIn::ImportTracker, "board.json", TRELLO).await.expect(303);
    let path = brought.location().unwrap();
    let most = u32::try_from(milepost::config::LOOKS_AT_ONCE).unwrap();
    let others = house.server.app.memory.looks.clone().acquire_many_owned(most).await.unwrap();
    let mut look = std::pin::pin!(alice.get(&path));
    let meanwhile = async {
        for _ in 0..5 {
            bob.get("/tasks").await.expect(200);
        }
    };
    tokio::select! {
        biased;
        page = &mut look => panic!("it was looked into: {}", page.said()),
        () = meanwhile => {}
    }
    drop(others);
    assert!(look.await.expect(200).contains("Oil the winch"));
}
