//! The order of a run: both sides are up at once and measured in turn, so that what else the machine does falls on both.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;

use crate::Plan;
use crate::prepare::{MEMBERS, TASKS, prepare};
use crate::report;
use crate::side::{Form, Sample, Scene, Side, file_limit};
use crate::support::{median, quantile, raw, raw_updates};

/// At this size latency is measured, with so many reports a second.
const LATENCY_STREAMS: usize = 1_000;
const LATENCY_REPORTS: usize = 100;
/// Streams past saturation: few enough for all of it to be replayed in seconds. Publishers: so few that the commits are
/// small and many, and whoever does not read has more of them waiting than a channel keeps.
const FLOOD_STREAMS: usize = 100;
const FLOOD_PUBLISHERS: usize = 16;
/// Allocators and sockets come to rest.
const REST: Duration = Duration::from_millis(1_500);

/// What was measured of one side, a value a round.
#[derive(Default)]
pub struct Measured(pub BTreeMap<&'static str, Vec<f64>>);

impl Measured {
    fn note(&mut self, name: &'static str, value: f64) {
        self.0.entry(name).or_default().push(value);
    }

    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).cloned().map(median)
    }
}

/// One size of one scene.
pub struct Row {
    pub scene: Scene,
    pub form: Form,
    pub streams: usize,
    pub event_bytes: usize,
    pub ours: Measured,
    pub floor: Measured,
    /// Raw SQLite, in the same minute.
    pub raw: Measured,
    pub exact: Option<Value>,
}

impl Row {
    /// Ours to the floor's, the median of the rounds' own ratios.
    pub fn ratio(&self, name: &str) -> Option<f64> {
        ratio(self.ours.0.get(name)?, self.floor.0.get(name)?)
    }

    pub fn to_raw(&self) -> Option<f64> {
        ratio(self.ours.0.get("updates_per_second")?, self.raw.0.get("updates_per_second")?)
    }
}

fn ratio(ours: &[f64], theirs: &[f64]) -> Option<f64> {
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    (!ratios.is_empty()).then(|| median(ratios))
}

/// All that a run gave.
#[derive(Default)]
pub struct Results {
    pub rows: Vec<Row>,
    /// Name, streams, kilobytes a stream.
    pub held: Vec<(&'static str, usize, f64)>,
    pub held_not: Option<String>,
    pub flood: Option<(Value, Value)>,
}

/// Where everything lies during a run.
struct Ground<'a> {
    plan: &'a Plan,
    folder: &'a Path,
    database: &'a Path,
    raw: Connection,
}

pub fn run(plan: &Plan) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = folder.path().join("milepost.db");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(prepare(&database));
    drop(runtime);
    let raw = raw(folder.path(), &database);
    let ground = Ground { plan, folder: folder.path(), database: &database, raw };
    let mut results = Results::default();
    for (scene, forms) in [(Scene::One, "one"), (Scene::Own, "own")] {
        if plan.has(forms) {
            for streams in &plan.sizes {
                results.rows.push(ground.row(scene, plan.form, *streams));
                report::progress(&results.rows[results.rows.len() - 1]);
            }
        }
    }
    if plan.has("fragments") {
        for scene in [Scene::One, Scene::Own] {
            results.rows.push(ground.row(
                scene,
                Form::Fragments,
                LATENCY_STREAMS.min(plan.sizes[plan.sizes.len() - 1]),
            ));
            report::progress(&results.rows[results.rows.len() - 1]);
        }
    }
    if plan.has("hold") {
        ground.hold(&mut results);
    }
    if plan.has("flood") {
        results.flood = Some(ground.flood());
    }
    report::tables(plan, &results);
    report::json(plan, &results);
}

