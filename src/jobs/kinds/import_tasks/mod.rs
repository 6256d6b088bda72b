//! Brings work in from a file: CSV or XLSX, a task for each row. The file is read twice, never held: first every row is
//! looked at, so that what is wrong is known before anything is saved; then the good ones are saved, five hundred in a
//! write, each row by itself, in the name of whoever started the job. What a write saved it remembers, so that another
//! attempt goes on where the last one ended.

pub(super) mod bad;
pub(super) mod batches;
pub(super) mod directory;
pub(super) mod intake;
pub(super) mod row;
pub(super) mod save;
pub(super) mod tally;

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Context, FileOf, JobKind, Stop};
use crate::error::Message;
use crate::jobs::columns::{DateOrder, Target, guess};
use crate::jobs::sheets::{self, Form, Wishes};
use crate::locale::Lang;
use crate::people::UserId;
use crate::tasks::Stage;
use crate::tasks::actions::Report;
use bad::BadRows;
use batches::{Batch, Batches};
use directory::Directory;
use intake::Intake;
use row::{Looked, Plan};

pub(super) const STAGES: [&str; 4] = ["reading", "validating", "saving", "summing up"];
/// Rows of a chunk: some tens of milliseconds of the writer.
pub(super) const CHUNK: usize = 500;
/// Bad rows that are items, too; all of them are in the file.
pub(super) const ITEMS: usize = 10_000;
const BAD_ROWS: &str = "bad-rows.csv";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    file: FileOf,
    /// Whether the first row names the columns.
    #[serde(default = "yes")]
    header: bool,
    encoding: Option<String>,
    delimiter: Option<String>,
    sheet: Option<String>,
    /// Target → number of the column from 1, or its name. What is not said at all is guessed.
    columns: Option<Map<String, Value>>,
    dates: Option<DateOrder>,
    /// Who is to do what names nobody.
    assignee: Option<UserId>,
    #[serde(default)]
    dry_run: bool,
}

fn yes() -> bool {
    true
}

pub struct ImportTasks;

impl JobKind for ImportTasks {
    type Payload = Payload;

    async fn run(payload: Payload, job: &Context) -> Result<Value, Stop> {
        let mut import = Import::begin(payload, job).await?;
        import.validate().await?;
        if !import.intake.dry_run {
            import.save().await?;
        }
        import.end().await
    }
}

/// A delimiter by its sign or its name.
pub fn delimiter_of(text: &str) -> Option<char> {
    match text {
        "" => None,
        "tab" | "\\t" => Some('\t'),
        text => text.chars().next(),
    }
}

/// An import under way.
struct Import<'a> {
    intake: Intake<'a>,
    form: Form,
    plan: Arc<Plan>,
    header: Vec<String>,
    has_header: bool,
    file: std::fs::File,
}

