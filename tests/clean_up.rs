//! Cleaning up: what was kept for long enough goes, with all it left, and nothing else does: not what is open, nor what
//! something open needs, nor what people were assigned, nor a word of the trail.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures_util::stream;
use jiff::SignedDuration;
use milepost::jobs::Outcome;
use milepost::jobs::actions::{Finish, NewArtifact, append_log, finish, store_artifact};
use milepost::jobs::artifacts::ArtifactName;
use milepost::people::Viewer;
use milepost::tasks::actions::{NewJob, NewTask, complete, create};
use milepost::tasks::{Status, TaskId, Via};
use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::jobs::{ended, viewer};
use crate::support::server::House;

const DAY: SignedDuration = SignedDuration::from_hours(24);

struct Lived {
    house: House,
    /// As she was when she was signed in: in these tests months go by.
    alice: Viewer,
}

impl Lived {
    async fn open() -> Lived {
        let house = House::open().await;
        let alice = viewer(&house, "alice");
        Lived { house, alice }
    }

    async fn create(&self, title: &str, job: NewJob, change: impl FnOnce(&mut NewTask)) -> TaskId {
        let mut new = NewTask { title: title.into(), job: Some(job), ..NewTask::default() };
        change(&mut new);
        self.house.server.app.act(&self.alice, Via::Api, |w, by| create(w, by, new)).await.unwrap().task.id
    }

    async fn finish(&self, id: TaskId, outcome: Outcome) {
        let error = (outcome == Outcome::Failed).then(|| "no".to_owned());
        let end = Finish { attempt: None, outcome, result: None, error };
        self.house.server.app.act(&self.alice, Via::Api, move |w, by| finish(w, by, id, end)).await.unwrap();
    }

    /// A job that its creator ran to this end.
    async fn job(&self, title: &str, outcome: Outcome) -> TaskId {
        let id = self.create(title, NewJob::default(), |_| {}).await;
        let log =
            self.house.server.app.act(&self.alice, Via::Api, move |w, by| append_log(w, by, id, None, b"hello\n"));
        log.await.unwrap();
        self.finish(id, outcome).await;
        id
    }

    async fn file(&self, id: TaskId) {
        let app = &self.house.server.app;
        let name = ArtifactName::parse("tasks.csv").unwrap();
        let new = NewArtifact { name, content_type: "text/csv".into(), attempt: None, bytes: None, expires_at: None };
        let body = stream::once(async { Ok(Bytes::from_static(b"title\nPlank\n")) });
        store_artifact(app, &app.by(&self.alice, Via::Api), id, new, body).await.unwrap();
    }

    async fn clean(&self, payload: Value) -> Value {
        let job = NewJob { job_kind: Some("clean-up".into()), payload, ..NewJob::default() };
        let id = self.create("Clean up", job, |_| {}).await;
        let done = ended(&self.house, id).await;
        assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
        done.job().unwrap().result.as_deref().unwrap().clone()
    }

    fn is_there(&self, id: TaskId) -> bool {
        milepost::tasks::sql::find(&self.house.look(), id).unwrap().is_some()
    }

