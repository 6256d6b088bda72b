//! What the browser is given as files: one style sheet, script modules, icons, htmx. They are embedded at build time and
//! served under a folder named after the hash of them all, so that they may be kept for ever and that modules and style
//! sheets find each other by relative paths.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use sha2::{Digest, Sha256};

#[derive(rust_embed::RustEmbed)]
#[folder = "$OUT_DIR/assets"]
struct Embedded;

struct Assets {
    hash: String,
    files: HashMap<String, axum::body::Bytes>,
    css: String,
    icons: String,
    favicon: String,
    htmx: Option<String>,
    main_script: String,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(Assets::gather);

impl Assets {
    fn gather() -> Self {
        let mut names: Vec<Cow<'static, str>> = Embedded::iter().collect();
        names.sort();
        let mut digest = Sha256::new();
        let mut files = HashMap::new();
        for name in names {
            let Some(file) = Embedded::get(&name) else { continue };
            digest.update(name.as_bytes());
            digest.update([0]);
            digest.update(&file.data);
            let bytes = match file.data {
                Cow::Borrowed(bytes) => axum::body::Bytes::from_static(bytes),
                Cow::Owned(bytes) => axum::body::Bytes::from(bytes),
            };
            files.insert(name.into_owned(), bytes);
        }
        let hash: String = digest.finalize().iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        let url = |name: &str| format!("/assets/{hash}/{name}");
        let has_htmx = files.get("htmx.min.js").is_some_and(|bytes| !bytes.is_empty());
        Self {
            css: url("app.css"),
            icons: url("icons.svg"),
            favicon: url("favicon.svg"),
            htmx: has_htmx.then(|| url("htmx.min.js")),
            main_script: url("js/main.js"),
            hash,
            files,
        }
    }
}

pub fn css() -> &'static str {
    &ASSETS.css
}

pub fn icons() -> &'static str {
    &ASSETS.icons
}

pub fn favicon() -> &'static str {
    &ASSETS.favicon
}

/// None when the binary was built without npm.
pub fn htmx() -> Option<&'static str> {
    ASSETS.htmx.as_deref()
}

pub fn main_script() -> &'static str {
    &ASSETS.main_script
}

/// `GET /assets/{*path}`: files under the present hash are immutable; an old hash is answered with the present file,
/// uncached, so that a page opened before an upgrade still finds its modules.
pub async fn get_asset(Path(path): Path<String>) -> Response<Body> {
    if path == "licences" {
        return licences();
    }
    let Some((hash, name)) = path.split_once('/') else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(bytes) = ASSETS.files.get(name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let cache = if hash == ASSETS.hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type(name))),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    (headers, bytes.clone()).into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

/// The licences of what others wrote and this binary hands out.
fn licences() -> Response<Body> {
    let htmx = ASSETS.files.get("htmx-licence.txt").cloned().unwrap_or_default();
    let mut text = String::from("htmx (htmx.org)\n\n");
    text.push_str(&String::from_utf8_lossy(&htmx));
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], text).into_response()
}
