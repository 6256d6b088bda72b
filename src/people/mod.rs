//! People, the words: organisations, users, roles, the viewer of a page.
//! Rules here are pure; rows are in `sql`, verbs in `actions`.

pub mod actions;
pub mod passwords;
pub mod presence;
pub mod sessions;
pub mod sql;
pub mod throttle;
pub mod tokens;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config;
use crate::db::types::{id, words};
use crate::error::{Message, msg};
pub use passwords::PasswordMark;
pub use sessions::SessionKey;
pub use tokens::{ApiToken, Scope, Scopes, TokenOwner};

id!(
    /// A tenant. Nothing crosses from one to another.
    OrganisationId,
    UserId,
    ProjectId,
    InvitationId,
    TokenId,
);

words!(
    /// What a member may do in an organisation.
    Role { Owner = "owner", Admin = "admin", Member = "member" }
);
words!(Presence { Active = "active", Idle = "idle", Offline = "offline" });
words!(Theme { Auto = "auto", Light = "light", Dark = "dark" });
words!(
    /// Where a span of presence comes from.
    PresenceSource { Pages = "pages", Declared = "declared" }
);

impl Role {
    pub const fn is_admin(self) -> bool {
        matches!(self, Role::Owner | Role::Admin)
    }

    /// Nobody hands out, takes or touches a role above their own.
    pub const fn may_manage(self, other: Role) -> bool {
        match self {
            Role::Owner => true,
            Role::Admin => !matches!(other, Role::Owner),
            Role::Member => false,
        }
    }
}

/// Somebody who has just shown a right to sign in, and by which password: once that is another, this is worth nothing.
#[derive(Clone, Debug)]
pub struct Verified {
    pub user: UserId,
    pub organisation: OrganisationId,
    pub password: PasswordMark,
}

/// An address to sign in with: trimmed, lower-cased, so that it is one account
/// in any case.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Email(String);

impl Email {
    /// Accepts what a mail server could: one `@`, something on both sides, no
    /// blanks. Whether it exists only the mail tells.
    pub fn parse(text: &str) -> Result<Email, Message> {
        let text = text.trim().to_lowercase();
        let well_formed = text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        });
        if text.chars().count() > config::EMAIL_CHARS {
            Err(msg("error-too-long").arg("limit", config::EMAIL_CHARS))
        } else if !well_formed || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            Err(msg("error-email"))
        } else {
            Ok(Email(text))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One line that somebody wrote: trimmed, not empty, without control characters.
pub fn parse_line(text: &str, limit: usize) -> Result<String, Message> {
    // As it came: blanks count, as everywhere where a limit is told.
    let length = text.chars().count();
    let text = text.trim();
    if text.is_empty() {
        Err(msg("error-required"))
    } else if length > limit {
        Err(msg("error-too-long").arg("limit", limit))
    } else if text.chars().any(char::is_control) {
        Err(msg("error-control-characters"))
    } else if text.chars().all(is_invisible) {
        Err(msg("error-required"))
    } else {
        Ok(text.to_owned())
    }
}

/// Characters of no width: a line of nothing else could be neither read nor clicked.
fn is_invisible(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// A password as somebody typed it; never printed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    pub fn parse(text: &str) -> Result<Password, Message> {
        let length = text.chars().count();
        if length < *config::PASSWORD_CHARS.start() {
            Err(msg("error-password-short").arg("limit", *config::PASSWORD_CHARS.start()))
        } else if length > *config::PASSWORD_CHARS.end() {
            Err(msg("error-too-long").arg("limit", *config::PASSWORD_CHARS.end()))
        } else {
            Ok(Password(text.to_owned()))
        }
    }

    /// A password as given at sign-in: nothing to say about its form there.
    pub fn given(text: &str) -> Password {
        Password(text.to_owned())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A time zone by its IANA name.
pub fn parse_zone(name: &str) -> Result<TimeZone, Message> {
    TimeZone::get(name.trim()).map_err(|_| msg("error-zone").arg("name", name.trim()))
}

/// By what somebody came in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Credential {
    Session(SessionKey),
    Token(TokenId),
}

/// Whoever is signed in, in the organisation they look at now. Everything is
/// looked up through what this person may see.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub user: UserId,
    pub organisation: OrganisationId,
    pub role: Role,
    pub name: String,
    pub email: String,
    pub organisation_name: String,
    /// A code in `locales/`, when the account chose one.
    pub language: Option<String>,
    pub theme: Theme,
    /// The user's own zone, else the organisation's.
    pub zone: TimeZone,
    pub organisation_zone: TimeZone,
    /// Members of this organisation see the tasks of their projects.
    pub sees_projects: bool,
    /// It is one of the organisation's own tokens, not a member.
    pub is_program: bool,
    pub credential: Credential,
    /// What a token was given; all, for a session.
    pub scopes: Scopes,
    /// When the credential ends, unless use prolongs it.
    pub expires_at: Timestamp,
    /// The hub's generation of viewers at which all this held; 0 when nobody noted it.
    pub known_at: u64,
    /// Every organisation that this user may switch to, this one included.
    pub organisations: Vec<(OrganisationId, String)>,
    /// Notifications that they have not read; 0 where nobody looks at pages.
    pub unread: i64,
}

