//! `milepost run` on a terminal: the command has one too, with keys, size and job control.

use std::process::Command;

use crate::support::wrapped::Heard;

/// In a terminal of its own, by the program that Debian has for that.
fn in_a_terminal(line: &str) -> Heard {
    let milepost = env!("CARGO_BIN_EXE_milepost");
    let mut command = Command::new("script");
    command.env_remove("MILEPOST_TOKEN").env_remove("MILEPOST_URL").env("MILEPOST_BIN", milepost);
    command.args(["--quiet", "--return", "--command"]).arg(line.replace("milepost", milepost)).arg("/dev/null");
    Heard::start(command)
}

#[test]
fn on_a_terminal_the_command_has_one_of_the_same_size() {
    let mut heard = in_a_terminal(
        "stty rows 33 cols 99; milepost run -- sh -c 'test -t 0 && test -t 1 && test -t 2 && stty size; read word; echo typed $word'; stty -a | grep -o ' icanon'",
    );
    heard.says("33 99");
    heard.types("hello\n");
    heard.says("typed hello");
    heard.says(" icanon");
    heard.ends();
}

#[test]
fn ctrl_c_on_a_terminal_interrupts_the_command() {
    let mut heard = in_a_terminal("milepost run -- sh -c 'echo ready; while :; do sleep 0.1; done'");
    heard.says("ready");
    heard.types("\x03");
    assert_eq!(heard.ends().code(), Some(130));
}

#[test]
fn a_command_whose_output_goes_elsewhere_still_reads_from_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy");
    let mut heard =
        in_a_terminal(&format!("echo ready; milepost run -- sh -c 'read word; echo $word' > {}", file.display()));
    heard.says("ready");
    heard.types("hello\n");
    assert_eq!(heard.ends().code(), Some(0), "{:?}", heard.said);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "hello\n");
}

#[test]
fn ctrl_z_stops_the_command_with_us_and_both_go_on_together() {
    let mut heard = in_a_terminal("bash --norc -i");
    // The terminal shows what is typed, too: the quotes tell it from what is printed.
    heard.types("\"$MILEPOST_BIN\" run -- sh -c 'echo star\"\"ted; read word; echo typed $word'\n");
    heard.says("started");
    heard.types("\x1a");
    heard.says("Stopped");
    heard.types("fg\n");
    heard.types("hello\n");
    heard.says("typed hello");
    heard.types("exit\n");
    heard.ends();
}
