//! In a real browser against the real binary: what only a person with a screen notices.

use milepost::jobs::Outcome;
use milepost::jobs::health::Measured;
use milepost::jobs::items::{ItemOutcome, NewItem};
use milepost::tasks::TaskId;
use milepost::tasks::actions::{NewJob, NewTask};
use serde_json::json;
use tempfile::TempDir;

use crate::support::binary::Binary;
use crate::support::browser::Script;
use crate::support::client::Client;
use crate::support::served::Served;
use crate::support::server::{House, MARK, monday};
use crate::support::sheet::{upload, upload_for};
use crate::support::worker::{Worker, letters};

#[test]
fn from_first_run_to_first_task_and_the_colleagues_progress_moves_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::start(&folder.path().join("milepost.db"));
    Script::new("first_task.mjs").server(&server.url).run();
}

#[test]
fn from_first_run_to_first_task_without_javascript() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::start(&folder.path().join("milepost.db"));
    Script::new("first_task.mjs").server(&server.url).env("MILEPOST_SCRIPT", "off").run();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_typed_note_survives_ten_live_updates_to_its_own_card() {
    let served = Served::open().await;
    let task = served.assign("Paint the north pier").await;
    served.assign("Paint the south pier").await;
    served.script("half_typed.mjs").env("MILEPOST_TASK", &task).run();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_said_in_words_as_one_types_with_script_and_without() {
    Served::open().await.script("schedules.mjs").run();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_is_shown_before_it_is_sent_and_the_bell_of_open_pages_moves() {
    Served::open().await.script("bell.mjs").run();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_tabs_of_one_browser_on_plain_http_all_load_and_the_visible_one_is_live() {
    let served = Served::open().await;
    let task = served.assign("Paint the north pier").await;
    served.script("ten_tabs.mjs").env("MILEPOST_TASK", &task).run();
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_show_what_a_fresh_load_shows_after_the_server_was_killed() {
    let mut served = Served::open().await;
    let task = served.assign("Paint the north pier").await;
    served.assign("Paint the south pier").await;
    let script = served.script("killed.mjs").env("MILEPOST_TASK", &task);
    let database = served.database();
    let listen = served.url.trim_start_matches("http://").to_owned();
    script.run_answering("", |request| {
        match request {
            "kill" => served.server.take().unwrap().kill(),
            "start" => served.server = Some(Binary::start_at(&database, &listen)),
            other => panic!("the script asks for {other}"),
        }
        "done".into()
    });
}

/// Every page, in the states that people meet: empty, full, refused, for admins and members, signed out.
async fn pages(house: &House) -> Vec<(String, &'static str)> {
    let alice = house.alice();
    alice.post("/projects", &[("name", &format!("{MARK} Waterfront"))]).await.expect(303);
    let fields = [
        ("due", "2025-03-02"),
        ("priority", "urgent"),
        ("project", "1"),
        ("description", "Two *coats*\n\n- one\n- two"),
        ("estimate", "90"),
    ];
    let late = house.assign_with("Paint the north pier", "bob", &fields).await;
    house
        .assign_with("Order more rope for the כבלים", "bob", &[("due", "2025-03-03T17:00"), ("priority", "low")])
        .await;
    let done = house.assign("Count the boats", "bob").await;
    let bob = house.bob();
    bob.post(&format!("/tasks/{late}/progress"), &[("progress", "45"), ("note", "first coat\ndone")]).await.expect(303);
    bob.post(&format!("/tasks/{late}/comments"), &[("text", "which blue?")]).await.expect(303);
    bob.post(&format!("/tasks/{done}/complete"), &[("note", "eleven")]).await.expect(303);
    bob.post("/presence", &[("state", "active")]).await.expect(204);
    house.organisation_token("read report admin").await;
    house.token("alice", "read").await;
    let jobs = jobs(house).await;
    schedules(house).await;
    // Some of it well, some not, some not known.
    let measured = Measured { free_bytes: Some(100_000_000), waiting: 3, ..Measured::default() };
    let readings = measured.readings(house.server.clock.now());
    house.server.app.db.write(move |w| milepost::jobs::sql::save_health(w.conn, &readings)).await.unwrap();
    let invitation = crate::support::server::invite(&alice, "dan@example.org", "Dan", "member").await;
    let bob_path = format!("/people/{}", house.people.id("bob"));
    let mut all: Vec<(String, &'static str)> = ["/sign-in", &invitation, "/invitations/none", "/nowhere"]
        .into_iter()
        .map(|path| (path.to_owned(), "nobody"))
        .collect();
    for path in [
        "/monitor",
        "/monitor?status=done",
        "/monitor?q=nothing",
        "/assign",
        "/history",
        "/history?status=done",
        "/people",
        "/projects",
        "/projects/1",
        "/settings",
        "/settings/tokens/1/revoke",
        "/account",
        "/account/tokens/2/revoke",
        "/tasks",
        "/notifications",
        "/jobs/new/broadcast",
    ] {
        all.push((path.to_owned(), "alice"));
    }
    for text in ["The pier is closed.\nUntil tomorrow.", "דברים חדשים"] {
        crate::notify::tell(house, "alice", "Closed", text).await;
    }
    all.push(("/notifications".to_owned(), "bob"));
    all.extend(
        [format!("/tasks/{late}"), bob_path.clone(), format!("{bob_path}/deactivate")].map(|path| (path, "alice")),
    );
    let brought =
        upload(&alice, "work.csv", "Title;Who;Colour\nPaint the pier;bob;blue\n".as_bytes()).await.expect(303);
    let columns = brought.location().unwrap();
    let board = include_bytes!("fixtures/trackers/trello.json");
    let board = upload_for(&alice, milepost::jobs::BuiltIn::ImportTracker, "board.json", board).await.expect(303);
    let board = board.location().unwrap();
    let of_jobs = [
        "/jobs",
        "/jobs?status=failed",
        "/jobs?q=nothing",
        "/jobs/bulk?act=cancel&status=queued",
        "/jobs/new",
        "/jobs/new/rehearsal",
        "/jobs/new/clean-up",
        "/jobs/new/daily-statistics",
        "/jobs/new/import-tasks",
        &columns,
        "/jobs/new/import-tracker",
        "/jobs/new/sync-feed",
        &board,
        "/jobs/bulk?act=retry&status=lost",
        "/jobs/new/bulk-edit",
        "/jobs/new/bulk-edit?act=change&shift_days=7&set_priority=low&show=1",
        "/jobs/new/bulk-edit?act=change&show=1",
        "/jobs/new/bulk-edit?q=nothing&set_priority=low&show=1",
        "/jobs/new/bulk-delete?status=done&show=1",
    ];
    all.extend(of_jobs.map(|path| (path.to_owned(), "alice")));
    let of_schedules = [
        "/schedules",
        "/schedules/new",
        "/schedules/new?what=assignment",
        "/schedules/new?what=own",
        "/schedules/new?what=rehearsal",
        "/schedules/1",
        "/schedules/2",
        "/schedules/2/edit",
        "/schedules/1/delete",
    ];
    all.extend(of_schedules.map(|path| (path.to_owned(), "alice")));
    all.extend(jobs.iter().map(|id| (format!("/tasks/{id}"), "alice")));
    all.push((format!("/tasks/{}/dismiss", jobs[2]), "alice"));
    all.extend(["/jobs".to_owned(), format!("/tasks/{}", jobs[0])].map(|path| (path, "bob")));
    all.extend(["/jobs", "/jobs/new"].map(|path| (path.to_owned(), "carol")));
    all.extend(
        [
            "/tasks".to_owned(),
            format!("/tasks/{late}"),
            format!("/tasks/{done}"),
            "/monitor".to_owned(),
            "/history".to_owned(),
        ]
        .map(|path| (path, "bob")),
    );
    all.extend(["/tasks", "/monitor", "/history", "/people"].map(|path| (path.to_owned(), "carol")));
    all
}

/// One with runs that came through, failed, were left out and missed, one of work for somebody, and a paused one.
async fn schedules(house: &House) {
    let alice = house.alice();
    let bob = house.people.id("bob");
    let weekly =
        [("what", "assignment"), ("title", "Weekly report {week}"), ("assignee", bob), ("cron", "0 9 * * MON")];
    let letters = [
        ("what", "own"),
        ("title", "Letters of {date} לכולם"),
        ("job_kind", "letters"),
        ("cron", "*/5 * * * *"),
        ("payload", "{\"list\": 3}"),
    ];
    let paused = [("what", "rehearsal"), ("title", "Rehearse"), ("steps", "3"), ("cron", "1,2 3 4,5,6,7,8,9,11 * +1")];
    for form in [&letters[..], &weekly, &paused] {
        alice.post("/schedules", &[form, &[("zone", "Asia/Tokyo")]].concat()).await.expect(303);
    }
    alice.post("/schedules/3/pause", &[("paused", "1")]).await.expect(303);
    let conn = rusqlite::Connection::open(house.database()).unwrap();
    let slot = monday().as_microsecond();
    for (age, outcome) in (0..20)
        .zip(["'done'", "'done'", "'failed'", "'skipped'", "'missed'", "'refused'", "'cancelled'"].iter().cycle())
    {
        let at = slot - age * 300_000_000;
        let sql = format!(
            "insert into schedule_runs (schedule_id, slot, missed, outcome, reason, started_at, ended_at) values (1, {at}, {age}, {outcome},
             iif({outcome} = 'refused', 'maker', null), {at}, {at} + {age} * 7000000)"
        );
        conn.execute_batch(&sql).unwrap();
    }
}

/// A job that runs and is to stop, one of unknown length, one that failed with all that it left behind, one that waits for
/// another, a parent.
async fn jobs(house: &House) -> [TaskId; 5] {
    let program = Worker::of(house, "bob");
    let running = program.running("Send the letters").await;
    program.log(running, "began\nגם בעברית\n").await;
    program.report(running, 500, 2).await;
    house.alice().post(&format!("/tasks/{running}/cancel"), &[("note", "no stamps")]).await.expect(303);
    let unknown = program.make(NewTask { total: None, ..letters("Walk the harbour") }).await;
    program.claim().await;
    program.report(unknown, 17, 0).await;
    let failed = program.running("Send to שמעון").await;
    program.log(failed, "one\ntwo\n").await;
    program.report(failed, 3, 2).await;
    let item = |key: &str, message: Option<&str>| NewItem {
        key: Some(key.into()),
        outcome: ItemOutcome::Failed,
        message: message.map(str::to_owned),
    };
    let items = vec![item("a@example.org", Some("550 no such <mailbox>")), item("b@example.org", None)];
    program.items(failed, items).await;
    program.file(failed, "דוח \"1\".csv", "a,b").await;
    program.finish(failed, Outcome::Failed).await;
    let blocked = program.make(NewTask { after: vec![running], ..letters("Count what came back") }).await;
    program.ended("Be done", Outcome::Done).await;
    let batch = NewTask { title: "All letters".into(), job: Some(NewJob::default()), ..NewTask::default() };
    let parent = program.make(batch).await;
    program.make(NewTask { parent: Some(parent), ..letters("A part") }).await;
    [running, unknown, failed, blocked, parent]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_valid_html_in_every_language() {
    let house = House::open().await;
    let mut documents = Vec::new();
    for (path, who) in pages(&house).await {
        for language in ["en", "he"] {
            let page = house.client(who).in_language(language).get(&path).await;
            documents.push(json!({ "name": format!("{path} as {who} in {language}"), "html": page.body }));
        }
    }
    // Forms that come back with errors, and what stands in a message on top.
    let alice = house.alice();
    let refused = [
        (
            "/assign",
            vec![
                ("title", ""),
                ("assignee", "99"),
                ("due", "never"),
                ("priority", "x"),
                ("estimate", "x"),
                ("project", "9"),
            ],
        ),
        ("/people", vec![("email", "x"), ("name", ""), ("role", "member")]),
        ("/account/password", vec![("current", "x"), ("password", "x")]),
        ("/tasks/1/progress", vec![("progress", "x"), ("note", "kept")]),
        ("/tasks/1", vec![("title", ""), ("due", "x"), ("version", "1")]),
        ("/projects", vec![("name", "")]),
        ("/account/tokens", vec![("name", ""), ("expires", "x")]),
        ("/settings/tokens", vec![("name", "x"), ("scopes", "read"), ("expires", "")]),
        ("/sign-in", vec![("email", "x"), ("password", "x")]),
        ("/jobs/limits", vec![("what", "queue"), ("name", "mail"), ("at_once", "many")]),
        ("/jobs/new/rehearsal", vec![("steps", "many")]),
    ];
    for (path, form) in refused {
        let page = alice.post(path, &form).await;
        documents.push(json!({ "name": format!("POST {path}: {}", page.status), "html": page.body }));
    }
    alice.post("/tasks/1/progress", &[("progress", "55")]).await.expect(303);
    documents.push(json!({ "name": "/tasks after a report", "html": alice.open("/tasks/1").await.body }));
    let folder = tempfile::tempdir().unwrap();
    let empty = Client::new(&empty_server(&folder).await.url).open("/setup").await;
    documents.push(json!({ "name": "/setup", "html": empty.body }));
    Script::new("valid_html.mjs")
        .run_answering(&serde_json::to_string(&documents).unwrap(), |request| panic!("{request}"));
}

async fn empty_server(folder: &TempDir) -> crate::support::server::Running {
    let clock = milepost::clock::Clock::manual(crate::support::server::monday());
    crate::support::server::Running::start(&folder.path().join("milepost.db"), clock).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_in_light_and_dark_narrow_and_wide_in_every_language() {
    let house = House::open().await;
    let mut looked: Vec<(String, Option<&'static str>)> =
        pages(&house).await.into_iter().map(|(path, who)| (path, Some(who).filter(|who| *who != "nobody"))).collect();
    looked.retain(|(path, _)| !path.contains("?q="));
    let people = ["alice", "ada", "bob", "carol"].map(|name| house.people.cookies(name));
    let list = serde_json::to_string(&looked).unwrap();
    let script = Script::new("accessible.mjs").server(house.url()).people(&people).env("MILEPOST_PAGES", &list);
    // The server runs in this process: its threads must go on while the script looks.
    tokio::task::spawn_blocking(|| script.run()).await.unwrap();
}
