//! The doors for browsers: the whole URL map as data, and the layers around it.
//! A route is guarded by its line here, never by its handler: what is not written down as public answers only the
//! signed-in. Tests walk this map.

pub mod account;
mod arrival;
pub mod assets;
pub mod assign;
pub mod boundary;
pub mod broadcast;
pub mod bulk;
mod bulk_form;
pub mod choices;
pub mod docs;
pub mod download;
pub mod flash;
pub mod forms;
pub mod fragments;
mod headers;
mod health;
pub mod history;
pub mod import;
mod import_tracker;
pub mod invitations;
pub mod job;
pub mod job_fields;
pub mod job_files;
pub mod job_forms;
pub mod job_look;
pub mod job_names;
mod job_shown;
pub mod jobs;
pub mod monitor;
pub mod moving;
pub mod new_job;
pub mod notifications;
mod once;
pub mod page;
pub mod people;
pub mod preferences;
pub mod presence;
mod programs;
pub mod projects;
mod route;
pub mod schedule;
pub mod schedule_form;
pub mod schedule_look;
pub mod schedule_stale;
pub mod schedule_values;
pub mod schedules;
pub mod session;
pub mod settings;
pub mod setup;
pub mod shown;
pub mod sign_in;
pub mod stream;
pub mod task;
pub mod task_forms;
pub mod task_look;
pub mod tasks;
pub mod tokens;
mod trail;
pub mod uploads;
pub mod viewer;

pub use route::{Access, Route, Use, delete, get, patch, post, put};

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Router, extract};
use tokio::sync::Semaphore;
use tower::util::MapRequestLayer;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::trace::TraceLayer;

use crate::App;
use crate::api::bearer::Bearers;
use crate::api::{self, names::AllNames, rates::Rates};
use crate::config::{Config, LOOKS_AT_ONCE};
use crate::error::{Error, msg};
use arrival::{arrive, without_prefix};
use boundary::{boundary, loggable, panicked};
use choices::Choices;
use fragments::Fragments;
use moving::Zones;
use session::Sessions;
use viewer::{Guard, Viewers, guard};

/// What the doors remember between requests.
pub struct Memory {
    pub viewers: Viewers,
    pub fragments: Fragments,
    pub zones: Zones,
    pub choices: Choices,
    pub bearers: Bearers,
    pub names: AllNames,
    pub rates: Rates,
    /// Who looks into a file that was brought waits for their turn.
    pub looks: Arc<Semaphore>,
    /// The API's, as it is served.
    pub description: OnceLock<Bytes>,
}

impl Memory {
    pub fn new(config: &Config) -> Memory {
        Memory {
            viewers: Viewers::default(),
            fragments: Fragments::default(),
            zones: Zones::default(),
            choices: Choices::default(),
            bearers: Bearers::default(),
            names: AllNames::default(),
            rates: Rates::new(config.requests_per_minute),
            looks: Arc::new(Semaphore::new(LOOKS_AT_ONCE)),
            description: OnceLock::new(),
        }
    }
}

/// Every address of the program.
pub fn routes() -> Vec<Route> {
    [machines(), ways_in(), own(), work(), calendar(), organisation(), api::routes()].into_iter().flatten().collect()
}

/// For browsers and supervisors, not for people.
fn machines() -> Vec<Route> {
    use Access::Public;
    vec![
        get("/healthz", Public, health::get_healthz).usage(Use::Machine),
        get("/readyz", Public, health::get_readyz).usage(Use::Machine),
        get("/assets/{*path}", Public, assets::get_asset).usage(Use::Machine),
    ]
}

/// The ways in, and what visitors may set.
fn ways_in() -> Vec<Route> {
    use Access::Public;
    vec![
        get("/", Public, sign_in::get_root),
        get("/docs", Public, docs::get_docs),
        get("/setup", Public, setup::get_setup),
        post("/setup", Public, setup::post_setup),
        get("/sign-in", Public, sign_in::get_sign_in),
        post("/sign-in", Public, sign_in::post_sign_in),
        post("/sign-out", Public, sign_in::post_sign_out),
        get("/invitations/{token}", Public, invitations::get_invitation),
        post("/invitations/{token}", Public, invitations::post_invitation),
        get("/reset/{token}", Public, invitations::get_reset),
        post("/reset/{token}", Public, invitations::post_reset),
        post("/preferences", Public, preferences::post_preferences),
    ]
}

