//! How known programs show their progress: curl, rsync, ffmpeg, dd, wget, pv, tar and tqdm. What they print is read by its
//! whole form, so that nothing else is taken for it.

use std::sync::LazyLock;

use regex::Regex;

use super::{Reading, number};

/// What a known program's line says.
pub enum Heard {
    Reading(Reading),
    /// The line is theirs, but says nothing of progress.
    Nothing,
    /// No program known here prints this.
    Other,
}

impl From<Option<Reading>> for Heard {
    fn from(reading: Option<Reading>) -> Heard {
        reading.map_or(Heard::Nothing, Heard::Reading)
    }
}

/// What must be remembered from line to line.
#[derive(Default)]
pub struct Tools {
    /// ffmpeg: the longest input.
    seconds: Option<f64>,
    /// rsync: the last line was a file's name, so that what follows is of that file alone.
    named: bool,
    /// rsync: its percentages are of single files.
    of_single_files: bool,
}

macro_rules! expression {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($text).expect("the tests compile it"));
    };
}

// ` 45 1000k   45  450k    0     0   100k      0  0:00:10  0:00:04  0:00:06  100k`
expression!(
    CURL,
    r"^\s*(?P<percent>\d{1,3})\s+(?P<total>[\d.]+[kMGTP]?)\s+(\d{1,3})\s+(?P<got>[\d.]+[kMGTP]?)\s+(\d{1,3})\s+(?P<sent>[\d.]+[kMGTP]?)\s+[\d.]+[kMGTP]?\s+[\d.]+[kMGTP]?\s+(--:--:--|[\d:dh ]+)\s"
);
// `    32,768  45%  123.45kB/s    0:00:01 (xfr#3, to-chk=55/100)`
expression!(
    RSYNC,
    r"^\s*[\d,.]+[KMGTP]?\s+(?P<percent>\d{1,3})%\s+[\d.]+[kKMGT]?B/s\s+\d+:\d\d:\d\d(?:\s+\(xfe?r#\d+, (?P<check>to|ir)-chk=(?P<left>\d+)/(?P<total>\d+)\))?"
);
expression!(FFMPEG_DURATION, r"^\s*Duration: (?P<time>\d+:\d\d:\d\d(?:\.\d+)?), ");
expression!(
    FFMPEG_TIME,
    r"\b(?:size|bitrate|speed)=.*\btime=(?P<time>\d+:\d\d:\d\d(?:\.\d+)?)|\btime=(?P<time2>\d+:\d\d:\d\d(?:\.\d+)?) bitrate=|^out_time=(?P<time3>\d+:\d\d:\d\d(?:\.\d+)?)"
);
// `1234567 bytes (1.2 MB, 1.2 MiB) copied, 1 s, 1.2 MB/s`
expression!(DD, r"^(?P<bytes>\d+) bytes (?:\([^)]*\) )?(?:copied|transferred)\b");
// `  450K .......... .......... .......... .......... .......... 45%  100M 0s`
expression!(WGET_DOTS, r"^\s*(?P<kilobytes>\d+)K [., ]*[.,](?:\s+(?P<percent>\d{1,3})%)?(?:\s|$)");
// `1.2GiB 0:00:05 [ 250MiB/s] [  <=>   ]`; with a known size there is a percentage, which is read as any other
expression!(PV, r"^\s*(?P<bytes>[\d.,]+ ?[KMGTP]?i?B) \d+:\d\d:\d\d \[[^\]]*/s\](?:.*?\]\s*(?P<percent>\d{1,3})%)?");
expression!(TAR, r"^.{0,60}: (?:Read|Write) checkpoint (?P<records>\d+)$");
// ` 45%|████▌     | 45/100 [00:05<00:06,  9.00it/s]`, `45it [00:05,  9.00it/s]`
expression!(
    TQDM,
    r"(?:^|[\s:])(?P<percent>\d{1,3})%\|[^|]*\|\s*(?P<done>[\d.]+[kMGTP]?)/(?P<total>[\d.]+[kMGTP]?)\s?\w* \[\d[\d:]*<"
);
expression!(TQDM_COUNT, r"(?:^|: )(?P<done>\d+)[A-Za-z]+ \[\d[\d:]*, ");

impl Tools {
    /// Hears a line without digits: it may be a file's name.
    pub fn text(&mut self, line: &str) {
        self.named = is_name(line);
    }

