//! The folder in which backups stand: how they are called, which of them stay, and who is writing there.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::{BackupError, only_for_us};

/// How many backups stay: the newest of each of so many days, and of so many weeks, that have any; and the newest few at
/// all, so that one made by hand is not removed by the next one of the same day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keep {
    pub daily: usize,
    pub weekly: usize,
    pub newest: usize,
}

/// A backup in the folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    pub made_at: Timestamp,
    /// Of several in one second, which.
    number: u32,
    pub path: PathBuf,
}

pub struct Folder {
    path: PathBuf,
    /// What names here begin with: several databases may have their backups in one folder.
    stem: String,
}

const END: &str = ".backup";
const PART: &str = ".backup.part";
const FORM: &str = "%Y-%m-%dT%H-%M-%SZ";

impl Folder {
    /// The folder, made if it is not there.
    pub fn open(path: &Path, database: &Path) -> Result<Folder, BackupError> {
        let mut make = DirBuilder::new();
        make.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
        make.create(path).map_err(|why| BackupError::NotWritable { folder: path.into(), why })?;
        Ok(Folder::at(path, database))
    }

    pub fn at(path: &Path, database: &Path) -> Folder {
        let stem = database.file_stem().map_or_else(|| "milepost".into(), |stem| stem.to_string_lossy().into_owned());
        Folder { path: path.into(), stem }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One backup at a time; others are told so.
    pub(super) fn lock(&self) -> Result<File, BackupError> {
        let not_writable = |why| BackupError::NotWritable { folder: self.path.clone(), why };
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false);
        only_for_us(&mut open);
        let file = open.open(self.path.join(format!(".{}.lock", self.stem))).map_err(not_writable)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(BackupError::Busy),
            // A file system without locks: names are different all the same.
            Err(TryLockError::Error(_)) | Ok(()) => Ok(file),
        }
    }

    fn name(&self, at: Timestamp, number: u32, end: &str) -> PathBuf {
        let at = TimeZone::UTC.to_datetime(at).strftime(FORM);
        let number = if number > 1 { format!("-{number}") } else { String::new() };
        self.path.join(format!("{}-{at}{number}{end}", self.stem))
    }

    pub(super) fn part(&self, at: Timestamp) -> PathBuf {
        self.name(at, 1, PART)
    }

    /// A name that no backup has yet.
    pub(super) fn free_name(&self, at: Timestamp) -> PathBuf {
        (1..).map(|number| self.name(at, number, END)).find(|path| !path.exists()).unwrap_or_else(|| self.part(at))
    }

    /// What this file would be a backup of, by its name.
    fn named(&self, path: &Path, end: &str) -> Option<Kept> {
        let name = path.file_name()?.to_str()?;
        let time = name.strip_prefix(&self.stem)?.strip_prefix('-')?.strip_suffix(end)?;
        let (time, number) = time.split_once('Z')?;
        let number = if number.is_empty() { 1 } else { number.strip_prefix('-')?.parse().ok()? };
        let time = DateTime::strptime("%Y-%m-%dT%H-%M-%S", time).ok()?;
        let made_at = time.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Kept { made_at, number, path: path.into() })
    }

    fn files(&self, end: &str) -> Vec<Kept> {
        let files = std::fs::read_dir(&self.path).into_iter().flatten().filter_map(Result::ok);
        files.filter_map(|file| self.named(&file.path(), end)).collect()
    }

    /// The backups that are there, newest first.
    pub fn backups(&self) -> Vec<Kept> {
        let mut backups = self.files(END);
        backups.sort_by_key(|kept| std::cmp::Reverse((kept.made_at, kept.number)));
        backups
    }

    /// Removes what earlier ones left that did not come to their end. Only under the lock.
    pub(super) fn remove_leftovers(&self) {
        for part in self.files(PART) {
            tracing::info!(file = %part.path.display(), "an unfinished backup is removed");
            // What cannot be removed is in nobody's way.
            let _ = std::fs::remove_file(&part.path);
        }
    }

    /// Removes the backups for whose time newer ones stand; gives how many are left, and which went.
    pub(super) fn rotate(&self, keep: Keep) -> (usize, Vec<PathBuf>) {
        let backups = self.backups();
        let stays = stay(&backups, keep);
        let (mut left, mut removed) = (0, Vec::new());
        for (backup, stays) in backups.into_iter().zip(stays) {
            let is_gone = !stays
                && std::fs::remove_file(&backup.path)
                    .inspect_err(|error| tracing::warn!(%error, file = %backup.path.display(), "an old backup stays"))
                    .is_ok();
            if is_gone { removed.push(backup.path) } else { left += 1 }
        }
        (left, removed)
    }
}

