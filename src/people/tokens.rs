//! Secrets, the words: those that travel in links, and the tokens by which programs use the API. Each is 256 random
//! bits, shown once and stored as its SHA-256 (a fast hash is right for what cannot be guessed).

use std::fmt;
use std::str::FromStr;

use anyhow::anyhow;
use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use sha2::{Digest, Sha256};

use super::{TokenId, UserId};
use crate::db::types::words;
use crate::error::Result;

/// How the secret of an API token begins, so that people and scanners know one when they see it.
const API_PREFIX: &str = "mp_";
/// Characters of an API token's secret that are kept to tell it apart: the beginning and 32 of its 256 bits.
const SHOWN_CHARS: usize = API_PREFIX.len() + 8;

/// A secret. Prints as `[redacted]`; [`Token::reveal`] shows it.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// For a link.
    pub fn random() -> Result<Token> {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness from the system: {error}"))?;
        Ok(Token(hex(&bytes)))
    }

    /// For the API.
    pub fn for_api() -> Result<Token> {
        let Token(bits) = Token::random()?;
        Ok(Token(format!("{API_PREFIX}{bits}")))
    }

    /// One that somebody brought.
    pub fn given(text: &str) -> Token {
        Token(text.to_owned())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }

    /// Whether it could be one for the API at all.
    pub fn is_for_api(&self) -> bool {
        self.0.starts_with(API_PREFIX) && self.0.len() == API_PREFIX.len() + 64
    }

    /// The first characters, which are no secret.
    pub fn prefix(&self) -> &str {
        self.0.get(..SHOWN_CHARS).unwrap_or_default()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

words!(
    /// What a token may be used for. It never allows more than the one as whom it acts may do.
    Scope {
        /// See tasks, their trail and the stream.
        Read = "read",
        /// Create jobs, and all that the program that runs one does: report, finish, cancel, retry, comment, log, items, files.
        Report = "report",
        /// Take queued jobs, and all of `report`.
        Work = "work",
        /// Assign work, move other people's, edit, delete, and hold queues.
        Admin = "admin",
    }
);

words!(
    /// Whose a token is: a member's, acting as that member; or the organisation's, acting in its own name.
    TokenOwner { Member = "member", Organisation = "organisation" }
);

/// A set of scopes. In the store their words with blanks between, as RFC 6749, 3.3 writes them.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    const fn bit(scope: Scope) -> u8 {
        1 << scope as u8
    }

    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & Scopes::bit(scope) != 0
    }

    pub const fn only(scope: Scope) -> Scopes {
        Scopes(Scopes::bit(scope))
    }

    /// Whether these open a door that asks for `scope`: whoever takes jobs reports on them.
    pub const fn open(self, scope: Scope) -> bool {
        self.contains(scope) || (matches!(scope, Scope::Report) && self.contains(Scope::Work))
    }

    /// What whoever signed in may do.
    pub fn all() -> Scopes {
        Scope::ALL.iter().copied().collect()
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Scopes {
        Scopes(scopes.into_iter().fold(0, |bits, scope| bits | Scopes::bit(scope)))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(Scope::as_str).collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

impl FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> Result<Scopes, String> {
        text.split_whitespace().map(str::parse).collect()
    }
}

impl ToSql for Scopes {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl FromSql for Scopes {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Scopes> {
        value.as_str()?.parse().map_err(|error: String| FromSqlError::Other(error.into()))
    }
}

/// A token of the API as its owner may know it: everything but the secret.
#[derive(Clone, Debug)]
pub struct ApiToken {
    pub id: TokenId,
    /// As whom it acts.
    pub user: UserId,
    pub name: String,
    /// How its secret begins.
    pub prefix: String,
    pub scopes: Scopes,
    /// Who made it.
    pub maker: String,
    pub created_at: Timestamp,
    /// None: it works until it is revoked.
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}

impl ApiToken {
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_256_random_bits_and_never_prints() {
        let token = Token::for_api().unwrap();
        assert!(token.is_for_api() && token.reveal().starts_with("mp_") && token.reveal().len() == 3 + 64);
        assert!(!Token::given("mp_1").is_for_api());
        assert_ne!(token.reveal(), Token::for_api().unwrap().reveal());
        assert!(token.reveal().starts_with(token.prefix()) && token.prefix().len() == 11);
        assert_eq!(format!("{token:?}"), "[redacted]");
        assert_eq!(Token::given("ö").prefix(), "");
    }

    #[test]
    fn scopes_read_what_they_write_and_nothing_else() {
        let scopes: Scopes = [Scope::Work, Scope::Read, Scope::Work].into_iter().collect();
        assert_eq!(scopes.to_string(), "read work");
        assert_eq!("read work".parse(), Ok(scopes));
        assert!(scopes.contains(Scope::Read) && !scopes.contains(Scope::Admin));
        assert!("read everything".parse::<Scopes>().is_err());
        assert!("".parse::<Scopes>().unwrap().is_empty());
    }

    #[test]
    fn to_work_is_to_report_and_nothing_else_holds_another() {
        let opened = |scope: Scope| Scope::ALL.iter().copied().filter(move |door| Scopes::only(scope).open(*door));
        assert!(opened(Scope::Work).eq([Scope::Report, Scope::Work]));
        for scope in [Scope::Read, Scope::Report, Scope::Admin] {
            assert!(opened(scope).eq([scope]));
        }
    }
}
