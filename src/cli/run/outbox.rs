//! What is to be reported of one command and has not gone off yet: the latest progress, the log, the end. Bounded, whatever
//! the server does. Filled by the reader of the output, emptied by the reporter.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::Notify;

use super::output::log::Log;
use super::parse::Reading;

/// How a job ends.
#[derive(Clone, Debug)]
pub struct Finish {
    /// `done`, `failed` or `cancelled`.
    pub outcome: &'static str,
    pub error: Option<String>,
    pub result: Value,
}

#[derive(Default)]
pub struct Outbox {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    progress: Option<Reading>,
    log: Log,
    finish: Option<Finish>,
}

impl Outbox {
    pub fn progress(&self, reading: Reading) {
        merge(&mut self.lock().progress, reading);
        self.changed.notify_one();
    }

    pub fn log(&self, text: &str) {
        self.lock().log.push(text);
        self.changed.notify_one();
    }

    /// Output of which nobody saw more than its length.
    pub fn skip_log(&self, bytes: u64) {
        self.lock().log.skip(bytes);
        self.changed.notify_one();
    }

    /// Nothing follows.
    pub fn finish(&self, finish: Finish) {
        self.lock().finish = Some(finish);
        self.changed.notify_one();
    }

    /// Something was put in since this was last awaited.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    pub fn is_over(&self) -> bool {
        self.lock().finish.is_some()
    }

    pub fn has_something(&self) -> bool {
        let state = self.lock();
        state.progress.is_some() || !state.log.is_empty() || state.finish.is_some()
    }

    pub fn take_progress(&self) -> Option<Reading> {
        self.lock().progress.take()
    }

    pub fn take_log(&self) -> Option<String> {
        self.lock().log.take()
    }

    /// How it ended, once all the rest has been taken.
    pub fn take_finish(&self) -> Option<Finish> {
        let mut state = self.lock();
        (state.progress.is_none() && state.log.is_empty()).then(|| state.finish.take()).flatten()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is newer replaces what is older; what it does not speak of stays.
pub fn merge(latest: &mut Option<Reading>, new: Reading) {
    let Some(old) = latest else {
        *latest = Some(new);
        return;
    };
    old.percent = new.percent.or(old.percent);
    if new.done.is_some() {
        (old.done, old.total) = (new.done, new.total);
    }
    old.stage = new.stage.or(old.stage.take());
    old.note = new.note.or(old.note.take());
}
