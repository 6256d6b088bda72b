//! `/history`: ended and open tasks, newest first, filtered and searched; a page costs the same however far back.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::bulk_form::address_for;
use super::fragments::Frame;
use super::monitor::{Choice, address, pairs};
use super::page::{Nav, Page, Visit};
use crate::error::{Result, msg};
use crate::insight::{self, Filter, HistoryFilter, TaskRow, history::HistoryKey};
use crate::jobs::BuiltIn;
use crate::locale::Lang;
use crate::tasks::Kind;

#[derive(Template, WebTemplate)]
#[template(path = "history/index.html")]
struct HistoryPage {
    page: Page,
    l: Lang,
    frame: Frame,
    choice: Choice,
    kind_chosen: Option<Kind>,
    from: Day,
    to: Day,
    rows: Vec<TaskRow>,
    first: Option<String>,
    next: Option<String>,
    is_filtered: bool,
    /// The filter, for a form to carry.
    carried: Vec<(&'static str, String)>,
    /// Where all that was written is searched, under this filter.
    everything: String,
    /// Where all that the filter names is changed, and deleted; for admins, where there is anything.
    bulk: Option<(String, String)>,
}

impl HistoryPage {
    fn is_kind(&self, kind: &Kind) -> bool {
        self.kind_chosen.as_ref() == Some(kind)
    }
}

/// A day of the filter as it was typed, and what is wrong with it.
struct Day {
    typed: String,
    error: Option<String>,
}

impl Day {
    fn of(l: Lang, pairs: &[(String, String)], name: &str, is_understood: bool) -> Day {
        let typed =
            pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim().to_owned()).unwrap_or_default();
        let error = (!typed.is_empty() && !is_understood).then(|| l.m(&msg("error-date")));
        Day { typed, error }
    }
}

pub async fn get_history(visit: Visit, RawQuery(query): RawQuery) -> Result<Response> {
    let pairs = pairs(query.as_deref());
    let filter = HistoryFilter::from_query(&pairs);
    let after = page_start(&pairs);
    let page = visit.page(Nav::History, "nav-history");
    let frame = Frame::of(&visit.app, &visit.viewer);
    let (viewer, wanted, app) = (visit.viewer.clone(), filter.clone(), visit.app.clone());
    let (found, names) = visit
        .app
        .db
        .read(move |conn| {
            Ok((insight::history(conn, &viewer, &wanted, after)?, app.memory.choices.of(&app, conn, &viewer)?))
        })
        .await?;
    let query = filter.to_query();
    let has_rows = visit.viewer.is_admin() && !found.rows.is_empty();
    let shown = HistoryPage {
        l: page.l,
        choice: Choice::of(page.l, names, &common(&filter)),
        kind_chosen: filter.kind,
        from: Day::of(page.l, &pairs, "from", filter.from.is_some()),
        to: Day::of(page.l, &pairs, "to", filter.to.is_some()),
        rows: found.rows,
        first: after.map(|_| address("/history", &query, None)),
        next: found.next.map(|(at, id)| address("/history", &query, Some(format!("{at}.{id}")))),
        is_filtered: !filter.is_empty(),
        carried: filter.pairs(),
        everything: address("/jobs/new/search", &query, None),
        bulk: has_rows.then(|| (address_for(BuiltIn::BulkEdit, &filter), address_for(BuiltIn::BulkDelete, &filter))),
        frame,
        page,
    };
    let is_wrong = shown.from.error.is_some() || shown.to.error.is_some();
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, shown).into_response())
}

/// What both filters know.
fn common(filter: &HistoryFilter) -> Filter {
    Filter {
        status: filter.status,
        person: filter.person,
        project: filter.project,
        priority: filter.priority,
        overdue: false,
        text: filter.text.clone(),
    }
}

/// `after=MICROSECONDS.ID`
fn page_start(pairs: &[(String, String)]) -> Option<HistoryKey> {
    let (_, text) = pairs.iter().find(|(name, _)| name == "after")?;
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}
