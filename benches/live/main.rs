//! The live stream at 100 to 10,000 viewers: the real server, a bare axum + tokio broadcast server as the floor, and a
//! client of each, every one a process of its own, in one run. `cargo bench --bench live`, or with `-- --quick`, and
//! `one`, `own`, `hold`, `flood` or `fragments` for a part. Prints tables, writes `target/live.json`.

mod client;
mod floor;
mod prepare;
mod report;
mod run;
mod scan;
mod side;
mod sockets;
#[path = "../support/mod.rs"]
mod support;
mod verify;

use std::time::Duration;

use side::Form;

/// What is measured, and for how long.
pub struct Plan {
    pub parts: Vec<String>,
    /// How the streams of the tables are written; the part `fragments` shows the other form beside them.
    pub form: Form,
    pub sizes: Vec<usize>,
    /// Updates in flight at saturation, and callers who wait.
    pub window: usize,
    pub rounds: usize,
    pub span: Duration,
    /// Deliveries a second of the fixed rate.
    pub rate: usize,
    pub idle: Duration,
    pub hold: usize,
    /// Updates of the flood.
    pub flood: u64,
}

impl Plan {
    fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|named| named == part)
    }
}

fn main() {
    // Cargo adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.first().map(String::as_str) {
        Some("client") => client::run(&args[1..]),
        Some("floor") => floor::run(&args[1..]),
        _ => run::run(&plan(&args)),
    }
}

fn plan(args: &[String]) -> Plan {
    let number = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse().ok()
    };
    let quick = args.iter().any(|arg| arg == "--quick");
    let words = ["one", "own", "hold", "flood", "fragments"];
    let mut plan = Plan {
        parts: args.iter().filter(|arg| words.contains(&arg.as_str())).cloned().collect(),
        form: if args.iter().any(|arg| arg == "--fragments") { Form::Fragments } else { Form::Json },
        sizes: if quick { vec![100, 1_000] } else { vec![100, 1_000, 5_000, 10_000] },
        window: number("--window").unwrap_or(64),
        rounds: if quick { 1 } else { 3 },
        span: Duration::from_millis(if quick { 1_000 } else { 2_000 }),
        rate: 60_000,
        idle: Duration::from_secs(if quick { 5 } else { 30 }),
        hold: if quick { 2_000 } else { 18_000 },
        flood: if quick { 8_000 } else { 20_000 },
    };
    if let Some(streams) = number("--streams") {
        plan.sizes = vec![streams];
    }
    plan
}
