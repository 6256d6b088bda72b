//! Keeps tasks in step with a table or a calendar at an address: what is new there is made, what changed is changed, what is
//! gone is cancelled or left, what came back is opened again. When the address fails, or what it gives is no whole feed,
//! nothing changes: the last good state stands.

mod read;
mod sync;
mod turn;

use std::sync::Arc;

use reqwest::header::{CONTENT_TYPE, ETAG, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::import_tasks::bad;
use super::import_tasks::directory::Directory;
use super::import_tasks::{CHUNK, ITEMS, blocking};
use super::{Context, JobKind, Stop};
use crate::error::{Message, msg};
use crate::jobs::columns::DateOrder;
use crate::jobs::feeds::{FeedForm, FeedId, Gone, LastRead};
use crate::jobs::sql;
use crate::locale::Lang;
use crate::outbound::{self, Answer, Ask};
use crate::people::{ProjectId, UserId};
use crate::tasks::Stage;
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;
use read::{Feed, How};
use sync::{Change, Changes, Saved};

const STAGES: [&str; 3] = ["fetching", "reading", "saving"];
/// Of fewer tasks, more than half may go at once without a doubt.
const FEW: usize = 5;

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    url: String,
    #[serde(default)]
    format: String,
    #[serde(default)]
    project: String,
    #[serde(default)]
    assignee: String,
    gone: Option<Gone>,
    /// Lines such as `title: Summary`; none: by the names of the columns.
    #[serde(default)]
    columns: String,
    dates: Option<DateOrder>,
    /// A feed of which more than half is gone, or all of it, is believed.
    #[serde(default)]
    many_gone: bool,
}

impl Payload {
    /// By which feeds are known: with a project, one feed can be two.
    fn address(&self) -> Vec<u8> {
        Sha256::digest(self.url.trim()).to_vec()
    }

    fn is_same_feed(&self, other: &Payload) -> bool {
        let name = |payload: &Payload| payload.project.trim().to_lowercase();
        self.address() == other.address() && name(self) == name(other)
    }
}

pub struct SyncFeed;

impl JobKind for SyncFeed {
    type Payload = Payload;

    async fn run(payload: Payload, job: &Context) -> Result<Value, Stop> {
        let mut sync = Sync::begin(payload, job).await?;
        let Some(answer) = sync.fetch().await? else {
            return Ok(json!({ "is_unchanged": true, "new": 0, "updated": 0, "gone": 0, "skipped": 0, "failed": 0 }));
        };
        let feed = sync.read(&answer).await?;
        sync.save(feed, &answer).await
    }
}

fn stage(place: usize) -> Option<Stage> {
    Some(Stage::among(&STAGES, place))
}

/// A feed being read.
struct Sync<'a> {
    job: &'a Context,
    l: Lang,
    payload: Payload,
    feed: FeedId,
    last: LastRead,
    settings: String,
    directory: Arc<Directory>,
    project: Option<ProjectId>,
    assignee: UserId,
}

impl<'a> Sync<'a> {
    async fn begin(payload: Payload, job: &'a Context) -> Result<Sync<'a>, Stop> {
        let l = job.lang().await?;
        let viewer = job.by_creator().await?.viewer.clone();
        let organisation = job.organisation();
        let directory = Arc::new(job.read(move |conn| Directory::read(conn, organisation)).await?);
        let failed = |why: Message| Stop::Failed(l.m(&why));
        let named = |name: &str| Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        let project = named(&payload.project).map(|name| directory.project(&name)).transpose().map_err(failed)?;
        let assignee = named(&payload.assignee).map(|name| directory.person(&name)).transpose().map_err(failed)?;
        let assignee = assignee.unwrap_or(viewer.user);
        let address = payload.address();
        let settings = format!(
            "{} {} {assignee} {:?} {:?} {} {}",
            payload.format,
            payload.project,
            payload.gone,
            payload.dates,
            payload.columns,
            viewer.zone.iana_name().unwrap_or_default()
        );
        let name = payload.project.trim().to_lowercase();
        turn::wait(job, l, &payload).await?;
        let begun = Report { stage: stage(0), ..Report::default() };
        let (feed, last) = job
            .act(move |w, _| {
                let feed = sql::feed(w.conn, organisation, &address, &name)?;
                Ok(((feed, sql::last_read(w.conn, feed)?), begun))
            })
            .await?;
        let settings = Sha256::digest(settings)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Sync { job, l, payload, feed, last, settings, directory, project, assignee })
    }

    fn failed(&self, why: &Message) -> Stop {
        Stop::Failed(self.l.m(why))
    }

