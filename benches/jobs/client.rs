//! The client: one thread over all connections, each with one HTTP/1.1 request on its way at a time. It does as little as
//! it can, because it shares the machine with what it measures: a write and a read for each request, and no task in between.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use memchr::memmem;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};

/// More than one answer to a batch, so that one read takes what there is.
const READ_BYTES: usize = 256 * 1024;
const WAKER: Token = Token(usize::MAX);
/// Nothing that is waited for takes longer, or something is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the connections ask, and what becomes of it.
pub trait Script {
    /// Writes this connection's next request; false: it has none.
    fn ask(&mut self, connection: usize, out: &mut Vec<u8>) -> bool;
    fn answered(&mut self, connection: usize, status: u16, body: &[u8]);
}

struct Connection {
    socket: TcpStream,
    out: Vec<u8>,
    sent: usize,
    answer: Vec<u8>,
    /// Where the answer's body begins and ends, once its head is there.
    body: Option<(usize, usize)>,
    status: u16,
    /// When the request that waits for its answer was due; none: it is free.
    begun: Option<Instant>,
}

pub struct Client {
    poll: Poll,
    connections: Vec<Connection>,
    chunk: Vec<u8>,
}

/// What a run of requests took.
pub struct Ran {
    /// Answered within the span.
    pub calls: usize,
    /// Answered at all.
    pub all: usize,
    pub seconds: f64,
    pub times: Vec<Duration>,
}

impl Ran {
    pub fn per_second(&self) -> f64 {
        self.calls as f64 / self.seconds
    }
}

