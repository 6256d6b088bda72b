//! The file beside the database, `<database>-epoch`, and the epoch that it vouches for. A copy put back in the place of
//! the database cannot know what was told after it was made; this file does, and a database that it does not
//! recognise gets a new epoch, so that no cursor of before is continued in another history.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

use super::{OpenError, last_sequence, not_writable};
use crate::clock::Clock;

/// How long an earlier server may take to let go of the database: longer than it takes to stop.
const PATIENCE: Duration = Duration::from_secs(3);
/// Seconds from what we wrote to the file's last change, beyond which somebody else changed it. The system writes
/// down a file's time and its content apart, after a power cut by half a minute at most.
const CHANGED_BY_OTHERS: i64 = 60;
/// In bytes: every line is as long as any other, so that one takes the place of another.
const LINE: usize = 103;
const FORM: &str = "milepost-epoch 1";

/// The open file; held for as long as the database is written to, and locked against a second server.
///
/// It is never synced. A killed process loses nothing of it; a power cut may leave it older, or unreadable: the one
/// is noticed as little as needed (the database is ahead of it), the other gives a new epoch.
pub struct EpochFile {
    file: File,
    path: PathBuf,
    line: Line,
    /// Set when it could not be written: then it is gone, and the next start gets a new epoch.
    lost: bool,
}

/// What the file says, in hexadecimal words of fixed length, with a checksum at the end.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    epoch: u32,
    /// The newest sequence of which anybody may have been told.
    sequence: i64,
    /// The file that these words were written into: words that were copied into another one speak for nothing.
    inode: u64,
    /// Microseconds since 1970, or 0 where the file system does not say.
    born: i64,
    written: i64,
}

/// What the file system says about the file.
struct Facts {
    inode: u64,
    born: i64,
    changed: i64,
}

impl EpochFile {
    /// Opens and locks the file beside the database; nothing is written yet.
    pub fn lock(conn: &Connection, database: &Path) -> Result<EpochFile, OpenError> {
        // As SQLite knows it: where a link leads, beside its own files.
        let Some(found) = conn.path().filter(|path| !path.is_empty()) else {
            return Err(OpenError::Unreadable { path: database.into(), why: "it is kept in no file".into() });
        };
        EpochFile::open(PathBuf::from(format!("{found}-epoch")), database)
    }

    /// The same where there may be no database yet, or none that can be opened. Links are followed by the caller.
    pub fn lock_beside(database: &Path) -> Result<EpochFile, OpenError> {
        let mut path = database.as_os_str().to_owned();
        path.push("-epoch");
        EpochFile::open(path.into(), database)
    }

