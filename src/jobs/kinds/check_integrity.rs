//! Checks that the store is whole and says what the trail says: SQLite's own checks, every task against its folded trail,
//! what is counted on write against what there is, and that nothing is left of what is gone. What it finds are items, and
//! a text file. It reads in small pieces; pages never wait for it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, JobKind, Stop};
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::jobs::sql::{self, Finding, TaskPlace};
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;
use crate::tasks::{Stage, TaskId};

/// Tasks of one read: some tens of milliseconds.
const TASKS: i64 = 500;
/// Jobs of which the output is looked at in one read.
const OUTPUTS: i64 = 100;
/// Findings that are kept with their message; of more only the number is.
const KEPT: usize = 10_000;

const STAGES: [&str; 4] = ["store", "tasks", "counts", "output"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {}

pub struct CheckIntegrity;

impl JobKind for CheckIntegrity {
    type Payload = Payload;

    async fn run(_: Payload, job: &Context) -> Result<Value, Stop> {
        let mut check = Check::begin(job).await?;
        check.store().await?;
        check.tasks().await?;
        check.counts().await?;
        check.output().await?;
        check.end().await
    }
}

/// A check under way: how far it is, and what it found.
struct Check<'a> {
    job: &'a Context,
    stage: usize,
    /// How many tasks and outputs there seem to be, until they were walked.
    expected: (i64, i64),
    right: i64,
    wrong: i64,
    tables: Vec<String>,
    tasks: i64,
    entries: i64,
    outputs: i64,
    findings: i64,
    kept: Vec<Finding>,
}

impl<'a> Check<'a> {
    async fn begin(job: &'a Context) -> Result<Check<'a>, Stop> {
        let organisation = job.organisation();
        let (tables, tasks, outputs) = job
            .read(move |conn| {
                Ok((sql::tables(conn)?, sql::counted_tasks(conn, organisation)?, sql::count_outputs(conn)?))
            })
            .await?;
        let check = Check {
            job,
            stage: 0,
            expected: (tasks, outputs),
            right: 0,
            wrong: 0,
            tables,
            tasks: 0,
            entries: 0,
            outputs: 0,
            findings: 0,
            kept: Vec::new(),
        };
        Ok(check)
    }

    /// Takes in what was found about some units, of which `wrong` have findings, and reports it.
    async fn found(&mut self, units: i64, wrong: i64, findings: Vec<Finding>) -> Result<(), Stop> {
        self.right += units - wrong;
        self.wrong += wrong;
        self.findings += i64::try_from(findings.len()).unwrap_or(0);
        let room = KEPT.saturating_sub(self.kept.len());
        let new: Vec<Finding> = findings.into_iter().take(room).collect();
        // The same thing may be wrong in several ways: one item each.
        let items: Vec<NewItem> =
            (self.kept.len() + 1..).zip(&new).map(|(number, finding)| item(number, finding)).collect();
        self.kept.extend(new);
        let mut items = items.chunks(crate::config::ITEMS_AT_ONCE);
        self.report(items.next().unwrap_or_default().to_vec()).await?;
        for more in items {
            self.report(more.to_vec()).await?;
        }
        Ok(())
    }

    /// Beside tables, tasks and outputs: the counts themselves, and what is left of what is gone.
    fn total(&self) -> i64 {
        i64::try_from(self.tables.len()).unwrap_or(0) + self.expected.0 + self.expected.1 + 2
    }

    async fn report(&self, items: Vec<NewItem>) -> Result<(), Stop> {
        let stage = Stage::among(&STAGES, self.stage);
        let counts = CountsGiven {
            total: Some(self.total()),
            succeeded: Some(self.right),
            failed: Some(self.wrong),
            ..CountsGiven::default()
        };
        self.job.report(Report { counts, stage: Some(stage), items, ..Report::default() }).await
    }

    async fn begin_stage(&mut self, stage: usize) -> Result<(), Stop> {
        self.stage = stage;
        self.report(Vec::new()).await?;
        self.job.log(&format!("checking {}\n", STAGES[stage])).await
    }

    async fn store(&mut self) -> Result<(), Stop> {
        self.begin_stage(0).await?;
        for table in self.tables.clone() {
            let findings = self.job.read(move |conn| sql::check_table(conn, &table)).await?;
            self.found(1, i64::from(!findings.is_empty()), findings).await?;
        }
        Ok(())
    }

    async fn tasks(&mut self) -> Result<(), Stop> {
        self.begin_stage(1).await?;
        let organisation = self.job.organisation();
        let mut next = Some(TaskPlace::default());
        while let Some(after) = next {
            let checked = self.job.read(move |conn| sql::check_tasks(conn, organisation, after, TASKS)).await?;
            next = checked.next;
            self.tasks += checked.tasks;
            self.expected.0 = if next.is_none() { self.tasks } else { self.expected.0.max(self.tasks) };
            self.entries += checked.entries;
            self.found(checked.tasks, checked.wrong, checked.findings).await?;
        }
        Ok(())
    }

    async fn counts(&mut self) -> Result<(), Stop> {
        self.begin_stage(2).await?;
        let organisation = self.job.organisation();
        let findings = self.job.read(move |conn| sql::check_counts(conn, organisation)).await?;
        self.found(1, i64::from(!findings.is_empty()), findings).await
    }

    async fn output(&mut self) -> Result<(), Stop> {
        self.begin_stage(3).await?;
        let organisation = self.job.organisation();
        let mut next = Some(TaskId::new(0));
        while let Some(after) = next {
            let checked = self.job.read(move |conn| sql::check_outputs(conn, organisation, after, OUTPUTS)).await?;
            next = checked.next;
            self.outputs += checked.jobs;
            self.expected.1 = if next.is_none() { self.outputs } else { self.expected.1.max(self.outputs) };
            self.found(checked.jobs, checked.wrong, checked.findings).await?;
        }
        let findings = self.job.read(sql::check_orphans).await?;
        self.found(1, i64::from(!findings.is_empty()), findings).await
    }

    async fn end(self) -> Result<Value, Stop> {
        let mut text = String::new();
        for Finding { what, message } in &self.kept {
            text.push_str(&format!("{what}: {message}\n"));
        }
        let more = self.findings - i64::try_from(self.kept.len()).unwrap_or(0);
        if more > 0 {
            text.push_str(&format!("and {more} more\n"));
        }
        if text.is_empty() {
            text.push_str("Nothing is wrong.\n");
        }
        self.job.artifact("findings.txt", "text/plain; charset=utf-8", text.into_bytes()).await?;
        self.job.log(&format!("{} findings\n", self.findings)).await?;
        Ok(json!({
            "findings": self.findings,
            "tables": self.tables.len(),
            "tasks": self.tasks,
            "entries": self.entries,
            "outputs": self.outputs,
        }))
    }
}

fn item(number: usize, finding: &Finding) -> NewItem {
    NewItem {
        key: Some(format!("{number}: {}", finding.what).chars().take(crate::config::ITEM_KEY_CHARS).collect()),
        outcome: ItemOutcome::Failed,
        message: Some(finding.message.clone()),
    }
}
