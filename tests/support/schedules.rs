//! Schedules as tests make, tick and read them.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::eventually;
use super::server::House;

pub fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

pub fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// One number of the file.
pub fn number(house: &House, sql: &str) -> i64 {
    house.look().query_row(sql, [], |row| row.get(0)).unwrap()
}

pub fn texts(conn: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = conn.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Waits until the tick has looked at everything up to now.
pub async fn ticked(house: &House) {
    eventually("the tick has looked", || async {
        let now = house.server.clock.now().as_microsecond();
        let due =
            format!("select count(*) from schedules where look_at <= {now} or (counted_to > {now} and is_paused = 0)");
        Some(()).filter(|()| number(house, &due) == 0)
    })
    .await;
}

pub async fn advance(house: &House, by: SignedDuration) {
    house.advance(by);
    ticked(house).await;
}

/// What each run of a schedule came to: its slot and outcome.
pub fn runs(house: &House, id: &Value) -> Vec<String> {
    let conn = house.look();
    let sql = format!(
        "select strftime('%dT%H:%M', slot / 1000000, 'unixepoch') || ' ' ||
           case when is_waiting then 'waiting' else coalesce(outcome, 'open') end ||
           case when missed > 0 then '/' || missed else '' end
         from schedule_runs where schedule_id = {id} order by slot"
    );
    texts(&conn, &sql)
}

/// The program of alice, who owns the house.
pub async fn program(house: &House) -> Client {
    house.program("alice", "read report work admin").await
}

pub async fn make(program: &Client, body: &Value) -> Value {
    program.send_json(Method::POST, "/api/v1/schedules", &body.to_string()).await.expect(201).json()
}

/// A schedule of jobs that nobody takes unless the test does.
pub fn letters(cron: &str) -> Value {
    json!({
        "title": "Letters", "cron": cron, "zone": "UTC", "job": { "job_kind": "letters", "max_attempts": 1 },
        "overlap": "allow",
    })
}

pub fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub async fn read(program: &Client, id: &Value) -> Value {
    program.get(&format!("/api/v1/schedules/{id}")).await.expect(200).json()
}
