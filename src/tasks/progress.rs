//! Progress, the words: counts, stages, and how a program's report moves them.
//! Pure: what a report leads to, and what of it is refused.

use serde_json::{Map, Value, json};

use super::Percent;
use crate::error::{FieldError, msg};
use crate::jobs::items::ItemsMoved;

/// How many units are done of how many. `processed` is always the sum of its three parts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// None: nobody knows yet.
    pub total: Option<i64>,
    pub succeeded: i64,
    pub failed: i64,
    pub skipped: i64,
}

impl Counts {
    pub const fn processed(&self) -> i64 {
        self.succeeded + self.failed + self.skipped
    }

    /// Of the whole; none while the total is unknown.
    pub fn percent(&self) -> Option<Percent> {
        match self.total? {
            0 => Some(Percent::FULL),
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
            total => Percent::new((self.processed() as f64 / total as f64 * 100.0).min(100.0)).ok(),
        }
    }

    /// After items came out so. Counts that were reported apart from the items never fall below zero.
    pub fn moved(self, by: ItemsMoved) -> Counts {
        let counts = Counts {
            total: self.total,
            succeeded: (self.succeeded + by.succeeded).max(0),
            failed: (self.failed + by.failed).max(0),
            skipped: (self.skipped + by.skipped).max(0),
        };
        Counts { total: counts.total.map(|total| total.max(counts.processed())), ..counts }
    }

    pub fn to_json(self) -> Value {
        json!({
            "total": self.total, "processed": self.processed(),
            "succeeded": self.succeeded, "failed": self.failed, "skipped": self.skipped,
        })
    }
}

/// A named part of the work, and its place among the others where that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    pub name: String,
    /// From 1.
    pub index: Option<i64>,
    pub of: Option<i64>,
}

impl Stage {
    /// The one at this place, from 0, of those that follow each other.
    pub fn among(stages: &[&str], place: usize) -> Stage {
        let number = |place: usize| i64::try_from(place).ok();
        Stage { name: stages[place].into(), index: number(place + 1), of: number(stages.len()) }
    }

    pub fn to_json(&self) -> Value {
        json!({ "name": self.name, "index": self.index, "of": self.of })
    }
}

/// A stage that was announced when the job was made, and how much of the whole it is.
#[derive(Clone, PartialEq, Debug)]
pub struct StagePlan {
    pub name: String,
    /// In any unit; only the shares count.
    pub weight: f64,
}

/// What a report says of the counts; what it leaves out stays.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct CountsGiven {
    pub total: Option<i64>,
    pub processed: Option<i64>,
    pub succeeded: Option<i64>,
    pub failed: Option<i64>,
    pub skipped: Option<i64>,
}

impl CountsGiven {
    pub fn is_empty(&self) -> bool {
        *self == CountsGiven::default()
    }

    /// More than the total is said.
    pub fn counts_units(&self) -> bool {
        CountsGiven { total: None, ..*self } != CountsGiven::default()
    }

    /// The counts after this report, or what does not add up. `processed` alone, or with some of its parts, leaves the
    /// rest to `succeeded`.
    pub fn onto(&self, before: Option<Counts>) -> Result<Counts, Vec<FieldError>> {
        let named = [
            ("total", self.total),
            ("processed", self.processed),
            ("succeeded", self.succeeded),
            ("failed", self.failed),
            ("skipped", self.skipped),
        ];
        let wrong: Vec<FieldError> = named
            .into_iter()
            .filter(|(_, value)| value.is_some_and(|value| !(0..=MOST).contains(&value)))
            .map(|(field, _)| FieldError { field: field.into(), message: msg("error-count").arg("limit", MOST) })
            .collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let before = before.unwrap_or_default();
        let (failed, skipped) = (self.failed.unwrap_or(before.failed), self.skipped.unwrap_or(before.skipped));
        let succeeded = match (self.succeeded, self.processed) {
            (Some(succeeded), _) => succeeded,
            (None, Some(processed)) if processed >= failed + skipped => processed - failed - skipped,
            (None, Some(_)) => return Err(vec![not_the_sum(self.processed, before.succeeded, failed, skipped)]),
            (None, None) => before.succeeded,
        };
        let counts = Counts { total: self.total.or(before.total), succeeded, failed, skipped };
        if self.processed.is_some_and(|processed| processed != counts.processed()) {
            return Err(vec![not_the_sum(self.processed, succeeded, failed, skipped)]);
        }
        // More was found than was announced: the total grows with it.
        let total = counts.total.map(|total| total.max(counts.processed()));
        Ok(Counts { total, ..counts })
    }
}

