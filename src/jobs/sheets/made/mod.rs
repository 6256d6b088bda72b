//! Tables into files, written row by row: CSV (`text`), XLSX (`book`), each cell as what it is. Neither holds more than a row
//! in memory; what waits for its end stands in files without a name.

mod book;
mod text;

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::{Date, DateTime};

use crate::db::types::words;
use book::Book;
use text::Text;

words!(
    /// What kind of file a table becomes.
    FileForm { Xlsx = "xlsx", Csv = "csv" }
);

impl FileForm {
    pub const fn name_key(self) -> &'static str {
        match self {
            FileForm::Xlsx => "export-xlsx",
            FileForm::Csv => "export-csv",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            FileForm::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            FileForm::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// What stands in a cell.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    Blank,
    /// Never computed, whatever it begins with.
    Text(String),
    Number(i64),
    /// 0 to 100.
    Percent(f64),
    Day(Date),
    /// On the clock on the wall of whoever reads it.
    Time(DateTime),
}

impl Cell {
    /// None is blank.
    pub fn text(text: Option<String>) -> Cell {
        text.filter(|text| !text.is_empty()).map_or(Cell::Blank, Cell::Text)
    }

    /// About how much it takes.
    pub fn bytes(&self) -> u64 {
        match self {
            Cell::Blank => 0,
            Cell::Text(text) => u64::try_from(text.len()).unwrap_or(u64::MAX),
            _ => 8,
        }
    }
}

/// A column: its heading, and how many characters wide it is shown where that can be said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    pub heading: String,
    pub width: u16,
}

/// How a table looks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// What the table is called, where it is called anything.
    pub name: String,
    pub columns: Vec<Column>,
    pub is_right_to_left: bool,
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// It was told to stop.
    #[error("told to stop")]
    Told,
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error(transparent)]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
}

/// A file on its way.
pub enum Made {
    Book(Box<Book>),
    Text(Box<Text>),
}

impl Made {
    /// Its heading is written. What is not in memory stands in `folder`, without a name.
    pub fn begin(form: FileForm, folder: &Path, layout: Layout) -> Result<Made, Unwritten> {
        Ok(match form {
            FileForm::Xlsx => Made::Book(Box::new(Book::begin(folder, layout, book::ROWS)?)),
            FileForm::Csv => Made::Text(Box::new(Text::begin(tempfile::tempfile_in(folder)?, &layout)?)),
        })
    }

    pub fn row(&mut self, cells: &[Cell]) -> Result<(), Unwritten> {
        match self {
            Made::Book(book) => book.row(cells),
            Made::Text(text) => text.row(cells),
        }
    }

    /// The file, from its beginning. It takes as long as packing does, and ends early when it is told to.
    pub fn end(self, folder: &Path, stop: &Arc<AtomicBool>) -> Result<File, Unwritten> {
        let mut file = match self {
            Made::Text(text) => text.end()?,
            Made::Book(mut book) => {
                let mut file = Stoppable { file: BufWriter::new(tempfile::tempfile_in(folder)?), stop: stop.clone() };
                match book.end(&mut file) {
                    Err(_) if stop.load(Ordering::Relaxed) => return Err(Unwritten::Told),
                    packed => packed?,
                }
                file.file.into_inner().map_err(std::io::IntoInnerError::into_error)?
            }
        };
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

/// A file that takes nothing more once it is told to stop.
struct Stoppable {
    file: BufWriter<File>,
    stop: Arc<AtomicBool>,
}

impl Write for Stoppable {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("told to stop"));
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
