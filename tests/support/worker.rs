//! A program of somebody's, in the test's own process: what comes by the API in life, straight to the verbs. For tests of
//! pages, which need jobs in every state and do not care how they came there.

use std::sync::Arc;

use milepost::App;
use milepost::config::Output;
use milepost::db::Write;
use milepost::error::Result;
use milepost::jobs::actions::{self, Finish, Heartbeat, Wanted};
use milepost::jobs::artifacts::ArtifactName;
use milepost::jobs::items::NewItem;
use milepost::jobs::{Outcome, sql};
use milepost::people::{self, SessionKey, Viewer};
use milepost::tasks::actions::{NewJob, NewTask, Report};
use milepost::tasks::progress::CountsGiven;
use milepost::tasks::{By, Stage, Task, TaskId, Via};

use super::server::{House, MARK};

pub struct Worker {
    app: App,
    pub viewer: Viewer,
}

impl Worker {
    /// Acts as somebody who is signed in.
    pub fn of(house: &House, name: &str) -> Worker {
        let id: i64 = house.people.id(name).parse().unwrap();
        let conn = house.look();
        let key: Vec<u8> =
            conn.query_row("select key from sessions where user_id = ? limit 1", [id], |row| row.get(0)).unwrap();
        let key = SessionKey::from_bytes(key.try_into().unwrap());
        let now = house.server.clock.now();
        let viewer = people::sql::viewer(&conn, &key, now).unwrap().expect("signed in");
        Worker { app: house.server.app.clone(), viewer }
    }

    pub async fn act<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&mut Write<'_>, &By) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.app.act(&self.viewer, Via::Api, verb).await
    }

    pub async fn make(&self, new: NewTask) -> TaskId {
        self.act(move |w, by| milepost::tasks::actions::create(w, by, new)).await.unwrap().task.id
    }

    /// A job of kind `letters`, its title marked.
    pub async fn job(&self, title: &str) -> TaskId {
        self.make(letters(title)).await
    }

    pub async fn claim(&self) -> Arc<Task> {
        let wanted = Wanted { kinds: Vec::new(), queues: Vec::new(), worker: Some("w-7".into()), lease_seconds: 30 };
        self.act(move |w, by| actions::claim(w, by, &wanted)).await.unwrap().expect("something waits")
    }

    /// A job that a worker has.
    pub async fn running(&self, title: &str) -> TaskId {
        let id = self.job(title).await;
        assert_eq!(self.claim().await.id, id, "nothing else waits");
        id
    }

    pub async fn report(&self, id: TaskId, processed: i64, failed: i64) {
        let said = Report {
            attempt: Some(self.attempt(id).await),
            counts: CountsGiven { processed: Some(processed), failed: Some(failed), ..CountsGiven::default() },
            stage: Some(Stage { name: "sending".into(), index: Some(2), of: Some(3) }),
            note: Some("the second half".into()),
            ..Report::default()
        };
        self.act(move |w, by| milepost::tasks::actions::report(w, by, id, &said)).await.unwrap();
    }

    pub async fn acknowledge_cancel(&self, id: TaskId) {
        let attempt = Some(self.attempt(id).await);
        let beat = Heartbeat { attempt, cancel_acknowledged: true, ..Heartbeat::default() };
        self.act(move |w, by| actions::heartbeat(w, by, id, beat)).await.unwrap();
    }

    pub async fn finish(&self, id: TaskId, outcome: Outcome) {
        let said = Finish {
            attempt: Some(self.attempt(id).await),
            outcome,
            result: (outcome == Outcome::Done).then(|| serde_json::json!({ "sent": 1000 })),
            error: (outcome == Outcome::Failed).then(|| "the post office\nis closed".into()),
        };
        self.act(move |w, by| actions::finish(w, by, id, said)).await.unwrap();
    }

    /// A job that was taken and ended.
    pub async fn ended(&self, title: &str, outcome: Outcome) -> TaskId {
        let id = self.running(title).await;
        self.finish(id, outcome).await;
        id
    }

    /// What it would append to the log.
    pub async fn log(&self, id: TaskId, text: &str) {
        let (attempt, text) = (self.attempt(id).await, text.to_owned());
        let limits = Output::default();
        self.act(move |w, _| sql::append_log(w.conn, &limits, id, attempt, text.as_bytes(), w.now)).await.unwrap();
    }

    /// A file that it stores.
    pub async fn file(&self, id: TaskId, name: &str, text: &str) {
        let (attempt, name, text) = (self.attempt(id).await, ArtifactName::parse(name).unwrap(), text.to_owned());
        let limits = Output::default();
        self.act(move |w, _| {
            let begun = sql::Begun { name: &name, content_type: "text/plain", attempt, expires_at: None };
            let file = sql::begin_artifact(w.conn, &limits, id, begun, w.now)?;
            sql::append_chunks(w.conn, &limits, file, 0, &[text.clone().into_bytes()], w.now)?;
            sql::finish_artifact(w.conn, file, text.len() as i64, &[0; 32], w.now).map(drop)
        })
        .await
        .unwrap();
    }

    pub async fn items(&self, id: TaskId, items: Vec<NewItem>) {
        let (attempt, limits) = (self.attempt(id).await, Output::default());
        self.act(move |w, _| sql::record_items(w.conn, &limits, id, attempt, &items, w.now).map(drop)).await.unwrap();
    }

    pub async fn attempt(&self, id: TaskId) -> i64 {
        self.task(id).await.job().unwrap().attempt
    }

    pub async fn task(&self, id: TaskId) -> Task {
        self.app.db.read(move |conn| milepost::tasks::sql::find(conn, id)).await.unwrap().expect("it is there")
    }

    pub async fn status(&self, id: TaskId) -> String {
        self.task(id).await.status.to_string()
    }

    pub async fn limits(&self) -> Vec<sql::Limit> {
        let organisation = self.viewer.organisation;
        self.app.db.read(move |conn| sql::limits(conn, organisation)).await.unwrap()
    }
}

/// 1,000 letters to send, in one attempt.
pub fn letters(title: &str) -> NewTask {
    NewTask {
        title: format!("{MARK} {title}"),
        category: Some("post".into()),
        total: Some(1_000),
        job: Some(NewJob {
            job_kind: Some("letters".into()),
            queue: Some("mail".into()),
            max_attempts: Some(1),
            payload: serde_json::json!({ "from": MARK }),
            ..NewJob::default()
        }),
        ..NewTask::default()
    }
}
