//! Why a body is not what was asked for: compares it with the very schema that the API's description shows, and names
//! each field that is wrong. Only looked at when reading the body failed; it says no more than the schema does.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;
use utoipa::ToSchema;

use super::problem::FieldProblem;
use crate::config;
use crate::error::{Message, msg};
use crate::locale::Lang;

/// The differences between `body` and the schema of `T`, as many as are told at once.
pub fn explain<T: ToSchema>(body: &Value, l: Lang) -> Vec<FieldProblem> {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let parts: Vec<_> = parts.into_iter().map(|(name, schema)| (name, serde_json::json!(schema))).collect();
    let mut explainer = Explainer { parts: &parts, l, found: Vec::new() };
    explainer.look(&serde_json::json!(T::schema()), body, "");
    explainer.found
}

struct Explainer<'a> {
    parts: &'a [(String, Value)],
    l: Lang,
    found: Vec<FieldProblem>,
}

impl<'a> Explainer<'a> {
    /// No more is told, so no more is looked for: what somebody sends may be millions of wrong fields.
    fn is_full(&self) -> bool {
        self.found.len() >= config::ERRORS_TOLD
    }

    fn refuse(&mut self, at: &str, message: &Message) {
        if self.is_full() {
            return;
        }
        let field = if at.is_empty() { Cow::Borrowed("body") } else { Cow::Owned(at.to_owned()) };
        self.found.push(FieldProblem { field, detail: self.l.m(message) });
    }

    /// The schema itself, where another stands for it.
    fn resolved<'b>(&self, schema: &'b Value) -> &'b Value
    where
        'a: 'b,
    {
        let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        let Some(name) = name else { return schema };
        self.parts.iter().find(|(part, _)| part == name).map_or(&Value::Null, |(_, schema)| self.resolved(schema))
    }

    /// All that may stand there: a choice within a choice is one choice.
    fn ways<'b>(&self, schema: &'b Value) -> Vec<&'b Value>
    where
        'a: 'b,
    {
        let schema = self.resolved(schema);
        match schema["oneOf"].as_array() {
            Some(ways) => ways.iter().flat_map(|way| self.ways(way)).collect(),
            None => vec![schema],
        }
    }

    fn look(&mut self, schema: &Value, value: &Value, at: &str) {
        let schema = self.resolved(schema);
        if schema["oneOf"].is_array() {
            let ways = self.ways(schema);
            match ways.iter().copied().find(|way| is_of_type(way, value)) {
                Some(way) => self.look(way, value, at),
                None => self.refuse(
                    at,
                    &wanted_type(&Value::from(
                        ways.iter().flat_map(|way| types(way).iter().cloned()).collect::<Vec<_>>(),
                    )),
                ),
            }
        } else if !is_of_type(schema, value) {
            self.refuse(at, &wanted_type(&schema["type"]));
        } else {
            self.look_inside(schema, value, at);
        }
    }

    fn look_inside(&mut self, schema: &Value, value: &Value, at: &str) {
        match value {
            Value::Object(fields) => self.look_at_fields(schema, fields, at),
            Value::Array(items) => {
                if !self.check_length(schema, items.len(), "Items", at) {
                    return;
                }
                for (number, item) in items.iter().enumerate() {
                    if self.is_full() {
                        return;
                    }
                    self.look(&schema["items"], item, &format!("{at}[{number}]"));
                }
            }
            Value::String(text) => {
                let choices: Vec<&str> =
                    schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if !choices.is_empty() && !choices.contains(&text.as_str()) {
                    self.refuse(at, &msg("error-one-of").arg("choices", choices.join(", ")));
                }
                if schema["format"] == "date-time" && text.parse::<Timestamp>().is_err() {
                    self.refuse(at, &msg("error-wants-time"));
                }
                self.check_length(schema, text.chars().count(), "Length", at);
            }
            Value::Number(number) => {
                let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
                let number = number.as_f64().unwrap_or(f64::NAN);
                if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
                    self.refuse(at, &range(least, most));
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn look_at_fields(&mut self, schema: &Value, fields: &serde_json::Map<String, Value>, at: &str) {
        let path = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                self.refuse(&path(name), &msg("error-required"));
            }
        }
        let known = schema["properties"].as_object();
        for (name, value) in fields {
            if self.is_full() {
                return;
            }
            match known.and_then(|known| known.get(name)) {
                Some(schema) => self.look(schema, value, &path(name)),
                None if schema["additionalProperties"] == Value::Bool(false) => {
                    let known: Vec<&str> =
                        known.into_iter().flat_map(|known| known.keys()).map(String::as_str).collect();
                    let message = match known.is_empty() {
                        true => msg("error-no-fields"),
                        false => msg("error-unknown-field").arg("known", known.join(", ")),
                    };
                    self.refuse(&path(name), &message);
                }
                None => {}
            }
        }
    }

    /// Whether it is short enough.
    fn check_length(&mut self, schema: &Value, length: usize, what: &str, at: &str) -> bool {
        let limit = |edge: &str| schema[format!("{edge}{what}")].as_u64().and_then(|limit| usize::try_from(limit).ok());
        let too_many = limit("max").filter(|most| length > *most);
        if let Some(most) = too_many {
            let key = if what == "Items" { msg("error-too-many") } else { msg("error-too-long") };
            self.refuse(at, &key.arg("limit", most));
        }
        if limit("min").is_some_and(|least| length < least) {
            self.refuse(at, &msg("error-required"));
        }
        too_many.is_none()
    }
}

