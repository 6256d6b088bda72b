//! What each kind of job that Milepost runs itself takes: the members of its payload, as forms ask for them and as every
//! door checks them.

use serde_json::Value;

use super::built_in::BuiltIn;
use super::bulk::{self, Bulk};
use super::columns::DateOrder;
use super::feeds;
use super::fields::{Field, Takes, check_payload};
use super::filter_fields::filter_fields;
use super::sheets::made::FileForm;
use super::sought::Mode;
use super::trackers;
use crate::config;
use crate::error::{Result, msg};
use crate::notify::Channel;
use crate::notify::audience::{self, Audience};
use crate::notify::pace::RATES;
use crate::people::Role;

/// More would be no rehearsal.
pub const REHEARSAL_STEPS: i64 = 100_000;
/// A step may outlast any wait, and no timer.
const REHEARSAL_STEP_MILLISECONDS: i64 = 86_400_000;

impl BuiltIn {
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
            BuiltIn::Broadcast => audience::check(payload),
            BuiltIn::SyncFeed => feeds::check(payload),
            _ => Ok(()),
        }
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
