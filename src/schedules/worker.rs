//! The tick: looks, as often as jobs are looked after, whether any schedule's time has come, and whether something is to be told
//! of one. A look is one read along an index, however many schedules there are; only what is due is written.

use jiff::Timestamp;

use crate::App;
use crate::config;
use crate::error::Result;
use crate::people::OrganisationId;
use crate::schedules::{ScheduleId, actions, sql};

/// Never ends.
pub async fn tick_all(app: App) {
    let mut turn = tokio::time::interval(config::LOOK_AFTER_EVERY);
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // None has been asked about since the start: what came with this version is given then.
    let mut newest = OrganisationId::new(0);
    let mut whole = None;
    loop {
        turn.tick().await;
        if let Err(error) = tick(&app, &mut newest).await {
            tracing::warn!(%error, "schedules were not looked at");
        }
        if let Err(error) = tell_alarms(&app, &mut whole).await {
            tracing::warn!(%error, "alarms of schedules were not looked for");
        }
    }
}

/// Tells of alarms: at once where something happened, and each minute also where only time passed. `whole` is when that was.
async fn tell_alarms(app: &App, whole: &mut Option<Timestamp>) -> Result<()> {
    let now = app.clock.now();
    let is_whole = whole.is_none_or(|at| now.duration_since(at).abs() >= config::ALARMS_EVERY);
    let mut after = Some(ScheduleId::new(0));
    while let Some(place) = after {
        let found = app.db.read(move |conn| actions::alarms_to_tell(conn, is_whole, place, now)).await?;
        let (changed, next) = found;
        for id in changed {
            let hands = actions::Hands::of(app);
            app.db.write(move |w| actions::tell_alarm(w, &hands, id)).await?;
        }
        after = next;
    }
    if is_whole {
        *whole = Some(now);
    }
    Ok(())
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
