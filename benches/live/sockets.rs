//! The client's sockets: streams being opened, read and opened again, updates being posted and answered.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Token};

use crate::client::Client;
use crate::floor::ORGANISATION;
use crate::prepare::{FIRST_ADMIN, FIRST_MEMBER, STREAMS_OF_ADMIN, TASKS, session};
use crate::scan::{Buffer, Id, Tail};

/// Tokens: streams from 0 on, then the connections that post.
const POSTS: usize = 1 << 24;
pub const WAKER: Token = Token(usize::MAX);
/// A connection that was not used for longer is opened anew.
const FRESH: Duration = Duration::from_secs(1);
/// Bytes. Less than two segments of the loopback device would make it crawl when it is read again.
const NARROW: u32 = 160 * 1024;
/// In a flood, one of so many streams is not read.
const STALLED: usize = 10;

#[derive(Default)]
pub struct Stream {
    socket: Option<TcpStream>,
    tail: Tail,
    /// Said hello on this connection.
    live: bool,
    answered: bool,
    pub last: u64,
    /// The ids that came, where they are not simply one after the other.
    pub seen: Vec<u32>,
}

pub struct Post {
    socket: TcpStream,
    answer: Vec<u8>,
    /// When the request that waits for its answer was begun.
    begin: Option<Instant>,
    /// The last answer.
    answered: Instant,
}

impl Client {
    /// Who watches by this stream.
    fn user(&self, stream: usize) -> usize {
        if self.target.one { FIRST_ADMIN + stream / STREAMS_OF_ADMIN } else { FIRST_MEMBER + stream }
    }

    pub fn open(&mut self, index: usize) {
        let narrow = self.narrow && index.is_multiple_of(STALLED);
        let address = self.target.address;
        let socket = match if narrow { narrow_socket(address) } else { std::net::TcpStream::connect(address) } {
            Ok(socket) => socket,
            Err(error) => panic!(
                "stream number {index} cannot connect: {error} (see `ulimit -n` and net.ipv4.ip_local_port_range)"
            ),
        };
        let last = self.streams[index].last;
        let after = if last == 0 { String::new() } else { format!("{}-{last}", String::from_utf8_lossy(&self.epoch)) };
        let request = if self.target.floor {
            let key = if self.target.one { ORGANISATION as usize } else { self.user(index) };
            format!("GET /events/{key} HTTP/1.1\r\nhost: localhost\r\n\r\n")
        } else {
            let after = if after.is_empty() { after } else { format!("last-event-id: {after}\r\n") };
            let (path, session) = (&self.target.path, session(self.user(index)));
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: milepost={session}\r\n{after}\r\n")
        };
        (&socket).write_all(request.as_bytes()).expect("a new connection takes a request");
        socket.set_nonblocking(true).expect("becomes nonblocking");
        let mut socket = TcpStream::from_std(socket);
        self.poll.registry().register(&mut socket, Token(index), Interest::READABLE).expect("registers");
        let stream = &mut self.streams[index];
        (stream.socket, stream.tail, stream.live, stream.answered) = (Some(socket), Tail::default(), false, false);
    }

    /// Waits for what comes next, and deals with all of it.
    pub fn turn(&mut self, events: &mut Events, timeout: Option<Duration>) {
        match self.poll.poll(events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return,
            Err(error) => panic!("polls: {error}"),
        }
        for event in events.iter() {
            match event.token() {
                WAKER => {}
                Token(token) if token >= POSTS => self.read_answer(token - POSTS),
                Token(stream) => self.read_stream(stream),
            }
        }
        let now = Instant::now();
        while let Some(at) = self.again.iter().position(|(when, _)| *when <= now) {
            let (_, stream) = self.again.swap_remove(at);
            self.open(stream);
        }
    }

    pub fn read_stream(&mut self, index: usize) {
        if self.stalling && index.is_multiple_of(STALLED) {
            self.owed.push(index);
            return;
        }
        // Both are put back: what is found in the one is counted in the other, and in the client.
        let Some(mut buffer) = self.buffer.take() else { return };
        while self.read_some(index, &mut buffer) {}
        self.buffer = Some(buffer);
    }

