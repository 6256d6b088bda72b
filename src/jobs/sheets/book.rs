//! XLSX: one sheet of a workbook, read cell by cell. A workbook is an archive that unpacks to what its sender likes, so how
//! much that is is counted before anything is kept of it.

use std::io::{BufReader, Read, Seek};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Style, Xlsx};
use jiff::civil::{Date, DateTime, Time};

use super::{COLUMNS, Form, Next, ROW_BYTES, Row, Take, rewind, unreadable};
use crate::error::{Message, msg};
use crate::jobs::zipped::{self, Refused};

/// Bytes that a part of the archive may unpack to: sheets are read as they come, the others are kept.
const SHEET_BYTES: u64 = 2 * 1024 * 1024 * 1024;
const KEPT_BYTES: u64 = 96 * 1024 * 1024;

pub fn look<R: Read + Seek>(file: &mut R, wished: Option<&str>) -> Result<Form, Message> {
    check(file)?;
    let book = open(file)?;
    let is_table = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet;
    let sheets: Vec<&calamine::Sheet> = book.sheets_metadata().iter().filter(is_table).collect();
    let names: Vec<String> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
    let seen = || sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible).or(sheets.first());
    let sheet = match wished {
        Some(name) => names.iter().find(|known| *known == name).cloned(),
        None => seen().map(|sheet| sheet.name.clone()),
    };
    match (sheet, wished) {
        (Some(sheet), _) => Ok(Form::Book { sheets: names, sheet }),
        (None, Some(name)) => Err(msg("sheet-unknown-sheet").arg("name", name).arg("known", names.join(", "))),
        (None, None) => Err(msg("sheet-no-sheet")),
    }
}

fn open<R: Read + Seek>(file: &mut R) -> Result<Xlsx<BufReader<&mut R>>, Message> {
    rewind(file)?;
    Xlsx::new(BufReader::new(file)).map_err(|_| msg("sheet-no-workbook"))
}

/// Counts what each part unpacks to, and how much of it stands between two marks: a text longer than that is none that a
/// spreadsheet wrote.
fn check<R: Read + Seek>(file: &mut R) -> Result<(), Message> {
    rewind(file)?;
    let mut archive = zipped::open(file).map_err(|why| match why {
        Refused::TooLarge => msg("archive-many-parts"),
        Refused::Broken => msg("sheet-no-workbook"),
    })?;
    let mut block = vec![0; 64 * 1024];
    let mut kept = 0;
    for place in 0..archive.len() {
        let mut part = archive.by_index(place).map_err(|_| msg("sheet-no-workbook"))?;
        // Pictures and the like nobody opens.
        let name = part.name().map_err(|_| msg("sheet-no-workbook"))?.to_ascii_lowercase();
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            continue;
        }
        let is_sheet = name.starts_with("xl/worksheets/sheet");
        let (mut unpacked, mut text) = (0, 0);
        loop {
            let length = part.read(&mut block).map_err(|_| msg("sheet-no-workbook"))?;
            if length == 0 {
                break;
            }
            unpacked += length as u64;
            for byte in &block[..length] {
                text = if *byte == b'<' { 0 } else { text + 1 };
                if text > ROW_BYTES {
                    return Err(msg("sheet-too-large"));
                }
            }
            kept += if is_sheet { 0 } else { length as u64 };
            if unpacked > SHEET_BYTES || kept > KEPT_BYTES {
                return Err(msg("sheet-too-large"));
            }
        }
    }
    Ok(())
}

/// Reads a sheet of a workbook that was looked at.
pub fn read<R: Read + Seek>(file: &mut R, sheet: &str, take: Take<'_>) -> Result<(), Message> {
    let mut book = open(file)?;
    let mut cells = book.worksheet_cells_reader(sheet).map_err(unreadable)?;
    let percents: Vec<bool> = cells.styles().iter().map(is_percent).collect();
    let mut row = Row { line: 0, cells: Vec::new() };
    let mut bytes = 0;
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(unreadable)? {
        let (line, column) = cell.get_position();
        let (line, column) = (u64::from(line) + 1, column as usize);
        if line != row.line {
            let done = std::mem::replace(&mut row, Row { line, cells: Vec::new() });
            bytes = 0;
            if done.line > 0 && take(done)? == Next::Enough {
                return Ok(());
            }
        }
        if column >= COLUMNS {
            continue;
        }
        if row.cells.len() <= column {
            row.cells.resize(column + 1, String::new());
        }
        let text = shown(cell.get_value(), percents.get(style).copied().unwrap_or(false));
        bytes += text.len() as u64;
        if bytes > ROW_BYTES {
            return Err(msg("sheet-long-row").arg("line", i64::try_from(line).unwrap_or(i64::MAX)));
        }
        row.cells[column] = text;
    }
    if row.line > 0 {
        take(row)?;
    }
    Ok(())
}

fn is_percent(style: &Style) -> bool {
    style.number_format.as_ref().is_some_and(|format| format.format_code.contains('%'))
}

/// A cell as one would type it.
fn shown(value: &DataRef<'_>, is_percent: bool) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        // Of a share, hundredths of a percent are all that is meant.
        DataRef::Float(number) if is_percent => format!("{}%", (number * 1e4).round() / 1e2),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(is) => if *is { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(moment) => moment_shown(moment),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// A date, a date and time, or hours and minutes; a number that is none of these stays one.
fn moment_shown(moment: &ExcelDateTime) -> String {
    let days = moment.as_f64();
    if !(0.0..2_958_466.0).contains(&days) {
        return days.to_string();
    }
    if moment.is_duration() || days < 1.0 {
        #[expect(clippy::cast_possible_truncation, reason = "checked just before")]
        let minutes = (days * 1440.0).round() as i64;
        return format!("{}:{:02}", minutes / 60, minutes % 60);
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let small = |part: u8| i8::try_from(part).unwrap_or(-1);
    let date = Date::new(i16::try_from(year).unwrap_or(-1), small(month), small(day));
    let time = Time::new(small(hour), small(minute), small(second), 0);
    match (date, time) {
        (Ok(date), Ok(time)) if time == Time::midnight() => date.to_string(),
        (Ok(date), Ok(time)) => DateTime::from_parts(date, time).strftime("%Y-%m-%d %H:%M").to_string(),
        _ => days.to_string(),
    }
}
