//! Where the time goes. SQLite tells of the begin and the end of every statement of the server's writer, and the kernel
//! what that thread, and each other, took of a processor by then. So the server's time is told apart: statements, commits,
//! the rest of the writer (verbs, letters, answers), and all other threads (HTTP, JSON).

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::trace::TraceEvent;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// The unit of times in /proc/PID/stat, on every Linux.
const TICK: Duration = Duration::from_millis(10);

static STATEMENTS: AtomicU64 = AtomicU64::new(0);
static STATEMENTS_CPU_NS: AtomicU64 = AtomicU64::new(0);
static COMMITS: AtomicU64 = AtomicU64::new(0);
static COMMITS_NS: AtomicU64 = AtomicU64::new(0);
static COMMITS_CPU_NS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The outermost statement: an index of words runs its own inside of ours.
    static BEGUN: RefCell<Option<(String, Instant, Duration)>> = const { RefCell::new(None) };
}

/// Hears of each statement of the writer. On a shared machine only the thread's own time says what one took.
pub fn note(event: TraceEvent<'_>) {
    match event {
        // So is told of the begin of a trigger, and of a statement within another.
        TraceEvent::Stmt(_, sql) if sql.starts_with("--") => {}
        TraceEvent::Stmt(_, sql) => BEGUN.with_borrow_mut(|begun| {
            // A transaction's own are within nothing, whatever was left open before them.
            if begun.is_none() || sql == "begin immediate" || sql == "commit" {
                *begun = Some((sql.to_owned(), Instant::now(), own_cpu()));
            }
        }),
        TraceEvent::Profile(statement, _) => {
            let sql = statement.sql();
            let outermost = BEGUN.with_borrow_mut(|begun| begun.take_if(|(begun, ..)| *begun == sql));
            let Some((_, begun, begun_cpu)) = outermost else { return };
            let cpu = nanos(own_cpu().saturating_sub(begun_cpu));
            if sql == "commit" {
                COMMITS.fetch_add(1, Ordering::Relaxed);
                COMMITS_NS.fetch_add(nanos(begun.elapsed()), Ordering::Relaxed);
                COMMITS_CPU_NS.fetch_add(cpu, Ordering::Relaxed);
            } else {
                STATEMENTS.fetch_add(1, Ordering::Relaxed);
                STATEMENTS_CPU_NS.fetch_add(cpu, Ordering::Relaxed);
            }
        }
        _ => {}
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What this thread has spent on a processor.
pub fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The first word: nanoseconds on a processor.
fn scheduled(path: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// Counts anew.
pub fn begin() -> Value {
    for counter in [&STATEMENTS, &STATEMENTS_CPU_NS, &COMMITS, &COMMITS_NS, &COMMITS_CPU_NS] {
        counter.store(0, Ordering::Relaxed);
    }
    Value::Null
}

pub fn end() -> Value {
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    json!({ "statements": of(&STATEMENTS), "statements_cpu_ns": of(&STATEMENTS_CPU_NS), "commits": of(&COMMITS),
            "commits_ns": of(&COMMITS_NS), "commits_cpu_ns": of(&COMMITS_CPU_NS) })
}

/// Processor time by now, in seconds.
#[derive(Clone, Copy, Default, Debug)]
pub struct Cpu {
    /// The server's writer.
    pub writer: f64,
    /// Its other threads, and what of that the kernel took for them.
    pub others: f64,
    pub others_kernel: f64,
    /// This process: the client.
    pub client: f64,
    /// All that runs on this machine.
    pub machine: f64,
}

impl Cpu {
    pub fn now(server: u32) -> Cpu {
        let mut cpu = Cpu { client: process(std::process::id()), machine: machine(), ..Cpu::default() };
        let threads = std::fs::read_dir(format!("/proc/{server}/task")).expect("the kernel knows the server");
        for thread in threads.flatten() {
            let folder = thread.path();
            let name = std::fs::read_to_string(folder.join("comm")).unwrap_or_default();
            let took = scheduled(folder.join("schedstat").to_str().unwrap_or_default()) as f64 / 1e9;
            if name.trim() == "writer" {
                cpu.writer += took;
            } else {
                cpu.others += took;
                cpu.others_kernel += ticks(folder.join("stat").to_str().unwrap_or_default()).1;
            }
        }
        cpu
    }

    pub fn since(self, before: Cpu) -> Cpu {
        Cpu {
            writer: self.writer - before.writer,
            others: self.others - before.others,
            others_kernel: self.others_kernel - before.others_kernel,
            client: self.client - before.client,
            machine: self.machine - before.machine,
        }
    }

    pub fn server(self) -> f64 {
        self.writer + self.others
    }

    /// What ran beside server and client.
    pub fn strangers(self) -> f64 {
        (self.machine - self.server() - self.client).max(0.0)
    }
}

fn process(pid: u32) -> f64 {
    let (user, kernel) = ticks(&format!("/proc/{pid}/stat"));
    user + kernel
}

/// Seconds of a process or thread in its own code and in the kernel.
fn ticks(path: &str) -> (f64, f64) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // The name in parentheses may hold spaces; the fields after it are counted from the third.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let seconds = |at: usize| fields.get(at).and_then(|field| field.parse::<u32>().ok()).unwrap_or_default() * TICK;
    (seconds(11).as_secs_f64(), seconds(12).as_secs_f64())
}

/// Seconds that all processors together were busy.
fn machine() -> f64 {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let fields: Vec<f64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal: all but waiting.
    let busy: f64 =
        fields.iter().enumerate().filter(|(at, _)| ![3, 4, 8, 9].contains(at)).map(|(_, ticks)| ticks).sum();
    busy * TICK.as_secs_f64()
}

/// Microseconds of processor time for each call (of a batch: for each report), where they went.
#[derive(Clone, Debug)]
pub struct Shares {
    pub statements: f64,
    pub commit: f64,
    /// What a commit waited for the disk, in milliseconds.
    pub commit_waits_ms: f64,
    pub verbs: f64,
    pub http: f64,
    pub http_kernel: f64,
    pub client: f64,
    pub statements_each: f64,
    /// Updates in a commit.
    pub group: f64,
    /// Of the span, how long the writer was on a processor.
    pub writer_busy: f64,
}

impl Shares {
    pub fn of(traced: &Value, cpu: Cpu, updates: f64, seconds: f64) -> Shares {
        let get = |name: &str| traced[name].as_f64().unwrap_or(f64::NAN);
        let each = |total: f64| total * 1e6 / updates;
        let (statements, commits) = (get("statements_cpu_ns") / 1e9, get("commits"));
        let commit = get("commits_cpu_ns") / 1e9;
        Shares {
            statements: each(statements),
            commit: each(commit),
            commit_waits_ms: (get("commits_ns") / 1e9 - commit) * 1e3 / commits,
            verbs: each(cpu.writer - statements - commit),
            http: each(cpu.others),
            http_kernel: each(cpu.others_kernel),
            client: each(cpu.client),
            statements_each: get("statements") / updates,
            group: updates / commits,
            writer_busy: cpu.writer / seconds,
        }
    }

    pub fn server(&self) -> f64 {
        self.statements + self.commit + self.verbs + self.http
    }
}
