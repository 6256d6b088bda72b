//! One command, from its start until its end is reported: the threads that serve it, and the loop in which everything that
//! happens arrives, signal or news, in order.

use std::io::{self, PipeWriter};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Instant;

use nix::sys::signal::{SigSet, Signal as Number};
use rustix::process::{Signal, WaitOptions, waitpid};

use super::RunArgs;
use super::client::Client;
use super::outbox::{Finish, Outbox};
use super::output;
use super::process::{self, Ending, Process, Session};
use super::report::{Job, News, Reporter};
use super::terminal::{self, Terminal};

/// What the shell and its like answer when a command is not found, cannot be run, or they fail themselves.
const NOT_FOUND: i32 = 127;
const NOT_RUNNABLE: i32 = 126;
const OUR_FAULT: i32 = 125;

enum Event {
    Signal(Number),
    News(News),
    /// All output has passed; the last line of it.
    OutputOver(String),
    /// The end is reported, or never will be.
    Reported,
}

struct Wrapped<'a> {
    args: &'a RunArgs,
    process: Arc<Process>,
    terminal: Terminal,
    outbox: Arc<Outbox>,
    events: Receiver<Event>,
    /// Dropped at the command's end, which the pumps notice.
    running: Option<PipeWriter>,
    /// Something of ours passed on a signal that tells a program to end.
    interrupted: bool,
    /// There is somebody to report to.
    reporting: bool,
}

pub fn run(args: &RunArgs) -> Ending {
    let outbox = Arc::new(Outbox::default());
    let (sender, events) = channel();
    let mut command = Command::new(&args.command[0]);
    command.args(&args.command[1..]);
    let started = terminal::wire(&mut command).and_then(|(terminal, ways)| {
        let (ended, running) = io::pipe()?;
        Ok((process::start(command, terminal.session), terminal, ways, ended, running))
    });
    let (child, terminal, ways, ended, running) = match started {
        Ok((Ok(child), terminal, ways, ended, running)) => (child, terminal, ways, ended, running),
        Ok((Err(error), ..)) => return not_started(args, &error, outbox, sender, &events),
        Err(error) => {
            complain(&format!("the command cannot be wrapped: {error}"), "\n");
            return Ending::Code(OUR_FAULT);
        }
    };
    // Only now, so that the command starts with the signals that we were started with.
    let heard = hear_signals(sender.clone());
    let process = Process::of(&child);
    let over = sender.clone();
    output::pass(ways, ended, &outbox, &args.parse, move |line| drop(over.send(Event::OutputOver(line))));
    let reporting = report(args, &outbox, sender, "\n");
    let mut wrapped =
        Wrapped { args, process, terminal, outbox, events, running: Some(running), interrupted: false, reporting };
    if heard.is_ok() {
        let _ = wrapped.terminal.begin(&wrapped.process);
    }
    let ending = wrapped.until_ended();
    wrapped.last_report(ending);
    ending
}

/// The job is reported all the same: a schedule whose command is missing should be seen to fail.
fn not_started(
    args: &RunArgs,
    error: &io::Error,
    outbox: Arc<Outbox>,
    sender: Sender<Event>,
    events: &Receiver<Event>,
) -> Ending {
    let name = args.command[0].to_string_lossy();
    let (code, sentence) = match error.kind() {
        io::ErrorKind::NotFound => (NOT_FOUND, format!("{name}: command not found")),
        io::ErrorKind::PermissionDenied => (NOT_RUNNABLE, format!("{name}: not allowed to run it")),
        _ => (NOT_RUNNABLE, format!("{name}: cannot be run: {error}")),
    };
    complain(&sentence, "\n");
    outbox.finish(Finish {
        outcome: "failed",
        error: Some(sentence),
        result: serde_json::json!({ "exit_code": code }),
    });
    if report(args, &outbox, sender, "\n") {
        let deadline = Instant::now() + args.wait();
        while let Ok(event) = events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            match event {
                Event::Reported => break,
                Event::News(News::Away(why)) => complain(&format!("the server is away ({why})"), "\n"),
                Event::News(News::Stopped(refusal)) => complain(&refusal.sentence, "\n"),
                _ => {}
            }
        }
    }
    Ending::Code(code)
}

