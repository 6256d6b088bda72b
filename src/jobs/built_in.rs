//! The kinds of job that Milepost runs itself, by name: what each is called, what it takes, who may start it. What each
//! does stands in `kinds`.

use serde_json::Value;

use super::bulk::{self, Bulk};
use super::columns::DateOrder;
use super::feeds;
use super::fields::{Field, Takes, check_payload};
use super::filter_fields::filter_fields;
use super::sheets::made::FileForm;
use super::sought::Mode;
use super::trackers;
use crate::config;
use crate::db::types::words;
use crate::error::{Result, msg};
use crate::notify::Channel;
use crate::notify::audience::Audience;
use crate::notify::pace::RATES;
use crate::people::Role;

words!(
    /// A kind that the workers inside the program run, and nobody else.
    BuiltIn {
        /// Work that comes in from a file.
        ImportTasks = "import-tasks",
        /// All that a filter names becomes otherwise.
        BulkEdit = "bulk-edit",
        /// All that has ended, of what a filter names, goes.
        BulkDelete = "bulk-delete",
        /// Work that comes in from another tracker.
        ImportTracker = "import-tracker",
        /// Tasks are kept in step with an address.
        SyncFeed = "sync-feed",
        /// The same text to many.
        Broadcast = "broadcast",
        /// A copy of the whole store, checked and rotated.
        Backup = "backup",
        /// Whether there is room, whether writes are quick, whether there are backups, whether jobs go on.
        CheckHealth = "check-health",
        /// Whether the store says what the trail says.
        CheckIntegrity = "check-integrity",
        /// Brings the sums of what happened up to date.
        Aggregate = "aggregate",
        /// The figures of a day.
        DailyStatistics = "daily-statistics",
        /// Removes what was kept for long enough.
        CleanUp = "clean-up",
        /// What a history filter shows, as a file.
        ExportHistory = "export-history",
        /// Does nothing, at the pace that one asks for.
        Rehearsal = "rehearsal",
        /// Looks through everything that was written.
        Search = "search",
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
            BuiltIn::ImportTasks => "kind-import-tasks",
            BuiltIn::BulkEdit => "kind-bulk-edit",
            BuiltIn::BulkDelete => "kind-bulk-delete",
            BuiltIn::ImportTracker => "kind-import-tracker",
            BuiltIn::SyncFeed => "kind-sync-feed",
            BuiltIn::Backup => "kind-backup",
            BuiltIn::Broadcast => "kind-broadcast",
            BuiltIn::CheckHealth => "kind-check-health",
            BuiltIn::CheckIntegrity => "kind-check-integrity",
            BuiltIn::Aggregate => "kind-aggregate",
            BuiltIn::DailyStatistics => "kind-daily-statistics",
            BuiltIn::CleanUp => "kind-clean-up",
            BuiltIn::ExportHistory => "kind-export-history",
            BuiltIn::Rehearsal => "kind-rehearsal",
            BuiltIn::Search => "kind-search",
        }
    }

    /// A sentence that says what it does.
    pub const fn about_key(self) -> &'static str {
        match self {
            BuiltIn::ImportTasks => "kind-import-tasks-about",
            BuiltIn::BulkEdit => "kind-bulk-edit-about",
            BuiltIn::BulkDelete => "kind-bulk-delete-about",
            BuiltIn::ImportTracker => "kind-import-tracker-about",
            BuiltIn::SyncFeed => "kind-sync-feed-about",
            BuiltIn::Backup => "kind-backup-about",
            BuiltIn::Broadcast => "kind-broadcast-about",
            BuiltIn::CheckHealth => "kind-check-health-about",
            BuiltIn::CheckIntegrity => "kind-check-integrity-about",
            BuiltIn::Aggregate => "kind-aggregate-about",
            BuiltIn::DailyStatistics => "kind-daily-statistics-about",
            BuiltIn::CleanUp => "kind-clean-up-about",
            BuiltIn::ExportHistory => "kind-export-history-about",
            BuiltIn::Rehearsal => "kind-rehearsal-about",
            BuiltIn::Search => "kind-search-about",
        }
    }

    pub const fn purpose(self) -> Purpose {
        match self {
            BuiltIn::ExportHistory
            | BuiltIn::ImportTasks
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Search
            | BuiltIn::Broadcast
            | BuiltIn::DailyStatistics
            | BuiltIn::BulkEdit
            | BuiltIn::BulkDelete => Purpose::Work,
            BuiltIn::Aggregate
            | BuiltIn::Backup
            | BuiltIn::CheckHealth
            | BuiltIn::CheckIntegrity
            | BuiltIn::CleanUp => Purpose::Order,
            BuiltIn::Rehearsal => Purpose::Trial,
        }
    }

    /// The members of its payload.
    pub fn fields(self) -> Vec<Field> {
        match self {
            BuiltIn::ImportTasks => vec![
                Field::file("file", msg("import-file")),
                Field::check("header", msg("import-header")).default("1"),
                Field::line("encoding", msg("import-encoding")),
                Field::line("delimiter", msg("import-delimiter")),
                Field::line("sheet", msg("import-sheet")),
                Field::inner("columns", msg("import-columns")),
                Field::choice(
                    "dates",
                    msg("import-dates"),
                    vec![
                        (DateOrder::DayFirst.as_str(), msg("import-day-first")),
                        (DateOrder::MonthFirst.as_str(), msg("import-month-first")),
                    ],
                ),
                Field::number("assignee", msg("import-assignee"), 1..=i64::MAX),
                Field::check("dry_run", msg("import-dry-run")),
            ],
            BuiltIn::ImportTracker => trackers::fields(),
            BuiltIn::SyncFeed => feeds::fields(),
            BuiltIn::BulkEdit | BuiltIn::BulkDelete => bulk::fields(self),
            BuiltIn::Backup => vec![
                Field::number("keep_daily", msg("backup-keep-daily"), config::BACKUPS_DAILY)
                    .hint(msg("backup-keep-daily-hint"))
                    .default("7"),
                Field::number("keep_weekly", msg("backup-keep-weekly"), config::BACKUPS_WEEKLY)
                    .hint(msg("backup-keep-weekly-hint"))
                    .default("4"),
            ],
            BuiltIn::Broadcast => broadcast_fields(),
            BuiltIn::CheckHealth | BuiltIn::CheckIntegrity => Vec::new(),
            BuiltIn::Aggregate => {
                vec![Field::check("rebuild", msg("aggregate-rebuild")).hint(msg("aggregate-rebuild-hint"))]
            }
            BuiltIn::DailyStatistics => {
                vec![Field::date("date", msg("daily-statistics-date")).hint(msg("daily-statistics-date-hint"))]
            }
            BuiltIn::CleanUp => clean_up_fields(),
            BuiltIn::ExportHistory => export_fields(),
            BuiltIn::Search => search_fields(),
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

    /// Whether it takes this payload: each member, and what they say together.
    pub fn check(self, payload: &Value) -> Result<()> {
        check_payload(&self.fields(), payload)?;
        match self {
            BuiltIn::BulkEdit | BuiltIn::BulkDelete => Bulk::of(self, payload)?.check(payload),
            _ => Ok(()),
        }
    }

    /// Whether members find it at the lists of what they see, and not among the kinds that one starts.
    pub const fn begins_at_a_list(self) -> bool {
        matches!(self, BuiltIn::BulkEdit | BuiltIn::BulkDelete)
    }

    /// Whether only admins start jobs of this kind.
    pub const fn is_for_admins(self) -> bool {
        match self {
            BuiltIn::Aggregate
            | BuiltIn::Backup
            | BuiltIn::Broadcast
            | BuiltIn::CheckHealth
            | BuiltIn::CheckIntegrity
            | BuiltIn::CleanUp
            | BuiltIn::DailyStatistics
            | BuiltIn::ImportTasks
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Rehearsal => true,
            BuiltIn::ExportHistory | BuiltIn::Search | BuiltIn::BulkEdit | BuiltIn::BulkDelete => false,
        }
    }

    /// The schedule that every organisation is given once, in its own zone (that of the whole store, only the first).
    pub const fn default_schedule(self) -> Option<&'static str> {
        match self {
            BuiltIn::CheckIntegrity => Some("@hourly"),
            BuiltIn::CheckHealth => Some("*/15 * * * *"),
            BuiltIn::DailyStatistics => Some("0 1 * * *"),
            BuiltIn::CleanUp => Some("0 2 * * *"),
            BuiltIn::Backup => Some("0 3 * * *"),
            BuiltIn::Aggregate
            | BuiltIn::ExportHistory
            | BuiltIn::ImportTasks
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Broadcast
            | BuiltIn::Search
            | BuiltIn::Rehearsal
            | BuiltIn::BulkEdit
            | BuiltIn::BulkDelete => None,
        }
    }

    /// Whether it concerns the whole store: only admins of the first organisation start it.
    pub const fn is_of_the_house(self) -> bool {
        match self {
            BuiltIn::Backup | BuiltIn::CheckHealth | BuiltIn::CleanUp => true,
            BuiltIn::Aggregate
            | BuiltIn::CheckIntegrity
            | BuiltIn::DailyStatistics
            | BuiltIn::ExportHistory
            | BuiltIn::Search
            | BuiltIn::ImportTasks
            | BuiltIn::Broadcast
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Rehearsal
            | BuiltIn::BulkEdit
            | BuiltIn::BulkDelete => false,
        }
    }

    /// Whether most of its time is waiting: such jobs keep no others from running.
    pub const fn waits(self) -> bool {
        matches!(self, BuiltIn::Broadcast)
    }

    /// Whether it keeps the house by the clock: one run is like the next, and is kept for days only.
    pub const fn is_routine(self) -> bool {
        match self {
            BuiltIn::Aggregate
            | BuiltIn::Backup
            | BuiltIn::CheckHealth
            | BuiltIn::CheckIntegrity
            | BuiltIn::CleanUp => true,
            BuiltIn::DailyStatistics
            | BuiltIn::ExportHistory
            | BuiltIn::ImportTasks
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Broadcast
            | BuiltIn::Search
            | BuiltIn::Rehearsal
            | BuiltIn::BulkEdit
            | BuiltIn::BulkDelete => false,
        }
    }

    /// Whether its jobs change tasks, or write to people, in the name of whoever started them. A token starts one only if
    /// it may do by itself what an admin may.
    pub const fn acts_for_its_creator(self) -> bool {
        match self {
            BuiltIn::ImportTasks
            | BuiltIn::ImportTracker
            | BuiltIn::SyncFeed
            | BuiltIn::Broadcast
            | BuiltIn::BulkEdit
            | BuiltIn::BulkDelete => true,
            BuiltIn::Aggregate
            | BuiltIn::Backup
            | BuiltIn::CheckHealth
            | BuiltIn::CheckIntegrity
            | BuiltIn::CleanUp
            | BuiltIn::DailyStatistics
            | BuiltIn::ExportHistory
            | BuiltIn::Search
            | BuiltIn::Rehearsal => false,
        }
    }

    /// Whether its jobs tell whoever started them what these may see: a token starts one only if it may read.
    pub const fn reads_for_its_creator(self) -> bool {
        matches!(self, BuiltIn::ExportHistory | BuiltIn::Search)
    }
}

