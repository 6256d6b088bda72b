//! The command line: what can be asked of the program, one file a command.

mod backup;
mod demo;
mod report;
mod restore;
mod run;
mod serve;
mod worker;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use lettre::message::Mailbox;

use crate::config;
use crate::config::REQUESTS_PER_MINUTE;
use crate::front::{BaseUrl, Proxies};
use crate::notify::mail::SmtpUrl;
use crate::outbound::Allowed;

/// What is logged unless one says otherwise.
const LOG: &str = "warn,milepost=info,tower_sessions=error";

/// Shows, live, how far along everything is: the work that people were
/// assigned and the jobs that machines run.
#[derive(Parser, Debug)]
#[command(name = "milepost", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serve the pages (what `milepost` alone does)
    Serve(ServeArgs),
    /// Serve a made-up organisation in which work goes on by itself; it goes when the program ends
    Demo(demo::DemoArgs),
    /// Write a backup of the database, also while it is served
    Backup(backup::BackupArgs),
    /// Put a backup in the place of the database, which is kept aside
    Restore(restore::RestoreArgs),
    /// Run a command, and show it as a job: its progress, its output, how it ends
    Run(run::RunArgs),
    /// Report on the job under which this runs
    Report(report::ReportArgs),
    /// Take queued jobs of some kinds, and run a command for each
    Worker(worker::WorkerArgs),
}

#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Address and port to listen on; port 0 picks a free one and prints it
    #[arg(long, env = "MILEPOST_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// The database file; made when it is not there
    #[arg(long, env = "MILEPOST_DB", default_value = "milepost.db", value_name = "FILE")]
    pub db: PathBuf,
    /// The folder in which backups stand; `backups` beside the database unless said
    #[arg(long, env = "MILEPOST_BACKUPS", value_name = "DIR")]
    pub backups: Option<PathBuf>,
    /// The address that people type, when a proxy stands in front: links start with it, its path is the prefix of all pages, and https makes cookies Secure
    #[arg(long, env = "MILEPOST_BASE_URL", value_name = "URL")]
    pub base_url: Option<BaseUrl>,
    /// Addresses and networks of proxies, separated by commas: their X-Forwarded-For, -Proto and -Host are believed
    #[arg(
        long,
        env = "MILEPOST_TRUSTED_PROXIES",
        default_value = "",
        hide_default_value = true,
        value_name = "ADDRESSES"
    )]
    pub trusted_proxies: Proxies,
    /// Private addresses and networks, separated by commas, that feeds and webhooks may reach; nobody's unless said
    #[arg(
        long,
        env = "MILEPOST_ALLOW_PRIVATE_ADDRESSES",
        default_value = "",
        hide_default_value = true,
        value_name = "ADDRESSES"
    )]
    pub allow_private_addresses: Allowed,
    /// The server that takes mail: smtp://HOST, smtps://HOST, with USER:PASSWORD@ and :PORT where they are needed; ?tls=required or ?tls=opportunistic for STARTTLS. Without it there is no mail
    #[arg(long, env = "MILEPOST_SMTP_URL", hide_env_values = true, value_name = "URL")]
    pub smtp_url: Option<SmtpUrl>,
    /// Whom mail is from, such as "Milepost <milepost@example.org>"; needed with --smtp-url
    #[arg(long, env = "MILEPOST_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<Mailbox>,
    /// Requests that one token may make of the API in a minute; a sixth of them at once
    #[arg(long, env = "MILEPOST_REQUESTS_PER_MINUTE", default_value_t = REQUESTS_PER_MINUTE, value_name = "REQUESTS")]
    pub requests_per_minute: NonZeroU32,
    /// How many jobs of built-in kinds run at a time in this program; 0: none
    #[arg(long, env = "MILEPOST_WORKERS", default_value_t = config::WORKERS, value_name = "N")]
    pub workers: usize,
    /// Whether each organisation is given, once, the schedules that come with Milepost
    #[arg(long, env = "MILEPOST_DEFAULT_SCHEDULES", default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub default_schedules: bool,
    /// What to log, as level or target=level, separated by commas
    #[arg(long, env = "MILEPOST_LOG", default_value = LOG, value_name = "FILTER")]
    pub log: String,
}

impl Cli {
    /// Does what was asked; an error is a sentence for the terminal.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            None => serve::run(self.serve),
            Some(Command::Serve(args)) => serve::run(args),
            Some(Command::Demo(args)) => demo::run(args),
            Some(Command::Backup(args)) => backup::run(args),
            Some(Command::Restore(args)) => restore::run(&args),
            Some(Command::Run(args)) => run::run(&args),
            Some(Command::Report(args)) => report::run(&args),
            Some(Command::Worker(args)) => worker::run(args),
        }
    }
}
