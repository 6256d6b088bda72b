//! The order of a run. Each round measures Milepost and then the floor, so that what else the machine does falls on both;
//! where the time goes is asked in a span of its own before, because asking takes time, too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::Plan;
use crate::client::{Client, Ran, Script};
use crate::floor::{Floor, Load};
use crate::prepare::{fill, prepare};
use crate::report;
use crate::scripts::{Batches, CALLS, Claims, Lives, Reports, Steps};
use crate::server::Server;
use crate::shares::{Cpu, Shares, own_cpu};
use crate::support::{median, quantile};

/// Claims of a round: few beside the jobs that wait, which are filled up again before the next.
const CLAIMS: usize = 500;
/// Rounds of claims are shorter than the others', so there are more of them.
const CLAIM_ROUNDS: usize = 4;
/// What the floor is told of the trail where a run did not measure it.
const ENTRIES: f64 = 0.1;

/// One line of a table.
#[derive(Default)]
pub struct Row {
    pub part: &'static str,
    pub name: String,
    /// A value a round.
    pub figures: BTreeMap<&'static str, Vec<f64>>,
    pub shares: Option<Shares>,
}

impl Row {
    fn new(part: &'static str, name: String) -> Row {
        Row { part, name, ..Row::default() }
    }

    fn note(&mut self, name: &'static str, value: f64) {
        self.figures.entry(name).or_default().push(value);
    }

    /// The median of the rounds.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.figures.get(name).cloned().map(median)
    }
}

/// Where everything lies during a run.
struct Ground<'a> {
    plan: &'a Plan,
    folder: &'a Path,
    /// The database that every part begins with a copy of.
    database: PathBuf,
    token: String,
    /// Entries of the trail for each report, as the part `reports` found it.
    entries: f64,
    rows: Vec<Row>,
}

pub fn run(plan: &Plan) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = folder.path().join("prepared.db");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let token = runtime.block_on(prepare(&database));
    drop(runtime);
    let mut ground = Ground { plan, folder: folder.path(), database, token, entries: ENTRIES, rows: Vec::new() };
    if ["reports", "batches", "latency", "life"].into_iter().any(|part| plan.has(part)) {
        ground.on_running_jobs();
    }
    if plan.has("claims") {
        ground.claims();
    }
    report::tables(plan, &ground.rows);
    report::json(plan, &ground.rows);
}

/// The real server on a copy of its own, and the floor beside it.
struct Sides {
    server: Server,
    database: PathBuf,
    floor: Floor,
    steps: Steps,
}

