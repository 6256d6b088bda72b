//! Backups, copies and restores: whoever comes back with a cursor of another history is told to begin anew, and nobody
//! else is.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::binary::Binary;
use crate::support::server::{House, People, template_copy};

/// Where a stream of alice's would start now.
async fn cursor(people: &People, server: &Binary) -> String {
    people.client("alice", &server.url).open("/monitor").await.attribute("#main", "data-cursor").unwrap()
}

async fn epoch(people: &People, server: &Binary) -> String {
    cursor(people, server).await.split('-').next().unwrap().to_owned()
}

async fn assign(people: &People, server: &Binary, title: &str) {
    let form = [("title", title), ("assignee", people.id("bob"))];
    people.client("alice", &server.url).post("/assign", &form).await.expect(303);
}

/// The epoch in which streams with this cursor go on, pages' and programs', and whether they were told to begin anew.
async fn comes_back(people: &People, server: &Binary, cursor: &str) -> (String, bool) {
    let alice = people.client("alice", &server.url);
    let mut answers = Vec::new();
    for form in ["/events?view=monitor", "/api/v1/events"] {
        let mut stream = alice.events(form, Some(cursor)).await;
        let hello = stream.named("hello").await.json();
        let epoch = hello["epoch"].as_str().unwrap().to_owned();
        // Something new, which comes after whatever there was to say.
        assign(people, server, "The end of the past").await;
        stream.until("the new task", |event| event.data.contains("The end of the past")).await;
        answers.push((epoch, stream.seen.iter().any(|event| event.name == "reset")));
    }
    assert_eq!(answers[0], answers[1], "both forms say the same");
    answers.remove(0)
}

