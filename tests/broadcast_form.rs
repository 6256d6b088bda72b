//! The form of a broadcast: what it offers, to whom it would go before anything is sent, and that it sends once.

use milepost::tasks::Via;

use crate::broadcast::{brought, tally, with_mail};
use crate::new_job::started;
use crate::support::jobs::{ended, viewer};
use crate::support::mail::MailServer;
use crate::support::server::{House, PASSWORD, invite, monday};

#[tokio::test(flavor = "multi_thread")]
async fn the_form_offers_what_there_is_and_says_what_does_not_go_together() {
    let house = House::open().await;
    let alice = house.alice();
    let page = alice.open("/jobs/new/broadcast").await;
    assert_eq!(page.attributes("#channel option", "value"), ["bell"], "no mail server, no mail");
    assert!(page.contains("This server sends no e-mail"), "{}", page.said());
    let form = page.form("#broadcast").fill("subject", "Hello").fill("text", "The pier is closed.");
    let refused = alice.submit(&form.clone().fill("to", "project")).await.refused(422);
    assert!(refused.has("#project-error"), "{}", refused.said());
    let refused = alice.submit(&form.clone().fill("per_minute", "0")).await.refused(422);
    assert_eq!(refused.text("#text"), "The pier is closed.", "what was typed stays");
    assert!(refused.has("#per_minute-error"), "{}", refused.said());
    let shown = alice.submit(&form.fill("to", "role").fill("role", "member")).await.expect(200);
    let id = started(&alice.submit(&shown.form(":has([name='once'])")).await.expect(303));
    let done = ended(&house, id).await;
    assert_eq!((done.title.as_str(), tally(&done)), ("Broadcast: Hello", [2, 0, 0, 0, 0]));
    let again = alice.open(&format!("/jobs/new/broadcast?from={id}")).await;
    assert_eq!(again.form("#broadcast").value("to"), Some("role"), "{}", again.said());
    // With a file, what is asked is another: no member, but a column.
    let file = brought(&house, "url\nhttp://127.0.0.1:1/\n").await;
    let page = alice.open(&format!("/jobs/new/broadcast?task={}&name=list.csv", file["task"])).await;
    assert_eq!(page.attributes("#channel option", "value"), ["webhook"]);
    assert!(page.has("#column") && !page.has("#to") && !page.has("#people"));
    let form = page.form("#broadcast").fill("subject", "Hello").fill("text", "x");
    let shown = alice.submit(&form).await.expect(200);
    let id = started(&alice.submit(&shown.form(":has([name='once'])")).await.expect(303));
    assert_eq!(tally(&ended(&house, id).await), [0, 1, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_before_it_was_shown_to_whom_and_nothing_twice_from_one_form() {
    let house = House::open().await;
    let alice = house.alice();
    let form =
        alice.open("/jobs/new/broadcast").await.form("#broadcast").fill("subject", "Hello").fill("text", "One\ntwo");
    let form = form.fill("to", "people").fill("people", "bob@harbour.example, BOB@harbour.example\nx@there.example");
    let jobs = || -> i64 { house.look().query_row("select count(*) from jobs", [], |row| row.get(0)).unwrap() };
    let shown = alice.submit(&form).await.expect(200);
    assert_eq!(jobs(), 0, "it was only looked at");
    assert_eq!(shown.text("#would"), "One member gets a notification in Milepost. It takes less than a minute.");
    assert_eq!(shown.texts("#against li").len(), 2, "{}", shown.said());
    assert_eq!(shown.text("#preview button"), "Send to one");
    assert_eq!(shown.form("#broadcast").value("text"), Some("One\ntwo"), "what was typed stays");
    let send = shown.form(":has([name='once'])");
    let first = started(&alice.submit(&send).await.expect(303));
    let again = alice.submit_and_follow(&send).await;
    assert_eq!((again.path.as_str(), jobs()), (format!("/tasks/{first}").as_str(), 1), "twice is as once");
    assert!(again.contains("is not sent twice"), "{}", again.said());
    // Neither is what is not there any more.
    ended(&house, first).await;
    let app = house.server.app.clone();
    app.act(&viewer(&house, "alice"), Via::Page, move |w, by| milepost::tasks::actions::delete(w, by, first))
        .await
        .unwrap();
    let gone = alice.submit_and_follow(&send).await;
    assert!(gone.path == "/jobs" && gone.contains("has been removed since"), "{} {}", gone.path, gone.said());
    // Another text under the same key, or a key of which nobody knows any more what it did, is looked at anew.
    let other = alice.submit(&send.clone().fill("text", "Three")).await.expect(200);
    assert!(other.text("#stale").starts_with("Nothing was sent"), "{}", other.said());
    assert_ne!(other.form(":has([name='once'])").value("once"), send.value("once"));
    house.advance(jiff::SignedDuration::from_hours(24));
    assert!(alice.submit(&send).await.expect(200).has("#preview #stale"));
    assert_eq!(house.look().query_row("select count(*) from notifications", [], |row| row.get::<_, i64>(0)), Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preview_of_a_file_counts_its_lines_and_says_how_long_it_takes() {
    let mail = MailServer::start(1, 0);
    let house = with_mail(&mail).await;
    let alice = house.alice();
    let list: String = (0..142).map(|number| format!("r{number}@there.example\n")).collect();
    let file = brought(&house, &format!("E-mail\n{list}R7@there.example\nnobody\n")).await;
    let form = alice.open(&format!("/jobs/new/broadcast?task={}&name=list.csv", file["task"])).await.form("#broadcast");
    let form = form.fill("channel", "email").fill("subject", "Hello").fill("text", "x");
    let shown = alice.submit(&form.clone().fill("per_minute", "60")).await.expect(200);
    assert!(shown.text("#would").ends_with("about 3 min."), "{}", shown.said());
    let form = form.fill("per_minute", "6000");
    let shown = alice.submit(&form).await.expect(200);
    assert_eq!(
        shown.text("#would"),
        "142 addresses by e-mail, each a message of its own. It takes less than a minute."
    );
    assert_eq!(shown.texts("#against li").len(), 2, "{}", shown.said());
    let id = started(&alice.submit(&shown.form(":has([name='once'])")).await.expect(303));
    assert_eq!(tally(&ended(&house, id).await), [142, 0, 0, 1, 1]);
    let refused = alice.submit(&form.fill("column", "Fax")).await.refused(422);
    assert!(refused.said().contains("Fax"), "{}", refused.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_shown_in_one_organisation_to_one_person_is_sent_by_nobody_else_and_nowhere_else() {
    let house = House::open().await;
    let jobs = || -> i64 { house.look().query_row("select count(*) from jobs", [], |row| row.get(0)).unwrap() };
    let link = invite(&house.stranger(), "alice@harbour.example", "Alice", "admin").await;
    let alice = house.nobody();
    let form = alice.open(&link).await.form("[action*='/invitations/']");
    alice.submit(&form.fill("password", PASSWORD)).await.expect(303);
    let write =
        async || alice.open("/jobs/new/broadcast").await.form("#broadcast").fill("subject", "Hi").fill("text", "x");
    let at_hilltop = alice.submit(&write().await).await.expect(200);
    assert!(!at_hilltop.has("#stale"), "{}", at_hilltop.said());
    let send = at_hilltop.form(":has([name='once'])");
    let switch = at_hilltop.form("[action='/switch-organisation']").fill("organisation", &harbour(&house));
    alice.submit(&switch).await.expect(303);
    // The page of the other organisation is still open in another tab.
    let at_harbour = alice.submit(&send).await.expect(200);
    assert!(at_harbour.has("#stale") && jobs() == 0, "{}", at_harbour.said());
    assert_ne!(at_harbour.text("#would"), at_hilltop.text("#would"), "to whom it would go here");
    let send = at_harbour.form(":has([name='once'])");
    let once = send.value("once").unwrap().to_owned();
    let made_up = [format!("{}-{}", monday().as_second(), "x".repeat(43)), "x".into(), format!("{once}x"), "-".into()];
    for key in made_up {
        let shown = alice.submit(&send.clone().fill("once", &key)).await.expect(200);
        assert!(shown.has("#stale") && jobs() == 0, "{key}: {}", shown.said());
    }
    // Another admin was shown nothing.
    assert!(house.ada().submit(&send).await.expect(200).has("#stale") && jobs() == 0);
    started(&alice.submit(&send).await.expect(303));
    assert_eq!(jobs(), 1);
}

fn harbour(house: &House) -> String {
    let id: i64 = house
        .look()
        .query_row("select id from organisations where name like '%Harbour%'", [], |row| row.get(0))
        .unwrap();
    id.to_string()
}
