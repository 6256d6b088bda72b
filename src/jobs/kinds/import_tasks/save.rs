//! Saving rows: each by itself, through the verbs that everyone uses; what is there already as a row wants it is left alone.

use rusqlite::Connection;

use super::row::{Looked, Wanted};
use super::{CHUNK, bad};
use crate::db::Write;
use crate::error::{Error, Result, msg};
use crate::jobs::columns::Standing;
use crate::jobs::sheets::Row;
use crate::jobs::sql::{import_chunk, save_import_chunk};
use crate::locale::Lang;
use crate::people::OrganisationId;
use crate::tasks::actions::{Edit, NewTask, Report, cancel, comment, complete, create, edit, reopen, report};
use crate::tasks::{By, Kind, Percent, Status, Task, TaskId, sql};

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Saved {
    New,
    Updated,
    Unchanged,
}

impl Saved {
    const fn to_byte(self) -> u8 {
        match self {
            Saved::New => 1,
            Saved::Updated => 2,
            Saved::Unchanged => 3,
        }
    }

    const fn from_byte(byte: u8) -> Option<Saved> {
        match byte {
            1 => Some(Saved::New),
            2 => Some(Saved::Updated),
            3 => Some(Saved::Unchanged),
            _ => None,
        }
    }
}

/// In work without a percent, somebody has at least begun.
const BEGUN: f64 = 1.0;

/// The good rows of a piece, about to be saved.
pub struct Saves {
    organisation: OrganisationId,
    looked: Looked,
    /// Of whoever reads why a row was refused.
    l: Lang,
}

/// How one row came out; one that did not, with its reason.
pub type Outcome = Result<Saved, (Row, String)>;

impl Saves {
    pub fn of(looked: Looked, organisation: OrganisationId, l: Lang) -> Saves {
        Saves { organisation, looked, l }
    }

    /// What would become of them.
    pub fn would(self, conn: &Connection) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(self.looked.good.len());
        for (_, row, wanted) in self.looked.good {
            let saved = match there(conn, self.organisation, &wanted) {
                Ok(None) => may_be_new(&wanted).map(|()| Saved::New),
                Ok(Some(task)) => may_be_changed(&task).and_then(|()| unsaid(conn, &task, &wanted)).map(|unsaid| {
                    if differs(&task, &wanted) || !unsaid.is_empty() { Saved::Updated } else { Saved::Unchanged }
                }),
                Err(error) => Err(error),
            };
            outcomes.push(match saved {
                Ok(saved) => Ok(saved),
                Err(error) => Err((row, told(self.l, error)?)),
            });
        }
        Ok(outcomes)
    }

    /// Saves those that no earlier attempt saved, each by itself, remembers which are, and reports it.
    pub fn save(
        self,
        w: &mut Write<'_>,
        by: &By,
        job: TaskId,
        base: Report,
        room: usize,
    ) -> Result<(Vec<Outcome>, Report)> {
        let chunk = i64::try_from(self.looked.first / CHUNK).unwrap_or(i64::MAX);
        let offset = self.looked.first % CHUNK;
        let mut kept = import_chunk(w.conn, job, chunk)?.unwrap_or_default();
        kept.resize(CHUNK, 0);
        let (mut outcomes, mut todo): (Vec<Outcome>, Vec<_>) = (Vec::new(), Vec::new());
        for (place, row, wanted) in self.looked.good {
            match Saved::from_byte(kept[offset + place]) {
                Some(saved) => outcomes.push(Ok(saved)),
                None => todo.push((place, row, wanted)),
            }
        }
        let saved = w.each(&todo, |w, (_, _, wanted)| save(w, by, wanted))?;
        let mut report = base;
        for ((place, row, _), saved) in todo.into_iter().zip(saved) {
            match saved {
                Ok(saved) => {
                    kept[offset + place] = saved.to_byte();
                    outcomes.push(Ok(saved));
                }
                Err(error) => {
                    let why = told(self.l, error)?;
                    if report.items.len() < room {
                        report.items.push(bad::item(self.l, &row, &why));
                    }
                    outcomes.push(Err((row, why)));
                }
            }
        }
        save_import_chunk(w.conn, job, chunk, &kept)?;
        count(&mut report, &outcomes);
        Ok((outcomes, report))
    }
}

fn count(report: &mut Report, outcomes: &[Outcome]) {
    let more = |count: &mut Option<i64>, is: fn(&Outcome) -> bool| {
        let more = i64::try_from(outcomes.iter().filter(|outcome| is(outcome)).count()).unwrap_or(0);
        *count = Some(count.unwrap_or(0) + more);
    };
    more(&mut report.counts.succeeded, |outcome| matches!(outcome, Ok(Saved::New | Saved::Updated)));
    more(&mut report.counts.skipped, |outcome| matches!(outcome, Ok(Saved::Unchanged)));
    more(&mut report.counts.failed, Result::is_err);
}

/// What refuses a row, in a sentence. What is Milepost's fault ends the job.
pub fn told(l: Lang, error: Error) -> Result<String> {
    match error {
        Error::Invalid(errors) => {
            let told: Vec<String> = errors.iter().map(|error| l.m(&error.message)).collect();
            Ok(told.join(" "))
        }
        Error::Conflict(message) | Error::Forbidden(message) => Ok(l.m(&message)),
        Error::NotFound => Ok(l.t("error-unknown-task").to_owned()),
        other => Err(other),
    }
}

/// The task that has this row's external id.
fn there(conn: &Connection, organisation: OrganisationId, wanted: &Wanted) -> Result<Option<Task>> {
    let Some(external_id) = &wanted.external_id else { return Ok(None) };
    match sql::by_external_id(conn, organisation, external_id)? {
        Some(id) => sql::find(conn, id),
        None => Ok(None),
    }
}

