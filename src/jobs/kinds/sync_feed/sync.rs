//! Brings tasks to where a feed has them, by field: what the feed says as it did before is left as people have it here since.

use std::sync::Arc;

use super::super::import_tasks::row::{Plan, Wanted};
use super::super::import_tasks::save::{may_be_changed, may_be_new, new_task, stand, told};
use crate::config;
use crate::db::Write;
use crate::error::Result;
use crate::jobs::columns::Standing;
use crate::jobs::feeds::{FeedId, Gone, Known, Said, digest};
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::jobs::sql;
use crate::locale::Lang;
use crate::people::{ProjectId, UserId};
use crate::tasks::actions::{Edit, cancel, create, edit, reopen};
use crate::tasks::{self, By, Status, Task};

/// What one entry asks for.
#[derive(Clone)]
pub enum Change {
    There(String, Arc<Wanted>),
    Gone(String),
}

/// How many of which.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Saved {
    pub new: i64,
    pub updated: i64,
    pub gone: i64,
    /// Of those that were updated, what was gone and came back.
    pub again: i64,
    pub unchanged: i64,
    pub failed: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Came {
    New,
    Updated,
    Again,
    Gone,
    Unchanged,
}

/// Some of what a feed changes.
pub struct Changes {
    pub feed: FeedId,
    pub project: Option<ProjectId>,
    pub assignee: UserId,
    pub gone: Gone,
    pub changes: Vec<Change>,
    pub l: Lang,
}

impl Changes {
    /// Makes them, each by itself; what could not be is told in items.
    pub fn save(self, w: &mut Write<'_>, by: &By, mut saved: Saved) -> Result<(Saved, Vec<NewItem>)> {
        let plan = Plan { l: self.l, ..Plan::default() };
        let mut items = Vec::new();
        let came = w.each(&self.changes, |w, change| match change {
            Change::There(uid, wanted) => self.there(w, by, uid, wanted),
            Change::Gone(uid) => self.gone(w, by, uid),
        })?;
        for (change, came) in self.changes.iter().zip(came) {
            match came {
                Ok(Came::New) => saved.new += 1,
                Ok(Came::Updated) => saved.updated += 1,
                Ok(Came::Again) => {
                    saved.updated += 1;
                    saved.again += 1;
                }
                Ok(Came::Gone) => saved.gone += 1,
                Ok(Came::Unchanged) => saved.unchanged += 1,
                Err(error) => {
                    saved.failed += 1;
                    items.push(item(change, told(plan.l, error)?));
                }
            }
        }
        Ok((saved, items))
    }

    fn there(&self, w: &mut Write<'_>, by: &By, uid: &str, wanted: &Wanted) -> Result<Came> {
        let said = said(wanted);
        let Some(before) = sql::feed_entry(w.conn, self.feed, uid)? else {
            let mut wanted = wanted.clone();
            wanted.assignee = wanted.assignee.or(Some(self.assignee));
            wanted.project = wanted.project.or(self.project);
            wanted.external_id = Some(self.external_id(uid));
            may_be_new(&wanted)?;
            let task = create(w, by, new_task(&wanted))?.task;
            stand(w, by, &task, wanted.standing)?;
            self.keep(w, uid, Known { task: task.id, said, is_gone: false, is_cancelled: false })?;
            return Ok(Came::New);
        };
        // Whoever deleted it here does not want it.
        let Some(task) = tasks::sql::find(w.conn, before.task)? else { return Ok(Came::Unchanged) };
        if !before.is_gone && before.said == said {
            return Ok(Came::Unchanged);
        }
        may_be_changed(&task)?;
        let is_open_again =
            before.is_cancelled && task.status == Status::Cancelled && wanted.standing != Some(Standing::Cancelled);
        let task = if is_open_again { reopen(w, by, task.id, "")?.task } else { Arc::new(task) };
        let changed = |field: &str| before.said.get(field) != said.get(field);
        edit(w, by, task.id, &self.edit_of(&said, &changed))?;
        if changed("standing") {
            stand(w, by, &task, wanted.standing)?;
        }
        let is_gone = before.is_gone;
        self.keep(w, uid, Known { task: task.id, said, is_gone: false, is_cancelled: false })?;
        Ok(if is_gone { Came::Again } else { Came::Updated })
    }

