//! Tables in files, read row by row: CSV in whatever encoding and with whatever delimiter it came (`text`), XLSX (`book`).
//! Those that the program writes itself are `made`.
//! Pure reading, in bounded memory, of bytes that nobody vouches for. What the columns mean is the reader's business.

mod book;
mod decoded;
pub mod made;
mod text;

use std::io::{Read, Seek, SeekFrom};

use encoding_rs::Encoding;

use crate::error::{Message, msg};

/// Rows and columns of a table at most.
pub const ROWS: usize = 200_000;
pub const COLUMNS: usize = 200;
/// Bytes of one row: more is a quote that nobody closed.
const ROW_BYTES: u64 = 1024 * 1024;

/// What is known of a file, or wished of it. What is not said is found out.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Wishes {
    /// As the web calls encodings.
    pub encoding: Option<String>,
    pub delimiter: Option<char>,
    /// A sheet of a workbook, by name.
    pub sheet: Option<String>,
    /// Whoever wrote it may have written Hebrew: where bytes alone do not tell.
    pub is_perhaps_hebrew: bool,
}

/// How a file is to be read.
#[derive(Clone, PartialEq, Debug)]
pub enum Form {
    Text { encoding: &'static Encoding, delimiter: u8 },
    Book { sheets: Vec<String>, sheet: String },
}

impl Form {
    pub fn encoding(&self) -> Option<&'static str> {
        match self {
            Form::Text { encoding, .. } => Some(encoding.name()),
            Form::Book { .. } => None,
        }
    }

    pub fn delimiter(&self) -> Option<char> {
        match self {
            Form::Text { delimiter, .. } => Some(char::from(*delimiter)),
            Form::Book { .. } => None,
        }
    }
}

/// One row, with the line of the file (CSV) or the row of the sheet on which it begins. Cells that are not there are
/// empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    pub line: u64,
    pub cells: Vec<String>,
}

impl Row {
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        self.cells.iter().map(|cell| cell.len() + size_of::<String>()).sum()
    }
}

/// Whether whoever takes the rows wants more of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    More,
    Enough,
}

/// Finds out how a file is to be read.
pub fn look<R: Read + Seek>(file: &mut R, wishes: &Wishes) -> Result<Form, Message> {
    match magic(file)? {
        [b'P', b'K', 3, 4] => book::look(file, wishes.sheet.as_deref()),
        [0xd0, 0xcf, 0x11, 0xe0] => Err(msg("sheet-old-excel")),
        _ => text::look(file, wishes),
    }
}

/// Reads the rows that are not blank, one after the other, to the end or until it is enough.
pub fn read<R: Read + Seek>(file: &mut R, form: &Form, mut each: impl FnMut(Row) -> Next) -> Result<(), Message> {
    let mut rows = 0;
    let mut take = |row: Row| {
        if row.is_blank() {
            return Ok(Next::More);
        }
        rows += 1;
        // The header is a row of its own.
        if rows > ROWS + 1 {
            return Err(msg("sheet-too-many-rows").arg("limit", ROWS));
        }
        Ok(each(row))
    };
    match form {
        Form::Text { encoding, delimiter } => text::read(file, encoding, *delimiter, &mut take),
        Form::Book { sheet, .. } => book::read(file, sheet, &mut take),
    }
}

type Take<'a> = &'a mut dyn FnMut(Row) -> Result<Next, Message>;

