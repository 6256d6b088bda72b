//! A real mail server (aiosmtpd) in a process of its own, and the messages that it took.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use milepost::notify::mail::Mail;
use serde_json::Value;
use tempfile::TempDir;

pub struct MailServer {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl MailServer {
    /// Refuses and breaks off in so many of a hundred steps.
    pub fn start(seed: u64, troubles: u64) -> MailServer {
        MailServer::start_with(seed, troubles, &[])
    }

    /// Takes mail only encrypted (`starttls` or `wrapped`), and only from ada with her password.
    pub fn secured(how: &str, certificate: &Certificate) -> MailServer {
        let [file, key] = ["server.pem", "server.key"].map(|name| certificate.path(name));
        MailServer::start_with(1, 0, &[how, &file, &key])
    }

    fn start_with(seed: u64, troubles: u64, more: &[&str]) -> MailServer {
        let folder = tempfile::tempdir().unwrap();
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut python = Command::new(root.join("target/subscribers-python/bin/python"));
        python.arg(root.join("tests/subscribers/mail.py")).arg(folder.path().join("mails"));
        python.args([seed.to_string(), troubles.to_string()]).args(more).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().expect("the mail server starts (tests/run installs what it needs)");
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next().expect("it says its port").unwrap();
        MailServer { child, folder, port: line.parse().unwrap() }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn as_config(&self) -> Mail {
        Mail { server: self.url().parse().unwrap(), from: "Harbour Works <works@harbour.example>".parse().unwrap() }
    }

    /// What it took, in order.
    pub fn mails(&self) -> Vec<Value> {
        let kept = std::fs::read_to_string(self.folder.path().join("mails")).unwrap_or_default();
        kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// To whom, in order of the alphabet.
    pub fn recipients(&self) -> Vec<String> {
        let to = |mail: &Value| mail["to"][0].as_str().unwrap().to_owned();
        let mut recipients: Vec<String> = self.mails().iter().map(to).collect();
        recipients.sort();
        recipients
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate of this machine's own for 127.0.0.1, by an authority that nobody knows unless they are told.
pub struct Certificate(TempDir);

impl Certificate {
    pub fn make() -> Certificate {
        let made = Certificate(tempfile::tempdir().unwrap());
        let names = made.0.path().join("names");
        std::fs::write(names, "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        let authority =
            ["req", "-x509", "-days", "2", "-subj", "/CN=Test", "-keyout", "authority.key", "-out", "authority.pem"];
        made.openssl(&[&authority[..], &key].concat());
        let asked = ["req", "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr"];
        made.openssl(&[&asked[..], &key].concat());
        let signing = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "names"];
        let signed = ["x509", "-req", "-days", "2", "-in", "server.csr", "-out", "server.pem"];
        made.openssl(&[&signed[..], &signing].concat());
        made
    }

    fn openssl(&self, arguments: &[&str]) {
        let made = Command::new("openssl").args(arguments).current_dir(self.0.path()).output().expect("openssl runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}
