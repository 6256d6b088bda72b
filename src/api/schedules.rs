//! Schedules: listing, making, reading, editing and deleting them, and running, pausing and resuming one.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::body::Json;
use super::call::{Answer, Call, Telling, respond};
use super::openapi::Told;
use super::query::{Query, told_paging};
use super::schedule_shapes::{RunShape, ScheduleShape, ScheduleWithRuns};
use super::schemas;
use super::shapes::TaskShape;
use crate::App;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::people::{ProjectId, UserId, Viewer, parse_zone};
use crate::schedules::actions::{self, Wanted};
use crate::schedules::{
    AfterDowntime, AssignmentTemplate, DueAfter, JobTemplate, Overlap, Rules, Run, Schedule, ScheduleId, Template, sql,
};
use crate::tasks::Priority;
use crate::web::At;

/// What a job of a schedule is made with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduledJob)]
struct JobBody {
    /// What workers claim it by.
    #[schema(value_type = schemas::Line)]
    job_kind: String,
    /// Anything that its worker needs to know; at most 64 KB.
    #[schema(value_type = Option<schemas::Facts>)]
    payload: Option<Map<String, Value>>,
    /// `default` unless said.
    #[schema(value_type = Option<schemas::Line>)]
    queue: Option<String>,
    /// 3 unless said.
    #[schema(value_type = Option<schemas::Attempts>)]
    max_attempts: Option<i64>,
}

/// What an assignment of a schedule is made with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduledAssignment)]
struct AssignmentBody {
    /// A member's id: who is to do it.
    #[schema(value_type = schemas::Id)]
    assignee: UserId,
    /// A project's id.
    #[schema(value_type = Option<schemas::Id>)]
    project: Option<ProjectId>,
    #[schema(value_type = Option<schemas::Priority>)]
    priority: Option<Priority>,
    #[schema(value_type = Option<schemas::Description>)]
    description: Option<String>,
    #[schema(value_type = Option<schemas::EstimateMinutes>)]
    estimate_minutes: Option<i64>,
    /// Counted from the slot: `2d` is the end of the day after the next one, `6h` six hours later.
    #[schema(value_type = Option<schemas::DueAfterText>)]
    due_after: Option<String>,
}

/// A new schedule: what it makes (`job` or `assignment`), when, and by which rules.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSchedule)]
pub struct NewBody {
    /// Of each job or task; `{date}`, `{time}`, `{week}` and `{month}` are filled in from the slot.
    #[schema(value_type = schemas::Title)]
    title: String,
    /// Minute, hour, day of the month, month, weekday; seconds may stand first. Or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
    #[schema(value_type = schemas::CronText)]
    cron: String,
    /// An IANA time zone. Unless said, that of whoever makes it.
    #[schema(value_type = Option<schemas::Line>)]
    zone: Option<String>,
    job: Option<JobBody>,
    assignment: Option<AssignmentBody>,
    /// It starts up to so much after its slots, always by the same. 0 unless said.
    #[schema(value_type = Option<schemas::JitterSeconds>)]
    jitter_seconds: Option<i64>,
    #[schema(value_type = Option<schemas::DowntimeRule>)]
    after_downtime: Option<AfterDowntime>,
    #[schema(value_type = Option<schemas::OverlapRule>)]
    overlap: Option<Overlap>,
    /// So many failures in a row are an alarm. 3 unless said.
    #[schema(value_type = Option<schemas::AlarmFailures>)]
    alarm_failures: Option<i64>,
}

/// What is to be another; the rest stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduleEdit)]
pub struct EditBody {
    #[schema(value_type = Option<schemas::Title>)]
    title: Option<String>,
    #[schema(value_type = Option<schemas::CronText>)]
    cron: Option<String>,
    #[schema(value_type = Option<schemas::Line>)]
    zone: Option<String>,
    job: Option<JobBody>,
    assignment: Option<AssignmentBody>,
    #[schema(value_type = Option<schemas::JitterSeconds>)]
    jitter_seconds: Option<i64>,
    #[schema(value_type = Option<schemas::DowntimeRule>)]
    after_downtime: Option<AfterDowntime>,
    #[schema(value_type = Option<schemas::OverlapRule>)]
    overlap: Option<Overlap>,
    #[schema(value_type = Option<schemas::AlarmFailures>)]
    alarm_failures: Option<i64>,
    /// The version that you read: when somebody saved the schedule since, nothing is changed (409).
    #[schema(value_type = Option<schemas::Id>)]
    version: Option<i64>,
}

