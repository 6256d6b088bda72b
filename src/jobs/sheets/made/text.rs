//! A table as CSV (RFC 4180), in UTF-8 with the mark by which spreadsheets know it. Days and times as ISO 8601 writes them,
//! percents as numbers; what a spreadsheet would take for a formula is text.

use std::fs::File;
use std::io::{BufWriter, Write};

use super::{Cell, Layout, Unwritten};
use crate::jobs::items::cell;

pub struct Text {
    file: csv::Writer<BufWriter<File>>,
}

impl Text {
    pub fn begin(file: File, layout: &Layout) -> Result<Text, Unwritten> {
        let mut buffered = BufWriter::new(file);
        buffered.write_all("\u{feff}".as_bytes())?;
        let mut file = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(buffered);
        file.write_record(layout.columns.iter().map(|column| cell(&column.heading)))?;
        Ok(Text { file })
    }

    pub fn row(&mut self, cells: &[Cell]) -> Result<(), Unwritten> {
        for of_row in cells {
            match of_row {
                Cell::Blank => self.file.write_field("")?,
                Cell::Text(text) => self.file.write_field(cell(text))?,
                Cell::Number(number) => self.file.write_field(number.to_string())?,
                Cell::Percent(percent) => self.file.write_field(percent.to_string())?,
                Cell::Day(day) => self.file.write_field(day.to_string())?,
                Cell::Time(time) => self.file.write_field(time.strftime("%Y-%m-%d %H:%M").to_string())?,
            }
        }
        Ok(self.file.write_record(None::<&[u8]>)?)
    }

    pub fn end(self) -> Result<File, Unwritten> {
        let buffered = self.file.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(buffered.into_inner().map_err(std::io::IntoInnerError::into_error)?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, SeekFrom};

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::jobs::sheets::made::Column;

    fn written(rows: &[Vec<Cell>]) -> String {
        let column = Column { heading: "=Title".into(), width: 9 };
        let columns = vec![column; rows[0].len()];
        let layout = Layout { name: "T".into(), columns, is_right_to_left: false };
        let mut text = Text::begin(tempfile::tempfile().unwrap(), &layout).unwrap();
        for row in rows {
            text.row(row).unwrap();
        }
        let mut file = text.end().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let mut whole = String::new();
        file.read_to_string(&mut whole).unwrap();
        whole
    }

    #[test]
    fn each_cell_is_written_as_what_it_is() {
        let at = date(2026, 11, 22).at(9, 5, 59, 0);
        let row = vec![
            Cell::Number(-7),
            Cell::Percent(37.5),
            Cell::Day(date(2026, 11, 22)),
            Cell::Time(at),
            Cell::Blank,
            Cell::Text("a \"b\", c".into()),
            Cell::Text("-7".into()),
        ];
        let text = written(&[row]);
        assert_eq!(
            text,
            "\u{feff}'=Title,'=Title,'=Title,'=Title,'=Title,'=Title,'=Title\r\n-7,37.5,2026-11-22,2026-11-22 09:05,,\"a \"\"b\"\", c\",'-7\r\n"
        );
    }

    proptest! {
        /// Whatever somebody wrote, no cell begins as a formula does, and nothing else of it is changed.
        #[test]
        fn no_text_begins_a_formula(texts in proptest::collection::vec("[=+@\\-\t\r\n＝＋－＠'\"a,; א😀]{0,6}|\\PC{0,9}", 1..6)) {
            let text = written(&[texts.iter().cloned().map(Cell::Text).collect()]);
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let read = reader.records().next();
            let read: Vec<String> =
                read.map(|record| record.unwrap().iter().map(str::to_owned).collect()).unwrap_or_default();
            prop_assume!(texts.iter().any(|text| !text.is_empty()) || texts.len() > 1);
            prop_assert_eq!(read.len(), texts.len());
            for (read, written) in read.iter().zip(&texts) {
                prop_assert!(!read.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']), "{:?}", read);
                prop_assert_eq!(read.replace('\'', ""), written.replace('\'', ""));
            }
            // As those read it who divide at semicolons or tabs and know no quotes within a cell.
            for begun in text.split([';', '\t', '\r', '\n']).map(|part| part.trim_start_matches('"')) {
                prop_assert!(!begun.starts_with(['=', '@', '＝', '＠']), "{:?} in {:?}", begun, text);
            }
        }
    }
}
