//! Looking into a file that was brought, for a page: so many at a time, for each may unpack to a hundred megabytes or two.

use crate::App;
use crate::error::{Error, Message, Result, msg};

/// Looks into a file when there is room for it. Whoever does not wait for the answer keeps the room until it is there.
pub async fn in_turn<T: Send + 'static>(
    app: &App,
    look: impl FnOnce() -> Result<T, Message> + Send + 'static,
) -> Result<T> {
    let turn = app.memory.looks.clone().acquire_owned().await.map_err(anyhow::Error::from)?;
    let looking = tokio::task::spawn_blocking(move || {
        let looked = look();
        drop(turn);
        looked
    });
    // A reader that panics over what is in a file cannot say more than that.
    let looked = looking.await.unwrap_or_else(|_| Err(msg("sheet-broken")));
    looked.map_err(|why| Error::field("file", why))
}
