//! Opening a page costs the same at ten thousand and at ten million tasks: every statement on a page's path
//! goes along an index. The statements are caught as they run, so that none is forgotten.

use std::cell::RefCell;
use std::collections::BTreeSet;

use milepost::insight;
use milepost::insight::jobs::{self, Bucket, JobKey};
use milepost::insight::sums::Per;
use milepost::insight::{Filter, HistoryFilter, JobFilter, lanes};
use milepost::jobs::Limited;
use milepost::jobs::artifacts::{ArtifactId, ArtifactName};
use milepost::jobs::items::ItemOutcome;
use milepost::notify::{Standing, sql as notify};
use milepost::people::{self, OrganisationId, Viewer};
use milepost::schedules::{self, ScheduleId};
use milepost::tasks::sql::Next;
use milepost::tasks::sums::Span;
use milepost::tasks::{self, TaskId};
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};

use crate::support::server::{House, monday};

thread_local! {
    static RUN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(statement, _) = event {
        RUN.with_borrow_mut(|run| run.insert(statement.sql().into_owned()));
    }
}

/// Every statement that `questions` runs on this connection.
fn statements(conn: &Connection, questions: impl FnOnce()) -> BTreeSet<String> {
    RUN.take();
    conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note));
    questions();
    conn.trace_v2(TraceEventCodes::empty(), None);
    RUN.take()
}

fn plan(conn: &Connection, sql: &str) -> Vec<String> {
    let mut statement = conn.prepare(&format!("explain query plan {sql}")).unwrap();
    let parameters = vec![None::<String>; statement.parameter_count()];
    let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Tables that grow without end, and the names that they go by in statements.
const LARGE: [&str; 15] = [
    "t",
    "tasks",
    "e",
    "trail",
    "j",
    "jobs",
    "ready_jobs",
    "job_outputs",
    "job_log",
    "i",
    "items",
    "item_groups",
    "artifact_chunks",
    "sums",
    "ledger_tasks",
];

/// Reads all of a large table, or sorts what it read of one.
fn is_costly(sql: &str, line: &str) -> bool {
    let mut words = line.split(' ');
    let scans = words.next() == Some("SCAN") && words.next().is_some_and(|table| LARGE.contains(&table));
    let sorts = line.starts_with("USE TEMP B-TREE FOR ORDER BY") || line.contains("AUTOMATIC");
    let is_large = LARGE.iter().any(|table| sql.contains(&format!("from {table} ")));
    scans || (sorts && is_large)
}

async fn filled_house() -> (House, Viewer, Viewer) {
    let house = House::open().await;
    let alice = house.alice();
    alice.post("/projects", &[("name", "Waterfront")]).await.expect(303);
    alice.post("/projects/1/members", &[("members", house.people.id("carol"))]).await.expect(303);
    for (to, project) in [("bob", "1"), ("carol", ""), ("ada", "1")] {
        let titles: Vec<String> = (0..60).map(|number| format!("Task {number} of {to}")).collect();
        let form =
            [("title", titles.join("\n")), ("assignee", house.people.id(to).into()), ("project", project.into())];
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value): &(&str, String)| (*name, value.as_str())).collect();
        alice.post("/assign", &form).await.expect(303);
    }
    let viewer = |name: &str| {
        let id: i64 = house.people.id(name).parse().unwrap();
        let conn = house.look();
        let key: Vec<u8> =
            conn.query_row("select key from sessions where user_id = ?", [id], |row| row.get(0)).unwrap();
        let key = people::SessionKey::from_bytes(key.try_into().unwrap());
        people::sql::viewer(&conn, &key, monday()).unwrap().expect("signed in")
    };
    let (alice, carol) = (viewer("alice"), viewer("carol"));
    (house, alice, carol)
}

fn queries() -> Vec<Vec<(String, String)>> {
    let words = [
        ("status", vec!["", "pending", "in_progress", "done"]),
        ("person", vec!["", "3"]),
        ("project", vec!["", "1"]),
        ("priority", vec!["", "urgent"]),
        ("overdue", vec!["", "1"]),
        ("q", vec!["", "task"]),
        ("kind", vec!["", "assignment"]),
        ("from", vec!["", "2025-01-01"]),
    ];
    combined(&words)
}

/// Every choice of one value for each name.
fn combined(words: &[(&str, Vec<&str>)]) -> Vec<Vec<(String, String)>> {
    let mut all: Vec<Vec<(String, String)>> = vec![vec![]];
    for (name, values) in words {
        all = all
            .into_iter()
            .flat_map(|query| {
                values.clone().into_iter().map(move |value| {
                    let pair = (!value.is_empty()).then(|| ((*name).to_owned(), value.to_owned()));
                    query.iter().cloned().chain(pair).collect()
                })
            })
            .collect();
    }
    all
}

