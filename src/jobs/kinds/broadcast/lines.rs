//! The recipients of a broadcast, line by line: who of the organisation is meant, or what stands in a column of a file.

use std::collections::HashMap;
use std::fs::File;

use lettre::message::Mailbox;
use rusqlite::Connection;
use url::Position;

use super::Payload;
use crate::config;
use crate::error::{Message, Result, msg};
use crate::jobs::sheets::{self, Form, Row, Wishes};
use crate::locale::Lang;
use crate::notify::Channel;
use crate::notify::audience::Audience;
use crate::notify::sql::Line;
use crate::outbound;
use crate::people::{self, Email, Member, OrganisationId, ProjectId, Role};

/// Rows in which the column of a file is looked for.
pub const LOOKED_AT: usize = 20;
/// What such columns are called.
const HEADINGS: [&str; 8] = ["mail", "address", "adresse", "url", "webhook", "מייל", "דוא", "כתובת"];

/// How a list is to be read. URLs have colons, which separate nothing here.
pub fn look(file: &mut File, l: Lang) -> Result<Form, Message> {
    let wishes = Wishes { is_perhaps_hebrew: l == Lang::He, ..Wishes::default() };
    let form = sheets::look(file, &wishes)?;
    match form.delimiter() {
        Some(':') => sheets::look(file, &Wishes { delimiter: Some(','), ..wishes }),
        _ => Ok(form),
    }
}

/// Which members are meant; all, where nothing is said.
pub struct Wanted {
    role: Option<Role>,
    project: Option<ProjectId>,
    people: Option<String>,
}

impl Wanted {
    pub fn of(payload: &Payload) -> Wanted {
        Wanted {
            role: payload.role.filter(|_| payload.to == Audience::Role),
            project: payload.project.filter(|_| payload.to == Audience::Project),
            people: payload.people.clone().filter(|_| payload.to == Audience::People),
        }
    }

    pub fn lines(
        self,
        conn: &Connection,
        organisation: OrganisationId,
        channel: Channel,
        l: Lang,
    ) -> Result<Vec<Line>> {
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
        // What was mistyped may have a secret in it, too: it is not repeated.
        Channel::Webhook => {
            let url = outbound::address(text).map(String::from).map_err(|_| msg("broadcast-no-url"))?;
            match url.len() <= config::WEBHOOK_BYTES {
                true => Ok(url),
                false => Err(msg("broadcast-long-url").arg("limit", config::WEBHOOK_BYTES)),
            }
        }
        Channel::Bell | Channel::Email => {
            let named: Mailbox = text.parse().map_err(|_| msg("error-email"))?;
            Email::parse(named.email.as_ref()).map(|email| email.as_str().to_owned())
        }
    }
}

/// Where a URL leads, and nothing of what makes it somebody's own: whoever has all of it may write there.
fn host(url: &str) -> String {
    let url = outbound::address(url).ok();
    cut(url.as_ref().map_or("", |url| &url[Position::BeforeHost..Position::AfterPort]))
}

pub fn line_of(l: Lang, channel: Channel, row: &Row, column: usize, place: usize) -> Line {
    let line = i64::try_from(row.line).unwrap_or(i64::MAX);
    match recipient_of(row.cell(column), channel) {
        Ok(recipient) => {
            let key_twice = l.n("import-line", line);
            let key = match channel {
                Channel::Webhook => format!("{}, {key_twice}", host(&recipient)),
                // An address that is too long for a key goes by its line.
                _ if recipient.chars().count() > config::ITEM_KEY_CHARS => key_twice.clone(),
                _ => recipient.clone(),
            };
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
pub fn column_of(rows: &[Row], wanted: Option<&str>, channel: Channel) -> Result<(usize, bool), Message> {
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
        let url = |bytes: usize| format!("{:x<bytes$}", "https://a.example/");
        assert_eq!(recipient_of(&url(2_048), Channel::Webhook), Ok(url(2_048)));
        let why = recipient_of(&url(2_049), Channel::Webhook).unwrap_err();
        assert_eq!(Lang::En.m(&why), "This address is too long for a webhook: at most 2,048 characters.");
    }

    #[test]
    fn what_makes_a_webhook_somebodys_own_is_shown_to_nobody() {
        let row = Row {
            line: 7,
            cells: vec!["https://ada:pass@hooks.example:8443/services/T0/s3cret?key=s3cret#s3cret".into()],
        };
        let line = line_of(Lang::En, Channel::Webhook, &row, 0, 6);
        assert_eq!(line.key, "hooks.example:8443, line 7");
        assert!(line.recipient.unwrap().contains("s3cret"));
    }
}
