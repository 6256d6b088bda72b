//! A search of everything that was written about tasks: titles, descriptions, notes, comments, and what jobs logged. It goes
//! through what its creator sees, task by task, and leaves each place where it found something as a row of a file.

mod hits;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::walk::Walk;
use super::writing::{Stored, Writing};
use super::{Context, JobKind, Stop};
use crate::config;
use crate::insight::HistoryFilter;
use crate::jobs::sheets::made::FileForm;
use crate::jobs::sought::{Mode, Place, Sought};
use crate::jobs::sql::{self, LogPlace};
use crate::locale::Lang;
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;
use crate::tasks::{Kind, Stage, TaskId, sql as tasks};
use hits::{Hit, Lines, Table, Wanted};

const STAGES: [&str; 3] = ["counting", "searching", "storing"];
/// Tasks of a part, with all their notes.
const TASKS: usize = 100;
/// Bytes of a log that are read at a time.
const LOG_BYTES: usize = 1024 * 1024;

/// The members of the filter beside these are read by it.
#[derive(Deserialize)]
struct Payload {
    q: String,
    #[serde(default = "words", rename = "match")]
    mode: Mode,
    #[serde(default = "csv")]
    format: FileForm,
    #[serde(default = "yes")]
    titles: bool,
    #[serde(default = "yes")]
    descriptions: bool,
    #[serde(default = "yes")]
    notes: bool,
    #[serde(default = "yes")]
    comments: bool,
    #[serde(default = "yes")]
    logs: bool,
}

fn words() -> Mode {
    Mode::Words
}

fn csv() -> FileForm {
    FileForm::Csv
}

fn yes() -> bool {
    true
}

impl Payload {
    fn places(&self) -> Vec<Place> {
        let places = [
            (Place::Title, self.titles),
            (Place::Description, self.descriptions),
            (Place::Note, self.notes),
            (Place::Comment, self.comments),
            (Place::Log, self.logs),
        ];
        places.into_iter().filter_map(|(place, is_wanted)| is_wanted.then_some(place)).collect()
    }
}

pub struct Search;

impl JobKind for Search {
    type Payload = Value;

    async fn run(payload: Value, job: &Context) -> Result<Value, Stop> {
        let mut search = Seeking::begin(payload, job).await?;
        search.count().await?;
        search.seek().await?;
        search.end().await
    }
}

/// A search under way.
struct Seeking<'a> {
    job: &'a Context,
    l: Lang,
    walk: Walk<'a>,
    wanted: Wanted,
    table: Table,
    writing: Writing,
    form: FileForm,
    total: i64,
    /// Tasks that it has looked at, and that something was found about.
    tasks: i64,
    found_tasks: i64,
    hits: BTreeMap<Place, i64>,
    room: usize,
    /// More was found than there is room for.
    is_cut: bool,
}

