//! Alarms of schedules, as those who may edit a schedule hear of them: once for each that begins, by the bell, and by mail
//! whoever asked for that.

use milepost::jobs::Outcome as Ending;
use milepost::schedules::{ScheduleId, sql};
use serde_json::json;

use crate::support::eventually;
use crate::support::mail::MailServer;
use crate::support::schedules::{advance, hours, letters, make, minutes, number, program, texts, with};
use crate::support::server::House;
use crate::support::worker::Worker;

/// Waits until nothing is to be told any more.
async fn looked(house: &House) {
    eventually("alarms were looked for", || async {
        Some(()).filter(|()| number(house, "select count(*) from schedules where alarm_look = 1") == 0)
    })
    .await;
}

/// Who was told of alarms, by name, in order.
fn told(house: &House) -> Vec<String> {
    let sql =
        "select u.name from notifications n join users u on u.id = n.user_id where n.reason = 'alarm' order by n.id";
    let conn = house.look();
    texts(&conn, sql)
}

fn names(told: &[String]) -> Vec<&str> {
    told.iter().map(|name| name.split(' ').next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_admin_is_told_once_when_an_alarm_begins_and_anew_after_it_was_well() {
    let mail = MailServer::start(1, 0);
    let house = House::open_with(|config| config.mail = Some(mail.as_config())).await;
    let alice = house.alice();
    let form = alice.open("/account").await.form("[action='/account/alarms']");
    alice.submit(&form.fill("mail", "1")).await.expect(303);
    assert!(alice.open("/account").await.has("#alarms input[checked]"));
    assert!(!house.bob().open("/account").await.has("#alarms"), "alarms are for admins");
    let program = program(&house).await;
    let body = with(letters("0 * * * *"), json!({ "alarm_failures": 2 }));
    let id = make(&program, &body).await["id"].clone();
    let worker = Worker::of(&house, "alice");
    let run = async |ending: Ending| {
        advance(&house, hours(1)).await;
        let task = worker.claim().await;
        worker.finish(task.id, ending).await;
        looked(&house).await;
    };
    run(Ending::Failed).await;
    assert!(told(&house).is_empty(), "one failure is none");
    run(Ending::Failed).await;
    assert_eq!(names(&told(&house)).len(), 2, "{:?}", told(&house));
    let page = alice.open("/notifications").await;
    assert!(page.contains("2 runs failed in a row."), "{}", page.said());
    assert!(page.has(&format!("a[href='/schedules/{id}']")), "{}", page.said());
    assert!(!house.bob().open("/notifications").await.contains("failed"), "it is the admins' to mend");
    run(Ending::Failed).await;
    assert_eq!(told(&house).len(), 2, "it goes on, and nobody is told of it again");
    run(Ending::Done).await;
    run(Ending::Failed).await;
    run(Ending::Failed).await;
    assert_eq!(told(&house).len(), 4, "it was well in between");
    eventually("both mails were sent", || async { Some(()).filter(|()| mail.mails().len() == 2) }).await;
    let first = &mail.mails()[0];
    assert_eq!(first["to"], json!(["alice@harbour.example"]), "only who asked for it");
    assert!(first["subject"].as_str().unwrap().contains("Letters"), "{first}");
    assert!(first["text"].as_str().unwrap().contains("2 runs failed in a row."), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_time_brings_is_told_once_too() {
    let house = House::open().await;
    make(&program(&house).await, &letters("0 0 1 1 *")).await;
    let run = house.alice().post("/schedules/1/run", &[]).await;
    assert!(run.location().is_some(), "{}", run.said());
    advance(&house, minutes(20)).await;
    let is_told = || async { Some(told(&house)).filter(|told| !told.is_empty()) };
    let heard = eventually("nobody begins it", is_told).await;
    assert_eq!(heard.len(), 2, "every admin once: {heard:?}");
    let text = &texts(&house.look(), "select distinct text from notifications where reason = 'alarm'");
    assert_eq!(text.len(), 1, "{text:?}");
    assert!(text[0].contains("nobody began it"), "{text:?}");
    // Somebody begins it and is done: it is over, and nobody hears of it again.
    let worker = Worker::of(&house, "alice");
    let task = worker.claim().await;
    worker.finish(task.id, Ending::Done).await;
    looked(&house).await;
    assert_eq!(number(&house, "select count(*) from schedules where alarm_told is not null"), 0);
    assert_eq!(told(&house).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_schedule_that_cannot_be_read_silences_none_of_the_others() {
    let house = House::open().await;
    let program = program(&house).await;
    make(&program, &letters("0 0 1 1 *")).await;
    make(&program, &letters("0 0 1 1 *")).await;
    let app = house.server.app.clone();
    for id in [1, 2] {
        let run = house.alice().post(&format!("/schedules/{id}/run"), &[]).await;
        assert!(run.location().is_some(), "{}", run.said());
    }
    let spoil = "update schedules set template = '{}', alarm_look = 1 where id = 1";
    app.db.write(move |w| Ok(w.conn.execute(spoil, [])?)).await.unwrap();
    advance(&house, minutes(20)).await;
    let of_the_other = "select count(*) from notifications where reason = 'alarm' and schedule_id = 2";
    eventually("the admins are told of the other", || async {
        Some(()).filter(|()| number(&house, of_the_other) == 2)
    })
    .await;
    looked(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_whose_time_came_without_anything_is_looked_at_for_an_alarm() {
    let house = House::open().await;
    make(&program(&house).await, &letters("0 0 1 1 *")).await;
    looked(&house).await;
    let look = |is_whole| {
        house.server.app.db.write(move |w| {
            let then = w.now - minutes(10);
            // Taken back at the end: the clock of the schedules would mend it at once.
            let found: Result<_, milepost::error::Error> = w.nested(|w| {
                w.conn.execute("update schedules set look_at = ?1 where id = 1", [then.as_microsecond()])?;
                let late = w.now - milepost::config::SCHEDULE_LATE;
                let found = sql::alarm_candidates(w.conn, is_whole, ScheduleId::new(0), late, 10)?;
                w.conn.execute("update schedules set look_at = null where id = 1", [])?;
                Ok(found)
            });
            found
        })
    };
    assert_eq!(look(true).await.unwrap(), [(ScheduleId::new(1), None, false)]);
    assert_eq!(look(false).await.unwrap(), []);
}
