//! The load client: one thread over all sockets of one server. It opens streams, posts updates, counts what arrives and
//! checks the order of every stream's ids. Commands come by standard input, one a line; each is answered by a line of JSON.

use std::io::BufRead;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Waker};
use serde_json::{Value, json};

use crate::scan::Buffer;
use crate::side::cpu;
use crate::sockets::{Post, Stream, WAKER};
use crate::support::quantile;

/// Streams being opened at a time, so that the server's backlog is never the limit.
const OPENING: usize = 128;
/// More than one stream gets at a time, so that one read takes all of it.
const READ_BYTES: usize = 512 * 1024;
/// A flood is shorter than the time between two pings: whoever has taken nothing at the second of them is given up without
/// a word, as nobody is there to hear it.
const FLOOD: Duration = Duration::from_secs(12);
/// Nothing that is waited for takes longer, or something is lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// What this client talks to, and what its streams watch.
pub struct Target {
    pub floor: bool,
    /// All watch one organisation; otherwise each its own.
    pub one: bool,
    /// The streams' path.
    pub path: String,
    pub address: SocketAddr,
    pub pid: u32,
    pub database: PathBuf,
}

#[derive(Default, Debug)]
pub struct Counts {
    pub live: usize,
    pub deliveries: u64,
    /// Updates posted, answered, and delivered to every stream that should have them.
    pub posted: u64,
    pub answered: u64,
    pub completed: u64,
    pub missed: u64,
    pub doubled: u64,
    pub resets: u64,
    pub lagged: u64,
    /// Streams that ended without a word, or with another than `lagged`.
    pub dropped: u64,
    pub refused: u64,
}

pub struct Client {
    pub target: Target,
    pub poll: Poll,
    /// None only while it is being scanned.
    pub buffer: Option<Box<Buffer>>,
    pub streams: Vec<Stream>,
    pub posts: Vec<Post>,
    pub free: Vec<usize>,
    pub epoch: Vec<u8>,
    /// The sequence from which on this client counts.
    pub base: u64,
    /// How many streams have got the entry at base + 1 + index.
    pub arrived: Vec<u32>,
    pub count: Counts,
    /// The posts of a sampled phase (task, on the floor sequence, and begin) and the arrivals (sequence and instant).
    pub sampling: bool,
    pub posted: Vec<(u64, Instant)>,
    pub samples: Vec<(u64, Instant)>,
    /// Streams that are to stall are opened with a small buffer.
    pub narrow: bool,
    /// In a flood: not read yet; to be opened again later.
    pub stalling: bool,
    /// Reads until there is nothing, not just until a read came back short.
    pub thorough: bool,
    pub owed: Vec<usize>,
    pub again: Vec<(Instant, usize)>,
    pub commands: Receiver<String>,
}

/// `args`: floor or ours, one or own, the streams' path, the server's address and process id, the database.
pub fn run(args: &[String]) {
    let target = Target {
        floor: args[0] == "floor",
        one: args[1] == "one",
        path: args[2].clone(),
        address: args[3].parse().expect("an address"),
        pid: args[4].parse().expect("a process id"),
        database: args[5].clone().into(),
    };
    let poll = Poll::new().expect("a poll");
    let waker = Waker::new(poll.registry(), WAKER).expect("a waker");
    let (sender, commands) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.send(line).is_err() || waker.wake().is_err() {
                return;
            }
        }
        std::process::exit(0);
    });
    Client {
        target,
        poll,
        buffer: Some(Box::new(Buffer::new(READ_BYTES))),
        streams: Vec::new(),
        posts: Vec::new(),
        free: Vec::new(),
        epoch: Vec::new(),
        base: 0,
        arrived: Vec::new(),
        count: Counts::default(),
        sampling: false,
        posted: Vec::new(),
        samples: Vec::new(),
        narrow: false,
        stalling: false,
        thorough: false,
        owed: Vec::new(),
        again: Vec::new(),
        commands,
    }
    .obey();
}

