//! What the columns of a table of tasks mean: guessed from their names, in English and Hebrew, or said by hand. And what
//! people write into such columns where Milepost has a word of its own for it.

use jiff::civil::Date;

use crate::db::types::words;
use crate::error::{Message, msg};
use crate::tasks::{Percent, Priority};

words!(
    /// What a column is to become, in the order in which people think of it.
    Target {
        Title = "title",
        Assignee = "assignee",
        Project = "project",
        Due = "due",
        Priority = "priority",
        Status = "status",
        Percent = "percent",
        Estimate = "estimate",
        Description = "description",
        ExternalId = "external_id",
    }
);
words!(
    /// How dates with slashes are written.
    DateOrder { DayFirst = "day-first", MonthFirst = "month-first" }
);

impl Target {
    pub const fn label_key(self) -> &'static str {
        match self {
            Target::Title => "column-title",
            Target::Assignee => "column-assignee",
            Target::Project => "column-project",
            Target::Due => "column-due",
            Target::Priority => "column-priority",
            Target::Status => "column-status",
            Target::Percent => "column-percent",
            Target::Estimate => "column-estimate",
            Target::Description => "column-description",
            Target::ExternalId => "column-external-id",
        }
    }

    /// What may stand in such a column.
    pub const fn about_key(self) -> &'static str {
        match self {
            Target::Title => "column-title-about",
            Target::Assignee => "column-assignee-about",
            Target::Project => "column-project-about",
            Target::Due => "column-due-about",
            Target::Priority => "column-priority-about",
            Target::Status => "column-status-about",
            Target::Percent => "column-percent-about",
            Target::Estimate => "column-estimate-about",
            Target::Description => "column-description-about",
            Target::ExternalId => "column-external-id-about",
        }
    }

    /// What such columns are called in the files of others, lower-case; the likelier first.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Target::Title => &[
                "title",
                "task",
                "task name",
                "task title",
                "summary",
                "subject",
                "name",
                "what",
                "כותרת",
                "משימה",
                "שם המשימה",
                "שם משימה",
                "נושא",
                "שם",
            ],
            Target::Assignee => &[
                "assignee",
                "assigned to",
                "assignee e mail",
                "assignee email",
                "assigned",
                "responsible",
                "owner",
                "employee",
                "person",
                "who",
                "e mail",
                "email",
                "user",
                "אחראי",
                "אחראית",
                "מוקצה ל",
                "הוקצה ל",
                "משויך ל",
                "מבצע",
                "מבצעת",
                "עובד",
                "עובדת",
                "דוא״ל",
                "דואר אלקטרוני",
                "אימייל",
                "מייל",
            ],
            Target::Project => &["project", "project name", "board", "list", "פרויקט", "שם הפרויקט", "פרוייקט"],
            Target::Due => &[
                "due",
                "due date",
                "deadline",
                "due on",
                "due at",
                "end date",
                "finish",
                "תאריך יעד",
                "מועד אחרון",
                "יעד",
                "מועד",
                "תאריך סיום",
                "תאריך",
            ],
            Target::Priority => &["priority", "importance", "urgency", "עדיפות", "דחיפות", "חשיבות"],
            Target::Status => &["status", "state", "done", "completed", "סטטוס", "מצב", "בוצע"],
            Target::Percent => &[
                "percent",
                "%",
                "progress",
                "% complete",
                "percent complete",
                "% done",
                "percent done",
                "completion",
                "אחוז",
                "אחוזים",
                "התקדמות",
                "אחוז ביצוע",
                "אחוז התקדמות",
            ],
            Target::Estimate => &[
                "estimate",
                "estimated time",
                "time estimate",
                "estimate minutes",
                "estimate (minutes)",
                "effort",
                "duration",
                "הערכת זמן",
                "זמן משוער",
                "הערכה",
                "משך",
                "זמן",
            ],
            Target::Description => &[
                "description",
                "details",
                "notes",
                "note",
                "body",
                "comment",
                "comments",
                "תיאור",
                "פירוט",
                "פרטים",
                "הערות",
                "הערה",
            ],
            Target::ExternalId => &[
                "external id",
                "externalid",
                "external key",
                "key",
                "issue key",
                "id",
                "reference",
                "ref",
                "number",
                "no",
                "מזהה חיצוני",
                "מזהה",
                "אסמכתא",
                "מספר",
                "מס׳",
                "מס'",
            ],
        }
    }
}

