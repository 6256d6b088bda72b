//! A job's files, the verbs. A file is stored while it arrives, in writes of a megabyte each, and read while it leaves, a
//! chunk at a time: neither holds it in memory, the writer or a reader for as long as the other side takes.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::pin::pin;

use axum::body::Bytes;
use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::output::{added, of_attempt, seen};
use crate::App;
use crate::error::{Error, Result, msg};
use crate::jobs::artifacts::{Artifact, ArtifactId, ArtifactName};
use crate::jobs::sql;
use crate::people::Viewer;
use crate::tasks::{By, TaskId};

/// Bytes of a chunk, and chunks that are written at a time: some milliseconds of the writer.
const CHUNK_BYTES: usize = 256 * 1024;
const CHUNKS: usize = 4;

/// A file that somebody is about to send.
#[derive(Clone, Debug)]
pub struct NewArtifact {
    pub name: ArtifactName,
    pub content_type: String,
    pub attempt: Option<i64>,
    /// How long it will be, where that is said.
    pub bytes: Option<u64>,
    /// When it goes; none: after as long as files are kept.
    pub expires_at: Option<Timestamp>,
}

/// The files that are there, by name.
pub async fn artifacts(app: &App, viewer: &Viewer, id: TaskId) -> Result<Vec<Artifact>> {
    let viewer = viewer.clone();
    app.db
        .read(move |conn| {
            seen(conn, &viewer, id)?;
            sql::artifacts(conn, id)
        })
        .await
}

/// A file, and its bytes as they are asked for. They end with an error when it is removed meanwhile, so that a part is
/// never taken for the whole.
pub async fn read_artifact(
    app: &App,
    viewer: &Viewer,
    id: TaskId,
    name: ArtifactName,
) -> Result<(Artifact, impl Stream<Item = Result<Bytes>> + Send + use<>)> {
    let (app, viewer, now) = (app.clone(), viewer.clone(), app.clock.now());
    let artifact = app
        .db
        .read(move |conn| {
            seen(conn, &viewer, id)?;
            sql::artifact(conn, id, &name)?.ok_or(Error::NotFound)
        })
        .await?;
    if artifact.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::NotFound);
    }
    let (file, bytes) = (artifact.id, artifact.bytes);
    let chunks = stream::try_unfold((0, bytes), move |(place, left)| {
        let app = app.clone();
        async move {
            if left == 0 {
                return Ok(None);
            }
            let chunk =
                app.db.read(move |conn| sql::artifact_chunk(conn, file, place)).await?.ok_or(Error::NotFound)?;
            let left = left - i64::try_from(chunk.len()).unwrap_or(left);
            Ok(Some((Bytes::from(chunk), (place + 1, left))))
        }
    });
    Ok((artifact, chunks))
}

/// A copy of a file, beside the database and without a name: it is gone with whoever holds it.
pub async fn copy_artifact(app: &App, viewer: &Viewer, id: TaskId, name: ArtifactName) -> Result<File> {
    let (_, bytes) = read_artifact(app, viewer, id, name).await?;
    let folder = app.config.db.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut copy = tempfile::tempfile_in(folder)?;
    let mut bytes = pin!(bytes);
    while let Some(chunk) = bytes.next().await.transpose()? {
        copy = tokio::task::spawn_blocking(move || copy.write_all(&chunk).map(|()| copy)).await??;
    }
    Ok(copy)
}