impl Client {
    /// Reads its streams all the time, also while nothing is asked of it.
    fn obey(&mut self) {
        let mut events = Events::with_capacity(4096);
        loop {
            let command = match self.commands.try_recv() {
                Ok(command) => command,
                Err(TryRecvError::Empty) => {
                    self.turn(&mut events, None);
                    continue;
                }
                Err(TryRecvError::Disconnected) => return,
            };
            let words: Vec<&str> = command.split(' ').collect();
            let number = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok()).unwrap_or_default();
            let span = Duration::from_secs_f64(number(2));
            let answer = match words[0] {
                "connect" => {
                    self.narrow = words.get(2) == Some(&"narrow");
                    self.connect(&mut events, number(1) as usize)
                }
                "close" => self.close(),
                "saturate" => self.saturate(&mut events, number(1) as usize, span),
                "warm" => self.warm(&mut events, number(1) as usize, number(2) as u64),
                "rate" => self.rate(&mut events, number(1), span),
                "flood" => self.flood(&mut events, number(1) as usize, number(2) as u64),
                "verify" => self.verify(),
                _ => return,
            };
            println!("{answer}");
        }
    }

    fn connect(&mut self, events: &mut Events, streams: usize) -> Value {
        let start = Instant::now();
        self.streams = (0..streams).map(|_| Stream::default()).collect();
        let mut opened = 0;
        while self.count.live < streams {
            while opened < streams && opened - self.count.live < OPENING {
                self.open(opened);
                opened += 1;
            }
            self.turn(events, Some(Duration::from_millis(100)));
            assert!(start.elapsed() < PATIENCE, "{} of {streams} streams said hello", self.count.live);
        }
        json!({ "per_second": streams as f64 / start.elapsed().as_secs_f64() })
    }

    fn close(&mut self) -> Value {
        let streams = self.count.live;
        self.streams.clear();
        self.count.live = 0;
        json!({ "streams": streams })
    }

    fn in_flight(&self) -> usize {
        (self.count.posted - self.count.completed.min(self.count.answered)) as usize
    }

    /// Until all that was posted has arrived everywhere.
    fn drain(&mut self, events: &mut Events) {
        let start = Instant::now();
        while self.in_flight() > 0 || self.count.live < self.streams.len() {
            self.turn(events, Some(Duration::from_millis(10)));
            let waited = start.elapsed();
            assert!(
                waited < PATIENCE,
                "not all updates reached all of {} streams: {:?}",
                self.streams.len(),
                self.count
            );
        }
    }

    /// So many updates before anything is measured.
    fn warm(&mut self, events: &mut Events, window: usize, updates: u64) -> Value {
        let begin = Moment::of(self);
        while self.count.posted < begin.posted + updates && begin.at.elapsed() < PATIENCE {
            while self.in_flight() < window && self.post(window) {}
            self.turn(events, Some(Duration::from_millis(10)));
        }
        self.drain(events);
        begin.until_now(self)
    }

    /// A closed loop: `window` updates in flight; the next is posted when one has arrived at all streams.
    fn saturate(&mut self, events: &mut Events, window: usize, span: Duration) -> Value {
        let warm = Instant::now() + span / 4;
        let mut begin: Option<Moment> = None;
        loop {
            while self.in_flight() < window && self.post(window) {}
            let completed = self.count.completed;
            self.turn(events, Some(Duration::from_millis(10)));
            // From the completion of an update to that of another, so that half a wave counts for neither.
            if self.count.completed == completed {
                continue;
            }
            match &begin {
                None if Instant::now() >= warm => begin = Some(Moment::of(self)),
                Some(begin) if begin.at.elapsed() >= span => {
                    let answer = begin.until_now(self);
                    self.drain(events);
                    return answer;
                }
                _ => {}
            }
        }
    }

    /// An open loop at a modest rate: `updates` a second, however long they take.
    fn rate(&mut self, events: &mut Events, updates: f64, span: Duration) -> Value {
        (self.posted, self.samples, self.sampling) = (Vec::new(), Vec::new(), true);
        let base = self.base + self.arrived.len() as u64;
        let begin = Moment::of(self);
        let (total, mut sent) = ((updates * span.as_secs_f64()) as u32, 0);
        while sent < total {
            let due = begin.at + Duration::from_secs_f64(f64::from(sent) / updates);
            match due.checked_duration_since(Instant::now()) {
                Some(wait) => self.turn(events, Some(wait)),
                None if self.post(256) => sent += 1,
                None => self.turn(events, Some(Duration::from_millis(1))),
            }
        }
        self.drain(events);
        let mut answer = begin.until_now(self);
        self.sampling = false;
        let mut times = self.latencies(base);
        answer["p50_ms"] = json!(quantile(&mut times, 0.5).as_secs_f64() * 1e3);
        answer["p99_ms"] = json!(quantile(&mut times, 0.99).as_secs_f64() * 1e3);
        answer
    }

    /// From the first byte of each post to each arrival of its event. The trail says which task's an entry is.
    fn latencies(&self, base: u64) -> Vec<Duration> {
        let mut posts = self.posted.clone();
        let begins: Vec<Instant> = if self.target.floor {
            posts.sort_unstable_by_key(|(sequence, _)| *sequence);
            posts.into_iter().map(|(_, begin)| begin).collect()
        } else {
            let begin_of = |(_, task): &(u64, u64)| {
                let at = posts.iter().position(|(posted, _)| posted == task).expect("every entry was posted");
                posts.remove(at).1
            };
            self.trail(base).iter().map(begin_of).collect()
        };
        self.samples.iter().map(|(sequence, at)| at.duration_since(begins[(sequence - base - 1) as usize])).collect()
    }

    /// Past saturation: publishers do not wait for streams, a tenth of the streams is not read meanwhile. Who is cut
    /// comes back with its cursor; ends when everybody has everything.
    fn flood(&mut self, events: &mut Events, publishers: usize, updates: u64) -> Value {
        let begin = Moment::of(self);
        self.stalling = true;
        while self.count.posted < begin.posted + updates && begin.at.elapsed() < FLOOD {
            while self.post(publishers) {}
            self.turn(events, Some(Duration::from_millis(10)));
        }
        let span = begin.at.elapsed();
        self.stalling = false;
        // Here a stream may end together with its last bytes, which is told but once.
        self.thorough = true;
        let posted = self.count.posted - begin.posted;
        let behind = self.count.posted * self.streams.len() as u64 - self.count.deliveries;
        for stream in std::mem::take(&mut self.owed) {
            self.read_stream(stream);
        }
        self.drain(events);
        let seconds = begin.at.elapsed().as_secs_f64();
        json!({ "updates": posted, "updates_per_second": posted as f64 / span.as_secs_f64(), "behind": behind,
                "seconds": seconds, "deliveries_per_second": (self.count.deliveries - begin.deliveries) as f64 / seconds })
    }
}

/// Where the counters stood.
struct Moment {
    at: Instant,
    deliveries: u64,
    completed: u64,
    posted: u64,
    server: Duration,
    own: Duration,
}

impl Moment {
    fn of(client: &Client) -> Moment {
        Moment {
            at: Instant::now(),
            deliveries: client.count.deliveries,
            completed: client.count.completed,
            posted: client.count.posted,
            server: cpu(client.target.pid),
            own: cpu(std::process::id()),
        }
    }

    fn until_now(&self, client: &Client) -> Value {
        let now = Moment::of(client);
        let seconds = now.at.duration_since(self.at).as_secs_f64();
        let deliveries = (now.deliveries - self.deliveries) as f64;
        let cores = |from: Duration, to: Duration| (to - from).as_secs_f64() / seconds;
        json!({
            "deliveries_per_second": deliveries / seconds,
            "updates_per_second": (now.completed - self.completed) as f64 / seconds,
            "cpu_us_per_delivery": (now.server - self.server).as_secs_f64() * 1e6 / deliveries,
            "server_cores": cores(self.server, now.server),
            "client_cores": cores(self.own, now.own),
        })
    }
}
