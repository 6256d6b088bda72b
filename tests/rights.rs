//! A right that ends cuts its streams: each way in which one can end, on each stream and on the poll, while the stream is
//! quiet, while it has more to say than its reader takes, and while its reader does not read at all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use milepost::clock::Clock;
use milepost::live::{EndReason, Hub, Letter, TickLetter, Written};
use milepost::people::{OrganisationId, Presence, UserId};
use reqwest::Method;
use tokio::task::JoinHandle;

use crate::support::client::Client;
use crate::support::events::{Event, Events};
use crate::support::raw::{Raw, get};
use crate::support::server::{House, PASSWORD, link_in};
use crate::support::{PATIENCE, eventually, in_time, say, source};

/// How a right ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Way {
    SignOut,
    SignInAnew,
    EndOneSession,
    EndOtherSessions,
    Expiry,
    PasswordChange,
    PasswordReset,
    Deactivation,
    RoleUp,
    RoleDown,
    SwitchOrganisation,
    TokenRevoked,
    OrganisationTokenRevoked,
    TokenExpiry,
}

/// One line of the table.
struct Line {
    /// Who loses something.
    who: &'static str,
    /// The verb that publishes the end; none where only time does it.
    verb: Option<&'static str>,
    reason: EndReason,
    /// Whether the same person's session on another device goes on.
    spares_others: bool,
}

impl Way {
    const ALL: [Way; 14] = [
        Way::SignOut,
        Way::SignInAnew,
        Way::EndOneSession,
        Way::EndOtherSessions,
        Way::Expiry,
        Way::PasswordChange,
        Way::PasswordReset,
        Way::Deactivation,
        Way::RoleUp,
        Way::RoleDown,
        Way::SwitchOrganisation,
        Way::TokenRevoked,
        Way::OrganisationTokenRevoked,
        Way::TokenExpiry,
    ];

    fn line(self) -> Line {
        use EndReason::{Expired, Revoked, SignedOut};
        let (who, verb, reason, spares_others) = match self {
            Way::SignOut => ("bob", Some("end_session"), SignedOut, true),
            Way::SignInAnew => ("bob", Some("end_session"), SignedOut, true),
            Way::EndOneSession => ("bob", Some("end_session"), SignedOut, true),
            Way::EndOtherSessions => ("ada", Some("end_other_sessions"), SignedOut, true),
            Way::Expiry => ("bob", None, Expired, true),
            Way::PasswordChange => ("bob", Some("change_password"), SignedOut, true),
            Way::PasswordReset => ("bob", Some("reset_password"), SignedOut, false),
            Way::Deactivation => ("ada", Some("deactivate"), Revoked, false),
            Way::RoleUp => ("bob", Some("change_role"), Revoked, false),
            Way::RoleDown => ("ada", Some("change_role"), Revoked, false),
            Way::SwitchOrganisation => ("bob", Some("switch_organisation"), Revoked, true),
            Way::TokenRevoked => ("bob", Some("revoke_token"), Revoked, true),
            Way::OrganisationTokenRevoked => ("alice", Some("revoke_token"), Revoked, true),
            Way::TokenExpiry => ("bob", None, Expired, true),
        };
        Line { who, verb, reason, spares_others }
    }

