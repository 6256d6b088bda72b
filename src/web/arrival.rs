//! How a request reached the program: from which address, by https or not, under which host and path. The socket's word,
//! except where it is a trusted proxy's; what anybody else says in `X-Forwarded-…` is not read.
//! Also the one place where addresses and cookies on their way out get the prefix of `--base-url`.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::App;
use crate::config::Config;
use crate::front::{Base, Proxies};

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED_HOST: &str = "x-forwarded-host";

/// What is known of the way that a request took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The visitor's.
    pub address: IpAddr,
    /// The visitor's browser speaks https, to us or to a proxy.
    pub is_https: bool,
}

impl Default for Arrival {
    fn default() -> Arrival {
        Arrival { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), is_https: false }
    }
}

/// Finds out how the request came, and leaves it with the `Host` that the visitor typed. The answer's addresses and
/// cookies get the prefix.
pub async fn arrive(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let arrival = arrived(&app.config, &mut request);
    request.extensions_mut().insert(arrival);
    let base = app.config.base();
    if base.is_empty() {
        return next.run(request).await;
    }
    keep_own_cookies(request.headers_mut());
    let mut response = next.run(request).await;
    send_outward(base, response.headers_mut());
    response
}

pub fn arrived(config: &Config, request: &mut Request) -> Arrival {
    let is_https = config.is_secure();
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
        return Arrival { is_https, ..Arrival::default() };
    };
    let peer = peer.ip().to_canonical();
    if !config.trusted_proxies.trust(peer) {
        return Arrival { address: peer, is_https };
    }
    take_forwarded_host(request);
    let headers = request.headers();
    let says_https = last(headers, FORWARDED_PROTO).is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
    Arrival { address: visitor(peer, headers, &config.trusted_proxies), is_https: is_https || says_https }
}

/// Walks from the nearest hop outwards: each trusted proxy says who spoke to it. The first that is not trusted is the
/// visitor; so is the last known one before a word that is no address, because what stands left of it may be anybody's.
fn visitor(peer: IpAddr, headers: &HeaderMap, trusted: &Proxies) -> IpAddr {
    let mut known = peer;
    for line in headers.get_all(FORWARDED_FOR).iter().rev() {
        let Ok(line) = line.to_str() else { return known };
        for hop in line.rsplit(',') {
            let Some(address) = hop_address(hop.trim()) else { return known };
            known = address;
            if !trusted.trust(address) {
                return known;
            }
        }
    }
    known
}

/// `10.0.0.7`, `10.0.0.7:5000`, `fd00::7` or `[fd00::7]:5000`.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// What the nearest proxy said; whatever stands before that came from further away.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
}

fn take_forwarded_host(request: &mut Request) {
    let Some(host) = last(request.headers(), FORWARDED_HOST).and_then(typed_host) else { return };
    request.headers_mut().insert(header::HOST, host);
    // HTTP/2 has the host in the address itself, where it would go before the header.
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).parse();
    if let Ok(path) = path {
        *request.uri_mut() = path;
    }
}

/// A host, with its port if it has one; nothing else that an address could have.
fn typed_host(text: &str) -> Option<HeaderValue> {
    let authority: Authority = text.parse().ok()?;
    (!authority.as_str().contains('@') && !authority.host().is_empty()).then(|| text.parse().ok())?
}

/// The request as it is known inside: without the prefix, if the proxy left that on.
pub fn without_prefix<B>(base: &Base, mut request: axum::http::Request<B>) -> axum::http::Request<B> {
    let inside = request.uri().path_and_query().and_then(|path| base.inward(path.as_str())?.parse().ok());
    if let Some(path) = inside {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.path_and_query = Some(path);
        // Only the path changed, and that is still one.
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    }
    request
}

/// Another Milepost at the root of the host has cookies of the same names, and they come here too. Browsers send the one of
/// the longer path, ours, first (RFC 6265, 5.4).
fn keep_own_cookies(headers: &mut HeaderMap) {
    let mut own: Vec<&str> = Vec::new();
    let mut is_mixed = false;
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    for pair in lines.flat_map(|line| line.split(';')).map(str::trim) {
        let name = |pair: &str| pair.split('=').next().map(str::to_owned);
        if own.iter().any(|known| name(known) == name(pair)) {
            is_mixed = true;
        } else {
            own.push(pair);
        }
    }
    if is_mixed && let Ok(cookies) = HeaderValue::from_str(&own.join("; ")) {
        headers.insert(header::COOKIE, cookies);
    }
}

