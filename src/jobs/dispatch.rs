//! What memory keeps of jobs: until when each running one is believed alive, and who waits for work. Times are those of
//! the clock that nobody sets ([`Clock::elapsed`]), so that setting the machine's clock neither ends nor prolongs a lease.
//! Nothing here is the truth: what is due is looked up in the store before anything is done about it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::BuiltIn;
use crate::clock::Clock;
use crate::config;
use crate::error::{Crowded, Error, Result};
use crate::people::{OrganisationId, UserId};
use crate::tasks::{Task, TaskId};

pub struct Dispatch {
    clock: Clock,
    leases: Mutex<Leases>,
    waiting: Mutex<Waiting>,
    /// Parents whose children are still to be told of their cancelling.
    cancelled: Mutex<VecDeque<TaskId>>,
    /// Rings when [`Dispatch::cancelled`] has grown.
    pub wake: Notify,
}

/// One place where jobs wait.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Lane {
    pub organisation: OrganisationId,
    pub job_kind: String,
    pub queue: String,
}

/// What was heard of a running job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    Started,
    Alive,
    Progress,
}

/// Why a job is to be looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alarm {
    /// Nothing was heard of its worker for as long as its lease.
    Lost,
    /// Its attempt took longer than it may.
    TimedOut,
    /// It is alive, without progress for long.
    Stalled,
    /// It was cancelled, and nobody seems to be there to heed it.
    Unheeded,
}

/// What a lease is made of, as it was when something was heard.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    task: TaskId,
    attempt: i64,
    is_running: bool,
    lease_seconds: Option<i64>,
    timeout_seconds: Option<i64>,
    stalled_after_seconds: Option<i64>,
    is_cancel_requested: bool,
    attempt_started_at: Option<Timestamp>,
    sign: Sign,
}