fn types(schema: &Value) -> &[Value] {
    match &schema["type"] {
        Value::Array(types) => types,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// A schema without a type takes everything.
fn is_of_type(schema: &Value, value: &Value) -> bool {
    let types = types(schema);
    types.is_empty()
        || types.iter().filter_map(Value::as_str).any(|name| match name {
            "null" => value.is_null(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
            "number" => value.is_number(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        })
}

/// "Expected a text", "a whole number" and so on; where several would do, the first that is not null.
fn wanted_type(types: &Value) -> Message {
    let name = match types {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        one => one.as_str(),
    };
    msg(match name {
        Some("string") => "error-wants-text",
        Some("boolean") => "error-wants-boolean",
        Some("integer") => "error-wants-whole-number",
        Some("number") => "error-wants-number",
        Some("array") => "error-wants-list",
        _ => "error-wants-object",
    })
}

fn range(least: Option<f64>, most: Option<f64>) -> Message {
    let told = |limit: Option<f64>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    match (least, most) {
        (Some(_), Some(_)) => msg("error-range").arg("least", told(least)).arg("most", told(most)),
        (Some(_), None) => msg("error-least").arg("least", told(least)),
        _ => msg("error-most").arg("most", told(most)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(serde::Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Sample {
        title: String,
        #[schema(minimum = 1, maximum = 9)]
        rank: Option<i64>,
        kinds: Option<Vec<String>>,
        inner: Option<Inner>,
    }

    #[derive(serde::Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Inner {
        #[schema(max_length = 3)]
        name: String,
    }

    fn told(body: &Value) -> Vec<String> {
        explain::<Sample>(body, Lang::negotiate("")).into_iter().map(|told| told.field.into_owned()).collect()
    }

    #[derive(serde::Deserialize, ToSchema)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Choices {
        stage: Option<Stage>,
    }

    #[derive(serde::Deserialize, ToSchema)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    enum Stage {
        Name(String),
        Placed(Inner),
    }

    #[test]
    fn a_choice_may_be_left_out_and_a_whole_number_written_as_a_decimal() {
        let told = |body: Value| explain::<Choices>(&body, Lang::negotiate("")).len();
        assert_eq!(
            told(json!({ "stage": null })) + told(json!({ "stage": "x" })) + told(json!({ "stage": { "name": "x" } })),
            0
        );
        assert_eq!(told(json!({ "stage": 7 })), 1);
        assert!(self::told(&json!({ "title": "x", "rank": 3.0 })).is_empty());
    }

    #[test]
    fn no_more_is_looked_for_than_is_told() {
        let wrong = |count: usize| json!({ "title": "x", "kinds": vec![0; count] });
        assert_eq!(told(&wrong(config::ERRORS_TOLD - 1)).len(), config::ERRORS_TOLD - 1);
        assert_eq!(told(&wrong(500_000)).len(), config::ERRORS_TOLD);
        let unknown: serde_json::Map<_, _> = (0..1_000).map(|number| (format!("x{number}"), json!(1))).collect();
        assert_eq!(told(&Value::Object(unknown)).len(), config::ERRORS_TOLD);
    }

    #[test]
    fn a_list_that_is_too_long_is_one_error() {
        #[derive(serde::Deserialize, ToSchema)]
        #[allow(dead_code, reason = "only its schema is looked at")]
        struct Few {
            #[schema(max_items = 3)]
            kinds: Vec<String>,
        }
        let told = explain::<Few>(&json!({ "kinds": [0, 0, 0, 0] }), Lang::negotiate(""));
        assert_eq!(told.iter().map(|told| told.field.as_ref()).collect::<Vec<_>>(), ["kinds"]);
    }

    #[test]
    fn each_wrong_field_is_named_by_its_path() {
        assert_eq!(told(&json!([])), ["body"]);
        assert_eq!(told(&json!({ "titel": "x" })), ["title", "titel"]);
        let wrong = json!({ "title": 1, "rank": 12, "kinds": ["a", 2], "inner": { "name": "long", "x": 1 } });
        assert_eq!(told(&wrong), ["inner.name", "inner.x", "kinds[1]", "rank", "title"]);
        assert_eq!(told(&json!({ "title": "x", "rank": 1.5, "kinds": null, "inner": 3 })), ["inner", "rank"]);
        assert!(told(&json!({ "title": "x", "rank": null, "kinds": [], "inner": { "name": "abc" } })).is_empty());
    }
}
