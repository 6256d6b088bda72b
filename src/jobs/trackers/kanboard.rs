//! Kanboard: answers of its JSON-RPC API (version 1.2: docs.kanboard.org/v1/api), one or a batch of them as they came:
//! `getAllTasks` or `getBoard`, and beside these, as far as they are there, `getAllUsers`, `getAllProjects`, `getColumns`,
//! `getAllComments` and `getAllSubtasks`. Each of these lists is known by what its members have. Numbers come as texts or as
//! numbers, moments as seconds; priority goes from 0 upwards, by default to 3.

use std::collections::HashMap;

use serde::Deserialize;

use super::found::{Found, Person, moment_of_seconds};
use super::json::{Loose, Many, parse};
use super::{Export, Left, Lefts, Tracker};
use crate::config;
use crate::error::Message;
use crate::jobs::columns::Standing;
use crate::tasks::Priority;

/// A member of any of the lists, or a list itself.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Thing {
    id: Loose,
    title: Loose,
    name: Loose,
    description: Loose,
    username: Loose,
    email: Loose,
    project_id: Loose,
    project_name: Loose,
    column_id: Loose,
    owner_id: Loose,
    user_id: Loose,
    task_id: Loose,
    assignee_username: Loose,
    assignee_name: Loose,
    comment: Loose,
    status: Loose,
    is_active: Loose,
    priority: Loose,
    date_creation: Loose,
    date_due: Loose,
    date_started: Loose,
    time_estimated: Loose,
    time_spent: Loose,
    recurrence_status: Loose,
    nb_files: Loose,
    nb_links: Loose,
    tags: Many<Tag>,
    result: Many<Thing>,
    columns: Many<Thing>,
    tasks: Many<Thing>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Tag {
    Named { name: Loose },
    Text(Loose),
}

/// All that the answers have, by number.
#[derive(Default)]
struct Lists<'a> {
    tasks: Vec<&'a Thing>,
    users: HashMap<&'a str, &'a Thing>,
    projects: HashMap<&'a str, &'a Thing>,
    columns: HashMap<&'a str, &'a Thing>,
    comments: HashMap<&'a str, Vec<&'a Thing>>,
    subtasks: HashMap<&'a str, Vec<&'a Thing>>,
}

impl<'a> Lists<'a> {
    fn sort(&mut self, thing: &'a Thing) {
        let has = |value: &Loose| !value.is_blank();
        let id = thing.id.get();
        if has(&thing.column_id) && has(&thing.title) {
            self.tasks.push(thing);
        } else if has(&thing.task_id) && has(&thing.comment) {
            self.comments.entry(thing.task_id.get()).or_default().push(thing);
        } else if has(&thing.task_id) && has(&thing.title) {
            self.subtasks.entry(thing.task_id.get()).or_default().push(thing);
        } else if has(&thing.username) {
            self.users.insert(id, thing);
        } else if has(&thing.title) {
            self.columns.insert(id, thing);
        } else if has(&thing.name) && thing.columns.0.is_empty() {
            self.projects.insert(id, thing);
        }
        for list in [&thing.result, &thing.columns, &thing.tasks] {
            list.0.iter().for_each(|member| self.sort(member));
        }
    }
}

pub fn read(bytes: &[u8]) -> Result<Export, Message> {
    let things = if bytes.starts_with(b"[") { parse::<Many<Thing>>(bytes)?.0 } else { vec![parse::<Thing>(bytes)?] };
    let mut lists = Lists::default();
    things.iter().for_each(|thing| lists.sort(thing));
    let tasks = lists.tasks.iter().map(|task| found(task, &lists)).collect();
    Ok(Export { tracker: Tracker::Kanboard, tasks, left: Lefts::new() })
}

fn found(task: &Thing, lists: &Lists<'_>) -> Found {
    let mut found = Found::new(Tracker::Kanboard, task.id.get(), task.title.get(), task.description.get());
    let subtasks = lists.subtasks.get(task.id.get()).into_iter().flatten();
    // Done is 2 there.
    let subtasks = subtasks.map(|subtask| {
        let mark = if subtask.status.get() == "2" { 'x' } else { ' ' };
        format!("- [{mark}] {}", subtask.title.get())
    });
    let subtasks: Vec<String> = subtasks.collect();
    if !subtasks.is_empty() {
        found.describe(&subtasks.join("\n"));
    }
    let project =
        lists.projects.get(task.project_id.get()).map_or(task.project_name.get(), |project| project.name.get());
    found.in_project(project);
    found.people = assignee(task, lists).into_iter().collect();
    found.due_at(moment_of_seconds(task.date_due.get()));
    found.priority = priority(task.priority.get());
    found.estimate_minutes = minutes_of_hours(task.time_estimated.number());
    found.standing = (task.is_active.get() == "0").then_some(Standing::Done);
    if let Some(column) = lists.columns.get(task.column_id.get()) {
        found.stands_in(column.title.get());
    }
    found.standing.get_or_insert(Standing::Open);
    for Tag::Named { name } | Tag::Text(name) in &task.tags.0 {
        found.label(name.get());
    }
    for comment in lists.comments.get(task.id.get()).into_iter().flatten() {
        let author = lists.users.get(comment.user_id.get()).and_then(|user| person(user)).or_else(|| person(comment));
        found.comment(author, moment_of_seconds(comment.date_creation.get()), comment.comment.get());
    }
    let count = |number: &Loose| number.get().parse().unwrap_or(0);
    found.leave(Left::StartDates, usize::from(moment_of_seconds(task.date_started.get()).is_some()));
    found.leave(Left::TimeSpent, usize::from(task.time_spent.number().is_some_and(|hours| hours > 0.0)));
    found.leave(Left::Recurrence, usize::from(!matches!(task.recurrence_status.get(), "" | "0")));
    found.leave(Left::Attachments, count(&task.nb_files));
    found.leave(Left::Relations, count(&task.nb_links));
    found
}

fn assignee(task: &Thing, lists: &Lists<'_>) -> Option<Person> {
    if let Some(user) = lists.users.get(task.owner_id.get()) {
        return person(user);
    }
    let name = if task.assignee_name.is_blank() { task.assignee_username.get() } else { task.assignee_name.get() };
    match (name, task.owner_id.get()) {
        ("", "" | "0") => None,
        // Somebody, of whom the file has only the number.
        ("", number) => Person::new(&format!("#{number}"), ""),
        (name, _) => Person::new(name, task.assignee_username.get()),
    }
}

fn person(user: &Thing) -> Option<Person> {
    let name = if user.name.is_blank() { user.username.get() } else { user.name.get() };
    let email = if user.email.is_blank() { user.username.get() } else { user.email.get() };
    Person::new(name, email)
}

/// Its default is 0, the lowest: nobody said anything.
pub fn priority(said: &str) -> Option<Priority> {
    match said.trim().parse::<i64>().ok()? {
        1 => Some(Priority::Medium),
        2 => Some(Priority::High),
        3.. => Some(Priority::Urgent),
        _ => None,
    }
}

pub fn minutes_of_hours(hours: Option<f64>) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    let minutes = (hours? * 60.0).round() as i64;
    config::ESTIMATE_MINUTES.contains(&minutes).then_some(minutes)
}
