//! CSV: its encoding and its delimiter found out, its rows read.

use std::io::{Read, Seek};

use chardetng::EncodingDetector;
use csv::{ReaderBuilder, StringRecord};
use encoding_rs::{CoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::decoded::Decoded;
use super::{COLUMNS, Form, Next, ROW_BYTES, Row, Take, Wishes, rewind, unreadable};
use crate::error::{Message, msg};

/// Of a file, what its delimiter is found out by; and of its encoding, what is weighed where it is no Unicode.
const SAMPLE: usize = 256 * 1024;
const WEIGHED: usize = 4 * 1024 * 1024;
const SAMPLE_ROWS: usize = 50;
const BLOCK: usize = 64 * 1024;

/// In the order in which they are believed where two fit alike.
const DELIMITERS: [u8; 7] = [b',', b';', b'\t', b'|', b':', b'^', b'~'];

pub fn look<R: Read + Seek>(file: &mut R, wishes: &Wishes) -> Result<Form, Message> {
    let encoding = match &wishes.encoding {
        Some(label) => Encoding::for_label(label.trim().as_bytes())
            .ok_or_else(|| msg("sheet-unknown-encoding").arg("name", label.as_str()))?,
        None => encoding_of(file, wishes.is_perhaps_hebrew)?,
    };
    let delimiter = match wishes.delimiter {
        Some(delimiter) if is_delimiter(delimiter) => delimiter as u8,
        Some(_) => return Err(msg("sheet-delimiter")),
        None => delimiter_of(&sample(file, encoding)?),
    };
    Ok(Form::Text { encoding, delimiter })
}

fn is_delimiter(delimiter: char) -> bool {
    delimiter.is_ascii() && (!delimiter.is_ascii_control() || delimiter == '\t') && delimiter != '"'
}

/// What encoding a file is in: by its mark, by being valid, by its zeros, else by what the bytes look like.
fn encoding_of<R: Read + Seek>(file: &mut R, is_perhaps_hebrew: bool) -> Result<&'static Encoding, Message> {
    rewind(file)?;
    let mut block = vec![0; BLOCK];
    let mut utf8 = Some(UTF_8.new_decoder_without_bom_handling());
    let mut detector = EncodingDetector::new();
    let mut weighed = 0;
    let mut is_first = true;
    let mut ignored = vec![0; BLOCK * 3];
    loop {
        let length = file.read(&mut block).map_err(unreadable)?;
        let bytes = &block[..length];
        if is_first {
            if let Some((encoding, _)) = Encoding::for_bom(bytes) {
                return Ok(encoding);
            }
            if let Some(encoding) = by_zeros(bytes) {
                return Ok(encoding);
            }
            is_first = false;
        }
        if let Some(decoder) = &mut utf8 {
            let (outcome, _, _) = decoder.decode_to_utf8_without_replacement(bytes, &mut ignored, length == 0);
            if outcome != encoding_rs::DecoderResult::InputEmpty {
                utf8 = None;
            }
        }
        if !bytes.is_ascii() && weighed < WEIGHED {
            detector.feed(bytes, false);
            weighed += length;
        }
        if length == 0 {
            break;
        }
    }
    if utf8.is_some() {
        return Ok(UTF_8);
    }
    detector.feed(&[], true);
    let country: Option<&[u8]> = is_perhaps_hebrew.then_some(b"il");
    Ok(detector.guess(country, false))
}

/// Text of any language has ASCII in it: commas, digits, line ends. In UTF-16 each of them has a zero beside it.
fn by_zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096)];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // A tenth of all characters, and hardly any in the other place.
    let enough = (head.len() / 20).max(1);
    if odd >= enough && even * 10 < odd {
        Some(UTF_16LE)
    } else if even >= enough && odd * 10 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The first text of a file.
fn sample<R: Read + Seek>(file: &mut R, encoding: &'static Encoding) -> Result<String, Message> {
    rewind(file)?;
    let mut bytes = Vec::with_capacity(SAMPLE);
    file.by_ref().take(SAMPLE as u64).read_to_end(&mut bytes).map_err(unreadable)?;
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(SAMPLE * 3);
    let mut text = String::with_capacity(room);
    let (outcome, _, _) = decoder.decode_to_string(&bytes, &mut text, false);
    debug_assert_eq!(outcome, CoderResult::InputEmpty, "there was room for it");
    Ok(text)
}

