//! The programs that stand in the README run exactly as they stand there.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::support::wrapped::{Place, output_of};

/// The block of code in the README that says it is this file.
fn block(name: &str) -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let mut blocks = readme.split("\n```").skip(1).step_by(2);
    let found = blocks.find_map(|block| {
        let (_language, code) = block.split_once('\n')?;
        code.lines().take(2).any(|line| line.contains(name)).then(|| format!("{code}\n"))
    });
    found.unwrap_or_else(|| panic!("no block of {name}"))
}

/// It takes a job from its creation to its end.
async fn reports(command: impl Fn() -> Command) {
    let place = Place::open().await;
    let mut command = command();
    command.env("MILEPOST_URL", &place.url).env("MILEPOST_TOKEN", &place.token).env("no_proxy", "*");
    let output = output_of(&mut command, b"");
    assert!(output.status.success(), "{output:?}");
    let job = place.ended().await;
    assert_eq!((&job["title"], &job["status"]), (&json!("Send letters"), &json!("done")));
    assert_eq!((&job["counts"]["processed"], &job["counts"]["total"]), (&json!(20), &json!(20)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_script_reports() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letters.sh");
    std::fs::write(&file, block("letters.sh")).unwrap();
    reports(|| {
        let mut command = Command::new("sh");
        command.arg(&file);
        command
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_script_reports() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letters.py");
    std::fs::write(&file, block("letters.py")).unwrap();
    reports(|| {
        let mut command = Command::new("python3");
        command.arg(&file);
        command
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_program_reports() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/letters.rs");
    assert_eq!(block("letters.rs"), std::fs::read_to_string(example).unwrap(), "the README and examples/letters.rs");
    reports(|| Command::new(built())).await;
}

/// The example beside the program; `cargo test` builds it, unless only some targets were asked for.
fn built() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_milepost")).parent().unwrap().join("examples/letters");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo).args(["build", "--quiet", "--example", "letters"]).status();
    assert!(built.unwrap().success() && program.exists());
    program
}
