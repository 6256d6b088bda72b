//! Where failures become pages: the only place that knows which status a failure has, and the only one that logs it.
//! Handlers answer an `Error`; a person gets a sentence in their language, and for an internal failure a reference
//! that the log has too. Nothing else of it leaves the house.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tower_sessions::Session;

use super::flash::{PART, flash_of};
use super::page::{Nav, Page, from_page, page_url, wanted_language};
use crate::App;
use crate::api::problem::{FieldProblem, Problem};
use crate::api::rates::{RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::api::{bearer, is_for_programs};
use crate::error::{CROWDED_RETRY_SECONDS, Crowded, Error, FieldError, Message, msg};
use crate::locale::Lang;
use crate::people::tokens::hex;

/// Longer than the slowest page on a busy small machine; whoever waited this long has gone.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Rides on a bare response until the boundary writes its page.
#[derive(Clone)]
struct Failure(Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = status_of(&self).into_response();
        let retry_after = match &self {
            Error::TooMany { retry_after_seconds } => Some(*retry_after_seconds),
            Error::Crowded(_) => Some(CROWDED_RETRY_SECONDS),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::SignInNeeded => StatusCode::UNAUTHORIZED,
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::TooMany { .. } | Error::Crowded(Crowded::User | Crowded::Organisation) => StatusCode::TOO_MANY_REQUESTS,
        Error::Crowded(Crowded::Server) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A page on which something went wrong.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    l: Lang,
    status: u16,
    sentences: Vec<String>,
    reference: Option<String>,
    /// Where to sign in, when that would help.
    sign_in: Option<String>,
}

/// Marks a failure's answer as meant for machines: it stays as it is.
#[derive(Clone)]
pub struct Plain;

/// Who is told of a failure as programs are, and what is logged of what they asked.
pub struct Asker {
    pub method: Method,
    pub uri: Uri,
    pub l: Lang,
    pub shows_token: bool,
}

/// What is kept of a request, for the page that tells of its failure.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    session: Session,
}

impl Asked {
    fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// A person moved to this address; it is not a script that asks. Without TLS a browser tells only by what our script
    /// says of itself.
    fn is_navigation(&self) -> bool {
        self.method == Method::GET
            && !self.has("hx-request")
            && !self.has(PART)
            && self.headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
    }
}

/// Turns every failure of what lies inside into a page.
pub async fn boundary(State(app): State<App>, session: Session, request: Request, next: Next) -> Response {
    let asked = Asked {
        method: request.method().clone(),
        uri: request.uri().clone(),
        headers: request.headers().clone(),
        session,
    };
    let mut response = next.run(request).await;
    let Some(error) = failure_of(&mut response) else { return for_htmx(&app, &asked, response) };
    let status = response.status();
    if is_for_programs(asked.uri.path()) {
        let asker = Asker {
            l: wanted_language(&asked.headers),
            shows_token: bearer::shows_one(&asked.headers),
            method: asked.method,
            uri: asked.uri,
        };
        let told = problem(&asker, status, error.as_deref());
        return with_headers_of(&response, told);
    }
    if matches!(error.as_deref(), Some(Error::SignInNeeded)) && asked.is_navigation() {
        return redirect(&sign_in_address(&page_url(&app, &asked.method, &asked.uri, &asked.headers)));
    }
    let page = error_page(&app, &asked, status, error.as_deref()).await;
    for_htmx(&app, &asked, with_headers_of(&response, page))
}

/// Turns a failure into what a program reads of it.
pub fn problem_if_failed(asker: &Asker, mut response: Response) -> Response {
    let Some(error) = failure_of(&mut response) else { return response };
    let told = problem(asker, response.status(), error.as_deref());
    with_headers_of(&response, told)
}

/// Whether a response tells of a failure that has no words yet; which one, where that is known.
fn failure_of(response: &mut Response) -> Option<Option<Arc<Error>>> {
    match response.extensions_mut().remove::<Failure>() {
        Some(Failure(error)) => Some(Some(error)),
        None if !is_bare(response) || response.extensions().get::<Plain>().is_some() => None,
        None if response.status() == StatusCode::NOT_FOUND => Some(Some(Arc::new(Error::NotFound))),
        None => Some(None),
    }
}

/// What a refusal says in its headers is said by its page, too.
fn with_headers_of(refusal: &Response, mut page: Response) -> Response {
    for name in [header::RETRY_AFTER, header::ALLOW, RATE_LIMIT, RATE_LIMIT_POLICY] {
        if let Some(value) = refusal.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// A failure as programs read it.
fn problem(asker: &Asker, status: StatusCode, error: Option<&Error>) -> Response {
    let Asker { method, uri, l, shows_token } = asker;
    let (l, shows_token) = (*l, *shows_token);
    let mut problem = match error {
        Some(Error::SignInNeeded) if shows_token => Problem::new(status, l.t("error-token-wrong").to_owned()),
        Some(Error::SignInNeeded) => Problem::new(status, l.t("error-token-needed").to_owned()),
        Some(error) => problem_of(l, error),
        None => Problem::new(status, l.m(&status_sentence_for_programs(status))),
    };
    problem.reference = reference_of((method, uri), status, error);
    let mut response = problem.into_response();
    if status == StatusCode::UNAUTHORIZED {
        let wanted = if shows_token { "Bearer error=\"invalid_token\"" } else { "Bearer" };
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(wanted));
    }
    response
}

/// The same of one part of a request, that others do not share.
pub fn problem_of(l: Lang, error: &Error) -> Problem {
    if let Error::Invalid(errors) = error {
        let told = |error: &FieldError| FieldProblem { field: error.field.clone(), detail: l.m(&error.message) };
        return Problem::of_fields(l, errors.iter().map(told));
    }
    let status = status_of(error);
    let detail = match error {
        Error::NotFound => l.t("error-api-not-found").to_owned(),
        Error::TooMany { retry_after_seconds } => {
            l.n("error-too-many-requests", i64::try_from(*retry_after_seconds).unwrap_or(i64::MAX))
        }
        error => sentences(l, status, Some(error)).join(" "),
    };
    Problem::new(status, detail)
}

/// Logs what is ours to mend, and gives the name under which the log has it.
fn reference_of(asked: (&Method, &Uri), status: StatusCode, error: Option<&Error>) -> Option<String> {
    let known = error.and_then(|error| log(error, asked));
    known.or_else(|| (error.is_none() && status.is_server_error()).then(|| log_status(status, asked)))
}

/// A refusal of the framework's: a status and no page of ours.
fn is_bare(response: &Response) -> bool {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let content = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    failed && content.is_none_or(|content| content.starts_with("text/plain"))
}

/// A failure never replaces the card that asked: it takes the whole of the page's content. And what answers a form
/// directly does not put the form's address into the address bar, where nothing could be opened again.
fn for_htmx(app: &App, asked: &Asked, mut response: Response) -> Response {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if asked.method == Method::POST && asked.has("hx-request") && !response.status().is_redirection() {
        let stay = HeaderValue::from_static("false");
        response.headers_mut().entry(HeaderName::from_static("hx-push-url")).or_insert(stay);
    }
    if failed && asked.has("hx-request") && !response.headers().contains_key("hx-reswap") {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("hx-retarget"), HeaderValue::from_static("#main"));
        headers.insert(HeaderName::from_static("hx-reselect"), HeaderValue::from_static("#main"));
        headers.insert(HeaderName::from_static("hx-reswap"), HeaderValue::from_static("outerHTML"));
        // A link leads to the sign-in page; a form keeps what was typed, and the page's script says what to do.
        if response.status() == StatusCode::UNAUTHORIZED
            && asked.method == Method::GET
            && let Ok(address) =
                HeaderValue::from_str(&sign_in_address(&page_url(app, &asked.method, &asked.uri, &asked.headers)))
        {
            response.headers_mut().insert(HeaderName::from_static("hx-redirect"), address);
        }
    }
    response
}

fn sign_in_address(next: &str) -> String {
    format!("/sign-in?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC))
}

fn redirect(address: &str) -> Response {
    let location = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/sign-in"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

async fn error_page(app: &App, asked: &Asked, status: StatusCode, error: Option<&Error>) -> Response {
    let viewer = app.memory.viewers.of(app, &asked.session).await.ok().flatten();
    let title = title_key(status);
    let page = match &viewer {
        Some(viewer) => {
            let mut viewer = (**viewer).clone();
            viewer.language.get_or_insert_with(|| wanted_language(&asked.headers).code().to_owned());
            Page::new(app, &viewer, flash_of(&asked.headers), &asked.uri, Nav::None, title)
        }
        None => Page::public(app, &asked.headers, &asked.uri, title),
    };
    let page = Page { url: page_url(app, &asked.method, &asked.uri, &asked.headers), ..page };
    let reference = reference_of((&asked.method, &asked.uri), status, error);
    let sign_in = matches!(error, Some(Error::SignInNeeded)).then(|| sign_in_address(&from_page(app, &asked.headers)));
    let l = page.l;
    let page =
        ErrorPage { l, status: status.as_u16(), sentences: sentences(l, status, error), reference, sign_in, page };
    match page.render() {
        Ok(html) => (status, [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], html)
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "the error page could not be written");
            status.into_response()
        }
    }
}

fn title_key(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "error-title-sign-in",
        403 => "error-title-forbidden",
        404 => "error-title-not-found",
        409 => "error-title-conflict",
        413 => "error-title-too-large",
        422 => "error-title-invalid",
        429 => "error-title-too-many",
        400..=499 => "error-title-refused",
        _ => "error-title-internal",
    }
}

