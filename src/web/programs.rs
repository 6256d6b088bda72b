//! The short way in for programs: who shows a token at an address of the API has no session, no cookie and no page, and
//! comes from no site. What the other layers do for browsers is left out; the rest is done here, in one step.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::response::Response;
use futures_util::FutureExt;
use tower::{Service, ServiceExt};

use super::arrival::{arrived, send_outward};
use super::boundary::{Asker, panicked, problem_if_failed};
use super::headers::tell_browser;
use super::page::wanted_language;
use crate::App;
use crate::api::{bearer, is_for_programs};

/// Whether a request takes this way.
pub fn is_of_program(request: &Request) -> bool {
    is_for_programs(request.uri().path()) && bearer::shows_one(request.headers())
}

/// Answers a program: by its route, or with a problem.
pub async fn answer<S>(app: App, routes: S, mut request: Request) -> Response
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let arrival = arrived(&app.config, &mut request);
    request.extensions_mut().insert(arrival);
    let asker = Asker {
        method: request.method().clone(),
        uri: request.uri().clone(),
        l: wanted_language(request.headers()),
        shows_token: true,
    };
    let answered = AssertUnwindSafe(routes.oneshot(request)).catch_unwind().await;
    let response = answered.unwrap_or_else(|panic| Ok(panicked(panic))).unwrap_or_else(|never| match never {});
    let mut response = problem_if_failed(&asker, response);
    tell_browser(arrival, response.headers_mut());
    if !app.config.base().is_empty() {
        send_outward(app.config.base(), response.headers_mut());
    }
    response
}
