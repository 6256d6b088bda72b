//! Exports of other trackers, read into tasks that belong to none of them: one file for each format, each a pure function of
//! bytes that nobody vouches for. Whatever a format has that Milepost has no place for is counted as left out. Who the people
//! are, and what becomes of the tasks, is the reader's business.

mod archive;
mod fields;
mod found;
mod json;
mod kanboard;
mod kanboard_table;
mod markup;
mod table;
mod todoist;
mod trello;
mod vikunja;

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Seek, SeekFrom};

use crate::db::types::words;
use crate::error::{Message, msg};
use crate::jobs::columns::DateOrder;

pub use fields::fields;
pub use found::{Comment, Found, Person, line, lines};

words!(
    /// Whose export a file is.
    Tracker { Vikunja = "vikunja", Trello = "trello", Kanboard = "kanboard", Todoist = "todoist" }
);
words!(
    /// What becomes of the projects that an export names.
    Projects {
        /// Those that are not there are made.
        Make = "make",
        Match = "match",
        None = "none",
    }
);
words!(
    /// What does not come along.
    Left {
        Archived = "archived",
        Twins = "twins",
        UnknownPeople = "unknown-people",
        FurtherPeople = "further-people",
        Projects = "projects",
        UnreadDates = "unread-dates",
        StartDates = "start-dates",
        Reminders = "reminders",
        Recurrence = "recurrence",
        Attachments = "attachments",
        Relations = "relations",
        Subtasks = "subtasks",
        TimeSpent = "time-spent",
        CustomFields = "custom-fields",
        Labels = "labels",
        Texts = "texts",
        Notes = "notes",
    }
);

/// Bytes of an export, unpacked; and tasks of one.
pub const BYTES: usize = 64 * 1024 * 1024;
pub const TASKS: usize = 50_000;

/// How much of what was left out.
pub type Lefts = BTreeMap<Left, i64>;

/// What a file has.
#[derive(Clone, Debug)]
pub struct Export {
    pub tracker: Tracker,
    pub tasks: Vec<Found>,
    /// Of the file as a whole; what single tasks lose stands with them.
    pub left: Lefts,
}

/// What is said about a file, or wished of it.
#[derive(Clone, Default, Debug)]
pub struct Wishes {
    /// None: it is found out.
    pub tracker: Option<Tracker>,
    /// Where a format writes dates as its user has them; none: it is found out.
    pub dates: Option<DateOrder>,
    /// What was archived there comes along.
    pub with_archived: bool,
    /// What the file is called: some formats say by it which project it is.
    pub name: String,
}

impl Tracker {
    pub const fn label_key(self) -> &'static str {
        match self {
            Tracker::Vikunja => "tracker-vikunja",
            Tracker::Trello => "tracker-trello",
            Tracker::Kanboard => "tracker-kanboard",
            Tracker::Todoist => "tracker-todoist",
        }
    }

    /// How one gets such a file.
    pub const fn about_key(self) -> &'static str {
        match self {
            Tracker::Vikunja => "tracker-vikunja-about",
            Tracker::Trello => "tracker-trello-about",
            Tracker::Kanboard => "tracker-kanboard-about",
            Tracker::Todoist => "tracker-todoist-about",
        }
    }
}

impl Left {
    pub const fn label_key(self) -> &'static str {
        match self {
            Left::Archived => "left-archived",
            Left::Twins => "left-twins",
            Left::UnknownPeople => "left-unknown-people",
            Left::FurtherPeople => "left-further-people",
            Left::Projects => "left-projects",
            Left::UnreadDates => "left-unread-dates",
            Left::StartDates => "left-start-dates",
            Left::Reminders => "left-reminders",
            Left::Recurrence => "left-recurrence",
            Left::Attachments => "left-attachments",
            Left::Relations => "left-relations",
            Left::Subtasks => "left-subtasks",
            Left::TimeSpent => "left-time-spent",
            Left::CustomFields => "left-custom-fields",
            Left::Labels => "left-labels",
            Left::Texts => "left-texts",
            Left::Notes => "left-notes",
        }
    }
}

/// Adds to what was left out.
pub fn leave(left: &mut Lefts, what: Left, count: usize) {
    if count > 0 {
        *left.entry(what).or_default() += i64::try_from(count).unwrap_or(i64::MAX);
    }
}

/// The export in a file: itself, or what of an archive is one. Pictures and other files in an archive may be large: only
/// what is read of it counts.
pub fn load<R: Read + Seek>(file: &mut R) -> Result<Vec<u8>, Message> {
    let mut start = Vec::new();
    rewind(file)?;
    file.by_ref().take(4).read_to_end(&mut start).map_err(unreadable)?;
    rewind(file)?;
    if start == b"PK\x03\x04" {
        return archive::data(file);
    }
    let mut bytes = Vec::new();
    file.take(BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > BYTES { Err(too_large()) } else { Ok(bytes) }
}

fn rewind<R: Seek>(file: &mut R) -> Result<(), Message> {
    file.seek(SeekFrom::Start(0)).map(drop).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> Message {
    msg("sheet-unreadable").arg("why", error.to_string())
}

fn too_large() -> Message {
    msg("tracker-too-large").arg("limit", BYTES / (1024 * 1024))
}

/// Whose export it is.
pub fn look(bytes: &[u8]) -> Result<Tracker, Message> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let unknown = || msg("tracker-unknown");
    if start.is_empty() {
        return Err(msg("import-empty-file"));
    }
    if start.starts_with(b"{") || start.starts_with(b"[") {
        json::check(start)?;
        return json::shape(start).ok_or_else(unknown);
    }
    if todoist::is_one(bytes) {
        Ok(Tracker::Todoist)
    } else if kanboard_table::is_one(bytes) {
        Ok(Tracker::Kanboard)
    } else {
        Err(unknown())
    }
}

/// The tasks of an export.
pub fn read(bytes: &[u8], wishes: &Wishes) -> Result<Export, Message> {
    let tracker = match wishes.tracker {
        Some(tracker) => tracker,
        None => look(bytes)?,
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let is_json = bytes.starts_with(b"{") || bytes.starts_with(b"[");
    if is_json {
        json::check(bytes)?;
    }
    let mut export = match (tracker, is_json) {
        (Tracker::Vikunja, true) => vikunja::read(bytes, wishes)?,
        (Tracker::Trello, true) => trello::read(bytes, wishes)?,
        (Tracker::Kanboard, true) => kanboard::read(bytes)?,
        (Tracker::Kanboard, false) => kanboard_table::read(bytes, wishes)?,
        (Tracker::Todoist, false) => todoist::read(bytes, wishes)?,
        _ => return Err(msg("tracker-other-form")),
    };
    let mut seen = HashSet::new();
    let before = export.tasks.len();
    export.tasks.retain(|task| seen.insert(task.id.clone()));
    leave(&mut export.left, Left::Twins, before - export.tasks.len());
    match export.tasks.len() {
        0 => Err(msg("tracker-empty")),
        more if more > TASKS => Err(too_many()),
        _ => Ok(export),
    }
}

fn too_many() -> Message {
    msg("tracker-too-many").arg("limit", TASKS)
}

#[cfg(test)]
mod tests;
