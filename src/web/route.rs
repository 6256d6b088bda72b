//! One line of the URL map: an address, what answers there, and what is known of it before anybody asks: who may come,
//! how long it may take, how much it takes in. The map itself is `web`.

use std::time::Duration;

use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};

use super::boundary::REQUEST_TIMEOUT;
use crate::App;
use crate::api::openapi::Told;
use crate::config;
use crate::people::{Scope, Scopes};

/// Who may use a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    Public,
    SignedIn,
    Admin,
    Owner,
}

/// How a route is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// A person asks: it prolongs the session and makes its user present.
    Person,
    /// A script or a supervisor asks.
    Machine,
}

/// One line of the URL map.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    pub usage: Use,
    /// Which scopes open it to a token, each alone; none where only people come.
    pub scopes: Scopes,
    /// What its description says of it.
    pub told: Option<fn() -> Told>,
    /// How long it may take.
    pub time: Duration,
    /// Bytes of a body that it takes in.
    pub body_bytes: usize,
    /// The handler reads the body itself, as it comes.
    pub streams_in: bool,
    pub(super) handler: MethodRouter<App>,
}

impl Route {
    fn new<H, T>(method: Method, path: &'static str, access: Access, handler: H) -> Route
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("the map names methods that HTTP has");
        let scopes = Scopes::default();
        Route {
            method,
            path,
            access,
            usage: Use::Person,
            scopes,
            told: None,
            time: REQUEST_TIMEOUT,
            body_bytes: config::BODY_BYTES,
            streams_in: false,
            handler: on(filter, handler),
        }
    }

    pub fn usage(self, usage: Use) -> Route {
        Route { usage, ..self }
    }

    /// Programs come here, too, whose token has one of these.
    pub fn scopes(self, scopes: &[Scope]) -> Route {
        Route { scopes: scopes.iter().copied().collect(), usage: Use::Machine, ..self }
    }

    /// It waits for something for so long.
    pub fn waits(self, wait: Duration) -> Route {
        Route { time: wait + REQUEST_TIMEOUT, ..self }
    }

    /// It takes in so many bytes at once, which is more than others do.
    pub fn takes_in(self, body_bytes: usize) -> Route {
        Route { body_bytes, ..self }
    }

    pub fn streams_in(self) -> Route {
        Route { streams_in: true, ..self }
    }

    pub fn told(self, told: fn() -> Told) -> Route {
        Route { told: Some(told), ..self }
    }

    pub fn is_for_programs(&self) -> bool {
        !self.scopes.is_empty()
    }
}

pub fn get<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route::new(Method::GET, path, access, handler)
}

pub fn post<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route::new(Method::POST, path, access, handler)
}

pub fn put<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route::new(Method::PUT, path, access, handler)
}

pub fn patch<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route::new(Method::PATCH, path, access, handler)
}

pub fn delete<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Route {
    Route::new(Method::DELETE, path, access, handler)
}
