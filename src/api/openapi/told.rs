//! How one call is described: built beside its handler from the types that it takes and gives.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// What a call does, takes and answers, as OpenAPI 3.1 writes it.
pub struct Told {
    pub id: &'static str,
    pub section: &'static str,
    pub(super) operation: Map<String, Value>,
    /// The schemas that it names.
    pub(super) parts: BTreeMap<String, Value>,
    pub(super) refusals: Vec<u16>,
    pub(super) takes_key: bool,
    pub(super) leads: Vec<(u16, &'static str, String)>,
}

/// A parameter of the address or a header.
pub struct Param {
    pub name: &'static str,
    pub description: &'static str,
    pub schema: Value,
}

pub fn param(name: &'static str, description: &'static str, schema: Value) -> Param {
    Param { name, description, schema }
}

impl Told {
    pub fn new(id: &'static str, section: &'static str, summary: &'static str) -> Told {
        let mut operation = Map::new();
        operation.insert("operationId".into(), id.into());
        operation.insert("tags".into(), json!([section]));
        operation.insert("summary".into(), summary.into());
        operation.insert("parameters".into(), json!([]));
        operation.insert("responses".into(), json!({}));
        Told {
            id,
            section,
            operation,
            parts: BTreeMap::new(),
            refusals: Vec::new(),
            takes_key: true,
            leads: Vec::new(),
        }
    }

    /// More than the summary says, in Markdown.
    pub fn more(mut self, description: &'static str) -> Told {
        self.operation.insert("description".into(), description.into());
        self
    }

    pub(super) fn parameter(&mut self, place: &str, param: &Param, is_required: bool) {
        let told = json!({
            "name": param.name, "in": place, "required": is_required,
            "description": param.description, "schema": param.schema,
        });
        self.operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
            .into_iter()
            .for_each(|all| all.push(told.clone()));
    }

    pub fn query(mut self, params: impl IntoIterator<Item = Param>) -> Told {
        for param in params {
            self.parameter("query", &param, false);
        }
        self
    }

    /// A parameter of the path, unless it is an id.
    pub fn path(mut self, param: &Param) -> Told {
        self.parameter("path", param, true);
        self
    }

    /// The JSON that it takes, and one that works.
    pub fn takes<T: ToSchema>(mut self, example: Value) -> Told {
        let schema = self.part::<T>(false);
        self.refusals.extend([400, 413, 415, 422]);
        let content = json!({ "application/json": { "schema": schema, "example": example } });
        // Where every field may be left out, so may be the body.
        let is_required = !json!(T::schema())["required"].is_null();
        self.operation.insert("requestBody".into(), json!({ "required": is_required, "content": content }));
        self
    }

    /// Text, too.
    pub fn takes_text(mut self, example: &str) -> Told {
        let told = json!({ "schema": { "type": "string" }, "example": example });
        self.operation["requestBody"]["content"]["text/plain"] = told;
        self
    }

    /// Any bytes, which are kept as they are.
    pub fn takes_file(mut self) -> Told {
        self.refusals.extend([413, 422]);
        self.takes_key = false;
        let content = json!({ "application/octet-stream": { "schema": {}, "example": "any bytes" } });
        self.operation.insert("requestBody".into(), json!({ "required": false, "content": content }));
        self
    }

    /// What it answers when it went well.
    pub fn gives<T: ToSchema>(mut self, status: u16, description: &str) -> Told {
        let schema = self.part::<T>(true);
        self.answer(status, description, json!({ "application/json": { "schema": schema } }));
        self
    }

    pub fn gives_bytes(mut self, status: u16, description: &str, kind: &str, schema: &Value) -> Told {
        self.answer(status, description, json!({ kind: { "schema": schema.clone() } }));
        self
    }

    /// The same as another kind of content.
    pub fn or_gives_bytes(mut self, status: u16, kind: &str, schema: &Value) -> Told {
        self.responses()[&status.to_string()]["content"][kind] = json!({ "schema": schema });
        self
    }

    pub fn gives_nothing(mut self, description: &str) -> Told {
        self.responses().insert("204".into(), json!({ "description": description, "headers": {} }));
        self
    }

    fn answer(&mut self, status: u16, description: &str, content: Value) {
        let told = json!({ "description": description, "headers": {}, "content": content });
        self.responses().insert(status.to_string(), told);
    }

    /// A header of one of its answers.
    pub fn header(mut self, status: u16, name: &str, description: &str, schema: &Value) -> Told {
        let told = json!({ "description": description, "required": true, "schema": schema });
        self.responses()[&status.to_string()]["headers"][name] = told;
        self
    }

    /// Where a client goes on from an answer: a call, and what it takes from here.
    pub fn leads_to(mut self, status: u16, call: &str, parameter: &str, value: &str) -> Told {
        let link = json!({ "operationId": call, "parameters": { parameter: value } });
        self.responses()[&status.to_string()]["links"][call] = link;
        self
    }

    /// The same for every call of one thing: all that take its `parameter`.
    pub fn leads_to_all(mut self, status: u16, parameter: &'static str, value: &str) -> Told {
        self.leads.push((status, parameter, value.to_owned()));
        self
    }

    /// Which refusals it has besides those that all have.
    pub fn refuses(mut self, statuses: &[u16]) -> Told {
        self.refusals.extend(statuses);
        self
    }

    pub(super) fn responses(&mut self) -> &mut Map<String, Value> {
        self.operation.get_mut("responses").and_then(Value::as_object_mut).expect("it was put there when this was made")
    }

    /// The schema of `T`, by name; what it names comes along. In answers every field is always there.
    fn part<T: ToSchema>(&mut self, is_answer: bool) -> Value {
        let mut found = Vec::new();
        T::schemas(&mut found);
        found.push((T::name().into_owned(), T::schema()));
        let name = T::name();
        for (name, schema) in found {
            let mut schema = json!(schema);
            if is_answer {
                complete(&mut schema);
            }
            self.parts.insert(name, schema);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }
}

/// Every field of an answer is there, if only as null. Others may come with later versions.
fn complete(schema: &mut Value) {
    if let Some(fields) = schema["properties"].as_object() {
        schema["required"] = fields.keys().cloned().collect::<Vec<_>>().into();
    }
}