pub fn send_outward(base: &Base, headers: &mut HeaderMap) {
    for name in [header::LOCATION, HeaderName::from_static("hx-redirect")] {
        let header::Entry::Occupied(mut address) = headers.entry(name) else { continue };
        let outward = address.get().to_str().ok().and_then(|inward| HeaderValue::from_str(&base.outward(inward)).ok());
        if let Some(outward) = outward {
            address.insert(outward);
        }
    }
    let header::Entry::Occupied(mut cookies) = headers.entry(header::SET_COOKIE) else { return };
    for cookie in cookies.iter_mut() {
        let Ok(text) = cookie.to_str() else { continue };
        let mut attributes: Vec<&str> = text.split("; ").collect();
        let path = format!("Path={base}");
        attributes.iter_mut().filter(|attribute| **attribute == "Path=/").for_each(|attribute| *attribute = &path);
        if let Ok(here) = HeaderValue::from_str(&attributes.join("; ")) {
            *cookie = here;
        }
    }
}

/// Where a request comes from.
pub struct Address(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Address, Infallible> {
        Ok(Address(arrival(parts).address))
    }
}

fn arrival(parts: &Parts) -> Arrival {
    parts.extensions.get().copied().unwrap_or_default()
}

/// The address of the program for somebody else to open, without a slash at its end: as the operator says, else as this
/// visitor reached it.
pub struct Outside(pub String);

impl FromRequestParts<App> for Outside {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Outside, Infallible> {
        if let Some(url) = &app.config.base_url {
            return Ok(Outside(url.to_string()));
        }
        let scheme = if arrival(parts).is_https { "https" } else { "http" };
        let written = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = parts.uri.authority().map(Authority::as_str).or(written).unwrap_or("localhost");
        Ok(Outside(format!("{scheme}://{host}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_visitor_is_the_first_hop_that_nobody_vouches_for() {
        let trusted: Proxies = "127.0.0.1,10.0.0.0/8".parse().unwrap();
        let seen = |lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| (FORWARDED_FOR, *line)).collect();
            visitor([127, 0, 0, 1].into(), &headers(&lines), &trusted).to_string()
        };
        assert_eq!(seen(&[]), "127.0.0.1");
        assert_eq!(seen(&["203.0.113.9"]), "203.0.113.9");
        assert_eq!(seen(&["6.6.6.6, 203.0.113.9"]), "203.0.113.9", "what the visitor made up stands further left");
        assert_eq!(seen(&["6.6.6.6, 203.0.113.9, 10.0.0.4"]), "203.0.113.9");
        assert_eq!(seen(&["6.6.6.6, 203.0.113.9", "10.0.0.4"]), "203.0.113.9", "lines are one list");
        assert_eq!(seen(&["10.0.0.8, 10.0.0.4"]), "10.0.0.8", "within the house, the farthest");
        assert_eq!(seen(&["6.6.6.6, unknown, 10.0.0.4"]), "10.0.0.4", "behind a gap anybody may have written");
        assert_eq!(seen(&["6.6.6.6, , "]), "127.0.0.1");
        assert_eq!(seen(&["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(seen(&["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(seen(&["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(seen(&["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn the_nearest_proxy_has_the_word() {
        assert_eq!(last(&headers(&[(FORWARDED_PROTO, "http, https")]), FORWARDED_PROTO), Some("https"));
        assert_eq!(
            last(&headers(&[(FORWARDED_PROTO, "https"), (FORWARDED_PROTO, "http")]), FORWARDED_PROTO),
            Some("http")
        );
        for strange in ["", "a b", "me@evil.example", "evil.example/x", "a,b?c"] {
            assert!(typed_host(strange).is_none(), "{strange}");
        }
        assert_eq!(typed_host("example.org:8443").unwrap(), "example.org:8443");
    }

    #[test]
    fn addresses_and_cookies_leave_with_the_prefix() {
        let base: Base = "/milepost".parse().unwrap();
        let mut sent = headers(&[
            ("location", "/sign-in?next=%2Fmilepost%2Ftasks"),
            ("set-cookie", "milepost=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"),
            ("set-cookie", "milepost_flash=; Max-Age=0; Path=/"),
        ]);
        send_outward(&base, &mut sent);
        assert_eq!(sent["location"], "/milepost/sign-in?next=%2Fmilepost%2Ftasks");
        assert!(sent.get_all("set-cookie").iter().all(|cookie| cookie.to_str().unwrap().contains("; Path=/milepost")));
    }

    #[test]
    fn a_request_is_the_same_with_the_prefix_and_without() {
        let base: Base = "/milepost".parse().unwrap();
        let inside = |uri: &str| {
            let request = axum::http::Request::builder().uri(uri).body(()).unwrap();
            without_prefix(&base, request).uri().to_string()
        };
        assert_eq!(inside("/milepost/tasks/1?x=1"), "/tasks/1?x=1");
        assert_eq!(inside("/tasks/1?x=1"), "/tasks/1?x=1");
        assert_eq!(inside("/milepost"), "/");
        assert_eq!(inside("https://example.org/milepost/tasks"), "https://example.org/tasks");
    }
}