/// Runs a command as it stands in the manual, in the folder of the database.
fn shell(folder: &Path, commands: &str) -> Output {
    let milepost = Path::new(env!("CARGO_BIN_EXE_milepost")).parent().unwrap().display();
    let path = format!("{milepost}:{}", std::env::var("PATH").unwrap());
    let output = Command::new("sh").args(["-euc", commands]).current_dir(folder).env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{commands}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The commands of the manual's block in which this is written.
fn manual(about: &str) -> String {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.contains(about)).expect("the manual says how").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_outlives_kills_and_stops() {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let mut server = Binary::start(&database);
    let before = cursor(&people, &server).await;
    let (epoch, was_reset) = comes_back(&people, &server, &before).await;
    assert!(!was_reset);
    server.kill_and_restart(&database);
    assert_eq!(comes_back(&people, &server, &before).await, (epoch.clone(), false), "after a kill");
    server.signal("TERM");
    server.ended_within(crate::support::PATIENCE).unwrap();
    let server = Binary::start(&database);
    assert_eq!(comes_back(&people, &server, &before).await, (epoch, false), "after a stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_and_put_back_by_the_commands_of_the_manual() {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let mut server = Binary::start(&database);
    assign(&people, &server, "In the backup").await;
    let early = cursor(&people, &server).await;
    shell(folder.path(), &manual("milepost backup"));
    assign(&people, &server, "After the backup").await;
    let late = cursor(&people, &server).await;
    let old = epoch(&people, &server).await;
    for ending in ["TERM", "KILL"] {
        server.signal(ending);
        server.ended_within(crate::support::PATIENCE).unwrap();
        shell(folder.path(), &manual("milepost restore"));
        server = Binary::start(&database);
        let list = people.client("alice", &server.url).open("/monitor").await;
        assert!(list.contains("In the backup") && !list.contains("After the backup"), "{ending}");
        for cursor in [&early, &late] {
            let (new, was_reset) = comes_back(&people, &server, cursor).await;
            assert!(was_reset && new != old, "{ending}: {cursor} goes on in {new}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_database_in_the_place_of_this_one_has_another_epoch() {
    let (folder, people) = template_copy().await;
    let (other_folder, other_people) = template_copy().await;
    let (database, other) = (folder.path().join("milepost.db"), other_folder.path().join("milepost.db"));
    let mut elsewhere = Binary::start(&other);
    let foreign = epoch(&other_people, &elsewhere).await;
    for number in 0..3 {
        assign(&other_people, &elsewhere, &format!("Elsewhere {number}")).await;
    }
    elsewhere.signal("TERM");
    elsewhere.ended_within(crate::support::PATIENCE).unwrap();
    let mut server = Binary::start(&database);
    let before = cursor(&people, &server).await;
    server.signal("TERM");
    server.ended_within(crate::support::PATIENCE).unwrap();
    std::fs::copy(&other, &database).unwrap();
    let server = Binary::start(&database);
    let (new, was_reset) = comes_back(&people, &server, &before).await;
    assert!(was_reset);
    assert!(!before.starts_with(&new) && new != foreign, "{new} after {before}, and {foreign} elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_never_share_an_epoch() {
    let (folder, people) = template_copy().await;
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::rename(folder.path().join("milepost.db"), home.join("milepost.db")).unwrap();
    let mut server = Binary::start(&home.join("milepost.db"));
    assign(&people, &server, "Before the copies").await;
    let before = cursor(&people, &server).await;
    server.kill();
    // The file alone beside itself, and all files to another place: as they are, and where others had been.
    shell(
        folder.path(),
        "cp home/milepost.db home/copy.db; cp home/milepost.db-wal home/copy.db-wal; cp -a home moved",
    );
    let copies = ["home/milepost.db", "home/copy.db", "moved/milepost.db"];
    let servers: Vec<Binary> = copies.iter().map(|copy| Binary::start(&folder.path().join(copy))).collect();
    let mut epochs = Vec::new();
    for server in &servers {
        let (epoch, was_reset) = comes_back(&people, server, &before).await;
        assert_eq!(was_reset, !before.starts_with(&epoch), "{before} in {epoch}");
        assert!(!epochs.contains(&epoch), "{epoch} of {epochs:?}");
        epochs.push(epoch);
    }
    assert!(before.starts_with(&epochs[0]), "the one that stayed goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_folder_put_back_has_another_epoch() {
    let (folder, people) = template_copy().await;
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::rename(folder.path().join("milepost.db"), home.join("milepost.db")).unwrap();
    let mut server = Binary::start(&home.join("milepost.db"));
    server.kill();
    shell(folder.path(), "cp -a home backup");
    server = Binary::start(&home.join("milepost.db"));
    assign(&people, &server, "After the copy").await;
    let before = cursor(&people, &server).await;
    server.kill();
    shell(folder.path(), "rm -r home; cp -a backup home");
    let server = Binary::start(&home.join("milepost.db"));
    let (epoch, was_reset) = comes_back(&people, &server, &before).await;
    assert!(was_reset && !before.starts_with(&epoch));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_file_that_is_gone_broken_or_half_written_gives_a_new_epoch() {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let beside = folder.path().join("milepost.db-epoch");
    let mut server = Binary::start(&database);
    assign(&people, &server, "Before").await;
    let mut seen = vec![epoch(&people, &server).await];
    let line = std::fs::read(&beside).unwrap();
    let states: [Option<&[u8]>; 5] = [None, Some(b""), Some(&line[..60]), Some(&[0; 103]), Some(b"who knows\n")];
    for state in states {
        let before = cursor(&people, &server).await;
        server.kill();
        match state {
            Some(bytes) => std::fs::write(&beside, bytes).unwrap(),
            None => std::fs::remove_file(&beside).unwrap(),
        }
        server = Binary::start(&database);
        let (epoch, was_reset) = comes_back(&people, &server, &before).await;
        assert!(was_reset && !seen.contains(&epoch), "{epoch} of {seen:?}");
        seen.push(epoch);
    }
}

/// As when it is killed between a commit and the file, or after a power cut.
#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_file_that_is_behind_its_database_is_believed() {
    let (folder, people) = template_copy().await;
    let database = folder.path().join("milepost.db");
    let beside = folder.path().join("milepost.db-epoch");
    let mut server = Binary::start(&database);
    let before = cursor(&people, &server).await;
    let line = std::fs::read(&beside).unwrap();
    assign(&people, &server, "Committed").await;
    server.kill();
    assert_ne!(std::fs::read(&beside).unwrap(), line);
    std::fs::write(&beside, line).unwrap();
    let server = Binary::start(&database);
    let (epoch, was_reset) = comes_back(&people, &server, &before).await;
    assert!(!was_reset && before.starts_with(&epoch));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_epoch_file_knows_what_was_acknowledged_before_the_answer() {
    let house = House::open().await;
    let beside = house.database().with_file_name("milepost.db-epoch");
    for number in 0..20 {
        house.assign(&format!("Crate {number}"), "bob").await;
        let newest: i64 = house.look().query_row("select max(sequence) from trail", [], |row| row.get(0)).unwrap();
        let line = std::fs::read_to_string(&beside).unwrap();
        let known = line.split(' ').nth(3).unwrap();
        assert_eq!(i64::from_str_radix(known, 16).unwrap(), newest, "{line}");
    }
}
