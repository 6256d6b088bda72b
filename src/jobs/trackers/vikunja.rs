//! Vikunja: the export of one's own data, as versions 0.21 and later write it into `data.json` (a list of projects with their
//! tasks and comments: `pkg/models/export.go`, `tasks.go` and `task_comments.go` of go-vikunja/vikunja). E-mail addresses are
//! blanked out there, so people are known by name. Priority goes from 0 (none) to 5 (do now), percent from 0 to 1.

use std::collections::HashMap;

use serde::Deserialize;

use super::found::{Found, Person, moment};
use super::json::{Loose, Many, parse};
use super::markup::plain;
use super::{Export, Left, Lefts, Tracker, Wishes, leave};
use crate::error::Message;
use crate::jobs::columns::Standing;
use crate::tasks::{Percent, Priority};

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Project {
    title: Loose,
    description: Loose,
    is_archived: Loose,
    tasks: Many<Task>,
    buckets: Many<Bucket>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Bucket {
    id: Loose,
    title: Loose,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Task {
    id: Loose,
    title: Loose,
    description: Loose,
    done: Loose,
    due_date: Loose,
    start_date: Loose,
    reminders: Many<Loose>,
    repeat_after: Loose,
    repeat_mode: Loose,
    priority: Loose,
    percent_done: Loose,
    assignees: Many<User>,
    labels: Many<Label>,
    attachments: Many<Loose>,
    related_tasks: Option<HashMap<String, Many<Loose>>>,
    bucket_id: Loose,
    comments: Many<Comment>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    name: Loose,
    username: Loose,
    email: Loose,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Label {
    title: Loose,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Comment {
    comment: Loose,
    author: Option<User>,
    created: Loose,
}

pub fn read(bytes: &[u8], wishes: &Wishes) -> Result<Export, Message> {
    let Many(projects) = parse::<Many<Project>>(bytes)?;
    let (mut tasks, mut left) = (Vec::new(), Lefts::new());
    for project in &projects {
        if project.is_archived.is_yes() && !wishes.with_archived {
            leave(&mut left, Left::Archived, project.tasks.0.len());
            continue;
        }
        leave(&mut left, Left::Notes, usize::from(!project.description.is_blank()));
        tasks.extend(project.tasks.0.iter().map(|task| found(task, project)));
    }
    Ok(Export { tracker: Tracker::Vikunja, tasks, left })
}

fn found(task: &Task, project: &Project) -> Found {
    let mut found = Found::new(Tracker::Vikunja, task.id.get(), task.title.get(), &plain(task.description.get()));
    found.in_project(project.title.get());
    found.people = task.assignees.0.iter().filter_map(person).collect();
    found.due_at(moment(task.due_date.get()));
    found.priority = priority(&task.priority);
    found.standing = standing(task);
    if let Some(bucket) = project.buckets.0.iter().find(|bucket| !bucket.id.is_blank() && bucket.id == task.bucket_id) {
        found.stands_in(bucket.title.get());
    }
    found.standing.get_or_insert(Standing::Open);
    for label in &task.labels.0 {
        found.label(label.title.get());
    }
    for comment in &task.comments.0 {
        found.comment(
            comment.author.as_ref().and_then(person),
            moment(comment.created.get()),
            &plain(comment.comment.get()),
        );
    }
    let repeats = task.repeat_after.number().is_some_and(|seconds| seconds > 0.0) || task.repeat_mode.get() == "1";
    found.leave(Left::Recurrence, usize::from(repeats));
    found.leave(Left::StartDates, usize::from(moment(task.start_date.get()).is_some()));
    found.leave(Left::Reminders, task.reminders.0.len());
    found.leave(Left::Attachments, task.attachments.0.len());
    found.leave(Left::Relations, task.related_tasks.iter().flat_map(HashMap::values).map(|tasks| tasks.0.len()).sum());
    found
}

fn person(user: &User) -> Option<Person> {
    let name = if user.name.is_blank() { user.username.get() } else { user.name.get() };
    Person::new(name, user.email.get())
}

fn priority(said: &Loose) -> Option<Priority> {
    match said.get() {
        "1" => Some(Priority::Low),
        "2" => Some(Priority::Medium),
        "3" => Some(Priority::High),
        "4" | "5" => Some(Priority::Urgent),
        _ => None,
    }
}

/// None: only the list in which it stands can tell.
fn standing(task: &Task) -> Option<Standing> {
    if task.done.is_yes() {
        return Some(Standing::Done);
    }
    let percent = task.percent_done.number().and_then(|share| Percent::new(share * 100.0).ok());
    percent.filter(|percent| *percent > Percent::ZERO).map(Standing::At)
}
