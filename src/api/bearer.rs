//! Who asks by token: `Authorization: Bearer mp_…` (RFC 6750). What is remembered of a token's viewer is dropped when the
//! hub says that rights, names or tokens changed, so that a program's request needs no read of the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::{HeaderMap, header};
use quick_cache::sync::Cache;

use crate::App;
use crate::config;
use crate::error::Result;
use crate::locale::Lang;
use crate::people::tokens::Token;
use crate::people::{Credential, Viewer, actions, sql};

/// The viewers of tokens seen lately, by the hash of what was shown and the language that was asked for.
pub struct Bearers(Cache<([u8; 32], Lang), Arc<Known>>);

struct Known {
    /// The hub's generation of viewers at which this was read.
    at: u64,
    viewer: Arc<Viewer>,
    /// When its use was last written down, in microseconds.
    used: AtomicI64,
}

impl Default for Bearers {
    fn default() -> Bearers {
        Bearers(Cache::new(config::VIEWERS_REMEMBERED))
    }
}

impl Bearers {
    /// As whom this token acts, if it still works: who is answered in `l`. Notes that it was used.
    pub async fn of(&self, app: &App, token: &Token, l: Lang) -> Result<Option<Arc<Viewer>>> {
        if !token.is_for_api() {
            return Ok(None);
        }
        let (hash, now) = (token.hash(), app.clock.now());
        // Read before the database: a change in between makes this entry stale at once.
        let generation = app.hub.viewers_generation();
        let known = self.0.get(&(hash, l)).filter(|known| known.at == generation && known.viewer.expires_at > now);
        let known = match known {
            Some(known) => known,
            None => {
                let found = app.db.read(move |conn| Ok(sql::viewer_of_secret(conn, &hash, now)?)).await?;
                let Some((viewer, used)) = found else { return Ok(None) };
                let language = Some(l.code().to_owned());
                let viewer = Arc::new(Viewer { known_at: generation, language, ..viewer });
                let used = AtomicI64::new(used.map_or(i64::MIN, |at| at.as_microsecond()));
                let known = Arc::new(Known { at: generation, viewer, used });
                self.0.insert((hash, l), known.clone());
                known
            }
        };
        note_use(app, &known);
        Ok(Some(known.viewer.clone()))
    }
}

/// Writes down that a token was used, now and then; nobody waits for it.
fn note_use(app: &App, known: &Known) {
    let Credential::Token(id) = known.viewer.credential else { return };
    let now = app.clock.now().as_microsecond();
    let due = |used: i64| (now.saturating_sub(used) >= config::TOKEN_USE_EVERY.as_micros() as i64).then_some(now);
    // Of many requests at once, one writes.
    if known.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due).is_ok() {
        let app = app.clone();
        tokio::spawn(async move {
            if let Err(error) = actions::note_token_use(&app, id).await {
                tracing::warn!(%error, "a token's use could not be noted");
            }
        });
    }
}

/// What stands behind `Bearer`, whatever it is: who shows a token is not known by a cookie. Another scheme is none of ours
/// (a proxy's password, which a browser sends along by itself).
pub fn shown(headers: &HeaderMap) -> Option<Token> {
    secret(headers).map(Token::given)
}

/// Whether anything stands there.
pub fn shows_one(headers: &HeaderMap) -> bool {
    secret(headers).is_some()
}

fn secret(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = text.split_once(' ').unwrap_or((text, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_read_in_any_case_and_another_shows_no_token() {
        let shown = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
            shown(&headers).map(|token| token.reveal().to_owned())
        };
        assert_eq!(shown("Bearer mp_1").as_deref(), Some("mp_1"));
        assert_eq!(shown("bearer  mp_1 ").as_deref(), Some("mp_1"));
        assert_eq!(shown("Bearer").as_deref(), Some(""));
        assert_eq!(shown("Basic mp_1"), None);
        assert_eq!(shown("mp_1"), None);
    }
}
