//! Backups: made while the house is busy, whole or not there at all, few enough to keep, and good for what they are for.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use milepost::clock::Clock;
use milepost::db::backup::{self, BackupError, Keep, Order, Step, Watch};
use milepost::error::Error;
use milepost::jobs::sql::CopyInspection;
use milepost::tasks::actions::{NewJob, NewTask, create};
use milepost::tasks::{Status, Task, TaskId, Via};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::integrity::fill;
use crate::support::binary::command;
use crate::support::jobs::{create_job, ended, start_kind, task, viewer};
use crate::support::random::Random;
use crate::support::server::{House, monday, template_copy};
use crate::support::{eventually, say};

const KEEP: Keep = Keep { daily: 7, weekly: 4, newest: 3 };

/// The result of a backup's job.
async fn back_up(house: &House, payload: Value) -> Value {
    let id = start_kind(house, "backup", payload).await;
    let done = ended(house, id).await;
    assert_eq!(done.status, Status::Done, "{:?}", done.job().unwrap().error);
    done.job().unwrap().result.as_deref().unwrap().clone()
}

fn file(result: &Value) -> PathBuf {
    PathBuf::from(result["file"].as_str().unwrap())
}

/// What `milepost` says to these arguments.
pub fn milepost(arguments: &[&str]) -> Output {
    command().args(arguments).output().unwrap()
}

pub fn restore(backup: &Path, database: &Path) -> Output {
    milepost(&["restore", backup.to_str().unwrap(), "--db", database.to_str().unwrap()])
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap());
    let mut names: Vec<String> = files.map(|file| file.file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.ends_with(".lock"));
    names.sort();
    names
}

/// The end of a job that may take as long as it takes; pages answer meanwhile.
async fn end_of(house: &House, id: TaskId) -> Arc<Task> {
    loop {
        house.alice().open("/monitor").await;
        let now = task(house, id);
        if now.status.has_ended() {
            assert_eq!(now.status, Status::Done, "{:?}", now.job().unwrap().error);
            return now;
        }
    }
}

/// How many findings the integrity check has in a house with what is in this backup.
async fn findings_of(backup: &Path) -> (House, Value) {
    let restored = |config: &mut milepost::config::Config| {
        let output = restore(backup, &config.db);
        assert!(output.status.success(), "{}", said(&output));
    };
    let house = House::prepared(Clock::manual(monday()), restored, |_| {}).await;
    let id = start_kind(&house, "check-integrity", json!(null)).await;
    let result = end_of(&house, id).await.job().unwrap().result.as_deref().unwrap().clone();
    (house, result)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_one_file_of_its_own_that_says_what_it_is() {
    let house = House::open().await;
    house.assign("Plank 1", "bob").await;
    let result = back_up(&house, json!(null)).await;
    let file = file(&result);
    assert_eq!(file, house.database().with_file_name("backups").join("milepost-2025-03-03T09-00-00Z.backup"));
    assert_eq!(names(file.parent().unwrap()), ["milepost-2025-03-03T09-00-00Z.backup"]);
    assert_eq!((&result["findings"], &result["kept"], &result["removed"]), (&json!(0), &json!(1), &json!([])));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "nobody else reads it");
    }
    // It is a database, whoever opens it.
    let conn = rusqlite::Connection::open_with_flags(&file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let title: String =
        conn.query_row("select title from tasks where kind = 'assignment'", [], |row| row.get(0)).unwrap();
    assert_eq!(title, "Plank 1");
    assert_eq!(names(file.parent().unwrap()).len(), 1, "and nothing stands beside it then");
}

