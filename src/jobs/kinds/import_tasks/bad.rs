//! The rows that could not be saved, as a file with the columns of the one that they came from and the reason beside them:
//! it can be mended and imported again.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};

use super::Stop;
use crate::config;
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::jobs::sheets::{Form, Row};
use crate::locale::Lang;

pub struct BadRows {
    file: csv::Writer<BufWriter<File>>,
    cells: usize,
    /// The file was one of these itself: its reasons are replaced.
    had_reason: bool,
}

fn broken(error: impl Into<anyhow::Error>) -> Stop {
    Stop::Broken(error.into().into())
}

impl BadRows {
    pub fn new(file: File, form: &Form) -> BadRows {
        let delimiter = form.delimiter().and_then(|delimiter| u8::try_from(delimiter).ok()).unwrap_or(b',');
        let file = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(BufWriter::new(file));
        BadRows { file, cells: 0, had_reason: false }
    }

    /// Writes the first row, where the file had one.
    pub fn begin(&mut self, header: &[String], reason: &str) -> Result<(), Stop> {
        self.had_reason = header.last().is_some_and(|last| last.trim() == reason);
        let header = if self.had_reason { &header[..header.len() - 1] } else { header };
        self.cells = header.len();
        if header.is_empty() {
            return Ok(());
        }
        // Spreadsheets take UTF-8 for what it is when it begins with the mark.
        let first = header.iter().take(1).map(|name| format!("\u{feff}{name}"));
        let rest = header.iter().skip(1).cloned().chain([reason.to_owned()]);
        self.file.write_record(first.chain(rest)).map_err(broken)
    }

    pub fn add(&mut self, row: &Row, reason: &str) -> Result<(), Stop> {
        // All rows have their reason in the same column.
        let cells = if self.cells == 0 { row.cells.len() } else { self.cells };
        let cells = (0..cells).map(|column| row.cell(column));
        self.file.write_record(cells.chain([reason])).map_err(broken)
    }

    /// The file, from its beginning.
    pub fn end(self) -> Result<File, Stop> {
        let buffered = self.file.into_inner().map_err(|error| broken(error.into_error()))?;
        let mut file = buffered.into_inner().map_err(|error| broken(error.into_error()))?;
        file.flush().map_err(broken)?;
        file.seek(SeekFrom::Start(0)).map_err(broken)?;
        Ok(file)
    }
}

pub fn item(l: Lang, row: &Row, why: &str) -> NewItem {
    NewItem { key: Some(key(l, row)), outcome: ItemOutcome::Failed, message: Some(why.to_owned()) }
}

/// A row is known by its line; what came on none by what it is called.
pub fn key(l: Lang, row: &Row) -> String {
    match i64::try_from(row.line) {
        Ok(0) => format!("{} · {}", row.cell(0), row.cell(1)).chars().take(config::ITEM_KEY_CHARS).collect(),
        line => l.n("import-line", line.unwrap_or(i64::MAX)),
    }
}
