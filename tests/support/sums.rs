//! The sums of a trail, added up slowly and plainly: every entry of every task from the beginning, each figure by its own
//! sentence. Written apart from the program's own way, which goes entry by entry.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, params};
use serde_json::{Map, Value};

/// Period, kind, person, project, category.
pub type Of = (String, String, i64, i64, String);
/// The figures that are not 0, by name.
pub type Figures = BTreeMap<String, i64>;
pub type Sums = BTreeMap<Of, Figures>;

const FIGURES: [&str; 20] = [
    "created",
    "assigned",
    "done",
    "failed",
    "cancelled",
    "reopened",
    "reports",
    "comments",
    "done_due",
    "done_on_time",
    "late_milliseconds",
    "lead_milliseconds",
    "cycle_milliseconds",
    "done_estimated",
    "estimated_minutes",
    "estimated_cycle_milliseconds",
    "attempts",
    "attempts_failed",
    "attempts_lost",
    "run_milliseconds",
];

/// What the file has, and up to which entry.
pub fn kept(conn: &Connection, organisation: i64, span: &str) -> (i64, Sums) {
    let (ledger, sequence): (i64, i64) = conn
        .query_row(
            "select id, sequence from ledgers where organisation_id = ? and state = 'present'",
            [organisation],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("there are sums");
    let sql = format!(
        "select period, kind, person_id, project_id, category, {} from sums where ledger_id = ? and span = ?",
        FIGURES.join(", ")
    );
    let mut statement = conn.prepare(&sql).unwrap();
    let rows = statement
        .query_map(params![ledger, span], |row| {
            let of: Of = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
            let mut figures = Figures::new();
            for (at, name) in FIGURES.iter().enumerate() {
                let value: i64 = row.get(5 + at)?;
                if value != 0 {
                    figures.insert((*name).to_owned(), value);
                }
            }
            Ok((of, figures))
        })
        .unwrap();
    (sequence, rows.map(Result::unwrap).collect())
}

/// A task after one of its entries.
struct State {
    change: String,
    actor: Option<i64>,
    at: Timestamp,
    facts: Map<String, Value>,
}

impl State {
    fn text(&self, field: &str) -> &str {
        self.facts.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, field: &str) -> i64 {
        self.facts.get(field).and_then(Value::as_i64).unwrap_or(0)
    }

    fn status(&self) -> &str {
        self.text("status")
    }

    fn has_begun(&self) -> bool {
        ["in_progress", "done", "failed"].contains(&self.status())
    }
}

/// Added up from the beginning to that entry.
pub fn plain(conn: &Connection, organisation: i64, zone: &str, until: i64, span: &str) -> Sums {
    let zone = TimeZone::get(zone).unwrap();
    let mut statement = conn
        .prepare(
            "select task_id, change, actor_id, at, new from trail where organisation_id = ? and sequence <= ?
             order by task_id, sequence",
        )
        .unwrap();
    let mut rows = statement.query([organisation, until]).unwrap();
    let mut lives: BTreeMap<i64, Vec<State>> = BTreeMap::new();
    while let Some(row) = rows.next().unwrap() {
        let life = lives.entry(row.get(0).unwrap()).or_default();
        let mut facts = life.last().map(|state| state.facts.clone()).unwrap_or_default();
        let new: String = row.get(4).unwrap();
        let Value::Object(new) = serde_json::from_str(&new).unwrap() else { panic!("{new}") };
        facts.extend(new);
        let at = Timestamp::from_microsecond(row.get(3).unwrap()).unwrap();
        life.push(State { change: row.get(1).unwrap(), actor: row.get(2).unwrap(), at, facts });
    }
    let mut sums = Sums::new();
    for life in lives.values() {
        for place in 0..life.len() {
            add_entry(&life[..=place], &zone, span, &mut sums);
        }
    }
    sums
}

/// What the last of these entries of a task adds.
fn add_entry(life: &[State], zone: &TimeZone, span: &str, sums: &mut Sums) {
    let (now, before) = (&life[life.len() - 1], life.len().checked_sub(2).map(|at| &life[at]));
    let day = now.at.to_zoned(zone.clone()).date().to_string();
    let period = if span == "day" { day } else { day[..7].to_owned() };
    let person = now.number("assignee");
    let mut add = |person: i64, name: &str, value: i64| {
        let (kind, category) = (now.text("kind").to_owned(), now.text("category").to_owned());
        let of = (period.clone(), kind, person, now.number("project"), category);
        if value != 0 {
            *sums.entry(of).or_default().entry(name.to_owned()).or_default() += value;
        }
    };
    match (now.change.as_str(), now.actor) {
        ("progress" | "stage" | "lower-report", Some(actor)) => add(actor, "reports", 1),
        ("comment", Some(actor)) => add(actor, "comments", 1),
        ("created", _) => add(person, "created", 1),
        ("claimed", _) => add(person, "attempts", 1),
        _ => {}
    }
    if person != 0 && before.is_none_or(|before| before.number("assignee") != person) {
        add(person, "assigned", 1);
    }
    if now.change == "deleted" {
        return;
    }
    let was = before.map_or("pending", State::status);
    let ends = ["done", "failed", "cancelled"];
    if was != now.status() {
        match now.status() {
            "done" => add_done(life, zone, |name, value| add(person, name, value)),
            "failed" => add(person, "failed", 1),
            "cancelled" => add(person, "cancelled", 1),
            _ if ends.contains(&was) => add(person, "reopened", 1),
            _ => {}
        }
    }
    if was == "in_progress" && now.status() != "in_progress" {
        let earlier = life[..life.len() - 1].iter().rev().take_while(|state| state.status() == "in_progress");
        if let Some(claim) = earlier.into_iter().find(|state| state.change == "claimed") {
            add(person, "run_milliseconds", elapsed(claim.at, now.at));
            match now.change.as_str() {
                "failed" | "attempt-failed" => add(person, "attempts_failed", 1),
                "lost" => add(person, "attempts_lost", 1),
                _ => {}
            }
        }
    }
}

fn add_done(life: &[State], zone: &TimeZone, mut add: impl FnMut(&str, i64)) {
    let now = &life[life.len() - 1];
    add("done", 1);
    add("lead_milliseconds", elapsed(life[0].at, now.at));
    let waited = life.iter().rposition(|state| state.status() == "pending").unwrap_or(0);
    let from = if now.text("kind") == "job" { 0 } else { waited };
    let cycle = elapsed(life[from..].iter().find(|state| state.has_begun()).unwrap().at, now.at);
    add("cycle_milliseconds", cycle);
    if now.number("estimate_minutes") > 0 {
        add("done_estimated", 1);
        add("estimated_minutes", now.number("estimate_minutes"));
        add("estimated_cycle_milliseconds", cycle);
    }
    let due = match now.text("due") {
        "" => return,
        instant if instant.contains('T') => instant.parse().unwrap(),
        day => day.parse::<Date>().unwrap().tomorrow().unwrap().to_zoned(zone.clone()).unwrap().timestamp(),
    };
    add("done_due", 1);
    if now.at < due {
        add("done_on_time", 1);
    } else {
        add("late_milliseconds", elapsed(due, now.at));
    }
}

fn elapsed(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(to.duration_since(from).as_millis()).unwrap().max(0)
}

/// The sums of this organisation are those of its trail, by day and by month; gives up to which entry.
pub fn check(conn: &Connection, organisation: i64, zone: &str) -> i64 {
    let mut up_to = 0;
    for span in ["day", "month"] {
        let (sequence, kept) = kept(conn, organisation, span);
        let plain = plain(conn, organisation, zone, sequence, span);
        for of in plain.keys().chain(kept.keys()) {
            assert_eq!(kept.get(of), plain.get(of), "{of:?} up to entry {sequence}, left is what is kept");
        }
        up_to = sequence;
    }
    up_to
}
