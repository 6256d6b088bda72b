//! Who asks: the guard before every route that is not public, and the extractors that handlers use.
//! What is remembered of a session's viewer is dropped when the hub says that rights, names or sessions changed, so a
//! signed-in request needs no read of the database.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use quick_cache::sync::Cache;
use tower_sessions::Session;

use super::Access;
use super::flash::PART;
use super::page::wanted_language;
use super::session::touch;
use crate::App;
use crate::api::bearer;
use crate::api::rates::Left;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::people::presence::note_presence;
use crate::people::{self, Presence, PresenceSource, Role, Scope, Scopes, SessionKey, Viewer};

/// The viewers of sessions seen lately.
pub struct Viewers(Cache<SessionKey, (u64, Arc<Viewer>)>);

impl Default for Viewers {
    fn default() -> Viewers {
        Viewers(Cache::new(config::VIEWERS_REMEMBERED))
    }
}

impl Viewers {
    /// Whoever signed in under this session, if that still holds.
    pub async fn of(&self, app: &App, session: &Session) -> Result<Option<Arc<Viewer>>> {
        let Some(id) = session.id() else { return Ok(None) };
        let key = SessionKey::of(id);
        let now = app.clock.now();
        // Read before the database: a change in between makes this entry stale at once.
        let generation = app.hub.viewers_generation();
        if let Some((known_at, viewer)) = self.0.get(&key)
            && known_at == generation
            && viewer.expires_at > now
        {
            return Ok(Some(viewer));
        }
        let found = app.db.read(move |conn| Ok(people::sql::viewer(conn, &key, now)?)).await?;
        let found = found.map(|viewer| Arc::new(Viewer { known_at: generation, ..viewer }));
        if let Some(viewer) = &found {
            self.0.insert(key, (generation, viewer.clone()));
        }
        Ok(found)
    }

    fn forget(&self, viewer: &Viewer) {
        viewer.session().inspect(|key| drop(self.0.remove(key)));
    }
}

/// What the guard of a route knows.
#[derive(Clone)]
pub struct Guard {
    pub app: App,
    pub access: Access,
    /// Scripts and streams look, they do not use: they neither prolong a session nor make their user present.
    pub quiet: bool,
    /// The route is for programs: a token with one of these opens it, too.
    pub scopes: Scopes,
    /// Bytes that its body may have.
    pub body_bytes: usize,
    /// The body comes while the handler works.
    pub streams_in: bool,
    /// How long it may take.
    pub time: Duration,
}

impl Guard {
    /// Who asks, by token or session: who shows a token means to be known by it alone.
    async fn viewer(&self, session: Option<&Session>, headers: &HeaderMap) -> Result<Option<Arc<Viewer>>> {
        let memory = &self.app.memory;
        let token = if self.scopes.is_empty() { None } else { bearer::shown(headers) };
        match (&token, session) {
            (Some(token), _) => memory.bearers.of(&self.app, token, wanted_language(headers)).await,
            (None, Some(session)) => memory.viewers.of(&self.app, session).await,
            (None, None) => Ok(None),
        }
    }

    /// Counts a request of the API, and says how many more may come.
    fn counted(&self, viewer: Option<&Viewer>) -> (Option<Left>, Result<()>) {
        let Some(viewer) = viewer.filter(|_| !self.scopes.is_empty()) else { return (None, Ok(())) };
        let (left, allowed) = self.app.memory.rates.count(viewer.credential);
        (Some(left), allowed)
    }

    fn allows(&self, viewer: Option<&Viewer>) -> Result<()> {
        let Some(viewer) = viewer else {
            return if self.access == Access::Public { Ok(()) } else { Err(Error::SignInNeeded) };
        };
        if !self.scopes.is_empty() && !self.scopes.iter().any(|scope| viewer.scopes.open(scope)) {
            let wanted: Vec<&str> = self.scopes.iter().map(Scope::as_str).collect();
            return Err(Error::Forbidden(msg("error-scope").arg("scope", wanted.join(" / "))));
        }
        match (self.access, viewer.role) {
            (Access::Public | Access::SignedIn, _) | (Access::Admin, Role::Owner | Role::Admin) => Ok(()),
            (Access::Owner, Role::Owner) => Ok(()),
            (Access::Admin, Role::Member) => Err(Error::Forbidden(msg("error-admins-only"))),
            (Access::Owner, _) => Err(Error::Forbidden(msg("error-owners-only"))),
        }
    }
}

