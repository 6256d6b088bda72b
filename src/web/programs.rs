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

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::{StatusCode, header};
    use axum::routing::get;

    use super::*;
    use crate::clock::Clock;
    use crate::config::Config;
    use crate::error::Error;

    fn fails() -> StatusCode {
        panic!("as a fault of ours would")
    }

    /// What stands behind the short way here.
    fn routes() -> Router {
        Router::new()
            .route("/api/v1/fine", get(async || "fine"))
            .route("/api/v1/new", get(async || (StatusCode::CREATED, [(header::LOCATION, "/api/v1/tasks/7")])))
            .route("/api/v1/many", get(async || Error::TooMany { retry_after_seconds: 3 }))
            .route("/api/v1/refused", get(async || Error::SignInNeeded))
            .route("/api/v1/fault", get(async || fails()))
    }

    /// Each row: what is asked, and what its answer must be: its status and some of its headers.
    #[tokio::test]
    async fn the_short_way_tells_all_that_the_long_one_does() {
        type Row = (&'static str, u16, &'static [(&'static str, &'static str)]);
        const ROWS: [Row; 6] = [
            ("fine", 200, &[("cache-control", "private, no-cache"), ("x-content-type-options", "nosniff")]),
            ("new", 201, &[("location", "/milepost/api/v1/tasks/7")]),
            ("many", 429, &[("retry-after", "3"), ("content-type", "application/problem+json")]),
            ("refused", 401, &[("www-authenticate", "Bearer error=\"invalid_token\"")]),
            ("nowhere", 404, &[("content-type", "application/problem+json")]),
            ("fault", 500, &[("content-type", "application/problem+json")]),
        ];
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            db: folder.path().join("milepost.db"),
            base_url: Some("https://milepost.test/milepost".parse().unwrap()),
            ..Config::default()
        };
        let app = App::open(config, Clock::system()).unwrap();
        for (path, status, headers) in ROWS {
            let request = Request::builder().uri(format!("/api/v1/{path}")).header("authorization", "Bearer mp_x");
            let request = request.body(Body::empty()).unwrap();
            assert!(is_of_program(&request));
            let answer = answer(app.clone(), routes(), request).await;
            assert_eq!(answer.status(), status, "{path}");
            let told = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            let everywhere = [("strict-transport-security", "max-age=31536000"), ("x-frame-options", "DENY")];
            for (name, value) in headers.iter().chain(&everywhere) {
                assert_eq!(told(name).as_deref(), Some(*value), "{path}: {name}");
            }
            assert!(told("content-security-policy").is_some_and(|policy| policy.contains("default-src")), "{path}");
            if status >= 400 {
                let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
                let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(problem["status"], status);
                assert!(
                    problem["detail"].as_str().is_some_and(|detail| !detail.contains("fault of ours")),
                    "{problem}"
                );
            }
        }
        app.db.close();
    }
}
