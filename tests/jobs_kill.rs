//! Kills: a worker's process in the middle of its job, and the server while fifty workers report. Nothing acknowledged is
//! lost, every job ends, none twice.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::binary::Binary;
use crate::support::client::Client;
use crate::support::lives::{Held, Program, TASKS, changes, check_lives, outcomes};
use crate::support::random::Random;
use crate::support::server::{make_token, template_copy};
use crate::support::{eventually, in_time, say};

/// A worker as anybody may write it: takes a job and reports, and would go on for ever.
const WORKER: &str = r#"
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "$2" "$URL/api/v1/$1"; }
job=$(ask claims '{"kinds": ["letters"], "worker": "victim", "lease_seconds": 2}')
id=$(printf %s "$job" | sed 's/^{"id":\([0-9]*\).*/\1/')
for percent in $(seq 1 90); do
  ask "tasks/$id/progress" "{\"attempt\": 1, \"progress\": $percent}" >/dev/null && echo "$percent"
done
sleep 60
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_in_the_middle_loses_its_attempt_and_the_job_is_done_once_by_another() {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let server = Binary::start(&database);
    let token = make_token(&people.client("bob", &server.url), "/account", "read work").await;
    let program = Program(Client::with_token(&server.url, &token));
    let body = json!({ "title": "Letters", "job_kind": "letters", "max_attempts": 2, "backoff": [0] });
    let id = program.job(body).await;
    let mut worker = Command::new("sh");
    worker.args(["-c", WORKER]).env("URL", &server.url).env("TOKEN", &token).process_group(0);
    let mut worker = worker.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(worker.stdout.take().unwrap()).lines();
    let last = (0..5).map(|_| lines.next().unwrap().unwrap()).last().unwrap();
    let group = format!("-{}", worker.id());
    assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
    worker.wait().unwrap();
    let told: f64 = last.parse().unwrap();
    assert!(program.read(id).await["progress"].as_f64().unwrap() >= told, "what was acknowledged is there");
    let second = eventually("it is given to another", || program.claim("letters", 30)).await;
    assert_eq!(second, Held { id, attempt: 2 });
    let zombie = Held { id, attempt: 1 };
    program.report(zombie, 95.0).await.expect(409);
    program.report(second, 5.0).await.expect(200);
    program.finish(zombie, "done").await.expect(409);
    program.finish(second, "done").await.expect(200);
    program.finish(zombie, "failed").await.expect(409);
    let conn = Connection::open(&database).unwrap();
    assert_eq!(outcomes(&conn, id), [Some("lost".into()), Some("done".into())]);
    let ends = |word: &str| changes(&conn, id).iter().filter(|change| *change == word).count();
    assert_eq!((ends("lost"), ends("completed")), (1, 1));
    check_lives(&conn);
}

const JOBS: usize = 300;
const WORKERS: u64 = 50;
const KILLS: u64 = 8;

/// What the server said yes to.
#[derive(Default)]
struct Acknowledged {
    /// The furthest report of each attempt.
    reports: BTreeMap<Held, f64>,
    ends: Vec<Held>,
}

struct Scene {
    token: String,
    /// Where the server is: the same address always.
    url: String,
    answers: AtomicUsize,
    /// Rings when so many were answered that the server may be killed.
    enough: Notify,
    kill_at: AtomicUsize,
    is_over: AtomicBool,
}

impl Scene {
    /// Asks until it is answered, under one key: what was done before the answer was lost is not done again.
    async fn ask(&self, client: &Client, path: &str, body: &Value, key: &str) -> (u16, Value) {
        loop {
            let request = client.request(Method::POST, path).header("idempotency-key", key);
            let request = request.header("content-type", "application/json").body(body.to_string());
            match client.try_send(request.timeout(crate::support::PATIENCE)).await {
                Ok(page) if page.status.as_u16() < 500 => {
                    if self.answers.fetch_add(1, Ordering::SeqCst) >= self.kill_at.load(Ordering::SeqCst) {
                        self.enough.notify_one();
                    }
                    let body = if page.body.is_empty() { Value::Null } else { page.json() };
                    return (page.status.as_u16(), body);
                }
                _ => tokio::task::yield_now().await,
            }
        }
    }