    fn gone(&self, w: &mut Write<'_>, by: &By, uid: &str) -> Result<Came> {
        let Some(before) = sql::feed_entry(w.conn, self.feed, uid)?.filter(|known| !known.is_gone) else {
            return Ok(Came::Unchanged);
        };
        let task = tasks::sql::find(w.conn, before.task)?;
        // What has ended is over either way.
        let mut is_cancelled = false;
        if let Some(Task { id, status, .. }) = task
            && self.gone == Gone::Cancel
            && !status.has_ended()
        {
            cancel(w, by, id, self.l.t("feed-gone-note"))?;
            is_cancelled = true;
        }
        self.keep(w, uid, Known { is_gone: true, is_cancelled, ..before })?;
        Ok(Came::Gone)
    }

    fn keep(&self, w: &Write<'_>, uid: &str, known: Known) -> Result<()> {
        sql::save_feed_entry(w.conn, self.feed, uid, &known, w.now)
    }

    fn external_id(&self, uid: &str) -> String {
        let whole = format!("feed-{}:{uid}", self.feed);
        if whole.chars().count() <= config::NAME_CHARS { whole } else { format!("feed-{}:{}", self.feed, digest(uid)) }
    }

    /// Only what the feed changed. A person whom it does not name any more stays: somebody has to do it.
    fn edit_of(&self, said: &Said, changed: &dyn Fn(&str) -> bool) -> Edit {
        let field = |name: &str| changed(name).then(|| said.get(name).cloned().unwrap_or_default());
        let project = |id: String| match (id.as_str(), self.project) {
            ("", Some(own)) => own.to_string(),
            _ => id,
        };
        Edit {
            title: field("title"),
            description: field("description"),
            assignee: field("assignee").filter(|id| !id.is_empty()),
            project: field("project").map(project),
            due: field("due"),
            priority: field("priority"),
            estimate: field("estimate"),
            category: field("category"),
            labels: changed("labels").then(|| {
                said.get("labels").map(|labels| labels.split('\n').map(ToOwned::to_owned).collect()).unwrap_or_default()
            }),
            ..Edit::default()
        }
    }
}

fn said(wanted: &Wanted) -> Said {
    let standing = wanted.standing.map(|standing| match standing {
        Standing::Open => "open".to_owned(),
        Standing::InProgress => "in-progress".to_owned(),
        Standing::Done => "done".to_owned(),
        Standing::Cancelled => "cancelled".to_owned(),
        Standing::At(percent) => percent.get().to_string(),
    });
    let fields = [
        ("title", Some(wanted.title.clone())),
        ("description", wanted.description.clone()),
        ("assignee", wanted.assignee.map(|id| id.to_string())),
        ("project", wanted.project.map(|id| id.to_string())),
        ("due", wanted.due_text.clone()),
        ("priority", wanted.priority.map(|priority| priority.to_string())),
        ("standing", standing),
        ("estimate", wanted.estimate_minutes.map(|minutes| minutes.to_string())),
        ("category", wanted.category.clone()),
        ("labels", wanted.labels.as_ref().map(|labels| labels.join("\n"))),
    ];
    fields.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value))).collect()
}

fn item(change: &Change, why: String) -> NewItem {
    let key = match change {
        Change::There(uid, wanted) => format!("{uid} · {}", wanted.title),
        Change::Gone(uid) => uid.clone(),
    };
    let key: String = key.chars().filter(|c| !c.is_control()).take(config::ITEM_KEY_CHARS).collect();
    NewItem { key: Some(key), outcome: ItemOutcome::Failed, message: Some(why) }
}
