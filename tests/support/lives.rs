//! A program at the API, in few words: it makes jobs, claims them, reports, finishes; and what the trail says of them all.

use std::collections::BTreeMap;

use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::client::Client;
use super::html::Page;

pub const TASKS: &str = "/api/v1/tasks";

#[derive(Clone)]
pub struct Program(pub Client);

impl Program {
    pub async fn post(&self, path: &str, body: &Value) -> Page {
        self.0.send_json(Method::POST, path, &body.to_string()).await
    }

    /// Makes a job; gives its id.
    pub async fn job(&self, body: Value) -> i64 {
        self.post(TASKS, &body).await.expect(201).json()["id"].as_i64().unwrap()
    }

    /// One thing that is done to a job.
    pub async fn act(&self, id: i64, verb: &str, body: Value) -> Page {
        self.post(&format!("{TASKS}/{id}/{verb}"), &body).await
    }

    pub async fn claim(&self, kind: &str, lease_seconds: i64) -> Option<Held> {
        let body = json!({ "kinds": [kind], "worker": "w", "lease_seconds": lease_seconds });
        let page = self.post("/api/v1/claims", &body).await;
        (page.status != 204).then(|| Held::of(&page.expect(200).json()))
    }

    pub async fn report(&self, held: Held, progress: f64) -> Page {
        self.act(held.id, "progress", json!({ "attempt": held.attempt, "progress": progress })).await
    }

    pub async fn beat(&self, held: Held) -> Page {
        self.act(held.id, "heartbeat", json!({ "attempt": held.attempt })).await
    }

    pub async fn finish(&self, held: Held, outcome: &str) -> Page {
        self.act(held.id, "finish", json!({ "attempt": held.attempt, "outcome": outcome })).await
    }

    pub async fn read(&self, id: i64) -> Value {
        self.0.get(&format!("{TASKS}/{id}")).await.expect(200).json()
    }
}

/// A job that somebody claimed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Held {
    pub id: i64,
    pub attempt: i64,
}

impl Held {
    pub fn of(claimed: &Value) -> Held {
        Held { id: claimed["id"].as_i64().unwrap(), attempt: claimed["attempt"].as_i64().unwrap() }
    }
}

/// Every change of a job's trail, in order.
pub fn changes(conn: &Connection, id: i64) -> Vec<String> {
    let mut statement = conn.prepare("select change from trail where task_id = ? order by sequence").unwrap();
    statement.query_map([id], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// How each attempt of a job ended.
pub fn outcomes(conn: &Connection, id: i64) -> Vec<Option<String>> {
    let mut statement = conn.prepare("select outcome from attempts where task_id = ? order by attempt").unwrap();
    statement.query_map([id], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// How a job stands in the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    Waiting { attempt: i64 },
    Held { attempt: i64 },
    Ended,
}

/// Reads the whole trail as the life of each job: nobody claims what another holds, attempts follow each other, nothing
/// ends twice or without being held, and nothing happens after the end. Gives every claim, and how many ended by which
/// change.
pub fn check_lives(conn: &Connection) -> (Vec<Held>, BTreeMap<String, usize>) {
    let (mut lives, mut claims, mut ends) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
    let mut statement =
        conn.prepare("select task_id, change, new from trail where change <> 'comment' order by sequence").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (id, change, new): (i64, String, String) = (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        let new: Value = serde_json::from_str(&new).unwrap();
        let life = lives.get(&id).copied();
        let next = match (change.as_str(), life) {
            ("created", None) => Life::Waiting { attempt: 0 },
            ("claimed", Some(Life::Waiting { attempt })) => {
                let attempt = attempt + 1;
                assert_eq!(new["attempt"].as_i64(), Some(attempt), "job {id}");
                claims.push(Held { id, attempt });
                Life::Held { attempt }
            }
            (
                "progress" | "stage" | "lower-report" | "cancel-requested" | "cancel-acknowledged" | "stalled",
                Some(Life::Held { attempt }),
            ) => Life::Held { attempt },
            ("lost" | "attempt-failed", Some(Life::Held { attempt })) if new["status"] == "pending" => {
                Life::Waiting { attempt }
            }
            ("completed" | "failed" | "lost" | "cancelled", Some(Life::Held { .. }))
            | ("cancelled", Some(Life::Waiting { .. })) => {
                *ends.entry(change.clone()).or_default() += 1;
                Life::Ended
            }
            _ => panic!("job {id}: {change} when it is {life:?} ({new})"),
        };
        lives.insert(id, next);
    }
    (claims, ends)
}