    async fn work(self: Arc<Scene>, worker: u64) -> Acknowledged {
        let client = Client::with_token(&self.url, &self.token);
        let (mut heard, mut turn) = (Acknowledged::default(), 0);
        while !self.is_over.load(Ordering::SeqCst) {
            turn += 1;
            let key = |what: &str| format!("{worker}-{turn}-{what}");
            let wanted = json!({ "kinds": ["letters"], "worker": format!("w{worker}"), "lease_seconds": 60 });
            let (status, claimed) = self.ask(&client, "/api/v1/claims", &wanted, &key("claim")).await;
            if status == 204 {
                continue;
            }
            assert_eq!(status, 200, "{claimed}");
            let held = Held::of(&claimed);
            for percent in [25, 50, 75] {
                let body = json!({ "attempt": held.attempt, "progress": percent });
                let path = format!("{TASKS}/{}/progress", held.id);
                let (status, said) = self.ask(&client, &path, &body, &key(&percent.to_string())).await;
                assert_eq!(status, 200, "{said}");
                heard.reports.insert(held, f64::from(percent));
            }
            let body = json!({ "attempt": held.attempt, "outcome": "done", "result": { "by": worker } });
            let (status, said) = self.ask(&client, &format!("{TASKS}/{}/finish", held.id), &body, &key("finish")).await;
            assert_eq!(status, 200, "{said}");
            heard.ends.push(held);
        }
        heard
    }
}

fn done(database: &Path) -> usize {
    let conn = Connection::open(database).unwrap();
    let count: i64 = conn.query_row("select count(*) from tasks where status = 'done'", [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_fifty_workers_report_loses_nothing_it_acknowledged() {
    let mut random = Random::new("kills under fifty workers");
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let mut server = Binary::start_with(&database, "127.0.0.1:0", &["--requests-per-minute", "1000000"]);
    let token = make_token(&people.client("bob", &server.url), "/account", "read work").await;
    let program = Program(Client::with_token(&server.url, &token));
    for number in 0..JOBS {
        let body = json!({ "title": format!("Letter {number}"), "job_kind": "letters", "max_attempts": 3 });
        program.job(body).await;
    }
    let (answers, enough) = (AtomicUsize::new(0), Notify::new());
    let (kill_at, is_over) = (AtomicUsize::new(20), AtomicBool::new(false));
    let scene = Arc::new(Scene { token, url: server.url.clone(), answers, enough, kill_at, is_over });
    let workers: Vec<_> = (0..WORKERS).map(|worker| tokio::spawn(scene.clone().work(worker))).collect();
    for _ in 0..KILLS {
        in_time("enough answers", scene.enough.notified()).await;
        // The random moment itself: nothing is waited for here.
        let moment = Duration::from_micros(random.below(5_000));
        let _ = tokio::time::timeout(moment, std::future::pending::<()>()).await;
        let listen = format!("127.0.0.1:{}", server.port());
        server.kill();
        scene.kill_at.store(scene.answers.load(Ordering::SeqCst) + 80, Ordering::SeqCst);
        server = Binary::start_with(&database, &listen, &["--requests-per-minute", "1000000"]);
    }
    let mut at = done(&database);
    while at < JOBS {
        at = eventually("more are done", || async { Some(done(&database)).filter(|now| *now > at) }).await;
    }
    scene.is_over.store(true, Ordering::SeqCst);
    let mut heard = Acknowledged::default();
    for worker in workers {
        let work = in_time("a worker ends", worker).await.unwrap();
        heard.reports.extend(work.reports);
        heard.ends.extend(work.ends);
    }
    let conn = Connection::open(&database).unwrap();
    let (claims, ends) = check_lives(&conn);
    assert_eq!(ends.get("completed"), Some(&JOBS), "{ends:?}");
    heard.ends.sort();
    assert_eq!(
        heard.ends,
        {
            let mut claims = claims.clone();
            claims.sort();
            claims
        },
        "every claim that was acknowledged was ended once, and no other"
    );
    for (held, told) in &heard.reports {
        let find = "select progress from attempts where task_id = ? and attempt = ?";
        let kept: f64 = conn.query_row(find, [held.id, held.attempt], |row| row.get(0)).unwrap();
        assert!(kept >= *told, "{held:?} was acknowledged at {told} and is at {kept}");
    }
    say(&format!(
        "{KILLS} kills, {} answers, {} claims of {JOBS} jobs",
        scene.answers.load(Ordering::SeqCst),
        claims.len()
    ));
}