/// Which of these, newest first, stay.
fn stay(backups: &[Kept], keep: Keep) -> Vec<bool> {
    let (mut days, mut weeks): (BTreeSet<Date>, BTreeSet<(i16, i8)>) = Default::default();
    let is_first_of = |backup: &Kept, days: &mut BTreeSet<Date>, weeks: &mut BTreeSet<(i16, i8)>| {
        let day = TimeZone::UTC.to_datetime(backup.made_at).date();
        let week = day.iso_week_date();
        let daily = days.insert(day) && days.len() <= keep.daily;
        let weekly = weeks.insert((week.year(), week.week())) && weeks.len() <= keep.weekly;
        daily || weekly
    };
    let each = backups.iter().enumerate();
    each.map(|(place, backup)| is_first_of(backup, &mut days, &mut weeks) || place < keep.newest.max(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Keep = Keep { daily: 7, weekly: 4, newest: 2 };

    fn house() -> Folder {
        Folder::at(Path::new("/srv/backups"), Path::new("/srv/milepost.db"))
    }

    fn at(text: &str) -> Kept {
        house().named(Path::new(&format!("/srv/backups/milepost-{text}.backup")), END).expect(text)
    }

    fn left(texts: &[String], keep: Keep) -> Vec<String> {
        let mut backups: Vec<Kept> = texts.iter().map(|text| at(text)).collect();
        backups.sort_by_key(|kept| std::cmp::Reverse((kept.made_at, kept.number)));
        let stays = stay(&backups, keep);
        let left = backups.into_iter().zip(stays).filter(|(_, stays)| *stays);
        left.map(|(kept, _)| kept.path.file_name().unwrap().to_str().unwrap()[9..19].to_owned()).collect()
    }

    #[test]
    fn names_say_when_and_are_read_back() {
        let folder = house();
        let made_at: Timestamp = "2026-11-22T03:00:05Z".parse().unwrap();
        for number in [1, 2, 10] {
            let path = folder.name(made_at, number, END);
            assert_eq!(folder.named(&path, END), Some(Kept { made_at, number, path }));
        }
        let text = folder.name(made_at, 2, END);
        assert_eq!(text, Path::new("/srv/backups/milepost-2026-11-22T03-00-05Z-2.backup"));
        for other in [
            "other-2026-11-22T03-00-05Z.backup",
            "milepost-2026-11-22T03-00-05Z.backup.part",
            "milepost-soon.backup",
            "milepost-2026-11-22T03-00-05Z-copy.backup",
            "milepost.db",
        ] {
            assert_eq!(folder.named(&folder.path.join(other), END), None, "{other}");
        }
    }

    #[test]
    fn a_year_of_nights_leaves_a_week_of_days_and_a_month_of_weeks() {
        let first: DateTime = "2026-01-01T03:00:00".parse().unwrap();
        let nights: Vec<String> =
            (0..365).map(|day| (first + jiff::Span::new().days(day)).strftime(FORM).to_string()).collect();
        // 31 December 2026 is a Thursday.
        let expected = [
            "2026-12-31",
            "2026-12-30",
            "2026-12-29",
            "2026-12-28",
            "2026-12-27",
            "2026-12-26",
            "2026-12-25",
            "2026-12-20",
            "2026-12-13",
        ];
        assert_eq!(left(&nights, KEEP), expected);
        // Night after night it is the same, whichever went before.
        let mut there: Vec<String> = Vec::new();
        for night in &nights {
            there.push(night.clone());
            let stays = left(&there, KEEP);
            there.retain(|night| stays.iter().any(|day| night.starts_with(day.as_str())));
        }
        assert_eq!(left(&there, KEEP), expected);
    }

    #[test]
    fn the_newest_stay_whatever_their_day_and_a_gap_costs_none() {
        let one_day: Vec<String> = (1..=5).map(|hour| format!("2026-11-22T0{hour}-00-00Z")).collect();
        assert_eq!(left(&one_day, KEEP).len(), 2);
        assert_eq!(left(&one_day, Keep { daily: 0, weekly: 0, newest: 0 }).len(), 1, "never none");
        let long_ago: Vec<String> = (1..=7).map(|day| format!("2020-01-0{day}T03-00-00Z")).collect();
        assert_eq!(left(&long_ago, KEEP).len(), 7);
    }
}