impl Heard {
    /// None of a task that is no job.
    pub fn of(task: &Task, sign: Sign) -> Option<Heard> {
        let job = task.job()?;
        Some(Heard {
            task: task.id,
            attempt: job.attempt,
            is_running: job.is_running() && !task.status.has_ended(),
            lease_seconds: job.lease_seconds,
            timeout_seconds: job.spec.timeout_seconds,
            stalled_after_seconds: job.spec.stalled_after_seconds,
            is_cancel_requested: job.cancel_requested_at.is_some(),
            attempt_started_at: job.attempt_started_at,
            sign,
        })
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Due {
    pub task: TaskId,
    pub attempt: i64,
    pub alarm: Alarm,
}

/// Until when, on the clock of [`Clock::elapsed`].
#[derive(Clone, Copy, Default, Debug)]
struct Lease {
    attempt: i64,
    lost: Option<Duration>,
    timed_out: Option<Duration>,
    stalled: Option<Duration>,
    unheeded: Option<Duration>,
}

impl Lease {
    fn alarms(&self) -> [(Alarm, Option<Duration>); 4] {
        [
            (Alarm::Lost, self.lost),
            (Alarm::TimedOut, self.timed_out),
            (Alarm::Unheeded, self.unheeded),
            (Alarm::Stalled, self.stalled),
        ]
    }

    fn next(&self) -> Option<Duration> {
        self.alarms().into_iter().filter_map(|(_, at)| at).min()
    }
}

#[derive(Default)]
struct Leases {
    /// With where each stands in `by_time`.
    of: HashMap<TaskId, (Lease, Option<Duration>)>,
    /// When each is to be looked at: not after its next alarm. Hardly a sign of life moves it, as most put the alarm off.
    by_time: BTreeSet<(Duration, TaskId)>,
}

impl Leases {
    fn get(&self, task: TaskId) -> Option<Lease> {
        self.of.get(&task).map(|(lease, _)| *lease)
    }

    fn keep(&mut self, task: TaskId, lease: Option<Lease>) {
        let Some(lease) = lease else {
            if let Some((_, Some(at))) = self.of.remove(&task) {
                self.by_time.remove(&(at, task));
            }
            return;
        };
        let (kept, at) = self.of.entry(task).or_insert((lease, None));
        *kept = lease;
        let Some(next) = lease.next().filter(|next| at.is_none_or(|at| *next < at)) else { return };
        if let Some(later) = at.replace(next) {
            self.by_time.remove(&(later, task));
        }
        self.by_time.insert((next, task));
    }

    /// Takes the first that is to be looked at by `now`.
    fn pop(&mut self, now: Duration) -> Option<(TaskId, Lease)> {
        let (at, task) = self.by_time.first().copied().filter(|(at, _)| *at <= now)?;
        self.by_time.remove(&(at, task));
        let (lease, at) = self.of.get_mut(&task)?;
        *at = None;
        Some((task, *lease))
    }
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

impl Dispatch {
    pub fn new(clock: Clock) -> Dispatch {
        Dispatch {
            clock,
            leases: Mutex::default(),
            waiting: Mutex::default(),
            cancelled: Mutex::default(),
            wake: Notify::new(),
        }
    }

    fn leases(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().expect("no one panics holding this lock")
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("no one panics holding this lock")
    }

    /// Something was heard of a job, or its end was: renews or forgets its lease.
    pub fn heard(&self, heard: Heard) {
        let mut leases = self.leases();
        if !heard.is_running {
            leases.keep(heard.task, None);
            return;
        }
        let now = self.clock.elapsed();
        let known = leases.get(heard.task).filter(|lease| lease.attempt == heard.attempt);
        let is_new = heard.sign == Sign::Started || known.is_none();
        let mut lease = known.unwrap_or(Lease { attempt: heard.attempt, ..Lease::default() });
        lease.lost = heard.lease_seconds.map(|lease| now + seconds(lease));
        if is_new {
            lease.timed_out =
                heard.timeout_seconds.map(|timeout| now + self.left(seconds(timeout), heard.attempt_started_at));
        }
        if is_new || heard.sign == Sign::Progress {
            let patience = heard.stalled_after_seconds.map_or(config::JOB_STALLED, seconds);
            lease.stalled = Some(now + patience);
        }
        lease.unheeded = (heard.is_cancel_requested && heard.lease_seconds.is_none()).then_some(now + config::UNHEEDED);
        leases.keep(heard.task, Some(lease));
    }

    /// What is left of a span that began at `since`: after a restart only the wall clock knows.
    fn left(&self, span: Duration, since: Option<Timestamp>) -> Duration {
        let gone = since.map_or(0, |since| self.clock.now().duration_since(since).as_micros().max(0));
        span.saturating_sub(Duration::from_micros(u64::try_from(gone).unwrap_or(u64::MAX)))
    }

    /// The jobs to be looked at now. Each alarm is told once, until something is heard again.
    pub fn due(&self) -> Vec<Due> {
        let now = self.clock.elapsed();
        let mut leases = self.leases();
        let mut due = Vec::new();
        while let Some((task, mut lease)) = leases.pop(now) {
            let alarm = lease.alarms().into_iter().find(|(_, at)| at.is_some_and(|at| at <= now));
            if let Some((alarm, _)) = alarm {
                due.push(Due { task, attempt: lease.attempt, alarm });
                match alarm {
                    Alarm::Lost => lease.lost = None,
                    Alarm::TimedOut => lease.timed_out = None,
                    Alarm::Stalled => lease.stalled = None,
                    Alarm::Unheeded => lease.unheeded = None,
                }
            }
            leases.keep(task, Some(lease));
        }
        due
    }

    /// What could not be dealt with comes up again.
    pub fn again(&self, due: Due) {
        let mut leases = self.leases();
        let Some(mut lease) = leases.get(due.task).filter(|lease| lease.attempt == due.attempt) else {
            return;
        };
        let at = Some(self.clock.elapsed());
        match due.alarm {
            Alarm::Lost => lease.lost = at,
            Alarm::TimedOut => lease.timed_out = at,
            Alarm::Stalled => lease.stalled = at,
            Alarm::Unheeded => lease.unheeded = at,
        }
        leases.keep(due.task, Some(lease));
    }

    /// The children of this one are to be told that it was cancelled.
    pub fn cancel_children(&self, parent: TaskId) {
        self.cancelled.lock().expect("no one panics holding this lock").push_back(parent);
        self.wake.notify_one();
    }

    pub fn next_cancelled(&self) -> Option<TaskId> {
        self.cancelled.lock().expect("no one panics holding this lock").pop_front()
    }

    /// Takes a place among those who wait for work; refused when this user has too many.
    pub fn wait_for(self: &Arc<Self>, wants: Wants, user: Option<UserId>) -> Result<Place> {
        let mut waiting = self.waiting();
        let of_user = waiting.queue.iter().filter(|waiter| user.is_some() && waiter.user == user).count();
        if of_user >= config::WAITS {
            return Err(Error::Crowded(Crowded::User));
        }
        waiting.last += 1;
        let (number, wake) = (waiting.last, Arc::new(Notify::new()));
        waiting.queue.push_back(Waiter { number, user, wants, wake: wake.clone(), is_rung: false });
        Ok(Place { number, wake, dispatch: self.clone() })
    }

    /// How many claims of users wait.
    pub fn waits(&self) -> usize {
        self.waiting().queue.iter().filter(|waiter| waiter.user.is_some()).count()
    }

    /// A job can be claimed: wakes whoever has waited longest for one like it. `assignee` is whose it is, if anybody's.
    pub fn ring(&self, lane: &Lane, assignee: Option<UserId>) {
        let mut waiting = self.waiting();
        let may = |waiter: &&mut Waiter| !waiter.is_rung && waiter.wants.take(lane, assignee);
        if let Some(waiter) = waiting.queue.iter_mut().find(may) {
            waiter.is_rung = true;
            waiter.wake.notify_one();
        }
    }

    /// Wakes all workers inside the program.
    fn ring_inside(&self) {
        let mut waiting = self.waiting();
        for waiter in waiting.queue.iter_mut().filter(|waiter| waiter.wants.organisation.is_none()) {
            waiter.is_rung = true;
            waiter.wake.notify_one();
        }
    }

    /// Anything may have become possible in an organisation: wakes all who wait there.
    pub fn ring_all(&self, organisation: OrganisationId) {
        let mut waiting = self.waiting();
        let there = |waiter: &&mut Waiter| waiter.wants.organisation.is_none_or(|of| of == organisation);
        for waiter in waiting.queue.iter_mut().filter(there) {
            waiter.is_rung = true;
            waiter.wake.notify_one();
        }
    }
}

/// What a claimer would take.
#[derive(Clone, Debug)]
pub struct Wants {
    /// None: of every organisation (the workers inside the program).
    pub organisation: Option<OrganisationId>,
    /// Empty: of any kind.
    pub kinds: Vec<String>,
    /// Empty: from any queue.
    pub queues: Vec<String>,
    /// A member, who takes only what is their own.
    pub own: Option<UserId>,
}

impl Wants {
    /// Any kind is any but those that Milepost runs itself.
    fn takes_any(&self, kind: &str) -> bool {
        self.kinds.is_empty() && BuiltIn::named(kind).is_none()
    }

    fn take(&self, lane: &Lane, assignee: Option<UserId>) -> bool {
        self.own.is_none_or(|own| assignee == Some(own))
            && self.organisation.is_none_or(|of| of == lane.organisation)
            && (self.kinds.contains(&lane.job_kind) || self.takes_any(&lane.job_kind))
            && (self.queues.is_empty() || self.queues.contains(&lane.queue))
    }
}

#[derive(Default)]
struct Waiting {
    last: u64,
    queue: VecDeque<Waiter>,
}

struct Waiter {
    number: u64,
    user: Option<UserId>,
    wants: Wants,
    wake: Arc<Notify>,
    /// Was told of a job, and has not yet come for it.
    is_rung: bool,
}

/// A claimer's place among those who wait. One that leaves after it was rung lets the next one know.
pub struct Place {
    number: u64,
    wake: Arc<Notify>,
    dispatch: Arc<Dispatch>,
}

impl Place {
    /// Until there may be work.
    pub async fn rung(&self) {
        self.wake.notified().await;
        let mut waiting = self.dispatch.waiting();
        if let Some(waiter) = waiting.queue.iter_mut().find(|waiter| waiter.number == self.number) {
            waiter.is_rung = false;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.dispatch.waiting();
        let Some(at) = waiting.queue.iter().position(|waiter| waiter.number == self.number) else { return };
        let Some(left) = waiting.queue.remove(at) else { return };
        drop(waiting);
        match left.wants.organisation {
            // What it was rung for may still be there: all whom it could concern look.
            Some(organisation) if left.is_rung => self.dispatch.ring_all(organisation),
            None if left.is_rung => self.dispatch.ring_inside(),
            _ => {}
        }
    }
}
