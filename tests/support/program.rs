//! Jobs as programs see them: made, claimed, reported on and ended through the API.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::html::Page;

pub const TASKS: &str = "/api/v1/tasks";

pub async fn post(program: &Client, path: &str, body: Value) -> Page {
    program.send_json(Method::POST, path, &body.to_string()).await
}

/// A new task.
pub async fn make(program: &Client, body: Value) -> Value {
    post(program, TASKS, body).await.expect(201).json()
}

/// One thing that is done to a task.
pub async fn act(program: &Client, task: &Value, verb: &str, body: Value) -> Page {
    post(program, &format!("{TASKS}/{}/{verb}", task["id"]), body).await
}

/// How a task stands.
pub async fn read(program: &Client, task: &Value) -> Value {
    program.get(&format!("{TASKS}/{}", task["id"])).await.expect(200).json()
}

/// The next job of this kind, if there is one now.
pub async fn claim(program: &Client, kind: &str) -> Option<Value> {
    let page = post(program, "/api/v1/claims", json!({ "kinds": [kind], "worker": "w-1" })).await;
    (page.status == 200).then(|| page.json())
}

/// The changes of a task's trail, oldest first.
pub async fn changes(program: &Client, task: &Value) -> Vec<String> {
    let trail = program.get(&format!("{TASKS}/{}/trail?limit=500", task["id"])).await.expect(200).json();
    let items = trail["items"].as_array().unwrap();
    items.iter().map(|entry| entry["change"].as_str().unwrap().to_owned()).collect()
}

/// The fields that a refusal names.
pub fn wrong(page: Page) -> Vec<String> {
    let problem = page.expect(422).json();
    let errors = problem["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["detail"].as_str().is_some_and(|detail| !detail.is_empty())), "{problem}");
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}
