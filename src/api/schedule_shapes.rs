//! How schedules and their runs are written as JSON.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::call::Telling;
use super::schemas;
use super::shapes::{PersonShape, ProjectShape, person, project};
use crate::config;
use crate::schedules::alarm::alarm;
use crate::schedules::sentence::sentence;
use crate::schedules::told::alarm_text;
use crate::schedules::{AfterDowntime, Alarm, Outcome, Overlap, Reason, Run, Schedule, ScheduleId, Template};
use crate::tasks::{Priority, TaskId};

/// What a schedule's jobs are made with.
#[derive(Serialize, ToSchema)]
#[schema(as = JobOfSchedule)]
struct JobShape<'a> {
    job_kind: &'a str,
    payload: &'a Value,
    queue: Option<&'a str>,
    max_attempts: Option<i64>,
}

/// What a schedule's assignments are made with.
#[derive(Serialize, ToSchema)]
#[schema(as = AssignmentOfSchedule)]
struct AssignmentShape<'a> {
    assignee: PersonShape<'a>,
    project: Option<ProjectShape<'a>>,
    #[schema(value_type = schemas::Priority)]
    priority: Priority,
    description: &'a str,
    estimate_minutes: Option<i64>,
    /// Counted from the slot, such as `2d` or `6h`.
    due_after: Option<String>,
}

/// What is wrong with a schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = Alarm)]
struct AlarmShape {
    #[schema(value_type = schemas::AlarmWord)]
    what: &'static str,
    /// The same in a sentence.
    text: String,
}

/// One slot's run, or one by hand.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleRun)]
pub struct RunShape {
    slot: Timestamp,
    by_hand: bool,
    /// Null: it goes on, or waits.
    #[schema(value_type = Option<schemas::RunOutcome>)]
    outcome: Option<Outcome>,
    /// Why nothing was made.
    #[schema(value_type = Option<schemas::RunReason>)]
    reason: Option<Reason>,
    /// It waits for an earlier one to end.
    is_waiting: bool,
    /// Slots that were left out with it.
    missed: i64,
    /// What it made, while that is there.
    #[schema(value_type = Option<i64>)]
    task: Option<TaskId>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

impl RunShape {
    pub fn of(run: &Run) -> RunShape {
        RunShape {
            slot: run.slot,
            by_hand: run.by_hand,
            outcome: run.outcome,
            reason: run.reason,
            is_waiting: run.is_waiting,
            missed: run.missed,
            task: run.task,
            started_at: run.started_at,
            ended_at: run.ended_at,
        }
    }
}

/// A schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
pub struct ScheduleShape<'a> {
    #[schema(value_type = schemas::Id)]
    id: ScheduleId,
    title: &'a str,
    cron: &'a str,
    /// The expression in words, in the language of whoever asks.
    words: String,
    zone: &'a str,
    /// Null: it makes assignments.
    job: Option<JobShape<'a>>,
    /// Null: it makes jobs.
    assignment: Option<AssignmentShape<'a>>,
    jitter_seconds: i64,
    #[schema(value_type = schemas::DowntimeRule)]
    after_downtime: AfterDowntime,
    #[schema(value_type = schemas::OverlapRule)]
    overlap: Overlap,
    alarm_failures: i64,
    is_paused: bool,
    /// When the next run starts; null while it is paused.
    next_run: Option<Timestamp>,
    /// The next five slots; none while it is paused.
    upcoming: Vec<Timestamp>,
    last_run: Option<RunShape>,
    /// Null: nothing is wrong.
    alarm: Option<AlarmShape>,
    /// As whom it runs; null: it came with Milepost.
    maker: Option<PersonShape<'a>>,
    /// The kind of job with which it came.
    comes_with: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Grows with each edit.
    version: i64,
}

impl<'a> ScheduleShape<'a> {
    /// `runs`: the last ones, newest first.
    pub fn of(schedule: &'a Schedule, runs: &[Run], telling: &'a Telling, now: Timestamp) -> ScheduleShape<'a> {
        let (job, assignment) = match &schedule.template {
            Template::Job(job) => {
                let queue = job.queue.as_deref();
                let shape =
                    JobShape { job_kind: &job.job_kind, payload: &job.payload, queue, max_attempts: job.max_attempts };
                (Some(shape), None)
            }
            Template::Assignment(work) => {
                let shape = AssignmentShape {
                    assignee: person(&telling.names, work.assignee),
                    project: work.project.map(|id| project(&telling.names, id)),
                    priority: work.priority,
                    description: &work.description,
                    estimate_minutes: work.estimate_minutes,
                    due_after: work.due_after.map(|due| due.to_string()),
                };
                (None, Some(shape))
            }
        };
        let l = telling.l;
        let alarm = alarm(schedule, runs, now);
        ScheduleShape {
            id: schedule.id,
            title: &schedule.title,
            cron: schedule.cron.as_str(),
            words: sentence(l, &schedule.cron),
            zone: schedule.zone_name(),
            job,
            assignment,
            jitter_seconds: schedule.rules.jitter_seconds,
            after_downtime: schedule.rules.after_downtime,
            overlap: schedule.rules.overlap,
            alarm_failures: schedule.rules.alarm_failures,
            is_paused: schedule.is_paused,
            next_run: schedule.next_at(),
            upcoming: schedule.ahead(config::SLOTS_AHEAD),
            last_run: runs.first().map(RunShape::of),
            alarm: alarm.map(|alarm| AlarmShape { what: alarm_word(alarm), text: alarm_text(l, alarm) }),
            maker: schedule.maker.map(|id| person(&telling.names, id)),
            comes_with: schedule.comes_with.as_deref(),
            created_at: schedule.created_at,
            updated_at: schedule.updated_at,
            version: schedule.version,
        }
    }
}

pub const ALARMS: [&str; 6] = ["refused", "failing", "missed", "late", "not_begun", "slow"];

const fn alarm_word(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Refused(_) => ALARMS[0],
        Alarm::Failing(_) => ALARMS[1],
        Alarm::Missed(_) => ALARMS[2],
        Alarm::Late => ALARMS[3],
        Alarm::NotBegun(_) => ALARMS[4],
        Alarm::Slow { .. } => ALARMS[5],
    }
}

/// A schedule with its last runs, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleWithRuns)]
pub struct ScheduleWithRuns<'a> {
    #[serde(flatten)]
    schedule: ScheduleShape<'a>,
    runs: Vec<RunShape>,
}

impl<'a> ScheduleWithRuns<'a> {
    pub fn of(schedule: &'a Schedule, runs: &[Run], telling: &'a Telling, now: Timestamp) -> ScheduleWithRuns<'a> {
        let shown = runs.iter().map(RunShape::of).collect();
        ScheduleWithRuns { schedule: ScheduleShape::of(schedule, runs, telling, now), runs: shown }
    }
}
