//! Where mail is handed over, and whom it is from: what an operator says of it. How it is handed over stands in
//! `channels::email`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use url::Url;

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tls {
    /// Not at all.
    Never,
    /// Where the server offers it.
    Perhaps,
    /// By STARTTLS, or nothing is sent.
    Required,
    /// From the first byte (`smtps`).
    Wrapped,
}

/// A mail server, as its address says it: `smtp://user:password@host:port?tls=required`, `smtps://host`.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// User and password.
    pub credentials: Option<(String, String)>,
}

/// All that is needed to send mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    pub server: SmtpUrl,
    pub from: Mailbox,
}

const FORM: &str = "write smtp://HOST, smtp://HOST?tls=required or smtps://HOST, with USER:PASSWORD@ before the host and :PORT behind it where they are needed";

impl FromStr for SmtpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<SmtpUrl, String> {
        let wrong = |what: &str| format!("{what}: {FORM}");
        let url = Url::parse(text.trim()).map_err(|error| wrong(&error.to_string()))?;
        let asked = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect::<Vec<_>>();
        let asked: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // The ports are IANA's: 465 for smtps, 587 where mail is submitted encrypted, 25 else.
        let (tls, port) = match (url.scheme(), asked.as_slice()) {
            ("smtps", []) => (Tls::Wrapped, 465),
            ("smtp", []) => (Tls::Never, 25),
            ("smtp", [("tls", "opportunistic")]) => (Tls::Perhaps, 587),
            ("smtp", [("tls", "required")]) => (Tls::Required, 587),
            ("smtp" | "smtps", _) => return Err(wrong("only ?tls=required and ?tls=opportunistic can follow smtp://")),
            (other, _) => return Err(wrong(&format!("{other:?} is no way to a mail server"))),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("there is no host"))?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => Some((decoded(user), decoded(password))),
            _ => return Err(wrong("a user has a password, and a password a user")),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(SmtpUrl { host, port: url.port().unwrap_or(port), tls, credentials })
    }
}

impl SmtpUrl {
    /// Whether who sits between could read the password: nothing is encrypted, or nothing has to be.
    pub fn is_password_readable(&self) -> bool {
        let is_here = self.host == "localhost" || self.host.parse().is_ok_and(|host: IpAddr| host.is_loopback());
        self.credentials.is_some() && matches!(self.tls, Tls::Never | Tls::Perhaps) && !is_here
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.credentials.is_some() { "[redacted]@" } else { "" };
        write!(f, "{user}{}:{} ({:?})", self.host, self.port, self.tls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> SmtpUrl {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_says_host_port_and_how_it_is_encrypted() {
        assert_eq!((parse("smtp://mail.example").tls, parse("smtp://mail.example").port), (Tls::Never, 25));
        let relay = parse("smtp://ada:p%40ss@mail.example:2525?tls=required");
        assert_eq!((relay.host.as_str(), relay.port, relay.tls), ("mail.example", 2525, Tls::Required));
        assert_eq!(relay.credentials, Some(("ada".into(), "p@ss".into())));
        assert_eq!((parse("smtp://mail.example?tls=opportunistic").port, parse("smtps://[::1]").port), (587, 465));
        assert_eq!(parse("smtps://[::1]").host, "::1");
        for bad in [
            "",
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://mail.example?tls=never",
            "smtps://mail.example?tls=required",
            "smtp://ada@mail.example",
            "smtp://mail.example?tls=required&x=1",
        ] {
            assert!(bad.parse::<SmtpUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_that_others_could_read_is_known_as_such() {
        for readable in ["smtp://ada:p@mail.example", "smtp://ada:p@mail.example?tls=opportunistic"] {
            assert!(parse(readable).is_password_readable(), "{readable}");
        }
        for safe in [
            "smtp://mail.example",
            "smtp://ada:p@mail.example?tls=required",
            "smtps://ada:p@mail.example",
            "smtp://ada:p@localhost",
            "smtp://ada:p@127.0.0.1:2525",
            "smtp://ada:p@[::1]",
        ] {
            assert!(!parse(safe).is_password_readable(), "{safe}");
        }
    }

    #[test]
    fn a_mail_servers_password_never_prints() {
        assert!(!format!("{:?}", parse("smtp://ada:secret@mail.example")).contains("secret"));
    }
}
