//! Fills the demo's empty database: the organisation, its people and projects,
//! and the planned past of every task, entry by entry in the order of time.
//! Uses the same rules and rows as the verbs, only with back-dated times.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::chance::Chance;
use super::plan::{self, Does, Plan, Step};
use super::words::{CAST, ORGANISATION, PROJECTS, Titles, Tongue};
use crate::App;
use crate::db::Write;
use crate::error::Result;
use crate::people::sql as rows;
use crate::people::tokens::Token;
use crate::people::{OrganisationId, Password, Presence, PresenceSource, ProjectId, UserId};
use crate::tasks::{Change, Entry, Kind, Move, Percent, Task, Via, sql};

/// What was filled in: positions in the cast and among the projects have their ids here.
#[derive(Clone, Debug)]
pub struct Seeded {
    pub organisation: OrganisationId,
    pub people: Vec<UserId>,
    pub projects: Vec<ProjectId>,
}

/// Fills `app`'s database, which must be empty. `zone`: where the organisation is.
pub async fn fill(app: &App, chance: &mut Chance, titles: &mut Titles, zone: &str) -> Result<Seeded> {
    // Nobody knows it, and hashing is slow on purpose: once is enough for all.
    let password = Password::given(Token::random()?.reveal());
    let hash = app.passwords.hash(password).await?;
    let tz = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let now = app.clock.now();
    let plans = plan::plan(chance, titles, &tz, now);
    let zone = zone.to_owned();
    app.db
        .write(move |w| {
            let seeded = fill_people(w.conn, &hash, &zone, now)?;
            fill_presence(w.conn, &seeded, &tz, now)?;
            fill_tasks(w, &seeded, &plans)?;
            Ok(seeded)
        })
        .await
}

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now - SignedDuration::from_hours(days * 24)
}

fn fill_people(conn: &Connection, hash: &str, zone: &str, now: Timestamp) -> Result<Seeded> {
    let founded = days_before(now, 210);
    let organisation = rows::insert_organisation(conn, ORGANISATION, zone, founded)?;
    let mut people = Vec::with_capacity(CAST.len());
    for (joined, person) in (0..).zip(&CAST) {
        let at = founded + SignedDuration::from_hours(joined * 13 * 24);
        let language = (person.tongue == Tongue::Hebrew).then_some("he");
        let user = rows::insert_user(conn, person.email, person.name, hash, None, language, at)?;
        rows::insert_member(conn, organisation, user, person.role, at)?;
        rows::append_audit(conn, organisation, Some(user), "join", person.email, at)?;
        people.push(user);
    }
    let mut projects = Vec::with_capacity(PROJECTS.len());
    for (position, name) in PROJECTS.iter().enumerate() {
        let at = days_before(now, 48 - 2 * i64::try_from(position).unwrap_or(0));
        let project = rows::insert_project(conn, organisation, name, at)?;
        let members: Vec<UserId> = CAST
            .iter()
            .zip(&people)
            .filter(|(person, _)| person.projects.contains(&position))
            .map(|(_, user)| *user)
            .collect();
        rows::replace_project_members(conn, project, &members)?;
        rows::append_audit(conn, organisation, people.first().copied(), "create-project", name, at)?;
        projects.push(project);
    }
    Ok(Seeded { organisation, people, projects })
}

/// Two weeks of who was there when, as the pages would have noted it.
fn fill_presence(conn: &Connection, seeded: &Seeded, zone: &TimeZone, now: Timestamp) -> Result<()> {
    let mut chance = Chance::new(14);
    for day in (1..=14).rev() {
        let date = days_before(now, day).to_zoned(zone.clone()).date();
        if date.weekday() == Weekday::Saturday {
            continue;
        }
        let Ok(midnight) = date.to_zoned(zone.clone()) else { continue };
        for user in &seeded.people {
            let mut at = midnight.timestamp() + SignedDuration::from_mins(chance.between(500, 570));
            for state in [Presence::Active, Presence::Idle, Presence::Active, Presence::Idle, Presence::Active] {
                let minutes = if state == Presence::Active { chance.between(40, 160) } else { chance.between(8, 50) };
                let until = at + SignedDuration::from_mins(minutes);
                if until >= now {
                    break;
                }
                let span = rows::open_span(conn, seeded.organisation, *user, state, PresenceSource::Pages, at)?;
                rows::extend_span(conn, span, until)?;
                at = until;
            }
        }
    }
    Ok(())
}

