//! What a copy of the store is looked at for before it is called a backup, and before one is restored. Damage is what keeps
//! it from being one; what is merely not as it should be is said of it, because a copy of it is better than none.

use rusqlite::Connection;

use super::{Finding, check_counts, check_orphans, check_references, table_damage, tables};
use crate::db::backup::{Inspection, is_present};
use crate::error::Error;
use crate::people::sql::organisation_ids;

/// The look at a copy. The trail of every task is not folded: `check-integrity` does that, in the store itself.
pub struct CopyInspection;

impl Inspection for CopyInspection {
    type Found = Vec<Finding>;

    fn damage(&self, copy: &Connection, table: &str) -> anyhow::Result<Vec<String>> {
        table_damage(copy, table).map_err(inside)
    }

    fn look(&self, copy: &Connection) -> anyhow::Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for table in tables(copy).map_err(inside)? {
            findings.extend(check_references(copy, &table).map_err(inside)?);
        }
        // One that was not migrated yet counts otherwise.
        if !is_present(copy)? {
            return Ok(findings);
        }
        for organisation in organisation_ids(copy)? {
            findings.extend(check_counts(copy, organisation).map_err(inside)?);
        }
        findings.extend(check_orphans(copy).map_err(inside)?);
        Ok(findings)
    }
}

fn inside(error: Error) -> anyhow::Error {
    match error {
        Error::Internal(error) => error,
        other => anyhow::anyhow!("{other}"),
    }
}
