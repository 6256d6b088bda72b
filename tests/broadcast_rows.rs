//! Broadcasts whose list stands there already: who left since, and what a retry by hand begins with.

use milepost::config::Output;
use milepost::error::Error;
use milepost::jobs::actions::{retry, retry_uncertain};
use milepost::jobs::items::{ItemOutcome, NewItem};
use milepost::notify::sql::begin_round;
use milepost::tasks::actions::cancel;
use milepost::tasks::{TaskId, Via};
use serde_json::json;

use crate::broadcast::{counted, letter, said, tally};
use crate::support::jobs::{ended, start_kind, viewer};
use crate::support::mail::MailServer;
use crate::support::program::post;
use crate::support::server::House;

/// A broadcast whose list stands there already, and whose job no worker has taken yet.
async fn listed(house: &House, channel: &str, recipients: &[(&str, &str)]) -> TaskId {
    let id = start_kind(house, "broadcast", letter(channel, "all", json!({}))).await;
    let rows: Vec<(String, String)> =
        recipients.iter().map(|(to, state)| (to.to_string(), state.to_string())).collect();
    let written = house.server.app.db.write(move |w| {
        w.conn.execute("insert into broadcasts (job_id, retries) values (?1, 0)", [id])?;
        for ((to, state), place) in rows.iter().zip(1..) {
            w.conn.execute(
                "insert into deliveries (job_id, place, recipient, key, state, attempt) values (?1, ?2, ?3, ?3, ?4, 1)",
                rusqlite::params![id, place, to, state],
            )?;
        }
        Ok(())
    });
    written.await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_left_after_the_list_was_made_is_left_out_and_said_to_have_gone() {
    let mail = MailServer::start(1, 0);
    let house = House::open_with(|config| (config.mail, config.workers) = (Some(mail.as_config()), 0)).await;
    let (bob, carol) = (house.people.id("bob"), house.people.id("carol"));
    let by_bell = listed(&house, "bell", &[(bob, "waiting"), (carol, "waiting"), ("999", "waiting")]).await;
    let list = [("bob@harbour.example", "waiting"), ("carol@harbour.example", "waiting")];
    let by_mail = listed(&house, "email", &list).await;
    house.alice().post(&format!("/people/{carol}/deactivate"), &[]).await.expect(303);
    let (keeps_on, stop) = tokio::sync::watch::channel(false);
    let workers = milepost::jobs::kinds::worker::start_workers(&house.server.app, 1, &stop);
    for (id, gone, tallied) in
        [(by_bell, vec![carol, "999"], [1, 0, 0, 0, 2]), (by_mail, vec!["carol@harbour.example"], [1, 0, 0, 0, 1])]
    {
        let done = ended(&house, id).await;
        assert_eq!(tally(&done), tallied);
        assert_eq!(counted(&done), [tallied[0] + tallied[4], 1, 0, tallied[4]]);
        for key in gone {
            let (outcome, why) = said(&house, id)[key].clone();
            assert_eq!(
                (outcome, why.as_str()),
                (ItemOutcome::Skipped, "They are no member any more: nothing was sent.")
            );
        }
    }
    assert_eq!(mail.recipients(), ["bob@harbour.example"]);
    keeps_on.send_replace(true);
    workers.wait().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_begins_in_pieces_and_a_crash_between_two_of_them_sends_nobody_twice() {
    let house = House::open_with(|config| config.workers = 0).await;
    let states = [
        ("1", "failed"),
        ("2", "sent"),
        ("3", "failed"),
        ("4", "unknown"),
        ("5", "sending"),
        ("6", "failed"),
        ("7", "unknown"),
    ];
    let id = listed(&house, "email", &states).await;
    let alice = viewer(&house, "alice");
    let standing = || -> String {
        let conn = house.look();
        let mut find =
            conn.prepare("select substr(state, 1, 2) from deliveries where job_id = ? order by place").unwrap();
        find.query_map([id], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap).collect::<Vec<_>>().join(" ")
    };
    let piece = async |attempt: i64| {
        let begun = house.server.app.db.write(move |w| begin_round(w.conn, id, attempt, Some("perhaps"), 2));
        begun.await.unwrap()
    };
    let cancelled = async || {
        house.server.app.act(&alice, Via::Page, move |w, by| cancel(w, by, id, "")).await.unwrap();
    };
    let all_waiting_are = async |state: &'static str| {
        let sql = "update deliveries set state = ? where job_id = ? and state = 'waiting'";
        let done = house.server.app.db.write(move |w| Ok(w.conn.execute(sql, rusqlite::params![state, id])?));
        done.await.unwrap();
    };
    cancelled().await;
    house.server.app.act(&alice, Via::Page, move |w, by| retry(w, by, id, false)).await.unwrap();
    assert!(piece(2).await);
    assert_eq!(standing(), "fa se fa un un fa un", "what was under way may have arrived");
    assert!(piece(2).await);
    assert_eq!(standing(), "wa se wa un un fa un");
    // The program ends here; the next attempt goes on with the same retry.
    while piece(3).await {}
    assert_eq!(standing(), "wa se wa un un wa un", "nobody of whom nothing is known");
    assert!(!piece(4).await, "it is heeded once");
    // To nobody else, also when it was cancelled while some waited.
    cancelled().await;
    let while_others_wait = house.server.app.act(&alice, Via::Page, move |w, by| retry_uncertain(w, by, id)).await;
    let Err(Error::Conflict(why)) = while_others_wait else { panic!("{while_others_wait:?}") };
    assert_eq!(why.key, "refused-retry-waiting");
    assert_eq!(standing(), "wa se wa un un wa un");
    // Those of whom nobody knows wait only for a retry of their own, and that one is forgotten with the next.
    all_waiting_are("failed").await;
    house.server.app.act(&alice, Via::Page, move |w, by| retry_uncertain(w, by, id)).await.unwrap();
    cancelled().await;
    house.server.app.act(&alice, Via::Page, move |w, by| retry(w, by, id, false)).await.unwrap();
    while piece(5).await {}
    assert_eq!(standing(), "wa se wa un un wa un");
    cancelled().await;
    all_waiting_are("sent").await;
    house.server.app.act(&alice, Via::Page, move |w, by| retry_uncertain(w, by, id)).await.unwrap();
    while piece(6).await {}
    assert_eq!(standing(), "se se se wa wa se wa");
    cancelled().await;
    all_waiting_are("sent").await;
    let again = house.server.app.act(&alice, Via::Page, move |w, by| retry_uncertain(w, by, id)).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trying_again_what_failed_says_so_when_there_is_nobody_to_try() {
    let house = House::open_with(|config| config.workers = 0).await;
    let alice = viewer(&house, "alice");
    let cases = [
        ("unknown", Some("refused-retry-uncertain")),
        ("sent", Some("refused-retry-lines")),
        ("failed", None),
        ("waiting", None),
    ];
    for (state, refusal) in cases {
        let id = listed(&house, "email", &[("1", "sent"), ("2", state)]).await;
        let written = house.server.app.act(&alice, Via::Page, move |w, by| {
            let insert = "insert into deliveries (job_id, place, key, state, told) values (?, 9, 'line 9', 'bad', 'x')";
            w.conn.execute(insert, [id])?;
            cancel(w, by, id, "")?;
            let item = NewItem { key: Some("line 9".into()), outcome: ItemOutcome::Failed, message: None };
            milepost::jobs::sql::record_items(w.conn, &Output::default(), id, 1, &[item], w.now)
        });
        written.await.unwrap();
        let again = house.server.app.act(&alice, Via::Page, move |w, by| retry(w, by, id, true)).await;
        match (again, refusal) {
            (Err(Error::Conflict(why)), Some(refusal)) => assert_eq!(why.key, refusal),
            (Ok(_), None) => {}
            other => panic!("{state}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_asks_for_one_of_both_in_a_retry() {
    let house = House::open_with(|config| config.workers = 0).await;
    let owner = house.program("alice", "read report admin").await;
    let id = listed(&house, "email", &[("1", "unknown"), ("2", "failed")]).await;
    house.server.app.act(&viewer(&house, "alice"), Via::Page, move |w, by| cancel(w, by, id, "")).await.unwrap();
    let path = format!("/api/v1/tasks/{id}/retry");
    let both = json!({ "uncertain_items": true, "only_failed_items": true });
    let refused = post(&owner, &path, both).await.expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "uncertain_items", "{refused}");
    post(&owner, &path, json!({ "uncertain_items": true, "only_failed_items": false })).await.expect(200);
}
