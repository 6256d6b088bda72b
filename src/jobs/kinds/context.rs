//! What a running job is handed: how it reports, writes its log, stores files, reads, and hears that it is to stop.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use axum::body::Bytes;
use futures_util::stream;
use jiff::Timestamp;
use rusqlite::{Connection, InterruptHandle};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use super::Stop;
use crate::App;
use crate::db::Write;
use crate::error::{Error, Result};
use crate::jobs::Job;
use crate::jobs::actions::{self, NewArtifact};
use crate::jobs::artifacts::ArtifactName;
use crate::locale::Lang;
use crate::people::{self, OrganisationId, UserId, Viewer};
use crate::tasks::actions::Report;
use crate::tasks::{self, By, Counts, Task, TaskId, Via};

/// Bytes of a file that are read at a time.
const BLOCK: usize = 256 * 1024;

/// A file that some job has, as payloads name it.
#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct FileOf {
    pub task: TaskId,
    pub name: String,
}

/// What a job is told from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word {
    GoOn,
    /// Somebody cancelled it.
    Cancel,
    /// The program ends.
    Pause,
    /// Its attempt is over, and perhaps another one runs.
    Over,
}

/// Tells a job, whatever it is at.
pub(super) struct Ear {
    word: watch::Sender<Word>,
    /// Of the read that it is at.
    read: Mutex<Option<InterruptHandle>>,
}

impl Ear {
    pub fn new() -> Ear {
        Ear { word: watch::Sender::new(Word::GoOn), read: Mutex::new(None) }
    }

    /// The first word counts: who was cancelled is not paused.
    pub fn tell(&self, word: Word) {
        self.word.send_if_modified(|told| {
            let is_first = *told == Word::GoOn;
            *told = if is_first { word } else { *told };
            is_first
        });
        if let Some(read) = &*self.read.lock().expect("no one panics holding this lock") {
            read.interrupt();
        }
    }

    pub fn word(&self) -> Word {
        *self.word.borrow()
    }
}

pub struct Context {
    app: App,
    by: By,
    task: Arc<Task>,
    ear: Arc<Ear>,
    /// In whose name it acts.
    name: Arc<Name>,
}

impl Context {
    pub(super) fn new(app: App, by: By, task: Arc<Task>, ear: Arc<Ear>) -> Context {
        let name = Arc::new(Name { app: app.clone(), task: task.clone(), runner: OnceLock::new() });
        Context { app, by, task, ear, name }
    }

    pub fn organisation(&self) -> OrganisationId {
        self.task.organisation
    }

    /// The program, for what concerns the whole house.
    pub(super) fn app(&self) -> &App {
        &self.app
    }

    pub fn payload(&self) -> &Value {
        self.task.job().map_or(&Value::Null, |job| &job.spec.payload)
    }

    /// How far it was when this attempt began.
    pub fn counts(&self) -> Counts {
        self.task.counts.unwrap_or_default()
    }

    pub(super) fn attempt(&self) -> Option<i64> {
        self.task.job().map(|job| job.attempt)
    }

    /// Whether somebody wants only what failed to be tried again.
    pub fn only_failed_items(&self) -> bool {
        self.task.job().is_some_and(|job| job.only_failed_items)
    }

    /// Whether to stop: for work between two reports.
    pub fn is_cancelled(&self) -> bool {
        self.ear.word() != Word::GoOn
    }

    /// Waits until it is to stop.
    pub async fn cancelled(&self) {
        let mut word = self.ear.word.subscribe();
        // The sender lives as long as this.
        let _ = word.wait_for(|word| *word != Word::GoOn).await;
    }

    /// The job's own number.
    pub fn id(&self) -> TaskId {
        self.task.id
    }

    /// The language of whoever started the job: what they will read of it is written so.
    pub async fn lang(&self) -> Result<Lang, Stop> {
        let creator = self.task.creator;
        let (language, _) = self.read(move |conn| Ok(people::sql::preferences(conn, creator)?)).await?;
        Ok(language.as_deref().and_then(Lang::from_code).unwrap_or(Lang::En))
    }

    /// As whoever started the job, with the rights that they have now: tasks are changed in their name. The job ends with
    /// a sentence when those rights have ended.
    pub async fn by_creator(&self) -> Result<By, Stop> {
        let name = self.name.clone();
        let by = self.read(move |conn| name.by(conn)).await?;
        match by {
            Some(by) => Ok(by),
            None => Err(self.creator_gone().await),
        }
    }