    fn open(path: PathBuf, database: &Path) -> Result<EpochFile, OpenError> {
        let refused =
            |error: &dyn std::fmt::Display| OpenError::NotWritable { path: path.clone(), why: error.to_string() };
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false);
        let file = open.open(&path).map_err(|error| refused(&error))?;
        let until = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { path: database.into() }),
                // A file system without locks: then nobody is kept out.
                Err(TryLockError::Error(_)) | Ok(()) => break,
            }
        }
        let line = Line { epoch: 0, sequence: 0, inode: 0, born: 0, written: 0 };
        Ok(EpochFile { file, path, line, lost: false })
    }

    /// Settles the epoch: the one of before when this is the database that was written to last, here; else a new one.
    pub fn settle(&mut self, conn: &Connection) -> Result<u32, OpenError> {
        let path = self.path.clone();
        let refused = |error: &std::io::Error| OpenError::NotWritable { path: path.clone(), why: error.to_string() };
        let facts = Facts::of(&self.file.metadata().map_err(|error| refused(&error))?);
        let kept = self.kept().map_err(|error| refused(&error))?;
        let (stored, newest) = stored_epoch(conn)
            .and_then(|stored| Ok((stored, last_sequence(conn)?)))
            .map_err(|error| not_writable(&path, &error))?;
        let epoch = match (stored, &kept) {
            (Some(epoch), Some(kept)) if kept.vouches_for(epoch, newest, &facts) => epoch,
            _ => {
                let used = [stored, kept.map(|kept| kept.epoch)];
                // Stored before it is written beside: killed between the two, the next start draws another one.
                new_epoch(conn, used).map_err(|error| not_writable(&path, &error))?
            }
        };
        self.line = Line { epoch, sequence: newest, inode: facts.inode, born: facts.born, written: 0 };
        self.write().and_then(|()| self.file.set_len(LINE as u64)).map_err(|error| refused(&error))?;
        Ok(epoch)
    }

    /// Gives a database that is to take the place of the present one an epoch that neither of them had. The file keeps
    /// the old one: it does not know the newcomer, so that its start draws yet another.
    pub fn renew(&self, conn: &Connection) -> rusqlite::Result<()> {
        let kept = self.kept().ok().flatten().map(|kept| kept.epoch);
        new_epoch(conn, [stored_epoch(conn)?, kept]).map(drop)
    }

    /// The newest sequence of the database.
    pub fn newest(&self) -> i64 {
        self.line.sequence
    }

    /// Keeps the newest sequence of a commit, before anybody is told of it.
    pub fn keep(&mut self, sequence: i64) {
        let is_known = sequence == self.line.sequence;
        self.line.sequence = sequence;
        if self.lost || is_known {
            return;
        }
        if let Err(error) = self.write() {
            self.lost = true;
            // What is committed stays committed. Without the file the next start gets a new epoch, which is always right.
            let removed = std::fs::remove_file(&self.path);
            tracing::error!(%error, ?removed, file = %self.path.display(), "the epoch file cannot be written any more");
        }
    }

    fn write(&mut self) -> std::io::Result<()> {
        // The machine's clock, whatever the server's is: it is held against what the file system writes down.
        self.line.written = Clock::system().now().as_microsecond();
        self.file.rewind()?;
        self.file.write_all(self.line.to_text().as_bytes())
    }

    /// What stands in the file; none when it is new, broken or of another form.
    fn kept(&self) -> std::io::Result<Option<Line>> {
        let mut bytes = Vec::with_capacity(LINE + 1);
        (&self.file).rewind()?;
        (&self.file).take(LINE as u64 + 1).read_to_end(&mut bytes)?;
        Ok(std::str::from_utf8(&bytes).ok().and_then(Line::from_text))
    }
}

impl Line {
    fn to_text(&self) -> String {
        let Line { epoch, sequence, inode, born, written } = self;
        let words = format!("{FORM} {epoch:08x} {sequence:016x} {inode:016x} {born:016x} {written:016x}");
        format!("{words} {}\n", checksum(&words))
    }

    fn from_text(text: &str) -> Option<Line> {
        let (words, sum) = text.strip_suffix('\n')?.rsplit_once(' ')?;
        if text.len() != LINE || sum != checksum(words) {
            return None;
        }
        let mut words = words.strip_prefix(FORM)?.split_ascii_whitespace();
        let mut word = || u64::from_str_radix(words.next()?, 16).ok();
        Some(Line {
            epoch: word()?.try_into().ok()?,
            sequence: word()?.cast_signed(),
            inode: word()?,
            born: word()?.cast_signed(),
            written: word()?.cast_signed(),
        })
    }

    /// Whether a database with this epoch and trail goes on where this line was written.
    fn vouches_for(&self, epoch: u32, newest: i64, file: &Facts) -> bool {
        let is_own = (self.inode, self.born) == (file.inode, file.born)
            && file.changed - self.written <= CHANGED_BY_OTHERS * 1_000_000;
        is_own && self.epoch == epoch && self.sequence <= newest
    }
}

fn checksum(words: &str) -> String {
    let sum = Sha256::digest(words.as_bytes());
    format!("{:02x}{:02x}{:02x}{:02x}", sum[0], sum[1], sum[2], sum[3])
}