fn magic<R: Read + Seek>(file: &mut R) -> Result<[u8; 4], Message> {
    let mut magic = [0; 4];
    let mut read = 0;
    rewind(file)?;
    while read < magic.len() {
        match file.read(&mut magic[read..]).map_err(unreadable)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(magic)
}

fn rewind<R: Seek>(file: &mut R) -> Result<(), Message> {
    file.seek(SeekFrom::Start(0)).map(drop).map_err(unreadable)
}

/// The disk's fault, or the file's: which, its reader cannot do anything about.
fn unreadable(error: impl std::fmt::Display) -> Message {
    msg("sheet-unreadable").arg("why", error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
    use proptest::prelude::*;

    use super::*;

    fn read_all(bytes: &[u8], wishes: &Wishes) -> Result<Vec<Row>, Message> {
        let mut file = Cursor::new(bytes);
        let form = look(&mut file, wishes)?;
        let mut rows = Vec::new();
        read(&mut file, &form, |row| {
            rows.push(row);
            Next::More
        })?;
        Ok(rows)
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    fn found(bytes: &[u8]) -> Form {
        look(&mut Cursor::new(bytes), &Wishes::default()).unwrap()
    }

    #[test]
    fn encoding_and_delimiter_are_found_out() {
        let text = "Titel;Wer\nPrüfung;Jörg\nBrücke;Zoë\n";
        let (western, _, _) = WINDOWS_1252.encode(text);
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), UTF_8),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), UTF_8),
            ([&[0xff, 0xfe][..], &utf16(text, true)].concat(), UTF_16LE),
            (utf16(text, false), UTF_16BE),
            (western.into_owned(), WINDOWS_1252),
        ] {
            assert_eq!(found(&bytes), Form::Text { encoding, delimiter: b';' });
            let rows = read_all(&bytes, &Wishes::default()).unwrap();
            assert_eq!(rows[2], Row { line: 3, cells: vec!["Brücke".into(), "Zoë".into()] }, "{}", encoding.name());
        }
        for (text, delimiter) in [
            ("a,b\n\"1;2;3\",4\n5,6\n", b','),
            ("a\tb\tc\n1,5\t2,5\t3,5\n", b'\t'),
            ("a|b\nx, y|z, w\n", b'|'),
            ("sep=^\na^b,c\n", b'^'),
            ("only one column\nand, now; prose\n", b','),
        ] {
            assert_eq!(found(text.as_bytes()), Form::Text { encoding: UTF_8, delimiter }, "{text}");
        }
        assert_eq!(read_all(b"sep=;\na;b\n", &Wishes::default()).unwrap().len(), 1);
    }

    #[test]
    fn rows_are_told_by_the_line_on_which_they_begin_and_blank_ones_are_none() {
        let rows = read_all(b"a,b\r\n\r\n,\r\n\"two\r\nlines\",1\r\nlast,2", &Wishes::default()).unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 4, 6]);
        assert_eq!(rows[1].cell(0), "two\r\nlines");
        assert_eq!(rows[1].cell(7), "");
    }

    #[test]
    fn there_is_an_end_to_rows_and_to_their_length() {
        let many = "x\n".repeat(ROWS + 2);
        assert_eq!(read_all(many.as_bytes(), &Wishes::default()).unwrap_err().key, "sheet-too-many-rows");
        let long = format!("\"{}", "x".repeat(3 << 20));
        assert_eq!(read_all(long.as_bytes(), &Wishes::default()).unwrap_err().key, "sheet-long-row");
        let wide = ",x".repeat(10_000);
        assert_eq!(read_all(wide.as_bytes(), &Wishes::default()).unwrap()[0].cells.len(), COLUMNS);
    }

    fn book() -> Vec<u8> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for row in 0..20 {
            sheet.write(row, 0, format!("text {row}")).unwrap();
            sheet.write(row, 1, row).unwrap();
        }
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn an_archive_that_unpacks_to_a_heap_of_nothing_is_refused() {
        use std::io::Write;
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("xl/sharedStrings.xml", zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(b"<sst><si><t>").unwrap();
        archive.write_all(&vec![b'x'; 4 << 20]).unwrap();
        let bytes = archive.finish().unwrap().into_inner();
        assert!(bytes.len() < 100_000, "small as it came");
        assert_eq!(read_all(&bytes, &Wishes::default()).unwrap_err().key, "sheet-too-large");
    }

    fn cells() -> impl Strategy<Value = Vec<Vec<String>>> {
        // The first cell is never blank, nor a line of a spreadsheet's own.
        let cell = prop_oneof![any::<String>(), "[a-zא-ת,;\t|\"\r\n ]{0,12}"];
        prop::collection::vec(
            ("[b-rt-z]", prop::collection::vec(cell, 0..6))
                .prop_map(|(first, rest)| [first].into_iter().chain(rest).collect()),
            1..20,
        )
    }

    proptest! {
        #[test]
        fn what_a_csv_writer_writes_is_read_back(
            rows in cells(), delimiter in prop::sample::select(&b",;\t|"[..]), form in 0..4, always in any::<bool>(),
        ) {
            let quotes = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
            let mut writer = csv::WriterBuilder::new()
                .delimiter(delimiter).flexible(true).quote_style(quotes).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let bytes = match form {
                0 => text.clone().into_bytes(),
                1 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
                2 => [&[0xff, 0xfe][..], &utf16(&text, true)].concat(),
                _ => [&[0xfe, 0xff][..], &utf16(&text, false)].concat(),
            };
            let encoding = (form == 0).then(|| "utf-8".to_owned());
            let wishes = Wishes { delimiter: Some(delimiter.into()), encoding, ..Wishes::default() };
            let read: Vec<Vec<String>> = read_all(&bytes, &wishes).unwrap().into_iter().map(|row| row.cells).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..4_000), hebrew in any::<bool>()) {
            let _ = read_all(&bytes, &Wishes { is_perhaps_hebrew: hebrew, ..Wishes::default() });
        }

        #[test]
        fn no_broken_workbook_makes_a_reader_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut in any::<prop::sample::Index>(), is_cut in any::<bool>()) {
            let mut bytes = book();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if is_cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            let _ = read_all(&bytes, &Wishes::default());
        }
    }
}
