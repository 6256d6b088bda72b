//! A cron expression in words, in the reader's language, made from its parts. What is too odd to be said in a sentence is
//! not: then the expression speaks for itself. Pure.

use super::cron::{Cron, Part};
use crate::error::msg;
use crate::locale::Lang;

/// Times of day, minutes or days that one still reads as a list.
const LISTED: usize = 6;

/// "Every 15 minutes, Monday to Friday".
pub fn sentence(l: Lang, cron: &Cron) -> String {
    said(l, cron).unwrap_or_else(|| l.with("cron-unsaid", "cron", cron.as_str()))
}

fn said(l: Lang, cron: &Cron) -> Option<String> {
    let (time, is_of_day) = time(l, cron)?;
    let days = days(l, cron)?.or_else(|| is_of_day.then(|| l.t("cron-every-day").to_owned()));
    let months = if has_date(cron) { None } else { months(l, cron)? };
    let pieces: Vec<String> = [Some(time), days, months].into_iter().flatten().collect();
    let text = pieces.join(", ");
    let mut letters = text.chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}

fn is_any(part: &str) -> bool {
    part == "*" || part == "?"
}

/// The step of `*/15`, where it divides the whole.
fn step(part: &str, whole: u16) -> Option<i64> {
    let step: u16 = part.strip_prefix("*/")?.parse().ok()?;
    (step > 1 && whole.is_multiple_of(step)).then_some(i64::from(step))
}

/// First and last of numbers without a gap.
fn range(values: &[u16]) -> Option<(u16, u16)> {
    let (first, last) = (*values.first()?, *values.last()?);
    (values.len() >= 3 && usize::from(last - first) == values.len() - 1).then_some((first, last))
}

/// When in a day; and whether that is told by the clock, so that the days are to be named too.
fn time(l: Lang, cron: &Cron) -> Option<(String, bool)> {
    let (seconds, minutes, hours) = (cron.values(Part::Second), cron.values(Part::Minute), cron.values(Part::Hour));
    let every_hour = hours.len() == 24;
    if seconds != [0] {
        return by_seconds(l, cron, &seconds, &minutes, &hours);
    }
    let often = if minutes.len() == 60 {
        Some(l.t("cron-every-minute").to_owned())
    } else {
        step(cron.part(Part::Minute), 60).map(|step| l.n("cron-every-minutes", step))
    };
    if let Some(often) = often {
        return if every_hour {
            Some((often, false))
        } else {
            between(l, &often, &hours, (0, 59)).map(|said| (said, false))
        };
    }
    let past = || list(l, minutes.iter().map(|minute| format!(":{minute:02}")));
    if every_hour {
        let said = match minutes.as_slice() {
            [0] => l.t("cron-every-hour").to_owned(),
            few if few.len() <= LISTED => l.with("cron-every-hour-at", "minutes", past()),
            _ => return None,
        };
        return Some((said, false));
    }
    if let ([_], Some(step)) = (minutes.as_slice(), step(cron.part(Part::Hour), 24)) {
        return Some((l.m(&msg("cron-every-hours").arg("count", step).arg("minutes", past())), false));
    }
    if minutes.len() * hours.len() <= LISTED {
        return Some((at_times(l, &hours, &minutes, None), true));
    }
    match minutes.as_slice() {
        [minute] => between(l, l.t("cron-hourly"), &hours, (*minute, *minute)).map(|said| (said, false)),
        _ => None,
    }
}

fn by_seconds(l: Lang, cron: &Cron, seconds: &[u16], minutes: &[u16], hours: &[u16]) -> Option<(String, bool)> {
    if minutes.len() == 60 && hours.len() == 24 {
        if seconds.len() == 60 {
            return Some((l.t("cron-every-second").to_owned(), false));
        }
        return step(cron.part(Part::Second), 60).map(|step| (l.n("cron-every-seconds", step), false));
    }
    match seconds {
        [second] if minutes.len() * hours.len() <= LISTED => Some((at_times(l, hours, minutes, Some(*second)), true)),
        _ => None,
    }
}

fn at_times(l: Lang, hours: &[u16], minutes: &[u16], second: Option<u16>) -> String {
    let times = hours.iter().flat_map(|hour| minutes.iter().map(move |minute| (hour, minute)));
    let times = times.map(|(hour, minute)| match second {
        Some(second) => format!("{hour:02}:{minute:02}:{second:02}"),
        None => format!("{hour:02}:{minute:02}"),
    });
    l.with("cron-at", "times", list(l, times))
}

/// "Every minute from 09:00 to 17:59", of hours without a gap.
fn between(l: Lang, what: &str, hours: &[u16], (first, last): (u16, u16)) -> Option<String> {
    let (from, to) = match hours {
        [hour] => (*hour, *hour),
        [from, to] if to - from == 1 => (*from, *to),
        hours => range(hours)?,
    };
    let (from, to) = (format!("{from:02}:{first:02}"), format!("{to:02}:{last:02}"));
    Some(l.m(&msg("cron-from-to").arg("what", what).arg("from", from).arg("to", to)))
}

