//! Asking addresses that somebody typed: feeds, webhooks. What stands beside the server or behind its firewall is not asked
//! through it: a name is looked up once for each connection, every address that it has must be public, and only these are
//! connected to. Bounded in time, bytes and redirects. What is asked, and what an answer means, is the caller's.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use url::{Host, Url};

use crate::config;
use crate::error::{Message, msg};
use crate::front::{self, Unusable};

/// Networks that may be asked although they are private: whoever runs the program names them.
#[derive(Clone, Debug, Default)]
pub struct Allowed(Arc<[IpNet]>);

impl FromStr for Allowed {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Allowed, Unusable> {
        front::networks(text).map(|networks| Allowed(networks.into()))
    }
}

impl Allowed {
    fn may_ask(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.0.iter().any(|network| network.contains(&address))
    }
}

/// What is special in the address space: IANA's registries of special-purpose addresses, IPv4 and IPv6 (RFC 6890), and
/// multicast. Of IPv6 all that is not global unicast, too.
static SPECIAL: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    let networks = "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.0.2.0/24,
        192.31.196.0/24, 192.52.193.0/24, 192.88.99.0/24, 192.168.0.0/16, 192.175.48.0/24, 198.18.0.0/15, 198.51.100.0/24,
        203.0.113.0/24, 224.0.0.0/4, 240.0.0.0/4, 2001::/23, 2001:db8::/32, 2002::/16, 2620:4f:8000::/48, 3fff::/20";
    front::networks(networks).expect("these are networks")
});
static GLOBAL: LazyLock<IpNet> = LazyLock::new(|| "2000::/3".parse().expect("this is a network"));
/// Where IPv6 hosts reach IPv4 ones: the last four bytes are whom (RFC 6052).
static TRANSLATED: LazyLock<IpNet> = LazyLock::new(|| "64:ff9b::/96".parse().expect("this is a network"));

/// Whether anybody can reach it from anywhere.
fn is_public(address: IpAddr) -> bool {
    let is_special = SPECIAL.iter().any(|network| network.contains(&address));
    match address {
        IpAddr::V4(_) => !is_special,
        IpAddr::V6(v6) if TRANSLATED.contains(&address) => {
            let [.., a, b, c, d] = v6.octets();
            is_public(IpAddr::from([a, b, c, d]))
        }
        IpAddr::V6(_) => GLOBAL.contains(&address) && !is_special,
    }
}

/// An address that can be asked, as somebody typed it.
pub fn address(text: &str) -> Result<Url, Message> {
    let wrong = || msg("outbound-no-address").arg("address", text.chars().take(config::NAME_CHARS).collect::<String>());
    let url = Url::parse(text.trim()).map_err(|_| wrong())?;
    let is_asked = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    if is_asked { Ok(url) } else { Err(wrong()) }
}

/// One thing to ask.
#[derive(Clone, Debug)]
pub struct Ask {
    url: Url,
    method: Method,
    headers: HeaderMap,
    body: Vec<u8>,
    /// How long all of it may take, redirects and body too.
    pub time: Duration,
    /// How large an answer's body may be.
    pub bytes: usize,
    /// How often an answer may lead on; only a GET is led on.
    pub redirects: usize,
}

impl Ask {
    pub fn get(url: Url) -> Ask {
        Ask {
            url,
            method: Method::GET,
            headers: HeaderMap::new(),
            body: Vec::new(),
            time: config::OUTBOUND_TIME,
            bytes: config::OUTBOUND_BYTES,
            redirects: config::OUTBOUND_REDIRECTS,
        }
    }

    pub fn post(url: Url, content_type: HeaderValue, body: Vec<u8>) -> Ask {
        Ask { method: Method::POST, body, ..Ask::get(url) }.header(CONTENT_TYPE, content_type)
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Ask {
        self.headers.insert(name, value);
        self
    }

    /// Where this one's answer leads. What was for one server is not shown to another.
    fn led_on(mut self, location: &str) -> Result<Ask, Message> {
        let next = self.url.join(location).map_err(|_| msg("outbound-no-address").arg("address", location))?;
        let next = address(next.as_str())?;
        if next.origin() != self.url.origin() {
            self.headers.remove(AUTHORIZATION);
            self.headers.remove(COOKIE);
        }
        Ok(Ask { url: next, ..self })
    }

    fn host(&self) -> String {
        self.url.host_str().unwrap_or_default().to_owned()
    }
}

/// What was answered, whatever its status is.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What asks. Connections are kept for a while and used again: they lead to addresses that were looked at.
#[derive(Debug, Default)]
pub struct Outbound {
    allowed: Allowed,
    plain: OnceLock<Client>,
    secure: OnceLock<Client>,
}

impl Outbound {
    pub fn new(allowed: Allowed) -> Outbound {
        Outbound { allowed, ..Outbound::default() }
    }

