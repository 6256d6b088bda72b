//! What is printed, and the same as JSON.

use serde_json::{Value, json};

use crate::Plan;
use crate::run::{Measured, Results, Row};
use crate::side::Scene;

/// A line while the run goes on.
pub fn progress(row: &Row) {
    let rate = |side: &Measured| side.get("deliveries_per_second").unwrap_or_default();
    eprintln!(
        "{} {} {} streams: {:.0} deliveries a second, the floor {:.0}",
        row.form.word(),
        row.scene.word(),
        row.streams,
        rate(&row.ours),
        rate(&row.floor)
    );
}

pub fn tables(plan: &Plan, results: &Results) {
    println!(
        "The live stream beside a floor: axum and tokio's broadcast, bytes made before, nothing stored, nothing asked."
    );
    println!(
        "Closed loop: {} updates in flight on either side, the next is posted when one has arrived at all streams.",
        plan.window
    );
    println!(
        "Servers and clients share this machine; each figure is ours / the floor's (and the median of rounds' ratios).\n"
    );
    println!(
        "| who watches | streams | event | connects / s | deliveries / s | µs of CPU a delivery | the same at {} / s | KB a stream | updates / s | raw grouped |",
        plan.rate
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for row in &results.rows {
        let scene = if row.scene == Scene::One { "one organisation" } else { "each its own" };
        let pair = |name: &str, digits: usize| {
            let (ours, floor) = (row.ours.get(name).unwrap_or(f64::NAN), row.floor.get(name).unwrap_or(f64::NAN));
            format!("{ours:.digits$} / {floor:.digits$} ({:.2})", row.ratio(name).unwrap_or(f64::NAN))
        };
        let raw = row.raw.get("updates_per_second");
        println!(
            "| {scene}, {} | {} | {} B | {} | {} | {} | {} | {} | {} | {} |",
            row.form.word(),
            row.streams,
            row.event_bytes,
            pair("connects_per_second", 0),
            pair("deliveries_per_second", 0),
            pair("cpu_us_per_delivery", 1),
            pair("cpu_us_at_rate", 1),
            pair("kilobytes_per_stream", 1),
            pair("updates_per_second", 0),
            raw.map_or("-".into(), |raw| format!("{raw:.0} ({:.2})", row.to_raw().unwrap_or(f64::NAN)))
        );
    }
    latencies(results);
    others(results);
    println!("\n| target | asked | measured | met |\n| --- | ---: | ---: | --- |");
    for target in targets(results) {
        println!(
            "| {} | {} | {} | {} |",
            target.what,
            target.asked,
            target.measured,
            if target.met { "yes" } else { "NO" }
        );
    }
}

fn latencies(results: &Results) {
    let measured: Vec<&Row> = results.rows.iter().filter(|row| row.ours.get("p50_ms").is_some()).collect();
    if measured.is_empty() {
        return;
    }
    println!(
        "\n| from the post's first byte, 100 reports a second | p50 | p99 | floor p50 | floor p99 | durable commit p50 |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for row in measured {
        let ms = |side: &Measured, name: &str| format!("{:.1} ms", side.get(name).unwrap_or(f64::NAN));
        println!(
            "| {} streams, {} | {} | {} | {} | {} | {} |",
            row.streams,
            row.scene.word(),
            ms(&row.ours, "p50_ms"),
            ms(&row.ours, "p99_ms"),
            ms(&row.floor, "p50_ms"),
            ms(&row.floor, "p99_ms"),
            ms(&row.raw, "commit_p50_ms")
        );
    }
}

fn others(results: &Results) {
    println!();
    for (name, streams, kilobytes) in &results.held {
        println!("{name}: {streams} streams held, {kilobytes:.1} KB each");
    }
    if let Some(why) = &results.held_not {
        println!("Not held: {why}");
    }
    if let Some((flood, exact)) = &results.flood {
        println!("Past saturation: {flood}\nthen: {exact}");
    }
}

struct Target {
    what: String,
    asked: String,
    measured: String,
    met: bool,
}

/// The lines of the issue for which this run has figures.
fn targets(results: &Results) -> Vec<Target> {
    let mut targets = Vec::new();
    let of =
        |scene: Scene| results.rows.iter().filter(move |row| row.scene == scene && row.form == results.rows[0].form);
    let mut at_least = |what: String, asked: f64, measured: Option<f64>| {
        if let Some(value) = measured {
            targets.push(Target {
                what,
                asked: format!("≥ {asked}"),
                measured: format!("{value:.2}"),
                met: value >= asked,
            });
        }
    };
    if let Some(row) = of(Scene::One).max_by_key(|row| row.streams) {
        at_least(
            format!("deliveries, {} watch one, to the floor's", row.streams),
            0.6,
            row.ratio("deliveries_per_second"),
        );
        at_least(format!("connects, {} streams, to the floor's", row.streams), 0.7, row.ratio("connects_per_second"));
    }
    if let Some(row) = of(Scene::Own).max_by_key(|row| row.streams) {
        at_least(format!("updates, {} watch their own, to raw grouped", row.streams), 0.7, row.to_raw());
        let few = of(Scene::Own).find(|row| row.streams == 100);
        let many = row.ours.get("updates_per_second");
        let few = few.and_then(|few| few.ours.get("updates_per_second"));
        at_least(format!("updates, {} streams to 100", row.streams), 0.85, many.zip(few).map(|(many, few)| many / few));
    }
    targets.extend(at_most(results));
    targets.extend(exactness(results));
    targets
}

fn at_most(results: &Results) -> Vec<Target> {
    let mut targets = Vec::new();
    let of =
        |scene: Scene| results.rows.iter().filter(move |row| row.scene == scene && row.form == results.rows[0].form);
    let mut at_most = |what: String, asked: f64, unit: &str, measured: Option<f64>| {
        if let Some(value) = measured {
            let (asked, met) = (format!("≤ {asked:.1}{unit}"), value <= asked);
            targets.push(Target { what, asked, measured: format!("{value:.2}{unit}"), met });
        }
    };
    if let Some(row) = of(Scene::One).max_by_key(|row| row.streams) {
        let streams = row.streams;
        at_most(format!("CPU a delivery, {streams} watch one, saturated"), 1.5, "", row.ratio("cpu_us_per_delivery"));
        at_most(format!("CPU a delivery, {streams} watch one, fixed rate"), 1.5, "", row.ratio("cpu_us_at_rate"));
        at_most(format!("idle with {streams} streams"), 2.0, " % of a core", row.ours.get("idle_percent_of_a_core"));
    }
    for scene in [Scene::One, Scene::Own] {
        if let Some(row) = of(scene).max_by_key(|row| row.streams) {
            at_most(
                format!("memory of an idle stream, {}, {}", row.streams, scene.word()),
                12.0,
                " KB",
                row.ours.get("kilobytes_per_stream"),
            );
        }
        for row in of(scene).filter(|row| row.raw.get("commit_p50_ms").is_some()) {
            let sum = row.floor.get("p50_ms").unwrap_or(f64::NAN) + row.raw.get("commit_p50_ms").unwrap_or(f64::NAN);
            at_most(format!("latency p50, {}", scene.word()), 1.5 * sum, " ms", row.ours.get("p50_ms"));
            at_most(format!("latency p99, {}", scene.word()), 3.0 * sum + 10.0, " ms", row.ours.get("p99_ms"));
        }
    }
    targets
}

fn exactness(results: &Results) -> Vec<Target> {
    let mut exact: Vec<&Value> = results.rows.iter().filter_map(|row| row.exact.as_ref()).collect();
    exact.extend(results.flood.iter().map(|(_, exact)| exact));
    let sum = |name: &str| exact.iter().filter_map(|exact| exact[name].as_u64()).sum::<u64>();
    let mut targets = Vec::new();
    if !exact.is_empty() {
        let wrong = ["missing", "doubled", "misdirected", "resets", "ended_otherwise"];
        let found: Vec<String> = wrong.iter().map(|name| format!("{} {name}", sum(name))).collect();
        let measured =
            format!("{} of {} deliveries, {} cut as lagged", found.join(", "), sum("deliveries"), sum("cut_as_lagged"));
        let met = wrong.iter().all(|name| sum(name) == 0);
        targets.push(Target { what: "exactness".into(), asked: "none".into(), measured, met });
    }
    for (_, streams, _) in results.held.iter().filter(|(name, ..)| *name == "ours") {
        targets.push(Target {
            what: "streams held".into(),
            asked: "18000".into(),
            measured: streams.to_string(),
            met: *streams >= 18_000,
        });
    }
    targets
}

/// The same for programs, beside what cargo builds.
pub fn json(plan: &Plan, results: &Results) {
    let side = |measured: &Measured| json!(measured.0);
    let rows: Vec<Value> = results
        .rows
        .iter()
        .map(|row| {
            json!({ "scene": row.scene.word(), "form": row.form.word(), "streams": row.streams, "event_bytes": row.event_bytes,
                    "ours": side(&row.ours), "floor": side(&row.floor), "raw": side(&row.raw), "exact": row.exact })
        })
        .collect();
    let targets: Vec<Value> = targets(results)
        .into_iter()
        .map(|target| json!({ "what": target.what, "asked": target.asked, "measured": target.measured, "met": target.met }))
        .collect();
    let held: Vec<Value> = results
        .held
        .iter()
        .map(
            |(name, streams, kilobytes)| json!({ "side": name, "streams": streams, "kilobytes_per_stream": kilobytes }),
        )
        .collect();
    let flood = results.flood.as_ref().map(|(flood, exact)| json!({ "flood": flood, "exact": exact }));
    let all = json!({ "updates_in_flight": plan.window, "deliveries_per_second_at_fixed_rate": plan.rate, "rows": rows,
                      "held": held, "flood": flood, "targets": targets });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/live.json");
    std::fs::write(path, format!("{all:#}\n")).expect("target/ can be written");
    println!("\nEvery round's figures: {path}");
}
