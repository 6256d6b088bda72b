//! The one writing thread and its group commit: it takes whatever writes are
//! waiting, gives each its own savepoint, commits them together, keeps the
//! newest sequence beside the database, publishes their letters in that order,
//! and only then answers each caller.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use anyhow::anyhow;
use jiff::Timestamp;
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::epoch::EpochFile;
use super::recent::Recent;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::live::{Hub, Letter};
use crate::tasks::sql::{Words, save_words};

/// How many writes may wait; more callers wait for room. It bounds memory.
const QUEUE: usize = 4096;
/// How many writes share one commit. More would make the first of them wait.
const GROUP: usize = 512;

/// What a verb works with: the connection inside its savepoint, the time, and
/// the letters that go out when (and only when) the commit is durable.
pub struct Write<'a> {
    pub conn: &'a Connection,
    pub now: Timestamp,
    /// Jobs that need not be read.
    pub recent: &'a Recent,
    /// The newest sequence that was given out.
    newest: i64,
    letters: Vec<Letter>,
    afterwards: Vec<Afterwards>,
    /// What tasks are found by from now on: saved at the end of the commit.
    pub words: Vec<Words>,
}

/// How far a write has come, apart from the store.
struct Mark {
    newest: i64,
    letters: usize,
    afterwards: usize,
    words: usize,
}

/// What is done once the commit is durable, before anybody is answered.
type Afterwards = Box<dyn FnOnce() + Send>;

impl Write<'_> {
    /// For what memory keeps of the store: runs when (and only when) the commit is durable. It must not wait for anything.
    pub fn afterwards(&mut self, what: impl FnOnce() + Send + 'static) {
        self.afterwards.push(Box::new(what));
    }

    /// A part that fails by itself: on an error nothing of it is kept, and the rest goes on.
    pub fn nested<T>(&mut self, part: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let mark = self.mark();
        step(self.conn, "savepoint part")?;
        let outcome = part(self);
        if outcome.is_err() {
            self.recent.forget_all();
            step(self.conn, "rollback to part")?;
            self.back_to(mark);
        }
        step(self.conn, "release part")?;
        outcome
    }

    /// Many such parts. A savepoint costs as much as a small write, and what is refused has hardly ever written anything:
    /// one is laid around all of them, and only if that was not enough they are done again, each within its own.
    pub fn each<P, T>(
        &mut self,
        parts: &[P],
        mut part: impl FnMut(&mut Self, &P) -> Result<T>,
    ) -> Result<Vec<Result<T>>> {
        let mut is_half_done = false;
        let together = self.nested(|w| {
            let mut outcomes = Vec::with_capacity(parts.len());
            for one in parts {
                let (mark, changes) = (w.mark(), w.conn.total_changes());
                let outcome = part(w, one);
                if outcome.is_err() {
                    is_half_done = w.conn.total_changes() != changes;
                    if is_half_done {
                        return Err(Error::Internal(anyhow!("a part failed after it had written")));
                    }
                    w.back_to(mark);
                }
                outcomes.push(outcome);
            }
            Ok(outcomes)
        });
        if !is_half_done {
            return together;
        }
        Ok(parts.iter().map(|one| self.nested(|w| part(w, one))).collect())
    }

    fn mark(&self) -> Mark {
        let (letters, afterwards, words) = (self.letters.len(), self.afterwards.len(), self.words.len());
        Mark { newest: self.newest, letters, afterwards, words }
    }

    fn back_to(&mut self, mark: Mark) {
        self.newest = mark.newest;
        self.letters.truncate(mark.letters);
        self.afterwards.truncate(mark.afterwards);
        self.words.truncate(mark.words);
    }

    pub fn publish(&mut self, letter: Letter) {
        self.letters.push(letter);
    }

    /// The newest place that was given out in that order: a tick says everything up to it.
    pub fn newest(&self) -> i64 {
        self.newest
    }

    /// The next place in the order of what happens, for one entry of the trail or one change of sight.
    pub fn next_sequence(&mut self) -> i64 {
        self.newest += 1;
        self.newest
    }
}

