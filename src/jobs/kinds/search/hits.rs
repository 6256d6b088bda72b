//! What is found, and the row that it becomes: task, title, where, when, a few words of it, the address.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;

use crate::error::Result;
use crate::insight::said::notes;
use crate::insight::whole::Line;
use crate::jobs::log::plain;
use crate::jobs::sheets::made::{Cell, Column, Layout};
use crate::jobs::sought::{Place, Sought, excerpt};
use crate::jobs::sql::LogChunk;
use crate::locale::Lang;
use crate::tasks::{Change, TaskId};

/// Bytes of a line of a log that are looked at: what has no end for longer is no line.
const LINE_BYTES: usize = 64 * 1024;

pub struct Hit {
    pub task: TaskId,
    pub title: String,
    pub place: Place,
    pub at: Timestamp,
    pub excerpt: String,
}

/// What is looked for, and where.
#[derive(Clone)]
pub struct Wanted {
    pub places: Vec<Place>,
    pub sought: Sought,
}

impl Wanted {
    fn has(&self, place: Place) -> bool {
        self.places.contains(&place)
    }

    /// What is found in the titles, descriptions and notes of these, as far as there is room.
    pub fn of_tasks(&self, conn: &Connection, lines: &[Line], room: usize) -> Result<Vec<Hit>> {
        let mut hits: Vec<Hit> = lines.iter().flat_map(|line| self.of_line(line)).take(room).collect();
        if !self.has(Place::Note) && !self.has(Place::Comment) {
            return Ok(hits);
        }
        let ids: Vec<TaskId> = lines.iter().map(|line| line.id).collect();
        notes(conn, &ids, |task, change, at, text| {
            let place = if change == Change::Comment { Place::Comment } else { Place::Note };
            if self.has(place)
                && let Some(found) = self.sought.find(text)
            {
                let title = lines.iter().find(|line| line.id == task).map(|line| line.title.clone());
                hits.push(Hit { task, title: title.unwrap_or_default(), place, at, excerpt: excerpt(text, found) });
            }
            hits.len() < room
        })?;
        Ok(hits)
    }

    fn of_line(&self, line: &Line) -> Vec<Hit> {
        let hit = |place: Place, text: &str, found: usize| Hit {
            task: line.id,
            title: line.title.clone(),
            place,
            at: line.created_at,
            excerpt: excerpt(text, found),
        };
        let (title, description) = (self.sought.find(&line.title), self.sought.find(&line.description));
        let mut hits = Vec::new();
        hits.extend(title.filter(|_| self.has(Place::Title)).map(|at| hit(Place::Title, &line.title, at)));
        if self.has(Place::Description) {
            hits.extend(description.map(|at| hit(Place::Description, &line.description, at)));
        }
        // As the history finds it: some words in the one, some in the other.
        let both = self.has(Place::Title) && self.has(Place::Description);
        if both && title.is_none() && description.is_none() && self.sought.is_of_words() {
            let text = format!("{}\n{}", line.title, line.description);
            hits.extend(self.sought.find(&text).map(|at| hit(Place::Description, &text, at)));
        }
        hits
    }
}

/// The lines of a log, put together from its chunks.
pub struct Lines {
    task: TaskId,
    title: String,
    /// A line that has begun, when, and at which byte it would go on.
    begun: String,
    at: Timestamp,
    next: i64,
}

impl Lines {
    pub fn new(task: TaskId, title: &str) -> Lines {
        Lines { task, title: title.to_owned(), begun: String::new(), at: Timestamp::UNIX_EPOCH, next: 0 }
    }

    pub fn take(&mut self, chunk: &LogChunk, wanted: &Wanted, room: usize, hits: &mut Vec<Hit>) {
        if chunk.start != self.next || self.begun.len() > LINE_BYTES {
            // Something was dropped in between.
            self.end(wanted, room, hits);
        }
        self.next = chunk.start + i64::try_from(chunk.text.len()).unwrap_or(0);
        for piece in chunk.text.split_inclusive('\n') {
            if self.begun.is_empty() {
                self.at = chunk.at;
            }
            self.begun.push_str(piece);
            if piece.ends_with('\n') {
                self.end(wanted, room, hits);
            }
        }
    }

    /// The line that has begun is over.
    pub fn end(&mut self, wanted: &Wanted, room: usize, hits: &mut Vec<Hit>) {
        let line = std::mem::take(&mut self.begun);
        if line.is_empty() || hits.len() >= room {
            return;
        }
        let line = plain(&line);
        if let Some(found) = wanted.sought.find(&line) {
            let (task, title, at) = (self.task, self.title.clone(), self.at);
            hits.push(Hit { task, title, place: Place::Log, at, excerpt: excerpt(&line, found) });
        }
    }
}

pub struct Table {
    pub l: Lang,
    pub zone: TimeZone,
    /// Of the program, without a slash at its end.
    pub address: String,
}

impl Table {
    pub fn layout(&self) -> Layout {
        let l = self.l;
        let columns = [
            (l.t("export-number"), 9),
            (l.t("task-title"), 44),
            (l.t("search-where"), 14),
            (l.t("search-when"), 17),
            (l.t("search-excerpt"), 80),
            (l.t("search-link"), 30),
        ];
        let columns = columns.into_iter().map(|(heading, width)| Column { heading: heading.to_owned(), width });
        Layout { name: l.t("search-sheet").to_owned(), columns: columns.collect(), is_right_to_left: l.dir() == "rtl" }
    }

    pub fn row(&self, hit: Hit) -> Vec<Cell> {
        vec![
            Cell::Number(hit.task.get()),
            Cell::Text(hit.title),
            Cell::Text(self.l.t(place_key(hit.place)).to_owned()),
            Cell::Time(self.zone.to_datetime(hit.at)),
            Cell::text(Some(hit.excerpt)),
            Cell::Text(format!("{}/tasks/{}", self.address, hit.task)),
        ]
    }
}

const fn place_key(place: Place) -> &'static str {
    match place {
        Place::Title => "task-title",
        Place::Description => "export-description",
        Place::Note => "search-note",
        Place::Comment => "search-comment",
        Place::Log => "job-log",
    }
}