/// The largest count: far beyond any job, far below where sums overflow.
const MOST: i64 = 1_000_000_000_000;

fn not_the_sum(processed: Option<i64>, succeeded: i64, failed: i64, skipped: i64) -> FieldError {
    let message = msg("error-processed-sum")
        .arg("processed", processed.unwrap_or_default())
        .arg("succeeded", succeeded)
        .arg("failed", failed)
        .arg("skipped", skipped);
    FieldError { field: "processed".into(), message }
}

/// How far a task is, apart from its status.
#[derive(Clone, PartialEq, Debug)]
pub struct Progress {
    pub percent: Percent,
    pub counts: Option<Counts>,
    pub stage: Option<Stage>,
    pub note: Option<String>,
}

/// What a report says; what it leaves out stays.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Said {
    pub percent: Option<Percent>,
    pub counts: Option<Counts>,
    pub stage: Option<Stage>,
    pub note: Option<String>,
}

/// What was reported and what stands, in percent or, where counts were less, in units.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Lower {
    pub reported: f64,
    pub kept: f64,
}

/// What a report leads to.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    Moved(Progress),
    /// It says less than was said before, within one attempt: not applied, but not lost either.
    Lower(Lower),
}

impl Progress {
    /// After a report of a program. `stages` are those that were announced, if any were.
    pub fn after(&self, said: &Said, stages: &[StagePlan]) -> Outcome {
        let stage = said.stage.as_ref().map(|stage| placed(stage, stages)).or_else(|| self.stage.clone());
        let is_same_stage = match (&stage, &self.stage) {
            (Some(new), Some(old)) => new.name == old.name,
            (new, old) => new.is_none() == old.is_none(),
        };
        let counts = said.counts.or(self.counts);
        if is_same_stage
            && let (Some(new), Some(old)) = (said.counts, self.counts)
            && new.processed() < old.processed()
        {
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
            let (reported, kept) = (new.processed() as f64, old.processed() as f64);
            return Outcome::Lower(Lower { reported, kept });
        }
        // A total that grew lowers the share that is done, where that share was all that is known.
        let old_total = self.counts.and_then(|counts| counts.total);
        let grown = old_total.is_some()
            && counts.and_then(|counts| counts.total) > old_total
            && self.counts.and_then(|counts| counts.percent()) == Some(self.percent);
        let counted = |percent: Percent| if grown && is_same_stage { percent } else { higher(percent, self.percent) };
        let weighed = weighed(stage.as_ref(), stages);
        let percent = match (said.percent, said.counts.and_then(|counts| counts.percent()), weighed) {
            (Some(percent), _, _) if percent.get() < self.percent.get() => {
                return Outcome::Lower(Lower { reported: percent.get(), kept: self.percent.get() });
            }
            (Some(percent), _, _) => percent,
            (None, Some(within), Some((before, share))) => counted(whole(before, share, within)),
            (None, Some(percent), None) => counted(percent),
            (None, None, Some((before, share))) if !is_same_stage => counted(whole(before, share, Percent::ZERO)),
            (None, None, _) => self.percent,
        };
        let note = said.note.clone().or_else(|| self.note.clone());
        Outcome::Moved(Progress { percent, counts, stage, note })
    }

    pub fn to_json(&self) -> Map<String, Value> {
        let mut facts = Map::new();
        facts.insert("progress".into(), self.percent.get().into());
        facts.insert("counts".into(), self.counts.map_or(Value::Null, Counts::to_json));
        facts.insert("stage".into(), self.stage.as_ref().map_or(Value::Null, Stage::to_json));
        facts
    }
}

fn higher(one: Percent, other: Percent) -> Percent {
    if one.get() > other.get() { one } else { other }
}

/// The stage with its place, as it was announced.
fn placed(stage: &Stage, stages: &[StagePlan]) -> Stage {
    let place = stages.iter().position(|plan| plan.name == stage.name).map(|at| at as i64 + 1);
    Stage {
        name: stage.name.clone(),
        index: stage.index.or(place),
        of: stage.of.or_else(|| place.map(|_| stages.len() as i64)),
    }
}

/// Which share of the whole lies before this stage, and which it is itself (both 0 to 1).
fn weighed(stage: Option<&Stage>, stages: &[StagePlan]) -> Option<(f64, f64)> {
    let place = stages.iter().position(|plan| Some(&plan.name) == stage.map(|stage| &stage.name))?;
    let sum: f64 = stages.iter().map(|plan| plan.weight).sum();
    let before: f64 = stages[..place].iter().map(|plan| plan.weight).sum();
    (sum > 0.0).then(|| (before / sum, stages[place].weight / sum))
}

