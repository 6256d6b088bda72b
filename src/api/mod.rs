//! The doors for programs: JSON under `/api/v1`, opened by a token (or by the session of a page). Here is their part of
//! the URL map; each line says which scopes open it to a token, and how it is described.

pub mod artifacts;
pub mod bearer;
pub mod body;
pub mod call;
pub mod claims;
pub mod edit;
pub mod explain;
pub mod items;
pub mod log;
pub mod moves;
pub mod names;
pub mod openapi;
pub mod problem;
pub mod query;
pub mod queues;
pub mod rates;
pub mod reports;
pub mod schedule_shapes;
pub mod schedules;
pub mod schemas;
pub mod shapes;
pub mod stream;
pub mod tasks;
pub mod trail;

use std::time::Duration;

use crate::config::{CLAIM_WAIT_SECONDS, ITEMS_BODY_BYTES, UPLOAD_TIME};
use crate::people::Scope;
use crate::web::{Access, Route, Use, delete, get, patch, post, put};

/// The parts of the description, in their order.
const SECTIONS: [(&str, &str); 7] = [
    ("Tasks", "Work that people were assigned, and jobs that programs run."),
    ("Jobs", "What whoever runs a job says and takes."),
    ("Output", "What a job leaves behind: log, items, files."),
    ("Queues", "Where jobs wait."),
    ("Schedules", "What is made again and again, by the calendar."),
    ("Stream", "What happens, as it happens."),
    ("Description", "The API about itself."),
];

const READ: &[Scope] = &[Scope::Read];
const REPORT: &[Scope] = &[Scope::Report];
const WORK: &[Scope] = &[Scope::Work];
const ADMIN: &[Scope] = &[Scope::Admin];
/// What programs do with their jobs, and admins with assignments.
const EITHER: &[Scope] = &[Scope::Report, Scope::Admin];

/// Every address for programs.
pub fn routes() -> Vec<Route> {
    [all_tasks(), one_task(), jobs(), output(), calendar(), about()].into_iter().flatten().collect()
}

fn all_tasks() -> Vec<Route> {
    use Access::SignedIn;
    vec![
        get("/api/v1/tasks", SignedIn, tasks::get_tasks).scopes(READ).told(tasks::told_get_tasks),
        post("/api/v1/tasks", SignedIn, tasks::post_tasks).scopes(EITHER).told(tasks::told_post_tasks),
    ]
}

fn one_task() -> Vec<Route> {
    use Access::{Admin, SignedIn};
    const TASK: &str = "/api/v1/tasks/{id}";
    vec![
        get(TASK, SignedIn, tasks::get_task).scopes(READ).told(tasks::told_get_task),
        patch(TASK, Admin, edit::patch_task).scopes(ADMIN).told(edit::told_patch_task),
        delete(TASK, SignedIn, tasks::delete_task).scopes(ADMIN).told(tasks::told_delete_task),
        post("/api/v1/tasks/{id}/cancel", SignedIn, moves::post_cancel).scopes(EITHER).told(moves::told_post_cancel),
        post("/api/v1/tasks/{id}/complete", SignedIn, moves::post_complete)
            .scopes(EITHER)
            .told(moves::told_post_complete),
        post("/api/v1/tasks/{id}/reopen", SignedIn, moves::post_reopen).scopes(EITHER).told(moves::told_post_reopen),
        post("/api/v1/tasks/{id}/comments", SignedIn, moves::post_comments)
            .scopes(REPORT)
            .told(moves::told_post_comments),
        get("/api/v1/tasks/{id}/trail", SignedIn, trail::get_trail).scopes(READ).told(trail::told_get_trail),
    ]
}