fn search_fields() -> Vec<Field> {
    let mode = |mode: Mode| (mode.as_str(), msg(mode.name_key()));
    let form = |form: FileForm| (form.as_str(), msg(form.name_key()));
    let check = |name, label| Field::check(name, msg(label)).default("1");
    let sought = Field::line("q", msg("search-for")).required();
    let mut fields = vec![
        Field { takes: Takes::Line(config::SEARCH_CHARS), ..sought },
        Field::choice("match", msg("search-match"), Mode::ALL.iter().copied().map(mode).collect()),
        check("titles", "search-titles"),
        check("descriptions", "search-descriptions"),
        check("notes", "search-notes"),
        check("comments", "search-comments"),
        check("logs", "search-logs"),
        Field::choice("format", msg("export-format"), [FileForm::Csv, FileForm::Xlsx].map(form).to_vec()),
    ];
    fields.extend(filter_fields().into_iter().filter(|field| field.name != "q"));
    fields
}

fn export_fields() -> Vec<Field> {
    let form = |form: FileForm| (form.as_str(), msg(form.name_key()));
    let mut fields = vec![
        Field::choice("format", msg("export-format"), FileForm::ALL.iter().copied().map(form).collect()),
        Field::check("descriptions", msg("export-descriptions")).default("1"),
    ];
    fields.extend(filter_fields());
    fields
}

