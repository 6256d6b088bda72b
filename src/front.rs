//! What may stand in front of the program: the address that people type, the path under which it then lies, and the
//! proxies whose word counts. Only the words, parsed at the door; what becomes of a request is `web::arrival`'s.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use url::Url;

/// A sentence for the terminal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

fn unusable<T>(sentence: impl Into<String>) -> Result<T, Unusable> {
    Err(Unusable(sentence.into()))
}

/// The address that people type, such as `https://example.org/milepost`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    base: Base,
}

impl BaseUrl {
    /// Scheme, host and port, as a browser's `Origin` says them.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub fn base(&self) -> &Base {
        &self.base
    }

    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.base)
    }
}

impl FromStr for BaseUrl {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<BaseUrl, Unusable> {
        let lower = text.to_ascii_lowercase();
        if !lower.starts_with("https://") && !lower.starts_with("http://") {
            return unusable("it must begin with https:// or http://");
        }
        let Ok(url) = Url::parse(text) else { return unusable("it names no host") };
        if !url.username().is_empty() || url.password().is_some() {
            return unusable("it must not hold a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return unusable("it must not go on with ? or # after the path");
        }
        Ok(BaseUrl { origin: url.origin().ascii_serialization(), base: url.path().parse()? })
    }
}

/// The path under which the program lies, in front of every address of its own: empty, or like `/milepost`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base(String);

/// No prefix.
pub static AT_ROOT: Base = Base(String::new());

impl Base {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first step of the path.
    pub fn first_segment(&self) -> Option<&str> {
        self.0.split('/').nth(1)
    }

    /// An address of ours (a path, maybe with a query) as it is known outside. One that has the prefix keeps it.
    pub fn outward<'a>(&self, address: &'a str) -> Cow<'a, str> {
        let is_path = address.starts_with('/') && !address.starts_with("//");
        if self.is_empty() || !is_path || self.below(address).is_some() {
            return Cow::Borrowed(address);
        }
        Cow::Owned(format!("{self}{address}"))
    }

    /// An address as it came, without the prefix; `None` if it has none.
    pub fn inward<'a>(&self, address: &'a str) -> Option<Cow<'a, str>> {
        let rest = self.below(address).filter(|_| !self.is_empty())?;
        Some(if rest.starts_with('/') { Cow::Borrowed(rest) } else { Cow::Owned(format!("/{rest}")) })
    }

    fn below<'a>(&self, address: &'a str) -> Option<&'a str> {
        let rest = address.strip_prefix(self.as_str())?;
        (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then_some(rest)
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Base {
    type Err = Unusable;

    /// Takes only characters that mean the same in HTML, in a cookie and in an address.
    fn from_str(path: &str) -> Result<Base, Unusable> {
        let path = path.trim_end_matches('/');
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
        if !path.chars().all(is_plain) {
            return unusable("its path may have only letters, digits, and - . _ ~ between its slashes");
        }
        if path.contains("//") {
            return unusable("its path has two slashes side by side");
        }
        Ok(Base(path.to_owned()))
    }
}

/// The proxies whose `X-Forwarded-…` headers are believed: none, unless the operator names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }
}

impl FromStr for Proxies {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Proxies, Unusable> {
        networks(text).map(Proxies)
    }
}

/// Addresses and networks, separated by commas.
pub fn networks(text: &str) -> Result<Vec<IpNet>, Unusable> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(network).collect()
}

fn network(text: &str) -> Result<IpNet, Unusable> {
    let single = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    single.or_else(|_| text.parse()).or_else(|_| {
        unusable(format!(
            "{text:?} is neither an address, such as 10.0.0.7, nor a network, such as 10.0.0.0/8 or fd00::/8"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Base {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_origin_and_prefix() {
        for (text, origin, path) in [
            ("https://example.org", "https://example.org", ""),
            ("https://example.org/", "https://example.org", ""),
            ("https://Example.org:443/milepost/", "https://example.org", "/milepost"),
            ("http://[::1]:8080/a/b", "http://[::1]:8080", "/a/b"),
            ("https://bücher.example/x", "https://xn--bcher-kva.example", "/x"),
        ] {
            let url: BaseUrl = text.parse().unwrap();
            assert_eq!((url.origin(), url.base().as_str()), (origin, path), "{text}");
            assert_eq!(url.to_string(), format!("{origin}{path}"));
        }
    }

    #[test]
    fn what_is_no_such_address_is_refused_in_words() {
        for (text, word) in [
            ("", "begin with"),
            ("example.org/milepost", "begin with"),
            ("localhost:8080", "begin with"),
            ("ftp://example.org", "begin with"),
            ("https://", "no host"),
            ("https://exa mple.org", "no host"),
            ("https://example.org/?a=b", "?"),
            ("https://example.org/#top", "#"),
            ("https://me:secret@example.org/", "user name"),
            ("https://example.org/a b", "letters"),
            ("https://example.org/a;b", "letters"),
            ("https://example.org/\"x", "letters"),
            ("https://example.org/a//b", "slashes"),
        ] {
            let said = text.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(said.contains(word), "{text}: {said}");
        }
    }

    #[test]
    fn addresses_get_and_lose_their_prefix_once() {
        let at = base("/milepost");
        assert_eq!(at.outward("/tasks?x=1"), "/milepost/tasks?x=1");
        assert_eq!(at.outward("/milepost/tasks"), "/milepost/tasks");
        assert_eq!(at.outward("/milepostel"), "/milepost/milepostel");
        assert_eq!(at.outward("//evil.example"), "//evil.example");
        assert_eq!(at.outward("https://example.org/"), "https://example.org/");
        assert_eq!(at.inward("/milepost/tasks?x=1").as_deref(), Some("/tasks?x=1"));
        assert_eq!(at.inward("/milepost").as_deref(), Some("/"));
        assert_eq!(at.inward("/milepost?x=1").as_deref(), Some("/?x=1"));
        assert_eq!(at.inward("/milepostel"), None);
        assert_eq!(at.inward("/tasks"), None);
        assert_eq!(base("").outward("/tasks"), "/tasks");
        assert_eq!(base("").inward("/tasks"), None);
    }

    #[test]
    fn only_the_named_are_trusted() {
        let proxies: Proxies = "127.0.0.1, 10.1.0.0/16 ,fd00::/8,".parse().unwrap();
        let trusted = |text: &str| proxies.trust(text.parse().unwrap());
        assert!(trusted("127.0.0.1") && trusted("10.1.255.3") && trusted("fd12::1"));
        assert!(trusted("::ffff:10.1.0.9"), "an IPv4 peer of an IPv6 socket is the same peer");
        assert!(!trusted("127.0.0.2") && !trusted("10.2.0.1") && !trusted("fe80::1"));
        assert!(!Proxies::default().trust([127, 0, 0, 1].into()));
        let said = "10.0.0.0/8,proxy.example".parse::<Proxies>().unwrap_err().to_string();
        assert!(said.contains("proxy.example"), "{said}");
        assert!("10.0.0.0/33".parse::<Proxies>().is_err());
    }
}
