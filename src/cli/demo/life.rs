//! Lets the demo's work go on by itself, at a human pace and through the same
//! verbs as the pages: reports, comments, completions, new and reopened work,
//! people who come and go. Nothing is done in the two visitors' names. What is
//! finished is made up for, mostly by reopening, so that the organisation stays
//! as it is for days.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::chance::Chance;
use super::plan::{OPEN, TASKS, somebody};
use super::seed::Seeded;
use super::words::{CAST, Occasion, PROJECTS, Titles, VISITING_ADMIN, VISITING_MEMBER, say};
use crate::App;
use crate::error::{Error, Result};
use crate::insight::{Counts, Filter, HistoryFilter, Slot, TaskRow, history, mine, monitor};
use crate::people::presence::note_presence;
use crate::people::{
    Credential, Presence, PresenceSource, Scopes, SessionKey, Theme, UserId, Viewer, sql as people_rows,
};
use crate::tasks::actions::{self, Edit, Form, NewTasks};
use crate::tasks::sql::find_for;
use crate::tasks::{Status, Task, Via};

/// Milliseconds between two things that happen.
const PACE: (i64, i64) = (1_200, 6_500);
/// New work beyond what the demo began with: some at once, then this much an hour.
const NEW_AT_ONCE: i64 = 20;
const NEW_AN_HOUR: i64 = 1;
/// Cancelled tasks come only slowly: they are not opened again.
const CANCELLED: i64 = 30;
/// So many overdue tasks are life; more, and an admin puts one off.
const OVERDUE: i64 = 24;
/// The visiting member is given new work up to this many open tasks.
const VISITOR_OPEN: i64 = 18;
/// At least so many are at work at any time.
const ACTIVE: usize = 5;

pub struct Life {
    app: App,
    seeded: Seeded,
    chance: Chance,
    titles: Titles,
    /// By position in the cast; nobody speaks for the visitors.
    moods: Vec<Presence>,
    noted_at: Option<Timestamp>,
    began_at: Timestamp,
}

impl Life {
    pub fn new(app: App, seeded: Seeded, chance: Chance, titles: Titles) -> Life {
        let moods = (0..CAST.len())
            .map(|position| match position % 12 {
                7 | 9 => Presence::Idle,
                11 => Presence::Offline,
                _ => Presence::Active,
            })
            .collect();
        let began_at = app.clock.now();
        Life { app, seeded, chance, titles, moods, noted_at: None, began_at }
    }