impl Ground<'_> {
    fn copy(&self, name: &str) -> PathBuf {
        let copy = self.folder.join(name);
        std::fs::copy(&self.database, &copy).expect("copies");
        copy
    }

    fn on_running_jobs(&mut self) {
        let database = self.copy("ours.db");
        let mut sides = Sides {
            server: Server::start(&database, &self.token),
            floor: Floor::of(self.folder, &self.database),
            steps: Steps::new(&self.token),
            database,
        };
        if self.plan.has("reports") {
            let row = self.reports(&mut sides);
            self.add(row);
        }
        for (reports, connections) in self.plan.batches.clone() {
            if self.plan.has("batches") {
                let row = self.batches(&mut sides, reports, connections);
                self.add(row);
            }
        }
        if self.plan.has("latency") {
            let row = self.latency(&mut sides);
            self.add(row);
        }
        for workers in self.plan.workers.clone() {
            if self.plan.has("life") {
                let row = self.life(&mut sides, workers);
                self.add(row);
            }
        }
    }

    fn add(&mut self, row: Row) {
        report::progress(&row);
        self.rows.push(row);
    }

    fn reports(&mut self, sides: &mut Sides) -> Row {
        let connections = self.plan.connections;
        let mut row = Row::new("reports", format!("single reports, {connections} connections"));
        let mut client = Client::connect(sides.server.address, connections);
        let Sides { server, database, floor, steps } = sides;
        client.closed(&mut Reports(steps), self.plan.span / 2);
        let before = entries(database);
        let (ran, shares) = traced(server, &mut client, &mut Reports(steps), self.plan.span, 1.0);
        self.entries = (entries(database) - before) / ran.calls as f64;
        for _ in 0..self.plan.rounds {
            let mut ran = counted(&mut row, server, || client.closed(&mut Reports(steps), self.plan.span));
            self.beside(&mut row, floor, (ran.per_second(), shares.group), 1.0);
            row.note("p50_ms", quantile(&mut ran.times, 0.5).as_secs_f64() * 1e3);
            row.note("p99_ms", quantile(&mut ran.times, 0.99).as_secs_f64() * 1e3);
        }
        row.shares = Some(shares);
        row
    }

    fn batches(&mut self, sides: &mut Sides, reports: usize, connections: usize) -> Row {
        let mut row = Row::new("batches", format!("batches of {reports}, {connections} connections"));
        let mut client = Client::connect(sides.server.address, connections);
        let Sides { server, database, floor, steps } = sides;
        client.closed(&mut Batches(steps, reports), self.plan.span / 2);
        let before = entries(database);
        let (ran, shares) = traced(server, &mut client, &mut Batches(steps, reports), self.plan.span, reports as f64);
        let known = std::mem::replace(&mut self.entries, (entries(database) - before) / (ran.calls * reports) as f64);
        for _ in 0..self.plan.rounds {
            let ran = counted(&mut row, server, || client.closed(&mut Batches(steps, reports), self.plan.span));
            self.beside(&mut row, floor, (ran.per_second() * reports as f64, shares.group), 1.0);
        }
        self.entries = known;
        row.shares = Some(shares);
        row
    }

    /// The floor in the same round as ours: grouped as ours was, and one by one.
    fn beside(&self, row: &mut Row, floor: &mut Floor, (ours, group): (f64, f64), updates: f64) {
        let load = Load { group: group.round() as usize, entries: self.entries, reads: false };
        let before = own_cpu();
        let (grouped, times) = floor.updates(load, self.plan.span, None);
        let cpu = own_cpu() - before;
        let (reading, _) = floor.updates(Load { reads: true, ..load }, self.plan.span / 2, None);
        let (single, _) = floor.updates(Load { group: 1, ..load }, self.plan.span / 4, None);
        row.note("per_second", ours);
        row.note("grouped", grouped);
        row.note("grouped_us", cpu.as_secs_f64() * 1e6 / (times.len() * load.group) as f64);
        row.note("grouped_reading", reading);
        row.note("single", single);
        row.note("ratio", ours * updates / grouped);
        row.note("ratio_reading", ours * updates / reading);
        row.note("entries", self.entries);
    }

    fn latency(&mut self, sides: &mut Sides) -> Row {
        let rate = self.plan.rate;
        let mut row = Row::new("latency", format!("reports at {rate} a second"));
        let mut client = Client::connect(sides.server.address, self.plan.connections);
        let Sides { server, floor, steps, .. } = sides;
        let load = Load { group: 1, entries: self.entries, reads: false };
        let pace = Duration::from_secs(1) / rate;
        client.open(&mut Reports(steps), rate, self.plan.span / 2);
        for _ in 0..self.plan.rounds {
            let mut ran = counted(&mut row, server, || client.open(&mut Reports(steps), rate, self.plan.span));
            let (commits, mut times) = floor.updates(load, self.plan.span, Some(pace));
            row.note("commits", commits);
            for (share, ours, theirs) in [(0.5, "p50_ms", "commit_p50_ms"), (0.99, "p99_ms", "commit_p99_ms")] {
                row.note(ours, quantile(&mut ran.times, share).as_secs_f64() * 1e3);
                row.note(theirs, quantile(&mut times, share).as_secs_f64() * 1e3);
            }
            let last = |name: &str| row.figures[name].last().copied().unwrap_or(f64::NAN);
            let ratio = last("p99_ms") / last("commit_p99_ms");
            row.note("ratio", ratio);
        }
        row
    }

    fn life(&mut self, sides: &mut Sides, workers: usize) -> Row {
        let mut row = Row::new("life", format!("a job's life, {workers} workers"));
        let mut client = Client::connect(sides.server.address, workers);
        let Sides { server, database, floor, .. } = sides;
        let mut lives = Lives::new(&self.token, workers);
        client.closed(&mut lives, self.plan.span / 2);
        let (_, shares) = traced(server, &mut client, &mut lives, self.plan.span, 1.0);
        let done = done(database);
        let since = lives.finished;
        for _ in 0..self.plan.rounds {
            let before = lives.finished;
            let ran = counted(&mut row, server, || client.closed(&mut lives, self.plan.span));
            // What was on its way at the end is durable, too, and was waited for: whole lives are counted by their calls.
            let jobs = ran.per_second() / CALLS as f64;
            row.note("finished", (lives.finished - before) as f64);
            self.beside(&mut row, floor, (jobs, shares.group), 1.0);
        }
        assert_eq!(
            self::done(database) - done,
            lives.finished - since,
            "every finish that was acknowledged is in the database, and none besides"
        );
        row.shares = Some(shares);
        row
    }

    /// All sizes are open at once and measured in turn.
    fn claims(&mut self) {
        let mut sizes = Vec::new();
        for queued in self.plan.queued.clone() {
            let database = self.copy(&format!("queued-{queued}.db"));
            fill(&database, queued - CLAIMS.min(queued));
            let mut server = Server::start(&database, &self.token);
            server.ask(&format!("make {CLAIMS}"));
            let row = Row::new("claims", format!("claims, {queued} jobs wait, {} workers", self.plan.claimers));
            sizes.push((server, row));
        }
        for round in 0..=self.plan.rounds * CLAIM_ROUNDS {
            for (server, row) in &mut sizes {
                let mut claims = Claims::new(&self.token, CLAIMS);
                let mut unmeasured = Row::default();
                // The first round finds the database as a start leaves it: with nothing of it in memory.
                let row = if round == 0 { &mut unmeasured } else { row };
                // Anew for each round: what is not used meanwhile is closed by the server.
                let mut client = Client::connect(server.address, self.plan.claimers);
                let ran = counted(row, server, || client.closed(&mut claims, self.plan.span * 10));
                row.note("per_second", ran.per_second());
                server.ask(&format!("make {CLAIMS}"));
            }
        }
        for (mut server, mut row) in sizes {
            let mut client = Client::connect(server.address, self.plan.claimers);
            let mut claims = Claims::new(&self.token, CLAIMS);
            let (_, shares) = traced(&mut server, &mut client, &mut claims, self.plan.span * 10, 1.0);
            row.shares = Some(shares);
            self.add(row);
        }
    }
}

