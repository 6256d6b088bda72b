//! One side of the comparison, as the benchmark sees it: a server and its client, each a process of its own, and what
//! the kernel says about the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::prepare::{FIRST_ADMIN, FIRST_MEMBER, TASKS, session};

/// The unit of times in /proc/PID/stat, on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// What the streams of both sides watch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// All the same organisation.
    One,
    /// Each only its own.
    Own,
}

impl Scene {
    pub fn word(self) -> &'static str {
        if self == Scene::One { "one" } else { "own" }
    }
}

/// In what form the real server writes its events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Fragments,
}

impl Form {
    pub fn word(self) -> &'static str {
        if self == Form::Json { "JSON" } else { "fragments" }
    }

    fn path(self, scene: Scene) -> &'static str {
        match (self, scene) {
            (Form::Json, _) => "/api/v1/events",
            (Form::Fragments, Scene::One) => "/events?view=monitor",
            (Form::Fragments, Scene::Own) => "/events?view=mine",
        }
    }
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub struct Side {
    server: Running,
    client: Running,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Side {
    /// The real server on a copy of `database`.
    pub fn ours(folder: &Path, database: &Path, scene: Scene, form: Form) -> Side {
        let copy = folder.join("ours.db");
        for file in ["ours.db", "ours.db-wal", "ours.db-shm"] {
            let _ = std::fs::remove_file(folder.join(file));
        }
        std::fs::copy(database, &copy).expect("copies");
        let (server, address) = serve(&copy);
        Side::with_client("ours", server, address, &copy, scene, form)
    }

    pub fn floor(folder: &Path, sample: &Sample, scene: Scene, form: Form) -> Side {
        let event = folder.join("event");
        std::fs::write(&event, &sample.event).expect("writes");
        let mut command = this_program();
        command.arg("floor").arg(&sample.epoch).arg(&event).stdin(Stdio::piped());
        let (server, address) = announced(command);
        Side::with_client("floor", server, address, Path::new("none"), scene, form)
    }

    fn with_client(kind: &str, server: Running, address: SocketAddr, db: &Path, scene: Scene, form: Form) -> Side {
        let mut command = this_program();
        command.args(["client", kind, scene.word(), form.path(scene), &address.to_string()]);
        command.arg(server.0.id().to_string()).arg(db).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut client = Running(command.spawn().expect("starts"));
        let commands = client.0.stdin.take().expect("piped");
        let answers = BufReader::new(client.0.stdout.take().expect("piped"));
        Side { server, client, commands, answers }
    }

    /// Has the client do something.
    pub fn ask(&mut self, command: &str) -> Value {
        writeln!(self.commands, "{command}").expect("the client listens");
        let mut line = String::new();
        let read = self.answers.read_line(&mut line).expect("the client answers");
        assert!(read > 0, "the client ended at {command:?}: see what it said above");
        serde_json::from_str(&line).expect("the client answers in JSON")
    }

    pub fn number(&mut self, command: &str, field: &str) -> f64 {
        self.ask(command)[field].as_f64().unwrap_or(f64::NAN)
    }

    pub fn cpu(&self) -> Duration {
        cpu(self.server.0.id())
    }

    /// Proportional share of memory, in kilobytes of 1,024 bytes.
    pub fn pss(&self) -> f64 {
        let path = format!("/proc/{}/smaps_rollup", self.server.0.id());
        let text = std::fs::read_to_string(path).expect("the kernel knows the server");
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).expect("a line of it");
        line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
    }

    fn files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.server.0.id())).map_or(0, Iterator::count)
    }

    /// Closes all streams, and waits until the server has done so too.
    pub fn close(&mut self) {
        let open = self.files();
        let streams = self.ask("close")["streams"].as_u64().unwrap_or_default() as usize;
        let start = Instant::now();
        while self.files() + streams > open + 8 {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "the server does not notice that its streams were closed"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // The client first: it would take the server's end for a failure.
        let _ = self.client.0.kill();
        let _ = self.client.0.wait();
    }
}

/// Time that this process has spent on a processor, its own and the kernel's for it.
pub fn cpu(pid: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the kernel knows the process");
    // The name in parentheses may hold spaces; the fields after it are counted from the third.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u32>().ok()).expect("a number");
    TICK * (ticks(11) + ticks(12))
}

/// How many files a process may open when it asks for as many as it is allowed.
pub fn file_limit() -> usize {
    let text = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    line.split_whitespace().nth(4).and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX)
}

/// This benchmark again, with as many files as it is allowed.
fn this_program() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n \"$(ulimit -Hn)\"; exec \"$@\"", "sh"]);
    command.arg(std::env::current_exe().expect("a path"));
    command
}

fn serve(database: &Path) -> (Running, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "error", "--db"]).arg(database).stdin(Stdio::null());
    announced(command)
}

/// Starts a server and reads from its first line where it is.
fn announced(mut command: Command) -> (Running, SocketAddr) {
    let mut server = Running(command.stdout(Stdio::piped()).spawn().expect("starts"));
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().expect("piped")).read_line(&mut line).expect("speaks");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
    (server, address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("no address in {line:?}")))
}

/// An event as the real server sends it.
pub struct Sample {
    pub epoch: String,
    /// Without its line of id.
    pub event: String,
    pub bytes: usize,
}

impl Sample {
    /// Opens a stream, posts an update, listens.
    pub fn take(folder: &Path, database: &Path, scene: Scene, form: Form) -> Sample {
        let copy = folder.join("sample.db");
        std::fs::copy(database, &copy).expect("copies");
        let (_server, address) = serve(&copy);
        let (watcher, user, task) =
            if scene == Scene::One { (FIRST_ADMIN, 1, 1) } else { (FIRST_MEMBER, FIRST_MEMBER, TASKS + 1) };
        let mut stream = TcpStream::connect(address).expect("connects");
        stream.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
        let request = format!(
            "GET {} HTTP/1.1\r\nhost: localhost\r\ncookie: milepost={}\r\n\r\n",
            form.path(scene),
            session(watcher)
        );
        stream.write_all(request.as_bytes()).expect("asks");
        heard(&mut stream);
        let body = "progress=50&note=&presence=";
        let post = format!(
            "POST /tasks/{task}/progress HTTP/1.1\r\nhost: localhost\r\ncookie: milepost={}\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            session(user),
            body.len()
        );
        let mut poster = TcpStream::connect(address).expect("connects");
        poster.write_all(post.as_bytes()).expect("posts");
        let text = heard(&mut stream);
        // Lines that end in \r\n are those between the chunks of HTTP.
        let lines: String = text.split_inclusive('\n').filter(|line| !line.ends_with("\r\n")).collect();
        let words = |event: &&str| event.contains("event: task") || event.contains("event: list");
        let events: String = lines.split_inclusive("\n\n").filter(words).collect();
        let id =
            events.lines().find_map(|line| line.strip_prefix("id: ")).unwrap_or_else(|| panic!("no event in {text:?}"));
        let event = events.replacen(&format!("id: {id}\n"), "", 1);
        Sample { epoch: id.split('-').next().unwrap_or_default().to_owned(), bytes: events.len(), event }
    }
}

/// All that comes until there is silence.
fn heard(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut chunk = [0; 65536];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        text.extend_from_slice(&chunk[..count]);
    }
    String::from_utf8_lossy(&text).into_owned()
}
