//! The oracle of the live stream: publishers at full speed, subscribers that others wrote, a network that cuts and freezes,
//! a server that is killed. In the end everybody has heard what stands in the trail, and open pages show what is true.
//! MILEPOST_ORACLE_SECONDS says how long (60 unless said), MILEPOST_SEED repeats the draws of a run.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::binary::Binary;
use crate::support::browser::Script;
use crate::support::chaos::Chaos;
use crate::support::client::Client;
use crate::support::in_time;
use crate::support::random::Random;
use crate::support::say;
use crate::support::server::{People, make_token, template_copy};
use crate::support::source::root;
use crate::support::subscribers::{Heard, Running, Subscribers};

const SECONDS: u64 = 60;
const EVENTS: &str = "/api/v1/events";
/// Milliseconds without a word, of which pings are some, after which a subscriber opens its stream anew.
const SILENCE: &str = "20000";
/// Publishers: so many that commits are large ones, which wait for the disk together.
const PUBLISHERS: u64 = 32;
/// Who they are, in turn, each over connections of its own.
const PEOPLE: [&str; 8] = ["bob", "alice", "bob", "carol", "stranger", "ada", "bob", "carol"];
/// New tasks per run: enough to change the lists, few enough to stay on their first page.
const NEW_TASKS: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_cuts_freezes_and_kills_every_subscriber_hears_the_whole_trail_and_every_page_stays_true() {
    let mut random = Random::new("oracle");
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let mut server = Binary::start(&database);
    let tasks = assign_tasks(&people, &server.url, &database).await;
    let chaos = Chaos::start(server.url.trim_start_matches("http://").parse().unwrap(), random.fork()).await;
    let page = people.client("alice", &server.url).open("/monitor").await;
    let after = page.attribute("#main", "data-cursor").unwrap();
    let subscribers = Subscribers::new();
    let keys = Keys::make(&people, &server.url).await;
    let (others, mut browser) = subscribe(&subscribers, &people, &keys, &chaos.url, &after, tasks["bob"][0]);
    browser.asks().await;
    subscribers.all("every stream opens", |_, subscriber| subscriber.words.contains_key("hello")).await;

    chaos.is_bad(true);
    let (stop, publishers) = publish(&people, &server.url, &tasks, &mut random);
    let kills = keep_killing(&mut server, &database, &mut random).await;
    stop.send_replace(true);
    let mut published = Published::default();
    for publisher in publishers {
        published.add(in_time("a publisher stops", publisher).await.unwrap());
    }
    chaos.is_bad(false);

    let trail = Trail::read(&database, &after, &people);
    let quiet = Instant::now();
    subscribers.all("everybody has heard the last entry", |name, heard| heard.last() == trail.of(name).last()).await;
    say(&format!("oracle: everybody had caught up {} ms after the last report", quiet.elapsed().as_millis()));
    browser.answer().await;
    drop(others);
    check(&subscribers, &trail, &published);
    say(&format!(
        "oracle: {} reports acknowledged, {} tried again, {} entries, {kills} kills; {}\n{}",
        published.notes.len(),
        published.again,
        trail.of("alice").0.len(),
        chaos.told(),
        subscribers.told()
    ));
}

/// The tasks of those who publish, by person.
type Tasks = BTreeMap<&'static str, Vec<i64>>;

