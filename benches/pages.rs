//! Pages a second, and how long the slowest hundredth takes, at a thousand, a
//! hundred thousand and a million tasks, beside a bare axum + askama +
//! rusqlite page of 50 rows, in one run. `cargo bench --bench pages`.

mod support;

use std::path::Path;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use milepost::App;
use milepost::tasks::actions::{NewTasks, create_tasks};
use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;
use support::{SESSION, load, median, quantile, serve};

const SIZES: [i64; 3] = [1_000, 100_000, 1_000_000];
const CARDS: usize = 50;
const CONNECTIONS: usize = 16;
const ROUNDS: usize = 3;
const SPAN: Duration = Duration::from_secs(3);

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    println!("pages a second at {CONNECTIONS} connections, median of {ROUNDS} rounds of {} s\n", SPAN.as_secs());
    println!(
        "| tasks | page | bytes | pages / s | p99 | bare page / s | its p99 | ratio | p99 / p99 at {} |",
        SIZES[0]
    );
    println!("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut first = std::collections::HashMap::new();
    for size in SIZES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("milepost.db");
        let app = fill(&path, size).await;
        let server = serve(milepost::web::router(app.clone())).await;
        let bare = serve(bare(&path)).await;
        for page in ["/tasks", "/monitor", "/history"] {
            let (mut rates, mut bares, mut ratios, mut p99s, mut bare_p99s) = (vec![], vec![], vec![], vec![], vec![]);
            for _ in 0..ROUNDS {
                let (rate, mut times) = load(bare, CONNECTIONS, SPAN, "HTTP/1.1 200", |_, _| request("/")).await;
                bares.push(rate);
                bare_p99s.push(quantile(&mut times, 0.99).as_secs_f64() * 1e3);
                let (rate, mut times) =
                    load(server, CONNECTIONS, SPAN, "HTTP/1.1 200", move |_, _| request(page)).await;
                rates.push(rate);
                p99s.push(quantile(&mut times, 0.99).as_secs_f64() * 1e3);
                ratios.push(rates[rates.len() - 1] / bares[bares.len() - 1]);
            }
            let p99 = median(p99s);
            let at_first = *first.entry(page).or_insert(p99);
            println!(
                "| {size} | {page} | {} | {:.0} | {p99:.1} ms | {:.0} | {:.1} ms | {:.2} | {:.2} |",
                support::size_of_page(server, &request(page)).await,
                median(rates),
                median(bares),
                median(bare_p99s),
                median(ratios),
                p99 / at_first
            );
        }
        app.db.close();
    }
}

fn request(path: &str) -> Vec<u8> {
    let session = tower_sessions::session::Id(SESSION);
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: milepost={session}\r\n\r\n").into_bytes()
}

/// `size` tasks of 200 people: 50 open ones of the viewer, a tenth of the rest
/// open, each with the entry that created it.
async fn fill(path: &Path, size: i64) -> App {
    let (app, viewer) = support::app(path).await;
    let title: String = (0..CARDS).map(|n| format!("Prepare the quarterly report, part {n}\n")).collect();
    let due = "2030-01-01".into();
    create_tasks(&app, &viewer, NewTasks { title, due, assignee: viewer.user.to_string(), ..NewTasks::default() })
        .await
        .expect("creates");
    let rest = size - CARDS as i64;
    app.db
        .write(move |w| {
            let now = w.now.as_microsecond();
            people(w.conn, now)?;
            tasks(w.conn, now, rest)?;
            Ok(())
        })
        .await
        .expect("fills");
    app
}

fn people(conn: &Connection, now: i64) -> rusqlite::Result<()> {
    conn.execute(
        "with recursive n (i) as (select 2 union all select i + 1 from n where i < 201)
         insert into users (id, email, name, password_hash, created_at)
         select i, 'person' || i || '@example.org', 'Person Number ' || i, 'x', ?1 from n",
        [now],
    )?;
    conn.execute(
        "insert into members (organisation_id, user_id, role, joined_at) select 1, id, 'member', created_at from users where id > 1",
        [],
    )?;
    conn.execute(
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 20)
         insert into projects (organisation_id, name, created_at) select 1, 'Project ' || i, ?1 from n",
        [now],
    )?;
    Ok(())
}

