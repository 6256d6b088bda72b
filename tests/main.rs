//! All integration tests, in one binary: it links once and starts once.
//! Everything but the pure rules goes through the front door: the real server, a real SQLite file,
//! a real browser. A test's name is a promise to a user.

#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

mod api;
mod api_schema;
mod api_stream;
mod api_tasks;
mod backup;
mod bad_input;
mod binary;
mod browser;
mod clean_up;
mod connections;
mod eta;
mod export;
mod health;
mod house;
mod hub;
mod hub_model;
mod import;
mod import_many;
mod inside;
mod integrity;
mod isolation;
mod job_output;
mod job_pages;
mod jobs_cancel;
mod jobs_family;
mod jobs_kill;
mod jobs_lease;
mod jobs_model;
mod jobs_queue;
mod killed;
mod letters;
mod line;
mod locales;
mod log;
mod new_job;
mod oracle;
mod outbound;
mod output;
mod outside;
mod people;
mod plans;
mod prefix;
mod proxies;
mod replay;
mod restore;
mod rights;
mod rules;
mod schedule_rules;
mod schedules;
mod seams;
mod security;
mod sight;
mod streams;
mod sums;
mod sums_kill;
mod support;
mod tasks;
mod terminal;
mod ticks;
mod tokens;
mod tools;
mod wrapped;
