//! When a task will be done: a range from how fast it moved lately, from earlier runs of its kind before enough is known
//! of that, and none where both would be made up. Pure; rows keep a [`Pace`] as a short text beside what runs.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// The end is expected between these two; about three times in four it is, if the work goes on as it did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Eta {
    pub earliest: Timestamp,
    pub latest: Timestamp,
}

/// How long earlier runs of the same kind took that were done.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Earlier {
    pub p25_seconds: f64,
    pub median_seconds: f64,
    pub p75_seconds: f64,
    pub runs: i64,
}

/// How fast a task moves: its progress (units, or percent: one of them throughout) at a few moments of late.
///
/// Only moments at which progress rose are kept, so that neither heartbeats nor the steps of a coarse counter look like a
/// change of pace, and none closer together than a part of the time that it runs: the window is about half of that, and
/// eight minutes at the most for what reports often.
#[derive(Clone, PartialEq, Debug)]
pub struct Pace {
    started: i64,
    /// When progress last rose, and to what.
    last: Sample,
    /// Oldest first, at least one.
    samples: VecDeque<Sample>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Sample {
    /// Milliseconds since 1970.
    at: i64,
    done: f64,
}

/// Samples in the window.
const WINDOW: usize = 16;
/// Below this many intervals, or after less time, there is no rate to speak of.
const LEAST_INTERVALS: usize = 3;
const WARM_UP_MS: i64 = 5_000;
/// Two samples are at least this part of the elapsed time apart, but these milliseconds in any case, and no more needed.
const SPACING_PART: i64 = 32;
const SPACING_MS: std::ops::RangeInclusive<i64> = 500..=30_000;
/// A range is never narrower than this to either side: whoever reports does so at moments of their own choice.
const LEAST_SPREAD: f64 = 0.05;
const LEAST_SPREAD_SECONDS: f64 = 1.0;
/// What would take longer is no estimate.
const MOST_SECONDS: f64 = 365.0 * 86_400.0;
const LEAST_RUNS: i64 = 3;
/// More than any counter holds; beyond it neighbouring numbers are no longer told apart.
const MOST_DONE: f64 = 9e15;
/// Student's t: four fifths of the probability lie within plus and minus these, for 2, 3, … degrees of freedom.
const STUDENT: [f64; WINDOW - 2] =
    [1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.350, 1.345, 1.341];

impl Pace {
    /// A run begins, at this much progress (a retry may begin in the middle).
    pub fn start(at: Timestamp, done: f64) -> Pace {
        let done = if is_amount(done) { rounded(done) } else { 0.0 };
        let first = Sample { at: at.as_millisecond(), done };
        Pace { started: first.at, last: first, samples: VecDeque::from([first]) }
    }

    /// Progress as reported. True when that says something about the pace: then it is to be kept.
    pub fn observe(&mut self, at: Timestamp, done: f64) -> bool {
        let done = rounded(done);
        if !is_amount(done) || done == self.last.done {
            return false;
        }
        let at = at.as_millisecond();
        if done < self.last.done {
            // It is counted anew, or in something else: what was before says nothing about it.
            let elapsed = self.last.at - self.started;
            *self = Pace { started: at.saturating_sub(elapsed), ..Pace::start(timestamp(at), done) };
            return true;
        }
        if at < self.last.at {
            self.shift(at - self.last.at);
        }
        self.last = Sample { at, done };
        let spacing = ((at - self.started) / SPACING_PART).clamp(*SPACING_MS.start(), *SPACING_MS.end());
        if self.samples.back().is_none_or(|newest| at - newest.at >= spacing) {
            self.samples.push_back(self.last);
            if self.samples.len() > WINDOW {
                self.samples.pop_front();
            }
        }
        true
    }

    /// The latest of the samples: when this has changed, so has what is worth keeping. What was observed since is observed
    /// again soon.
    pub fn newest(&self) -> Option<(i64, f64)> {
        self.samples.back().map(|sample| (sample.at, sample.done))
    }

    /// The clock was set back: what it showed until now is told by the new one, as if nothing had passed in between.
    fn shift(&mut self, by: i64) {
        self.started += by;
        self.last.at += by;
        for sample in &mut self.samples {
            sample.at += by;
        }
    }

    /// Whether it went on for long enough, by `now`, to say how fast.
    pub fn has_rate(&self, now: Timestamp) -> bool {
        let quiet = (now.as_millisecond() - self.last.at).max(0);
        self.intervals(quiet).len() >= LEAST_INTERVALS && self.last.at - self.started + quiet >= WARM_UP_MS
    }

    /// When `total` will be reached, of which `done` is done by `now`.
    pub fn estimate(&self, now: Timestamp, done: f64, total: Option<f64>, earlier: Option<Earlier>) -> Option<Eta> {
        // A clock that was set back since: no time has passed, as far as one can tell.
        let quiet = (now.as_millisecond() - self.last.at).max(0);
        let elapsed = self.last.at - self.started + quiet;
        let total = total.filter(|total| is_amount(*total) && is_amount(done));
        let intervals = self.intervals(quiet);
        let (soonest, latest) = match total {
            Some(total) if intervals.len() >= LEAST_INTERVALS && elapsed >= WARM_UP_MS => {
                let (soonest, latest) = from_rate(&intervals, total - done)?;
                // Counted from when progress last rose: a part of the next step is done already.
                (soonest - seconds(quiet), latest - seconds(quiet))
            }
            _ => from_earlier(earlier?, seconds(elapsed))?,
        };
        let (soonest, latest) = (soonest.max(0.0), latest.max(0.0));
        if latest > MOST_SECONDS {
            return None;
        }
        // No finer than the store keeps it.
        let after = |seconds: f64| now.checked_add(SignedDuration::from_micros((seconds * 1e6) as i64)).ok();
        Some(Eta { earliest: after(soonest)?, latest: after(latest)? })
    }