/// Answers its caller once it is known whether the group's commit held.
type Answer = Box<dyn FnOnce(Result<(), String>) + Send>;
type Verb = Box<dyn FnOnce(&mut Write<'_>) -> (bool, Answer) + Send>;

/// A write, and where its caller waits.
struct Job {
    verb: Verb,
    runtime: Handle,
}

/// The answers of one group. They are given where the callers run, by a task of theirs: from this thread, each of them
/// would have to be woken across threads, and the next group would wait for that. Given even if nobody runs there any more.
struct Answers {
    answers: Vec<Answer>,
    committed: Result<(), String>,
}

impl Drop for Answers {
    fn drop(&mut self) {
        for answer in self.answers.drain(..) {
            answer(self.committed.clone());
        }
    }
}

pub struct Writer {
    queue: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the thread; it ends when every `Writer` is gone and the queue is
    /// empty, after it has checkpointed the write-ahead log.
    pub fn start(
        conn: Connection,
        file: EpochFile,
        clock: Clock,
        hub: Hub,
    ) -> std::io::Result<(Writer, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let recent = Recent::beside(&conn).map_err(std::io::Error::other)?;
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || run(&Store { conn, recent }, file, &clock, &hub, jobs))?;
        Ok((Writer { queue }, thread))
    }

    /// Runs `verb` in the writer. Returns after its commit is durable; on an
    /// error nothing of it is stored and nothing is published.
    pub async fn write<T, F>(&self, verb: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let verb: Verb = Box::new(move |write| {
            let outcome = catch_unwind(AssertUnwindSafe(|| verb(write)))
                .unwrap_or_else(|_| Err(Error::Internal(anyhow!("a write panicked"))));
            let keep = outcome.is_ok();
            let reply: Answer = Box::new(move |committed| {
                let outcome = match committed {
                    Ok(()) => outcome,
                    Err(why) => Err(Error::Internal(anyhow!("the commit failed: {why}"))),
                };
                // A caller that went away does not undo what is durable.
                let _ = answer.send(outcome);
            });
            (keep, reply)
        });
        let job = Job { verb, runtime: Handle::current() };
        self.queue.send(job).await.map_err(|_| anyhow!("the writer has stopped"))?;
        answered.await.map_err(|_| anyhow!("the writer stopped before it answered"))?
    }
}

/// What the thread owns.
struct Store {
    conn: Connection,
    recent: Recent,
}

fn run(store: &Store, mut file: EpochFile, clock: &Clock, hub: &Hub, mut jobs: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP);
    while let Some(first) = jobs.blocking_recv() {
        group.push(first);
        while group.len() < GROUP {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        commit_group(store, &mut file, clock.now(), hub, &mut group);
    }
    if let Err(error) = store.conn.execute_batch("pragma wal_checkpoint(truncate)") {
        tracing::warn!(%error, "the write-ahead log was not checkpointed at exit");
    }
}

fn commit_group(store: &Store, file: &mut EpochFile, now: Timestamp, hub: &Hub, group: &mut Vec<Job>) {
    let Store { conn, recent } = store;
    let mut answers = Vec::with_capacity(group.len());
    let mut letters = Vec::new();
    let (mut afterwards, mut words) = (Vec::new(), Vec::new());
    let mut newest = file.newest();
    let runtime = group.first().map(|job| job.runtime.clone());
    if let Err(error) = step(conn, "begin immediate") {
        // Outside of a transaction each savepoint would be one of its own: nothing runs, every caller is told.
        tracing::error!(%error, "a group of writes could not begin");
        group.clear();
        return;
    }
    for job in group.drain(..) {
        let mut write =
            Write { conn, now, recent, newest, letters: Vec::new(), afterwards: Vec::new(), words: Vec::new() };
        let (keep, answer) = in_savepoint(conn, &mut write, job);
        if keep {
            newest = write.newest;
            letters.append(&mut write.letters);
            afterwards.append(&mut write.afterwards);
            words.append(&mut write.words);
        }
        answers.push(answer);
    }
    let saved = words.iter().try_for_each(|words| save_words(conn, words));
    let committed = saved.and_then(|()| step(conn, "commit")).map_err(|error| {
        tracing::error!(%error, "a group commit failed; its writes were rolled back");
        recent.forget_all();
        // After a failed commit SQLite may or may not have rolled back already.
        let _ = conn.execute_batch("rollback");
        error.to_string()
    });
    if committed.is_ok() {
        file.keep(newest);
        hub.publish(letters, newest);
        afterwards.into_iter().for_each(|what| what());
    }
    let answers = Answers { answers, committed };
    runtime.map(|runtime| runtime.spawn(async move { drop(answers) }));
}

fn in_savepoint(conn: &Connection, write: &mut Write<'_>, job: Job) -> (bool, Answer) {
    let opened = step(conn, "savepoint job");
    let changes = conn.total_changes();
    let (keep, answer) = (job.verb)(write);
    let closed = opened.and_then(|()| {
        // What was refused has hardly ever written anything.
        if keep || conn.total_changes() == changes {
            step(conn, "release job")
        } else {
            write.recent.forget_all();
            step(conn, "rollback to job").and_then(|()| step(conn, "release job"))
        }
    });
    match closed {
        Ok(()) => (keep, answer),
        Err(error) => {
            let why = error.to_string();
            (false, Box::new(move |_| answer(Err(why))))
        }
    }
}

fn step(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.raw_execute().map(|_| ())
}
