//! The page's side of the live stream, in a real browser: whatever the weather between it and the server, every open page
//! ends up showing what a fresh load shows.

use crate::support::binary::Binary;
use crate::support::served::Served;
use crate::support::server::PASSWORD;

/// Plays one scene of a script of `tests/browser`.
async fn play(script: &'static str, scene: &str) {
    let mut served = Served::open().await;
    let task = served.assign("Paint the north pier").await;
    served.assign("Paint the south pier").await;
    let script = served.script(script).env("MILEPOST_TASK", &task).env("MILEPOST_SCENE", scene);
    let script = script.env("MILEPOST_PASSWORD", PASSWORD).env("MILEPOST_CAROL", served.person("carol"));
    let database = served.database();
    let listen = served.url.trim_start_matches("http://").to_owned();
    script.run_answering("", |request| {
        match request {
            "stop" => {
                let mut server = served.server.take().unwrap();
                server.signal("TERM");
                server.ended_within(crate::support::PATIENCE).expect("it ends when it is asked to");
            }
            "start" => served.server = Some(Binary::start_at(&database, &listen)),
            other => panic!("the script asks for {other}"),
        }
        "done".into()
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_page_catches_up_when_it_is_seen_again() {
    play("line.mjs", "hidden").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_slept_with_its_machine_catches_up() {
    play("line.mjs", "asleep").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_that_it_is_offline_and_catches_up() {
    play("line.mjs", "offline").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_outlive_a_restart_of_the_server() {
    play("line.mjs", "restarted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_outlive_cut_connections() {
    play("line.mjs", "dropped").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_socket_is_noticed_within_45_seconds() {
    play("line.mjs", "frozen").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_streams_are_held_back_the_page_says_so_and_polls_until_streaming_works() {
    play("line.mjs", "heldBack").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_backs_off_and_waits_as_long_as_the_server_asks() {
    play("line.mjs", "refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portals_page_is_not_taken_for_the_server() {
    play("line.mjs", "portal").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_out_the_page_keeps_what_was_typed_and_goes_on_after_signing_in_again() {
    play("owner.mjs", "signedOut").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_somebody_else_finds_open_says_so_and_sends_nothing() {
    play("owner.mjs", "somebodyElse").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_task_that_left_ones_sight_says_so() {
    play("owner.mjs", "gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_does_not_move_what_is_read() {
    play("undisturbed.mjs", "scrolled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_focus_stays_until_it_is_let_go() {
    play("undisturbed.mjs", "focused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_are_said_to_screen_readers_in_one_sentence() {
    play("undisturbed.mjs", "heard").await;
}
