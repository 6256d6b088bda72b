//! The live stream, the words: what travels from the writer to those who
//! watch, and the cursor that says how far somebody has read.

pub mod feed;
pub mod hub;
mod past;
mod streams;
mod ticks;

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Bytes;
use jiff::Timestamp;
use tokio::sync::OnceCell;

pub use feed::{Feed, Item};
pub use hub::Hub;
pub use streams::Ticket;

use crate::locale::Lang;
use crate::people::{Credential, OrganisationId, Presence, SessionKey, UserId, Viewer};
use crate::tasks::{Entry, Task, TaskId};

/// How far a reader has come: `EPOCH-SEQUENCE`, the epoch of the database in
/// hexadecimal and the trail's sequence in decimal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    pub epoch: u32,
    pub sequence: i64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.epoch, self.sequence)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Cursor, ()> {
        let (epoch, sequence) = text.split_once('-').ok_or(())?;
        let epoch = u32::from_str_radix(epoch, 16).map_err(|_| ())?;
        let sequence = sequence.parse().map_err(|_| ())?;
        if sequence < 0 { Err(()) } else { Ok(Cursor { epoch, sequence }) }
    }
}

/// What a stream keeps of its viewer: as little as decides what it may hear and how that is written.
#[derive(Clone, Debug)]
pub struct Watcher {
    pub organisation: OrganisationId,
    pub user: UserId,
    /// Everything of the organisation is for it: its admins, and its own tokens.
    pub is_admin: bool,
    pub credential: Credential,
    pub expires_at: Timestamp,
    pub lang: Lang,
    /// The hub's generation of viewers at which these rights were known to hold.
    pub known_at: u64,
}

impl Watcher {
    pub fn of(viewer: &Viewer, lang: Lang) -> Watcher {
        Watcher {
            organisation: viewer.organisation,
            user: viewer.user,
            is_admin: viewer.sees_all(),
            credential: viewer.credential,
            expires_at: viewer.expires_at,
            lang,
            known_at: viewer.known_at,
        }
    }
}

/// What is sent on after a commit.
#[derive(Clone, Debug)]
pub enum Letter {
    Task(Arc<TaskLetter>),
    /// A job's progress between two entries of the trail: live only.
    Tick(Arc<TickLetter>),
    Presence {
        organisation: OrganisationId,
        user: UserId,
        presence: Presence,
    },
    /// Names, projects or settings changed: what is shown of anything may differ.
    Changed {
        organisation: OrganisationId,
    },
    Sight(Arc<SightLetter>),
    /// What is kept in memory about viewers may differ; nobody's rights ended.
    ViewersChanged,
    /// So many notifications a member has not read now.
    Unread {
        organisation: OrganisationId,
        user: UserId,
        unread: i64,
    },
    Ended {
        user: UserId,
        organisation: Option<OrganisationId>,
        credentials: Credentials,
        reason: EndReason,
    },
}

/// The letters of one commit for one channel, in the order of the commit.
#[derive(Debug)]
pub struct Batch {
    pub letters: Vec<Letter>,
    /// The first and the last place in the trail that its letters speak of.
    span: Option<(i64, i64)>,
    /// Something in it is for one of its readers only.
    is_personal: bool,
    whole: [OnceCell<Bytes>; Batch::WAYS],
}

impl Batch {
    /// In how many ways a batch may be written as a whole: JSON, and the pages of everybody's work in their languages.
    pub const WAYS: usize = 4;

    pub fn new(letters: Vec<Letter>) -> Batch {
        let places = letters.iter().filter_map(|letter| match letter {
            Letter::Task(task) => Some(task.entry.sequence),
            Letter::Sight(sight) => Some(sight.sequence),
            _ => None,
        });
        let span = places.fold(None, |span, place| Some((span.map_or(place, |(first, _)| first), place)));
        let is_personal = letters.iter().any(|letter| matches!(letter, Letter::Unread { .. }));
        Batch { letters, span, is_personal, whole: [const { OnceCell::const_new() }; Batch::WAYS] }
    }