fn sentences(l: Lang, status: StatusCode, error: Option<&Error>) -> Vec<String> {
    match error {
        Some(Error::Invalid(errors)) => errors.iter().map(|error| l.m(&error.message)).collect(),
        Some(Error::TooMany { retry_after_seconds }) => {
            vec![l.n("error-throttled", i64::try_from(retry_after_seconds.div_ceil(60)).unwrap_or(i64::MAX))]
        }
        Some(error) => vec![l.m(&sentence(error))],
        None => vec![l.m(&status_sentence(status))],
    }
}

fn sentence(error: &Error) -> Message {
    match error {
        Error::NotFound => msg("error-not-found"),
        Error::SignInNeeded => msg("error-sign-in-needed"),
        Error::Forbidden(message) | Error::Conflict(message) => message.clone(),
        Error::TooLarge { limit } => too_large(*limit),
        Error::Crowded(Crowded::User) => msg("error-streams-user"),
        Error::Crowded(Crowded::Organisation) => msg("error-streams-organisation"),
        Error::Crowded(Crowded::Server) => msg("error-streams-server"),
        Error::Invalid(_) | Error::TooMany { .. } | Error::Internal(_) => msg("error-internal"),
    }
}

fn too_large(limit: usize) -> Message {
    msg("error-too-large").arg("limit", limit / 1024)
}

