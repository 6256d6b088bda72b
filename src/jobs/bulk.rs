//! What is done to many tasks at once, the words: which tasks, and what is done to them, as the payloads of `bulk-edit` and
//! `bulk-delete` say it.

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::fields::Field;
use super::filter_fields::{filter_fields, priority_key};
use super::{Bucket, BuiltIn};
use crate::config;
use crate::db::types::words;
use crate::error::{Error, FieldError, Message, Result, msg};
use crate::people::{ProjectId, UserId};
use crate::tasks::{Priority, TaskId};

words!(
    /// What is done to each.
    Act {
        /// What it is: who does it, where it belongs, when it is due, how urgent it is.
        Change = "change",
        Cancel = "cancel",
        /// Of ended jobs: run again.
        Retry = "retry",
        /// What another such job changed becomes what it was.
        Undo = "undo",
        /// Of ended ones; a kind of its own, `bulk-delete`.
        Delete = "delete",
    }
);

words!(
    /// What became of the tasks that are meant.
    Became { Open = "open" }
);
words!(
    /// When they were late.
    Late { Now = "now" }
);

/// The acts of `bulk-edit`.
const EDITS: [Act; 4] = [Act::Change, Act::Cancel, Act::Retry, Act::Undo];
/// What says which tasks are meant; without any of it, nothing does.
const FILTERS: [&str; 13] = [
    "status",
    "kind",
    "person",
    "project",
    "priority",
    "from",
    "to",
    "q",
    "outcome",
    "overdue",
    "standing",
    "of_job_kind",
    "until",
];
/// More is no move of a date.
const SHIFT_DAYS: i64 = 3_650;

impl Act {
    pub const fn title_key(self) -> &'static str {
        match self {
            Act::Change => "bulk-act-change",
            Act::Cancel => "bulk-act-cancel",
            Act::Retry => "bulk-act-retry",
            Act::Undo => "bulk-act-undo",
            Act::Delete => "bulk-act-delete",
        }
    }
}

/// Which jobs, where a list of jobs says it; the filter of the history stands beside it in the payload.
#[derive(Deserialize, Clone, Default, PartialEq, Eq, Debug)]
#[serde(default)]
pub struct WhichJobs {
    #[serde(deserialize_with = "chosen")]
    pub standing: Option<Bucket>,
    #[serde(deserialize_with = "chosen")]
    pub of_job_kind: Option<String>,
    #[serde(deserialize_with = "chosen")]
    pub of_queue: Option<String>,
    #[serde(deserialize_with = "chosen")]
    pub of_category: Option<String>,
    /// None that were made after this one.
    pub until: Option<TaskId>,
}

/// What tasks become; what is none stays as it is.
#[derive(Deserialize, Clone, Default, PartialEq, Eq, Debug)]
#[serde(default)]
pub struct Changes {
    /// 0: nobody.
    pub set_assignee: Option<UserId>,
    /// 0: none.
    pub set_project: Option<ProjectId>,
    pub set_due: Option<Date>,
    /// How many days later each is due than it was.
    pub shift_days: Option<i64>,
    #[serde(deserialize_with = "chosen")]
    pub set_priority: Option<Priority>,
}

/// A payload of either kind.
#[derive(Deserialize, Clone, Default, PartialEq, Eq, Debug)]
#[serde(default)]
pub struct Bulk {
    #[serde(flatten)]
    pub which: WhichJobs,
    /// Of the tasks of the filter only those that have not ended, or those of them that are late: as the monitor has it.
    #[serde(deserialize_with = "chosen")]
    pub outcome: Option<Became>,
    #[serde(deserialize_with = "chosen")]
    pub overdue: Option<Late>,
    #[serde(deserialize_with = "chosen")]
    act: Option<Act>,
    #[serde(flatten)]
    pub changes: Changes,
    /// Whose changes are undone.
    pub of_job: Option<TaskId>,
}

/// How many words a search has.
fn words(text: &str) -> usize {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count()
}

/// A blank choice is none.
fn chosen<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        value => T::deserialize(value).map(Some).map_err(serde::de::Error::custom),
    }
}

impl Bulk {
    /// Of a payload that this kind takes.
    pub fn of(kind: BuiltIn, payload: &Value) -> Result<Bulk> {
        let payload = if payload.is_null() { Value::Object(serde_json::Map::new()) } else { payload.clone() };
        let bulk: Bulk = serde_json::from_value(payload)
            .map_err(|error| Error::field("payload", msg("bulk-error-payload").arg("why", error.to_string())))?;
        Ok(Bulk { act: Some(if kind == BuiltIn::BulkDelete { Act::Delete } else { bulk.act() }), ..bulk })
    }

    pub fn act(&self) -> Act {
        self.act.unwrap_or(Act::Change)
    }

