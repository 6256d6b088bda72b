//! Removes what was kept for long enough, in small steps between which everybody else's writes come: ended jobs with all they
//! left, files, links, tokens. It dismisses jobs as people do, so that their trail stays. First it counts; a dry run ends
//! there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Context, JobKind, Stop};
use crate::config;
use crate::error::Error;
use crate::jobs::actions::by_milepost;
use crate::jobs::artifacts::ArtifactId;
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::jobs::retention::{Retention, before};
use crate::jobs::sql::{self, EndedPlace};
use crate::locale::Lang;
use crate::people::OrganisationId;
use crate::people::actions::remove_leftovers;
use crate::people::sql::{Leftover, count_leftovers, organisation_ids};
use crate::tasks::actions::{Report, delete};
use crate::tasks::progress::CountsGiven;
use crate::tasks::{Stage, Status, TaskId, sql as tasks};

/// Rows of one look.
const LOOK: i64 = 500;

const ENDED: [(Status, &str); 3] =
    [(Status::Done, "done-jobs"), (Status::Failed, "failed-jobs"), (Status::Cancelled, "cancelled-jobs")];
const FILES: &str = "files";

pub struct CleanUp;

impl JobKind for CleanUp {
    type Payload = Retention;

    async fn run(kept: Retention, job: &Context) -> Result<Value, Stop> {
        let now = job.app().clock.now();
        let (organisations, awaited) =
            job.read(|conn| Ok((organisation_ids(conn)?, sql::files_awaited(conn)?))).await?;
        let (found, gone) = (BTreeMap::new(), BTreeMap::new());
        let mut cleaning = Cleaning { job, kept, now, organisations, awaited, found, gone };
        cleaning.go_through(Pass::Count).await?;
        let is_dry = cleaning.kept.dry_run;
        if !is_dry {
            cleaning.go_through(Pass::Remove).await?;
        }
        cleaning.end(is_dry).await
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Count,
    Remove,
}

struct Cleaning<'a> {
    job: &'a Context,
    kept: Retention,
    now: Timestamp,
    organisations: Vec<OrganisationId>,
    /// Jobs with a file that is still to be read.
    awaited: BTreeSet<TaskId>,
    /// How many there are to remove, and were removed, of each sort.
    found: BTreeMap<&'static str, i64>,
    gone: BTreeMap<&'static str, i64>,
}

