//! The API's description as a page: written by the server from the same document that programs read, so that it needs no
//! script and says nothing else.

use askama::Template;
use askama_web::WebTemplate;
use serde_json::{Map, Value};

use super::page::{Nav, OpenVisit, Page};
use super::task::markdown;
use crate::api::openapi;
use crate::error::Result;
use crate::locale::Lang;

#[derive(Template, WebTemplate)]
#[template(path = "docs.html")]
pub struct DocsPage {
    page: Page,
    l: Lang,
    introduction: String,
    sections: Vec<Section>,
}

struct Section {
    name: String,
    description: String,
    calls: Vec<Call>,
}

struct Call {
    id: String,
    method: String,
    path: String,
    summary: String,
    /// HTML.
    description: String,
    scopes: String,
    parameters: Vec<Field>,
    body: Vec<Field>,
    example: String,
    answers: Vec<Answer>,
}

struct Field {
    name: String,
    kind: String,
    is_required: bool,
    /// HTML.
    description: String,
}

struct Answer {
    status: String,
    description: String,
    /// What it holds, by name.
    kind: String,
}

/// The same for everybody, in the frame of whoever looks.
pub async fn get_docs(visit: OpenVisit) -> Result<DocsPage> {
    let document = openapi::document(&super::routes(), visit.app.config.base().as_str());
    let page = match &visit.viewer {
        Some(viewer) => Page::new(&visit.app, viewer, None, &visit.uri, Nav::None, "docs-title"),
        None => visit.page("docs-title"),
    };
    let origin = page.base.to_string();
    Ok(DocsPage {
        l: page.l,
        introduction: markdown(document["info"]["description"].as_str().unwrap_or_default()),
        sections: sections(&document, &origin),
        page,
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn sections(document: &Value, base: &str) -> Vec<Section> {
    let named = |tag: &Value| Section {
        name: text(&tag["name"]),
        description: text(&tag["description"]),
        calls: calls(document, base, &tag["name"]),
    };
    document["tags"].as_array().into_iter().flatten().map(named).collect()
}

fn calls(document: &Value, base: &str, tag: &Value) -> Vec<Call> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if &operation["tags"][0] == tag {
                found.push(call(document, base, (method, path), operation));
            }
        }
    }
    found
}

fn call(document: &Value, base: &str, (method, path): (&str, &str), operation: &Value) -> Call {
    let scopes = operation["security"].as_array().into_iter().flatten().map(|way| text(&way["token"][0]));
    let parameters = operation["parameters"].as_array().into_iter().flatten().map(|parameter| {
        let parameter = resolved(document, parameter);
        Field {
            name: text(&parameter["name"]),
            kind: kind(document, &parameter["schema"]),
            is_required: parameter["required"] == true,
            description: markdown(&text(&parameter["description"])),
        }
    });
    let json = &operation["requestBody"]["content"]["application/json"];
    let answers = operation["responses"].as_object().into_iter().flatten();
    Call {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: format!("{base}{path}"),
        summary: text(&operation["summary"]),
        description: markdown(&text(&operation["description"])),
        scopes: scopes.collect::<Vec<_>>().join(" · "),
        parameters: parameters.collect(),
        body: fields(document, &json["schema"]),
        example: example(json),
        answers: answers
            .filter(|(status, _)| status.starts_with('2'))
            .map(|(status, answer)| told(status, answer))
            .collect(),
    }
}

fn told(status: &str, answer: &Value) -> Answer {
    let content = answer["content"].as_object().and_then(|content| content.values().next());
    let kind = content.map(|content| named(&content["schema"])).unwrap_or_default();
    Answer { status: status.to_owned(), description: text(&answer["description"]), kind }
}

fn example(json: &Value) -> String {
    match &json["example"] {
        Value::Null => String::new(),
        example => serde_json::to_string_pretty(example).unwrap_or_default(),
    }
}

/// The thing itself, where a reference stands for it.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(path) => document.pointer(path.trim_start_matches('#')).unwrap_or(value),
        None => value,
    }
}

fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let schema = resolved(document, schema);
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let empty = Map::new();
    let field = |(name, schema): (&String, &Value)| Field {
        name: name.clone(),
        kind: kind(document, schema),
        is_required: required.contains(&Value::from(name.as_str())),
        description: markdown(&description(document, schema)),
    };
    let mut fields: Vec<Field> = schema["properties"].as_object().unwrap_or(&empty).iter().map(field).collect();
    fields.sort_by_key(|field| !field.is_required);
    fields
}

/// What is said of a field, else of what it is.
fn description(document: &Value, schema: &Value) -> String {
    let own = text(&schema["description"]);
    if !own.is_empty() {
        return own;
    }
    let ways = schema["oneOf"].as_array().into_iter().flatten().map(|way| description(document, way));
    let deeper = ways.into_iter().find(|said| !said.is_empty());
    let target = resolved(document, schema);
    deeper.unwrap_or_else(|| if target == schema { String::new() } else { text(&target["description"]) })
}

fn named(schema: &Value) -> String {
    schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default().to_owned()
}

/// A schema's type in JSON's own words, with its choices or range.
fn kind(document: &Value, schema: &Value) -> String {
    let schema = resolved(document, schema);
    if let Some(ways) = schema["oneOf"].as_array() {
        let kinds: Vec<String> = ways.iter().map(|way| kind(document, way)).filter(|kind| kind != "null").collect();
        return kinds.join(" | ");
    }
    if let Some(choices) = schema["enum"].as_array() {
        return choices.iter().map(text).collect::<Vec<_>>().join(" · ");
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).find(|name| name != "null").unwrap_or_default(),
        one => text(one),
    };
    let range = match (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
        (Some(least), Some(most)) if most < 1e9 => format!(" {least}–{most}"),
        (Some(least), _) => format!(" ≥ {least}"),
        _ => String::new(),
    };
    match types.as_str() {
        "array" => format!("{}[]", kind(document, &schema["items"])),
        "" => "any".to_owned(),
        name => format!("{name}{range}"),
    }
}