    fn count(&self, sql: &str) -> i64 {
        self.house.look().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn trail(&self) -> BTreeMap<i64, String> {
        let conn = self.house.look();
        let mut statement =
            conn.prepare("select sequence, task_id || change || old || new || coalesce(note, '') from trail").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_jobs_go_after_their_time_with_all_they_left_and_their_trail_stays() {
    let lived = Lived::open().await;
    let done = lived.job("Done", Outcome::Done).await;
    let failed = lived.job("Failed", Outcome::Failed).await;
    let cancelled = lived.job("Cancelled", Outcome::Cancelled).await;
    lived.house.advance(DAY * 29);
    let late = lived.job("Late", Outcome::Done).await;
    assert_eq!(lived.clean(json!(null)).await["removed"]["done-jobs"], 0);
    lived.house.advance(DAY * 2);
    let before = lived.trail();
    let dry = lived.clean(json!({ "dry_run": true })).await;
    assert_eq!((&dry["would_remove"]["done-jobs"], &dry["dry_run"]), (&json!(1), &json!(true)));
    assert!(lived.is_there(done), "a dry run removes nothing");
    let removed = lived.clean(json!(null)).await["removed"].clone();
    assert_eq!(
        (&removed["done-jobs"], &removed["failed-jobs"], &removed["cancelled-jobs"]),
        (&json!(1), &json!(0), &json!(1))
    );
    assert_eq!([done, failed, cancelled, late].map(|id| lived.is_there(id)), [false, true, false, true]);
    let after = lived.trail();
    assert!(before.iter().all(|(sequence, entry)| after.get(sequence) == Some(entry)), "not a word of the trail goes");
    let last: (String, Option<i64>) = lived
        .house
        .look()
        .query_row(
            "select change, actor_id from trail where task_id = ? order by sequence desc limit 1",
            [done],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(last, ("deleted".to_owned(), None), "Milepost itself dismissed it");
    milepost::jobs::actions::remove_leftovers(&lived.house.server.app).await.unwrap();
    assert_eq!(lived.count(&format!("select count(*) from job_log where task_id = {done}")), 0);
    lived.house.advance(DAY * 60);
    assert_eq!(lived.clean(json!(null)).await["removed"]["failed-jobs"], 1);
    assert!(!lived.is_there(failed));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_and_what_it_needs_stays_and_so_do_assignments() {
    let lived = Lived::open().await;
    let first = lived.job("First", Outcome::Done).await;
    let waits = lived.create("Then", NewJob::default(), |new| new.after = vec![first]).await;
    let parent = lived.create("Batch", NewJob::default(), |_| {}).await;
    let child = lived.create("Part", NewJob::default(), |new| new.parent = Some(parent)).await;
    let open_child = lived.create("Open part", NewJob::default(), |new| new.parent = Some(parent)).await;
    lived.finish(child, Outcome::Done).await;
    let over = lived.create("Old batch", NewJob::default(), |_| {}).await;
    let over_child = lived.create("Old part", NewJob::default(), |new| new.parent = Some(over)).await;
    lived.finish(over_child, Outcome::Done).await;
    let assigned: i64 = lived.house.assign("Plank", "bob").await.parse().unwrap();
    let assigned = TaskId::new(assigned);
    let completing = lived.house.server.app.act(&lived.alice, Via::Page, move |w, by| complete(w, by, assigned, ""));
    completing.await.unwrap();
    lived.house.advance(DAY * 1_000);
    let result = lived.clean(json!(null)).await;
    for (id, what) in [(first, "what an open job waited for"), (child, "a part of an open batch")] {
        assert!(lived.is_there(id), "{what}: {result}");
    }
    for id in [waits, parent, open_child, assigned] {
        assert!(lived.is_there(id), "{id}: {result}");
    }
    assert!(!lived.is_there(over_child), "{result}");
    // What was a parent goes once its parts have gone.
    lived.clean(json!(null)).await;
    assert!(!lived.is_there(over));
    let check = lived.create("Check", NewJob { job_kind: Some("check-integrity".into()), ..NewJob::default() }, |_| {});
    let done = ended(&lived.house, check.await).await;
    assert_eq!(done.job().unwrap().result.as_ref().unwrap()["findings"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_and_uploads_have_times_of_their_own() {
    let lived = Lived::open().await;
    let upload = lived.create("Upload tasks.csv", NewJob::default(), |new| new.category = Some("upload".into())).await;
    lived.file(upload).await;
    lived.finish(upload, Outcome::Done).await;
    let report = lived.create("Report", NewJob::default(), |_| {}).await;
    lived.file(report).await;
    lived.finish(report, Outcome::Done).await;
    let check =
        lived.create("Check", NewJob { job_kind: Some("check-health".into()), ..NewJob::default() }, |_| {}).await;
    ended(&lived.house, check).await;
    lived.house.advance(DAY * 4);
    let removed = lived.clean(json!({ "kinds": { "rehearsal": { "done": 1 } } })).await;
    assert!(!lived.is_there(check) && lived.is_there(upload), "{removed}");
    lived.house.advance(DAY * 4);
    lived.clean(json!(null)).await;
    assert!(!lived.is_there(upload) && lived.is_there(report));
    assert_eq!(lived.count("select count(*) from artifacts where state = 'stored'"), 1);
    lived.house.advance(DAY * 8);
    let removed = lived.clean(json!(null)).await;
    assert_eq!(removed["removed"]["files"], 1, "{removed}");
    assert!(lived.is_there(report), "a job may be kept for longer than its files");
    lived.house.advance(SignedDuration::from_mins(20));
    eventually("its bytes go in pieces", || async {
        milepost::jobs::actions::remove_leftovers(&lived.house.server.app).await.unwrap();
        (lived.count("select count(*) from artifact_chunks") == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_tokens_that_cannot_be_used_go_and_others_stay() {
    let lived = Lived::open().await;
    let alice = lived.house.alice();
    crate::support::server::invite(&alice, "late@harbour.example", "Lola Late", "member").await;
    lived.house.token("alice", "read").await;
    let bob = lived.house.people.id("bob").to_owned();
    alice.post(&format!("/people/{bob}/reset-link"), &[]).await;
    let count = |table: &str| lived.count(&format!("select count(*) from {table}"));
    let (invitations, tokens) = (count("invitations"), count("api_tokens"));
    assert_eq!(count("password_resets"), 1);
    lived.house.advance(DAY * 10);
    lived.clean(json!(null)).await;
    assert_eq!((count("password_resets"), count("invitations"), count("api_tokens")), (1, invitations, tokens));
    lived.house.advance(DAY * 60);
    let removed = lived.clean(json!(null)).await;
    assert_eq!(removed["removed"]["reset-links"], 1, "{removed}");
    assert_eq!(count("invitations"), 0, "those that were used, too, long ago");
    assert_eq!(count("api_tokens"), tokens, "it is over for less than its time");
    lived.house.advance(DAY * 200);
    lived.clean(json!(null)).await;
    assert_eq!(count("api_tokens"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_an_open_job_or_a_schedule_will_read_stays() {
    let lived = Lived::open().await;
    let mut uploads = Vec::new();
    for _ in 0..3 {
        let id = lived.create("Upload tasks.csv", NewJob::default(), |new| new.category = Some("upload".into())).await;
        lived.file(id).await;
        lived.finish(id, Outcome::Done).await;
        uploads.push(id);
    }
    let file = |id: TaskId| json!({ "file": { "task": id.get(), "name": "tasks.csv" } });
    let letters = NewJob { job_kind: Some("letters".into()), payload: file(uploads[0]), ..NewJob::default() };
    lived.create("Read it one day", letters, |_| {}).await;
    let template = json!({ "job": { "job_kind": "import-tasks", "payload": file(uploads[1]) } }).to_string();
    let put = lived.house.server.app.db.write(move |w| {
        w.conn.execute(
            "insert into schedules (organisation_id, title, cron, zone, template, jitter_seconds, after_downtime, overlap,
               alarm_failures, is_paused, counted_to, forgotten_to, created_at, updated_at, version)
             values (1, 'Weekly', '@weekly', 'UTC', ?1, 0, 'skip', 'skip', 3, 1, 0, 0, 0, 0, 1)",
            [template],
        )?;
        Ok(())
    });
    put.await.unwrap();
    lived.house.advance(DAY * 100);
    let result = lived.clean(json!(null)).await;
    assert_eq!(uploads.iter().map(|id| lived.is_there(*id)).collect::<Vec<_>>(), [true, true, false], "{result}");
    assert_eq!(lived.count("select count(*) from artifacts where state = 'stored'"), 2, "{result}");
}

/// MILEPOST_CLEAN_JOBS=20000 looks at more.
#[tokio::test(flavor = "multi_thread")]
async fn many_jobs_go_while_pages_answer() {
    let jobs: usize = std::env::var("MILEPOST_CLEAN_JOBS").map_or(600, |jobs| jobs.parse().unwrap());
    let lived = Lived::open().await;
    for some in (0..jobs).collect::<Vec<_>>().chunks(100) {
        let some = some.to_vec();
        let made = lived.house.server.app.act(&lived.alice, Via::Api, move |w, by| {
            for number in some {
                let job = Some(NewJob::default());
                let id = create(w, by, NewTask { title: format!("Job {number}"), job, ..NewTask::default() })?.task.id;
                append_log(w, by, id, None, b"hello\n")?;
                finish(w, by, id, Finish { attempt: None, outcome: Outcome::Done, result: None, error: None })?;
            }
            Ok(())
        });
        made.await.unwrap();
    }
    lived.house.advance(DAY * 31);
    // Whoever was signed in a month ago is not any more.
    let alice = lived.house.nobody();
    alice.sign_in("alice@harbour.example", crate::support::server::PASSWORD).await.expect(303);
    let id = lived.create("Clean up", NewJob { job_kind: Some("clean-up".into()), ..NewJob::default() }, |_| {}).await;
    let (began, mut slowest, mut pages) = (Instant::now(), Duration::ZERO, 0);
    let done = loop {
        let asked = Instant::now();
        alice.open("/jobs").await;
        slowest = slowest.max(asked.elapsed());
        pages += 1;
        let now = crate::support::jobs::task(&lived.house, id);
        if now.status.has_ended() {
            break now;
        }
    };
    assert_eq!(done.job().unwrap().result.as_deref().unwrap()["removed"]["done-jobs"], jobs);
    crate::support::say(&format!(
        "{jobs} jobs removed in {:.1?}; {pages} pages meanwhile, the slowest {slowest:.1?}",
        began.elapsed()
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_says_nonsense_is_refused() {
    let lived = Lived::open().await;
    for payload in [json!({ "done_days": 0 }), json!({ "kinds": 3 }), json!({ "days": 3 })] {
        let job = NewJob { job_kind: Some("clean-up".into()), payload: payload.clone(), ..NewJob::default() };
        let new = NewTask { title: "Clean up".into(), job: Some(job), ..NewTask::default() };
        let made = lived.house.server.app.act(&lived.alice, Via::Api, |w, by| create(w, by, new)).await;
        assert!(made.is_err(), "{payload}");
    }
}
