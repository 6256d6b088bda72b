//! API tokens: made and shown once, worth no more than whoever made them, gone when revoked.

use rusqlite::types::Value;

use crate::support::client::Client;
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
