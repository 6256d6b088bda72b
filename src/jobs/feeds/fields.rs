//! What keeps tasks in step with a feed.

use serde_json::Value;

use super::{FeedForm, Gone};
use crate::config;
use crate::error::{Error, Result, msg};
use crate::jobs::columns::DateOrder;
use crate::jobs::fields::Field;
use crate::outbound;

impl FeedForm {
    pub const fn label_key(self) -> &'static str {
        match self {
            FeedForm::Csv => "feed-csv",
            FeedForm::Ics => "feed-ics",
        }
    }
}

impl Gone {
    pub const fn label_key(self) -> &'static str {
        match self {
            Gone::Cancel => "feed-gone-cancel",
            Gone::Leave => "feed-gone-leave",
        }
    }
}

pub fn fields() -> Vec<Field> {
    let forms = FeedForm::ALL.iter().map(|form| (form.as_str(), msg(form.label_key())));
    let gone = Gone::ALL.iter().map(|gone| (gone.as_str(), msg(gone.label_key())));
    let dates = vec![
        (DateOrder::DayFirst.as_str(), msg("import-day-first")),
        (DateOrder::MonthFirst.as_str(), msg("import-month-first")),
    ];
    vec![
        Field::line("url", msg("feed-url")).at_most(config::ADDRESS_CHARS).hint(msg("feed-url-hint")).required(),
        Field::choice(
            "format",
            msg("feed-format"),
            [("found-out", msg("tracker-found-out"))].into_iter().chain(forms).collect(),
        ),
        Field::line("project", msg("column-project")).hint(msg("feed-project-hint")),
        Field::line("assignee", msg("column-assignee")).at_most(config::EMAIL_CHARS).hint(msg("feed-assignee-hint")),
        Field::choice("gone", msg("feed-gone"), gone.collect()),
        Field::text("columns", msg("import-columns")).hint(msg("feed-columns-hint")),
        Field::choice("dates", msg("import-dates"), dates),
        Field::check("many_gone", msg("feed-many-gone")).hint(msg("feed-many-gone-hint")),
    ]
}

/// Whether its address is one that can be asked at all.
pub fn check(payload: &Value) -> Result<()> {
    let url = payload.get("url").and_then(Value::as_str).unwrap_or_default();
    outbound::address(url).map(drop).map_err(|why| Error::field("payload.url", why))
}
