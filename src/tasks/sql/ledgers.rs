//! Sums, the rows: which ledger to add to, the next entries of the trail with what they add, and saving that. A write says
//! from which place on it adds, and is refused when the ledger is not there any more: whoever else added first, nothing is
//! added twice.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params, params_from_iter};

use super::broken;
use crate::clock::from_micros;
use crate::error::Result;
use crate::people::{self, OrganisationId, ProjectId, UserId};
use crate::tasks::TaskId;
use crate::tasks::sums::{FORM, Facts, Figures, Ledger, LedgerId, Place, Span, Standing, Sums, Told, count, months};

/// Entries of one read: some tens of milliseconds.
const ENTRIES: i64 = 5_000;
/// Rows that one write changes, about: some milliseconds of the writer.
const ROWS: usize = 1_000;
/// Rows of a ledger that nobody reads any more that go in one write.
const GONE_ROWS: i64 = 500;

/// What the next entries add to a ledger.
#[derive(Clone, Debug)]
pub struct Chunk {
    ledger: LedgerId,
    /// Where it begins, and the place of the ledger with it.
    from: i64,
    to: i64,
    pub entries: i64,
    tasks: Vec<(TaskId, Option<Standing>)>,
    days: Sums,
    months: Sums,
}

/// What became of a look at a ledger.
#[derive(Debug)]
pub enum Next {
    Chunk(Box<Chunk>),
    /// All that was asked for is in it.
    Whole,
    /// It is no longer added to: another one took its place.
    Gone,
}

/// The ledger of an organisation that is to grow: the one that is read, or one that is made anew, from where it was left.
/// Anew if that is asked for, and when days or figures are not what they were.
pub fn ledger_to_add_to(
    conn: &Connection,
    organisation: OrganisationId,
    anew: bool,
    now: Timestamp,
) -> Result<(Ledger, bool)> {
    let (_, zone, _) = people::sql::settings(conn, organisation)?;
    let in_state = |state: &str| -> Result<Option<(LedgerId, String, i64, i64)>> {
        Ok(conn
            .prepare_cached("select id, zone, form, sequence from ledgers where organisation_id = ?1 and state = ?2")?
            .query_one(params![organisation, state], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?)
    };
    let ledger = |id, sequence| Ledger { id, organisation, zone: zone_of(&zone), sequence };
    let is_current = |of: &str, form: i64| of == zone && form == FORM;
    if let Some((id, of, form, sequence)) = in_state("present")?
        && is_current(&of, form)
        && !anew
    {
        return Ok((ledger(id, sequence), false));
    }
    if let Some((id, of, form, sequence)) = in_state("building")? {
        if is_current(&of, form) {
            return Ok((ledger(id, sequence), true));
        }
        conn.prepare_cached("update ledgers set state = 'gone' where id = ?1")?.execute([id])?;
    }
    conn.prepare_cached(
        "insert into ledgers (organisation_id, zone, form, state, updated_at) values (?1, ?2, ?3, 'building', ?4)",
    )?
    .execute(params![organisation, zone, FORM, now.as_microsecond()])?;
    Ok((ledger(LedgerId::new(conn.last_insert_rowid()), 0), true))
}

/// The ledger that is read, if there is one yet.
pub fn present_ledger(conn: &Connection, organisation: OrganisationId) -> Result<Option<Ledger>> {
    Ok(conn
        .prepare_cached("select id, zone, sequence from ledgers where organisation_id = ?1 and state = 'present'")?
        .query_one([organisation], |row| {
            let zone = zone_of(row.get_ref(1)?.as_str()?);
            Ok(Ledger { id: row.get(0)?, organisation, zone, sequence: row.get(2)? })
        })
        .optional()?)
}

/// Days of a zone that is not known any more are those of UTC, as elsewhere.
fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// How many entries an organisation has after one and up to another.
pub fn count_entries(conn: &Connection, organisation: OrganisationId, after: i64, until: i64) -> Result<i64> {
    Ok(conn
        .prepare_cached("select count(*) from trail where organisation_id = ?1 and sequence > ?2 and sequence <= ?3")?
        .query_one(params![organisation, after, until], |row| row.get(0))?)
}

/// What the next entries up to `until` add.
pub fn next_chunk(conn: &Connection, ledger: &Ledger, until: i64) -> Result<Next> {
    let from: Option<i64> = conn
        .prepare_cached("select sequence from ledgers where id = ?1 and state <> 'gone'")?
        .query_one([ledger.id], |row| row.get(0))
        .optional()?;
    let Some(from) = from else { return Ok(Next::Gone) };
    if from >= until {
        return Ok(Next::Whole);
    }
    let mut entries = conn.prepare_cached(
        "select sequence, task_id, change, actor_id, new, at from trail
         where organisation_id = ?1 and sequence > ?2 and sequence <= ?3 order by sequence limit ?4",
    )?;
    let mut standings = standings(conn)?;
    let mut tasks: HashMap<TaskId, (Option<Standing>, bool)> = HashMap::new();
    let (mut days, mut read, mut moved, mut to) = (Sums::new(), 0, 0, from);
    let mut rows = entries.query(params![ledger.organisation, from, until, ENTRIES])?;
    let mut is_last = true;
    while let Some(row) = rows.next()? {
        let (task, told) = told_row(row)?;
        to = row.get(0)?;
        let (standing, is_moved) = match tasks.entry(task) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(room) => {
                let standing = standings.query_one(params![ledger.id, task], standing_row).optional()?;
                room.insert((standing, false))
            }
        };
        count(standing, &told, &ledger.zone, &mut days);
        moved += usize::from(told.moves() && !*is_moved);
        *is_moved |= told.moves();
        read += 1;
        if read == ENTRIES || moved + 2 * days.len() >= ROWS {
            is_last = false;
            break;
        }
    }
    let tasks = tasks.into_iter().filter(|(_, (_, is_moved))| *is_moved).map(|(id, (standing, _))| (id, standing));
    let mut tasks: Vec<(TaskId, Option<Standing>)> = tasks.collect();
    // Along the table.
    tasks.sort_unstable_by_key(|(id, _)| *id);
    let months = months(&days);
    let to = if is_last { until } else { to };
    Ok(Next::Chunk(Box::new(Chunk { ledger: ledger.id, from, to, entries: read, tasks, days, months })))
}