    /// What no field says alone.
    pub fn check(&self, payload: &Value) -> Result<()> {
        let mut errors = Vec::new();
        let mut refuse = |name: &str, message: Message| {
            errors.push(FieldError { field: format!("payload.{name}").into(), message });
        };
        let set = &self.changes;
        match self.act() {
            Act::Change if *set == Changes::default() => refuse("act", msg("bulk-error-nothing")),
            Act::Undo if self.of_job.is_none() => refuse("of_job", msg("error-required")),
            Act::Change | Act::Undo | Act::Delete => {}
            Act::Cancel | Act::Retry if *set != Changes::default() => refuse("act", msg("bulk-error-both")),
            Act::Cancel | Act::Retry => {}
        }
        if set.set_due.is_some() && set.shift_days.is_some() {
            refuse("shift_days", msg("bulk-error-due"));
        }
        let is_said = |name: &str| payload.get(name).is_some_and(|value| !value.is_null() && value != "");
        // A filter that says nothing, or less than was typed, would name more than was meant.
        match payload.get("q").and_then(Value::as_str).map(words) {
            Some(0) if is_said("q") => refuse("q", msg("search-nothing")),
            Some(words) if words > config::SEARCH_WORDS => {
                refuse("q", msg("bulk-error-words").arg("limit", config::SEARCH_WORDS));
            }
            _ => {}
        }
        if self.act() != Act::Undo && !FILTERS.iter().any(|name| is_said(name)) {
            refuse("until", msg("bulk-error-all"));
        }
        let jobs = &self.which;
        let of_jobs = jobs.of_job_kind.is_some() || jobs.of_queue.is_some() || jobs.of_category.is_some();
        if of_jobs && jobs.standing.is_none() {
            refuse("standing", msg("bulk-error-standing"));
        }
        if jobs.standing.is_some()
            && ["status", "kind", "person", "priority", "from", "to", "outcome", "overdue"]
                .iter()
                .any(|name| is_said(name))
        {
            refuse("standing", msg("bulk-error-lists"));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }
}

/// The members of such a payload.
pub fn fields(kind: BuiltIn) -> Vec<Field> {
    let mut fields = which_fields();
    if kind == BuiltIn::BulkDelete {
        return fields;
    }
    let acts = EDITS.iter().map(|act| (act.as_str(), msg(act.title_key()))).collect();
    let as_is = std::iter::once(("", msg("bulk-as-is")));
    let priorities = Priority::ALL.iter().map(|priority| (priority.as_str(), msg(priority_key(*priority))));
    fields.extend([
        Field::choice("act", msg("bulk-act"), acts),
        Field::number("set_assignee", msg("bulk-set-assignee"), 0..=i64::MAX).hint(msg("bulk-set-assignee-hint")),
        Field::number("set_project", msg("bulk-set-project"), 0..=i64::MAX).hint(msg("bulk-set-project-hint")),
        Field::date("set_due", msg("bulk-set-due")),
        Field::number("shift_days", msg("bulk-shift-days"), -SHIFT_DAYS..=SHIFT_DAYS).hint(msg("bulk-shift-days-hint")),
        Field::choice("set_priority", msg("bulk-set-priority"), as_is.chain(priorities).collect()),
        Field::number("of_job", msg("bulk-of-job"), 1..=i64::MAX).hint(msg("bulk-of-job-hint")),
    ]);
    fields
}

fn which_fields() -> Vec<Field> {
    let mut fields = filter_fields();
    let or_any = |value, label| vec![("", msg("monitor-any")), (value, msg(label))];
    fields.extend([
        Field::choice("outcome", msg("bulk-outcome"), or_any(Became::Open.as_str(), "bulk-open")),
        Field::choice("overdue", msg("task-overdue"), or_any(Late::Now.as_str(), "bulk-overdue-now")),
    ]);
    let standings = Bucket::ALL.iter().map(|bucket| (bucket.as_str(), msg(bucket.title_key())));
    let any = std::iter::once(("", msg("monitor-any")));
    fields.extend([
        Field::choice("standing", msg("bulk-standing"), any.chain(standings).collect()).hint(msg("bulk-standing-hint")),
        Field::line("of_job_kind", msg("bulk-of-job-kind")),
        Field::line("of_queue", msg("bulk-of-queue")),
        Field::line("of_category", msg("bulk-of-category")),
        Field::number("until", msg("bulk-until"), 0..=i64::MAX).hint(msg("bulk-until-hint")),
    ]);
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(kind: BuiltIn, payload: Value) -> Vec<String> {
        match Bulk::of(kind, &payload).and_then(|bulk| bulk.check(&payload)) {
            Ok(()) => Vec::new(),
            Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field.into_owned()).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_does_not_go_together_is_told() {
        let edit = |payload| wrong(BuiltIn::BulkEdit, payload);
        assert_eq!(edit(json!({ "until": 9 })), ["payload.act"], "nothing is to be changed");
        assert_eq!(edit(json!({ "until": 9, "set_priority": "" })), ["payload.act"], "a blank choice is none");
        assert_eq!(edit(json!({ "set_priority": "low" })), ["payload.until"], "no filter is not every task");
        assert_eq!(edit(json!({ "set_priority": "low", "q": "", "outcome": "" })), ["payload.until"]);
        assert_eq!(edit(json!({ "set_priority": "low", "outcome": "open" })), [""; 0]);
        assert_eq!(edit(json!({ "set_priority": "low", "q": "!!!" })), ["payload.q"], "a filter that says nothing");
        let long = "word ".repeat(config::SEARCH_WORDS + 1);
        assert_eq!(
            edit(json!({ "set_priority": "low", "q": long })),
            ["payload.q"],
            "of which the end would be left out"
        );
        assert_eq!(edit(json!({ "set_priority": "low", "q": "x" })), [""; 0]);
        assert_eq!(edit(json!({ "act": "cancel", "set_priority": "low", "until": 9 })), ["payload.act"]);
        assert_eq!(edit(json!({ "act": "undo" })), ["payload.of_job"]);
        assert_eq!(edit(json!({ "set_due": "2026-11-22", "shift_days": 3, "until": 9 })), ["payload.shift_days"]);
        assert_eq!(edit(json!({ "act": "retry", "of_queue": "mail", "until": 9 })), ["payload.standing"]);
        assert_eq!(edit(json!({ "act": "cancel", "standing": "queued", "person": 3 })), ["payload.standing"]);
        assert_eq!(wrong(BuiltIn::BulkDelete, Value::Null), ["payload.until"]);
        assert_eq!(wrong(BuiltIn::BulkDelete, json!({ "until": 9 })), [""; 0]);
        assert_eq!(Bulk::of(BuiltIn::BulkDelete, &json!({})).unwrap().act(), Act::Delete);
    }
}
