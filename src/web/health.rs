//! What a supervisor asks: does the process live, can it serve.

use axum::extract::State;
use axum::http::StatusCode;

use crate::App;

pub async fn get_healthz() -> &'static str {
    "ok"
}

/// Ready when the database answers.
pub async fn get_readyz(State(app): State<App>) -> (StatusCode, &'static str) {
    let answers = app.db.read(|conn| Ok(crate::people::sql::is_set_up(conn)?)).await;
    match answers {
        Ok(_) => (StatusCode::OK, "ready"),
        Err(error) => {
            tracing::error!(%error, "not ready: the database does not answer");
            // With a body of its own type, so that it stays two words and does not become a page.
            (StatusCode::SERVICE_UNAVAILABLE, "not ready")
        }
    }
}
