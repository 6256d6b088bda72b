//! What `milepost restore` takes and what it refuses, and what it leaves of the database of before.

use std::path::{Path, PathBuf};

use crate::backup::{milepost, names, restore, said};
use crate::support::binary::Binary;
use crate::support::server::template_copy;

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_refuses_what_is_not_whole_newer_or_foreign_and_changes_nothing() {
    let (folder, _) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let output = milepost(&["backup", "--db", database.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    let good = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let whole = std::fs::read(&good).unwrap();
    let before = std::fs::read(&database).unwrap();
    let bad = folder.path().join("bad.backup");
    let altered = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("half of it", whole[..whole.len() / 2].to_vec(), "is truncated"),
        ("without its last byte", whole[..whole.len() - 1].to_vec(), "is truncated"),
        ("without its line", before.clone(), "no line of Milepost's at its end"),
        ("one bit differs", altered(whole.len() / 2), "was altered or damaged"),
        ("one bit of its line differs", altered(whole.len() - 10), "was altered or damaged"),
        ("foreign", b"%PDF-1.7 something else".to_vec(), "is no backup of Milepost's"),
        ("empty", Vec::new(), "is empty"),
    ];
    let there = names(folder.path());
    for (what, bytes, sentence) in cases {
        std::fs::write(&bad, bytes).unwrap();
        let output = restore(&bad, &database);
        assert!(!output.status.success() && said(&output).contains(sentence), "{what}: {}", said(&output));
        std::fs::remove_file(&bad).unwrap();
        assert_eq!(std::fs::read(&database).unwrap(), before, "{what}");
    }
    let output = restore(&folder.path().join("nowhere.backup"), &database);
    assert!(!output.status.success() && said(&output).contains("cannot be read"), "{}", said(&output));
    let mut now = names(folder.path());
    now.retain(|name| !name.ends_with("-epoch"));
    assert_eq!(now, there);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_over_a_running_server_is_refused() {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let mut server = Binary::start(&database);
    let backup = {
        let output = milepost(&["backup", "--db", database.to_str().unwrap()]);
        assert!(output.status.success(), "also while it is served: {}", said(&output));
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    };
    let output = restore(&backup, &database);
    assert!(!output.status.success() && said(&output).contains("Milepost is running on"), "{}", said(&output));
    people.client("alice", &server.url).open("/monitor").await;
    assert_eq!(names(folder.path()).iter().filter(|name| name.contains("before")).count(), 0);
    server.signal("TERM");
    server.ended_within(crate::support::PATIENCE).unwrap();
    let output = restore(&backup, &database);
    assert!(output.status.success(), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_before_is_kept_whole_beside_the_restored_one() {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let output = milepost(&["backup", "--db", database.to_str().unwrap()]);
    let backup = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let mut server = Binary::start(&database);
    let form = [("title", "After the backup"), ("assignee", people.id("bob"))];
    people.client("alice", &server.url).post("/assign", &form).await.expect(303);
    // Killed, so that the newest is in the log alone.
    server.kill();
    let output = restore(&backup, &database);
    assert!(output.status.success(), "{}", said(&output));
    let aside: Vec<String> = names(folder.path()).into_iter().filter(|name| name.contains("-before-")).collect();
    let aside = aside.iter().find(|name| name.ends_with('Z')).unwrap_or_else(|| panic!("{aside:?}"));
    assert!(said(&output).contains(aside.as_str()), "{}", said(&output));
    let titles = |path: &Path| -> Vec<String> {
        let conn = rusqlite::Connection::open(path).unwrap();
        let mut statement = conn.prepare("select title from tasks").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(titles(&folder.path().join(aside)), ["After the backup"]);
    assert_eq!(titles(&database), Vec::<String>::new());
}

/// As one does before an upgrade, with the program of after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_an_earlier_milepost_is_backed_up_and_restored_and_a_foreign_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let early = rusqlite::Connection::open(path("early.db")).unwrap();
    for file in ["0001_people.sql", "0002_tasks.sql"] {
        let sql = std::fs::read_to_string(format!("{}/migrations/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        early.execute_batch(&sql).unwrap();
    }
    early.execute_batch("pragma user_version = 2; insert into meta values ('note', 'Seagull')").unwrap();
    drop(early);
    let output = milepost(&["backup", "--db", path("early.db").to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    let backup = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let output = restore(&backup, &path("again.db"));
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("It was made by an earlier Milepost"), "{}", said(&output));
    let server = Binary::start(&path("again.db"));
    drop(server);
    let conn = rusqlite::Connection::open(path("again.db")).unwrap();
    let note: String = conn.query_row("select value from meta where key = 'note'", [], |row| row.get(0)).unwrap();
    assert_eq!(note, "Seagull");
    rusqlite::Connection::open(path("other.db")).unwrap().execute_batch("create table letters (text)").unwrap();
    let output = milepost(&["backup", "--db", path("other.db").to_str().unwrap()]);
    assert!(!output.status.success() && said(&output).contains("is not a Milepost database"), "{}", said(&output));
    let output = milepost(&["backup", "--db", path("nowhere.db").to_str().unwrap()]);
    assert!(!output.status.success() && said(&output).contains("There is no database at"), "{}", said(&output));
}
