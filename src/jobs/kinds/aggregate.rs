//! Brings the sums that statistics read up to date with the trail, or makes them anew. It reads some thousand entries at a
//! time and saves what they add together with the place up to which they were read; what a kill or a cancel cuts off, the
//! next one goes on with. Whatever else adds to the same sums meanwhile, no entry counts twice.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, JobKind, Stop};
use crate::db::last_sequence;
use crate::tasks::Stage;
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;
use crate::tasks::sql::{self, Next};
use crate::tasks::sums::Ledger;

const STAGES: [&str; 3] = ["reading", "summing", "saving"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    #[serde(default)]
    rebuild: bool,
}

pub struct Aggregate;

impl JobKind for Aggregate {
    type Payload = Payload;

    async fn run(payload: Payload, job: &Context) -> Result<Value, Stop> {
        let summed = sum_up(job, payload.rebuild, &STAGES).await?;
        Ok(json!({
            "entries": summed.entries,
            "sequence": summed.ledger.sequence,
            "zone": summed.ledger.zone.iana_name(),
            "rebuilt": summed.is_anew,
            "removed_rows": summed.removed,
        }))
    }
}

/// Sums that are up to date.
pub(super) struct Summed {
    pub ledger: Ledger,
    /// Entries of the trail that were added now.
    pub entries: i64,
    /// Whether all of them were read from the beginning.
    pub is_anew: bool,
    /// Rows of earlier sums.
    removed: i64,
}

/// How far a job is with that; a kind may have stages after these.
struct Summing<'a> {
    job: &'a Context,
    stages: &'a [&'static str],
    stage: usize,
    total: i64,
    entries: i64,
}

/// Adds every entry that the trail has by now. The names of the job's stages begin with those of this.
pub(super) async fn sum_up(job: &Context, anew: bool, stages: &[&'static str]) -> Result<Summed, Stop> {
    let mut summing = Summing { job, stages, stage: 0, total: 0, entries: 0 };
    let organisation = job.organisation();
    // What comes later is for the next one: this job's own reports are entries, too.
    let until = job.read(|conn| Ok(last_sequence(conn)?)).await?;
    let (ledger, is_anew) = loop {
        summing.stage = 0;
        let report = summing.report();
        let opened = job.act(move |w, _| Ok((sql::ledger_to_add_to(w.conn, organisation, anew, w.now)?, report)));
        let (ledger, is_anew) = opened.await?;
        let from = ledger.sequence;
        let more = job.read(move |conn| sql::count_entries(conn, organisation, from, until)).await?;
        summing.total = summing.entries + more;
        summing.stage = 1;
        job.report(summing.report()).await?;
        if summing.add(&ledger, until).await? {
            break (ledger, is_anew);
        }
    };
    summing.stage = 2;
    // Another one may have added some of them.
    summing.total = summing.entries;
    let (report, whole) = (summing.report(), ledger.clone());
    job.act(move |w, _| Ok((sql::put_in_place(w.conn, &whole)?, report))).await?;
    let removed = summing.remove_gone().await?;
    let ledger = Ledger { sequence: until.max(ledger.sequence), ..ledger };
    Ok(Summed { ledger, entries: summing.entries, is_anew, removed })
}

impl Summing<'_> {
    fn report(&self) -> Report {
        let stage = Stage::among(self.stages, self.stage);
        let counts = match self.stage {
            0 => CountsGiven::default(),
            _ => CountsGiven { total: Some(self.total), succeeded: Some(self.entries), ..CountsGiven::default() },
        };
        Report { stage: Some(stage), counts, ..Report::default() }
    }

    /// Whether the ledger has all entries now; else another one took its place.
    async fn add(&mut self, ledger: &Ledger, until: i64) -> Result<bool, Stop> {
        loop {
            let of = ledger.clone();
            let chunk = match self.job.read(move |conn| sql::next_chunk(conn, &of, until)).await? {
                Next::Chunk(chunk) => chunk,
                Next::Whole => return Ok(true),
                Next::Gone => return Ok(false),
            };
            let read = chunk.entries;
            let (before, after) = (self.report(), Summing { entries: self.entries + read, ..*self }.report());
            let added = self.job.act(move |w, _| {
                let is_added = sql::add_chunk(w.conn, &chunk, w.now)?;
                Ok((is_added, if is_added { after } else { before }))
            });
            if added.await? {
                self.entries += read;
            }
        }
    }

    /// Nobody reads these any more.
    async fn remove_gone(&self) -> Result<i64, Stop> {
        let organisation = self.job.organisation();
        let mut removed = 0;
        loop {
            let report = self.report();
            let rows = self.job.act(move |w, _| Ok((sql::remove_gone_ledgers(w.conn, organisation)?, report))).await?;
            if rows == 0 {
                return Ok(removed);
            }
            removed += i64::try_from(rows).unwrap_or(0);
        }
    }
}
