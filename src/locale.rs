//! What people read, in their language: words from `locales/` (Fluent), and numbers, percents, dates and plurals.
//! Words without arguments are resolved once and live as `&'static str`, because a page asks for a thousand of them;
//! only words with arguments go through Fluent. Escaping and the direction of what users wrote belong to the templates.

use std::collections::{HashMap, HashSet};
use std::fmt::{Display, Write as _};
use std::sync::{LazyLock, Mutex, PoisonError};

use fluent_templates::LanguageIdentifier;
use fluent_templates::fluent_bundle::{FluentArgs, FluentResource, FluentValue, bundle, concurrent};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::error::{Arg, Message};

/// A language that Milepost speaks, completely.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lang {
    En,
    He,
}

/// The words of each language, file by file; order as in [`Lang::ALL`].
const SOURCES: [[&str; 14]; 2] = [
    [
        include_str!("../locales/en/layout.ftl"),
        include_str!("../locales/en/people.ftl"),
        include_str!("../locales/en/tasks.ftl"),
        include_str!("../locales/en/jobs.ftl"),
        include_str!("../locales/en/errors.ftl"),
        include_str!("../locales/en/api.ftl"),
        include_str!("../locales/en/kinds.ftl"),
        include_str!("../locales/en/health.ftl"),
        include_str!("../locales/en/schedules.ftl"),
        include_str!("../locales/en/sources.ftl"),
        include_str!("../locales/en/sums.ftl"),
        include_str!("../locales/en/export.ftl"),
        include_str!("../locales/en/notify.ftl"),
        include_str!("../locales/en/bulk.ftl"),
    ],
    [
        include_str!("../locales/he/layout.ftl"),
        include_str!("../locales/he/people.ftl"),
        include_str!("../locales/he/tasks.ftl"),
        include_str!("../locales/he/jobs.ftl"),
        include_str!("../locales/he/errors.ftl"),
        include_str!("../locales/he/api.ftl"),
        include_str!("../locales/he/kinds.ftl"),
        include_str!("../locales/he/health.ftl"),
        include_str!("../locales/he/schedules.ftl"),
        include_str!("../locales/he/sources.ftl"),
        include_str!("../locales/he/sums.ftl"),
        include_str!("../locales/he/export.ftl"),
        include_str!("../locales/he/notify.ftl"),
        include_str!("../locales/he/bulk.ftl"),
    ],
];

static WORDS: LazyLock<[Words; 2]> = LazyLock::new(|| Lang::ALL.map(Words::load));

type Bundle = concurrent::FluentBundle<FluentResource>;

struct Words {
    /// Messages without arguments, ready.
    plain: HashMap<&'static str, &'static str>,
    /// All messages, for those with arguments.
    bundle: &'static Bundle,
}

impl Words {
    fn load(lang: Lang) -> Self {
        let tag: LanguageIdentifier = lang.code().parse().expect("our own language codes parse");
        let mut built: Bundle = bundle::FluentBundle::new_concurrent(vec![tag]);
        // Templates decide where users' text is isolated (<bdi>, dir="auto"); invisible marks would break copying and tests.
        built.set_use_isolating(false);
        built.set_formatter(Some(grouped_numbers));
        let mut keys: Vec<String> = Vec::new();
        for source in SOURCES[lang.index()] {
            let resource = FluentResource::try_new(source.to_owned())
                .unwrap_or_else(|(_, errors)| panic!("locales/{}: {errors:?}", lang.code()));
            keys.extend(message_ids(&resource));
            if let Err(errors) = built.add_resource(resource) {
                panic!("locales/{}: {errors:?}", lang.code());
            }
        }
        // Leaked on purpose: built once, lives as long as the process.
        let bundle: &'static Bundle = Box::leak(Box::new(built));
        let plain = keys.iter().filter_map(|key| plain_text(bundle, key)).collect();
        Words { plain, bundle }
    }

    fn format(&self, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        debug_assert!(errors.is_empty(), "locale message {key}: {errors:?}");
        Some(text)
    }
}

/// The names of all messages in one file of words.
fn message_ids(resource: &FluentResource) -> Vec<String> {
    // The syntax tree's own crate is not a dependency of ours, so the names are read off the source: they start a line.
    resource
        .source()
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()))
        .filter_map(|line| line.split_once('='))
        .map(|(id, _)| id.trim().to_owned())
        .collect()
}

