//! The list of recipients: who of the organisation it is, or what stands in a column of a file. It is written down once, in
//! the order in which it is sent; who comes or goes later does not change it.

use std::collections::HashMap;

use lettre::message::Mailbox;
use rusqlite::Connection;

use super::{CHUNK, Run, stage};
use crate::config;
use crate::error::{Message, Result, msg};
use crate::jobs::kinds::import_tasks::batches::Batches;
use crate::jobs::kinds::import_tasks::blocking;
use crate::jobs::kinds::{FileOf, Stop};
use crate::jobs::sheets::{self, Form, Row, Wishes};
use crate::locale::Lang;
use crate::notify::Channel;
use crate::notify::audience::Audience;
use crate::notify::sql::{Line, close_list, has_list, list, remove_deliveries};
use crate::outbound;
use crate::people::{self, Email, Member, OrganisationId, ProjectId, Role};
use crate::tasks::actions::Report;

/// Rows in which the column of a file is looked for.
const LOOKED_AT: usize = 20;
/// What such columns are called.
const HEADINGS: [&str; 8] = ["mail", "address", "adresse", "url", "webhook", "מייל", "דוא", "כתובת"];

impl Run<'_> {
    pub(super) async fn list(&self) -> Result<(), Stop> {
        let id = self.job.id();
        self.job.report(Report { stage: Some(stage(0)), ..Report::default() }).await?;
        if self.job.read(move |conn| has_list(conn, id)).await? {
            return Ok(());
        }
        // An attempt that did not come to the end may have begun one, of whoever was there then. Nobody was sent to yet.
        while self.job.act(move |w, _| Ok((remove_deliveries(w.conn, id, CHUNK)?, Report::default()))).await? {}
        // What a job leaves behind goes with its log.
        self.job.log(&self.l.with("broadcast-told", "channel", self.l.t(self.payload.channel.title_key()))).await?;
        let lines = match (&self.payload.to, &self.payload.file) {
            (Audience::File, Some(file)) => self.list_file(file).await?,
            _ => self.list_members().await?,
        };
        if lines == 0 {
            return Err(self.failed(&msg("broadcast-nobody")));
        }
        self.job.act(move |w, _| Ok((close_list(w.conn, id)?, Report::default()))).await
    }

    async fn list_members(&self) -> Result<usize, Stop> {
        let (organisation, channel, l) = (self.job.organisation(), self.payload.channel, self.l);
        let wanted = Wanted {
            role: self.payload.role.filter(|_| self.payload.to == Audience::Role),
            project: self.payload.project.filter(|_| self.payload.to == Audience::Project),
            people: self.payload.people.clone().filter(|_| self.payload.to == Audience::People),
        };
        let lines = self.job.read(move |conn| wanted.lines(conn, organisation, channel, l)).await?;
        self.check_length(lines.len())?;
        for chunk in lines.chunks(usize::try_from(CHUNK).unwrap_or(1)) {
            self.put(chunk.to_vec()).await?;
        }
        Ok(lines.len())
    }

    async fn list_file(&self, file: &FileOf) -> Result<usize, Stop> {
        let (channel, l) = (self.payload.channel, self.l);
        let file = self.job.file(file).await?;
        let mut copy = file.try_clone().map_err(|error| Stop::Broken(error.into()))?;
        let form = blocking(l, move || look(&mut copy, l)).await?;
        let (mut batches, mut column, mut lines) = (Batches::start(file, form, l), None, 0);
        while let Some(batch) = batches.next().await? {
            let mut rows = batch.rows;
            let column = match column {
                Some(column) => column,
                None => {
                    let (found, has_header) =
                        column_of(&rows, self.payload.column.as_deref(), channel).map_err(|why| self.failed(&why))?;
                    rows.drain(..usize::from(has_header));
                    *column.insert(found)
                }
            };
            let read = rows.iter().zip(lines + 1..).map(|(row, place)| line_of(l, channel, row, column, place));
            let read: Vec<Line> = read.collect();
            lines += read.len();
            self.check_length(lines)?;
            self.put(read).await?;
        }
        Ok(lines)
    }

    /// Each is an item, and there is a limit to items.
    fn check_length(&self, lines: usize) -> Result<(), Stop> {
        let limit = self.job.app().config.output.items;
        match i64::try_from(lines).is_ok_and(|lines| lines <= limit) {
            true => Ok(()),
            false => Err(self.failed(&msg("broadcast-too-many").arg("limit", limit))),
        }
    }

    async fn put(&self, lines: Vec<Line>) -> Result<(), Stop> {
        let (id, twice) = (self.job.id(), self.l.t("broadcast-twice"));
        self.job.act(move |w, _| Ok((list(w.conn, id, &lines, twice)?, Report::default()))).await
    }
}

