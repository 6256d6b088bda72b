//! Backups: a copy of one moment of the store, made while it is written to, looked at, closed with a line by which every
//! later damage is noticed, and only then given its name. What the copy is looked at for is the caller's.

mod folder;
mod restore;
mod seal;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};

pub use folder::{Folder, Keep, Kept};
pub use restore::{RestoreError, Restored, restore};
pub use seal::{Seal, Unfit};

/// Pages that are copied at a time (4 MB): some milliseconds, between which it can be stopped.
const PAGES: i32 = 1_000;
/// Bytes that stay free beside a backup: the store itself needs some meanwhile.
const SPARE: u64 = 64 * 1024 * 1024;

/// What a backup is made of.
#[derive(Clone, Debug)]
pub struct Order {
    pub database: PathBuf,
    pub folder: PathBuf,
    pub keep: Keep,
    pub now: Timestamp,
}

/// How far it is, in bytes of the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Copying { bytes: u64, of: u64 },
    Checking { table: usize, of: usize, bytes: u64 },
    Closing { bytes: u64, of: u64 },
}

/// Hears how far a backup is, and may end it.
pub struct Watch<'a> {
    pub told: &'a dyn Fn(Step),
    pub stop: Arc<AtomicBool>,
}

impl Watch<'_> {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn tell(&self, step: Step) -> Result<(), BackupError> {
        (self.told)(step);
        if self.is_stopped() { Err(BackupError::Stopped) } else { Ok(()) }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Made<F> {
    pub file: PathBuf,
    pub seal: Seal,
    /// What the look at the copy found, beside damage.
    pub found: F,
    /// Backups that went, because newer ones stand for their time.
    pub removed: Vec<PathBuf>,
    /// Backups that are there now.
    pub kept: usize,
    /// Bytes of the write-ahead log before and after: it cannot be begun anew while an earlier moment is read.
    pub log_bytes: (u64, u64),
}

/// Why there is no backup, in a sentence.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("It was stopped.")]
    Stopped,
    #[error("Another backup of this database is being made.")]
    Busy,
    #[error("There is no database at {0}.")]
    NoDatabase(PathBuf),
    #[error("{0} is not a Milepost database.")]
    Foreign(PathBuf),
    #[error(
        "The disk of {} has no room: the backup takes {}, {} are free. Make room or choose another folder (--backups); the backups that are there were left alone.",
        folder.display(), in_megabytes(*needed), in_megabytes(*free)
    )]
    NoRoom { folder: PathBuf, needed: u64, free: u64 },
    #[error(
        "The disk of {} became full while the backup was written. Make room or choose another folder (--backups); the backups that are there were left alone.",
        .0.display()
    )]
    DiskFull(PathBuf),
    #[error("Nothing can be written to {}: {why}. The folder must belong to the user that runs Milepost.", folder.display())]
    NotWritable { folder: PathBuf, why: std::io::Error },
    /// The copy is kept by nobody, and no earlier backup goes for it.
    #[error("The copy is damaged, and so the database itself may be: {0}. The backups that are there were left alone.")]
    Damaged(String),
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
    #[error("{0}")]
    Other(#[from] anyhow::Error),
}

pub fn in_megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
        1_000_000..10_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// What is looked at in a finished copy: its tables one by one, for damage; then the rest, for whatever it gives.
pub trait Inspection {
    type Found;

    /// A sentence for each damage of this table.
    fn damage(&self, copy: &Connection, table: &str) -> anyhow::Result<Vec<String>>;
    fn look(&self, copy: &Connection) -> anyhow::Result<Self::Found>;
}

/// Makes a backup. It holds one moment of the store as any reader does: writes go on, and the write-ahead log, which cannot
/// be begun anew meanwhile, grows by what is written while pages are copied (not while the copy is looked at).
pub fn make<I: Inspection>(order: &Order, inspection: &I, watch: &Watch<'_>) -> Result<Made<I::Found>, BackupError> {
    let folder = Folder::open(&order.folder, &order.database)?;
    let _turn = folder.lock()?;
    folder.remove_leftovers();
    let log_before = log_bytes(&order.database);
    let part = Part::begin(&folder, order.now)?;
    let full = |error: BackupError| full(error, &order.folder);
    let seal = copy(order, &part.path, watch).map_err(full)?;
    let found = inspect(&part.path, inspection, watch, seal.bytes)?;
    let mut file = OpenOptions::new().read(true).write(true).open(&part.path).map_err(|why| full(io(why, order)))?;
    seal.close(&mut file, &mut |bytes| watch.tell(Step::Closing { bytes, of: seal.bytes }).is_ok())
        .map_err(|why| full(io(why, order)))?;
    let file = part.finish(&folder, order.now).map_err(|why| io(why, order))?;
    let (kept, removed) = folder.rotate(order.keep);
    Ok(Made { file, seal, found, removed, kept, log_bytes: (log_before, log_bytes(&order.database)) })
}

fn io(why: std::io::Error, order: &Order) -> BackupError {
    match why.kind() {
        std::io::ErrorKind::Interrupted => BackupError::Stopped,
        _ => BackupError::NotWritable { folder: order.folder.clone(), why },
    }
}

/// A disk that is full is called so, wherever it was noticed.
fn full(error: BackupError, folder: &Path) -> BackupError {
    let is_full = match &error {
        BackupError::Sql(error) => error.sqlite_error_code() == Some(ErrorCode::DiskFull),
        BackupError::NotWritable { why, .. } => why.kind() == std::io::ErrorKind::StorageFull,
        _ => false,
    };
    if is_full { BackupError::DiskFull(folder.into()) } else { error }
}