/// Blank would be one's own, to whoever fills in the form.
fn check_zone(zone: Option<&str>) -> Result<()> {
    zone.map_or(Ok(()), |zone| parse_zone(zone).map(drop).map_err(|why| Error::field("zone", why)))
}

/// One of the two; none where neither was said.
fn template(job: Option<JobBody>, assignment: Option<AssignmentBody>) -> Result<Option<Template>> {
    match (job, assignment) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Error::field("assignment", msg("error-schedule-what"))),
        (Some(job), None) => {
            let payload = Value::Object(job.payload.unwrap_or_default());
            let JobBody { job_kind, queue, max_attempts, .. } = job;
            Ok(Some(Template::Job(JobTemplate { job_kind, payload, queue, max_attempts })))
        }
        (None, Some(work)) => {
            let due_after = work.due_after.map(|text| text.parse::<DueAfter>()).transpose();
            Ok(Some(Template::Assignment(AssignmentTemplate {
                assignee: work.assignee,
                project: work.project,
                priority: work.priority.unwrap_or(Priority::Medium),
                description: work.description.unwrap_or_default(),
                estimate_minutes: work.estimate_minutes,
                due_after: due_after.map_err(|why| Error::field("assignment.due_after", why))?,
            })))
        }
    }
}

impl NewBody {
    fn wanted(self) -> Result<Wanted> {
        check_zone(self.zone.as_deref())?;
        let usual = Rules::default();
        let template = template(self.job, self.assignment)?;
        let template = template.ok_or_else(|| Error::field("job", msg("error-schedule-what")))?;
        // What people have not done yet does not keep the next from coming.
        let overlap = if matches!(template, Template::Job(_)) { usual.overlap } else { Overlap::Allow };
        Ok(Wanted {
            title: self.title,
            cron: self.cron,
            zone: self.zone.unwrap_or_default(),
            template,
            rules: Rules {
                jitter_seconds: self.jitter_seconds.unwrap_or(usual.jitter_seconds),
                after_downtime: self.after_downtime.unwrap_or(usual.after_downtime),
                overlap: self.overlap.unwrap_or(overlap),
                alarm_failures: self.alarm_failures.unwrap_or(usual.alarm_failures),
            },
            version: None,
        })
    }
}

impl EditBody {
    fn wanted(self, template: Option<Template>, before: &Schedule) -> Wanted {
        let rules = &before.rules;
        Wanted {
            title: self.title.unwrap_or_else(|| before.title.clone()),
            cron: self.cron.unwrap_or_else(|| before.cron.as_str().to_owned()),
            zone: self.zone.unwrap_or_else(|| before.zone_name().to_owned()),
            template: template.unwrap_or_else(|| before.template.clone()),
            rules: Rules {
                jitter_seconds: self.jitter_seconds.unwrap_or(rules.jitter_seconds),
                after_downtime: self.after_downtime.unwrap_or(rules.after_downtime),
                overlap: self.overlap.unwrap_or(rules.overlap),
                alarm_failures: self.alarm_failures.unwrap_or(rules.alarm_failures),
            },
            version: self.version,
        }
    }
}

/// What the task verbs call otherwise than this door.
fn beside(error: Error) -> Error {
    let mut error = error;
    for (field, called) in [
        ("assignee", "assignment.assignee"),
        ("project", "assignment.project"),
        ("description", "assignment.description"),
        ("estimate_minutes", "assignment.estimate_minutes"),
        ("job_kind", "job.job_kind"),
        ("queue", "job.queue"),
        ("max_attempts", "job.max_attempts"),
        ("payload", "job.payload"),
    ] {
        error = error.about(field, called);
    }
    error
}

/// A page of schedules.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleList)]
struct ScheduleList<'a> {
    items: Vec<ScheduleShape<'a>>,
    next: Option<String>,
}

