//! A table as XLSX: numbers, days and times as such, texts as texts, a heading that stays in sight. Its sheets are written to
//! files without a name row by row and packed at the end; past a sheet's last row another one begins.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use jiff::civil::Date;
use rust_xlsxwriter::{Format, FormatBorder, Workbook, Worksheet};

use super::{Cell, Layout, Unwritten};

/// Rows of a sheet, beside its heading.
pub const ROWS: u32 = 1_048_575;
/// Characters of a cell, as UTF-16 counts them.
const CELL_CHARS: usize = 32_767;
/// Earlier days spreadsheets do not know as such.
const FIRST_DAY: Date = Date::constant(1900, 3, 1);

pub struct Book {
    book: Workbook,
    layout: Layout,
    formats: Formats,
    rows_a_sheet: u32,
    sheets: usize,
    /// Rows of the last sheet.
    rows: u32,
}

struct Formats {
    heading: Format,
    whole_percent: Format,
    percent: Format,
    day: Format,
    time: Format,
}

impl Formats {
    fn new() -> Formats {
        let numbers = |code: &str| Format::new().set_num_format(code);
        Formats {
            heading: Format::new().set_bold().set_border_bottom(FormatBorder::Thin),
            whole_percent: numbers("0%"),
            percent: numbers("0.0#%"),
            day: numbers("yyyy-mm-dd"),
            time: numbers("yyyy-mm-dd hh:mm"),
        }
    }
}

impl Book {
    pub fn begin(folder: &Path, layout: Layout, rows_a_sheet: u32) -> Result<Book, Unwritten> {
        let mut book = Workbook::new();
        book.set_tempdir(folder)?;
        let mut begun = Book { book, layout, formats: Formats::new(), rows_a_sheet, sheets: 0, rows: 0 };
        begun.sheet()?;
        Ok(begun)
    }

    fn sheet(&mut self) -> Result<(), Unwritten> {
        self.sheets += 1;
        self.rows = 0;
        let name = match self.sheets {
            1 => self.layout.name.clone(),
            number => format!("{} {number}", self.layout.name),
        };
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_right_to_left(self.layout.is_right_to_left);
        sheet.set_freeze_panes(1, 0)?;
        for (column, of_layout) in (0..).zip(&self.layout.columns) {
            sheet.set_column_width(column, of_layout.width)?;
            sheet.write_string_with_format(0, column, &of_layout.heading, &self.formats.heading)?;
        }
        Ok(())
    }

    pub fn row(&mut self, cells: &[Cell]) -> Result<(), Unwritten> {
        if self.rows == self.rows_a_sheet {
            self.sheet()?;
        }
        self.rows += 1;
        let sheet = self.book.worksheet_from_index(self.sheets - 1)?;
        for (column, cell) in (0..).zip(cells) {
            put(sheet, (self.rows, column), cell, &self.formats)?;
        }
        Ok(())
    }

    pub fn end(&mut self, file: &mut (impl Write + Send)) -> Result<(), Unwritten> {
        self.book.save_to_writer(&mut *file)?;
        Ok(file.flush()?)
    }
}

fn put(sheet: &mut Worksheet, (row, column): (u32, u16), cell: &Cell, formats: &Formats) -> Result<(), Unwritten> {
    match cell {
        Cell::Blank => {}
        Cell::Text(text) => drop(sheet.write_string(row, column, cut(text))?),
        #[expect(clippy::cast_precision_loss, reason = "numbers of a spreadsheet are such")]
        Cell::Number(number) => drop(sheet.write_number(row, column, *number as f64)?),
        Cell::Percent(percent) => {
            let format = if percent.fract() == 0.0 { &formats.whole_percent } else { &formats.percent };
            sheet.write_number_with_format(row, column, percent / 100.0, format)?;
        }
        Cell::Day(day) if *day < FIRST_DAY => drop(sheet.write_string(row, column, day.to_string())?),
        Cell::Time(time) if time.date() < FIRST_DAY => drop(sheet.write_string(row, column, time.to_string())?),
        Cell::Day(day) => drop(sheet.write_datetime_with_format(row, column, day, &formats.day)?),
        Cell::Time(time) => drop(sheet.write_datetime_with_format(row, column, time, &formats.time)?),
    }
    Ok(())
}

/// As much of a text as a cell may have.
fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= CELL_CHARS || text.encode_utf16().count() <= CELL_CHARS {
        return Cow::Borrowed(text);
    }
    let mut room = CELL_CHARS - 1;
    let fits = text.chars().take_while(|c| {
        let has_room = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        has_room
    });
    Cow::Owned(fits.chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};
    use jiff::civil::date;

    use super::*;
    use crate::jobs::sheets::made::Column;

    fn layout() -> Layout {
        let column = |heading: &str| Column { heading: heading.into(), width: 12 };
        Layout { name: "Work".into(), columns: vec![column("Title"), column("When")], is_right_to_left: true }
    }

    fn written(rows: &[Vec<Cell>], rows_a_sheet: u32) -> Xlsx<Cursor<Vec<u8>>> {
        let folder = tempfile::tempdir().unwrap();
        let mut book = Book::begin(folder.path(), layout(), rows_a_sheet).unwrap();
        for row in rows {
            book.row(row).unwrap();
        }
        let mut file = Vec::new();
        book.end(&mut file).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "what it writes meanwhile has no name");
        Xlsx::new(Cursor::new(file)).unwrap()
    }

    #[test]
    fn past_the_last_row_of_a_sheet_another_one_begins() {
        let rows: Vec<Vec<Cell>> = (0..7).map(|number| vec![Cell::Number(number), Cell::Blank]).collect();
        let mut book = written(&rows, 3);
        assert_eq!(book.sheet_names(), ["Work", "Work 2", "Work 3"]);
        let mut read = Vec::new();
        for name in book.sheet_names() {
            let sheet = book.worksheet_range(&name).unwrap();
            assert_eq!(sheet.get_value((0, 0)), Some(&Data::String("Title".into())), "{name} has its heading");
            read.extend(sheet.rows().skip(1).map(|row| row[0].clone()));
        }
        assert_eq!(read, (0..7).map(|number| Data::Float(f64::from(number))).collect::<Vec<_>>());
    }

    #[test]
    fn texts_stay_texts_however_they_begin_or_long_they_are() {
        let texts = ["=1+1", "+49 30", "-5", "@sum", "\ttab", "a\u{1}b", " blank ", "<b>&amp;", "_x0041_", "שלום"];
        let mut rows: Vec<Vec<Cell>> = texts.iter().map(|text| vec![Cell::Text((*text).into())]).collect();
        rows.push(vec![Cell::Text("😀".repeat(20_000))]);
        rows.push(vec![Cell::Day(date(1066, 10, 14)), Cell::Time(date(2026, 11, 22).at(9, 5, 0, 0))]);
        let mut book = written(&rows, ROWS);
        let sheet = book.worksheet_range("Work").unwrap();
        for (row, text) in (1..).zip(texts) {
            assert_eq!(sheet.get_value((row, 0)), Some(&Data::String(text.into())));
        }
        let Some(Data::String(long)) = sheet.get_value((11, 0)) else { panic!("no text") };
        assert_eq!((long.encode_utf16().count(), long.ends_with("😀…")), (32_767, true));
        assert_eq!(sheet.get_value((12, 0)), Some(&Data::String("1066-10-14".into())));
        assert!(matches!(sheet.get_value((12, 1)), Some(Data::DateTime(_))));
    }
}