fn log_bytes(database: &Path) -> u64 {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |facts| facts.len())
}

/// Copies all pages of one moment; gives what the seal will say.
fn copy(order: &Order, to: &Path, watch: &Watch<'_>) -> Result<Seal, BackupError> {
    if !order.database.exists() {
        return Err(BackupError::NoDatabase(order.database.clone()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let from = Connection::open_with_flags(&order.database, flags)?;
    from.busy_timeout(std::time::Duration::from_secs(5))?;
    // Held until the last page is copied: without it every commit meanwhile would begin the copy anew.
    let moment = from.unchecked_transaction()?;
    let number = |name: &str| from.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let schema = usize::try_from(number("user_version")?).unwrap_or_default();
    let bytes = u64::try_from(number("page_count")? * number("page_size")?).unwrap_or_default();
    if !is_ours(&from)? {
        return Err(BackupError::Foreign(order.database.clone()));
    }
    room_for(order, bytes)?;
    let mut copy = Connection::open(to)?;
    // What is not whole is thrown away, so nothing of it needs to be safe on its way.
    copy.execute_batch("pragma journal_mode = off; pragma synchronous = off; pragma locking_mode = exclusive")?;
    let backup = Backup::new(&from, &mut copy)?;
    let page = bytes / u64::try_from(number("page_count")?).unwrap_or(1).max(1);
    loop {
        let step = backup.step(PAGES)?;
        let left = u64::try_from(backup.progress().remaining).unwrap_or_default() * page;
        watch.tell(Step::Copying { bytes: bytes.saturating_sub(left), of: bytes })?;
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(BackupError::Other(anyhow::anyhow!("the store could not be read in one moment"))),
        }
    }
    drop(backup);
    drop(moment);
    drop(from);
    // One file, which also opens where nothing can be written.
    copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    copy.close().map_err(|(_, error)| error)?;
    Ok(Seal { bytes, schema, made_at: order.now })
}

/// Whether it is a store of Milepost's, in whichever form.
fn is_ours(conn: &Connection) -> rusqlite::Result<bool> {
    let sql = "select count(*) = 2 from sqlite_schema where type = 'table' and name in ('meta', 'trail')";
    conn.query_one(sql, [], |row| row.get(0))
}

fn room_for(order: &Order, needed: u64) -> Result<(), BackupError> {
    let Some(free) = free_bytes(&order.folder) else { return Ok(()) };
    if free < needed + SPARE.min(needed) {
        return Err(BackupError::NoRoom { folder: order.folder.clone(), needed, free });
    }
    Ok(())
}

/// Bytes that are free for Milepost on the disk of a folder or file; none where the system does not say.
pub fn free_bytes(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(path).ok()?;
        disk.f_bavail.checked_mul(disk.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Whether a copy is in the form that this program works with, neither earlier nor later.
pub fn is_present(copy: &Connection) -> rusqlite::Result<bool> {
    let schema: i64 = copy.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(schema).is_ok_and(|schema| schema == super::MIGRATIONS.files().count()))
}

/// Looks at the copy: first whether SQLite can read all of it.
fn inspect<I: Inspection>(copy: &Path, inspection: &I, watch: &Watch<'_>, bytes: u64) -> Result<I::Found, BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(copy, flags)?;
    let stop = watch.stop.clone();
    conn.progress_handler(100_000, Some(move || stop.load(Ordering::Relaxed)))?;
    let stopped = |error: anyhow::Error| if watch.is_stopped() { BackupError::Stopped } else { damaged(error) };
    let tables = tables(&conn).map_err(|error| stopped(error.into()))?;
    for (number, table) in tables.iter().enumerate() {
        watch.tell(Step::Checking { table: number, of: tables.len(), bytes })?;
        if let Some(sentence) = inspection.damage(&conn, table).map_err(stopped)?.into_iter().next() {
            return Err(BackupError::Damaged(format!("table {table}: {sentence}")));
        }
    }
    inspection.look(&conn).map_err(stopped)
}

/// What is too damaged for its damage to be told apart.
fn damaged(error: anyhow::Error) -> BackupError {
    let code = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    match code {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => BackupError::Damaged(error.to_string()),
        _ => BackupError::Other(error),
    }
}

fn tables(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    conn.prepare(
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite~_%' escape '~' order by name",
    )?
    .query_map([], |row| row.get(0))?
    .collect()
}

/// A backup on its way, under a name that nobody takes for one. Dropped before its end, it goes.
struct Part {
    path: PathBuf,
    is_finished: bool,
}

impl Part {
    fn begin(folder: &Folder, now: Timestamp) -> Result<Part, BackupError> {
        let path = folder.part(now);
        let mut open = OpenOptions::new();
        open.write(true).create_new(true);
        only_for_us(&mut open);
        open.open(&path).map_err(|why| BackupError::NotWritable { folder: folder.path().into(), why })?;
        Ok(Part { path, is_finished: false })
    }

    /// Gives it its name. It is on the disk already; now its name is, too.
    fn finish(mut self, folder: &Folder, now: Timestamp) -> std::io::Result<PathBuf> {
        let name = folder.free_name(now);
        std::fs::rename(&self.path, &name)?;
        self.is_finished = true;
        sync_folder(folder.path())?;
        Ok(name)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_finished {
            // Failing that, the next backup removes it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whatever is in the store is in its copies: nobody else on the machine reads them.
fn only_for_us(open: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        open.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = open;
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // Elsewhere a folder is no file, and names are safe by themselves.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
