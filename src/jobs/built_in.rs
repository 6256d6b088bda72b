//! The kinds of job that Milepost runs itself, by name: what each is called, what it takes, who may start it. What each
//! does stands in `kinds`.

use super::fields::Field;
use crate::config;
use crate::db::types::words;
use crate::error::msg;

words!(
    /// A kind that the workers inside the program run, and nobody else.
    BuiltIn {
        /// A copy of the whole store, checked and rotated.
        Backup = "backup",
        /// Whether the store says what the trail says.
        CheckIntegrity = "check-integrity",
        /// Does nothing, at the pace that one asks for.
        Rehearsal = "rehearsal",
    }
);
words!(
    /// What kinds are for, in the order in which they are offered.
    Purpose {
        /// Work comes in, goes out, is told of, is changed.
        Work = "work",
        /// The store is kept in order.
        Order = "order",
        /// To see how jobs are.
        Trial = "trial",
    }
);

/// More would be no rehearsal.
pub const REHEARSAL_STEPS: i64 = 100_000;
/// A step may outlast any wait, and no timer.
const REHEARSAL_STEP_MILLISECONDS: i64 = 86_400_000;

impl BuiltIn {
    pub fn named(kind: &str) -> Option<BuiltIn> {
        kind.parse().ok()
    }

    /// What it is called where people start it; its jobs are called so too.
    pub const fn title_key(self) -> &'static str {
        match self {
            BuiltIn::Backup => "kind-backup",
            BuiltIn::CheckIntegrity => "kind-check-integrity",
            BuiltIn::Rehearsal => "kind-rehearsal",
        }
    }

    /// A sentence that says what it does.
    pub const fn about_key(self) -> &'static str {
        match self {
            BuiltIn::Backup => "kind-backup-about",
            BuiltIn::CheckIntegrity => "kind-check-integrity-about",
            BuiltIn::Rehearsal => "kind-rehearsal-about",
        }
    }

    pub const fn purpose(self) -> Purpose {
        match self {
            BuiltIn::Backup | BuiltIn::CheckIntegrity => Purpose::Order,
            BuiltIn::Rehearsal => Purpose::Trial,
        }
    }

    /// The members of its payload.
    pub fn fields(self) -> Vec<Field> {
        match self {
            BuiltIn::Backup => vec![
                Field::number("keep_daily", msg("backup-keep-daily"), config::BACKUPS_DAILY)
                    .hint(msg("backup-keep-daily-hint"))
                    .default("7"),
                Field::number("keep_weekly", msg("backup-keep-weekly"), config::BACKUPS_WEEKLY)
                    .hint(msg("backup-keep-weekly-hint"))
                    .default("4"),
            ],
            BuiltIn::CheckIntegrity => Vec::new(),
            BuiltIn::Rehearsal => {
                let step = 1..=REHEARSAL_STEPS;
                vec![
                    Field::number("steps", msg("rehearsal-steps"), 0..=REHEARSAL_STEPS).default("10"),
                    Field::number("step_milliseconds", msg("rehearsal-pace"), 0..=REHEARSAL_STEP_MILLISECONDS)
                        .default("500"),
                    Field::number("fail_each", msg("rehearsal-fail-each"), step.clone())
                        .hint(msg("rehearsal-fail-each-hint")),
                    Field::number("fail_at", msg("rehearsal-fail-at"), step.clone()),
                    Field::number("panic_at", msg("rehearsal-panic-at"), step).hint(msg("rehearsal-panic-at-hint")),
                ]
            }
        }
    }

    /// Whether only admins start jobs of this kind.
    pub const fn is_for_admins(self) -> bool {
        match self {
            BuiltIn::Backup | BuiltIn::CheckIntegrity | BuiltIn::Rehearsal => true,
        }
    }

    /// Whether it concerns the whole store: only admins of the first organisation start it.
    pub const fn is_of_the_house(self) -> bool {
        match self {
            BuiltIn::Backup => true,
            BuiltIn::CheckIntegrity | BuiltIn::Rehearsal => false,
        }
    }

    /// Whether its jobs change tasks in the name of whoever started them. A token starts one only if it may do by itself
    /// what an admin may.
    pub const fn acts_for_its_creator(self) -> bool {
        match self {
            BuiltIn::Backup | BuiltIn::CheckIntegrity | BuiltIn::Rehearsal => false,
        }
    }
}

impl Purpose {
    pub const fn title_key(self) -> &'static str {
        match self {
            Purpose::Work => "purpose-work",
            Purpose::Order => "purpose-order",
            Purpose::Trial => "purpose-trial",
        }
    }
}
