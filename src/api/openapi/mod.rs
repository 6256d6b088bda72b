//! The description of the API (OpenAPI 3.1), made from the URL map: each of its lines for programs says itself what it
//! takes and answers, so that no call is described that is not there, nor the other way round.

mod told;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::problem::Problem;
use crate::App;
use crate::people::Scope;
use crate::web::{Access, Route};
pub use told::{Param, Told, param};

const INTRODUCTION: &str = "Milepost shows, live, how far along everything is. Any program reports its progress here, \
    and any worker takes work.\n\nEvery call shows a token: `Authorization: Bearer mp_…`, made under *Account* or \
    *Settings*. Times are UTC (RFC 3339). What is not known is `null`. Every write takes an `Idempotency-Key`: the same \
    request under the same key, within a day, gets the same answer (with `Idempotency-Replayed: true`) and does nothing \
    more. Lists take `limit` and `cursor`, and answer `next`, the cursor of the next page, or `null`. Failures are \
    problem documents (RFC 9457). Each token may make so many requests a minute; `RateLimit` says what is left.";

/// Why a call is refused, for each status.
const REFUSALS: [(u16, &str); 12] = [
    (400, "What was sent cannot be read."),
    (401, "No token was shown, or it does not work any more."),
    (403, "The token lacks the scope, or whoever it acts for lacks the right."),
    (404, "There is no such thing, or this token may not know of it."),
    (409, "It is in a state that does not allow this; the sentence says what it allows. Nothing was changed."),
    (413, "That is too much at once. Nothing was changed."),
    (415, "It was sent as a kind of content that is not taken here. Nothing was changed."),
    (422, "Some fields are wrong: each is named with a sentence. Nothing was changed."),
    (429, "This token made too many requests; `Retry-After` says for how many seconds to wait."),
    (500, "A failure of Milepost's own; its log has it under the `reference`."),
    (503, "There is no room now; `Retry-After` says for how many seconds to wait."),
    (507, "There is no room left for this."),
];
/// Those that any call may answer with.
const ALWAYS: [u16; 6] = [401, 403, 422, 429, 500, 503];

/// The whole description. `base` is the path in front of every address.
pub fn document(routes: &[Route], base: &str) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut parts = BTreeMap::new();
    for route in routes {
        let Some(told) = route.told else { continue };
        let mut told = told();
        for (name, schema) in std::mem::take(&mut told.parts) {
            let known = parts.insert(name, schema.clone());
            debug_assert!(known.is_none_or(|known| known == schema), "two schemas have one name: {schema}");
        }
        for (status, parameter, value) in std::mem::take(&mut told.leads) {
            for call in calls_with(routes, route.path, parameter) {
                told = told.leads_to(status, call, parameter, &value);
            }
        }
        paths.entry(route.path).or_default().insert(route.method.as_str().to_lowercase(), operation(route, told));
    }
    let mut problem_parts = Vec::new();
    Problem::schemas(&mut problem_parts);
    problem_parts.push((Problem::name().into_owned(), Problem::schema()));
    parts.extend(problem_parts.into_iter().map(|(name, schema)| (name, json!(schema))));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Milepost", "version": env!("CARGO_PKG_VERSION"), "description": INTRODUCTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": if base.is_empty() { "/" } else { base } }],
        "tags": super::SECTIONS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": {
            "schemas": parts,
            "responses": refusals(),
            "headers": headers(),
            "parameters": { "IdempotencyKey": {
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "Any text of your own; the same request under the same key is done once.",
                "schema": { "type": "string", "minLength": 1, "maxLength": crate::config::KEY_CHARS, "pattern": "^[!-~]+$" },
            } },
            "securitySchemes": { "token": {
                "type": "http", "scheme": "bearer",
                "description": "A token of a member or of the organisation, with one of the scopes that the call names.",
            } },
        },
    })
}

/// The calls below an address that take this in their path.
fn calls_with(routes: &[Route], below: &str, parameter: &str) -> Vec<&'static str> {
    let takes = |route: &&Route| route.path.starts_with(below) && route.path.contains(&format!("{{{parameter}}}"));
    routes.iter().filter(takes).filter_map(|route| route.told.map(|told| told().id)).collect()
}

fn operation(route: &Route, mut told: Told) -> Value {
    let named: Vec<&str> =
        told.operation["parameters"].as_array().into_iter().flatten().filter_map(|p| p["name"].as_str()).collect();
    let has = |name: &str| named.contains(&name);
    if route.path.contains("{id}") && !has("id") {
        told.parameter(
            "path",
            &param("id", id_text(route.path), json!({ "type": "integer", "format": "int64", "minimum": 1 })),
            true,
        );
    }
    if route.path.contains('{') {
        told.refusals.push(404);
    }
    if !route.method.is_safe() {
        told.refusals.push(409);
    }
    if !route.method.is_safe() && told.takes_key {
        let key = json!({ "$ref": "#/components/parameters/IdempotencyKey" });
        told.operation["parameters"].as_array_mut().into_iter().for_each(|all| all.push(key.clone()));
    }
    let takes_key = told.takes_key;
    let counted = route.is_for_programs();
    for answer in told.responses().values_mut() {
        if counted {
            for name in ["RateLimit", "RateLimit-Policy"] {
                answer["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
            }
        }
        if !route.method.is_safe() && takes_key {
            answer["headers"]["Idempotency-Replayed"] = json!({ "$ref": "#/components/headers/Idempotency-Replayed" });
        }
    }
    let always = ALWAYS.into_iter().filter(|status| counted || *status >= 500);
    let refusals: Vec<u16> = always.chain(told.refusals.iter().copied()).collect();
    for status in refusals {
        told.responses().insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{status}") }));
    }
    if route.access != Access::Public {
        let scopes = route.scopes.iter().map(|scope: Scope| json!({ "token": [scope.as_str()] }));
        told.operation.insert("security".into(), scopes.collect());
    }
    Value::Object(told.operation)
}

fn id_text(path: &str) -> &'static str {
    if path.starts_with("/api/v1/schedules") { "The schedule's id." } else { "The task's id." }
}

fn refusals() -> Map<String, Value> {
    let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let told = |(status, description): (u16, &str)| {
        let headers = if matches!(status, 429 | 503) {
            json!({ "Retry-After": { "$ref": "#/components/headers/Retry-After" } })
        } else {
            json!({})
        };
        (status.to_string(), json!({ "description": description, "headers": headers, "content": content.clone() }))
    };
    REFUSALS.into_iter().map(told).collect()
}

fn headers() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "RateLimit": { "description": "What is left: `r` requests now, all of them again after `t` seconds (IETF draft).", "schema": text },
        "RateLimit-Policy": { "description": "At most `q` requests in `w` seconds.", "schema": text },
        "Retry-After": { "description": "Seconds to wait.", "schema": { "type": "string", "pattern": "^[0-9]+$" } },
        "Idempotency-Replayed": { "description": "`true`: this was answered before, and nothing was done now.", "schema": text },
    })
}

pub async fn get_openapi(State(app): State<App>) -> Response {
    let body = app
        .memory
        .description
        .get_or_init(|| document(&crate::web::routes(), app.config.base().as_str()).to_string().into());
    ([(header::CONTENT_TYPE, "application/json")], body.clone()).into_response()
}

pub fn told_openapi() -> Told {
    Told::new("get_openapi", "Description", "This description").gives_bytes(
        200,
        "OpenAPI 3.1.",
        "application/json",
        &json!({ "type": "object" }),
    )
}