    /// Ends it, as somebody would who uses the pages.
    async fn happen(self, scene: &Scene) {
        let Scene { house, here, there, line, .. } = scene;
        let person = format!("/people/{}", house.people.id(line.who));
        let email = format!("{}@harbour.example", line.who);
        match self {
            Way::SignOut => drop(here.post("/sign-out", &[]).await.expect(303)),
            Way::SignInAnew => {
                drop(here.post("/sign-in", &[("email", &email), ("password", PASSWORD)]).await.expect(303))
            }
            Way::EndOneSession => {
                let account = there.open("/account").await;
                // Its own line in the list has no button of this kind.
                let form = account.form("[action*='/account/sessions/'][action$='/end']");
                there.submit(&form).await.expect(303);
            }
            Way::EndOtherSessions => drop(there.post("/account/sessions/end-others", &[]).await.expect(303)),
            Way::TokenRevoked => revoke_token(there, "/account").await,
            Way::OrganisationTokenRevoked => revoke_token(there, "/settings").await,
            Way::Expiry | Way::TokenExpiry => {
                scene.is_past(scene.expires_at).await;
            }
            Way::PasswordChange => {
                let fields = [("current", PASSWORD), ("password", "another battery")];
                there.post("/account/password", &fields).await.expect(303);
            }
            Way::PasswordReset => {
                let form = scene.reset.as_ref().unwrap().clone();
                house.nobody().submit(&form.fill("password", "brand new password")).await.expect(303);
            }
            Way::Deactivation => drop(house.alice().post(&format!("{person}/deactivate"), &[]).await.expect(303)),
            Way::RoleUp => drop(house.alice().post(&format!("{person}/role"), &[("role", "admin")]).await.expect(303)),
            Way::RoleDown => {
                drop(house.alice().post(&format!("{person}/role"), &[("role", "member")]).await.expect(303))
            }
            Way::SwitchOrganisation => {
                drop(here.post("/switch-organisation", &[("organisation", "2")]).await.expect(303))
            }
        }
    }
}

async fn revoke_token(client: &Client, home: &str) {
    let link = client.open(home).await.attribute("#tokens a[href$='/revoke']", "href").expect("a token to revoke");
    client.submit(&client.open(&link).await.form("[action$='/revoke']")).await.expect(303);
}

const FRAGMENTS: &str = "/events?view=monitor";
const JSON: &str = "/api/v1/events";

impl Way {
    fn is_of_token(self) -> bool {
        matches!(self, Way::TokenRevoked | Way::OrganisationTokenRevoked | Way::TokenExpiry)
    }

    fn is_by_time(self) -> bool {
        matches!(self, Way::Expiry | Way::TokenExpiry)
    }

    /// The streams that stand on such a right, and what is asked instead of one.
    fn streams(self) -> &'static [&'static str] {
        if self.is_of_token() { &[JSON] } else { &[FRAGMENTS, JSON] }
    }

    fn polls(self) -> &'static [&'static str] {
        if self.is_of_token() { &["/api/v1/events/poll"] } else { &["/events/poll?view=mine", "/api/v1/events/poll"] }
    }
}

struct Scene {
    house: House,
    line: Line,
    task: String,
    /// Where the right ends, and the same person on another device.
    here: Client,
    there: Client,
    expires_at: Timestamp,
    reset: Option<crate::support::html::Form>,
}

impl Scene {
    async fn set(way: Way) -> Scene {
        let line = way.line();
        let clock = Clock::system();
        let long = clock.now() + SignedDuration::from_hours(30 * 24);
        let expires_at = clock.now() + SignedDuration::from_secs(6);
        let house = House::prepared(
            clock,
            |config| config.streams.ping = PATIENCE * 10,
            |conn| {
                conn.execute("update sessions set expires_at = ?", [long.as_microsecond()]).unwrap();
                // Bob bakes, too.
                conn.execute_batch(
                    "insert into members (organisation_id, user_id, role, joined_at)
                 select 2, id, 'member', created_at from users where email = 'bob@harbour.example'",
                )
                .unwrap();
                if way == Way::Expiry {
                    let user = "select id from users where email = 'bob@harbour.example'";
                    let sql = format!("update sessions set expires_at = ? where user_id = ({user})");
                    conn.execute(&sql, [expires_at.as_microsecond()]).unwrap();
                }
            },
        );
        let house = house.await;
        let task = house.assign("Paint the north pier", "bob").await;
        let (here, there) = (house.client(line.who), house.nobody());
        there.sign_in(&format!("{}@harbour.example", line.who), PASSWORD).await.expect(303);
        if way != Way::SwitchOrganisation && line.who == "bob" {
            there.post("/switch-organisation", &[("organisation", "1")]).await.expect(303);
        }
        let mut scene = Scene { house, line, task, here, there, expires_at, reset: None };
        if way.is_of_token() {
            scene.here = scene.program(way).await;
        }
        if way == Way::PasswordReset {
            scene.reset = Some(scene.reset_form().await);
        }
        if way == Way::SwitchOrganisation {
            scene.there.post("/switch-organisation", &[("organisation", "1")]).await.expect(303);
        }
        scene
    }

