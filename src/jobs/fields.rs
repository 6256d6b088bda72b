//! What starts a job of a built-in kind: each member of its payload as a field of a form. Forms are drawn from this,
//! payloads made of what was typed, and every payload checked by it, whichever way it came.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::config;
use crate::error::{Error, FieldError, Message, Result, msg};

/// One member of a payload.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: &'static str,
    pub label: Message,
    pub hint: Option<Message>,
    pub takes: Takes,
    pub is_required: bool,
    /// What a form begins with, as it would be typed.
    pub default: &'static str,
}

/// What a member may be.
#[derive(Clone, Debug)]
pub enum Takes {
    /// One line of so many characters.
    Line(usize),
    /// Lines of so many characters together.
    Text(usize),
    Number(RangeInclusive<i64>),
    /// One of these, each with what it is called.
    Choice(Vec<(&'static str, Message)>),
    Check,
    Date,
    /// A file that a job has: `{"task": 42, "name": "tasks.csv"}`.
    File,
    /// An object that only programs and pages of their own write; what is in it the kind itself checks.
    Inner,
}

impl Field {
    fn new(name: &'static str, label: Message, takes: Takes) -> Field {
        Field { name, label, hint: None, takes, is_required: false, default: "" }
    }

    pub fn line(name: &'static str, label: Message) -> Field {
        Field::new(name, label, Takes::Line(config::NAME_CHARS))
    }

    pub fn text(name: &'static str, label: Message) -> Field {
        Field::new(name, label, Takes::Text(config::DESCRIPTION_CHARS))
    }

    pub fn number(name: &'static str, label: Message, range: RangeInclusive<i64>) -> Field {
        Field::new(name, label, Takes::Number(range))
    }

    /// The first choice is what it begins with.
    pub fn choice(name: &'static str, label: Message, choices: Vec<(&'static str, Message)>) -> Field {
        let default = choices.first().map_or("", |(value, _)| value);
        Field { default, ..Field::new(name, label, Takes::Choice(choices)) }
    }

    pub fn check(name: &'static str, label: Message) -> Field {
        Field::new(name, label, Takes::Check)
    }

    pub fn date(name: &'static str, label: Message) -> Field {
        Field::new(name, label, Takes::Date)
    }

    pub fn file(name: &'static str, label: Message) -> Field {
        Field::new(name, label, Takes::File).required()
    }

    pub fn inner(name: &'static str, label: Message) -> Field {
        Field::new(name, label, Takes::Inner)
    }

    #[must_use]
    pub fn hint(self, hint: Message) -> Field {
        Field { hint: Some(hint), ..self }
    }

    /// A line of at most so many characters.
    #[must_use]
    pub fn at_most(self, chars: usize) -> Field {
        Field { takes: Takes::Line(chars), ..self }
    }

    #[must_use]
    pub fn required(self) -> Field {
        Field { is_required: true, ..self }
    }

    #[must_use]
    pub fn optional(self) -> Field {
        Field { is_required: false, ..self }
    }

    #[must_use]
    pub fn default(self, default: &'static str) -> Field {
        Field { default, ..self }
    }

    /// Whether people fill it in; the others only programs and pages of their own do.
    pub fn is_typed(&self) -> bool {
        !matches!(self.takes, Takes::File | Takes::Inner)
    }

    /// What was typed, as the payload has it; none when it was left open.
    fn value(&self, typed: &str) -> Result<Option<Value>, Message> {
        if let Takes::Check = self.takes {
            return Ok(Some(Value::Bool(!typed.is_empty())));
        }
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let value = match &self.takes {
            Takes::Number(range) => typed.parse::<i64>().map(Value::from).map_err(|_| outside(range))?,
            _ => Value::from(typed),
        };
        self.check_value(&value).map(|()| Some(value))
    }

    fn check_value(&self, value: &Value) -> Result<(), Message> {
        match (&self.takes, value) {
            (Takes::Line(most), Value::String(text)) => check_text(text, *most, |c| c.is_control()),
            (Takes::Text(most), Value::String(text)) => {
                check_text(text, *most, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            }
            (Takes::Line(_) | Takes::Text(_), _) => Err(msg("error-payload-text")),
            (Takes::Number(range), value) => match value.as_i64() {
                Some(number) if range.contains(&number) => Ok(()),
                _ => Err(outside(range)),
            },
            (Takes::Choice(choices), Value::String(text)) if choices.iter().any(|(value, _)| value == text) => Ok(()),
            (Takes::Choice(choices), _) => Err(one_of(choices)),
            (Takes::Check, Value::Bool(_)) => Ok(()),
            (Takes::Check, _) => Err(msg("error-payload-check")),
            (Takes::Date, Value::String(text)) if text.parse::<Date>().is_ok() => Ok(()),
            (Takes::Date, _) => Err(msg("error-payload-date")),
            (Takes::File, value) if is_file(value) => Ok(()),
            (Takes::File, _) => Err(msg("error-payload-file")),
            (Takes::Inner, Value::Object(_)) => Ok(()),
            (Takes::Inner, _) => Err(msg("error-payload-inner")),
        }
    }
}

fn outside(range: &RangeInclusive<i64>) -> Message {
    msg("error-number-range").arg("from", *range.start()).arg("to", *range.end())
}

fn one_of(choices: &[(&'static str, Message)]) -> Message {
    let choices: Vec<&str> = choices.iter().map(|(value, _)| *value).filter(|value| !value.is_empty()).collect();
    msg("error-payload-choice").arg("choices", choices.join(", "))
}

fn check_text(text: &str, most: usize, is_wrong: fn(char) -> bool) -> Result<(), Message> {
    if text.chars().count() > most {
        Err(msg("error-too-long").arg("limit", most))
    } else if text.chars().any(is_wrong) {
        Err(msg("error-control-characters"))
    } else {
        Ok(())
    }
}

fn is_file(value: &Value) -> bool {
    let Some(file) = value.as_object() else { return false };
    file.len() == 2
        && file.get("task").and_then(Value::as_i64).is_some()
        && file.get("name").and_then(Value::as_str).is_some_and(|name| !name.is_empty())
}

/// The payload that was typed into a form, by the fields' names. What was left open is not in it.
pub fn payload_of<'a>(fields: &[Field], typed: impl Fn(&'static str) -> &'a str) -> Result<Value> {
    let mut payload = Map::new();
    let mut errors = Vec::new();
    for field in fields.iter().filter(|field| field.is_typed()) {
        match field.value(typed(field.name)) {
            Ok(Some(value)) => drop(payload.insert(field.name.to_owned(), value)),
            Ok(None) if field.is_required => errors.push(wrong(field.name, msg("error-required"))),
            Ok(None) => {}
            Err(message) => errors.push(wrong(field.name, message)),
        }
    }
    if errors.is_empty() { Ok(Value::Object(payload)) } else { Err(Error::Invalid(errors)) }
}

/// Whether a kind with these fields takes this payload. No payload at all is one without members.
pub fn check_payload(fields: &[Field], payload: &Value) -> Result<()> {
    let none = Map::new();
    let payload = match payload {
        Value::Null => &none,
        Value::Object(payload) => payload,
        _ => return Err(Error::field("payload", msg("error-payload-inner"))),
    };
    let mut errors = Vec::new();
    for (name, value) in payload {
        match fields.iter().find(|field| field.name == name) {
            Some(field) => errors.extend(field.check_value(value).err().map(|message| wrong(name, message))),
            None => errors.push(wrong(name, unknown(fields))),
        }
    }
    for field in fields.iter().filter(|field| field.is_required && !payload.contains_key(field.name)) {
        errors.push(wrong(field.name, msg("error-required")));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// How a member is called where the payload is one part of what was sent.
fn wrong(name: &str, message: Message) -> FieldError {
    // What somebody made up is told as far as a line goes.
    let name: String = name.chars().take(config::NAME_CHARS).collect();
    FieldError { field: Cow::Owned(format!("payload.{name}")), message }
}

fn unknown(fields: &[Field]) -> Message {
    let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
    match known.is_empty() {
        true => msg("error-payload-none"),
        false => msg("error-payload-unknown").arg("known", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields() -> Vec<Field> {
        vec![
            Field::number("steps", msg("a"), 1..=9).required(),
            Field::check("dry", msg("a")),
            Field::choice("mode", msg("a"), vec![("slow", msg("a")), ("fast", msg("a"))]),
            Field::date("day", msg("a")),
            Field::line("name", msg("a")),
            Field::file("file", msg("a")),
        ]
    }

    fn wrong_of<T: std::fmt::Debug>(outcome: Result<T>) -> Vec<String> {
        match outcome {
            Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field.into_owned()).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_typed_becomes_a_payload_that_is_taken() {
        let typed = |name| match name {
            "steps" => " 7 ",
            "dry" => "1",
            "mode" => "fast",
            "day" => "2026-11-22",
            _ => "",
        };
        let payload = payload_of(&fields(), typed).unwrap();
        assert_eq!(payload, json!({ "steps": 7, "dry": true, "mode": "fast", "day": "2026-11-22" }));
        assert_eq!(wrong_of(check_payload(&fields(), &payload)), ["payload.file"], "a page of its own adds that");
        let mut whole = payload;
        whole["file"] = json!({ "task": 4, "name": "a.csv" });
        check_payload(&fields(), &whole).unwrap();
    }

    #[test]
    fn each_wrong_member_is_told_by_name() {
        let typed = |name| if name == "day" { "tomorrow" } else { "x" };
        assert_eq!(wrong_of(payload_of(&fields(), typed)), ["payload.steps", "payload.mode", "payload.day"]);
        let sent = json!({ "steps": "7", "dry": 1, "mode": null, "stairs": 1, "file": { "task": 1 } });
        let told = wrong_of(check_payload(&fields(), &sent));
        assert_eq!(told, ["payload.dry", "payload.file", "payload.mode", "payload.stairs", "payload.steps"]);
        assert_eq!(wrong_of(check_payload(&[], &json!([]))), ["payload"]);
        check_payload(&[], &Value::Null).unwrap();
    }
}
