//! What becomes of output on its way to the log.

use proptest::prelude::*;

use super::log::Log;
use super::screen::{Screen, Seen};

fn logged(pieces: &[&[u8]]) -> String {
    let (mut screen, mut text) = (Screen::default(), String::new());
    let mut see = |seen: Seen<'_>| {
        if let Seen::Text(piece) = seen {
            text.push_str(piece);
        }
    };
    for piece in pieces {
        screen.feed(piece, &mut see);
    }
    screen.end(&mut see);
    text
}

#[test]
fn lines_are_kept_as_they_are() {
    assert_eq!(logged(&[b"one\ntwo\r\n\nth", b"ree\tx\n"]), "one\ntwo\n\nthree\tx\n");
    assert_eq!(logged(&[b"no end of line"]), "no end of line\n");
    assert_eq!(logged(&[b""]), "");
}

#[test]
fn of_a_line_that_is_written_over_the_last_state_is_kept() {
    assert_eq!(logged(&[b"\r 10%\r 20%\r 30%\ndone\n"]), " 30%\ndone\n");
    assert_eq!(logged(&[b"tables: 3/10\x08\x08\x08\x084/10\x08\x08\x08\x08done\n"]), "tables: done\n");
    assert_eq!(logged(&[b"\x1b[2K\x1b[1Ga\x1b[2K\x1b[1Gb\n"]), "b\n");
    assert_eq!(logged(&[b"abc\rx\x1b[K\n"]), "x\n");
}

#[test]
fn escapes_are_taken_out_and_what_is_no_text_is_marked() {
    assert_eq!(logged(&[b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain\n"]), "red plain\n");
    assert_eq!(logged(&["é in two ".as_bytes(), b"pieces \xc3", b"\xa9\n"]), "é in two pieces é\n");
    assert_eq!(logged(&[b"a\xff\xfeb\xc3(c\x00\n"]), "ab\u{fffd}c\n");
}

#[test]
fn an_endless_line_is_kept_in_full() {
    let long = "x".repeat(100_000);
    assert_eq!(logged(&[long.as_bytes()]), format!("{long}\n"));
}

#[test]
fn an_unfinished_line_is_given_out_after_a_pause_once() {
    let (mut screen, mut text) = (Screen::default(), String::new());
    let mut see = |seen: Seen<'_>| {
        if let Seen::Text(piece) = seen {
            text.push_str(piece);
        }
    };
    screen.feed(b"Password: ", &mut see);
    screen.pause(&mut see);
    screen.pause(&mut see);
    screen.feed(b"thanks\nnext", &mut see);
    screen.pause(&mut see);
    screen.feed(b"\rover\n", &mut see);
    screen.end(&mut see);
    assert_eq!(text, "Password: thanks\nnext\nover\n");
}

fn all_of(log: &mut Log) -> Vec<String> {
    std::iter::from_fn(|| log.take()).collect()
}

#[test]
fn a_log_goes_off_in_batches_of_whole_lines() {
    let mut log = Log::default();
    let line = "äöü".repeat(20) + "\n";
    (0..3_000).for_each(|_| log.push(&line));
    let batches = all_of(&mut log);
    assert!(batches.len() > 3 && batches.iter().all(|batch| batch.len() <= 64 << 10 && batch.ends_with('\n')));
    assert_eq!(batches.concat(), line.repeat(3_000));
}

#[test]
fn a_log_that_cannot_go_off_keeps_its_head_and_its_tail_in_bounded_memory() {
    let mut log = Log::default();
    for number in 0..1_000_000 {
        log.push(&format!("line {number:07}\n"));
    }
    let text = all_of(&mut log).concat();
    assert!(text.starts_with("line 0000000\nline 0000001\n") && text.ends_with("line 0999999\n"));
    assert!(text.len() < 1_100_000, "{}", text.len());
    let gap = text.lines().find(|line| line.starts_with('[')).unwrap();
    let missing: usize = gap.split(' ').nth(1).unwrap().parse().unwrap();
    assert_eq!(text.len() - gap.len() - 1 + missing, 13_000_000, "{gap}");
    assert!(text.lines().all(|line| line == gap || line.len() == 12), "lines stay whole");
}

proptest! {
    #[test]
    fn the_log_of_any_bytes_does_not_depend_on_how_they_come(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r'), Just(8), Just(b'x')], 0..500),
        at in 0_usize..500,
    ) {
        let (before, after) = bytes.split_at(at.min(bytes.len()));
        prop_assert_eq!(logged(&[before, after]), logged(&[&bytes]));
    }
}