/// One's own account.
fn own() -> Vec<Route> {
    use Access::SignedIn;
    vec![
        post("/organisations", Access::Owner, settings::post_organisations),
        post("/switch-organisation", SignedIn, preferences::post_switch_organisation),
        post("/presence", SignedIn, presence::post_presence).usage(Use::Machine),
        get("/account", SignedIn, account::get_account),
        post("/account/alarms", SignedIn, account::post_alarms),
        post("/account/name", SignedIn, account::post_name),
        post("/account/password", SignedIn, account::post_password),
        post("/account/preferences", SignedIn, account::post_preferences),
        post("/account/sessions/end-others", SignedIn, account::post_end_other_sessions),
        post("/account/sessions/{key}/end", SignedIn, account::post_end_session),
        post("/account/tokens", SignedIn, tokens::post_own),
        get("/account/tokens/{id}/revoke", SignedIn, tokens::get_revoke_own),
        post("/account/tokens/{id}/revoke", SignedIn, tokens::post_revoke_own),
    ]
}

/// The work.
fn work() -> Vec<Route> {
    use Access::{Admin, SignedIn};
    vec![
        get("/tasks", SignedIn, tasks::get_tasks),
        get("/tasks/{id}", SignedIn, task::get_task),
        post("/tasks/{id}", SignedIn, task_forms::post_task),
        post("/tasks/{id}/progress", SignedIn, task_forms::post_progress),
        post("/tasks/{id}/complete", SignedIn, task_forms::post_complete),
        post("/tasks/{id}/cancel", SignedIn, task_forms::post_cancel),
        post("/tasks/{id}/reopen", SignedIn, task_forms::post_reopen),
        post("/tasks/{id}/undo", SignedIn, task_forms::post_undo),
        post("/tasks/{id}/comments", SignedIn, task_forms::post_comments),
        post("/tasks/{id}/retry", SignedIn, job_forms::post_retry),
        get("/tasks/{id}/dismiss", SignedIn, job_forms::get_dismiss),
        post("/tasks/{id}/dismiss", SignedIn, job_forms::post_dismiss),
        get("/tasks/{id}/log", SignedIn, job_files::get_log),
        get("/tasks/{id}/items.csv", SignedIn, job_files::get_items),
        get("/tasks/{id}/artifacts/{name}", SignedIn, job_files::get_artifact),
        get("/jobs", SignedIn, jobs::get_jobs),
        get("/jobs/bulk", SignedIn, bulk::get_bulk),
        post("/jobs/bulk", SignedIn, bulk::post_bulk),
        get("/jobs/new", SignedIn, new_job::get_kinds),
        get("/jobs/new/{kind}", SignedIn, new_job::get_kind),
        post("/jobs/new/{kind}", SignedIn, new_job::post_kind),
        post("/jobs/new/{kind}/file", SignedIn, uploads::post_file).streams_in().waits(crate::config::UPLOAD_TIME),
        post("/jobs/limits", Admin, job_forms::post_limits),
        get("/monitor", SignedIn, monitor::get_monitor),
        get("/assign", Admin, assign::get_assign),
        post("/assign", Admin, assign::post_assign),
        get("/history", SignedIn, history::get_history),
        get("/notifications", SignedIn, notifications::get_notifications),
        post("/notifications/read", SignedIn, notifications::post_read),
        get("/events", SignedIn, stream::get_events).usage(Use::Machine),
        get("/events/poll", SignedIn, stream::get_poll).usage(Use::Machine),
    ]
}

/// What is made by the calendar.
fn calendar() -> Vec<Route> {
    use Access::Admin;
    vec![
        get("/schedules", Admin, schedules::get_schedules),
        post("/schedules", Admin, schedule_form::post_schedules),
        get("/schedules/new", Admin, schedule_form::get_new),
        get("/schedules/{id}", Admin, schedule::get_schedule),
        post("/schedules/{id}", Admin, schedule_form::post_schedule),
        get("/schedules/{id}/edit", Admin, schedule_form::get_edit),
        post("/schedules/{id}/run", Admin, schedule::post_run),
        post("/schedules/{id}/pause", Admin, schedule::post_pause),
        get("/schedules/{id}/delete", Admin, schedule::get_delete),
        post("/schedules/{id}/delete", Admin, schedule::post_delete),
    ]
}

