//! Jobs of built-in kinds as people start and follow them: in a real browser, on a wide and a narrow screen, without script,
//! and by keys alone.

use calamine::{Data, Reader};

use crate::support::binary::Binary;
use crate::support::browser::Script;
use crate::support::other::{Other, Reply};
use crate::support::server::template_copy;

/// The cells of a workbook's first sheet.
fn rows(path: &str) -> Vec<Vec<String>> {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    sheet.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
}

/// Plays one scene of `kinds.mjs` in Chromium.
async fn play(scene: &'static str) {
    let (folder, people) = template_copy().await;
    let more = ["--allow-private-addresses", "127.0.0.1"];
    let server = Binary::start_with(&folder.path().join("milepost.db"), "127.0.0.1:0", &more);
    let feed = Other::start(Reply::ok("id,title\n")).await;
    let script =
        Script::new("kinds.mjs").server(&server.url).people(&["alice", "bob"].map(|name| people.cookies(name)));
    let script =
        script.env("MILEPOST_SCENE", scene).env("MILEPOST_BOB", people.id("bob")).env("MILEPOST_FEED", &feed.url);
    let answer = move |request: &str| match request.split_once(' ') {
        Some(("rows", path)) => serde_json::to_string(&rows(path)).unwrap(),
        Some(("feed", table)) => {
            feed.replies(Reply::ok(table.replace("\\n", "\n")));
            "done".into()
        }
        _ => panic!("the script asks for {request}"),
    };
    // The feed is served in this process: its threads must go on while the script looks.
    tokio::task::spawn_blocking(move || script.run_answering("", answer)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_filter_shows_is_looked_at_changed_and_changed_back() {
    play("bulk").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_history_shows_is_downloaded_and_opens() {
    play("exported").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_searched_and_the_places_come_as_a_file() {
    play("searched").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_looked_at_tried_brought_in_mended_and_brought_in_again() {
    play("table").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_of_another_tracker_is_looked_at_tried_and_brought_in() {
    play("tracker").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_kept_in_step_with_from_its_form() {
    play("feed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_keys_alone_a_file_is_imported_and_what_came_is_changed_and_changed_back() {
    play("keys").await;
}