/// "09:00, 12:00 and 15:00": numbers, which some languages join otherwise than words.
fn list(l: Lang, items: impl Iterator<Item = String>) -> String {
    joined(l, items, "cron-and-number")
}

fn joined(l: Lang, items: impl Iterator<Item = String>, and: &'static str) -> String {
    let mut items: Vec<String> = items.collect();
    let Some(last) = items.pop() else { return String::new() };
    if items.is_empty() {
        return last;
    }
    l.m(&msg(and).arg("first", items.join(", ")).arg("last", last))
}

/// On which days; none inside: on all of them.
#[expect(clippy::option_option, reason = "not to be said, and nothing to be said, are two")]
fn days(l: Lang, cron: &Cron) -> Option<Option<String>> {
    let (day, weekday) = (cron.part(Part::Day), cron.part(Part::Weekday));
    match (is_any(day), is_any(weekday)) {
        (true, true) => Some(None),
        (false, true) => of_month(l, cron, day).map(Some),
        (true, false) => of_week(l, cron, weekday).map(Some),
        // Either of the two is enough.
        (false, false) => {
            let or = msg("cron-or").arg("one", of_month(l, cron, day)?).arg("other", of_week(l, cron, weekday)?);
            Some(Some(l.m(&or)))
        }
    }
}

/// One day of one month is a date.
fn has_date(cron: &Cron) -> bool {
    let one = |part| cron.part(part).parse::<u16>().is_ok();
    one(Part::Day) && cron.values(Part::Month).len() == 1 && is_any(cron.part(Part::Weekday))
}

fn of_month(l: Lang, cron: &Cron, day: &str) -> Option<String> {
    if has_date(cron) {
        let month = l.t(month_key(*cron.values(Part::Month).first()?)?);
        return Some(l.m(&msg("cron-on-date").arg("day", day).arg("month", month)));
    }
    if day == "L" {
        return Some(l.t("cron-last-day").to_owned());
    }
    if day == "LW" {
        return Some(l.t("cron-last-working-day").to_owned());
    }
    if let Some(near) = day.strip_suffix('W').filter(|near| near.parse::<u16>().is_ok()) {
        return Some(l.with("cron-nearest-working-day", "day", near));
    }
    let values = cron.values(Part::Day);
    match values.as_slice() {
        _ if day.contains(['L', 'W']) => None,
        [one] => Some(l.with("cron-on-day", "day", one)),
        few if few.len() <= LISTED => {
            Some(l.with("cron-on-days", "days", list(l, few.iter().map(ToString::to_string))))
        }
        many => range(many).map(|(first, last)| l.with("cron-on-days", "days", format!("{first}–{last}"))),
    }
}

fn of_week(l: Lang, cron: &Cron, weekday: &str) -> Option<String> {
    let name = |number: u16| weekday_key(number).map(|key| l.t(key));
    if weekday.contains(['#', 'L', '+']) {
        let (day, place) = weekday
            .strip_suffix('L')
            .map_or_else(|| weekday.split_once('#'), |day| Some((day.trim_end_matches('#'), "L")))?;
        let alone = Cron::parse(&format!("0 0 * * {day}")).ok()?;
        let [number] = alone.values(Part::Weekday)[..] else { return None };
        return match place {
            "L" => Some(l.with("cron-last-weekday", "weekday", name(number)?)),
            place => {
                let place = l.t(place_key(place.parse().ok()?)?);
                Some(l.m(&msg("cron-nth-weekday").arg("place", place).arg("weekday", name(number)?)))
            }
        };
    }
    let values = cron.values(Part::Weekday);
    if values.len() == 7 {
        return Some(l.t("cron-every-day").to_owned());
    }
    if let Some((first, last)) = range(&values) {
        return Some(l.m(&msg("cron-weekdays").arg("first", name(first)?).arg("last", name(last)?)));
    }
    let names: Option<Vec<&str>> = values.into_iter().map(name).collect();
    Some(l.with("cron-on-weekdays", "days", joined(l, names?.into_iter().map(str::to_owned), "cron-and")))
}

/// In which months; none inside: in all of them.
#[expect(clippy::option_option, reason = "not to be said, and nothing to be said, are two")]
fn months(l: Lang, cron: &Cron) -> Option<Option<String>> {
    let values = cron.values(Part::Month);
    if values.len() == 12 {
        return Some(None);
    }
    let name = |number: u16| month_key(number).map(|key| l.t(key).to_owned());
    if let Some((first, last)) = range(&values) {
        return Some(Some(l.m(&msg("cron-months").arg("first", name(first)?).arg("last", name(last)?))));
    }
    let names: Option<Vec<String>> = values.into_iter().map(name).collect();
    Some(Some(l.with("cron-in-months", "months", joined(l, names?.into_iter(), "cron-and"))))
}

fn place_key(place: u16) -> Option<&'static str> {
    Some(match place {
        1 => "cron-place-1",
        2 => "cron-place-2",
        3 => "cron-place-3",
        4 => "cron-place-4",
        5 => "cron-place-5",
        _ => return None,
    })
}

