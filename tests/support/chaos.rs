//! A bad network between clients and a server: passes everything on, and on the way cuts connections at random bytes
//! (with and without a goodbye, requests as well as answers) and freezes them at random moments, to thaw or to be cut.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::random::Random;

/// Bytes passed on at a time.
const CHUNK: usize = 16 * 1024;

pub struct Chaos {
    pub url: String,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

struct Shared {
    server: SocketAddr,
    random: Mutex<Random>,
    is_bad: watch::Sender<bool>,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    connections: AtomicUsize,
    cuts_in_requests: AtomicUsize,
    cuts_in_answers: AtomicUsize,
    cuts_at_moments: AtomicUsize,
    freezes: AtomicUsize,
    never_thawed: AtomicUsize,
}

fn count(what: &AtomicUsize) {
    what.fetch_add(1, Ordering::Relaxed);
}

impl Chaos {
    /// Listens on a port of its own, which stays the same however often the server behind it is started again.
    /// The network is good until it is told to be bad.
    pub async fn start(server: SocketAddr, random: Random) -> Chaos {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (is_bad, _) = watch::channel(false);
        let shared = Arc::new(Shared { server, random: Mutex::new(random), is_bad, tally: Tally::default() });
        let listening = tokio::spawn(listen(listener, shared.clone()));
        Chaos { url, shared, listening }
    }

    /// Bad from now on, for connections that are open already too; or good again: then what is frozen is cut.
    pub fn is_bad(&self, bad: bool) {
        self.shared.is_bad.send_replace(bad);
    }

    pub fn told(&self) -> String {
        let tally = &self.shared.tally;
        let read = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        format!(
            "{} connections, cut: {} in a request, {} in an answer, {} at a moment; {} freezes, {} of them for good",
            read(&tally.connections),
            read(&tally.cuts_in_requests),
            read(&tally.cuts_in_answers),
            read(&tally.cuts_at_moments),
            read(&tally.freezes),
            read(&tally.never_thawed)
        )
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        count(&shared.tally.connections);
        let random = shared.random.lock().unwrap().fork();
        tokio::spawn(carry(client, shared.clone(), random));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    InRequest,
    InAnswer,
    AtMoment,
}

/// What both directions of a connection know.
struct Wire {
    shared: Arc<Shared>,
    frozen: watch::Sender<bool>,
    /// A direction has passed on as many bytes as it may; which.
    struck: Notify,
    state: Mutex<(Budget, Why)>,
}

/// Bytes that may pass before something happens: of the request, of the answer.
struct Budget([usize; 2]);

impl Budget {
    fn new(random: &mut Random) -> Budget {
        let (least, most) = if random.below(4) == 0 { (0, 10) } else { (10, 23) };
        Budget([bytes(random, 4, 14), bytes(random, least, most)])
    }
}

/// Between two powers of two, each size as likely as its double: within the head, within an event, within a long replay.
fn bytes(random: &mut Random, least: u64, most: u64) -> usize {
    let size = 1 << (least + random.below(most - least + 1));
    usize::try_from(size + random.below(size)).unwrap()
}

async fn carry(mut client: TcpStream, shared: Arc<Shared>, mut random: Random) {
    // A server that is down: the client's connection closes without a word.
    let Ok(mut server) = TcpStream::connect(shared.server).await else { return };
    let wire = Wire {
        shared,
        frozen: watch::channel(false).0,
        struck: Notify::new(),
        state: Mutex::new((Budget::new(&mut random), Why::AtMoment)),
    };
    let without_goodbye = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let pass = async {
            tokio::join!(
                wire.pass(from_client, to_server, 0, Why::InRequest),
                wire.pass(from_server, to_client, 1, Why::InAnswer)
            )
        };
        tokio::select! {
            _ = pass => false,
            without_goodbye = wire.strike(&mut random) => without_goodbye,
        }
    };
    if without_goodbye {
        let _ = client.set_zero_linger();
        let _ = server.set_zero_linger();
    }
}

impl Wire {
    /// One direction: on to the byte at which something happens, then whatever happens.
    async fn pass(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, way: usize, why: Why) {
        let mut chunk = vec![0; CHUNK];
        while let Ok(read @ 1..) = from.read(&mut chunk).await {
            let mut rest = &chunk[..read];
            while !rest.is_empty() {
                self.thawed().await;
                let (now, later) = rest.split_at(self.allowed(way, rest.len(), why));
                if to.write_all(now).await.is_err() {
                    return;
                }
                rest = later;
            }
        }
        self.thawed().await;
        let _ = to.shutdown().await;
    }

    /// How many of the next bytes pass. When fewer than all, the connection is frozen until it is decided what happens.
    fn allowed(&self, way: usize, bytes: usize, why: Why) -> usize {
        if !*self.shared.is_bad.borrow() {
            return bytes;
        }
        let mut state = self.state.lock().unwrap();
        let left = &mut state.0.0[way];
        if *left >= bytes {
            *left -= bytes;
            return bytes;
        }
        let now = std::mem::take(left);
        state.1 = why;
        self.frozen.send_replace(true);
        self.struck.notify_one();
        now
    }

    async fn thawed(&self) {
        let _ = self.frozen.subscribe().wait_for(|frozen| !frozen).await;
    }

    /// Lets things happen to the connection until one of them cuts it: true when without a goodbye.
    async fn strike(&self, random: &mut Random) -> bool {
        let mut is_bad = self.shared.is_bad.subscribe();
        loop {
            let _ = is_bad.wait_for(|bad| *bad).await;
            let moment = Duration::from_millis(random.below(8_000));
            let _ = tokio::time::timeout(moment, self.struck.notified()).await;
            if !*is_bad.borrow() {
                self.frozen.send_replace(false);
                continue;
            }
            let why = std::mem::replace(&mut self.state.lock().unwrap().1, Why::AtMoment);
            if random.below(10) < 5 {
                return self.cut(why, random);
            }
            if self.freeze(random).await {
                return self.cut(why, random);
            }
            self.state.lock().unwrap().0 = Budget::new(random);
            self.frozen.send_replace(false);
        }
    }

    fn cut(&self, why: Why, random: &mut Random) -> bool {
        count(match why {
            Why::InRequest => &self.shared.tally.cuts_in_requests,
            Why::InAnswer => &self.shared.tally.cuts_in_answers,
            Why::AtMoment => &self.shared.tally.cuts_at_moments,
        });
        random.below(2) == 0
    }

    /// Nothing passes for a while, and neither end is told. True when the connection is cut after that.
    async fn freeze(&self, random: &mut Random) -> bool {
        count(&self.shared.tally.freezes);
        self.frozen.send_replace(true);
        let mut is_bad = self.shared.is_bad.subscribe();
        if random.below(12) == 0 {
            // As behind a router that forgot the connection: only the ends themselves can find out.
            count(&self.shared.tally.never_thawed);
            let _ = is_bad.wait_for(|bad| !bad).await;
            return true;
        }
        let span = Duration::from_millis(1 << random.below(12));
        let _ = tokio::time::timeout(span, is_bad.wait_for(|bad| !bad)).await;
        random.below(3) == 0
    }
}