impl Cleaning<'_> {
    async fn go_through(&mut self, pass: Pass) -> Result<(), Stop> {
        let (index, name) = if pass == Pass::Count { (1, "counting") } else { (2, "removing") };
        let stage = Stage { name: name.into(), index: Some(index), of: Some(2) };
        let total = (pass == Pass::Remove).then(|| self.found.values().sum());
        let counts = CountsGiven { total, ..CountsGiven::default() };
        self.job.report(Report { stage: Some(stage), counts, ..Report::default() }).await?;
        for (status, sort) in ENDED {
            for organisation in self.organisations.clone() {
                self.jobs(pass, organisation, status, sort).await?;
            }
        }
        self.files(pass).await?;
        for what in Leftover::ALL {
            self.leftovers(pass, *what).await?;
        }
        Ok(())
    }

    async fn jobs(
        &mut self,
        pass: Pass,
        organisation: OrganisationId,
        status: Status,
        sort: &'static str,
    ) -> Result<(), Stop> {
        let oldest = before(self.now, self.kept.shortest(status));
        let mut place = Some(EndedPlace::default());
        while let Some(after) = place {
            let (kept, now) = (self.kept.clone(), self.now);
            let (ids, next) = self
                .job
                .read(move |conn| {
                    let (ids, next) = sql::ended_jobs(conn, organisation, status, oldest, after, LOOK)?;
                    let mut over = Vec::new();
                    for id in ids {
                        if tasks::find(conn, id)?.is_some_and(|task| kept.is_over(&task, now)) {
                            over.push(id);
                        }
                    }
                    Ok((over, next))
                })
                .await?;
            place = next;
            let ids: Vec<TaskId> = ids.into_iter().filter(|id| !self.awaited.contains(id)).collect();
            if pass == Pass::Count {
                *self.found.entry(sort).or_default() += number(ids.len());
                continue;
            }
            for chunk in ids.chunks(config::BULK_CHUNK) {
                self.dismiss(organisation, chunk.to_vec(), sort).await?;
            }
        }
        Ok(())
    }

    /// One step of the writer: each by itself, as one who dismisses it would. It is asked again whether it is over: somebody
    /// may have begun it anew.
    async fn dismiss(
        &mut self,
        organisation: OrganisationId,
        ids: Vec<TaskId>,
        sort: &'static str,
    ) -> Result<(), Stop> {
        let app = self.job.app();
        let by = by_milepost(organisation, &app.dispatch, &app.config.output);
        let (kept, now) = (self.kept.clone(), self.now);
        let done = app.db.write(move |w| {
            let (mut gone, mut refused) = (0, Vec::new());
            for id in ids {
                let removed = w.nested(|w| match tasks::find(w.conn, id)? {
                    Some(task) if kept.is_over(&task, now) => delete(w, &by, id).map(|_| true),
                    _ => Ok(false),
                });
                match removed {
                    Ok(removed) => gone += i64::from(removed),
                    Err(Error::Conflict(why)) => refused.push((id, why)),
                    Err(Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok((gone, refused))
        });
        let (gone, refused) = done.await?;
        let items = refused.into_iter().map(|(id, why)| NewItem {
            key: Some(id.to_string()),
            outcome: ItemOutcome::Skipped,
            message: Some(Lang::En.m(&why)),
        });
        let items: Vec<NewItem> = items.collect();
        if !items.is_empty() {
            self.job.report(Report { items, ..Report::default() }).await?;
        }
        self.removed(sort, gone).await
    }

    async fn files(&mut self, pass: Pass) -> Result<(), Stop> {
        let (ended_before, now) = (before(self.now, self.kept.file_days), self.now);
        let mut place = Some(ArtifactId::new(0));
        while let Some(after) = place {
            let (files, next) = self.job.read(move |conn| sql::old_files(conn, ended_before, now, after, LOOK)).await?;
            place = next;
            let ids: Vec<ArtifactId> =
                files.into_iter().filter(|(_, task)| !self.awaited.contains(task)).map(|(id, _)| id).collect();
            if pass == Pass::Count {
                *self.found.entry(FILES).or_default() += number(ids.len());
                continue;
            }
            if ids.is_empty() {
                continue;
            }
            let gone = self.job.app().db.write(move |w| {
                let mut gone = 0;
                for id in ids {
                    gone += i64::from(sql::let_file_go(w.conn, id, ended_before, now)?);
                }
                Ok(gone)
            });
            let gone = gone.await?;
            self.removed(FILES, gone).await?;
        }
        Ok(())
    }

    async fn leftovers(&mut self, pass: Pass, what: Leftover) -> Result<(), Stop> {
        let over_before = match what {
            Leftover::Sessions => self.now,
            Leftover::Answers => self.now - config::ANSWERS_KEPT,
            Leftover::Invitations | Leftover::ResetLinks => before(self.now, self.kept.link_days),
            Leftover::Tokens => before(self.now, self.kept.token_days),
        };
        if pass == Pass::Count {
            let found = self.job.read(move |conn| Ok(count_leftovers(conn, what, over_before)?)).await?;
            self.found.insert(what.as_str(), found);
            return Ok(());
        }
        let removed = remove_leftovers(self.job.app(), what, over_before).await?;
        self.removed(what.as_str(), number(removed)).await
    }

    /// What went, told as it goes.
    async fn removed(&mut self, sort: &'static str, gone: i64) -> Result<(), Stop> {
        if gone == 0 {
            return Ok(());
        }
        *self.gone.entry(sort).or_default() += gone;
        let succeeded: i64 = self.gone.values().sum();
        let total = self.found.values().sum::<i64>().max(succeeded);
        let counts = CountsGiven { total: Some(total), succeeded: Some(succeeded), ..CountsGiven::default() };
        self.job.report(Report { counts, ..Report::default() }).await
    }

    async fn end(self, is_dry: bool) -> Result<Value, Stop> {
        let told = if is_dry { &self.found } else { &self.gone };
        let mut text = String::new();
        for (sort, found) in &self.found {
            let gone = told.get(sort).copied().unwrap_or_default();
            text.push_str(&match is_dry {
                true => format!("{sort}: {found} would go\n"),
                false => format!("{sort}: {gone} removed\n"),
            });
        }
        text.push_str("The trail stays, and assignments.\n");
        self.job.log(&text).await?;
        let sorts = self.found.keys().map(|sort| (*sort, told.get(sort).copied().unwrap_or_default()));
        let sorts: BTreeMap<&str, i64> = sorts.collect();
        Ok(if is_dry { json!({ "dry_run": true, "would_remove": sorts }) } else { json!({ "removed": sorts }) })
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
