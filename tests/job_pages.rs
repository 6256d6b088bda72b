//! Jobs in the browser, through the front door: what the pages show of them, what can be done to one and to many, who may,
//! and that it reaches the others.

use jiff::SignedDuration;
use milepost::jobs::Outcome;
use milepost::tasks::TaskId;
use milepost::tasks::actions::{NewJob, NewTask};

use crate::support::html::Page;
use crate::support::served::Served;
use crate::support::server::{House, MARK, make_token};
use crate::support::worker::{Worker, letters};

fn rows(page: &Page) -> Vec<String> {
    page.attributes("#list [id^='task-']", "id")
}

fn row(id: TaskId) -> String {
    format!("task-{id}")
}

/// What stands in one job's row of a page.
fn said(page: &Page, id: TaskId) -> String {
    page.text(&format!("#task-{id}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_page_of_jobs_says_how_the_first_one_comes() {
    let house = House::open().await;
    let page = house.alice().open("/jobs").await;
    assert!(page.contains("There are no jobs yet") && page.contains("milepost run -- COMMAND"), "{}", page.said());
    let page = house.alice().open("/jobs?status=failed").await;
    assert!(page.contains("No job fits these filters"), "{}", page.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_stand_by_how_they_are_with_their_word_counts_stage_and_worker() {
    let house = House::open().await;
    let program = Worker::of(&house, "alice");
    let running = program.running("Send the letters").await;
    program.report(running, 500, 2).await;
    let failed = program.ended("Fail early", Outcome::Failed).await;
    let done = program.ended("Be done", Outcome::Done).await;
    let queued = program.job("Wait").await;
    let at = house.server.clock.now() + SignedDuration::from_hours(3);
    let scheduled = program
        .make(NewTask {
            job: Some(NewJob { job_kind: Some("letters".into()), run_at: Some(at), ..NewJob::default() }),
            ..letters("Wait until noon")
        })
        .await;
    let blocked = program.make(NewTask { after: vec![running], ..letters("Wait for others") }).await;
    let page = house.alice().open("/jobs").await;
    assert_eq!(rows(&page), [running, queued, scheduled, blocked, failed, done].map(row), "the running first");
    for (id, words) in [
        (
            running,
            vec!["Running", "500 of 1,000", "2 failed", "sending", "(2 of 3)", "w-7", "50", "letters", "mail", "post"],
        ),
        (failed, vec!["Failed", "the post office"]),
        (done, vec!["Completed", "100"]),
        (queued, vec!["Queued", "0 of 1,000"]),
        (scheduled, vec!["Scheduled", "3 Mar 2025, 12:00"]),
        (blocked, vec!["Blocked", "waits for 1 task"]),
    ] {
        let shown = said(&page, id);
        for word in words {
            assert!(shown.contains(word), "{word} in {shown}");
        }
    }
    for (bucket, count) in
        [("running", 1), ("queued", 1), ("scheduled", 1), ("blocked", 1), ("failed", 1), ("lost", 0), ("ended", 1)]
    {
        let number = page.text(&format!("[data-count='{bucket}'] b"));
        assert_eq!(number.trim(), count.to_string(), "{bucket}");
    }
    // What it waited for is done, its time has come: they are queued, without a word to say so.
    program.finish(running, Outcome::Done).await;
    house.advance(SignedDuration::from_hours(4));
    let page = house.alice().open("/jobs").await;
    assert!(said(&page, blocked).contains("Queued") && said(&page, scheduled).contains("Queued"), "{}", page.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_stand_in_the_address_and_pages_follow_each_other_without_a_gap() {
    let house = House::open().await;
    let program = Worker::of(&house, "alice");
    let mut all = Vec::new();
    for number in 0..120 {
        all.push(program.job(&format!("Letter {number}")).await);
    }
    let other = NewTask {
        job: Some(NewJob { job_kind: Some("images".into()), queue: Some("slow".into()), ..NewJob::default() }),
        category: Some("art".into()),
        ..letters("Paint")
    };
    let other = program.make(other).await;
    let alice = house.alice();
    for query in ["kind=images", "queue=slow", "category=art", "q=paint", "kind=images&status=queued"] {
        assert_eq!(rows(&alice.open(&format!("/jobs?{query}")).await), [row(other)], "{query}");
    }
    for query in ["kind=none", "queue=mail&category=art", "status=failed", "q=nothing", "kind=images&status=running"] {
        assert!(rows(&alice.open(&format!("/jobs?{query}")).await).is_empty(), "{query}");
    }
    let first = alice.open("/jobs").await;
    assert_eq!(rows(&first).len(), 10, "some of each");
    assert_eq!(first.attribute("#more-queued a", "href").as_deref(), Some("/jobs?status=queued"));
    let mut seen = Vec::new();
    let mut next = Some("/jobs?status=queued&queue=mail".to_owned());
    while let Some(address) = next {
        let page = alice.open(&address).await;
        seen.extend(rows(&page));
        next = page.attribute("a[rel='next']", "href");
    }
    all.reverse();
    assert_eq!(seen, all.into_iter().map(row).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_their_own_jobs_and_nobody_elses() {
    let house = House::open().await;
    let own = Worker::of(&house, "bob").job("Bob's own").await;
    let theirs = Worker::of(&house, "alice").job("Alice's").await;
    assert_eq!(rows(&house.bob().open("/jobs").await), [row(own)]);
    assert!(rows(&house.carol().open("/jobs").await).is_empty());
    assert!(rows(&house.stranger().open("/jobs").await).is_empty());
    let mut all = rows(&house.ada().open("/jobs").await);
    all.sort();
    assert_eq!(all, [row(own), row(theirs)]);
    house.bob().get(&format!("/tasks/{theirs}")).await.expect(404);
    house.bob().open("/tasks").await.text(&format!("#task-{own}"));
    assert!(house.alice().open("/monitor").await.has(&format!("#task-{theirs}")), "beside people's work");
    assert!(house.alice().open("/history?kind=job").await.contains("Alice's"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_cancelled_retried_and_dismissed_by_its_forms_or_refused_with_a_sentence() {
    let house = House::open().await;
    let program = Worker::of(&house, "bob");
    let bob = house.bob();
    let id = program.job("Send the letters").await;
    let path = format!("/tasks/{id}");
    bob.post(&format!("{path}/retry"), &[]).await.refused(409);
    bob.get(&format!("{path}/dismiss")).await.refused(409);
    bob.post(&format!("{path}/dismiss"), &[]).await.refused(409);
    house.carol().post(&format!("{path}/cancel"), &[]).await.expect(404);
    bob.post(&format!("{path}/cancel"), &[("note", "no stamps")]).await.expect(303);
    assert_eq!(program.status(id).await, "cancelled", "what waits is cancelled at once");
    bob.post(&format!("{path}/cancel"), &[]).await.expect(303);
    bob.post(&format!("{path}/retry"), &[("only_failed_items", "1")]).await.refused(409);
    bob.post(&format!("{path}/retry"), &[]).await.expect(303);
    assert_eq!(program.status(id).await, "pending");
    assert_eq!(program.claim().await.id, id);
    program.finish(id, Outcome::Done).await;
    bob.post(&format!("{path}/cancel"), &[]).await.refused(409);
    assert!(bob.open(&format!("{path}/dismiss")).await.contains("Its trail stays"));
    let page = bob.post(&format!("{path}/dismiss"), &[]).await;
    assert_eq!(page.expect(303).location().as_deref(), Some("/jobs"));
    bob.get(&path).await.expect(404);
    let kept: i64 =
        house.look().query_row("select count(*) from trail where task_id = ?", [id], |row| row.get(0)).unwrap();
    assert!(kept > 3, "the trail stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cancel_of_a_running_job_is_a_visible_chain() {
    let house = House::open().await;
    let program = Worker::of(&house, "bob");
    let (bob, id) = (house.bob(), program.running("Send the letters").await);
    let path = format!("/tasks/{id}");
    let chain = |page: &Page| -> Vec<String> { page.texts(".chain li b") };
    assert!(chain(&bob.open(&path).await).is_empty());
    house.ada().post(&format!("{path}/cancel"), &[]).await.expect(303);
    let page = bob.open(&path).await;
    assert_eq!(chain(&page), ["Cancel requested", "The worker has not answered yet"]);
    assert!(page.text(".chain").contains("Ada Admin"), "{}", page.said());
    assert!(said(&bob.open("/jobs").await, id).contains("Cancel requested"));
    program.acknowledge_cancel(id).await;
    assert_eq!(chain(&bob.open(&path).await), ["Cancel requested", "Cancel acknowledged", "The worker is ending"]);
    program.finish(id, Outcome::Cancelled).await;
    assert_eq!(chain(&bob.open(&path).await), ["Cancel requested", "Cancel acknowledged", "Cancelled"]);
    // Another one is faster than the request.
    let id = program.running("Send more").await;
    house.ada().post(&format!("/tasks/{id}/cancel"), &[]).await.expect(303);
    program.finish(id, Outcome::Done).await;
    let page = bob.open(&format!("/tasks/{id}")).await;
    assert_eq!(chain(&page), ["Cancel requested", "Finished before the cancel reached it"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jobs_page_has_its_log_attempts_payload_and_result() {
    let house = House::open().await;
    let program = Worker::of(&house, "bob");
    let id = program.running("Send the letters").await;
    let lines: String = (1..=600).map(|number| format!("\u{1b}[32mline {number}\u{1b}[0m\n")).collect();
    program.log(id, &lines).await;
    program.report(id, 400, 3).await;
    let path = format!("/tasks/{id}");
    let page = house.bob().open(&path).await;
    let shown = page.text("#log");
    assert!(!shown.contains("line 100 ") && shown.contains("line 101 ") && shown.contains("line 600"), "{shown}");
    assert_eq!(page.attribute("#log", "data-url").as_deref(), Some(&*format!("{path}/log")));
    assert_eq!(page.attribute("#log", "data-next").as_deref(), Some(&*lines.len().to_string()));
    assert!(page.contains("The last 500 lines"), "{}", page.said());
    let raw = house.bob().get(&format!("{path}/log")).await.expect(200);
    assert_eq!(raw.body, lines, "the whole, while it runs");
    assert!(raw.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(raw.headers["x-content-type-options"], "nosniff");
    let tail = house.bob().get(&format!("{path}/log?from={}", lines.len() - 9)).await.expect(200);
    assert_eq!(
        (tail.headers["milepost-log-next"].to_str().unwrap(), tail.headers["milepost-log-ended"].to_str().unwrap()),
        (&*lines.len().to_string(), "false")
    );
    assert!(page.text("#contents").contains(MARK), "the payload");
    assert!(page.text("#attempts").contains("w-7"), "{}", page.said());
    program.finish(id, Outcome::Failed).await;
    let page = house.bob().open(&path).await;
    for words in ["Failed", "the post office", "400 of 1,000", "3 failed"] {
        assert!(page.contains(words), "{words} in {}", page.said());
    }
    house.carol().get(&format!("{path}/log")).await.expect(404);
    house.stranger().get(&format!("{path}/items.csv")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_shows_its_children_and_a_child_its_parent() {
    let house = House::open().await;
    let program = Worker::of(&house, "alice");
    let parent =
        program.make(NewTask { title: "All letters".into(), job: Some(NewJob::default()), ..NewTask::default() }).await;
    let child = program.make(NewTask { parent: Some(parent), ..letters("The first part") }).await;
    program.make(NewTask { parent: Some(parent), ..letters("The second part") }).await;
    program.claim().await;
    program.finish(child, Outcome::Done).await;
    let page = house.alice().open(&format!("/tasks/{parent}")).await;
    for words in ["The first part", "The second part", "1 of 2 ended", "Completed", "Queued", "50"] {
        assert!(page.contains(words), "{words} in {}", page.said());
    }
    assert!(house.alice().open(&format!("/tasks/{child}")).await.text("#facts").contains("All letters"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_many_is_said_before_and_counted_after() {
    let house = House::open().await;
    let program = Worker::of(&house, "alice");
    for number in 0..12 {
        program.job(&format!("Letter {number}")).await;
    }
    let alice = house.alice();
    let page = alice.open("/jobs/bulk?act=cancel&status=queued&queue=mail").await;
    assert!(page.contains("Cancel 12 jobs") && page.contains("Letter 11"), "{}", page.said());
    let form = page.form("[action='/jobs/bulk']");
    // One more comes after it was said how many.
    let later = program.job("Later").await;
    let page = alice.submit_and_follow(&form).await;
    assert!(page.contains("12 done."), "{}", page.said());
    assert_eq!(program.status(later).await, "pending", "nothing happens to what nobody saw");
    let page = alice.open("/jobs/bulk?act=dismiss&status=ended").await;
    let page = alice.submit_and_follow(&page.form("[action='/jobs/bulk']")).await;
    assert!(page.contains("12 done."), "{}", page.said());
    assert_eq!(rows(&alice.open("/jobs").await), [row(later)]);
    for nonsense in ["/jobs/bulk", "/jobs/bulk?act=retry&status=running", "/jobs/bulk?act=x&status=failed"] {
        alice.get(nonsense).await.expect(404);
    }
    let page = alice.open("/jobs/bulk?act=retry&status=failed").await;
    assert!(page.contains("Nothing is left to do"), "{}", page.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn very_many_are_gone_through_by_a_job_with_a_progress_of_its_own() {
    let house = House::open().await;
    let program = Worker::of(&house, "alice");
    for number in 0..130 {
        program.job(&format!("Letter {number}")).await;
    }
    let alice = house.alice();
    let mut events = alice.events("/events?view=jobs", None).await;
    events.named("hello").await;
    let page = alice.open("/jobs/bulk?act=cancel&status=queued").await;
    let page = alice.submit(&page.form("[action='/jobs/bulk']")).await.expect(303);
    let path = page.location().unwrap();
    let id = TaskId::new(path.rsplit('/').next().unwrap().parse().unwrap());
    loop {
        let event = events.named("task").await;
        if event.data.contains(&format!("id=\"task-{id}\"")) && event.data.contains("data-status=\"done\"") {
            break;
        }
    }
    let shown = alice.open(&path).await;
    for words in ["Cancel 130 jobs", "130 of 130", "Completed"] {
        assert!(shown.contains(words), "{words} in {}", shown.said());
    }
    assert!(rows(&alice.open("/jobs?status=queued").await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_pause_and_limit_queues_and_kinds() {
    let house = House::open().await;
    let program = Worker::of(&house, "alice");
    program.running("Send the letters").await;
    program.job("Wait").await;
    let alice = house.alice();
    let lanes = alice.open("/jobs").await.text("#lanes");
    assert!(lanes.contains("mail") && lanes.contains("letters"), "{lanes}");
    assert!(!house.bob().open("/jobs").await.has("#lanes"), "for admins alone");
    alice.post("/jobs/limits", &[("what", "queue"), ("name", "mail"), ("paused", "1")]).await.expect(303);
    alice.post("/jobs/limits", &[("what", "queue"), ("name", "mail"), ("at_once", "3")]).await.expect(303);
    let limit = program.limits().await.into_iter().next().unwrap();
    assert_eq!((limit.name.as_str(), limit.is_paused, limit.at_once), ("mail", true, Some(3)));
    assert!(alice.open("/jobs").await.text("#lanes").contains("Paused"));
    alice.post("/jobs/limits", &[("what", "queue"), ("name", "mail"), ("paused", "0")]).await.expect(303);
    alice.post("/jobs/limits", &[("what", "queue"), ("name", "mail"), ("at_once", "")]).await.expect(303);
    assert!(program.limits().await.is_empty());
    for wrong in ["many", "0", "-1"] {
        alice.post("/jobs/limits", &[("what", "kind"), ("name", "letters"), ("at_once", wrong)]).await.refused(422);
    }
    alice.post("/jobs/limits", &[("what", "planet"), ("name", "x")]).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_job_reaches_another_browser() {
    let house = House::open().await;
    let program = Worker::of(&house, "bob");
    let id = program.running("Send the letters").await;
    let ada = house.ada();
    let mut jobs = ada.events("/events?view=jobs", None).await;
    let mut own = ada.events(&format!("/events?view=task&task={id}"), None).await;
    let mut filtered = ada.events("/events?view=jobs&status=failed", None).await;
    for events in [&mut jobs, &mut own, &mut filtered] {
        events.named("hello").await;
    }
    house.bob().post(&format!("/tasks/{id}/cancel"), &[]).await.expect(303);
    assert!(jobs.named("task").await.data.contains("Cancel requested"));
    assert!(own.named("task").await.data.contains("Cancel requested"));
    program.finish(id, Outcome::Failed).await;
    assert!(jobs.named("task").await.data.contains("the post office"));
    // Only what belongs there: the cancel is not.
    assert!(filtered.named("task").await.data.contains("the post office"));
    house.bob().post(&format!("/tasks/{id}/dismiss"), &[]).await.expect(303);
    assert!(jobs.named("gone").await.data.contains(&id.to_string()));
}

/// Plays one scene of `jobs.mjs` in Chromium.
async fn play(scene: &str) {
    let served = Served::open().await;
    let token = make_token(&served.client("alice"), "/account", "read report work admin").await;
    served.script("jobs.mjs").env("MILEPOST_SCENE", scene).env("MILEPOST_TOKEN", &token).run();
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_browser_the_cancel_of_a_running_job_is_seen_as_it_goes() {
    play("cancelled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_browser_a_failed_job_is_retried_in_part_then_as_a_whole_then_dismissed() {
    play("retried").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_browser_all_that_a_filter_finds_is_cancelled_and_cleared_and_nothing_else() {
    play("many").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_browser_a_queue_is_paused_and_goes_on() {
    play("paused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_keys_alone_a_job_is_cancelled_and_opened() {
    play("keys").await;
}
