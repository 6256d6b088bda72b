//! What workers say: the requests of each part, made as they are sent from what was made before.

use std::io::Write;

use memchr::memmem;

use crate::client::Script;
use crate::prepare::{RUNNING, STEPS};

/// The kind of the jobs that are made and claimed while it is measured.
pub const KIND: &str = "letters";

fn post(out: &mut Vec<u8>, token: &str, path: &str, body: &[u8]) {
    let length = body.len();
    write!(
        out,
        "POST /api/v1/{path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
    .expect("memory takes it");
    out.extend_from_slice(body);
}

fn expect(wanted: u16, status: u16, body: &[u8]) {
    assert_eq!(status, wanted, "{}", String::from_utf8_lossy(&body[..body.len().min(2_000)]));
}

/// The number that stands first behind this name.
fn number(body: &[u8], name: &str) -> i64 {
    let at = memmem::find(body, name.as_bytes()).expect("the answer names it") + name.len();
    let digits = body[at..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

/// How far the running jobs are. Each report says one step more of its job, so that every one moves it, and none is lower.
pub struct Steps {
    token: String,
    next: usize,
    of: Vec<usize>,
    body: Vec<u8>,
}

impl Steps {
    pub fn new(token: &str) -> Steps {
        Steps { token: token.to_owned(), next: 0, of: vec![0; RUNNING], body: Vec::new() }
    }

    /// The next job in turn, and its next step.
    fn step(&mut self) -> (usize, usize) {
        let job = self.next;
        self.next = (job + 1) % RUNNING;
        self.of[job] += 1;
        assert!(self.of[job] < STEPS, "a job has no more steps to report");
        (job + 1, self.of[job])
    }
}

/// One report a call.
pub struct Reports<'a>(pub &'a mut Steps);

impl Script for Reports<'_> {
    fn ask(&mut self, _: usize, out: &mut Vec<u8>) -> bool {
        let (id, step) = self.0.step();
        let body = format!(r#"{{"attempt":1,"processed":{step},"total":{STEPS}}}"#);
        post(out, &self.0.token, &format!("tasks/{id}/progress"), body.as_bytes());
        true
    }

    fn answered(&mut self, _: usize, status: u16, body: &[u8]) {
        expect(200, status, body);
    }
}

/// So many reports a call, each of another job.
pub struct Batches<'a>(pub &'a mut Steps, pub usize);

impl Script for Batches<'_> {
    fn ask(&mut self, _: usize, out: &mut Vec<u8>) -> bool {
        let Batches(steps, reports) = self;
        let mut body = std::mem::take(&mut steps.body);
        body.clear();
        body.extend_from_slice(br#"{"reports":["#);
        for n in 0..*reports {
            let (id, step) = steps.step();
            let comma = if n == 0 { "" } else { "," };
            let report = write!(body, r#"{comma}{{"task_id":{id},"attempt":1,"processed":{step},"total":{STEPS}}}"#);
            report.expect("memory takes it");
        }
        body.extend_from_slice(b"]}");
        post(out, &steps.token, "tasks/progress", &body);
        steps.body = body;
        true
    }

    fn answered(&mut self, _: usize, status: u16, body: &[u8]) {
        expect(200, status, body);
        let taken = memmem::find_iter(body, br#"{"status":200,"#).count();
        assert_eq!(taken, self.1, "{}", String::from_utf8_lossy(&body[..body.len().min(2_000)]));
    }
}

/// Where a worker stands in a job's life.
#[derive(Clone, Copy)]
enum Stand {
    Creates,
    Claims,
    Reports(i64, usize),
    Finishes(i64),
}

/// Reports between a job's claim and its finish.
const REPORTS: usize = 3;
/// Durable calls of a life.
pub const CALLS: usize = REPORTS + 3;

/// Jobs from their making to their end. Each worker makes one and then takes the oldest there is, be it another's.
pub struct Lives {
    token: String,
    workers: Vec<Stand>,
    /// Jobs finished by now.
    pub finished: usize,
}

impl Lives {
    pub fn new(token: &str, workers: usize) -> Lives {
        Lives { token: token.to_owned(), workers: vec![Stand::Creates; workers], finished: 0 }
    }
}

impl Script for Lives {
    fn ask(&mut self, worker: usize, out: &mut Vec<u8>) -> bool {
        match self.workers[worker] {
            Stand::Creates => {
                let body = format!(
                    r#"{{"title":"Send the letters of today","job_kind":"{KIND}","payload":{{"list":"customers","limit":1000}}}}"#
                );
                post(out, &self.token, "tasks", body.as_bytes());
            }
            Stand::Claims => post(out, &self.token, "claims", claim(worker).as_bytes()),
            Stand::Reports(id, said) => {
                let body = format!(r#"{{"attempt":1,"processed":{},"total":1000}}"#, 250 * (said + 1));
                post(out, &self.token, &format!("tasks/{id}/progress"), body.as_bytes());
            }
            Stand::Finishes(id) => {
                let body = br#"{"attempt":1,"outcome":"done","result":{"letters":1000}}"#;
                post(out, &self.token, &format!("tasks/{id}/finish"), body);
            }
        }
        true
    }

    fn answered(&mut self, worker: usize, status: u16, body: &[u8]) {
        let stand = &mut self.workers[worker];
        expect(if matches!(stand, Stand::Creates) { 201 } else { 200 }, status, body);
        *stand = match *stand {
            Stand::Creates => Stand::Claims,
            Stand::Claims => Stand::Reports(number(body, r#""id":"#), 0),
            Stand::Reports(id, said) if said + 1 < REPORTS => Stand::Reports(id, said + 1),
            Stand::Reports(id, _) => Stand::Finishes(id),
            Stand::Finishes(_) => {
                self.finished += 1;
                Stand::Creates
            }
        };
    }
}

fn claim(worker: usize) -> String {
    format!(r#"{{"kinds":["{KIND}"],"worker":"worker-{worker}","lease_seconds":3600}}"#)
}

/// So many claims, by whichever connections are free.
pub struct Claims {
    token: String,
    left: usize,
}

impl Claims {
    pub fn new(token: &str, claims: usize) -> Claims {
        Claims { token: token.to_owned(), left: claims }
    }
}

impl Script for Claims {
    fn ask(&mut self, worker: usize, out: &mut Vec<u8>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        post(out, &self.token, "claims", claim(worker).as_bytes());
        true
    }

    fn answered(&mut self, _: usize, status: u16, body: &[u8]) {
        expect(200, status, body);
    }
}