/// The delimiter by which the rows of a sample have the same number of cells, and many.
fn delimiter_of(sample: &str) -> u8 {
    if let Some(said) = said_delimiter(sample) {
        return said;
    }
    let is_whole = sample.len() < SAMPLE;
    let mut best = (DELIMITERS[0], 0.0);
    for delimiter in DELIMITERS {
        let score = score(sample, delimiter, is_whole);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

/// Spreadsheets say it in a first line of their own: `sep=;`.
fn said_delimiter(text: &str) -> Option<u8> {
    let line = text.lines().next()?.trim_end();
    let said = line.strip_prefix("sep=")?;
    said.chars().next().filter(|said_one| said.chars().count() == 1 && is_delimiter(*said_one)).map(|c| c as u8)
}

fn score(sample: &str, delimiter: u8, is_whole: bool) -> f64 {
    let mut lengths = Vec::new();
    let mut record = StringRecord::new();
    let mut reader = reader(delimiter, sample.as_bytes());
    while lengths.len() <= SAMPLE_ROWS && matches!(reader.read_record(&mut record), Ok(true)) {
        lengths.push(record.len());
    }
    // The last one of a part may be cut.
    if !is_whole && lengths.len() > 1 && lengths.len() <= SAMPLE_ROWS {
        lengths.pop();
    }
    let Some(usual) = lengths.iter().copied().max_by_key(|length| lengths.iter().filter(|l| *l == length).count())
    else {
        return 0.0;
    };
    if usual < 2 {
        return 0.0;
    }
    let alike = lengths.iter().filter(|length| **length == usual).count();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let (alike, rows, cells) = (alike as f64, lengths.len() as f64, usual.min(COLUMNS) as f64);
    // Rows that are alike count most: prose has commas too, but never as many in each line.
    (alike / rows).powi(3) * (1.0 + cells.ln())
}

fn reader<R: Read>(delimiter: u8, text: R) -> csv::Reader<R> {
    ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text)
}

pub fn read<R: Read + Seek>(
    file: &mut R,
    encoding: &'static Encoding,
    delimiter: u8,
    take: Take<'_>,
) -> Result<(), Message> {
    let ends = Ends::of(&sample(file, encoding)?);
    rewind(file)?;
    let text = Decoded::new(file, encoding, ROW_BYTES);
    let since_row = text.since_row();
    // The last line may lack its end.
    let mut reader = reader(delimiter, text.chain(if ends == Ends::Lf { &b"\n"[..] } else { &[] }));
    let mut record = StringRecord::new();
    let mut is_first = true;
    let mut rows = 0;
    loop {
        since_row.set(0);
        let line = reader.position().line();
        let is_there = reader.read_record(&mut record).map_err(|error| told(&error, line))?;
        if !is_there {
            return Ok(());
        }
        rows += 1;
        if std::mem::take(&mut is_first) && is_said_delimiter(&record, delimiter) {
            continue;
        }
        let line = ends.first_line(&record, rows, reader.position().line());
        let cells = record.iter().take(COLUMNS).map(ToOwned::to_owned).collect();
        if take(Row { line, cells })? == Next::Enough {
            return Ok(());
        }
    }
}

/// How the lines of a file end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ends {
    Lf,
    CrLf,
    Cr,
}

impl Ends {
    /// By the first end outside of quotes.
    fn of(sample: &str) -> Ends {
        let mut is_quoted = false;
        let end = sample.bytes().position(|byte| {
            is_quoted ^= byte == b'"';
            !is_quoted && matches!(byte, b'\r' | b'\n')
        });
        match end.map(|end| &sample.as_bytes()[end..]) {
            Some([b'\r', b'\n', ..]) => Ends::CrLf,
            Some([b'\r', ..]) => Ends::Cr,
            _ => Ends::Lf,
        }
    }

    /// On which line a row begins. The reader counts line feeds, and takes that of a CR LF for the next row's.
    fn first_line(self, record: &StringRecord, rows: u64, line_after: u64) -> u64 {
        let inside = record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').count() as u64;
        match self {
            Ends::Lf => line_after.saturating_sub(inside + 1),
            Ends::CrLf => line_after.saturating_sub(inside),
            Ends::Cr => rows,
        }
    }
}

fn is_said_delimiter(record: &StringRecord, delimiter: u8) -> bool {
    // The delimiter that the line says cuts it in two.
    record.len() == 2 && record.get(0) == Some("sep=") && record.get(1) == Some("") && is_delimiter(delimiter.into())
}

fn told(error: &csv::Error, line: u64) -> Message {
    match error.kind() {
        csv::ErrorKind::Io(io) if io.kind() == std::io::ErrorKind::InvalidData => {
            msg("sheet-long-row").arg("line", i64::try_from(line).unwrap_or(i64::MAX))
        }
        _ => unreadable(error),
    }
}
