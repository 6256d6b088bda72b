//! `/schedules`: all of them with their next and last runs; and what a new one may make.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::monitor::pairs;
use super::new_job::kind_icon;
use super::page::{Nav, Page, Visit};
use super::schedule_look::RunsShown;
use super::shown::Moment;
use crate::config;
use crate::error::Result;
use crate::jobs::BuiltIn;
use crate::jobs::actions::startable;
use crate::locale::Lang;
use crate::schedules::sentence::sentence;
use crate::schedules::told::title;
use crate::schedules::{Cron, Run, Schedule, ScheduleId, sql};

#[derive(Template, WebTemplate)]
#[template(path = "schedules/index.html")]
struct SchedulesPage {
    page: Page,
    l: Lang,
    zone: TimeZone,
    rows: Vec<Row>,
    first: bool,
    next: Option<ScheduleId>,
    offers: Vec<Offer>,
}

struct Row {
    schedule: Schedule,
    title: String,
    words: String,
    runs: RunsShown,
}

/// A kind of job that Milepost runs itself, and when it usually does.
struct Offer {
    kind: BuiltIn,
    title: &'static str,
    about: &'static str,
    icon: &'static str,
    usual: Option<String>,
}

impl Offer {
    fn of(l: Lang, kind: BuiltIn) -> Offer {
        let usual = kind.default_schedule().and_then(|cron| Cron::parse(cron).ok());
        Offer {
            kind,
            title: l.t(kind.title_key()),
            about: l.t(kind.about_key()),
            icon: kind_icon(kind),
            usual: usual.map(|cron| sentence(l, &cron)),
        }
    }
}

impl SchedulesPage {
    fn moment(&self, at: &Timestamp) -> Moment<'_> {
        Moment::full(self.l, *at, &self.zone)
    }
}

/// Those that a schedule of their own can start: what takes a file by hand has none.
async fn offers(visit: &Visit) -> Result<Vec<Offer>> {
    let (viewer, l) = (visit.viewer.clone(), visit.l());
    let kinds = visit.app.db.read(move |conn| startable(conn, &viewer)).await?;
    let is_whole = |kind: &BuiltIn| kind.fields().iter().all(|field| field.is_typed() || !field.is_required);
    Ok(kinds.into_iter().filter(is_whole).map(|kind| Offer::of(l, kind)).collect())
}

pub async fn get_schedules(visit: Visit, RawQuery(query): RawQuery) -> Result<Response> {
    let after = pairs(query.as_deref()).into_iter().find(|(name, _)| name == "after");
    let after = after.and_then(|(_, id)| id.parse().ok()).unwrap_or(ScheduleId::new(0));
    let organisation = visit.viewer.organisation;
    let found = visit.app.db.read(move |conn| {
        let mut found = sql::list(conn, organisation, after, config::PAGE_ROWS + 1)?;
        let more = found.len() > config::PAGE_ROWS;
        found.truncate(config::PAGE_ROWS);
        let with_runs = |schedule: Schedule| Ok((sql::last_runs(conn, schedule.id, config::RUNS_SHOWN)?, schedule));
        Ok((found.into_iter().map(with_runs).collect::<Result<Vec<(Vec<Run>, Schedule)>>>()?, more))
    });
    let (found, more) = found.await?;
    let page = visit.page(Nav::Schedules, "nav-schedules");
    let (l, now) = (page.l, visit.app.clock.now());
    let row = |(runs, schedule): (Vec<Run>, Schedule)| Row {
        title: title(l, &schedule).to_owned(),
        words: sentence(l, &schedule.cron),
        runs: RunsShown::of(l, &schedule, &runs, now),
        schedule,
    };
    let rows: Vec<Row> = found.into_iter().map(row).collect();
    let offers = if rows.is_empty() { offers(&visit).await? } else { Vec::new() };
    let shown = SchedulesPage {
        l,
        page,
        zone: visit.viewer.zone.clone(),
        first: after == ScheduleId::new(0),
        next: rows.last().map(|row| row.schedule.id).filter(|_| more),
        offers: offers.into_iter().filter(|offer| offer.usual.is_some()).collect(),
        rows,
    };
    Ok(shown.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "schedules/choose.html")]
struct ChoosePage {
    page: Page,
    l: Lang,
    offers: Vec<Offer>,
}

/// What is to be made? Each answer leads to a form.
pub(super) async fn choose(visit: &Visit) -> Result<Response> {
    let offers = offers(visit).await?;
    let page = visit.page(Nav::Schedules, "schedules-new");
    Ok(ChoosePage { l: page.l, page, offers }.into_response())
}
