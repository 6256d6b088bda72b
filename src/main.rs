//! The command line's way in.

use std::process::ExitCode;

use clap::Parser;
use milepost::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("milepost: {error:#}");
            ExitCode::FAILURE
        }
    }
}