/// The request with all of its body.
async fn received(request: Request, limit: usize) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    let mut alone = Request::new(body);
    DefaultBodyLimit::max(limit).apply(&mut alone);
    let body = Bytes::from_request(alone, &()).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge { limit }.into_response(),
        status => status.into_response(),
    })?;
    Ok(Request::from_parts(parts, body.into()))
}

/// Lets through only those whom the route's access allows, and ends what takes too long. Of a stream, that is until its
/// answer begins.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(guard.time, guarded(&guard, request, next)).await;
    answered.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

/// The handler finds its `Viewer`.
async fn guarded(guard: &Guard, mut request: Request, next: Next) -> Response {
    let app = &guard.app;
    DefaultBodyLimit::max(guard.body_bytes).apply(&mut request);
    // A program that shows a token has none.
    let session = request.extensions().get::<Session>().cloned();
    let mut viewer = match guard.viewer(session.as_ref(), request.headers()).await {
        Ok(viewer) => viewer,
        Err(error) => return error.into_response(),
    };
    let (left, allowed) = guard.counted(viewer.as_deref());
    let mut allowed = allowed.and_then(|()| guard.allows(viewer.as_deref()));
    // Of whom it is refused, no body is taken; what only asks has nothing to say there. Who was let through is asked for
    // again: a body that takes its time must not act with the rights that its sender had when it began.
    if allowed.is_ok() && !guard.streams_in && !request.method().is_safe() {
        request = match received(request, guard.body_bytes).await {
            Ok(request) => request,
            Err(refusal) => return refusal,
        };
        viewer = match guard.viewer(session.as_ref(), request.headers()).await {
            Ok(viewer) => viewer,
            Err(error) => return error.into_response(),
        };
        allowed = guard.allows(viewer.as_deref());
    }
    if let Some(viewer) = viewer {
        if !guard.quiet && is_use(request.method(), request.headers()) && allowed.is_ok() {
            if session.is_some_and(|session| touch(&session, &viewer, app)) {
                app.memory.viewers.forget(&viewer);
            }
            note_use(app, &viewer).await;
        }
        let viewer = match viewer.language {
            Some(_) => viewer,
            None => {
                let language = wanted_language(request.headers()).code().to_owned();
                Arc::new(Viewer { language: Some(language), ..Viewer::clone(&viewer) })
            }
        };
        request.extensions_mut().insert(viewer);
    }
    let mut response = match allowed {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    if let Some(left) = left {
        left.tell(response.headers_mut());
    }
    response
}

/// Presence is a courtesy: failing to note it must not cost anybody their page.
async fn note_use(app: &App, viewer: &Viewer) {
    let noted = note_presence(app, viewer.organisation, viewer.user, Presence::Active, PresenceSource::Pages).await;
    if let Err(error) = noted {
        tracing::warn!(%error, "presence could not be noted");
    }
}

/// Whether a person asked for this, rather than a page's script on its own account: a page that renews its list by
/// itself all night must not keep its user signed in and present.
fn is_use(method: &Method, headers: &HeaderMap) -> bool {
    let by_script = headers.contains_key(PART) || headers.get("sec-fetch-mode").is_some_and(|mode| mode != "navigate");
    *method != Method::GET || headers.contains_key("hx-request") || !by_script
}

/// Whom the guard let through.
pub fn viewer_of(parts: &Parts) -> Option<&Arc<Viewer>> {
    parts.extensions.get()
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Viewer> {
        viewer_of(parts).map(|viewer| Viewer::clone(viewer)).ok_or(Error::SignInNeeded)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Viewer>> {
        Ok(viewer_of(parts).map(|viewer| Viewer::clone(viewer)))
    }
}

/// A viewer whom the organisation trusts with its people and its work.
pub struct AdminViewer(pub Viewer);

impl<S: Send + Sync> FromRequestParts<S> for AdminViewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<AdminViewer> {
        match viewer_of(parts) {
            Some(viewer) if viewer.is_admin() => Ok(AdminViewer(Viewer::clone(viewer))),
            Some(_) => Err(Error::Forbidden(msg("error-admins-only"))),
            None => Err(Error::SignInNeeded),
        }
    }
}
