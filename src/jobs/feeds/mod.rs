//! Feeds: tables and calendars at an address, and what each of their entries says. Pure reading of bytes that nobody vouches
//! for; asking the address, and keeping tasks in step with what it says, is the kind's.

mod calendar;
mod fields;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::db::types::{id, words};
use crate::error::{Message, msg};
use crate::jobs::columns::Standing;
use crate::tasks::Priority;

pub use fields::{check, fields};

id!(FeedId);
words!(
    /// What a feed is written in.
    FeedForm { Csv = "csv", Ics = "ics" }
);
words!(
    /// What becomes of the task of an entry that is not there any more.
    Gone { Cancel = "cancel", Leave = "leave" }
);

/// What an entry says, by field: a text each, as verbs take it.
pub type Said = BTreeMap<String, String>;

/// An entry of the last good state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    pub task: crate::tasks::TaskId,
    pub said: Said,
    pub is_gone: bool,
    /// The feed cancelled it: the feed opens it again, too. What people cancelled stays so.
    pub is_cancelled: bool,
}

/// How a feed stood when it was read last.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct LastRead {
    pub settings: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// An entry of a calendar.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Event {
    pub uid: String,
    pub title: String,
    pub description: String,
    /// As [`crate::tasks::Due::parse`] takes it.
    pub due: Option<String>,
    pub priority: Option<Priority>,
    pub standing: Option<Standing>,
    pub labels: Vec<String>,
    /// Something that takes place, and is over by itself; not something to do.
    pub takes_place: bool,
    pub recurs: bool,
}

pub use calendar::read as read_calendar;

/// A name for what has none, or one that is too long.
pub fn digest(text: &str) -> String {
    Sha256::digest(text)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a feed seems to be written in; what it surely is not is told.
pub fn look(bytes: &[u8], wished: Option<FeedForm>) -> Result<FeedForm, Message> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let is_calendar = start.get(..15).is_some_and(|start| start.eq_ignore_ascii_case(b"BEGIN:VCALENDAR"));
    match (start.is_empty(), start[0..start.len().min(1)] == *b"<", is_calendar, wished) {
        (true, ..) => Err(msg("feed-empty")),
        // A page that asks to sign in, as a rule.
        (_, true, ..) => Err(msg("feed-page")),
        (_, _, false, Some(FeedForm::Ics)) => Err(msg("feed-no-calendar")),
        (_, _, true, Some(FeedForm::Csv)) => Err(msg("feed-no-table")),
        (_, _, true, _) => Ok(FeedForm::Ics),
        (_, _, false, _) => Ok(FeedForm::Csv),
    }
}
