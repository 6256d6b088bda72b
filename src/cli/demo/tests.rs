//! The promises of the demo: what it is filled with, and that its work goes on
//! without changing what kind of organisation it is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::chance::Chance;
use super::life::Life;
use super::plan::{OPEN, TASKS};
use super::plant::PLANTS;
use super::seed::{self, Seeded};
use super::words::{CAST, PROJECTS, Titles, VISITING_ADMIN, VISITING_MEMBER};
use super::{STORY, config};
use crate::App;
use crate::clock::Clock;
use crate::insight::{Counts, Filter, HistoryFilter, HistoryPage, history, mine, monitor};
use crate::jobs::BuiltIn;
use crate::people::{Credential, Role, Scopes, SessionKey, Theme, Viewer, sql as people_rows};
use crate::tasks::{Due, Entry, Priority, Status, Task, fold, sql};

/// A Sunday night: the hour that is hardest to fill with working hours.
const NOW: &str = "2026-11-22T01:30:00Z";

struct Demo {
    app: App,
    seeded: Seeded,
    chance: Option<(Chance, Titles)>,
    _folder: tempfile::TempDir,
}

async fn demo() -> Demo {
    let folder = tempfile::tempdir().unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    let app = App::open(config("127.0.0.1:0".parse().unwrap(), folder.path()), Clock::manual(now)).unwrap();
    let mut chance = Chance::new(STORY);
    let mut titles = Titles::new(&mut chance);
    let seeded = seed::fill(&app, &mut chance, &mut titles, "Asia/Jerusalem").await.unwrap();
    Demo { app, seeded, chance: Some((chance, titles)), _folder: folder }
}

impl Demo {
    async fn viewer(&self, position: usize) -> Viewer {
        let organisation = self.seeded.organisation;
        let (name, zone, sees_projects) =
            self.app.db.read(move |conn| Ok(people_rows::settings(conn, organisation)?)).await.unwrap();
        let zone = jiff::tz::TimeZone::get(&zone).unwrap();
        Viewer {
            user: self.seeded.people[position],
            organisation,
            role: CAST[position].role,
            name: CAST[position].name.into(),
            email: CAST[position].email.into(),
            organisation_name: name,
            language: None,
            theme: Theme::Auto,
            zone: zone.clone(),
            organisation_zone: zone,
            sees_projects,
            is_program: false,
            credential: Credential::Session(SessionKey::from_bytes([0; 32])),
            scopes: Scopes::all(),
            expires_at: self.app.clock.now(),
            known_at: 0,
            organisations: Vec::new(),
            unread: 0,
        }
    }

    async fn tasks(&self) -> Vec<Task> {
        let viewer = self.viewer(VISITING_ADMIN).await;
        let rows = self.app.db.read(move |conn| {
            let (mut rows, mut next) = (Vec::new(), None);
            loop {
                let HistoryPage { rows: page, next: after } = history(conn, &viewer, &HistoryFilter::default(), next)?;
                rows.extend(page.into_iter().map(|row| row.task));
                if after.is_none() {
                    return Ok(rows);
                }
                next = after;
            }
        });
        rows.await.unwrap()
    }

    async fn trail(&self) -> Vec<Entry> {
        let organisation = self.seeded.organisation;
        self.app.db.read(move |conn| sql::trail_after(conn, organisation, 0, i64::MAX)).await.unwrap()
    }

    async fn counts(&self, filter: Filter) -> Counts {
        let (viewer, now) = (self.viewer(VISITING_ADMIN).await, self.app.clock.now());
        self.app.db.read(move |conn| Ok(monitor(conn, &viewer, &filter, now, None)?.counts)).await.unwrap()
    }

    /// Every task stands as its trail says, and every count as its tasks do.
    async fn agrees(&self) {
        let (tasks, trail) = (self.tasks().await, self.trail().await);
        for task in &tasks {
            let own: Vec<&Entry> = trail.iter().filter(|entry| entry.task == task.id).collect();
            let folded = fold(own.iter().map(|entry| &entry.new));
            assert_eq!(Value::Object(folded), Value::Object(task.facts()), "task {}", task.id);
            assert_eq!(own.len() as i64, task.version, "task {}", task.id);
            assert_eq!(own.last().unwrap().at, task.updated_at, "task {}", task.id);
        }
        for person in std::iter::once(None).chain(self.seeded.people.iter().copied().map(Some)) {
            for project in std::iter::once(None).chain(self.seeded.projects.iter().copied().map(Some)) {
                let of: Vec<&Task> = tasks
                    .iter()
                    .filter(|task| person.is_none() || task.assignee == person)
                    .filter(|task| project.is_none() || task.project == project)
                    .collect();
                let with = |status| of.iter().filter(|task| task.status == status).count() as i64;
                let counts = self.counts(Filter { person, project, ..Filter::default() }).await;
                assert_eq!(counts.total, of.len() as i64);
                assert_eq!(counts.pending, with(Status::Pending));
                assert_eq!(counts.in_progress, with(Status::InProgress));
                assert_eq!(counts.done, with(Status::Done));
            }
        }
    }
}

fn count_by<K: Ord>(tasks: &[Task], key: impl Fn(&Task) -> K) -> BTreeMap<K, usize> {
    tasks.iter().fold(BTreeMap::new(), |mut counts, task| {
        *counts.entry(key(task)).or_default() += 1;
        counts
    })
}

