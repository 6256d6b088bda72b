//! The doors for programs: who comes in, by token or session, and how failures read.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::Value;

use crate::support::client::Client;
use crate::support::eventually;
use crate::support::html::Page;
use crate::support::server::House;

const EVENTS: &str = "/api/v1/events";

/// A failure as programs read it.
#[track_caller]
fn problem(page: Page, status: u16) -> Value {
    let page = page.expect(status);
    assert_eq!(page.header("content-type"), "application/problem+json", "{}", page.body);
    let problem: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(problem["status"], status);
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    problem
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_as_problem_documents() {
    let house = House::open().await;
    let nobody = house.nobody();
    let refused = nobody.get(EVENTS).await;
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    problem(refused, 401);
    let unknown = format!("mp_{}", "0".repeat(64));
    for wrong in ["", "x", "mp_1", &unknown] {
        let refused = Client::with_token(house.url(), wrong).get(EVENTS).await;
        assert!(refused.header("www-authenticate").starts_with("Bearer "), "{wrong}");
        problem(refused, 401);
    }
    let program = house.program("bob", "report").await;
    let refused = problem(program.get(EVENTS).await, 403);
    assert!(refused["detail"].as_str().unwrap().contains("read"), "{refused}");
    let program = house.program("bob", "read").await;
    problem(program.get("/api/v1/nothing").await, 404);
    problem(program.get(&format!("{EVENTS}?task=99")).await, 404);
    let refused = problem(program.get(&format!("{EVENTS}?kind=chore")).await, 422);
    assert_eq!(refused["errors"][0]["field"], "kind");
    assert!(refused["errors"][0]["detail"].is_string());
    let refused = program.send(program.request(Method::POST, EVENTS)).await;
    assert!(refused.header("allow").contains("GET"));
    problem(refused, 405);
    let hebrew = problem(nobody.clone().in_language("he").get(EVENTS).await, 401);
    assert!(hebrew["detail"].as_str().unwrap().contains("אסימון"), "{hebrew}");
    let too_many = House::open_with(|config| config.streams.per_user = 1).await;
    let program = too_many.program("bob", "read").await;
    let _open = program.events(EVENTS, None).await;
    let refused = program.get(EVENTS).await;
    assert!(!refused.header("retry-after").is_empty());
    problem(refused, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_read_the_api_with_its_session_and_a_token_opens_no_page() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let mut stream = house.bob().events(EVENTS, None).await;
    stream.named("hello").await;
    house.alice().post(&format!("/tasks/{task}/progress"), &[("progress", "10")]).await.expect(303);
    stream.named("task").await;
    let program = house.program("bob", "read report work").await;
    for path in ["/tasks", "/account", "/events?view=mine"] {
        let page = program.get(path).await;
        assert!(
            page.status == 401 || page.location().is_some_and(|to| to.contains("/sign-in")),
            "{path}: {}",
            page.status
        );
    }
    // Who shows a token is known by it alone.
    let both = house.bob().request(Method::GET, EVENTS).bearer_auth("mp_wrong");
    problem(house.nobody().send(both).await, 401);
    // A proxy's password is none of ours.
    let beside = house.bob().request(Method::GET, "/api/v1/events/poll?after=0-0").basic_auth("proxy", Some("x"));
    house.nobody().send(beside).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_be_shown_from_any_site_and_a_session_only_from_our_own() {
    let house = House::open().await;
    let program = house.program("bob", "read").await;
    let from_elsewhere = |client: &Client| {
        let request = client.request_without_site(Method::POST, EVENTS);
        request.header("sec-fetch-site", "cross-site").header("origin", "https://elsewhere.example")
    };
    let token = house.token("bob", "read").await;
    problem(program.send(from_elsewhere(&program).bearer_auth(token)).await, 405);
    let bob = house.bob();
    problem(bob.send(from_elsewhere(&bob)).await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_use_is_written_once_a_minute() {
    let house = House::open().await;
    let program = house.program("bob", "read").await;
    let used = || -> Option<i64> {
        house.look().query_row("select last_used_at from api_tokens", [], |row| row.get(0)).unwrap()
    };
    let ask = async || drop(program.events(EVENTS, None).await);
    ask().await;
    let first = eventually("noted", || async { used() }).await;
    house.advance(SignedDuration::from_secs(59));
    ask().await;
    house.advance(SignedDuration::from_secs(1));
    ask().await;
    let second = eventually("noted again", || async { used().filter(|at| *at != first) }).await;
    assert_eq!(second - first, 60_000_000, "what came within the minute was not written");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_for_programs_asks_for_its_scope_and_no_other_takes_a_token() {
    use milepost::people::{Scope, Scopes};

    let house = House::open().await;
    let task = house.assign("Paint the north pier", "alice").await;
    let program = house.program("alice", "read report work admin").await;
    for route in milepost::web::routes() {
        let path = crate::isolation::filled_path(route.path, &task, &house);
        if !route.is_for_programs() {
            if route.access != milepost::web::Access::Public {
                let page = program.send(program.request(route.method.clone(), &path)).await;
                let to_sign_in = page.location().is_some_and(|to| to.starts_with("/sign-in"));
                assert!(page.status == 401 || to_sign_in, "{} {path}: {}", route.method, page.status);
            }
            continue;
        }
        let opens = |scope: Scope| route.scopes.iter().any(|wanted| Scopes::only(scope).open(wanted));
        let others: Vec<&str> = Scope::ALL.iter().filter(|scope| !opens(**scope)).map(|scope| scope.as_str()).collect();
        let program = house.program("alice", &others.join(" ")).await;
        problem(program.send(program.request(route.method.clone(), &path)).await, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_asks_too_often_is_told_when_to_come_back_and_no_other_notices() {
    let house = House::open_with(|config| config.requests_per_minute = 12.try_into().unwrap()).await;
    let program = house.program("bob", "read").await;
    let poll = format!("{EVENTS}/poll?after=0-0");
    for left in ["\"requests\";r=1;t=5", "\"requests\";r=0;t=10"] {
        let answer = program.get(&poll).await.expect(200);
        assert_eq!(answer.header("ratelimit"), left);
        assert_eq!(answer.header("ratelimit-policy"), "\"requests\";q=2;w=10");
    }
    let refused = program.get(&poll).await;
    assert!((1..=5).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(refused.header("ratelimit"), "\"requests\";r=0;t=10");
    problem(refused, 429);
    house.program("bob", "read").await.get(&poll).await.expect(200);
    // A refusal counts and says so, too; who is unknown has no bucket.
    let other = house.program("bob", "report").await;
    let refused = other.get(&poll).await;
    assert!(refused.header("ratelimit").contains("r=1"));
    problem(refused, 403);
    assert_eq!(house.nobody().get(&poll).await.expect(401).header("ratelimit"), "");
}