impl<'a> Seeking<'a> {
    async fn begin(mut payload: Value, job: &'a Context) -> Result<Seeking<'a>, Stop> {
        let said: Payload = serde_json::from_value(payload.clone()).map_err(|error| Stop::Failed(error.to_string()))?;
        // What is sought is not what the index of titles and descriptions is asked for.
        payload.as_object_mut().map(|members| members.remove("q"));
        let l = job.lang().await?;
        let sought = Sought::parse(&said.q, said.mode).map_err(|why| Stop::Failed(l.m(&why)))?;
        let zone = job.by_creator().await?.viewer.zone.clone();
        let config = &job.app().config;
        let address = match &config.base_url {
            Some(url) => url.to_string(),
            None => config.base().to_string(),
        };
        let table = Table { l, zone, address };
        let most = config.output.artifact_bytes;
        Ok(Seeking {
            job,
            l,
            walk: Walk::begin(job, HistoryFilter::from_payload(&payload)).await?,
            wanted: Wanted { places: said.places(), sought },
            writing: Writing::begin(said.format, job.scratch_folder(), table.layout(), most),
            table,
            form: said.format,
            total: 0,
            tasks: 0,
            found_tasks: 0,
            hits: BTreeMap::new(),
            room: config::SEARCH_HITS,
            is_cut: false,
        })
    }

    async fn count(&mut self) -> Result<(), Stop> {
        self.job.report(Report { stage: Some(stage(0)), ..Report::default() }).await?;
        self.total = self.walk.count().await?;
        self.tell(1, 0).await
    }

    async fn tell(&self, place: usize, skipped: i64) -> Result<(), Stop> {
        let counts = CountsGiven {
            total: Some(self.total),
            succeeded: Some(self.tasks),
            skipped: Some(skipped),
            ..CountsGiven::default()
        };
        self.job.report(Report { counts, stage: Some(stage(place)), ..Report::default() }).await
    }

    async fn seek(&mut self) -> Result<(), Stop> {
        while !self.is_cut {
            // One more than there is room for says that there are more.
            let (wanted, room) = (self.wanted.clone(), self.room + 1);
            let part = self.walk.part(TASKS, move |conn, _, lines| {
                let hits = wanted.of_tasks(conn, &lines, room)?;
                let tasks = lines.into_iter().map(|line| (line.id, line.kind, line.title));
                Ok((tasks.collect::<Vec<_>>(), hits))
            });
            let Some((tasks, hits)) = part.await? else { break };
            let mut found: BTreeSet<TaskId> = hits.iter().map(|hit| hit.task).collect();
            self.keep(hits).await?;
            if self.wanted.places.contains(&Place::Log) {
                for (id, _, title) in tasks.iter().filter(|(_, kind, _)| *kind == Kind::Job) {
                    if self.log(*id, title).await? {
                        found.insert(*id);
                    }
                }
            }
            self.tasks += i64::try_from(tasks.len()).unwrap_or(0);
            self.found_tasks += i64::try_from(found.len()).unwrap_or(0);
            self.total = self.total.max(self.tasks);
            self.tell(1, 0).await?;
        }
        Ok(())
    }

    /// What one job logged, in pieces; whether something was found in it. It is asked before each piece whether whoever
    /// searches may still see it.
    async fn log(&mut self, id: TaskId, title: &str) -> Result<bool, Stop> {
        let (mut found, mut lines) = (false, Lines::new(id, title));
        let mut place = Some(LogPlace::default());
        while let Some(from) = place.take().filter(|_| !self.is_cut) {
            let (wanted, room, mut at) = (self.wanted.clone(), self.room + 1, lines);
            let read = self.job.read_as(move |conn, viewer| {
                let (chunks, next) = match tasks::find_for(conn, viewer, id)? {
                    Some(_) => sql::log_chunks(conn, id, from, LOG_BYTES)?,
                    None => (Vec::new(), None),
                };
                let mut hits = Vec::new();
                for chunk in &chunks {
                    at.take(chunk, &wanted, room, &mut hits);
                }
                if next.is_none() {
                    at.end(&wanted, room, &mut hits);
                }
                Ok((hits, at, next))
            });
            let (hits, at, next) = read.await?;
            (lines, place) = (at, next);
            found |= !hits.is_empty();
            self.keep(hits).await?;
        }
        Ok(found)
    }

    /// Counts and writes what was found: no more than there was room for.
    async fn keep(&mut self, mut hits: Vec<Hit>) -> Result<(), Stop> {
        self.is_cut |= hits.len() > self.room;
        hits.truncate(self.room);
        self.room -= hits.len();
        for hit in &hits {
            *self.hits.entry(hit.place).or_default() += 1;
        }
        let rows = hits.into_iter().map(|hit| self.table.row(hit)).collect();
        self.writing.rows(rows).await.map_err(|why| why.stop(self.l))
    }

    async fn end(self) -> Result<Value, Stop> {
        let is_cut = self.is_cut;
        // Tasks that were counted and are gone were looked at as well as they could be.
        let skipped = if is_cut { self.total - self.tasks } else { 0 };
        let total = self.tasks + skipped;
        let told = Seeking { total, ..self };
        told.tell(2, skipped).await?;
        let (job, l) = (told.job, told.l);
        let hits: i64 = told.hits.values().sum();
        let name = format!("found.{}", told.form);
        let Stored { bytes, expires_at } = told.writing.store(job, &name, l).await?;
        let mut log = format!("{}\n", l.n("search-told-hits", hits));
        if is_cut {
            log.push_str(&l.n("search-told-cut", hits));
            log.push('\n');
        }
        job.log(&log).await?;
        let found: BTreeMap<&str, i64> = told
            .wanted
            .places
            .iter()
            .map(|place| (place.as_str(), told.hits.get(place).copied().unwrap_or_default()))
            .collect();
        Ok(json!({
            "tasks": told.tasks,
            "tasks_found": told.found_tasks,
            "hits": hits,
            "found": found,
            "is_cut": is_cut,
            "file": name,
            "bytes": bytes,
            "expires_at": expires_at,
        }))
    }
}

fn stage(place: usize) -> Stage {
    Stage::among(&STAGES, place)
}
