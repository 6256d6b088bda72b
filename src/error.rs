//! What can go wrong, once for the whole program. Doors turn it into a status
//! and a page; the sentence that a person reads stands in `locales/`, here is
//! only its key. Details that are nobody's business stay inside `Internal`.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

/// A sentence for a person: a key in `locales/` and what fills its gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub key: &'static str,
    pub args: Vec<(&'static str, Arg)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    Text(String),
    Number(i64),
    Date(Date),
    Time(Timestamp),
}

pub fn msg(key: &'static str) -> Message {
    Message { key, args: Vec::new() }
}

impl Message {
    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl Into<Arg>) -> Message {
        self.args.push((name, value.into()));
        self
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Arg {
        Arg::Text(text.to_owned())
    }
}
impl From<String> for Arg {
    fn from(text: String) -> Arg {
        Arg::Text(text)
    }
}
impl From<i64> for Arg {
    fn from(number: i64) -> Arg {
        Arg::Number(number)
    }
}
impl From<usize> for Arg {
    fn from(number: usize) -> Arg {
        Arg::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<Date> for Arg {
    fn from(date: Date) -> Arg {
        Arg::Date(date)
    }
}
impl From<Timestamp> for Arg {
    fn from(time: Timestamp) -> Arg {
        Arg::Time(time)
    }
}

/// What is wrong with one field of a form or a request body.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    pub field: Cow<'static, str>,
    pub message: Message,
}

/// Whose limit of open streams is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Crowded {
    User,
    Organisation,
    Server,
}

/// Seconds after which a place among the streams may be free again.
pub const CROWDED_RETRY_SECONDS: u64 = 30;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not for this viewer to know of.
    #[error("not found")]
    NotFound,
    #[error("forbidden: {0}")]
    Forbidden(Message),
    #[error("sign-in needed")]
    SignInNeeded,
    #[error("invalid: {0:?}")]
    Invalid(Vec<FieldError>),
    /// The thing is in a state that does not allow this.
    #[error("conflict: {0}")]
    Conflict(Message),
    /// More bytes at once than are taken in.
    #[error("too large")]
    TooLarge { limit: usize },
    #[error("too many requests")]
    TooMany { retry_after_seconds: u64 },
    /// No more streams fit.
    #[error("too many streams: {0:?}")]
    Crowded(Crowded),
    #[error("internal: {0:#}")]
    Internal(anyhow::Error),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The same of a field that is called otherwise at the door.
    #[must_use]
    pub fn about(mut self, field: &str, called: &'static str) -> Error {
        if let Error::Invalid(errors) = &mut self {
            errors.iter_mut().filter(|error| error.field == field).for_each(|error| error.field = called.into());
        }
        self
    }

    /// One field is wrong.
    pub fn field(field: impl Into<Cow<'static, str>>, message: Message) -> Error {
        Error::Invalid(vec![FieldError { field: field.into(), message }])
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key)
    }
}

macro_rules! internal_from {
    ($($source:ty),* $(,)?) => {$(
        impl From<$source> for Error {
            fn from(source: $source) -> Error {
                Error::Internal(source.into())
            }
        }
    )*};
}

internal_from!(rusqlite::Error, r2d2::Error, serde_json::Error, anyhow::Error, std::io::Error, tokio::task::JoinError);
