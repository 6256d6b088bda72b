//! Jobs as programs move them: the real server over HTTP in a process of its own, one thread that plays all workers, and
//! the same rows written by SQLite alone, in one run. `cargo bench --bench jobs`, or with `-- --quick`, and `reports`,
//! `batches`, `life`, `latency` or `claims` for a part. Prints tables, writes `target/jobs.json`.

mod client;
mod floor;
mod prepare;
mod report;
mod run;
mod scripts;
mod server;
mod shares;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

/// What is measured, and for how long.
pub struct Plan {
    pub parts: Vec<String>,
    pub rounds: usize,
    pub span: Duration,
    /// Workers of the part `life`.
    pub workers: Vec<usize>,
    /// Jobs that wait in the part `claims`.
    pub queued: Vec<usize>,
    /// Connections that report one by one, and how many of them claim.
    pub connections: usize,
    pub claimers: usize,
    /// Reports in a call, and connections that send such calls.
    pub batches: Vec<(usize, usize)>,
    /// Reports a second of the part `latency`.
    pub rate: u32,
}

impl Plan {
    pub fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|named| named == part)
    }
}

fn main() {
    // Cargo adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.first().map(String::as_str) {
        Some("server") => server::run(&args[1..]),
        _ => run::run(&plan(&args)),
    }
}

fn plan(args: &[String]) -> Plan {
    let number = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse().ok()
    };
    let quick = args.iter().any(|arg| arg == "--quick");
    let words = ["reports", "batches", "life", "latency", "claims"];
    Plan {
        parts: args.iter().filter(|arg| words.contains(&arg.as_str())).cloned().collect(),
        rounds: number("--rounds").unwrap_or(if quick { 2 } else { 5 }),
        span: Duration::from_millis(if quick { 1_000 } else { 2_000 }),
        workers: vec![1, 8, 32],
        queued: if quick { vec![1_000, 10_000, 100_000] } else { vec![1_000, 100_000, 1_000_000] },
        connections: number("--connections").unwrap_or(64),
        claimers: 16,
        batches: vec![(100, 8), (1_000, 2)],
        rate: 1_000,
    }
}
