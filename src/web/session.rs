//! The session cookie: how it is set, renewed at sign-in, and prolonged by use (never by streams or assets).
//! The rows behind it are `people::sessions`; here they are kept in memory too, so that a page that has no message
//! to show asks the database nothing.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use axum::http::{HeaderMap, header};
use jiff::SignedDuration;
use quick_cache::sync::Cache;
use time::Duration;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::Result as StoreResult;
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};

use super::page::{OpenVisit, session_failed};
use crate::App;
use crate::config;
use crate::error::{Error, Result};
use crate::people::sessions::{ADDRESS, ORGANISATION, PASSWORD, SqliteSessions, USER, USER_AGENT};
use crate::people::{OrganisationId, Verified, Viewer, actions};

const COOKIE: &str = "milepost";
/// A session ends when it was not used for this long.
const INACTIVITY: Duration = Duration::days(30);
/// A session in use is written at most this often.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Characters of the browser's name that are kept for the list of sessions.
const USER_AGENT_CHARS: usize = 300;

/// The rows, with what was read of them lately. Writing goes through, and forgets.
#[derive(Clone)]
pub struct Sessions {
    rows: SqliteSessions,
    app: App,
    read: Arc<Cache<Id, (u64, Record)>>,
    writes: Arc<AtomicU64>,
}

impl Sessions {
    pub fn new(app: &App) -> Sessions {
        Sessions {
            rows: SqliteSessions::new(app.db.clone(), app.clock.clone()),
            app: app.clone(),
            read: Arc::new(Cache::new(config::VIEWERS_REMEMBERED)),
            writes: Arc::default(),
        }
    }

    /// Puts the session on every request, and the cookie on the answers that need it.
    pub fn layer(&self) -> SessionManagerLayer<Sessions> {
        SessionManagerLayer::new(self.clone())
            .with_name(COOKIE)
            .with_http_only(true)
            .with_same_site(SameSite::Lax)
            // `headers` marks every cookie that leaves by https.
            .with_secure(false)
            .with_expiry(Expiry::OnInactivity(INACTIVITY))
    }

    fn wrote(&self, id: &Id) {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.read.remove(id);
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        self.rows.create(record).await
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        let saved = self.rows.save(record).await;
        self.wrote(&record.id);
        saved
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let generation = self.app.hub.viewers_generation();
        if let Some((read_at, record)) = self.read.get(id)
            && read_at == generation
            && record.expiry_date.unix_timestamp() > self.app.clock.now().as_second()
        {
            return Ok(Some(record));
        }
        let writes = self.writes.load(Ordering::SeqCst);
        let found = self.rows.load(id).await?;
        if let Some(record) = &found {
            self.read.insert(*id, (generation, record.clone()));
            // A write that came in between may have forgotten this row before it was remembered here.
            if self.writes.load(Ordering::SeqCst) != writes {
                self.read.remove(id);
            }
        }
        Ok(found)
    }

    async fn delete(&self, id: &Id) -> StoreResult<()> {
        let deleted = self.rows.delete(id).await;
        self.wrote(id);
        deleted
    }
}

/// Signs a user in under a new session id, so that an id known before is worth nothing. Whoever was signed in here
/// before is signed out, streams and all. Sign-in is needed still when the password was changed since it was verified.
pub async fn sign_in_session(visit: &OpenVisit, verified: Verified, address: IpAddr) -> Result<()> {
    let OpenVisit { app, session, headers, .. } = visit;
    if let Some(before) = &visit.viewer {
        end(app, before).await?;
    }
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let agent: String = agent.chars().take(USER_AGENT_CHARS).collect();
    session.clear().await;
    session.cycle_id().await.map_err(session_failed)?;
    session.insert(USER, verified.user.get()).await.map_err(session_failed)?;
    session.insert(ORGANISATION, verified.organisation.get()).await.map_err(session_failed)?;
    session.insert(PASSWORD, verified.password.as_str()).await.map_err(session_failed)?;
    session.insert(USER_AGENT, agent).await.map_err(session_failed)?;
    session.insert(ADDRESS, address.to_string()).await.map_err(session_failed)?;
    // Written now, not with the response: a failure must not look like a success.
    let saved = session.save().await;
    if saved.is_err() && !actions::still_verified(app, &verified).await? {
        // Empty, so that it is not tried again with the response.
        session.clear().await;
        return Err(Error::SignInNeeded);
    }
    saved.map_err(session_failed)
}

/// Signs a viewer out; ending what has ended is no failure.
pub async fn end(app: &App, viewer: &Viewer) -> Result<()> {
    let Some(key) = viewer.session() else { return Ok(()) };
    match actions::end_session(app, viewer, key).await {
        Ok(()) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Changes the organisation that a signed-in session looks at.
pub async fn look_at(session: &Session, organisation: OrganisationId) -> Result<()> {
    session.insert(ORGANISATION, organisation.get()).await.map_err(session_failed)?;
    session.save().await.map_err(session_failed)
}

/// Prolongs a session that is in use; true when it did, and what is remembered of it is out of date.
pub fn touch(session: &Session, viewer: &Viewer, app: &App) -> bool {
    let full = SignedDuration::from_secs(INACTIVITY.whole_seconds());
    let due = viewer.expires_at.duration_since(app.clock.now()) < full - TOUCH_EVERY;
    if due {
        session.set_expiry(Some(Expiry::OnInactivity(INACTIVITY)));
    }
    due
}

/// The value of a cookie of the request.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}
