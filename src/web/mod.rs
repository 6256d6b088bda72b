//! The doors for browsers.

pub mod assets;

use crate::App;

/// What the doors remember between requests.
#[derive(Default)]
pub struct Memory {}

pub fn router(app: App) -> axum::Router {
    axum::Router::new().with_state(app)
}
