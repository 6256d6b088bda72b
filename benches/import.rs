//! Rows of a CSV a second: brought in by the job `import-tasks`, beside raw rusqlite storing the same rows of tasks, trail
//! and full text in transactions of as many, and beside reading the same file without a database; in one run.
//! `cargo bench --bench import`; MILEPOST_BENCH_ROWS=200000 for as many rows.

mod support;

use std::fmt::Write as _;
use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use milepost::jobs::Outcome;
use milepost::jobs::actions::{Finish, NewArtifact, finish, store_artifact};
use milepost::jobs::artifacts::ArtifactName;
use milepost::jobs::kinds::worker::start_workers;
use milepost::jobs::sheets::{Next, Wishes, look, read};
use milepost::tasks::Via;
use milepost::tasks::actions::NewJob;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde_json::json;
use support::{make_job, median, per_second, rows, run_job};

const ROUNDS: usize = 3;
/// As many as the job saves in a write.
const GROUP: usize = 500;

fn main() {
    let rows = rows();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let file = file(rows);
    let (mut job, mut raw, mut reading, mut ratio) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().expect("a temporary folder");
        job.push(per_second(rows, runtime.block_on(import(folder.path(), file.clone()))));
        raw.push(per_second(rows, inserts(&folder.path().join("milepost.db"), &folder.path().join("raw.db"))));
        reading.push(per_second(rows, read_alone(&file)));
        ratio.push(job[job.len() - 1] / raw[raw.len() - 1]);
    }
    println!("rows a second of a CSV of {rows} rows ({} kB), median of {ROUNDS} rounds\n", file.len() / 1024);
    println!("| reading alone | raw, grouped | import-tasks | import / raw grouped |");
    println!("| ---: | ---: | ---: | ---: |");
    let [reading, raw, job] = [reading, raw, job].map(median);
    println!("| {reading:.0} | {raw:.0} | {job:.0} | {:.2} |", median(ratio));
}

fn file(rows: usize) -> Bytes {
    let mut csv = String::from("id,title,assignee,due,priority,estimate,description\n");
    for number in 0..rows {
        let day = number % 28 + 1;
        let priority = ["low", "medium", "high", "urgent"][number % 4];
        let _ = writeln!(
            csv,
            "W-{number},Look after lamp {number} on pier {},ada@example.org,2027-01-{day:02},{priority},90,\"Clean it, oil it, and write down what was wrong.\"",
            number % 40
        );
    }
    Bytes::from(csv)
}

fn read_alone(file: &Bytes) -> Duration {
    let begun = Instant::now();
    let mut file = Cursor::new(file.clone());
    let form = look(&mut file, &Wishes::default()).expect("a table");
    let mut cells = 0;
    read(&mut file, &form, |row| {
        cells += row.cells.len();
        Next::More
    })
    .expect("reads");
    assert!(cells > 0);
    begun.elapsed()
}

/// How long the job takes, from its claim to its end.
async fn import(folder: &Path, file: Bytes) -> Duration {
    let (app, viewer) = support::app(&folder.join("milepost.db")).await;
    let upload = make_job(&app, &viewer, NewJob::default()).await;
    let name = ArtifactName::parse("tasks.csv").expect("a name");
    let new = NewArtifact { name, content_type: "text/csv".into(), attempt: None, bytes: None, expires_at: None };
    let body = futures_util::stream::iter([Ok(file)]);
    store_artifact(&app, &app.by(&viewer, Via::Page), upload, new, body).await.expect("is stored");
    let end = Finish { attempt: None, outcome: Outcome::Done, result: None, error: None };
    app.act(&viewer, Via::Page, move |w, by| finish(w, by, upload, end)).await.expect("ends");
    let payload = json!({ "file": { "task": upload, "name": "tasks.csv" } });
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let workers = start_workers(&app, 1, &stopped);
    let (_, time) = run_job(&app, &viewer, "import-tasks", payload).await;
    stop.send_replace(true);
    workers.wait().await;
    tokio::task::spawn_blocking(move || app.db.close()).await.expect("closes");
    time
}

/// All rows of a question, as they are stored.
fn rows_of(conn: &Connection, question: &str) -> Vec<Vec<Value>> {
    let mut statement = conn.prepare(question).expect("a question");
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
    rows.expect("answers").map(|row| row.expect("a row")).collect()
}

/// How long the same rows take by themselves.
fn inserts(from: &Path, to: &Path) -> Duration {
    let source = Connection::open(from).expect("opens");
    let around =
        ["organisations", "users", "members"].map(|table| (table, rows_of(&source, &format!("select * from {table}"))));
    let tasks = rows_of(&source, "select * from tasks where kind = 'assignment' order by id");
    let trail = rows_of(
        &source,
        "select * from trail where task_id in (select id from tasks where kind = 'assignment') order by sequence",
    );
    let words = rows_of(
        &source,
        "select id, 'o' || organisation_id, title, description from tasks where kind = 'assignment' order by id",
    );
    std::fs::copy(from, to).expect("copies");
    let conn = Connection::open(to).expect("opens");
    conn.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -65536; pragma temp_store = memory;",
    )
    .expect("pragmas");
    empty(&conn);
    conn.execute_batch("pragma foreign_keys = on").expect("pragma");
    for (table, rows) in around {
        let known = rows_of(&conn, &format!("select * from {table}"));
        assert_eq!(known.len(), rows.len(), "what the rows refer to stays");
    }
    let marks = |rows: &[Vec<Value>]| vec!["?"; rows.first().map_or(0, Vec::len)].join(", ");
    let into = [
        (format!("insert into tasks values ({})", marks(&tasks)), &tasks),
        (format!("insert into trail values ({})", marks(&trail)), &trail),
        ("insert into tasks_text (rowid, organisation, title, description) values (?, ?, ?, ?)".to_owned(), &words),
    ];
    let begun = Instant::now();
    for group in 0..tasks.len().div_ceil(GROUP) {
        conn.execute_batch("begin immediate").expect("begins");
        for (sql, rows) in &into {
            let mut insert = conn.prepare_cached(sql).expect("a statement");
            let share = rows.len().div_ceil(tasks.len().div_ceil(GROUP));
            for row in rows.iter().skip(group * share).take(share) {
                insert.execute(params_from_iter(row)).expect("is stored");
            }
        }
        conn.execute_batch("commit").expect("commits");
    }
    begun.elapsed()
}

/// A database in which none of this happened yet.
fn empty(conn: &Connection) {
    conn.execute_batch(
        "pragma foreign_keys = off; drop trigger trail_is_append_only_delete; delete from trail;
         delete from tasks where kind = 'assignment'; delete from tasks_text; vacuum;",
    )
    .expect("empties");
}
