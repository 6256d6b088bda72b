//! Looking at the house itself: how much room it has, how quickly it writes, when it was last backed up, what does not go on.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use crate::App;
use crate::config;
use crate::db::Write;
use crate::db::backup::{Folder, free_bytes};
use crate::error::Result;
use crate::jobs::health::{Measured, Reading};
use crate::jobs::sql;

/// Looks, and keeps what was found as the latest health.
pub async fn check_health(app: &App) -> Result<Vec<Reading>> {
    let lag = lag_of(app, config::HEALTH_WRITER_PATIENCE, |w| sql::save_look(w.conn, w.now)).await;
    let now = app.clock.now();
    let (waiting_since, failing_since) = (now - config::HEALTH_WAITING, now - config::HEALTH_CHANNEL);
    let stored = app.db.read(move |conn| sql::measure(conn, waiting_since, failing_since)).await?;
    let (database, backups) = (app.config.db.clone(), app.config.backups());
    let files = tokio::task::spawn_blocking(move || measure_files(&database, &backups, stored)).await?;
    let measured = Measured {
        writer: lag.and_then(|lag| SignedDuration::try_from(lag).ok()),
        is_password_readable: app.config.mail.as_ref().is_some_and(|mail| mail.server.is_password_readable()),
        ..files
    };
    let readings = measured.readings(app.clock.now());
    let kept = readings.clone();
    app.db.write(move |w| sql::save_health(w.conn, &kept)).await?;
    Ok(readings)
}

/// Whether the writer gets to a write of nothing within this time; the disk is left alone, for this is asked often.
pub async fn takes_writes(app: &App, patience: Duration) -> bool {
    lag_of(app, patience, |_| Ok(())).await.is_some()
}

/// How long a write takes to be durable; none when it takes longer than this, or fails.
async fn lag_of(
    app: &App,
    patience: Duration,
    verb: impl FnOnce(&mut Write<'_>) -> Result<()> + Send + 'static,
) -> Option<Duration> {
    let asked = Instant::now();
    let written = tokio::time::timeout(patience, app.db.write(verb)).await;
    matches!(written, Ok(Ok(()))).then(|| asked.elapsed())
}

fn measure_files(database: &Path, backups: &Path, stored: Measured) -> Measured {
    let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let free = [Some(database), Some(backups).filter(|folder| folder.exists())];
    Measured {
        free_bytes: free.into_iter().flatten().filter_map(free_bytes).min().map(bytes),
        log_bytes: std::fs::metadata(log).map_or(0, |facts| bytes(facts.len())),
        last_backup: Folder::at(backups, database).backups().first().map(|backup| backup.made_at),
        ..stored
    }
}
