//! The thread that writes a table into a file of a job's: it takes rows part by part, and the job gets the file in the end.
//! Dropped before, it stops.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Context, Stop};
use crate::config;
use crate::error::msg;
use crate::jobs::sheets::made::{Cell, FileForm, Layout, Made, Unwritten};
use crate::locale::Lang;

type Rows = Vec<Vec<Cell>>;

/// A workbook packs what it is made of to a fraction: this many times as much as a file may have is too much in any case,
/// and for the disk as well.
const PACKED: u64 = 8;

#[derive(Debug)]
pub enum Failed {
    /// More bytes than a job may leave behind in one file.
    TooLarge {
        most: i64,
    },
    /// It was told to stop.
    Told,
    Broken(anyhow::Error),
}

impl Failed {
    pub fn stop(self, l: Lang) -> Stop {
        match self {
            Failed::TooLarge { most } => Stop::Failed(l.m(&msg("export-too-large").arg("megabytes", most / 1_000_000))),
            Failed::Told => Stop::Told,
            Failed::Broken(error) => Stop::Broken(error.into()),
        }
    }
}

impl From<Unwritten> for Failed {
    fn from(why: Unwritten) -> Failed {
        match why {
            Unwritten::Told => Failed::Told,
            other => Failed::Broken(other.into()),
        }
    }
}

/// Dropped, it stops what was begun.
struct Halt(Arc<AtomicBool>);

impl Drop for Halt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub struct Writing {
    // First, so that the thread knows of it when no more rows come.
    halt: Halt,
    rows: mpsc::Sender<Rows>,
    thread: JoinHandle<Result<File, Failed>>,
    form: FileForm,
}

/// A file that a job left.
pub struct Stored {
    pub bytes: u64,
    pub expires_at: Timestamp,
}

impl Writing {
    pub fn begin(form: FileForm, folder: PathBuf, layout: Layout, most: i64) -> Writing {
        let halt = Halt(Arc::default());
        let (stop, (rows, taken)) = (halt.0.clone(), mpsc::channel(1));
        let thread = tokio::task::spawn_blocking(move || write(form, &folder, layout, most, taken, &stop));
        Writing { halt, rows, thread, form }
    }

    /// Waits until there is room for them.
    pub async fn rows(&mut self, rows: Rows) -> Result<(), Failed> {
        match self.rows.send(rows).await {
            Ok(()) => Ok(()),
            // It ended by itself, and says why.
            Err(_) => match joined((&mut self.thread).await) {
                Ok(_) => Err(Failed::Broken(anyhow::anyhow!("the writer of a file went away"))),
                Err(why) => Err(why),
            },
        }
    }

    /// The whole file becomes the job's, for as long as such files are kept.
    pub async fn store(self, job: &Context, name: &str, l: Lang) -> Result<Stored, Stop> {
        let form = self.form;
        let file = tokio::select! {
            file = self.end() => file.map_err(|why| why.stop(l))?,
            () = job.cancelled() => return Err(Stop::Told),
        };
        let bytes = file.metadata().map_err(|error| Stop::Broken(error.into()))?.len();
        let expires_at = job.app().clock.now() + config::EXPORTS_KEPT;
        job.artifact_until(name, form.content_type(), file, expires_at).await?;
        Ok(Stored { bytes, expires_at })
    }

    async fn end(self) -> Result<File, Failed> {
        let Writing { halt, rows, thread, .. } = self;
        drop(rows);
        let file = joined(thread.await);
        drop(halt);
        file
    }
}

fn joined(ended: Result<Result<File, Failed>, tokio::task::JoinError>) -> Result<File, Failed> {
    ended.unwrap_or_else(|error| Err(Failed::Broken(error.into())))
}

fn write(
    form: FileForm,
    folder: &std::path::Path,
    layout: Layout,
    most: i64,
    mut taken: mpsc::Receiver<Rows>,
    stop: &Arc<AtomicBool>,
) -> Result<File, Failed> {
    let room = u64::try_from(most).unwrap_or(0);
    let room_for_cells = if form == FileForm::Xlsx { room.saturating_mul(PACKED) } else { room };
    let mut made = Made::begin(form, folder, layout)?;
    let mut bytes = 0;
    while let Some(rows) = taken.blocking_recv() {
        for row in rows {
            bytes += row.iter().map(Cell::bytes).sum::<u64>();
            made.row(&row)?;
        }
        if stop.load(Ordering::Relaxed) {
            return Err(Failed::Told);
        }
        if bytes > room_for_cells {
            return Err(Failed::TooLarge { most });
        }
    }
    if stop.load(Ordering::Relaxed) {
        return Err(Failed::Told);
    }
    let file = made.end(folder, stop)?;
    let packed = file.metadata().map_err(|error| Failed::Broken(error.into()))?.len();
    if packed > room { Err(Failed::TooLarge { most }) } else { Ok(file) }
}
