//! Subscribers in processes of their own, in whatever language: they say line by line what they hear, and it is kept here.
//! A line is `NAME entry CURSOR TASK CHANGE`, `NAME gone TASK`, `NAME WORD …` (hello, end, refused, silent), or `@REQUEST`,
//! which is answered when the test says so. What may never be heard (`reset`, `broken`) fails the test with its line.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

/// What stands in the trail, and what is heard of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heard {
    pub cursor: String,
    pub task: i64,
    pub change: String,
}

#[derive(Default)]
pub struct Subscriber {
    pub entries: Vec<Heard>,
    /// Everything else, by its word.
    pub words: BTreeMap<String, usize>,
    pub wrong: Vec<String>,
}

impl Subscriber {
    pub fn last(&self) -> Option<&str> {
        self.entries.last().map(|entry| entry.cursor.as_str())
    }
}

#[derive(Clone)]
pub struct Subscribers {
    by_name: Arc<Mutex<BTreeMap<String, Subscriber>>>,
    /// Grows with each line.
    lines: Arc<watch::Sender<usize>>,
}

/// A process of subscribers; it ends when this is dropped.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    name: String,
    /// How many requests it has made.
    asked: watch::Receiver<usize>,
}

impl Subscribers {
    pub fn new() -> Subscribers {
        Subscribers { by_name: Arc::default(), lines: Arc::new(watch::channel(0).0) }
    }

    pub fn start(&self, name: &str, command: &mut Command) -> Running {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(|error| {
            panic!("{name} starts (tests/run installs what it needs): {error}");
        });
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (asks, asked) = watch::channel(0);
        let (subscribers, speaker) = (self.clone(), name.to_owned());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if line.starts_with('@') {
                    asks.send_modify(|asked| *asked += 1);
                } else if !subscribers.keep(&line) {
                    super::say(&format!("{speaker}: {line}"));
                }
            }
        });
        Running { stdin: child.stdin.take(), child, name: name.into(), asked }
    }

    /// Whether the line is one of a subscriber's.
    fn keep(&self, line: &str) -> bool {
        let mut words = line.split_whitespace();
        let (Some(name), Some(word)) = (words.next(), words.next()) else { return false };
        let mut by_name = self.by_name.lock().unwrap();
        let Some(subscriber) = by_name.get_mut(name) else { return false };
        match word {
            "entry" => {
                let mut next = || words.next().unwrap_or_default().to_owned();
                let (cursor, task, change) = (next(), next(), next());
                match task.parse() {
                    Ok(task) => subscriber.entries.push(Heard { cursor, task, change }),
                    Err(_) => subscriber.wrong.push(line.into()),
                }
            }
            "reset" | "broken" => subscriber.wrong.push(line.into()),
            "end" | "refused" => {
                let why = words.last().unwrap_or_default();
                *subscriber.words.entry(format!("{word} {why}")).or_default() += 1;
            }
            _ => *subscriber.words.entry(word.to_owned()).or_default() += 1,
        }
        drop(by_name);
        self.lines.send_modify(|lines| *lines += 1);
        true
    }

    pub fn expect(&self, name: &str) {
        self.by_name.lock().unwrap().insert(name.into(), Subscriber::default());
    }

    /// Waits until `is_there` holds for every subscriber. Gives up when patience passes without a single new entry for
    /// those that it does not hold for: how long it takes is the machine's business.
    pub async fn all(&self, what: &str, is_there: impl Fn(&str, &Subscriber) -> bool) {
        let mut lines = self.lines.subscribe();
        let behind = || -> BTreeMap<String, usize> {
            let by_name = self.by_name.lock().unwrap();
            let behind = by_name.iter().filter(|(name, subscriber)| !is_there(name, subscriber));
            behind.map(|(name, subscriber)| (name.clone(), subscriber.entries.len())).collect()
        };
        let mut before = behind();
        while !before.is_empty() {
            let moved = async {
                loop {
                    lines.changed().await.unwrap();
                    let now = behind();
                    if now != before {
                        return now;
                    }
                }
            };
            // Longer than any client takes to notice a connection that died without a word.
            let waiting = tokio::time::timeout(super::PATIENCE * 3, moved).await;
            let Ok(now) = waiting else { panic!("never happened: {what}; still behind: {before:?}\n{}", self.told()) };
            before = now;
        }
    }

    pub fn look<T>(&self, at: impl FnOnce(&BTreeMap<String, Subscriber>) -> T) -> T {
        at(&self.by_name.lock().unwrap())
    }

    pub fn told(&self) -> String {
        self.look(|by_name| {
            let lines = by_name.iter().map(|(name, subscriber)| {
                let words: Vec<String> =
                    subscriber.words.iter().map(|(word, times)| format!("{word} {times}")).collect();
                format!("  {name}: {} entries, {}", subscriber.entries.len(), words.join(", "))
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    }
}

impl Running {
    /// Waits until the process has asked for something.
    pub async fn asks(&mut self) {
        let asking = tokio::time::timeout(super::PATIENCE * 2, self.asked.wait_for(|asked| *asked > 0));
        assert!(matches!(asking.await, Ok(Ok(_))), "{} never asked", self.name);
    }

    /// Answers, and waits for its end, which must be a good one.
    pub async fn answer(mut self) {
        writeln!(self.stdin.as_mut().unwrap(), "go on").unwrap();
        let status = tokio::task::block_in_place(|| self.child.wait()).unwrap();
        assert!(status.success(), "{} failed: {status}", self.name);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