    /// Given to members of one organisation only, so bob bakes no more.
    async fn reset_form(&self) -> crate::support::html::Form {
        let bob = self.house.people.id("bob");
        self.house.stranger().post(&format!("/people/{bob}/deactivate"), &[]).await.expect(303);
        let alice = self.house.alice();
        let form = alice.open(&format!("/people/{bob}")).await.form("[action$='/reset-link']");
        let link = link_in(&alice.submit_and_follow(&form).await, "/reset/");
        self.house.nobody().open(&link).await.form("[action*='/reset/']")
    }

    async fn program(&self, way: Way) -> Client {
        let home = if way == Way::OrganisationTokenRevoked { "/settings" } else { "/account" };
        let mut form = self.there.open(home).await.form("[action$='/tokens']").fill("name", "A script");
        if way == Way::TokenExpiry {
            form = form.fill("expires", &self.expires_at.to_string());
        }
        if way == Way::OrganisationTokenRevoked {
            // Hears of everything, and is nobody's own.
            form.fields.push(("scopes".into(), "admin".into()));
        }
        let shown = self.there.submit(&form).await.expect(200);
        Client::with_token(self.house.url(), &shown.attribute("#token-secret", "value").unwrap())
    }

    async fn open(&self, client: &Client, path: &str) -> Events {
        let mut stream = client.events(path, None).await;
        stream.named("hello").await;
        stream
    }

    /// Time itself is what is waited for.
    async fn is_past(&self, moment: Timestamp) {
        let clock = &self.house.server.clock;
        eventually("the time comes", || async { (clock.now() >= moment).then_some(()) }).await;
    }

    /// Something happens to the task of which all of them would hear.
    async fn afterwards(&self) {
        self.house.alice().post(&format!("/tasks/{}", self.task), &[("title", "Afterwards")]).await.expect(303);
    }

    /// More than anybody reads in the time that a test takes, to all streams of who loses something: frames of one kind
    /// for pages, of another for programs.
    async fn flood(&self, way: Way) {
        if way.is_by_time() {
            let soon = self.expires_at - SignedDuration::from_millis(700);
            self.is_past(soon).await;
        }
        let (organisation, presence) = (OrganisationId::new(1), Presence::Idle);
        let user = UserId::new(self.house.people.id(self.line.who).parse().unwrap());
        let id: i64 = self.task.parse().unwrap();
        let hub = &self.house.server.app.hub;
        // Fewer commits than a channel keeps.
        for turn in 0..12 {
            let mut letters = vec![Letter::Presence { organisation, user, presence }; 20_000];
            letters.extend((1..=4_000).map(|number| {
                let task = Arc::new(crate::hub::task(1, id + turn * 4_000 + number, 1));
                let (at, sees, written) = (task.updated_at, vec![user], Written::default());
                Letter::Tick(Arc::new(TickLetter { task, sequence: 0, at, sees, written }))
            }));
            hub.publish(letters, hub.announced());
        }
    }
}

fn is_afterwards(event: &Event) -> bool {
    event.data.contains("Afterwards")
}

fn ends_with(events: &[Event], reason: EndReason) -> bool {
    events.last().is_some_and(|last| last.name == "end" && last.json()["reason"] == reason.as_str())
}

