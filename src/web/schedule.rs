//! `/schedules/{id}`: one schedule with its last and its next runs, and what is done to it by buttons. Its form is
//! `schedule_form`.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::At;
use super::choices::Names;
use super::flash::{Flash, with_flash};
use super::forms::Fields;
use super::page::{Nav, Page, Visit, see_other};
use super::schedule_look::{RunsShown, ahead};
use super::shown::{self, Moment};
use crate::config;
use crate::error::{Error, Result, msg};
use crate::jobs::BuiltIn;
use crate::locale::Lang;
use crate::schedules::actions::{delete, pause, run_now};
use crate::schedules::sentence::sentence;
use crate::schedules::told::title;
use crate::schedules::{AfterDowntime, Overlap, Run, Schedule, ScheduleId, Template as Work, sql};
use crate::tasks::Via;

#[derive(Template, WebTemplate)]
#[template(path = "schedules/show.html")]
struct SchedulePage {
    page: Page,
    l: Lang,
    zone: TimeZone,
    schedule: Schedule,
    words: String,
    what: String,
    maker: String,
    /// Names and values of what it makes.
    facts: Vec<(&'static str, String)>,
    payload: Option<String>,
    ahead: Vec<(String, Timestamp)>,
    runs: RunsShown,
}

impl SchedulePage {
    fn moment(&self, at: &Timestamp) -> Moment<'_> {
        Moment::full(self.l, *at, &self.zone)
    }

    /// Whether the schedule's clock is another one than the reader's.
    fn is_elsewhere(&self) -> bool {
        self.schedule.zone != self.zone
    }

    fn delay(&self) -> Option<String> {
        let seconds = self.schedule.delay().as_secs();
        (self.schedule.rules.jitter_seconds > 0).then(|| self.l.with("schedule-delay", "seconds", seconds))
    }
}

// Templates pass what they have by reference.
pub fn downtime_key(rule: &AfterDowntime) -> &'static str {
    match rule {
        AfterDowntime::Skip => "schedule-downtime-skip",
        AfterDowntime::Once => "schedule-downtime-once",
        AfterDowntime::All => "schedule-downtime-all",
    }
}

pub fn overlap_key(rule: &Overlap) -> &'static str {
    match rule {
        Overlap::Skip => "schedule-overlap-skip",
        Overlap::Queue => "schedule-overlap-queue",
        Overlap::Allow => "schedule-overlap-allow",
    }
}

fn facts(l: Lang, schedule: &Schedule, names: &Names) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    match &schedule.template {
        Work::Job(job) => {
            facts.extend(job.queue.clone().map(|queue| (l.t("schedule-queue"), queue)));
        }
        Work::Assignment(work) => {
            let project = work.project.and_then(|project| names.project(project.get()));
            facts.extend(project.map(|name| (l.t("task-project"), name.to_owned())));
            facts.push((l.t("task-priority"), l.t(shown::priority_key(work.priority)).to_owned()));
            facts.extend(work.due_after.map(|due| (l.t("schedule-due-after"), due.to_string())));
            facts.extend(work.estimate_minutes.map(|minutes| (l.t("task-estimate"), shown::estimate(l, minutes))));
        }
    }
    facts.push((l.t("schedule-downtime"), l.t(downtime_key(&schedule.rules.after_downtime)).to_owned()));
    facts.push((l.t("schedule-overlap"), l.t(overlap_key(&schedule.rules.overlap)).to_owned()));
    facts.push((l.t("schedule-alarm-failures"), l.number(schedule.rules.alarm_failures)));
    facts
}

fn what(l: Lang, schedule: &Schedule, names: &Names) -> String {
    match &schedule.template {
        Work::Job(job) => {
            let kind = BuiltIn::named(&job.job_kind).map_or(job.job_kind.as_str(), |kind| l.t(kind.title_key()));
            l.with("schedule-what-job", "kind", kind)
        }
        Work::Assignment(work) => {
            let name = names.person(work.assignee.get()).unwrap_or(l.t("schedule-somebody"));
            l.with("schedule-what-assignment", "name", name)
        }
    }
}

fn maker(l: Lang, schedule: &Schedule, names: &Names) -> String {
    match schedule.maker {
        None => l.t("schedule-maker-milepost").to_owned(),
        Some(user) => l.with("schedule-maker", "name", names.person(user.get()).unwrap_or(l.t("schedule-somebody"))),
    }
}

