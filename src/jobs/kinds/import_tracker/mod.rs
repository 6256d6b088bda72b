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

use super::import_tasks::bad::{self, BadRows};
use super::import_tasks::directory::Directory;
use super::import_tasks::row::{self, Looked};
use super::import_tasks::save::Saves;
use super::import_tasks::tally::Tally;
use super::import_tasks::{CHUNK, ITEMS, again, blocking, stage};
use super::{Context, FileOf, JobKind, Stop};
use crate::error::{Error, msg};
use crate::jobs::columns::DateOrder;
use crate::jobs::items::NewItem;
use crate::jobs::sheets::{Form, Row};
use crate::jobs::trackers::{self, Export, Projects, Tracker, Wishes};
use crate::locale::Lang;
use crate::people::actions::create_project;
use crate::people::{ProjectId, UserId};
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;
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
        if !import.payload.dry_run {
            import.save().await?;
        }
        import.end().await
    }
}

/// An import under way.
struct Import<'a> {
    job: &'a Context,
    l: Lang,
    payload: Payload,
    stage: usize,
    export: Arc<Export>,
    plan: Arc<Plan>,
    new_projects: Vec<String>,
    tally: Tally,
    bad: BadRows,
    left: LeftOut,
    items: usize,
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
            l,
        };
        let mut import = Import {
            job,
            l,
            payload,
            stage: 0,
            left: LeftOut::of(export.left.clone()),
            export: Arc::new(export),
            plan: Arc::new(plan),
            new_projects: Vec::new(),
            tally: Tally::default(),
            bad,
            items: 0,
        };
        import.make_projects().await?;
        import.tell_what_it_is().await?;
        Ok(import)
    }

    async fn tell_what_it_is(&self) -> Result<(), Stop> {
        let tracker = self.l.t(self.export.tracker.label_key());
        let tasks = i64::try_from(self.export.tasks.len()).unwrap_or(i64::MAX);
        self.job.log(&format!("{tracker}: {}\n", self.l.n("tracker-told-tasks", tasks))).await
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
            return Err(Stop::Failed(self.l.m(&msg("tracker-many-projects").arg("limit", PROJECTS))));
        }
        for name in missing {
            if self.job.is_cancelled() {
                return Err(Stop::Told);
            }
            if self.payload.dry_run {
                self.new_projects.push(name);
                continue;
            }
            let viewer = self.job.by_creator().await?.viewer.clone();
            match create_project(self.job.app(), &viewer, &name).await {
                Ok(_) => self.new_projects.push(name),
                Err(Error::Invalid(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !self.new_projects.is_empty() && !self.payload.dry_run {
            let directory = directory(self.job).await?;
            let plan = Arc::get_mut(&mut self.plan).ok_or_else(|| anyhow::anyhow!("a plan that others read"));
            plan.map_err(Error::from)?.directory = directory;
        }
        Ok(())
    }

    fn counts(&self) -> CountsGiven {
        CountsGiven {
            total: i64::try_from(self.export.tasks.len()).ok(),
            succeeded: Some(self.tally.new + self.tally.updated),
            failed: Some(self.tally.failed),
            skipped: Some(self.tally.unchanged),
            ..CountsGiven::default()
        }
    }

    fn report(&self, items: Vec<NewItem>) -> Report {
        Report { counts: self.counts(), stage: Some(stage(self.stage)), items, ..Report::default() }
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

    fn saves(&self, looked: Looked) -> Saves {
        let told = row::Plan { l: self.l, ..row::Plan::default() };
        Saves::of(looked, self.job.organisation(), Arc::new(told))
    }

    /// Looks at every task: what cannot be saved is known before anything is.
    async fn validate(&mut self) -> Result<(), Stop> {
        self.stage = 1;
        for chunk in 0..self.chunks() {
            let (looked, left) = self.look(chunk).await?;
            self.left.add(left);
            let mut items = Vec::new();
            for (row, why) in &looked.bad {
                items.extend(self.refuse(row, why)?);
            }
            self.tally.looked(&looked);
            if self.payload.dry_run {
                let saves = self.saves(looked);
                for outcome in self.job.read(move |conn| saves.would(conn)).await? {
                    match outcome {
                        Ok(saved) => self.tally.saved(saved),
                        Err((row, why)) => items.extend(self.refuse(&row, &why)?),
                    }
                }
            }
            self.job.report(self.report(items)).await?;
        }
        Ok(())
    }

    /// A task that cannot be saved: into the file, and an item as long as there is room for it.
    fn refuse(&mut self, row: &Row, why: &str) -> Result<Option<NewItem>, Stop> {
        self.tally.failed += 1;
        self.bad.add(row, why)?;
        self.items += 1;
        Ok((self.items <= ITEMS).then(|| bad::item(self.l, row, why)))
    }

    async fn save(&mut self) -> Result<(), Stop> {
        self.stage = 2;
        self.job.report(self.report(Vec::new())).await?;
        for chunk in 0..self.chunks() {
            let (looked, _) = self.look(chunk).await?;
            let saves = self.saves(looked);
            let (id, l, base) = (self.job.id(), self.l, self.report(Vec::new()));
            let room = ITEMS.saturating_sub(self.items);
            for outcome in self.job.act(move |w, by| saves.save(w, by, (id, l), base, room)).await? {
                match outcome {
                    Ok(saved) => self.tally.saved(saved),
                    // Its item was written with what was saved.
                    Err((row, why)) => drop(self.refuse(&row, &why)?),
                }
            }
        }
        Ok(())
    }

    async fn end(mut self) -> Result<Value, Stop> {
        self.stage = 3;
        self.job.report(self.report(Vec::new())).await?;
        for items in self.left.items(self.l, ITEMS.saturating_sub(self.items)) {
            self.job.report(self.report(items)).await?;
        }
        let has_bad = self.tally.failed > 0;
        if has_bad {
            self.job.artifact_of(BAD_TASKS, "text/csv; charset=utf-8", self.bad.end()?).await?;
        }
        let has_left = !self.left.is_empty();
        if has_left {
            let file = self.left.file(self.job.scratch()?, self.l)?;
            self.job.artifact_of(LEFT_OUT, "text/csv; charset=utf-8", file).await?;
        }
        let quality = self.tally.quality();
        self.job.log(&(self.tally.told(self.l, &quality) + &self.left.told(self.l))).await?;
        Ok(json!({
            "dry_run": self.payload.dry_run,
            "tracker": self.export.tracker,
            "tasks": self.export.tasks.len(),
            "new": self.tally.new,
            "updated": self.tally.updated,
            "skipped": self.tally.unchanged,
            "failed": self.tally.failed,
            "projects_made": self.new_projects,
            "left_out": self.left.counts(),
            "unknown_people": self.left.unknown(),
            "quality": quality.to_json(),
            "bad_rows": has_bad.then_some(BAD_TASKS),
            "left_out_file": has_left.then_some(LEFT_OUT),
        }))
    }
}

async fn directory(job: &Context) -> Result<Directory, Stop> {
    let organisation = job.organisation();
    job.read(move |conn| Directory::read(conn, organisation)).await
}
