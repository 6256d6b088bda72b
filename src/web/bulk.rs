//! What is done to all jobs that a filter names: first a page that says what will happen, then the act itself, in small
//! writes, each job answered by itself. A few are done before the answer comes; of many, a job of its own goes through
//! them, whose page shows how far it is and what was refused.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::flash::Flash;
use super::forms::Fields;
use super::jobs::{bucket_key, counted};
use super::monitor::{address, pairs};
use super::page::{Nav, Page, Visit};
use crate::App;
use crate::config;
use crate::db::Write;
use crate::db::types::words;
use crate::error::{Error, Message, Result, msg};
use crate::insight::jobs::{self, Bucket, Counted, JobKey};
use crate::insight::{self, JobFilter};
use crate::jobs::Outcome;
use crate::jobs::actions::{Finish, Heartbeat, finish, heartbeat, retry};
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::locale::Lang;
use crate::people::{Viewer, sql as people};
use crate::tasks::actions::{NewJob, NewTask, Report, cancel, create, delete, report};
use crate::tasks::progress::CountsGiven;
use crate::tasks::sql::find;
use crate::tasks::{By, TaskId, Via};

/// So many are on their way at a time; further ones wait.
#[derive(Clone)]
pub struct Bulks(Arc<Semaphore>);

impl Default for Bulks {
    fn default() -> Bulks {
        Bulks(Arc::new(Semaphore::new(config::BULKS)))
    }
}

words!(
    /// What is done to many.
    Act { Cancel = "cancel", Retry = "retry", Dismiss = "dismiss" }
);

impl Act {
    /// What makes sense for jobs that stand so.
    pub const fn of(bucket: Bucket) -> &'static [Act] {
        match bucket {
            Bucket::Running | Bucket::Queued | Bucket::Scheduled | Bucket::Blocked => &[Act::Cancel],
            Bucket::Failed | Bucket::Lost => &[Act::Retry, Act::Dismiss],
            Bucket::Ended => &[Act::Dismiss],
        }
    }

    fn apply(self, w: &mut Write<'_>, by: &By, id: TaskId) -> Result<()> {
        match self {
            Act::Cancel => cancel(w, by, id, "").map(drop),
            Act::Retry => retry(w, by, id, false).map(drop),
            Act::Dismiss => delete(w, by, id).map(drop),
        }
    }
}

fn title_key(act: Act) -> &'static str {
    match act {
        Act::Cancel => "bulk-cancel",
        Act::Retry => "bulk-retry",
        Act::Dismiss => "bulk-dismiss",
    }
}

fn hint_key(act: Act) -> &'static str {
    match act {
        Act::Cancel => "bulk-cancel-hint",
        Act::Retry => "bulk-retry-hint",
        Act::Dismiss => "bulk-dismiss-hint",
    }
}

/// What is done, and to which.
#[derive(Clone)]
struct Bulk {
    act: Act,
    bucket: Bucket,
    /// With the newest job that was there when its maker saw it.
    filter: JobFilter,
}

impl Bulk {
    fn parse(pairs: &[(String, String)]) -> Result<Bulk> {
        let filter = JobFilter::from_query(pairs);
        let act: Option<Act> = pairs.iter().find(|(name, _)| name == "act").and_then(|(_, act)| act.parse().ok());
        match (act, filter.bucket) {
            (Some(act), Some(bucket)) if Act::of(bucket).contains(&act) => Ok(Bulk { act, bucket, filter }),
            _ => Err(Error::NotFound),
        }
    }

    fn title(&self, l: Lang, count: &str) -> String {
        l.with(title_key(self.act), "count", count)
    }

