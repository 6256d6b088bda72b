//! `milepost run`: the command runs as it would without us, and is seen as a job, whatever becomes of the server.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::binary::{Binary, command};
use crate::support::client::Client;
use crate::support::nginx::Nginx;
use crate::support::random::Random;
use crate::support::server::House;
use crate::support::wrapped::{Heard, Place, alone, changes, is_gone, output_of};

#[test]
fn the_exit_code_is_the_commands() {
    for code in [0, 1, 3, 126, 255] {
        let output = output_of(&mut alone(&["sh", "-c", &format!("exit {code}")]), b"");
        assert_eq!(output.status.code(), Some(code));
    }
    assert_eq!(output_of(&mut alone(&["no-such-command-anywhere"]), b"").status.code(), Some(127));
    assert_eq!(output_of(&mut alone(&["/etc/passwd"]), b"").status.code(), Some(126));
}

#[test]
fn whoever_waits_sees_the_signal_by_which_the_command_died() {
    for (signal, number) in [("TERM", 15), ("KILL", 9), ("INT", 2), ("HUP", 1), ("ABRT", 6), ("USR1", 10)] {
        let output = output_of(&mut alone(&["sh", "-c", &format!("kill -{signal} $$")]), b"");
        assert_eq!(output.status.signal(), Some(number), "{signal}: {output:?}");
    }
}

#[test]
fn a_signal_reaches_the_command() {
    for signal in ["TERM", "INT", "HUP", "USR1"] {
        let line = format!("trap 'echo got {signal}; exit 5' {signal}; echo ready; while :; do sleep 0.1; done");
        let mut heard = Heard::start(alone(&["sh", "-c", &line]));
        heard.says("ready");
        heard.signal(signal);
        heard.says(&format!("got {signal}"));
        assert_eq!(heard.ends().code(), Some(5), "{signal}");
    }
}

#[test]
fn every_byte_passes_unchanged_and_output_and_errors_stay_apart() {
    let mut random = Random::new("bytes that pass");
    let bytes: Vec<u8> = (0..300_000).map(|_| random.below(256) as u8).collect();
    let output = output_of(&mut alone(&["sh", "-c", "tee /dev/stderr"]), &bytes);
    assert!(output.stdout == bytes, "standard output");
    assert!(output.stderr.ends_with(&bytes), "standard error, after the line that there is no token");
}

#[test]
fn output_and_errors_that_go_to_one_place_stay_in_order() {
    let (mut from, to) = std::io::pipe().unwrap();
    let line = "for i in $(seq 500); do echo out $i; echo err $i >&2; done";
    let mut command = alone(&["sh", "-c", line]);
    command.stdin(Stdio::null()).stderr(to.try_clone().unwrap()).stdout(to);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut text = String::new();
    from.read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    let expected: String = (1..=500).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert!(text.ends_with(&expected), "{text}");
}

#[test]
fn a_reader_that_goes_ends_the_command_as_a_closed_pipe_does() {
    let output = output_of(
        Command::new("sh").args(["-c", "\"$0\" run -- yes | head -1; echo $?"]).arg(env!("CARGO_BIN_EXE_milepost")),
        b"",
    );
    assert_eq!(output.stdout, b"y\n0\n");
}

#[test]
fn without_a_token_or_with_a_wrong_address_the_command_runs_and_one_line_says_so() {
    for (name, value) in [("MILEPOST_TOKEN", ""), ("MILEPOST_URL", "not an address")] {
        let mut command = alone(&["sh", "-c", "echo done; exit 4"]);
        command.env("MILEPOST_TOKEN", "mp_x").env(name, value);
        let output = output_of(&mut command, b"");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(4), &b"done\n"[..]), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with("milepost: nothing will be reported:"), "{said}");
    }
}

