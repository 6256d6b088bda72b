//! What an import comes to: how many rows became what, and how good the file is, with what that is made of.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::row::{Looked, Wanted};
use super::save::Saved;
use crate::locale::Lang;

/// Parts of the quality of a file, in percent of the whole.
const VALID: f64 = 60.0;
const COMPLETE: f64 = 25.0;
const DISTINCT: f64 = 15.0;

#[derive(Default)]
pub struct Tally {
    pub new: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub failed: i64,
    good: i64,
    bad: i64,
    filled: i64,
    cells: i64,
    twins: i64,
    /// Hashes of what rows are alike by: 16 bytes or so for each row.
    seen: HashSet<u64>,
}

/// How good a file is; all in percent.
pub struct Quality {
    score: f64,
    /// Rows that can be saved.
    valid: f64,
    /// Cells that are filled, of the columns that are imported.
    complete: f64,
    /// Rows that say something else than every other one.
    distinct: f64,
}

#[expect(clippy::cast_precision_loss, reason = "some million cells at most")]
fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 { 100.0 } else { (part as f64 / whole as f64 * 1000.0).round() / 10.0 }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Tally {
    pub fn looked(&mut self, looked: &Looked) {
        self.good += number(looked.good.len());
        self.bad += number(looked.bad.len());
        for (_, _, wanted) in &looked.good {
            self.filled += number(wanted.filled);
            self.cells += number(looked.columns);
            self.twins += i64::from(!self.seen.insert(likeness(wanted)));
        }
    }

    pub fn saved(&mut self, saved: Saved) {
        match saved {
            Saved::New => self.new += 1,
            Saved::Updated => self.updated += 1,
            Saved::Unchanged => self.unchanged += 1,
        }
    }

    pub fn quality(&self) -> Quality {
        let rows = self.good + self.bad;
        let valid = share(rows - self.failed, rows);
        let complete = share(self.filled, self.cells);
        let distinct = share(self.good - self.twins, self.good);
        let score = (valid * VALID + complete * COMPLETE + distinct * DISTINCT) / 100.0;
        Quality { score: (score * 10.0).round() / 10.0, valid, complete, distinct }
    }

    /// In words, for the job's log.
    pub fn told(&self, l: Lang, quality: &Quality) -> String {
        let line = |key: &str, number: String| format!("{key}: {number}\n");
        [
            line(l.t("import-told-new"), l.number(self.new)),
            line(l.t("import-told-updated"), l.number(self.updated)),
            line(l.t("import-told-skipped"), l.number(self.unchanged)),
            line(l.t("import-told-failed"), l.number(self.failed)),
            line(l.t("import-told-quality"), quality.score.to_string()),
            line(l.t("import-told-valid"), format!("{} % (× {VALID} %)", quality.valid)),
            line(l.t("import-told-complete"), format!("{} % (× {COMPLETE} %)", quality.complete)),
            line(l.t("import-told-distinct"), format!("{} % (× {DISTINCT} %)", quality.distinct)),
        ]
        .concat()
    }
}

/// What two rows that are probably the same work have in common.
fn likeness(wanted: &Wanted) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&wanted.title, wanted.assignee, wanted.project, &wanted.due_text).hash(&mut hasher);
    hasher.finish()
}

impl Quality {
    pub fn to_json(&self) -> Value {
        let part = |share: f64, weight: f64| json!({ "percent": share, "weight": weight });
        json!({
            "score": self.score,
            "made_of": {
                "valid_rows": part(self.valid, VALID),
                "filled_cells": part(self.complete, COMPLETE),
                "distinct_rows": part(self.distinct, DISTINCT),
            },
        })
    }
}