    /// The list that it was chosen on.
    fn back(&self) -> String {
        address("/jobs", &JobFilter { until: None, ..self.filter.clone() }.to_query(), None)
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "jobs/bulk.html")]
struct BulkPage {
    page: Page,
    l: Lang,
    title: String,
    lead: String,
    hint: &'static str,
    fields: Vec<(&'static str, String)>,
    examples: Vec<String>,
    has_more: bool,
    back: String,
}

/// Titles that the page shows as examples.
const EXAMPLES: usize = 5;

pub async fn get_bulk(visit: Visit, RawQuery(query): RawQuery) -> Result<Response> {
    let bulk = Bulk::parse(&pairs(query.as_deref()))?;
    let (viewer, asked, now) = (visit.viewer.clone(), bulk.clone(), visit.app.clock.now());
    let (count, examples, newest) = visit
        .app
        .db
        .snapshot(move |conn, _| {
            let count = jobs::count(conn, &viewer, &asked.filter, asked.bucket, now)?;
            let page = jobs::jobs(conn, &viewer, &asked.filter, (asked.bucket, EXAMPLES), now, None)?;
            let rows = page.rows.iter().map(|slot| insight::row_of(conn, viewer.organisation, slot.id));
            let titles = rows.filter_map(Result::transpose).map(|row| Ok(row?.task.title));
            Ok((count, titles.collect::<Result<Vec<_>>>()?, insight::newest_task(conn)?))
        })
        .await?;
    let l = visit.l();
    let until = bulk.filter.until.or(newest);
    let filter = JobFilter { until, ..bulk.filter.clone() };
    let none = examples.is_empty();
    let title = if none { l.t("bulk-none").to_owned() } else { bulk.title(l, &counted(l, count)) };
    let page = visit.page(Nav::Jobs, "nav-jobs").titled(title.clone());
    let shown = BulkPage {
        l,
        title,
        lead: if none { String::new() } else { l.with("bulk-lead", "status", l.t(bucket_key(bulk.bucket))) },
        hint: if none { l.t("bulk-none-hint") } else { l.t(hint_key(bulk.act)) },
        fields: std::iter::once(("act", bulk.act.to_string())).chain(filter.pairs()).collect(),
        has_more: count.or_more || count.jobs > EXAMPLES as i64,
        examples,
        back: bulk.back(),
        page,
    };
    Ok(shown.into_response())
}

pub async fn post_bulk(visit: Visit, fields: Fields) -> Result<Response> {
    let bulk = Bulk::parse(fields.pairs())?;
    let (viewer, asked, now) = (visit.viewer.clone(), bulk.clone(), visit.app.clock.now());
    let count = visit.app.db.read(move |conn| jobs::count(conn, &viewer, &asked.filter, asked.bucket, now)).await?;
    if count.or_more || count.jobs > config::BULK_AT_ONCE as i64 {
        return begin(&visit, bulk, count).await;
    }
    let l = visit.l();
    let mut told = Told::default();
    let mut after = None;
    while let Some(chunk) = chunk(&visit.app, &visit.viewer, &bulk, after).await? {
        after = chunk.next;
        let act = bulk.act;
        let done = visit.app.act(&visit.viewer, Via::Page, move |w, by| one_by_one(w, by, act, &chunk.ids)).await?;
        told.add(&done);
        if after.is_none() {
            break;
        }
    }
    let flash = if told.refused == 0 { Flash::good(told.sentence(l)) } else { Flash::bad(told.sentence(l)) };
    Ok(super::flash::with_flash(super::page::see_other(None, &bulk.back()), flash))
}

/// How many were done and how many refused.
#[derive(Clone, Copy, Default)]
struct Told {
    done: i64,
    refused: i64,
}

impl Told {
    fn add(&mut self, done: &Done) {
        self.refused += done.refused.len() as i64;
        self.done += done.done;
    }

