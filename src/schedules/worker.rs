//! The tick: looks, as often as jobs are looked after, whether any schedule's time has come. A look is one read along an
//! index, however many schedules there are; only what is due is written.

use crate::App;
use crate::config;
use crate::error::Result;
use crate::people::OrganisationId;
use crate::schedules::{actions, sql};

/// Never ends.
pub async fn tick_all(app: App) {
    let mut turn = tokio::time::interval(config::LOOK_AFTER_EVERY);
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // None has been asked about since the start: what came with this version is given then.
    let mut newest = OrganisationId::new(0);
    loop {
        turn.tick().await;
        if let Err(error) = tick(&app, &mut newest).await {
            tracing::warn!(%error, "schedules were not looked at");
        }
    }
}

async fn tick(app: &App, newest: &mut OrganisationId) -> Result<()> {
    let mut more = true;
    while more {
        let (now, seen) = (app.clock.now(), *newest);
        if !app.db.read(move |conn| sql::needs_a_look(conn, now, seen)).await? {
            return Ok(());
        }
        let hands = actions::Hands::of(app);
        (*newest, more) = app.db.write(move |w| actions::tick(w, &hands, seen)).await?;
    }
    Ok(())
}