fn told_row(row: &Row<'_>) -> Result<(TaskId, Told)> {
    let facts: Facts =
        serde_json::from_str(row.get_ref(4)?.as_str().map_err(|_| broken(4, "an entry without its facts"))?)
            .map_err(|_| broken(4, "an entry that is not JSON"))?;
    Ok((row.get(1)?, Told { change: row.get(2)?, actor: row.get(3)?, facts, at: from_micros(row.get(5)?) }))
}

fn standings(conn: &Connection) -> Result<CachedStatement<'_>> {
    Ok(conn.prepare_cached(
        "select kind, status, person_id, project_id, category, due_at, estimate_minutes, created_at, started_at, attempt_at
         from ledger_tasks where ledger_id = ?1 and task_id = ?2",
    )?)
}

fn standing_row(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let time = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(from_micros));
    Ok(Standing {
        kind: row.get(0)?,
        status: row.get(1)?,
        person: row.get(2)?,
        project: row.get(3)?,
        category: row.get(4)?,
        due: time(5)?,
        estimate_minutes: row.get(6)?,
        created_at: from_micros(row.get(7)?),
        started_at: time(8)?,
        attempt_at: time(9)?,
    })
}

/// Saves what a chunk adds, and its place with it; nothing when the ledger has another place by now, or is gone.
pub fn add_chunk(conn: &Connection, chunk: &Chunk, now: Timestamp) -> Result<bool> {
    let moved = conn
        .prepare_cached(
            "update ledgers set sequence = ?3, updated_at = ?4 where id = ?1 and sequence = ?2 and state <> 'gone'",
        )?
        .execute(params![chunk.ledger, chunk.from, chunk.to, now.as_microsecond()])?;
    if moved == 0 {
        return Ok(false);
    }
    for (task, standing) in &chunk.tasks {
        match standing {
            Some(standing) => save_standing(conn, chunk.ledger, *task, standing)?,
            None => {
                conn.prepare_cached("delete from ledger_tasks where ledger_id = ?1 and task_id = ?2")?
                    .execute(params![chunk.ledger, task])?;
            }
        }
    }
    for (span, sums) in [(Span::Day, &chunk.days), (Span::Month, &chunk.months)] {
        for (place, figures) in sums {
            add_sum(conn, chunk.ledger, span, place, figures)?;
        }
    }
    Ok(true)
}

