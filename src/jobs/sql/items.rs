//! A job's items, by key; and their groups by message, counted on write.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::log::ensure_output;
use crate::clock::from_micros;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::jobs::items::{Item, ItemGroup, ItemOutcome, ItemsMoved, NewItem};
use crate::tasks::TaskId;

/// Where a job's items stand.
struct Place {
    generation: i64,
    items: i64,
    next: i64,
    failed_from: i64,
}

fn place(conn: &Connection, task: TaskId) -> Result<Option<Place>> {
    Ok(conn
        .prepare_cached("select generation, items, next_place, failed_from from job_outputs where task_id = ?1")?
        .query_one([task], |row| {
            Ok(Place { generation: row.get(0)?, items: row.get(1)?, next: row.get(2)?, failed_from: row.get(3)? })
        })
        .optional()?)
}

/// An item that was recorded before.
struct Known {
    id: i64,
    outcome: ItemOutcome,
    group: i64,
    attempt: i64,
}

/// What is being written of one report: groups are looked up once, and counted once.
struct Recording<'a> {
    conn: &'a Connection,
    task: TaskId,
    place: Place,
    groups: HashMap<(ItemOutcome, Option<&'a str>), i64>,
    grown: HashMap<i64, i64>,
    moved: ItemsMoved,
}

/// Records items, each in the place of the one of the same key; gives by how much that moves the job's counts.
pub fn record_items(
    conn: &Connection,
    limits: &config::Output,
    task: TaskId,
    attempt: i64,
    items: &[NewItem],
    now: Timestamp,
) -> Result<ItemsMoved> {
    if items.is_empty() {
        return Ok(ItemsMoved::default());
    }
    ensure_output(conn, task)?;
    let Some(place) = place(conn, task)? else { return Ok(ItemsMoved::default()) };
    let mut recording =
        Recording { conn, task, place, groups: HashMap::new(), grown: HashMap::new(), moved: ItemsMoved::default() };
    for item in items {
        recording.record(item, attempt, now)?;
    }
    if recording.place.items > limits.items {
        return Err(Error::field("items", msg("error-items-full").arg("limit", limits.items)));
    }
    recording.finish()
}

impl<'a> Recording<'a> {
    fn record(&mut self, item: &'a NewItem, attempt: i64, now: Timestamp) -> Result<()> {
        let group = self.group(item.outcome, item.message.as_deref())?;
        let before = match &item.key {
            Some(key) => self.find(key)?,
            None => None,
        };
        match before {
            Some(Known { id, outcome, group: before, attempt: last }) => {
                self.conn
                    .prepare_cached(
                        "update items set outcome = ?2, group_id = ?3, attempt = ?4, at = ?5 where id = ?1",
                    )?
                    .execute(params![id, item.outcome, group, attempt, now.as_microsecond()])?;
                *self.grown.entry(before).or_default() -= 1;
                if outcome != ItemOutcome::Failed || last >= self.place.failed_from {
                    self.moved = self.moved.by(outcome, -1);
                }
            }
            None => self.insert(item, group, attempt, now)?,
        }
        *self.grown.entry(group).or_default() += 1;
        self.moved = self.moved.by(item.outcome, 1);
        Ok(())
    }

    fn insert(&mut self, item: &NewItem, group: i64, attempt: i64, now: Timestamp) -> Result<()> {
        loop {
            let place = self.place.next;
            self.place.next += 1;
            let number;
            let key = match &item.key {
                Some(key) => key,
                None => {
                    number = place.to_string();
                    &number
                }
            };
            let inserted = self
                .conn
                .prepare_cached(
                    "insert into items (task_id, generation, place, key, outcome, group_id, attempt, at)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict do nothing",
                )?
                .execute(params![
                    self.task,
                    self.place.generation,
                    place,
                    key,
                    item.outcome,
                    group,
                    attempt,
                    now.as_microsecond()
                ])?;
            if inserted == 1 {
                self.place.items += 1;
                return Ok(());
            }
            // Somebody gave this number as a key: the next one.
        }
    }

    fn find(&self, key: &str) -> Result<Option<Known>> {
        Ok(self
            .conn
            .prepare_cached(
                "select id, outcome, group_id, attempt from items where task_id = ?1 and generation = ?2 and key = ?3",
            )?
            .query_one(params![self.task, self.place.generation, key], |row| {
                Ok(Known { id: row.get(0)?, outcome: row.get(1)?, group: row.get(2)?, attempt: row.get(3)? })
            })
            .optional()?)
    }

    fn group(&mut self, outcome: ItemOutcome, message: Option<&'a str>) -> Result<i64> {
        if let Some(id) = self.groups.get(&(outcome, message)) {
            return Ok(*id);
        }
        // None differs from the empty message, which nobody can give.
        let hash = Sha256::digest(message.unwrap_or_default().as_bytes());
        let (generation, hash) = (self.place.generation, &hash[..16]);
        let found = self
            .conn
            .prepare_cached(
                "select id from item_groups where task_id = ?1 and generation = ?2 and outcome = ?3 and hash = ?4",
            )?
            .query_one(params![self.task, generation, outcome, hash], |row| row.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                self.conn
                    .prepare_cached(
                        "insert into item_groups (task_id, generation, outcome, hash, message, items) values (?1, ?2, ?3, ?4, ?5, 0)",
                    )?
                    .execute(params![self.task, generation, outcome, hash, message])?;
                self.conn.last_insert_rowid()
            }
        };
        self.groups.insert((outcome, message), id);
        Ok(id)
    }

    fn finish(self) -> Result<ItemsMoved> {
        for (group, by) in self.grown {
            self.conn
                .prepare_cached("update item_groups set items = items + ?2 where id = ?1")?
                .execute(params![group, by])?;
            if by <= 0 {
                self.conn.prepare_cached("delete from item_groups where id = ?1 and items = 0")?.execute([group])?;
            }
        }
        self.conn
            .prepare_cached("update job_outputs set items = ?2, next_place = ?3 where task_id = ?1")?
            .execute(params![self.task, self.place.items, self.place.next])?;
        Ok(self.moved)
    }
}