/// Where a list goes on: lists of other things need two numbers for that.
struct Place(i64);

impl std::str::FromStr for Place {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Place, Self::Err> {
        let (id, beside) = text.split_once('.').unwrap_or((text, ""));
        beside.parse::<i64>()?;
        id.parse().map(Place)
    }
}

pub async fn get_schedules(State(app): State<App>, viewer: Viewer, mut query: Query) -> Result<Response> {
    let (limit, after) = (query.limit(), query.cursor::<Place>().map_or(0, |place| place.0));
    query.end()?;
    let telling = Telling::of(&app, &viewer).await?;
    let found = app.db.read(move |conn| {
        let found = sql::list(conn, viewer.organisation, ScheduleId::new(after), limit + 1)?;
        let with_runs = |schedule: Schedule| Ok((sql::last_runs(conn, schedule.id, config::RUNS_SHOWN)?, schedule));
        found.into_iter().map(with_runs).collect::<Result<Vec<(Vec<Run>, Schedule)>>>()
    });
    let mut found = found.await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let now = app.clock.now();
    let next = found.last().map(|(_, schedule)| format!("{}.0", schedule.id)).filter(|_| more);
    let items = found.iter().map(|(runs, schedule)| ScheduleShape::of(schedule, runs, &telling, now)).collect();
    Ok(respond(&ScheduleList { items, next }))
}

pub fn told_get_schedules() -> Told {
    Told::new("get_schedules", "Schedules", "List schedules")
        .more("In the order in which they were made. Schedules are for admins.")
        .query(told_paging())
        .gives::<ScheduleList>(200, "A page of schedules.")
        .leads_to(200, "get_schedules", "cursor", "$response.body#/next")
        .leads_to(200, "get_schedule", "id", "$response.body#/items/0/id")
}

pub async fn post_schedules(call: Call<Json<NewBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let wanted = body.wanted()?;
    let (by, now) = (call.by(), call.app.clock.now());
    let base = call.app.config.base().as_str().to_owned();
    let verb = move |w: &mut crate::db::Write<'_>| actions::create(w, &by, wanted).map_err(beside);
    call.once(verb, move |schedule, telling| {
        let shape = ScheduleShape::of(schedule, &[], telling, now);
        Answer::created(format!("{base}/api/v1/schedules/{}", schedule.id), &shape)
    })
    .await
}

pub fn told_post_schedules() -> Told {
    Told::new("post_schedules", "Schedules", "Make a schedule")
        .more("It makes a job, or an assignment, at each slot, in the name of whoever saved it last and with the rights that they have then. A schedule that names hours goes by the clock on the wall: what lies in a skipped hour runs once right after it, what lies in a doubled hour at its first coming. One that runs in every hour goes on in both.")
        .takes::<NewBody>(json!({
            "title": "Letters of {date}", "cron": "0 9 * * MON-FRI", "zone": "Europe/Berlin",
            "job": { "job_kind": "letters", "payload": { "list": "spring" } }, "overlap": "queue",
        }))
        .gives::<ScheduleShape>(201, "The new schedule.")
        .header(201, "Location", "Its address.", &json!({ "type": "string" }))
        .leads_to_all(201, "id", "$response.body#/id")
}

pub async fn get_schedule(State(app): State<App>, viewer: Viewer, At(id): At<ScheduleId>) -> Result<Response> {
    let telling = Telling::of(&app, &viewer).await?;
    let found = app.db.read(move |conn| {
        let schedule = sql::find(conn, viewer.organisation, id)?.ok_or(Error::NotFound)?;
        Ok((sql::last_runs(conn, id, config::RUNS_SHOWN)?, schedule))
    });
    let (runs, schedule) = found.await?;
    Ok(respond(&ScheduleWithRuns::of(&schedule, &runs, &telling, app.clock.now())))
}

pub fn told_get_schedule() -> Told {
    Told::new("get_schedule", "Schedules", "Read a schedule")
        .gives::<ScheduleWithRuns>(200, "The schedule with its last twenty runs.")
}

