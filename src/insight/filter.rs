//! Filters as they stand in a URL: read from it, written back to it, applied
//! to a task that comes by on a stream. What makes no sense is left out.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use super::jobs::Bucket;
use crate::config;
use crate::people::{ProjectId, UserId};
use crate::tasks::{Kind, Priority, Status, Task, TaskId};

/// What the monitor shows. Without a status: what is open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub status: Option<Status>,
    pub person: Option<UserId>,
    pub project: Option<ProjectId>,
    pub priority: Option<Priority>,
    pub overdue: bool,
    pub text: Option<String>,
}

fn value<T: FromStr>(pairs: &[(String, String)], name: &str) -> Option<T> {
    pairs.iter().rev().find(|(key, _)| key == name).and_then(|(_, value)| value.trim().parse().ok())
}

fn text(pairs: &[(String, String)]) -> Option<String> {
    let typed = value::<String>(pairs, "q")?;
    let text: String = typed.chars().take(config::SEARCH_CHARS).collect();
    Some(text).filter(|text| words_of(text).next().is_some())
}

impl Filter {
    /// From the pairs of a query string: `status`, `person`, `project`,
    /// `priority`, `overdue=1`, `q`.
    pub fn from_query(pairs: &[(String, String)]) -> Filter {
        Filter {
            status: value(pairs, "status"),
            person: value(pairs, "person"),
            project: value(pairs, "project"),
            priority: value(pairs, "priority"),
            overdue: value::<String>(pairs, "overdue").is_some_and(|on| on == "1"),
            text: text(pairs),
        }
    }

    /// Back into a query string, without what is not set.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        put(&mut query, "status", self.status.map(Status::as_str));
        put(&mut query, "person", self.person);
        put(&mut query, "project", self.project);
        put(&mut query, "priority", self.priority.map(Priority::as_str));
        put(&mut query, "overdue", self.overdue.then_some("1"));
        put(&mut query, "q", self.text.as_deref());
        query.finish()
    }

    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Whether the monitor under this filter would show the task.
    pub fn matches(&self, task: &Task, now: Timestamp) -> bool {
        let status = match self.status {
            Some(status) => task.status == status,
            None => !task.status.has_ended(),
        };
        status
            && self.person.is_none_or(|person| task.assignee == Some(person))
            && self.project.is_none_or(|project| task.project == Some(project))
            && self.priority.is_none_or(|priority| task.priority == priority)
            && (!self.overdue || task.is_overdue(now))
            && self.text.as_deref().is_none_or(|text| says(task, text))
    }
}

fn put(query: &mut form_urlencoded::Serializer<'_, String>, name: &str, value: Option<impl ToString>) {
    if let Some(value) = value {
        query.append_pair(name, &value.to_string());
    }
}

/// What history shows: ended and open tasks, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryFilter {
    pub status: Option<Status>,
    pub kind: Option<Kind>,
    pub person: Option<UserId>,
    pub project: Option<ProjectId>,
    pub priority: Option<Priority>,
    /// Created on this day or later, and on this day or earlier, in the viewer's zone.
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub text: Option<String>,
}

impl HistoryFilter {
    /// From the pairs of a query string: `status`, `kind`, `person`,
    /// `project`, `priority`, `from`, `to`, `q`.
    pub fn from_query(pairs: &[(String, String)]) -> HistoryFilter {
        HistoryFilter {
            status: value(pairs, "status"),
            kind: value(pairs, "kind"),
            person: value(pairs, "person"),
            project: value(pairs, "project"),
            priority: value(pairs, "priority"),
            from: value(pairs, "from"),
            to: value(pairs, "to"),
            text: text(pairs),
        }
    }

    /// From the members of a payload, called and written as in a query string. What is null or blank is not set.
    pub fn from_payload(payload: &serde_json::Value) -> HistoryFilter {
        let member = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let members = payload.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        HistoryFilter::from_query(&members.map(|(name, value)| (name.clone(), member(value))).collect::<Vec<_>>())
    }

    /// The pairs that are set, as they stand in a query string.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let pairs = [
            ("status", self.status.map(|status| status.to_string())),
            ("kind", self.kind.map(|kind| kind.to_string())),
            ("person", self.person.map(|person| person.to_string())),
            ("project", self.project.map(|project| project.to_string())),
            ("priority", self.priority.map(|priority| priority.to_string())),
            ("from", self.from.map(|day| day.to_string())),
            ("to", self.to.map(|day| day.to_string())),
            ("q", self.text.clone()),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }

    pub fn is_empty(&self) -> bool {
        *self == HistoryFilter::default()
    }
}