    fn sentence(self, l: Lang) -> String {
        if self.refused == 0 {
            return l.with("bulk-done", "done", l.number(self.done));
        }
        l.m(&msg("bulk-done-refused").arg("done", l.number(self.done)).arg("refused", l.number(self.refused)))
    }
}

/// What became of some jobs.
struct Done {
    done: i64,
    refused: Vec<(TaskId, Message)>,
}

/// Each in a savepoint of its own: what is refused for one is done for the others.
fn one_by_one(w: &mut Write<'_>, by: &By, act: Act, ids: &[TaskId]) -> Result<Done> {
    let mut done = Done { done: 0, refused: Vec::new() };
    for id in ids {
        match w.nested(|w| act.apply(w, by, *id)) {
            Ok(()) => done.done += 1,
            Err(Error::Conflict(message) | Error::Forbidden(message)) => done.refused.push((*id, message)),
            // Somebody else was faster.
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

struct Chunk {
    ids: Vec<TaskId>,
    next: Option<JobKey>,
}

/// The next jobs after a place; none when there are no further ones.
async fn chunk(app: &App, viewer: &Viewer, bulk: &Bulk, after: Option<JobKey>) -> Result<Option<Chunk>> {
    let (viewer, bulk, now) = (viewer.clone(), bulk.clone(), app.clock.now());
    let most = (bulk.bucket, config::BULK_CHUNK);
    let page = app.db.read(move |conn| jobs::jobs(conn, &viewer, &bulk.filter, most, now, after)).await?;
    let ids: Vec<TaskId> = page.rows.iter().map(|slot| slot.id).collect();
    Ok((!ids.is_empty() || page.next.is_some()).then_some(Chunk { ids, next: page.next }))
}

/// Makes the job that goes through them, and sends its maker to its page.
async fn begin(visit: &Visit, bulk: Bulk, count: Counted) -> Result<Response> {
    let l = visit.l();
    let title = bulk.title(l, &counted(l, count));
    let new = NewTask {
        title,
        category: Some("milepost".to_owned()),
        total: (!count.or_more).then_some(count.jobs),
        job: Some(NewJob::default()),
        ..NewTask::default()
    };
    let begun = visit.app.act(&visit.viewer, Via::Page, move |w, by| {
        let id = create(w, by, new)?.task.id;
        // Cut short by the program's end, it is lost and says so.
        heartbeat(w, by, id, Heartbeat { lease_seconds: Some(LEASE_SECONDS), ..Heartbeat::default() })?;
        Ok(id)
    });
    let id = begun.await?;
    let going = Going { app: visit.app.clone(), viewer: visit.viewer.clone(), bulk, id };
    tokio::spawn(going.go());
    Ok(visit.done(l.t("bulk-begun"), &format!("/tasks/{id}")))
}

/// It reports with each chunk; others may be before it.
const LEASE_SECONDS: i64 = 300;

/// A bulk on its way, as a job.
struct Going {
    app: App,
    viewer: Viewer,
    bulk: Bulk,
    id: TaskId,
}

impl Going {
    async fn go(mut self) {
        let end = match self.go_through().await {
            Ok(outcome) => Finish { attempt: None, outcome, result: None, error: None },
            Err(error) => {
                if let Error::Internal(error) = &error {
                    tracing::error!("what was to be done to many jobs ended: {error:#}");
                }
                Finish { attempt: None, outcome: Outcome::Failed, result: None, error: Some(error.to_string()) }
            }
        };
        let id = self.id;
        let ended = self.app.act(&self.viewer, Via::Page, move |w, by| finish(w, by, id, end)).await;
        if let Err(error) = ended {
            tracing::warn!(%error, "the end of what was done to many jobs could not be told");
        }
    }

    async fn go_through(&mut self) -> Result<Outcome> {
        let turns = self.app.memory.bulks.0.clone();
        let _turn = turns.acquire().await.map_err(anyhow::Error::from)?;
        let mut after = None;
        loop {
            self.viewer = self.still_allowed().await?;
            let Some(chunk) = chunk(&self.app, &self.viewer, &self.bulk, after).await? else {
                return Ok(Outcome::Done);
            };
            after = chunk.next;
            if self.act(chunk.ids).await? {
                return Ok(Outcome::Cancelled);
            }
            if after.is_none() {
                return Ok(Outcome::Done);
            }
        }
    }

    /// Whoever lost their right meanwhile does no more.
    async fn still_allowed(&self) -> Result<Viewer> {
        let (session, now) = (self.viewer.session(), self.app.clock.now());
        let key = session.ok_or(Error::SignInNeeded)?;
        self.app.db.read(move |conn| Ok(people::viewer(conn, &key, now)?)).await?.ok_or(Error::SignInNeeded)
    }

    /// One chunk, and what became of it as this job's progress, in one write; whether it is to stop.
    async fn act(&self, ids: Vec<TaskId>) -> Result<bool> {
        let (act, own, l) = (self.bulk.act, self.id, self.viewer.lang());
        self.app
            .act(&self.viewer, Via::Page, move |w, by| {
                let done = one_by_one(w, by, act, &ids)?;
                // What was done is counted; what was refused is an item, with its reason.
                let refused = |(id, why): &(TaskId, Message)| NewItem {
                    key: Some(id.to_string()),
                    outcome: ItemOutcome::Failed,
                    message: Some(l.m(why)),
                };
                let items: Vec<NewItem> = done.refused.iter().map(refused).collect();
                let before = find(w.conn, own)?.and_then(|task| task.counts).unwrap_or_default();
                let counts = CountsGiven {
                    succeeded: Some(before.succeeded + done.done),
                    failed: Some(before.failed + done.refused.len() as i64),
                    ..CountsGiven::default()
                };
                let told = report(w, by, own, &Report { counts, items, ..Report::default() })?;
                Ok(told.job().is_some_and(|job| job.cancel_requested_at.is_some()))
            })
            .await
    }
}
