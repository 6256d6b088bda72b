//! Each way in which a right ends, and the scene in which it does.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use milepost::clock::Clock;
use milepost::live::{EndReason, Letter, TickLetter, Written};
use milepost::people::{OrganisationId, Presence, UserId};

use crate::support::client::Client;
use crate::support::events::Events;
use crate::support::server::{House, PASSWORD, link_in};
use crate::support::{PATIENCE, eventually};

/// How a right ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Way {
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
pub struct Line {
    /// Who loses something.
    pub who: &'static str,
    /// The verb that publishes the end; none where only time does it.
    pub verb: Option<&'static str>,
    pub reason: EndReason,
    /// Whether the same person's session on another device goes on.
    pub spares_others: bool,
}

impl Way {
    pub const ALL: [Way; 14] = [
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

    pub fn line(self) -> Line {
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
    pub async fn happen(self, scene: &Scene) {
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

pub const FRAGMENTS: &str = "/events?view=monitor";
pub const JSON: &str = "/api/v1/events";

impl Way {
    pub fn is_of_token(self) -> bool {
        matches!(self, Way::TokenRevoked | Way::OrganisationTokenRevoked | Way::TokenExpiry)
    }

    pub fn is_by_time(self) -> bool {
        matches!(self, Way::Expiry | Way::TokenExpiry)
    }

    /// The streams that stand on such a right, and what is asked instead of one.
    pub fn streams(self) -> &'static [&'static str] {
        if self.is_of_token() { &[JSON] } else { &[FRAGMENTS, JSON] }
    }

    pub fn polls(self) -> &'static [&'static str] {
        if self.is_of_token() { &["/api/v1/events/poll"] } else { &["/events/poll?view=mine", "/api/v1/events/poll"] }
    }
}

pub struct Scene {
    pub house: House,
    pub line: Line,
    pub task: String,
    /// Where the right ends, and the same person on another device.
    pub here: Client,
    pub there: Client,
    pub expires_at: Timestamp,
    pub reset: Option<crate::support::html::Form>,
}

impl Scene {
    pub async fn set(way: Way) -> Scene {
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

    pub async fn open(&self, client: &Client, path: &str) -> Events {
        let mut stream = client.events(path, None).await;
        stream.named("hello").await;
        stream
    }

    /// Time itself is what is waited for.
    pub async fn is_past(&self, moment: Timestamp) {
        let clock = &self.house.server.clock;
        eventually("the time comes", || async { (clock.now() >= moment).then_some(()) }).await;
    }

    /// Something happens to the task of which all of them would hear.
    pub async fn afterwards(&self) {
        self.house.alice().post(&format!("/tasks/{}", self.task), &[("title", "Afterwards")]).await.expect(303);
    }

    /// More than anybody reads in the time that a test takes, to all streams of who loses something: frames of one kind
    /// for pages, of another for programs.
    pub async fn flood(&self, way: Way) {
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
