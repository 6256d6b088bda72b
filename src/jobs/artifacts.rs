//! A job's artifacts, the words: the files that it produced. Their names are
//! names only, never paths, and nothing in them is ever shown inline.

use jiff::Timestamp;

use crate::config;
use crate::db::types::{id, words};
use crate::error::{Message, msg};
use crate::tasks::TaskId;

id!(ArtifactId);

words!(
    /// Whether a file is there for those who ask.
    ArtifactState { Arriving = "arriving", Stored = "stored", Gone = "gone" }
);

/// A file that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Artifact {
    pub id: ArtifactId,
    pub task: TaskId,
    pub name: ArtifactName,
    pub content_type: String,
    pub bytes: i64,
    pub sha256: [u8; 32],
    pub attempt: i64,
    pub created_at: Timestamp,
    /// When it goes; none: after as long as files are kept.
    pub expires_at: Option<Timestamp>,
}

/// The name of a file in its job: one line, no path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ArtifactName(String);

impl ArtifactName {
    pub fn parse(text: &str) -> Result<ArtifactName, Message> {
        let is_good = !text.trim().is_empty()
            && text.trim() == text
            && text.chars().count() <= config::ARTIFACT_NAME_CHARS
            && !text
                .chars()
                .any(|c| c.is_control() || matches!(c, '/' | '\\' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
            && !matches!(text, "." | "..");
        if is_good {
            Ok(ArtifactName(text.to_owned()))
        } else {
            Err(msg("error-artifact-name").arg("limit", config::ARTIFACT_NAME_CHARS))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a file is said to be, when that is a media type (RFC 9110, 8.3.1); else just bytes.
pub fn content_type(said: Option<&str>) -> String {
    const BYTES: &str = "application/octet-stream";
    let is_type = |text: &str| {
        text.len() <= 200
            && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
            && text.split(';').next().unwrap_or_default().trim().split_once('/').is_some_and(|(kind, form)| {
                let is_token = |text: &str| {
                    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c))
                };
                is_token(kind) && is_token(form)
            })
    };
    said.map(str::trim).filter(|said| is_type(said)).unwrap_or(BYTES).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        for good in ["report.csv", "Bericht für März.pdf", "..x", "דוח.txt"] {
            assert_eq!(ArtifactName::parse(good).unwrap().as_str(), good);
        }
        let long = "x".repeat(config::ARTIFACT_NAME_CHARS + 1);
        for bad in ["", " ", ".", "..", "a/b", "a\\b", "a\nb", "a\0", " a", "gnp.\u{202e}exe", &long] {
            assert!(ArtifactName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_no_media_type_is_bytes() {
        assert_eq!(content_type(Some("text/csv; charset=utf-8")), "text/csv; charset=utf-8");
        for bad in [None, Some(""), Some("text"), Some("text/"), Some("a/b\r\nx: y"), Some("ü/b")] {
            assert_eq!(content_type(bad), "application/octet-stream");
        }
    }
}