    pub fn read(&mut self, line: &str) -> Heard {
        if line.contains('%') {
            if let Some(found) = RSYNC.captures(line) {
                return self.rsync(&found).into();
            }
            if let Some(found) = TQDM.captures(line) {
                return tqdm(&found).into();
            }
        }
        self.named = is_name(line);
        if (line.contains('=') || line.contains("Duration"))
            && let Some(heard) = self.ffmpeg(line)
        {
            return heard.into();
        }
        match line {
            // wget, after each file.
            _ if line.contains(" saved [") => Heard::Nothing,
            _ if line.contains(':') && CURL.is_match(line) => CURL.captures(line).and_then(|found| curl(&found)).into(),
            _ if line.contains("/s]") && PV.is_match(line) => PV.captures(line).and_then(|found| pv(&found)).into(),
            _ if line.contains("checkpoint") => match TAR.captures(line) {
                Some(found) => number::count(&found["records"]).map(Reading::done).into(),
                None => Heard::Other,
            },
            _ if line.contains("bytes") => match DD.captures(line) {
                Some(found) => number::count(&found["bytes"]).map(Reading::done).into(),
                None => Heard::Other,
            },
            _ => dots(line),
        }
    }

    fn rsync(&mut self, found: &regex::Captures<'_>) -> Option<Reading> {
        self.of_single_files |= std::mem::take(&mut self.named);
        let files = || {
            let left = number::count(found.name("left")?.as_str())?;
            let total = number::count(found.name("total")?.as_str())?;
            // While rsync still looks for files (`ir-chk`), the total is only what it knows so far.
            (found.name("check")?.as_str() == "to").then_some(())?;
            Reading::of(total.checked_sub(left)?, total)
        };
        if self.of_single_files {
            return files();
        }
        number::decimal(&found["percent"]).and_then(Reading::percent)
    }

    /// None when the line is not ffmpeg's.
    fn ffmpeg(&mut self, line: &str) -> Option<Option<Reading>> {
        if let Some(found) = FFMPEG_DURATION.captures(line) {
            let seconds = number::seconds(&found["time"]);
            if seconds > self.seconds {
                self.seconds = seconds;
            }
            return Some(None);
        }
        if !line.contains("time=") {
            return None;
        }
        let found = FFMPEG_TIME.captures(line)?;
        let time = ["time", "time2", "time3"].into_iter().find_map(|name| found.name(name))?;
        let time = number::seconds(time.as_str())?;
        Some(match self.seconds {
            // A little more than the input's length may come out of it.
            Some(seconds) if seconds > 0.0 => {
                Reading::percent((time / seconds * 10_000.0).round().min(10_000.0) / 100.0)
            }
            _ => Some(Reading::done(time as i64)),
        })
    }
}

/// What rsync prints before the progress of one file, unlike what it says of the whole.
fn is_name(line: &str) -> bool {
    let said = ["sending incremental", "receiving incremental", "receiving file", "sending file", "building file"];
    let line = line.trim();
    !line.is_empty() && !said.iter().any(|said| line.starts_with(said)) && !line.starts_with("created directory")
}

fn curl(found: &regex::Captures<'_>) -> Option<Reading> {
    if number::bytes(&found["total"])? > 0 {
        return number::decimal(&found["percent"]).and_then(Reading::percent);
    }
    let bytes = number::bytes(&found["got"])?.max(number::bytes(&found["sent"])?);
    (bytes > 0).then(|| Reading::done(bytes))
}

fn pv(found: &regex::Captures<'_>) -> Option<Reading> {
    match found.name("percent") {
        Some(percent) => number::decimal(percent.as_str()).and_then(Reading::percent),
        None => number::bytes(&found["bytes"]).map(Reading::done),
    }
}

fn tqdm(found: &regex::Captures<'_>) -> Option<Reading> {
    let counts = number_of(&found["done"]).zip(number_of(&found["total"])).and_then(|(d, t)| Reading::of(d, t));
    counts.or_else(|| number::decimal(&found["percent"]).and_then(Reading::percent))
}

/// Scaled numbers (`45.0M`) are not exact: then the percentage says more.
fn number_of(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn dots(line: &str) -> Heard {
    if let Some(found) = WGET_DOTS.captures(line) {
        let kilobytes = || number::count(&found["kilobytes"]).and_then(|count| count.checked_mul(1_024));
        let of_all = found.name("percent").map(|percent| number::decimal(percent.as_str()).and_then(Reading::percent));
        return of_all.unwrap_or_else(|| kilobytes().map(Reading::done)).into();
    }
    match TQDM_COUNT.captures(line) {
        Some(found) => number::count(&found["done"]).map(Reading::done).into(),
        None => Heard::Other,
    }
}
