//! Jobs as the verbs make and move them, and as the store has them.

use std::sync::Arc;

use milepost::error::Result;
use milepost::people::{self, SessionKey, Viewer};
use milepost::tasks::actions::{NewJob, NewTask, create};
use milepost::tasks::{Task, TaskId, Via};
use serde_json::Value;

use super::eventually;
use super::server::House;

/// Somebody of the cast, as a page of theirs would see the house.
pub fn viewer(house: &House, name: &str) -> Viewer {
    let id: i64 = house.people.id(name).parse().unwrap();
    let conn = house.look();
    let key: Vec<u8> = conn.query_row("select key from sessions where user_id = ?", [id], |row| row.get(0)).unwrap();
    let key = SessionKey::from_bytes(key.try_into().unwrap());
    people::sql::viewer(&conn, &key, house.server.clock.now()).unwrap().expect("signed in")
}

pub async fn create_job(house: &House, name: &str, job: NewJob) -> Result<TaskId> {
    let new = NewTask { title: "Sweep the pier".into(), job: Some(job), ..NewTask::default() };
    let made = house.server.app.act(&viewer(house, name), Via::Api, move |w, by| create(w, by, new)).await?;
    Ok(made.task.id)
}

/// A job of this kind that has one try.
pub async fn start_kind(house: &House, kind: &str, payload: Value) -> TaskId {
    let job = NewJob { job_kind: Some(kind.into()), payload, max_attempts: Some(1), ..NewJob::default() };
    create_job(house, "alice", job).await.unwrap()
}

pub fn task(house: &House, id: TaskId) -> Arc<Task> {
    Arc::new(milepost::tasks::sql::find(&house.look(), id).unwrap().expect("the task is there"))
}

/// The task once it is so.
pub async fn until(house: &House, id: TaskId, what: &str, is_so: impl Fn(&Task) -> bool) -> Arc<Task> {
    eventually(what, || async { Some(task(house, id)).filter(|task| is_so(task)) }).await
}

pub async fn ended(house: &House, id: TaskId) -> Arc<Task> {
    until(house, id, "the job ends", |task| task.status.has_ended()).await
}

/// What the trail says of it, word by word.
pub fn changes(house: &House, id: TaskId) -> Vec<String> {
    let conn = house.look();
    let mut statement = conn.prepare("select change from trail where task_id = ? order by sequence").unwrap();
    statement.query_map([id], |row| row.get(0)).unwrap().map(std::result::Result::unwrap).collect()
}