    /// What was written of all of it for those who take everything that their channel carries, and take it alike: the
    /// first of them writes it, the others wait for that. None where they do not.
    pub fn whole(&self, way: usize) -> Option<&OnceCell<Bytes>> {
        self.whole.get(way).filter(|_| !self.is_personal)
    }
}

/// One entry of the trail, and the task on both sides of it.
#[derive(Debug)]
pub struct TaskLetter {
    pub entry: Arc<Entry>,
    /// Neither is known of a task that was read from the trail and has left its reader's sight.
    pub before: Option<Arc<Task>>,
    pub after: Option<Arc<Task>>,
    /// Besides admins: who saw it before, and who may see it now.
    pub saw: Vec<UserId>,
    pub sees: Vec<UserId>,
    pub written: Written,
}

/// How a task stands between two entries of its trail.
#[derive(Debug)]
pub struct TickLetter {
    pub task: Arc<Task>,
    /// The newest entry of the trail when it was written ([`Write::newest`](crate::db::Write::newest)): up to there it
    /// says everything.
    pub sequence: i64,
    pub at: Timestamp,
    /// Who sees the task besides admins.
    pub sees: Vec<UserId>,
    pub written: Written,
}

/// What was written of a letter: encoded by the first stream that needs it, and shared by all others. Each way of writing
/// it has a number of its own; few are ever in use for one letter.
#[derive(Default, Debug)]
pub struct Written(Mutex<Vec<(usize, Bytes)>>);

impl Written {
    pub fn get(&self, way: usize) -> Option<Bytes> {
        self.ways().iter().find(|(known, _)| *known == way).map(|(_, bytes)| bytes.clone())
    }

    /// Keeps it for the others; who came first is kept.
    pub fn keep(&self, way: usize, bytes: Bytes) -> Bytes {
        let mut ways = self.ways();
        if let Some((_, kept)) = ways.iter().find(|(known, _)| *known == way) {
            return kept.clone();
        }
        ways.push((way, bytes.clone()));
        bytes
    }

    fn ways(&self) -> MutexGuard<'_, Vec<(usize, Bytes)>> {
        self.0.lock().expect("no one panics holding this lock")
    }
}

/// What one member may see changed without an entry of the trail.
#[derive(Debug)]
pub struct SightLetter {
    pub organisation: OrganisationId,
    pub user: UserId,
    /// Its place among the entries of the trail.
    pub sequence: i64,
    /// The tasks that left the member's sight; none when all is to be asked for again.
    pub gone: Option<Vec<TaskId>>,
}

/// Which of a user's ways in end.
#[derive(Clone, Copy, Debug)]
pub enum Credentials {
    All,
    Only(Credential),
    /// Every session, or all but this one. Tokens go on.
    Sessions {
        but: Option<SessionKey>,
    },
}

impl Credentials {
    pub fn includes(self, credential: Credential) -> bool {
        match (self, credential) {
            (Credentials::All, _) => true,
            (Credentials::Only(one), other) => one == other,
            (Credentials::Sessions { but }, Credential::Session(key)) => Some(key) != but,
            (Credentials::Sessions { .. }, Credential::Token(_)) => false,
        }
    }
}

crate::db::types::words!(
    /// Why a stream was closed by the server; its `end` event says so.
    EndReason { SignedOut = "signed-out", Expired = "expired", Revoked = "revoked", Shutdown = "shutdown", Lagged = "lagged" }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_what_it_writes_and_nothing_else() {
        let cursor = Cursor { epoch: 0x3f2a, sequence: 1042 };
        assert_eq!(cursor.to_string(), "3f2a-1042");
        assert_eq!("3f2a-1042".parse(), Ok(cursor));
        for bad in ["", "3f2a", "3f2a-", "-1", "3f2a--1", "xyz-1", "3f2a-1-2"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }
}
