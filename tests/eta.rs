//! When a task will be done: what is expected holds for work that goes on as it did, follows what changes, and says
//! nothing where nothing is known.

use jiff::{SignedDuration, Timestamp};
use milepost::tasks::eta::{Earlier, Eta, Pace};
use proptest::prelude::*;

use crate::support::random::Random;
use crate::support::server::monday;

fn after(seconds: f64) -> Timestamp {
    monday() + SignedDuration::from_secs_f64(seconds)
}

/// Seconds from the start to each end of the range.
fn range(eta: Eta) -> (f64, f64) {
    let seconds = |at: Timestamp| at.duration_since(monday()).as_secs_f64();
    (seconds(eta.earliest), seconds(eta.latest))
}

/// Reports at these seconds; what is expected after the last of them.
fn follow(reports: impl IntoIterator<Item = (f64, f64)>, total: f64) -> Option<(f64, f64)> {
    let mut pace = Pace::start(monday(), 0.0);
    let (mut now, mut done) = (0.0, 0.0);
    for (at, reported) in reports {
        pace.observe(after(at), reported);
        (now, done) = (at, reported);
    }
    pace.estimate(after(now), done, Some(total), None).map(range)
}

const RUNS: Earlier = Earlier { p25_seconds: 80.0, median_seconds: 100.0, p75_seconds: 130.0, runs: 3 };

#[test]
fn nothing_is_expected_before_enough_is_known() {
    let mut pace = Pace::start(monday(), 0.0);
    assert_eq!(pace.estimate(after(0.0), 0.0, Some(100.0), None), None, "no report");
    for second in 1..=4 {
        pace.observe(after(f64::from(second)), f64::from(second));
        let now = after(f64::from(second));
        assert_eq!(pace.estimate(now, f64::from(second), Some(100.0), None), None, "after {second} s");
    }
    pace.observe(after(5.0), 5.0);
    assert!(pace.estimate(after(5.0), 5.0, Some(100.0), None).is_some());
    let mut long = Pace::start(monday(), 0.0);
    long.observe(after(600.0), 1.0);
    long.observe(after(1200.0), 2.0);
    assert_eq!(long.estimate(after(1200.0), 2.0, Some(100.0), None), None, "two steps are no pace");
}

#[test]
fn nothing_is_expected_of_an_unknown_total_or_of_what_stands_still() {
    let mut pace = Pace::start(monday(), 0.0);
    for second in 1..=60 {
        pace.observe(after(f64::from(second)), f64::from(second));
    }
    assert_eq!(pace.estimate(after(60.0), 60.0, None, None), None);
    assert!(pace.estimate(after(60.0), 60.0, Some(100.0), None).is_some());
    assert_eq!(pace.estimate(after(60.0), 100.0, Some(100.0), None), None, "nothing is left");
    let mut last = 0.0;
    for hours in 1..=48 {
        let now = 60.0 + f64::from(hours) * 3600.0;
        let (_, latest) = range(pace.estimate(after(now), 60.0, Some(100.0), None).unwrap());
        assert!(latest > last, "the longer it stands still, the later");
        last = latest;
    }
    assert_eq!(pace.estimate(after(1e9), 60.0, Some(100.0), None), None, "beyond a year");
    let mut still = Pace::start(monday(), 0.0);
    assert!(!still.observe(after(10.0), 0.0));
    assert_eq!(still.estimate(after(1000.0), 0.0, Some(100.0), None), None, "it never moved");
}

