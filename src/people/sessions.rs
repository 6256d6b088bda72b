//! The store behind tower-sessions: rows in our own file, written by the one
//! writer. A row is keyed by the SHA-256 of the session's id, so that a copy of
//! the database signs nobody in.

use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::tokens::{hex, sha256};
use super::{UserId, sql};
use crate::clock::Clock;
use crate::db::Db;

/// Under these names the doors keep who is signed in, and where.
pub const USER: &str = "user";
pub const ORGANISATION: &str = "organisation";
pub const USER_AGENT: &str = "user_agent";
pub const ADDRESS: &str = "address";
/// The mark of the password by which they came in.
pub const PASSWORD: &str = "password";

/// A session's row. Not the secret itself: the hash of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    pub fn of(id: Id) -> SessionKey {
        SessionKey(sha256(&id.0.to_le_bytes()))
    }

    pub const fn from_bytes(bytes: [u8; 32]) -> SessionKey {
        SessionKey(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[derive(Clone)]
pub struct SqliteSessions {
    db: Db,
    clock: Clock,
}

impl SqliteSessions {
    pub fn new(db: Db, clock: Clock) -> SqliteSessions {
        SqliteSessions { db, clock }
    }

    async fn put(&self, record: &Record, fresh: bool) -> Result<bool> {
        let key = SessionKey::of(record.id);
        let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        let user = record.data.get(USER).and_then(serde_json::Value::as_i64);
        let password = record.data.get(PASSWORD).and_then(serde_json::Value::as_str).map(str::to_owned);
        let expires_at = micros(record.expiry_date);
        self.db
            .write(move |w| {
                // The password may have been changed since it was verified, and who signed in by the old one signed out.
                if fresh && let Some(user) = user {
                    let present = sql::password_mark(w.conn, UserId::new(user))?;
                    if password.as_deref() != Some(present.as_str()) {
                        return Err(crate::error::Error::SignInNeeded);
                    }
                }
                Ok(sql::put_session(w.conn, &key, user, &data, expires_at, w.now, fresh)?)
            })
            .await
            .map_err(|error| Error::Backend(error.to_string()))
    }
}

fn micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

#[async_trait]
impl SessionStore for SqliteSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self.put(record, true).await? {
            record.id = Id::default();
        }
        Ok(())
    }

    /// A session that was ended meanwhile stays ended: saving never revives it.
    async fn save(&self, record: &Record) -> Result<()> {
        self.put(record, false).await.map(|_| ())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let id = *id;
        let now = self.clock.now();
        let row = self
            .db
            .read(move |conn| Ok(sql::session(conn, &SessionKey::of(id), now)?))
            .await
            .map_err(|error| Error::Backend(error.to_string()))?;
        let Some((data, expires_at)) = row else { return Ok(None) };
        let data = serde_json::from_str(&data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(expires_at) * 1_000)
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let key = SessionKey::of(*id);
        self.db
            .write(move |w| Ok(sql::delete_session(w.conn, &key)?))
            .await
            .map_err(|error| Error::Backend(error.to_string()))
    }
}

impl fmt::Debug for SqliteSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteSessions")
    }
}