    /// Asks the store as whoever started the job, with the rights that they have at that moment.
    pub async fn read_as<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection, &Viewer) -> Result<T> + Send + 'static,
    ) -> Result<T, Stop> {
        let name = self.name.clone();
        let answer = self.read(move |conn| match name.by(conn)? {
            Some(by) => question(conn, &by.viewer).map(Some),
            None => Ok(None),
        });
        match answer.await? {
            Some(answer) => Ok(answer),
            None => Err(self.creator_gone().await),
        }
    }

    async fn creator_gone(&self) -> Stop {
        match self.lang().await {
            Ok(l) => Stop::Failed(l.t("job-creator-gone").to_owned()),
            Err(stop) => stop,
        }
    }

    /// One write in the name of whoever started the job, and the report of it: both are kept, or neither. What an attempt
    /// that is over wanted to write is not.
    pub async fn act<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&mut Write<'_>, &By) -> Result<(T, Report)> + Send + 'static,
    ) -> Result<T, Stop> {
        let (name, own, id, attempt) = (self.name.clone(), self.by.clone(), self.task.id, self.attempt());
        let done = self.app.db.write(move |w| {
            let Some(by) = name.by(w.conn)? else { return Ok(None) };
            let (told, report) = verb(w, &by)?;
            let after = tasks::actions::report(w, &own, id, &Report { attempt, ..report })?;
            Ok(Some((told, after)))
        });
        match done.await {
            Ok(Some((told, after))) => self.heard(Ok(after)).map(|()| told),
            Ok(None) => Err(self.creator_gone().await),
            Err(error) => self.heard(Err(error)).and(Err(Stop::Told)),
        }
    }

    /// Says how far the job is; an error when it is to stop.
    pub async fn report(&self, report: Report) -> Result<(), Stop> {
        let (by, id, attempt) = (self.by.clone(), self.task.id, self.attempt());
        let said = self.app.db.write(move |w| tasks::actions::report(w, &by, id, &Report { attempt, ..report })).await;
        self.heard(said)
    }

    /// Appends to the job's log.
    pub async fn log(&self, text: &str) -> Result<(), Stop> {
        let (by, id, attempt, text) = (self.by.clone(), self.task.id, self.attempt(), text.to_owned());
        let said = self.app.db.write(move |w| actions::append_log(w, &by, id, attempt, text.as_bytes())).await;
        self.heard(said)
    }

    /// Stores a file of the job's.
    pub async fn artifact(&self, name: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), Stop> {
        let new = self.new_artifact(name, content_type)?;
        let body = stream::once(async { Ok(Bytes::from(bytes)) });
        actions::store_artifact(&self.app, &self.by, self.task.id, new, body).await.map(|_| ()).map_err(over)
    }

    /// Stores a file of the job's that is on the disk, from its beginning.
    pub async fn artifact_of(&self, name: &str, content_type: &str, file: File) -> Result<(), Stop> {
        self.store(self.new_artifact(name, content_type)?, file).await
    }

    /// The same for a file that goes after this instant, however long others are kept.
    pub async fn artifact_until(
        &self,
        name: &str,
        content_type: &str,
        file: File,
        expires_at: Timestamp,
    ) -> Result<(), Stop> {
        let new = NewArtifact { expires_at: Some(expires_at), ..self.new_artifact(name, content_type)? };
        self.store(new, file).await
    }

    fn new_artifact(&self, name: &str, content_type: &str) -> Result<NewArtifact, Stop> {
        let name = ArtifactName::parse(name).map_err(|why| Stop::Broken(Error::field("name", why)))?;
        let content_type = content_type.into();
        Ok(NewArtifact { name, content_type, attempt: self.attempt(), bytes: None, expires_at: None })
    }

    async fn store(&self, new: NewArtifact, file: File) -> Result<(), Stop> {
        let body = stream::try_unfold(file, |mut file| async move {
            let read = tokio::task::spawn_blocking(move || {
                let mut block = vec![0; BLOCK];
                let length = file.read(&mut block)?;
                block.truncate(length);
                std::io::Result::Ok((block, file))
            });
            let (block, file) = read.await??;
            Ok((!block.is_empty()).then(|| (Bytes::from(block), file)))
        });
        tokio::select! {
            stored = actions::store_artifact(&self.app, &self.by, self.task.id, new, body) => {
                stored.map(|_| ()).map_err(over)
            }
            () = self.cancelled() => Err(Stop::Told),
        }
    }

    /// A copy of a file that some job has, if whoever started this one may see it.
    pub async fn file(&self, file: &FileOf) -> Result<File, Stop> {
        let by = self.by_creator().await?;
        let name = ArtifactName::parse(&file.name).map_err(|_| Error::NotFound);
        let copied = match name {
            Ok(name) => actions::copy_artifact(&self.app, &by.viewer, file.task, name).await,
            Err(error) => Err(error),
        };
        match copied {
            Ok(file) => Ok(file),
            Err(Error::NotFound) => Err(Stop::Failed(self.lang().await?.with("job-file-gone", "name", &file.name))),
            Err(error) => Err(Stop::Broken(error)),
        }
    }

    /// Where this job may put what is too large for memory: it is gone with the job.
    pub fn scratch(&self) -> Result<File, Stop> {
        tempfile::tempfile_in(self.scratch_folder()).map_err(|error| Stop::Broken(error.into()))
    }

    /// Where files without a name go, for those who make their own.
    pub fn scratch_folder(&self) -> PathBuf {
        let folder = self.app.config.db.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).to_owned()
    }

    /// Asks the store, off the async threads and all of one moment. It ends early when the job is to stop.
    pub async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T, Stop> {
        let ear = self.ear.clone();
        let answer = self
            .app
            .db
            .snapshot(move |conn, _| {
                let _at = Reading::begin(&ear, conn);
                if ear.word() == Word::GoOn { question(conn).map(Some) } else { Ok(None) }
            })
            .await;
        match answer {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Stop::Told),
            Err(_) if self.is_cancelled() => Err(Stop::Told),
            Err(error) => Err(Stop::Broken(error)),
        }
    }

    fn heard(&self, answer: Result<Arc<Task>>) -> Result<(), Stop> {
        let task = answer.map_err(over).inspect_err(|stop| {
            if matches!(stop, Stop::Told) {
                self.ear.tell(Word::Over);
            }
        })?;
        if task.job().is_some_and(|job| job.cancel_requested_at.is_some()) {
            self.ear.tell(Word::Cancel);
        }
        if self.is_cancelled() { Err(Stop::Told) } else { Ok(()) }
    }
}

