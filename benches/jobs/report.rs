//! What is printed, and the same as JSON.

use std::path::Path;

use serde_json::{Value, json};

use crate::Plan;
use crate::run::Row;
use crate::scripts::CALLS;

/// A line while the run goes on.
pub fn progress(row: &Row) {
    let get = |name: &str| row.get(name).unwrap_or(f64::NAN);
    match row.part {
        "latency" => eprintln!(
            "{}: p99 {:.2} ms, a durable commit's {:.2} ms, others {:.2} cores",
            row.name,
            get("p99_ms"),
            get("commit_p99_ms"),
            get("strangers_cores")
        ),
        "claims" => {
            eprintln!("{}: {:.0} a second, others {:.2} cores", row.name, get("per_second"), get("strangers_cores"))
        }
        _ => eprintln!(
            "{}: {:.0} a second, raw grouped {:.0} ({:.3}), others {:.2} cores",
            row.name,
            get("per_second"),
            get("grouped"),
            get("ratio"),
            get("strangers_cores")
        ),
    }
}

pub fn tables(plan: &Plan, rows: &[Row]) {
    println!(
        "Jobs over HTTP beside raw SQLite: the same rows (one of tasks, one of jobs, now and then one of the trail), WAL, \
         synchronous=full, one transaction for as many updates as Milepost's commits had on average."
    );
    println!(
        "Each figure is the median of {} rounds; ratios are the median of the rounds' own. Server and client share this \
         machine; `others` is what else ran on it.\n",
        plan.rounds
    );
    rates(rows);
    latencies(rows);
    claims(rows);
    shares(rows);
    println!("\n| target | asked | measured | met |\n| --- | ---: | ---: | --- |");
    for target in targets(rows) {
        let met = if target.met { "yes" } else { "NO" };
        println!("| {} | {} | {} | {met} |", target.what, target.asked, target.measured);
    }
}

fn rates(rows: &[Row]) {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.get("grouped").is_some()).collect();
    if rows.is_empty() {
        return;
    }
    println!(
        "| | a second | in a commit | raw grouped | ratio | raw grouped, reading first | ratio | raw one by one | raw grouped, µs of CPU | trail entries an update | server, client, others: cores |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for row in rows {
        let get = |name: &str| row.get(name).unwrap_or(f64::NAN);
        let group = row.shares.as_ref().map_or(f64::NAN, |shares| shares.group);
        println!(
            "| {} | {:.0} | {group:.1} | {:.0} | {:.3} | {:.0} | {:.3} | {:.0} | {:.1} | {:.3} | {} |",
            row.name,
            get("per_second"),
            get("grouped"),
            get("ratio"),
            get("grouped_reading"),
            get("ratio_reading"),
            get("single"),
            get("grouped_us"),
            get("entries"),
            cores(row)
        );
    }
    println!("\nOf a job's life: jobs a second, each of {CALLS} durable calls.");
}

fn cores(row: &Row) -> String {
    let get = |name: &str| row.get(name).unwrap_or(f64::NAN);
    format!("{:.2}, {:.2}, {:.2}", get("server_cores"), get("client_cores"), get("strangers_cores"))
}

fn latencies(rows: &[Row]) {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.get("p99_ms").is_some()).collect();
    if rows.is_empty() {
        return;
    }
    println!(
        "\n| from the request's due time to its answer | p50 | p99 | durable commit p50 | p99 | ratio of p99 | server, client, others: cores |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for row in rows {
        let ms = |name: &str| row.get(name).map_or("-".to_owned(), |value| format!("{value:.2} ms"));
        let ratio = row.get("ratio").filter(|_| row.part == "latency");
        println!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            row.name,
            ms("p50_ms"),
            ms("p99_ms"),
            ms("commit_p50_ms"),
            ms("commit_p99_ms"),
            ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
            cores(row)
        );
    }
}

fn claims(rows: &[Row]) {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.part == "claims").collect();
    let Some(first) = rows.first().and_then(|row| row.get("per_second")) else { return };
    println!("\n| | a second | to the fewest | server, client, others: cores |\n| --- | ---: | ---: | ---: |");
    for row in rows {
        let rate = row.get("per_second").unwrap_or(f64::NAN);
        println!("| {} | {rate:.0} | {:.2} | {} |", row.name, rate / first, cores(row));
    }
}