    /// Seconds and progress of each interval in the window. A silence longer than any of them counts as one, too: so a
    /// task that stands still is expected ever later.
    fn intervals(&self, quiet: i64) -> Vec<(f64, f64)> {
        let pairs = self.samples.iter().zip(self.samples.iter().skip(1));
        let mut intervals: Vec<_> = pairs.map(|(from, to)| (seconds(to.at - from.at), to.done - from.done)).collect();
        let longest = intervals.iter().map(|(time, _)| *time).fold(0.0, f64::max);
        if let Some(newest) = self.samples.back()
            && seconds(quiet) > longest
        {
            intervals.push((seconds(self.last.at - newest.at + quiet), self.last.done - newest.done));
        }
        intervals
    }
}

/// Seconds until `left` more is done, at the earliest and at the latest; none if it hardly moves or nothing is left.
///
/// Progress is taken for a random walk with drift: the rate `r` is all progress over all time `w` of the window, the noise
/// `s²` the mean square of what intervals differ from it, each by its length. The forecast error after `t` seconds has the
/// variance `s²·t·(1 + t/w)`: the steps to come, and what is not known of the drift (Hyndman and Athanasopoulos,
/// *Forecasting: Principles and Practice*, "drift method"; Student's t, because `s` is estimated). Seen from the expected
/// time `t = left/r`, that is `±t·q` with `q = student·(s/r)·√(1/t + 1/w)`, taken as a factor to either side.
fn from_rate(intervals: &[(f64, f64)], left: f64) -> Option<(f64, f64)> {
    let window: f64 = intervals.iter().map(|(time, _)| time).sum();
    let progress: f64 = intervals.iter().map(|(_, progress)| progress).sum();
    let rate = progress / window;
    let expected = left / rate;
    if !(rate > 0.0 && left > 0.0 && expected.is_finite()) {
        return None;
    }
    let squares: f64 = intervals.iter().map(|(time, progress)| (progress - rate * time).powi(2) / time).sum();
    let freedom = intervals.len() - 1;
    let noise = (squares / freedom as f64).sqrt();
    let student = STUDENT[(freedom - 2).min(STUDENT.len() - 1)];
    let spread = student * noise / rate * (1.0 / expected + 1.0 / window).sqrt();
    let spread = spread.max(LEAST_SPREAD);
    let soonest = (expected / (1.0 + spread)).min(expected - LEAST_SPREAD_SECONDS);
    let latest = (expected * (1.0 + spread)).max(expected + LEAST_SPREAD_SECONDS);
    latest.is_finite().then_some((soonest, latest))
}

/// Between the quarters of what earlier runs took; none when it takes longer than most of them did.
fn from_earlier(earlier: Earlier, elapsed: f64) -> Option<(f64, f64)> {
    let Earlier { p25_seconds, median_seconds, p75_seconds, runs } = earlier;
    let is_told = p25_seconds >= 0.0 && p25_seconds <= median_seconds && median_seconds <= p75_seconds;
    (runs >= LEAST_RUNS && is_told && elapsed < p75_seconds).then_some((p25_seconds - elapsed, p75_seconds - elapsed))
}

fn is_amount(done: f64) -> bool {
    (0.0..=MOST_DONE).contains(&done)
}

/// As fine as anybody counts, so that the text stays short.
fn rounded(done: f64) -> f64 {
    (done * 1000.0).round() / 1000.0
}

fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `STARTED LAST SAMPLE SAMPLE …`: the start in milliseconds since 1970, each of the others as `MILLISECONDS:DONE` after
/// the start.
impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.started)?;
        for sample in std::iter::once(&self.last).chain(&self.samples) {
            write!(f, " {}:{}", sample.at - self.started, sample.done)?;
        }
        Ok(())
    }
}

impl FromStr for Pace {
    type Err = ();

    fn from_str(text: &str) -> Result<Pace, ()> {
        let (started, samples) = text.split_once(' ').ok_or(())?;
        let started: i64 = started.parse().map_err(|_| ())?;
        Timestamp::from_millisecond(started).map_err(|_| ())?;
        let mut samples = samples.split(' ').map(|sample| {
            let (after, done) = sample.split_once(':').ok_or(())?;
            let at = started.checked_add(after.parse().map_err(|_| ())?).ok_or(())?;
            Timestamp::from_millisecond(at).map_err(|_| ())?;
            let done = done.parse().ok().filter(|done| is_amount(*done)).ok_or(())?;
            Ok(Sample { at, done })
        });
        let last = samples.next().ok_or(())??;
        let samples = samples.collect::<Result<VecDeque<_>, ()>>()?;
        let is_rising =
            samples.iter().zip(samples.iter().skip(1)).all(|(one, next)| one.at < next.at && one.done < next.done);
        let is_newest = samples.back().is_some_and(|newest| newest.at <= last.at && newest.done <= last.done);
        let is_whole = (1..=WINDOW).contains(&samples.len()) && is_rising && is_newest && started <= last.at;
        if is_whole { Ok(Pace { started, last, samples }) } else { Err(()) }
    }
}
