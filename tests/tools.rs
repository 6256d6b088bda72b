//! `milepost run` around the programs whose progress it knows: the real ones, as Debian ships them (`tests/run` installs what
//! is missing), with their real output.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};

use crate::support::wrapped::{Place, output_of, path_of};

/// Bytes of a file that takes a few seconds at the pace that the programs are given.
const BYTES: usize = 3_000_000;

/// Serves one file, eight times as big: what programs take over the network in one piece is not small.
async fn file_server() -> String {
    let body = || async { vec![b'x'; 8 * BYTES] };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/file", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/file", get(body))).await });
    url
}

struct Seen {
    job: Value,
    /// Percentages and counts of its trail, in order.
    percents: Vec<f64>,
    counts: Vec<(i64, Option<i64>)>,
}

/// Runs a line in a folder of its own; what the job looked like on its way.
async fn run(line: &str) -> Seen {
    let place = Place::open().await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = place.run(&[], line);
    command.current_dir(folder.path()).env("LC_ALL", "C.UTF-8");
    let output = tokio::task::spawn_blocking(move || output_of(&mut command, b"")).await.unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    let job = place.ended().await;
    assert_eq!(job["status"], "done");
    let trail = place.trail(&job).await;
    let progress: Vec<&Value> =
        trail.iter().filter(|entry| entry["change"] == "progress").map(|entry| &entry["new"]).collect();
    assert!(!trail.iter().any(|entry| entry["change"] == "lower-report"), "nothing falls: {trail:#?}");
    let percents = progress.iter().filter_map(|new| new["progress"].as_f64()).collect();
    let counts =
        progress.iter().filter_map(|new| Some((new["counts"]["processed"].as_i64()?, new["counts"]["total"].as_i64())));
    Seen { counts: counts.collect(), percents, job }
}

/// It was somewhere on the way, and at the end.
#[track_caller]
fn is_measured(seen: &Seen) {
    assert!(seen.percents.iter().any(|percent| (1.0..100.0).contains(percent)), "{:?}", seen.percents);
    assert!(seen.percents.is_sorted(), "{:?}", seen.percents);
    assert_eq!(seen.job["progress"], json!(100.0));
}

/// It counted, and knew no total.
#[track_caller]
fn is_counted(seen: &Seen, least: i64) {
    assert!(seen.counts.is_sorted() && !seen.counts.is_empty(), "{:?}", seen.counts);
    assert!(seen.counts.iter().all(|(_, total)| total.is_none()), "{:?}", seen.counts);
    let processed = seen.job["counts"]["processed"].as_i64();
    assert!(processed >= Some(least), "{processed:?} of at least {least}");
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_is_read() {
    let url = file_server().await;
    is_measured(&run(&format!("curl --noproxy '*' --limit-rate 8M -o file {url}")).await);
    is_measured(&run(&format!("curl --noproxy '*' -# --limit-rate 8M -o file {url}")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn wget_is_read_in_dots_and_as_a_bar() {
    let url = file_server().await;
    is_measured(&run(&format!("wget --no-proxy --limit-rate=8M -O file {url}")).await);
    is_measured(&run(&format!("wget --no-proxy --limit-rate=8M --progress=bar:force -O file {url}")).await);
}

/// Files to copy.
const FILES: &str = "mkdir from; for i in $(seq 30); do head -c 100000 /dev/zero > from/$i; done; ";

#[tokio::test(flavor = "multi_thread")]
async fn rsync_is_read() {
    path_of("rsync");
    is_measured(&run(&format!("{FILES} rsync -a --bwlimit=1000 --info=progress2 from/ to/")).await);
    let files = run(&format!("{FILES} rsync -a --bwlimit=1000 --progress from/ to/")).await;
    assert_eq!((&files.job["counts"]["processed"], &files.job["counts"]["total"]), (&json!(31), &json!(31)));
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_is_read() {
    path_of("ffmpeg");
    let source = "ffmpeg -hide_banner -loglevel error -f lavfi -i testsrc=duration=12:size=160x120:rate=25 in.avi; ";
    // `-re` reads at four times the speed of the film.
    is_measured(&run(&format!("{source} ffmpeg -hide_banner -nostdin -readrate 4 -i in.avi out.avi")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn dd_is_counted() {
    path_of("pv");
    let line = format!(
        "pv --quiet --rate-limit 1000000 /dev/zero | dd of=file bs=10000 count={} iflag=fullblock status=progress",
        BYTES / 10_000
    );
    is_counted(&run(&line).await, BYTES as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn pv_is_read_with_a_size_and_counted_without() {
    path_of("pv");
    is_measured(
        &run(&format!("pv --force --rate-limit 1000000 --size {BYTES} /dev/zero | head -c {BYTES} > file")).await,
    );
    is_counted(
        &run(&format!("head -c {BYTES} /dev/zero | pv --force --rate-limit 1000000 > file")).await,
        BYTES as i64 / 2,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tar_is_counted_by_its_checkpoints() {
    path_of("pv");
    let line = format!("{FILES} tar --checkpoint=10 -cf - from | pv --quiet --rate-limit 2000000 > file.tar");
    is_counted(&run(&line).await, 280);
}

/// The Python in which `tests/run` puts what the tests need.
fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/subscribers-python/bin/python");
    assert!(python.exists(), "{} is missing: tests/run makes it", python.display());
    python
}

#[tokio::test(flavor = "multi_thread")]
async fn tqdm_is_read_with_a_total_and_counted_without() {
    let python = python();
    let line = |over: &str| {
        format!("{} -c 'import time, tqdm\nfor i in tqdm.tqdm({over}): time.sleep(0.02)'", python.display())
    };
    let seen = run(&line("range(100)")).await;
    assert_eq!((&seen.job["counts"]["processed"], &seen.job["counts"]["total"]), (&json!(100), &json!(100)));
    assert!(seen.counts.len() > 1, "{:?}", seen.counts);
    is_counted(&run(&line("iter(range(100))")).await, 100);
}
