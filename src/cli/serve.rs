//! `milepost serve`: opens the database, listens, serves until it is told to stop.

use anyhow::{Context, anyhow};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::ServeArgs;
use crate::App;
use crate::clock::Clock;
use crate::config::{Config, Streams, WORKERS_MOST};
use crate::front::BaseUrl;
use crate::notify::mail::Mail;
use crate::web;

pub fn run(args: ServeArgs) -> anyhow::Result<()> {
    log_to_stderr(&args.log)?;
    if let Some(own) = args.base_url.as_ref().and_then(|url| url.base().first_segment()).filter(|own| web::is_own(own))
    {
        return Err(anyhow!("--base-url must not have a path that begins with /{own}: Milepost has pages there"));
    }
    let mail = match (args.smtp_url, args.mail_from) {
        (Some(server), Some(from)) => Some(Mail { server, from }),
        (Some(_), None) => {
            return Err(anyhow!("--smtp-url needs --mail-from too: mail says whom it is from"));
        }
        (None, _) => None,
    };
    if mail.as_ref().is_some_and(|mail| mail.server.is_password_readable()) {
        tracing::warn!(
            "the password in --smtp-url goes over the network unencrypted, or may do so: write smtps:// or ?tls=required"
        );
    }
    let config = Config {
        listen: args.listen,
        db: args.db,
        backups: args.backups,
        base_url: args.base_url,
        trusted_proxies: args.trusted_proxies,
        allowed_private: args.allow_private_addresses,
        mail,
        requests_per_minute: args.requests_per_minute,
        workers: args.workers.min(WORKERS_MOST),
        default_schedules: args.default_schedules,
        streams: within_the_file_limit(Streams::default()),
        ..Config::default()
    };
    runtime()?.block_on(async {
        let listener = bind(&config).await?;
        let app = App::open(config, Clock::system())?;
        announce(&app, &listener)?;
        crate::serve(app, listener, told_to_stop()).await?;
        Ok(())
    })
}

pub(super) fn log_to_stderr(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).with_context(|| format!("{filter:?} is no log filter"))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}

/// Files that the program needs besides its streams: the database, its readers, requests on their way.
const FILES_BESIDE: usize = 256;

/// Raises the limit of open files as far as the system lets it, and says so when streams do not all fit under it.
fn within_the_file_limit(streams: Streams) -> Streams {
    // Where there is no such limit, or none that we may know, streams are only limited by what we chose.
    let Ok(files) = rlimit::increase_nofile_limit(u64::MAX) else { return streams };
    let room = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(FILES_BESIDE).max(1);
    if room < streams.in_all {
        tracing::warn!(
            "the limit of open files ({files}) leaves room for {room} live streams instead of {}: raise it (ulimit -n {})",
            streams.in_all,
            streams.in_all + FILES_BESIDE
        );
    }
    Streams { in_all: streams.in_all.min(room), ..streams }
}

pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

pub(super) async fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.listen).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow!("{} is in use by another program. Stop it, or choose another address with --listen.", config.listen)
        }
        _ => anyhow!("cannot listen on {}: {error}", config.listen),
    })
}

/// The one line on standard output: where to point a browser.
pub(super) fn announce(app: &App, listener: &TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let here = || format!("http://{address}");
    let url = app.config.base_url.as_ref().map_or_else(here, BaseUrl::to_string);
    println!("Milepost is at {url} (database {})", app.config.db.display());
    if app.config.base_url.is_some() {
        println!("Listening on {}", here());
    }
    Ok(())
}

/// Ctrl-C, or SIGTERM from whatever supervises the process.
pub(super) async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM is not heard; Ctrl-C is");
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}
