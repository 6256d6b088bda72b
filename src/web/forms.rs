//! What a form brought: read once, within its limit, as valid UTF-8; repeated fields are kept in order.
//! Also how a form goes back to whoever typed it: filled in, with a sentence beside each field that is wrong.
//! What the fields mean is decided by the verbs, not here.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::{Error, msg};
use crate::locale::Lang;

/// The fields of a posted form (`application/x-www-form-urlencoded`). A field that is not there reads as empty.
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of a field, as typed; empty when it is missing.
    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The first value of a field, `None` when it is missing or blank.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.find(name).filter(|value| !value.trim().is_empty())
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Every value of a repeated field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A value of our own making, such as the id in a hidden field: anything else means that there is no such thing.
    pub fn id<T: std::str::FromStr>(&self, name: &str) -> Result<T, Error> {
        self.get(name).trim().parse().map_err(|_| Error::NotFound)
    }

    /// Every value of a repeated field of ids.
    pub fn ids<T: std::str::FromStr>(&self, name: &str) -> Result<Vec<T>, Error> {
        self.all(name).map(|value| value.trim().parse().map_err(|_| Error::NotFound)).collect()
    }

    /// All of them, as a query string has them.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The local address to go back to, if the form named one.
    pub fn return_to(&self) -> Option<&str> {
        self.filled("return_to")
    }

    /// These fields, and for those that are not there the values that a page shows by itself.
    #[must_use]
    pub fn or<'a>(mut self, shown: impl IntoIterator<Item = (&'a str, String)>) -> Fields {
        for (name, value) in shown {
            if !self.has(name) {
                self.0.push((name.to_owned(), value));
            }
        }
        self
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn parse(body: &[u8]) -> Option<Fields> {
        let fields = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            Some((decode(name)?, decode(value)?))
        });
        fields.collect::<Option<Vec<_>>>().map(Fields)
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Fields {
        Fields(pairs.into_iter().collect())
    }
}

/// `+` is a blank; the rest is percent-decoding. Unlike `form_urlencoded`, text that is not UTF-8 is refused, not mended.
fn decode(encoded: &[u8]) -> Option<String> {
    let blanks: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let bytes: Vec<u8> = percent_encoding::percent_decode(&blanks).collect();
    // Browsers send line ends of a text area as CR LF; one kind inside is enough.
    String::from_utf8(bytes).ok().map(|text| text.replace("\r\n", "\n"))
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Fields, Response> {
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        // A form without any field may come without a type; a beacon comes as text.
        let untyped = !request.headers().contains_key(header::CONTENT_TYPE);
        if !is_form && !untyped {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection: BytesRejection| rejection.status().into_response())?;
        Fields::parse(&body).ok_or_else(|| Error::field("", msg("error-not-utf8")).into_response())
    }
}

/// A form on its way back: what was typed, and what is wrong with it.
pub struct Filled {
    fields: Fields,
    errors: Vec<(Cow<'static, str>, String)>,
    /// 200 for a form that nobody has sent yet, else what the refusal is.
    pub status: StatusCode,
}

impl Filled {
    /// A form that nobody has sent yet, with its first values.
    pub fn fresh<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Filled {
        let fields = values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Filled { fields, errors: Vec::new(), status: StatusCode::OK }
    }

    /// What was typed so far, which nobody has sent yet.
    pub fn typed(fields: Fields, status: StatusCode) -> Filled {
        Filled { fields, errors: Vec::new(), status }
    }

    /// What was typed, with the refusal beside it; an error that is not about the form is handed back.
    pub fn refused(fields: Fields, error: Error, l: Lang) -> Result<Filled, Error> {
        let (status, errors) = match error {
            Error::Invalid(errors) => {
                let told = errors.iter().map(|error| (error.field.clone(), l.m(&error.message))).collect();
                (StatusCode::UNPROCESSABLE_ENTITY, told)
            }
            Error::Conflict(message) => (StatusCode::CONFLICT, vec![("".into(), l.m(&message))]),
            Error::TooMany { retry_after_seconds } => {
                let minutes = i64::try_from(retry_after_seconds.div_ceil(60)).unwrap_or(i64::MAX);
                (StatusCode::TOO_MANY_REQUESTS, vec![("".into(), l.n("error-throttled", minutes))])
            }
            other => return Err(other),
        };
        Ok(Filled { fields, errors, status })
    }

    /// The same form on a page that has others, with the values of those.
    #[must_use]
    pub fn beside<'a>(mut self, values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Filled {
        self.fields.0.extend(values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        self
    }

    pub fn value(&self, name: &str) -> &str {
        self.fields.get(name)
    }

    pub fn is(&self, name: &str, value: &str) -> bool {
        self.fields.all(name).any(|given| given == value)
    }

    /// What is wrong with a field.
    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|(field, _)| *field == name).map(|(_, text)| text.as_str())
    }

    /// The ids of the texts that describe a field: what is wrong with it, and its hint.
    pub fn described_by(&self, name: &str, has_hint: bool) -> Option<String> {
        match (self.error(name).is_some(), has_hint) {
            (true, true) => Some(format!("{name}-error {name}-hint")),
            (true, false) => Some(format!("{name}-error")),
            (false, true) => Some(format!("{name}-hint")),
            (false, false) => None,
        }
    }

    /// What is wrong with none of these fields (names with blanks between): it stands above the form.
    pub fn other_errors(&self, shown: &str) -> Vec<&str> {
        let is_shown = |field: &str| shown.split_whitespace().any(|name| name == field);
        self.errors.iter().filter(|(field, _)| !is_shown(field)).map(|(_, text)| text.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_repeated_ones_kept() {
        let fields = Fields::parse(b"a=1+2%21&b=&a=%D7%A9&c").expect("valid");
        assert_eq!(fields.get("a"), "1 2!");
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1 2!", "ש"]);
        assert_eq!(fields.filled("b"), None);
        assert!(fields.has("c") && !fields.has("d"));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused() {
        assert!(Fields::parse(b"a=%FF").is_none());
    }
}
