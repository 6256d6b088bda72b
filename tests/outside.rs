//! `milepost worker`: an outside worker that runs a command for each job of its kinds.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::binary::Binary;
use crate::support::wrapped::{Heard, Place, changes, is_gone};

fn worker(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.milepost();
    command.arg("worker").args(["--name", "w-1", "--grace", "1"]).args(arguments);
    command
}

fn ended(job: &Value) -> bool {
    !job["finished_at"].is_null()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_gets_its_payload_and_leaves_its_progress_and_its_log() {
    let place = Place::open().await;
    let line = "letters=cat; echo; echo $MILEPOST_TASK_ID $MILEPOST_ATTEMPT $MILEPOST_PAYLOAD_FILE; echo 4 of 4 files";
    let heard = Heard::start(worker(&place, &["--exec", line]));
    let id = place.enqueue("letters", json!({ "file": "a b.csv" })).await;
    let job = place.task(id, "it ends", ended).await;
    assert_eq!(
        (&job["status"], &job["job"]["worker"], &job["counts"]["total"]),
        (&json!("done"), &json!("w-1"), &json!(4))
    );
    assert_eq!(place.log(&job).await, format!("{{\"file\":\"a b.csv\"}}\n{id} 1 a b.csv\n4 of 4 files\n"));
    drop(heard);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_leaves_its_last_line_and_other_kinds_are_left_alone() {
    let place = Place::open().await;
    let other = place.enqueue("pictures", json!({})).await;
    let _heard = Heard::start(worker(&place, &["--exec", "letters=echo no paper >&2; exit 9"]));
    let id = place.enqueue("letters", json!({})).await;
    let job = place.task(id, "it ends", ended).await;
    assert_eq!((&job["status"], &job["job"]["error"]), (&json!("failed"), &json!("exit code 9: no paper")));
    assert_eq!(place.get(&format!("/tasks/{other}")).await["status"], "pending");
}

/// A command that waits until the test makes a file.
fn until(place: &Place, name: &str) -> (String, std::path::PathBuf) {
    let file = place.folder.path().join(name);
    (format!("letters=echo ready; while ! test -e {}; do sleep 0.05; done", file.display()), file)
}

#[tokio::test(flavor = "multi_thread")]
async fn several_jobs_run_at_once_and_no_more_than_that() {
    let place = Place::open().await;
    let (line, file) = until(&place, "go");
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(place.enqueue("letters", json!({})).await);
    }
    let mut heard = Heard::start(worker(&place, &["--parallel", "2", "--exec", &line]));
    for id in &ids[..2] {
        heard.says(&format!("job {id} (letters), attempt 1: starts"));
    }
    assert_eq!(place.get(&format!("/tasks/{}", ids[2])).await["status"], "pending");
    std::fs::write(file, "").unwrap();
    for id in ids {
        assert_eq!(place.task(id, "it ends", ended).await["status"], "done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_takes_no_more_and_lets_what_runs_finish() {
    let place = Place::open().await;
    let (line, file) = until(&place, "go");
    let first = place.enqueue("letters", json!({})).await;
    let mut heard = Heard::start(worker(&place, &["--parallel", "2", "--exec", &line]));
    heard.says(&format!("job {first} (letters)"));
    heard.signal("TERM");
    heard.says("takes no more");
    let second = place.enqueue("letters", json!({})).await;
    std::fs::write(file, "").unwrap();
    assert!(heard.ends().success());
    assert_eq!(place.get(&format!("/tasks/{first}")).await["status"], "done");
    assert_eq!(place.get(&format!("/tasks/{second}")).await["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn told_twice_to_stop_it_ends_what_runs_and_says_so() {
    let place = Place::open().await;
    let (line, _) = until(&place, "never");
    let id = place.enqueue("letters", json!({})).await;
    let mut heard = Heard::start(worker(&place, &["--exec", &line]));
    heard.says(&format!("job {id} (letters)"));
    place.task(id, "it runs", |job| job["status"] == "in_progress").await;
    heard.signal("TERM");
    heard.says("takes no more");
    heard.signal("TERM");
    assert!(heard.ends().success());
    let job = place.task(id, "it ends", ended).await;
    assert_eq!((&job["status"], &job["job"]["error"]), (&json!("failed"), &json!("its worker was told to stop")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_reaches_an_outside_worker() {
    let place = Place::open().await;
    let (line, _) = until(&place, "never");
    let id = place.enqueue("letters", json!({})).await;
    let mut heard = Heard::start(worker(&place, &["--exec", &line]));
    heard.says(&format!("job {id} (letters)"));
    place.post(&format!("/tasks/{id}/cancel"), json!({})).await;
    let job = place.task(id, "it ends", ended).await;
    assert_eq!(job["status"], "cancelled");
    let trail = place.trail(&job).await;
    assert_eq!(changes(&trail), ["created", "claimed", "cancel-requested", "cancel-acknowledged", "cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_no_longer_ours_is_stopped() {
    let place = Place::open().await;
    let file = place.folder.path().join("process");
    let line = format!("letters=echo $$ > {}; echo ready; while :; do sleep 0.05; done", file.display());
    let id = place.enqueue("letters", json!({})).await;
    let mut heard = Heard::start(worker(&place, &["--exec", &line]));
    heard.says(&format!("job {id} (letters)"));
    place.task(id, "it runs", |job| job["status"] == "in_progress").await;
    place.post(&format!("/tasks/{id}/finish"), json!({ "attempt": 1, "outcome": "done" })).await;
    heard.says("no longer ours");
    heard.says(&format!("job {id}: over, killed by SIGTERM"));
    is_gone(std::fs::read_to_string(file).unwrap().trim().parse().unwrap()).await;
    assert_eq!(place.get(&format!("/tasks/{id}")).await["status"], "done", "nothing was overwritten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_asked_again_and_a_running_job_goes_on() {
    let mut place = Place::open().await;
    let (line, file) = until(&place, "go");
    let first = place.enqueue("letters", json!({})).await;
    let mut heard = Heard::start(worker(&place, &["--parallel", "2", "--exec", &line]));
    heard.says(&format!("job {first} (letters)"));
    place.server.kill();
    heard.says("is away");
    std::fs::write(file, "").unwrap();
    let listen = place.url.trim_start_matches("http://").to_owned();
    place.server = Binary::start_at(&place.database, &listen);
    let job = place.task(first, "it ends", ended).await;
    assert_eq!((&job["status"], &job["job"]["attempt"]), (&json!("done"), &json!(1)));
    let second = place.enqueue("letters", json!({})).await;
    assert_eq!(place.task(second, "it ends", ended).await["status"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_the_failed_items_says_which() {
    let place = Place::open().await;
    let id = place.enqueue("letters", json!({})).await;
    let claimed = place.post("/claims", json!({ "kinds": ["letters"] })).await;
    assert_eq!(claimed["id"], id);
    let items = json!([
        { "key": "ada", "outcome": "succeeded" },
        { "key": "bob", "outcome": "failed", "message": "no such street" },
        { "key": "eve", "outcome": "failed", "message": "no such town" },
    ]);
    place.post(&format!("/tasks/{id}/progress"), json!({ "attempt": 1, "items": items })).await;
    place.post(&format!("/tasks/{id}/finish"), json!({ "attempt": 1, "outcome": "failed" })).await;
    place.post(&format!("/tasks/{id}/retry"), json!({ "only_failed_items": true })).await;
    let line = "letters=echo only $MILEPOST_ONLY_FAILED_ITEMS; cat $MILEPOST_FAILED_ITEMS";
    let _heard = Heard::start(worker(&place, &["--exec", line]));
    let job = place.task(id, "it ends", ended).await;
    assert!(place.log(&job).await.contains("only 1\nbob\neve\n"), "{}", place.log(&job).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_may_not_work_says_so_and_ends() {
    let place = Place::open().await;
    let request = place.api.request(Method::GET, "/api/v1/tasks");
    place.api.send(request).await.expect(200);
    let mut command = worker(&place, &["--exec", "letters=true"]);
    command.env("MILEPOST_TOKEN", "mp_wrong");
    let mut heard = Heard::start(command);
    assert_eq!(heard.ends().code(), Some(1));
    heard.says("it answers 401");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_cannot_understand_is_refused_at_its_start() {
    let place = Place::open().await;
    for exec in ["letters", "=true", "letters="] {
        let mut heard = Heard::start(worker(&place, &["--exec", exec]));
        assert_eq!(heard.ends().code(), Some(2), "{exec}");
        heard.says("KIND=COMMAND");
    }
}
