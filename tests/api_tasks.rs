//! Tasks and jobs through the API: each call works, and is refused with a sentence.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::program::{TASKS, act, make, post, wrong};
use crate::support::server::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_from_its_making_through_reports_to_its_end() {
    let house = House::open().await;
    let program = house.program("bob", "read report").await;
    let page = post(&program, TASKS, json!({ "title": "Send 1000 letters", "category": "mail", "total": 1000 })).await;
    let made = page.clone().expect(201).json();
    assert_eq!(page.location().unwrap(), format!("{TASKS}/{}", made["id"]));
    assert_eq!(made["status"], "pending");
    assert_eq!(made["job"]["attempt"], 0);
    let said = act(&program, &made, "progress", json!({ "succeeded": 498, "failed": 2, "stage": "sending" })).await;
    let said = said.expect(200).json();
    assert_eq!(said["cancel_requested"], false);
    assert_eq!(said["task"]["progress"], 50.0);
    assert_eq!(said["task"]["counts"]["processed"], 500);
    assert_eq!(said["task"]["stage"], json!({ "name": "sending", "index": null, "of": null }));
    let done = act(&program, &made, "finish", json!({ "outcome": "done", "result": { "letters": 998 } })).await;
    assert_eq!(done.expect(200).json()["status"], "done");
    let read = program.get(&format!("{TASKS}/{}", made["id"])).await.expect(200).json();
    assert_eq!(read["job"]["result"], json!({ "letters": 998 }));
    let trail = program.get(&format!("{TASKS}/{}/trail?limit=2", made["id"])).await.expect(200).json();
    assert_eq!(trail["items"][0]["change"], "created");
    assert_eq!(trail["items"][1]["change"], "claimed");
    let next = trail["next"].as_str().unwrap();
    let rest = program.get(&format!("{TASKS}/{}/trail?cursor={next}", made["id"])).await.expect(200).json();
    let changes: Vec<&Value> = rest["items"].as_array().unwrap().iter().map(|entry| &entry["change"]).collect();
    assert_eq!(changes, ["stage", "completed"]);
    assert_eq!(rest["next"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_field_by_field_and_nothing_is_done() {
    let house = House::open().await;
    let program = house.program("alice", "read report admin").await;
    assert_eq!(wrong(post(&program, TASKS, json!({})).await), ["title"]);
    assert_eq!(wrong(post(&program, TASKS, json!({ "titel": "x" })).await), ["title", "titel"]);
    let soon = post(&program, TASKS, json!({ "title": "x", "run_at": "tomorrow" })).await.expect(422).json();
    assert_eq!(soon["errors"][0]["field"], "run_at");
    assert!(soon["errors"][0]["detail"].as_str().unwrap().contains("2026-11-22T10:00:00Z"), "{soon}");
    let bad = json!({ "title": " ", "queue_priority": 10, "max_attempts": 0, "labels": ["", "x"] });
    let mut fields = wrong(post(&program, TASKS, bad).await);
    fields.sort();
    assert_eq!(fields, ["labels", "max_attempts", "queue_priority", "title"]);
    let bad = json!({ "title": 7, "total": "many", "stages": [{ "name": "x", "wait": 1 }], "kind": "chore" });
    assert_eq!(wrong(post(&program, TASKS, bad).await), ["kind", "stages[0].wait", "title", "total"]);
    let bad = json!({ "title": "x", "kind": "assignment", "job_kind": "letters" });
    assert_eq!(wrong(post(&program, TASKS, bad).await), ["job_kind"]);
    let job = make(&program, json!({ "title": "x" })).await;
    assert_eq!(wrong(act(&program, &job, "progress", json!({ "progress": 101 })).await), ["progress"]);
    assert_eq!(
        wrong(act(&program, &job, "progress", json!({ "processed": 3, "succeeded": 1, "failed": 1 })).await),
        ["processed"]
    );
    assert_eq!(wrong(act(&program, &job, "finish", json!({ "outcome": "lost" })).await), ["outcome"]);
    assert_eq!(
        wrong(program.get(&format!("{TASKS}?status=odd&limit=0&cursor=x&colour=red")).await),
        ["status", "limit", "cursor", "query"]
    );
    let tasks: i64 = house.look().query_row("select count(*) from tasks", [], |row| row.get(0)).unwrap();
    assert_eq!(tasks, 1);
    // JSON does not tell 1 from 1.0.
    act(&program, &job, "progress", json!({ "processed": 1.0, "stage": null })).await.expect(200);
    // Not JSON, not called so, too much of it, and another method.
    let path = format!("{TASKS}/{}/progress", job["id"]);
    let broken = program.send_json(Method::POST, &path, "{\"progress\":").await.expect(400).json();
    assert!(broken["detail"].as_str().unwrap().contains("line 1"), "{broken}");
    let twice = program.send_json(Method::POST, &path, "{\"progress\":1,\"progress\":2}").await.expect(422).json();
    assert!(twice["detail"].as_str().unwrap().contains("twice"), "{twice}");
    let form = program.request(Method::POST, &path).header("content-type", "text/plain").body("x");
    program.send(form).await.expect(415).json();
    let much = |bytes: usize| json!({ "note": "x".repeat(bytes) });
    let larger = post(&program, &path, much(milepost::config::ITEMS_BODY_BYTES)).await.expect(413).json();
    assert!(larger["detail"].as_str().unwrap().contains("4,096 KB"), "{larger}");
    let large = post(&program, TASKS, much(milepost::config::BODY_BYTES)).await.expect(413).json();
    assert!(large["detail"].as_str().unwrap().contains("256 KB"), "{large}");
    let other = program.send_json(Method::PUT, &path, "{}").await.expect(405);
    assert_eq!(other.header("allow"), "POST");
    assert_eq!(other.json()["status"], 405);
    program.get("/api/v1/tasks/x").await.expect(404).json();
    program.get("/api/v2").await.expect(404).json();
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_and_go_on_where_the_last_page_ended() {
    let house = House::open().await;
    let program = house.program("alice", "read report admin").await;
    let mut ids = Vec::new();
    for number in 0..7 {
        let job = json!({
            "title": format!("Job {number}"), "category": if number % 2 == 0 { "even" } else { "odd" },
            "job_kind": format!("kind-{}", number % 3), "queue": "q", "labels": [format!("l{number}")],
            "external_id": format!("e-{number}"),
        });
        ids.push(make(&program, job).await["id"].as_i64().unwrap());
    }
    house.assign("Paint the north pier", "bob").await;
    let listed = async |query: String| -> Vec<i64> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = program.get(&format!("{TASKS}?limit=2&{query}{cursor}")).await.expect(200).json();
            found.extend(page["items"].as_array().unwrap().iter().map(|task| task["id"].as_i64().unwrap()));
            let Some(next) = page["next"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    };
    let newest = |which: &dyn Fn(usize) -> bool| -> Vec<i64> {
        ids.iter().enumerate().rev().filter(|(number, _)| which(*number)).map(|(_, id)| *id).collect()
    };
    for (query, expected) in [
        ("kind=job", newest(&|_| true)),
        ("category=even", newest(&|number| number % 2 == 0)),
        ("job_kind=kind-1&category=odd", newest(&|number| number == 1)),
        ("queue=q", newest(&|_| true)),
        ("queue=other", vec![]),
        ("label=l4", newest(&|number| number == 4)),
        ("external_id=e-5", newest(&|number| number == 5)),
        ("q=job+3", newest(&|number| number == 3)),
        ("status=pending&kind=job&job_kind=kind-0", newest(&|number| number % 3 == 0)),
        ("status=done", vec![]),
        ("kind=job&q=+!", newest(&|_| true)),
        ("created_after=2025-03-03T09:00:01Z", vec![]),
        ("created_before=2025-03-03T09:00:01Z&kind=job", newest(&|_| true)),
    ] {
        assert_eq!(listed(query.into()).await, expected, "{query}");
    }
    assert_eq!(listed(String::new()).await.len(), 8);
    assert_eq!(listed(format!("assignee={}", house.people.id("bob"))).await.len(), 1);
    let bobs = house.program("bob", "read").await;
    let seen = bobs.get(TASKS).await.expect(200).json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "a member sees what is theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_edited_and_an_ended_one_deleted_by_an_admins_token_alone() {
    let house = House::open().await;
    let admin = house.program("alice", "read report admin").await;
    let bob: i64 = house.people.id("bob").parse().unwrap();
    let made =
        json!({ "kind": "assignment", "title": "Paint", "assignee": bob, "due": "2025-04-01", "estimate_minutes": 90 });
    let task = make(&admin, made.clone()).await;
    assert_eq!(
        (&task["assignee"]["id"], &task["due"], &task["job"]),
        (&json!(bob), &json!("2025-04-01"), &Value::Null)
    );
    let path = format!("{TASKS}/{}", task["id"]);
    let edit = json!({ "title": "Paint it", "due": null, "estimate_minutes": 30, "version": 1 });
    let edited = admin.send_json(Method::PATCH, &path, &edit.to_string()).await.expect(200).json();
    assert_eq!(
        (&edited["title"], &edited["due"], &edited["estimate_minutes"]),
        (&json!("Paint it"), &Value::Null, &json!(30))
    );
    let late = admin.send_json(Method::PATCH, &path, r#"{"title":"No, this","version":1}"#).await;
    assert_eq!(wrong(late), ["title"]);
    let wrong_estimate = admin.send_json(Method::PATCH, &path, r#"{"estimate_minutes":0}"#).await;
    assert_eq!(wrong(wrong_estimate), ["estimate_minutes"]);
    admin.send_json(Method::DELETE, &path, "").await.expect(409);
    act(&admin, &task, "complete", json!({ "note": "all of it" })).await.expect(200);
    act(&admin, &task, "reopen", json!({})).await.expect(200);
    act(&admin, &task, "comments", json!({ "text": "hm" })).await.expect(200);
    assert_eq!(wrong(act(&admin, &task, "comments", json!({ "text": " " })).await), ["text"]);
    act(&admin, &task, "cancel", json!({})).await.expect(200);
    let report = house.program("alice", "read report").await;
    report.send_json(Method::DELETE, &path, "").await.expect(403);
    post(&report, TASKS, made).await.expect(403);
    admin.send_json(Method::DELETE, &path, "").await.expect(204);
    admin.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_reports_come_in_one_call_and_each_is_answered_by_itself() {
    let house = House::open().await;
    let program = house.program("bob", "read report").await;
    let own = make(&program, json!({ "title": "Own" })).await;
    let foreign = house.assign("Not bob's", "carol").await.parse::<i64>().unwrap();
    let mut reports: Vec<Value> =
        (1..=997).map(|number| json!({ "task_id": own["id"], "processed": number, "total": 1000 })).collect();
    reports.push(json!({ "task_id": foreign, "progress": 10 }));
    reports.push(json!({ "task_id": own["id"], "attempt": 7, "progress": 10 }));
    reports.push(json!({ "task_id": own["id"], "progress": 101 }));
    let answer = post(&program, "/api/v1/tasks/progress", json!({ "reports": reports })).await.expect(200).json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 1000);
    assert!(results[..997].iter().all(|result| result["status"] == 200 && result["problem"].is_null()));
    assert_eq!(results[996]["task"]["counts"]["processed"], 997);
    let told: Vec<&Value> = results[997..].iter().map(|result| &result["status"]).collect();
    assert_eq!(told, [404, 409, 422]);
    assert_eq!(results[999]["problem"]["errors"][0]["field"], "progress");
    reports.push(json!({ "task_id": own["id"], "progress": 99 }));
    assert_eq!(wrong(post(&program, "/api/v1/tasks/progress", json!({ "reports": reports })).await), ["reports"]);
    assert_eq!(wrong(post(&program, "/api/v1/tasks/progress", json!({ "reports": [] })).await), ["reports"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_items_with_the_longest_keys_and_messages_fit_into_one_report() {
    let house = House::open().await;
    let program = house.program("bob", "read report").await;
    let own = make(&program, json!({ "title": "Own" })).await;
    let message = "x".repeat(milepost::config::ITEM_MESSAGE_CHARS);
    let items: Vec<Value> = (0..milepost::config::ITEMS_AT_ONCE)
        .map(|number| json!({ "key": format!("{number:0>200}"), "outcome": "failed", "message": message }))
        .collect();
    let said = act(&program, &own, "progress", json!({ "items": items })).await.expect(200).json();
    assert_eq!(said["task"]["counts"]["failed"], 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_has_a_bound_on_all_its_items_and_a_refusal_on_what_it_names() {
    let house = House::open().await;
    let program = house.program("alice", "read report admin").await;
    let own = make(&program, json!({ "title": "Own" })).await;
    let reports = async |reports: usize, item: Value| {
        let report = json!({ "task_id": own["id"], "items": vec![item; milepost::config::ITEMS_AT_ONCE] });
        post(&program, "/api/v1/tasks/progress", json!({ "reports": vec![report; reports] })).await
    };
    let most = milepost::config::ITEMS_A_CALL / milepost::config::ITEMS_AT_ONCE;
    assert_eq!(wrong(reports(most + 1, json!({ "outcome": "failed" })).await), ["reports"]);
    let taken = reports(most, json!({ "outcome": "failed" })).await.expect(200).json();
    assert_eq!(taken["results"][most - 1]["task"]["counts"]["failed"], milepost::config::ITEMS_A_CALL);
    // What a list that is too long holds is not looked at.
    assert_eq!(wrong(act(&program, &own, "progress", json!({ "items": vec![0; 100_000] })).await), ["items"]);
    let refused = reports(2, json!({ "key": "", "outcome": "failed" })).await.expect(200).json();
    for result in refused["results"].as_array().unwrap() {
        assert_eq!(result["problem"]["errors"].as_array().unwrap().len(), milepost::config::ERRORS_TOLD);
    }
    let payload: serde_json::Map<_, _> = (0..1_000).map(|number| (format!("x{number}"), json!(1))).collect();
    let refused = post(&program, TASKS, json!({ "title": "x", "job_kind": "rehearsal", "payload": payload })).await;
    assert_eq!(wrong(refused).len(), milepost::config::ERRORS_TOLD);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_report_that_is_refused_among_others_nothing_stays() {
    let house = House::open().await;
    let program = house.program("bob", "read report").await;
    let mut jobs = Vec::new();
    for title in ["First", "Refused", "Last"] {
        jobs.push(make(&program, json!({ "title": title })).await);
    }
    // Its first report begins a job before its counts are looked at.
    let reports = [
        json!({ "task_id": jobs[0]["id"], "progress": 10 }),
        json!({ "task_id": jobs[1]["id"], "processed": 5, "succeeded": 1 }),
        json!({ "task_id": jobs[2]["id"], "progress": 30 }),
    ];
    let answer = post(&program, "/api/v1/tasks/progress", json!({ "reports": reports })).await.expect(200).json();
    let told: Vec<&Value> = answer["results"].as_array().unwrap().iter().map(|result| &result["status"]).collect();
    assert_eq!(told, [200, 422, 200]);
    for (job, status, progress, entries) in
        [(&jobs[0], "in_progress", 10.0, 2), (&jobs[1], "pending", 0.0, 1), (&jobs[2], "in_progress", 30.0, 2)]
    {
        let path = format!("{TASKS}/{}", job["id"]);
        let read = program.get(&path).await.expect(200).json();
        assert_eq!((read["status"].as_str(), read["progress"].as_f64()), (Some(status), Some(progress)));
        let trail = program.get(&format!("{path}/trail")).await.expect(200).json();
        assert_eq!(trail["items"].as_array().unwrap().len(), entries, "{trail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_and_request_get_the_same_answer_and_do_nothing_more() {
    let house = House::open().await;
    let program = house.program("bob", "read report").await;
    let keyed = async |program: &Client, key: &str, body: &str| {
        let request = program.request(Method::POST, TASKS).header("content-type", "application/json");
        program.send(request.header("idempotency-key", key).body(body.to_owned())).await
    };
    let first = keyed(&program, "a", r#"{"title":"Once"}"#).await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    for key in ["a", "\"a\""] {
        let again = keyed(&program, key, r#"{"title":"Once"}"#).await.expect(201);
        assert_eq!((&again.body, again.location()), (&first.body, first.location()));
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    let other = keyed(&program, "a", r#"{"title":"Twice"}"#).await.expect(409).json();
    assert!(other["detail"].as_str().unwrap().contains("Idempotency-Key"), "{other}");
    keyed(&program, "", r#"{"title":"Once"}"#).await.expect(422);
    // Another token of the same member is the same; another member is not.
    let other_token = house.program("bob", "report").await;
    assert_eq!(keyed(&other_token, "a", r#"{"title":"Once"}"#).await.expect(201).body, first.body);
    let carol = house.program("carol", "report").await;
    assert_ne!(keyed(&carol, "a", r#"{"title":"Once"}"#).await.expect(201).body, first.body);
    // What was refused did nothing, and may be tried again.
    keyed(&program, "b", r#"{"title":""}"#).await.expect(422);
    keyed(&program, "b", r#"{"title":"Now"}"#).await.expect(201);
    // Many at once are one.
    let at_once: Vec<_> = (0..20).map(|_| keyed(&program, "c", r#"{"title":"At once"}"#)).collect();
    let bodies: std::collections::BTreeSet<String> =
        futures_util::future::join_all(at_once).await.into_iter().map(|page| page.expect(201).body).collect();
    assert_eq!(bodies.len(), 1);
    let titles = || -> Vec<String> {
        let conn = house.look();
        let mut found = conn.prepare("select title from tasks order by id").unwrap();
        found.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(titles(), ["Once", "Once", "Now", "At once"]);
    house.advance(SignedDuration::from_hours(24));
    assert_ne!(keyed(&program, "a", r#"{"title":"Once"}"#).await.expect(201).body, first.body);
    assert_eq!(titles().len(), 5);
}
