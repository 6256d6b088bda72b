//! A schedule's form: what it makes, when, and by which rules. While one types, its expression is said in words with the
//! next five slots; without script a button does that.

use std::sync::Arc;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::At;
use super::assign::{Candidate, candidates};
use super::choices::Names;
use super::forms::{Fields, Filled};
use super::job_fields::{self, Input, beside_fields};
use super::job_names::named;
use super::monitor::pairs;
use super::new_job::kind_of;
use super::page::{Nav, Page, Visit};
use super::schedule::{downtime_key, overlap_key};
use super::schedule_look::ahead;
use super::schedule_stale::beside_present;
use super::schedule_values::{VERSION, rule_values, values};
use super::schedules::choose;
use super::shown::Moment;
use crate::config;
use crate::error::{Error, Result, msg};
use crate::jobs::BuiltIn;
use crate::locale::Lang;
use crate::people::actions::Fields as Checked;
use crate::people::{ProjectId, UserId, parse_zone};
use crate::schedules::actions::{Wanted, create, edit};
use crate::schedules::sentence::sentence;
use crate::schedules::{
    AfterDowntime, AssignmentTemplate, Cron, DueAfter, JobTemplate, Overlap, Rules, ScheduleId, Template as Work, sql,
};
use crate::tasks::actions::{parse_estimate, parse_id, parse_priority};
use crate::tasks::{Via, parse_note};

/// What the schedule of a form makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Assignment,
    BuiltIn(BuiltIn),
    /// A job of a kind that a worker of their own takes.
    Own,
}

impl What {
    /// As it stands in the form and in its address.
    fn name(self) -> &'static str {
        match self {
            What::Assignment => "assignment",
            What::BuiltIn(kind) => kind.as_str(),
            What::Own => "own",
        }
    }

    async fn named(visit: &Visit, name: &str) -> Result<What> {
        match name {
            "assignment" => Ok(What::Assignment),
            "own" => Ok(What::Own),
            kind => Ok(What::BuiltIn(kind_of(visit, kind).await?)),
        }
    }

    fn of(work: &Work) -> What {
        match work {
            Work::Assignment(_) => What::Assignment,
            Work::Job(job) => BuiltIn::named(&job.job_kind).map_or(What::Own, What::BuiltIn),
        }
    }
}

/// The expression of a form, in words; or why it is none.
struct Preview {
    words: Option<String>,
    error: Option<String>,
    zone_name: String,
    ahead: Vec<(String, Timestamp)>,
    is_elsewhere: bool,
}

impl Preview {
    fn of(visit: &Visit, form: &Filled) -> Preview {
        let (l, viewer) = (visit.l(), &visit.viewer);
        let zone = match form.value("zone").trim() {
            "" => Ok(viewer.zone.clone()),
            name => parse_zone(name),
        };
        let mut preview =
            Preview { words: None, error: None, zone_name: String::new(), ahead: Vec::new(), is_elsewhere: false };
        if form.value("cron").trim().is_empty() {
            return preview;
        }
        match Cron::parse(form.value("cron")).and_then(|cron| Ok((cron, zone?))) {
            Ok((cron, zone)) => {
                let slots = cron.upcoming(visit.app.clock.now(), &zone, config::SLOTS_AHEAD);
                preview.ahead = ahead(l, &slots, &zone);
                preview.words = Some(sentence(l, &cron));
                preview.is_elsewhere = zone != viewer.zone;
                zone.iana_name().unwrap_or("UTC").clone_into(&mut preview.zone_name);
            }
            Err(why) => preview.error = Some(l.m(&why)),
        }
        preview
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "schedules/form.html")]
struct FormPage {
    page: Page,
    l: Lang,
    zone: TimeZone,
    form: Filled,
    what: What,
    /// Of one that is there already.
    id: Option<ScheduleId>,
    heading: String,
    people: Vec<Candidate>,
    names: Arc<Names>,
    inputs: Vec<Input>,
    shown: String,
    preview: Preview,
}

impl FormPage {
    const FIELDS: &'static str = "title cron zone assignee project priority description estimate due_number due_unit \
        job_kind payload queue jitter_seconds after_downtime overlap alarm_failures";

    fn projects(&self) -> &[(ProjectId, String)] {
        &self.names.projects
    }

    fn moment(&self, at: &Timestamp) -> Moment<'_> {
        Moment::full(self.l, *at, &self.zone)
    }

    fn is(&self, what: &str) -> bool {
        match self.what {
            What::BuiltIn(_) => what == "built-in",
            other => other.name() == what,
        }
    }

    /// Where the form goes.
    fn action(&self) -> String {
        self.id.map_or_else(|| "/schedules".to_owned(), |id| format!("/schedules/{id}"))
    }
}

