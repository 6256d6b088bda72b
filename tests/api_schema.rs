//! The description of the API says what there is and nothing else: its examples work, and Schemathesis finds nothing that
//! behaves otherwise. MILEPOST_SCHEMATHESIS_SECONDS gives it more time (for each token, twice).

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::random::Random;
use crate::support::say;
use crate::support::server::House;

const DESCRIPTION: &str = "/api/v1/openapi.json";

async fn description(house: &House) -> Value {
    house.nobody().get(DESCRIPTION).await.expect(200).json()
}

/// Each call: method, path, and what is said of it.
fn calls(document: &Value) -> Vec<(Method, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, call) in item.as_object().unwrap() {
            found.push((method.to_uppercase().parse().unwrap(), path.clone(), call.clone()));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_for_programs_is_described_and_no_other() {
    let house = House::open().await;
    let document = description(&house).await;
    assert_eq!(document["openapi"], "3.1.0");
    let described: BTreeSet<String> =
        calls(&document).iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let routes = milepost::web::routes();
    let there: BTreeSet<String> = routes
        .iter()
        .filter(|route| route.path.starts_with("/api/"))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(described, there);
    let page = house.nobody().get("/docs").await.expect(200);
    for (_, path, call) in calls(&document) {
        assert!(page.has(&format!("#{}", call["operationId"].as_str().unwrap())), "{path} is on the page");
        assert!(call["summary"].is_string() && call["tags"][0].is_string(), "{path}");
    }
    assert!(house.bob().get("/docs").await.expect(200).has(".menu"), "with the frame of whoever is signed in");
}

/// Tasks on which every example can be tried, by the name of the call.
struct Tried {
    program: Client,
    fresh: Value,
    other: Value,
    ended: Value,
    assignment: Value,
    done: Value,
    schedule: Value,
    old_schedule: Value,
}

impl Tried {
    async fn new(house: &House) -> Tried {
        let program = house.program("alice", "read report work admin").await;
        let maker = program.clone();
        let make = async |body: Value| {
            maker.send_json(Method::POST, "/api/v1/tasks", &body.to_string()).await.expect(201).json()
        };
        let bob: i64 = house.people.id("bob").parse().unwrap();
        let assignment = json!({ "kind": "assignment", "title": "Paint", "assignee": bob });
        let schedule = async || {
            let body =
                json!({ "title": "Letters", "cron": "@daily", "job": { "job_kind": "letters" }, "overlap": "allow" });
            maker.send_json(Method::POST, "/api/v1/schedules", &body.to_string()).await.expect(201).json()
        };
        let tried = Tried {
            schedule: schedule().await,
            old_schedule: schedule().await,
            fresh: make(json!({ "title": "Fresh" })).await,
            other: make(json!({ "title": "Other" })).await,
            ended: make(json!({ "title": "Ended" })).await,
            assignment: make(assignment.clone()).await,
            done: make(assignment).await,
            program,
        };
        make(json!({ "title": "Letters", "job_kind": "letters" })).await;
        let act = async |task: &Value, verb: &str, body: &str| {
            let path = format!("/api/v1/tasks/{}/{verb}", task["id"]);
            tried.program.send_json(Method::POST, &path, body).await.expect(200);
        };
        act(&tried.ended, "finish", r#"{"outcome":"failed"}"#).await;
        act(&tried.done, "complete", "").await;
        let file = format!("/api/v1/tasks/{}/artifacts/letters.txt", tried.fresh["id"]);
        tried.program.send_json(Method::PUT, &file, "\"Dear\"").await.expect(201);
        tried
    }

    fn task(&self, call: &str) -> &Value {
        match call {
            "post_retry" | "delete_task" => &self.ended,
            "delete_schedule" => &self.old_schedule,
            call if call.contains("schedule") => &self.schedule,
            "post_complete" => &self.assignment,
            "post_reopen" => &self.done,
            _ => &self.fresh,
        }
    }

    async fn ask(&self, method: Method, path: &str, call: &Value) {
        let id = call["operationId"].as_str().unwrap();
        let path = path.replace("{id}", &self.task(id)["id"].to_string());
        let path = path.replace("{what}", "queue").replace("{name}", "letters.txt");
        let example = &call["requestBody"]["content"]["application/json"]["example"];
        let text = example.to_string().replace("42", &self.fresh["id"].to_string());
        let text = text.replace("43", &self.other["id"].to_string());
        let page = match example {
            Value::Null => self.program.send(self.program.request(method, &path)).await,
            _ => self.program.send_json(method, &path, &text).await,
        };
        assert!(page.status.is_success(), "{id} said {}: {}", page.status, page.body);
        let answers = call["responses"].as_object().unwrap();
        assert!(answers.contains_key(page.status.as_str()), "{id} answered {}, which is not described", page.status);
        if id == "post_progress_batch" {
            assert!(
                page.json()["results"].as_array().unwrap().iter().all(|result| result["status"] == 200),
                "{}",
                page.body
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_description_works() {
    let house = House::open_with(|config| config.streams.poll = Duration::from_millis(50)).await;
    let document = description(&house).await;
    let tried = Tried::new(&house).await;
    let mut examples = 0;
    // What ends or deletes a task comes last.
    let mut calls = calls(&document);
    calls.sort_by_key(|(method, path, call)| {
        let last = *method == Method::DELETE || path.ends_with("finish") || path.ends_with("cancel");
        (last, *method == Method::DELETE, call["operationId"] == "post_cancel")
    });
    for (method, path, call) in calls {
        // One stream never ends, and the others have their own tests.
        if path != "/api/v1/events" && call["operationId"] != "delete_task" && call["operationId"] != "post_cancel" {
            examples += usize::from(!call["requestBody"].is_null());
            tried.ask(method, &path, &call).await;
        }
    }
    assert!(examples >= 14, "{examples}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_three_calls_run_as_they_stand() {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("<!-- tests/api_schema.rs runs this as it stands -->\n```sh\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    let house = House::open().await;
    let token = house.token("bob", "report").await;
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", script]).env("MILEPOST_URL", house.url()).env("MILEPOST_TOKEN", token);
    let out = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let said = String::from_utf8(out.stdout).unwrap();
    let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!((&last["status"], &last["job"]["result"]), (&json!("done"), &json!({ "letters": 998 })));
}

fn seconds() -> u64 {
    std::env::var("MILEPOST_SCHEMATHESIS_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10)
}

/// Every check of Schemathesis in these phases, with this token.
async fn schemathesis(house: &House, who: &str, token: &str, phases: &str, seconds: Option<u64>) {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/target/schemathesis-python/bin/schemathesis");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis/schemathesis.toml");
    let seed = Random::new("schemathesis").below(1_000_000_000);
    say(&format!("schemathesis as {who}: {phases}"));
    let mut command = Command::new(program);
    command
        .args(["--config-file", config, "run", &format!("{}{DESCRIPTION}", house.url()), "--phases", phases])
        .args(["--seed", &seed.to_string()])
        .args(seconds.iter().flat_map(|seconds| ["--max-time".to_owned(), seconds.to_string()]))
        .env("MILEPOST_TOKEN", token)
        .env("NO_COLOR", "1")
        .current_dir(house.database().parent().unwrap())
        .stdin(Stdio::null());
    let out = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let out = out.unwrap_or_else(|error| panic!("{program} (tests/run installs it): {error}"));
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "as {who}:\n{said}\n{}", String::from_utf8_lossy(&out.stderr));
    assert!(!said.contains("No tests were run"), "{phases} as {who}:\n{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_with_a_token_of_any_role() {
    let house = House::open_with(|config| {
        config.streams.poll = Duration::from_millis(20);
        config.claim_wait = Duration::ZERO;
    })
    .await;
    house.assign("Paint the north pier", "bob").await;
    let owner = house.token("alice", "read report work admin").await;
    let member = house.token("bob", "read report work").await;
    let organisation = house.organisation_token("read report work").await;
    // Each call's every edge once; then what chance brings, and the links from call to call, for a while.
    schemathesis(&house, "owner", &owner, "examples,coverage", None).await;
    for (who, token) in [("owner", owner), ("member", member), ("organisation", organisation)] {
        for phases in ["fuzzing", "stateful"] {
            schemathesis(&house, who, &token, phases, Some(seconds())).await;
        }
    }
}
