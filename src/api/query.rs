//! What stands behind the `?` of an address. Unlike a page, which shows what it can, the API refuses what it does not
//! know: a misspelt filter would answer with everything.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::Timestamp;
use serde_json::json;

use super::openapi::{Param, param};
use crate::config;
use crate::error::{Error, FieldError, Message, Result, msg};
use crate::people::parse_line;

/// Name and value pairs, taken one by one.
pub struct Query {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query> {
        let text = parts.uri.query().unwrap_or_default();
        Ok(Query { pairs: form_urlencoded::parse(text.as_bytes()).into_owned().collect(), errors: Vec::new() })
    }
}

impl Query {
    /// The text under this name; once, if at all.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        let place = self.pairs.iter().position(|(given, _)| given == name)?;
        let (_, value) = self.pairs.remove(place);
        if self.pairs.iter().any(|(given, _)| given == name) {
            self.refuse(name, msg("error-given-twice"));
            self.pairs.retain(|(given, _)| given != name);
        }
        Some(value)
    }

    pub fn refuse(&mut self, field: &'static str, message: Message) {
        self.errors.push(FieldError { field: field.into(), message });
    }

    /// A value, or its refusal in these words.
    pub fn value<T: FromStr>(&mut self, name: &'static str, refusal: impl FnOnce() -> Message) -> Option<T> {
        let parsed = self.text(name)?.parse();
        if parsed.is_err() {
            self.refuse(name, refusal());
        }
        parsed.ok()
    }

    pub fn line(&mut self, name: &'static str) -> Option<String> {
        let text = self.text(name)?;
        // As it came: blanks around it count, as they do in the description.
        let parsed = match text.chars().count() > config::NAME_CHARS {
            true => Err(msg("error-too-long").arg("limit", config::NAME_CHARS)),
            false => parse_line(&text, config::NAME_CHARS),
        };
        match parsed {
            Ok(line) => Some(line),
            Err(message) => {
                self.refuse(name, message);
                None
            }
        }
    }

    pub fn id(&mut self, name: &'static str) -> Option<i64> {
        self.value::<i64>(name, || msg("error-wants-whole-number")).filter(|id| {
            let is_id = *id >= 1;
            if !is_id {
                self.refuse(name, msg("error-least").arg("least", "1"));
            }
            is_id
        })
    }

    pub fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.value(name, || msg("error-wants-time"))
    }

    /// One of these words.
    pub fn word<T: FromStr + Copy>(&mut self, name: &'static str, all: &[T], text: fn(T) -> &'static str) -> Option<T> {
        let choices = || all.iter().map(|word| text(*word)).collect::<Vec<_>>().join(", ");
        self.value(name, || msg("error-one-of").arg("choices", choices()))
    }

    /// How many to list.
    pub fn limit(&mut self) -> usize {
        let range = || msg("error-range").arg("least", "1").arg("most", config::LIST_MOST.to_string());
        let limit = self.value::<usize>("limit", range).unwrap_or(config::LIST_USUAL);
        if !(1..=config::LIST_MOST).contains(&limit) {
            self.refuse("limit", range());
        }
        limit
    }

    /// Where a list goes on.
    pub fn cursor<T: FromStr>(&mut self) -> Option<T> {
        self.value("cursor", || msg("error-cursor"))
    }

    /// Nothing else stands there, and nothing was wrong.
    pub fn end(mut self) -> Result<()> {
        if let Some((name, _)) = self.pairs.first() {
            let message = msg("error-unknown-parameter").arg("name", name.clone());
            self.refuse("query", message);
        }
        if self.errors.is_empty() { Ok(()) } else { Err(Error::Invalid(self.errors)) }
    }
}

/// How the parameters of each list are described.
pub fn told_paging() -> [Param; 2] {
    [
        param(
            "limit",
            "How many to list.",
            json!({ "type": "integer", "minimum": 1, "maximum": config::LIST_MOST, "default": config::LIST_USUAL }),
        ),
        param(
            "cursor",
            "The `next` of the page before.",
            json!({ "type": "string", "pattern": "^[0-9]{1,16}\\.[0-9]{1,16}$" }),
        ),
    ]
}
