//! What a program sends, read into its type. A body that cannot be is refused with a sentence for each field that is
//! wrong; one that is no JSON at all, or of another kind, with one for the whole.

use std::ops::BitOr;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::explain::explain;
use super::problem::Problem;
use crate::error::{Message, msg};
use crate::locale::Lang;

/// Why a body was not read.
pub struct Refusal(Problem);

impl Refusal {
    pub fn new(status: StatusCode, l: Lang, message: &Message) -> Refusal {
        Refusal(Problem::new(status, l.m(message)))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// What a call may have as its body.
pub trait Asked: Sized + Send + 'static {
    fn read(headers: &HeaderMap, body: &Bytes, l: Lang) -> Result<Self, Refusal>;
}

/// No body is looked at.
impl Asked for () {
    fn read(_: &HeaderMap, _: &Bytes, _: Lang) -> Result<(), Refusal> {
        Ok(())
    }
}

/// A JSON object. Nothing at all is an empty one.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + ToSchema + Send + 'static> Asked for Json<T> {
    fn read(headers: &HeaderMap, body: &Bytes, l: Lang) -> Result<Json<T>, Refusal> {
        let body: &[u8] = if body.is_empty() {
            b"{}"
        } else if is_json(headers) {
            body
        } else {
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, l, &msg("error-not-json")));
        };
        let error = match serde_json::from_slice(body) {
            Ok(body) => return Ok(Json(body)),
            Err(error) => error,
        };
        let Ok(mut value) = serde_json::from_slice(body) else {
            let place = msg("error-broken-json").arg("line", error.line()).arg("column", error.column());
            return Err(Refusal::new(StatusCode::BAD_REQUEST, l, &place));
        };
        // JSON does not tell 3 from 3.0, so some clients write the one for the other.
        if make_whole(&mut value)
            && let Ok(body) = T::deserialize(&value)
        {
            return Ok(Json(body));
        }
        Err(refused::<T>(&value, &error, l))
    }
}

/// The largest number below which every whole one has a float of its own: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes every number that is whole so; whether there was one that was not.
fn make_whole(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
                *number = (float as i64).into();
                true
            }
            _ => false,
        },
        Value::Array(items) => items.iter_mut().map(make_whole).fold(false, BitOr::bitor),
        Value::Object(fields) => fields.values_mut().map(make_whole).fold(false, BitOr::bitor),
        _ => false,
    }
}

pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = media_type(headers);
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn refused<T: ToSchema>(value: &Value, error: &serde_json::Error, l: Lang) -> Refusal {
    let problem = Problem::of_fields(l, explain::<T>(value, l));
    if problem.errors.is_empty() {
        // The schema has nothing against it, such as a field that stands there twice: where it broke is all that is known.
        let detail = l.m(&msg("error-odd-json").arg("line", error.line()).arg("column", error.column()));
        return Refusal(Problem { detail, ..problem });
    }
    Refusal(problem)
}
