//! `milepost backup`: what the job of that kind does, on the command line, whether Milepost runs or not.

use std::path::PathBuf;

use clap::Args;

use crate::clock::Clock;
use crate::config;
use crate::db::backup::{self, Keep, Order, Watch, in_megabytes};
use crate::jobs::sql::CopyInspection;

#[derive(Args, Clone, Debug)]
pub struct BackupArgs {
    /// The database file
    #[arg(long, env = "MILEPOST_DB", default_value = "milepost.db", value_name = "FILE")]
    db: PathBuf,
    /// The folder in which backups stand; `backups` beside the database unless said
    #[arg(long, env = "MILEPOST_BACKUPS", value_name = "DIR")]
    backups: Option<PathBuf>,
    /// Days of which the newest backup stays
    #[arg(long, default_value_t = config::BACKUPS_KEPT.daily, value_name = "N")]
    keep_daily: usize,
    /// Weeks of which the newest backup stays
    #[arg(long, default_value_t = config::BACKUPS_KEPT.weekly, value_name = "N")]
    keep_weekly: usize,
}

pub fn run(args: BackupArgs) -> anyhow::Result<()> {
    let order = Order {
        folder: args.backups.unwrap_or_else(|| config::backups_beside(&args.db)),
        database: args.db,
        keep: Keep { daily: args.keep_daily, weekly: args.keep_weekly, ..config::BACKUPS_KEPT },
        now: Clock::system().now(),
    };
    // Ctrl-C ends the program; the next backup removes what it leaves.
    let watch = Watch { told: &|_| {}, stop: std::sync::Arc::default() };
    let made = backup::make(&order, &CopyInspection, &watch)?;
    println!("{}", made.file.display());
    eprintln!(
        "{} of {}, whole; backups kept: {}, removed: {}",
        in_megabytes(made.seal.bytes),
        order.database.display(),
        made.kept,
        made.removed.len()
    );
    for finding in made.found {
        eprintln!("what was backed up is not as it should be: {}: {}", finding.what, finding.message);
    }
    Ok(())
}
