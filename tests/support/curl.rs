//! curl as a visitor that we did not write: speaks HTTP/2, checks certificates, and keeps cookies by their path and their
//! `Secure`, as browsers do.

use std::io::Read;
use std::process::{Child, Command, Stdio};

use futures_util::StreamExt;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tempfile::TempDir;

use super::PATIENCE;
use super::events::Events;
use super::html::{Form, Page};

pub struct Curl {
    /// Scheme, host and port.
    pub origin: String,
    options: Vec<String>,
    jar: TempDir,
}

impl Curl {
    pub fn new(origin: &str, options: &[&str]) -> Curl {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        Curl { origin: origin.into(), options, jar: tempfile::tempdir().unwrap() }
    }

    pub fn command(&self, address: &str) -> Command {
        let url = if address.starts_with("http") { address.to_owned() } else { format!("{}{address}", self.origin) };
        let jar = self.jar.path().join("cookies");
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--include", "--noproxy", "*", "--globoff", "--path-as-is"]);
        command.args(["--header", "Expect:", "--header", "Sec-Fetch-Site: same-origin"]).args(&self.options);
        command.arg("--cookie").arg(&jar).arg("--cookie-jar").arg(&jar).arg(url).stdin(Stdio::null());
        command
    }

    fn answer(&self, path: &str, command: &mut Command) -> Page {
        let output = command.arg("--max-time").arg(PATIENCE.as_secs().to_string()).output().expect("curl is there");
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        let (status, headers, rest) = self.head(&output.stdout).expect("an answer has a head");
        let body = String::from_utf8_lossy(&output.stdout[rest..]).into_owned();
        Page { path: path.into(), status, headers, body }
    }

    pub fn get(&self, path: &str) -> Page {
        self.answer(path, &mut self.command(path))
    }

    pub fn post(&self, path: &str, fields: &[(String, String)]) -> Page {
        let mut command = self.command(path);
        command.args(["--request", "POST", "--data", ""]);
        for (name, value) in fields {
            command.arg("--data-urlencode").arg(format!("{name}={value}"));
        }
        self.answer(path, &mut command)
    }

    pub fn submit(&self, form: &Form) -> Page {
        self.post(&form.action, &form.fields)
    }

    /// Reads a page after any redirects.
    pub fn open(&self, path: &str) -> Page {
        let mut page = self.get(path);
        for _ in 0..5 {
            let Some(next) = page.location() else { break };
            page = self.get(&next);
        }
        page.expect(200)
    }

    /// Opens a stream, and hears it until the value is dropped.
    pub fn events(&self, path: &str) -> (StatusCode, Events) {
        let mut command = self.command(path);
        command.args(["--no-buffer", "--header", "Accept: text/event-stream"]);
        let mut child = Running(command.stdout(Stdio::piped()).spawn().expect("curl is there"));
        let mut output = child.0.stdout.take().unwrap();
        let (mut seen, mut chunk) = (Vec::new(), [0; 16 * 1024]);
        let (status, headers, rest) = loop {
            let length = output.read(&mut chunk).unwrap();
            assert!(length > 0, "no answer from {path}: {}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&chunk[..length]);
            if let Some(head) = self.head(&seen) {
                break head;
            }
        };
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let _ = sender.send(seen.split_off(rest));
        std::thread::spawn(move || {
            while let Ok(length @ 1..) = output.read(&mut chunk) {
                if sender.send(chunk[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let bytes = futures_util::stream::unfold((receiver, child), |(mut receiver, child)| async {
            receiver.recv().await.map(|bytes| (bytes, (receiver, child)))
        });
        (status, Events::of(headers, bytes.boxed()))
    }

    /// Status, headers, and where the body begins.
    fn head(&self, answer: &[u8]) -> Option<(StatusCode, HeaderMap, usize)> {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let text = String::from_utf8_lossy(&answer[..end]).into_owned();
        let mut lines = text.split("\r\n");
        let first = lines.next()?;
        if self.options.iter().any(|option| option.starts_with("--http2")) {
            assert!(first.starts_with("HTTP/2 "), "answered by another protocol: {first}");
        }
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        Some((first.split(' ').nth(1)?.parse().ok()?, headers, end + 4))
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
