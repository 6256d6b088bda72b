//! What every answer carries, who may post from where, and that each address is guarded by its line in the map.

use milepost::web::{Access, routes};
use reqwest::Method;

use crate::support::raw::Raw;
use crate::support::server::House;

/// What is public, on purpose, and why.
const PUBLIC: [(&str, &str, &str); 16] = [
    ("GET", "/healthz", "a supervisor has no account"),
    ("GET", "/readyz", "a supervisor has no account"),
    ("GET", "/assets/{*path}", "the sign-in page has a style, too"),
    ("GET", "/", "leads to setup, to sign-in or to one's work"),
    ("GET", "/docs", "how programs talk to Milepost: the same for all, and nothing of anybody's"),
    ("GET", "/setup", "nobody has an account yet; closed after the first"),
    ("POST", "/setup", "nobody has an account yet; closed after the first"),
    ("GET", "/sign-in", "the way in"),
    ("POST", "/sign-in", "the way in"),
    ("POST", "/sign-out", "the way out, also when the session has ended meanwhile"),
    ("GET", "/invitations/{token}", "whoever has the link is invited"),
    ("POST", "/invitations/{token}", "whoever has the link is invited"),
    ("GET", "/reset/{token}", "whoever has the link was given it by an admin"),
    ("POST", "/reset/{token}", "whoever has the link was given it by an admin"),
    ("POST", "/preferences", "a visitor chooses a language before signing in"),
    ("GET", "/api/v1/openapi.json", "the same as /docs, for machines"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_is_not_public_answers_only_the_signed_in() {
    let house = House::open().await;
    let task = house.assign("Paint the north pier", "bob").await;
    let nobody = house.nobody();
    let mut public = Vec::new();
    for route in routes() {
        let path = crate::isolation::filled_path(route.path, &task, &house);
        if route.access == Access::Public {
            public.push(format!("{} {}", route.method, route.path));
            continue;
        }
        let answer = nobody.send(nobody.request(route.method.clone(), &path)).await;
        let to_sign_in = answer.location().is_some_and(|location| location.starts_with("/sign-in"));
        assert!(answer.status == 401 || to_sign_in, "{} {path}: {} {}", route.method, answer.status, answer.said());
    }
    let known: Vec<String> = PUBLIC.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(public, known, "what is public is written down here, with its reason");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_forbids_scripts_and_frames_that_are_not_its_own() {
    let house = House::open().await;
    for (client, path, status) in
        [(house.alice(), "/monitor", 200), (house.nobody(), "/sign-in", 200), (house.alice(), "/nowhere", 404)]
    {
        let page = client.get(path).await.expect(status);
        let policy = page.header("content-security-policy").to_owned();
        for part in [
            "default-src",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {part} in {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert!(!page.header("referrer-policy").is_empty());
        assert!(
            page.header("cache-control").contains("no-store") || page.header("cache-control").contains("private"),
            "{path}"
        );
        assert!(!page.body.contains("<style") && !page.body.contains(" style="), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_posts_nothing_in_ones_name() {
    let house = House::open().await;
    let alice = house.alice();
    let form = [("title", "Forged"), ("assignee", house.people.id("bob"))];
    let send = |headers: Vec<(&'static str, String)>| {
        let cookies: Vec<String> = alice.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap()
            .post(format!("{}/assign", house.url()))
            .header("cookie", cookies.join("; "))
            .form(&form);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        async { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(send(vec![("sec-fetch-site", "cross-site".into())]).await, 403);
    assert_eq!(send(vec![("sec-fetch-site", "same-site".into())]).await, 403);
    assert_eq!(send(vec![("origin", "https://evil.example".into())]).await, 403);
    assert_eq!(send(vec![("origin", "null".into())]).await, 403);
    let made: i64 = house.look().query_row("select count(*) from tasks", [], |row| row.get(0)).unwrap();
    assert_eq!(made, 0);
    assert_eq!(send(vec![("origin", house.url().into())]).await, 303, "its own pages do, in old browsers too");
    assert_eq!(send(vec![("sec-fetch-site", "same-origin".into())]).await, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_tls_cookies_travel_only_by_tls() {
    use milepost::clock::Clock;
    use milepost::config::Config;

    let (folder, _) = crate::support::server::template_copy().await;
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        db: folder.path().join("milepost.db"),
        base_url: Some("https://milepost.example".parse().unwrap()),
        ..Config::default()
    };
    let server = crate::support::server::Running::with(config, Clock::manual(crate::support::server::monday())).await;
    let nobody = crate::support::client::Client::new(&server.url);
    let answer = nobody
        .post("/sign-in", &[("email", "bob@harbour.example"), ("password", crate::support::server::PASSWORD)])
        .await;
    let line = answer.expect(303).header("set-cookie").to_ascii_lowercase();
    assert!(line.contains("secure") && line.contains("httponly"), "{line}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_to_methods_that_no_route_has() {
    let house = House::open().await;
    let alice = house.alice();
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = alice.send(alice.request(method.clone(), "/monitor")).await;
        assert_eq!(answer.status.as_u16(), 405, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_pages_say_so_without_a_session() {
    let house = House::open().await;
    assert_eq!(house.nobody().get("/healthz").await.expect(200).body.trim(), "ok");
    house.nobody().get("/readyz").await.expect(200);
}

/// A body that takes its time gains nothing: rights are asked for when all of it is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_does_not_act_with_rights_that_ended_meanwhile() {
    use std::io::{Read, Write};
    let house = House::open().await;
    let (ada, carol) = (house.people.id("ada"), house.people.id("carol"));
    let cookies = house.ada().cookies();
    let cookie = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let address = house.url().trim_start_matches("http://");
    let mut slow = std::net::TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /people/{carol}/role HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\nConnection: close\r\n\r\nrole="
    );
    slow.write_all(head.as_bytes()).unwrap();
    // Answered on another line, so the first request has been taken in by now.
    house.ada().open("/people").await;
    house.alice().post(&format!("/people/{ada}/deactivate"), &[]).await.expect(303);
    slow.write_all(b"admin").unwrap();
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        slow.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401") || answer.starts_with("HTTP/1.1 303"), "{answer}");
    let role: String =
        house.look().query_row("select role from members where user_id = ?", [carol], |row| row.get(0)).unwrap();
    assert_eq!(role, "member");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_stranger_no_body_is_taken() {
    let house = House::open().await;
    for token in ["", "Authorization: Bearer mp_wrong\r\n"] {
        let mut raw = Raw::open(house.url());
        raw.send(&format!(
            "POST /api/v1/tasks/1/progress HTTP/1.1\r\nHost: milepost\r\n{token}Content-Type: application/json\r\n\
             Content-Length: 4000000\r\n\r\n{{"
        ));
        // The rest of the body never comes.
        let answer = tokio::task::spawn_blocking(move || raw.answer().head).await.unwrap();
        assert!(answer.starts_with("http/1.1 401"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_while_its_body_comes_does_nothing() {
    let house = House::open().await;
    let program = house.program("bob", "read report").await;
    let body = "{ \"title\": \"Too late\" }";
    let mut raw = Raw::open(house.url());
    raw.send(&format!(
        "POST /api/v1/tasks HTTP/1.1\r\nHost: milepost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        program.token().unwrap(),
        body.len(),
        &body[..5]
    ));
    // Answered on another line, so the first request has been taken in by now.
    program.get("/api/v1/tasks").await.expect(200);
    house.bob().post("/account/tokens/1/revoke", &[]).await.expect(303);
    raw.send(&body[5..]);
    let answer = tokio::task::spawn_blocking(move || raw.answer().head).await.unwrap();
    assert!(answer.starts_with("http/1.1 401"), "{answer}");
    let tasks: i64 = house.look().query_row("select count(*) from tasks", [], |row| row.get(0)).unwrap();
    assert_eq!(tasks, 0);
}