    /// What the address gives; none when it is as it was, and was read as now.
    async fn fetch(&self) -> Result<Option<Answer>, Stop> {
        let url = outbound::address(&self.payload.url).map_err(|why| self.failed(&why))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut ask = Ask::get(url);
        if self.last.settings.as_deref() == Some(&self.settings) {
            for (name, value) in [(IF_NONE_MATCH, &self.last.etag), (IF_MODIFIED_SINCE, &self.last.last_modified)] {
                if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
                    ask = ask.header(name, value);
                }
            }
        }
        let answer = tokio::select! {
            answer = self.job.app().outbound.ask(ask) => answer.map_err(|why| self.failed(&why))?,
            () = self.job.cancelled() => return Err(Stop::Told),
        };
        let is_page = answer.header(CONTENT_TYPE).is_some_and(|form| form.starts_with("text/html"));
        match answer.status {
            304 => {
                self.job.log(&format!("{}\n", self.l.t("feed-told-unchanged"))).await?;
                Ok(None)
            }
            200 if is_page => Err(self.failed(&msg("feed-page"))),
            200 => Ok(Some(answer)),
            status => Err(self.failed(&msg("feed-status").arg("host", host).arg("status", i64::from(status)))),
        }
    }

    async fn read(&self, answer: &Answer) -> Result<Feed, Stop> {
        self.job.report(Report { stage: stage(1), ..Report::default() }).await?;
        let viewer = self.job.by_creator().await?.viewer.clone();
        let how = How {
            form: self.payload.format.parse::<FeedForm>().ok(),
            columns: self.payload.columns.clone(),
            dates: self.payload.dates.unwrap_or(DateOrder::DayFirst),
            zone: viewer.zone.clone(),
            directory: self.directory.clone(),
            now: self.job.app().clock.now(),
            l: self.l,
        };
        let body = answer.body.clone();
        blocking(self.l, move || read::read(&body, &how)).await
    }

    /// What changes with this feed; an error where it says so little that it is hardly whole.
    async fn changes(&self, feed: &mut Feed) -> Result<Vec<Change>, Stop> {
        let id = self.feed;
        let known = self.job.read(move |conn| sql::feed_entries(conn, id)).await?;
        let mut changes = Vec::new();
        for (uid, wanted) in std::mem::take(&mut feed.entries) {
            // What took place before anybody here heard of it is nothing to do any more.
            if feed.past.contains(&uid) && !known.contains_key(&uid) {
                feed.left_past += 1;
            } else {
                changes.push(Change::There(uid, wanted));
            }
        }
        let live = known.values().filter(|known| !known.is_gone).count();
        let gone = known.iter().filter(|(uid, known)| !known.is_gone && !feed.present.contains(*uid));
        let gone: Vec<Change> = gone.map(|(uid, _)| Change::Gone(uid.clone())).collect();
        let is_doubtful = live > 0 && (feed.present.is_empty() || (gone.len() * 2 > live && live >= FEW));
        if is_doubtful && !self.payload.many_gone {
            return Err(self.failed(&msg("feed-many-are-gone").arg("gone", gone.len()).arg("known", live)));
        }
        changes.extend(gone);
        Ok(changes)
    }

    async fn save(&mut self, mut feed: Feed, answer: &Answer) -> Result<Value, Stop> {
        let changes = self.changes(&mut feed).await?;
        let mut saved = Saved { failed: i64::try_from(feed.bad.len()).unwrap_or(i64::MAX), ..Saved::default() };
        let total = i64::try_from(changes.len() + feed.bad.len()).ok();
        let bad = feed.bad.iter().take(ITEMS).map(|(row, why)| bad::item(self.l, row, why)).collect::<Vec<_>>();
        for items in bad.chunks(crate::config::ITEMS_AT_ONCE) {
            let counts = saved.counts(total);
            self.job.report(Report { counts, stage: stage(2), items: items.to_vec(), ..Report::default() }).await?;
        }
        for chunk in changes.chunks(CHUNK) {
            let all = Changes {
                feed: self.feed,
                project: self.project,
                assignee: self.assignee,
                gone: self.payload.gone.unwrap_or(Gone::Cancel),
                changes: chunk.to_vec(),
                l: self.l,
            };
            let before = saved;
            saved = self
                .job
                .act(move |w, by| {
                    let (saved, items) = all.save(w, by, before)?;
                    Ok((saved, Report { counts: saved.counts(total), stage: stage(2), items, ..Report::default() }))
                })
                .await?;
        }
        self.end(saved, &feed, answer, total).await
    }

    async fn end(&self, saved: Saved, feed: &Feed, answer: &Answer, total: Option<i64>) -> Result<Value, Stop> {
        // What failed may succeed the next time, though the feed is as it was.
        let tag = |name| answer.header(name).filter(|_| saved.failed == 0).map(ToOwned::to_owned);
        let read =
            LastRead { settings: Some(self.settings.clone()), etag: tag(ETAG), last_modified: tag(LAST_MODIFIED) };
        let (id, counts) = (self.feed, saved.counts(total));
        self.job
            .act(move |w, _| {
                sql::save_last_read(w.conn, id, &read, w.now)?;
                Ok(((), Report { counts, stage: stage(2), ..Report::default() }))
            })
            .await?;
        let lines = [
            ("import-told-new", saved.new),
            ("import-told-updated", saved.updated),
            ("feed-told-gone", saved.gone),
            ("feed-told-again", saved.again),
            ("import-told-skipped", saved.unchanged),
            ("import-told-failed", saved.failed),
            ("feed-told-past", feed.left_past),
            ("feed-told-recurring", feed.recurring),
        ];
        let told = lines.map(|(key, count)| format!("{}: {}\n", self.l.t(key), self.l.number(count))).concat();
        self.job.log(&told).await?;
        Ok(json!({
            "is_unchanged": false,
            "format": feed.form,
            "new": saved.new,
            "updated": saved.updated,
            "gone": saved.gone,
            "reopened": saved.again,
            "skipped": saved.unchanged,
            "failed": saved.failed,
            "past_events": feed.left_past,
            "recurring_first_only": feed.recurring,
        }))
    }
}

impl Saved {
    fn counts(&self, total: Option<i64>) -> CountsGiven {
        CountsGiven {
            total,
            succeeded: Some(self.new + self.updated + self.gone),
            failed: Some(self.failed),
            skipped: Some(self.unchanged),
            ..CountsGiven::default()
        }
    }
}