#[test]
fn before_it_is_warm_earlier_runs_of_its_kind_tell() {
    let pace = Pace::start(monday(), 0.0);
    let ask = |now: f64, total: Option<f64>, earlier: Earlier| {
        pace.estimate(after(now), 0.0, total, Some(earlier)).map(range)
    };
    assert_eq!(ask(0.0, Some(100.0), RUNS), Some((80.0, 130.0)));
    assert_eq!(ask(30.0, None, RUNS), Some((80.0, 130.0)));
    assert_eq!(ask(100.0, Some(100.0), RUNS), Some((100.0, 130.0)), "never in the past");
    assert_eq!(ask(130.0, Some(100.0), RUNS), None, "longer than most took: nobody knows");
    assert_eq!(ask(0.0, Some(100.0), Earlier { runs: 2, ..RUNS }), None, "two runs are an accident");
    assert_eq!(ask(0.0, Some(100.0), Earlier { p25_seconds: f64::NAN, ..RUNS }), None);
    let mut warm = Pace::start(monday(), 0.0);
    for second in 1..=10 {
        warm.observe(after(f64::from(second)), f64::from(second));
    }
    let (_, latest) = range(warm.estimate(after(10.0), 10.0, Some(20.0), Some(RUNS)).unwrap());
    assert!(latest < 25.0, "once it is warm, its own pace tells: {latest}");
}

#[test]
fn of_three_runs_in_four_with_steady_noise_the_end_is_in_the_range() {
    let mut random = Random::new("the ends of noisy runs");
    let (mut inside, mut asked) = (0, 0);
    for _ in 0..400 {
        // A Poisson process: each unit takes an exponential time.
        let total = 200;
        let mut ends = vec![0.0];
        for _ in 0..total {
            let uniform = (random.below(1_000_000) as f64 + 1.0) / 1_000_001.0;
            ends.push(ends.last().unwrap() - 2.0 * uniform.ln());
        }
        let stop = 40 + random.below(120) as usize;
        let reports = ends.iter().enumerate().take(stop + 1).skip(1).map(|(done, at)| (*at, done as f64));
        let (earliest, latest) = follow(reports, f64::from(total)).unwrap();
        asked += 1;
        inside += u32::from((earliest..=latest).contains(ends.last().unwrap()));
    }
    let share = f64::from(inside) / f64::from(asked);
    assert!((0.65..=0.87).contains(&share), "{share} of {asked}");
}

#[test]
fn what_gets_faster_or_slower_is_followed() {
    // As much as the square of the time: the mean of all time so far would lead to 1250 s.
    let total = 1_000_000.0;
    let reports = (1..=800).map(|second| (f64::from(second), f64::from(second * second)));
    let (earliest, latest) = follow(reports, total).unwrap();
    assert!(earliest > 900.0 && latest < 1150.0, "1000 s in truth: {earliest} to {latest}");
    // Fast for ten minutes, then at a tenth of it: what was long ago is forgotten.
    let reports = (1..=600).map(|second| (f64::from(second), f64::from(second) * 10.0));
    let slow = (1..=900).map(|second| (600.0 + f64::from(second), 6000.0 + f64::from(second)));
    let (earliest, latest) = follow(reports.chain(slow), 8000.0).unwrap();
    assert!(earliest <= 2600.0 && (2600.0..2900.0).contains(&latest), "2600 s in truth: {earliest} to {latest}");
}

#[test]
fn what_comes_in_bursts_has_a_wide_range_around_the_truth() {
    // Sixty units within three seconds of each minute.
    let burst =
        |minute: i32| (1..=3).map(move |part| (f64::from(minute * 60 + part), f64::from(minute * 60 + part * 20)));
    let (earliest, latest) = follow((0..20).flat_map(burst), 3600.0).unwrap();
    assert!(earliest <= 3543.0 && latest >= 3543.0, "{earliest} to {latest}");
}

#[test]
fn a_clock_that_is_set_back_changes_nothing() {
    let hour = 3600.0;
    let straight: Vec<_> = (1..=100).map(|step| (f64::from(step * 3), f64::from(step))).collect();
    let mut pace = Pace::start(after(0.0), 0.0);
    let mut jumped = Pace::start(after(0.0), 0.0);
    for (number, (at, done)) in straight.iter().enumerate() {
        pace.observe(after(*at), *done);
        jumped.observe(after(if number < 50 { *at } else { at - hour }), *done);
    }
    let truth = range(pace.estimate(after(300.0), 100.0, Some(200.0), None).unwrap());
    let told = range(jumped.estimate(after(300.0 - hour), 100.0, Some(200.0), None).unwrap());
    assert!((truth.0 - (told.0 + hour)).abs() < 6.0 && (truth.1 - (told.1 + hour)).abs() < 6.0, "{truth:?}, {told:?}");
    // Set back since the last report.
    let now = after(300.0 - hour);
    let eta = pace.estimate(now, 100.0, Some(200.0), None).unwrap();
    assert!(eta.earliest > now && eta.latest < after(700.0 - hour));
}