async fn assign_tasks(people: &People, url: &str, database: &Path) -> Tasks {
    for (by, to) in [("alice", "bob"), ("alice", "bob"), ("ada", "bob"), ("ada", "carol"), ("stranger", "stranger")] {
        let form = [("title", "Load the ferry"), ("assignee", people.id(to))];
        people.client(by, url).post("/assign", &form).await.expect(303);
    }
    let conn = rusqlite::Connection::open(database).unwrap();
    let mut statement = conn.prepare("select id from tasks where assignee_id = ? order by id").unwrap();
    let mut of = |name| -> Vec<i64> {
        statement.query_map([people.id(name)], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut tasks: Tasks = ["bob", "carol", "stranger"].map(|name| (name, of(name))).into();
    let all: Vec<i64> = tasks["bob"].iter().chain(&tasks["carol"]).copied().collect();
    tasks.extend(["alice", "ada"].map(|name| (name, all.clone())));
    tasks
}

/// The subscribers' tokens, by person.
struct Keys(BTreeMap<&'static str, String>);

impl Keys {
    async fn make(people: &People, url: &str) -> Keys {
        let mut keys = BTreeMap::new();
        for person in ["alice", "bob"] {
            keys.insert(person, make_token(&people.client(person, url), "/account", "read").await);
        }
        Keys(keys)
    }

    /// How a subscriber of this kind says who it is: browsers have cookies, programs have tokens, and both do.
    fn headers(&self, people: &People, kind: &str, person: &'static str) -> serde_json::Value {
        if kind == "eventsource" {
            let cookies = people.cookies(person).1;
            let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            return json!({ "Cookie": cookies.join("; ") });
        }
        json!({ "Authorization": format!("Bearer {}", self.0[person]) })
    }
}

/// Two subscribers of each kind, an admin and a member, and the pages that stay open, all behind the bad network.
/// A subscriber's name ends with the person's.
fn subscribe(
    subscribers: &Subscribers,
    people: &People,
    keys: &Keys,
    url: &str,
    after: &str,
    task: i64,
) -> (Vec<Running>, Running) {
    let of_kind = |kind: &'static str| {
        ["alice", "bob"].map(|person| {
            let name = format!("{kind}-{person}");
            subscribers.expect(&name);
            let headers = keys.headers(people, kind, person);
            json!({ "name": name, "kind": kind, "person": person, "after": after, "headers": headers })
        })
    };
    let start = |program: &str, script: &str, of: Vec<serde_json::Value>| {
        let mut command = Command::new(root().join(program));
        command.arg(root().join("tests/subscribers").join(script)).env("MILEPOST_EVENTS", format!("{url}{EVENTS}"));
        command.env("MILEPOST_SUBSCRIBERS", json!(of).to_string()).env("MILEPOST_SILENCE", SILENCE);
        subscribers.start(script, &mut command)
    };
    let node = [of_kind("eventsource"), of_kind("eventsource-client")].concat();
    let others = vec![
        start(&which("node"), "node.mjs", node),
        start("target/subscribers-python/bin/python", "python.py", of_kind("httpx-sse").to_vec()),
    ];
    let pages = json!([["alice", "/monitor"], ["bob", "/tasks"], ["bob", format!("/tasks/{task}")]]);
    let script = Script::new("oracle.mjs").server(url).people(&["alice", "bob"].map(|name| people.cookies(name)));
    let script = script.env("MILEPOST_EVENTS", EVENTS).env("MILEPOST_SILENCE", SILENCE);
    let script = script.env("MILEPOST_SUBSCRIBERS", &json!(of_kind("chromium")).to_string());
    let script = script.env("MILEPOST_OPEN_PAGES", &pages.to_string());
    (others, subscribers.start("oracle.mjs", &mut script.command()))
}

fn which(program: &str) -> String {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{program} is missing: tests/run installs it")).to_str().unwrap().to_owned()
}

/// What publishers know in the end.
#[derive(Default)]
struct Published {
    /// Of the reports and comments that were acknowledged.
    notes: Vec<String>,
    again: usize,
}

impl Published {
    fn add(&mut self, other: Published) {
        self.notes.extend(other.notes);
        self.again += other.again;
    }
}

struct Publisher {
    number: u64,
    client: Client,
    tasks: Vec<i64>,
    is_admin: bool,
    assignees: Arc<Vec<String>>,
    /// A task that goes from hand to hand, none of which is a subscriber's.
    wanders: i64,
    made: Arc<AtomicUsize>,
    random: Random,
    published: Published,
}

fn publish(
    people: &People,
    url: &str,
    tasks: &Tasks,
    random: &mut Random,
) -> (watch::Sender<bool>, Vec<JoinHandle<Published>>) {
    let (stop, stopped) = watch::channel(false);
    let assignees = Arc::new(["bob", "carol", "ada"].map(|name| people.id(name).to_owned()).to_vec());
    let made = Arc::new(AtomicUsize::new(0));
    let publishers = PEOPLE.iter().cycle().zip(0..PUBLISHERS).map(|(person, number)| {
        let publisher = Publisher {
            number,
            client: people.client(person, url),
            tasks: tasks[person].clone(),
            is_admin: ["alice", "ada"].contains(person),
            assignees: assignees.clone(),
            wanders: tasks["carol"][0],
            made: made.clone(),
            random: random.fork(),
            published: Published::default(),
        };
        tokio::spawn(publisher.run(stopped.clone()))
    });
    (stop, publishers.collect())
}

impl Publisher {
    async fn run(mut self, stopped: watch::Receiver<bool>) -> Published {
        for step in 0.. {
            if *stopped.borrow() {
                break;
            }
            let note = format!("{} by {}", step, self.number);
            let (path, form) = self.draw(&note);
            if self.post(&path, &form).await == StatusCode::SEE_OTHER && form.iter().any(|(_, value)| *value == note) {
                self.published.notes.push(note);
            }
        }
        self.published
    }

    fn draw(&mut self, note: &str) -> (String, Vec<(&'static str, String)>) {
        let task = self.tasks[self.random.below(self.tasks.len() as u64) as usize];
        let assignee = |random: &mut Random, from: u64| {
            self.assignees[(from + random.below(self.assignees.len() as u64 - from)) as usize].clone()
        };
        match self.random.below(100) {
            0 if self.is_admin && self.made.fetch_add(1, Ordering::Relaxed) < NEW_TASKS => {
                let assignee = assignee(&mut self.random, 0);
                ("/assign".into(), vec![("title", format!("Task {note}")), ("assignee", assignee)])
            }
            1 if self.is_admin => {
                let assignee = assignee(&mut self.random, 1);
                (format!("/tasks/{}", self.wanders), vec![("assignee", assignee)])
            }
            2..=4 => (format!("/tasks/{task}/complete"), vec![]),
            5..=8 => (format!("/tasks/{task}/reopen"), vec![]),
            9..=30 => (format!("/tasks/{task}/comments"), vec![("text", note.into())]),
            percent => {
                let form = vec![("progress", percent.to_string()), ("note", note.into())];
                (format!("/tasks/{task}/progress"), form)
            }
        }
    }

    /// Posts until there is an answer.
    async fn post(&mut self, path: &str, form: &[(&'static str, String)]) -> StatusCode {
        let mut pause = tokio::time::interval(Duration::from_millis(100));
        loop {
            pause.tick().await;
            let request = self.client.request(Method::POST, path).form(form);
            match in_time("a post is answered, or its connection breaks", self.client.try_send(request)).await {
                Ok(page) => {
                    assert!(!page.status.is_server_error(), "POST {path}: {} {}", page.status, page.said());
                    return page.status;
                }
                Err(_) => self.published.again += 1,
            }
        }
    }
}

/// Kills the server at random moments, and starts it again after random times, until the run is over.
async fn keep_killing(server: &mut Binary, database: &Path, random: &mut Random) -> usize {
    let seconds = std::env::var("MILEPOST_ORACLE_SECONDS").ok();
    let seconds = seconds.map_or(SECONDS, |seconds| seconds.parse().expect("MILEPOST_ORACLE_SECONDS is a number"));
    let over = Instant::now() + Duration::from_secs(seconds);
    let listen = server.url.trim_start_matches("http://").to_owned();
    let mut kills = 0;
    loop {
        pass(random.below(6_000)).await;
        if Instant::now() > over {
            return kills;
        }
        server.kill();
        assert_eq!(server.complaints(), Vec::<String>::new());
        kills += 1;
        pass(random.below(1_000)).await;
        *server = tokio::task::block_in_place(|| Binary::start_at(database, &listen));
    }
}

/// Lets milliseconds pass in which nothing is waited for: the moments of what happens are random.
async fn pass(milliseconds: u64) {
    let _ = tokio::time::timeout(Duration::from_millis(milliseconds), std::future::pending::<()>()).await;
}

/// What each person may hear, in order.
struct Trail {
    admin: Entries,
    member: Entries,
    notes: HashSet<String>,
}

struct Entries(Vec<Heard>);

impl Entries {
    fn last(&self) -> Option<&str> {
        self.0.last().map(|entry| entry.cursor.as_str())
    }
}

impl Trail {
    fn read(database: &Path, after: &str, people: &People) -> Trail {
        let conn = rusqlite::Connection::open(database).unwrap();
        let (epoch, sequence) = after.split_once('-').unwrap();
        let entries = |and: &str| {
            let sql = format!(
                "select e.sequence, e.task_id, e.change from trail e join tasks t on t.id = e.task_id
                 join members m on m.user_id = ?2 and m.organisation_id = e.organisation_id
                 where e.sequence > ?1 {and} order by e.sequence"
            );
            let mut statement = conn.prepare(&sql).unwrap();
            let heard = |row: &rusqlite::Row| {
                let cursor = format!("{epoch}-{}", row.get::<_, i64>(0)?);
                Ok(Heard { cursor, task: row.get(1)?, change: row.get(2)? })
            };
            Entries(statement.query_map([sequence, people.id("bob")], heard).unwrap().map(Result::unwrap).collect())
        };
        let mut statement = conn.prepare("select note from trail where note is not null").unwrap();
        let notes = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        // Bob's tasks stay his, so that what he may hear does not depend on when he asks.
        Trail { admin: entries(""), member: entries("and t.assignee_id = ?2"), notes }
    }

    /// `name` is a subscriber's, or a person's.
    fn of(&self, name: &str) -> &Entries {
        if name.ends_with("bob") { &self.member } else { &self.admin }
    }
}

fn check(subscribers: &Subscribers, trail: &Trail, published: &Published) {
    for note in &published.notes {
        assert!(trail.notes.contains(note), "{note} was acknowledged and is lost");
    }
    subscribers.look(|by_name| {
        for (name, subscriber) in by_name {
            assert!(subscriber.wrong.is_empty(), "{:#?}", subscriber.wrong);
            let (heard, wanted) = (&subscriber.entries, &trail.of(name).0);
            let differs = heard.iter().zip(wanted).position(|(heard, wanted)| heard != wanted);
            let at = differs.unwrap_or(heard.len().min(wanted.len()));
            let around = |entries: &[Heard]| {
                entries.iter().skip(at.saturating_sub(3)).take(8).map(|e| e.cursor.clone()).collect::<Vec<_>>()
            };
            assert!(
                heard == wanted,
                "{name} heard {} entries of {}; from {at} on {:?} instead of {:?}",
                heard.len(),
                wanted.len(),
                around(heard),
                around(wanted)
            );
        }
    });
}
