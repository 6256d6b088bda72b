//! Does one thing to all tasks that a filter names, some tens in a write, each by itself, in the name of whoever started the
//! job: `bulk-edit` changes, cancels, runs again or undoes, `bulk-delete` deletes. Each task is an item. What was done is
//! remembered with it, so that another attempt does nothing twice, and so that changes can be undone.

mod chosen;
mod deed;
mod preview;
mod undo;

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{Context, JobKind, Stop};
use crate::config;
use crate::error::{Error, Result as Outcome, msg};
use crate::jobs::BuiltIn;
use crate::jobs::actions::may_undo;
use crate::jobs::bulk::{Act, Bulk};
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::jobs::sql;
use crate::locale::Lang;
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;
use crate::tasks::{Stage, TaskId};
pub use chosen::{Chosen, Piece, Place};
pub use deed::{Deed, Differs, Told, Verdict, one_by_one};
pub use preview::{Example, Preview, preview};

/// Tasks of one look while they are counted.
const LOOK: usize = 1_000;
/// Groups of what was skipped that the log tells.
const GROUPS: i64 = 20;

pub struct BulkEdit;
pub struct BulkDelete;

impl JobKind for BulkEdit {
    type Payload = Value;

    async fn run(payload: Value, job: &Context) -> Result<Value, Stop> {
        go_through(BuiltIn::BulkEdit, payload, job).await
    }
}

impl JobKind for BulkDelete {
    type Payload = Value;

    async fn run(payload: Value, job: &Context) -> Result<Value, Stop> {
        go_through(BuiltIn::BulkDelete, payload, job).await
    }
}

async fn go_through(kind: BuiltIn, payload: Value, job: &Context) -> Result<Value, Stop> {
    let l = job.lang().await?;
    let bulk = match kind.check(&payload).and_then(|()| Bulk::of(kind, &payload)) {
        Ok(bulk) => bulk,
        Err(Error::Invalid(errors)) => {
            let told: Vec<String> = errors.iter().map(|error| l.m(&error.message)).collect();
            return Err(Stop::Failed(told.join(" ")));
        }
        Err(error) => return Err(Stop::Broken(error)),
    };
    // Neither this job nor what came after it.
    let newest = TaskId::new(job.id().get() - 1);
    let mut going = Going {
        job,
        l,
        act: bulk.act(),
        deed: Arc::new(Deed::of(&bulk)),
        chosen: Arc::new(Chosen::of(&payload, &bulk)),
        until: bulk.which.until.map_or(newest, |until| until.min(newest)),
        now: job.app().clock.now(),
        tally: Tally::default(),
        total: None,
    };
    going.check_undone().await?;
    if job.only_failed_items() {
        going.begin_with_failed();
    } else {
        going.take_up().await?;
        going.count().await?;
    }
    going.change().await?;
    going.end().await
}

/// What became of how many.
#[derive(Clone, Copy, Default)]
struct Tally {
    done: i64,
    skipped: i64,
    failed: i64,
    /// Of those that were done, how many an earlier attempt did.
    before: i64,
    /// Items that were written down.
    items: i64,
}

impl Tally {
    /// Adds some; gives their items, as far as there is room. Half of it is kept for what was not done.
    fn add(&mut self, l: Lang, told: &[Told], room: i64) -> Vec<NewItem> {
        let mut items = Vec::with_capacity(told.len());
        for Told { id, verdict, .. } in told {
            let outcome = verdict.outcome();
            let (count, room) = match outcome {
                ItemOutcome::Succeeded => (&mut self.done, room / 2),
                ItemOutcome::Skipped => (&mut self.skipped, room),
                ItemOutcome::Failed => (&mut self.failed, room),
            };
            *count += 1;
            if self.items < room {
                self.items += 1;
                let message = verdict.message().map(|message| l.m(&message));
                items.push(NewItem { key: Some(id.to_string()), outcome, message });
            }
        }
        items
    }
}

