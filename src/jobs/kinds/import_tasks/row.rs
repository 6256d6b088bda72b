//! What a row wants of a task, and what is wrong with it: column by column, in the language of whoever will read it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::batches::Batch;
use super::directory::Directory;
use crate::config;
use crate::error::{Message, msg};
use crate::jobs::columns::{self, DateOrder, Standing, Target};
use crate::jobs::sheets::Row;
use crate::locale::Lang;
use crate::people::{ProjectId, UserId, parse_line};
use crate::tasks::actions::parse_estimate;
use crate::tasks::{Due, Percent, Priority, parse_note};

/// How rows become tasks.
pub struct Plan {
    pub columns: Vec<(Target, usize)>,
    /// What each of these is called where something is wrong with it.
    pub labels: Vec<String>,
    pub dates: DateOrder,
    pub zone: TimeZone,
    pub assignee: Option<UserId>,
    /// Whoever saves the rows knows who is to do what names nobody.
    pub may_name_nobody: bool,
    pub directory: Arc<Directory>,
    pub l: Lang,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            columns: Vec::new(),
            labels: Vec::new(),
            dates: DateOrder::DayFirst,
            zone: TimeZone::UTC,
            assignee: None,
            may_name_nobody: false,
            directory: Arc::default(),
            l: Lang::En,
        }
    }
}

/// What a row wants of a task; what it leaves open stays as it is.
#[derive(Clone, Default, Debug)]
pub struct Wanted {
    pub title: String,
    pub assignee: Option<UserId>,
    pub project: Option<ProjectId>,
    pub due: Option<Due>,
    /// The same, as verbs take it.
    pub due_text: Option<String>,
    pub priority: Option<Priority>,
    pub standing: Option<Standing>,
    pub estimate_minutes: Option<i64>,
    pub description: Option<String>,
    pub external_id: Option<String>,
    pub category: Option<String>,
    pub labels: Option<Vec<String>>,
    /// What is to be said of it, each once.
    pub comments: Vec<String>,
    /// Cells that are filled, of those that are to become something.
    pub filled: usize,
}

/// A piece of the file, looked at.
pub struct Looked {
    /// The number of its first row in the file.
    pub first: usize,
    /// By their place in the piece.
    pub good: Vec<(usize, Row, Arc<Wanted>)>,
    pub bad: Vec<(Row, String)>,
    pub columns: usize,
}

impl Looked {
    /// Takes out the rows whose external id an earlier row of the file has: they would undo each other with every import.
    /// `seen` has the line of each, by a hash.
    pub fn refuse_twins(&mut self, seen: &mut HashMap<u64, u64>, l: Lang) {
        let mut twins = Vec::new();
        self.good.retain(|(_, row, wanted)| {
            let Some(external_id) = &wanted.external_id else { return true };
            let mut hasher = DefaultHasher::new();
            external_id.hash(&mut hasher);
            match seen.entry(hasher.finish()) {
                Entry::Vacant(place) => {
                    place.insert(row.line);
                    true
                }
                Entry::Occupied(first) => {
                    let line = i64::try_from(*first.get()).unwrap_or(i64::MAX);
                    twins.push((row.clone(), l.m(&msg("import-twin").arg("line", line))));
                    false
                }
            }
        });
        self.bad.append(&mut twins);
    }
}

impl Plan {
    /// Looks at the rows of a piece; the first `header` rows of the file are none.
    pub fn look(&self, batch: Batch, header: usize) -> Looked {
        let mut looked = Looked { first: batch.first, good: Vec::new(), bad: Vec::new(), columns: self.columns.len() };
        for (place, row) in batch.rows.into_iter().enumerate() {
            if batch.first + place < header {
                continue;
            }
            match self.wanted(&row) {
                Ok(wanted) => looked.good.push((place, row, Arc::new(wanted))),
                Err(why) => looked.bad.push((row, why)),
            }
        }
        looked
    }

    /// The task that a row wants, or all that is wrong with it in one line.
    pub fn wanted(&self, row: &Row) -> Result<Wanted, String> {
        let mut wanted = Wanted { assignee: self.assignee, ..Wanted::default() };
        let mut wrong = Vec::new();
        let mut percent = None;
        for ((target, column), label) in self.columns.iter().zip(&self.labels) {
            let cell = row.cell(*column).trim();
            let taken = match (*target, cell.is_empty(), cell.contains('\u{fffd}')) {
                (Target::Title, true, _) => Err(msg("error-required")),
                (_, true, _) => Ok(()),
                (_, _, true) => Err(msg("import-garbled")),
                (Target::Percent, ..) => Percent::parse(cell).map(|value| percent = Some(value)),
                (target, ..) => self.take(&mut wanted, target, cell),
            };
            wanted.filled += usize::from(!cell.is_empty());
            if let Err(why) = taken {
                wrong.push(format!("{label}: {}", self.l.m(&why)));
            }
        }
        // A word for the end outweighs a percent; of what is open the percent says how far it is.
        if let Some(percent) = percent
            && !matches!(wanted.standing, Some(Standing::Done | Standing::Cancelled))
        {
            wanted.standing = Some(Standing::At(percent));
        }
        let needs_somebody = wanted.external_id.is_none() && !self.may_name_nobody;
        if wanted.assignee.is_none() && wrong.is_empty() && needs_somebody {
            wrong.push(self.l.t("import-no-assignee").to_owned());
        }
        if wrong.is_empty() { Ok(wanted) } else { Err(wrong.join(" ")) }
    }

    fn take(&self, wanted: &mut Wanted, target: Target, cell: &str) -> Result<(), Message> {
        match target {
            Target::Title => wanted.title = parse_line(cell, config::TITLE_CHARS)?,
            Target::Assignee => wanted.assignee = Some(self.directory.person(cell)?),
            Target::Project => wanted.project = Some(self.directory.project(cell)?),
            Target::Due => {
                let text = columns::date(cell, self.dates);
                wanted.due = Due::parse(&text, &self.zone)?;
                wanted.due_text = Some(text);
            }
            Target::Priority => wanted.priority = Some(columns::priority(cell)?),
            Target::Status => wanted.standing = Some(columns::standing(cell)?),
            Target::Estimate => wanted.estimate_minutes = parse_estimate(cell)?,
            Target::Description => wanted.description = parse_note(cell, config::DESCRIPTION_CHARS)?,
            Target::ExternalId => wanted.external_id = Some(parse_line(cell, config::NAME_CHARS)?),
            Target::Percent => {}
        }
        Ok(())
    }
}

/// The columns that a payload names, by number from 1 or by their names in the header.
pub fn columns(said: &Map<String, Value>, header: &[String]) -> Result<Vec<(Target, usize)>, Message> {
    let mut columns = Vec::new();
    for (target, column) in said {
        let target: Target = target.parse().map_err(|_| {
            let known = Target::ALL.iter().map(|target| target.as_str()).collect::<Vec<_>>().join(", ");
            msg("import-unknown-target").arg("name", target.as_str()).arg("known", known)
        })?;
        let place = match column {
            Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()?.checked_sub(1)),
            Value::String(name) => header.iter().position(|known| known.trim() == name.trim()),
            _ => None,
        };
        let place = place.ok_or_else(|| msg("import-unknown-column").arg("name", column.to_string()))?;
        columns.push((target, place));
    }
    columns.sort_unstable();
    Ok(columns)
}