#[test]
fn what_is_counted_anew_is_paced_anew() {
    let mut pace = Pace::start(monday(), 0.0);
    for second in 1..=100 {
        pace.observe(after(f64::from(second)), f64::from(second) * 1000.0);
    }
    assert!(pace.observe(after(101.0), 10.0), "percent now");
    assert_eq!(pace.estimate(after(101.0), 10.0, Some(100.0), None), None);
    for second in 102..=121 {
        pace.observe(after(f64::from(second)), f64::from(second) - 91.0);
    }
    // Samples are some seconds apart by now.
    let (earliest, latest) = range(pace.estimate(after(121.0), 30.0, Some(100.0), None).unwrap());
    assert!(earliest <= 191.0 && latest >= 191.0, "{earliest} to {latest}");
}

proptest! {
    #[test]
    fn a_steady_pace_leads_to_the_truth(
        rate in 0.01..1000.0f64,
        every in 0.2..90.0f64,
        reports in 20..400u32,
        further in 0.01..20.0f64,
        quiet in 0.0..1.0f64,
        in_units in any::<bool>(),
    ) {
        let shown = |progress: f64| if in_units { progress.floor() } else { progress };
        let mut pace = Pace::start(monday(), 0.0);
        for number in 1..=reports {
            let at = f64::from(number) * every;
            pace.observe(after(at), shown(at * rate));
        }
        let now = (f64::from(reports) + quiet) * every;
        let done = shown(f64::from(reports) * every * rate);
        let total = shown(now * rate * (1.0 + further)).max(done + 1.0);
        let truth = total / rate;
        let eta = pace.estimate(after(now), done, Some(total), None);
        // A few large units are no pace yet, and what takes years is no estimate.
        if let Some(eta) = eta {
            let (earliest, latest) = range(eta);
            let reach = every + if in_units { 1.0 / rate } else { 0.0 };
            prop_assert!(earliest - reach <= truth && truth <= latest + reach, "{} not in {}..{}", truth, earliest, latest);
            prop_assert!(latest - earliest <= 2.0 + (truth - now) * 1.5 + reach, "too wide: {}..{}", earliest, latest);
        } else {
            prop_assert!(done < 4.0 || truth - now > 300.0 * 86400.0 || now < 5.0, "no estimate of {}", truth);
        }
    }

    #[test]
    fn whatever_is_reported_nothing_breaks_and_the_kept_text_says_the_same(
        steps in prop::collection::vec((-200_000i64..400_000, prop_oneof![
            4 => 0.0..1e4f64,
            1 => any::<f64>(),
        ]), 0..200),
        total in prop::option::of(any::<f64>()),
        p25 in any::<f64>(),
        p75 in any::<f64>(),
    ) {
        let mut now = monday();
        let mut pace = Pace::start(now, steps.first().map_or(0.0, |(_, done)| *done));
        for (by, done) in steps {
            now += SignedDuration::from_millis(by);
            pace.observe(now, done);
            let text = pace.to_string();
            prop_assert!(text.len() < 600, "{} bytes", text.len());
            prop_assert_eq!(text.parse::<Pace>(), Ok(pace.clone()), "{}", text);
            let earlier = Earlier { p25_seconds: p25, median_seconds: p25, p75_seconds: p75, runs: 9 };
            for total in [total, Some(1e4)] {
                if let Some(eta) = pace.estimate(now, done, total, Some(earlier)) {
                    prop_assert!(now <= eta.earliest && eta.earliest <= eta.latest);
                    prop_assert!(eta.latest <= now + SignedDuration::from_hours(24 * 365));
                }
            }
        }
    }

    #[test]
    fn a_text_that_is_no_pace_is_refused(text in "[0-9: .e-]{0,40}") {
        if let Ok(pace) = text.parse::<Pace>() {
            prop_assert_eq!(pace.to_string().parse(), Ok(pace));
        }
    }
}