/// The text of a message, if it needs no arguments.
fn plain_text(bundle: &'static Bundle, key: &str) -> Option<(&'static str, &'static str)> {
    let pattern = bundle.get_message(key)?.value()?;
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, None, &mut errors).into_owned();
    errors.is_empty().then(|| (&*key.to_owned().leak(), &*text.leak()))
}

/// Fluent prints `1234`; people read `1,234`. English and Hebrew group alike.
fn grouped_numbers<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    match value {
        FluentValue::Number(n) if n.value.fract() == 0.0 => Some(group(n.value as i64)),
        _ => None,
    }
}

fn group(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0 {
        text.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::En, Lang::He];

    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::He => "he",
        }
    }

    /// The language's own name for itself: it reads the same in every language.
    pub fn name(self) -> &'static str {
        match self {
            Lang::En => "English",
            Lang::He => "עברית",
        }
    }

    pub fn dir(self) -> &'static str {
        match self {
            Lang::En => "ltr",
            Lang::He => "rtl",
        }
    }

    /// The place in [`Lang::ALL`], for tables by language.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Takes `he`, `he-IL`, and the old code `iw`.
    pub fn from_code(code: &str) -> Option<Lang> {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Some(Lang::En),
            "he" | "iw" => Some(Lang::He),
            _ => None,
        }
    }

    /// The best of our languages for an `Accept-Language` header (RFC 9110 §12.5.4); English when none is wanted.
    pub fn negotiate(accept_language: &str) -> Lang {
        let mut best: Option<(f32, Lang)> = None;
        for part in accept_language.split(',') {
            let mut pieces = part.split(';');
            let Some(lang) = Lang::from_code(pieces.next().unwrap_or_default().trim()) else { continue };
            let quality =
                pieces.find_map(|p| p.trim().strip_prefix("q=")).map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            if quality > 0.0 && best.is_none_or(|(top, _)| quality > top) {
                best = Some((quality, lang));
            }
        }
        best.map_or(Lang::En, |(_, lang)| lang)
    }

    /// A word or sentence without arguments.
    pub fn t(self, key: &str) -> &'static str {
        match WORDS[self.index()].plain.get(key) {
            Some(text) => text,
            None => missing(self, key),
        }
    }

    /// A sentence with one argument, `count`, whose plural form the language chooses.
    pub fn n(self, key: &str, count: i64) -> String {
        let mut args = FluentArgs::new();
        args.set("count", count);
        self.format(key, &args)
    }

    /// A sentence with one argument.
    pub fn with(self, key: &str, name: &str, value: impl Display) -> String {
        let mut args = FluentArgs::new();
        args.set(name, value.to_string());
        self.format(key, &args)
    }

    /// Any message: an error, a flash.
    pub fn m(self, message: &Message) -> String {
        if message.args.is_empty() {
            return self.t(message.key).to_owned();
        }
        let mut args = FluentArgs::new();
        for (name, value) in &message.args {
            match value {
                Arg::Number(n) => args.set(*name, *n),
                Arg::Text(text) => args.set(*name, text.as_str()),
                Arg::Date(date) => args.set(*name, self.date(*date)),
                // A sentence knows no reader's zone, so it names the one it speaks in.
                Arg::Time(time) => args.set(*name, format!("{} UTC", self.date_time(*time, &TimeZone::UTC))),
            }
        }
        self.format(message.key, &args)
    }

    /// `1234567` → `1,234,567`.
    pub fn number(self, n: i64) -> String {
        group(n)
    }

    /// At most one decimal, without the sign: `37.5`, `40`. Never rounds an unfinished task up to 100.
    pub fn percent(self, p: f64) -> String {
        let tenths = (p * 10.0).round();
        let tenths = if p < 100.0 { tenths.min(999.0) } else { tenths };
        if tenths % 10.0 == 0.0 { format!("{:.0}", tenths / 10.0) } else { format!("{:.1}", tenths / 10.0) }
    }

    /// `22 Nov 2026`.
    pub fn date(self, d: Date) -> String {
        format!("{} {} {}", d.day(), self.month(d), d.year())
    }

    /// `22 Nov 2026, 14:05`, as the clock on the wall in that zone.
    pub fn date_time(self, t: Timestamp, zone: &TimeZone) -> String {
        let local: DateTime = zone.to_datetime(t);
        let mut text = self.date(local.date());
        let _ = write!(text, ", {:02}:{:02}", local.hour(), local.minute());
        text
    }

    fn month(self, d: Date) -> &'static str {
        match d.month() {
            1 => self.t("month-1"),
            2 => self.t("month-2"),
            3 => self.t("month-3"),
            4 => self.t("month-4"),
            5 => self.t("month-5"),
            6 => self.t("month-6"),
            7 => self.t("month-7"),
            8 => self.t("month-8"),
            9 => self.t("month-9"),
            10 => self.t("month-10"),
            11 => self.t("month-11"),
            _ => self.t("month-12"),
        }
    }

    fn format(self, key: &str, args: &FluentArgs<'_>) -> String {
        WORDS[self.index()].format(key, args).unwrap_or_else(|| missing(self, key).to_owned())
    }
}

