//! Fast ticks of one task are coalesced before they are broadcast: the first
//! at once, then at most one in [`config::TICK_EVERY`] (later if very many
//! tasks tick), the last one always. Pure: time is an argument, sending is the hub's.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use super::Letter;
use crate::config;
use crate::tasks::TaskId;

/// The tasks that ticked lately.
#[derive(Default)]
pub struct Ticks {
    tasks: HashMap<TaskId, Lately>,
    /// The same by time, so that looking for what is due costs nothing for those that are not.
    times: BTreeSet<(Instant, TaskId)>,
}

struct Lately {
    /// When the next one may go.
    free_at: Instant,
    waiting: Option<Letter>,
}

impl Ticks {
    /// Takes a tick; gives it back when it goes now.
    pub fn offer(&mut self, task: TaskId, tick: Letter, now: Instant) -> Option<Letter> {
        match self.tasks.get_mut(&task) {
            Some(lately) if lately.waiting.is_some() || lately.free_at > now => {
                lately.waiting = Some(tick);
                None
            }
            _ => {
                self.sent(task, now);
                Some(tick)
            }
        }
    }

    /// A tick of this task goes now; the next may when its time has come.
    fn sent(&mut self, task: TaskId, now: Instant) {
        let free_at = now + self.every();
        if let Some(before) = self.tasks.insert(task, Lately { free_at, waiting: None }) {
            self.times.remove(&(before.free_at, task));
        }
        self.times.insert((free_at, task));
    }

    fn every(&self) -> Duration {
        let many = u32::try_from(self.tasks.len()).unwrap_or(u32::MAX);
        config::TICK_EVERY.max(config::TICK_SHARE.saturating_mul(many))
    }

    /// An entry of the trail says all that a waiting tick would have: told later, it would lead back.
    pub fn supersede(&mut self, task: TaskId) {
        if let Some(lately) = self.tasks.get_mut(&task) {
            lately.waiting = None;
        }
    }

    /// All that wait, before their time.
    pub fn flush(&mut self) -> Vec<Letter> {
        self.tasks.values_mut().filter_map(|lately| lately.waiting.take()).collect()
    }

    /// The ticks whose time has come. Forgets tasks that have been quiet since their last.
    pub fn due(&mut self, now: Instant) -> Vec<Letter> {
        let mut due = Vec::new();
        while let Some((_, task)) = self.times.first().copied().filter(|(free_at, _)| *free_at <= now) {
            self.times.pop_first();
            if let Some(tick) = self.tasks.remove(&task).and_then(|lately| lately.waiting) {
                self.sent(task, now);
                due.push(tick);
            }
        }
        due
    }

    /// When something is next to be done, if anything is.
    pub fn next(&self) -> Option<Instant> {
        self.times.first().map(|(free_at, _)| *free_at)
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Any letter will do: they are not looked into.
    const TICK: Letter = Letter::ViewersChanged;

    #[test]
    fn what_waits_can_be_sent_before_its_time_and_is_not_sent_again() {
        let (mut ticks, now, task) = (Ticks::default(), Instant::now(), TaskId::new(1));
        assert!(ticks.offer(task, TICK, now).is_some(), "the first goes at once");
        assert!(ticks.flush().is_empty());
        assert!(ticks.offer(task, TICK, now).is_none(), "the second waits");
        assert_eq!(ticks.flush().len(), 1);
        assert!(ticks.due(now + config::TICK_EVERY).is_empty());
    }

    #[test]
    fn of_very_many_that_tick_each_has_its_share_and_all_are_forgotten_when_they_are_quiet() {
        let (mut ticks, start) = (Ticks::default(), Instant::now());
        let (tasks, seconds) = (10_000, 20);
        let mut sent = 0;
        for tenth in 0..seconds * 10 {
            let now = start + Duration::from_millis(100) * tenth;
            sent += ticks.due(now).len();
            for task in 0..tasks {
                sent += usize::from(ticks.offer(TaskId::new(task), TICK, now).is_some());
            }
            assert!(ticks.next().is_some_and(|next| next > now));
        }
        // Each at once, then two thousand a second.
        let most = 10_000 + 2_000 * seconds as usize;
        assert!((most - 4_000..=most).contains(&sent), "{sent} of at most {most}");
        let end = start + Duration::from_secs(u64::from(seconds) + 10);
        assert_eq!(ticks.due(end).len(), 10_000, "the last always goes");
        assert!(ticks.due(end + Duration::from_secs(10)).is_empty());
        assert!(ticks.is_empty() && ticks.next().is_none());
    }
}