/// The organisation and its people.
fn organisation() -> Vec<Route> {
    use Access::Admin;
    vec![
        get("/people", Admin, people::get_people),
        post("/people", Admin, people::post_people),
        post("/people/invitations/{id}/revoke", Admin, people::post_revoke_invitation),
        get("/people/{id}", Admin, people::get_member),
        post("/people/{id}/role", Admin, people::post_role),
        get("/people/{id}/deactivate", Admin, people::get_deactivate),
        post("/people/{id}/deactivate", Admin, people::post_deactivate),
        post("/people/{id}/reactivate", Admin, people::post_reactivate),
        post("/people/{id}/reset-link", Admin, people::post_reset_link),
        get("/projects", Admin, projects::get_projects),
        post("/projects", Admin, projects::post_projects),
        get("/projects/{id}", Admin, projects::get_project),
        post("/projects/{id}", Admin, projects::post_project),
        post("/projects/{id}/members", Admin, projects::post_members),
        post("/projects/{id}/archive", Admin, projects::post_archive),
        get("/settings", Admin, settings::get_settings),
        post("/settings", Admin, settings::post_settings),
        post("/settings/tokens", Admin, tokens::post_organisations),
        get("/settings/tokens/{id}/revoke", Admin, tokens::get_revoke_organisations),
        post("/settings/tokens/{id}/revoke", Admin, tokens::post_revoke_organisations),
    ]
}

/// The routes that exist only while the program shows itself (`milepost demo`).
pub fn demo_routes() -> Vec<Route> {
    vec![post("/demo/sign-in", Access::Public, sign_in::post_demo_sign_in)]
}

/// Whether an address whose path begins with this step may be one of ours.
pub fn is_own(first_segment: &str) -> bool {
    let all = routes().into_iter().chain(demo_routes());
    all.into_iter().any(|route| route.path.split('/').nth(1) == Some(first_segment))
}

/// The program as a service, at the root and, where one is set, under the prefix of its address.
pub fn router(app: App) -> Router {
    let base = app.config.base().clone();
    let inside = inside(app);
    if base.is_empty() {
        return inside;
    }
    // Before the router looks at the path.
    let both = MapRequestLayer::new(move |request| without_prefix(&base, request));
    Router::new().fallback_service(both.layer(inside))
}

/// Made from the map above and nothing else.
fn inside(app: App) -> Router {
    let mut lines = routes();
    if app.config.demo {
        lines.extend(demo_routes());
    }
    let mut router = Router::new();
    for line in lines {
        let quiet = line.usage != Use::Person;
        let Route { access, scopes, body_bytes, streams_in, time, .. } = line;
        let guarded = Guard { app: app.clone(), access, quiet, scopes, body_bytes, streams_in, time };
        router = router.route(line.path, line.handler.route_layer(from_fn_with_state(guarded, guard)));
    }
    let routes = router.with_state(app.clone());
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(app.clone(), arrive))
        .layer(from_fn(headers::security_headers))
        .layer(Sessions::new(&app).layer())
        .layer(from_fn(flash::shown_once))
        .layer(from_fn_with_state(app.clone(), boundary))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(same_site(&app));
    // Around the router as a whole: around each route, every request would copy all that lies inside of every layer.
    let people = Router::new().fallback_service(layers.service(routes.clone()));
    let doors = service_fn(move |request| {
        let (app, people, routes) = (app.clone(), people.clone(), routes.clone());
        async move {
            match programs::is_of_program(&request) {
                true => Ok(programs::answer(app, routes, request).await),
                false => people.oneshot(request).await,
            }
        }
    });
    let layers = ServiceBuilder::new()
        // Failures are logged at the boundary, once.
        .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(()))
        // Its default leaves streams (text/event-stream) alone.
        .layer(CompressionLayer::new().quality(tower_http::CompressionLevel::Fastest));
    Router::new().fallback_service(layers.service(doors))
}

fn span(request: &extract::Request) -> tracing::Span {
    tracing::debug_span!("request", method = %request.method(), path = loggable(request.uri()))
}

/// Refuses what another site's page posts here in a signed-in browser's name.
fn same_site(app: &App) -> CsrfLayer<impl Fn(ProtectionError) -> Response + Clone + use<>> {
    let refuse = |_: ProtectionError| Error::Forbidden(msg("error-cross-site")).into_response();
    let layer = CsrfLayer::new();
    // Behind a proxy the Host that arrives may not be the one that people type.
    let layer = match &app.config.base_url {
        Some(url) => layer.clone().add_trusted_origin(url.origin()).unwrap_or(layer),
        None => layer,
    };
    layer.with_rejection_response(refuse)
}

/// What stands in a path. Anything but what the route expects means that there is no such thing.
pub struct At<T>(pub T);

impl<T, S> FromRequestParts<S> for At<T>
where
    T: serde::de::DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<At<T>, Error> {
        let extract::Path(value) =
            extract::Path::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        Ok(At(value))
    }
}
