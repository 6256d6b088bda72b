//! Milepost shows, live, how far along everything is: the work that people
//! were assigned and the jobs that machines run. The rooms, from inside out:
//! words and rows and verbs of each noun, then the doors.

pub mod api;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod front;
pub mod insight;
pub mod jobs;
pub mod live;
pub mod locale;
pub mod notify;
pub mod outbound;
pub mod people;
pub mod schedules;
pub mod server;
pub mod tasks;
pub mod web;

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use clock::Clock;
use config::Config;
use db::{Db, OpenError, Write};
use error::Result as Outcome;
use jobs::Dispatch;
use live::Hub;
use outbound::Outbound;
use people::Viewer;
use people::passwords::Passwords;
use people::presence::Tracker;
use people::sql::Leftover;
use people::throttle::Throttle;
use tasks::{By, Via};

/// Everything that a request needs; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

pub struct Inner {
    pub config: Config,
    pub clock: Clock,
    pub db: Db,
    pub hub: Hub,
    pub dispatch: Arc<Dispatch>,
    /// What asks others' servers.
    pub outbound: Outbound,
    pub presence: Tracker,
    pub passwords: Passwords,
    pub throttle: Throttle,
    pub memory: web::Memory,
    /// Whoever waits for something stops doing so when this is cancelled: the server is about to end.
    pub stopping: CancellationToken,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    pub fn open(config: Config, clock: Clock) -> Result<App, OpenError> {
        let hub = Hub::new(config.streams.clone());
        let db = Db::open(&config.db, clock.clone(), hub.clone())?;
        let dispatch = Arc::new(Dispatch::new(clock.clone()));
        let memory = web::Memory::new(&config);
        let outbound = Outbound::new(config.allowed_private.clone());
        Ok(App(Arc::new(Inner {
            config,
            clock,
            db,
            hub,
            dispatch,
            outbound,
            presence: Tracker::default(),
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            memory,
            stopping: CancellationToken::new(),
        })))
    }

    /// As whom a verb acts.
    pub fn by(&self, viewer: &Viewer, via: Via) -> By {
        self.by_shared(Arc::new(viewer.clone()), via)
    }

    /// The same without a copy of the viewer.
    pub fn by_shared(&self, viewer: Arc<Viewer>, via: Via) -> By {
        let presence = (via == Via::Page).then(|| self.presence.of(viewer.organisation, viewer.user));
        By { viewer, via, presence, dispatch: self.dispatch.clone(), output: self.config.output.clone() }
    }

    /// Runs a verb in the one writer in this viewer's name; returns when it is durable.
    pub async fn act<T: Send + 'static>(
        &self,
        viewer: &Viewer,
        via: Via,
        verb: impl FnOnce(&mut Write<'_>, &By) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let by = self.by(viewer, via);
        self.db.write(move |w| verb(w, &by)).await
    }
}

/// How often silence is noticed and expired sessions are removed.
const HOUSEKEEPING: Duration = Duration::from_secs(30);
/// How long a request may still take once the server is told to stop.
const GRACE: Duration = Duration::from_millis(700);

/// Serves on `listener` until `shutdown`, then ends streams and requests within
/// a second, writes what was acknowledged and closes the database.
pub async fn serve(
    app: App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let leaving = app.clone();
    tokio::spawn(async move {
        shutdown.await;
        leaving.hub.shut_down();
        leaving.stopping.cancel();
        stop.send_replace(true);
    });
    if let Err(error) = jobs::actions::begin_anew(&app).await {
        tracing::warn!(%error, "files that were arriving when the program ended were not given up");
    }
    let workers = jobs::kinds::worker::start_workers(&app, app.config.workers, &stopped);
    let hub = app.hub.clone();
    let aside = [
        tokio::spawn(keep_house(app.clone())),
        tokio::spawn(async move { hub.send_ticks().await }),
        tokio::spawn(jobs::worker::look_after_all(app.clone())),
        tokio::spawn(schedules::worker::tick_all(app.clone())),
    ];
    server::listen(listener, web::router(app.clone()), stopped, app.config.head_timeout, GRACE).await;
    let _ = tokio::time::timeout(GRACE, workers.wait()).await;
    aside.iter().for_each(tokio::task::JoinHandle::abort);
    let db = app.db.clone();
    // Only a panic in the writer could fail this, and that was logged.
    let _ = tokio::task::spawn_blocking(move || db.close()).await;
    Ok(())
}

async fn keep_house(app: App) {
    let mut turn = tokio::time::interval(HOUSEKEEPING);
    loop {
        turn.tick().await;
        if let Err(error) = people::presence::notice_silence(&app).await {
            tracing::warn!(%error, "presence was not kept");
        }
        let now = app.clock.now();
        for (what, over_before) in [(Leftover::Sessions, now), (Leftover::Answers, now - config::ANSWERS_KEPT)] {
            if let Err(error) = people::actions::remove_leftovers(&app, what, over_before).await {
                tracing::warn!(%error, %what, "what is over was not removed");
            }
        }
        if let Err(error) = jobs::actions::remove_leftovers(&app).await {
            tracing::warn!(%error, "what jobs left behind was not removed");
        }
    }
}
