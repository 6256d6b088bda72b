//! Who belongs to an organisation, and as what: invitations, roles, deactivation, several organisations.

use jiff::SignedDuration;

use crate::support::server::{House, MARK, PASSWORD, invite};

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_lets_one_person_in_once() {
    let house = House::open().await;
    let link = invite(&house.alice(), "dan@harbour.example", "Dan", "member").await;
    let dan = house.nobody();
    let form =
        dan.open(&link).await.form("[action*='/invitations/']").fill("name", "Dan New").fill("password", PASSWORD);
    dan.submit(&form).await.expect(303);
    assert!(dan.open("/tasks").await.contains("Dan New"));
    assert!(house.alice().open("/people").await.contains("Dan New"));
    house.nobody().get(&link).await.refused(404);
    house.nobody().submit(&form).await.refused(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_expires_and_can_be_taken_back() {
    let house = House::open().await;
    let alice = house.alice();
    let late = invite(&alice, "late@harbour.example", "Late", "member").await;
    let revoked = invite(&alice, "never@harbour.example", "Never", "admin").await;
    house.nobody().open(&revoked).await;
    let waiting = alice.open("/people").await.forms().into_iter().filter(|form| form.action.ends_with("/revoke"));
    let id: i64 = house.look().query_row("select max(id) from invitations", [], |row| row.get(0)).unwrap();
    let form = waiting.into_iter().find(|form| form.action.contains(&format!("/{id}/"))).expect("it waits on the page");
    alice.submit(&form).await.expect(303);
    house.nobody().get(&revoked).await.refused(404);
    house.nobody().open(&late).await;
    house.advance(milepost::config::INVITATION_LIFE + SignedDuration::from_secs(1));
    house.nobody().get(&late).await.refused(404);
    let fields = [("name", "Late"), ("password", PASSWORD)];
    house.nobody().post(&late, &fields).await.refused(404);
    let users: i64 = house
        .look()
        .query_row(
            "select count(*) from users where email in ('late@harbour.example', 'never@harbour.example')",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(users, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_a_member_already_is_not_invited_again_in_any_case() {
    let house = House::open().await;
    let alice = house.alice();
    let form = alice.open("/people").await.form(":has([name='email']):has([name='role'])");
    let back = alice
        .submit(&form.fill("email", "BOB@harbour.example").fill("name", "Bob again").fill("role", "member"))
        .await
        .refused(422);
    assert!(back.has("#email-error"));
    assert_eq!(back.form(":has([name='email']):has([name='role'])").value("name"), Some("Bob again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_belongs_to_two_organisations_and_switches() {
    let house = House::open().await;
    house.assign(&format!("Harbour's {MARK}"), "bob").await;
    let link = invite(&house.stranger(), "bob@harbour.example", "Bob", "admin").await;
    let newcomer = house.nobody();
    let form = newcomer.open(&link).await.form("[action*='/invitations/']");
    assert!(!form.has("name"), "who has an account gives its password only");
    newcomer.submit(&form.clone().fill("password", "not bob's")).await.refused(422);
    newcomer.submit(&form.fill("password", PASSWORD)).await.expect(303);
    let page = newcomer.open("/monitor").await;
    assert!(page.contains("Hilltop Bakery"));
    assert_eq!(page.texts("#list article").len(), 0, "nothing of Harbour Works stands on Hilltop's monitor");
    let harbour: i64 = house
        .look()
        .query_row("select id from organisations where name like '%Harbour%'", [], |row| row.get(0))
        .unwrap();
    let form = page.form("[action='/switch-organisation']").fill("organisation", &harbour.to_string());
    newcomer.submit(&form).await.expect(303);
    assert!(newcomer.open("/tasks").await.contains("Harbour's"));
    house.carol().post("/switch-organisation", &[("organisation", "2")]).await.refused(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_role_holds_at_once_and_cuts_the_streams_opened_under_the_old_one() {
    let house = House::open().await;
    let (alice, ada) = (house.alice(), house.ada());
    let mut stream = ada.stream_of(&ada.open("/monitor").await).await;
    stream.named("hello").await;
    let path = format!("/people/{}", house.people.id("ada"));
    let form = alice.open(&path).await.form("[action$='/role']").fill("role", "member");
    alice.submit(&form).await.expect(303);
    assert_eq!(stream.rest().await.last().unwrap().name, "end");
    ada.get("/people").await.refused(403);
    ada.post("/people", &[("email", "x@y.example"), ("name", "X"), ("role", "member")]).await.refused(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_stays_and_nobody_touches_a_role_above_their_own() {
    let house = House::open().await;
    let alice_path = format!("/people/{}", house.people.id("alice"));
    let role = [("role", "admin")];
    house.alice().post(&format!("{alice_path}/role"), &role).await.refused(409);
    house.alice().post(&format!("{alice_path}/deactivate"), &[]).await.refused(409);
    house.ada().post(&format!("{alice_path}/role"), &role).await.refused(403);
    house.ada().post(&format!("{alice_path}/deactivate"), &[]).await.refused(403);
    house.ada().post(&format!("{alice_path}/reset-link"), &[]).await.refused(403);
    let bob_path = format!("/people/{}", house.people.id("bob"));
    house.ada().post(&format!("{bob_path}/role"), &[("role", "owner")]).await.refused(403);
    house.ada().post(&format!("{bob_path}/role"), &[("role", "emperor")]).await;
    let roles: i64 = house
        .look()
        .query_row("select count(*) from members where role = 'owner' and organisation_id = 1", [], |row| row.get(0))
        .unwrap();
    assert_eq!(roles, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deactivated_is_out_at_once_and_history_keeps_the_name() {
    let house = House::open().await;
    let (alice, bob) = (house.alice(), house.bob());
    let task = house.assign("Begun by Bob", "bob").await;
    bob.post(&format!("/tasks/{task}/progress"), &[("progress", "40"), ("note", "so far")]).await.expect(303);
    let mut stream = bob.stream_of(&bob.open("/tasks").await).await;
    stream.named("hello").await;
    let path = format!("/people/{}", house.people.id("bob"));
    let form = alice.open(&format!("{path}/deactivate")).await.form("[action$='/deactivate']");
    alice.submit(&form).await.expect(303);
    assert_eq!(stream.rest().await.last().unwrap().name, "end");
    assert_ne!(bob.get("/tasks").await.status.as_u16(), 200);
    assert_ne!(house.nobody().sign_in("bob@harbour.example", PASSWORD).await.status.as_u16(), 303);
    let page = alice.open(&format!("/tasks/{task}")).await;
    assert!(page.contains("Bob Member") && page.contains("so far"));
    let offered = alice.open("/assign").await;
    assert!(!offered.has(&format!(
        "[name='assignee'][value='{0}'], select[name='assignee'] option[value='{0}']",
        house.people.id("bob")
    )));
    alice.post(&format!("{path}/reactivate"), &[]).await.expect(303);
    house.nobody().sign_in("bob@harbour.example", PASSWORD).await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_invitation_does_not_change_the_role_of_somebody_who_is_back() {
    let house = House::open().await;
    let (alice, carol) = (house.alice(), house.people.id("carol").to_owned());
    alice.post(&format!("/people/{carol}/deactivate"), &[]).await.expect(303);
    let link = invite(&alice, "carol@harbour.example", "Carol", "admin").await;
    alice.post(&format!("/people/{carol}/reactivate"), &[]).await.expect(303);
    house.nobody().post(&link, &[("password", PASSWORD)]).await.expect(303);
    let role: String =
        house.look().query_row("select role from members where user_id = ?", [&carol], |row| row.get(0)).unwrap();
    assert_eq!(role, "member");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_does_not_lower_an_owner_by_inviting_them_again() {
    let house = House::open().await;
    let (alice, carol) = (house.alice(), house.people.id("carol").to_owned());
    alice.post(&format!("/people/{carol}/role"), &[("role", "owner")]).await.expect(303);
    alice.post(&format!("/people/{carol}/deactivate"), &[]).await.expect(303);
    let again = [("email", "carol@harbour.example"), ("name", "Carol"), ("role", "member")];
    house.ada().post("/people", &again).await.refused(422);
}
