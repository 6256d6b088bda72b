//! Brings work in from the export of another tracker. It is saved as rows of a table are (`import_tasks`): looked at whole
//! first, then five hundred in a write, each by itself, in the name of whoever started the job; a second import updates.
//! What does not come along is counted by kind, told of each task, and stands in a file.

mod plan;
mod told;

use std::collections::BTreeSet;
use std::sync::Arc;

use encoding_rs::UTF_8;
use serde::Deserialize;
use serde_json::{Value, json};

use super::import_tasks::bad::BadRows;
use super::import_tasks::directory::Directory;
use super::import_tasks::intake::Intake;
use super::import_tasks::row::Looked;
use super::import_tasks::{CHUNK, again, blocking, stage};
use super::{Context, FileOf, JobKind, Stop};
use crate::error::{Error, msg};
use crate::jobs::columns::DateOrder;
use crate::jobs::sheets::Form;
use crate::jobs::trackers::{self, Export, Projects, Tracker, Wishes};
use crate::people::actions::create_project;
use crate::people::{ProjectId, UserId};
use crate::tasks::actions::Report;
use plan::Plan;
use told::LeftOut;

const BAD_TASKS: &str = "not-imported.csv";
const LEFT_OUT: &str = "left-out.csv";
/// Projects that one import makes: more are no projects.
const PROJECTS: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    file: FileOf,
    #[serde(default)]
    tracker: String,
    #[serde(default)]
    projects: Option<Projects>,
    /// Where all of it goes.
    project: Option<ProjectId>,
    /// Who is to do what names nobody of the house.
    assignee: Option<UserId>,
    #[serde(default)]
    dates: String,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    dry_run: bool,
}

impl Payload {
    fn wishes(&self) -> Wishes {
        Wishes {
            tracker: self.tracker.parse::<Tracker>().ok(),
            dates: self.dates.parse::<DateOrder>().ok(),
            with_archived: self.archived,
            name: self.file.name.clone(),
        }
    }
}

pub struct ImportTracker;

impl JobKind for ImportTracker {
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

/// An import under way.
struct Import<'a> {
    intake: Intake<'a>,
    payload: Payload,
    export: Arc<Export>,
    plan: Arc<Plan>,
    new_projects: Vec<String>,
    left: LeftOut,
}