impl Facts {
    fn of(file: &Metadata) -> Facts {
        #[cfg(unix)]
        let (inode, changed) = {
            use std::os::unix::fs::MetadataExt;
            (file.ino(), file.ctime() * 1_000_000 + file.ctime_nsec() / 1_000)
        };
        #[cfg(not(unix))]
        let (inode, changed) = (0, micros(file.modified()));
        Facts { inode, born: micros(file.created()), changed }
    }
}

fn micros(time: std::io::Result<SystemTime>) -> i64 {
    let since = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or(0)
}

fn stored_epoch(conn: &Connection) -> rusqlite::Result<Option<u32>> {
    let text: Option<String> =
        conn.query_one("select value from meta where key = 'epoch'", [], |row| row.get(0)).optional()?;
    text.map(|text| {
        text.parse().map_err(|error: std::num::ParseIntError| {
            rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
        })
    })
    .transpose()
}

/// Draws and stores an epoch that is none of these.
fn new_epoch(conn: &Connection, used: [Option<u32>; 2]) -> rusqlite::Result<u32> {
    loop {
        let epoch: u32 = conn.query_one("select random() & 4294967295", [], |row| row.get(0))?;
        if epoch != 0 && !used.contains(&Some(epoch)) {
            conn.execute(
                "insert into meta (key, value) values ('epoch', ?1) on conflict do update set value = excluded.value",
                [epoch.to_string()],
            )?;
            return Ok(epoch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE_AT_TEN: Line = Line { epoch: 0x3f2a, sequence: 10, inode: 7, born: 1_000, written: 5_000_000 };

    fn untouched() -> Facts {
        Facts { inode: 7, born: 1_000, changed: 5_004_000 }
    }

    #[test]
    fn a_line_reads_what_it_writes_and_nothing_else() {
        let text = LINE_AT_TEN.to_text();
        assert_eq!(text.len(), LINE);
        assert_eq!(Line::from_text(&text), Some(LINE_AT_TEN));
        let longest = Line { epoch: u32::MAX, sequence: i64::MAX, inode: u64::MAX, born: i64::MIN, written: i64::MIN };
        assert_eq!(longest.to_text().len(), LINE);
        assert_eq!(Line::from_text(&longest.to_text()), Some(longest));
        for length in 0..text.len() {
            assert_eq!(Line::from_text(&text[..length]), None, "the first {length} bytes");
        }
        assert_eq!(Line::from_text(&text.replace("epoch 1", "epoch 2")), None, "another form");
        assert_eq!(Line::from_text(&format!("{text}\n")), None);
        for at in 0..text.len() - 1 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert_eq!(Line::from_text(std::str::from_utf8(&bytes).unwrap()), None, "byte {at} differs");
        }
    }

    #[test]
    fn only_the_same_history_in_the_same_file_is_continued() {
        let goes_on = |epoch, newest, facts: Facts| LINE_AT_TEN.vouches_for(epoch, newest, &facts);
        assert!(goes_on(0x3f2a, 10, untouched()), "as it was left");
        assert!(goes_on(0x3f2a, 12, untouched()), "killed between commit and file, or older after a power cut");
        assert!(!goes_on(0x3f2a, 9, untouched()), "an older copy of the database");
        assert!(!goes_on(0x3f2b, 10, untouched()), "another database");
        assert!(!goes_on(0x3f2a, 10, Facts { inode: 8, ..untouched() }), "copied together with the database");
        assert!(!goes_on(0x3f2a, 10, Facts { born: 2_000, ..untouched() }), "copied to where another had been");
        let put_back = 5_000_000 + (CHANGED_BY_OTHERS + 1) * 1_000_000;
        assert!(!goes_on(0x3f2a, 10, Facts { changed: put_back, ..untouched() }), "both put back in place");
    }
}