fn whole(before: f64, share: f64, within: Percent) -> Percent {
    Percent::new((before * 100.0 + share * within.get()).clamp(0.0, 100.0)).unwrap_or(Percent::ZERO)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fresh() -> Progress {
        Progress { percent: Percent::ZERO, counts: None, stage: None, note: None }
    }

    fn counts(total: Option<i64>, succeeded: i64, failed: i64) -> Counts {
        Counts { total, succeeded, failed, skipped: 0 }
    }

    fn moved(outcome: Outcome) -> Progress {
        match outcome {
            Outcome::Moved(progress) => progress,
            Outcome::Lower(why) => panic!("refused as lower: {why:?}"),
        }
    }

    #[test]
    fn counts_add_up_or_are_refused() {
        let given = CountsGiven { processed: Some(5), succeeded: Some(3), failed: Some(1), ..CountsGiven::default() };
        assert!(given.onto(None).is_err());
        assert_eq!(CountsGiven { skipped: Some(1), ..given }.onto(None).unwrap().processed(), 5);
        let alone = CountsGiven { processed: Some(10), failed: Some(2), total: Some(20), ..CountsGiven::default() };
        assert_eq!(alone.onto(None), Ok(counts(Some(20), 8, 2)));
        assert!(CountsGiven { failed: Some(-1), ..CountsGiven::default() }.onto(None).is_err());
        let beyond = CountsGiven { processed: Some(30), total: Some(20), ..CountsGiven::default() };
        assert_eq!(beyond.onto(None).unwrap().total, Some(30));
    }

    #[test]
    fn counts_make_the_percent_and_a_growing_total_may_lower_it() {
        let half = moved(fresh().after(&Said { counts: Some(counts(Some(10), 5, 0)), ..Said::default() }, &[]));
        assert_eq!(half.percent.get(), 50.0);
        let grown = moved(half.after(&Said { counts: Some(counts(Some(20), 6, 0)), ..Said::default() }, &[]));
        assert_eq!(grown.percent.get(), 30.0);
        let unknown = moved(fresh().after(&Said { counts: Some(counts(None, 5, 0)), ..Said::default() }, &[]));
        assert_eq!(unknown.percent, Percent::ZERO);
    }

    #[test]
    fn a_lower_report_is_not_applied() {
        let half = moved(fresh().after(&Said { percent: Percent::new(50.0).ok(), ..Said::default() }, &[]));
        assert!(matches!(
            half.after(&Said { percent: Percent::new(40.0).ok(), ..Said::default() }, &[]),
            Outcome::Lower(_)
        ));
        let five = moved(fresh().after(&Said { counts: Some(counts(Some(10), 5, 0)), ..Said::default() }, &[]));
        assert!(matches!(
            five.after(&Said { counts: Some(counts(Some(10), 4, 0)), ..Said::default() }, &[]),
            Outcome::Lower(_)
        ));
    }

    #[test]
    fn announced_stages_weigh_what_is_counted_within_them() {
        let stages = [("reading", 1.0), ("sending", 3.0)].map(|(name, weight)| StagePlan { name: name.into(), weight });
        let stage = |name: &str| Some(Stage { name: name.into(), index: None, of: None });
        let read = Said { counts: Some(counts(Some(10), 5, 0)), stage: stage("reading"), ..Said::default() };
        let read = moved(fresh().after(&read, &stages));
        assert_eq!((read.percent.get(), read.stage.as_ref().and_then(|stage| stage.index)), (12.5, Some(1)));
        let sent = Said { counts: Some(counts(Some(100), 50, 0)), stage: stage("sending"), ..Said::default() };
        assert_eq!(moved(read.after(&sent, &stages)).percent.get(), 62.5);
    }

    proptest! {
        #[test]
        fn applied_counts_always_add_up(total in 0i64..100, processed in 0i64..100, failed in 0i64..100, skipped in 0i64..100) {
            let given = CountsGiven {
                total: Some(total), processed: Some(processed), failed: Some(failed), skipped: Some(skipped), succeeded: None,
            };
            if let Ok(counts) = given.onto(None) {
                prop_assert_eq!(counts.processed(), processed);
                prop_assert!(counts.succeeded >= 0 && counts.total.unwrap() >= processed);
                prop_assert!(counts.percent().is_some());
            } else {
                prop_assert!(failed + skipped > processed);
            }
        }
    }
}
