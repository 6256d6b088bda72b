//! Running jobs as the writer last saved them, so that a report need not read what nobody else can have changed. SQLite
//! itself tells which rows are written, by whichever statement; those are forgotten, and kept again by whoever knows them.

use std::sync::{Arc, Mutex, MutexGuard};

use quick_cache::unsync::Cache;
use rusqlite::Connection;
use rusqlite::hooks::Action;
use serde_json::Value;

use crate::tasks::{Task, TaskId};

/// Jobs that are remembered: more report at a time on no machine that this is made for. With what else a task may hold
/// (below), tens of megabytes at the most.
const JOBS: usize = 4_096;
/// A task with a longer description, or a payload of more values or longer texts than these, is read each time.
const TEXT_BYTES: usize = 2_000;
const VALUES: usize = 100;

#[derive(Clone)]
pub struct Recent(Arc<Mutex<Cache<TaskId, Arc<Task>>>>);

impl Recent {
    /// Watches what is written through this connection.
    pub fn beside(conn: &Connection) -> rusqlite::Result<Recent> {
        let recent = Recent(Arc::new(Mutex::new(Cache::new(JOBS))));
        let told = recent.clone();
        conn.update_hook(Some(move |action: Action, _: &str, table: &str, row: i64| match (table, action) {
            // Others may have waited for it, and no longer do.
            ("tasks", Action::SQLITE_DELETE) => told.forget_all(),
            ("tasks" | "jobs" | "job_contents", _) => drop(told.jobs().remove(&TaskId::new(row))),
            _ => {}
        }))?;
        Ok(recent)
    }

    fn jobs(&self) -> MutexGuard<'_, Cache<TaskId, Arc<Task>>> {
        self.0.lock().expect("no one panics holding this lock")
    }

    pub fn get(&self, id: TaskId) -> Option<Arc<Task>> {
        self.jobs().get(&id).cloned()
    }

    /// The task as it was just saved.
    pub fn keep(&self, task: &Arc<Task>) {
        let is_running = task.job().is_some_and(|job| job.is_running() && is_small(&job.spec.payload, &mut 0));
        if is_running && task.description.len() <= TEXT_BYTES {
            self.jobs().insert(task.id, task.clone());
        }
    }

    /// After something was rolled back.
    pub fn forget_all(&self) {
        self.jobs().clear();
    }
}

fn is_small(value: &Value, values: &mut usize) -> bool {
    *values += 1;
    *values <= VALUES
        && match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
            Value::String(text) => text.len() <= TEXT_BYTES,
            Value::Array(all) => all.iter().all(|value| is_small(value, values)),
            Value::Object(all) => all.iter().all(|(name, value)| name.len() <= TEXT_BYTES && is_small(value, values)),
        }
}
