//! Questions to the sums: what happened in some days or months, of all, of each person, project or category, or period by
//! period. Assignments and jobs always stand apart: a thousand letters that a program sent are not the work of a day.

use std::sync::LazyLock;

use rusqlite::{Connection, params};

use crate::error::Result;
use crate::tasks::Kind;
use crate::tasks::sums::{Figures, Ledger, Span};

/// What lines are told apart by, besides the kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Per {
    Organisation,
    Person,
    Project,
    Category,
    Period,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    pub kind: Kind,
    /// Of the person or project; 0 for nobody, for no project, and where lines are of neither.
    pub id: i64,
    /// Of the person or project; the category; the period. Empty for none.
    pub name: String,
    pub figures: Figures,
}

impl Per {
    const ALL: [Per; 5] = [Per::Organisation, Per::Person, Per::Project, Per::Category, Per::Period];

    /// The id and the name of a line.
    const fn columns(self) -> [&'static str; 2] {
        match self {
            Per::Organisation => ["0", "''"],
            Per::Person => ["person_id", "coalesce((select name from users where id = person_id), '')"],
            Per::Project => ["project_id", "coalesce((select name from projects where id = project_id), '')"],
            Per::Category => ["0", "category"],
            Per::Period => ["0", "period"],
        }
    }
}

static LINES: LazyLock<[String; 5]> = LazyLock::new(|| {
    let sums = Figures::NAMES.iter().map(|name| format!("sum({name})")).collect::<Vec<_>>().join(", ");
    Per::ALL.map(|per| {
        let [id, name] = per.columns();
        format!(
            "select kind, {id} as id, {name} as name, {sums} from sums
             where ledger_id = ?1 and span = ?2 and period between ?3 and ?4 group by 1, 2, 3"
        )
    })
});

/// The lines of these periods, both included: `2026-11-22` for a day, `2026-11` for a month. Where nothing happened, there is
/// no line.
pub fn sums(conn: &Connection, ledger: &Ledger, span: Span, periods: [&str; 2], per: Per) -> Result<Vec<Line>> {
    let mut statement = conn.prepare_cached(&LINES[per as usize])?;
    let rows = statement.query_map(params![ledger.id, span, periods[0], periods[1]], |row| {
        let mut values = [0; Figures::NAMES.len()];
        for (at, value) in values.iter_mut().enumerate() {
            *value = row.get(3 + at)?;
        }
        let figures = Figures::from_values(values);
        Ok(Line { kind: row.get(0)?, id: row.get(1)?, name: row.get(2)?, figures })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
