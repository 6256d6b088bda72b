//! All integration tests, in one binary: it links once and starts once.
//! Everything but the pure rules goes through the front door: the real server, a real SQLite file,
//! a real browser. A test's name is a promise to a user.

#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

mod house;
mod locales;
mod support;