/// From here on signals wait until they are heard, in a thread of their own.
fn hear_signals(sender: Sender<Event>) -> nix::Result<()> {
    let mut heard = SigSet::empty();
    for signal in [
        Number::SIGCHLD,
        Number::SIGINT,
        Number::SIGTERM,
        Number::SIGHUP,
        Number::SIGQUIT,
        Number::SIGUSR1,
        Number::SIGUSR2,
        Number::SIGWINCH,
        Number::SIGTSTP,
        Number::SIGCONT,
    ] {
        heard.add(signal);
    }
    let mut blocked = heard;
    // The terminal may be touched from the background, where that would stop us.
    blocked.add(Number::SIGTTIN);
    blocked.add(Number::SIGTTOU);
    blocked.thread_block()?;
    thread::spawn(move || {
        while let Ok(signal) = heard.wait() {
            if sender.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Reports from a thread of its own; false when there is nobody to report to.
fn report(args: &RunArgs, outbox: &Arc<Outbox>, sender: Sender<Event>, line_end: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string());
    let (runtime, client) = match runtime.and_then(|runtime| Ok((runtime, Client::new(&args.server.address())?))) {
        Ok(both) => both,
        Err(why) => {
            complain(&format!("nothing will be reported: {why}"), line_end);
            return false;
        }
    };
    let news = sender.clone();
    let tell = move |word| drop(news.send(Event::News(word)));
    let reporter = Reporter::new(client, outbox.clone(), Job::New(args.job()), tell);
    thread::spawn(move || {
        runtime.block_on(reporter.run());
        let _ = sender.send(Event::Reported);
    });
    true
}

impl Wrapped<'_> {
    /// Serves the command until it and its output are over; how it ended is on its way to the server then.
    fn until_ended(&mut self) -> Ending {
        let (mut ending, mut last_line) = (self.reap(), None);
        loop {
            if let (Some(ending), Some(last_line)) = (ending, last_line.as_deref()) {
                self.outbox.finish(self.finish(ending, last_line));
                return ending;
            }
            // The senders live as long as the output is read.
            let Ok(event) = self.events.recv() else { return ending.unwrap_or(Ending::Code(OUR_FAULT)) };
            match event {
                Event::Signal(Number::SIGCHLD) if ending.is_none() => ending = self.reap(),
                Event::Signal(signal) => self.signal(signal),
                Event::News(news) => self.news(news),
                Event::OutputOver(line) => last_line = Some(line),
                Event::Reported => self.reporting = false,
            }
        }
    }

    /// Asks the system what has become of the command.
    fn reap(&mut self) -> Option<Ending> {
        loop {
            let options = WaitOptions::NOHANG | WaitOptions::UNTRACED;
            let (_, status) = waitpid(Some(self.process.group()), options).ok().flatten()?;
            if status.stopped() {
                self.terminal.stopped(&self.process, status.stopping_signal());
                continue;
            }
            let signal = status.terminating_signal().map(Ending::Signal);
            let ending = signal.or(status.exit_status().map(Ending::Code))?;
            self.process.ended();
            self.running = None;
            return Some(ending);
        }
    }

    fn signal(&mut self, signal: Number) {
        match signal {
            Number::SIGWINCH => self.terminal.resize(&self.process),
            Number::SIGCONT => self.terminal.continued(&self.process),
            Number::SIGTSTP if self.terminal.session == Session::Own => self.terminal.stop(),
            other => {
                self.interrupted |=
                    matches!(other, Number::SIGINT | Number::SIGTERM | Number::SIGHUP | Number::SIGQUIT);
                if let Some(signal) = Signal::from_named_raw(other as i32) {
                    self.process.signal(signal);
                }
            }
        }
    }

    fn news(&mut self, news: News) {
        let said = match news {
            News::CancelRequested => {
                self.process.terminate(self.args.grace());
                format!("cancelled in Milepost: SIGTERM now, SIGKILL after {} s", self.args.grace)
            }
            News::Away(why) => {
                format!("{} is away ({why}); the command goes on, what is to report is kept", self.args.server.url)
            }
            News::Stopped(refusal) if refusal.is_conflict() => {
                format!("the job is no longer open ({}); nothing more is reported", refusal.sentence)
            }
            News::Stopped(refusal) => {
                format!("nothing is reported to {}: {}", self.args.server.url, refusal.sentence)
            }
        };
        complain(&said, self.terminal.line_end());
    }

    fn finish(&self, ending: Ending, last_line: &str) -> Finish {
        let stopped = self.process.was_terminated() || self.interrupted || ending.is_interrupt();
        finish(ending, stopped, last_line)
    }

    /// Waits for the last report, as long as it may take, or until somebody loses patience.
    fn last_report(&mut self, ending: Ending) {
        self.terminal.restore();
        let deadline = Instant::now() + self.args.wait();
        while self.reporting {
            match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Event::Reported) => return,
                Ok(Event::News(News::CancelRequested)) => {}
                Ok(Event::News(news)) => self.news(news),
                Ok(Event::Signal(Number::SIGINT | Number::SIGTERM | Number::SIGHUP | Number::SIGQUIT))
                | Err(RecvTimeoutError::Timeout) => break,
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        if self.reporting {
            let (url, how) = (&self.args.server.url, ending.sentence());
            complain(&format!("{url} did not answer in time: the command's end ({how}) is not reported"), "\n");
        }
    }
}

/// How a command's ending is told: what was stopped on purpose is cancelled, unless it went well all the same.
pub fn finish(ending: Ending, stopped: bool, last_line: &str) -> Finish {
    let result = serde_json::json!({ "exit_code": ending.code() });
    let outcome = match (ending.is_success(), stopped) {
        (true, _) => "done",
        (false, true) => "cancelled",
        (false, false) => "failed",
    };
    let error = (outcome == "failed").then(|| {
        let line: String = last_line.trim().chars().take(ERROR_LINE).collect();
        if line.is_empty() { ending.sentence() } else { format!("{}: {line}", ending.sentence()) }
    });
    Finish { outcome, error, result }
}

/// Characters of the last line that stand in an error.
const ERROR_LINE: usize = 500;

/// A line to whoever started us.
pub fn complain(what: &str, line_end: &str) {
    use std::io::Write;
    // In one piece, so that it does not mix with the command's own; that nobody reads it is no reason to fail.
    let _ = io::stderr().write_all(format!("milepost: {what}{line_end}").as_bytes());
}