impl<'a> Import<'a> {
    async fn begin(payload: Payload, job: &'a Context) -> Result<Import<'a>, Stop> {
        let l = job.lang().await?;
        job.report(Report { stage: Some(stage(0)), ..Report::default() }).await?;
        let file = job.file(&payload.file).await?;
        let (mut copy, wishes) = (again(&file)?, payload.wishes());
        let reading = move || trackers::load(&mut copy).and_then(|bytes| trackers::read(&bytes, &wishes));
        let export = blocking(l, reading).await?;
        let viewer = job.by_creator().await?.viewer.clone();
        let mut bad = BadRows::new(job.scratch()?, &Form::Text { encoding: UTF_8, delimiter: b',' });
        bad.begin(&plan::header(l), l.t("import-reason"))?;
        let plan = Plan {
            directory: directory(job).await?,
            zone: viewer.zone.clone(),
            assignee: payload.assignee,
            project: payload.project,
            projects: payload.projects.unwrap_or(Projects::Make),
            would_make: BTreeSet::new(),
            l,
        };
        let rows = i64::try_from(export.tasks.len()).unwrap_or(i64::MAX);
        let mut import = Import {
            intake: Intake::new(job, l, bad, payload.dry_run),
            payload,
            left: LeftOut::of(export.left.clone()),
            export: Arc::new(export),
            plan: Arc::new(plan),
            new_projects: Vec::new(),
        };
        import.intake.rows = rows;
        import.make_projects().await?;
        let tracker = l.t(import.export.tracker.label_key());
        job.log(&format!("{tracker}: {}\n", l.n("tracker-told-tasks", rows))).await?;
        Ok(import)
    }

    /// Makes the projects that are named and not there. One that was archived here, or that somebody else made just now, is
    /// not made again.
    async fn make_projects(&mut self) -> Result<(), Stop> {
        if self.payload.project.is_some() || self.plan.projects != Projects::Make {
            return Ok(());
        }
        let named: BTreeSet<&str> = self.export.tasks.iter().filter_map(|task| task.project.as_deref()).collect();
        let missing: Vec<String> = named
            .into_iter()
            .filter(|name| self.plan.directory.project(name).is_err())
            .map(ToOwned::to_owned)
            .collect();
        if missing.len() > PROJECTS {
            return Err(Stop::Failed(self.intake.l.m(&msg("tracker-many-projects").arg("limit", PROJECTS))));
        }
        if self.payload.dry_run {
            self.plan()?.would_make = missing.iter().cloned().collect();
            self.new_projects = missing;
            return Ok(());
        }
        for name in missing {
            if self.intake.job.is_cancelled() {
                return Err(Stop::Told);
            }
            let viewer = self.intake.job.by_creator().await?.viewer.clone();
            match create_project(self.intake.job.app(), &viewer, &name).await {
                Ok(_) => self.new_projects.push(name),
                Err(Error::Invalid(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !self.new_projects.is_empty() {
            let directory = directory(self.intake.job).await?;
            self.plan()?.directory = directory;
        }
        Ok(())
    }

    /// To be changed, before anybody else reads it.
    fn plan(&mut self) -> Result<&mut Plan, Error> {
        Ok(Arc::get_mut(&mut self.plan).ok_or_else(|| anyhow::anyhow!("a plan that others read"))?)
    }

    /// The tasks of a chunk, looked at.
    async fn look(&self, chunk: usize) -> Result<(Looked, LeftOut), Stop> {
        let (export, plan) = (self.export.clone(), self.plan.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let first = chunk * CHUNK;
            let last = export.tasks.len().min(first + CHUNK);
            plan.look(&export.tasks[first..last], first)
        });
        looked.await.map_err(|error| Stop::Broken(error.into()))
    }

    fn chunks(&self) -> usize {
        self.export.tasks.len().div_ceil(CHUNK)
    }

    /// Looks at every task: what cannot be saved is known before anything is.
    async fn validate(&mut self) -> Result<(), Stop> {
        self.intake.stage = 1;
        for chunk in 0..self.chunks() {
            let (looked, left) = self.look(chunk).await?;
            self.left.add(left);
            self.intake.look(looked).await?;
        }
        Ok(())
    }

    async fn save(&mut self) -> Result<(), Stop> {
        self.intake.enter(2).await?;
        for chunk in 0..self.chunks() {
            let (looked, _) = self.look(chunk).await?;
            self.intake.save(looked).await?;
        }
        Ok(())
    }

    async fn end(mut self) -> Result<Value, Stop> {
        let (job, l) = (self.intake.job, self.intake.l);
        self.intake.enter(3).await?;
        for items in self.left.items(l, self.intake.room()) {
            job.report(self.intake.report(items)).await?;
        }
        let has_left = !self.left.is_empty();
        if has_left {
            let file = self.left.file(job.scratch()?, l)?;
            job.artifact_of(LEFT_OUT, "text/csv; charset=utf-8", file).await?;
        }
        let mut result = self.intake.end(BAD_TASKS, &self.left.told(l)).await?;
        result["tracker"] = json!(self.export.tracker);
        result["tasks"] = json!(self.export.tasks.len());
        result["projects_made"] = json!(self.new_projects);
        result["left_out"] = json!(self.left.counts());
        result["unknown_people"] = json!(self.left.unknown());
        result["left_out_file"] = json!(has_left.then_some(LEFT_OUT));
        Ok(result)
    }
}

async fn directory(job: &Context) -> Result<Directory, Stop> {
    let organisation = job.organisation();
    job.read(move |conn| Directory::read(conn, organisation)).await
}
