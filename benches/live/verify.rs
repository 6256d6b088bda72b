//! Compares what every stream got with what the trail says that it should have got.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::client::Client;
use crate::prepare::TASKS;

impl Client {
    /// Sequence and task of every entry after `base`.
    pub fn trail(&self, base: u64) -> Vec<(u64, u64)> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.target.database, flags).expect("opens");
        let mut ask =
            conn.prepare("select sequence, task_id from trail where sequence > ?1 order by sequence").expect("sql");
        let rows = ask.query_map([base as i64], |row| Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64)));
        rows.expect("rows").collect::<rusqlite::Result<_>>().expect("rows")
    }

    pub fn verify(&self) -> Value {
        let (mut missing, mut foreign) = (self.count.missed, 0);
        let trail = if self.target.floor { Vec::new() } else { self.trail(self.base) };
        if self.target.one {
            let last = trail.last().map_or(self.base, |(sequence, _)| *sequence);
            // Between first and last a stream's ids follow each other, or were counted as missed when they came.
            missing += self.streams.iter().map(|stream| last.saturating_sub(stream.last)).sum::<u64>();
            assert!(
                self.target.floor || last - self.base == trail.len() as u64,
                "the trail has gaps: what follows what cannot be told"
            );
        } else {
            let mut of_task: HashMap<u64, HashSet<u32>> = HashMap::new();
            for (sequence, task) in trail {
                of_task.entry(task).or_default().insert(u32::try_from(sequence).expect("a small database"));
            }
            for (index, stream) in self.streams.iter().enumerate() {
                let mine = of_task.remove(&((TASKS + 1 + index) as u64)).unwrap_or_default();
                let strangers = stream.seen.iter().filter(|sequence| !mine.contains(sequence)).count();
                foreign += strangers as u64;
                missing += (mine.len() + strangers - stream.seen.len()) as u64;
            }
        }
        let count = &self.count;
        json!({ "streams": self.streams.len(), "updates": count.posted, "deliveries": count.deliveries, "missing": missing,
                "doubled": count.doubled, "misdirected": foreign, "resets": count.resets, "cut_as_lagged": count.lagged,
                "ended_otherwise": count.dropped })
    }
}
