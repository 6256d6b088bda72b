//! What did not come along: counted by kind, told of each task, written into a file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};

use serde_json::{Map, Value, json};

use super::super::Stop;
use crate::config;
use crate::jobs::items::{ItemOutcome, NewItem, cell};
use crate::jobs::trackers::{Found, Left, Lefts};
use crate::locale::Lang;

/// Unknown people who are told by name.
const PEOPLE: usize = 50;

#[derive(Default)]
pub struct LeftOut {
    all: Lefts,
    tasks: Vec<(String, String, Lefts)>,
    unknown: BTreeSet<String>,
}

impl LeftOut {
    /// Of the file as a whole.
    pub fn of(all: Lefts) -> LeftOut {
        LeftOut { all, ..LeftOut::default() }
    }

    /// What one task lost.
    pub fn lost<'a>(&mut self, task: &Found, lost: Lefts, unknown: impl Iterator<Item = &'a str>) {
        self.unknown.extend(unknown.map(ToOwned::to_owned));
        if !lost.is_empty() {
            self.count(&lost);
            self.tasks.push((task.id.clone(), task.title.clone(), lost));
        }
    }

    pub fn add(&mut self, more: LeftOut) {
        self.count(&more.all);
        self.tasks.extend(more.tasks);
        self.unknown.extend(more.unknown);
    }

    fn count(&mut self, more: &Lefts) {
        for (what, count) in more {
            *self.all.entry(*what).or_default() += count;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn counts(&self) -> Value {
        let counts: Map<String, Value> =
            self.all.iter().map(|(what, count)| (what.to_string(), json!(count))).collect();
        Value::Object(counts)
    }

    pub fn unknown(&self) -> Vec<&str> {
        self.unknown.iter().take(PEOPLE).map(String::as_str).collect()
    }

    /// An item for each task that lost something, in reports of so many, as long as there is room.
    pub fn items(&self, l: Lang, room: usize) -> Vec<Vec<NewItem>> {
        let item = |(id, title, lost): &(String, String, Lefts)| NewItem {
            key: Some(format!("{id} · {title}").chars().take(config::ITEM_KEY_CHARS).collect()),
            outcome: ItemOutcome::Succeeded,
            message: Some(l.with("tracker-left-of-task", "what", told(l, lost))),
        };
        let items: Vec<NewItem> = self.tasks.iter().take(room).map(item).collect();
        items.chunks(config::ITEMS_AT_ONCE).map(<[NewItem]>::to_vec).collect()
    }

    pub fn file(&self, file: File, l: Lang) -> Result<File, Stop> {
        let broken = |error: csv::Error| Stop::Broken(anyhow::Error::from(error).into());
        let mut table = csv::Writer::from_writer(BufWriter::new(file));
        let header = ["column-external-id", "column-title", "tracker-left", "tracker-left-count"].map(|key| l.t(key));
        // Spreadsheets take UTF-8 for what it is when it begins with the mark.
        table.write_record([&format!("\u{feff}{}", header[0]), header[1], header[2], header[3]]).map_err(broken)?;
        for (id, title, lost) in &self.tasks {
            for (what, count) in lost {
                let row = [cell(id), cell(title), l.t(what.label_key()).to_owned(), count.to_string()];
                table.write_record(row).map_err(broken)?;
            }
        }
        for (what, count) in self.of_the_file() {
            table.write_record(["", "", l.t(what.label_key()), &count.to_string()]).map_err(broken)?;
        }
        let ended = table.into_inner().map_err(|error| anyhow::Error::from(error.into_error()));
        let file = ended.and_then(|buffered| Ok(buffered.into_inner().map_err(|error| error.into_error())?));
        let file = file.and_then(|mut file| {
            file.flush()?;
            file.seek(SeekFrom::Start(0))?;
            Ok(file)
        });
        file.map_err(|error| Stop::Broken(error.into()))
    }

    /// What belongs to no task.
    fn of_the_file(&self) -> Lefts {
        let mut rest = self.all.clone();
        for (_, _, lost) in &self.tasks {
            for (what, count) in lost {
                *rest.entry(*what).or_default() -= count;
            }
        }
        rest.retain(|_, count| *count > 0);
        rest
    }

    /// In words, for the job's log.
    pub fn told(&self, l: Lang) -> String {
        if self.all.is_empty() {
            return String::new();
        }
        let mut lines = vec![l.t("tracker-left").to_owned()];
        lines.extend(self.all.iter().map(|(what, count)| format!("  {}: {}", l.t(what.label_key()), l.number(*count))));
        lines.extend(self.unknown().iter().map(|name| format!("  {}: {name}", l.t(Left::UnknownPeople.label_key()))));
        lines.join("\n") + "\n"
    }
}

fn told(l: Lang, lost: &Lefts) -> String {
    let parts = lost.iter().map(|(what, count)| format!("{} ({})", l.t(what.label_key()), l.number(*count)));
    parts.collect::<Vec<_>>().join(", ")
}
