//! A job's page while its program writes and reports, in a real browser.

use crate::support::served::Served;
use crate::support::server::make_token;

/// Plays one scene of `log.mjs`.
async fn play(scene: &str) {
    let served = Served::open().await;
    let task = served.assign("Paint the north pier").await;
    let token = make_token(&served.client("bob"), "/account", "read report").await;
    let script = served.script("log.mjs").env("MILEPOST_SCENE", scene);
    script.env("MILEPOST_TOKEN", &token).env("MILEPOST_TASK", &task).run();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_followed_as_a_terminal_shows_it_and_left_alone_while_somebody_reads() {
    play("followed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_come_in_the_moment_somebody_goes_up_do_not_pull_them_down() {
    play("left").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn through_cuts_and_hidden_tabs_a_log_has_no_gap_and_no_repeat() {
    play("cut").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_log_that_grows_faster_than_it_is_read_the_page_takes_bounded_pieces() {
    play("large").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_report_moves_the_bar_on_every_page() {
    play("ticking").await;
}
