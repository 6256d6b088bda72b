//! What a supervisor asks: does the process live, can it serve.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::boundary::Plain;
use crate::App;

pub async fn get_healthz() -> &'static str {
    "ok"
}

/// Ready when the database answers.
pub async fn get_readyz(State(app): State<App>) -> Response {
    let answers = app.db.read(|conn| Ok(crate::people::sql::is_set_up(conn)?)).await;
    match answers {
        Ok(_) => "ready".into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, Extension(Plain), "not ready").into_response()
        }
    }
}