fn status_sentence(status: StatusCode) -> Message {
    match status {
        StatusCode::BAD_REQUEST => msg("error-bad-request"),
        StatusCode::METHOD_NOT_ALLOWED => msg("error-method"),
        StatusCode::PAYLOAD_TOO_LARGE => too_large(crate::config::BODY_BYTES),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => msg("error-not-a-form"),
        StatusCode::SERVICE_UNAVAILABLE => msg("error-timeout"),
        _ => msg("error-internal"),
    }
}

/// A program is not asked for a form.
fn status_sentence_for_programs(status: StatusCode) -> Message {
    match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => msg("error-not-json"),
        status => status_sentence(status),
    }
}

/// Logs what is ours to mend, and names it.
fn log(error: &Error, (method, uri): (&Method, &Uri)) -> Option<String> {
    let Error::Internal(cause) = error else { return None };
    let reference = reference();
    tracing::error!(%reference, %method, path = loggable(uri), error = format!("{cause:#}"), "a request failed");
    Some(reference)
}

fn log_status(status: StatusCode, (method, uri): (&Method, &Uri)) -> String {
    let reference = reference();
    tracing::error!(%reference, %method, path = loggable(uri), %status, "a request failed");
    reference
}

/// A path as the log may know it: without the secret of a link, and without the query.
pub fn loggable(uri: &Uri) -> &str {
    let path = uri.path();
    let secret = ["/invitations/", "/reset/"].into_iter().find(|room| path.starts_with(room));
    secret.unwrap_or(path)
}

fn reference() -> String {
    let mut bytes = [0; 4];
    // Without randomness the reference is still a line in the log to look for.
    let _ = getrandom::fill(&mut bytes);
    hex(&bytes)
}

/// A panic in a handler is an internal failure like any other.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said =
        panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    Error::Internal(anyhow!("panic: {}", said.unwrap_or_default())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_never_learns_the_secret_of_a_link() {
        let path = |text: &'static str| loggable(&Uri::from_static(text)).to_owned();
        assert_eq!(path("/reset/0123abcd"), "/reset/");
        assert_eq!(path("/invitations/0123abcd?x=1"), "/invitations/");
        assert_eq!(path("/tasks/42?q=secret"), "/tasks/42");
    }
}