impl Ground<'_> {
    fn row(&self, scene: Scene, form: Form, streams: usize) -> Row {
        let sample = Sample::take(self.folder, self.database, scene, form);
        let mut ours = Side::ours(self.folder, self.database, scene, form);
        let mut floor = Side::floor(self.folder, &sample, scene, form);
        let measured = (Measured::default(), Measured::default(), Measured::default());
        let (event_bytes, (o, f, raw)) = (sample.bytes, measured);
        let mut row = Row { scene, form, streams, event_bytes, ours: o, floor: f, raw, exact: None };
        self.connects(&mut row, &mut ours, &mut floor);
        self.saturation(&mut row, &mut ours, &mut floor);
        self.at_rate(&mut row, &mut ours, &mut floor);
        if streams == LATENCY_STREAMS && form == self.plan.form {
            self.latency(&mut row, &mut ours, &mut floor);
        }
        if scene == Scene::One && form == self.plan.form && self.plan.sizes.iter().all(|size| *size <= streams) {
            drop(floor);
            self.idle(&mut row, &mut ours);
        }
        row.exact = Some(ours.ask("verify"));
        row
    }

    /// Streams opened a second, and what memory each takes.
    fn connects(&self, row: &mut Row, ours: &mut Side, floor: &mut Side) {
        let command = format!("connect {}", row.streams);
        let mut sides = [(floor, &mut row.floor), (ours, &mut row.ours)];
        let mut before: Vec<f64> = sides.iter().map(|(side, _)| side.pss()).collect();
        for round in 0..self.plan.rounds {
            for (index, (side, figures)) in sides.iter_mut().enumerate() {
                if round > 0 {
                    side.close();
                }
                figures.note("connects_per_second", side.number(&command, "per_second"));
                if round == 0 {
                    sleep(REST);
                    before[index] = side.pss() - before[index];
                    figures.note("kilobytes_per_stream", before[index] / row.streams as f64);
                }
            }
        }
    }

    fn saturation(&self, row: &mut Row, ours: &mut Side, floor: &mut Side) {
        let Plan { window, span, rounds, .. } = self.plan;
        let command = format!("saturate {window} {}", span.as_secs_f64());
        if row.scene == Scene::Own {
            // Everybody's first report of the day also begins a task and notes who is there: that is not what is measured.
            let first = ours.ask(&format!("warm {window} {}", row.streams));
            row.ours.note("first_updates_per_second", first["updates_per_second"].as_f64().unwrap_or(f64::NAN));
        }
        for _ in 0..*rounds {
            for (side, figures) in [(&mut *floor, &mut row.floor), (&mut *ours, &mut row.ours)] {
                let answer = side.ask(&command);
                for name in [
                    "deliveries_per_second",
                    "updates_per_second",
                    "cpu_us_per_delivery",
                    "server_cores",
                    "client_cores",
                ] {
                    figures.note(name, answer[name].as_f64().unwrap_or(f64::NAN));
                }
            }
            if row.scene == Scene::Own {
                let (rate, _) = raw_updates(&self.raw, TASKS + MEMBERS, *window, *span / 2, Duration::ZERO);
                row.raw.note("updates_per_second", rate);
            }
        }
    }

    /// The processor's time for each delivery when there is time enough.
    fn at_rate(&self, row: &mut Row, ours: &mut Side, floor: &mut Side) {
        // An update of one's own is one delivery: so many cannot be posted.
        let updates = if row.scene == Scene::One { self.plan.rate as f64 / row.streams as f64 } else { 1_000.0 };
        let command = format!("rate {updates} {}", self.plan.span.as_secs_f64() * 1.5);
        for (side, figures) in [(floor, &mut row.floor), (ours, &mut row.ours)] {
            let answer = side.ask(&command);
            figures.note("cpu_us_at_rate", answer["cpu_us_per_delivery"].as_f64().unwrap_or(f64::NAN));
        }
    }

    fn latency(&self, row: &mut Row, ours: &mut Side, floor: &mut Side) {
        let command = format!("rate {LATENCY_REPORTS} {}", self.plan.span.as_secs_f64());
        let pause = Duration::from_secs(1) / LATENCY_REPORTS as u32;
        for _ in 0..self.plan.rounds {
            for (side, figures) in [(&mut *floor, &mut row.floor), (&mut *ours, &mut row.ours)] {
                let answer = side.ask(&command);
                for name in ["p50_ms", "p99_ms"] {
                    figures.note(name, answer[name].as_f64().unwrap_or(f64::NAN));
                }
            }
            let (_, mut times) = raw_updates(&self.raw, TASKS + MEMBERS, 1, self.plan.span / 2, pause);
            row.raw.note("commit_p50_ms", quantile(&mut times, 0.5).as_secs_f64() * 1e3);
        }
    }

    /// What a server costs on which nothing happens.
    fn idle(&self, row: &mut Row, ours: &mut Side) {
        sleep(REST);
        let before = ours.cpu();
        sleep(self.plan.idle);
        let share = (ours.cpu() - before).as_secs_f64() / self.plan.idle.as_secs_f64();
        row.ours.note("idle_percent_of_a_core", share * 100.0);
    }

    fn hold(&self, results: &mut Results) {
        let streams = self.plan.hold;
        if file_limit() < streams + 100 {
            let limit = file_limit();
            results.held_not =
                Some(format!("a process may open {limit} files here (`ulimit -Hn`), {streams} streams need more"));
            return;
        }
        let sample = Sample::take(self.folder, self.database, Scene::One, self.plan.form);
        let floor = || Side::floor(self.folder, &sample, Scene::One, self.plan.form);
        let ours = || Side::ours(self.folder, self.database, Scene::One, self.plan.form);
        for (name, start) in [("ours", &ours as &dyn Fn() -> Side), ("floor", &floor)] {
            let mut side = start();
            let before = side.pss();
            side.ask(&format!("connect {streams}"));
            sleep(REST);
            results.held.push((name, streams, (side.pss() - before) / streams as f64));
            // One update reaches all of them.
            side.ask("rate 1 1");
            let exact = side.ask("verify");
            assert!(
                exact["missing"] == 0 && exact["ended_otherwise"] == 0,
                "not all of {streams} streams were held: {exact}"
            );
        }
    }

    fn flood(&self) -> (Value, Value) {
        let mut ours = Side::ours(self.folder, self.database, Scene::One, self.plan.form);
        ours.ask(&format!("connect {FLOOD_STREAMS} narrow"));
        let flood = ours.ask(&format!("flood {FLOOD_PUBLISHERS} {}", self.plan.flood));
        (flood, ours.ask("verify"))
    }
}