/// What is written, to whom, how, and how fast.
fn broadcast_fields() -> Vec<Field> {
    let channels = Channel::ALL.iter().map(|channel| (channel.as_str(), msg(channel.title_key())));
    let audiences = Audience::ALL.iter().map(|audience| (audience.as_str(), msg(audience.title_key())));
    let roles = [(Role::Member, "role-member"), (Role::Admin, "role-admin"), (Role::Owner, "role-owner")];
    let subject = Field::line("subject", msg("broadcast-subject")).required();
    vec![
        Field::choice("channel", msg("broadcast-channel"), channels.collect()).required(),
        Field::choice("to", msg("broadcast-to"), audiences.collect()).required(),
        Field::choice("role", msg("broadcast-role"), roles.map(|(role, key)| (role.as_str(), msg(key))).to_vec()),
        Field::number("project", msg("broadcast-project"), 1..=i64::MAX),
        Field::text("people", msg("broadcast-people")).hint(msg("broadcast-people-hint")),
        Field::file("file", msg("broadcast-file")).optional(),
        Field::line("column", msg("broadcast-column")).hint(msg("broadcast-column-hint")),
        Field { takes: Takes::Line(config::TITLE_CHARS), ..subject },
        Field::text("text", msg("broadcast-text")).required(),
        Field::number("per_minute", msg("broadcast-rate"), RATES).hint(msg("broadcast-rate-hint")).default("60"),
    ]
}

/// How long what has ended is kept, each in days.
fn clean_up_fields() -> Vec<Field> {
    let days = |name, label, default| Field::number(name, msg(label), config::RETENTION_DAYS).default(default);
    vec![
        Field::check("dry_run", msg("clean-up-dry-run")).hint(msg("clean-up-dry-run-hint")),
        days("done_days", "clean-up-done", "30"),
        days("failed_days", "clean-up-failed", "90"),
        days("cancelled_days", "clean-up-cancelled", "30"),
        days("routine_days", "clean-up-routine", "3").hint(msg("clean-up-routine-hint")),
        days("upload_days", "clean-up-uploads", "7"),
        days("file_days", "clean-up-files", "14").hint(msg("clean-up-files-hint")),
        days("link_days", "clean-up-links", "30"),
        days("token_days", "clean-up-tokens", "90"),
        Field::inner("kinds", msg("clean-up-kinds")),
    ]
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
