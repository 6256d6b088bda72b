//! A file on its way to somebody's disk: never shown inline, whatever it is, and under its own name.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub fn download(body: Body, content_type: &str, name: &str) -> Response {
    // RFC 6266: the plain name for those that know no other, the real one for the rest.
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || " ._-".contains(c) { c } else { '_' }).collect();
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    let mut response = body.into_response();
    let headers = response.headers_mut();
    for (name, value) in [(header::CONTENT_TYPE, content_type), (header::CONTENT_DISPOSITION, &disposition)] {
        headers
            .insert(name, HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("application/octet-stream")));
    }
    response
}
