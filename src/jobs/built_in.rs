//! The kinds of job that Milepost runs itself, by name. What each does stands in `kinds`.

use crate::db::types::words;

words!(
    /// A kind that the workers inside the program run, and nobody else.
    BuiltIn {
        /// Whether the store says what the trail says.
        CheckIntegrity = "check-integrity",
        /// Does nothing, at the pace that one asks for.
        Rehearsal = "rehearsal",
    }
);

impl BuiltIn {
    pub fn named(kind: &str) -> Option<BuiltIn> {
        kind.parse().ok()
    }

    /// Whether only admins start jobs of this kind.
    pub const fn is_for_admins(self) -> bool {
        match self {
            BuiltIn::CheckIntegrity | BuiltIn::Rehearsal => true,
        }
    }
}