    /// Never ends by itself: abort it before the database closes.
    pub async fn go_on(mut self) {
        loop {
            match self.step().await {
                Ok(()) => {}
                Err(Error::Internal(error)) => tracing::warn!("the demo's work stumbled: {error:#}"),
                // A visitor was quicker, or changed who may do what.
                Err(refused) => tracing::debug!("the demo's work was refused: {refused}"),
            }
            let pause = u64::try_from(self.chance.between(PACE.0, PACE.1)).unwrap_or(2_000);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// One thing happens.
    pub(super) async fn step(&mut self) -> Result<()> {
        self.keep_presence().await?;
        let people = self.people_at_work().await?;
        let admins: Vec<&(usize, Viewer)> = people.iter().filter(|(_, viewer)| viewer.is_admin()).collect();
        let worker = self.chance.any(&people).cloned();
        if let Some(admin) = self.chance.any(&admins).map(|admin| (*admin).clone()) {
            let counts = self.counts(&admin.1).await?;
            let open = counts.pending + counts.in_progress;
            if open < OPEN as i64 && self.chance.percent(45) {
                return self.make_up_for_ended(&admin, counts.total).await;
            }
            if counts.overdue > OVERDUE && self.chance.percent(25) {
                return self.put_off(&admin).await;
            }
            let cancelled = counts.total - open - counts.done;
            if cancelled < CANCELLED + self.hours() / 6 && self.chance.percent(1) {
                return self.cancel(&admin).await;
            }
            if self.chance.percent(4) {
                return self.comment_on(&admin).await;
            }
        }
        let Some(worker) = worker else { return Ok(()) };
        match self.chance.between(1, 100) {
            1..=9 => self.change_mood().await,
            10..=16 => self.comment_on(&worker).await,
            _ => self.work_on(&worker).await,
        }
    }

    fn speaks_for(position: usize) -> bool {
        position != VISITING_ADMIN && position != VISITING_MEMBER
    }

    /// Signs of life each half minute, so that nobody falls silent.
    async fn keep_presence(&mut self) -> Result<()> {
        let now = self.app.clock.now();
        if self.noted_at.is_some_and(|noted| now.duration_since(noted) < SignedDuration::from_secs(30)) {
            return Ok(());
        }
        self.noted_at = Some(now);
        for position in (0..CAST.len()).filter(|position| Self::speaks_for(*position)) {
            self.show(position).await?;
        }
        Ok(())
    }

    async fn show(&self, position: usize) -> Result<()> {
        let (user, mood) = (self.seeded.people[position], self.moods[position]);
        if mood == Presence::Offline && self.app.presence.of(self.seeded.organisation, user) == mood {
            return Ok(());
        }
        note_presence(&self.app, self.seeded.organisation, user, mood, PresenceSource::Pages).await
    }

    async fn change_mood(&mut self) -> Result<()> {
        let position = self.chance.below(CAST.len());
        let active =
            (0..CAST.len()).filter(|position| Self::speaks_for(*position) && self.moods[*position] == Presence::Active);
        let enough = active.count() > ACTIVE;
        let admins = (0..CAST.len()).filter(|other| {
            Self::speaks_for(*other) && self.moods[*other] == Presence::Active && CAST[*other].role.is_admin()
        });
        // Somebody has to give out the work.
        let needed = CAST[position].role.is_admin() && admins.count() < 2;
        let next = match self.moods[position] {
            Presence::Active if enough && !needed => Presence::Idle,
            Presence::Idle if self.chance.percent(30) => Presence::Offline,
            _ => Presence::Active,
        };
        if Self::speaks_for(position) {
            self.moods[position] = next;
            self.show(position).await?;
        }
        Ok(())
    }

    /// Whoever of the cast is active and still a member, as they would see it.
    async fn people_at_work(&self) -> Result<Vec<(usize, Viewer)>> {
        let (organisation, now) = (self.seeded.organisation, self.app.clock.now());
        let (members, (name, zone, sees_projects)) = self
            .app
            .db
            .read(move |conn| {
                Ok((people_rows::members(conn, organisation)?, people_rows::settings(conn, organisation)?))
            })
            .await?;
        let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
        let at_work = |user: UserId| {
            let position = self.seeded.people.iter().position(|known| *known == user)?;
            (Self::speaks_for(position) && self.moods[position] == Presence::Active).then_some(position)
        };
        let viewers = members.into_iter().filter(|member| member.deactivated_at.is_none()).filter_map(|member| {
            let viewer = Viewer {
                user: member.user,
                organisation,
                role: member.role,
                name: member.name,
                email: member.email,
                organisation_name: name.clone(),
                language: None,
                theme: Theme::Auto,
                zone: zone.clone(),
                organisation_zone: zone.clone(),
                sees_projects,
                is_program: false,
                // No session stands behind it: it opens no stream and no page.
                credential: Credential::Session(SessionKey::from_bytes([0; 32])),
                scopes: Scopes::all(),
                expires_at: now,
                known_at: 0,
                organisations: Vec::new(),
                unread: 0,
            };
            Some((at_work(member.user)?, viewer))
        });
        Ok(viewers.collect())
    }

    async fn counts(&self, viewer: &Viewer) -> Result<Counts> {
        let (viewer, now) = (viewer.clone(), self.app.clock.now());
        let page = self.app.db.read(move |conn| monitor(conn, &viewer, &Filter::default(), now, None)).await?;
        Ok(page.counts)
    }

    /// This person's own open tasks.
    async fn own_work(&self, viewer: &Viewer) -> Result<Vec<Task>> {
        let (viewer, now) = (viewer.clone(), self.app.clock.now());
        let find = move |conn: &rusqlite::Connection| {
            let mine = mine(conn, &viewer, now)?;
            let open = [mine.overdue, mine.today, mine.later, mine.no_date].concat();
            let tasks = open.iter().map(|slot| find_for(conn, &viewer, slot.id));
            tasks.filter_map(Result::transpose).collect()
        };
        self.app.db.read(find).await
    }

    /// A report on some own task: mostly more progress, now and then less, and at its end done.
    async fn work_on(&mut self, (position, viewer): &(usize, Viewer)) -> Result<()> {
        let tongue = CAST[*position].tongue;
        let open = self.own_work(viewer).await?;
        let (started, waiting): (Vec<Task>, Vec<Task>) =
            open.into_iter().partition(|task| task.status == Status::InProgress);
        // About a third of what is open waits to be started.
        let starts = started.is_empty() || (waiting.len() * 2 > started.len() && self.chance.percent(30));
        let from = if starts && !waiting.is_empty() { waiting } else { started };
        let Some(task) = self.chance.any(&from) else { return Ok(()) };
        #[expect(clippy::cast_possible_truncation, reason = "a percent is at most 100")]
        let now_at = task.progress.get().round() as i64;
        let (next, occasion) = if now_at > 35 && self.chance.percent(9) {
            (now_at - self.chance.between(2, 5) * 5, Occasion::Setback)
        } else {
            (now_at / 5 * 5 + self.chance.pick(&[5, 5, 10, 10, 15, 20, 25]), Occasion::Progress)
        };
        if next >= 100 {
            let note = if self.chance.percent(60) { say(&mut self.chance, tongue, Occasion::Done) } else { "" };
            self.app
                .act(viewer, Via::Page, {
                    let (id, text) = (task.id, note.to_owned());
                    move |w, by| actions::complete(w, by, id, &text)
                })
                .await?;
            return Ok(());
        }
        let says = matches!(occasion, Occasion::Setback) || self.chance.percent(40);
        let note = if says { say(&mut self.chance, tongue, occasion) } else { "" };
        let report = Form { progress: next.to_string(), note: note.to_owned(), ..Form::default() };
        actions::report_progress(&self.app, viewer, task.id, report).await?;
        Ok(())
    }

    async fn comment_on(&mut self, (position, viewer): &(usize, Viewer)) -> Result<()> {
        let Some(task) = self.some_open(viewer).await? else { return Ok(()) };
        let text = say(&mut self.chance, CAST[*position].tongue, Occasion::Comment);
        self.app
            .act(viewer, Via::Page, {
                let (id, text) = (task.id, text.to_owned());
                move |w, by| actions::comment(w, by, id, &text)
            })
            .await?;
        Ok(())
    }

    /// Some open task that this person sees, one at risk most of all.
    async fn some_open(&mut self, viewer: &Viewer) -> Result<Option<Slot>> {
        let (asking, now) = (viewer.clone(), self.app.clock.now());
        let page = self.app.db.read(move |conn| monitor(conn, &asking, &Filter::default(), now, None)).await?;
        Ok(self.chance.any(&page.rows).copied())
    }

    fn hours(&self) -> i64 {
        self.app.clock.now().duration_since(self.began_at).as_hours()
    }

    /// An admin gives out something new, or opens something again.
    async fn make_up_for_ended(&mut self, admin: &(usize, Viewer), total: i64) -> Result<()> {
        let may_grow = total < TASKS as i64 + NEW_AT_ONCE + NEW_AN_HOUR * self.hours();
        if may_grow && self.chance.percent(60) { self.assign(admin).await } else { self.reopen(admin).await }
    }

    async fn assign(&mut self, (_, admin): &(usize, Viewer)) -> Result<()> {
        let mut position = somebody(&mut self.chance);
        if self.chance.percent(20) && self.open_of(VISITING_MEMBER).await? < VISITOR_OPEN {
            position = VISITING_MEMBER;
        }
        let (person, organisation) = (&CAST[position], self.seeded.organisation);
        let project = self.chance.percent(88).then(|| self.chance.pick(person.projects));
        let title = self.titles.draw(project, person.tongue);
        // A visitor may have put the project away.
        let projects = self.app.db.read(move |conn| Ok(people_rows::projects(conn, organisation)?)).await?;
        let in_use = project.filter(|project| {
            let id = self.seeded.projects[(*project).min(PROJECTS.len() - 1)];
            projects.iter().any(|known| known.id == id && known.archived_at.is_none())
        });
        let described = self.chance.percent(50);
        let form = NewTasks {
            title,
            assignee: self.seeded.people[position].to_string(),
            project: in_use.map_or_else(String::new, |project| self.seeded.projects[project].to_string()),
            due: self.due(admin, 75),
            priority: self.chance.pick(&["low", "medium", "medium", "high", "urgent"]).to_owned(),
            description: if described { say(&mut self.chance, person.tongue, Occasion::Description) } else { "" }
                .to_owned(),
            estimate: self.chance.pick(&["", "30m", "1h", "2h", "4h"]).to_owned(),
        };
        actions::create_tasks(&self.app, admin, form).await?;
        Ok(())
    }

    async fn open_of(&self, position: usize) -> Result<i64> {
        let (organisation, user) = (self.seeded.organisation, self.seeded.people[position]);
        let members = self.app.db.read(move |conn| Ok(people_rows::members(conn, organisation)?)).await?;
        Ok(members.iter().find(|member| member.user == user).map_or(0, |member| member.open_tasks))
    }

    /// A day to come as a form has it, or some half hour soon; blank when there shall be none.
    fn due(&mut self, admin: &Viewer, often: i64) -> String {
        let now = self.app.clock.now();
        if !self.chance.percent(often) {
            return String::new();
        }
        if self.chance.percent(30) {
            let soon = now.as_second() / 1_800 * 1_800 + self.chance.between(1, 5) * 1_800;
            return Timestamp::from_second(soon).map_or_else(|_| String::new(), |at| at.to_string());
        }
        let days = self.chance.pick(&[0, 1, 2, 4, 6, 9, 14, 21]);
        let date = now.to_zoned(admin.zone.clone()).date().checked_add(Span::new().days(days));
        date.map_or_else(|_| String::new(), |date| date.to_string())
    }

    /// Something that was done needs another round, with a new date.
    async fn reopen(&mut self, (position, admin): &(usize, Viewer)) -> Result<()> {
        let person = self.seeded.people[somebody(&mut self.chance)];
        let filter = HistoryFilter { status: Some(Status::Done), person: Some(person), ..HistoryFilter::default() };
        let asking = admin.clone();
        let page = self.app.db.read(move |conn| history(conn, &asking, &filter, None)).await?;
        let done: Vec<&TaskRow> = page.rows.iter().filter(|row| !self.is_visitors(row.task.assignee)).collect();
        let Some(row) = self.chance.any(&done) else { return Ok(()) };
        let note = say(&mut self.chance, CAST[*position].tongue, Occasion::Reopened);
        let id = row.task.id;
        self.app
            .act(admin, Via::Page, {
                let (id, text) = (id, note.to_owned());
                move |w, by| actions::reopen(w, by, id, &text)
            })
            .await?;
        let due = self.due(admin, 70);
        self.app
            .act(admin, Via::Page, {
                let edit = Edit { due: Some(due), ..Edit::default() };
                move |w, by| actions::edit(w, by, id, &edit)
            })
            .await?;
        // Otherwise it would be as good as done again.
        let progress = self.chance.pick(&[0, 0, 10, 25, 40, 60]).to_string();
        actions::report_progress(&self.app, admin, id, Form { progress, ..Form::default() }).await?;
        Ok(())
    }

    /// What is overdue gets a later date.
    async fn put_off(&mut self, (_, admin): &(usize, Viewer)) -> Result<()> {
        let (asking, now) = (admin.clone(), self.app.clock.now());
        let filter = Filter { overdue: true, ..Filter::default() };
        let page = self.app.db.read(move |conn| monitor(conn, &asking, &filter, now, None)).await?;
        let Some(task) = self.chance.any(&page.rows) else { return Ok(()) };
        let due = self.due(admin, 100);
        self.app
            .act(admin, Via::Page, {
                let id = task.id;
                let edit = Edit { due: Some(due), ..Edit::default() };
                move |w, by| actions::edit(w, by, id, &edit)
            })
            .await?;
        Ok(())
    }

    fn is_visitors(&self, assignee: Option<UserId>) -> bool {
        [VISITING_ADMIN, VISITING_MEMBER].iter().any(|visitor| assignee == Some(self.seeded.people[*visitor]))
    }

    async fn cancel(&mut self, (position, admin): &(usize, Viewer)) -> Result<()> {
        let Some(task) = self.some_open(admin).await? else { return Ok(()) };
        if self.is_visitors(task.assignee) {
            return Ok(());
        }
        let note = say(&mut self.chance, CAST[*position].tongue, Occasion::Cancelled);
        self.app
            .act(admin, Via::Page, {
                let (id, text) = (task.id, note.to_owned());
                move |w, by| actions::cancel(w, by, id, &text)
            })
            .await?;
        Ok(())
    }
}