/// MILEPOST_BACKUP_TASKS=1000000 measures at a million tasks.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_writes_go_on_has_all_that_was_acknowledged_before_and_is_whole() {
    let tasks = std::env::var("MILEPOST_BACKUP_TASKS").map_or(20_000, |tasks| tasks.parse().unwrap());
    let house = House::prepared(Clock::manual(monday()), |_| {}, |conn| fill(conn, tasks)).await;
    let (app, alice) = (house.server.app.clone(), viewer(&house, "alice"));
    let is_over = Arc::new(AtomicBool::new(false));
    let write = move |number: usize| {
        let (app, alice) = (app.clone(), alice.clone());
        async move {
            let job = Some(NewJob::default());
            let new = NewTask { title: format!("Letter {number}"), job, ..NewTask::default() };
            let asked = Instant::now();
            let id = app.act(&alice, Via::Api, |w, by| create(w, by, new)).await.unwrap().task.id;
            (id, asked.elapsed())
        }
    };
    let mut acknowledged: Vec<TaskId> = Vec::new();
    for number in 0..50 {
        acknowledged.push(write(number).await.0);
    }
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (is_over, write) = (is_over.clone(), write.clone());
            let write = move |number| write(number);
            tokio::spawn(async move {
                let (mut written, mut slowest) = (0_usize, Duration::ZERO);
                while !is_over.load(Ordering::Relaxed) {
                    slowest = slowest.max(write(1_000 * (writer + 1) + written).await.1);
                    written += 1;
                }
                (written, slowest)
            })
        })
        .collect();
    acknowledged.push(write(50).await.0);
    let began = Instant::now();
    let id = start_kind(&house, "backup", json!(null)).await;
    let done = end_of(&house, id).await;
    let (result, took) = (done.job().unwrap().result.as_deref().unwrap().clone(), began.elapsed());
    is_over.store(true, Ordering::Relaxed);
    let (mut written, mut slowest) = (0, Duration::ZERO);
    for writer in writers {
        let (more, slow) = writer.await.unwrap();
        written += more;
        slowest = slowest.max(slow);
    }
    say(&format!(
        "{} MB backed up in {took:.1?}; {written} writes meanwhile ({:.0} a second), the slowest {slowest:.1?}; log {} to {} MB",
        result["bytes"].as_u64().unwrap() / 1_000_000,
        written as f64 / took.as_secs_f64(),
        result["log_bytes_before"].as_u64().unwrap() / 1_000_000,
        result["log_bytes_after"].as_u64().unwrap() / 1_000_000,
    ));
    let (restored, check) = findings_of(&file(&result)).await;
    assert_eq!(check["findings"], 0, "{check}");
    assert!(check["tasks"].as_i64().unwrap() > tasks, "{check}");
    for id in acknowledged {
        assert_eq!(task(&restored, id).id, id, "what was acknowledged before is there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stopped_at_any_step_leaves_nothing() {
    let (folder, _) = template_copy().await;
    let (database, backups) = (folder.path().join("milepost.db"), folder.path().join("backups"));
    let order = Order { database, folder: backups.clone(), keep: KEEP, now: monday() };
    type At = fn(&Step) -> bool;
    let steps: [At; 4] = [
        |step| matches!(step, Step::Copying { .. }),
        |step| matches!(step, Step::Checking { table: 0, .. }),
        |step| matches!(step, Step::Checking { table: 9, .. }),
        |step| matches!(step, Step::Closing { .. }),
    ];
    for at in steps {
        let stop = Arc::new(AtomicBool::new(false));
        let told = |step: Step| {
            if at(&step) {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let watch = Watch { told: &told, stop: stop.clone() };
        let stopped = backup::make(&order, &CopyInspection, &watch).map(|made| made.file).unwrap_err();
        assert!(matches!(stopped, BackupError::Stopped), "{stopped}");
        assert_eq!(names(&backups), Vec::<String>::new());
    }
    let made = backup::make(&order, &CopyInspection, &Watch { told: &|_| {}, stop: Arc::default() }).unwrap();
    assert!(made.file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_backup_is_made_at_a_time() {
    let (folder, _) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let order = Order { database, folder: folder.path().join("backups"), keep: KEEP, now: monday() };
    let watch = Watch { told: &|_| {}, stop: Arc::default() };
    let second = std::sync::Mutex::new(None);
    let told = |step: Step| {
        if matches!(step, Step::Checking { table: 1, .. }) {
            *second.lock().unwrap() =
                backup::make(&order, &CopyInspection, &watch).err().map(|error| error.to_string());
        }
    };
    backup::make(&order, &CopyInspection, &Watch { told: &told, stop: Arc::default() }).unwrap();
    let second = second.into_inner().unwrap();
    assert_eq!(second.as_deref(), Some("Another backup of this database is being made."));
    assert_eq!(names(&order.folder).len(), 1);
}

/// A database with so many tasks, and its folder.
async fn filled(tasks: i64) -> (TempDir, PathBuf) {
    let (folder, _) = template_copy().await;
    let database = folder.path().join("milepost.db");
    fill(&rusqlite::Connection::open(&database).unwrap(), tasks);
    (folder, database)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_is_none_and_the_next_one_clears_up() {
    let mut random = Random::new("a backup that is killed");
    let (folder, database) = filled(30_000).await;
    let backups = folder.path().join("backups");
    let arguments = ["backup", "--db", database.to_str().unwrap(), "--keep-daily", "0", "--keep-weekly", "0"];
    let mut kills = 0;
    for _ in 0..5 {
        let before = names(&backups);
        let mut child = command().args(arguments).spawn().unwrap();
        eventually("a backup is begun, or made", || async {
            let now = names(&backups);
            (now != before && now.iter().any(|name| !before.contains(name))).then_some(())
        })
        .await;
        for _ in 0..random.below(5_000) {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += usize::from(names(&backups).iter().any(|name| name.ends_with(".part")));
        for name in names(&backups).iter().filter(|name| name.ends_with(".backup")) {
            let elsewhere = folder.path().join("elsewhere.db");
            let output = restore(&backups.join(name), &elsewhere);
            assert!(output.status.success(), "what has the name of a backup is one: {}", said(&output));
        }
    }
    say(&format!("{kills} of 5 kills came in the middle"));
    let output = milepost(&arguments);
    assert!(output.status.success(), "{}", said(&output));
    assert!(names(&backups).iter().all(|name| name.ends_with(".backup")), "{:?}", names(&backups));
    assert!(names(&backups).len() <= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_backup_of_before_is_removed_and_others_files_are_not() {
    let house = House::open().await;
    let backups = house.database().with_file_name("backups");
    std::fs::create_dir(&backups).unwrap();
    let strange = ["letters.txt", "other-2025-03-01T03-00-00Z.backup.part", "milepost-old.backup"];
    for name in strange.into_iter().chain(["milepost-2025-03-02T03-00-00Z.backup.part"]) {
        std::fs::write(backups.join(name), "half").unwrap();
    }
    back_up(&house, json!({ "keep_daily": 0, "keep_weekly": 0 })).await;
    let mut expected = [&strange[..], &["milepost-2025-03-03T09-00-00Z.backup"]].concat();
    expected.sort_unstable();
    assert_eq!(names(&backups), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_rotate_by_days_and_weeks() {
    let house = House::open().await;
    let mut removed = Vec::new();
    // Mondays to the Monday after next, each morning.
    for _ in 0..15 {
        let result = back_up(&house, json!({ "keep_daily": 3, "keep_weekly": 3 })).await;
        removed.extend(result["removed"].as_array().unwrap().clone());
        house.advance(SignedDuration::from_hours(24));
    }
    let backups = house.database().with_file_name("backups");
    let days: Vec<String> = names(&backups).iter().map(|name| name[9..19].to_owned()).collect();
    assert_eq!(days, ["2025-03-09", "2025-03-15", "2025-03-16", "2025-03-17"]);
    assert_eq!(removed.len(), 11);
    let none = NewJob { job_kind: Some("backup".into()), payload: json!({ "keep_daily": -1 }), ..NewJob::default() };
    match create_job(&house, "alice", none).await {
        Err(Error::Invalid(errors)) => assert_eq!(errors[0].field, "payload.keep_daily"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_run_the_house_back_it_up() {
    let house = House::open().await;
    let job = || NewJob { job_kind: Some("backup".into()), ..NewJob::default() };
    for (name, key) in [("bob", "error-admins-only"), ("stranger", "error-kind-of-the-house")] {
        match create_job(&house, name, job()).await {
            Err(Error::Forbidden(message)) => assert_eq!(message.key, key, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_the_store_is_said_and_backed_up_all_the_same() {
    let house = House::open().await;
    house.assign("Plank 1", "bob").await;
    let conn = rusqlite::Connection::open(house.database()).unwrap();
    conn.execute_batch("update task_counts set tasks = tasks + 1 where status = 'pending'").unwrap();
    drop(conn);
    let result = back_up(&house, json!(null)).await;
    assert!(result["findings"].as_i64().unwrap() > 0, "{result}");
    assert!(file(&result).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_gives_no_backup_and_costs_none() {
    let (folder, database) = filled(2_000).await;
    let order = |hour| Order {
        database: database.clone(),
        folder: folder.path().join("backups"),
        keep: Keep { daily: 0, weekly: 0, newest: 1 },
        now: monday() + SignedDuration::from_hours(hour),
    };
    let make = |hour| {
        backup::make(&order(hour), &CopyInspection, &Watch { told: &|_| {}, stop: Arc::default() })
            .map(|made| made.file)
            .map_err(|error| error.to_string())
    };
    let good = make(0).unwrap();
    // A page in the middle, as a failing disk would have it.
    let mut bytes = std::fs::read(&database).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(&database, bytes).unwrap();
    let why = make(1).unwrap_err();
    assert!(why.contains("The copy is damaged, and so the database itself may be"), "{why}");
    assert_eq!(names(good.parent().unwrap()), [good.file_name().unwrap().to_str().unwrap()]);
}

/// Where one may make a small disk of one's own.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_called_so() {
    let (folder, database) = filled(5_000).await;
    let backups = folder.path().join("backups");
    std::fs::create_dir(&backups).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=400k none {0} && exec {1} backup --db {2}",
        backups.display(),
        env!("CARGO_BIN_EXE_milepost"),
        database.display()
    );
    let unshare = |script: &str| std::process::Command::new("unshare").args(["-Urm", "sh", "-c", script]).output();
    if !unshare(&format!("mount -t tmpfs none {}", backups.display())).is_ok_and(|output| output.status.success()) {
        say("no disk of one's own can be made here: what a full one is called was not looked at");
        return;
    }
    let output = unshare(&script).unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("has no room: the backup takes"), "{}", said(&output));
}
