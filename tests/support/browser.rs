//! Runs a script of `tests/browser` with Node and passes its output on. The script drives Chromium,
//! and may ask for something in a line that begins with `@`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::client::Cookies;
use super::source::root;

pub struct Script {
    command: Command,
    name: &'static str,
}

impl Script {
    pub fn new(name: &'static str) -> Script {
        let folder = root().join("tests/browser");
        assert!(folder.join("node_modules").is_dir(), "run tests/run once: it installs what browser tests need");
        let mut command = Command::new("node");
        let chromium = std::env::var("MILEPOST_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
        command.arg(name).current_dir(folder).env("MILEPOST_CHROMIUM", chromium);
        Script { command, name }
    }

    pub fn env(mut self, name: &str, value: &str) -> Script {
        self.command.env(name, value);
        self
    }

    pub fn server(self, url: &str) -> Script {
        self.env("MILEPOST_URL", url)
    }

    /// People who are signed in already, by name.
    pub fn people(self, people: &[(&str, Cookies)]) -> Script {
        let people: std::collections::BTreeMap<_, _> = people.iter().cloned().collect();
        self.env("MILEPOST_PEOPLE", &serde_json::to_string(&people).unwrap())
    }

    /// To be started by somebody who talks with it otherwise.
    pub fn command(self) -> Command {
        self.command
    }

    pub fn run(self) {
        self.run_answering("", |request| panic!("the script asks for {request}, which nobody answers"));
    }

    /// Runs with `input` on standard input, then the answers to what the script asks.
    pub fn run_answering(mut self, input: &str, mut answer: impl FnMut(&str) -> String) {
        let mut child = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node starts");
        let mut stdin = child.stdin.take();
        if !input.is_empty() {
            stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        }
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.expect("a script prints UTF-8");
            match line.strip_prefix('@') {
                Some(request) => {
                    let said = answer(request);
                    writeln!(stdin.as_mut().unwrap(), "{said}").unwrap();
                }
                None => super::say(&format!("{}: {line}", self.name)),
            }
        }
        let status = child.wait().unwrap();
        assert!(status.success(), "{} failed: {status}", self.name);
    }
}
