//! The live stream, the words: what travels from the writer to those who
//! watch, and the cursor that says how far somebody has read.

pub mod feed;
pub mod hub;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

pub use feed::{Item, feed};
pub use hub::Hub;

use crate::people::{OrganisationId, Presence, SessionKey, UserId};
use crate::tasks::{Entry, Task};

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

/// What is sent on after a commit.
#[derive(Clone, Debug)]
pub enum Letter {
    Task(TaskLetter),
    Presence {
        organisation: OrganisationId,
        user: UserId,
        presence: Presence,
    },
    /// Names, projects or settings changed: what is shown of anything may differ.
    Changed {
        organisation: OrganisationId,
    },
    /// What is kept in memory about viewers may differ; nobody's rights ended.
    ViewersChanged,
    Ended {
        user: UserId,
        organisation: Option<OrganisationId>,
        sessions: Sessions,
        reason: EndReason,
    },
}

/// One entry of the trail, and the task on both sides of it.
#[derive(Clone, Debug)]
pub struct TaskLetter {
    pub entry: Arc<Entry>,
    pub before: Option<Arc<Task>>,
    pub after: Arc<Task>,
    /// Besides admins: who saw it before, and who may see it now.
    pub saw: Vec<UserId>,
    pub sees: Vec<UserId>,
}

/// Which of a user's sessions end.
#[derive(Clone, Copy, Debug)]
pub enum Sessions {
    All,
    Only(SessionKey),
    Except(SessionKey),
}

impl Sessions {
    pub fn includes(self, session: &SessionKey) -> bool {
        match self {
            Sessions::All => true,
            Sessions::Only(key) => key == *session,
            Sessions::Except(key) => key != *session,
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