    /// True when there may be more.
    fn read_some(&mut self, index: usize, buffer: &mut Buffer) -> bool {
        let Some(stream) = self.streams.get_mut(index) else { return false };
        let Some(socket) = &mut stream.socket else { return false };
        let space = buffer.space();
        let room = space.len();
        let count = match socket.read(space) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Ok(0) | Err(_) => {
                self.ended(index);
                return false;
            }
            Ok(count) => count,
        };
        let now = Instant::now();
        if !stream.answered && !self.accepted(index, buffer.read(count)) {
            return false;
        }
        let mut stream = std::mem::take(&mut self.streams[index]);
        let mut tail = std::mem::take(&mut stream.tail);
        buffer.scan(count, &mut tail, |id| self.event(&mut stream, &id, now));
        stream.tail = tail;
        self.streams[index] = stream;
        // A short read has emptied the socket: the poll says when there is more.
        count == room || self.thorough
    }

    /// Whether the head of the answer lets the stream begin; otherwise it comes again later.
    fn accepted(&mut self, index: usize, head: &[u8]) -> bool {
        self.streams[index].answered = true;
        if head.starts_with(b"HTTP/1.1 200") {
            return true;
        }
        let busy = head.starts_with(b"HTTP/1.1 429") || head.starts_with(b"HTTP/1.1 503");
        assert!(busy, "stream number {index} was answered {}", String::from_utf8_lossy(head));
        self.streams[index].socket = None;
        self.count.refused += 1;
        assert!(self.count.refused < 100_000, "streams are refused again and again: {}", String::from_utf8_lossy(head));
        self.again.push((Instant::now() + Duration::from_millis(250), index));
        false
    }

    fn event(&mut self, stream: &mut Stream, id: &Id<'_>, now: Instant) {
        let sequence = id.sequence;
        if !stream.live {
            stream.live = true;
            self.count.live += 1;
            if self.epoch.is_empty() {
                self.epoch = id.epoch.to_vec();
                self.base = sequence;
            }
            if stream.last == 0 {
                stream.last = sequence;
            } else if stream.last != sequence {
                self.count.resets += 1;
            }
            return;
        }
        if !id.is_event {
            // What came in between was none of this stream's; watching all, there is no such thing.
            self.count.missed += if self.target.one { sequence - stream.last } else { 0 };
            stream.last = sequence;
            return;
        }
        if sequence <= stream.last {
            self.count.doubled += 1;
            return;
        }
        if self.target.one {
            self.count.missed += sequence - stream.last - 1;
        } else if !self.target.floor {
            stream.seen.push(u32::try_from(sequence).expect("a small database"));
        }
        stream.last = sequence;
        self.count.deliveries += 1;
        let at = usize::try_from(sequence - self.base - 1).expect("an index");
        if self.arrived.len() <= at {
            self.arrived.resize(at + 1, 0);
        }
        self.arrived[at] += 1;
        if !self.target.one || self.arrived[at] as usize == self.streams.len() {
            self.count.completed += 1;
        }
        if self.sampling {
            self.samples.push((sequence, now));
        }
    }

    /// The server closed a stream: said why, and comes back with its cursor.
    fn ended(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        stream.socket = None;
        if stream.live {
            self.count.live -= 1;
        }
        if stream.tail.says("event: end") && stream.tail.says("\"lagged\"") {
            self.count.lagged += 1;
        } else {
            self.count.dropped += 1;
        }
        assert!(!self.target.floor, "the floor closed a stream");
        self.again.push((Instant::now(), index));
    }

    /// Posts the next update, if a connection is free or may be opened.
    pub fn post(&mut self, most: usize) -> bool {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.posts.len() < most => self.posts.len(),
            None => return false,
        };
        // A server may close what is not used: then the answer to "was it?" would be a matter of luck.
        if self.posts.get(index).is_none_or(|post| post.answered.elapsed() > FRESH) {
            self.open_post(index);
        }
        self.count.posted += 1;
        let (task, request) = self.request();
        let begin = Instant::now();
        let post = &mut self.posts[index];
        post.begin = Some(begin);
        // A request is far smaller than a socket's buffer, and the last one was answered.
        post.socket.write_all(&request).expect("the server takes a request");
        if self.sampling && !self.target.floor {
            self.posted.push((task, begin));
        }
        true
    }

    /// The update that `count.posted` numbers, a browser's form, spread over all tasks: the task, and the bytes.
    fn request(&self) -> (u64, Vec<u8>) {
        let n = usize::try_from(self.count.posted).expect("an index");
        let tasks = if self.target.one { TASKS } else { self.streams.len() };
        let (turn, progress) = (n % tasks, n / tasks % 98 + 1);
        let body = format!("progress={progress}&note=&presence=");
        let (task, user) = if self.target.one { (turn + 1, 1) } else { (TASKS + 1 + turn, FIRST_MEMBER + turn) };
        let path = match (self.target.floor, self.target.one) {
            (true, true) => format!("/publish/{ORGANISATION}"),
            (true, false) => format!("/publish/{user}"),
            (false, _) => format!("/tasks/{task}/progress"),
        };
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncookie: milepost={}\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            session(user),
            body.len()
        );
        (task as u64, request.into_bytes())
    }

    fn open_post(&mut self, index: usize) {
        let socket = std::net::TcpStream::connect(self.target.address).expect("connects");
        socket.set_nodelay(true).expect("nodelay");
        socket.set_nonblocking(true).expect("becomes nonblocking");
        let mut socket = TcpStream::from_std(socket);
        self.poll.registry().register(&mut socket, Token(POSTS + index), Interest::READABLE).expect("registers");
        let post = Post { socket, answer: Vec::new(), begin: None, answered: Instant::now() };
        match self.posts.get_mut(index) {
            Some(former) => *former = post,
            None => self.posts.push(post),
        }
    }

    fn read_answer(&mut self, index: usize) {
        let post = &mut self.posts[index];
        let mut chunk = [0; 4096];
        loop {
            match post.socket.read(&mut chunk) {
                Ok(0) if post.begin.is_none() => return,
                Ok(0) => panic!("the server closed a connection that posts"),
                Ok(count) => post.answer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("a post was not answered: {error}"),
            }
        }
        // The answers to these posts have no body.
        if !post.answer.ends_with(b"\r\n\r\n") {
            return;
        }
        let Some(begin) = post.begin.take() else { panic!("an answer to nothing") };
        let answer = String::from_utf8_lossy(&post.answer);
        assert!(
            answer.starts_with("HTTP/1.1 303") || answer.starts_with("HTTP/1.1 204"),
            "a post was answered {answer}"
        );
        let sequence = answer.lines().find_map(|line| line.strip_prefix("sequence: "));
        if let (true, Some(sequence)) = (self.sampling, sequence) {
            self.posted.push((sequence.parse().expect("a number"), begin));
        }
        post.answer.clear();
        post.answered = Instant::now();
        self.count.answered += 1;
        self.free.push(index);
    }
}

/// A connection that holds little for a client that does not read: by itself the system lends it up to 32 MB.
fn narrow_socket(address: std::net::SocketAddr) -> std::io::Result<std::net::TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(NARROW)?;
        socket.connect(address).await?.into_std()
    })
}
