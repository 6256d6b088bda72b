//! To whom a broadcast goes, and which channels reach them: the rules between the fields of its form.

use serde_json::Value;

use super::Channel;
use crate::db::types::words;
use crate::error::{Error, FieldError, Result, msg};

words!(
    /// Who gets a broadcast.
    Audience {
        /// Every active member.
        All = "all",
        /// Active members of one role.
        Role = "role",
        /// Active members of one project.
        Project = "project",
        /// Members by their addresses.
        People = "people",
        /// The addresses or URLs of a file.
        File = "file",
    }
);

impl Audience {
    pub const fn title_key(self) -> &'static str {
        match self {
            Audience::All => "audience-all",
            Audience::Role => "audience-role",
            Audience::Project => "audience-project",
            Audience::People => "audience-people",
            Audience::File => "audience-file",
        }
    }

    /// The member of a payload that says which of them.
    const fn needs(self) -> Option<&'static str> {
        match self {
            Audience::All => None,
            Audience::Role => Some("role"),
            Audience::Project => Some("project"),
            Audience::People => Some("people"),
            Audience::File => Some("file"),
        }
    }
}

/// Whether what a payload says goes together.
pub fn check(payload: &Value) -> Result<()> {
    let wrong = wrong(payload);
    if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
}

/// What does not, each beside the member that it is about.
fn wrong(payload: &Value) -> Vec<FieldError> {
    let word = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let (Ok(channel), Ok(audience)) = (word("channel").parse::<Channel>(), word("to").parse::<Audience>()) else {
        return Vec::new();
    };
    let mut wrong = Vec::new();
    if let Some(needed) = audience.needs().filter(|needed| payload.get(*needed).is_none_or(Value::is_null)) {
        wrong.push(beside(needed, "error-required"));
    }
    match (channel, audience) {
        (Channel::Bell, Audience::File) => {
            wrong.push(beside("channel", "broadcast-bell-of-file"));
        }
        (Channel::Webhook, audience) if audience != Audience::File => {
            wrong.push(beside("channel", "broadcast-webhook-of-members"));
        }
        _ => {}
    }
    wrong
}

fn beside(member: &str, key: &'static str) -> FieldError {
    FieldError { field: format!("payload.{member}").into(), message: msg(key) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(payload: &Value) -> Vec<String> {
        wrong(payload).into_iter().map(|error| error.field.into_owned()).collect()
    }

    #[test]
    fn a_channel_reaches_whom_it_can_and_an_audience_says_which() {
        let of = |channel: &str, to: &str| fields(&json!({ "channel": channel, "to": to }));
        assert_eq!(of("bell", "all"), [""; 0]);
        assert_eq!(of("bell", "role"), ["payload.role"]);
        assert_eq!(of("email", "project"), ["payload.project"]);
        assert_eq!(of("email", "people"), ["payload.people"]);
        assert_eq!(of("bell", "file"), ["payload.file", "payload.channel"]);
        assert_eq!(of("webhook", "all"), ["payload.channel"]);
        let file = json!({ "task": 1, "name": "list.csv" });
        assert_eq!(fields(&json!({ "channel": "webhook", "to": "file", "file": file })), [""; 0]);
    }
}
