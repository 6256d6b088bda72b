//! What real programs printed (in `captured`, as it came), what looks like progress and is none, and whatever else there is.

use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::cli::run::output::screen::{Screen, Seen};

/// All readings of some output, through the same screen as in a run.
fn readings(parse: &Parse, output: &[u8]) -> Vec<Reading> {
    let (mut screen, mut parser, mut found) = (Screen::default(), Parser::new(parse), Vec::new());
    let mut see = |seen: Seen<'_>| {
        if let Seen::State(line, manner) = seen {
            found.extend(parser.read(line, manner));
        }
    };
    // In pieces, as a pipe gives them.
    output.chunks(100).for_each(|piece| screen.feed(piece, &mut see));
    screen.end(&mut see);
    found
}

fn auto(output: impl AsRef<[u8]>) -> Vec<Reading> {
    readings(&Parse::Auto, output.as_ref())
}

fn percents(output: impl AsRef<[u8]>) -> Vec<f64> {
    auto(output).iter().filter_map(|reading| reading.percent).collect()
}

fn counts(output: impl AsRef<[u8]>) -> Vec<(i64, Option<i64>)> {
    auto(output).iter().filter_map(|reading| Some((reading.done?, reading.total))).collect()
}

/// Only percentages, rising, several of them, up to the end.
#[track_caller]
fn goes_to_the_end(output: &[u8]) {
    let found = percents(output);
    assert!(found.len() >= 3, "{found:?}");
    assert!(found.is_sorted(), "{found:?}");
    assert!(found[0] < 50.0, "{found:?}");
    assert!(found.last() > Some(&99.0), "{found:?}");
    assert!(auto(output).iter().all(|reading| reading.done.is_none()));
}

#[test]
fn curl_says_how_much_of_all() {
    goes_to_the_end(include_bytes!("captured/curl.txt"));
    assert_eq!(percents(include_bytes!("captured/curl.txt")), [15.0, 46.0, 85.0, 100.0]);
    goes_to_the_end(include_bytes!("captured/curl-bar.txt"));
}

#[test]
fn curl_of_unknown_length_counts_bytes() {
    let row = "\r  0     0    0  450k    0     0   100k      0 --:--:--  0:00:04 --:--:--  100k";
    assert_eq!(counts(row), [(450 << 10, None)]);
    assert_eq!(percents(row), [] as [f64; 0]);
}

#[test]
fn wget_says_so_in_dots_and_as_a_bar() {
    goes_to_the_end(include_bytes!("captured/wget-dots.txt"));
    goes_to_the_end(include_bytes!("captured/wget-bar.txt"));
    assert_eq!(counts("   450K .......... .......... .......... 1.2M\n"), [(450 << 10, None)]);
}

#[test]
fn rsync_says_how_much_of_the_whole() {
    goes_to_the_end(include_bytes!("captured/rsync-whole.txt"));
}

#[test]
fn rsync_that_shows_file_by_file_counts_files() {
    let found = auto(include_bytes!("captured/rsync-files.txt"));
    assert!(found.iter().all(|reading| reading.percent.is_none()), "{found:?}");
    let found = counts(include_bytes!("captured/rsync-files.txt"));
    assert!(found.len() > 50 && found.iter().all(|(_, total)| *total == Some(61)), "{found:?}");
    assert_eq!(found.last(), Some(&(61, Some(61))));
}

#[test]
fn pv_says_how_much_of_all_or_counts_bytes() {
    goes_to_the_end(include_bytes!("captured/pv.txt"));
    let found = counts(include_bytes!("captured/pv-unknown.txt"));
    assert_eq!(found, [(10 << 20, None), (20 << 20, None), (29_989_273, None)]);
}

#[test]
fn dd_counts_bytes() {
    let found = counts(include_bytes!("captured/dd.txt"));
    assert_eq!(found.last(), Some(&(41_943_040_000, None)), "{found:?}");
    assert!(found.len() >= 2);
}

#[test]
fn tar_counts_checkpoints() {
    let found = counts(include_bytes!("captured/tar.txt"));
    assert_eq!(found[..3], [(100, None), (200, None), (300, None)]);
}

