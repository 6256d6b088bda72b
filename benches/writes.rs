//! Durable progress updates a second: through the real verb and as form posts
//! over HTTP, beside raw rusqlite doing the same three statements, one
//! transaction each and grouped, in one run. `cargo bench --bench writes`.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use milepost::App;
use milepost::people::Viewer;
use milepost::tasks::TaskId;
use milepost::tasks::actions::{Form, NewTasks, create_tasks, report_progress};
use support::{load, median, raw_updates};

const TASKS: usize = 1_000;
const ROUNDS: usize = 5;
const SPAN: Duration = Duration::from_secs(2);

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run(folder.path()));
}

async fn run(folder: &Path) {
    let (app, viewer) = support::app(&folder.join("milepost.db")).await;
    let ids = fill(&app, &viewer).await;
    let raw = support::raw(folder, &app.config.db);
    println!("durable progress updates a second, median of {ROUNDS} rounds of {} s\n", SPAN.as_secs());
    println!(
        "| callers | raw, one transaction each | raw, grouped | the verb | verb / raw grouped | form posts | posts / raw grouped |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let server = support::serve(milepost::web::router(app.clone())).await;
    for callers in [1, 16, 256] {
        let (mut single, mut grouped, mut verb, mut ratio) = (vec![], vec![], vec![], vec![]);
        let (mut posts, mut post_ratio) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            single.push(raw_updates(&raw, TASKS, 1, SPAN, Duration::ZERO).0);
            grouped.push(raw_updates(&raw, TASKS, callers, SPAN, Duration::ZERO).0);
            verb.push(verb_updates(&app, &viewer, &ids, callers).await);
            ratio.push(verb[verb.len() - 1] / grouped[grouped.len() - 1]);
            posts.push(load(server, callers, SPAN, "HTTP/1.1 303", move |caller, n| post(callers, caller, n)).await.0);
            post_ratio.push(posts[posts.len() - 1] / grouped[grouped.len() - 1]);
        }
        println!(
            "| {callers} | {:.0} | {:.0} | {:.0} | {:.2} | {:.0} | {:.2} |",
            median(single),
            median(grouped),
            median(verb),
            median(ratio),
            median(posts),
            median(post_ratio)
        );
    }
    app.db.close();
}

async fn fill(app: &App, viewer: &Viewer) -> Vec<TaskId> {
    let mut ids = Vec::new();
    while ids.len() < TASKS {
        let title: String = (0..100).map(|n| format!("Task {n} of many\n")).collect();
        let form = NewTasks { title, assignee: viewer.user.to_string(), ..NewTasks::default() };
        ids.append(&mut create_tasks(app, viewer, form).await.expect("creates"));
    }
    ids
}

/// A browser's form: the n-th report of this caller, spread over all tasks.
fn post(callers: usize, caller: usize, n: usize) -> Vec<u8> {
    let task = (caller + n * callers) % TASKS + 1;
    let body = format!("progress={}&note=&presence=", n % 98 + 1);
    let session = tower_sessions::session::Id(support::SESSION);
    format!(
        "POST /tasks/{task}/progress HTTP/1.1\r\nhost: localhost\r\ncookie: milepost={session}\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn verb_updates(app: &App, viewer: &Viewer, ids: &[TaskId], callers: usize) -> f64 {
    let start = Instant::now();
    let mut running = Vec::new();
    for caller in 0..callers {
        let (app, viewer) = (app.clone(), viewer.clone());
        let mine: Vec<TaskId> = ids.iter().copied().skip(caller).step_by(callers).collect();
        running.push(tokio::spawn(async move {
            let mut done = 0usize;
            while start.elapsed() < SPAN {
                let id = mine[done % mine.len()];
                let progress = (done / mine.len() % 98 + 1).to_string();
                let report = Form { progress, ..Form::default() };
                report_progress(&app, &viewer, id, report).await.expect("reports");
                done += 1;
            }
            done
        }));
    }
    let mut done = 0;
    for caller in running {
        done += caller.await.expect("a caller ends well");
    }
    done as f64 / start.elapsed().as_secs_f64()
}
