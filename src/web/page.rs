//! What every page's frame needs: language, theme, who is signed in.
//! Also the way back after a form: only ever to an address of our own.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use tower_sessions::Session;

use super::flash::{Flash, flash_of, with_flash};
use super::session::cookie;
use super::shown::{self, Icon};
use super::viewer::viewer_of;
use crate::App;
use crate::error::{Error, Result};
use crate::front::Base;
use crate::locale::Lang;
use crate::people::{OrganisationId, Role, Theme, Viewer, initials};

/// The place of a page in the navigation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nav {
    Tasks,
    Monitor,
    Jobs,
    Schedules,
    Assign,
    History,
    Notifications,
    People,
    Projects,
    Settings,
    Account,
    None,
}

pub struct Page {
    pub l: Lang,
    /// Translated already; the layout adds the product's name.
    pub title: String,
    pub here: Nav,
    pub theme: Theme,
    /// The reader's IANA zone.
    pub zone: String,
    /// `None`: signed out.
    pub user: Option<PageUser>,
    pub flash: Option<Flash>,
    /// Path and query of this page, as people know it: where the frame's own forms return to.
    pub url: String,
    /// Stands before every address of ours that the page has.
    pub base: Base,
    pub demo: bool,
}

pub struct PageUser {
    pub id: i64,
    pub name: String,
    pub initials: String,
    pub role: Role,
    pub organisation: OrganisationId,
    pub organisation_name: String,
    /// Notifications that are not read yet.
    pub unread: i64,
    /// Id, name, whether it is the present one.
    pub organisations: Vec<(OrganisationId, String, bool)>,
}

impl PageUser {
    pub fn is_admin(&self) -> bool {
        self.role.is_admin()
    }

    /// For whom this page is written.
    pub fn owner(&self) -> String {
        format!("{}-{}", self.id, self.organisation)
    }
}

/// Whether a page that names its owner as `PageUser::owner` wrote it is this viewer's. One that names nobody is anybody's.
pub fn is_written_for(owner: Option<&str>, viewer: &Viewer) -> bool {
    owner.is_none_or(|owner| owner == format!("{}-{}", viewer.user, viewer.organisation))
}

pub(super) fn session_failed(error: tower_sessions::session::Error) -> Error {
    Error::Internal(anyhow::Error::new(error).context("the session could not be used"))
}

impl Page {
    /// The frame of a signed-in page. `title` is a key of `locales/`.
    pub fn new(app: &App, viewer: &Viewer, flash: Option<Flash>, uri: &Uri, here: Nav, title: &'static str) -> Page {
        let l = viewer.lang();
        Page {
            l,
            title: l.t(title).to_owned(),
            here,
            theme: viewer.theme,
            zone: viewer.zone.iana_name().unwrap_or("UTC").to_owned(),
            user: Some(page_user(viewer)),
            flash,
            url: app.config.base().outward(&local_url(uri)).into_owned(),
            base: app.config.base().clone(),
            demo: app.config.demo,
        }
    }

    /// The frame of a page for whoever is not signed in.
    pub fn public(app: &App, headers: &HeaderMap, uri: &Uri, title: &'static str) -> Page {
        let l = wanted_language(headers);
        Page {
            l,
            title: l.t(title).to_owned(),
            here: Nav::None,
            theme: cookie(headers, THEME_COOKIE).and_then(|theme| theme.parse().ok()).unwrap_or(Theme::Auto),
            zone: "UTC".to_owned(),
            user: None,
            flash: flash_of(headers),
            url: app.config.base().outward(&local_url(uri)).into_owned(),
            base: app.config.base().clone(),
            demo: app.config.demo,
        }
    }

    /// An icon that stands on the page itself.
    pub fn icon(&self, name: &'static str) -> Icon<'_> {
        shown::icon(&self.base, name)
    }

    /// The same frame under another title, already in the reader's language.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Page {
        self.title = title.into();
        self
    }
}

/// Bytes of the frame around a page's list.
const FRAME_BYTES: usize = 16 * 1024;

/// A page around a list of `list` bytes, written into one piece of memory: growing to it by doubling cost as much as all
/// the rest of writing.
pub(super) fn written(page: &impl Template, list: usize) -> Response {
    let mut html = String::with_capacity(list + FRAME_BYTES);
    match page.render_into(&mut html) {
        Ok(()) => Html(html).into_response(),
        Err(error) => Error::Internal(error.into()).into_response(),
    }
}

/// Everything that a handler of a signed-in page works with.
pub struct Visit {
    pub app: App,
    pub viewer: Viewer,
    pub session: Session,
    pub uri: Uri,
    url: String,
    flash: Option<Flash>,
}

impl Visit {
    pub fn l(&self) -> Lang {
        self.viewer.lang()
    }

    pub fn page(&self, here: Nav, title: &'static str) -> Page {
        let page = Page::new(&self.app, &self.viewer, self.flash.clone(), &self.uri, here, title);
        Page { url: self.url.clone(), ..page }
    }

    /// The page that is asked for, or on which the form that is answered stood.
    pub fn came_from(&self) -> &str {
        &self.url
    }

