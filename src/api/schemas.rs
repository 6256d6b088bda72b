//! What values look like in JSON, where a type alone does not say it: words, texts with their limits, times. Only for the
//! description and for telling what is wrong with a body; nothing here is ever made.

use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::config;
use crate::jobs::{Limited, OnDuplicate};
use crate::people::Presence;
use crate::schedules::{self, AfterDowntime, Overlap};
use crate::tasks::{self, Via};

/// White space as Rust's `trim` and Unicode know it, and what a line may not hold, as a regular expression writes them.
macro_rules! blanks {
    () => {
        r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    };
}
/// One line with something to be read in it: the same as `people::parse_line`.
const LINE: &str = concat!(
    "^[",
    blanks!(),
    r"]*[^\u0000-\u001f\u007f-\u009f]*[^\u0000-\u0020\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff][^\u0000-\u001f\u007f-\u009f]*[",
    blanks!(),
    "]*$"
);
/// Text without control characters but for line ends and tabs, as `tasks::parse_note` has it.
const TEXT: &str = concat!("^[", blanks!(), r"]*(\r\n|[^\u0000-\u0008\u000b-\u001f\u007f-\u009f])*[", blanks!(), "]*$");

/// The same with something to be read in it.
const SAID: &str = concat!(
    "^[",
    blanks!(),
    r"]*[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000][^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*[",
    blanks!(),
    "]*$"
);

fn text(most: usize, pattern: &str) -> ObjectBuilder {
    let least = if pattern == LINE { Some(1) } else { None };
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .min_length(least)
        .max_length(Some(most))
        .pattern(Some(pattern))
}

fn choice<T: serde::Serialize>(all: &[T]) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .enum_values(Some(all.iter().map(|word| json!(word))))
}

fn number(from: i64, to: i64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Integer))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(from as f64))
        .maximum(Some(to as f64))
}

macro_rules! schemas {
    ($($(#[doc = $doc:literal])* $name:ident = $schema:expr;)*) => {$(
        $(#[doc = $doc])*
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let said = concat!($($doc, " "),*).trim();
                Schema::Object($schema.description(Some(said).filter(|said| !said.is_empty())).build()).into()
            }
        }
        impl ToSchema for $name {}
    )*};
}

schemas! {
    /// Who moves it: a person (`assignment`), or a program (`job`).
    Kind = choice(tasks::Kind::ALL);
    Status = choice(tasks::Status::ALL);
    Priority = choice(tasks::Priority::ALL);
    /// What an entry of the trail records.
    Change = choice(tasks::Change::ALL);
    /// Through which door a change came.
    Door = choice(Via::ALL);
    PresenceState = choice(Presence::ALL);
    /// What becomes of a new job whose `unique_key` an open one has: it is refused (409), it replaces that one, or that one is answered.
    Duplicate = choice(OnDuplicate::ALL);
    /// What is paused or limited: a queue, or a kind of jobs.
    LimitedThing = choice(Limited::ALL);
    /// How an attempt ended.
    Ending = choice(&["done", "failed", "cancelled"]);
    ItemOutcome = choice(&["succeeded", "failed", "skipped"]);
    Title = text(config::TITLE_CHARS, LINE);
    /// One line.
    Line = text(config::NAME_CHARS, LINE);
    /// A few lines.
    Note = text(config::NOTE_CHARS, TEXT);
    /// A few lines with something to be read in them.
    CommentText = text(config::NOTE_CHARS, SAID);
    /// Markdown.
    Description = text(config::DESCRIPTION_CHARS, TEXT);
    /// A name only, not a path.
    FileName = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).min_length(Some(1)).max_length(Some(config::ARTIFACT_NAME_CHARS));
    /// What tells an item from the others of its job.
    ItemKey = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).min_length(Some(1)).max_length(Some(config::ITEM_KEY_CHARS));
    /// Why it failed; more is cut off.
    ErrorText = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    /// A task's id.
    Id = number(1, i64::MAX);
    /// Units of work.
    Amount = number(0, 1_000_000_000_000);
    /// 0 to 100, to hundredths.
    Percent = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Number)).minimum(Some(0.0)).maximum(Some(100.0));
    /// Which attempt this is about. A claimed job's worker has it from the claim; an old one is refused (409).
    Attempt = number(1, 1_000_000);
    /// The place of a stage, from 1.
    Place = number(1, 10_000);
    /// 0 to 9; higher goes first.
    QueuePriority = number(0, 9);
    Attempts = number(*config::MAX_ATTEMPTS.start(), *config::MAX_ATTEMPTS.end());
    Timeout = number(*config::TIMEOUT_SECONDS.start(), *config::TIMEOUT_SECONDS.end());
    /// For how long the worker is believed alive without a word.
    LeaseSeconds = number(*config::LEASE_SECONDS.start(), *config::LEASE_SECONDS.end());
    WaitSeconds = number(0, config::CLAIM_WAIT_SECONDS);
    AtOnce = number(*config::AT_ONCE.start(), *config::AT_ONCE.end());
    EstimateMinutes = number(*config::ESTIMATE_MINUTES.start(), *config::ESTIMATE_MINUTES.end());
    /// A pause between two attempts.
    PauseSeconds = number(*config::BACKOFF_SECONDS.start(), *config::BACKOFF_SECONDS.end());
    /// The share of the whole, in any unit.
    Weight = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Number)).minimum(Some(0.0)).maximum(Some(1e6));
    /// An instant (RFC 3339).
    Time = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    /// Any object.
    Facts = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Object));
    /// A date, or an instant.
    DueText = text(40, LINE);
    /// A schedule's expression: five parts or six, or a name.
    CronText = text(schedules::cron::CRON_CHARS, LINE);
    /// Days (`2d`) or hours (`6h`) after the slot.
    DueAfterText = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).pattern(Some("^[0-9]{1,4}[dh]$"));
    JitterSeconds = number(*config::JITTER_SECONDS.start(), *config::JITTER_SECONDS.end());
    AlarmFailures = number(*config::ALARM_FAILURES.start(), *config::ALARM_FAILURES.end());
    /// What becomes of the slots that passed while the server was down: left out, run once, or all (up to 100) one after the other. `once` unless said.
    DowntimeRule = choice(AfterDowntime::ALL);
    /// What becomes of a slot at which an earlier run is still open: left out, run after it, or beside it. Unless said, a job's is left out and an assignment's runs beside it.
    OverlapRule = choice(Overlap::ALL);
    /// How a run ended: as its task did, or without one.
    RunOutcome = choice(schedules::Outcome::ALL);
    /// Whose fault it was that nothing could be made.
    RunReason = choice(schedules::Reason::ALL);
    AlarmWord = choice(&super::schedule_shapes::ALARMS);
}