fn jobs() -> Vec<Route> {
    use Access::{Admin, SignedIn};
    vec![
        post("/api/v1/tasks/{id}/progress", SignedIn, reports::post_progress)
            .scopes(REPORT)
            .takes_in(ITEMS_BODY_BYTES)
            .told(reports::told_post_progress),
        post("/api/v1/tasks/progress", SignedIn, reports::post_progress_batch)
            .scopes(REPORT)
            .takes_in(ITEMS_BODY_BYTES)
            .told(reports::told_post_progress_batch),
        post("/api/v1/tasks/{id}/heartbeat", SignedIn, reports::post_heartbeat)
            .scopes(REPORT)
            .told(reports::told_post_heartbeat),
        post("/api/v1/tasks/{id}/finish", SignedIn, reports::post_finish)
            .scopes(REPORT)
            .told(reports::told_post_finish),
        post("/api/v1/tasks/{id}/retry", SignedIn, moves::post_retry).scopes(REPORT).told(moves::told_post_retry),
        post("/api/v1/claims", SignedIn, claims::post_claims)
            .scopes(WORK)
            .waits(Duration::from_secs(CLAIM_WAIT_SECONDS.unsigned_abs()))
            .told(claims::told_post_claims),
        get("/api/v1/queues", SignedIn, queues::get_queues).scopes(READ).told(queues::told_get_queues),
        put("/api/v1/queues/{what}/{name}", Admin, queues::put_queue).scopes(ADMIN).told(queues::told_put_queue),
    ]
}

fn output() -> Vec<Route> {
    use Access::SignedIn;
    const LOG: &str = "/api/v1/tasks/{id}/log";
    const FILE: &str = "/api/v1/tasks/{id}/artifacts/{name}";
    vec![
        get("/api/v1/tasks/{id}/items", SignedIn, items::get_items).scopes(READ).told(items::told_get_items),
        get(LOG, SignedIn, log::get_log).scopes(READ).told(log::told_get_log),
        post(LOG, SignedIn, log::post_log).scopes(REPORT).told(log::told_post_log),
        get("/api/v1/tasks/{id}/artifacts", SignedIn, artifacts::get_artifacts)
            .scopes(READ)
            .told(artifacts::told_get_artifacts),
        put(FILE, SignedIn, artifacts::put_artifact)
            .scopes(REPORT)
            .streams_in()
            .waits(UPLOAD_TIME)
            .told(artifacts::told_put_artifact),
        get(FILE, SignedIn, artifacts::get_artifact).scopes(READ).told(artifacts::told_get_artifact),
    ]
}

fn calendar() -> Vec<Route> {
    use Access::Admin;
    const ALL: &str = "/api/v1/schedules";
    const ONE: &str = "/api/v1/schedules/{id}";
    vec![
        get(ALL, Admin, schedules::get_schedules).scopes(READ).told(schedules::told_get_schedules),
        post(ALL, Admin, schedules::post_schedules).scopes(ADMIN).told(schedules::told_post_schedules),
        get(ONE, Admin, schedules::get_schedule).scopes(READ).told(schedules::told_get_schedule),
        patch(ONE, Admin, schedules::patch_schedule).scopes(ADMIN).told(schedules::told_patch_schedule),
        delete(ONE, Admin, schedules::delete_schedule).scopes(ADMIN).told(schedules::told_delete_schedule),
        post("/api/v1/schedules/{id}/run", Admin, schedules::post_run)
            .scopes(ADMIN)
            .told(schedules::told_post_schedule_run),
        post("/api/v1/schedules/{id}/pause", Admin, schedules::post_pause)
            .scopes(ADMIN)
            .told(schedules::told_post_schedule_pause),
        post("/api/v1/schedules/{id}/resume", Admin, schedules::post_resume)
            .scopes(ADMIN)
            .told(schedules::told_post_schedule_resume),
    ]
}

fn about() -> Vec<Route> {
    use Access::{Public, SignedIn};
    vec![
        get("/api/v1/events", SignedIn, stream::get_events).scopes(READ).told(stream::told_events),
        get("/api/v1/events/poll", SignedIn, stream::get_poll).scopes(READ).told(stream::told_poll),
        get("/api/v1/openapi.json", Public, openapi::get_openapi).usage(Use::Machine).told(openapi::told_openapi),
    ]
}

/// Whether this address is one for programs: failures there are told in JSON.
pub fn is_for_programs(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}
