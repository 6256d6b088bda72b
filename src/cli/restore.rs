//! `milepost restore`: a backup in the place of the database, once it is known to be whole and nobody serves there.

use std::path::PathBuf;

use clap::Args;

use crate::clock::Clock;
use crate::db::backup::{in_megabytes, restore};
use crate::jobs::sql::CopyInspection;
use crate::locale::Lang;

#[derive(Args, Clone, Debug)]
pub struct RestoreArgs {
    /// The backup, as the job `backup` or `milepost backup` wrote it
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// The database file that it takes the place of; made when it is not there
    #[arg(long, env = "MILEPOST_DB", default_value = "milepost.db", value_name = "FILE")]
    db: PathBuf,
}

pub fn run(args: &RestoreArgs) -> anyhow::Result<()> {
    let restored = restore(&args.backup, &args.db, &CopyInspection, Clock::system().now())?;
    let seal = restored.seal;
    let made_at = Lang::En.date_time(seal.made_at, &jiff::tz::TimeZone::UTC);
    println!(
        "{} is now what {} was on {made_at} UTC ({}, every byte checked).",
        args.db.display(),
        args.backup.display(),
        in_megabytes(seal.bytes)
    );
    match &restored.aside {
        Some(aside) => println!(
            "The database of before is kept as {0} (with {0}-wal, if there is one): remove it once you do not miss anything.",
            aside.display()
        ),
        None => println!("There was no database before."),
    }
    for finding in &restored.found {
        println!("What was backed up was not as it should be: {}: {}", finding.what, finding.message);
    }
    if restored.steps_to_come > 0 {
        println!("It was made by an earlier Milepost: the next start migrates it ({} steps).", restored.steps_to_come);
    }
    println!(
        "Start Milepost now. Open pages and programs begin anew by themselves: this is another history than theirs."
    );
    Ok(())
}
