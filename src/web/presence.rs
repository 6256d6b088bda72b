//! The pages' own signal of whether somebody uses them. A page sends it while it is visible; nothing else is watched.

use axum::extract::State;
use axum::http::StatusCode;

use super::forms::Fields;
use crate::App;
use crate::error::{Error, Result, msg};
use crate::people::presence::note_presence;
use crate::people::{Presence, PresenceSource, Viewer};

/// `state`: `active` or `idle`. Offline is what no signal covers.
pub async fn post_presence(State(app): State<App>, viewer: Viewer, fields: Fields) -> Result<StatusCode> {
    let state = match fields.get("state").parse() {
        Ok(state @ (Presence::Active | Presence::Idle)) => state,
        _ => return Err(Error::field("state", msg("error-choice"))),
    };
    note_presence(&app, viewer.organisation, viewer.user, state, PresenceSource::Pages).await?;
    Ok(StatusCode::NO_CONTENT)
}