fn weekday_key(number: u16) -> Option<&'static str> {
    Some(match number {
        0 => "cron-weekday-0",
        1 => "cron-weekday-1",
        2 => "cron-weekday-2",
        3 => "cron-weekday-3",
        4 => "cron-weekday-4",
        5 => "cron-weekday-5",
        6 => "cron-weekday-6",
        _ => return None,
    })
}

fn month_key(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "cron-month-1",
        2 => "cron-month-2",
        3 => "cron-month-3",
        4 => "cron-month-4",
        5 => "cron-month-5",
        6 => "cron-month-6",
        7 => "cron-month-7",
        8 => "cron-month-8",
        9 => "cron-month-9",
        10 => "cron-month-10",
        11 => "cron-month-11",
        12 => "cron-month-12",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_said_in_both_languages() {
        let table = [
            ("@hourly", "Every hour, on the hour", "בכל שעה עגולה"),
            ("@daily", "At 00:00, every day", "בשעה 00:00, בכל יום"),
            ("*/15 * * * *", "Every 15 minutes", "בכל 15 דקות"),
            ("*/2 * * * *", "Every 2 minutes", "בכל שתי דקות"),
            ("* * * * *", "Every minute", "בכל דקה"),
            ("* * * * * *", "Every second", "בכל שנייה"),
            ("*/10 * * * * *", "Every 10 seconds", "בכל 10 שניות"),
            ("30 0 3 * * *", "At 03:00:30, every day", "בשעה 03:00:30, בכל יום"),
            ("5 * * * *", "Every hour at :05", "בכל שעה, בדקה :05"),
            ("0,20,40 * * * *", "Every hour at :00, :20 and :40", "בכל שעה, בדקה :00, :20 ו־:40"),
            ("0 */2 * * *", "Every 2 hours at :00", "בכל שעתיים, בדקה :00"),
            ("0 9 * * 1-5", "At 09:00, Monday to Friday", "בשעה 09:00, מיום שני עד יום שישי"),
            ("0 9 * * SUN-THU", "At 09:00, Sunday to Thursday", "בשעה 09:00, מיום ראשון עד יום חמישי"),
            (
                "30 9,13 * * MON,THU",
                "At 09:30 and 13:30, on Monday and Thursday",
                "בשעה 09:30 ו־13:30, ביום שני ויום חמישי",
            ),
            (
                "*/15 9-17 * * 1-5",
                "Every 15 minutes from 09:00 to 17:59, Monday to Friday",
                "בכל 15 דקות מ־09:00 עד 17:59, מיום שני עד יום שישי",
            ),
            ("0 8-18 * * *", "Every hour from 08:00 to 18:00", "בכל שעה מ־08:00 עד 18:00"),
            ("0 0 1 * *", "At 00:00, on day 1 of the month", "בשעה 00:00, ב־1 בחודש"),
            ("0 0 1,15 * *", "At 00:00, on days 1 and 15 of the month", "בשעה 00:00, בימים 1 ו־15 בחודש"),
            ("@yearly", "At 00:00, on 1 January", "בשעה 00:00, ב־1 בינואר"),
            ("0 6 L * *", "At 06:00, on the last day of the month", "בשעה 06:00, ביום האחרון בחודש"),
            (
                "0 6 LW * *",
                "At 06:00, on the last weekday (Monday to Friday) of the month",
                "בשעה 06:00, ביום העבודה האחרון (שני עד שישי) בחודש",
            ),
            (
                "0 6 15W * *",
                "At 06:00, on the weekday (Monday to Friday) nearest to day 15 of the month",
                "בשעה 06:00, ביום העבודה (שני עד שישי) הקרוב ל־15 בחודש",
            ),
            ("0 9 * * MON#1", "At 09:00, on the first Monday of the month", "בשעה 09:00, ביום שני הראשון בחודש"),
            ("0 9 * * FRI#L", "At 09:00, on the last Friday of the month", "בשעה 09:00, ביום שישי האחרון בחודש"),
            ("0 9 13 * 5", "At 09:00, on day 13 of the month or on Friday", "בשעה 09:00, ב־13 בחודש או ביום שישי"),
            ("0 9 * 1,7 1", "At 09:00, on Monday, in January and July", "בשעה 09:00, ביום שני, בינואר ויולי"),
            ("0 9 * 3-5 *", "At 09:00, every day, March to May", "בשעה 09:00, בכל יום, ממרץ עד מאי"),
            ("*/7 * * * *", "By the expression */7 * * * *", "לפי הביטוי */7 * * * *"),
            (
                "1,2 3 4,5,6,7,8,9,11 * +1",
                "By the expression 1,2 3 4,5,6,7,8,9,11 * +1",
                "לפי הביטוי 1,2 3 4,5,6,7,8,9,11 * +1",
            ),
        ];
        for (text, english, hebrew) in table {
            let cron = Cron::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(sentence(Lang::En, &cron), english, "{text}");
            assert_eq!(sentence(Lang::He, &cron), hebrew, "{text}");
        }
    }
}
