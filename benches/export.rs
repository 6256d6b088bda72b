//! Rows a second of the history as XLSX: written by the job `export-history`, beside writing the same cells with the same
//! library from memory, without a database; in one run. `cargo bench --bench export`; MILEPOST_BENCH_ROWS=200000 for as many.

mod support;

use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

use calamine::{Data, Reader, Xlsx};
use futures_util::TryStreamExt;
use milepost::App;
use milepost::jobs::Job;
use milepost::jobs::actions::read_artifact;
use milepost::jobs::artifacts::ArtifactName;
use milepost::jobs::kinds::worker::start_workers;
use milepost::people::Viewer;
use milepost::tasks::Task;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::json;
use support::{median, per_second, rows, run_job};

const ROUNDS: usize = 3;

fn main() {
    let rows = rows();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (mut job, mut memory, mut csv, mut ratio) = (vec![], vec![], vec![], vec![]);
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (book, text, file) = runtime.block_on(export(folder.path(), rows));
        bytes = file.len();
        job.push(per_second(rows, book));
        csv.push(per_second(rows, text));
        memory.push(per_second(rows, from_memory(&cells(file), rows)));
        ratio.push(job[job.len() - 1] / memory[memory.len() - 1]);
    }
    println!("rows a second of an XLSX of {rows} rows ({} kB), median of {ROUNDS} rounds\n", bytes / 1024);
    println!("| from memory | export-history | export / from memory | export-history as CSV |");
    println!("| ---: | ---: | ---: | ---: |");
    let [memory, job, csv] = [memory, job, csv].map(median);
    println!("| {memory:.0} | {job:.0} | {:.2} | {csv:.0} |", median(ratio));
}

/// How long the job takes as XLSX and as CSV, each from its claim to its end; and the workbook.
async fn export(folder: &Path, rows: usize) -> (Duration, Duration, Vec<u8>) {
    let (app, viewer) = support::app(&folder.join("milepost.db")).await;
    fill(&folder.join("milepost.db"), rows);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let workers = start_workers(&app, 1, &stopped);
    let mut times = Vec::new();
    let mut book = Vec::new();
    for format in ["xlsx", "csv"] {
        let payload = json!({ "format": format, "kind": "assignment" });
        let (task, time) = run_job(&app, &viewer, "export-history", payload).await;
        times.push(time);
        if format == "xlsx" {
            book = file_of(&app, &viewer, &task).await;
        }
    }
    stop.send_replace(true);
    workers.wait().await;
    tokio::task::spawn_blocking(move || app.db.close()).await.expect("closes");
    (times[0], times[1], book)
}

async fn file_of(app: &App, viewer: &Viewer, task: &Task) -> Vec<u8> {
    let result = task.job().and_then(|job: &Job| job.result.clone()).expect("a result");
    let name = ArtifactName::parse(result["file"].as_str().expect("a file")).expect("a name");
    let (_, bytes) = read_artifact(app, viewer, task.id, name).await.expect("is there");
    let chunks: Vec<_> = bytes.try_collect().await.expect("reads");
    chunks.concat()
}

fn fill(database: &Path, rows: usize) {
    let conn = rusqlite::Connection::open(database).expect("opens");
    conn.execute_batch(&format!(
        "with recursive n (n) as (select 1 union all select n + 1 from n where n < {rows})
         insert into tasks (organisation_id, kind, title, description, status, progress, assignee_id, creator_id,
           priority, due_at, due_date, estimate_minutes, created_at, started_at, finished_at, updated_at, version)
         select m.organisation_id, 'assignment', 'Look after lamp ' || n || ' on pier ' || (n % 40),
           'Clean it, oil it, and write down what was wrong with it: number ' || n,
           iif(n % 2, 'done', 'pending'), iif(n % 2, 100, 0), m.user_id, m.user_id, 'high', 1743551999000000, '2025-04-01',
           90, 1740000000000000 + n * 1000000, iif(n % 2, 1740000000000000 + n * 1000000, null),
           iif(n % 2, 1740000100000000 + n * 1000000, null), 1740000100000000 + n * 1000000, 2
         from n, (select * from members limit 1) m"
    ))
    .expect("fills");
}

/// The cells of a workbook's only sheet.
fn cells(file: Vec<u8>) -> Vec<Vec<Data>> {
    let mut book = Xlsx::new(Cursor::new(file)).expect("a workbook");
    let name = book.sheet_names()[0].clone();
    let sheet = book.worksheet_range(&name).expect("a sheet");
    sheet.rows().map(<[Data]>::to_vec).collect()
}

/// How long the same cells take from memory.
fn from_memory(cells: &[Vec<Data>], rows: usize) -> Duration {
    assert_eq!(cells.len(), rows + 1, "all of them, and a heading");
    let date = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let begun = Instant::now();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(cells) {
        for (column, cell) in (0..).zip(cells) {
            match cell {
                Data::String(text) => drop(sheet.write_string(row, column, text).expect("writes")),
                Data::Float(number) => drop(sheet.write_number(row, column, *number).expect("writes")),
                Data::DateTime(time) => {
                    let time = ExcelDateTime::from_serial_datetime(time.as_f64()).expect("a time");
                    sheet.write_datetime_with_format(row, column, &time, &date).expect("writes");
                }
                _ => {}
            }
        }
    }
    let file = book.save_to_buffer().expect("packs");
    assert!(!file.is_empty());
    begun.elapsed()
}