    /// Asks, and reads the whole answer; an error is a sentence.
    pub async fn ask(&self, ask: Ask) -> Result<Answer, Message> {
        let (host, time) = (ask.host(), ask.time);
        let late = || {
            let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
            msg("outbound-late").arg("host", host).arg("seconds", seconds)
        };
        tokio::time::timeout(time, self.follow(ask)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn follow(&self, mut ask: Ask) -> Result<Answer, Message> {
        for _ in 0..=ask.redirects {
            let answer = self.once(&ask).await?;
            let leads_on = matches!(answer.status, 301 | 302 | 303 | 307 | 308) && ask.method == Method::GET;
            match answer.header(LOCATION).filter(|_| leads_on) {
                Some(location) => ask = ask.led_on(location)?,
                None => return Ok(answer),
            }
        }
        Err(msg("outbound-redirects").arg("host", ask.host()).arg("limit", ask.redirects))
    }

    async fn once(&self, ask: &Ask) -> Result<Answer, Message> {
        let host = ask.host();
        let literal = match ask.url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if literal.is_some_and(|address| !self.allowed.may_ask(address)) {
            return Err(msg("outbound-private").arg("host", host));
        }
        let request = self.client(ask.url.scheme() == "https")?.request(ask.method.clone(), ask.url.clone());
        let request = request.headers(ask.headers.clone()).body(ask.body.clone());
        let mut answer = request.send().await.map_err(|error| unreached(&host, &error))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let broken =
            |error: reqwest::Error| msg("outbound-broken").arg("host", host.as_str()).arg("why", cause(&error));
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(broken)? {
            if body.len() + piece.len() > ask.bytes {
                return Err(msg("outbound-too-large").arg("host", host).arg("limit", ask.bytes / 1024));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, headers, body })
    }

    fn client(&self, is_secure: bool) -> Result<&Client, Message> {
        let made = if is_secure { &self.secure } else { &self.plain };
        if let Some(client) = made.get() {
            return Ok(client);
        }
        // Another part of the process may have chosen the same already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(concat!("milepost/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(config::OUTBOUND_CONNECT)
            .redirect(Policy::none())
            // Whom a proxy reaches, nobody here would know.
            .no_proxy()
            .dns_resolver(Arc::new(Looked(self.allowed.clone())));
        if !is_secure {
            // So that a machine without any certificates reaches a server without any.
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(|error| msg("outbound-no-client").arg("why", cause(&error)))?;
        Ok(made.get_or_init(|| client))
    }
}

/// Looks names up, and gives their addresses only if all of them may be asked: that is what is connected to.
struct Looked(Allowed);

impl Resolve for Looked {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|found| !allowed.may_ask(found.ip())) {
                return Err(Refused.into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

/// A name leads to a private address.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a private address")
    }
}

impl StdError for Refused {}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// The innermost reason. The outer ones repeat the address, which may have a secret in it.
fn cause(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "no answer".to_owned(), ToString::to_string)
}

fn unreached(host: &str, error: &reqwest::Error) -> Message {
    let why = || cause(error);
    if causes(error).any(|cause| cause.is::<Refused>()) {
        msg("outbound-private").arg("host", host)
    } else if error.is_connect() {
        // Nothing was sent: whoever sends knows for certain that nothing arrived.
        msg("outbound-unconnected").arg("host", host).arg("why", why())
    } else {
        msg("outbound-unreached").arg("host", host).arg("why", why())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_public_is_not_asked() {
        let allowed = Allowed::default();
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2002:0a00:0001::1",
            "2001:db8::1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
        ] {
            assert!(!allowed.may_ask(private.parse().unwrap()), "{private}");
        }
        for public in
            ["8.8.8.8", "172.32.0.1", "100.63.255.255", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
        {
            assert!(allowed.may_ask(public.parse().unwrap()), "{public}");
        }
        let allowed: Allowed = "10.0.0.0/8, fd12::/16".parse().unwrap();
        assert!(allowed.may_ask("10.9.9.9".parse().unwrap()) && allowed.may_ask("::ffff:10.0.0.1".parse().unwrap()));
        assert!(allowed.may_ask("fd12::1".parse().unwrap()) && !allowed.may_ask("192.168.0.1".parse().unwrap()));
    }

    #[test]
    fn only_the_web_is_asked() {
        for bad in
            ["", "calendar.ics", "file:///etc/passwd", "ftp://example.org/a", "http://", "gopher://x", "//example.org"]
        {
            assert_eq!(address(bad).unwrap_err().key, "outbound-no-address", "{bad}");
        }
        assert!(address(" https://example.org/a.ics?key=1 ").is_ok());
        // However an address is spelled, it is that address.
        for spelled in ["http://2130706433/", "http://0x7f.1/", "http://127.1/"] {
            assert_eq!(address(spelled).unwrap().host_str(), Some("127.0.0.1"), "{spelled}");
        }
    }

    #[test]
    fn what_was_for_one_server_is_not_shown_to_another() {
        let ask = Ask::get(address("https://a.example/x").unwrap());
        let ask = ask.header(AUTHORIZATION, HeaderValue::from_static("Bearer secret"));
        assert!(ask.clone().led_on("/y").unwrap().headers.contains_key(AUTHORIZATION));
        let away = ask.clone().led_on("https://b.example/y").unwrap();
        assert!(!away.headers.contains_key(AUTHORIZATION) && away.url.as_str() == "https://b.example/y");
        assert!(ask.led_on("file:///etc/passwd").is_err());
    }
}
