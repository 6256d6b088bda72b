//! Fast ticks of one task are coalesced before they are broadcast: the first
//! at once, then at most one in [`config::TICK_EVERY`], the last one always.
//! Pure: time is an argument, sending is the hub's.

use std::collections::HashMap;

use tokio::time::Instant;

use super::Letter;
use crate::config;
use crate::tasks::TaskId;

/// The tasks that ticked lately.
#[derive(Default)]
pub struct Ticks(HashMap<TaskId, Lately>);

struct Lately {
    /// When the next one may go.
    free_at: Instant,
    waiting: Option<Letter>,
}

impl Ticks {
    /// Takes a tick; gives it back when it goes now.
    pub fn offer(&mut self, task: TaskId, tick: Letter, now: Instant) -> Option<Letter> {
        let free_at = now + config::TICK_EVERY;
        match self.0.get_mut(&task) {
            None => {
                self.0.insert(task, Lately { free_at, waiting: None });
                Some(tick)
            }
            Some(lately) if lately.waiting.is_none() && lately.free_at <= now => {
                lately.free_at = free_at;
                Some(tick)
            }
            Some(lately) => {
                lately.waiting = Some(tick);
                None
            }
        }
    }

    /// An entry of the trail says all that a waiting tick would have: told later, it would lead back.
    pub fn supersede(&mut self, task: TaskId) {
        if let Some(lately) = self.0.get_mut(&task) {
            lately.waiting = None;
        }
    }

    /// All that wait, before their time.
    pub fn flush(&mut self) -> Vec<Letter> {
        self.0.values_mut().filter_map(|lately| lately.waiting.take()).collect()
    }

    /// The ticks whose time has come. Forgets tasks that have been quiet since their last.
    pub fn due(&mut self, now: Instant) -> Vec<Letter> {
        let mut due = Vec::new();
        self.0.retain(|_, lately| {
            if lately.free_at > now {
                return true;
            }
            lately.free_at = now + config::TICK_EVERY;
            let tick = lately.waiting.take();
            let goes = tick.is_some();
            due.extend(tick);
            goes
        });
        due
    }

    /// When something is next to be done, if anything is.
    pub fn next(&self) -> Option<Instant> {
        self.0.values().map(|lately| lately.free_at).min()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_can_be_sent_before_its_time_and_is_not_sent_again() {
        let (mut ticks, now, task) = (Ticks::default(), Instant::now(), TaskId::new(1));
        // Any letter will do: they are not looked into.
        assert!(ticks.offer(task, Letter::ViewersChanged, now).is_some(), "the first goes at once");
        assert!(ticks.flush().is_empty());
        assert!(ticks.offer(task, Letter::ViewersChanged, now).is_none(), "the second waits");
        assert_eq!(ticks.flush().len(), 1);
        assert!(ticks.due(now + config::TICK_EVERY).is_empty());
    }
}
