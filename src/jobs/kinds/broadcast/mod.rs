//! Writes to many: to members, or to the addresses or URLs of a file, by one channel, at a set rate. The list of recipients
//! stands in the store before the first is written to, and each is claimed there, durably, before anything is sent: whatever
//! breaks, nobody gets the same twice. What was under way then is said to be uncertain, and left alone.

mod lines;
mod listing;
mod preview;
mod sending;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, FileOf, JobKind, Stop};
use crate::error::{Error, Message};
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::locale::Lang;
use crate::notify::audience::{self, Audience};
use crate::notify::channels::{self, Letter};
use crate::notify::pace::RATE_USUAL;
use crate::notify::sql::{Listed, Tally, begin_round, settled, tally};
use crate::notify::{Channel, Reason, Standing};
use crate::people::{ProjectId, Role};
use crate::tasks::Stage;
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;
pub use preview::{Preview, preview};

const STAGES: [&str; 2] = ["listing", "sending"];
/// Lines of a list that are written or told in one write.
const CHUNK: i64 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    channel: Channel,
    to: Audience,
    role: Option<Role>,
    project: Option<ProjectId>,
    /// Addresses of members, with commas or line ends between.
    people: Option<String>,
    file: Option<FileOf>,
    /// Which column of the file, by number from 1 or by name. It is found out unless it is said.
    column: Option<String>,
    subject: String,
    text: String,
    per_minute: Option<i64>,
}

pub struct Broadcast;

impl JobKind for Broadcast {
    type Payload = Payload;

    async fn run(payload: Payload, job: &Context) -> Result<Value, Stop> {
        let mut run = Run::begin(payload, job).await?;
        run.list().await?;
        run.tell().await?;
        run.send().await?;
        Ok(run.result())
    }
}

/// A broadcast under way.
struct Run<'a> {
    job: &'a Context,
    l: Lang,
    payload: Payload,
    letter: Letter,
    per_minute: i64,
    tally: Tally,
}

impl<'a> Run<'a> {
    async fn begin(payload: Payload, job: &'a Context) -> Result<Run<'a>, Stop> {
        let l = job.lang().await?;
        // Of a version that did not look when it was started.
        if let Err(Error::Invalid(wrong)) = audience::check(job.payload())
            && let Some(error) = wrong.first()
        {
            return Err(Stop::Failed(format!("{}: {}", error.field, l.m(&error.message))));
        }
        channels::check(&job.app().config, payload.channel).map_err(|why| Stop::Failed(l.m(&why)))?;
        let organisation_name = job.by_creator().await?.viewer.organisation_name.clone();
        let letter = Letter {
            organisation: job.organisation(),
            organisation_name,
            reason: Reason::Broadcast,
            subject: payload.subject.clone(),
            text: payload.text.clone(),
            task: Some(job.id()),
        };
        let per_minute = payload.per_minute.unwrap_or(RATE_USUAL);
        Ok(Run { job, l, payload, letter, per_minute, tally: Tally::default() })
    }

    fn failed(&self, why: &Message) -> Stop {
        Stop::Failed(self.l.m(why))
    }

    /// What is said of each line that an earlier attempt came to the end of, or that names nobody: this one's counts and
    /// items begin with them.
    async fn tell(&mut self) -> Result<(), Stop> {
        let (id, attempt) = (self.job.id(), self.job.attempt().unwrap_or_default());
        let interrupted = (!self.courier()?.is_repeatable()).then(|| self.l.t("broadcast-unknown"));
        while self
            .job
            .act(move |w, _| Ok((begin_round(w.conn, id, attempt, interrupted, CHUNK)?, Report::default())))
            .await?
        {}
        self.tally = self
            .job
            .act(move |w, _| {
                let tally = tally(w.conn, id)?;
                Ok((tally, Report { counts: counts(&tally), stage: Some(stage(0)), ..Report::default() }))
            })
            .await?;
        let mut after = 0;
        loop {
            let found = self.job.read(move |conn| settled(conn, id, after, CHUNK)).await?;
            let Some(last) = found.last() else { return Ok(()) };
            after = last.place;
            let items = found.into_iter().map(item_of).collect();
            self.job.report(Report { counts: counts(&self.tally), items, ..Report::default() }).await?;
        }
    }

    fn courier(&self) -> Result<Box<dyn channels::Courier>, Stop> {
        channels::courier(self.job.app(), self.payload.channel).map_err(|why| self.failed(&why))
    }

    fn result(&self) -> Value {
        json!({
            "channel": self.payload.channel,
            "sent": self.tally.sent,
            "failed": self.tally.failed,
            "may_have_been_sent": self.tally.unknown,
            "not_readable": self.tally.bad,
            "skipped": self.tally.twice + self.tally.gone,
        })
    }
}

fn counts(tally: &Tally) -> CountsGiven {
    let failed = tally.failed + tally.unknown + tally.bad;
    CountsGiven {
        total: Some(tally.open + tally.sent + failed + tally.twice + tally.gone),
        succeeded: Some(tally.sent),
        failed: Some(failed),
        skipped: Some(tally.twice + tally.gone),
        ..CountsGiven::default()
    }
}

fn item_of(line: Listed) -> NewItem {
    let outcome = match line.standing {
        Standing::Sent => ItemOutcome::Succeeded,
        Standing::Twice | Standing::Gone => ItemOutcome::Skipped,
        Standing::Waiting | Standing::Sending | Standing::Failed | Standing::Unknown | Standing::Bad => {
            ItemOutcome::Failed
        }
    };
    NewItem { key: Some(line.key), outcome, message: line.told }
}

fn stage(place: usize) -> Stage {
    Stage::among(&STAGES, place)
}