fn payload(schedule: &Schedule) -> Option<String> {
    let Work::Job(job) = &schedule.template else { return None };
    let is_empty = job.payload.as_object().is_none_or(serde_json::Map::is_empty);
    if is_empty { None } else { serde_json::to_string_pretty(&job.payload).ok() }
}

type Found = (Schedule, Vec<Run>, Arc<Names>);

pub async fn get_schedule(visit: Visit, At(id): At<ScheduleId>) -> Result<Response> {
    let (viewer, app) = (visit.viewer.clone(), visit.app.clone());
    let found = visit.app.db.read(move |conn| -> Result<Found> {
        let schedule = sql::find(conn, viewer.organisation, id)?.ok_or(Error::NotFound)?;
        let runs = sql::last_runs(conn, id, config::RUNS_SHOWN)?;
        Ok((schedule, runs, app.memory.choices.of(&app, conn, &viewer)?))
    });
    let (schedule, runs, names) = found.await?;
    let page = visit.page(Nav::Schedules, "nav-schedules").titled(title(visit.l(), &schedule));
    let (l, now) = (page.l, visit.app.clock.now());
    let slots = schedule.ahead(config::SLOTS_AHEAD);
    let shown = SchedulePage {
        words: sentence(l, &schedule.cron),
        what: what(l, &schedule, &names),
        maker: maker(l, &schedule, &names),
        facts: facts(l, &schedule, &names),
        payload: payload(&schedule),
        ahead: ahead(l, &slots, &schedule.zone),
        runs: RunsShown::of(l, &schedule, &runs, now),
        zone: visit.viewer.zone.clone(),
        schedule,
        l,
        page,
    };
    Ok(shown.into_response())
}

/// Back to where the button stood: the list, or the schedule's own page.
fn back(visit: &Visit, id: ScheduleId, said: String) -> Response {
    let page = visit.came_from();
    let here = Some(page).filter(|page| page.contains("/schedules"));
    with_flash(see_other(here, &format!("/schedules/{id}")), Flash::good(said))
}

pub async fn post_run(visit: Visit, At(id): At<ScheduleId>) -> Result<Response> {
    let (schedule, run) = visit.app.act(&visit.viewer, Via::Page, move |w, by| run_now(w, by, id)).await?;
    let l = visit.l();
    let said = match run.is_waiting {
        true => l.with("schedule-is-queued", "title", &schedule.title),
        false => l.with("schedule-is-run", "title", &schedule.title),
    };
    Ok(back(&visit, id, said))
}

/// Pauses (`paused=1`) or lets it go on.
pub async fn post_pause(visit: Visit, At(id): At<ScheduleId>, fields: Fields) -> Result<Response> {
    let is_paused = fields.get("paused") == "1";
    let schedule = visit.app.act(&visit.viewer, Via::Page, move |w, by| pause(w, by, id, is_paused)).await?;
    let l = visit.l();
    let said = match is_paused {
        true => l.with("schedule-is-paused", "title", &schedule.title),
        false => l.with("schedule-is-resumed", "title", &schedule.title),
    };
    Ok(back(&visit, id, said))
}

#[derive(Template, WebTemplate)]
#[template(path = "schedules/delete.html")]
struct DeletePage {
    page: Page,
    l: Lang,
    schedule: Schedule,
    words: String,
}

/// Asks whether it is meant: it cannot be undone.
pub async fn get_delete(visit: Visit, At(id): At<ScheduleId>) -> Result<Response> {
    let organisation = visit.viewer.organisation;
    let schedule = visit.app.db.read(move |conn| sql::find(conn, organisation, id)).await?.ok_or(Error::NotFound)?;
    let page = visit.page(Nav::Schedules, "schedule-delete-title");
    Ok(DeletePage { words: sentence(page.l, &schedule.cron), l: page.l, page, schedule }.into_response())
}

pub async fn post_delete(visit: Visit, At(id): At<ScheduleId>) -> Result<Response> {
    let schedule = visit.app.act(&visit.viewer, Via::Page, move |w, by| delete(w, by, id)).await?;
    Ok(visit.done(visit.l().m(&msg("schedule-deleted").arg("title", schedule.title)), "/schedules"))
}