pub async fn patch_schedule(At(id): At<ScheduleId>, call: Call<Json<EditBody>>) -> Result<Response> {
    let (call, Json(mut body)) = call.split();
    check_zone(body.zone.as_deref())?;
    let template = template(body.job.take(), body.assignment.take())?;
    let (by, now) = (call.by(), call.app.clock.now());
    let verb = move |w: &mut crate::db::Write<'_>| {
        let schedule = actions::edit(w, &by, id, |before| body.wanted(template, before)).map_err(beside)?;
        Ok((sql::last_runs(w.conn, id, config::RUNS_SHOWN)?, schedule))
    };
    call.once(verb, move |(runs, schedule), telling| Answer::ok(&ScheduleShape::of(schedule, runs, telling, now))).await
}

pub fn told_patch_schedule() -> Told {
    Told::new("patch_schedule", "Schedules", "Edit a schedule")
        .more("`job` or `assignment` takes the place of what it made before. Whoever saves a schedule is its maker from then on; one that came with Milepost stays Milepost's.")
        .takes::<EditBody>(json!({ "cron": "30 8 * * MON-FRI", "jitter_seconds": 60 }))
        .gives::<ScheduleShape>(200, "The schedule as it is now.")
}

pub async fn delete_schedule(At(id): At<ScheduleId>, call: Call<()>) -> Result<Response> {
    let by = call.by();
    call.once(move |w| actions::delete(w, &by, id), |_, _| Answer::nothing()).await
}

pub fn told_delete_schedule() -> Told {
    Told::new("delete_schedule", "Schedules", "Delete a schedule")
        .more("What it made stays.")
        .gives_nothing("It is gone.")
}

/// What was made by hand.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleRan)]
struct RanShape<'a> {
    run: RunShape,
    /// What it made; null while it waits for an earlier one.
    task: Option<TaskShape<'a>>,
}

pub async fn post_run(At(id): At<ScheduleId>, call: Call<()>) -> Result<Response> {
    let by = call.by();
    let verb = move |w: &mut crate::db::Write<'_>| {
        let (_, run) = actions::run_now(w, &by, id)?;
        let task = run.task.map(|task| crate::tasks::sql::find(w.conn, task)).transpose()?.flatten();
        Ok((run, task))
    };
    call.once(verb, |(run, task), telling| {
        let task = task.as_ref().map(|task| telling.task(task));
        Answer::ok(&RanShape { run: RunShape::of(run), task })
    })
    .await
}

pub fn told_post_schedule_run() -> Told {
    Told::new("post_schedule_run", "Schedules", "Run a schedule now")
        .more("Apart from its slots, which stay as they are. While an earlier run is open it is refused, waits, or runs beside it, as `overlap` says.")
        .gives::<RanShape>(200, "The run, and what it made.")
}

async fn pause(id: ScheduleId, call: Call<()>, is_paused: bool) -> Result<Response> {
    let (by, now): (_, Timestamp) = (call.by(), call.app.clock.now());
    let verb = move |w: &mut crate::db::Write<'_>| {
        let schedule = actions::pause(w, &by, id, is_paused)?;
        Ok((sql::last_runs(w.conn, id, config::RUNS_SHOWN)?, schedule))
    };
    call.once(verb, move |(runs, schedule), telling| Answer::ok(&ScheduleShape::of(schedule, runs, telling, now))).await
}

pub async fn post_pause(At(id): At<ScheduleId>, call: Call<()>) -> Result<Response> {
    pause(id, call, true).await
}

pub fn told_post_schedule_pause() -> Told {
    Told::new("post_schedule_pause", "Schedules", "Pause a schedule")
        .more("Its slots are left out until it is resumed.")
        .gives::<ScheduleShape>(200, "The schedule as it is now.")
}

pub async fn post_resume(At(id): At<ScheduleId>, call: Call<()>) -> Result<Response> {
    pause(id, call, false).await
}

pub fn told_post_schedule_resume() -> Told {
    Told::new("post_schedule_resume", "Schedules", "Let a paused schedule go on")
        .more("With its first slot from now.")
        .gives::<ScheduleShape>(200, "The schedule as it is now.")
}
