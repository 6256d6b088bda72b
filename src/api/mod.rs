//! The doors for programs: JSON under `/api/v1`, opened by a token (or, for reading, by the session of a page). Here is
//! their part of the URL map; each line says which scopes open it to a token.

pub mod bearer;
pub mod names;
pub mod problem;
pub mod rates;
pub mod shapes;
pub mod stream;

use crate::people::Scope;
use crate::web::{Access, Route, get};

const READ: &[Scope] = &[Scope::Read];

/// Every address for programs.
pub fn routes() -> Vec<Route> {
    use Access::SignedIn;
    vec![
        get("/api/v1/events", SignedIn, stream::get_events).scopes(READ),
        get("/api/v1/events/poll", SignedIn, stream::get_poll).scopes(READ),
    ]
}

/// Whether this address is one for programs: failures there are told in JSON.
pub fn is_for_programs(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}