fn save(w: &mut Write<'_>, by: &By, wanted: &Wanted) -> Result<Saved> {
    let Some(before) = there(w.conn, by.viewer.organisation, wanted)? else {
        may_be_new(wanted)?;
        let task = create(w, by, new_task(wanted))?.task;
        say(w, by, &task, &wanted.comments)?;
        stand(w, by, &task, wanted.standing)?;
        return Ok(Saved::New);
    };
    may_be_changed(&before)?;
    let unsaid = unsaid(w.conn, &before, wanted)?;
    if !differs(&before, wanted) && unsaid.is_empty() {
        return Ok(Saved::Unchanged);
    }
    edit(w, by, before.id, &edit_of(wanted))?;
    say(w, by, &before, &unsaid)?;
    stand(w, by, &before, wanted.standing)?;
    Ok(Saved::Updated)
}

/// What nobody has said of a task yet, word by word.
fn unsaid(conn: &Connection, task: &Task, wanted: &Wanted) -> Result<Vec<String>> {
    if wanted.comments.is_empty() {
        return Ok(Vec::new());
    }
    let said = sql::comments(conn, task.id)?;
    Ok(wanted.comments.iter().filter(|comment| !said.contains(*comment)).cloned().collect())
}

fn say(w: &mut Write<'_>, by: &By, task: &Task, comments: &[String]) -> Result<()> {
    comments.iter().try_for_each(|text| comment(w, by, task.id, text).map(drop))
}

/// Only what is there already may name nobody: it stays with whom it is.
pub fn may_be_new(wanted: &Wanted) -> Result<()> {
    match wanted.assignee {
        Some(_) => Ok(()),
        None => Err(Error::Conflict(msg("import-no-assignee"))),
    }
}

/// What a program moves is none of a file's.
pub fn may_be_changed(task: &Task) -> Result<()> {
    match task.kind {
        Kind::Assignment => Ok(()),
        Kind::Job => Err(Error::Conflict(msg("import-is-job").arg("id", task.id.get()))),
    }
}

pub fn new_task(wanted: &Wanted) -> NewTask {
    NewTask {
        title: wanted.title.clone(),
        description: wanted.description.clone().unwrap_or_default(),
        project: wanted.project,
        assignee: wanted.assignee,
        priority: wanted.priority,
        due: wanted.due_text.clone(),
        estimate_minutes: wanted.estimate_minutes,
        external_id: wanted.external_id.clone(),
        category: wanted.category.clone(),
        labels: wanted.labels.clone().unwrap_or_default(),
        ..NewTask::default()
    }
}

fn edit_of(wanted: &Wanted) -> Edit {
    Edit {
        title: Some(wanted.title.clone()),
        description: wanted.description.clone(),
        assignee: wanted.assignee.map(|id| id.to_string()),
        project: wanted.project.map(|id| id.to_string()),
        due: wanted.due_text.clone(),
        priority: wanted.priority.map(|priority| priority.to_string()),
        estimate: wanted.estimate_minutes.map(|minutes| minutes.to_string()),
        category: wanted.category.clone(),
        labels: wanted.labels.clone(),
        ..Edit::default()
    }
}

/// Whether a task is otherwise than a row wants it.
fn differs(task: &Task, wanted: &Wanted) -> bool {
    fn other<T: PartialEq>(wanted: Option<&T>, is: Option<&T>) -> bool {
        wanted.is_some() && wanted != is
    }
    task.title != wanted.title
        || other(wanted.description.as_ref(), Some(&task.description))
        || other(wanted.assignee.as_ref(), task.assignee.as_ref())
        || other(wanted.project.as_ref(), task.project.as_ref())
        || other(wanted.due.as_ref(), task.due.as_ref())
        || other(wanted.priority.as_ref(), Some(&task.priority))
        || other(wanted.estimate_minutes.as_ref(), task.estimate_minutes.as_ref())
        || other(wanted.category.as_ref(), task.category.as_ref())
        || other(wanted.labels.as_ref(), Some(&task.labels))
        || step(task, wanted.standing).is_some()
}

/// What brings a task to where a row says it stands.
#[derive(Clone, Copy)]
enum Step {
    Complete,
    Cancel,
    Reopen,
    Report(f64),
}

fn step(task: &Task, standing: Option<Standing>) -> Option<Step> {
    match standing? {
        Standing::Done => (task.status != Status::Done).then_some(Step::Complete),
        Standing::Cancelled => (task.status != Status::Cancelled).then_some(Step::Cancel),
        Standing::Open | Standing::InProgress if task.status.has_ended() => Some(Step::Reopen),
        Standing::InProgress => (task.progress == Percent::ZERO).then_some(Step::Report(BEGUN)),
        // How far it is, the row does not say.
        Standing::Open => None,
        Standing::At(percent) => (task.progress != percent).then_some(Step::Report(percent.get())),
    }
}

pub fn stand(w: &mut Write<'_>, by: &By, task: &Task, standing: Option<Standing>) -> Result<()> {
    let id = task.id;
    match step(task, standing) {
        None => {}
        Some(Step::Complete) => drop(complete(w, by, id, "")?),
        Some(Step::Cancel) => drop(cancel(w, by, id, "")?),
        Some(Step::Reopen) => drop(reopen(w, by, id, "")?),
        Some(Step::Report(percent)) => {
            report(w, by, id, &Report { progress: Some(percent), ..Report::default() })?;
        }
    }
    Ok(())
}
