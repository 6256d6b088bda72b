//! Looks at the house: disk, database, writer, backups, jobs that do not go on, channels that fail. What it finds are items with a sentence each,
//! and what `/settings` and `/readyz` show.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Context, JobKind, Stop};
use crate::jobs::actions;
use crate::jobs::health::State;
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::locale::Lang;
use crate::tasks::actions::Report;
use crate::tasks::progress::CountsGiven;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {}

pub struct CheckHealth;

impl JobKind for CheckHealth {
    type Payload = Payload;

    async fn run(_: Payload, job: &Context) -> Result<Value, Stop> {
        let readings = actions::check_health(job.app()).await?;
        let l = Lang::En;
        let mut items = Vec::new();
        let mut result = Map::new();
        for reading in &readings {
            let (outcome, mut sentence) = match reading.state {
                State::Well => (ItemOutcome::Succeeded, l.m(&reading.sentence())),
                State::Warning | State::Failing => (ItemOutcome::Failed, l.m(&reading.sentence())),
            };
            if outcome == ItemOutcome::Failed {
                sentence = format!("{sentence} {}", l.t(reading.check.advice_key()));
            }
            items.push(NewItem { key: Some(l.t(reading.check.title_key()).into()), outcome, message: Some(sentence) });
            result.insert(reading.check.to_string(), json!({ "state": reading.state, "figure": reading.figure }));
        }
        let counts = CountsGiven { total: i64::try_from(items.len()).ok(), ..CountsGiven::default() };
        job.report(Report { counts, ..Report::default() }).await?;
        job.report(Report { items, ..Report::default() }).await?;
        Ok(Value::Object(result))
    }
}
