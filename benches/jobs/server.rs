//! The real server, in a process of its own: what `milepost serve` runs, with room for more requests a minute. Commands
//! come by its standard input, one a line, each answered by a line: statements timed or not, jobs made by the verb.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use milepost::App;
use milepost::clock::Clock;
use milepost::config::Config;
use milepost::people::Viewer;
use milepost::people::tokens::Token;
use milepost::tasks::Via;
use milepost::tasks::actions::create;
use rusqlite::trace::TraceEventCodes;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::prepare::waiting_job;
use crate::shares;

/// More than any client here asks: the limit itself is still counted with every request.
const REQUESTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(600_000_000).expect("it is not zero");
/// Jobs made in one commit.
const CHUNK: usize = 250;

/// `args`: the database, and a token for the jobs that it is told to make.
pub fn run(args: &[String]) {
    let config = Config {
        db: args[0].as_str().into(),
        requests_per_minute: REQUESTS_PER_MINUTE,
        listen: ([127, 0, 0, 1], 0).into(),
        ..Config::default()
    };
    let token = Token::given(&args[1]);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let app = App::open(config, Clock::system()).expect("the database opens");
        let listener = TcpListener::bind(app.config.listen).await.expect("a free port");
        println!("{}", listener.local_addr().expect("an address"));
        let (hash, now) = (token.hash(), app.clock.now());
        let find = move |conn: &rusqlite::Connection| Ok(milepost::people::sql::viewer_of_secret(conn, &hash, now)?);
        let (viewer, _) = app.db.read(find).await.expect("reads").expect("the token works");
        let handle = tokio::runtime::Handle::current();
        let obeying = app.clone();
        std::thread::Builder::new()
            .name("commands".into())
            .spawn(move || obey(&obeying, &viewer, &handle))
            .expect("starts");
        milepost::serve(app, listener, std::future::pending()).await.expect("serves");
    });
}

/// Until nobody commands any more.
fn obey(app: &App, viewer: &Viewer, runtime: &tokio::runtime::Handle) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match word {
            "trace" => runtime.block_on(trace(app)),
            "traced" => runtime.block_on(traced(app)),
            "make" => runtime.block_on(make(app, viewer, rest.parse().expect("a number"))),
            _ => break,
        };
        println!("{answer}");
    }
    std::process::exit(0);
}

async fn trace(app: &App) -> Value {
    let events = TraceEventCodes::SQLITE_TRACE_STMT | TraceEventCodes::SQLITE_TRACE_PROFILE;
    let on = app.db.write(move |w| {
        w.conn.trace_v2(events, Some(shares::note));
        Ok(())
    });
    on.await.expect("traces");
    shares::begin()
}

async fn traced(app: &App) -> Value {
    let answer = shares::end();
    let off = app.db.write(|w| {
        w.conn.trace_v2(TraceEventCodes::empty(), None);
        Ok(())
    });
    off.await.expect("stops to trace");
    answer
}

/// So many more jobs that wait.
async fn make(app: &App, viewer: &Viewer, jobs: usize) -> Value {
    for from in (0..jobs).step_by(CHUNK) {
        let chunk = CHUNK.min(jobs - from);
        let made = app.act(viewer, Via::Api, move |w, by| {
            for _ in 0..chunk {
                create(w, by, waiting_job())?;
            }
            Ok(())
        });
        made.await.expect("makes jobs");
    }
    Value::from(jobs)
}

/// That process, as the benchmark sees it. It ends with this value.
pub struct Server {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(database: &Path, token: &str) -> Server {
        let mut command = Command::new(std::env::current_exe().expect("a path"));
        command.arg("server").arg(database).arg(token).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let commands = child.stdin.take().expect("piped");
        let mut answers = BufReader::new(child.stdout.take().expect("piped"));
        let address = line(&mut answers).parse().expect("an address");
        Server { child, commands, answers, address }
    }

    pub fn ask(&mut self, command: &str) -> Value {
        writeln!(self.commands, "{command}").expect("the server listens");
        serde_json::from_str(&line(&mut self.answers)).expect("the server answers in JSON")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

fn line(answers: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    let read = answers.read_line(&mut line).expect("the server speaks");
    assert!(read > 0, "the server ended: see what it said above");
    line.trim().to_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
