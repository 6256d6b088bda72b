//! The history as a file: what people see there, all of it and nothing else, as other programs read it; cancelled, begun
//! again, gone after its time; a large one in little memory.

use jiff::SignedDuration;
use milepost::jobs::actions::{cancel, retry};
use milepost::tasks::actions::NewJob;
use milepost::tasks::{Status, Task, TaskId, Via};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::new_job::started;
use crate::support::binary::Binary;
use crate::support::client::Client;
use crate::support::jobs::{create_job, ended, until, viewer};
use crate::support::server::{House, template_copy};
use crate::support::sheet::{csv_rows, libreoffice, openpyxl};
use crate::support::{eventually, say};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const HEADING: [&str; 18] = [
    "Number",
    "Title",
    "Kind",
    "Status",
    "Percent",
    "Person",
    "Project",
    "Priority",
    "Category",
    "Labels",
    "Due",
    "Minutes estimated",
    "Created",
    "Started",
    "Ended",
    "Created by",
    "External id",
    "Description",
];

/// The file of an export that somebody starts, once it is there.
async fn exported(house: &House, who: &str, payload: Value) -> Vec<u8> {
    let done = ended(house, begin(house, who, payload).await).await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    file_of(&house.client(who), &done).await
}

async fn begin(house: &House, who: &str, payload: Value) -> TaskId {
    let kind = Some("export-history".into());
    create_job(house, who, NewJob { job_kind: kind, payload, max_attempts: Some(1), ..NewJob::default() })
        .await
        .unwrap()
}

fn result(done: &Task) -> &Value {
    done.job().unwrap().result.as_deref().unwrap_or_else(|| panic!("{:?}", done.job().unwrap().error))
}

