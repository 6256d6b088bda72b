//! What goes on beside requests: jobs are looked after, scheduled ones come into their time, the trail catches up.

use crate::App;
use crate::config;
use crate::error::Result;
use crate::jobs::actions;
use crate::tasks::TaskId;

/// Never ends.
pub async fn look_after_all(app: App) {
    let dispatch = app.dispatch.clone();
    if let Err(error) = app.db.write(move |w| actions::load(w, &dispatch)).await {
        tracing::error!(%error, "running jobs could not be read; their leases are not watched");
    }
    let mut turn = tokio::time::interval(config::LOOK_AFTER_EVERY);
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = turn.tick() => {}
            () = app.dispatch.wake.notified() => {}
        }
        if let Err(error) = look_after_due(&app).await {
            tracing::warn!(%error, "jobs were not looked after");
        }
    }
}

async fn look_after_due(app: &App) -> Result<()> {
    while let Some(parent) = app.dispatch.next_cancelled() {
        let mut next = Some(TaskId::new(0));
        while let Some(from) = next {
            let dispatch = app.dispatch.clone();
            next = app.db.write(move |w| actions::cancel_children(w, &dispatch, parent, from)).await?;
        }
    }
    for due in app.dispatch.due() {
        let dispatch = app.dispatch.clone();
        if let Err(error) = app.db.write(move |w| actions::look_after(w, &dispatch, due)).await {
            app.dispatch.again(due);
            return Err(error);
        }
    }
    let (mut more, now) = (true, app.clock.now());
    while more {
        let found = app.db.read(move |conn| super::sql::needs_a_look(conn, now)).await?;
        if !found {
            break;
        }
        let dispatch = app.dispatch.clone();
        more = app.db.write(move |w| Ok(actions::promote_due(w, &dispatch)? | actions::catch_up(w)?)).await?;
    }
    Ok(())
}