#[test]
fn ffmpeg_says_how_much_of_the_length() {
    goes_to_the_end(include_bytes!("captured/ffmpeg.txt"));
    assert_eq!(counts("size= 1kB time=00:01:05.50 bitrate= 10kbits/s speed=1x\r"), [(65, None)]);
}

#[test]
fn tqdm_counts_with_a_total_and_without() {
    let bar = include_str!("captured/tqdm.txt");
    let found = counts(bar.lines().next().unwrap());
    assert!(found.len() > 5 && found.iter().all(|(_, total)| *total == Some(100)), "{found:?}");
    assert_eq!(found.last(), Some(&(100, Some(100))));
    assert_eq!(counts(bar.lines().nth(1).unwrap()).last(), Some(&(100, None)));
    goes_to_the_end(bar.lines().nth(2).unwrap().as_bytes());
}

#[test]
fn other_programs_say_it_in_percent_and_in_counts() {
    for (output, percent) in [
        ("45%\n", 45.0),
        ("Progress: 45%\n", 45.0),
        ("Progress: [ 45%]\n", 45.0),
        ("[ 45%] Building CXX object x.o\n", 45.0),
        ("tests/test_x.py ......    [ 45%]\n", 45.0),
        ("45.5 % complete\n", 45.5),
        ("Loading 45%\r", 45.0),
        ("\x1b[32m[#####.....]  45%\x1b[0m\n", 45.0),
        ("Downloading… 4%\x08\x08\x08 45%\n", 45.0),
        ("\x1b[2K\x1b[1G█████░░░░░ 45%\n", 45.0),
    ] {
        assert_eq!(percents(output).last(), Some(&percent), "{output:?}");
    }
    for (output, done, total) in [
        ("Step 3/10 : RUN make\n", 3, 10),
        ("[3/10] Compiling foo\n", 3, 10),
        ("[ 3 / 10 ] foo\n", 3, 10),
        ("450/1000\n", 450, 1_000),
        ("450 of 1000\n", 450, 1_000),
        ("Processed 1,450 of 2,000 rows\n", 1_450, 2_000),
        ("Receiving objects:  45% (450/1000), 1.20 MiB | 1.20 MiB/s\r", 450, 1_000),
        ("450/1000 letters sent\n", 450, 1_000),
        ("Writing inode tables:  3/10\x08\x08\x08\x08\x08 4/10\x08\x08\x08\x08\x08done\n", 4, 10),
    ] {
        assert_eq!(counts(output).last(), Some(&(done, Some(total))), "{output:?}");
    }
}

#[test]
fn what_is_said_again_with_more_is_progress() {
    assert_eq!(counts("letter 3/10\nletter 4/10\nletter 5/10\n"), [(4, Some(10)), (5, Some(10))]);
    assert_eq!(percents("foo 3% x\nfoo 4% x\n"), [4.0]);
    assert_eq!(counts("1/10\n2/10\n3/10\n"), [(2, Some(10)), (3, Some(10))]);
}

#[test]
fn what_only_looks_like_progress_is_none() {
    for line in [
        "11/22 10:15 started",
        "2026/11/22 10:15:00 [notice] 1234#1234: start",
        "on 11/22/2026 at noon",
        "11/22",
        "date 22/11, then again 22/11",
        "10.0.0.0/8 via 192.168.1.1/24",
        "GET /a/1/2 HTTP/1.1\" 200 1/1",
        "version 1.2.3/4, node v20.1/2",
        "1/1",
        "1 of 1 done",
        "/dev/sda1        50G   20G   28G  42% /",
        "CPU usage: 45%",
        "%Cpu(s):  4.5 us,  1.2 sy",
        "memory 80% used",
        "Coverage: 85%",
        "10 packets transmitted, 9 received, 10% packet loss",
        "http://x.example/a%20b%2045%",
        "150% of what was planned",
        "rated 4/5 by 24/7 support",
        "open 24/7",
        "2 of 3 tests failed",
        "total: 12/10 files",
        "between 5-10% and 20%",
        "a+3/10b, x=3/10, 3/10ths",
        "ratio 1/2",
    ] {
        assert_eq!(auto(format!("{line}\n")), [], "{line}");
        assert_eq!(auto(format!("{line}\n{line}\n")), [], "{line} twice");
    }
}

