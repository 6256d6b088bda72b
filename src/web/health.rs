//! What a supervisor asks: does the process live, can it serve. And how the house is, for those whose it is: on `/settings`,
//! and beneath the answer of `/readyz`.

use std::fmt::Write;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::boundary::Plain;
use crate::App;
use crate::api::bearer;
use crate::config;
use crate::error::Result;
use crate::jobs::actions::takes_writes;
use crate::jobs::health::{Reading, State as Health};
use crate::jobs::sql;
use crate::locale::Lang;
use crate::people::sql::{first_organisation, is_set_up};
use crate::people::{Scope, Viewer};

pub async fn get_healthz() -> &'static str {
    "ok"
}

/// Ready when the database answers and takes writes. What is merely not well leaves it ready: nobody is served better by
/// being turned away. Admins of the house, by session or token, are told the rest.
pub async fn get_readyz(State(app): State<App>, viewer: Option<Viewer>, headers: HeaderMap) -> Response {
    let reads = app.db.read(|conn| Ok(is_set_up(conn)?)).await;
    let writes = takes_writes(&app, config::READY_PATIENCE).await;
    let told = match (&reads, asker(&app, viewer, &headers).await) {
        (Ok(_), Some(viewer)) => told(&app, &viewer).await.unwrap_or_default(),
        _ => String::new(),
    };
    match (reads, writes) {
        (Ok(_), true) => format!("ready{told}").into_response(),
        (reads, writes) => {
            let error = reads.err();
            tracing::error!(?error, writes, "not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, Extension(Plain), format!("not ready{told}")).into_response()
        }
    }
}

/// Whoever showed a token is known by it alone.
async fn asker(app: &App, viewer: Option<Viewer>, headers: &HeaderMap) -> Option<Viewer> {
    let Some(token) = bearer::shown(headers) else { return viewer };
    let found = app.memory.bearers.of(app, &token, Lang::En).await.ok().flatten();
    found.filter(|viewer| viewer.scopes.open(Scope::Admin)).map(|viewer| Viewer::clone(&viewer))
}

/// A line for each check; nothing for whom it does not concern.
async fn told(app: &App, viewer: &Viewer) -> Result<String> {
    let mut text = String::new();
    for reading in latest(app, viewer).await?.unwrap_or_default() {
        let (state, sentence) = (reading.state, Lang::En.m(&reading.sentence()));
        // Writing to a string does not fail.
        let _ = write!(text, "\n{}: {state}: {sentence} ({})", reading.check, reading.at);
    }
    Ok(text)
}

/// For admins of the house; none for others.
async fn latest(app: &App, viewer: &Viewer) -> Result<Option<Vec<Reading>>> {
    if !viewer.is_admin() {
        return Ok(None);
    }
    let organisation = viewer.organisation;
    app.db
        .read(move |conn| match first_organisation(conn)? == Some(organisation) {
            true => Ok(Some(sql::health(conn)?)),
            false => Ok(None),
        })
        .await
}

/// The latest health, as a page shows it.
pub struct HealthPanel {
    pub rows: Vec<Row>,
    /// The worst of all.
    pub state: Option<Sign>,
    /// The last look was long ago.
    pub is_old: bool,
}

/// A state by sign, colour and word.
#[derive(Clone, Copy)]
pub struct Sign {
    pub state: Health,
    pub icon: &'static str,
    pub word: &'static str,
}

pub struct Row {
    pub sign: Sign,
    pub title: &'static str,
    pub sentence: String,
    pub advice: Option<&'static str>,
    pub at: Timestamp,
}

impl Sign {
    fn of(l: Lang, state: Health) -> Sign {
        let icon = match state {
            Health::Well => "done",
            Health::Warning => "warning",
            Health::Failing => "failed",
        };
        Sign { state, icon, word: l.t(state.key()) }
    }
}

impl HealthPanel {
    /// For admins of the house only.
    pub async fn of(app: &App, viewer: &Viewer, l: Lang) -> Result<Option<HealthPanel>> {
        let Some(readings) = latest(app, viewer).await? else { return Ok(None) };
        let now = app.clock.now();
        let is_old = readings.iter().any(|reading| !reading.is_fresh(now));
        let state = readings.iter().map(|reading| reading.state).max().map(|state| Sign::of(l, state));
        let row = |reading: Reading| Row {
            sign: Sign::of(l, reading.state),
            title: l.t(reading.check.title_key()),
            sentence: l.m(&reading.sentence()),
            advice: (reading.state != Health::Well).then(|| l.t(reading.check.advice_key())),
            at: reading.at,
        };
        Ok(Some(HealthPanel { rows: readings.into_iter().map(row).collect(), state, is_old }))
    }
}
