//! What makes a copy of the store a backup: one line after the database, which says how long it is, in which form, of when,
//! and what its bytes add up to. It stands in the file itself, so that whoever copies the one file has it; SQLite does not
//! mind what follows its last page.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// In bytes: every line is as long as any other, so that it is found from the end.
const LINE: usize = 127;
const FORM: &str = "\nmilepost-backup 1";
/// What every SQLite database begins with, and how many bytes of its head are looked at.
const MAGIC: &[u8] = b"SQLite format 3\0";
const HEAD: usize = 100;
/// Bytes that are read at a time.
const PIECE: usize = 1024 * 1024;

/// What the line says, beside the sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seal {
    /// Bytes of the database before the line.
    pub bytes: u64,
    /// How many steps of migration it has behind it.
    pub schema: usize,
    /// Of its last commit's moment.
    pub made_at: Timestamp,
}

/// Why a file is not what it should be, in a sentence.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("{0} is empty: it is no backup.")]
    Empty(PathBuf),
    #[error("{0} is no backup of Milepost's: it is not even an SQLite database.")]
    Foreign(PathBuf),
    #[error(
        "{path} is truncated: of {expected} bytes it has {found}. Copy it again from where it came, or take an earlier backup."
    )]
    Truncated { path: PathBuf, found: u64, expected: u64 },
    #[error(
        "{0} has no line of Milepost's at its end, so that nobody can tell whether it is whole: it was not made by `milepost backup`, or its end is missing."
    )]
    Unsealed(PathBuf),
    #[error(
        "{0} was altered or damaged after it was made: its bytes do not add up to what was written down then. Take another backup."
    )]
    Altered(PathBuf),
    #[error(
        "{path} was made by a newer Milepost (schema {found}, this program knows {known}). Restore it with the newer program."
    )]
    Newer { path: PathBuf, found: usize, known: usize },
    #[error("{path} cannot be read: {why}.")]
    Unreadable { path: PathBuf, why: std::io::Error },
}

impl Seal {
    fn words(&self) -> String {
        let Seal { bytes, schema, made_at } = self;
        format!("{FORM} {bytes:016x} {schema:08x} {:016x} ", made_at.as_microsecond())
    }

    fn line(&self, sum: Sha256) -> String {
        let words = self.words();
        let sum = sum.chain_update(words.as_bytes()).finalize();
        let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{words}{hex}\n")
    }

    fn from_line(line: &str) -> Option<Seal> {
        let mut words = line.strip_prefix(FORM)?.split_ascii_whitespace();
        let mut word = || u64::from_str_radix(words.next()?, 16).ok();
        let bytes = word()?;
        let schema = usize::try_from(word()?).ok()?;
        let made_at = Timestamp::from_microsecond(word()?.cast_signed()).ok()?;
        Some(Seal { bytes, schema, made_at })
    }

    /// Appends the line to a finished database. `told` hears how many bytes were read so far, and says whether to go on.
    pub fn close(self, file: &mut File, told: &mut dyn FnMut(u64) -> bool) -> std::io::Result<()> {
        file.rewind()?;
        let mut sum = Sha256::new();
        each_piece(file, self.bytes, |piece, done| {
            sum.update(piece);
            if told(done) { Ok(()) } else { Err(std::io::ErrorKind::Interrupted.into()) }
        })?;
        file.seek(SeekFrom::End(0))?;
        file.write_all(self.line(sum).as_bytes())?;
        file.sync_all()
    }

    /// What a file says of itself: quick, for lists of backups. Only [`Seal::copy_out`] knows whether it is true.
    pub fn read(path: &Path) -> Result<Seal, Unfit> {
        let unreadable = |why| Unfit::Unreadable { path: path.into(), why };
        let mut file = File::open(path).map_err(unreadable)?;
        look(&mut file, path).map(|(seal, _)| seal)
    }

    /// Copies the database out of a backup, and fails unless every byte is what it was when the backup was made.
    pub fn copy_out(path: &Path, known: usize, to: &mut impl Write) -> Result<Seal, Unfit> {
        let unreadable = |why| Unfit::Unreadable { path: path.into(), why };
        let mut file = File::open(path).map_err(unreadable)?;
        let (seal, line) = look(&mut file, path)?;
        file.rewind().map_err(unreadable)?;
        let mut sum = Sha256::new();
        each_piece(&mut file, seal.bytes, |piece, _| {
            sum.update(piece);
            to.write_all(piece)
        })
        .map_err(unreadable)?;
        // After the sum: what is damaged must not be called new.
        if seal.line(sum) != line {
            Err(Unfit::Altered(path.into()))
        } else if seal.schema > known {
            Err(Unfit::Newer { path: path.into(), found: seal.schema, known })
        } else {
            Ok(seal)
        }
    }
}