impl Viewer {
    /// Whether all of the organisation's tasks are open to it: those of the organisation's own tokens too, which only
    /// admins make.
    pub fn sees_all(&self) -> bool {
        self.is_admin() || self.is_program
    }

    /// Milepost itself, at work in an organisation: a program of its own, with all rights and nobody's name.
    pub fn milepost(organisation: OrganisationId) -> Viewer {
        Viewer {
            user: UserId::new(0),
            organisation,
            role: Role::Admin,
            name: String::new(),
            email: String::new(),
            organisation_name: String::new(),
            language: None,
            theme: Theme::Auto,
            zone: TimeZone::UTC,
            organisation_zone: TimeZone::UTC,
            sees_projects: true,
            is_program: true,
            credential: Credential::Token(TokenId::new(0)),
            scopes: Scopes::all(),
            expires_at: Timestamp::MAX,
            known_at: 0,
            organisations: Vec::new(),
            unread: 0,
        }
    }

    /// The session of whoever uses the pages.
    pub fn session(&self) -> Option<SessionKey> {
        match self.credential {
            Credential::Session(key) => Some(key),
            Credential::Token(_) => None,
        }
    }

    pub fn is_admin(&self) -> bool {
        self.role.is_admin()
    }

    /// Whether it is Milepost itself that is at work.
    pub fn is_milepost(&self) -> bool {
        self.user == UserId::new(0)
    }
}

#[derive(Clone, Debug)]
pub struct Member {
    pub user: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub joined_at: Timestamp,
    pub deactivated_at: Option<Timestamp>,
    /// Pending and in progress, all projects.
    pub open_tasks: i64,
}

#[derive(Clone, Debug)]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    pub archived_at: Option<Timestamp>,
    pub members: Vec<UserId>,
}

#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: InvitationId,
    pub organisation: OrganisationId,
    pub organisation_name: String,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// The address belongs to a user already, who joins with the present password.
    pub has_account: bool,
}

/// A stretch of time in one state of presence.
#[derive(Clone, Debug)]
pub struct Span {
    pub state: Presence,
    pub source: PresenceSource,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
}

/// "Ada Lovelace" → "AL": what stands in a small circle for a person.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_one_account_in_any_case() {
        assert_eq!(Email::parse(" Ada@Example.ORG ").unwrap(), Email::parse("ada@example.org").unwrap());
        for bad in ["", "ada", "@example.org", "ada@", "a b@example.org", "a@b@c", "a@.org"] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_line_can_be_read() {
        assert_eq!(parse_line(" דוח 7 ", 10), Ok("דוח 7".to_owned()));
        for bad in ["", "\u{200b}", "a\u{7}b", "longer than ten"] {
            assert!(parse_line(bad, 10).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn nobody_touches_a_role_above_their_own() {
        assert!(Role::Owner.may_manage(Role::Owner));
        assert!(!Role::Admin.may_manage(Role::Owner));
        assert!(!Role::Member.may_manage(Role::Member));
    }

    #[test]
    fn a_password_never_prints() {
        assert_eq!(format!("{:?}", Password::given("secret word")), "[redacted]");
    }

    #[test]
    fn initials_take_the_first_and_the_last_word() {
        assert_eq!(initials("Ada King Lovelace"), "AL");
        assert_eq!(initials("דנה"), "ד");
    }
}
