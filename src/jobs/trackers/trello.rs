//! Trello: a board as its menu exports it ("Export as JSON": the board of the REST API with lists, cards, checklists, members
//! and the last thousand actions, of which comments are some). There are no e-mail addresses in it unless one's own account
//! is asked, so people are known by name. Trello knows no priority and no percent; a checklist is kept as a list of text.

use std::collections::HashMap;

use serde::Deserialize;

use super::found::{Found, Person, moment};
use super::json::{Loose, Many, parse};
use super::{Export, Left, Lefts, Tracker, Wishes, leave};
use crate::error::Message;
use crate::jobs::columns::Standing;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Board {
    name: Loose,
    desc: Loose,
    lists: Many<List>,
    cards: Many<Card>,
    members: Many<Member>,
    checklists: Many<Checklist>,
    actions: Many<Action>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct List {
    id: Loose,
    name: Loose,
    closed: Loose,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Card {
    id: Loose,
    name: Loose,
    desc: Loose,
    closed: Loose,
    due: Loose,
    start: Loose,
    due_complete: Loose,
    due_reminder: Loose,
    id_list: Loose,
    id_members: Many<Loose>,
    labels: Many<Label>,
    attachments: Many<Loose>,
    custom_field_items: Many<Loose>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Label {
    name: Loose,
    color: Loose,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Member {
    id: Loose,
    full_name: Loose,
    username: Loose,
    email: Loose,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Checklist {
    id_card: Loose,
    name: Loose,
    check_items: Many<CheckItem>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CheckItem {
    name: Loose,
    state: Loose,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Action {
    r#type: Loose,
    date: Loose,
    member_creator: Option<Member>,
    data: Data,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Data {
    text: Loose,
    card: Option<Named>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Named {
    id: Loose,
}

/// What hangs on cards, by them.
struct Around<'a> {
    lists: HashMap<&'a str, &'a List>,
    members: HashMap<&'a str, &'a Member>,
    checklists: HashMap<&'a str, Vec<&'a Checklist>>,
    /// Oldest first.
    comments: HashMap<&'a str, Vec<&'a Action>>,
}

impl<'a> Around<'a> {
    fn of(board: &'a Board) -> Around<'a> {
        let mut checklists: HashMap<&str, Vec<&Checklist>> = HashMap::new();
        for checklist in &board.checklists.0 {
            checklists.entry(checklist.id_card.get()).or_default().push(checklist);
        }
        let mut comments: HashMap<&str, Vec<&Action>> = HashMap::new();
        // The newest action is first.
        for action in board.actions.0.iter().rev().filter(|action| action.r#type.get() == "commentCard") {
            if let Some(card) = &action.data.card {
                comments.entry(card.id.get()).or_default().push(action);
            }
        }
        Around {
            lists: board.lists.0.iter().map(|list| (list.id.get(), list)).collect(),
            members: board.members.0.iter().map(|member| (member.id.get(), member)).collect(),
            checklists,
            comments,
        }
    }
}

pub fn read(bytes: &[u8], wishes: &Wishes) -> Result<Export, Message> {
    let board: Board = parse(bytes)?;
    let around = Around::of(&board);
    let (mut tasks, mut left) = (Vec::new(), Lefts::new());
    for card in &board.cards.0 {
        let list = around.lists.get(card.id_list.get()).copied();
        let is_archived = card.closed.is_yes() || list.is_some_and(|list| list.closed.is_yes());
        if is_archived && !wishes.with_archived {
            leave(&mut left, Left::Archived, 1);
            continue;
        }
        let mut found = found(card, list, &around);
        found.in_project(board.name.get());
        tasks.push(found);
    }
    leave(&mut left, Left::Notes, usize::from(!board.desc.is_blank()));
    Ok(Export { tracker: Tracker::Trello, tasks, left })
}

fn found(card: &Card, list: Option<&List>, around: &Around<'_>) -> Found {
    let mut found = Found::new(Tracker::Trello, card.id.get(), card.name.get(), card.desc.get());
    for checklist in around.checklists.get(card.id.get()).into_iter().flatten() {
        found.describe(&checklist_text(checklist));
    }
    let members = card.id_members.0.iter().filter_map(|id| around.members.get(id.get()));
    found.people = members.filter_map(|member| person(member)).collect();
    found.due_at(moment(card.due.get()));
    found.standing = card.due_complete.is_yes().then_some(Standing::Done);
    if let Some(list) = list {
        found.stands_in(list.name.get());
    }
    found.standing.get_or_insert(Standing::Open);
    for label in &card.labels.0 {
        // One without a name is known by its colour.
        found.label(if label.name.is_blank() { label.color.get() } else { label.name.get() });
    }
    for action in around.comments.get(card.id.get()).into_iter().flatten() {
        found.comment(
            action.member_creator.as_ref().and_then(person),
            moment(action.date.get()),
            action.data.text.get(),
        );
    }
    found.leave(Left::StartDates, usize::from(!card.start.is_blank()));
    found.leave(Left::Reminders, usize::from(card.due_reminder.number().is_some_and(|minutes| minutes >= 0.0)));
    found.leave(Left::Attachments, card.attachments.0.len());
    found.leave(Left::CustomFields, card.custom_field_items.0.len());
    found
}

fn checklist_text(checklist: &Checklist) -> String {
    let items = checklist.check_items.0.iter().map(|item| {
        let mark = if item.state.get() == "complete" { 'x' } else { ' ' };
        format!("- [{mark}] {}", item.name.get())
    });
    let title = format!("**{}**\n", checklist.name.get());
    std::iter::once(title).chain(items).collect::<Vec<_>>().join("\n")
}

fn person(member: &Member) -> Option<Person> {
    let name = if member.full_name.is_blank() { member.username.get() } else { member.full_name.get() };
    Person::new(name, member.email.get())
}