/// The line at the end of a file, and what is wrong where there is none.
fn look(file: &mut File, path: &Path) -> Result<(Seal, String), Unfit> {
    let unreadable = |why| Unfit::Unreadable { path: path.into(), why };
    let found = file.metadata().map_err(unreadable)?.len();
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head).map_err(unreadable)?;
    if found == 0 {
        return Err(Unfit::Empty(path.into()));
    }
    if !head.starts_with(&MAGIC[..MAGIC.len().min(head.len())]) {
        return Err(Unfit::Foreign(path.into()));
    }
    let database = size(&head).unwrap_or(found + 1);
    let expected = database + LINE as u64;
    if found < expected && found != database {
        return Err(Unfit::Truncated { path: path.into(), found, expected });
    }
    if found < expected {
        return Err(Unfit::Unsealed(path.into()));
    }
    let mut line = String::new();
    file.seek(SeekFrom::Start(found - LINE as u64)).map_err(unreadable)?;
    if file.read_to_string(&mut line).is_err() {
        return Err(Unfit::Unsealed(path.into()));
    }
    match Seal::from_line(&line) {
        Some(seal) if seal.bytes.checked_add(LINE as u64) == Some(found) => Ok((seal, line)),
        Some(_) => Err(Unfit::Altered(path.into())),
        None => Err(Unfit::Unsealed(path.into())),
    }
}

/// How long a database is, by its head (<https://sqlite.org/fileformat2.html>, 1.3.2 and 1.3.8).
fn size(head: &[u8]) -> Option<u64> {
    let page = u16::from_be_bytes(head.get(16..18)?.try_into().ok()?);
    let page = if page == 1 { 65_536 } else { u64::from(page) };
    let pages = u32::from_be_bytes(head.get(28..32)?.try_into().ok()?);
    (head.len() == HEAD).then_some(page * u64::from(pages))
}

/// Reads so many bytes, piece by piece; `take` is given each, and how many have been read by then.
fn each_piece(
    file: &mut File,
    bytes: u64,
    mut take: impl FnMut(&[u8], u64) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut done = 0;
    while done < bytes {
        let want = usize::try_from(bytes - done).unwrap_or(PIECE).min(PIECE);
        file.read_exact(&mut piece[..want])?;
        done += want as u64;
        take(&piece[..want], done)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(folder: &Path) -> PathBuf {
        let path = folder.join("a.backup");
        let conn = rusqlite::Connection::open(&path).unwrap();
        conn.execute_batch("create table letters (text); insert into letters values ('Seagull')").unwrap();
        drop(conn);
        let mut file = File::options().read(true).write(true).open(&path).unwrap();
        let bytes = file.metadata().unwrap().len();
        let seal = Seal { bytes, schema: 8, made_at: "2026-11-22T03:00:00Z".parse().unwrap() };
        seal.close(&mut file, &mut |_| true).unwrap();
        path
    }

    fn why(path: &Path) -> String {
        Seal::copy_out(path, 8, &mut std::io::sink()).unwrap_err().to_string()
    }

    #[test]
    fn a_sealed_database_is_whole_and_still_a_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = sealed(folder.path());
        let seal = Seal::read(&path).unwrap();
        assert_eq!((seal.schema, seal.made_at.to_string().as_str()), (8, "2026-11-22T03:00:00Z"));
        assert_eq!(path.metadata().unwrap().len(), seal.bytes + LINE as u64);
        let mut bytes = Vec::new();
        assert_eq!(Seal::copy_out(&path, 8, &mut bytes).unwrap(), seal);
        assert_eq!(bytes.len() as u64, seal.bytes);
        let conn = rusqlite::Connection::open(&path).unwrap();
        let text: String = conn.query_row("select text from letters", [], |row| row.get(0)).unwrap();
        assert_eq!(text, "Seagull");
        let fine: String = conn.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(fine, "ok");
    }

    #[test]
    fn every_truncation_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = sealed(folder.path());
        let whole = std::fs::read(&path).unwrap();
        for length in (1..whole.len()).step_by(97).chain(whole.len() - LINE - 2..whole.len()) {
            std::fs::write(&path, &whole[..length]).unwrap();
            let expected = if length == whole.len() - LINE { "no line of Milepost's" } else { "is truncated" };
            assert!(why(&path).contains(expected), "{length}: {}", why(&path));
        }
        std::fs::write(&path, b"").unwrap();
        assert!(why(&path).contains("is empty"));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = sealed(folder.path());
        let whole = std::fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(61).chain(whole.len() - LINE..whole.len()) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert!(Seal::copy_out(&path, 8, &mut std::io::sink()).is_err(), "byte {at} differs");
        }
        std::fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
        assert!(why(&path).contains("no line of Milepost's at its end"), "{}", why(&path));
        std::fs::write(&path, [&whole[..], &whole[whole.len() - LINE..]].concat()).unwrap();
        assert!(why(&path).contains("altered"), "{}", why(&path));
    }

    #[test]
    fn what_is_foreign_or_newer_is_called_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = sealed(folder.path());
        let newer = Seal::copy_out(&path, 7, &mut std::io::sink()).unwrap_err().to_string();
        assert!(newer.contains("newer Milepost (schema 8, this program knows 7)"), "{newer}");
        std::fs::write(&path, b"PK\x03\x04 something else altogether").unwrap();
        assert!(why(&path).contains("no backup of Milepost's"));
        let plain = folder.path().join("plain.db");
        rusqlite::Connection::open(&plain).unwrap().execute_batch("create table a (b)").unwrap();
        assert!(why(&plain).contains("not made by `milepost backup`"), "{}", why(&plain));
    }
}
