//! Who comes back after long gets all of it: a hundred thousand entries of the trail, in order, from a server that never
//! holds them all.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::binary::Binary;
use crate::support::random::Random;
use crate::support::say;
use crate::support::server::{People, template_copy};

const MISSED: i64 = 100_000;
const EVENTS: &str = "/api/v1/events";
/// KB. The replay is several times as large; a page of it, and what waits in sockets, is far less.
const GROWTH: u64 = 8 * 1024;

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_missed_entries_come_each_once_in_order_from_a_server_that_holds_few_of_them() {
    let mut random = Random::new("replay");
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let cursor = make_tasks(&people, &database).await;
    let wanted = miss(&database, &cursor);
    let mut server = Binary::start(&database);
    let bob = people.client("bob", &server.url);
    // A first stream and page, so that what every server has is there before the memory is measured.
    bob.open("/tasks").await;
    bob.events(EVENTS, None).await.named("hello").await;
    let memory = Memory::watch(server.pid());

    let started = Instant::now();
    let mut events = bob.events(EVENTS, Some(&cursor)).await;
    // A reader that reads nothing for a while: the server must wait for it, not go on reading.
    memory.samples(50).await;
    let stalled = memory.grown();
    let reading = Instant::now();
    let (mut bytes, mut read) = (0, 0);
    while read < wanted.len() {
        let Some(event) = events.next().await else {
            panic!("the stream ended after {read} entries, {bytes} bytes: {:#?}", server.complaints())
        };
        events.seen.clear();
        assert!(["hello", "ping", "task"].contains(&event.name.as_str()), "after {read} entries: {event:?}");
        if event.name != "task" {
            continue;
        }
        assert_eq!(event.id.as_deref(), Some(wanted[read].as_str()), "entry {read}");
        assert_eq!(event.json()["change"]["cursor"], wanted[read], "entry {read}");
        bytes += event.data.len();
        read += 1;
        if random.below(10_000) == 0 {
            memory.samples(5).await;
        }
    }
    say(&format!(
        "replay: {read} entries, {} MB, in {} ms ({} ms since the request); the server had {} KB, at most {} KB more, {stalled} KB of them with a reader that stalls",
        bytes / 1_000_000,
        reading.elapsed().as_millis(),
        started.elapsed().as_millis(),
        memory.before,
        memory.grown()
    ));
    assert!(bytes as u64 / 1024 > GROWTH * 2, "the replay is large enough to show in the memory: {bytes} bytes");
    assert!(memory.grown() < GROWTH, "the server grew by {} KB", memory.grown());
}

/// Bob's tasks, all begun; gives the cursor after that.
async fn make_tasks(people: &People, database: &Path) -> String {
    let server = Binary::start(database);
    let (alice, bob) = (people.client("alice", &server.url), people.client("bob", &server.url));
    for number in 1..=4 {
        let form = [("title", "Load the ferry"), ("assignee", people.id("bob"))];
        alice.post("/assign", &form).await.expect(303);
        bob.post(&format!("/tasks/{number}/progress"), &[("progress", "1")]).await.expect(303);
    }
    let cursor = bob.open("/tasks").await.attribute("#main", "data-cursor").unwrap();
    server.signal("TERM");
    let mut server = server;
    assert!(server.ended_within(crate::support::PATIENCE).is_some(), "the server ends");
    cursor
}

/// Bob's reports of a long time, written as the server writes them; gives the cursors of all.
fn miss(database: &Path, cursor: &str) -> Vec<String> {
    let conn = rusqlite::Connection::open(database).unwrap();
    conn.execute_batch(&format!(
        "begin;
         insert into trail (organisation_id, task_id, version, change, actor_id, via, old, new, note, presence, at)
           with recursive n (i) as (select 0 union all select i + 1 from n where i < {MISSED} - 1)
           select t.organisation_id, t.id, t.version + 1 + i / 4, 'progress', t.assignee_id, 'page',
                  json_object('progress', 1.0 + (i / 4) % 98), json_object('progress', 1.0 + (i / 4 + 1) % 98),
                  'mile ' || i, 'active', t.updated_at + i
           from n cross join tasks t on t.id = 1 + i % 4 order by i;
         update tasks set (version, progress, updated_at) =
           (select version, new ->> 'progress', at from trail where task_id = tasks.id order by sequence desc limit 1);
         commit;"
    ))
    .unwrap();
    let (epoch, sequence) = cursor.split_once('-').unwrap();
    let mut statement = conn.prepare("select sequence from trail where sequence > ? order by sequence").unwrap();
    let cursors = statement.query_map([sequence], |row| Ok(format!("{epoch}-{}", row.get::<_, i64>(0)?))).unwrap();
    let cursors: Vec<String> = cursors.map(Result::unwrap).collect();
    assert_eq!(cursors.len() as i64, MISSED);
    cursors
}

/// How much memory a process has, looked at again and again.
struct Memory {
    before: u64,
    most: Arc<AtomicU64>,
    looks: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Memory {
    fn watch(process: u32) -> Memory {
        let before = own_memory(process);
        let (most, looks, over) = (Arc::new(AtomicU64::new(before)), Arc::<AtomicU64>::default(), Arc::default());
        let memory = Memory { before, most: most.clone(), looks: looks.clone(), over };
        let over = memory.over.clone();
        tokio::spawn(async move {
            let mut pause = tokio::time::interval(Duration::from_millis(20));
            while !over.load(Ordering::Relaxed) {
                pause.tick().await;
                most.fetch_max(own_memory(process), Ordering::Relaxed);
                looks.fetch_add(1, Ordering::Relaxed);
            }
        });
        memory
    }

    /// Waits for so many looks.
    async fn samples(&self, looks: u64) {
        let wanted = self.looks.load(Ordering::Relaxed) + looks;
        crate::support::eventually("the memory is looked at", || async {
            (self.looks.load(Ordering::Relaxed) >= wanted).then_some(())
        })
        .await;
    }

    /// KB, at the most so far.
    fn grown(&self) -> u64 {
        self.most.load(Ordering::Relaxed) - self.before
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// KB that a process holds itself, without the pages of the database that it reads; none of one that has ended.
fn own_memory(process: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Anonymous:"));
    line.map_or(0, |line| line.trim().trim_end_matches(" kB").parse().unwrap())
}
