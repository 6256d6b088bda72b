//! What of a task moves with every report: its bar and what stands beside it, small pieces that are the same in every
//! view. A tick brings just these, written once for each language from the letter alone, without a question to the database.

use askama::Template;
use axum::body::Bytes;
use jiff::tz::TimeZone;
use quick_cache::sync::Cache;

use super::fragments::data_lines;
use super::task_look::Look;
use crate::App;
use crate::error::Result;
use crate::insight::TaskRow;
use crate::live::TickLetter;
use crate::locale::Lang;
use crate::people::{self, OrganisationId};
use crate::tasks::Task;

#[derive(Template)]
#[template(path = "tasks/_tick.html")]
struct Moving<'a> {
    k: Look<'a>,
}

/// The event that carries it. It has no id: a tick moves nobody's place.
pub async fn event(app: &App, tick: &TickLetter, lang: Lang) -> Result<Bytes> {
    let way = AS_MOVING - lang.index();
    if let Some(written) = tick.written.get(way) {
        return Ok(written);
    }
    let zone = app.memory.zones.of(app, tick.task.organisation).await?;
    let row = TaskRow::bare(Task::clone(&tick.task));
    let k = Look {
        base: app.config.base(),
        l: lang,
        row: &row,
        zone: &zone,
        overdue: false,
        is_timed: false,
        presence: None,
    };
    let html = Moving { k }.render().map_err(anyhow::Error::from)?;
    let event = [b"event: tick\n", &*data_lines(&html), b"\n"].concat();
    Ok(tick.written.keep(way, Bytes::from(event)))
}

/// Under this number, less the language's, a letter keeps it; JSON has those above.
const AS_MOVING: usize = usize::MAX - 8;

/// Organisations whose zone is remembered at a time.
const ORGANISATIONS: usize = 1_000;

/// The zone of each organisation, until its settings change.
pub struct Zones(Cache<OrganisationId, (u64, TimeZone)>);

impl Default for Zones {
    fn default() -> Zones {
        Zones(Cache::new(ORGANISATIONS))
    }
}

impl Zones {
    async fn of(&self, app: &App, organisation: OrganisationId) -> Result<TimeZone> {
        // Read before the database: a change in between makes this entry stale at once.
        let generation = app.hub.names_generation();
        if let Some((at, zone)) = self.0.get(&organisation)
            && at == generation
        {
            return Ok(zone);
        }
        let (_, name, _) = app.db.read(move |conn| Ok(people::sql::settings(conn, organisation)?)).await?;
        let zone = TimeZone::get(&name).unwrap_or(TimeZone::UTC);
        self.0.insert(organisation, (generation, zone.clone()));
        Ok(zone)
    }
}
