//! The work itself, as people do it on the pages: assign, report, undo, edit, comment, watch, look back.

use jiff::SignedDuration;

use crate::support::html::Page;
use crate::support::server::House;

/// The percent on the card of a task.
#[track_caller]
fn percent(page: &Page, task: &str) -> f64 {
    let bar = page.attribute(&format!("#task-{task} progress"), "value");
    bar.unwrap_or_else(|| panic!("{} has no card of {task}: {}", page.path, page.said())).parse().unwrap()
}

fn trail(house: &House, task: &str) -> Vec<(String, Option<String>)> {
    let conn = house.look();
    let mut statement = conn.prepare("select change, note from trail where task_id = ? order by sequence").unwrap();
    statement.query_map([task], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

fn changes(house: &House, task: &str) -> Vec<String> {
    trail(house, task).into_iter().map(|(change, _)| change).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_needs_a_title_and_an_assignee_and_nothing_else() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let own = house.bob().open("/tasks").await;
    assert_eq!(percent(&own, &task), 0.0);
    assert_eq!(percent(&house.alice().open("/monitor").await, &task), 0.0);
    assert!(!house.carol().open("/tasks").await.contains("Paint the north pier"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_keeps_all_that_was_said_about_it() {
    let house = House::open().await;
    let alice = house.alice();
    alice.post("/projects", &[("name", "Waterfront")]).await.expect(303);
    let project: i64 = house.look().query_row("select id from projects", [], |row| row.get(0)).unwrap();
    let fields = [
        ("due", "2025-03-07"),
        ("priority", "urgent"),
        ("project", &project.to_string()),
        ("description", "Two coats, *then* the <script>alert(1)</script> [railing](javascript:alert(2))."),
        ("estimate", "90"),
    ];
    let task = house.assign_with("Paint the north pier", "bob", &fields).await;
    let page = house.bob().open(&format!("/tasks/{task}")).await;
    assert!(page.contains("Waterfront") && page.contains("Two coats"));
    assert!(page.texts("em").contains(&"then".to_owned()), "Markdown is shown as such");
    assert!(!page.has("script:not([src])") && !page.body.contains("javascript:"), "and disarmed");
    let kept: (String, String, i64) = house
        .look()
        .query_row("select priority, due_date, estimate_minutes from tasks where id = ?", [&task], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(kept.0, "urgent");
    assert_eq!(kept.1, "2025-03-07");
    assert!(kept.2 > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_lines_make_several_tasks() {
    let house = House::open().await;
    let lines = "Wash the boat\r\n\r\n  Dry the boat  \r\nPaint the boat";
    let answer = house.alice().post("/assign", &[("title", lines), ("assignee", house.people.id("bob"))]).await;
    answer.expect(303);
    let own = house.bob().open("/tasks").await;
    for title in ["Wash the boat", "Dry the boat", "Paint the boat"] {
        assert!(own.contains(title), "{title}");
    }
    let made: i64 = house.look().query_row("select count(*) from tasks", [], |row| row.get(0)).unwrap();
    assert_eq!(made, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_buttons_move_the_bar_and_status_follows() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let bob = house.bob();
    for wanted in ["50", "75"] {
        let page = bob.open("/tasks").await;
        let form = page.form(&format!("[action='/tasks/{task}/progress']:has(button[name='progress'])"));
        bob.submit(&form.press("progress", wanted)).await.expect(303);
        assert_eq!(percent(&bob.open("/tasks").await, &task).to_string(), wanted);
    }
    let form = bob.open("/tasks").await.form(&format!("[action='/tasks/{task}/progress']"));
    bob.submit(&form.press("progress", "100")).await.expect(303);
    let status: String =
        house.look().query_row("select status from tasks where id = ?", [&task], |row| row.get(0)).unwrap();
    assert_eq!(status, "done");
    assert_eq!(changes(&house, &task), ["created", "progress", "progress", "progress"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn undo_takes_a_report_back_and_erases_nothing() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let bob = house.bob();
    bob.post(&format!("/tasks/{task}/progress"), &[("progress", "30")]).await.expect(303);
    bob.post(&format!("/tasks/{task}/progress"), &[("progress", "80")]).await.expect(303);
    let page = bob.open("/tasks").await;
    let undo = page.form(&format!("[action='/tasks/{task}/undo']"));
    bob.submit(&undo).await.expect(303);
    assert_eq!(percent(&bob.open("/tasks").await, &task), 30.0);
    assert_eq!(changes(&house, &task), ["created", "progress", "progress", "undone"]);
    // Pressed twice, or too late: nothing happens twice.
    let again = bob.submit(&undo).await;
    assert!([303, 409].contains(&again.status.as_u16()), "{}", again.said());
    assert_eq!(percent(&bob.open("/tasks").await, &task), 30.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_talk_between_two_reports_hides_neither_the_later_move_nor_the_later_edit() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let (alice, bob, path) = (house.alice(), house.bob(), format!("/tasks/{task}"));
    bob.post(&format!("{path}/progress"), &[("progress", "30")]).await.expect(303);
    let first: i64 = house.look().query_row("select max(sequence) from trail", [], |row| row.get(0)).unwrap();
    for n in 0..101 {
        bob.post(&format!("{path}/comments"), &[("text", &format!("still at it, {n}"))]).await.expect(303);
    }
    bob.post(&format!("{path}/progress"), &[("progress", "80")]).await.expect(303);
    alice.post(&path, &[("title", "Paint both piers")]).await.expect(303);
    bob.post(&format!("{path}/undo"), &[("sequence", &first.to_string())]).await.refused(409);
    let stale = [("title", "Paint the south pier"), ("version", "2")];
    alice.post(&path, &stale).await.refused(422);
    assert_eq!(percent(&bob.open("/tasks").await, &task), 80.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_tells_who_said_what_when() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let path = format!("/tasks/{task}");
    let report = [("progress", "37.5"), ("note", "first coat & <b>bold</b>"), ("presence", "idle")];
    house.bob().post(&format!("{path}/progress"), &report).await.expect(303);
    house.advance(SignedDuration::from_mins(5));
    let page = house.ada().open(&path).await;
    let comment = page.form(&format!("[action='{path}/comments']"));
    house.ada().submit(&comment.fill("text", "which blue?")).await.expect(303);
    let page = house.bob().open(&path).await;
    for words in ["Bob Member", "first coat & <b>bold</b>", "37.5", "Ada Admin", "which blue?"] {
        assert!(page.contains(words), "{words} in {}", page.said());
    }
    assert_eq!(trail(&house, &task).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_editing_at_once_are_both_in_the_trail_and_the_later_is_told() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let path = format!("/tasks/{task}");
    let (alice, ada) = (house.alice(), house.ada());
    let edit = |page: Page| {
        page.forms().into_iter().find(|form| form.has("version") && form.has("priority")).expect("an edit form")
    };
    let (hers, his) = (edit(alice.open(&path).await), edit(ada.open(&path).await));
    alice.submit(&hers.clone().fill("priority", "urgent")).await.expect(303);
    // Another field: both hold.
    ada.submit(&his.clone().fill("due", "2025-03-09")).await.expect(303);
    let (priority, due): (String, String) = house
        .look()
        .query_row("select priority, due_date from tasks where id = ?", [&task], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!((priority.as_str(), due.as_str()), ("urgent", "2025-03-09"));
    // The same field: refused with a sentence, and what was typed is still there.
    let told = ada.submit(&his.fill("priority", "low")).await;
    let told = if told.status == 409 { told.refused(409) } else { told.refused(422) };
    assert!(told.forms().iter().any(|form| form.value("priority") == Some("low")), "nothing typed is lost");
    assert!(["due", "priority"].iter().all(|change| changes(&house, &task).contains(&(*change).to_owned())));
    let priority: String =
        house.look().query_row("select priority from tasks where id = ?", [&task], |row| row.get(0)).unwrap();
    assert_eq!(priority, "urgent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_report_lands_and_says_what_happened_meanwhile() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let path = format!("/tasks/{task}");
    let bob = house.bob();
    let stale = bob.open(&path).await.form(&format!("[action='{path}/progress']:has([name='note'])"));
    assert!(stale.has("version"), "the form knows what it was looking at");
    house.ada().post(&format!("{path}/progress"), &[("progress", "60"), ("note", "helped a little")]).await.expect(303);
    let shown = bob.submit_and_follow(&stale.fill("progress", "50").fill("note", "mine")).await;
    assert!(shown.has("#flash p"), "he is told: {}", shown.said());
    let notes: Vec<_> = trail(&house, &task).into_iter().filter_map(|(_, note)| note).collect();
    assert_eq!(notes, ["helped a little", "mine"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn complete_cancel_and_reopen_follow_the_rules_and_refuse_with_a_sentence() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let (bob, path) = (house.bob(), format!("/tasks/{task}"));
    let status = || -> String {
        house.look().query_row("select status from tasks where id = ?", [&task], |row| row.get(0)).unwrap()
    };
    bob.post(&format!("{path}/reopen"), &[]).await.refused(409);
    bob.post(&format!("{path}/complete"), &[]).await.expect(303);
    assert_eq!(status(), "done");
    bob.post(&format!("{path}/complete"), &[]).await.expect(303);
    house.alice().post(&format!("{path}/cancel"), &[]).await.refused(409);
    bob.post(&format!("{path}/progress"), &[("progress", "90")]).await.expect(303);
    assert_eq!(status(), "in_progress", "lowering a done one reopens it");
    bob.post(&format!("{path}/cancel"), &[("note", "no paint")]).await.refused(403);
    house.alice().post(&format!("{path}/cancel"), &[("note", "no paint")]).await.expect(303);
    bob.post(&format!("{path}/progress"), &[("progress", "95")]).await.refused(409);
    assert_eq!(status(), "cancelled");
    bob.post(&format!("{path}/reopen"), &[]).await.expect(303);
    assert_eq!(status(), "in_progress");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_monitor_counts_filters_and_keeps_its_filters_in_the_url() {
    let house = House::open().await;
    let late = house.assign_with("Late already", "bob", &[("due", "2025-03-01"), ("priority", "urgent")]).await;
    let begun = house.assign("Well begun", "carol").await;
    let done = house.assign("All over", "bob").await;
    house.bob().post(&format!("/tasks/{done}/complete"), &[]).await.expect(303);
    house.carol().post(&format!("/tasks/{begun}/progress"), &[("progress", "20")]).await.expect(303);
    let alice = house.alice();
    let cards = |page: &Page| page.attributes("#list [id^='task-']", "id");
    let all = alice.open("/monitor").await;
    assert_eq!(cards(&all), [format!("task-{late}"), format!("task-{begun}")], "by risk, open ones");
    for (query, wanted) in [
        ("overdue=1", vec![&late]),
        ("status=in_progress", vec![&begun]),
        (&format!("person={}", house.people.id("bob")), vec![&late]),
        ("priority=urgent", vec![&late]),
        ("q=begun", vec![&begun]),
        ("q=nothing-like-it", vec![]),
    ] {
        let page = alice.open(&format!("/monitor?{query}")).await;
        assert_eq!(cards(&page), wanted.iter().map(|id| format!("task-{id}")).collect::<Vec<_>>(), "{query}");
        let stream = page.attribute("#main", "data-stream").unwrap();
        assert!(stream.contains(query), "the stream has the page's filter: {stream}");
    }
    assert_eq!(cards(&house.carol().open("/monitor").await), [format!("task-{begun}")], "members see their own");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_see_their_projects_tasks_only_if_the_organisation_lets_them() {
    let house = House::open().await;
    let alice = house.alice();
    alice.post("/projects", &[("name", "Waterfront")]).await.expect(303);
    let project: i64 = house.look().query_row("select id from projects", [], |row| row.get(0)).unwrap();
    let members = [("members", house.people.id("carol"))];
    alice.post(&format!("/projects/{project}/members"), &members).await.expect(303);
    let task = house.assign_with("In the project", "bob", &[("project", &project.to_string())]).await;
    let carol = house.carol();
    carol.open(&format!("/tasks/{task}")).await;
    let mut stream = carol.stream_of(&carol.open("/monitor").await).await;
    house.bob().post(&format!("/tasks/{task}/progress"), &[("progress", "15")]).await.expect(303);
    stream.until("her project's task", |event| event.name == "task" && event.data.contains("value=\"15\"")).await;
    carol.post(&format!("/tasks/{task}/progress"), &[("progress", "16")]).await.refused(403);
    let settings = alice.open("/settings").await.form("[action='/settings']");
    let mut form = settings;
    form.fields.retain(|(name, _)| name != "members_see_projects");
    alice.submit(&form).await.expect(303);
    carol.get(&format!("/tasks/{task}")).await.refused(404);
    assert!(!carol.open("/monitor").await.contains("In the project"));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_finds_open_and_ended_work_by_filter_and_by_word() {
    let house = House::open().await;
    let done = house.assign("Paint the north pier", "bob").await;
    house.assign("Order more rope", "carol").await;
    house.bob().post(&format!("/tasks/{done}/complete"), &[]).await.expect(303);
    let alice = house.alice();
    let titles = |page: &Page| (page.contains("Paint the north pier"), page.contains("Order more rope"));
    for (query, wanted) in [
        ("", (true, true)),
        ("?status=done", (true, false)),
        ("?status=pending", (false, true)),
        ("?q=rope", (false, true)),
        // No word in it: nothing is searched for.
        ("?q=%22%27%28*%3A", (true, true)),
        ("?from=2025-03-04", (false, false)),
        ("?to=2025-03-03", (true, true)),
    ] {
        assert_eq!(titles(&alice.open(&format!("/history{query}")).await), wanted, "{query}");
    }
    assert_eq!(titles(&house.carol().open("/history").await), (false, true), "members find their own");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_are_paged_and_every_task_stands_on_exactly_one_page() {
    let house = House::open().await;
    let lines: Vec<String> = (0..100).map(|number| format!("Pile {number:03}")).collect();
    let alice = house.alice();
    let bob = house.people.id("bob");
    alice.post("/assign", &[("title", &lines.join("\n")), ("assignee", bob)]).await.expect(303);
    alice
        .post("/assign", &[("title", &lines[..30].join("\n")), ("assignee", bob), ("due", "2025-03-20")])
        .await
        .expect(303);
    for start in ["/monitor", "/history"] {
        let (mut path, mut seen) = (start.to_owned(), Vec::new());
        loop {
            let page = alice.open(&path).await;
            seen.extend(page.attributes("#list article a[href^='/tasks/'], .history th a[href^='/tasks/']", "href"));
            assert!(seen.len() <= 130, "{start} goes round in circles");
            match page.attribute("a[rel='next']", "href") {
                Some(next) => path = next,
                None => break,
            }
        }
        let unique: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), unique.len()), (130, 130), "{start}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_follows_the_pages_and_everybody_sees_their_own_record() {
    let house = House::open().await;
    let (bob, alice) = (house.bob(), house.alice());
    let id = house.people.id("bob");
    let state =
        |page: &Page| page.attribute(&format!("#member-{id} [data-presence]"), "data-presence").unwrap_or_default();
    bob.post("/presence", &[("state", "active")]).await.expect(204);
    assert_eq!(state(&alice.open("/people").await), "active");
    let mut stream = alice.stream_of(&alice.open("/monitor").await).await;
    stream.named("hello").await;
    bob.post("/presence", &[("state", "idle")]).await.expect(204);
    let id_number: i64 = id.parse().unwrap();
    let told =
        stream.until("bob's presence", |event| event.name == "presence" && event.json()["user"] == id_number).await;
    assert_eq!(told.json()["state"], "idle");
    house.advance(milepost::config::OFFLINE_AFTER + SignedDuration::from_mins(1));
    // What housekeeping does every half minute.
    milepost::people::presence::notice_silence(&house.server.app).await.unwrap();
    assert_eq!(state(&alice.open("/people").await), "offline");
    let account = bob.open("/account").await;
    assert!(account.texts("#presence tbody tr").len() >= 2, "{}", account.said());
    bob.post("/presence", &[("state", "asleep")]).await.refused(422);
}
