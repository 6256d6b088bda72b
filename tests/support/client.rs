//! A person's browser without the screen: keeps cookies, says where its requests come from,
//! and does not follow redirects by itself, so that tests see them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use reqwest::header::{ACCEPT_LANGUAGE, COOKIE, HeaderMap, HeaderName, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};

use super::events::Events;
use super::html::{Form, Page};

/// The cookies that a signed-in person has; what a template database keeps of them.
pub type Cookies = BTreeMap<String, String>;

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    language: String,
    cookies: Arc<Mutex<Cookies>>,
    /// A program's: it has a token, and nothing of a browser.
    token: Option<String>,
}

impl Client {
    pub fn new(base: &str) -> Client {
        Client::built(base, |http| http)
    }

    /// Somebody who speaks from this address of the machine, and says more about themselves than they are asked.
    pub fn from_address(base: &str, local: IpAddr, says: &[(&'static str, &str)]) -> Client {
        let says = says.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        Client::built(base, |http| http.local_address(local).default_headers(says))
    }

    fn built(base: &str, more: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> Client {
        // What the binary speaks TLS with; a client is not even made without it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("Milepost tests (like a browser)");
        let http = more(http).build().unwrap();
        Client { http, base: base.into(), language: "en".into(), cookies: Arc::default(), token: None }
    }

    pub fn with_cookies(base: &str, cookies: Cookies) -> Client {
        let client = Client::new(base);
        *client.cookies.lock().unwrap() = cookies;
        client
    }

    /// A program that shows this token.
    pub fn with_token(base: &str, token: &str) -> Client {
        Client { token: Some(token.into()), ..Client::new(base) }
    }

    pub fn in_language(mut self, language: &str) -> Client {
        self.language = language.into();
        self
    }

    /// The same person at another address: a server that was started again.
    pub fn at(&self, base: &str) -> Client {
        Client { base: base.into(), ..self.clone() }
    }

    /// What a program shows in each of its requests.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub fn cookies(&self) -> Cookies {
        self.cookies.lock().unwrap().clone()
    }

    /// A request with this person's cookies, as a page of Milepost's own would send it.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.request_without_site(method, path);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request.header("sec-fetch-site", "same-origin"),
        }
    }

    /// As a browser sends it that does not say from where its requests come.
    pub fn request_without_site(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let cookies: Vec<String> = self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method, url).header(ACCEPT_LANGUAGE, self.language.as_str());
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        request
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let request = request.timeout(super::PATIENCE);
        self.try_send(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
    }

    /// Like `send`, for a server that may be dying.
    pub async fn try_send(&self, request: reqwest::RequestBuilder) -> Result<Page, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let path = response.url().path().to_owned();
        self.keep_cookies(&headers);
        let body = response.bytes().await?;
        Ok(Page { path, status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap();
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let gone = value.is_empty() || line.to_ascii_lowercase().contains("max-age=0");
            if gone {
                cookies.remove(name);
            } else {
                cookies.insert(name.into(), value.into());
            }
        }
    }

    /// As programs send it.
    pub async fn send_json(&self, method: Method, path: &str, json: &str) -> Page {
        let request = self.request(method, path).header("content-type", "application/json").body(json.to_owned());
        self.send(request).await
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(self.request(Method::GET, path)).await
    }

    /// A page that must be there, read after any redirects.
    pub async fn open(&self, path: &str) -> Page {
        let mut page = self.get(path).await;
        for _ in 0..5 {
            let Some(next) = page.location() else { break };
            page = self.get(&next).await;
        }
        assert_eq!(page.status, StatusCode::OK, "GET {path}: {}", page.said());
        page
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(self.request(Method::POST, path).form(fields)).await
    }

    /// Presses a form's button; the answer may be a redirect.
    pub async fn submit(&self, form: &Form) -> Page {
        assert_eq!(form.method, "post", "a form that changes something posts: {}", form.action);
        self.send(self.request(Method::POST, &form.action).form(&form.fields)).await
    }

    /// Presses a form's button and goes where the answer leads, as a browser does.
    pub async fn submit_and_follow(&self, form: &Form) -> Page {
        let page = self.submit(form).await;
        match page.headers.get(LOCATION) {
            Some(_) => self.open(&page.location().unwrap()).await,
            None => page,
        }
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Page {
        let form =
            self.open("/sign-in").await.form("[action*='sign-in']").fill("email", email).fill("password", password);
        self.submit(&form).await
    }

    /// Opens a stream; `last_id` as a browser sends it after a cut.
    pub async fn events(&self, path: &str, last_id: Option<&str>) -> Events {
        let mut request = self.request(Method::GET, path).header("accept", "text/event-stream");
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "the stream {path} opens");
        Events::new(response)
    }

    /// The stream of a page, from the cursor at which the page was read.
    pub async fn stream_of(&self, page: &Page) -> Events {
        let url = page.attribute("#main", "data-stream").expect("a live page says where its stream is");
        let cursor = page.attribute("#main", "data-cursor").expect("a live page says at which cursor it was read");
        let joint = if url.contains('?') { '&' } else { '?' };
        self.events(&format!("{url}{joint}after={cursor}"), None).await
    }
}