/// How a list is to be read. URLs have colons, which separate nothing here.
fn look(file: &mut std::fs::File, l: Lang) -> Result<Form, Message> {
    let wishes = Wishes { is_perhaps_hebrew: l == Lang::He, ..Wishes::default() };
    let form = sheets::look(file, &wishes)?;
    match form.delimiter() {
        Some(':') => sheets::look(file, &Wishes { delimiter: Some(','), ..wishes }),
        _ => Ok(form),
    }
}

/// Which members are meant; all, where nothing is said.
struct Wanted {
    role: Option<Role>,
    project: Option<ProjectId>,
    people: Option<String>,
}

impl Wanted {
    fn lines(self, conn: &Connection, organisation: OrganisationId, channel: Channel, l: Lang) -> Result<Vec<Line>> {
        let members = people::sql::members(conn, organisation)?;
        let members: Vec<Member> = members.into_iter().filter(|member| member.deactivated_at.is_none()).collect();
        if let Some(people) = &self.people {
            return Ok(by_address(&members, people, channel, l));
        }
        let project = match self.project {
            Some(project) => {
                Some(people::sql::project(conn, organisation, project)?.map_or(Vec::new(), |one| one.members))
            }
            None => None,
        };
        let is_meant = |member: &&Member| {
            self.role.is_none_or(|role| role == member.role)
                && project.as_ref().is_none_or(|project| project.contains(&member.user))
        };
        Ok(members
            .iter()
            .filter(is_meant)
            .zip(1..)
            .map(|(member, place)| line_for(l, member, channel, place))
            .collect())
    }
}

fn line_for(l: Lang, member: &Member, channel: Channel, place: usize) -> Line {
    let recipient = match channel {
        Channel::Bell => member.user.to_string(),
        Channel::Email | Channel::Webhook => member.email.clone(),
    };
    Line {
        place: number(place),
        recipient: Some(recipient),
        key: cut(&member.email),
        key_twice: l.n("import-line", number(place)),
        told: None,
    }
}

/// Members by the addresses that somebody typed.
fn by_address(members: &[Member], people: &str, channel: Channel, l: Lang) -> Vec<Line> {
    let by_email: HashMap<&str, &Member> = members.iter().map(|member| (member.email.as_str(), member)).collect();
    let typed = people.split([',', ';', '\n']).map(str::trim).filter(|typed| !typed.is_empty());
    let line = |(typed, place): (&str, usize)| {
        let found = Email::parse(typed).ok().and_then(|email| by_email.get(email.as_str()).copied());
        match found {
            Some(member) => line_for(l, member, channel, place),
            None => bad(l, place, number(place), l.with("import-unknown-person", "name", cut(typed))),
        }
    };
    typed.zip(1..).map(line).collect()
}

/// What a cell says, as it is sent to.
fn recipient_of(text: &str, channel: Channel) -> Result<String, Message> {
    let text = text.trim();
    if text.is_empty() {
        return Err(msg("error-required"));
    }
    match channel {
        Channel::Webhook => outbound::address(text).map(String::from),
        Channel::Bell | Channel::Email => {
            let named: Mailbox = text.parse().map_err(|_| msg("error-email"))?;
            Email::parse(named.email.as_ref()).map(|email| email.as_str().to_owned())
        }
    }
}

