//! What a history filter shows, whole, as XLSX or CSV. It is read in parts with the rights that its creator has by then, and
//! written by a thread that is never more than a part behind: neither the rows nor the file are ever in memory as a whole.

mod table;

use serde::Deserialize;
use serde_json::{Value, json};

use super::walk::Walk;
use super::writing::{Stored, Writing};
use super::{Context, JobKind, Stop};
use crate::insight::HistoryFilter;
use crate::jobs::sheets::made::FileForm;
use crate::locale::Lang;
use crate::tasks::Stage;
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;
use table::Table;

const STAGES: [&str; 3] = ["counting", "writing", "storing"];
/// Rows of a part: some megabytes, if all have long descriptions.
const ROWS: usize = 500;
/// Parts between two reports.
const TOLD_EACH: usize = 4;

/// The members of the filter beside these are read by it.
#[derive(Deserialize)]
struct Payload {
    #[serde(default = "xlsx")]
    format: FileForm,
    #[serde(default = "yes")]
    descriptions: bool,
}

fn xlsx() -> FileForm {
    FileForm::Xlsx
}

fn yes() -> bool {
    true
}

pub struct ExportHistory;

impl JobKind for ExportHistory {
    type Payload = Value;

    async fn run(payload: Value, job: &Context) -> Result<Value, Stop> {
        let mut export = Export::begin(payload, job).await?;
        export.count().await?;
        let writing = export.write().await?;
        export.store(writing).await
    }
}

/// An export under way.
struct Export<'a> {
    job: &'a Context,
    l: Lang,
    walk: Walk<'a>,
    form: FileForm,
    table: Table,
    total: i64,
    rows: i64,
}

impl<'a> Export<'a> {
    async fn begin(payload: Value, job: &'a Context) -> Result<Export<'a>, Stop> {
        let filter = HistoryFilter::from_payload(&payload);
        let payload: Payload = serde_json::from_value(payload).map_err(|error| Stop::Failed(error.to_string()))?;
        let l = job.lang().await?;
        let walk = Walk::begin(job, filter).await?;
        let zone = job.by_creator().await?.viewer.zone.clone();
        let table = Table { l, zone, has_descriptions: payload.descriptions };
        Ok(Export { job, l, walk, form: payload.format, table, total: 0, rows: 0 })
    }

    async fn count(&mut self) -> Result<(), Stop> {
        let stage = Report { stage: Some(stage(0)), ..Report::default() };
        self.job.report(stage).await?;
        self.total = self.walk.count().await?;
        Ok(())
    }

    async fn tell(&self, place: usize) -> Result<(), Stop> {
        let counts = CountsGiven { total: Some(self.total), succeeded: Some(self.rows), ..CountsGiven::default() };
        self.job.report(Report { counts, stage: Some(stage(place)), ..Report::default() }).await
    }

    async fn write(&mut self) -> Result<Writing, Stop> {
        self.tell(1).await?;
        let most = self.job.app().config.output.artifact_bytes;
        let mut writing = Writing::begin(self.form, self.job.scratch_folder(), self.table.layout(), most);
        let mut parts = 0;
        loop {
            let table = self.table.clone();
            let rows = self
                .walk
                .part(ROWS, move |_, _, lines| Ok(lines.into_iter().map(|line| table.row(line)).collect::<Vec<_>>()));
            let Some(rows) = rows.await? else { break };
            self.rows += i64::try_from(rows.len()).unwrap_or(0);
            writing.rows(rows).await.map_err(|why| why.stop(self.l))?;
            parts += 1;
            if parts % TOLD_EACH == 0 {
                // Some may be there again meanwhile that were not counted.
                self.total = self.total.max(self.rows);
                self.tell(1).await?;
            }
        }
        // What was deleted meanwhile, or left the filter, is not missing.
        self.total = self.rows;
        Ok(writing)
    }

    async fn store(&self, writing: Writing) -> Result<Value, Stop> {
        self.tell(2).await?;
        let (job, form) = (self.job, self.form);
        let now = job.app().clock.now();
        let name = format!("history-{}.{form}", now.to_zoned(self.table.zone.clone()).date());
        let stored = writing.store(job, &name, self.l).await?;
        job.log(&format!("{name}: {}\n", self.l.n("export-told-rows", self.rows))).await?;
        let Stored { bytes, expires_at } = stored;
        Ok(json!({ "rows": self.rows, "file": name, "bytes": bytes, "format": form, "expires_at": expires_at }))
    }
}

fn stage(place: usize) -> Stage {
    Stage::among(&STAGES, place)
}