fn ask_jobs(conn: &Connection, viewer: &Viewer) {
    let now = monday();
    let words = [
        ("kind", vec!["", "letters"]),
        ("queue", vec!["", "mail"]),
        ("category", vec!["", "post"]),
        ("project", vec!["", "1"]),
        ("q", vec!["", "task"]),
        ("until", vec!["", "100"]),
    ];
    for query in combined(&words) {
        let filter = JobFilter::from_query(&query);
        for bucket in Bucket::ALL {
            for key in [None, Some(JobKey { at: 5, id: 5 })] {
                jobs::jobs(conn, viewer, &filter, (*bucket, 50), now, key).unwrap();
            }
            jobs::count(conn, viewer, &filter, *bucket, now).unwrap();
        }
    }
    let names = lanes::names(conn, viewer).unwrap();
    lanes::lanes(conn, viewer, &names).unwrap();
    insight::children(conn, TaskId::new(61), TaskId::new(1), 50).unwrap();
    insight::cancel_requests(conn, TaskId::new(61)).unwrap();
    insight::waits_for(conn, TaskId::new(61)).unwrap();
    insight::newest_task(conn).unwrap();
}

fn ask_everything(conn: &Connection, viewer: &Viewer) {
    let now = monday();
    ask_jobs(conn, viewer);
    insight::mine(conn, viewer, now).unwrap();
    for query in queries() {
        let filter = Filter::from_query(&query);
        for key in [None, Some("d.5.5"), Some("u.5.5"), Some("c.5.5")] {
            insight::monitor(conn, viewer, &filter, now, key.map(|key| key.parse().unwrap())).unwrap();
        }
        let filter = HistoryFilter::from_query(&query);
        for key in [None, Some((5, 5))] {
            insight::history(conn, viewer, &filter, key).unwrap();
            let keys = insight::whole::keys(conn, viewer, &filter, TaskId::new(i64::MAX), key, 100).unwrap();
            insight::whole::lines(conn, viewer, &filter, &keys).unwrap();
            insight::whole::open_keys(conn, viewer, &filter, TaskId::new(i64::MAX), key, 100).unwrap();
            insight::whole::late_keys(conn, viewer, &filter, (TaskId::new(i64::MAX), now), key, 100).unwrap();
        }
    }
    for before in [None, Some(100)] {
        insight::task::task(conn, viewer, TaskId::new(61), before).unwrap();
    }
    insight::last_updates(conn, TaskId::new(61)).unwrap();
    tasks::sql::trail_after(conn, viewer.organisation, 5, 100).unwrap();
    tasks::sql::trail_since(conn, TaskId::new(61), 1).unwrap();
    tasks::sql::moved_since(conn, TaskId::new(61), 1).unwrap();
    tasks::sql::first_since(conn, TaskId::new(61), 1, tasks::Change::Due).unwrap();
    tasks::sql::trail_entry(conn, TaskId::new(61), 5).unwrap();
    tasks::sql::progress_before_end(conn, TaskId::new(61)).unwrap();
    ask_output(conn);
    assert!(milepost::jobs::sql::running_of_kind(conn, viewer.organisation, "sync-feed").unwrap().is_empty());
    for what in [Limited::Queue, Limited::Kind] {
        milepost::jobs::sql::running_of(conn, viewer.organisation, what, "mail", 5).unwrap();
    }
    people::sql::members(conn, viewer.organisation).unwrap();
    people::sql::projects(conn, viewer.organisation).unwrap();
    people::sql::viewer(conn, &viewer.session().unwrap(), now).unwrap();
    milepost::db::last_sequence(conn).unwrap();
}

/// What a job left behind; the first task stands for one.
fn ask_output(conn: &Connection) {
    use milepost::jobs::sql;
    let job = TaskId::new(1);
    sql::read_log(conn, job, 5, 100).unwrap();
    sql::last_of_log(conn, job, 10, 1_000).unwrap();
    for outcome in [None, Some(ItemOutcome::Failed)] {
        sql::items(conn, job, outcome, 5, 100).unwrap();
    }
    sql::item_groups(conn, job, ItemOutcome::Failed, 10, 3).unwrap();
    sql::artifacts(conn, job).unwrap();
    sql::artifact(conn, job, &ArtifactName::parse("report.csv").unwrap()).unwrap();
    sql::artifact_chunk(conn, ArtifactId::new(1), 0).unwrap();
}