impl Client {
    pub fn connect(address: SocketAddr, connections: usize) -> Client {
        let poll = Poll::new().expect("a poll");
        let open = |index: usize| {
            let socket = std::net::TcpStream::connect(address).expect("the server takes connections");
            socket.set_nodelay(true).expect("nodelay");
            socket.set_nonblocking(true).expect("becomes nonblocking");
            let mut socket = TcpStream::from_std(socket);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut socket, Token(index), interest).expect("registers");
            Connection { socket, out: Vec::new(), sent: 0, answer: Vec::new(), body: None, status: 0, begun: None }
        };
        let connections = (0..connections).map(open).collect();
        Client { poll, connections, chunk: vec![0; READ_BYTES] }
    }

    /// A closed loop: each connection asks again when it is answered, until the span is over or nothing is left to ask.
    /// What was on its way at the end is waited for and not counted.
    pub fn closed(&mut self, script: &mut impl Script, span: Duration) -> Ran {
        let mut events = Events::with_capacity(1024);
        let begin = Instant::now();
        let (mut calls, mut all, mut last, mut times) = (0, 0, begin, Vec::new());
        let mut asking: usize = (0..self.connections.len()).filter(|at| self.ask(script, *at, begin)).count();
        let is_short = asking < self.connections.len();
        while asking > 0 {
            self.wait(&mut events, begin + span);
            for at in ready(&events) {
                self.write(at);
                // The next answer wakes the poll again: no need to look for it now.
                let Some(asked) = self.read(at, script) else { continue };
                let now = Instant::now();
                all += 1;
                if now.duration_since(begin) <= span {
                    (calls, last) = (calls + 1, now);
                    times.push(now.duration_since(asked));
                }
                if now.duration_since(begin) > span || !self.ask(script, at, now) {
                    asking -= 1;
                }
            }
        }
        // Either the time ended it, or there was nothing more to ask.
        let ended_early = is_short || begin.elapsed() < span;
        let seconds = if ended_early { last.duration_since(begin) } else { span }.as_secs_f64();
        Ran { calls, all, seconds, times }
    }

    /// An open loop: `per_second` requests, each at its time, however long the others take; their times count from when
    /// they were due.
    pub fn open(&mut self, script: &mut impl Script, per_second: u32, span: Duration) -> Ran {
        let mut events = Events::with_capacity(1024);
        let pace = Duration::from_secs(1) / per_second;
        let total = (span.as_secs_f64() * f64::from(per_second)) as u32;
        let begin = Instant::now() + pace;
        let ticker = Ticker::start(&self.poll, begin, pace);
        let mut free: Vec<usize> = (0..self.connections.len()).collect();
        let (mut sent, mut times) = (0, Vec::new());
        while times.len() < total as usize {
            while sent < total && begin + pace * sent <= Instant::now() {
                let Some(at) = free.pop() else { break };
                assert!(self.ask(script, at, begin + pace * sent), "a script of an open loop always has a request");
                sent += 1;
            }
            self.wait(&mut events, begin + span);
            for at in ready(&events) {
                self.write(at);
                if let Some(due) = self.read(at, script) {
                    times.push(due.elapsed());
                    free.push(at);
                }
            }
        }
        drop(ticker);
        Ran { calls: times.len(), all: times.len(), seconds: begin.elapsed().as_secs_f64(), times }
    }

    fn wait(&mut self, events: &mut Events, until: Instant) {
        match self.poll.poll(events, Some(Duration::from_secs(1))) {
            Err(error) if error.kind() != ErrorKind::Interrupted => panic!("polls: {error}"),
            _ => assert!(Instant::now() < until + PATIENCE, "the server does not answer"),
        }
    }

    /// False: there is nothing to ask.
    fn ask(&mut self, script: &mut impl Script, at: usize, due: Instant) -> bool {
        let connection = &mut self.connections[at];
        connection.out.clear();
        if !script.ask(at, &mut connection.out) {
            return false;
        }
        (connection.sent, connection.begun, connection.body) = (0, Some(due), None);
        connection.answer.clear();
        self.write(at);
        true
    }

    fn write(&mut self, at: usize) {
        let connection = &mut self.connections[at];
        while connection.sent < connection.out.len() {
            match connection.socket.write(&connection.out[connection.sent..]) {
                Ok(count) => connection.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("sends: {error}"),
            }
        }
    }

    /// Takes what came; when that was the whole answer, tells the script and gives when the request was due.
    fn read(&mut self, at: usize, script: &mut impl Script) -> Option<Instant> {
        let connection = &mut self.connections[at];
        loop {
            match connection.socket.read(&mut self.chunk) {
                Ok(0) => panic!("the server closed a connection: {}", String::from_utf8_lossy(&connection.answer)),
                Ok(count) => connection.answer.extend_from_slice(&self.chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) => panic!("answers: {error}"),
            }
            connection.find_body();
            if let Some((from, to)) = connection.body.filter(|(_, to)| connection.answer.len() >= *to) {
                assert_eq!(connection.answer.len(), to, "one answer at a time");
                script.answered(at, connection.status, &connection.answer[from..to]);
                return connection.begun.take();
            }
        }
    }
}

fn ready(events: &Events) -> Vec<usize> {
    events.iter().map(|event| event.token()).filter(|token| *token != WAKER).map(|token| token.0).collect()
}

impl Connection {
    fn find_body(&mut self) {
        if self.body.is_some() {
            return;
        }
        let Some(head) = memmem::find(&self.answer, b"\r\n\r\n") else { return };
        let text = std::str::from_utf8(&self.answer[..head]).expect("a head is text");
        self.status = text.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
        let named = |line: &str| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().expect("a length"))
        };
        let length = text.lines().skip(1).find_map(named).unwrap_or_default();
        self.body = Some((head + 4, head + 4 + length));
    }
}

/// Wakes the poll at each time that something is due: the poll's own timeouts are whole milliseconds.
struct Ticker(Arc<AtomicBool>);

impl Ticker {
    fn start(poll: &Poll, begin: Instant, pace: Duration) -> Ticker {
        let waker = Waker::new(poll.registry(), WAKER).expect("a waker");
        let ended = Arc::new(AtomicBool::new(false));
        let ends = ended.clone();
        std::thread::spawn(move || {
            let mut next = begin;
            while !ends.load(Ordering::Relaxed) {
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
                let _ = waker.wake();
                next += pace;
            }
        });
        Ticker(ended)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
