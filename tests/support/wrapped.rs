//! A server with a token, and `milepost run` and `milepost worker` as they are typed: processes whose output is heard line by
//! line, and whose jobs are asked for by the API.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::binary::{Binary, command};
use super::client::Client;
use super::server::{make_token, template_copy};
use super::{PATIENCE, eventually};

/// A real server, and a program's token.
pub struct Place {
    pub folder: TempDir,
    pub database: PathBuf,
    pub server: Binary,
    pub url: String,
    pub token: String,
    pub api: Client,
}

impl Place {
    pub async fn open() -> Place {
        let (folder, people) = template_copy().await;
        let database = folder.path().join("milepost.db");
        let server = Binary::start(&database);
        let token = make_token(&people.client("alice", &server.url), "/account", "read work").await;
        let (url, api) = (server.url.clone(), Client::with_token(&server.url, &token));
        Place { folder, database, server, url, token, api }
    }

    /// `milepost` with this server and token in its environment.
    pub fn milepost(&self) -> Command {
        let mut command = command();
        command.env("MILEPOST_URL", &self.url).env("MILEPOST_TOKEN", &self.token);
        command
    }

    /// `milepost run` of a line for the shell.
    pub fn run(&self, options: &[&str], line: &str) -> Command {
        let mut command = self.milepost();
        command.arg("run").args(options).args(["--", "sh", "-c", line]);
        command
    }

    pub async fn get(&self, path: &str) -> Value {
        let page = self.api.get(&format!("/api/v1{path}")).await.expect(200);
        serde_json::from_str(&page.body).unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.api.request(Method::POST, &format!("/api/v1{path}"));
        let page = self.api.send(request.header("content-type", "application/json").body(body.to_string())).await;
        assert!(page.status.is_success(), "{path}: {} {}", page.status, page.body);
        serde_json::from_str(&page.body).unwrap_or(Value::Null)
    }

    /// All jobs, oldest first.
    pub async fn jobs(&self) -> Vec<Value> {
        let mut jobs = self.get("/tasks?kind=job").await["items"].as_array().unwrap().clone();
        jobs.sort_by_key(|job| job["id"].as_i64());
        jobs
    }

    /// The only job, as soon as it is as it should be.
    pub async fn job(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || async {
            let jobs = self.jobs().await;
            assert!(jobs.len() <= 1, "one job: {jobs:#?}");
            jobs.into_iter().next().filter(|job| is(job))
        })
        .await
    }

    /// This job, as soon as it is as it should be.
    pub async fn task(&self, id: i64, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/tasks/{id}");
        eventually(what, || async { Some(self.get(&path).await).filter(|job| is(job)) }).await
    }

    pub async fn ended(&self) -> Value {
        self.job("it ends", |job| !job["finished_at"].is_null()).await
    }

    /// The whole log of a job that has ended.
    pub async fn log(&self, job: &Value) -> String {
        let (mut text, mut from) = (String::new(), "0".to_owned());
        loop {
            let page = self.api.get(&format!("/api/v1/tasks/{}/log?from={from}", job["id"])).await.expect(200);
            let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
            text.push_str(&page.body);
            from = header("milepost-log-next");
            if header("milepost-log-ended") == "true" {
                return text;
            }
        }
    }

    /// What the trail says of a job, oldest first.
    pub async fn trail(&self, job: &Value) -> Vec<Value> {
        self.get(&format!("/tasks/{}/trail?limit=500", job["id"])).await["items"].as_array().unwrap().clone()
    }

    /// Puts a job of a kind into the queue.
    pub async fn enqueue(&self, kind: &str, payload: Value) -> i64 {
        let body = json!({ "title": format!("A {kind}"), "job_kind": kind, "payload": payload, "max_attempts": 1 });
        self.post("/tasks", body).await["id"].as_i64().unwrap()
    }
}

/// `milepost run` without a server and without a token.
pub fn alone(words: &[&str]) -> Command {
    let mut command = command();
    command.args(["run", "--"]).args(words);
    command
}

/// The changes of a trail, in order, without progress.
pub fn changes(trail: &[Value]) -> Vec<&str> {
    trail.iter().map(|entry| entry["change"].as_str().unwrap()).filter(|change| *change != "progress").collect()
}

/// A process whose lines are heard; killed when it is dropped.
pub struct Heard {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    pub said: Vec<String>,
}

impl Heard {
    pub fn start(mut command: Command) -> Heard {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        for output in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                // A terminal's output may begin a line that only its end shows.
                for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                    let _ = sender.send(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned());
                }
            });
        }
        let stdin = child.stdin.take();
        Heard { child, stdin, lines, said: Vec::new() }
    }

    /// Waits for a line in which this stands.
    pub fn says(&mut self, what: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.said.iter().find(|line| line.contains(what)) {
                return line.clone();
            }
            let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            self.said.push(line.unwrap_or_else(|_| panic!("it never said {what:?}: {:#?}", self.said)));
        }
    }

    pub fn types(&mut self, text: &str) {
        self.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    pub fn signal(&self, name: &str) {
        signal(self.child.id().cast_signed(), name);
    }

    /// Waits for its end, which must come by itself.
    pub fn ends(&mut self) -> ExitStatus {
        drop(self.stdin.take());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.said.extend(self.lines.iter());
                return status;
            }
            assert!(Instant::now() < deadline, "it goes on and on: {:#?}", self.said);
            if let Ok(line) = self.lines.recv_timeout(Duration::from_millis(20)) {
                self.said.push(line);
            }
        }
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn signal(process: i32, name: &str) {
    assert!(Command::new("kill").args([format!("-{name}"), process.to_string()]).status().unwrap().success());
}

/// Waits until a process is gone; one that only its parent has not asked about yet is.
pub async fn is_gone(process: i32) {
    eventually("the process ends", || async move {
        let status = std::fs::read_to_string(format!("/proc/{process}/stat"));
        status.map_or(Some(()), |status| status.contains(") Z ").then_some(()))
    })
    .await;
}

/// Runs a command to its end, all output kept.
pub fn output_of(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let typing = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    typing.join().unwrap();
    output
}

/// Whether a program is there; `tests/run` installs those that the tests need.
pub fn path_of(program: &str) -> PathBuf {
    let found = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| Path::new(path).exists())
    });
    found.unwrap_or_else(|| panic!("{program} is missing: tests/run installs it"))
}
