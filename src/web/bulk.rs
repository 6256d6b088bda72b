//! What is done to all jobs that a list of jobs names: first a page that says what will happen, then the act itself, each
//! job answered by itself. A few are done before the answer comes; through many, a job goes (`kinds::bulk`), whose page shows
//! how far it is and what was refused. What is done to all tasks of a filter begins at `bulk_form`.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::flash::Flash;
use super::forms::Fields;
use super::jobs::counted;
use super::monitor::{address, pairs};
use super::new_job::start;
use super::page::{Nav, Page, Visit};
use crate::App;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::insight::jobs::{self, JobKey};
use crate::insight::{self, JobFilter};
use crate::jobs::bulk::Act;
use crate::jobs::kinds::bulk::{Deed, Told, Verdict, one_by_one};
use crate::jobs::{Bucket, BuiltIn};
use crate::locale::Lang;
use crate::people::Viewer;
use crate::tasks::{TaskId, Via};

/// What makes sense for jobs that stand so.
pub const fn acts_of(bucket: Bucket) -> &'static [Act] {
    match bucket {
        Bucket::Running | Bucket::Queued | Bucket::Scheduled | Bucket::Blocked => &[Act::Cancel],
        Bucket::Failed | Bucket::Lost => &[Act::Retry, Act::Delete],
        Bucket::Ended => &[Act::Delete],
    }
}

/// What an act is called in the addresses of lists of jobs.
pub const fn act_name(act: Act) -> &'static str {
    match act {
        Act::Delete => "dismiss",
        other => other.as_str(),
    }
}

const fn title_key(act: Act) -> &'static str {
    match act {
        Act::Cancel => "bulk-cancel",
        Act::Retry => "bulk-retry",
        _ => "bulk-dismiss",
    }
}

const fn hint_key(act: Act) -> &'static str {
    match act {
        Act::Cancel => "bulk-cancel-hint",
        Act::Retry => "bulk-retry-hint",
        _ => "bulk-dismiss-hint",
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
        let name = pairs.iter().find(|(name, _)| name == "act").map(|(_, act)| act.as_str());
        let bucket = filter.bucket.ok_or(Error::NotFound)?;
        let act = acts_of(bucket).iter().find(|act| Some(act_name(**act)) == name).ok_or(Error::NotFound)?;
        Ok(Bulk { act: *act, bucket, filter })
    }

    fn deed(&self) -> Deed {
        match self.act {
            Act::Cancel => Deed::Cancel,
            Act::Retry => Deed::Retry,
            _ => Deed::Delete,
        }
    }

    /// The job that does the same.
    fn job(&self) -> (BuiltIn, Value) {
        let JobFilter { bucket: _, kind, queue, category, project, text, until } = &self.filter;
        let mut payload = json!({ "standing": self.bucket });
        let said = [
            ("of_job_kind", kind.as_ref().map(|kind| json!(kind))),
            ("of_queue", queue.as_ref().map(|queue| json!(queue))),
            ("of_category", category.as_ref().map(|category| json!(category))),
            ("project", project.map(|project| json!(project))),
            ("q", text.as_ref().map(|text| json!(text))),
            ("until", until.map(|until| json!(until))),
            ("act", (self.act != Act::Delete).then(|| json!(self.act))),
        ];
        for (name, value) in said {
            if let Some(value) = value {
                payload[name] = value;
            }
        }
        (if self.act == Act::Delete { BuiltIn::BulkDelete } else { BuiltIn::BulkEdit }, payload)
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
        lead: if none { String::new() } else { l.with("bulk-lead", "status", l.t(bulk.bucket.title_key())) },
        hint: if none { l.t("bulk-none-hint") } else { l.t(hint_key(bulk.act)) },
        fields: std::iter::once(("act", act_name(bulk.act).to_owned())).chain(filter.pairs()).collect(),
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
        let l = visit.l();
        let (kind, payload) = bulk.job();
        let task = start(&visit, kind, bulk.title(l, &counted(l, count)), payload).await?;
        return Ok(visit.done(l.t("bulk-begun"), &format!("/tasks/{}", task.id)));
    }
    let l = visit.l();
    let mut told = Count::default();
    let mut after = None;
    while let Some(chunk) = chunk(&visit.app, &visit.viewer, &bulk, after).await? {
        after = chunk.next;
        let deed = bulk.deed();
        let done = visit.app.act(&visit.viewer, Via::Page, move |w, by| one_by_one(w, by, &deed, &chunk.ids)).await?;
        told.add(&done);
        if after.is_none() {
            break;
        }
    }
    let flash = if told.refused == 0 { Flash::good(told.sentence(l)) } else { Flash::bad(told.sentence(l)) };
    Ok(super::flash::with_flash(super::page::see_other(None, &bulk.back()), flash))
}

/// How many were done and how many refused. Where somebody else was faster, there was nothing to do.
#[derive(Clone, Copy, Default)]
struct Count {
    done: i64,
    refused: i64,
}

impl Count {
    fn add(&mut self, told: &[Told]) {
        for Told { verdict, .. } in told {
            match verdict {
                Verdict::Done(_) => self.done += 1,
                Verdict::Skipped(_) | Verdict::Failed(_) => self.refused += 1,
                Verdict::Same | Verdict::Gone => {}
            }
        }
    }

    fn sentence(self, l: Lang) -> String {
        if self.refused == 0 {
            return l.with("bulk-done", "done", l.number(self.done));
        }
        l.m(&msg("bulk-done-refused").arg("done", l.number(self.done)).arg("refused", l.number(self.refused)))
    }
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
