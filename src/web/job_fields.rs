//! The fields of a built-in kind as a form shows them: `jobs/_fields.html` draws what stands here, wherever a job or a
//! schedule of that kind is made. What a field takes is decided in `jobs::fields`.

use std::borrow::Cow;

use serde_json::Value;

use super::forms::{Fields, Filled};
use crate::error::{Error, Result};
use crate::jobs::BuiltIn;
use crate::jobs::fields::{Field, Takes, payload_of};
use crate::locale::Lang;

/// How a field is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Typed {
    Line,
    Text,
    Number { from: i64, to: i64 },
    Choice,
    Check,
    Date,
}

pub struct Input {
    pub name: &'static str,
    pub label: String,
    pub hint: Option<String>,
    pub typed: Typed,
    /// Value, what it is called, whether it is chosen.
    pub choices: Vec<(Cow<'static, str>, String, bool)>,
    pub value: String,
    pub error: Option<String>,
    pub described_by: Option<String>,
    pub is_required: bool,
}

impl Input {
    fn of(l: Lang, field: &Field, form: &Filled) -> Option<Input> {
        let typed = match &field.takes {
            Takes::Line(_) => Typed::Line,
            Takes::Text(_) => Typed::Text,
            Takes::Number(range) => Typed::Number { from: *range.start(), to: *range.end() },
            Takes::Choice(_) => Typed::Choice,
            Takes::Check => Typed::Check,
            Takes::Date => Typed::Date,
            Takes::File | Takes::Inner => return None,
        };
        let choices = match &field.takes {
            Takes::Choice(choices) => choices.as_slice(),
            _ => &[],
        };
        let choices =
            choices.iter().map(|(value, label)| (Cow::Borrowed(*value), l.m(label), form.is(field.name, value)));
        Some(Input {
            name: field.name,
            label: l.m(&field.label),
            hint: field.hint.as_ref().map(|hint| l.m(hint)),
            typed,
            choices: choices.collect(),
            value: form.value(field.name).to_owned(),
            error: form.error(field.name).map(ToOwned::to_owned),
            described_by: form.described_by(field.name, field.hint.is_some()),
            is_required: field.is_required,
        })
    }

    pub fn is_checked(&self) -> bool {
        !self.value.is_empty()
    }

    /// A whole number may be typed as such; what was typed wrongly stays visible.
    pub fn number(&self) -> Option<(i64, i64)> {
        match self.typed {
            Typed::Number { from, to } if self.value.is_empty() || self.value.trim().parse::<i64>().is_ok() => {
                Some((from, to))
            }
            _ => None,
        }
    }

    pub fn is(&self, typed: Typed) -> bool {
        self.typed == typed
    }
}

/// A kind's fields, filled in.
pub fn inputs(l: Lang, kind: BuiltIn, form: &Filled) -> Vec<Input> {
    kind.fields().iter().filter_map(|field| Input::of(l, field, form)).collect()
}

/// The names that `jobs/_fields.html` shows errors beside, for [`Filled::other_errors`].
pub fn names(inputs: &[Input]) -> String {
    inputs.iter().map(|input| input.name).collect::<Vec<_>>().join(" ")
}

/// What a form of this kind begins with: nothing was sent yet, or this payload is there already.
pub fn values(kind: BuiltIn, payload: Option<&Value>) -> Vec<(&'static str, String)> {
    let value = |field: &Field| match payload {
        None => field.default.to_owned(),
        Some(payload) => match payload.get(field.name) {
            Some(Value::Bool(is_set)) => if *is_set { "1" } else { "" }.to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        },
    };
    kind.fields().iter().filter(|field| field.is_typed()).map(|field| (field.name, value(field))).collect()
}

/// The payload that such a form brought.
pub fn payload(kind: BuiltIn, fields: &Fields) -> Result<Value> {
    payload_of(&kind.fields(), |name| fields.get(name)).map_err(beside_fields)
}

/// A refusal of a payload's members, about the fields of the form that it came from.
pub fn beside_fields(mut error: Error) -> Error {
    if let Error::Invalid(errors) = &mut error {
        for error in errors {
            if let Some(name) = error.field.strip_prefix("payload.") {
                error.field = name.to_owned().into();
            }
        }
    }
    error
}
