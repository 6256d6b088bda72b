//! Work that comes in from files: as people bring them through the pages, in the encodings that their programs write, with
//! what is wrong told row by row; imported twice, cancelled, given up, taken up again.

use milepost::jobs::BuiltIn;
use milepost::jobs::items::ItemOutcome;
use milepost::jobs::sql;
use milepost::tasks::actions::NewJob;
use milepost::tasks::{Status, Task, TaskId};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};

use crate::new_job::started;
use crate::support::client::Client;
use crate::support::jobs::{create_job, ended, task};
use crate::support::server::House;
use crate::support::sheet::{libreoffice, many, python_csv, row, tally, upload, uploaded};

/// The file with a job of its own, then the job that imports it.
async fn import(house: &House, bytes: &[u8], more: Value) -> Value {
    let done = import_to_its_end(house, bytes, more).await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    done.job().unwrap().result.as_deref().cloned().unwrap()
}

async fn import_to_its_end(house: &House, bytes: &[u8], more: Value) -> std::sync::Arc<Task> {
    let id = begin(house, bytes, more).await;
    ended(house, id).await
}

pub async fn begin(house: &House, bytes: &[u8], more: Value) -> TaskId {
    let upload = uploaded(&upload(&house.alice(), "tasks.csv", bytes).await.expect(303));
    let mut payload = json!({ "file": { "task": upload, "name": "tasks.csv" } });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let job = NewJob {
        job_kind: Some(BuiltIn::ImportTasks.to_string()),
        payload,
        max_attempts: Some(1),
        ..NewJob::default()
    };
    create_job(house, "alice", job).await.unwrap()
}

