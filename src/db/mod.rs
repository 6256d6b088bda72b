//! The store: one SQLite file, one writing thread, a pool of readers.
//! What the rows mean stands in each noun's `sql.rs`; here is only how they
//! are reached, and how an old file becomes a present one.

pub mod backup;
mod epoch;
mod recent;
pub mod types;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use include_dir::{Dir, include_dir};
use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::error::Result;
use crate::live::{Cursor, Hub};
use epoch::EpochFile;
pub use writer::Write;
use writer::Writer;

static MIGRATIONS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

/// Readers: each holds a connection of about 2 MB of page cache, and two cores
/// serve no more than this at once anyway.
const READERS: u32 = 8;
/// Every statement of the program fits, so that none is prepared twice.
const STATEMENTS: usize = 256;

/// Why a database cannot be opened, in a sentence for whoever starts the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "{path} was written by a newer Milepost (schema {found}, this program knows {known}). Start the newer program, or restore a backup made by this one."
    )]
    Newer { path: PathBuf, found: usize, known: usize },
    #[error(
        "{path} cannot be written: {why}. Check that the file and its folder belong to the user that runs Milepost."
    )]
    NotWritable { path: PathBuf, why: String },
    #[error("{path} is not a Milepost database: {why}")]
    Unreadable { path: PathBuf, why: String },
    #[error(
        "{path} is in use by another Milepost. Stop that one first: two of them would not hear of each other's changes."
    )]
    InUse { path: PathBuf },
}

#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    readers: Pool<SqliteConnectionManager>,
    /// As many turns as readers: who must wait does so as a task, not as a thread, and in the order of arrival.
    turns: Arc<Semaphore>,
    writer: Mutex<Option<Arc<Writer>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    epoch: u32,
}

impl Db {
    /// Opens and migrates the file at `path`, making it if it is not there.
    pub fn open(path: &Path, clock: Clock, hub: Hub) -> Result<Db, OpenError> {
        let unreadable =
            |error: &dyn std::fmt::Display| OpenError::Unreadable { path: path.into(), why: error.to_string() };
        let conn = Connection::open(path).map_err(|error| not_writable(path, &error))?;
        check_form(&conn, path)?;
        let mut file = EpochFile::lock(&conn, path)?;
        // While we waited for the lock a backup may have been put here: what was opened before is another file now.
        drop(conn);
        let mut conn = Connection::open(path).map_err(|error| not_writable(path, &error))?;
        check_form(&conn, path)?;
        migrate(&mut conn, path)?;
        let epoch = file.settle(&conn)?;
        hub.start_at(last_sequence(&conn).map_err(|error| unreadable(&error))?);
        let (writer, thread) = Writer::start(conn, file, clock, hub).map_err(|error| unreadable(&error))?;
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(|conn| {
                prepare_once(conn)?;
                conn.execute_batch("pragma query_only = on; pragma temp_store = memory; pragma mmap_size = 268435456;")
            });
        let readers = Pool::builder()
            .max_size(READERS)
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(5))
            .build(manager)
            .map_err(|error| unreadable(&error))?;
        Ok(Db(Arc::new(Inner {
            readers,
            turns: Arc::new(Semaphore::new(READERS as usize)),
            writer: Mutex::new(Some(Arc::new(writer))),
            thread: Mutex::new(Some(thread)),
            epoch,
        })))
    }

    /// Runs `question` on a reader, off the async threads.
    pub async fn read<T, F>(&self, question: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let turn =
            self.0.turns.clone().acquire_owned().await.map_err(|_| anyhow::anyhow!("the readers have stopped"))?;
        let readers = self.0.readers.clone();
        tokio::task::spawn_blocking(move || {
            let answer = question(&*readers.get()?);
            drop(turn);
            answer
        })
        .await?
    }

    /// Like [`Db::read`], with every answer from one moment, and the cursor of
    /// that moment: a stream that starts there neither misses nor repeats.
    pub async fn snapshot<T, F>(&self, question: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, Cursor) -> Result<T> + Send + 'static,
    {
        let epoch = self.0.epoch;
        self.read(move |conn| {
            let moment = conn.unchecked_transaction()?;
            let sequence = last_sequence(conn)?;
            let answer = question(conn, Cursor { epoch, sequence })?;
            moment.commit()?;
            Ok(answer)
        })
        .await
    }

    /// Runs `verb` in the one writer; returns when it is durable.
    pub async fn write<T, F>(&self, verb: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write<'_>) -> Result<T> + Send + 'static,
    {
        let writer = self.0.writer.lock().expect("no one panics holding this lock").clone();
        match writer {
            Some(writer) => writer.write(verb).await,
            None => Err(anyhow::anyhow!("the database is closed").into()),
        }
    }

    /// Distinguishes this database from every other that a cursor may come from.
    pub fn epoch(&self) -> u32 {
        self.0.epoch
    }

    /// Finishes the writes that wait, checkpoints, and stops the writer.
    pub fn close(&self) {
        self.0.writer.lock().expect("no one panics holding this lock").take();
        let thread = self.0.thread.lock().expect("no one panics holding this lock").take();
        if let Some(thread) = thread {
            // A panic in the writer was logged by its own hook.
            let _ = thread.join();
        }
    }
}

/// Keeps every statement prepared. Without the planner's stability guarantee SQLite prepares each statement that a
/// partial index may serve anew whenever other values are bound to it, which costs more than running it.
fn prepare_once(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

/// The newest sequence, of an entry of the trail or of a change of sight; 0 when nothing has happened yet.
pub fn last_sequence(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached(
        "select max(coalesce((select max(sequence) from trail), 0), coalesce((select max(sight_changed_at) from members), 0))",
    )?
    .query_one([], |row| row.get(0))
}

fn not_writable(path: &Path, error: &rusqlite::Error) -> OpenError {
    OpenError::NotWritable { path: path.into(), why: error.to_string() }
}

/// Steps that lead from an empty file to the present form, in order.
fn steps() -> Vec<M<'static>> {
    let mut files: Vec<_> = MIGRATIONS.files().collect();
    files.sort_by_key(|file| file.path());
    files.into_iter().map(|file| M::up(file.contents_utf8().expect("migrations are UTF-8"))).collect()
}

/// Refuses what is no database, or a later one, before anything is written.
fn check_form(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let known = MIGRATIONS.files().count();
    let found: i64 = conn
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| OpenError::Unreadable { path: path.into(), why: error.to_string() })?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    if found > known { Err(OpenError::Newer { path: path.into(), found, known }) } else { Ok(()) }
}

fn migrate(conn: &mut Connection, path: &Path) -> Result<(), OpenError> {
    prepare_once(conn).map_err(|error| not_writable(path, &error))?;
    conn.busy_timeout(Duration::from_secs(5)).map_err(|error| not_writable(path, &error))?;
    // The log grows while something reads one moment for long, as a backup does; what is past 64 MB is given back then.
    conn.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
         pragma temp_store = memory; pragma cache_size = -65536; pragma wal_autocheckpoint = 4000;
         pragma journal_size_limit = 67108864;",
    )
    .map_err(|error| not_writable(path, &error))?;
    Migrations::new(steps()).to_latest(conn).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => not_writable(path, &err),
        other => OpenError::Unreadable { path: path.into(), why: other.to_string() },
    })
}