/// Runs with the server's statements timed: `updates` in each call.
fn traced(
    server: &mut Server,
    client: &mut Client,
    script: &mut impl Script,
    span: Duration,
    updates: f64,
) -> (Ran, Shares) {
    server.ask("trace");
    let (before, begin) = (Cpu::now(server.pid()), Instant::now());
    let ran = client.closed(script, span);
    let (cpu, seconds) = (Cpu::now(server.pid()).since(before), begin.elapsed().as_secs_f64());
    let traced = server.ask("traced");
    // Those that were on their way at the end took their time as well.
    let updates = updates * ran.all as f64;
    (ran, Shares::of(&traced, cpu, updates, seconds))
}

/// How busy the machine is meanwhile, in cores.
fn counted(row: &mut Row, server: &Server, run: impl FnOnce() -> Ran) -> Ran {
    let (before, begin) = (Cpu::now(server.pid()), Instant::now());
    let ran = run();
    let (cpu, seconds) = (Cpu::now(server.pid()).since(before), begin.elapsed().as_secs_f64());
    row.note("server_cores", cpu.server() / seconds);
    row.note("client_cores", cpu.client / seconds);
    row.note("strangers_cores", cpu.strangers() / seconds);
    ran
}

fn ask(database: &Path, question: &str) -> i64 {
    let conn = Connection::open(database).expect("opens");
    conn.query_row(question, [], |row| row.get(0)).expect("answers")
}

/// Entries of the trail.
fn entries(database: &Path) -> f64 {
    ask(database, "select coalesce(max(sequence), 0) from trail") as f64
}

fn done(database: &Path) -> usize {
    ask(database, "select count(*) from tasks where status = 'done'") as usize
}
