//! Writing the list of recipients down: once, in the order in which it is sent; who comes or goes later does not change it.
//! What a line says stands in `lines`.

use super::lines::{Wanted, column_of, line_of, look};
use super::{CHUNK, Run, stage};
use crate::error::msg;
use crate::jobs::kinds::import_tasks::batches::Batches;
use crate::jobs::kinds::import_tasks::blocking;
use crate::jobs::kinds::{FileOf, Stop};
use crate::notify::audience::Audience;
use crate::notify::sql::{Line, close_list, has_list, list, remove_deliveries};
use crate::tasks::actions::Report;

impl Run<'_> {
    pub(super) async fn list(&self) -> Result<(), Stop> {
        let id = self.job.id();
        self.job.report(Report { stage: Some(stage(0)), ..Report::default() }).await?;
        if self.job.read(move |conn| has_list(conn, id)).await? {
            return Ok(());
        }
        // An attempt that did not come to the end may have begun one, of whoever was there then. Nobody was sent to yet.
        while self.job.act(move |w, _| Ok((remove_deliveries(w.conn, id, CHUNK)?, Report::default()))).await? {}
        // What a job leaves behind goes with its log.
        self.job.log(&self.l.with("broadcast-told", "channel", self.l.t(self.payload.channel.title_key()))).await?;
        let lines = match (&self.payload.to, &self.payload.file) {
            (Audience::File, Some(file)) => self.list_file(file).await?,
            _ => self.list_members().await?,
        };
        if lines == 0 {
            return Err(self.failed(&msg("broadcast-nobody")));
        }
        self.job.act(move |w, _| Ok((close_list(w.conn, id)?, Report::default()))).await
    }

    async fn list_members(&self) -> Result<usize, Stop> {
        let (organisation, channel, l) = (self.job.organisation(), self.payload.channel, self.l);
        let wanted = Wanted::of(&self.payload);
        let lines = self.job.read(move |conn| wanted.lines(conn, organisation, channel, l)).await?;
        self.check_length(lines.len())?;
        for chunk in lines.chunks(usize::try_from(CHUNK).unwrap_or(1)) {
            self.put(chunk.to_vec()).await?;
        }
        Ok(lines.len())
    }

    async fn list_file(&self, file: &FileOf) -> Result<usize, Stop> {
        let (channel, l) = (self.payload.channel, self.l);
        let file = self.job.file(file).await?;
        let mut copy = file.try_clone().map_err(|error| Stop::Broken(error.into()))?;
        let form = blocking(l, move || look(&mut copy, l)).await?;
        let (mut batches, mut column, mut lines) = (Batches::start(file, form, l), None, 0);
        while let Some(batch) = batches.next().await? {
            let mut rows = batch.rows;
            let column = match column {
                Some(column) => column,
                None => {
                    let (found, has_header) =
                        column_of(&rows, self.payload.column.as_deref(), channel).map_err(|why| self.failed(&why))?;
                    rows.drain(..usize::from(has_header));
                    *column.insert(found)
                }
            };
            let read = rows.iter().zip(lines + 1..).map(|(row, place)| line_of(l, channel, row, column, place));
            let read: Vec<Line> = read.collect();
            lines += read.len();
            self.check_length(lines)?;
            self.put(read).await?;
        }
        Ok(lines)
    }

    /// Each is an item, and there is a limit to items.
    fn check_length(&self, lines: usize) -> Result<(), Stop> {
        let limit = self.job.app().config.output.items;
        match i64::try_from(lines).is_ok_and(|lines| lines <= limit) {
            true => Ok(()),
            false => Err(self.failed(&msg("broadcast-too-many").arg("limit", limit))),
        }
    }

    async fn put(&self, lines: Vec<Line>) -> Result<(), Stop> {
        let (id, twice) = (self.job.id(), self.l.t("broadcast-twice"));
        self.job.act(move |w, _| Ok((list(w.conn, id, &lines, twice)?, Report::default()))).await
    }
}
