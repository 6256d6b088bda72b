//! `/tasks`: one's own work as cards. A single task's page is `task`, what is done to tasks `task_forms`.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::fragments::{Frame, View};
use super::page::{Nav, Page, Visit, written};
use crate::error::Result;
use crate::insight::{self, Slot};
use crate::live::Cursor;
use crate::locale::Lang;
use crate::people::UserId;

#[derive(Template)]
#[template(path = "tasks/index.html")]
pub struct TasksPage {
    page: Page,
    l: Lang,
    cursor: Cursor,
    groups: Vec<Group>,
    turns: Option<Timestamp>,
    user: UserId,
}

struct Group {
    id: &'static str,
    title: &'static str,
    count: String,
    cards: Vec<Arc<str>>,
}

impl IntoResponse for TasksPage {
    fn into_response(self) -> Response {
        let cards = self.groups.iter().flat_map(|group| &group.cards).map(|card| card.len()).sum();
        written(&self, cards)
    }
}

pub async fn get_tasks(visit: Visit) -> Result<TasksPage> {
    let page = visit.page(Nav::Tasks, "nav-tasks");
    let frame = Frame::of(&visit.app, &visit.viewer);
    let viewer = visit.viewer.clone();
    let user = viewer.user;
    let (cursor, groups, turns) = visit
        .app
        .db
        .snapshot(move |conn, cursor| {
            let mine = insight::mine(conn, &viewer, frame.now)?;
            let open = [&mine.overdue, &mine.today, &mine.later];
            let midnight = insight::mine::end_of_day(&viewer, frame.now);
            let turns = next_turn(open.into_iter().flatten(), frame.now).map_or(midnight, |due| due.min(midnight));
            let l = frame.l;
            let sections = [
                ("overdue", l.t("mine-overdue"), mine.overdue),
                ("today", l.t("mine-today"), mine.today),
                ("later", l.t("mine-later"), mine.later),
                ("no-date", l.t("mine-no-date"), mine.no_date),
                ("done", l.t("mine-done"), mine.done_lately),
            ];
            let mut groups = Vec::new();
            for (id, title, rows) in sections {
                if !rows.is_empty() {
                    let count = l.number(i64::try_from(rows.len()).unwrap_or(i64::MAX));
                    groups.push(Group { id, title, count, cards: frame.rendered(conn, View::Mine, &rows)? });
                }
            }
            Ok((cursor, groups, turns))
        })
        .await?;
    Ok(TasksPage { l: page.l, page, cursor, groups, turns: Some(turns), user })
}

/// When the next of these becomes overdue or its time comes: the page then asks again by itself, because nothing is sent for the passing of
/// time.
pub fn next_turn<'a>(rows: impl Iterator<Item = &'a Slot>, now: Timestamp) -> Option<Timestamp> {
    rows.filter(|slot| !slot.has_ended).flat_map(|slot| [slot.due, slot.run_at]).flatten().filter(|at| *at > now).min()
}