/// What a broadcast asks for each piece of its list: of a long list it reads no more than of a short one.
#[tokio::test(flavor = "multi_thread")]
async fn no_piece_of_a_broadcast_reads_all_of_its_list() {
    let house = House::open_with(|config| config.workers = 0).await;
    let run = house.server.app.db.write(|w| {
        let job = TaskId::new(1);
        let put = "insert into deliveries (job_id, place, recipient, key, state, attempt) values (1, ?, ?, 'x', ?, 1)";
        for (place, state) in (1..).zip(["sending", "failed", "waiting", "unknown"]) {
            w.conn.execute(put, rusqlite::params![place, place.to_string(), state])?;
        }
        // As if a retry by hand had not been heeded yet.
        w.conn.execute("insert into broadcasts (job_id, retries) values (1, -1)", [])?;
        Ok(statements(w.conn, || {
            while notify::begin_round(w.conn, job, 2, Some("perhaps"), 1).unwrap() {}
            notify::waiting(w.conn, job, 0, 1).unwrap();
            notify::unknown(w.conn, job, 1).unwrap();
            notify::is_any(w.conn, job, Standing::Waiting).unwrap();
        }))
    });
    let run = run.await.unwrap();
    let lists: Vec<&String> = run.iter().filter(|sql| sql.contains("deliveries")).collect();
    assert_eq!(lists.len(), 5, "{lists:#?}");
    let conn = house.look();
    for sql in lists {
        let plan = plan(&conn, sql);
        let goes_by_state = plan.iter().any(|line| line.contains("INDEX deliveries_by_state (job_id=? AND state=?"));
        let is_costly = plan.iter().any(|line| line.starts_with("SCAN deliveries") || line.contains("TEMP B-TREE"));
        assert!(goes_by_state && !is_costly, "{sql}\n{plan:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_reads_all_of_tasks_or_trail() {
    let (house, alice, carol) = filled_house().await;
    let log = |w: &mut milepost::db::Write<'_>| {
        let item = milepost::jobs::items::NewItem { key: None, outcome: ItemOutcome::Failed, message: None };
        let (limits, job) = (milepost::config::Output::default(), TaskId::new(1));
        milepost::jobs::sql::append_log(w.conn, &limits, job, 1, b"a line\n", w.now)?;
        milepost::jobs::sql::record_items(w.conn, &limits, job, 1, &[item], w.now)
    };
    house.server.app.db.write(log).await.unwrap();
    let conn = house.look();
    let run = statements(&conn, || {
        ask_everything(&conn, &alice);
        ask_everything(&conn, &carol);
    });
    assert!(run.len() > 20, "the statements are caught: {run:#?}");
    let mut wrong = Vec::new();
    for sql in run {
        let plan = plan(&conn, &sql);
        // What asks for the running ones reads none that ever ran.
        let is_of_running = sql.contains("from jobs") && sql.contains("attempt_started_at is not null");
        let reads_ended = is_of_running && !plan.iter().any(|line| line.contains("jobs_running"));
        if reads_ended || plan.iter().any(|line| is_costly(&sql, line)) {
            wrong.push(format!(
                "{}\n    {}",
                sql.split_whitespace().collect::<Vec<_>>().join(" "),
                plan.join("\n    ")
            ));
        }
    }
    let count = wrong.len();
    wrong.truncate(5);
    assert!(wrong.is_empty(), "{count} costly statements, among them:\n{}", wrong.join("\n\n"));
}

#[test]
fn a_costly_plan_is_noticed() {
    for line in ["SCAN t", "SCAN trail USING COVERING INDEX x", "USE TEMP B-TREE FOR ORDER BY"] {
        assert!(is_costly("select * from tasks t order by title", line), "{line}");
    }
    for line in [
        "SEARCH t USING INDEX tasks_open_by_due (organisation_id=?)",
        "SCAN tasks_text VIRTUAL TABLE INDEX 0:M1",
        "SCAN pm",
    ] {
        assert!(!is_costly("select * from tasks t order by title", line), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_are_added_up_and_read_along_their_indexes() {
    let (house, alice, _) = filled_house().await;
    let conn = Connection::open(house.database()).unwrap();
    conn.busy_timeout(crate::support::PATIENCE).unwrap();
    let (of, now) = (alice.organisation, monday());
    let run = statements(&conn, || {
        let whole = conn.unchecked_transaction().unwrap();
        let (ledger, _) = tasks::sql::ledger_to_add_to(&conn, of, true, now).unwrap();
        let until = milepost::db::last_sequence(&conn).unwrap();
        assert!(tasks::sql::count_entries(&conn, of, 5, until).unwrap() > 100);
        while let Next::Chunk(chunk) = tasks::sql::next_chunk(&conn, &ledger, until).unwrap() {
            assert!(tasks::sql::add_chunk(&conn, &chunk, now).unwrap());
        }
        tasks::sql::put_in_place(&conn, &ledger).unwrap();
        let ledger = tasks::sql::present_ledger(&conn, of).unwrap().unwrap();
        for per in [Per::Organisation, Per::Person, Per::Project, Per::Category, Per::Period] {
            let lines = insight::sums::sums(&conn, &ledger, Span::Day, ["2025-03-01", "2025-03-31"], per).unwrap();
            assert!(!lines.is_empty());
        }
        let (anew, _) = tasks::sql::ledger_to_add_to(&conn, of, true, now).unwrap();
        tasks::sql::put_in_place(&conn, &anew).unwrap();
        while tasks::sql::remove_gone_ledgers(&conn, of).unwrap() > 0 {}
        whole.rollback().unwrap();
    });
    assert!(run.len() > 15, "{run:#?}");
    for sql in run.iter().filter(|sql| !["BEGIN", "ROLLBACK"].iter().any(|word| sql.starts_with(word))) {
        let plan = plan(&conn, sql);
        assert!(!plan.iter().any(|line| is_costly(sql, line)), "{sql}: {plan:?}");
    }
}

/// What a look at schedules costs while none is due, in steps of SQLite's machine.
fn steps_of_a_look(conn: &Connection) -> i32 {
    let now = monday();
    let all = statements(conn, || {
        assert!(!schedules::sql::needs_a_look(conn, now, OrganisationId::new(1_000)).unwrap());
        assert!(schedules::sql::due(conn, now, 50).unwrap().is_empty());
        assert!(schedules::sql::ahead(conn, now, 50).unwrap().is_empty());
    });
    assert_eq!(all.len(), 3);
    let mut steps = 0;
    for sql in all {
        let read: Vec<String> = plan(conn, &sql).into_iter().filter(|line| line.starts_with("SCAN s")).collect();
        assert!(read.is_empty(), "{sql}: {read:?}");
        let mut statement = conn.prepare(&sql).unwrap();
        statement.raw_bind_parameter(1, now.as_microsecond()).unwrap();
        statement.raw_bind_parameter(2, 1_000).unwrap();
        let mut rows = statement.raw_query();
        while rows.next().unwrap().is_some() {}
        drop(rows);
        steps += statement.get_status(StatementStatus::VmStep);
    }
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_of_ten_thousand_schedules_costs_what_one_of_ten_does() {
    let house = House::open().await;
    let conn = Connection::open(house.database()).unwrap();
    conn.busy_timeout(crate::support::PATIENCE).unwrap();
    let fill = |from: i64, to: i64| {
        let now = monday().as_microsecond();
        let sql = format!(
            "with recursive n (id) as (select {from} union all select id + 1 from n where id < {to})
             insert into schedules (id, organisation_id, title, cron, zone, template, jitter_seconds, after_downtime, overlap,
               alarm_failures, next_slot, look_at, counted_to, forgotten_to, created_at, updated_at, version)
             select id, 1, 'Schedule ' || id, '0 0 * * *', 'UTC',
               '{{\"job\":{{\"job_kind\":\"letters\",\"payload\":{{}},\"queue\":null,\"max_attempts\":null}}}}', 0, 'once', 'skip', 3,
               {now} + 3600000000 + id, {now} + 3600000000 + id, {now}, {now}, {now}, {now}, 1 from n"
        );
        conn.execute_batch(&sql).unwrap();
    };
    fill(1, 10);
    let few = steps_of_a_look(&conn);
    fill(11, 10_000);
    let many = steps_of_a_look(&conn);
    assert_eq!(many, few, "steps at ten thousand, and at ten");
    crate::support::say(&format!("a look at 10,000 schedules of which none is due: {many} steps of SQLite, no write"));
    // And the list of them is read along its index, a page at a time.
    let run = statements(&conn, || {
        schedules::sql::list(&conn, OrganisationId::new(1), ScheduleId::new(5_000), 51).unwrap();
        schedules::sql::last_runs(&conn, ScheduleId::new(1), 20).unwrap();
        schedules::sql::open_runs(&conn, ScheduleId::new(1)).unwrap();
        schedules::sql::first_waiting(&conn, ScheduleId::new(1)).unwrap();
    });
    for sql in run {
        let plan = plan(&conn, &sql);
        let costly = plan
            .iter()
            .any(|line| line.starts_with("SCAN s") || line.starts_with("SCAN r") || line.contains("TEMP B-TREE"));
        assert!(!costly, "{sql}: {plan:?}");
    }
}
