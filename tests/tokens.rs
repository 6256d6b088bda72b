//! API tokens: made and shown once, worth no more than whoever made them, gone when revoked.

use rusqlite::types::Value;

use crate::support::client::Client;
use crate::support::events::Events;
use crate::support::html::Page;
use crate::support::server::{House, make_token};

fn token_form(page: &Page, scopes: &[&str], expires: &str) -> crate::support::html::Form {
    let mut form = page.form("[action$='/tokens']").fill("name", "Nightly import").fill("expires", expires);
    form.fields.retain(|(name, _)| name != "scopes");
    form.fields.extend(scopes.iter().map(|scope| ("scopes".to_owned(), (*scope).to_owned())));
    form
}

/// Presses the button that revokes the newest token, and confirms.
async fn revoke(client: &Client, home: &str) {
    let link = client.open(home).await.attribute("#tokens a[href$='/revoke']", "href").expect("a token to revoke");
    let confirm = client.open(&link).await;
    let said = client.submit_and_follow(&confirm.form("[action$='/revoke']")).await;
    assert!(said.text("#flash").contains("revoked"), "{}", said.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_and_stored_as_its_hash() {
    let house = House::open().await;
    let bob = house.bob();
    let form = token_form(&bob.open("/account").await, &["read", "report"], "2025-04-01");
    let shown = bob.submit(&form).await.expect(200);
    let secret = shown.attribute("#token-secret", "value").unwrap();
    assert!(secret.starts_with("mp_") && secret.len() == 67, "{secret}");
    let again = bob.open("/account").await;
    assert!(!again.body.contains(&secret), "it is not shown again");
    let row = again.text("#tokens li");
    for part in ["Nightly import", &secret[..11], "Read", "Report", "not used yet", "works until", "Bob"] {
        assert!(row.contains(part), "{part} in {row}");
    }
    let stored: Vec<Value> = house
        .look()
        .query_row("select * from api_tokens", [], |row| (0..13).map(|column| row.get(column)).collect())
        .unwrap();
    assert!(!format!("{stored:?}").contains(&secret[12..]), "only its hash is stored");
    let audited: String =
        house.look().query_row("select subject from audit where act = 'create-token'", [], |row| row.get(0)).unwrap();
    assert!(audited.contains("Nightly import") && audited.contains("read report") && !audited.contains(&secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_form_comes_back_filled_in_with_a_sentence_beside_each_field() {
    let house = House::open().await;
    for (client, home) in [(house.bob(), "/account"), (house.alice(), "/settings")] {
        let page = client.open(home).await;
        let back = client.submit(&token_form(&page, &[], "2025-03-01").fill("name", " ")).await.refused(422);
        for field in ["name", "scopes", "expires"] {
            assert!(back.has(&format!("#token-{field}-error")), "{field} has its sentence: {}", back.said());
        }
        let form = back.form("[action$='/tokens']");
        assert_eq!(form.value("expires"), Some("2025-03-01"));
        let back = client.submit(&token_form(&page, &["read", "everything"], "soon")).await.refused(422);
        assert!(back.has("#token-expires-error") && back.has("#token-scopes-error"), "{}", back.said());
        assert_eq!(back.form("[action$='/tokens']").value("name"), Some("Nightly import"));
        assert!(!back.has("#token-secret"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_a_token_with_more_rights_than_their_own() {
    let house = House::open().await;
    let bob = house.bob();
    let page = bob.open("/account").await;
    assert!(!page.has("#tokens input[value='admin']"), "a member is not offered what only admins do");
    let back = bob.submit(&token_form(&page, &["read", "admin"], "")).await.refused(422);
    assert!(back.has("#token-scopes-error"), "{}", back.said());
    let form = [("name", "x"), ("scopes", "read"), ("expires", "")];
    bob.post("/settings/tokens", &form).await.expect(403);
    let made: i64 = house.look().query_row("select count(*) from api_tokens", [], |row| row.get(0)).unwrap();
    assert_eq!(made, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisations_tokens_belong_to_all_its_admins_and_to_no_list_of_people() {
    let house = House::open().await;
    let people = house.alice().open("/people").await.texts(".table-people tbody tr").len();
    house.organisation_token("read").await;
    let ada = house.ada();
    let row = ada.open("/settings").await.text("#tokens li");
    assert!(row.contains("Alice"), "who made it: {row}");
    assert_eq!(ada.open("/people").await.texts(".table-people tbody tr").len(), people);
    revoke(&ada, "/settings").await;
    assert!(!house.alice().open("/settings").await.has("#tokens li"));
    let acts: i64 = house
        .look()
        .query_row("select count(*) from audit where act in ('create-token', 'revoke-token')", [], |row| row.get(0))
        .unwrap();
    assert_eq!(acts, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_asks_first_and_is_for_good() {
    let house = House::open().await;
    let bob = house.bob();
    make_token(&bob, "/account", "read").await;
    let confirm = bob.open("/account/tokens/1/revoke").await;
    assert!(confirm.contains("cannot be undone"), "{}", confirm.said());
    assert!(bob.open("/account").await.has("#tokens li"), "asking revokes nothing");
    revoke(&bob, "/account").await;
    assert!(!bob.open("/account").await.has("#tokens li"));
    bob.get("/account/tokens/1/revoke").await.expect(404);
}

const EVENTS: &str = "/api/v1/events";

/// A program with an open stream, past its greeting.
async fn listening(house: &House, secret: &str) -> (Client, Events) {
    let program = Client::with_token(house.url(), secret);
    let mut stream = program.events(EVENTS, None).await;
    stream.named("hello").await;
    (program, stream)
}

async fn ends(stream: &mut Events, reason: &str) {
    let rest = stream.rest().await;
    let last = rest.last().expect("the stream says why it ends");
    assert_eq!((last.name.as_str(), last.json()["reason"].as_str()), ("end", Some(reason)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_refused_and_its_streams_end_at_once_and_no_others() {
    let house = House::open().await;
    let (kept, revoked) = (house.token("bob", "read").await, house.token("bob", "read").await);
    let (_, mut others) = listening(&house, &kept).await;
    let (program, mut stream) = listening(&house, &revoked).await;
    revoke(&house.bob(), "/account").await;
    ends(&mut stream, "revoked").await;
    program.get(EVENTS).await.expect(401);
    let task = house.assign("Paint the north pier", "bob").await;
    let event = others.named("task").await;
    assert_eq!(event.json()["task"]["id"].to_string(), task);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_refused_and_its_streams_end() {
    // The clock is moved by hand, so that a stream looks at it only when it pings.
    let house = House::open_with(|config| config.streams.ping = std::time::Duration::from_millis(50)).await;
    let bob = house.bob();
    let form = token_form(&bob.open("/account").await, &["read"], "2025-03-03T09:00:30Z");
    let secret = bob.submit(&form).await.expect(200).attribute("#token-secret", "value").unwrap();
    let (program, mut stream) = listening(&house, &secret).await;
    house.advance(jiff::SignedDuration::from_secs(30));
    ends(&mut stream, "expired").await;
    program.get(EVENTS).await.expect(401);
    assert!(bob.open("/account").await.text("#tokens li").contains("Expired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_token_has_its_members_rights_of_the_moment() {
    let house = House::open().await;
    let task = house.assign("Bob's own", "bob").await;
    let (program, mut stream) = listening(&house, &house.token("ada", "read admin").await).await;
    program.events(&format!("{EVENTS}?task={task}"), None).await.named("hello").await;
    let ada = house.people.id("ada");
    let alice = house.alice();
    alice.post(&format!("/people/{ada}/role"), &[("role", "member")]).await.expect(303);
    ends(&mut stream, "revoked").await;
    program.get(&format!("{EVENTS}?task={task}")).await.expect(404);
    program.events(EVENTS, None).await.named("hello").await;
    alice.post(&format!("/people/{ada}/deactivate"), &[]).await.expect(303);
    program.get(EVENTS).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_and_a_new_password_end_sessions_and_no_tokens() {
    let house = House::open().await;
    let (_, mut stream) = listening(&house, &house.token("bob", "read").await).await;
    let bob = house.bob();
    let form = [("current", crate::support::server::PASSWORD), ("password", "a long new password")];
    bob.post("/account/password", &form).await.expect(303);
    bob.post("/sign-out", &[]).await.expect(303);
    let task = house.assign("Paint the north pier", "bob").await;
    assert_eq!(stream.next().await.unwrap().json()["task"]["id"].to_string(), task);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisations_token_works_on_when_its_maker_leaves_and_sees_all_that_is_the_organisations() {
    let house = House::open().await;
    let ada = house.ada();
    let all = make_token(&ada, "/settings", "read admin").await;
    let few = make_token(&ada, "/settings", "read").await;
    let (_, mut seeing) = listening(&house, &all).await;
    let (_, mut reading) = listening(&house, &few).await;
    house.alice().post(&format!("/people/{}/deactivate", house.people.id("ada")), &[]).await.expect(303);
    let task = house.assign("Paint the north pier", "bob").await;
    for stream in [&mut seeing, &mut reading] {
        assert_eq!(stream.named("task").await.json()["task"]["id"].to_string(), task);
    }
    revoke(&house.alice(), "/settings").await;
    let heard = reading.rest().await;
    assert_eq!(heard.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["end"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_stays_in_its_organisation() {
    let house = House::open().await;
    let task = house.assign("Harbour's own", "bob").await;
    let stranger = make_token(&house.stranger(), "/settings", "read admin").await;
    let (program, mut stream) = listening(&house, &stranger).await;
    program.get(&format!("{EVENTS}?task={task}")).await.expect(404);
    house.bob().post(&format!("/tasks/{task}/progress"), &[("progress", "40")]).await.expect(303);
    let hilltop = [("title", "Hilltop's own"), ("assignee", house.people.id("stranger"))];
    house.stranger().post("/assign", &hilltop).await.expect(303);
    let first = stream.next().await.unwrap();
    assert_eq!(first.json()["task"]["title"], "Hilltop's own");
    let epoch = first.id.as_deref().unwrap().split('-').next().unwrap();
    let mut past = program.events(&format!("{EVENTS}?after={epoch}-0"), None).await;
    past.named("hello").await;
    assert_eq!(past.next().await.unwrap().id, first.id, "of the past, too, only its own");
}
