//! Coming in and going out: setup, sign-in, passwords, sessions, the account's own choices.

use std::collections::HashMap;
use std::time::Duration;

use jiff::SignedDuration;
use milepost::people::sessions::{ORGANISATION, PASSWORD as PASSWORD_MARK, SqliteSessions, USER};
use milepost::people::{Verified, actions};
use reqwest::Method;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};

use crate::support::client::Client;
use crate::support::random::Random;
use crate::support::server::{House, PASSWORD, link_in};

#[tokio::test(flavor = "multi_thread")]
async fn setup_happens_once() {
    let house = House::open().await;
    let nobody = house.nobody();
    let page = nobody.get("/setup").await;
    assert!(!page.has("form[action='/setup']"), "no setup where there is an organisation: {}", page.said());
    let again = [("organisation", "Raiders"), ("name", "Eve"), ("email", "eve@evil.example"), ("password", PASSWORD)];
    let answer = nobody.post("/setup", &again).await;
    assert_ne!(answer.status.as_u16(), 200);
    let count = |sql: &str| -> i64 { house.look().query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("select count(*) from organisations where name = 'Raiders'"), 0);
    assert_eq!(count("select count(*) from users where email like 'eve%'"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_form_comes_back_filled_in_with_a_sentence_beside_each_field() {
    let folder = tempfile::tempdir().unwrap();
    let clock = milepost::clock::Clock::manual(crate::support::server::monday());
    let server = crate::support::server::Running::start(&folder.path().join("milepost.db"), clock).await;
    let nobody = Client::new(&server.url);
    let form = nobody.open("/").await.form("[action='/setup']");
    let form = form
        .fill("organisation", "Harbour")
        .fill("name", " ")
        .fill("email", "not-an-address")
        .fill("password", "short");
    let back = nobody.submit(&form).await.refused(422);
    for field in ["name", "email", "password"] {
        assert!(back.has(&format!("#{field}-error")), "{field} has its sentence");
        assert_eq!(back.attribute(&format!("#{field}"), "aria-invalid").as_deref(), Some("true"));
    }
    let again = back.form("[action='/setup']");
    assert_eq!(again.value("organisation"), Some("Harbour"));
    assert_eq!(again.value("email"), Some("not-an-address"));
    assert_eq!(again.value("password"), Some(""), "a password is never sent back");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let house = House::open().await;
    let nobody = house.nobody();
    let wrong = nobody.sign_in("bob@harbour.example", "wrong password").await.refused(422);
    let unknown = nobody.sign_in("nobody@nowhere.example", "wrong password").await.refused(422);
    assert_eq!(wrong.refusals(), unknown.refusals());
    let form = wrong.form("[action*='sign-in']");
    assert_eq!((form.value("email"), form.value("password")), (Some("bob@harbour.example"), Some("")));
    assert!(nobody.get("/tasks").await.location().unwrap().starts_with("/sign-in"), "nobody is signed in");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_takes_the_address_in_any_case_and_goes_back_where_one_wanted_to() {
    let house = House::open().await;
    let nobody = house.nobody();
    let asked = nobody.get("/history?status=done").await.expect(303);
    let form = nobody.open(&asked.location().unwrap()).await.form("[action*='sign-in']");
    let answer = nobody.submit(&form.fill("email", " BOB@Harbour.Example ").fill("password", PASSWORD)).await;
    assert_eq!(answer.expect(303).location().as_deref(), Some("/history?status=done"));
    nobody.open("/tasks").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_never_leads_to_another_site() {
    let house = House::open().await;
    for evil in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let form = [("email", "bob@harbour.example"), ("password", PASSWORD), ("next", evil)];
        let location = house.nobody().post("/sign-in", &form).await.expect(303).location().unwrap();
        assert!(
            location.starts_with('/') && !location.contains("evil") && !location.contains("alert"),
            "{evil}: {location}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_renewed_at_sign_in_and_their_cookie_is_guarded() {
    let house = House::open().await;
    let bob = house.bob();
    let before = bob.cookies();
    let answer = bob.post("/sign-in", &[("email", "bob@harbour.example"), ("password", PASSWORD)]).await.expect(303);
    let line = answer.header("set-cookie").to_ascii_lowercase();
    for guard in ["httponly", "samesite=lax", "path=/"] {
        assert!(line.contains(guard), "{guard} in {line}");
    }
    assert!(!line.contains("secure"), "plain HTTP on this machine: {line}");
    assert_ne!(bob.cookies(), before, "the session's id is a new one");
    let old = Client::with_cookies(house.url(), before);
    assert!(
        old.get("/tasks").await.location().is_some_and(|to| to.starts_with("/sign-in")),
        "the old id opens nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_for_known_and_unknown_addresses_alike_and_time_heals() {
    let house = House::open().await;
    for email in ["bob@harbour.example", "nobody@nowhere.example"] {
        let nobody = house.nobody();
        for _ in 0..milepost::config::SIGN_IN_FAILURES_PER_ACCOUNT {
            nobody.sign_in(email, "wrong password").await.refused(422);
        }
        let refused = nobody.sign_in(email, PASSWORD).await.refused(429);
        assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0, "{email}");
    }
    house.advance(milepost::config::SIGN_IN_WINDOW + SignedDuration::from_secs(1));
    house.nobody().sign_in("bob@harbour.example", PASSWORD).await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_and_its_streams_and_no_others() {
    let house = House::open().await;
    let (bob, elsewhere) = (house.bob(), house.nobody());
    elsewhere.sign_in("bob@harbour.example", PASSWORD).await.expect(303);
    let mut stream = bob.stream_of(&bob.open("/tasks").await).await;
    let mut other = elsewhere.stream_of(&elsewhere.open("/tasks").await).await;
    stream.named("hello").await;
    other.named("hello").await;
    let kept = Client::with_cookies(house.url(), bob.cookies());
    bob.submit(&bob.open("/tasks").await.form("[action='/sign-out']")).await.expect(303);
    let said = stream.rest().await;
    assert_eq!(said.last().map(|event| event.name.as_str()), Some("end"), "{said:?}");
    assert!(kept.get("/tasks").await.location().unwrap().starts_with("/sign-in"), "the cookie opens nothing any more");
    house.assign("Still heard elsewhere", "bob").await;
    other.until("the other browser goes on", |event| event.data.contains("Still heard") || event.name == "list").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_everywhere_else_cuts_the_other_streams() {
    let house = House::open().await;
    let (bob, elsewhere) = (house.bob(), house.nobody());
    elsewhere.sign_in("bob@harbour.example", PASSWORD).await.expect(303);
    let mut cut = elsewhere.stream_of(&elsewhere.open("/tasks").await).await;
    let mut kept = bob.stream_of(&bob.open("/tasks").await).await;
    cut.named("hello").await;
    kept.named("hello").await;
    let account = bob.open("/account").await;
    assert_eq!(account.texts("#sessions li").len(), 2, "both sessions are listed");
    bob.submit(&account.form("[action*='end-others']")).await.expect(303);
    assert_eq!(cut.rest().await.last().unwrap().name, "end");
    assert!(elsewhere.get("/tasks").await.location().unwrap().starts_with("/sign-in"));
    assert_eq!(bob.open("/account").await.texts("#sessions li").len(), 1);
    house.assign("Heard here", "bob").await;
    kept.until("this browser goes on", |event| event.data.contains("Heard here") || event.name == "list").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_can_be_ended_from_another_and_only_by_its_user() {
    let house = House::open().await;
    let (bob, elsewhere) = (house.bob(), house.nobody());
    elsewhere.sign_in("bob@harbour.example", PASSWORD).await.expect(303);
    let form = bob.open("/account").await.form("[action*='/account/sessions/'][action$='/end']");
    house.alice().post(&form.action, &[]).await.refused(404);
    elsewhere.open("/tasks").await;
    bob.submit(&form).await.expect(303);
    assert!(elsewhere.get("/tasks").await.location().unwrap().starts_with("/sign-in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_other_session() {
    let house = House::open().await;
    let (bob, elsewhere) = (house.bob(), house.nobody());
    elsewhere.sign_in("bob@harbour.example", PASSWORD).await.expect(303);
    let mut stream = elsewhere.stream_of(&elsewhere.open("/tasks").await).await;
    stream.named("hello").await;
    let form = bob.open("/account").await.form("[action='/account/password']");
    let wrong = form.clone().fill("current", "not this").fill("password", "a fresh new password");
    assert!(bob.submit(&wrong).await.refused(422).has("#current-error"));
    bob.submit(&form.fill("current", PASSWORD).fill("password", "a fresh new password")).await.expect(303);
    assert_eq!(stream.rest().await.last().unwrap().name, "end");
    bob.open("/tasks").await;
    house.nobody().sign_in("bob@harbour.example", PASSWORD).await.refused(422);
    house.nobody().sign_in("bob@harbour.example", "a fresh new password").await.expect(303);
}

/// Bob's password is right when it is verified, and another when the session is written.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_by_a_password_that_is_changed_meanwhile_is_none() {
    let house = House::open().await;
    let app = &house.server.app;
    let sessions = SqliteSessions::new(app.db.clone(), app.clock.clone());
    let verify = async || {
        actions::sign_in(app, "bob@harbour.example", PASSWORD, [127, 0, 0, 1].into()).await.expect("it is his password")
    };
    let record = |verified: &Verified| {
        let keys = [(USER, verified.user.get().into()), (ORGANISATION, verified.organisation.get().into())];
        let keys = keys.into_iter().chain([(PASSWORD_MARK, verified.password.as_str().into())]);
        let data: HashMap<String, serde_json::Value> = keys.map(|(name, value)| (name.to_owned(), value)).collect();
        Record { id: Id::default(), data, expiry_date: time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(50_000) }
    };
    let count = || -> i64 {
        let id = house.people.id("bob");
        house.look().query_row("select count(*) from sessions where user_id = ?", [id], |row| row.get(0)).unwrap()
    };
    sessions.create(&mut record(&verify().await)).await.expect("nothing came between");
    assert_eq!(count(), 2);
    let verified = verify().await;
    let bob = house.bob();
    let form = bob.open("/account").await.form("[action='/account/password']");
    bob.submit(&form.fill("current", PASSWORD).fill("password", "a fresh new password")).await.expect(303);
    sessions.create(&mut record(&verified)).await.expect_err("the password is another");
    assert_eq!(count(), 1, "bob's own, which changed it");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_while_the_password_changes_is_signed_out() {
    let house = House::open().await;
    let mut random = Random::new("signing in while the password changes");
    let (bob, mut present) = (house.bob(), PASSWORD.to_owned());
    for round in 0..20 {
        let next = format!("new password {round}");
        let form = bob.open("/account").await.form("[action='/account/password']");
        let form = form.fill("current", &present).fill("password", &next);
        let racer = house.nobody();
        let racing = async {
            // The random moment itself: nothing is waited for here.
            let moment = Duration::from_millis(random.below(80));
            let _ = tokio::time::timeout(moment, std::future::pending::<()>()).await;
            racer.sign_in("bob@harbour.example", &present).await
        };
        let (changed, signed_in) = tokio::join!(bob.submit(&form), racing);
        changed.expect(303);
        assert!([303, 422].contains(&signed_in.status.as_u16()), "round {round}: {}", signed_in.said());
        let after = racer.get("/tasks").await;
        assert!(after.location().is_some_and(|to| to.starts_with("/sign-in")), "round {round}: {}", after.said());
        present = next;
    }
}

/// Both verified the present password: the second one's would undo the first one's without knowing it.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_password_changes_at_once_one_wins() {
    let house = House::open().await;
    let (bob, elsewhere) = (house.bob(), house.nobody());
    elsewhere.sign_in("bob@harbour.example", PASSWORD).await.expect(303);
    let change = async |client: &Client, new: &str| {
        client.post("/account/password", &[("current", PASSWORD), ("password", new)]).await.status.is_redirection()
    };
    let (first, second) = tokio::join!(change(&bob, "the first of two"), change(&elsewhere, "the second of two"));
    assert!(first != second, "{first} and {second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_sets_one_new_password_and_ends_the_old_sessions() {
    let house = House::open().await;
    let (alice, bob) = (house.alice(), house.bob());
    let path = format!("/people/{}", house.people.id("bob"));
    let form = alice.open(&path).await.form("[action$='/reset-link']");
    let link = link_in(&alice.submit_and_follow(&form).await, "/reset/");
    let visitor = house.nobody();
    let form = visitor.open(&link).await.form("[action*='/reset/']");
    visitor.submit(&form.clone().fill("password", "short")).await.refused(422);
    visitor.submit(&form.clone().fill("password", "brand new password")).await.expect(303);
    assert!(bob.get("/tasks").await.location().unwrap().starts_with("/sign-in"), "old sessions are over");
    house.nobody().sign_in("bob@harbour.example", PASSWORD).await.refused(422);
    house.nobody().sign_in("bob@harbour.example", "brand new password").await.expect(303);
    house.nobody().get(&link).await.refused(404);
    house.nobody().submit(&form.fill("password", "yet another password")).await.refused(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_is_worth_no_more_than_its_maker_is_by_now() {
    let house = House::open().await;
    let (alice, ada, bob) = (house.alice(), house.ada(), house.bob());
    let path = format!("/people/{}", house.people.id("bob"));
    let form = ada.open(&path).await.form("[action$='/reset-link']");
    let written = async || link_in(&ada.submit_and_follow(&form).await, "/reset/");

    let link = written().await;
    let own = [("current", PASSWORD), ("password", "my very own words")];
    bob.post("/account/password", &own).await.expect(303);
    house.nobody().get(&link).await.refused(404);

    let link = written().await;
    alice.post(&format!("{path}/role"), &[("role", "owner")]).await.expect(303);
    house.nobody().get(&link).await.refused(404);
    house.nobody().post(&link, &[("password", "brand new password")]).await.refused(404);
    alice.post(&format!("{path}/role"), &[("role", "member")]).await.expect(303);
    house.nobody().open(&link).await;

    alice.post(&format!("/people/{}/deactivate", house.people.id("ada")), &[]).await.expect(303);
    house.nobody().post(&link, &[("password", "brand new password")]).await.refused(404);
    house.nobody().sign_in("bob@harbour.example", "my very own words").await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_chooses_language_and_direction_over_the_browser() {
    let house = House::open().await;
    let bob = house.bob();
    let page = bob.open("/tasks").await;
    assert_eq!(
        (page.attribute("html", "lang").as_deref(), page.attribute("html", "dir").as_deref()),
        (Some("en"), Some("ltr"))
    );
    let hebrew = house.bob().in_language("he").open("/tasks").await;
    assert_eq!(
        (hebrew.attribute("html", "lang").as_deref(), hebrew.attribute("html", "dir").as_deref()),
        (Some("he"), Some("rtl"))
    );
    let form = bob.open("/account").await.form("[action='/account/preferences']");
    bob.submit(&form.fill("language", "he").fill("theme", "dark").fill("zone", "Asia/Jerusalem")).await.expect(303);
    let page = bob.open("/tasks").await;
    assert_eq!(page.attribute("html", "lang").as_deref(), Some("he"));
    assert_eq!(page.attribute("html", "data-theme").as_deref(), Some("dark"));
    assert_eq!(page.attribute("html", "data-zone").as_deref(), Some("Asia/Jerusalem"));
    let bad = bob.open("/account").await.form("[action='/account/preferences']").fill("zone", "Mars/Olympus");
    assert!(bob.submit(&bad).await.refused(422).has("#zone-error"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_itself_in_the_end() {
    let house = House::open().await;
    let bob = house.bob();
    bob.open("/tasks").await;
    // The cookie's life is counted from the real day on which this test runs.
    house.advance(SignedDuration::from_hours(24 * 366 * 200));
    assert!(bob.get("/tasks").await.location().unwrap().starts_with("/sign-in"));
    let answer = bob.send(bob.request(Method::GET, "/events?view=mine").header("accept", "text/event-stream")).await;
    assert_ne!(answer.status.as_u16(), 200);
}