/// Every step of every plan, in the order of time across all tasks.
fn fill_tasks(w: &mut Write<'_>, seeded: &Seeded, plans: &[Plan]) -> Result<()> {
    let mut steps: Vec<(usize, &Step)> =
        plans.iter().enumerate().flat_map(|(task, plan)| plan.steps.iter().map(move |step| (task, step))).collect();
    steps.sort_by_key(|(_, step)| step.at);
    let mut present: Vec<Option<Task>> = plans.iter().map(|_| None).collect();
    // Where a reopened task goes on: its progress before it was done.
    let mut former = vec![Percent::ZERO; plans.len()];
    for (position, step) in steps {
        let after = match present[position].take() {
            None => create(w, seeded, &plans[position], step)?,
            Some(before) => {
                if !before.status.has_ended() {
                    former[position] = before.progress;
                }
                take_step(w, seeded, before, step, former[position])?
            }
        };
        present[position] = Some(after);
    }
    Ok(())
}

fn create(w: &mut Write<'_>, seeded: &Seeded, plan: &Plan, step: &Step) -> Result<Task> {
    let mut task = Task {
        description: plan.description.to_owned(),
        project: plan.project.map(|position| seeded.projects[position]),
        assignee: Some(seeded.people[plan.assignee]),
        priority: plan.priority,
        due: plan.due.clone(),
        estimate_minutes: plan.estimate_minutes,
        ..Task::new(seeded.organisation, Kind::Assignment, plan.title.clone(), seeded.people[step.by], step.at)
    };
    sql::insert(w, &mut task)?;
    append(w, seeded, &task, step, Change::Created, (json!({}), Value::Object(task.facts())))?;
    Ok(task)
}

fn take_step(w: &mut Write<'_>, seeded: &Seeded, before: Task, step: &Step, former: Percent) -> Result<Task> {
    let mut after = Task { version: before.version + 1, updated_at: step.at, ..before.clone() };
    let moved = match &step.does {
        Does::Report(progress) => Some(Move::Report(percent(*progress))),
        Does::Complete => Some(Move::Complete),
        Does::Cancel => Some(Move::Cancel),
        Does::Reopen => Some(Move::Reopen(former)),
        _ => None,
    };
    if let Some(step_taken) = moved {
        let Ok(Some((change, task))) = after.after(step_taken, step.at) else { return Ok(before) };
        sql::save_move(w.conn, &before, &task)?;
        let differs = if before.status == task.status { &["progress"][..] } else { &["progress", "status"] };
        append(w, seeded, &task, step, change, (facts(&before, differs), facts(&task, differs)))?;
        return Ok(task);
    }
    let (change, differs) = match &step.does {
        Does::Assign(next) => {
            after.assignee = Some(seeded.people[*next]);
            (Change::Assigned, &["assignee"][..])
        }
        Does::Due(due) => {
            after.due.clone_from(due);
            (Change::Due, &["due"][..])
        }
        Does::Priority(priority) => {
            after.priority = *priority;
            (Change::Priority, &["priority"][..])
        }
        _ => (Change::Comment, &[][..]),
    };
    if change == Change::Comment {
        sql::save_touch(w.conn, &after)?;
    } else {
        sql::save_edit(w, &before, &after)?;
    }
    append(w, seeded, &after, step, change, (facts(&before, differs), facts(&after, differs)))?;
    Ok(after)
}

fn percent(progress: i64) -> Percent {
    // Plans stay between 0 and 100; what would not is 0 and shows.
    i32::try_from(progress).ok().and_then(|progress| Percent::new(f64::from(progress)).ok()).unwrap_or(Percent::ZERO)
}

/// Some of a task's facts, as an entry keeps them.
fn facts(task: &Task, names: &[&str]) -> Value {
    let mut all = task.facts();
    let some: Map<String, Value> =
        names.iter().filter_map(|name| all.remove(*name).map(|fact| ((*name).to_owned(), fact))).collect();
    Value::Object(some)
}

fn append(
    w: &mut Write<'_>,
    seeded: &Seeded,
    after: &Task,
    step: &Step,
    change: Change,
    (old, new): (Value, Value),
) -> Result<()> {
    let reported = matches!(step.does, Does::Report(_) | Does::Complete);
    let entry = Entry {
        sequence: w.next_sequence(),
        organisation: after.organisation,
        task: after.id,
        version: after.version,
        change,
        actor: Some(seeded.people[step.by]),
        via: Via::Page,
        old,
        new,
        note: step.note.map(str::to_owned),
        presence: reported.then_some(Presence::Active),
        at: step.at,
    };
    sql::append_trail(w.conn, &entry)
}