#[test]
fn progress_never_falls() {
    assert_eq!(percents("10%\r50%\r20%\r60%\r"), [10.0, 50.0, 60.0]);
    assert_eq!(
        counts("50/100 files\n20/100 files\n60/200 files\n70/200 files\n"),
        [(50, Some(100)), (60, Some(200)), (70, Some(200))]
    );
}

#[test]
fn a_pattern_names_what_is_what() {
    let parse: Parse = r"^(?P<stage>\w+): (?P<done>\d+) von (?P<total>\d+)( \((?P<note>.*)\))?$".parse().unwrap();
    let found = readings(&parse, b"Senden: 45 von 100 (an Ada)\nnothing\nSenden: 50 von 100\n");
    let stage = Some("Senden".to_owned());
    let first =
        Reading { percent: None, done: Some(45), total: Some(100), stage: stage.clone(), note: Some("an Ada".into()) };
    assert_eq!(found, [first, Reading { done: Some(50), total: Some(100), stage, ..Reading::default() }]);
    let percent: Parse = r"(?P<percent>[\d.,]+) Prozent".parse().unwrap();
    assert_eq!(readings(&percent, b"12,5 Prozent\n200 Prozent\n")[0].percent, Some(12.5));
    assert_eq!(readings(&percent, b"200 Prozent\n"), []);
}

#[test]
fn a_pattern_that_cannot_work_is_refused_in_a_sentence() {
    for (pattern, words) in [("(", "no regular expression"), ("a(b)", "no group named"), ("(?P<pct>.)", "\"pct\"")] {
        let error = pattern.parse::<Parse>().unwrap_err();
        assert!(error.contains(words) && !error.contains('\n'), "{error}");
    }
}

#[test]
fn none_reads_nothing() {
    assert_eq!(readings(&Parse::None, b"45%\r50%\r"), []);
}

/// Sane, whatever was read.
fn check(found: &[Reading]) {
    let (mut percent, mut done) = (0.0, 0);
    for reading in found {
        if let Some(next) = reading.percent {
            assert!((percent..=100.0).contains(&next), "{found:?}");
            percent = next;
        }
        if let Some(next) = reading.done {
            assert!(next >= done && reading.total.is_none_or(|total| next <= total && total > 0), "{found:?}");
            done = next;
        }
        assert!(reading.total.is_none() || reading.done.is_some());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        check(&auto(&bytes));
    }

    #[test]
    fn anything_like_progress_is_read_without_harm(
        words in proptest::collection::vec("([0-9]{1,20}[%/KMG]?|of|[\\[\\](){}|#=>. \t\r\n\x08]|\x1b\\[[0-9]{0,5}[A-Za-z]|bytes copied|time=|Duration: |checkpoint |it \\[|done|files|:|é|█)", 0..200)
    ) {
        let text = words.concat();
        check(&auto(&text));
        let parse: Parse = r"(?P<percent>\d+)%|(?P<done>\d+)/(?P<total>\d+)".parse().unwrap();
        check(&readings(&parse, text.as_bytes()));
    }
}

/// Twice as much text takes about twice as long, also where an expression could begin anywhere.
#[test]
fn reading_takes_time_in_the_length_of_the_text() {
    for piece in ["9", "9/", "9% ", "[", " 9", ". ", "9 of ", "\x08", "\r9%", "\x1b[", "bytes "] {
        let time = |times: usize| {
            let text = piece.repeat(times);
            let least = (0..3).map(|_| {
                let started = Instant::now();
                auto(&text);
                started.elapsed()
            });
            least.min().unwrap()
        };
        let (short, long) = (time(5_000), time(40_000));
        // Eight times as much; what grows with the square would take sixty-four times as long.
        assert!(long < short * 32 + std::time::Duration::from_millis(50), "{piece:?}: {short:?}, then {long:?}");
    }
}
