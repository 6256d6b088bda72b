//! Writing to many, through a real mail server and a real receiver of webhooks: each recipient once, over refusals, broken
//! connections, kills and retries; at a set rate; with a sentence for whatever did not arrive.

use std::collections::BTreeMap;

use milepost::clock::Clock;
use milepost::error::Error;
use milepost::jobs::actions::retry;
use milepost::jobs::items::ItemOutcome;
use milepost::jobs::sql::items;
use milepost::tasks::actions::cancel;
use milepost::tasks::{Status, Task, TaskId, Via};
use serde_json::{Value, json};

use crate::support::jobs::{create_job, ended, start_kind, task, until, viewer};
use crate::support::mail::MailServer;
use crate::support::server::{House, monday};
use crate::support::sheet::{upload, uploaded};

/// As fast as it goes.
const FAST: i64 = 6_000;

pub async fn with_mail(mail: &MailServer) -> House {
    House::open_with(|config| config.mail = Some(mail.as_config())).await
}

/// A file with these lines, brought by alice.
pub async fn brought(house: &House, csv: &str) -> Value {
    let task = uploaded(&upload(&house.alice(), "list.csv", csv.as_bytes()).await.expect(303));
    json!({ "task": task, "name": "list.csv" })
}

pub fn letter(channel: &str, to: &str, more: Value) -> Value {
    let mut payload = json!({ "channel": channel, "to": to, "subject": "Störung am Kai", "text": "Der Kai ist zu.\nBis morgen!", "per_minute": FAST });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    payload
}

/// `[sent, failed, may have been sent, not readable, skipped]`
pub fn tally(task: impl AsRef<Task>) -> [i64; 5] {
    let task = task.as_ref();
    let result = task.job().unwrap().result.as_deref().unwrap_or_else(|| panic!("{:?}", task.job().unwrap().error));
    ["sent", "failed", "may_have_been_sent", "not_readable", "skipped"].map(|name| result[name].as_i64().unwrap())
}

/// Key → outcome and message.
pub fn said(house: &House, id: TaskId) -> BTreeMap<String, (ItemOutcome, String)> {
    let items = items(&house.look(), id, None, 0, 10_000).unwrap();
    items.into_iter().map(|item| (item.key, (item.outcome, item.message.unwrap_or_default()))).collect()
}

async fn again(house: &House, id: TaskId, only_failed_items: bool) -> std::sync::Arc<Task> {
    let alice = viewer(house, "alice");
    house.server.app.act(&alice, Via::Page, move |w, by| retry(w, by, id, only_failed_items)).await.unwrap();
    ended(house, id).await
}