/// A job on its way.
struct Going<'a> {
    job: &'a Context,
    l: Lang,
    act: Act,
    deed: Arc<Deed>,
    chosen: Arc<Chosen>,
    until: TaskId,
    now: Timestamp,
    tally: Tally,
    /// None: they are not counted yet.
    total: Option<i64>,
}

impl Going<'_> {
    fn report(&self, tally: Tally, items: Vec<NewItem>) -> Report {
        let Tally { done, skipped, failed, .. } = tally;
        let (index, name) = match (self.total, self.act) {
            (None, _) => (1, "counting"),
            (Some(_), Act::Delete) => (2, "deleting"),
            (Some(_), _) => (2, "changing"),
        };
        let counts = CountsGiven {
            // More may have come to fit meanwhile.
            total: self.total.map(|total| total.max(done + skipped + failed)),
            succeeded: Some(done),
            skipped: Some(skipped),
            failed: Some(failed),
            ..CountsGiven::default()
        };
        let stage = Stage { name: name.into(), index: Some(index), of: Some(2) };
        Report { counts, stage: Some(stage), items, ..Report::default() }
    }

    fn room(&self) -> i64 {
        self.job.app().config.output.items
    }

    /// As things stand by now, and as whoever started the job sees them.
    async fn check_undone(&self) -> Result<(), Stop> {
        let Deed::Undo(of) = *self.deed else { return Ok(()) };
        let by = self.job.by_creator().await?;
        let refused = self.job.read(move |conn| match may_undo(conn, &by.viewer, of) {
            Err(Error::NotFound) => Ok(Some(msg("bulk-undo-gone"))),
            Err(Error::Conflict(message)) => Ok(Some(message)),
            other => other.map(|()| None),
        });
        match refused.await? {
            Some(message) => Err(Stop::Failed(self.l.m(&message))),
            None => Ok(()),
        }
    }

    /// Only what failed in an earlier attempt is tried again: its items say which they were.
    fn begin_with_failed(&mut self) {
        let counts = self.job.counts();
        self.chosen = Arc::new(Chosen::Failed(self.job.id()));
        self.tally = Tally { done: counts.succeeded, skipped: counts.skipped, ..Tally::default() };
        self.total = Some(counts.total.unwrap_or_default());
    }

    /// What earlier attempts did stays done.
    async fn take_up(&mut self) -> Result<(), Stop> {
        self.job.report(self.report(self.tally, Vec::new())).await?;
        let (own, mut after) = (self.job.id(), TaskId::new(0));
        loop {
            let deed = self.deed.clone();
            let read = move |conn: &Connection| {
                let mut ids = sql::bulk_tasks(conn, own, after, LOOK)?;
                let last = ids.last().copied();
                let again = undone(conn, own, &deed, ids.clone())?;
                ids.retain(|id| !again.contains(id));
                Ok((ids, last))
            };
            let (ids, last) = self.job.read(read).await?;
            let Some(last) = last else { return Ok(()) };
            after = last;
            let done = |id: TaskId| Told { id, verdict: Verdict::Done(None), deed: None };
            let told: Vec<Told> = ids.into_iter().map(done).collect();
            let items = self.tally.add(self.l, &told, self.room());
            self.tally.before = self.tally.done;
            self.job.report(self.report(self.tally, items)).await?;
        }
    }

    /// The next of them, as whoever started the job sees them now.
    async fn piece(&self, after: Option<Place>, limit: usize) -> Result<Piece, Stop> {
        let by = self.job.by_creator().await?;
        let (chosen, until, now) = (self.chosen.clone(), self.until, self.now);
        let piece = self.job.read(move |conn| match chosen.piece(conn, &by.viewer, (until, now), after, limit) {
            Err(Error::NotFound) => Ok(None),
            other => other.map(Some),
        });
        piece.await?.ok_or_else(|| Stop::Failed(self.l.t("bulk-undo-gone").to_owned()))
    }

    async fn count(&mut self) -> Result<(), Stop> {
        let (own, begun) = (self.job.id(), self.tally.done > 0);
        let (mut total, mut after) = (self.tally.done, None);
        loop {
            let deed = self.deed.clone();
            let piece = self.piece(after, LOOK).await?;
            let ids = piece.ids;
            total += match begun {
                false => number(ids.len()),
                true => self.job.read(move |conn| Ok(number(undone(conn, own, &deed, ids)?.len()))).await?,
            };
            after = piece.next;
            if after.is_none() {
                break;
            }
        }
        self.total = Some(total);
        self.job.report(self.report(self.tally, Vec::new())).await
    }

    async fn change(&mut self) -> Result<(), Stop> {
        let mut after = None;
        loop {
            let piece = self.piece(after, config::BULK_CHUNK).await?;
            if !piece.ids.is_empty() {
                self.act(piece.ids).await?;
            }
            after = piece.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Some of them, what was done to which, and what became of each: in one write.
    async fn act(&mut self, ids: Vec<TaskId>) -> Result<(), Stop> {
        let (deed, l, own, room) = (self.deed.clone(), self.l, self.job.id(), self.room());
        let (mut tally, empty) = (self.tally, self.report(self.tally, Vec::new()));
        let total = self.total;
        self.tally = self
            .job
            .act(move |w, by| {
                let ids = undone(w.conn, own, &deed, ids)?;
                let told = one_by_one(w, by, &deed, &ids)?;
                let undone_jobs = match *deed {
                    Deed::Undo(of) => undo::chain(w.conn, of)?,
                    _ => Vec::new(),
                };
                for Told { id, deed: did, .. } in &told {
                    let Some(did) = did else { continue };
                    sql::save_bulk_deed(w.conn, own, *id, did)?;
                    undo::turn_over(w.conn, &undone_jobs, *id, did)?;
                }
                let items = tally.add(l, &told, room);
                let counts = CountsGiven {
                    total: total.map(|total| total.max(tally.done + tally.skipped + tally.failed)),
                    succeeded: Some(tally.done),
                    skipped: Some(tally.skipped),
                    failed: Some(tally.failed),
                    ..CountsGiven::default()
                };
                Ok((tally, Report { counts, items, ..empty }))
            })
            .await?;
        Ok(())
    }

    async fn end(self) -> Result<Value, Stop> {
        let Tally { done, skipped, failed, before, .. } = self.tally;
        let l = self.l;
        let told = msg("bulk-told").arg("done", l.number(done)).arg("skipped", l.number(skipped));
        let mut text = format!("{}\n", l.m(&told.arg("failed", l.number(failed))));
        if before > 0 {
            text.push_str(&format!("{}\n", l.n("bulk-told-before", before)));
        }
        let own = self.job.id();
        let groups = self.job.read(move |conn| sql::item_groups(conn, own, ItemOutcome::Skipped, GROUPS, 0)).await?;
        for group in groups {
            text.push_str(&format!("{} × {}\n", l.number(group.items), group.message.unwrap_or_default()));
        }
        self.job.log(&text).await?;
        Ok(json!({ "done": done, "skipped": skipped, "failed": failed }))
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Those to which the job has done nothing yet; or of which it undid what was then done again.
fn undone(conn: &Connection, job: TaskId, deed: &Deed, ids: Vec<TaskId>) -> Outcome<Vec<TaskId>> {
    let mut left = Vec::with_capacity(ids.len());
    for id in ids {
        let is_done_again = match deed {
            Deed::Undo(of) => sql::bulk_deed(conn, *of, id)?.is_some(),
            _ => false,
        };
        if is_done_again || sql::bulk_deed(conn, job, id)?.is_none() {
            left.push(id);
        }
    }
    Ok(left)
}