async fn file_of(client: &Client, done: &Task) -> Vec<u8> {
    let name = result(done)["file"].as_str().unwrap();
    let answer = client.request(Method::GET, &format!("/tasks/{}/artifacts/{name}", done.id)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let bytes = answer.bytes().await.unwrap().to_vec();
    assert_eq!(result(done)["bytes"], bytes.len());
    bytes
}

/// Work that is hard to write down: texts that look like formulas, another script, days and times, halves of a percent.
async fn filled() -> House {
    let house = House::open().await;
    let alice = house.alice();
    let preferences = [("language", "en"), ("zone", "Asia/Tokyo"), ("theme", "auto")];
    alice.post("/account/preferences", &preferences).await.expect(303);
    alice.post("/projects", &[("name", "-Waterfront")]).await.expect(303);
    let description = "=cmd|' /C calc'!A1\nשורה שנייה, \"במירכאות\"";
    let fields = [("due", "2025-04-01"), ("priority", "urgent"), ("project", "1"), ("description", description)];
    let first = house.assign_with("=1+1 לצבוע את המזח", "bob", &fields).await;
    let more = [("due", "2025-04-02T17:30"), ("estimate", "90")];
    house.assign_with("+49 30 1234", "carol", &more).await;
    let done = house.assign("@here; a, \"quoted\" one", "bob").await;
    house.assign("-5", "bob").await;
    let bob = house.bob();
    bob.post(&format!("/tasks/{first}/progress"), &[("progress", "37.5")]).await.expect(303);
    bob.post(&format!("/tasks/{done}/complete"), &[]).await.expect(303);
    house
}

/// A cell of openpyxl's: its value and its type.
fn cell(rows: &[Value], row: usize, column: &str) -> (Value, String) {
    let at = HEADING.iter().position(|name| *name == column).unwrap();
    let cell = &rows[row][at];
    (cell[0].clone(), cell[1].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn openpyxl_reads_numbers_as_numbers_days_as_days_in_the_zone_and_no_formula() {
    let house = filled().await;
    let sheets = openpyxl(&exported(&house, "alice", json!({ "kind": "assignment" })).await);
    let sheet = &sheets[0];
    assert_eq!(
        (&sheet["name"], &sheet["frozen"], sheets.as_array().unwrap().len()),
        (&json!("History"), &json!("A2"), 1)
    );
    assert!(
        sheet["widths"].as_array().unwrap().iter().any(|width| width.as_f64().unwrap() > 40.0),
        "{}",
        sheet["widths"]
    );
    let rows: Vec<Value> = sheet["rows"].as_array().unwrap().clone();
    let heading: Vec<&str> = rows[0].as_array().unwrap().iter().map(|cell| cell[0].as_str().unwrap()).collect();
    assert_eq!(heading, HEADING);
    let all: Vec<&Value> = rows.iter().flat_map(|row| row.as_array().unwrap()).collect();
    assert!(all.iter().all(|cell| cell[1] != "f"), "nothing is computed: {all:?}");
    let text = |row, column| cell(&rows, row, column).0.as_str().unwrap_or_default().to_owned();
    assert_eq!(
        [1, 2, 3, 4].map(|row| text(row, "Title")),
        ["-5", "@here; a, \"quoted\" one", "+49 30 1234", "=1+1 לצבוע את המזח"]
    );
    assert!([1, 2, 3, 4].iter().all(|row| cell(&rows, *row, "Title").1 == "s"));
    assert_eq!(cell(&rows, 4, "Percent"), (json!(0.375), "n".to_owned()));
    assert_eq!(rows[4][4][2], "0.0#%");
    assert_eq!((cell(&rows, 2, "Percent").0, &rows[2][4][2]), (json!(1), &json!("0%")));
    assert_eq!(cell(&rows, 4, "Due"), (json!("2025-04-01T00:00:00"), "d".to_owned()));
    assert_eq!(cell(&rows, 3, "Due").0, json!("2025-04-02T17:30:00"), "as alice's clock on the wall says it");
    assert_eq!(cell(&rows, 3, "Created"), (json!("2025-03-03T18:00:00"), "d".to_owned()), "nine in the morning in UTC");
    assert_eq!(cell(&rows, 3, "Minutes estimated"), (json!(90), "n".to_owned()));
    assert_eq!(cell(&rows, 1, "Due").0, Value::Null);
    assert_eq!((text(4, "Project").as_str(), text(4, "Priority").as_str()), ("-Waterfront", "Urgent"));
    assert!(text(4, "Description").contains("שורה שנייה, \"במירכאות\""));
    assert_eq!((text(2, "Status").as_str(), cell(&rows, 2, "Ended").1.as_str()), ("Done", "d"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_csv_holds_the_same_rows_as_libreoffice_reads_both() {
    let house = filled().await;
    let book = exported(&house, "alice", json!({ "kind": "assignment" })).await;
    let text = exported(&house, "alice", json!({ "kind": "assignment", "format": "csv" })).await;
    let ours = csv_rows(&text);
    assert_eq!(ours[0], HEADING);
    assert_eq!(ours.len(), 5);
    let formula = |cell: &String| cell.starts_with(['=', '+', '-', '@']);
    assert!(!ours.iter().flatten().any(formula), "{ours:?}");
    // As it is shown: percents with their sign, days and times as the format has them.
    let shown = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true";
    let theirs = csv_rows(&libreoffice(&book, "history.xlsx", None, shown));
    let plain = |row: &[String]| -> Vec<String> {
        let cell = |(at, cell): (usize, &String)| match HEADING[at] {
            "Percent" => cell.trim_end_matches('%').to_owned(),
            _ => cell.strip_prefix('\'').unwrap_or(cell).to_owned(),
        };
        row.iter().enumerate().map(cell).collect()
    };
    assert_eq!(theirs.len(), ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours).skip(1) {
        assert_eq!(plain(theirs), plain(ours));
    }
    // And whoever opens the CSV computes nothing.
    let opened = openpyxl(&libreoffice(&text, "history.csv", Some("CSV:44,34,76,1"), "xlsx"));
    let cells = opened[0]["rows"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    assert!(cells.clone().all(|cell| cell[1] != "f"));
    assert!(cells.clone().any(|cell| cell[0].as_str().is_some_and(|text| text.contains("=1+1 לצבוע"))), "{opened}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_on_the_history_exports_what_it_shows_in_ones_own_language() {
    let house = filled().await;
    let alice = house.alice();
    let page = alice.open("/history?status=done&q=quoted&from=2025-03-01").await;
    let form = page.form("[action='/jobs/new/export-history']").fill("format", "csv");
    let id = started(&alice.submit(&form).await.expect(303));
    let done = ended(&house, id).await;
    let payload = &done.job().unwrap().spec.payload;
    assert_eq!(
        (&payload["status"], &payload["q"], &payload["from"]),
        (&json!("done"), &json!("quoted"), &json!("2025-03-01"))
    );
    assert_eq!(result(&done)["rows"], 1);
    let rows = csv_rows(&file_of(&alice, &done).await);
    assert_eq!(rows[1][1], "'@here; a, \"quoted\" one");
    assert!(
        !alice.open("/history?q=nothing").await.has("[action='/jobs/new/export-history']"),
        "there is nothing to export"
    );
    let preferences = [("language", "he"), ("zone", "Asia/Jerusalem"), ("theme", "auto")];
    alice.post("/account/preferences", &preferences).await.expect(303);
    let sheets = openpyxl(&exported(&house, "alice", json!({ "status": "done", "descriptions": false })).await);
    assert_eq!((&sheets[0]["name"], &sheets[0]["right_to_left"]), (&json!("היסטוריה"), &json!(true)));
    let rows = sheets[0]["rows"].as_array().unwrap();
    assert_eq!((rows[0][1][0].as_str(), rows[0].as_array().unwrap().len()), (Some("כותרת"), 17));
    assert_eq!(rows.iter().last().unwrap()[3][0], "בוצעה");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_exports_what_a_member_sees_and_a_stranger_their_own() {
    let house = filled().await;
    let alice = house.alice();
    alice.post("/projects/1/members", &[("members", house.people.id("carol"))]).await.expect(303);
    let titles = async |who: &str, payload: Value| {
        let rows = csv_rows(&exported(&house, who, payload).await);
        let mut titles: Vec<String> =
            rows[1..].iter().filter(|row| row[2] == "Assignment").map(|row| row[1].clone()).collect();
        titles.sort_unstable();
        titles
    };
    let csv = json!({ "format": "csv" });
    let all = titles("alice", csv.clone()).await;
    assert_eq!(all.len(), 4);
    assert_eq!(titles("bob", csv.clone()).await, ["'-5", "'=1+1 לצבוע את המזח", "'@here; a, \"quoted\" one"]);
    assert_eq!(
        titles("carol", csv.clone()).await,
        ["'+49 30 1234", "'=1+1 לצבוע את המזח"],
        "her own, and her project's"
    );
    assert_eq!(titles("carol", json!({ "format": "csv", "person": 3 })).await.len(), 1, "what bob does of it");
    assert_eq!(titles("stranger", csv).await, [""; 0]);
    // Nobody else gets the file of a member; whoever may see all of them does.
    let done = ended(&house, begin(&house, "bob", json!({})).await).await;
    let path = format!("/tasks/{}/artifacts/{}", done.id, result(&done)["file"].as_str().unwrap());
    house.carol().get(&path).await.expect(404);
    house.stranger().get(&path).await.expect(404);
    assert_eq!(house.bob().request(Method::GET, &path).send().await.unwrap().status(), 200);
    assert!(house.bob().open("/jobs/new").await.has("a[href='/jobs/new/export-history']"));
    // Whoever sees an admin's export does not make another with the admin's sight.
    let done = ended(&house, begin(&house, "alice", json!({})).await).await;
    let (bob, id) = (house.people.id("bob").to_owned(), done.id);
    let given = "update tasks set assignee_id = ?1 where id = ?2";
    house.server.app.db.write(move |w| Ok(w.conn.execute(given, (bob, id))?)).await.unwrap();
    house.bob().post(&format!("/tasks/{}/retry", done.id), &[]).await.expect(403);
    house.alice().post(&format!("/tasks/{}/retry", done.id), &[]).await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_not_read_exports_nothing() {
    let house = House::open_with(|config| config.workers = 0).await;
    let body = json!({ "title": "Export", "job_kind": "export-history", "payload": { "status": "done" } });
    let post = async |scopes: &str, body: &Value| {
        let program = house.program("bob", scopes).await;
        program.send(program.request(Method::POST, "/api/v1/tasks").json(body)).await
    };
    assert!(post("report", &body).await.expect(403).body.contains("needs the scope read"));
    post("report read", &body).await.expect(201);
    let wrong = json!({ "title": "Export", "job_kind": "export-history", "payload": { "format": "pdf", "status": "great", "days": 3 } });
    let refused = post("report read", &wrong).await.expect(422).json();
    let told: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(told, ["payload.days", "payload.format", "payload.status"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_goes_after_its_time_and_until_then_stays_whatever_others_do() {
    let house = filled().await;
    let alice = viewer(&house, "alice");
    let id = begin(&house, "alice", json!({})).await;
    let done = ended(&house, id).await;
    assert_eq!(result(&done)["expires_at"], "2025-03-10T09:00:00Z");
    let page = house.alice().open(&format!("/tasks/{id}")).await;
    assert!(page.text("#files").contains("kept until 10 Mar 2025"), "{}", page.text("#files"));
    let clean = async |payload: Value| {
        let job = NewJob { job_kind: Some("clean-up".into()), payload, max_attempts: Some(1), ..NewJob::default() };
        let new = milepost::tasks::actions::NewTask { title: "Clean".into(), job: Some(job), ..Default::default() };
        let made = house.server.app.act(&alice, Via::Api, |w, by| milepost::tasks::actions::create(w, by, new)).await;
        let done = ended(&house, made.unwrap().task.id).await;
        result(&done)["removed"]["files"].as_i64().unwrap()
    };
    house.advance(DAY * 6);
    assert_eq!(clean(json!({ "file_days": 1 })).await, 0, "it has a time of its own");
    house.advance(DAY + SignedDuration::from_secs(1));
    let path = format!("/tasks/{id}/artifacts/{}", result(&done)["file"].as_str().unwrap());
    house.alice().get(&path).await.expect(404);
    assert_eq!(clean(json!({ "file_days": 100 })).await, 1);
    let stored = milepost::jobs::sql::artifacts(&house.look(), id).unwrap();
    assert!(stored.is_empty());
}

/// So many assignments of bob's, done and open, with a description each.
fn fill(conn: &Connection, rows: usize) {
    conn.execute_batch(&format!(
        "with recursive n (n) as (select 1 union all select n + 1 from n where n < {rows})
         insert into tasks (organisation_id, kind, title, description, status, progress, assignee_id, creator_id,
           priority, due_at, due_date, estimate_minutes, created_at, started_at, finished_at, updated_at, version)
         select m.organisation_id, 'assignment', 'Look after lamp ' || n, 'Clean it, oil it, and write down what was wrong with ' || n,
           iif(n % 2, 'done', 'pending'), iif(n % 2, 100, 0), m.user_id, m.user_id, 'high', 1743551999000000, '2025-04-01', 90,
           1740000000000000 + n * 1000000, iif(n % 2, 1740000000000000 + n * 1000000, null),
           iif(n % 2, 1740000100000000 + n * 1000000, null), 1740000100000000 + n * 1000000, 2
         from n, members m join users u on u.id = m.user_id where u.email = 'bob@harbour.example'"
    ))
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_export_leaves_no_file_and_run_again_it_is_whole() {
    let house = House::prepared(
        milepost::clock::Clock::manual(crate::support::server::monday()),
        |_| {},
        |conn| fill(conn, 30_000),
    )
    .await;
    let id = begin(&house, "alice", json!({ "status": "done" })).await;
    let running = until(&house, id, "it writes", |task| {
        task.status.has_ended() || task.counts.is_some_and(|counts| counts.succeeded > 0)
    })
    .await;
    assert_eq!(running.counts.unwrap().total, Some(15_000), "counted before");
    let alice = viewer(&house, "alice");
    house.server.app.act(&alice, Via::Page, move |w, by| cancel(w, by, &running, None)).await.unwrap();
    let cancelled = ended(&house, id).await;
    assert_eq!(cancelled.status, Status::Cancelled);
    assert!(cancelled.counts.unwrap().succeeded < 15_000, "in the middle");
    assert!(milepost::jobs::sql::artifacts(&house.look(), id).unwrap().is_empty());
    let folder = house.database().parent().unwrap().to_owned();
    let left: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("milepost.db"))
        .collect();
    assert_eq!(left, [""; 0], "nothing stands beside the database");
    house.server.app.act(&alice, Via::Page, move |w, by| retry(w, by, id, false)).await.unwrap();
    let done = until(&house, id, "it ends again", |task| task.status == Status::Done).await;
    assert_eq!(result(&done)["rows"], 15_000);
    let rows = openpyxl(&file_of(&house.alice(), &done).await)[0]["rows"].as_array().unwrap().len();
    assert_eq!(rows, 15_001);
}

/// Rows of the larger test; a million take a program built without optimisation some minutes.
fn rows_wanted() -> usize {
    std::env::var("MILEPOST_EXPORT_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(20_000)
}

fn look(folder: &tempfile::TempDir) -> Connection {
    Connection::open(folder.path().join("milepost.db")).unwrap()
}

/// Memory that a process has for itself, in kB: what it maps of the database's file is the system's.
fn own_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    own.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

/// Waits as long as it goes on, and looks meanwhile how much memory it takes; gives the most.
async fn ends(folder: &tempfile::TempDir, server: &Binary, id: TaskId) -> (Task, u64) {
    let (mut before, mut most) = (-1, 0);
    loop {
        let what = format!("the export goes on beyond version {before}");
        let peak = std::cell::Cell::new(most);
        let now = eventually(&what, || async {
            peak.set(peak.get().max(own_memory(server.pid())));
            let task = milepost::tasks::sql::find(&look(folder), id).unwrap().unwrap();
            (task.status.has_ended() || task.version > before).then_some(task)
        })
        .await;
        most = peak.get();
        if now.status.has_ended() {
            return (now, most);
        }
        before = now.version;
    }
}

/// The most memory, in kB, of a server that exports so many rows as XLSX and then as CSV.
async fn peak_of(rows: usize) -> u64 {
    let (folder, people) = template_copy().await;
    fill(&look(&folder), rows);
    let server = Binary::start(&folder.path().join("milepost.db"));
    let alice = people.client("alice", &server.url);
    let mut most = 0;
    for form in ["xlsx", "csv"] {
        let form = [("format", form), ("kind", "assignment"), ("descriptions", "1")];
        let id = started(&alice.post("/jobs/new/export-history", &form).await.expect(303));
        let (done, peak) = ends(&folder, &server, id).await;
        assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
        assert_eq!(result(&done)["rows"], rows);
        most = most.max(peak);
    }
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn twice_as_many_rows_take_no_more_memory() {
    let rows = rows_wanted();
    let (once, twice) = (peak_of(rows).await, peak_of(2 * rows).await);
    say(&format!("export of {rows} rows: {} MB at most; of twice as many: {} MB", once / 1024, twice / 1024));
    assert!(twice < once + 16 * 1024, "{once} kB, then {twice} kB");
    assert!(twice < 150 * 1024, "{twice} kB at most");
}
