//! The real binary as a child process: started on a free port, killed without a word, started again.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::PATIENCE;

pub struct Binary {
    child: Child,
    lines: Receiver<String>,
    pub url: String,
    said: Vec<String>,
}

/// The command, with nothing of the tester's own environment in it.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MILEPOST_") || name == "RUST_LOG") {
        command.env_remove(name);
    }
    // What comes by the clock would come between what a test looks at.
    command.env("MILEPOST_DEFAULT_SCHEDULES", "false");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Binary {
    /// Serves this database on a free port.
    pub fn start(database: &Path) -> Binary {
        Binary::start_at(database, "127.0.0.1:0")
    }

    pub fn start_at(database: &Path, listen: &str) -> Binary {
        Binary::start_with(database, listen, &[])
    }

    pub fn start_with(database: &Path, listen: &str, more: &[&str]) -> Binary {
        Binary::start_by(command(), database, listen, more)
    }

    /// Started by another program, which gets these arguments and passes them on.
    pub fn start_by(mut command: Command, database: &Path, listen: &str, more: &[&str]) -> Binary {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.arg("--listen").arg(listen).arg("--db").arg(database).args(more);
        let mut child = command.spawn().expect("the binary starts");
        let (sender, lines) = channel();
        read_lines(child.stdout.take().unwrap(), sender.clone());
        read_lines(child.stderr.take().unwrap(), sender);
        let mut binary = Binary { child, lines, url: String::new(), said: Vec::new() };
        // With an address for people it says that one first.
        let mark = if more.contains(&"--base-url") { "Listening on http://" } else { "http://" };
        binary.url = binary.wait_for_address(mark);
        binary
    }

    fn wait_for_address(&mut self, mark: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let address = line.find(mark).map(|at| {
                        let rest = &line[at + mark.len() - "http://".len()..];
                        let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
                        rest[..end].trim_end_matches(['/', '.', ',']).to_owned()
                    });
                    self.said.push(line);
                    if let Some(address) = address {
                        return address;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("the binary never printed its address: {:#?}", self.said)
                }
                Err(RecvTimeoutError::Disconnected) => panic!("the binary ended: {:#?}", self.said),
            }
        }
    }

    /// Waits for a line in which this stands.
    pub fn said(&mut self, what: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.said.iter().find(|line| line.contains(what)) {
                return line.clone();
            }
            let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            self.said.push(line.unwrap_or_else(|_| panic!("it never said {what:?}: {:#?}", self.said)));
        }
    }

    pub fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far of errors and panics: a server that is well says nothing of the kind.
    pub fn complaints(&mut self) -> Vec<String> {
        self.said.extend(self.lines.try_iter());
        let is_complaint = |line: &&String| line.contains("ERROR") || line.contains("panicked");
        self.said.iter().filter(is_complaint).cloned().collect()
    }

    /// SIGKILL: no goodbye, nothing flushed.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Kills it and serves the same database at the same address again.
    pub fn kill_and_restart(&mut self, database: &Path) {
        let listen = format!("127.0.0.1:{}", self.port());
        self.kill();
        *self = Binary::start_at(database, &listen);
    }

    /// A polite signal, as `kill` or Ctrl-C sends it.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill is there").success());
    }

    /// Waits for the end after a signal.
    pub fn ended_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            if Instant::now() > deadline {
                return None;
            }
            // A line or the end of the output: whatever comes first, then look again.
            let _ = self.lines.recv_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_lines(from: impl std::io::Read + Send + 'static, to: std::sync::mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = to.send(line);
        }
    });
}