#[tokio::test]
async fn the_demo_has_the_people_and_tasks_it_promises() {
    let demo = demo().await;
    let organisation = demo.seeded.organisation;
    let (members, projects) = demo
        .app
        .db
        .read(move |conn| Ok((people_rows::members(conn, organisation)?, people_rows::projects(conn, organisation)?)))
        .await
        .unwrap();
    assert_eq!(members.len(), 12);
    assert_eq!(members.iter().map(|member| member.role).collect::<BTreeSet<_>>().len(), Role::ALL.len());
    assert_eq!(projects.len(), PROJECTS.len());
    assert!(projects.iter().all(|project| project.members.len() >= 3));
    let tasks = demo.tasks().await;
    assert_eq!(tasks.len(), TASKS);
    let statuses = count_by(&tasks, |task| task.status);
    for status in [Status::Pending, Status::InProgress, Status::Done, Status::Cancelled] {
        assert!(statuses[&status] >= 15, "{statuses:?}");
    }
    let priorities = count_by(&tasks, |task| task.priority);
    assert!(Priority::ALL.iter().all(|priority| priorities[priority] >= 20), "{priorities:?}");
    let titles: BTreeSet<&str> = tasks.iter().map(|task| task.title.as_str()).collect();
    assert!(titles.len() >= 280, "only {} different titles", titles.len());
    assert!(tasks.iter().any(|task| task.title.starts_with(|c| ('א'..='ת').contains(&c))));
    assert!(tasks.iter().any(|task| task.description.contains("**")));
}

#[tokio::test]
async fn the_trail_is_a_month_long_in_order_and_never_ahead_of_time() {
    let demo = demo().await;
    let (trail, now) = (demo.trail().await, demo.app.clock.now());
    assert!(trail.is_sorted_by_key(|entry| entry.at));
    assert!(now.duration_since(trail[0].at) > SignedDuration::from_hours(25 * 24));
    assert!(trail.last().unwrap().at < now);
    let changes: BTreeSet<&str> = trail.iter().map(|entry| entry.change.as_str()).collect();
    for change in
        ["created", "assigned", "progress", "completed", "reopened", "cancelled", "due", "priority", "comment"]
    {
        assert!(changes.contains(change), "no {change} in the trail");
    }
    demo.agrees().await;
}

#[tokio::test]
async fn both_visitors_find_something_under_every_heading() {
    let demo = demo().await;
    let now = demo.app.clock.now();
    let member = demo.viewer(VISITING_MEMBER).await;
    let mine = demo.app.db.read(move |conn| mine(conn, &member, now)).await.unwrap();
    for (heading, rows) in [
        ("overdue", &mine.overdue),
        ("today", &mine.today),
        ("later", &mine.later),
        ("no date", &mine.no_date),
        ("done lately", &mine.done_lately),
    ] {
        assert!(rows.len() >= 2, "{heading}: {}", rows.len());
    }
    let tasks = demo.tasks().await;
    let overdue = tasks.iter().filter(|task| task.is_overdue(now)).count();
    assert!((12..=35).contains(&overdue), "{overdue} overdue");
    assert!(tasks.iter().any(|task| task.is_stalled(now)));
    assert!(tasks.iter().any(|task| matches!(task.due, Some(Due::At(_)))));
    assert!(tasks.iter().any(|task| task.due.is_none()));
}

#[test]
fn machines_take_no_kind_that_the_program_runs_itself() {
    let own: Vec<&str> = PLANTS.iter().map(|plant| plant.kind).filter(|kind| BuiltIn::named(kind).is_some()).collect();
    assert!(own.is_empty(), "{own:?}");
}

#[tokio::test]
async fn the_same_story_is_told_each_time() {
    let (one, other) = (demo().await, demo().await);
    let told = |trail: Vec<Entry>| {
        trail.into_iter().map(|entry| (entry.task, entry.change, entry.new.to_string(), entry.at)).collect::<Vec<_>>()
    };
    assert_eq!(told(one.trail().await), told(other.trail().await));
}

#[tokio::test]
async fn work_goes_on_and_the_organisation_stays_as_it_is() {
    let mut demo = demo().await;
    let before = demo.trail().await.len();
    let (chance, titles) = demo.chance.take().unwrap();
    let mut life = Life::new(demo.app.clone(), demo.seeded.clone(), chance, titles);
    for _ in 0..300 {
        life.step().await.unwrap();
        demo.app.clock.advance(SignedDuration::from_secs(5));
    }
    let trail = demo.trail().await;
    assert!(trail.len() > before + 180, "{} entries in 300 steps", trail.len() - before);
    let visitors = [demo.seeded.people[VISITING_ADMIN], demo.seeded.people[VISITING_MEMBER]];
    assert!(trail[before..].iter().all(|entry| entry.actor.is_some_and(|actor| !visitors.contains(&actor))));
    let counts = demo.counts(Filter::default()).await;
    let open = counts.pending + counts.in_progress;
    assert!((OPEN as i64 - 15..=OPEN as i64 + 5).contains(&open), "{open} open");
    assert!(counts.pending >= 15 && counts.in_progress >= 50 && counts.overdue <= 45, "{counts:?}");
    assert!(counts.total <= TASKS as i64 + 30, "{counts:?}");
    demo.agrees().await;
}