/// Reads to the end of a stream; says what came and when it was over.
fn read_on(mut stream: Events) -> JoinHandle<(Vec<Event>, Instant)> {
    tokio::spawn(async move {
        stream.rest().await;
        (stream.seen, Instant::now())
    })
}

/// Watches for the moment at which no stream is open.
fn when_cut(hub: &Hub) -> JoinHandle<Instant> {
    let hub = hub.clone();
    tokio::task::spawn_blocking(move || {
        let since = Instant::now();
        while hub.streams() > 0 && since.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
        Instant::now()
    })
}

async fn quiet(way: Way) {
    let scene = Scene::set(way).await;
    let Scene { house, line, here, there, .. } = &scene;
    let mut cut = Vec::new();
    for path in way.streams() {
        cut.push((path, read_on(scene.open(here, path).await)));
    }
    for path in way.polls() {
        let request = here.request(Method::GET, path);
        let polled = async { Events::new(request.send().await.unwrap()) };
        cut.push((path, tokio::spawn(async { read_on(polled.await).await.unwrap() })));
    }
    let mut others = scene.open(there, FRAGMENTS).await;
    let mut carol = scene.open(&house.carol(), "/events?view=mine").await;
    let mut witness = scene.open(&house.alice(), FRAGMENTS).await;
    let hub = &house.server.app.hub;
    let open = way.streams().len() + way.polls().len() + 3;
    eventually("all of them are open", || async { (hub.streams() == open).then_some(()) }).await;
    let asked_at = Instant::now();
    way.happen(&scene).await;
    let answered = asked_at.elapsed();
    for (path, reader) in cut {
        let (seen, at) = in_time("the stream ends", reader).await.unwrap();
        assert!(ends_with(&seen, line.reason), "{way:?}, {path}: {seen:#?}");
        let cut = at.duration_since(asked_at);
        match way {
            Way::Expiry | Way::TokenExpiry => {
                say(&format!("{way:?}, {path}: cut {:?} after its time", cut.saturating_sub(answered)))
            }
            _ => say(&format!("{way:?}, {path}: cut {cut:?} after it was asked for, answered after {answered:?}")),
        }
    }
    scene.afterwards().await;
    witness.until("what happened afterwards", is_afterwards).await;
    if line.spares_others {
        others.until("the other device goes on", is_afterwards).await;
    } else {
        others.rest().await;
        assert!(ends_with(&others.seen, line.reason), "{way:?} elsewhere: {:#?}", others.seen);
    }
    house.assign("Carol's first", "carol").await;
    carol.named("list").await;
    // What ended is ended: it does not open again under the same right, or only for what is left of it.
    let again = here.request(Method::GET, JSON).header("sec-fetch-mode", "cors").send().await.unwrap();
    let left = [Way::RoleUp, Way::RoleDown, Way::SwitchOrganisation, Way::SignInAnew].contains(&way);
    assert_eq!(again.status().as_u16(), if left { 200 } else { 401 }, "{way:?}");
}

/// The reader reads as fast as it can, which is not fast enough.
async fn saturated(way: Way) {
    let scene = Scene::set(way).await;
    let mut streams = Vec::new();
    for path in way.streams() {
        streams.push((path, scene.open(&scene.here, path).await));
    }
    scene.flood(way).await;
    let mut cut = Vec::new();
    for (path, mut stream) in streams {
        stream.next().await.unwrap();
        cut.push((path, read_on(stream)));
    }
    let (asked_at, gone) = (Instant::now(), when_cut(&scene.house.server.app.hub));
    way.happen(&scene).await;
    let answered = asked_at.elapsed();
    let gone = in_time("the streams are cut", gone).await.unwrap().duration_since(asked_at);
    scene.afterwards().await;
    for (path, reader) in cut {
        let (seen, at) = in_time("the stream ends", reader).await.unwrap();
        let count = seen.len();
        assert!(ends_with(&seen, scene.line.reason), "{way:?}, {path}: ended with {:?}", seen.last());
        assert!(!seen.iter().any(is_afterwards), "{way:?}, {path}: heard of what came after its right had ended");
        let read = at.duration_since(asked_at);
        say(&format!(
            "{way:?}, {path}, saturated: cut {gone:?} after, answered after {answered:?}, read to the end {read:?} after, {count} events"
        ));
    }
}