/// Assignments by their titles: title, assignee, status, percent, due, priority, external id.
fn assignments(house: &House) -> Vec<String> {
    let conn = house.look();
    let mut statement = conn
        .prepare(
            "select t.title, u.email, t.status, t.progress, coalesce(t.due_date, ''), t.priority, coalesce(t.external_id, '')
             from tasks t join users u on u.id = t.assignee_id where t.kind = 'assignment' order by t.title",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let text = |column| row.get::<_, rusqlite::types::Value>(column).map(|value| format!("{value:?}"));
        Ok((0..7).map(text).collect::<Result<Vec<_>, _>>()?.join(" "))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

pub fn titles(house: &House) -> Vec<String> {
    let conn = house.look();
    let mut statement = conn.prepare("select title from tasks where kind = 'assignment' order by id").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn trail(house: &House) -> i64 {
    let of_people = "select count(*) from trail where task_id in (select id from tasks where kind = 'assignment')";
    house.look().query_row(of_people, [], |row| row.get(0)).unwrap()
}

async fn file_of(client: &Client, id: TaskId, name: &str) -> String {
    client.get(&format!("/tasks/{id}/artifacts/{name}")).await.expect(200).body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_brought_looked_at_tried_and_imported_by_hand() {
    let house = House::open().await;
    let alice = house.alice();
    let csv = "Nr;Aufgabe;Wer;Bis wann\r\n1;Prüfung der Mole;bob@harbour.example;22.11.2026\r\n2;Brücke streichen;Nobody;3.12.2026\r\n";
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(csv);
    let answer = upload(&alice, "C:\\work\\Liste.csv", &bytes).await.expect(303);
    let page = alice.open(&answer.location().unwrap()).await;
    assert!(page.contains("Prüfung der Mole"), "{}", page.said());
    assert_eq!(page.text("#encoding option[selected]"), "windows-1252");
    assert_eq!(page.text("#delimiter option[selected]"), ";");
    assert_eq!(page.attributes("th select", "name"), ["column-1", "column-2", "column-3", "column-4"]);
    // Nobody guesses German: without a title there is nothing to import.
    let form = page.form(".form");
    let refused = alice.submit(&form.clone().press("do", "import")).await.refused(422);
    assert!(refused.contains("Say which column is the title."), "{}", refused.said());
    let form = form.fill("column-1", "external_id").fill("column-2", "title").fill("column-3", "assignee");
    let twice = alice.submit(&form.clone().fill("column-4", "title").press("do", "import")).await.refused(422);
    assert_eq!(twice.text("#column-4-error"), "Another column is this already.");
    let form = form.fill("column-4", "due");
    let trial = started(&alice.submit(&form.clone().press("do", "try")).await.expect(303));
    let tried = ended(&house, trial).await;
    assert_eq!(tally(tried.job().unwrap().result.as_deref().unwrap()), [1, 0, 0, 1]);
    assert_eq!(assignments(&house), [""; 0], "a dry run saves nothing");
    let again = alice.open(&format!("/jobs/new/import-tasks?from={trial}")).await;
    assert_eq!(again.form(".form").value("column-2"), Some("title"), "its form comes back as it was filled in");
    let id = started(&alice.submit(&again.form(".form").press("do", "import")).await.expect(303));
    let done = ended(&house, id).await;
    assert_eq!(done.title, "Import Liste.csv");
    assert_eq!(tally(done.job().unwrap().result.as_deref().unwrap()), [1, 0, 0, 1]);
    assert_eq!(titles(&house), ["Prüfung der Mole"]);
    let bad = file_of(&alice, id, "bad-rows.csv").await;
    assert!(bad.contains("2;Brücke streichen;Nobody;3.12.2026;Wer: “Nobody” is no active member."), "{bad}");
    let groups = sql::item_groups(&house.look(), id, ItemOutcome::Failed, 10, 5).unwrap();
    assert_eq!(groups[0].first, ["line 3"]);
    // Mended, it comes in as well; its reasons are no column of anything.
    let mended = bad.replace("Nobody;", "carol@harbour.example;");
    let columns = json!({ "external_id": "Nr", "title": "Aufgabe", "assignee": "Wer", "due": "Bis wann" });
    assert_eq!(tally(&import(&house, mended.as_bytes(), json!({ "columns": columns })).await), [1, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_python_writes_in_any_of_the_encodings_and_delimiters_comes_in_alike() {
    let rows = [
        row(&["title", "assignee", "due", "priority", "status", "external id"]),
        row(&["Prüfen, \"was\" da ist", "bob@harbour.example", "2026-12-01", "high", "open", "a1"]),
        row(&["Zwei\tTabs; und | Striche", "Bob Baker", "2026-12-02", "", "40 %", "a2"]),
        row(&["Façade à repeindre", "carol@harbour.example", "", "urgent", "done", "a3"]),
    ];
    let mut expected: Option<Vec<String>> = None;
    for (encoding, settings) in [
        ("utf-8", "delimiter=','"),
        ("utf-8-sig", "delimiter=';'"),
        ("utf-16", "delimiter='\\t'"),
        ("utf-16-le", "delimiter=','"),
        ("utf-16-be", "delimiter='|'"),
        ("cp1252", "delimiter=';', lineterminator='\\n'"),
        ("utf-8", "delimiter=',', quoting=csv.QUOTE_ALL, lineterminator='\\r'"),
    ] {
        let house = House::open().await;
        let name = house
            .look()
            .query_row("select name from users where email = 'bob@harbour.example'", [], |row| row.get::<_, String>(0));
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.replace("Bob Baker", name.as_ref().unwrap())).collect())
            .collect();
        let result = import(&house, &python_csv(&rows, encoding, settings), json!({})).await;
        // A tab in a title is refused, as everywhere.
        assert_eq!(tally(&result), [2, 0, 0, 1], "{encoding} {settings}: {result}");
        let saved = assignments(&house);
        assert_eq!(*expected.get_or_insert_with(|| saved.clone()), saved, "{encoding} {settings}");
    }
    let saved = expected.unwrap().join("\n");
    assert!(saved.contains("Façade à repeindre") && saved.contains("done") && saved.contains("urgent"), "{saved}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hebrew_files_of_old_and_new_programs_come_in_with_their_own_words() {
    let rows = [
        row(&["מזהה", "שם המשימה", "אחראי", "עדיפות", "סטטוס", "תאריך יעד"]),
        row(&["1", "לצבוע את המזח הצפוני", "bob@harbour.example", "דחופה", "בוצעה", "22.11.2026"]),
        row(&["2", "לבדוק את הפנסים", "carol@harbour.example", "נמוכה", "בביצוע", "1/12/2026"]),
    ];
    for encoding in ["cp1255", "utf-8", "utf-16"] {
        let house = House::open().await;
        let result = import(&house, &python_csv(&rows, encoding, "delimiter=','"), json!({})).await;
        assert_eq!(tally(&result), [2, 0, 0, 0], "{encoding}: {result}");
        let saved = assignments(&house).join("\n");
        for word in ["לצבוע את המזח הצפוני", "done", "urgent", "2026-12-01", "in_progress"] {
            assert!(saved.contains(word), "{encoding}: {word} in {saved}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_comes_in_with_its_dates_numbers_and_percents_as_they_look() {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Empty").unwrap().set_hidden(true);
    let sheet = book.add_worksheet().set_name("Work").unwrap();
    for (column, name) in (0..).zip(["Task", "E-mail", "Due date", "% complete", "Estimate", "ID"]) {
        sheet.write(0, column, name).unwrap();
    }
    let (date, percent) = (Format::new().set_num_format("dd/mm/yyyy"), Format::new().set_num_format("0%"));
    sheet.write(2, 0, "Paint the pier").unwrap();
    sheet.write(2, 1, "bob@harbour.example").unwrap();
    sheet.write_with_format(2, 2, ExcelDateTime::from_ymd(2026, 11, 30).unwrap(), &date).unwrap();
    sheet.write_with_format(2, 3, 0.4, &percent).unwrap();
    sheet.write(2, 4, 90).unwrap();
    sheet.write(2, 5, 1007).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let house = House::open().await;
    let result = import(&house, &bytes, json!({ "sheet": "Work" })).await;
    assert_eq!(tally(&result), [1, 0, 0, 0], "{result}");
    let saved = assignments(&house).join("\n");
    for word in ["Paint the pier", "2026-11-30", "40", "1007", "in_progress"] {
        assert!(saved.contains(word), "{word} in {saved}");
    }
    let estimate: i64 = house
        .look()
        .query_row("select estimate_minutes from tasks where kind = 'assignment'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(estimate, 90);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_libreoffice_saves_comes_in_alike_as_workbook_and_in_its_encodings() {
    let typed = "title,assignee,due,percent,external id\n\
                 \"Paint, the pier\",bob@harbour.example,2026-12-01,40%,7\nFaçade,carol@harbour.example,2026-12-24,,8\n";
    let book = libreoffice(typed.as_bytes(), "work.csv", Some("CSV:44,34,76,1"), "xlsx");
    let text = |filter: &str| {
        let to = format!("csv:Text - txt - csv (StarCalc):{filter},1,,0,false,true");
        libreoffice(&book, "work.xlsx", None, &to)
    };
    // Delimiter, quotation mark, encoding.
    let files = [
        ("XLSX", book.clone()),
        ("Windows-1252", text("59,34,1")),
        ("UTF-16", text("9,34,65535")),
        ("UTF-8", text("44,34,76")),
    ];
    let mut expected: Option<Vec<String>> = None;
    for (what, bytes) in files {
        let house = House::open().await;
        let result = import(&house, &bytes, json!({})).await;
        assert_eq!(tally(&result), [2, 0, 0, 0], "{what}: {result}");
        let saved = assignments(&house);
        assert!(saved.join(" ").contains("2026-12-01") && saved.join(" ").contains("Real(40.0)"), "{what}: {saved:?}");
        assert_eq!(*expected.get_or_insert_with(|| saved.clone()), saved, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_updates_what_changed_and_leaves_the_rest_alone() {
    let house = House::open().await;
    let first = "id,title,assignee,due,status\n1,Paint the pier,bob@harbour.example,2026-12-01,40%\n2,Mend the net,bob@harbour.example,,open\n";
    assert_eq!(tally(&import(&house, first.as_bytes(), json!({})).await), [2, 0, 0, 0]);
    let entries = trail(&house);
    assert_eq!(tally(&import(&house, first.as_bytes(), json!({})).await), [0, 0, 2, 0]);
    assert_eq!(trail(&house), entries, "nothing happened to anything");
    let second =
        first.replace("Mend the net,bob@harbour.example,,open", "Mend both nets,carol@harbour.example,2026-12-24,done");
    assert_eq!(tally(&import(&house, second.as_bytes(), json!({})).await), [0, 1, 1, 0]);
    let saved = assignments(&house);
    assert!(
        saved[0].contains("Mend both nets") && saved[0].contains("carol") && saved[0].contains("done"),
        "{saved:?}"
    );
    let actor: (i64, String) = house
        .look()
        .query_row("select actor_id, via from trail where change = 'title'", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!((actor.0.to_string().as_str(), actor.1.as_str()), (house.people.id("alice"), "system"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_row_says_what_is_wrong_with_it_and_the_others_come_in() {
    let house = House::open().await;
    let csv = "title,assignee,project,due,priority,status,percent,estimate,id\n\
               ,bob@harbour.example,,,,,,,1\n\
               No such person,zoe@harbour.example,,,,,,,2\n\
               No such project,bob@harbour.example,Moon,,,,,,3\n\
               No such day,bob@harbour.example,,31.2.2026,,,,,4\n\
               Odd,bob@harbour.example,,,soonish,perhaps,140,ages,5\n\
               Twin,bob@harbour.example,,,,,,,6\n\
               Twin,bob@harbour.example,,,,,,,6\n\
               \n\
               \"Over two\nlines\",bob@harbour.example,,,,,,,7\n\
               For nobody,,,,,,,,\n\
               \"For nobody, and new\",,,,,,,,9\n\
               Good,bob@harbour.example,,,,,,,8\n";
    let tried = import(&house, csv.as_bytes(), json!({ "dry_run": true })).await;
    assert_eq!(tally(&tried), [2, 0, 0, 9], "what a dry run says is what comes");
    let done = import_to_its_end(&house, csv.as_bytes(), json!({})).await;
    let result = done.job().unwrap().result.as_deref().unwrap();
    assert_eq!(tally(result), [2, 0, 0, 9], "{result}");
    assert_eq!(result["quality"]["made_of"]["valid_rows"]["percent"], json!(18.2));
    assert_eq!(titles(&house), ["Twin", "Good"]);
    let bad = file_of(&house.alice(), done.id, "bad-rows.csv").await;
    for line in [
        ",bob@harbour.example,,,,,,,1,title: Please fill this in.",
        "assignee: “zoe@harbour.example” is no active member.",
        "project: There is no project “Moon”.",
        "due: Write a date such as",
        "priority: This is no priority.",
        "status: This is no status.",
        "percent: Write a number from 0 to 100.",
        "estimate: ",
        "Line 7 has the same external id.",
        "title: Please use plain text",
        "It says for nobody to do it.",
    ] {
        assert!(bad.contains(line), "{line} in {bad}");
    }
    let groups = sql::item_groups(&house.look(), done.id, ItemOutcome::Failed, 100, 5).unwrap();
    let lines: Vec<String> = groups.iter().flat_map(|group| group.first.clone()).collect();
    assert!(lines.contains(&"line 10".to_owned()), "where the row begins: {lines:?}");
    let quality = &result["quality"];
    let parts: f64 = quality["made_of"]
        .as_object()
        .unwrap()
        .values()
        .map(|part| part["percent"].as_f64().unwrap() * part["weight"].as_f64().unwrap() / 100.0)
        .sum();
    assert!((quality["score"].as_f64().unwrap() - parts).abs() < 0.1, "{quality}");
    let log = house.alice().get(&format!("/tasks/{}/log", done.id)).await.body;
    assert!(log.contains("quality of the file") && log.contains("rows that can be saved"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_table_is_refused_with_a_sentence() {
    let house = House::open().await;
    let alice = house.alice();
    for (bytes, said) in [
        (&b"PK\x03\x04 nothing else"[..], "no XLSX workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "of the old kind"),
        (b" \n\n", "There are no rows"),
    ] {
        let answer = upload(&alice, "tasks.csv", bytes).await.expect(303);
        let page = alice.get(&answer.location().unwrap()).await.expect(422);
        assert!(page.contains(said), "{}", page.said());
        let done = import_to_its_end(&house, bytes, json!({})).await;
        assert_eq!(done.status, Status::Failed);
        assert!(done.job().unwrap().error.as_ref().unwrap().contains(said), "{:?}", done.job().unwrap().error);
    }
    let page = upload(&alice, "tasks.csv", b"").await.expect(422);
    assert!(page.contains("This file is empty."), "{}", page.said());
    let quote = format!("title,assignee\n\"{}", "never closed,".repeat(200_000));
    let done = import_to_its_end(&house, quote.as_bytes(), json!({})).await;
    assert!(done.job().unwrap().error.as_ref().unwrap().contains("line 2 is longer than 1 MB"));
    let gone = json!({ "file": { "task": 999, "name": "tasks.csv" } });
    let job =
        NewJob { job_kind: Some("import-tasks".into()), payload: gone, max_attempts: Some(1), ..NewJob::default() };
    let done = ended(&house, create_job(&house, "alice", job).await.unwrap()).await;
    assert!(done.job().unwrap().error.as_ref().unwrap().contains("not there any more"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_larger_than_the_limit_is_refused_with_a_sentence() {
    let house = House::open_with(|config| {
        config.output =
            std::sync::Arc::new(milepost::config::Output { artifact_bytes: 1024 * 1024, ..Default::default() });
    })
    .await;
    let page = upload(&house.alice(), "tasks.csv", &vec![b'x'; 3 * 1024 * 1024]).await.expect(422);
    assert!(page.contains("A file may have at most 1 MB."), "{}", page.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_admin_any_more_changes_nothing_by_a_job_that_still_runs() {
    let house = House::open_with(|config| config.workers = 0).await;
    let job = {
        let file = uploaded(&upload(&house.ada(), "tasks.csv", &many(10, true)).await.expect(303));
        let payload = json!({ "file": { "task": file, "name": "tasks.csv" } });
        NewJob { job_kind: Some("import-tasks".into()), payload, max_attempts: Some(1), ..NewJob::default() }
    };
    let id = create_job(&house, "ada", job).await.unwrap();
    let ada = house.people.id("ada").to_owned();
    house.alice().post(&format!("/people/{ada}/role"), &[("role", "member")]).await.expect(303);
    let (keeps_on, stop) = tokio::sync::watch::channel(false);
    let workers = milepost::jobs::kinds::worker::start_workers(&house.server.app, 1, &stop);
    let done = ended(&house, id).await;
    assert_eq!(done.status, Status::Failed);
    assert!(done.job().unwrap().error.as_ref().unwrap().contains("may not do what it does any more"));
    assert_eq!(titles(&house), [""; 0]);
    keeps_on.send_replace(true);
    workers.wait().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_only_report_cannot_import_in_its_admins_name() {
    let house = House::open_with(|config| config.workers = 0).await;
    let body =
        json!({ "title": "Import", "job_kind": "import-tasks", "payload": { "file": { "task": 1, "name": "a" } } });
    let post = async |scopes: &str| {
        let program = house.program("alice", scopes).await;
        program.send(program.request(reqwest::Method::POST, "/api/v1/tasks").json(&body)).await
    };
    let refused = post("report read").await.expect(403);
    assert!(refused.body.contains("needs the scope admin"), "{}", refused.body);
    let made = post("report read admin").await.expect(201).json();
    assert_eq!(task(&house, TaskId::new(made["id"].as_i64().unwrap())).status, Status::Pending);
}