fn shares(rows: &[Row]) {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.shares.is_some()).collect();
    if rows.is_empty() {
        return;
    }
    println!(
        "\nWhere the server's processor time goes, for each report (of a life: for each call; asked in a span of its own):\n"
    );
    println!(
        "| | µs | SQLite: statements | SQLite: commit | rest of the writer: verbs, letters, answers | HTTP and JSON | of it in the kernel | statements | a commit waits for the disk | writer busy | client µs |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for row in rows {
        let Some(shares) = &row.shares else { continue };
        let part = |value: f64| format!("{value:.1} ({:.0} %)", 100.0 * value / shares.server());
        println!(
            "| {} | {:.1} | {} | {} | {} | {} | {:.1} | {:.1} | {:.2} ms | {:.0} % | {:.1} |",
            row.name,
            shares.server(),
            part(shares.statements),
            part(shares.commit),
            part(shares.verbs),
            part(shares.http),
            shares.http_kernel,
            shares.statements_each,
            shares.commit_waits_ms,
            100.0 * shares.writer_busy,
            shares.client
        );
    }
}

struct Target {
    what: String,
    asked: String,
    measured: String,
    met: bool,
}

/// The lines of the issue for which this run has figures.
fn targets(rows: &[Row]) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut at_least = |row: Option<&Row>, asked: f64| {
        if let Some((row, ratio)) = row.and_then(|row| Some((row, row.get("ratio")?))) {
            let what = format!("{}, to raw grouped", row.name);
            let (asked, met) = (format!("≥ {asked}"), ratio >= asked);
            targets.push(Target { what, asked, measured: format!("{ratio:.3}"), met });
        }
    };
    let of = |part: &'static str| rows.iter().filter(move |row| row.part == part);
    at_least(of("reports").next(), 0.4);
    at_least(of("batches").next(), 0.7);
    at_least(of("life").next_back(), 0.06);
    if let (Some(few), Some(many)) = (of("claims").next(), of("claims").next_back())
        && let Some((fewest, most)) = few.get("per_second").zip(many.get("per_second"))
    {
        let kept = most / fewest;
        let what = format!("{}, to the fewest", many.name);
        targets.push(Target { what, asked: "≥ 0.8".into(), measured: format!("{kept:.2}"), met: kept >= 0.8 });
    }
    if let Some((row, ratio)) = of("latency").next().and_then(|row| Some((row, row.get("ratio")?))) {
        let what = format!("{}, p99 to a durable commit's", row.name);
        targets.push(Target { what, asked: "< 3".into(), measured: format!("{ratio:.2}"), met: ratio < 3.0 });
    }
    targets
}

/// The same for programs, beside what cargo builds.
pub fn json(plan: &Plan, rows: &[Row]) {
    let shares = |row: &Row| {
        row.shares.as_ref().map(|shares| {
            json!({ "statements_us": shares.statements, "commit_us": shares.commit, "verbs_us": shares.verbs, "http_us": shares.http,
                    "http_kernel_us": shares.http_kernel, "client_us": shares.client, "statements": shares.statements_each,
                    "group": shares.group, "commit_waits_ms": shares.commit_waits_ms, "writer_busy": shares.writer_busy })
        })
    };
    let listed: Vec<Value> = rows
        .iter()
        .map(|row| json!({ "part": row.part, "name": row.name, "figures": row.figures, "shares": shares(row) }))
        .collect();
    let targets: Vec<Value> = targets(rows)
        .into_iter()
        .map(|target| json!({ "what": target.what, "asked": target.asked, "measured": target.measured, "met": target.met }))
        .collect();
    let all = json!({ "rounds": plan.rounds, "seconds": plan.span.as_secs_f64(), "rows": listed, "targets": targets });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let path = folder.join("jobs.json");
    // Not there when cargo builds into another folder.
    std::fs::create_dir_all(&folder).expect("target/ can be made");
    std::fs::write(&path, format!("{all:#}\n")).expect("target/ can be written");
    println!("\nEvery round's figures: {}", path.display());
}
