//! To whom a broadcast would go, before anything is sent: the same lines that the job will list, counted and not kept.

use std::collections::HashSet;
use std::fs::File;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::lines::{LOOKED_AT, Wanted, column_of, line_of, look};
use super::{FileOf, Payload};
use crate::App;
use crate::error::{Error, Message, Result, msg};
use crate::jobs::actions::copy_artifact;
use crate::jobs::artifacts::ArtifactName;
use crate::jobs::kinds::in_turn;
use crate::jobs::sheets::{self, Next, Row};
use crate::locale::Lang;
use crate::notify::Channel;
use crate::notify::audience::Audience;
use crate::notify::pace::{Pace, RATE_USUAL};
use crate::notify::sql::Line;
use crate::people::Viewer;

/// Recipients that are shown by name.
const EXAMPLES: usize = 5;
/// Different reasons against a line that are.
const REASONS: usize = 8;

#[derive(Clone, Debug)]
pub struct Preview {
    pub channel: Channel,
    pub to: Audience,
    pub subject: String,
    pub text: String,
    pub recipients: i64,
    /// How long it takes at its rate, in seconds, as long as nothing is tried twice.
    pub seconds: i64,
    /// Sentences of the lines to which nothing would be sent, with their number.
    pub against: Vec<(String, i64)>,
    /// Further lines, for reasons that are not among these.
    pub against_more: i64,
    pub examples: Vec<String>,
}

pub async fn preview(app: &App, viewer: &Viewer, payload: &Value, l: Lang) -> Result<Preview> {
    let payload: Payload = serde_json::from_value(payload.clone())
        .map_err(|error| anyhow::anyhow!("a payload that was checked is none: {error}"))?;
    let channel = payload.channel;
    let mut found = Found { twice: l.t("broadcast-twice"), ..Found::default() };
    match (payload.to, &payload.file) {
        (Audience::File, Some(file)) => {
            let (file, column, limit) = (copy(app, viewer, file).await?, payload.column, app.config.output.items);
            let reading =
                in_turn(app, move || read(file, column.as_deref(), channel, l, limit, &mut found).map(|()| found));
            found = reading.await?;
        }
        _ => {
            let (organisation, wanted) = (viewer.organisation, Wanted::of(&payload));
            let lines = app.db.read(move |conn| wanted.lines(conn, organisation, channel, l)).await?;
            lines.into_iter().for_each(|line| found.add(line));
        }
    }
    found.against.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let recipients = i64::try_from(found.seen.len()).unwrap_or(i64::MAX);
    Ok(Preview {
        channel,
        to: payload.to,
        subject: payload.subject,
        text: payload.text,
        recipients,
        seconds: Pace::new(payload.per_minute.unwrap_or(RATE_USUAL), None).seconds_for(recipients),
        against: found.against,
        against_more: found.against_more,
        examples: found.examples,
    })
}

async fn copy(app: &App, viewer: &Viewer, file: &FileOf) -> Result<File> {
    let gone = || Error::field("file", msg("job-file-gone").arg("name", file.name.as_str()));
    let name = ArtifactName::parse(&file.name).map_err(|_| gone())?;
    copy_artifact(app, viewer, file.task, name).await.map_err(|error| match error {
        Error::NotFound => gone(),
        other => other,
    })
}

/// What is known of the lines so far.
#[derive(Default)]
struct Found {
    twice: &'static str,
    /// Of each recipient half of its SHA-256: they may be long, and many.
    seen: HashSet<[u8; 16]>,
    lines: i64,
    against: Vec<(String, i64)>,
    against_more: i64,
    examples: Vec<String>,
}

impl Found {
    fn add(&mut self, line: Line) {
        self.lines += 1;
        let Some(recipient) = line.recipient else { return self.add_against(line.told.unwrap_or_default()) };
        let mut half = [0; 16];
        half.copy_from_slice(&Sha256::digest(&recipient)[..16]);
        if !self.seen.insert(half) {
            self.add_against(self.twice.to_owned());
        } else if self.examples.len() < EXAMPLES {
            self.examples.push(line.key);
        }
    }

    fn add_against(&mut self, why: String) {
        let is_full = self.against.len() >= REASONS;
        match self.against.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += 1,
            None if is_full => self.against_more += 1,
            None => self.against.push((why, 1)),
        }
    }
}

fn read(
    mut file: File,
    column: Option<&str>,
    channel: Channel,
    l: Lang,
    limit: i64,
    found: &mut Found,
) -> Result<(), Message> {
    let form = look(&mut file, l)?;
    let mut first: Vec<Row> = Vec::new();
    // The column is found out from the first rows.
    sheets::read(&mut file, &form, |row| {
        first.push(row);
        if first.len() < LOOKED_AT { Next::More } else { Next::Enough }
    })?;
    let (column, has_header) = column_of(&first, column, channel)?;
    let mut place = 0;
    sheets::read(&mut file, &form, |row| {
        place += 1;
        if place > 1 || !has_header {
            found.add(line_of(l, channel, &row, column, place));
        }
        if found.lines > limit { Next::Enough } else { Next::More }
    })?;
    if found.lines > limit { Err(msg("broadcast-too-many").arg("limit", limit)) } else { Ok(()) }
}