fn tasks(conn: &Connection, now: i64, rest: i64) -> rusqlite::Result<()> {
    conn.execute(
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < ?2)
         insert into tasks (organisation_id, kind, title, status, progress, project_id, assignee_id, creator_id, priority,
                            due_at, created_at, started_at, finished_at, updated_at, version)
         select 1, 'assignment', 'Task number ' || i || ' of the long list', case when i % 10 = 0 then 'in_progress' else 'done' end,
                case when i % 10 = 0 then i % 100 else 100 end, i % 20 + 1, i % 200 + 2, 1,
                case i % 4 when 0 then 'low' when 1 then 'medium' when 2 then 'high' else 'urgent' end,
                case when i % 3 = 0 then ?1 + (i % 1000 - 100) * 3600000000 end, ?1 - (?2 - i) * 1000000,
                ?1 - (?2 - i) * 1000000, case when i % 10 <> 0 then ?1 - (?2 - i) * 900000 end, ?1 - (?2 - i) * 900000, 1
         from n",
        [now, rest],
    )?;
    conn.execute(
        "insert into trail (organisation_id, task_id, version, change, actor_id, via, old, new, at)
         select 1, id, 1, 'created', 1, 'page', '{}', json_object('status', status, 'progress', progress, 'title', title), created_at
         from tasks where id > 50 order by id",
        [],
    )?;
    conn.execute("delete from task_counts", [])?;
    conn.execute(
        "insert into task_counts select organisation_id, coalesce(assignee_id, 0), coalesce(project_id, 0), status, count(*)
         from tasks group by 1, 2, 3, 4",
        [],
    )?;
    conn.execute("insert or replace into tasks_text (rowid, organisation, title, description) select id, 'o1', title, '' from tasks where id > 50", [])?;
    Ok(())
}

#[derive(Template)]
#[template(
    ext = "html",
    source = "<!DOCTYPE html><html><head><title>Tasks</title></head><body><table>\
{% for row in rows %}<tr><td>{{ row.id }}</td><td><a href=\"/tasks/{{ row.id }}\">{{ row.title }}</a></td><td>{{ row.status }}</td>\
<td>{{ row.progress }}</td><td>{{ row.assignee }}</td><td>{{ row.due }}</td></tr>{% endfor %}</table></body></html>"
)]
struct Bare {
    rows: Vec<BareRow>,
}

struct BareRow {
    id: i64,
    title: String,
    status: String,
    progress: f64,
    assignee: String,
    due: i64,
}

/// The floor: the same 50 tasks, no session, no rights, no languages.
fn bare(path: &Path) -> axum::Router {
    let pool = Pool::builder()
        .max_size(8)
        .test_on_check_out(false)
        .build(SqliteConnectionManager::file(path))
        .expect("a pool");
    axum::Router::new().route("/", get(get_bare)).with_state(pool)
}

async fn get_bare(State(pool): State<Pool<SqliteConnectionManager>>) -> Html<String> {
    let page = tokio::task::spawn_blocking(move || {
        let conn = pool.get().expect("a connection");
        let mut statement = conn
            .prepare_cached(
                "select t.id, t.title, t.status, t.progress, u.name, coalesce(t.due_at, 0) from tasks t join users u on u.id = t.assignee_id
                 where t.organisation_id = 1 and t.assignee_id = 1 and t.finished_at is null order by t.due_at, t.id limit 50",
            )
            .expect("sql");
        let rows = statement
            .query_map([], |row| {
                Ok(BareRow {
                    id: row.get(0)?,
                    title: row.get(1)?,
                    status: row.get(2)?,
                    progress: row.get(3)?,
                    assignee: row.get(4)?,
                    due: row.get(5)?,
                })
            })
            .expect("rows")
            .collect::<rusqlite::Result<_>>()
            .expect("rows");
        Bare { rows }.render().expect("renders")
    });
    Html(page.await.expect("no panic"))
}
