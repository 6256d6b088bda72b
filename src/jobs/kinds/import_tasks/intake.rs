//! What imports of every kind do alike, once they know what their rows want: they refuse what cannot be saved, save the rest,
//! count both and say how it went.

use serde_json::{Value, json};

use super::super::{Context, Stop};
use super::bad::{self, BadRows};
use super::row::Looked;
use super::save::{Outcome, Saves};
use super::tally::Tally;
use super::{ITEMS, stage};
use crate::jobs::items::NewItem;
use crate::jobs::sheets::Row;
use crate::locale::Lang;
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;

/// Rows that come in.
pub struct Intake<'a> {
    pub job: &'a Context,
    pub l: Lang,
    pub stage: usize,
    /// How many there are.
    pub rows: i64,
    pub dry_run: bool,
    tally: Tally,
    pub bad: BadRows,
    items: usize,
}

impl<'a> Intake<'a> {
    pub fn new(job: &'a Context, l: Lang, bad: BadRows, dry_run: bool) -> Intake<'a> {
        Intake { job, l, stage: 0, rows: 0, dry_run, tally: Tally::default(), bad, items: 0 }
    }

    fn counts(&self) -> CountsGiven {
        CountsGiven {
            total: Some(self.rows),
            succeeded: Some(self.tally.new + self.tally.updated),
            failed: Some(self.tally.failed),
            skipped: Some(self.tally.unchanged),
            ..CountsGiven::default()
        }
    }

    pub fn report(&self, items: Vec<NewItem>) -> Report {
        Report { counts: self.counts(), stage: Some(stage(self.stage)), items, ..Report::default() }
    }

    /// Tells that it is in this stage now.
    pub async fn enter(&mut self, stage: usize) -> Result<(), Stop> {
        self.stage = stage;
        self.job.report(self.report(Vec::new())).await
    }

    /// Items that there is still room for.
    pub fn room(&self) -> usize {
        ITEMS.saturating_sub(self.items)
    }

    /// Takes a piece that was looked at: refuses what cannot be saved, and in a trial what would not be.
    pub async fn look(&mut self, looked: Looked) -> Result<(), Stop> {
        let mut items = Vec::new();
        for (row, why) in &looked.bad {
            items.extend(self.refuse(row, why)?);
        }
        self.tally.looked(&looked);
        if self.dry_run {
            let saves = Saves::of(looked, self.job.organisation(), self.l);
            let outcomes = self.job.read(move |conn| saves.would(conn)).await?;
            items.extend(self.count(outcomes)?);
        }
        self.job.report(self.report(items)).await
    }

    /// Saves what is good of a piece.
    pub async fn save(&mut self, looked: Looked) -> Result<(), Stop> {
        let saves = Saves::of(looked, self.job.organisation(), self.l);
        let (id, base, room) = (self.job.id(), self.report(Vec::new()), self.room());
        let outcomes = self.job.act(move |w, by| saves.save(w, by, id, base, room)).await?;
        // Their items were written with what was saved.
        self.count(outcomes).map(drop)
    }

    fn count(&mut self, outcomes: Vec<Outcome>) -> Result<Vec<NewItem>, Stop> {
        let mut items = Vec::new();
        for outcome in outcomes {
            match outcome {
                Ok(saved) => self.tally.saved(saved),
                Err((row, why)) => items.extend(self.refuse(&row, &why)?),
            }
        }
        Ok(items)
    }

    /// What cannot be saved: into the file, and an item as long as there is room for it.
    fn refuse(&mut self, row: &Row, why: &str) -> Result<Option<NewItem>, Stop> {
        self.tally.failed += 1;
        self.bad.add(row, why)?;
        self.items += 1;
        Ok((self.items <= ITEMS).then(|| bad::item(self.l, row, why)))
    }

    /// Stores what could not be saved under this name, logs what it came to and `more`, and gives its part of the result.
    pub async fn end(self, bad_name: &str, more: &str) -> Result<Value, Stop> {
        let Intake { job, l, tally, bad, dry_run, .. } = self;
        let has_bad = tally.failed > 0;
        if has_bad {
            job.artifact_of(bad_name, "text/csv; charset=utf-8", bad.end()?).await?;
        }
        let quality = tally.quality();
        job.log(&(tally.told(l, &quality) + more)).await?;
        Ok(json!({
            "dry_run": dry_run,
            "new": tally.new,
            "updated": tally.updated,
            "skipped": tally.unchanged,
            "failed": tally.failed,
            "quality": quality.to_json(),
            "bad_rows": has_bad.then_some(bad_name),
        }))
    }
}
