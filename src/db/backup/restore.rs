//! Putting a backup in the place of the database. Everything is known to be right before anything is moved, what was there
//! stays beside it under another name, and the store that comes back is another history: nobody goes on in the old one.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::seal::{Seal, Unfit};
use super::{Inspection, only_for_us, sync_folder, tables};
use crate::db::epoch::EpochFile;
use crate::db::{MIGRATIONS, OpenError};

/// What was done.
#[derive(Clone, Debug)]
pub struct Restored<F> {
    pub seal: Seal,
    /// Where the database of before is now; none when there was none.
    pub aside: Option<PathBuf>,
    /// What the look at it found, beside damage.
    pub found: F,
    /// Steps of migration that the next start will take.
    pub steps_to_come: usize,
}

/// Why nothing was done, in a sentence.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("{0}")]
    Unfit(#[from] Unfit),
    #[error("{path} is whole, but what was backed up was damaged: {what}. Take an earlier backup.")]
    Damaged { path: PathBuf, what: String },
    #[error("Milepost is running on {0}. Stop it first; nothing was changed.")]
    Running(PathBuf),
    #[error("{path} cannot be written: {why}. Nothing was changed.")]
    NotWritable { path: PathBuf, why: String },
    #[error("{path} is the backup itself. Say with --db where the database is.")]
    Same { path: PathBuf },
    #[error("{0}")]
    Other(#[from] anyhow::Error),
}

/// Restores `backup` to `database`.
pub fn restore<I: Inspection>(
    backup: &Path,
    database: &Path,
    inspection: &I,
    now: Timestamp,
) -> Result<Restored<I::Found>, RestoreError> {
    // Where a link leads, as the server takes it.
    let database = &std::fs::canonicalize(database).unwrap_or_else(|_| database.into());
    if std::fs::canonicalize(backup).is_ok_and(|backup| backup == *database) {
        return Err(RestoreError::Same { path: database.clone() });
    }
    let lock = EpochFile::lock_beside(database).map_err(|error| match error {
        OpenError::InUse { path } => RestoreError::Running(path),
        error => RestoreError::NotWritable { path: database.clone(), why: error.to_string() },
    })?;
    let new = New::begin(database)?;
    let seal = new.fill(backup)?;
    let steps_to_come = MIGRATIONS.files().count().saturating_sub(seal.schema);
    let found = new.inspect(backup, inspection, &lock)?;
    let aside = put_aside(database, now).map_err(|error| not_writable(database, &error))?;
    new.finish(database).map_err(|error| not_writable(database, &error))?;
    Ok(Restored { seal, aside, found, steps_to_come })
}

fn not_writable(path: &Path, why: &dyn std::fmt::Display) -> RestoreError {
    RestoreError::NotWritable { path: path.into(), why: why.to_string() }
}

/// The database to be, beside its place. Dropped before its end, it goes.
struct New {
    path: PathBuf,
    is_finished: bool,
}

impl New {
    fn begin(database: &Path) -> Result<New, RestoreError> {
        let path = beside(database, "-restoring");
        // Of an earlier one that did not come to its end; the lock says that nobody is at it.
        let _ = std::fs::remove_file(&path);
        let mut open = OpenOptions::new();
        open.write(true).create_new(true);
        only_for_us(&mut open);
        open.open(&path).map_err(|error| not_writable(&path, &error))?;
        let new = New { path, is_finished: false };
        if let Ok(facts) = std::fs::metadata(database) {
            // Whoever could read the old one can read the new one.
            std::fs::set_permissions(&new.path, facts.permissions()).map_err(|why| not_writable(&new.path, &why))?;
            #[cfg(unix)]
            {
                use std::os::unix::fs::MetadataExt;
                // Restored by root, it still belongs to whoever runs Milepost; others cannot give files away.
                let _ = std::os::unix::fs::chown(&new.path, Some(facts.uid()), Some(facts.gid()));
            }
        }
        Ok(new)
    }

    fn fill(&self, backup: &Path) -> Result<Seal, RestoreError> {
        let known = MIGRATIONS.files().count();
        let mut file = OpenOptions::new().write(true).open(&self.path).map_err(|why| not_writable(&self.path, &why))?;
        Ok(Seal::copy_out(backup, known, &mut file)?)
    }

    /// Whether it is a store of Milepost's and whole; and gives it its own epoch.
    fn inspect<I: Inspection>(
        &self,
        backup: &Path,
        inspection: &I,
        lock: &EpochFile,
    ) -> Result<I::Found, RestoreError> {
        let conn = Connection::open(&self.path).map_err(anyhow::Error::from)?;
        conn.execute_batch("pragma locking_mode = exclusive").map_err(anyhow::Error::from)?;
        let damaged = |what: String| RestoreError::Damaged { path: backup.into(), what };
        for table in tables(&conn).map_err(|error| damaged(error.to_string()))? {
            let damage = inspection.damage(&conn, &table).unwrap_or_else(|error| vec![error.to_string()]);
            if let Some(what) = damage.first() {
                return Err(damaged(format!("table {table}: {what}")));
            }
        }
        let found = inspection.look(&conn)?;
        lock.renew(&conn).map_err(|error| damaged(error.to_string()))?;
        conn.close().map_err(|(_, error)| anyhow::Error::from(error))?;
        Ok(found)
    }

    fn finish(mut self, database: &Path) -> std::io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        std::fs::rename(&self.path, database)?;
        self.is_finished = true;
        sync_folder(folder_of(database))
    }
}

impl Drop for New {
    fn drop(&mut self) {
        if !self.is_finished {
            for path in [self.path.clone(), beside(&self.path, "-journal")] {
                // The next one removes what stays.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    name.into()
}

/// Moves the database of before out of the way, with what SQLite keeps beside it: under the new name it is as complete as
/// it was. The log goes first: a database without it is an earlier one, a log without its database would be thrown away by
/// whoever opens the place anew.
fn put_aside(database: &Path, now: Timestamp) -> std::io::Result<Option<PathBuf>> {
    let at = TimeZone::UTC.to_datetime(now).strftime("%Y-%m-%dT%H-%M-%SZ").to_string();
    let names = (1..).map(|number| if number == 1 { at.clone() } else { format!("{at}-{number}") });
    let free = |name: String| Some(beside(database, &format!("-before-{name}"))).filter(|path| !path.exists());
    let Some(aside) = names.into_iter().find_map(free) else { return Ok(None) };
    let mut was_there = false;
    for more in ["-shm", "-wal", ""] {
        let (from, to) = (beside(database, more), beside(&aside, more));
        match std::fs::rename(&from, &to) {
            Ok(()) => was_there = true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    sync_folder(folder_of(database))?;
    Ok(was_there.then_some(aside))
}
