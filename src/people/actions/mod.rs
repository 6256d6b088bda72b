//! People, the verbs. Each checks who asks, applies the pure rules, and writes
//! row, audit and letters in one go.

mod account;
mod members;
mod projects;
mod sight;
mod sign_in;
mod tokens;

pub use account::*;
pub use members::*;
pub use projects::*;
pub use sign_in::*;
pub use tokens::*;

use super::Viewer;
use crate::error::{Error, FieldError, Message, Result, msg};

/// Keeps the first error of each field, so that a form shows them all at once.
#[derive(Default)]
pub(crate) struct Fields(Vec<FieldError>);

impl Fields {
    pub(crate) fn take<T>(&mut self, field: &'static str, parsed: Result<T, Message>) -> Option<T> {
        parsed.map_err(|message| self.0.push(FieldError { field: field.into(), message })).ok()
    }

    pub(crate) fn refuse(&mut self, field: &'static str, message: Message) {
        self.0.push(FieldError { field: field.into(), message });
    }

    pub(crate) fn check(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

fn admins_only(viewer: &Viewer) -> Result<()> {
    if viewer.is_admin() { Ok(()) } else { Err(Error::Forbidden(msg("error-admins-only"))) }
}