/// Which jobs a page shows. Without a status: some of each, the running first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobFilter {
    pub bucket: Option<Bucket>,
    pub kind: Option<String>,
    pub queue: Option<String>,
    pub category: Option<String>,
    pub project: Option<ProjectId>,
    pub text: Option<String>,
    /// None that were made after this one: what is done to many is done to those that were there.
    pub until: Option<TaskId>,
}

impl JobFilter {
    /// From the pairs of a query string: `status`, `kind`, `queue`, `category`, `project`, `q`, `until`.
    pub fn from_query(pairs: &[(String, String)]) -> JobFilter {
        JobFilter {
            bucket: value(pairs, "status"),
            kind: name(pairs, "kind"),
            queue: name(pairs, "queue"),
            category: name(pairs, "category"),
            project: value(pairs, "project"),
            text: text(pairs),
            until: value(pairs, "until"),
        }
    }

    /// The pairs that are set, as they stand in a query string.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let pairs = [
            ("status", self.bucket.map(|bucket| bucket.as_str().to_owned())),
            ("kind", self.kind.clone()),
            ("queue", self.queue.clone()),
            ("category", self.category.clone()),
            ("project", self.project.map(|project| project.to_string())),
            ("q", self.text.clone()),
            ("until", self.until.map(|until| until.to_string())),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }

    pub fn is_empty(&self) -> bool {
        *self == JobFilter::default()
    }

    /// Whether a page under this filter may show the task.
    pub fn matches(&self, task: &Task, now: Timestamp) -> bool {
        let Some(job) = task.job() else { return false };
        self.bucket.is_none_or(|bucket| bucket.may_hold(task, now))
            && self.kind.as_ref().is_none_or(|kind| job.spec.job_kind.as_ref() == Some(kind))
            && self.queue.as_ref().is_none_or(|queue| job.spec.queue == *queue)
            && self.category.as_ref().is_none_or(|category| task.category.as_ref() == Some(category))
            && self.project.is_none_or(|project| task.project == Some(project))
            && self.text.as_deref().is_none_or(|text| says(task, text))
    }
}

/// A name as somebody chose it; blank is none.
fn name(pairs: &[(String, String)], of: &str) -> Option<String> {
    let typed = value::<String>(pairs, of)?;
    Some(typed.chars().take(config::SEARCH_CHARS).collect::<String>()).filter(|name| !name.is_empty())
}

/// The words of a search, lower-cased.
fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// Every word of the search begins a word of the task's title or description.
fn says(task: &Task, text: &str) -> bool {
    let words: Vec<String> = words_of(&task.title).chain(words_of(&task.description)).collect();
    words_of(text).take(config::SEARCH_WORDS).all(|sought| words.iter().any(|word| word.starts_with(&sought)))
}

/// The search in the full-text index's language: every word as a prefix, and
/// only this organisation's.
pub(super) fn full_text(organisation: crate::people::OrganisationId, text: &str) -> String {
    let words: Vec<String> = words_of(text).take(config::SEARCH_WORDS).map(|word| format!("\"{word}\"*")).collect();
    format!("organisation:o{organisation} AND {{title description}}:({})", words.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    #[test]
    fn a_filter_survives_its_url_and_nonsense_is_left_out() {
        let filter = Filter::from_query(&pairs("status=in_progress&person=7&overdue=1&q=tax+return"));
        assert_eq!(Filter::from_query(&pairs(&filter.to_query())), filter);
        assert!(Filter::from_query(&pairs("status=great&person=x&overdue=maybe&q=%20!")).is_empty());
    }

    #[test]
    fn a_payload_is_the_filter_that_its_members_are_in_a_url() {
        let url = "status=failed&kind=job&person=7&project=2&priority=high&from=2026-11-22&to=2026-11-30&q=tax+return";
        let filter = HistoryFilter::from_query(&pairs(url));
        let payload = serde_json::json!({ "status": "failed", "kind": "job", "person": 7, "project": 2, "format": "csv",
            "priority": "high", "from": "2026-11-22", "to": "2026-11-30", "q": "tax return", "days": null });
        assert_eq!(HistoryFilter::from_payload(&payload), filter);
        assert_eq!(HistoryFilter::from_query(&pairs(&filter.to_query())), filter);
        assert!(HistoryFilter::from_payload(&serde_json::Value::Null).is_empty());
    }

    #[test]
    fn a_search_cannot_leave_its_organisation() {
        let query = full_text(crate::people::OrganisationId::new(3), "a\" OR organisation:o4 *");
        assert_eq!(query, r#"organisation:o3 AND {title description}:("a"* AND "or"* AND "organisation"* AND "o4"*)"#);
    }
}