fn save_standing(conn: &Connection, ledger: LedgerId, task: TaskId, standing: &Standing) -> Result<()> {
    let time = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
    conn.prepare_cached(
        "insert or replace into ledger_tasks (ledger_id, task_id, kind, status, person_id, project_id, category, due_at,
           estimate_minutes, created_at, started_at, attempt_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        ledger,
        task,
        standing.kind,
        standing.status,
        standing.person,
        standing.project,
        standing.category,
        time(standing.due),
        standing.estimate_minutes,
        standing.created_at.as_microsecond(),
        time(standing.started_at),
        time(standing.attempt_at),
    ])?;
    Ok(())
}

/// Columns before the figures.
const KEYS: usize = 7;

static ADD_SUM: LazyLock<String> = LazyLock::new(|| {
    let each = |of: fn(&str) -> String| Figures::NAMES.iter().map(|name| of(name)).collect::<Vec<_>>().join(", ");
    let (names, adds) = (each(str::to_owned), each(|name| format!("{name} = {name} + excluded.{name}")));
    let values = (1..=KEYS + Figures::NAMES.len()).map(|at| format!("?{at}")).collect::<Vec<_>>().join(", ");
    format!(
        "insert into sums (ledger_id, span, period, kind, person_id, project_id, category, {names}) values ({values})
         on conflict do update set {adds}"
    )
});

fn add_sum(conn: &Connection, ledger: LedgerId, span: Span, place: &Place, figures: &Figures) -> Result<()> {
    let mut statement = conn.prepare_cached(&ADD_SUM)?;
    let (period, category) = (span.period(place.day), place.category.as_deref().unwrap_or_default());
    let keys = params![
        ledger,
        span,
        period,
        place.kind(),
        place.person.map_or(0, UserId::get),
        place.project.map_or(0, ProjectId::get),
        category
    ];
    let values = figures.values();
    let figures = values.iter().map(|value| value as &dyn rusqlite::ToSql);
    statement.execute(params_from_iter(keys.iter().copied().chain(figures)))?;
    Ok(())
}

/// A ledger that is whole is read from now on, instead of the one before it.
pub fn put_in_place(conn: &Connection, ledger: &Ledger) -> Result<()> {
    let is_building: bool = conn
        .prepare_cached("select exists (select 1 from ledgers where id = ?1 and state = 'building')")?
        .query_one([ledger.id], |row| row.get(0))?;
    if is_building {
        conn.prepare_cached("update ledgers set state = 'gone' where organisation_id = ?1 and state = 'present'")?
            .execute([ledger.organisation])?;
        conn.prepare_cached("update ledgers set state = 'present' where id = ?1")?.execute([ledger.id])?;
    }
    Ok(())
}

/// Removes some rows of an organisation's ledgers that are gone; how many, 0 when nothing is left of them.
pub fn remove_gone_ledgers(conn: &Connection, organisation: OrganisationId) -> Result<usize> {
    let gone: Option<LedgerId> = conn
        .prepare_cached("select id from ledgers where organisation_id = ?1 and state = 'gone' limit 1")?
        .query_one([organisation], |row| row.get(0))
        .optional()?;
    let Some(gone) = gone else { return Ok(0) };
    let sums = conn
        .prepare_cached(
            "delete from sums where (ledger_id, span, period, kind, person_id, project_id, category) in
               (select ledger_id, span, period, kind, person_id, project_id, category from sums where ledger_id = ?1 limit ?2)",
        )?
        .execute(params![gone, GONE_ROWS])?;
    let tasks = conn
        .prepare_cached(
            "delete from ledger_tasks where (ledger_id, task_id) in
               (select ledger_id, task_id from ledger_tasks where ledger_id = ?1 limit ?2)",
        )?
        .execute(params![gone, GONE_ROWS])?;
    if sums + tasks > 0 {
        return Ok(sums + tasks);
    }
    Ok(conn.prepare_cached("delete from ledgers where id = ?1")?.execute([gone])?)
}