pub fn counted(task: &Task) -> [i64; 4] {
    let counts = task.counts.unwrap();
    [counts.total.unwrap(), counts.succeeded, counts.failed, counts.skipped]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_a_file_gets_one_mail_or_a_sentence_that_says_why_not() {
    let mail = MailServer::start(1, 0);
    let house = with_mail(&mail).await;
    let csv = "Name,E-Mail\r\nAda,ada@there.example\r\nBob,Bob Baker <bob@there.example>\r\nAda again,ADA@there.example\r\n\
               Nobody,nobody@there.example\r\nLater,later@there.example\r\nCut,cut@there.example\r\nBad,not an address\r\n\
               Empty,\r\nSly,\"eve@there.example\r\nBcc: all@there.example\"\r\n";
    let file = brought(&house, csv).await;
    let id = start_kind(&house, "broadcast", letter("email", "file", json!({ "file": file }))).await;
    let done = ended(&house, id).await;
    assert_eq!(tally(&done), [2, 2, 1, 3, 1]);
    assert_eq!(counted(&done), [9, 2, 6, 1]);
    assert_eq!(mail.recipients(), ["ada@there.example", "bob@there.example", "cut@there.example"]);
    let first = &mail.mails()[0];
    assert_eq!(first["subject"], "Störung am Kai");
    assert_eq!(first["text"].as_str().unwrap().trim_end(), "Der Kai ist zu.\nBis morgen!");
    assert_eq!(first["from"], "works@harbour.example");
    assert!(!first["headers"].as_array().unwrap().contains(&json!("bcc")), "{first}");
    let items = said(&house, id);
    let of = |key: &str| items.get(key).unwrap_or_else(|| panic!("no {key} in {items:#?}")).clone();
    assert_eq!(of("ada@there.example").0, ItemOutcome::Succeeded);
    let (outcome, why) = of("nobody@there.example");
    assert_eq!(
        (outcome, why.as_str()),
        (ItemOutcome::Failed, "The mail server refused it: 550 5.1.1 There is nobody of this name")
    );
    assert!(of("later@there.example").1.starts_with("The mail server did not take it now: 450"), "{items:#?}");
    assert!(of("cut@there.example").1.starts_with("It may have been sent"), "{items:#?}");
    assert_eq!(of("line 4"), (ItemOutcome::Skipped, "It is listed before already.".into()));
    assert_eq!(of("line 8").0, ItemOutcome::Failed);
    // A retry sends what certainly did not arrive; what may have, only one of its own does.
    assert_eq!(tally(&again(&house, id, false).await), [2, 2, 1, 3, 1]);
    assert_eq!(mail.recipients().len(), 3, "{:?}", mail.recipients());
    assert_eq!(said(&house, id).len(), 9, "every line is told of again");
    let retried = again(&house, id, true).await;
    assert_eq!((tally(&retried), counted(&retried)), ([2, 2, 1, 3, 1], [9, 2, 6, 1]));
    assert_eq!(mail.recipients().len(), 3, "{:?}", mail.recipients());
    let alice = house.alice();
    let page = alice.open(&format!("/tasks/{id}")).await;
    assert!(page.text("#uncertain").contains("some may get it twice"), "{}", page.said());
    alice.submit(&page.form(":has([name='uncertain_items'])")).await.expect(303);
    let resent = ended(&house, id).await;
    assert_eq!((tally(&resent), counted(&resent)), ([2, 2, 1, 3, 1], [9, 2, 6, 1]));
    let recipients = mail.recipients();
    assert_eq!(recipients.iter().filter(|to| *to == "cut@there.example").count(), 2, "{recipients:?}");
    assert_eq!(recipients.len(), 4, "{recipients:?}");
    let ids: Vec<_> = mail.mails().into_iter().map(|mail| mail["message_id"].to_string()).collect();
    assert_eq!(
        ids.iter().collect::<std::collections::BTreeSet<_>>().len(),
        3,
        "a mail that may come twice can be told: {ids:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_subject_has_a_second_line_and_no_list_lacks_its_column() {
    let mail = MailServer::start(1, 0);
    let house = with_mail(&mail).await;
    let sly = letter("email", "all", json!({ "subject": "Hello\r\nBcc: all@there.example" }));
    let job =
        milepost::tasks::actions::NewJob { job_kind: Some("broadcast".into()), payload: sly, ..Default::default() };
    assert!(matches!(create_job(&house, "alice", job).await, Err(Error::Invalid(_))));
    let file = brought(&house, "Name,Phone\r\nAda,123\r\n").await;
    let id = start_kind(&house, "broadcast", letter("email", "file", json!({ "file": file }))).await;
    let failed = ended(&house, id).await;
    assert_eq!(failed.job().unwrap().error.as_deref(), Some("No column of this file has such addresses in it."));
    assert_eq!(mail.mails().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_fails_the_job_and_nobody_is_lost() {
    let gone = MailServer::start(1, 0).as_config();
    let house = House::open_with(|config| config.mail = Some(gone)).await;
    let id = start_kind(&house, "broadcast", letter("email", "all", json!({}))).await;
    let failed = ended(&house, id).await;
    assert_eq!(failed.status, Status::Failed);
    assert!(failed.job().unwrap().error.as_ref().unwrap().starts_with("The mail server cannot be used"));
    let waiting: i64 = house
        .look()
        .query_row("select count(*) from deliveries where job_id = ? and state = 'waiting'", [id], |row| row.get(0))
        .unwrap();
    assert_eq!(waiting, 4, "everybody still waits for it");
    // The house's health says so, too.
    let check = start_kind(&house, "check-health", json!(null)).await;
    let found = ended(&house, check).await.job().unwrap().result.as_deref().unwrap()["channels"].clone();
    assert_eq!(found, json!({ "state": "warning", "figure": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_reached_by_role_by_project_or_by_name_and_only_those_of_the_organisation() {
    let mail = MailServer::start(1, 0);
    let house = with_mail(&mail).await;
    house.alice().post("/projects", &[("name", "Waterfront")]).await.expect(303);
    house.alice().post("/projects/1/members", &[("members", house.people.id("bob"))]).await.expect(303);
    let to = async |to: &str, more: Value| {
        let before = mail.mails().len();
        let id = start_kind(&house, "broadcast", letter("email", to, more)).await;
        let done = ended(&house, id).await;
        assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
        let mut names: Vec<String> = mail.mails()[before..]
            .iter()
            .map(|mail| mail["to"][0].as_str().unwrap().split('@').next().unwrap().to_owned())
            .collect();
        names.sort();
        (names, tally(&done))
    };
    assert_eq!(to("all", json!({})).await.0, ["ada", "alice", "bob", "carol"]);
    assert_eq!(to("role", json!({ "role": "member" })).await.0, ["bob", "carol"]);
    assert_eq!(to("project", json!({ "project": 1 })).await.0, ["bob"]);
    let people = "bob@harbour.example, stranger@hilltop.example\nBOB@harbour.example";
    let (names, tally) = to("people", json!({ "people": people })).await;
    assert_eq!((names, tally), (vec!["bob".to_owned()], [1, 0, 0, 1, 1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_cancelled_between_two_and_goes_on_with_the_others() {
    let mail = MailServer::start(1, 0);
    let house = with_mail(&mail).await;
    let list: String = (0..40).map(|number| format!("r{number}@there.example\n")).collect();
    let file = brought(&house, &list).await;
    let id =
        start_kind(&house, "broadcast", letter("email", "file", json!({ "file": file, "per_minute": 1_200 }))).await;
    until(&house, id, "some are sent", |task| task.counts.is_some_and(|counts| counts.succeeded >= 3)).await;
    let alice = viewer(&house, "alice");
    house.server.app.act(&alice, Via::Page, move |w, by| cancel(w, by, id, "")).await.unwrap();
    let cancelled = ended(&house, id).await;
    assert_eq!(cancelled.status, Status::Cancelled);
    let sent = mail.mails().len();
    assert!((3..40).contains(&sent), "{sent}");
    assert_eq!(cancelled.counts.unwrap().succeeded, sent as i64, "what was sent is counted");
    let under_way: i64 = house
        .look()
        .query_row("select count(*) from deliveries where state not in ('waiting', 'sent')", [], |row| row.get(0))
        .unwrap();
    assert_eq!(under_way, 0, "none is left uncertain");
    assert_eq!(tally(&again(&house, id, false).await), [40, 0, 0, 0, 0]);
    let recipients = mail.recipients();
    let distinct: std::collections::BTreeSet<_> = recipients.iter().collect();
    assert_eq!((recipients.len(), distinct.len()), (40, 40), "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_not_asked_unless_the_operator_says_so() {
    let random = crate::support::random::Random::new("private webhooks");
    let receiver = crate::support::receiver::Receiver::start(random, 0).await;
    let csv = format!("url\n{}/a\nhttp://localhost:1/b\nftp://there.example/c\n", receiver.url);
    let house = House::open().await;
    let file = brought(&house, &csv).await;
    let id = start_kind(&house, "broadcast", letter("webhook", "file", json!({ "file": file }))).await;
    assert_eq!(tally(&ended(&house, id).await), [0, 2, 0, 1, 0]);
    assert!(receiver.taken().is_empty());
    let keys: Vec<String> = said(&house, id).into_keys().collect();
    let host = receiver.url.trim_start_matches("http://");
    assert_eq!(keys, [format!("{host}, line 2"), "line 4".into(), "localhost:1, line 3".into()], "no address is shown");
    let why = said(&house, id)[&format!("{host}, line 2")].1.clone();
    assert!(why.contains("private"), "{why}");
    let house = House::open_with(|config| config.allowed_private = "127.0.0.0/8, ::1".parse().unwrap()).await;
    let file = brought(&house, &csv).await;
    let id = start_kind(&house, "broadcast", letter("webhook", "file", json!({ "file": file }))).await;
    assert_eq!(tally(&ended(&house, id).await), [1, 1, 0, 1, 0]);
    assert_eq!(receiver.taken(), BTreeMap::from([("/a".to_owned(), 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_ones_keep_no_other_job_from_running() {
    let house = House::open_at(Clock::manual(monday())).await;
    let mut slow = Vec::new();
    for _ in 0..3 {
        let id = start_kind(&house, "broadcast", letter("bell", "all", json!({ "per_minute": 1 }))).await;
        until(&house, id, "one is told", |task| task.counts.is_some_and(|counts| counts.succeeded == 1)).await;
        slow.push(id);
    }
    let check = start_kind(&house, "check-integrity", json!({})).await;
    assert_eq!(ended(&house, check).await.status, Status::Done);
    for id in slow {
        assert_eq!(task(&house, id).status, Status::InProgress, "its next one is a minute away");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_an_attempt_only_began_is_made_anew() {
    let house = House::open_with(|config| config.workers = 0).await;
    let id = start_kind(&house, "broadcast", letter("bell", "all", json!({}))).await;
    let begun =
        "insert into deliveries (job_id, place, recipient, key, state) values (?1, 1, '999', 'gone', 'waiting')";
    house.server.app.db.write(move |w| Ok(w.conn.execute(begun, [id])?)).await.unwrap();
    let (keeps_on, stop) = tokio::sync::watch::channel(false);
    let workers = milepost::jobs::kinds::worker::start_workers(&house.server.app, 1, &stop);
    assert_eq!(tally(&ended(&house, id).await), [4, 0, 0, 0, 0], "all who are there now, and nobody else");
    keeps_on.send_replace(true);
    workers.wait().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_to_the_bell_tells_each_once_though_it_is_taken_up_again() {
    let house = House::open_at(Clock::manual(monday())).await;
    let id = start_kind(&house, "broadcast", letter("bell", "all", json!({}))).await;
    assert_eq!(tally(&ended(&house, id).await), [4, 0, 0, 0, 0]);
    assert_eq!(tally(&again(&house, id, false).await), [4, 0, 0, 0, 0]);
    let told: Vec<i64> = {
        let conn = house.look();
        let mut find = conn.prepare("select count(*) from notifications group by user_id").unwrap();
        find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(told, [1, 1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_try_of_the_same_recipient_is_a_turn_of_the_rate() {
    let claims = std::sync::Arc::new(std::sync::Mutex::new(Vec::<i64>::new()));
    let database = std::sync::Arc::new(std::sync::OnceLock::new());
    let (seen, file) = (claims.clone(), database.clone());
    let answer = move || {
        let conn = rusqlite::Connection::open(file.get().unwrap()).unwrap();
        let claim = "select claimed_at from deliveries where state = 'sending'";
        seen.lock().unwrap().push(conn.query_row(claim, [], |row| row.get(0)).unwrap());
        async { (axum::http::StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "0")], "") }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async { axum::serve(listener, axum::Router::new().fallback(answer)).await.unwrap() });
    let allow = |config: &mut milepost::config::Config| config.allowed_private = "127.0.0.0/8".parse().unwrap();
    let house = House::prepared(Clock::system(), allow, |_| {}).await;
    database.set(house.database().to_owned()).unwrap();
    let file = brought(&house, &format!("{url}/a\n{url}/b\n")).await;
    let id =
        start_kind(&house, "broadcast", letter("webhook", "file", json!({ "file": file, "per_minute": 600 }))).await;
    assert_eq!(tally(&ended(&house, id).await), [0, 2, 0, 0, 0]);
    let claims = claims.lock().unwrap().clone();
    assert_eq!(claims.len(), 6, "each was tried three times");
    assert!(claims.windows(2).all(|pair| pair[1] - pair[0] >= 100_000), "{claims:?}");
    served.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_go_together_is_told_at_every_door() {
    let house = House::open_with(|config| config.workers = 0).await;
    let program = house.program("alice", "report read admin").await;
    let payload = letter("webhook", "all", json!({}));
    let told = async |path: &str, body: Value| {
        let refused = program.send(program.request(reqwest::Method::POST, path).json(&body)).await.expect(422);
        refused.json()["errors"][0]["field"].as_str().unwrap().to_owned()
    };
    let job = json!({ "title": "To all", "job_kind": "broadcast", "payload": payload });
    assert_eq!(told("/api/v1/tasks", job).await, "payload.channel");
    let schedule =
        json!({ "title": "To all", "cron": "@daily", "job": { "job_kind": "broadcast", "payload": payload } });
    assert!(told("/api/v1/schedules", schedule).await.ends_with("channel"));
}