async fn show(visit: &Visit, what: What, id: Option<ScheduleId>, form: Filled) -> Result<Response> {
    let (viewer, app) = (visit.viewer.clone(), visit.app.clone());
    let (people, names) = visit.app.db.read(move |conn| candidates(&app, conn, &viewer)).await?;
    let page = visit.page(Nav::Schedules, if id.is_some() { "schedule-edit-title" } else { "schedules-new" });
    let l = page.l;
    let inputs = match what {
        What::BuiltIn(kind) => named(visit, kind, job_fields::inputs(l, kind, &form)).await?,
        What::Assignment | What::Own => Vec::new(),
    };
    let heading = match what {
        What::Assignment => l.t("schedule-choose-assignment"),
        What::Own => l.t("schedule-choose-own"),
        What::BuiltIn(kind) => l.t(kind.title_key()),
    };
    let shown = FormPage {
        shown: format!("{} {}", FormPage::FIELDS, job_fields::names(&inputs)),
        preview: Preview::of(visit, &form),
        zone: visit.viewer.zone.clone(),
        heading: heading.to_owned(),
        l,
        page,
        form,
        what,
        id,
        people,
        names,
        inputs,
    };
    Ok((shown.form.status, shown).into_response())
}

/// What a fresh form begins with.
fn fresh(visit: &Visit, what: What) -> Vec<(&'static str, String)> {
    let rules = Rules::default();
    let mut values = vec![
        ("cron", "0 9 * * MON-FRI".to_owned()),
        ("zone", visit.viewer.zone.iana_name().unwrap_or("UTC").to_owned()),
        ("priority", "medium".to_owned()),
        ("due_unit", "d".to_owned()),
        ("payload", "{}".to_owned()),
    ];
    values.extend(rule_values(&rules));
    match what {
        What::Assignment => {
            // What people have not done yet does not keep the next from coming.
            values.retain(|(name, _)| *name != "overlap");
            values.push(("overlap", Overlap::Allow.to_string()));
        }
        What::BuiltIn(kind) => {
            values.push(("title", visit.l().t(kind.title_key()).to_owned()));
            if let Some(usual) = kind.default_schedule() {
                values.retain(|(name, _)| *name != "cron");
                values.push(("cron", usual.to_owned()));
            }
            values.extend(job_fields::values(kind, None));
        }
        What::Own => {}
    }
    values
}

