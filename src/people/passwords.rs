//! Passwords are hashed with argon2id (OWASP's parameters, the crate's
//! default), off the async threads and only a few at a time: each hash takes a
//! core and 19 MB.

use std::sync::{Arc, OnceLock};

use anyhow::anyhow;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use super::Password;
use super::tokens::{hex, sha256};
use crate::config;
use crate::error::Result;

/// Tells a stored password from the ones before and after it; nothing is verified by it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PasswordMark(String);

impl PasswordMark {
    pub fn of(hash: &str) -> PasswordMark {
        PasswordMark(hex(&sha256(hash.as_bytes())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Clone)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Passwords {
        Passwords(Arc::new(Semaphore::new(config::HASHES_AT_ONCE)))
    }
}

impl Passwords {
    pub async fn hash(&self, password: Password) -> Result<String> {
        self.off_thread(move || hash(&password)).await?
    }

    /// Takes as long when there is no such account: a stand-in is verified.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool> {
        self.off_thread(move || {
            let known = stored.is_some();
            let stored = match stored {
                Some(stored) => stored,
                None => stand_in()?,
            };
            let parsed =
                PasswordHash::new(&stored).map_err(|error| anyhow!("a stored password hash is broken: {error}"))?;
            let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
            Ok(right && known)
        })
        .await?
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _turn = self.0.acquire().await.map_err(|_| anyhow!("password hashing has stopped"))?;
        Ok(tokio::task::spawn_blocking(work).await?)
    }
}

fn hash(password: &Password) -> Result<String> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow!("a password could not be hashed: {error}"))?;
    Ok(hash.to_string())
}

/// A hash that no password was asked for.
fn stand_in() -> Result<String> {
    static STAND_IN: OnceLock<String> = OnceLock::new();
    if let Some(hash) = STAND_IN.get() {
        return Ok(hash.clone());
    }
    let made = hash(&Password::given("no one's password"))?;
    Ok(STAND_IN.get_or_init(|| made).clone())
}
