//! A feed's bytes as what its entries want of tasks, each by its uid. An entry of a table without an external id is known by
//! its title, and by how often that came before.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Cursor;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::super::import_tasks::directory::Directory;
use super::super::import_tasks::row::{self, Plan, Wanted};
use crate::config;
use crate::error::{Message, msg};
use crate::jobs::columns::{DateOrder, Target, guess};
use crate::jobs::feeds::{self, Event, FeedForm, digest};
use crate::jobs::sheets::{self, Next, Row, Wishes};
use crate::locale::Lang;
use crate::people::parse_line;
use crate::tasks::Due;

/// How it is to be read.
pub struct How {
    pub form: Option<FeedForm>,
    pub columns: String,
    pub dates: DateOrder,
    pub zone: TimeZone,
    pub directory: Arc<Directory>,
    pub now: Timestamp,
    pub l: Lang,
}

pub struct Feed {
    pub form: FeedForm,
    pub entries: BTreeMap<String, Arc<Wanted>>,
    /// All that is there, also what cannot be saved: none of it is gone.
    pub present: HashSet<String>,
    /// Events that are over.
    pub past: HashSet<String>,
    pub left_past: i64,
    pub recurring: i64,
    pub bad: Vec<(Row, String)>,
}

impl Feed {
    fn new(form: FeedForm) -> Feed {
        Feed {
            form,
            entries: BTreeMap::new(),
            present: HashSet::new(),
            past: HashSet::new(),
            left_past: 0,
            recurring: 0,
            bad: Vec::new(),
        }
    }
}

pub fn read(bytes: &[u8], how: &How) -> Result<Feed, Message> {
    match feeds::look(bytes, how.form)? {
        FeedForm::Ics => calendar(bytes, how),
        FeedForm::Csv => table(bytes, how),
    }
}

fn calendar(bytes: &[u8], how: &How) -> Result<Feed, Message> {
    let mut feed = Feed::new(FeedForm::Ics);
    for event in feeds::read_calendar(bytes)? {
        let row = Row { line: 0, cells: vec![event.uid.clone(), event.title.clone()] };
        if !feed.present.insert(event.uid.clone()) {
            feed.bad.push((row, how.l.t("feed-twin").to_owned()));
            continue;
        }
        feed.recurring += i64::from(event.recurs);
        match wanted(&event, how) {
            Ok(wanted) => {
                let is_over = wanted.due.as_ref().is_some_and(|due| due.instant() <= how.now);
                if event.takes_place && is_over {
                    feed.past.insert(event.uid.clone());
                }
                feed.entries.insert(event.uid, Arc::new(wanted));
            }
            Err(why) => feed.bad.push((row, how.l.m(&why))),
        }
    }
    Ok(feed)
}

fn wanted(event: &Event, how: &How) -> Result<Wanted, Message> {
    let due = event.due.as_deref().map(|due| Due::parse(due, &how.zone)).transpose()?.flatten();
    Ok(Wanted {
        title: parse_line(&event.title, config::TITLE_CHARS)?,
        due_text: due.as_ref().and(event.due.clone()),
        due,
        priority: event.priority,
        standing: event.standing,
        description: Some(event.description.clone()).filter(|text| !text.is_empty()),
        labels: Some(event.labels.clone()).filter(|labels| !labels.is_empty()),
        ..Wanted::default()
    })
}

fn table(bytes: &[u8], how: &How) -> Result<Feed, Message> {
    let mut file = Cursor::new(bytes);
    let form = sheets::look(&mut file, &Wishes { is_perhaps_hebrew: how.l == Lang::He, ..Wishes::default() })?;
    let mut rows = Vec::new();
    sheets::read(&mut file, &form, |row| {
        rows.push(row);
        Next::More
    })?;
    let mut rows = rows.into_iter();
    let header = rows.next().map(|row| row.cells).unwrap_or_default();
    let columns = columns(&how.columns, &header)?;
    if !columns.iter().any(|(target, _)| *target == Target::Title) {
        return Err(msg("import-no-title"));
    }
    let is_ended = bytes.ends_with(b"\n") || bytes.ends_with(b"\r") || bytes.ends_with(b"\0");
    let rows: Vec<Row> = rows.collect();
    // A last row without its end, and shorter than the names: the rest was cut off.
    if !is_ended && rows.last().is_some_and(|row| row.cells.len() < header.len()) {
        return Err(msg("feed-cut"));
    }
    let labels = columns.iter().map(|(_, column)| header.get(*column).cloned().unwrap_or_default()).collect();
    let plan = Plan {
        columns,
        labels,
        dates: how.dates,
        zone: how.zone.clone(),
        assignee: None,
        may_name_nobody: true,
        directory: how.directory.clone(),
        l: how.l,
    };
    Ok(sorted(rows, &plan))
}

/// Each row by its uid.
fn sorted(rows: Vec<Row>, plan: &Plan) -> Feed {
    let mut feed = Feed::new(FeedForm::Csv);
    let column = |target: Target| plan.columns.iter().find(|(known, _)| *known == target).map(|(_, column)| *column);
    let (id, title) = (column(Target::ExternalId), column(Target::Title));
    let mut titles: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let said = id.map_or("", |column| row.cell(column).trim());
        let uid = match said {
            "" => {
                let title = title.map_or("", |column| row.cell(column).trim());
                let before = titles.entry(title.to_owned()).or_default();
                *before += 1;
                digest(&format!("{title}\n{before}"))
            }
            said if said.len() > config::NAME_CHARS => digest(said),
            said => said.to_owned(),
        };
        if !feed.present.insert(uid.clone()) {
            feed.bad.push((row, plan.l.t("feed-twin").to_owned()));
            continue;
        }
        match plan.wanted(&row) {
            Ok(wanted) => drop(feed.entries.insert(uid, Arc::new(wanted))),
            Err(why) => feed.bad.push((row, why)),
        }
    }
    feed
}

/// Lines such as `title: Summary` or `title: 3`; without any, by the names.
fn columns(said: &str, header: &[String]) -> Result<Vec<(Target, usize)>, Message> {
    let mut named = Map::new();
    for line in said.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (target, column) = line.split_once([':', '=']).ok_or_else(|| msg("feed-columns").arg("line", line))?;
        let column = column.trim();
        let is_name = header.iter().any(|name| name.trim() == column);
        let column = match column.parse::<u64>() {
            Ok(number) if !is_name => Value::from(number),
            _ => Value::from(column),
        };
        named.insert(target.trim().to_owned(), column);
    }
    if !named.is_empty() {
        return row::columns(&named, header);
    }
    let guessed = guess(header).into_iter().enumerate();
    Ok(guessed.filter_map(|(column, target)| target.map(|target| (target, column))).collect())
}
