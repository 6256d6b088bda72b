//! A command's output on its way: passed on unchanged and at once by `pump`, kept in bounded memory in `backlog`, read here at
//! leisure through a `screen`, and given to whoever reports it as `log`. Passing on never waits for reading.

pub mod backlog;
pub mod log;
pub mod pump;
pub mod screen;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::PipeReader;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use self::backlog::{Backlog, Piece, Stream};
use self::pump::Pump;
use self::screen::{Screen, Seen};
use super::outbox::{self, Outbox};
use super::parse::{Parse, Parser};

/// How long output is gathered before it is looked at: in this time at most a backlog's worth is looked at, so that looking
/// costs little however much is printed. After so long a silence an unfinished line is taken as it stands.
const GATHER: Duration = Duration::from_millis(100);

/// One way of the command's output, to ours or to nowhere but the log.
pub struct Way {
    pub from: File,
    pub to: Option<File>,
    pub stream: Stream,
}

/// Passes all output on and reads it, in threads of its own, until the command has `ended`; `over` then gets the last line.
pub fn pass(
    ways: Vec<Way>,
    ended: PipeReader,
    outbox: &Arc<Outbox>,
    parse: &Parse,
    over: impl FnOnce(String) + Send + 'static,
) {
    let (tap, ended) = (Arc::new(Tap::default()), Arc::new(ended));
    let pumps: Vec<_> = ways
        .into_iter()
        .map(|way| Pump { way, ended: ended.clone(), tap: tap.clone() })
        .map(|pump| thread::spawn(move || pump.run()))
        .collect();
    let reader = Reader::new(tap.clone(), outbox.clone(), parse);
    thread::spawn(move || over(reader.read_all()));
    thread::spawn(move || {
        for pump in pumps {
            let _ = pump.join();
        }
        tap.close();
    });
}

/// Where pumps leave what passed, and the reader takes it.
#[derive(Default)]
struct Tap {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    backlog: Backlog,
    closed: bool,
}

impl Tap {
    fn push(&self, from: Stream, bytes: &[u8]) {
        let mut state = self.lock();
        let first = state.backlog.is_empty();
        state.backlog.push(from, bytes);
        drop(state);
        if first {
            self.changed.notify_all();
        }
    }

    /// All output has passed.
    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for output; false when none came in time.
    fn wait(&self, patience: Option<Duration>) -> bool {
        let state = self.lock();
        let empty = |state: &mut State| state.backlog.is_empty() && !state.closed;
        match patience {
            None => drop(self.changed.wait_while(state, empty)),
            Some(patience) => {
                let waited = self.changed.wait_timeout_while(state, patience, empty);
                return !waited.is_ok_and(|(_state, waited)| waited.timed_out());
            }
        }
        true
    }

    /// Lets some output gather, unless it is over.
    fn gather(&self) {
        drop(self.changed.wait_timeout_while(self.lock(), GATHER, |state| !state.closed));
    }

    fn take(&self) -> (Backlog, bool) {
        let mut state = self.lock();
        (std::mem::take(&mut state.backlog), state.closed)
    }
}

/// Reads output until it is over: progress and log go into the outbox.
struct Reader {
    tap: Arc<Tap>,
    outbox: Arc<Outbox>,
    parser: Parser,
    out: Screen,
    err: Screen,
    /// The stream whose line is unfinished in the log.
    unfinished: Option<Stream>,
    /// The last lines that said something, of output and of errors: what a failure is explained by.
    last_lines: [String; 2],
}

impl Reader {
    fn new(tap: Arc<Tap>, outbox: Arc<Outbox>, parse: &Parse) -> Reader {
        let parser = Parser::new(parse);
        let (out, err) = (Screen::default(), Screen::default());
        Reader { tap, outbox, parser, out, err, unfinished: None, last_lines: Default::default() }
    }

    /// Returns when the tap is closed, with the last line that was printed, of errors if there are any.
    fn read_all(mut self) -> String {
        let mut settled = true;
        loop {
            if !self.tap.wait((!settled).then_some(GATHER)) {
                self.see(Stream::Out, |screen, seen| screen.pause(seen));
                self.see(Stream::Err, |screen, seen| screen.pause(seen));
                settled = true;
                continue;
            }
            let (backlog, closed) = self.tap.take();
            let over = closed && backlog.is_empty();
            self.look(backlog);
            settled = false;
            if over {
                self.see(Stream::Out, |screen, seen| screen.end(seen));
                self.see(Stream::Err, |screen, seen| screen.end(seen));
                let [out, err] = self.last_lines;
                return if err.is_empty() { out } else { err };
            }
            self.tap.gather();
        }
    }

    fn look(&mut self, backlog: Backlog) {
        let (head, missing, tail) = backlog.into_parts();
        head.into_iter().for_each(|piece| self.feed(&piece));
        if missing > 0 {
            self.outbox.skip_log(missing);
        }
        tail.into_iter().for_each(|piece| self.feed(&piece));
    }

    fn feed(&mut self, piece: &Piece) {
        self.see(piece.from, |screen, seen| screen.feed(&piece.bytes, seen));
    }

    fn see(&mut self, from: Stream, look: impl FnOnce(&mut Screen, &mut dyn FnMut(Seen<'_>))) {
        let Reader { outbox, parser, unfinished, last_lines, .. } = self;
        let last_line = &mut last_lines[usize::from(from == Stream::Err)];
        let screen = if from == Stream::Out { &mut self.out } else { &mut self.err };
        let mut text = String::new();
        let mut reading = None;
        look(screen, &mut |seen| match seen {
            Seen::State(line, manner) => {
                if !line.trim().is_empty() {
                    last_line.clear();
                    last_line.push_str(line);
                }
                if let Some(new) = parser.read(line, manner) {
                    outbox::merge(&mut reading, new);
                }
            }
            Seen::Text(piece) => text.push_str(piece),
        });
        if let Some(reading) = reading {
            outbox.progress(reading);
        }
        if text.is_empty() {
            return;
        }
        // The streams take turns by lines, as far as they have any.
        if unfinished.is_some_and(|other| other != from) {
            text.insert(0, '\n');
        }
        *unfinished = (!text.ends_with('\n')).then_some(from);
        outbox.log(&text);
    }
}
