//! Kills while sums are added up: the real program ends without a word, again and again, and no entry is lost or counts
//! twice. MILEPOST_SUM_ENTRIES=10000000 looks at a long trail, and at what it takes.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use serde_json::json;

use crate::support::binary::Binary;
use crate::support::client::Client;
use crate::support::lives::Program;
use crate::support::random::Random;
use crate::support::server::{make_token, monday, template_copy};
use crate::support::{say, sums};

/// Entries of each task: made, seven reports, given to another, done.
const A_TASK: i64 = 10;

/// A trail of many tasks, a few minutes apart, of 50 categories, put into the file behind Milepost's back.
fn fill(conn: &Connection, entries: i64, people: [i64; 2]) {
    let first: i64 = conn.query_row("select coalesce(max(sequence), 0) + 1 from trail", [], |row| row.get(0)).unwrap();
    let sql = "with recursive n (i) as (select 0 union all select i + 1 from n where i < ?1 - 1)
        insert into trail (sequence, organisation_id, task_id, version, change, actor_id, via, old, new, at)
        select ?2 + i, 1, 1000000 + i / 10, i % 10 + 1,
          case i % 10 when 0 then 'created' when 8 then 'assigned' when 9 then 'completed' else 'progress' end, ?3, 'page', '{}',
          case i % 10
            when 0 then '{\"kind\":\"assignment\",\"status\":\"pending\",\"progress\":0.0,\"assignee\":' || ?3
              || ',\"category\":\"c' || (i / 10 % 50) || '\",\"due\":\"2025-03-05\",\"estimate_minutes\":30}'
            when 1 then '{\"status\":\"in_progress\",\"progress\":10.0}'
            when 8 then '{\"assignee\":' || ?4 || '}'
            when 9 then '{\"status\":\"done\",\"progress\":100.0}'
            else '{\"progress\":' || (i % 10 * 10) || '}' end,
          ?5 + i * 20000000 from n";
    conn.execute(sql, params![entries, first, people[0], people[1], monday().as_microsecond()]).unwrap();
}

fn place(conn: &Connection) -> i64 {
    let sql = "select coalesce(max(sequence), 0) from ledgers where state <> 'gone'";
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn peak_megabytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1024
}

/// Starts a job and waits for its end, or until the sums have come beyond a place.
async fn sum_until(program: &Program, conn: &Connection, beyond: Option<i64>) {
    let id = program.job(json!({ "title": "Sum", "job_kind": "aggregate", "max_attempts": 1 })).await;
    let began = Instant::now();
    let mut turn = tokio::time::interval(Duration::from_millis(5));
    loop {
        turn.tick().await;
        if beyond.is_some_and(|beyond| place(conn) > beyond) {
            return;
        }
        let status: String = conn.query_row("select status from tasks where id = ?", [id], |row| row.get(0)).unwrap();
        match status.as_str() {
            "pending" | "in_progress" => assert!(began.elapsed() < crate::support::PATIENCE * 60, "it is {status}"),
            status => return assert_eq!(status, "done"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_it_sums_up_loses_no_entry_and_counts_none_twice() {
    let entries: i64 = std::env::var("MILEPOST_SUM_ENTRIES").map_or(60_000, |entries| entries.parse().unwrap());
    let mut random = Random::new("sums and kills");
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let [bob, carol] = ["bob", "carol"].map(|name| people.id(name).parse().unwrap());
    let filling = Instant::now();
    fill(&Connection::open(&database).unwrap(), entries, [bob, carol]);
    say(&format!("{entries} entries made in {:.1?}", filling.elapsed()));
    let mut server = Binary::start(&database);
    let token = make_token(&people.client("alice", &server.url), "/account", "read report admin").await;
    let conn = Connection::open(&database).unwrap();
    conn.busy_timeout(crate::support::PATIENCE).unwrap();
    let mut cut = Vec::new();
    for _ in 0..4 {
        let program = Program(Client::with_token(&server.url, &token));
        let beyond = place(&conn) + i64::try_from(random.below(u64::try_from(entries / 10).unwrap())).unwrap();
        sum_until(&program, &conn, Some(beyond)).await;
        server.kill_and_restart(&database);
        cut.push(place(&conn));
    }
    assert!(cut.iter().any(|place| *place > 0 && *place < entries), "none was cut in the middle: {cut:?}");
    let (began, from) = (Instant::now(), place(&conn));
    sum_until(&Program(Client::with_token(&server.url, &token)), &conn, None).await;
    let took = began.elapsed();
    say(&format!(
        "cut off at {cut:?}; the last {} entries took {took:.1?}, {} MB",
        entries - from,
        peak_megabytes(server.pid())
    ));
    let total = |name: &str| -> i64 {
        let sql = format!(
            "select coalesce(sum({name}), 0) from sums s join ledgers l on l.id = s.ledger_id and l.state = 'present'
             where span = 'month' and s.kind = 'assignment'"
        );
        conn.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let tasks = entries / A_TASK;
    let counted = ["created", "assigned", "done", "reports", "estimated_minutes"].map(total);
    assert_eq!(counted, [tasks, 2 * tasks, tasks, 7 * tasks, 30 * tasks]);
    if entries <= 100_000 {
        sums::check(&conn, 1, "UTC");
    }
}