/// A word that is not there: a mistake that development must not overlook and that production survives, showing the key.
fn missing(lang: Lang, key: &str) -> &'static str {
    static SEEN: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Default::default);
    if cfg!(debug_assertions) {
        panic!("no plain word {key:?} in locales/{}", lang.code());
    }
    // Keys come from our own code, so this set, and what it leaks, has an end.
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = seen.get(key) {
        return known;
    }
    tracing::error!(key, lang = lang.code(), "a word is missing from the locales");
    let kept: &'static str = key.to_owned().leak();
    seen.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn keys(lang: Lang) -> std::collections::BTreeSet<String> {
        SOURCES[lang.index()]
            .iter()
            .flat_map(|s| message_ids(&FluentResource::try_new((*s).to_owned()).expect("parses")))
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_words() {
        assert_eq!(keys(Lang::En), keys(Lang::He));
    }

    #[test]
    fn plurals_follow_the_language() {
        assert_eq!(Lang::En.n("count-open-tasks", 0), "no open tasks");
        assert_eq!(Lang::En.n("count-open-tasks", 1), "1 open task");
        assert_eq!(Lang::En.n("count-open-tasks", 1234), "1,234 open tasks");
        assert_eq!(Lang::He.n("count-open-tasks", 1), "משימה פתוחה אחת");
        assert_eq!(Lang::He.n("count-open-tasks", 2), "שתי משימות פתוחות");
        assert_eq!(Lang::He.n("count-open-tasks", 20), "20 משימות פתוחות");
    }

    #[test]
    fn dates_are_written_by_language_and_zone() {
        assert_eq!(Lang::En.date(date(2026, 11, 22)), "22 Nov 2026");
        assert_eq!(Lang::He.date(date(2026, 11, 22)), "22 בנוב׳ 2026");
        let at: Timestamp = "2026-11-22T22:05:00Z".parse().expect("a time");
        assert_eq!(Lang::En.date_time(at, &TimeZone::UTC), "22 Nov 2026, 22:05");
        let zone = TimeZone::get("Asia/Jerusalem").expect("the zone is bundled");
        assert_eq!(Lang::En.date_time(at, &zone), "23 Nov 2026, 00:05");
    }

    #[test]
    fn numbers_are_grouped_and_percents_are_honest() {
        assert_eq!(Lang::En.number(-1_234_567), "-1,234,567");
        assert_eq!(Lang::En.number(999), "999");
        assert_eq!(Lang::En.percent(37.5), "37.5");
        assert_eq!(Lang::En.percent(40.0), "40");
        assert_eq!(Lang::En.percent(99.99), "99.9");
        assert_eq!(Lang::En.percent(100.0), "100");
    }

    #[test]
    fn the_browser_is_heard() {
        assert_eq!(Lang::negotiate("fr-FR, he-IL;q=0.9, en;q=0.5"), Lang::He);
        assert_eq!(Lang::negotiate("en-GB,en;q=0.9,he;q=0.8"), Lang::En);
        assert_eq!(Lang::negotiate("iw"), Lang::He);
        assert_eq!(Lang::negotiate("he;q=0, en;q=0.1"), Lang::En);
        assert_eq!(Lang::negotiate(""), Lang::En);
    }
}
