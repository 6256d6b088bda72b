//! The program as an operator meets it: what it says when it cannot start, and how it ends.

use std::io::Read;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use crate::support::binary::{Binary, command};

/// Runs `milepost` to its end, which must come by itself.
fn run(arguments: &[&str]) -> Output {
    let mut child = command().args(arguments).spawn().unwrap();
    // Both pipes are small enough to be read one after the other once it has ended.
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if std::time::Instant::now() > deadline => {
                child.kill().unwrap();
                panic!("{arguments:?} goes on and on");
            }
            None => std::thread::yield_now(),
        }
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    Output { status, stdout, stderr }
}

/// It does not start, and says why in one or two lines for people, not in a panic's or an error type's words.
#[track_caller]
fn refuses_to_start(arguments: &[&str], words: &[&str]) {
    let output = run(arguments);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success(), "it started: {said}");
    for word in words {
        assert!(said.contains(word), "no word of {word}: {said}");
    }
    for raw in ["panicked", "Os {", "RUST_BACKTRACE", "SqliteFailure", "Error("] {
        assert!(!said.contains(raw), "raw: {said}");
    }
    assert!(said.trim().lines().count() <= 4, "too long: {said}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("milepost.db");
    refuses_to_start(&["--listen", &address, "--db", database.to_str().unwrap()], &[&address]);
}

#[test]
fn a_database_from_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("milepost.db");
    let conn = rusqlite::Connection::open(&database).unwrap();
    conn.execute_batch("create table future (x); pragma user_version = 9000;").unwrap();
    drop(conn);
    let before = std::fs::read(&database).unwrap();
    refuses_to_start(&["--listen", "127.0.0.1:0", "--db", database.to_str().unwrap()], &["milepost.db", "newer"]);
    assert_eq!(std::fs::read(&database).unwrap(), before);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("nowhere/milepost.db");
    refuses_to_start(&["--listen", "127.0.0.1:0", "--db", database.to_str().unwrap()], &["nowhere"]);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("letter.txt");
    let letter = "Dear Ada, this is not a database. ".repeat(100);
    std::fs::write(&database, &letter).unwrap();
    refuses_to_start(&["--listen", "127.0.0.1:0", "--db", database.to_str().unwrap()], &["letter.txt"]);
    assert_eq!(std::fs::read_to_string(&database).unwrap(), letter);
}

/// The superuser may write anything; a file marked immutable or a folder where the file should be stops him too.
#[test]
fn a_database_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("a-folder.db");
    std::fs::create_dir(&database).unwrap();
    refuses_to_start(&["--listen", "127.0.0.1:0", "--db", database.to_str().unwrap()], &["a-folder.db"]);
}

#[test]
fn an_epoch_file_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("milepost.db");
    std::fs::create_dir(folder.path().join("milepost.db-epoch")).unwrap();
    refuses_to_start(
        &["--listen", "127.0.0.1:0", "--db", database.to_str().unwrap()],
        &["milepost.db-epoch", "cannot be written"],
    );
}

#[test]
fn a_database_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("milepost.db");
    let _first = Binary::start(&database);
    refuses_to_start(
        &["--listen", "127.0.0.1:0", "--db", database.to_str().unwrap()],
        &["milepost.db", "in use by another Milepost"],
    );
}

#[test]
fn a_database_that_is_no_file_is_refused() {
    refuses_to_start(&["--listen", "127.0.0.1:0", "--db", ":memory:"], &[":memory:", "no file"]);
}

#[test]
fn help_names_every_option_and_its_variable() {
    let output = run(&["serve", "--help"]);
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for word in [
        "--listen",
        "MILEPOST_LISTEN",
        "--db",
        "MILEPOST_DB",
        "--base-url",
        "MILEPOST_TRUSTED_PROXIES",
        "127.0.0.1:8080",
    ] {
        assert!(help.contains(word), "no {word} in: {help}");
    }
}

#[test]
fn an_address_that_people_cannot_type_is_refused_in_a_sentence() {
    for (url, words) in [
        ("example.org/milepost", "must begin with https:// or http://"),
        ("ftp://example.org", "must begin with https:// or http://"),
        ("https://", "names no host"),
        ("https://example.org/?a=b", "must not go on with ? or #"),
        ("https://example.org/milepost#top", "must not go on with ? or #"),
        ("https://ada:secret@example.org", "user name or password"),
        ("https://example.org/mile post", "only letters, digits"),
        ("https://example.org/tasks", "/tasks: Milepost has pages there"),
        ("https://example.org/assets/x", "/assets: Milepost has pages there"),
    ] {
        refuses_to_start(&["--listen", "127.0.0.1:0", "--base-url", url], &["--base-url", words]);
    }
}

#[test]
fn a_proxy_that_is_no_address_is_refused_in_a_sentence() {
    for (proxies, word) in [("10.0.0.0/33", "10.0.0.0/33"), ("127.0.0.1,proxy.example", "proxy.example")] {
        refuses_to_start(&["--trusted-proxies", proxies], &["--trusted-proxies", word, "neither an address"]);
    }
}

#[test]
fn an_unknown_option_is_refused() {
    let output = run(&["--lisen", "127.0.0.1:0"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--lisen"));
}

async fn ends_in_time_with_streams_open(signal: &str) {
    let (folder, people) = crate::support::server::template_copy().await;
    let database: &Path = &folder.path().join("milepost.db");
    let mut server = Binary::start(database);
    let alice = people.client("alice", &server.url);
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut stream = alice.stream_of(&alice.open("/monitor").await).await;
        stream.named("hello").await;
        streams.push(stream);
    }
    let form = [("title", "Said at the last moment"), ("assignee", people.id("bob"))];
    alice.post("/assign", &form).await.expect(303);
    server.signal(signal);
    // The promise is one second; the rest is for a machine that is busy with other tests.
    let status = server.ended_within(Duration::from_secs(10)).expect("it ends though streams are open");
    assert!(status.success(), "{signal}: {status}");
    for stream in &mut streams {
        let last = stream.rest().await;
        assert!(last.iter().any(|event| event.name == "end"), "streams are told: {last:?}");
    }
    let conn = rusqlite::Connection::open(database).unwrap();
    let kept: i64 = conn
        .query_row("select count(*) from tasks where title = 'Said at the last moment'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 1, "what was acknowledged is kept");
    assert!(!folder.path().join("milepost.db-wal").metadata().is_ok_and(|wal| wal.len() > 0), "one file at rest");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_it_soon_with_streams_open() {
    ends_in_time_with_streams_open("TERM").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_it_soon_with_streams_open() {
    ends_in_time_with_streams_open("INT").await;
}