/// As whom a job acts, asked anew each time: rights end while it runs.
struct Name {
    app: App,
    task: Arc<Task>,
    /// Whoever ran it again last, if anybody did; the same for a whole attempt.
    runner: OnceLock<Option<UserId>>,
}

impl Name {
    /// Whoever started this job, unless they may not start it any more. Where somebody else ran it again, that one must
    /// still be an admin: nobody acts in another's name otherwise.
    fn by(&self, conn: &Connection) -> Result<Option<By>> {
        let Some(viewer) = self.viewer(conn, self.task.creator)? else { return Ok(None) };
        let Some(kind) = self.task.job().and_then(Job::built_in) else {
            return Ok(Some(self.app.by(&viewer, Via::System)));
        };
        match actions::may_start(conn, &viewer, kind) {
            Ok(()) => {}
            Err(Error::Forbidden(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        let is_in_their_name = kind.acts_for_its_creator() || kind.reads_for_its_creator();
        if let Some(runner) = self.runner(conn)?.filter(|runner| is_in_their_name && *runner != viewer.user)
            && !self.viewer(conn, runner)?.is_some_and(|runner| runner.is_admin())
        {
            return Ok(None);
        }
        Ok(Some(self.app.by(&viewer, Via::System)))
    }

    fn viewer(&self, conn: &Connection, user: UserId) -> Result<Option<Viewer>> {
        let organisation = self.task.organisation;
        match people::sql::viewer_of_member(conn, organisation, user)? {
            Some(member) => Ok(Some(member)),
            None => Ok(people::sql::viewer_of_program(conn, organisation, user, self.app.clock.now())?),
        }
    }

    fn runner(&self, conn: &Connection) -> Result<Option<UserId>> {
        if let Some(known) = self.runner.get() {
            return Ok(*known);
        }
        let runner = tasks::sql::last_retried_by(conn, self.task.id)?;
        Ok(*self.runner.get_or_init(|| runner))
    }
}

/// What a refused word of a job means to it: the attempt is over, or the task gone.
fn over(error: Error) -> Stop {
    match error {
        Error::Conflict(_) | Error::NotFound => Stop::Told,
        other => Stop::Broken(other),
    }
}

/// While it lives, a read can be interrupted. Another reader of the same connection never is.
struct Reading<'a>(&'a Ear);

impl<'a> Reading<'a> {
    fn begin(ear: &'a Ear, conn: &Connection) -> Reading<'a> {
        *ear.read.lock().expect("no one panics holding this lock") = Some(conn.get_interrupt_handle());
        Reading(ear)
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        *self.0.read.lock().expect("no one panics holding this lock") = None;
    }
}