#[test]
fn an_expression_that_cannot_work_is_refused_before_anything_runs() {
    let mut command = command();
    command.args(["run", "--parse", "(", "--", "echo", "it ran"]);
    let output = output_of(&mut command, b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().contains("no regular expression"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_a_job_with_its_progress_its_log_and_its_end() {
    let place = Place::open().await;
    let line = "echo 10 of 40 files; echo 40 of 40 files; echo it broke >&2; exit 3";
    let output = output_of(&mut place.run(&["--title", "Nightly copy", "--category", "backup"], line), b"");
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let job = place.ended().await;
    assert_eq!(
        (&job["title"], &job["category"], &job["status"]),
        (&json!("Nightly copy"), &json!("backup"), &json!("failed"))
    );
    assert_eq!(job["job"]["error"], "exit code 3: it broke");
    assert_eq!(job["job"]["result"], json!({ "exit_code": 3 }));
    assert_eq!(job["counts"]["processed"], 40);
    // Two pipes have no order between them.
    let mut log: Vec<String> = place.log(&job).await.lines().map(str::to_owned).collect();
    log.sort();
    assert_eq!(log, ["10 of 40 files", "40 of 40 files", "it broke"]);
    let trail = place.trail(&job).await;
    assert_eq!(changes(&trail), ["created", "claimed", "failed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_and_under_a_path_it_reports_to_a_server_whose_certificate_it_trusts() {
    let place = Place::open().await;
    let nginx = Nginx::of_the_readme(&place.url, "/");
    let url = format!("https://127.0.0.1:{}/milepost", nginx.port);
    let mut command = place.run(&["--title", "Stranger"], "echo 40 of 40 files");
    let output = output_of(command.env("MILEPOST_URL", &url), b"");
    assert_eq!(output.status.code(), Some(0), "the command runs whomever it reports to");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("certificate"), "{said}");
    assert_eq!(place.jobs().await, [json!(null); 0], "nothing is told to a stranger");
    let mut command = place.run(&["--title", "Nightly copy"], "echo 40 of 40 files; exit 3");
    let output = output_of(command.env("MILEPOST_URL", &url).env("SSL_CERT_FILE", nginx.certificate()), b"");
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let job = place.ended().await;
    assert_eq!((&job["title"], &job["counts"]["processed"]), (&json!("Nightly copy"), &json!(40)));
    assert_eq!(place.log(&job).await, "40 of 40 files\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_not_there_is_seen_to_fail() {
    let place = Place::open().await;
    let mut command = place.milepost();
    let output = output_of(command.args(["run", "no-such-command-anywhere"]), b"");
    assert_eq!(output.status.code(), Some(127));
    let job = place.ended().await;
    assert_eq!(job["title"], "no-such-command-anywhere");
    assert_eq!(job["job"]["error"], "no-such-command-anywhere: command not found");
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_read_by_an_expression_of_ones_own() {
    let place = Place::open().await;
    let pattern = r"^(?P<stage>\w+): (?P<done>\d+) von (?P<total>\d+)";
    let mut heard = Heard::start(place.run(&["--parse", pattern], "echo Senden: 450 von 1000; read x"));
    let job = place.job("it is read", |job| job["progress"] == json!(45.0)).await;
    assert_eq!((&job["stage"]["name"], &job["counts"]["total"]), (&json!("Senden"), &json!(1000)));
    assert_eq!(job["status"], "in_progress");
    assert!(heard.ends().code().is_some());
    place.ended().await;
}

async fn cancel(place: &Place, job: &Value) {
    place.post(&format!("/tasks/{}/cancel", job["id"]), json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_terminates_the_command_and_all_its_children() {
    let place = Place::open().await;
    // The command obeys; its child does not.
    let line = "sh -c 'trap \"\" TERM; echo child $$; while :; do sleep 0.1; done' & echo 5 of 10 files; wait";
    let mut heard = Heard::start(place.run(&["--grace", "1"], line));
    let child: i32 = heard.says("child ").trim_start_matches("child ").parse().unwrap();
    let job = place.job("it runs", |job| job["progress"] == json!(50.0)).await;
    cancel(&place, &job).await;
    heard.says("cancelled in Milepost");
    assert_eq!(heard.ends().signal(), Some(15));
    is_gone(child).await;
    let job = place.ended().await;
    assert_eq!((&job["status"], &job["progress"]), (&json!("cancelled"), &json!(50.0)));
    let trail = place.trail(&job).await;
    assert_eq!(changes(&trail), ["created", "claimed", "cancel-requested", "cancel-acknowledged", "cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_ignores_the_cancel_is_killed_after_the_grace() {
    let place = Place::open().await;
    let line = "trap 'echo will not' TERM; echo 5 of 10 files; while :; do sleep 0.1; done";
    let mut heard = Heard::start(place.run(&["--grace", "1"], line));
    let job = place.job("it runs", |job| job["progress"] == json!(50.0)).await;
    cancel(&place, &job).await;
    heard.says("will not");
    assert_eq!(heard.ends().signal(), Some(9));
    assert_eq!(place.ended().await["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_finishes_all_the_same_is_done() {
    let place = Place::open().await;
    let line = "trap 'echo 10 of 10 files; exit 0' TERM; echo 5 of 10 files; while :; do sleep 0.1; done";
    let mut heard = Heard::start(place.run(&[], line));
    let job = place.job("it runs", |job| job["progress"] == json!(50.0)).await;
    cancel(&place, &job).await;
    assert_eq!(heard.ends().code(), Some(0));
    assert_eq!(place.ended().await["status"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_for_the_middle_third_misses_nothing() {
    let mut place = Place::open().await;
    let mut heard = Heard::start(place.run(&[], "while read i; do echo $i of 300 files; done"));
    let type_up_to = |heard: &mut Heard, from: usize, to: usize| {
        (from..=to).for_each(|i| heard.types(&format!("{i}\n")));
        heard.says(&format!("{to} of 300 files"));
    };
    type_up_to(&mut heard, 1, 100);
    place.job("the first third", |job| job["counts"]["processed"] == json!(100)).await;
    place.server.kill();
    // That the lines come out shows that the command is not held up.
    type_up_to(&mut heard, 101, 200);
    heard.says("is away");
    let listen = place.url.trim_start_matches("http://").to_owned();
    place.server = Binary::start_at(&place.database, &listen);
    place.job("the middle third comes after", |job| job["counts"]["processed"] == json!(200)).await;
    type_up_to(&mut heard, 201, 300);
    assert_eq!(heard.ends().code(), Some(0));
    let job = place.ended().await;
    assert_eq!(
        (&job["status"], &job["counts"]["processed"], &job["counts"]["total"]),
        (&json!("done"), &json!(300), &json!(300))
    );
    assert_eq!(job["job"]["attempt"], 1);
    let expected: String = (1..=300).map(|i| format!("{i} of 300 files\n")).collect();
    assert_eq!(place.log(&job).await, expected, "each line once");
    assert_eq!(heard.said.iter().filter(|line| line.starts_with("milepost:")).count(), 1, "{:#?}", heard.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_only_later_hears_all_of_it() {
    let mut place = Place::open().await;
    place.server.kill();
    let mut heard = Heard::start(place.run(&[], "while read i; do echo $i of 3 files; done"));
    heard.types("1\n");
    heard.says("1 of 3");
    heard.says("is away");
    let listen = place.url.trim_start_matches("http://").to_owned();
    place.server = Binary::start_at(&place.database, &listen);
    heard.types("2\n3\n");
    assert_eq!(heard.ends().code(), Some(0));
    let job = place.ended().await;
    assert_eq!(
        (&job["status"], place.log(&job).await.as_str()),
        (&json!("done"), "1 of 3 files\n2 of 3 files\n3 of 3 files\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_said_once_and_the_command_runs() {
    let place = Place::open().await;
    let mut command = place.run(&[], "echo 1 of 3 files; exit 6");
    command.env("MILEPOST_TOKEN", "mp_wrong");
    let output = output_of(&mut command, b"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.lines().count() == 1 && said.contains("it answers 401"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_ended_elsewhere_is_said_and_the_command_runs_on() {
    let place = Place::open().await;
    let mut heard = Heard::start(place.run(&[], "while read i; do echo $i of 10 files; done; exit 7"));
    heard.types("1\n");
    let job = place.job("it runs", |job| job["progress"] == json!(10.0)).await;
    place.post(&format!("/tasks/{}/finish", job["id"]), json!({ "outcome": "done" })).await;
    heard.types("2\n");
    heard.says("the job is no longer open");
    heard.types("3\n");
    heard.says("3 of 10");
    assert_eq!(heard.ends().code(), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_cancelled_while_nobody_heard_of_us_is_stopped_when_we_are_back() {
    let place = Place::open().await;
    let mut heard = Heard::start(place.run(&[], "echo 1 of 10 files; while :; do sleep 0.1; done"));
    let job = place.job("it runs", |job| job["progress"] == json!(10.0)).await;
    place.post(&format!("/tasks/{}/finish", job["id"]), json!({ "outcome": "cancelled" })).await;
    heard.says("cancelled in Milepost");
    assert_eq!(heard.ends().signal(), Some(15));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_given_up_goes_on_as_its_next_attempt() {
    let house = House::open().await;
    let token = house.token("alice", "read work").await;
    let api = Client::with_token(house.url(), &token);
    let mut command = alone(&["sh", "-c", "while read i; do echo $i of 10 files; done"]);
    command.env("MILEPOST_URL", house.url()).env("MILEPOST_TOKEN", &token);
    let mut heard = Heard::start(command);
    let when = |what: &'static str, is: fn(&Value) -> bool| {
        let api = api.clone();
        async move {
            crate::support::eventually(what, || async {
                let jobs: Value = serde_json::from_str(&api.get("/api/v1/tasks?kind=job").await.body).unwrap();
                Some(jobs["items"][0].clone()).filter(is)
            })
            .await
        }
    };
    heard.types("1\n");
    when("it runs", |job| job["progress"] == 10.0).await;
    // Stopped, nothing of it is heard for longer than its lease, once what was on its way has arrived.
    heard.signal("STOP");
    crate::support::eventually("it is given up", || async {
        house.server.clock.advance(jiff::SignedDuration::from_secs(90));
        let jobs: Value = serde_json::from_str(&api.get("/api/v1/tasks?kind=job").await.body).unwrap();
        (jobs["items"][0]["status"] == "failed").then_some(())
    })
    .await;
    heard.signal("CONT");
    heard.types("2\n");
    when("it goes on", |job| job["progress"] == 20.0 && job["job"]["attempt"] == 2).await;
    assert_eq!(heard.ends().code(), Some(0));
    when("it ends", |job| job["status"] == "done").await;
}

/// The most memory that a process has had, in kilobytes.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_pass_whole_in_little_memory() {
    const BYTES: usize = 100_000_000;
    let place = Place::open().await;
    let mut command = place.run(&[], &format!("yes 0123456789abcdef | head -c {BYTES}; echo 7 of 14 files >&2"));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut out, process) = (child.stdout.take().unwrap(), child.id());
    let reading = std::thread::spawn(move || {
        let (mut seen, mut most, mut buffer) = (0, 0, vec![0; 17 << 12]);
        let mut expected = b"0123456789abcdef\n".iter().copied().cycle();
        loop {
            let read = out.read(&mut buffer).unwrap();
            if read == 0 {
                return (seen, most);
            }
            assert!(buffer[..read].iter().all(|byte| Some(*byte) == expected.next()), "after {seen} bytes");
            seen += read;
            most = most.max(peak(process).unwrap_or(0));
        }
    });
    let (seen, most) = reading.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(seen, BYTES);
    assert!(most > 0 && most < 48 << 10, "{most} KB");
    let job = place.ended().await;
    assert_eq!((&job["status"], &job["counts"]["total"]), (&json!("done"), &json!(14)));
    let log = place.log(&job).await;
    assert!(log.len() < 20_000_000, "{} bytes of log", log.len());
    assert!(log.starts_with("0123456789abcdef\n0123456789abcdef\n") && log.contains("bytes are left out"));
    assert!(log.contains("7 of 14 files"));
}

#[test]
fn who_kills_the_wrapper_ends_the_command() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut heard = Heard::start(alone(&["sh", "-c", "echo command $$; while :; do sleep 0.1; done"]));
    let command: i32 = heard.says("command ").trim_start_matches("command ").parse().unwrap();
    heard.signal("KILL");
    runtime.block_on(is_gone(command));
}

#[test]
fn what_stays_in_the_background_does_not_hold_us_up() {
    let mut heard = Heard::start(alone(&["sh", "-c", "sleep 1000 & echo $! is left; exit 3"]));
    let left: i32 = heard.says(" is left").split(' ').next().unwrap().parse().unwrap();
    assert_eq!(heard.child.wait().unwrap().code(), Some(3));
    crate::support::wrapped::signal(left, "KILL");
}