fn filled(values: &[(&'static str, String)]) -> Filled {
    Filled::fresh(values.iter().map(|(name, value)| (*name, value.as_str())))
}

/// `?what=` names what it is to make; without it, that is asked first.
pub async fn get_new(visit: Visit, RawQuery(query): RawQuery) -> Result<Response> {
    match pairs(query.as_deref()).into_iter().find(|(name, _)| name == "what") {
        None => choose(&visit).await,
        Some((_, name)) => {
            let what = What::named(&visit, &name).await?;
            show(&visit, what, None, filled(&fresh(&visit, what))).await
        }
    }
}

pub async fn get_edit(visit: Visit, At(id): At<ScheduleId>) -> Result<Response> {
    let organisation = visit.viewer.organisation;
    let schedule = visit.app.db.read(move |conn| sql::find(conn, organisation, id)).await?.ok_or(Error::NotFound)?;
    show(&visit, What::of(&schedule.template), Some(id), filled(&values(&schedule))).await
}

/// Makes it; with `check=1` only says what the expression means.
pub async fn post_schedules(visit: Visit, fields: Fields) -> Result<Response> {
    let what = What::named(&visit, fields.get("what")).await?;
    if fields.get("check") == "1" {
        return show(&visit, what, None, unsent(fields)).await;
    }
    let made = match wanted(what, &fields) {
        Ok(wanted) => visit.app.act(&visit.viewer, Via::Page, move |w, by| create(w, by, wanted)).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(schedule) => {
            let said = visit.l().with("schedule-made", "title", &schedule.title);
            Ok(visit.done(said, &format!("/schedules/{}", schedule.id)))
        }
        Err(error) => show(&visit, what, None, refused(&visit, fields, error)?).await,
    }
}

pub async fn post_schedule(visit: Visit, At(id): At<ScheduleId>, fields: Fields) -> Result<Response> {
    let organisation = visit.viewer.organisation;
    let before = visit.app.db.read(move |conn| sql::find(conn, organisation, id)).await?.ok_or(Error::NotFound)?;
    let what = What::of(&before.template);
    if fields.get("check") == "1" {
        return show(&visit, what, Some(id), unsent(fields)).await;
    }
    let saved = match wanted(what, &fields) {
        Ok(wanted) => visit.app.act(&visit.viewer, Via::Page, move |w, by| edit(w, by, id, |_| wanted)).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(schedule) => {
            let said = visit.l().with("schedule-saved", "title", &schedule.title);
            Ok(visit.done(said, &format!("/schedules/{id}")))
        }
        Err(error) => {
            let (fields, error) = beside_present(&visit, id, fields, error).await?;
            show(&visit, what, Some(id), refused(&visit, fields, error)?).await
        }
    }
}

/// As it was typed, without a word on what is wrong.
fn unsent(fields: Fields) -> Filled {
    Filled::typed(fields, StatusCode::OK)
}

fn refused(visit: &Visit, fields: Fields, error: Error) -> Result<Filled> {
    Filled::refused(fields, beside_fields(error).about("estimate_minutes", "estimate"), visit.l())
}

/// What a form asks for. What it means together, the verb says.
fn wanted(what: What, fields: &Fields) -> Result<Wanted> {
    let mut checked = Checked::default();
    let number = |checked: &mut Checked, name: &'static str, usual: i64| match fields.filled(name) {
        None => usual,
        Some(text) => checked.take(name, text.trim().parse().map_err(|_| msg("error-due-number"))).unwrap_or(usual),
    };
    let usual = Rules::default();
    let rules = Rules {
        jitter_seconds: number(&mut checked, "jitter_seconds", usual.jitter_seconds),
        alarm_failures: number(&mut checked, "alarm_failures", usual.alarm_failures),
        after_downtime: choice::<AfterDowntime>(&mut checked, fields, "after_downtime", usual.after_downtime),
        overlap: choice::<Overlap>(&mut checked, fields, "overlap", usual.overlap),
    };
    let template = match what {
        What::Assignment => assignment(&mut checked, fields).map(Work::Assignment),
        What::BuiltIn(kind) => Some(job(kind.to_string(), job_fields::payload(kind, fields)?, fields)),
        What::Own => own_payload(&mut checked, fields)
            .map(|payload| job(fields.get("job_kind").trim().to_owned(), payload, fields)),
    };
    checked.check()?;
    let template = template.ok_or_else(|| anyhow::anyhow!("a checked form lacks what it makes"))?;
    let text = |name: &str| fields.get(name).to_owned();
    // Of what is no version nobody saved anything: 0 is none.
    let version = fields.has(VERSION).then(|| fields.get(VERSION).trim().parse().unwrap_or(0));
    Ok(Wanted { title: text("title"), cron: text("cron"), zone: text("zone"), template, rules, version })
}

fn choice<T: std::str::FromStr>(checked: &mut Checked, fields: &Fields, name: &'static str, usual: T) -> T {
    match fields.filled(name) {
        None => usual,
        Some(word) => checked.take(name, word.parse().map_err(|_| msg("error-choice"))).unwrap_or(usual),
    }
}

fn job(job_kind: String, payload: Value, fields: &Fields) -> Work {
    let queue = fields.filled("queue").map(|queue| queue.trim().to_owned());
    Work::Job(JobTemplate { job_kind, payload, queue, max_attempts: None })
}

fn own_payload(checked: &mut Checked, fields: &Fields) -> Option<Value> {
    let text = fields.filled("payload").unwrap_or("{}");
    let payload = serde_json::from_str(text).ok().filter(Value::is_object);
    checked.take("payload", payload.ok_or_else(|| msg("error-json-object")))
}

fn assignment(checked: &mut Checked, fields: &Fields) -> Option<AssignmentTemplate> {
    let assignee = parse_id(fields.get("assignee")).and_then(|id| id.ok_or_else(|| msg("error-required")));
    let assignee = checked.take("assignee", assignee);
    let project = checked.take("project", parse_id(fields.get("project")));
    let priority = checked.take("priority", parse_priority(fields.get("priority")));
    let description =
        checked.take("description", parse_note(fields.get("description"), config::DESCRIPTION_CHARS)).flatten();
    let estimate = checked.take("estimate", parse_estimate(fields.get("estimate")));
    let unit = fields.filled("due_unit").unwrap_or("d");
    let due = fields.filled("due_number").map(|number| format!("{}{unit}", number.trim()).parse::<DueAfter>());
    let due_after = due.and_then(|due| checked.take("due_number", due));
    Some(AssignmentTemplate {
        assignee: UserId::new(assignee?),
        project: project?.map(ProjectId::new),
        priority: priority?,
        description: description.unwrap_or_default(),
        estimate_minutes: estimate?,
        due_after,
    })
}
