//! Archives of bytes that nobody vouches for, opened: what they say of their parts is all kept in memory, so how many parts
//! there are is read from the end of the file before any of that is, and how much of it there is counts while it is read.
//! What a part unpacks to is its reader's business.

use std::cell::Cell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use zip::ZipArchive;

/// More parts than a workbook or an archive of one user's tasks has; each takes some 300 bytes beside its name.
const PARTS: u64 = 100_000;
/// Bytes in which an archive says what its parts are.
const DIRECTORY_BYTES: usize = 16 * 1024 * 1024;
/// The end of an archive: its record, a comment of up to 64 KB, and the locator of a larger record before it.
const END_BYTES: u64 = 22 + 65_535 + 20;

const END: &[u8] = b"PK\x05\x06";
const LOCATOR: &[u8] = b"PK\x06\x07";
const LARGE_END: &[u8] = b"PK\x06\x06";
const LOCATOR_BYTES: usize = 20;
const LARGE_END_BYTES: usize = 56;
/// What an archive says of a part, at the least.
const PART_BYTES: u64 = 46;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// More parts than fit.
    TooLarge,
    /// It is no archive, or one that breaks off.
    Broken,
}

pub type Archive<'a, R> = ZipArchive<BufReader<Metered<'a, R>>>;

/// Reads what the parts are; of them nothing yet.
pub fn open<R: Read + Seek>(file: &mut R) -> Result<Archive<'_, R>, Refused> {
    check_end(file)?;
    let left = Rc::new(Cell::new(Some(DIRECTORY_BYTES)));
    let metered = BufReader::new(Metered { file, left: left.clone() });
    // Opened as any other reader of it does: what was counted is what they see.
    match ZipArchive::new(metered) {
        Ok(archive) => {
            left.set(None);
            Ok(archive)
        }
        Err(_) if left.get() == Some(0) => Err(Refused::TooLarge),
        Err(_) => Err(Refused::Broken),
    }
}

/// A file of which only so much is read, as long as that is said.
pub struct Metered<'a, R> {
    file: &'a mut R,
    left: Rc<Cell<Option<usize>>>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(left) = self.left.get() else { return self.file.read(into) };
        if left == 0 {
            return Err(io::Error::other("too many parts"));
        }
        let most = into.len().min(left);
        let read = self.file.read(&mut into[..most])?;
        self.left.set(Some(left - read));
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Refuses what says that it has too many parts. A record of the common form cannot say more than 65,535; of the larger one
/// (APPNOTE 4.3.14), the locator before the record says where it is.
fn check_end<R: Read + Seek>(file: &mut R) -> Result<(), Refused> {
    let broken = |_: io::Error| Refused::Broken;
    let bytes = file.seek(SeekFrom::End(0)).map_err(broken)?;
    let begins = bytes.saturating_sub(END_BYTES);
    file.seek(SeekFrom::Start(begins)).map_err(broken)?;
    let mut tail = Vec::new();
    file.by_ref().take(END_BYTES).read_to_end(&mut tail).map_err(broken)?;
    // A comment may look like a record: whichever of them is taken for one, it says no more than is allowed.
    let records = tail.windows(END.len()).enumerate().filter(|(_, bytes)| *bytes == END);
    let locators = records.filter_map(|(at, _)| at.checked_sub(LOCATOR_BYTES));
    for at in locators.filter(|at| tail[*at..].starts_with(LOCATOR)) {
        let said = number(&tail[at + 8..]);
        let place = (begins + at as u64).checked_sub(LARGE_END_BYTES as u64);
        if place != Some(said) {
            return Err(Refused::Broken);
        }
        let mut record = [0; LARGE_END_BYTES];
        file.seek(SeekFrom::Start(said)).map_err(broken)?;
        file.read_exact(&mut record).map_err(broken)?;
        // Of one that contradicts itself, another record would be looked for.
        let (parts, directory) = (number(&record[32..]), number(&record[48..]));
        let is_whole = record.starts_with(LARGE_END)
            && number(&record[4..]) == LARGE_END_BYTES as u64 - 12
            && record[16..20] == [0; 4]
            && record[20..24] == tail[at + 4..at + 8]
            && record[24..32] == record[32..40]
            && parts
                .checked_mul(PART_BYTES)
                .and_then(|bytes| bytes.checked_add(directory))
                .is_some_and(|end| end <= said);
        if !is_whole {
            return Err(Refused::Broken);
        }
        if parts > PARTS {
            return Err(Refused::TooLarge);
        }
    }
    file.seek(SeekFrom::Start(0)).map(drop).map_err(broken)
}

/// Eight bytes, the least first.
fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(u64::MAX, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use proptest::prelude::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::jobs::{sheets, trackers};

    fn archive(parts: u64, name: &str) -> Vec<u8> {
        let mut made = ZipWriter::new(Cursor::new(Vec::new()));
        for part in 0..parts {
            made.start_file(format!("{part}{name}"), SimpleFileOptions::default()).unwrap();
        }
        made.start_file("data.json", SimpleFileOptions::default()).unwrap();
        made.write_all(b"[]").unwrap();
        made.finish().unwrap().into_inner()
    }

    /// A file that counts what is read of it.
    struct Counted(Cursor<Vec<u8>>, usize);

    impl Read for Counted {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let read = self.0.read(into)?;
            self.1 += read;
            Ok(read)
        }
    }

    impl Seek for Counted {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    /// What it says of its parts: how many; and how much was read to say so.
    fn opened(bytes: Vec<u8>) -> (Result<usize, Refused>, usize) {
        let mut file = Counted(Cursor::new(bytes), 0);
        let parts = open(&mut file).map(|archive| archive.len());
        (parts, file.1)
    }

    #[test]
    fn an_archive_of_too_many_parts_is_refused_before_they_are_read() {
        let many = archive(PARTS, "");
        assert!(many.len() > 8_000_000);
        let (parts, read) = opened(many.clone());
        assert_eq!(parts, Err(Refused::TooLarge));
        assert!(read < 100_000, "{read} bytes of {}", many.len());
        let refused = "archive-many-parts";
        assert_eq!(trackers::load(&mut Cursor::new(&many)).unwrap_err().key, refused);
        assert_eq!(sheets::look(&mut Cursor::new(&many), &sheets::Wishes::default()).unwrap_err().key, refused);
        // One that says less than it has is read as far as it says.
        let mut lies = many;
        let record = lies.len() - 22 - LOCATOR_BYTES - LARGE_END_BYTES;
        assert!(lies[record..].starts_with(LARGE_END));
        for (said, parts) in [(7u64, Ok(7)), (u64::MAX, Err(Refused::Broken)), (1 << 40, Err(Refused::Broken))] {
            for at in [24, 32] {
                lies[record + at..record + at + 8].copy_from_slice(&said.to_le_bytes());
            }
            assert_eq!(opened(lies.clone()).0, parts, "{said}");
        }
        assert_eq!(opened(archive(3, "")).0, Ok(4));
    }

    #[test]
    fn parts_that_say_too_much_of_themselves_are_refused_as_well() {
        let (parts, read) = opened(archive(600, &"x".repeat(60_000)));
        assert_eq!(parts, Err(Refused::TooLarge));
        assert!(read <= DIRECTORY_BYTES + 100_000, "{read}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in any::<prop::sample::Index>(), is_cut in any::<bool>()) {
            let mut bytes = archive(3, "");
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if is_cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            let _ = opened(bytes);
        }
    }
}
