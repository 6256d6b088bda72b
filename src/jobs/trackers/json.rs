//! JSON as other trackers write it: how much it would become is counted before anything is kept of it; numbers that come as
//! texts and the other way round are read alike; what is of another kind than expected is nothing.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{TASKS, Tracker, too_large, too_many};
use crate::error::{Message, msg};

/// Values in a file: each takes some hundred bytes of memory at the most.
const VALUES: usize = 4_000_000;
const DEPTH: usize = 64;
/// Members of one list: tasks, or what hangs on them.
const MEMBERS: usize = 2 * TASKS;

/// Counts what is in it, without reading it.
pub fn check(bytes: &[u8]) -> Result<(), Message> {
    let (mut values, mut depth, mut is_text, mut is_escaped) = (0, 0_usize, false, false);
    for byte in bytes {
        match (is_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_text = !is_text,
            (true, _) => {}
            (false, b'{' | b'[') => {
                depth += 1;
                values += 1;
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, b',') => values += 1,
            (false, _) => {}
        }
        if values > VALUES {
            return Err(too_large());
        }
        if depth > DEPTH {
            return Err(msg("tracker-other-form"));
        }
    }
    Ok(())
}

/// The members by which exports are told apart.
#[derive(Deserialize)]
struct Probe {
    cards: Option<IgnoredAny>,
    jsonrpc: Option<IgnoredAny>,
    column_id: Option<IgnoredAny>,
    tasks: Option<IgnoredAny>,
    buckets: Option<IgnoredAny>,
    parent_project_id: Option<IgnoredAny>,
}

impl Probe {
    fn tracker(&self) -> Option<Tracker> {
        if self.cards.is_some() {
            Some(Tracker::Trello)
        } else if self.jsonrpc.is_some() || self.column_id.is_some() {
            Some(Tracker::Kanboard)
        } else if self.tasks.is_some() || self.buckets.is_some() || self.parent_project_id.is_some() {
            Some(Tracker::Vikunja)
        } else {
            None
        }
    }
}

/// Whose export this seems to be.
pub fn shape(bytes: &[u8]) -> Option<Tracker> {
    if bytes.starts_with(b"[") {
        let list: Vec<Probe> = serde_json::from_slice(bytes).ok()?;
        list.iter().find_map(Probe::tracker)
    } else {
        serde_json::from_slice::<Probe>(bytes).ok()?.tracker()
    }
}

pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Message> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.to_string().starts_with(TOO_MANY) {
            return too_many();
        }
        msg("tracker-broken").arg("line", error.line()).arg("column", error.column())
    })
}

/// A text, a number, a yes or no: as text. Null, and what is none of these, is blank.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Loose(pub String);

impl Loose {
    pub fn get(&self) -> &str {
        self.0.trim()
    }

    pub fn is_yes(&self) -> bool {
        matches!(self.get(), "true" | "1")
    }

    pub fn is_blank(&self) -> bool {
        self.get().is_empty()
    }

    pub fn number(&self) -> Option<f64> {
        self.get().parse().ok().filter(|number: &f64| number.is_finite())
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Loose, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose(text.to_owned()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
        Ok(Loose(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
        Ok(Loose(number.to_string()))
    }

    fn visit_bool<E>(self, is: bool) -> Result<Loose, E> {
        Ok(Loose(is.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::default())
    }
}

const TOO_MANY: &str = "too many members";

/// A list with an end. Null, and what is no list, is empty.
#[derive(Clone, Debug)]
pub struct Many<T>(pub Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Many<T> {
        Many(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Many<T>, D::Error> {
        deserializer.deserialize_any(ManyVisitor(PhantomData))
    }
}

struct ManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ManyVisitor<T> {
    type Value = Many<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Many<T>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = list.next_element()? {
            if members.len() == MEMBERS {
                return Err(A::Error::custom(TOO_MANY));
            }
            members.push(member);
        }
        Ok(Many(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Many<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Many::default())
    }

    fn visit_unit<E>(self) -> Result<Many<T>, E> {
        Ok(Many::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Many<T>, E> {
        Ok(Many::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Many<T>, E> {
        Ok(Many::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Many<T>, E> {
        Ok(Many::default())
    }
}