macro_rules! item_columns {
    () => {
        "i.place, i.key, i.outcome, g.message, i.attempt, i.at"
    };
}

fn item_row(row: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        place: row.get(0)?,
        key: row.get(1)?,
        outcome: row.get(2)?,
        message: row.get(3)?,
        attempt: row.get(4)?,
        at: from_micros(row.get(5)?),
    })
}

/// Items that failed in an earlier attempt, of which this one said nothing.
pub fn untried_items(conn: &Connection, task: TaskId, attempt: i64) -> Result<i64> {
    let Some(Place { generation, .. }) = place(conn, task)? else { return Ok(0) };
    Ok(conn
        .prepare_cached(
            "select count(*) from items where task_id = ?1 and generation = ?2 and outcome = 'failed' and attempt < ?3",
        )?
        .query_one(params![task, generation, attempt], |row| row.get(0))?)
}

/// Whether any item failed.
pub fn has_failed_items(conn: &Connection, task: TaskId) -> Result<bool> {
    Ok(!items(conn, task, Some(ItemOutcome::Failed), 0, 1)?.is_empty())
}

/// How many failed items are recorded.
pub fn failed_items(conn: &Connection, task: TaskId) -> Result<i64> {
    let Some(Place { generation, .. }) = place(conn, task)? else { return Ok(0) };
    Ok(conn
        .prepare_cached(
            "select coalesce(sum(items), 0) from item_groups where task_id = ?1 and generation = ?2 and outcome = 'failed'",
        )?
        .query_one(params![task, generation], |row| row.get(0))?)
}

/// Items after a place, in the order in which they were first heard of; of one outcome or of all.
pub fn items(
    conn: &Connection,
    task: TaskId,
    outcome: Option<ItemOutcome>,
    after: i64,
    limit: i64,
) -> Result<Vec<Item>> {
    let Some(Place { generation, .. }) = place(conn, task)? else { return Ok(Vec::new()) };
    let found = match outcome {
        None => conn
            .prepare_cached(concat!(
                "select ",
                item_columns!(),
                " from items i left join item_groups g on g.id = i.group_id
                 where i.task_id = ?1 and i.generation = ?2 and i.place > ?3 order by i.place limit ?4"
            ))?
            .query_map(params![task, generation, after, limit], item_row)?
            .collect::<rusqlite::Result<_>>()?,
        Some(outcome) => conn
            .prepare_cached(concat!(
                "select ",
                item_columns!(),
                " from items i left join item_groups g on g.id = i.group_id
                 where i.task_id = ?1 and i.generation = ?2 and i.outcome = ?5 and i.place > ?3 order by i.place limit ?4"
            ))?
            .query_map(params![task, generation, after, limit, outcome], item_row)?
            .collect::<rusqlite::Result<_>>()?,
    };
    Ok(found)
}

/// The largest groups of an outcome, each with the keys of its first `keys` items.
pub fn item_groups(
    conn: &Connection,
    task: TaskId,
    outcome: ItemOutcome,
    limit: i64,
    keys: i64,
) -> Result<Vec<ItemGroup>> {
    let Some(Place { generation, .. }) = place(conn, task)? else { return Ok(Vec::new()) };
    let mut statement = conn.prepare_cached(
        "select id, message, items from item_groups
         where task_id = ?1 and generation = ?2 and outcome = ?3 and items > 0 order by items desc, id desc limit ?4",
    )?;
    let groups = statement
        .query_map(params![task, generation, outcome, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<Vec<(i64, Option<String>, i64)>>>()?;
    let mut first = conn.prepare_cached("select key from items where group_id = ?1 order by place limit ?2")?;
    groups
        .into_iter()
        .map(|(id, message, items)| {
            let first = first.query_map([id, keys], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            Ok(ItemGroup { outcome, message, items, first })
        })
        .collect()
}

/// An attempt begins with counts of its own. Either nothing counts any more that was recorded before, and its rows are
/// removed later; or only the failed items are tried again: they stay, for whoever asks which they are, and are not
/// subtracted from the new counts when they come out otherwise.
pub fn restart_items(conn: &Connection, task: TaskId, attempt: i64, only_failed: bool) -> Result<()> {
    let Some(place) = place(conn, task)?.filter(|place| place.items > 0) else { return Ok(()) };
    if only_failed {
        conn.prepare_cached("update job_outputs set failed_from = ?2 where task_id = ?1")?
            .execute(params![task, attempt])?;
        return Ok(());
    }
    conn.prepare_cached("insert into output_removals (task_id, generation) values (?1, ?2) on conflict do nothing")?
        .execute(params![task, place.generation])?;
    conn.prepare_cached(
        "update job_outputs set generation = generation + 1, items = 0, next_place = 1, failed_from = 0 where task_id = ?1",
    )?
    .execute([task])?;
    Ok(())
}