fn plain(name: &str) -> String {
    let spaced = name.replace(['_', '-', '.', ':', '*', '\u{feff}'], " ").to_lowercase();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What each column of this header may be. Nothing is guessed twice.
pub fn guess(header: &[String]) -> Vec<Option<Target>> {
    let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
    let mut targets = vec![None; header.len()];
    for target in Target::ALL {
        let known = target.names().iter();
        let found = known.filter_map(|known| names.iter().position(|name| name == known));
        if let Some(column) = found.into_iter().find(|column| targets[*column].is_none()) {
            targets[column] = Some(*target);
        }
    }
    targets
}

/// Whether a first row reads like names of columns.
pub fn is_header(row: &[String]) -> bool {
    let is_value = |cell: &String| {
        let cell = cell.trim();
        cell.parse::<f64>().is_ok() || cell.contains('@') || cell.get(..10).is_some_and(|d| d.parse::<Date>().is_ok())
    };
    guess(row).iter().any(Option::is_some) || !row.iter().any(is_value)
}

/// How a row says that its work stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Standing {
    Open,
    InProgress,
    Done,
    Cancelled,
    At(Percent),
}

/// A status by its word, or a percent.
pub fn standing(text: &str) -> Result<Standing, Message> {
    let standing = match plain(text).as_str() {
        "open" | "todo" | "to do" | "pending" | "new" | "not started" | "backlog" | "no" | "false" | "פתוח"
        | "פתוחה" | "חדש" | "חדשה" | "לא התחיל" | "לא התחילה" | "ממתין" | "ממתינה" | "לביצוע" | "לא" => {
            Standing::Open
        }
        "in progress" | "doing" | "started" | "active" | "wip" | "ongoing" | "בביצוע" | "בתהליך" | "בעבודה"
        | "התחיל" | "התחילה" => Standing::InProgress,
        "done" | "closed" | "complete" | "completed" | "finished" | "resolved" | "yes" | "true" | "x" | "✓" | "✔"
        | "בוצע" | "בוצעה" | "הושלם" | "הושלמה" | "הסתיים" | "הסתיימה" | "סגור" | "סגורה" | "כן" => {
            Standing::Done
        }
        "cancelled" | "canceled" | "won't do" | "wontfix" | "בוטל" | "בוטלה" | "מבוטל" | "מבוטלת" => {
            Standing::Cancelled
        }
        _ => Standing::At(Percent::parse(text).map_err(|_| msg("import-status"))?),
    };
    Ok(standing)
}

pub fn priority(text: &str) -> Result<Priority, Message> {
    match plain(text).as_str() {
        "low" | "lowest" | "minor" | "trivial" | "נמוכה" | "נמוך" => Ok(Priority::Low),
        "medium" | "normal" | "middle" | "בינונית" | "בינוני" | "רגילה" | "רגיל" => {
            Ok(Priority::Medium)
        }
        "high" | "major" | "important" | "גבוהה" | "גבוה" | "חשוב" | "חשובה" => Ok(Priority::High),
        "urgent" | "highest" | "critical" | "blocker" | "דחופה" | "דחוף" | "קריטי" | "קריטית" => {
            Ok(Priority::Urgent)
        }
        _ => Err(msg("import-priority")),
    }
}

