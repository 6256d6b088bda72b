//! A task as a row: which columns there are, what they are called, what stands in them. Days and times are those of the
//! creator's zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::insight::whole::Line;
use crate::jobs::sheets::made::{Cell, Column, Layout};
use crate::locale::Lang;
use crate::web::shown::{kind_key, priority_key, status_key};

#[derive(Clone)]
pub struct Table {
    pub l: Lang,
    pub zone: TimeZone,
    pub has_descriptions: bool,
}

impl Table {
    pub fn layout(&self) -> Layout {
        let l = self.l;
        let mut columns = vec![
            (l.t("export-number"), 9),
            (l.t("task-title"), 44),
            (l.t("history-kind"), 12),
            (l.t("monitor-status"), 13),
            (l.t("export-percent"), 9),
            (l.t("monitor-person"), 20),
            (l.t("monitor-project"), 20),
            (l.t("monitor-priority"), 11),
            (l.t("export-category"), 14),
            (l.t("export-labels"), 16),
            (l.t("monitor-due"), 17),
            (l.t("export-estimate"), 12),
            (l.t("history-created"), 17),
            (l.t("export-started"), 17),
            (l.t("history-ended"), 17),
            (l.t("export-creator"), 20),
            (l.t("export-external-id"), 14),
        ];
        if self.has_descriptions {
            columns.push((l.t("export-description"), 60));
        }
        let columns = columns.into_iter().map(|(heading, width)| Column { heading: heading.to_owned(), width });
        Layout { name: l.t("export-sheet").to_owned(), columns: columns.collect(), is_right_to_left: l.dir() == "rtl" }
    }

    pub fn row(&self, line: Line) -> Vec<Cell> {
        let l = self.l;
        let time = |at: Timestamp| Cell::Time(self.zone.to_datetime(at));
        let mut cells = vec![
            Cell::Number(line.id.get()),
            Cell::Text(line.title),
            Cell::Text(l.t(kind_key(line.kind)).to_owned()),
            Cell::Text(l.t(status_key(line.kind, line.status)).to_owned()),
            Cell::Percent(line.progress.get()),
            Cell::text(line.assignee),
            Cell::text(line.project),
            Cell::Text(l.t(priority_key(line.priority)).to_owned()),
            Cell::text(line.category),
            Cell::text(Some(line.labels.join(", "))),
            match line.due {
                None => Cell::Blank,
                Some((Some(day), _)) => Cell::Day(day),
                Some((None, at)) => time(at),
            },
            line.estimate_minutes.map_or(Cell::Blank, Cell::Number),
            time(line.created_at),
            line.started_at.map_or(Cell::Blank, time),
            line.finished_at.map_or(Cell::Blank, time),
            Cell::Text(line.creator),
            Cell::text(line.external_id),
        ];
        if self.has_descriptions {
            cells.push(Cell::text(Some(line.description)));
        }
        cells
    }
}