    /// It is done: says so on the next page.
    pub fn done(&self, said: impl Into<String>, target: &str) -> Response {
        with_flash(see_other(None, target), Flash::good(said))
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visit> {
        let viewer = viewer_of(parts).map(|viewer| Viewer::clone(viewer)).ok_or(Error::SignInNeeded)?;
        let url = page_url(app, &parts.method, &parts.uri, &parts.headers);
        let flash = flash_of(&parts.headers);
        Ok(Visit { app: app.clone(), viewer, session: session_of(parts)?, uri: parts.uri.clone(), url, flash })
    }
}

/// What a handler of a public page works with; the visitor may be signed in all the same.
pub struct OpenVisit {
    pub app: App,
    pub viewer: Option<Viewer>,
    pub session: Session,
    pub headers: HeaderMap,
    pub uri: Uri,
    url: String,
}

impl OpenVisit {
    pub fn l(&self) -> Lang {
        wanted_language(&self.headers)
    }

    pub fn page(&self, title: &'static str) -> Page {
        let page = Page::public(&self.app, &self.headers, &self.uri, title);
        Page { url: self.url.clone(), ..page }
    }
}

impl FromRequestParts<App> for OpenVisit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<OpenVisit> {
        Ok(OpenVisit {
            app: app.clone(),
            viewer: viewer_of(parts).map(|viewer| Viewer::clone(viewer)),
            session: session_of(parts)?,
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
            url: page_url(app, &parts.method, &parts.uri, &parts.headers),
        })
    }
}

fn session_of(parts: &Parts) -> Result<Session> {
    let session = parts.extensions.get::<Session>().cloned();
    session.ok_or_else(|| Error::Internal(anyhow::anyhow!("a route outside of the session layer")))
}

fn page_user(viewer: &Viewer) -> PageUser {
    let current = viewer.organisation;
    PageUser {
        id: viewer.user.get(),
        name: viewer.name.clone(),
        initials: initials(&viewer.name),
        role: viewer.role,
        organisation: current,
        organisation_name: viewer.organisation_name.clone(),
        unread: viewer.unread,
        organisations: viewer.organisations.iter().map(|(id, name)| (*id, name.clone(), *id == current)).collect(),
    }
}

impl Viewer {
    /// The language of this viewer's pages.
    pub fn lang(&self) -> Lang {
        self.language.as_deref().and_then(Lang::from_code).unwrap_or(Lang::En)
    }
}

/// Cookies of visitors who are not signed in; the signed-in have it in their account.
pub const LANGUAGE_COOKIE: &str = "milepost_language";
pub const THEME_COOKIE: &str = "milepost_theme";

/// The language that a visitor chose here, else the best that the browser asks for.
pub fn wanted_language(headers: &HeaderMap) -> Lang {
    let accepted = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    cookie(headers, LANGUAGE_COOKIE).and_then(Lang::from_code).unwrap_or_else(|| Lang::negotiate(accepted()))
}

/// The address at which the page that answers can be opened again: for a form that came back, the page it stood on.
pub(super) fn page_url(app: &App, method: &Method, uri: &Uri, headers: &HeaderMap) -> String {
    if *method != Method::GET {
        return from_page(app, headers);
    }
    app.config.base().outward(&local_url(uri)).into_owned()
}

/// The page on which a request was made, as an address of ours.
pub(super) fn from_page(app: &App, headers: &HeaderMap) -> String {
    let page = headers.get("hx-current-url").or_else(|| headers.get(header::REFERER));
    let page = page.and_then(|value| value.to_str().ok()?.parse::<Uri>().ok());
    let path = page.map(|uri| local_url(&uri)).filter(|path| is_local(path)).unwrap_or_else(|| "/".to_owned());
    app.config.base().outward(&path).into_owned()
}

fn local_url(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".to_owned(), |path| path.as_str().to_owned())
}

/// An address within this site: a path, and nothing that a browser would read as another host, nor steps that would lead
/// it out of the prefix.
pub fn is_local(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    target.starts_with('/')
        && !target.starts_with("//")
        && !target.contains('\\')
        && !path.split('/').any(|step| matches!(&*step.to_ascii_lowercase().replace("%2e", "."), "." | ".."))
        && !target.chars().any(char::is_control)
        && target.parse::<Uri>().is_ok_and(|uri| uri.authority().is_none())
}

/// On to the next page after a form (303): where one came from if that is ours, else `default`.
pub fn see_other(return_to: Option<&str>, default: &str) -> Response {
    let target = return_to.filter(|target| is_local(target)).unwrap_or(default);
    match HeaderValue::from_str(target) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => (StatusCode::SEE_OTHER, [(header::LOCATION, HeaderValue::from_static("/"))]).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_only_sent_back_to_this_site() {
        for good in ["/", "/tasks/42?x=1", "/monitor?person=3&status=done"] {
            assert!(is_local(good), "{good}");
        }
        for bad in [
            "",
            "tasks",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
            "/\t/evil.example",
            "/../other-program",
            "/tasks/%2E./..?x",
        ] {
            assert!(!is_local(bad), "{bad}");
        }
    }
}
