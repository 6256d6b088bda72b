//! The figures of a day, yesterday unless another one is asked for: of the organisation, of each person, of each project.
//! It brings the sums up to date first, so that nothing of the day is missing.

use std::fmt::Write;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::aggregate::sum_up;
use super::{Context, JobKind, Stop};
use crate::error::{Error, msg};
use crate::insight::sums::{Line, Per, sums};
use crate::jobs::items::cell;
use crate::locale::Lang;
use crate::people;
use crate::tasks::actions::Report;
use crate::tasks::sums::{Figures, Span};
use crate::tasks::{Kind, Stage};

const STAGES: [&str; 4] = ["reading", "summing", "saving", "telling"];
/// People, and projects, of which the result tells; all are in the file.
const TOLD: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    date: Option<Date>,
}

pub struct DailyStatistics;

impl JobKind for DailyStatistics {
    type Payload = Payload;

    async fn run(payload: Payload, job: &Context) -> Result<Value, Stop> {
        let l = job.lang().await?;
        let organisation = job.organisation();
        let (_, zone, _) = job.read(move |conn| Ok(people::sql::settings(conn, organisation)?)).await?;
        let zone = people::parse_zone(&zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let today = job.app().clock.now().to_zoned(zone).date();
        let yesterday = today.yesterday().map_err(|error| Stop::Broken(anyhow::Error::from(error).into()))?;
        let day = payload.date.unwrap_or(yesterday);
        if day > today {
            return Err(Stop::Failed(l.m(&msg("daily-statistics-future").arg("date", day))));
        }
        let summed = sum_up(job, false, &STAGES).await?;
        let ledger = summed.ledger.clone();
        let lines = job.read(move |conn| {
            let period = Span::Day.period(day);
            let of = |per| sums(conn, &ledger, Span::Day, [&period, &period], per);
            Ok((of(Per::Organisation)?, of(Per::Person)?, of(Per::Project)?))
        });
        let (whole, people, projects) = lines.await?;
        let file = csv_of(day, [("organisation", &whole), ("person", &people), ("project", &projects)])?;
        job.artifact(&format!("statistics-{day}.csv"), "text/csv; charset=utf-8", file).await?;
        let stage = Stage::among(&STAGES, 3);
        let note = Some(summary(l, day, &whole));
        job.report(Report { stage: Some(stage), note, ..Report::default() }).await?;
        Ok(json!({
            "date": day,
            "zone": summed.ledger.zone.iana_name(),
            "is_over": day < today,
            "organisation": by_kind(&whole),
            "people": told(&people),
            "projects": told(&projects),
            "entries": summed.entries,
        }))
    }
}

/// In a sentence or three, for whoever started it.
fn summary(l: Lang, day: Date, whole: &[Line]) -> String {
    let of = |kind| whole.iter().find(|line| line.kind == kind).map(|line| line.figures).unwrap_or_default();
    let (work, jobs) = (of(Kind::Assignment), of(Kind::Job));
    let mut text =
        l.m(&msg("daily-statistics-work").arg("date", day).arg("created", work.created).arg("done", work.done));
    if work.done_due > 0 {
        let on_time = msg("daily-statistics-on-time").arg("on_time", work.done_on_time).arg("due", work.done_due);
        // Writing to a string cannot fail.
        let _ = write!(text, " {}", l.m(&on_time));
    }
    let of_jobs = msg("daily-statistics-jobs").arg("done", jobs.done).arg("failed", jobs.failed);
    let _ = write!(text, " {}", l.m(&of_jobs));
    text
}

/// The figures that are not 0.
fn figures(figures: &Figures) -> Value {
    let figures = Figures::NAMES.iter().zip(figures.values()).filter(|(_, value)| *value != 0);
    Value::Object(figures.map(|(name, value)| ((*name).to_owned(), value.into())).collect())
}

fn by_kind<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Map<String, Value> {
    lines.into_iter().map(|line| (line.kind.to_string(), figures(&line.figures))).collect()
}

/// Each person or project once, those who got most done first.
fn told(lines: &[Line]) -> Vec<Value> {
    let mut ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let done = |id: i64| -> i64 {
        lines.iter().filter(|line| line.id == id && line.kind == Kind::Assignment).map(|line| line.figures.done).sum()
    };
    ids.sort_by_cached_key(|id| (-done(*id), *id));
    ids.truncate(TOLD);
    let told = ids.into_iter().map(|id| {
        let of: Vec<&Line> = lines.iter().filter(|line| line.id == id).collect();
        let name = of.first().map(|line| line.name.as_str()).filter(|name| !name.is_empty());
        let mut told = by_kind(of);
        told.insert("id".into(), if id == 0 { Value::Null } else { id.into() });
        told.insert("name".into(), name.into());
        Value::Object(told)
    });
    told.collect()
}

/// RFC 4180, a line for each of them and each kind, all figures.
fn csv_of(day: Date, parts: [(&str, &Vec<Line>); 3]) -> Result<Vec<u8>, Stop> {
    let broken = |error: csv::Error| Stop::Broken(Error::Internal(error.into()));
    let mut file = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let head = ["date", "of", "id", "name", "kind"];
    file.write_record(head.iter().chain(Figures::NAMES)).map_err(broken)?;
    for (of, lines) in parts {
        for line in lines {
            let id = if line.id == 0 { String::new() } else { line.id.to_string() };
            let keys = [day.to_string(), of.to_owned(), id, cell(&line.name), line.kind.to_string()];
            file.write_record(keys.into_iter().chain(line.figures.values().map(|value| value.to_string())))
                .map_err(broken)?;
        }
    }
    file.into_inner().map_err(|error| Stop::Broken(Error::Internal(error.into_error().into())))
}