/// The readers asked and then never read.
async fn stalled(way: Way) {
    let scene = Scene::set(way).await;
    let hub = &scene.house.server.app.hub;
    let mut stalled = Vec::new();
    for path in way.streams() {
        let mut raw = Raw::with_small_buffer(scene.house.url());
        raw.send(&get(path, &scene.here));
        // The greeting is heard by whoever hears all that comes after it.
        raw.until("event: hello");
        stalled.push((path, raw));
    }
    scene.flood(way).await;
    // Where it is time that ends the right, it may do so before the sockets are full.
    for (_, raw) in stalled.iter().filter(|_| !way.is_by_time()) {
        raw.is_stuck().await;
    }
    let (asked_at, cut) = (Instant::now(), when_cut(hub));
    way.happen(&scene).await;
    let answered = asked_at.elapsed();
    let cut = in_time("the streams are cut", cut).await.unwrap().duration_since(asked_at);
    assert_eq!(hub.streams(), 0, "{way:?}");
    scene.afterwards().await;
    for (path, mut raw) in stalled {
        let text = tokio::task::spawn_blocking(move || raw.rest().0).await.unwrap();
        assert!(!text.contains("Afterwards"), "{way:?}, {path}: heard of what came after its right had ended");
        let told = text.contains(&format!("{{\"reason\":\"{}\"}}", scene.line.reason));
        let bytes = text.len();
        say(&format!(
            "{way:?}, {path}, stalled: cut {cut:?} after, answered after {answered:?}, {bytes} bytes lay in the sockets, told why: {told}"
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_in_which_a_right_ends_cuts_its_streams_with_the_reason_and_no_others() {
    for way in Way::ALL {
        quiet(way).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_ends_cuts_a_stream_that_has_more_to_say_than_is_read() {
    for way in Way::ALL {
        saturated(way).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_ends_cuts_a_stream_whose_reader_does_not_read() {
    for way in Way::ALL {
        stalled(way).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_prolonged_by_use_keeps_its_stream_past_its_old_end() {
    let scene = Scene::set(Way::Expiry).await;
    let mut stream = scene.open(&scene.here, FRAGMENTS).await;
    scene.here.open("/tasks").await;
    Way::Expiry.happen(&scene).await;
    let clock = &scene.house.server.clock;
    eventually("its old end is over", || async { (clock.now() > scene.expires_at).then_some(()) }).await;
    // The answer to a request that came later: what was due at the old end has happened.
    scene.here.open("/tasks").await;
    scene.afterwards().await;
    stream.until("what happened afterwards", is_afterwards).await;
    assert!(stream.seen.iter().all(|event| event.name != "end"), "{:#?}", stream.seen);
}

/// Every verb that ends somebody's right has a line in the table: a new one is missed here.
#[test]
fn each_verb_that_ends_a_right_has_its_line_in_the_table() {
    let known: BTreeSet<&str> = Way::ALL.iter().filter_map(|way| way.line().verb).collect();
    let mut found = BTreeSet::new();
    for source in source::files("src", "rs") {
        let is_elsewhere = source.path.starts_with("src/live/");
        for function in source.text.split("pub async fn ").skip(1).filter(|_| !is_elsewhere) {
            let name = function.split(['(', '<']).next().unwrap();
            // Up to the end of this function.
            let body = function.split("\n}\n").next().unwrap();
            if ["Letter::Ended", "publish(ended(", "publish(revoked("].iter().any(|mark| body.contains(mark)) {
                found.insert(name.to_owned());
            }
        }
    }
    assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
}
