//! Kanboard: a project's tasks as CSV (its "Tasks" export: `app/Export/TaskExport.php` of kanboard/kanboard). The names of
//! the columns are in the language of whoever exported: in another one than English they are known by their number, 24 in
//! version 1.2, 21 before. Dates are written as that user has them, by default with the month first. Descriptions and
//! comments are not in it.

use super::found::{Found, Person};
use super::kanboard::{minutes_of_hours, priority};
use super::table::{Table, header};
use super::{Export, Left, Lefts, Tracker, Wishes};
use crate::error::{Message, msg};
use crate::jobs::columns::{DateOrder, Standing, date};
use crate::tasks::Due;
use jiff::tz::TimeZone;

const COLUMNS: [&str; 24] = [
    "task id",
    "reference",
    "project",
    "status",
    "category",
    "swimlane",
    "column",
    "position",
    "color",
    "due date",
    "creator",
    "creator name",
    "assignee username",
    "assignee name",
    "complexity",
    "title",
    "creation date",
    "modification date",
    "completion date",
    "start date",
    "time estimated",
    "time spent",
    "priority",
    "tags",
];
const OLDER_COLUMNS: [&str; 21] = [
    "task id",
    "project",
    "status",
    "category",
    "swimlane",
    "column",
    "position",
    "color",
    "due date",
    "creator",
    "assignee username",
    "assignee name",
    "complexity",
    "title",
    "creation date",
    "modification date",
    "completion date",
    "start date",
    "time estimated",
    "time spent",
    "reference",
];

pub fn is_one(bytes: &[u8]) -> bool {
    let names = header(bytes);
    ["task id", "title", "column"].iter().all(|needed| names.iter().any(|name| name == needed))
}

pub fn read(bytes: &[u8], wishes: &Wishes) -> Result<Export, Message> {
    let mut table = Table::read(bytes)?;
    if !table.has("task id") {
        match table.width {
            24 => table.name_by_place(&COLUMNS),
            21 => table.name_by_place(&OLDER_COLUMNS),
            _ => return Err(msg("tracker-other-form")),
        }
    }
    let order = wishes.dates.unwrap_or_else(|| order(&table));
    let tasks = table.rows.iter().map(|row| found(&|name| table.cell(row, name), order)).collect();
    Ok(Export { tracker: Tracker::Kanboard, tasks, left: Lefts::new() })
}

/// The month is first unless some date has none that could be one there.
fn order(table: &Table) -> DateOrder {
    let dates = ["due date", "creation date", "completion date", "start date"];
    let firsts = table.rows.iter().flat_map(|row| dates.iter().map(|name| table.cell(row, name)));
    let mut firsts = firsts.filter_map(|date| date.split_once('/')?.0.parse::<u16>().ok());
    if firsts.any(|first| (13..=31).contains(&first)) { DateOrder::DayFirst } else { DateOrder::MonthFirst }
}

fn found<'a>(cell: &dyn Fn(&str) -> &'a str, order: DateOrder) -> Found {
    let mut found = Found::new(Tracker::Kanboard, cell("task id"), cell("title"), "");
    found.in_project(cell("project"));
    let name = Some(cell("assignee name")).filter(|name| !name.is_empty()).unwrap_or(cell("assignee username"));
    found.people = Person::new(name, cell("assignee username")).into_iter().collect();
    match due(cell("due date"), order) {
        Ok(due) => found.due = due,
        Err(()) => found.leave(Left::UnreadDates, 1),
    }
    found.priority = priority(cell("priority"));
    found.estimate_minutes = minutes_of_hours(cell("time estimated").replace(',', ".").parse().ok());
    let is_closed = !cell("completion date").is_empty() || cell("status") == "Closed";
    found.standing = is_closed.then_some(Standing::Done);
    found.stands_in(cell("column"));
    found.standing.get_or_insert(Standing::Open);
    for label in cell("tags").split(',').chain([cell("category")]) {
        found.label(label);
    }
    found.leave(Left::StartDates, usize::from(!cell("start date").is_empty()));
    let spent: f64 = cell("time spent").replace(',', ".").parse().unwrap_or(0.0);
    found.leave(Left::TimeSpent, usize::from(spent > 0.0));
    found
}

fn due(cell: &str, order: DateOrder) -> Result<Option<String>, ()> {
    if cell.is_empty() {
        return Ok(None);
    }
    let whole = date(cell, order);
    // A time that is written otherwise is left out, the day is not.
    let day = whole.split([' ', 'T']).next().unwrap_or_default().to_owned();
    let good = [whole, day].into_iter().find(|text| matches!(Due::parse(text, &TimeZone::UTC), Ok(Some(_))));
    good.map(Some).ok_or(())
}
