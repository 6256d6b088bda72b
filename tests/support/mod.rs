//! What every test stands on: a server (in the process, or the real binary), people with cookies,
//! pages used as people use them (find the form, fill it, press), and a reader of the stream.
//! Nothing here sleeps: a test waits for an event, or asks again until a deadline.

pub mod binary;
pub mod browser;
pub mod chaos;
pub mod client;
pub mod curl;
pub mod events;
pub mod history;
pub mod html;
pub mod jobs;
pub mod lives;
pub mod mail;
pub mod nginx;
pub mod other;
pub mod program;
pub mod random;
pub mod raw;
pub mod receiver;
pub mod schedules;
pub mod served;
pub mod server;
pub mod sheet;
pub mod source;
pub mod subscribers;
pub mod sums;
pub mod walk;
pub mod worker;
pub mod wrapped;

use std::future::Future;
use std::time::Duration;

/// How long a test waits for what must happen, on a slow and busy machine. Never a measure of speed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until `condition` gives something; fails with `what` when patience ends.
pub async fn eventually<T, F, Fut>(what: &str, mut condition: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let asking = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        loop {
            pause.tick().await;
            if let Some(found) = condition().await {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("never happened: {what}"))
}

/// Waits for `future`, at most as long as patience lasts.
pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("never happened: {what}"))
}

/// Prints past the test harness, which keeps what `println!` says to itself when a test passes: seeds and times are
/// worth reading then too.
pub fn say(line: &str) {
    use std::io::Write;
    // Whoever closed the output does not want to read it.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