/// A date as people write it, the way Milepost reads it; what is no such date is left as it is.
pub fn date(text: &str, order: DateOrder) -> String {
    let text = text.trim();
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (day, Some(time.trim())),
        None => (text, None),
    };
    let Some(mark) = day.chars().find(|c| matches!(c, '/' | '.' | '-')) else { return text.to_owned() };
    let parts: Vec<&str> = day.trim_end_matches('.').split(mark).collect();
    let Ok(numbers) = parts.iter().map(|part| part.trim().parse::<u16>()).collect::<Result<Vec<_>, _>>() else {
        return text.to_owned();
    };
    let (year, month, day) = match (numbers.as_slice(), parts[0].trim().len(), mark, order) {
        ([year, month, day], 4, _, _) => (*year, *month, *day),
        // With slashes either is usual; with dots the day is always first.
        ([month, day, year], _, '/', DateOrder::MonthFirst) => (*year, *month, *day),
        ([day, month, year], ..) => (*year, *month, *day),
        _ => return text.to_owned(),
    };
    let year = if year < 100 { 2000 + year } else { year };
    let date = format!("{year:04}-{month:02}-{day:02}");
    match time {
        // A spreadsheet's midnight is no time that anybody chose.
        Some(time) if !matches!(time, "" | "0:00" | "00:00" | "00:00:00") => format!("{date} {time}"),
        _ => date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(header: &[&str]) -> Vec<Option<Target>> {
        guess(&header.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn columns_are_known_by_their_names_in_english_and_hebrew() {
        let header = ["ID", "Task_Name", "Assigned to", "Due-Date", "Priority:", "% Complete", "Colour"];
        let targets = guessed(&header);
        let expected =
            [Target::ExternalId, Target::Title, Target::Assignee, Target::Due, Target::Priority, Target::Percent];
        assert_eq!(targets[..6], expected.map(Some));
        assert_eq!(targets[6], None);
        let hebrew = guessed(&["מזהה", "שם המשימה", "אחראית", "תאריך יעד", "עדיפות", "סטטוס", "הערות", "פרויקט"]);
        assert!(hebrew.iter().all(Option::is_some), "{hebrew:?}");
        let twice = guessed(&["Name", "Title", "Summary"]);
        assert_eq!(twice, [None, Some(Target::Title), None], "the likelier one, and once");
    }

    #[test]
    fn a_header_is_told_from_data() {
        let row = |cells: &[&str]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(is_header(&row(&["Summary", "Foo"])));
        assert!(is_header(&row(&["Foo", "Bar"])));
        assert!(!is_header(&row(&["Paint the pier", "bob@example.org", "12"])));
        assert!(!is_header(&row(&["Paint the pier", "2026-11-22"])));
    }

    #[test]
    fn words_and_dates_are_taken_as_people_write_them() {
        assert_eq!(standing(" In-Progress "), Ok(Standing::InProgress));
        assert_eq!(standing("בוצעה"), Ok(Standing::Done));
        assert_eq!(standing("40 %"), Ok(Standing::At(Percent::new(40.0).unwrap())));
        assert!(standing("perhaps").is_err());
        assert_eq!(priority("דחוף"), Ok(Priority::Urgent));
        for (text, order, iso) in [
            ("2026-11-22", DateOrder::DayFirst, "2026-11-22"),
            ("2026-11-22T14:30", DateOrder::DayFirst, "2026-11-22 14:30"),
            ("2026/1/2", DateOrder::MonthFirst, "2026-01-02"),
            ("3/4/2026", DateOrder::DayFirst, "2026-04-03"),
            ("3/4/2026", DateOrder::MonthFirst, "2026-03-04"),
            ("3.4.26", DateOrder::MonthFirst, "2026-04-03"),
            ("22.11.2026 00:00:00", DateOrder::DayFirst, "2026-11-22"),
            ("soon", DateOrder::DayFirst, "soon"),
            ("99999/1/1", DateOrder::DayFirst, "99999/1/1"),
        ] {
            assert_eq!(date(text, order), iso, "{text}");
        }
    }
}