impl<'a> Import<'a> {
    async fn begin(payload: Payload, job: &'a Context) -> Result<Import<'a>, Stop> {
        let l = job.lang().await?;
        let stage = Report { stage: Some(stage(0)), ..Report::default() };
        job.report(stage).await?;
        let file = job.file(&payload.file).await?;
        let wishes = Wishes {
            encoding: payload.encoding.clone().filter(|encoding| !encoding.is_empty()),
            delimiter: payload.delimiter.as_deref().and_then(delimiter_of),
            sheet: payload.sheet.clone().filter(|sheet| !sheet.is_empty()),
            is_perhaps_hebrew: l == Lang::He,
        };
        let mut copy = again(&file)?;
        let form = blocking(l, move || sheets::look(&mut copy, &wishes)).await?;
        let bad = BadRows::new(job.scratch()?, &form);
        let mut import = Import {
            intake: Intake::new(job, l, bad, payload.dry_run),
            plan: Arc::default(),
            header: Vec::new(),
            has_header: payload.header,
            form,
            file,
        };
        import.count().await?;
        import.prepare(&payload).await?;
        Ok(import)
    }

    fn batches(&self) -> Result<Batches, Stop> {
        Ok(Batches::start(again(&self.file)?, self.form.clone(), self.intake.l))
    }

    /// Counts the rows and keeps the first one.
    async fn count(&mut self) -> Result<(), Stop> {
        let (mut batches, mut rows) = (self.batches()?, 0);
        while let Some(batch) = batches.next().await? {
            if self.intake.job.is_cancelled() {
                return Err(Stop::Told);
            }
            if rows == 0 {
                self.header = batch.rows.first().map(|row| row.cells.clone()).unwrap_or_default();
            }
            rows += i64::try_from(batch.rows.len()).unwrap_or(0);
        }
        self.intake.rows = rows - i64::from(self.has_header && rows > 0);
        match self.intake.rows {
            0 => Err(self.sentence(&crate::error::msg("import-no-rows"))),
            _ => Ok(()),
        }
    }

    /// What the columns are to become, and who and what there is to name in them.
    async fn prepare(&mut self, payload: &Payload) -> Result<(), Stop> {
        let names: &[String] = if self.has_header { &self.header } else { &[] };
        let columns = match &payload.columns {
            Some(said) => row::columns(said, names),
            None => Ok(guess(names)
                .into_iter()
                .enumerate()
                .filter_map(|(column, target)| target.map(|target| (target, column)))
                .collect()),
        };
        let columns: Vec<(Target, usize)> = columns.map_err(|why| self.sentence(&why))?;
        if !columns.iter().any(|(target, _)| *target == Target::Title) {
            return Err(self.sentence(&crate::error::msg("import-no-title")));
        }
        let (job, l) = (self.intake.job, self.intake.l);
        let viewer = job.by_creator().await?.viewer.clone();
        let organisation = job.organisation();
        let directory = job.read(move |conn| Directory::read(conn, organisation)).await?;
        let labels = columns.iter().map(|(target, column)| {
            let name = names.get(*column).filter(|name| !name.trim().is_empty()).cloned();
            name.unwrap_or_else(|| l.t(target.label_key()).to_owned())
        });
        let labels = labels.collect();
        let (zone, assignee) = (viewer.zone.clone(), payload.assignee);
        let dates = payload.dates.unwrap_or(DateOrder::DayFirst);
        let directory = Arc::new(directory);
        self.plan = Arc::new(Plan { columns, labels, dates, zone, assignee, directory, l, ..Plan::default() });
        self.intake.bad.begin(names, l.t("import-reason"))?;
        let as_what = self.form.encoding().map_or_else(|| "XLSX".to_owned(), |name| format!("CSV, {name}"));
        job.log(&format!("{as_what}: {}\n", l.n("import-told-rows", self.intake.rows))).await
    }

    fn sentence(&self, why: &Message) -> Stop {
        Stop::Failed(self.intake.l.m(why))
    }

    /// Looks at every row: what cannot be saved is known before anything is.
    async fn validate(&mut self) -> Result<(), Stop> {
        self.intake.stage = 1;
        let (mut batches, mut seen) = (self.batches()?, HashMap::new());
        while let Some(batch) = batches.next().await? {
            let looked = self.look(batch, &mut seen).await?;
            self.intake.look(looked).await?;
        }
        Ok(())
    }

    async fn look(&self, batch: Batch, seen: &mut HashMap<u64, u64>) -> Result<Looked, Stop> {
        let (plan, header) = (self.plan.clone(), usize::from(self.has_header));
        let looked = tokio::task::spawn_blocking(move || plan.look(batch, header)).await;
        let mut looked = looked.map_err(|error| Stop::Broken(error.into()))?;
        looked.refuse_twins(seen, self.intake.l);
        Ok(looked)
    }

    async fn save(&mut self) -> Result<(), Stop> {
        self.intake.enter(2).await?;
        let (mut batches, mut seen) = (self.batches()?, HashMap::new());
        while let Some(batch) = batches.next().await? {
            let looked = self.look(batch, &mut seen).await?;
            self.intake.save(looked).await?;
        }
        Ok(())
    }

    async fn end(mut self) -> Result<Value, Stop> {
        self.intake.enter(3).await?;
        let rows = self.intake.rows;
        let columns: Map<String, Value> =
            self.plan.columns.iter().map(|(target, column)| (target.to_string(), json!(column + 1))).collect();
        let mut result = self.intake.end(BAD_ROWS, "").await?;
        result["rows"] = json!(rows);
        result["encoding"] = json!(self.form.encoding());
        result["delimiter"] = json!(self.form.delimiter());
        result["columns"] = json!(columns);
        Ok(result)
    }
}

pub(super) fn stage(place: usize) -> Stage {
    Stage::among(&STAGES, place)
}

/// The same file, for another reader.
pub(super) fn again(file: &std::fs::File) -> Result<std::fs::File, Stop> {
    file.try_clone().map_err(|error| Stop::Broken(error.into()))
}

/// Reads a file off the async threads. A reader that panics over what is in it says no more than that.
pub(super) async fn blocking<T: Send + 'static>(
    l: Lang,
    read: impl FnOnce() -> Result<T, Message> + Send + 'static,
) -> Result<T, Stop> {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(told)) => Ok(told),
        Ok(Err(why)) => Err(Stop::Failed(l.m(&why))),
        Err(_) => Err(Stop::Failed(l.t("sheet-broken").to_owned())),
    }
}