fn line_of(l: Lang, channel: Channel, row: &Row, column: usize, place: usize) -> Line {
    let line = i64::try_from(row.line).unwrap_or(i64::MAX);
    match recipient_of(row.cell(column), channel) {
        Ok(recipient) => {
            let key_twice = l.n("import-line", line);
            // An address that is too long for a key goes by its line.
            let is_short = recipient.chars().count() <= config::ITEM_KEY_CHARS;
            let key = if is_short { recipient.clone() } else { key_twice.clone() };
            Line { place: number(place), recipient: Some(recipient), key, key_twice, told: None }
        }
        Err(why) => bad(l, place, line, l.m(&why)),
    }
}

/// A line that names nobody; `called` is the number that its reader knows it by.
fn bad(l: Lang, place: usize, called: i64, why: String) -> Line {
    let key = l.n("import-line", called);
    Line { place: number(place), recipient: None, key_twice: key.clone(), key, told: Some(why) }
}

fn number(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

fn cut(text: &str) -> String {
    text.chars().take(config::ITEM_KEY_CHARS).collect()
}

/// The column of a file that says to whom, and whether its first row only names the columns.
fn column_of(rows: &[Row], wanted: Option<&str>, channel: Channel) -> Result<(usize, bool), Message> {
    let is_one = |row: &Row, column: usize| recipient_of(row.cell(column), channel).is_ok();
    let Some(first) = rows.first() else { return Err(msg("import-no-rows")) };
    let names = |column: usize| (column, !is_one(first, column));
    if let Some(wanted) = wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) {
        let by_name = first.cells.iter().position(|cell| cell.trim().to_lowercase() == wanted.to_lowercase());
        let by_number = wanted.parse::<usize>().ok().filter(|number| (1..=sheets::COLUMNS).contains(number));
        let found = by_name.or(by_number.map(|number| number - 1)).map(names);
        return found.ok_or_else(|| msg("import-unknown-column").arg("name", cut(wanted)));
    }
    let width = rows.iter().take(LOOKED_AT).map(|row| row.cells.len()).max().unwrap_or_default();
    let has_some = |column: &usize| rows.iter().take(LOOKED_AT).any(|row| is_one(row, *column));
    let is_called_so = |column: &usize| {
        let name = first.cell(*column).to_lowercase();
        HEADINGS.iter().any(|heading| name.contains(heading))
    };
    let found = (0..width).filter(has_some).find(is_called_so).or_else(|| (0..width).find(has_some));
    found.map(names).ok_or_else(|| msg("broadcast-no-column"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[&[&str]]) -> Vec<Row> {
        let row = |(cells, line): (&&[&str], u64)| Row { line, cells: cells.iter().map(ToString::to_string).collect() };
        cells.iter().zip(1..).map(row).collect()
    }

    #[test]
    fn the_column_of_addresses_is_found_by_its_name_or_by_what_is_in_it() {
        let of = |cells: &[&[&str]], wanted: Option<&str>| column_of(&rows(cells), wanted, Channel::Email).ok();
        let named: &[&[&str]] = &[&["Name", "Boss", "E-mail"], &["Ada", "bob@a.example", "ada@a.example"]];
        assert_eq!(of(named, None), Some((2, true)));
        assert_eq!(of(named, Some("boss")), Some((1, true)));
        assert_eq!(of(named, Some("2")), Some((1, true)));
        assert_eq!(of(named, Some("Friend")), None);
        assert_eq!(of(&[&["Ada", "ada@a.example"], &["Bob", "bob@a.example"]], None), Some((1, false)));
        assert_eq!(of(&[&["Name"], &["Ada"]], None), None);
        let urls = rows(&[&["x", "https://a.example/hook"]]);
        assert_eq!(column_of(&urls, None, Channel::Webhook), Ok((1, false)));
    }

    #[test]
    fn a_cell_may_have_a_name_beside_its_address_and_no_line_end_in_it() {
        let of = |text: &str| recipient_of(text, Channel::Email).ok();
        assert_eq!(of(" Ada Lovelace <Ada@Example.ORG> ").as_deref(), Some("ada@example.org"));
        for bad in ["", "ada", "ada@", "a@b.example\r\nBcc: all@b.example", "a@b.example, c@d.example"] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
        assert!(recipient_of("ftp://a.example", Channel::Webhook).is_err());
    }
}
