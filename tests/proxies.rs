//! Behind a real nginx, and under a path of a host that is not ours alone: what people get there is what they get without.
//! nginx and curl are others' programs, so what they make of the answers is what anybody's would.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use flate2::write::GzDecoder;
use futures_util::StreamExt;
use reqwest::Method;
use tempfile::TempDir;

use crate::support::binary::Binary;
use crate::support::browser::Script;
use crate::support::client::Client;
use crate::support::curl::Curl;
use crate::support::events::{Event, Events};
use crate::support::html::Page;
use crate::support::nginx::{NAME, Nginx};
use crate::support::server::{PASSWORD, People, template_copy};
use crate::support::walk::walk;
use crate::support::{in_time, say};

/// The real binary with the cast, and somebody in front of it.
struct Behind {
    folder: TempDir,
    people: People,
    server: Binary,
}

impl Behind {
    async fn with(more: &[&str]) -> Behind {
        let (folder, people) = template_copy().await;
        let server = Binary::start_with(&folder.path().join("milepost.db"), "127.0.0.1:0", more);
        Behind { folder, people, server }
    }

    fn query(&self, sql: &str) -> String {
        let conn = rusqlite::Connection::open(self.folder.path().join("milepost.db")).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    async fn assign(&self, client: &Client, title: &str) -> String {
        let form = [("title", title), ("assignee", self.people.id("bob"))];
        client.post("/assign", &form).await.expect(303);
        self.query("select cast(max(id) as text) from tasks")
    }
}

fn shows(event: &Event, task: &str, percent: u32) -> bool {
    event.name == "task"
        && event.data.contains(&format!("id=\"task-{task}\""))
        && event.data.contains(&format!("value=\"{percent}\""))
}

/// Hello, then three events while the stream stays open; prints how long each took through the proxy.
async fn hears_events_one_by_one(how: &str, asked_at: Instant, events: &mut Events, reporter: &Client, task: &str) {
    events.named("hello").await;
    say(&format!("{how}: hello after {:?}", asked_at.elapsed()));
    for percent in [11, 22, 33] {
        let at = Instant::now();
        let path = format!("/tasks/{task}/progress");
        reporter.post(&path, &[("progress", &percent.to_string())]).await.expect(303);
        events.until("the report", |event| shows(event, task, percent)).await;
        say(&format!("{how}: {percent} % heard {:?} after it was posted", at.elapsed()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_through_nginx_as_it_is_by_itself_while_the_stream_is_open() {
    let house = Behind::with(&[]).await;
    let nginx = Nginx::plain(&house.server.url, "");
    let bob = house.people.client("bob", &nginx.url());
    let task = house.assign(&house.people.client("alice", &nginx.url()), "Paint the north pier").await;
    let page = bob.open("/tasks").await;
    let asked_at = Instant::now();
    let mut events = bob.stream_of(&page).await;
    assert_eq!(events.headers["server"].to_str().unwrap().split('/').next(), Some("nginx"));
    hears_events_one_by_one("nginx with its defaults", asked_at, &mut events, &bob, &task).await;
    // What programs hear comes the same way.
    let mut json = bob.events("/api/v1/events", None).await;
    json.named("hello").await;
    bob.post(&format!("/tasks/{task}/progress"), &[("progress", "44")]).await.expect(303);
    json.until("the report", |event| event.name == "task" && event.json()["task"]["progress"] == 44.0).await;
}

/// As people write it who have many visitors; newer versions of nginx do it by themselves.
#[tokio::test(flavor = "multi_thread")]
async fn events_come_through_nginx_that_keeps_its_connections_for_other_requests() {
    let house = Behind::with(&[]).await;
    let nginx = Nginx::start(|port, _| {
        format!(
            "upstream milepost {{ server {}; keepalive 4; }}
             server {{ listen 127.0.0.1:{port}; location / {{
               proxy_pass http://milepost; proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }}",
            house.server.url.trim_start_matches("http://")
        )
    });
    let bob = house.people.client("bob", &nginx.url());
    let task = house.assign(&house.people.client("alice", &nginx.url()), "Paint the north pier").await;
    for round in ["first", "second", "third"] {
        let page = bob.open("/tasks").await;
        let asked_at = Instant::now();
        let mut events = bob.stream_of(&page).await;
        let how = format!("nginx with connections that it keeps, {round} stream");
        hears_events_one_by_one(&how, asked_at, &mut events, &bob, &task).await;
    }
}

/// Unpacks what has come so far, as a browser does.
fn unpacked(response: reqwest::Response) -> (Events, Arc<Mutex<GzDecoder<Vec<u8>>>>) {
    let headers = response.headers().clone();
    let decoder = Arc::new(Mutex::new(GzDecoder::new(Vec::new())));
    let unpacking = decoder.clone();
    let chunks = response.bytes_stream().take_while(|chunk| std::future::ready(chunk.is_ok()));
    let bytes = chunks.map(move |chunk| {
        let mut decoder = unpacking.lock().unwrap();
        decoder.write_all(&chunk.unwrap()).expect("what comes is gzip");
        decoder.flush().expect("what comes is gzip");
        std::mem::take(decoder.get_mut())
    });
    (Events::of(headers, bytes.boxed()), decoder)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_through_a_proxy_that_squeezes_everything_and_are_whole() {
    let house = Behind::with(&[]).await;
    let squeeze = "gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;";
    let nginx = Nginx::plain(&house.server.url, squeeze);
    let bob = house.people.client("bob", &nginx.url());
    let task = house.assign(&house.people.client("alice", &nginx.url()), "Paint the north pier").await;
    let asked_at = Instant::now();
    let request = bob.request(Method::GET, "/events?view=mine").header("accept-encoding", "gzip");
    let (mut events, decoder) = unpacked(in_time("nginx answers", request.send()).await.unwrap());
    assert_eq!(events.headers["content-encoding"], "gzip", "nginx squeezes although it is asked not to");
    hears_events_one_by_one("nginx with gzip on", asked_at, &mut events, &bob, &task).await;
    bob.post("/sign-out", &[]).await.expect(303);
    let rest = events.rest().await;
    assert_eq!(rest.last().expect("the stream says why it ends").name, "end", "{rest:?}");
    decoder.lock().unwrap().try_finish().expect("nothing is missing at the end");
}

/// What the README tells people to start, beside its nginx.
const UNDER_A_PATH: [&str; 4] = ["--base-url", "https://milepost.test/milepost", "--trusted-proxies", "127.0.0.1"];

/// A visitor at the address that the README's example gives, by HTTP/2 and TLS.
fn visitor(nginx: &Nginx) -> Curl {
    let certificate = nginx.certificate();
    let there = format!("{NAME}:443:127.0.0.1:{}", nginx.port);
    let options = ["--http2", "--connect-to", &there, "--cacert", certificate.to_str().unwrap()];
    Curl::new(&format!("https://{NAME}"), &options)
}

async fn walks_under_a_path_by_tls(handed_on: &str) {
    let house = Behind::with(&UNDER_A_PATH).await;
    let nginx = Nginx::of_the_readme(&house.server.url, handed_on);
    let visitor = visitor(&nginx);

    let asked = visitor.get("/milepost/tasks").expect(303).location().unwrap();
    assert_eq!(asked, "/milepost/sign-in?next=%2Fmilepost%2Ftasks");
    walk(&visitor, "/milepost/", &["/milepost/"]);
    let form = visitor.open(&asked).form("[action$='/sign-in']");
    let form = form.fill("email", "alice@harbour.example").fill("password", PASSWORD);
    let signed_in = visitor.submit(&form).expect(303);
    assert_eq!(signed_in.location().as_deref(), Some("/milepost/tasks"), "back to where one wanted to go");
    let cookie = signed_in.header("set-cookie");
    for attribute in ["; Secure", "; HttpOnly", "; Path=/milepost;"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!signed_in.header("strict-transport-security").is_empty());

    let form = visitor.open("/milepost/assign").form("[action$='/assign']");
    let form = form.fill("title", "Paint the north pier").fill("assignee", house.people.id("alice"));
    assert_eq!(visitor.submit(&form).expect(303).location().as_deref(), Some("/milepost/assign"));
    let task = house.query("select cast(max(id) as text) from tasks");
    let page = visitor.open("/milepost/tasks");
    let stream = page.attribute("#main", "data-stream").unwrap();
    assert!(stream.starts_with("/milepost/events?"), "{stream}");
    let (status, mut events) = visitor.events(&stream);
    assert_eq!(status, 200);
    events.named("hello").await;
    let form = page.form(&format!("[action$='/tasks/{task}/progress']")).press("progress", "50");
    assert_eq!(visitor.submit(&form).expect(303).location().as_deref(), Some("/milepost/tasks"));
    let heard = events.until("the report", |event| shows(event, &task, 50)).await;
    let cursor = page.attribute("#main", "data-cursor").unwrap();
    let polled = visitor.get(&format!("/milepost/events/poll?view=mine&after={cursor}")).expect(200);
    assert!(polled.body.contains("value=\"50\""), "a page that polls hears the same: {}", polled.body);
    let polled = visitor.get(&format!("/milepost/api/v1/events/poll?after={cursor}")).expect(200);
    assert!(polled.body.contains("Paint the north pier"), "so does a program: {}", polled.body);
    let fragment = Page { body: heard.data, ..page };
    for form in fragment.forms() {
        assert!(form.action.starts_with("/milepost/tasks/"), "a fragment posts to {}", form.action);
    }
    assert!(fragment.attribute("a", "href").unwrap().starts_with("/milepost/tasks/"));

    let opened = walk(&visitor, "/milepost/", &["/milepost/", &format!("/milepost/tasks/{task}")]);
    for wanted in ["/milepost/monitor", "/milepost/account", "/milepost/people", "/milepost/events?view=monitor"] {
        assert!(opened.contains(wanted), "{wanted} in {opened:#?}");
    }
    let scripts = opened.iter().filter(|path| path.ends_with(".js")).count();
    assert!(scripts > 5 && opened.iter().any(|path| path.ends_with("/arrow.svg")), "{opened:#?}");
    say(&format!("{} addresses opened under /milepost/, handed on as {handed_on:?}", opened.len()));

    let form = visitor.open("/milepost/people").form(":has([name='email']):has([name='role'])");
    let form = form.fill("email", "dan@example.org").fill("name", "Dan").fill("role", "member");
    let invited = visitor.submit(&form).expect(200);
    let link = invited.attribute("input[value*='/invitations/']", "value").expect("a link to copy");
    assert!(link.starts_with(&format!("{}/milepost/invitations/", visitor.origin)), "{link}");
    visitor.open(&link);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_works_under_a_path_that_the_proxy_passes_on() {
    walks_under_a_path_by_tls("").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_works_under_a_path_that_the_proxy_strips() {
    walks_under_a_path_by_tls("/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_works_under_a_path_behind_nginx() {
    let house = Behind::with(&UNDER_A_PATH).await;
    let nginx = Nginx::of_the_readme(&house.server.url, "/");
    let task = house.assign(&house.people.client("alice", &house.server.url), "Paint the north pier").await;
    let there = format!("MAP {NAME}:443 127.0.0.1:{}", nginx.port);
    let script = Script::new("under_a_path.mjs").server(UNDER_A_PATH[1]).env("MILEPOST_HOST_RULES", &there);
    script.env("MILEPOST_TASK", &task).env("MILEPOST_PASSWORD", PASSWORD).run();
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_that_holds_streams_back_a_page_says_so_and_moves_all_the_same() {
    let house = Behind::with(&[]).await;
    let nginx = Nginx::plain(&house.server.url, "proxy_ignore_headers X-Accel-Buffering;");
    let task = house.assign(&house.people.client("alice", &nginx.url()), "Paint the north pier").await;
    let people = ["alice", "bob"].map(|name| house.people.cookies(name));
    Script::new("held_back.mjs").server(&nginx.url()).people(&people).env("MILEPOST_TASK", &task).run();
}

/// The address that a signed-in person's own list of sessions shows for the session they look from.
async fn shown_address(client: &Client) -> String {
    client.open("/account").await.text("#sessions li:has(.badge) small bdi")
}

/// Somebody who speaks from this address of the machine; `forged` is what they say about themselves.
fn from_address(url: &str, local: [u8; 4], forged: &str) -> Client {
    Client::from_address(url, local.into(), &[("x-forwarded-for", forged), ("x-forwarded-host", "evil.example")])
}

async fn guess(client: &Client, round: u32) -> u16 {
    let email = format!("nobody-{round}@harbour.example");
    client.post("/sign-in", &[("email", &email), ("password", "wrong guess")]).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitors_address_is_the_trusted_proxys_word_and_nobody_elses() {
    let house = Behind::with(&["--trusted-proxies", "127.0.0.1, 10.0.0.0/8"]).await;
    let nginx = Nginx::plain(
        &house.server.url,
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Host $http_host; \
         proxy_set_header X-Forwarded-Proto https;",
    );
    let through = from_address(&nginx.url(), [127, 0, 0, 2], "6.6.6.6");
    let answer = through.sign_in("bob@harbour.example", PASSWORD).await.expect(303);
    assert!(answer.header("set-cookie").contains("; Secure"), "nginx says that the visitor came by https");
    assert_eq!(shown_address(&through).await, "127.0.0.2");
    let direct = from_address(&house.server.url, [127, 0, 0, 3], "6.6.6.6");
    let answer = direct.sign_in("bob@harbour.example", PASSWORD).await.expect(303);
    assert!(!answer.header("set-cookie").contains("Secure"));
    assert_eq!(shown_address(&direct).await, "127.0.0.3");

    // Copied links name the host that the visitor typed, not the one that a stranger claims.
    for (client, begins) in
        [(&through, format!("https://127.0.0.1:{}", nginx.port)), (&direct, house.server.url.clone())]
    {
        let form = [("email", "alice@harbour.example"), ("password", PASSWORD)];
        client.post("/sign-in", &form).await.expect(303);
        let path = format!("/people/{}/reset-link", house.people.id("carol"));
        let page = client.post(&path, &[]).await.expect(200);
        let link = page.attribute("input[value*='/reset/']", "value").unwrap();
        assert!(link.starts_with(&format!("{begins}/reset/")), "{link}");
    }
    // An old browser says no more than its origin.
    let form = [("title", "x"), ("assignee", house.people.id("bob"))];
    for (origin, status) in [(format!("https://127.0.0.1:{}", nginx.port), 303), ("https://evil.example".into(), 403)] {
        let request = through.request_without_site(Method::POST, "/assign").header("origin", &origin).form(&form);
        assert_eq!(through.send(request).await.status.as_u16(), status, "{origin}");
    }
    let request = direct.request_without_site(Method::POST, "/assign").header("origin", "https://evil.example");
    assert_eq!(direct.send(request.form(&form)).await.status, 403, "a stranger's X-Forwarded-Host is not read");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_by_the_address_that_nobody_can_make_up() {
    let house = Behind::with(&["--trusted-proxies", "127.0.0.1"]).await;
    let nginx = Nginx::plain(&house.server.url, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;");
    for (url, local, next) in
        [(nginx.url(), [127, 0, 0, 2], [127, 0, 0, 4]), (house.server.url.clone(), [127, 0, 0, 3], [127, 0, 0, 5])]
    {
        let limit = milepost::config::SIGN_IN_FAILURES_PER_ADDRESS;
        for round in 0..limit {
            let guesser = from_address(&url, local, &format!("6.6.6.{round}"));
            assert_eq!(guess(&guesser, round).await, 422, "{round}");
        }
        assert_eq!(guess(&from_address(&url, local, "6.6.7.7"), limit).await, 429, "{url}");
        let other = from_address(&url, next, "6.6.6.6");
        other.sign_in("bob@harbour.example", PASSWORD).await.expect(303);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_is_spoken_without_tls_to_whoever_begins_with_it() {
    let house = Behind::with(&[]).await;
    let visitor = Curl::new(&house.server.url, &["--http2-prior-knowledge"]);
    let form = visitor.open("/").form("[action$='/sign-in']");
    let form = form.fill("email", "alice@harbour.example").fill("password", PASSWORD);
    assert_eq!(visitor.submit(&form).expect(303).location().as_deref(), Some("/"));
    let form = visitor.open("/assign").form("[action='/assign']");
    visitor.submit(&form.fill("title", "Paint the pier").fill("assignee", house.people.id("alice"))).expect(303);
    let task = house.query("select cast(max(id) as text) from tasks");
    let page = visitor.open("/tasks");
    for asset in page.attributes("script[src]", "src") {
        visitor.get(&asset).expect(200);
    }
    let (status, mut events) = visitor.events(&page.attribute("#main", "data-stream").unwrap());
    assert_eq!(status, 200);
    assert!(events.headers["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    events.named("hello").await;
    for percent in [40, 80] {
        let path = format!("/tasks/{task}/progress");
        visitor.post(&path, &[("progress".into(), percent.to_string())]).expect(303);
        events.until("the report", |event| shows(event, &task, percent)).await;
    }
    // A link to copy names the host, which HTTP/2 says in the address.
    let invited = visitor.submit(
        &visitor
            .open("/people")
            .form(":has([name='email']):has([name='role'])")
            .fill("email", "dan@example.org")
            .fill("name", "Dan")
            .fill("role", "member"),
    );
    let link = invited.expect(200).attribute("input[value*='/invitations/']", "value").expect("a link to copy");
    assert!(link.starts_with(&format!("{}/invitations/", house.server.url)), "{link}");
    visitor.post("/sign-out", &[]).expect(303);
    let rest = events.rest().await;
    assert_eq!(rest.last().expect("the stream says why it ends").name, "end", "{rest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_share_one_http2_connection_all_hear() {
    let house = Behind::with(&[]).await;
    let task = house.assign(&house.people.client("alice", &house.server.url), "Paint the north pier").await;
    let people = ["alice", "bob"].map(|name| house.people.cookies(name));
    Script::new("one_connection.mjs").server(&house.server.url).people(&people).env("MILEPOST_TASK", &task).run();
}
