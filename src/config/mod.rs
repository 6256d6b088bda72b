//! What an operator can set; every limit of the program with its reason stands in `limits`.

mod limits;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::front::{AT_ROOT, Base, BaseUrl, Proxies};
use crate::notify::mail::Mail;
use crate::outbound::Allowed;
pub use limits::*;

/// What `milepost serve` is told on its command line or in its environment.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub db: PathBuf,
    /// Where backups go; beside the database unless somebody says otherwise.
    pub backups: Option<PathBuf>,
    /// The address that people type, when it differs from `listen` (a proxy
    /// stands in front). Links that are copied start with it.
    pub base_url: Option<BaseUrl>,
    /// Whose `X-Forwarded-…` headers are believed.
    pub trusted_proxies: Proxies,
    /// Private networks that feeds and webhooks may reach.
    pub allowed_private: Allowed,
    /// Where mail is handed over, and whom it is from; without it there is none.
    pub mail: Option<Mail>,
    /// Offers the two demo visitors on the sign-in page.
    pub demo: bool,
    pub streams: Streams,
    pub output: Arc<Output>,
    /// How many jobs of built-in kinds run at a time inside the program.
    pub workers: usize,
    /// Whether each organisation is given, once, the schedules that kinds of jobs come with.
    pub default_schedules: bool,
    /// How long a client may take to send a request's head, and how long an unused connection is kept: as long as
    /// proxies keep theirs at the least, and no longer than somebody who holds connections without a word should.
    pub head_timeout: Duration,
    /// Requests that a token may make of the API in a minute. As many as one core answers, so that one program gone
    /// wild leaves room for the others, and none that works ever meets the limit.
    pub requests_per_minute: NonZeroU32,
    /// How long a claim may wait for a job, however long it asks to: less than the time after which proxies give up.
    pub claim_wait: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            db: PathBuf::from("milepost.db"),
            backups: None,
            base_url: None,
            trusted_proxies: Proxies::default(),
            allowed_private: Allowed::default(),
            mail: None,
            demo: false,
            streams: Streams::default(),
            output: Arc::new(Output::default()),
            workers: WORKERS,
            default_schedules: true,
            head_timeout: Duration::from_secs(30),
            requests_per_minute: REQUESTS_PER_MINUTE,
            claim_wait: Duration::from_secs(CLAIM_WAIT_SECONDS.unsigned_abs()),
        }
    }
}

/// The limits of live streams that a test lowers and an operator's file limit may.
#[derive(Clone, Debug)]
pub struct Streams {
    pub per_user: usize,
    pub per_organisation: usize,
    pub in_all: usize,
    /// So that both ends notice a connection that died without a word.
    pub ping: Duration,
    /// How long a poll waits for something to tell: less than the time after which proxies give up (60 s), and not so
    /// short that a page behind one asks all the time.
    pub poll: Duration,
}

impl Default for Streams {
    fn default() -> Streams {
        Streams {
            // A person's tabs and devices.
            per_user: 64,
            // Most of a server: one organisation alone is the usual house.
            per_organisation: 20_000,
            // Memory (about 2 KB each, and the kernel's buffers), and one file each.
            in_all: 20_000,
            ping: Duration::from_secs(15),
            poll: Duration::from_secs(20),
        }
    }
}

/// What one job may leave behind at most; tests lower it.
#[derive(Clone, Debug)]
pub struct Output {
    /// Of a long log the beginning and the end are kept: how it was called, and how it went in the end.
    pub log_head_bytes: i64,
    pub log_tail_bytes: i64,
    /// Items: some 20 MB of rows. Whoever has more reports counts, and items for what failed.
    pub items: i64,
    /// Files stand in the one database, which is backed up as a whole.
    pub artifacts: i64,
    pub artifact_bytes: i64,
    pub artifacts_bytes: i64,
}

impl Default for Output {
    fn default() -> Output {
        Output {
            log_head_bytes: 256 * 1024,
            log_tail_bytes: 8 * 1024 * 1024,
            items: 100_000,
            artifacts: 1_000,
            artifact_bytes: 256 * 1024 * 1024,
            artifacts_bytes: 1024 * 1024 * 1024,
        }
    }
}

impl Config {
    pub fn backups(&self) -> PathBuf {
        self.backups.clone().unwrap_or_else(|| backups_beside(&self.db))
    }

    /// Cookies are marked Secure when people reach the server by https.
    pub fn is_secure(&self) -> bool {
        self.base_url.as_ref().is_some_and(BaseUrl::is_https)
    }

    /// The path in front of every address, as people know it.
    pub fn base(&self) -> &Base {
        self.base_url.as_ref().map_or(&AT_ROOT, BaseUrl::base)
    }
}

/// The folder of backups beside a database.
pub fn backups_beside(db: &Path) -> PathBuf {
    db.with_file_name("backups")
}
