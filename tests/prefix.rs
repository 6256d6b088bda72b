//! Under a path of a host: the pages are the same but for their addresses, and nothing leads out of the path.

use milepost::clock::Clock;
use milepost::config::Config;
use milepost::front::Proxies;
use reqwest::Method;
use reqwest::header::COOKIE;
use tempfile::TempDir;

use crate::support::client::Client;
use crate::support::server::{People, Running, monday, template_copy};

const ADDRESS: &str = "https://milepost.test/milepost";

/// The cast at such an address.
struct Place {
    folder: TempDir,
    people: People,
    server: Running,
}

impl Place {
    async fn open(base_url: Option<&str>) -> Place {
        let (folder, people) = template_copy().await;
        let config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            db: folder.path().join("milepost.db"),
            base_url: base_url.map(|url| url.parse().unwrap()),
            trusted_proxies: Proxies::default(),
            ..Config::default()
        };
        let server = Running::with(config, Clock::manual(monday())).await;
        Place { folder, people, server }
    }

    fn client(&self, name: &str) -> Client {
        self.people.client(name, &self.server.url)
    }

    /// Some work, so that pages have something to show.
    async fn fill(&self) {
        let (alice, bob) = (self.client("alice"), self.people.id("bob"));
        alice.post("/projects", &[("name", "Waterfront")]).await.expect(303);
        let form = [("title", "Paint the pier"), ("assignee", bob), ("due", "2025-03-02"), ("project", "1")];
        alice.post("/assign", &form).await.expect(303);
        alice.post("/assign", &[("title", "Count the boats"), ("assignee", bob)]).await.expect(303);
        let bob = self.client("bob");
        bob.post("/tasks/1/progress", &[("progress", "45"), ("note", "first coat")]).await.expect(303);
        bob.post("/tasks/2/complete", &[("note", "eleven")]).await.expect(303);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_path_a_page_is_the_same_but_for_its_addresses() {
    let (at_root, under) = (Place::open(None).await, Place::open(Some(ADDRESS)).await);
    for place in [&at_root, &under] {
        place.fill().await;
    }
    // The stream's epoch is each database's own.
    let epoch = |page: &crate::support::html::Page| page.attribute("#main", "data-cursor").unwrap_or("none".into());
    for (who, path) in [
        ("alice", "/monitor"),
        ("alice", "/monitor?q=pier"),
        ("alice", "/assign"),
        ("alice", "/history"),
        ("alice", "/people"),
        ("alice", "/projects"),
        ("alice", "/projects/1"),
        ("alice", "/settings"),
        ("alice", "/tasks/1"),
        ("alice", "/nowhere"),
        ("bob", "/tasks"),
        ("bob", "/tasks/2"),
        ("bob", "/people"),
    ] {
        let plain = at_root.client(who).get(path).await;
        let prefixed = under.client(who).get(&format!("/milepost{path}")).await;
        assert_eq!(plain.status, prefixed.status);
        assert!(!plain.body.contains("milepost/"), "{path}: at the root there is no prefix");
        let unprefixed = prefixed.body.replace("/milepost", "").replace(&epoch(&prefixed), &epoch(&plain));
        assert_eq!(unprefixed, plain.body, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mileposts_of_one_host_keep_their_sessions_apart() {
    let place = Place::open(Some(ADDRESS)).await;
    let bob = place.client("bob");
    let own = &bob.cookies()["milepost"];
    for (cookies, status) in [
        (format!("milepost={own}; milepost=AAAAAAAAAAAAAAAAAAAAAA; other=1"), 200),
        (format!("milepost=AAAAAAAAAAAAAAAAAAAAAA; milepost={own}"), 303),
    ] {
        let stranger = Client::new(&place.server.url);
        let answer = stranger.send(stranger.request(Method::GET, "/milepost/tasks").header(COOKIE, &cookies)).await;
        assert_eq!(answer.status.as_u16(), status, "{cookies}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_out_of_the_prefix_by_what_a_request_says() {
    let place = Place::open(Some(ADDRESS)).await;
    let alice = place.client("alice");
    for (return_to, location) in [
        ("/milepost/monitor?q=x", "/milepost/monitor?q=x"),
        ("/monitor", "/milepost/monitor"),
        ("/other-program", "/milepost/other-program"),
        ("/milepost/../other-program", "/milepost/"),
        ("/milepost/%2e%2E/other-program", "/milepost/"),
        ("//evil.example/milepost", "/milepost/"),
        ("https://evil.example/", "/milepost/"),
    ] {
        let answer = alice.post("/preferences", &[("theme", "dark"), ("return_to", return_to)]).await.expect(303);
        assert_eq!(answer.location().as_deref(), Some(location), "{return_to}");
    }
    for path in ["/milepost", "/milepost/", "/"] {
        assert_eq!(alice.get(path).await.expect(303).location().as_deref(), Some("/milepost/monitor"), "{path}");
    }
    assert_eq!(alice.get("/milepostel/tasks").await.status, 404);
    // A form that comes back stands on the page where it was sent, by whichever word the browser says it.
    for (name, said) in [
        ("referer", "https://milepost.test/milepost/assign?x=1"),
        ("hx-current-url", "https://milepost.test/milepost/assign?x=1"),
    ] {
        let request = alice.request(Method::POST, "/milepost/assign").header(name, said).form(&[("title", "")]);
        let page = alice.send(request).await.expect(422);
        let return_to = page.attribute("[name='return_to']", "value");
        assert_eq!(return_to.as_deref(), Some("/milepost/assign?x=1"), "{name}");
    }
}
