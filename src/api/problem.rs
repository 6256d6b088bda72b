//! Failures as programs read them: `application/problem+json` (RFC 9457) with one sentence, and for fields one each. Which
//! status and which sentences a failure has, the boundary knows.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::config;
use crate::locale::Lang;

/// A failure (RFC 9457). `type` is left out, which means `about:blank`: the status says which kind of problem it is.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    pub title: &'static str,
    pub status: u16,
    pub detail: String,
    /// At most 20, however many there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// What the log has too, of a failure of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// What is wrong with one field.
#[derive(Serialize, ToSchema)]
pub struct FieldProblem {
    pub field: Cow<'static, str>,
    pub detail: String,
}

impl Problem {
    pub fn new(status: StatusCode, detail: String) -> Problem {
        let title = status.canonical_reason().unwrap_or_default();
        Problem { title, status: status.as_u16(), detail, errors: Vec::new(), reference: None }
    }

    /// That fields are wrong: the first of them.
    pub fn of_fields(l: Lang, errors: impl IntoIterator<Item = FieldProblem>) -> Problem {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, l.t("error-fields").to_owned());
        Problem { errors: errors.into_iter().take(config::ERRORS_TOLD).collect(), ..problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let content = HeaderValue::from_static("application/problem+json");
        let mut body = serde_json::json!(self).to_string();
        body.push('\n');
        (status, [(header::CONTENT_TYPE, content)], body).into_response()
    }
}