/// Stores a file as it comes; it is there, in the place of what had its name, once its last byte is durable.
pub async fn store_artifact(
    app: &App,
    by: &By,
    id: TaskId,
    new: NewArtifact,
    body: impl Stream<Item = Result<Bytes>>,
) -> Result<Artifact> {
    let most = app.config.output.artifact_bytes;
    if new.bytes.is_some_and(|bytes| i64::try_from(bytes).map_or(true, |bytes| bytes > most)) {
        return Err(Error::field("file", msg("error-artifact-size").arg("limit", sql::in_megabytes(most))));
    }
    let mut arriving = Arriving::begin(app, by, id, new).await?;
    let mut body = pin!(body);
    let mut chunk = Vec::new();
    while let Some(bytes) = body.next().await.transpose()? {
        let mut bytes = &bytes[..];
        arriving.hash.update(bytes);
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(CHUNK_BYTES - chunk.len()));
            chunk.extend_from_slice(now);
            bytes = rest;
            if chunk.len() == CHUNK_BYTES {
                arriving.put(std::mem::take(&mut chunk)).await?;
            }
        }
    }
    if !chunk.is_empty() {
        arriving.put(chunk).await?;
    }
    arriving.finish().await
}

/// A file on its way. Dropped before its end (the sender went away, something was refused) it is given up.
struct Arriving {
    app: App,
    by: By,
    task: TaskId,
    attempt: Option<i64>,
    id: Option<ArtifactId>,
    waiting: Vec<Vec<u8>>,
    /// Chunks that are stored.
    stored: i64,
    bytes: i64,
    hash: Sha256,
}

impl Arriving {
    async fn begin(app: &App, by: &By, task: TaskId, new: NewArtifact) -> Result<Arriving> {
        let inside = by.clone();
        let NewArtifact { name, content_type, attempt, expires_at, .. } = new;
        let (id, attempt) = app
            .db
            .write(move |w| {
                let (_, after) = of_attempt(w, &inside, task, attempt)?;
                let attempt = after.job().map_or(0, |job| job.attempt);
                let file = sql::Begun { name: &name, content_type: &content_type, attempt, expires_at };
                let id = sql::begin_artifact(w.conn, &inside.output, task, file, w.now)?;
                added(w, after)?;
                Ok((id, attempt))
            })
            .await?;
        Ok(Arriving {
            app: app.clone(),
            by: by.clone(),
            task,
            attempt: Some(attempt),
            id: Some(id),
            waiting: Vec::new(),
            stored: 0,
            bytes: 0,
            hash: Sha256::new(),
        })
    }

    async fn put(&mut self, chunk: Vec<u8>) -> Result<()> {
        self.bytes += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
        self.waiting.push(chunk);
        if self.waiting.len() >= CHUNKS { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<()> {
        let Some(id) = self.id else { return Ok(()) };
        let chunks = std::mem::take(&mut self.waiting);
        if chunks.is_empty() {
            return Ok(());
        }
        let (by, task, attempt, place) = (self.by.clone(), self.task, self.attempt, self.stored);
        self.stored += i64::try_from(chunks.len()).unwrap_or(i64::MAX);
        self.app
            .db
            .write(move |w| {
                // A sign of life, and refused when another attempt has begun.
                let (_, after) = of_attempt(w, &by, task, attempt)?;
                sql::append_chunks(w.conn, &by.output, id, place, &chunks, w.now)?;
                let job = after.job().ok_or(Error::NotFound)?;
                sql::save_job(w.conn, task, job, after.finished_at)
            })
            .await
    }

    async fn finish(mut self) -> Result<Artifact> {
        self.flush().await?;
        let Some(id) = self.id else { return Err(Error::NotFound) };
        let (by, task, attempt, bytes) = (self.by.clone(), self.task, self.attempt, self.bytes);
        let sha256: [u8; 32] = self.hash.finalize_reset().into();
        let stored = self
            .app
            .db
            .write(move |w| {
                let (_, after) = of_attempt(w, &by, task, attempt)?;
                let artifact = sql::finish_artifact(w.conn, id, bytes, &sha256, w.now)?;
                added(w, after)?;
                Ok(artifact)
            })
            .await?;
        self.id = None;
        Ok(stored)
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id, tokio::runtime::Handle::try_current()) else { return };
        let app = self.app.clone();
        runtime.spawn(async move {
            // Failing that, house-keeping gives it up.
            let _ = app.db.write(move |w| sql::abandon_artifact(w.conn, id, w.now)).await;
        });
    }
}
