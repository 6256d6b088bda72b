//! Bad input gets a sentence: nothing is lost, nothing half done, nothing of the inside shown.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use crate::support::server::House;

/// How many tasks and entries there are: what a refused request leaves as it was.
fn counts(house: &House) -> (i64, i64) {
    let conn = house.look();
    let count = |table: &str| conn.query_row(&format!("select count(*) from {table}"), [], |row| row.get(0)).unwrap();
    (count("tasks"), count("trail"))
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_not_there_or_are_none_are_not_found() {
    let house = House::open().await;
    let alice = house.alice();
    for id in ["999999", "0", "-1", "abc", "1.5", "99999999999999999999", "%00", "1%27"] {
        alice.get(&format!("/tasks/{id}")).await.refused(404);
        alice.post(&format!("/tasks/{id}/progress"), &[("progress", "50")]).await.refused(404);
        alice.post(&format!("/tasks/{id}/complete"), &[]).await.refused(404);
        alice.get(&format!("/people/{id}")).await.refused(404);
        alice.get(&format!("/projects/{id}")).await.refused(404);
        house.nobody().get(&format!("/invitations/{id}")).await.refused(404);
        house.nobody().get(&format!("/reset/{id}")).await.refused(404);
    }
    alice.get("/no/such/page").await.refused(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_percent_outside_or_not_a_number_is_refused_in_place_and_the_note_is_kept() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let before = counts(&house);
    let bob = house.bob();
    for percent in ["-1", "100.5", "abc", "", "NaN", "inf", "1e9", "50; drop table tasks", "٥٠٠"] {
        let form = [("progress", percent), ("note", "so much to say")];
        let back = bob.post(&format!("/tasks/{task}/progress"), &form).await.refused(422);
        assert!(back.body.contains("so much to say"), "{percent}: what was typed comes back: {}", back.said());
    }
    assert_eq!(counts(&house), before);
    for (percent, kept) in [("37,5", 37.5), (" 40 % ", 40.0), ("100", 100.0)] {
        bob.post(&format!("/tasks/{task}/progress"), &[("progress", percent)]).await.expect(303);
        let progress: f64 =
            house.look().query_row("select progress from tasks where id = ?", [&task], |row| row.get(0)).unwrap();
        assert_eq!(progress, kept, "{percent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_that_is_wrong_comes_back_as_typed() {
    let house = House::open().await;
    let alice = house.alice();
    let bob = house.people.id("bob").to_owned();
    let stranger = house.people.id("stranger").to_owned();
    let long = "x".repeat(milepost::config::TITLE_CHARS + 1);
    let endless = "x".repeat(milepost::config::DESCRIPTION_CHARS + 1);
    let many = "one more\n".repeat(milepost::config::TASKS_AT_ONCE + 1);
    let before = counts(&house);
    let good = [("title", "Good"), ("assignee", bob.as_str()), ("description", "kept as typed")];
    for (field, wrong) in [
        ("title", ""),
        ("title", " \n\t "),
        ("title", &long),
        ("title", &many),
        ("title", "with a\u{0}zero"),
        ("assignee", ""),
        ("assignee", "nobody"),
        ("assignee", "424242"),
        ("assignee", &stranger),
        ("due", "2025-02-30"),
        ("due", "next week"),
        ("due", "2025-13-01T10:00"),
        ("priority", "extreme"),
        ("estimate", "-5"),
        ("estimate", "a while"),
        ("project", "777"),
        ("description", &endless),
    ] {
        let form: Vec<_> = good.into_iter().filter(|(name, _)| *name != field).chain([(field, wrong)]).collect();
        let back = alice.post("/assign", &form).await.refused(422);
        let shown = wrong.chars().take(20).collect::<String>();
        assert!(
            back.has(&format!("#{field}-error, [aria-describedby*='{field}-error']")),
            "{field} {shown:?} has its sentence: {}",
            back.said()
        );
        let again = back.form("[action='/assign']");
        for (name, value) in form.iter().filter(|(name, _)| !["assignee", "priority", "project"].contains(name)) {
            let kept = again.value(name).unwrap_or_default().replace("\r\n", "\n");
            assert_eq!(
                kept.trim(),
                value.replace('\u{0}', "\u{fffd}").trim(),
                "{name} is kept when {field} is {shown:?}"
            );
        }
    }
    assert_eq!(counts(&house), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_the_clocks_skip_is_refused_with_a_sentence_and_one_that_comes_twice_is_the_first() {
    let house = House::open().await;
    let alice = house.alice();
    let form = alice.open("/account").await.form("[action='/account/preferences']").fill("zone", "America/New_York");
    alice.submit(&form).await.expect(303);
    let bob = house.people.id("bob").to_owned();
    let gap = [("title", "In the gap"), ("assignee", bob.as_str()), ("due", "2025-03-09T02:30")];
    let back = alice.post("/assign", &gap).await.refused(422);
    assert!(back.has("#due-error"), "{}", back.said());
    assert_eq!(back.form("[action='/assign']").value("due"), Some("2025-03-09T02:30"));
    let twice = [("title", "Comes twice"), ("assignee", bob.as_str()), ("due", "2025-11-02T01:30")];
    alice.post("/assign", &twice).await.expect(303);
    let due: i64 =
        house.look().query_row("select due_at from tasks where title = 'Comes twice'", [], |row| row.get(0)).unwrap();
    assert_eq!(due, "2025-11-02T05:30:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond());
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_not_utf8_is_refused() {
    let house = House::open().await;
    let alice = house.alice();
    let before = counts(&house);
    for body in ["title=%FF%FE&assignee=2", "title=%ED%A0%80&assignee=2", "ti%FFtle=x"] {
        let request =
            alice.request(Method::POST, "/assign").header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let answer = alice.send(request).await;
        let status = answer.status.as_u16();
        assert!([400, 422].contains(&status), "{body}: {status}");
        answer.refused(status);
    }
    let raw = alice.request(Method::POST, "/assign").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = alice.send(raw.body(b"title=\xff\xfe&assignee=2".to_vec())).await;
    assert!([400, 422].contains(&answer.status.as_u16()));
    let page = alice.get("/monitor?q=%FF%FE").await;
    assert!([200, 400, 422].contains(&page.status.as_u16()), "{}", page.said());
    assert_eq!(counts(&house), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_or_of_another_kind_is_refused() {
    let house = House::open().await;
    let alice = house.alice();
    let before = counts(&house);
    let huge = "x".repeat(milepost::config::BODY_BYTES + 1);
    alice.post("/assign", &[("title", "Big"), ("assignee", "2"), ("description", &huge)]).await.refused(413);
    let json =
        alice.request(Method::POST, "/assign").header(CONTENT_TYPE, "application/json").body("{\"title\":\"x\"}");
    alice.send(json).await.refused(415);
    let other = alice.send(alice.request(Method::DELETE, "/tasks")).await.refused(405);
    assert!(other.header("allow").contains("GET"));
    assert_eq!(counts(&house), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_filters_and_cursors_in_an_address_do_no_harm() {
    let house = House::open().await;
    house.assign("Paint the north pier", "bob").await;
    let alice = house.alice();
    for query in [
        "status=flying",
        "person=abc",
        "project=-9",
        "priority=%00",
        "overdue=maybe",
        "q=%27%22%29%2A",
        "page=zzz",
        "from=2025-02-30",
    ] {
        for path in ["/monitor", "/history"] {
            let page = alice.get(&format!("{path}?{query}")).await;
            let status = page.status.as_u16();
            assert!([200, 303, 404, 422].contains(&status), "{path}?{query}: {status}");
            if status >= 400 {
                page.refused(status);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_is_shown_as_they_wrote_it_and_never_run() {
    let house = House::open().await;
    let nasty = "<img src=x onerror=alert(1)> \"'&amp; \u{202e}right to left";
    let task = house.assign(nasty, "bob").await;
    let (bob, path) = (house.bob(), format!("/tasks/{task}"));
    bob.post(&format!("{path}/progress"), &[("progress", "10"), ("note", nasty)]).await.expect(303);
    for page in ["/tasks", "/monitor", "/history", &path] {
        let page = house.alice().open(page).await;
        assert!(!page.has("img[onerror]"), "{}", page.path);
        assert!(page.path == "/tasks" || page.contains("<img src=x onerror=alert(1)> \"'&amp;"), "{}", page.path);
    }
    let mut stream = house.alice().stream_of(&house.alice().open("/monitor").await).await;
    bob.post(&format!("{path}/progress"), &[("progress", "20"), ("note", "two\nlines\r\n\r\nevent: end\ndata: x")])
        .await
        .expect(303);
    let event = stream.named("task").await;
    assert!(!event.data.contains("<img src=x"));
    assert!(event.data.contains(&format!("task-{task}")));
}
