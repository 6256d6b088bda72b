//! Exports that are tables: their rows by the names of their columns.

use std::collections::HashMap;
use std::io::Cursor;

use super::too_large;
use crate::error::Message;
use crate::jobs::sheets::{self, Next, Row, Wishes};

/// Cells of a table; each takes some tens of bytes of memory at the least.
const CELLS: usize = 4_000_000;

pub struct Table {
    /// Lower-case name → column.
    names: HashMap<String, usize>,
    pub width: usize,
    pub rows: Vec<Row>,
}

impl Table {
    pub fn read(bytes: &[u8]) -> Result<Table, Message> {
        let mut rows = rows(bytes, usize::MAX)?.into_iter();
        let header = rows.next().map(|row| row.cells).unwrap_or_default();
        let names = header.iter().enumerate().map(|(column, name)| (plain(name), column));
        Ok(Table { names: names.collect(), width: header.len(), rows: rows.collect() })
    }

    /// Names the columns by their places, where their own names are in another language.
    pub fn name_by_place(&mut self, names: &[&str]) {
        self.names = names.iter().enumerate().map(|(column, name)| ((*name).to_owned(), column)).collect();
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// A cell by the name of its column; blank where there is none.
    pub fn cell<'a>(&self, row: &'a Row, name: &str) -> &'a str {
        self.names.get(name).map_or("", |column| row.cell(*column).trim())
    }
}

fn plain(name: &str) -> String {
    name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').to_lowercase()
}

/// The names in the first row, if the file is a table at all.
pub fn header(bytes: &[u8]) -> Vec<String> {
    let first = rows(bytes, 1).unwrap_or_default().into_iter().next();
    first.map(|row| row.cells.iter().map(|name| plain(name)).collect()).unwrap_or_default()
}

fn rows(bytes: &[u8], most: usize) -> Result<Vec<Row>, Message> {
    let mut file = Cursor::new(bytes);
    let form = sheets::look(&mut file, &Wishes::default())?;
    let (mut rows, mut cells) = (Vec::new(), 0);
    sheets::read(&mut file, &form, |row| {
        cells += row.cells.len();
        rows.push(row);
        if rows.len() >= most || cells > CELLS { Next::Enough } else { Next::More }
    })?;
    if cells > CELLS { Err(too_large()) } else { Ok(rows) }
}
