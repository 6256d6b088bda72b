//! The rows of a file in pieces, read by a thread that is never more than a piece ahead: neither the file nor its rows are
//! ever in memory as a whole.

use std::fs::File;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{CHUNK, Stop};
use crate::error::Message;
use crate::jobs::sheets::{self, Form, Next, Row};
use crate::locale::Lang;

/// Bytes of a piece, beyond which it holds fewer rows.
const BYTES: usize = 2 * 1024 * 1024;

pub struct Batch {
    /// The number of its first row in the file, from 0; blank ones do not count.
    pub first: usize,
    pub rows: Vec<Row>,
}

pub struct Batches {
    rows: mpsc::Receiver<Batch>,
    reader: Option<JoinHandle<Result<(), Message>>>,
    l: Lang,
}

impl Batches {
    pub fn start(file: File, form: Form, l: Lang) -> Batches {
        let (sender, rows) = mpsc::channel(1);
        let reader = tokio::task::spawn_blocking(move || send(file, &form, &sender));
        Batches { rows, reader: Some(reader), l }
    }

    pub async fn next(&mut self) -> Result<Option<Batch>, Stop> {
        if let Some(batch) = self.rows.recv().await {
            return Ok(Some(batch));
        }
        match self.reader.take() {
            None => Ok(None),
            Some(reader) => match reader.await {
                Ok(Ok(())) => Ok(None),
                Ok(Err(why)) => Err(Stop::Failed(self.l.m(&why))),
                // It panicked over what is in the file; the log has its words.
                Err(_) => Err(Stop::Failed(self.l.t("sheet-broken").to_owned())),
            },
        }
    }
}

/// Whoever takes them may go away at any time.
fn send(mut file: File, form: &Form, to: &mpsc::Sender<Batch>) -> Result<(), Message> {
    let (mut first, mut rows, mut bytes) = (0, Vec::new(), 0);
    sheets::read(&mut file, form, |row| {
        bytes += row.bytes();
        rows.push(row);
        // A piece never reaches into another chunk.
        if !(first + rows.len()).is_multiple_of(CHUNK) && bytes < BYTES {
            return Next::More;
        }
        let batch = Batch { first, rows: std::mem::take(&mut rows) };
        first += batch.rows.len();
        bytes = 0;
        if to.blocking_send(batch).is_ok() { Next::More } else { Next::Enough }
    })?;
    if !rows.is_empty() {
        let _ = to.blocking_send(Batch { first, rows });
    }
    Ok(())
}
