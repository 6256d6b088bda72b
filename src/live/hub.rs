//! The broadcast channels: one per organisation (for its admins) and one per
//! member, made by the first subscriber and gone with the last. Publishing
//! happens in the order of commits; a stream hears all of a commit at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio::time::{Instant, sleep_until};

use super::streams::Streams;
use super::ticks::Ticks;
use super::{Batch, Letter, Ticket, Watcher};
use crate::config;
use crate::error::Result;
use crate::people::{OrganisationId, UserId};

type Channel = broadcast::Sender<Arc<Batch>>;
type Member = (OrganisationId, UserId);

#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    limits: config::Streams,
    started: Instant,
    organisations: RwLock<HashMap<OrganisationId, Channel>>,
    members: RwLock<HashMap<Member, Channel>>,
    streams: Streams,
    ticks: Mutex<Ticks>,
    /// Rings when a tick waits for its time.
    tick: Notify,
    viewers: AtomicU64,
    names: AtomicU64,
    /// The newest entry of the trail that is about to be sent, and the newest that was.
    announced: AtomicI64,
    settled: AtomicI64,
}

/// A stream's ear (an admin's on the organisation, a member's on their own channel) and its place in the register.
pub struct Subscription {
    /// None only while it is dropped.
    ear: Option<broadcast::Receiver<Arc<Batch>>>,
    pub ticket: Arc<Ticket>,
    organisation: OrganisationId,
    /// None for admins.
    member: Option<UserId>,
    hub: Hub,
}

impl Subscription {
    pub fn ear(&mut self) -> &mut broadcast::Receiver<Arc<Batch>> {
        self.ear.as_mut().expect("it is taken only while dropped")
    }

    /// Forgets what waits, and hears what is sent from now on.
    pub fn start_anew(&mut self) {
        let ear = self.ear().resubscribe();
        self.ear = Some(ear);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.ear = None;
        match self.member {
            Some(user) => leave(&self.hub.0.members, &(self.organisation, user)),
            None => leave(&self.hub.0.organisations, &self.organisation),
        }
        self.hub.0.streams.leave(&self.ticket);
    }
}

/// Letters sorted by the channels that are open.
#[derive(Default)]
struct Sorted {
    organisations: HashMap<OrganisationId, Vec<Letter>>,
    members: HashMap<Member, Vec<Letter>>,
}

impl Hub {
    pub fn new(limits: config::Streams) -> Hub {
        Hub(Arc::new(Inner {
            limits,
            started: Instant::now(),
            organisations: RwLock::default(),
            members: RwLock::default(),
            streams: Streams::default(),
            ticks: Mutex::default(),
            tick: Notify::new(),
            viewers: AtomicU64::new(1),
            names: AtomicU64::new(1),
            announced: AtomicI64::new(0),
            settled: AtomicI64::new(0),
        }))
    }

    pub fn limits(&self) -> &config::Streams {
        &self.0.limits
    }

    /// When a stream that was heard of now is pinged next. Pings fall on a grid: one awakening of the server serves all
    /// streams of a moment.
    pub fn next_ping(&self) -> Instant {
        let ping = self.0.limits.ping;
        let grid = (ping / 60).max(Duration::from_millis(1));
        let due = self.0.started.elapsed() + ping;
        let early = Duration::from_nanos(u64::try_from(due.as_nanos() % grid.as_nanos()).unwrap_or_default());
        self.0.started + due - early
    }

    /// Opens a stream's ear, or refuses when the user, the organisation or the server has too many.
    pub fn subscribe(&self, watcher: &Watcher) -> Result<Subscription> {
        let ticket = self.0.streams.enter(watcher, &self.0.limits)?;
        let (organisation, member) = (watcher.organisation, (!watcher.is_admin).then_some(watcher.user));
        let ear = match member {
            Some(user) => listen(&self.0.members, (organisation, user), config::MEMBER_BUFFER),
            None => listen(&self.0.organisations, organisation, config::ORGANISATION_BUFFER),
        };
        Ok(Subscription { ear: Some(ear), ticket, organisation, member, hub: self.clone() })
    }

    /// Sends the letters of one commit to those whom they concern; `newest` is the trail's newest entry with it. Called
    /// by the writer only, so that every channel has letters in the order of commits.
    pub fn publish(&self, letters: Vec<Letter>, newest: i64) {
        self.publish_at(letters, newest, Instant::now());
    }

    /// The same at a time that is told, by which ticks are thinned.
    pub fn publish_at(&self, letters: Vec<Letter>, newest: i64, now: Instant) {
        // Before anything is sent: whoever subscribes from now on and reads this finds all of it in the trail.
        self.0.announced.store(newest, Ordering::SeqCst);
        // Rights first: what follows in the same commit is not for them any more.
        for letter in &letters {
            self.note(letter);
        }
        let mut ticks = self.ticks();
        let letters = coalesced(&mut ticks, letters, now);
        if !ticks.is_empty() {
            self.0.tick.notify_one();
        }
        self.send(&letters);
        // Only now: a tick that waited must not overtake the entry that supersedes it.
        drop(ticks);
        self.0.settled.store(newest, Ordering::SeqCst);
    }

    /// What a letter means to the hub itself.
    fn note(&self, letter: &Letter) {
        match letter {
            Letter::Ended { user, organisation, credentials, reason } => {
                // The generation before the register: a stream that enters in between sees that its rights need a look.
                self.0.viewers.fetch_add(1, Ordering::SeqCst);
                self.0.streams.end(*user, *organisation, *credentials, *reason);
            }
            Letter::ViewersChanged | Letter::Unread { .. } => {
                self.0.viewers.fetch_add(1, Ordering::SeqCst);
            }
            Letter::Changed { .. } => {
                self.0.viewers.fetch_add(1, Ordering::SeqCst);
                self.0.names.fetch_add(1, Ordering::SeqCst);
            }
            Letter::Task(_) | Letter::Tick(_) | Letter::Presence { .. } | Letter::Sight(_) => {}
        }
    }

    fn ticks(&self) -> MutexGuard<'_, Ticks> {
        self.0.ticks.lock().expect("no one panics holding this lock")
    }

    fn send(&self, letters: &[Letter]) {
        if letters.is_empty() {
            return;
        }
        let organisations = self.0.organisations.read().expect("no one panics holding this lock");
        let members = self.0.members.read().expect("no one panics holding this lock");
        if organisations.is_empty() && members.is_empty() {
            return;
        }
        let mut sorted = Sorted::default();
        for letter in letters {
            let organisation = match letter {
                Letter::Task(task) => task.entry.organisation,
                Letter::Tick(tick) => tick.task.organisation,
                Letter::Presence { organisation, .. }
                | Letter::Changed { organisation }
                | Letter::Unread { organisation, .. } => *organisation,
                Letter::Sight(sight) => sight.organisation,
                Letter::ViewersChanged | Letter::Ended { .. } => continue,
            };
            if organisations.contains_key(&organisation) && !matches!(letter, Letter::Sight(_)) {
                sorted.organisations.entry(organisation).or_default().push(letter.clone());
            }
            let mut to_member = |user: UserId| {
                if members.contains_key(&(organisation, user)) {
                    sorted.members.entry((organisation, user)).or_default().push(letter.clone());
                }
            };
            match letter {
                Letter::Task(task) => {
                    let gone = task.saw.iter().filter(|user| !task.sees.contains(user));
                    task.sees.iter().chain(gone).copied().for_each(to_member);
                }
                Letter::Tick(tick) => tick.sees.iter().copied().for_each(to_member),
                Letter::Presence { user, .. } | Letter::Unread { user, .. } => to_member(*user),
                Letter::Sight(sight) => to_member(sight.user),
                Letter::Changed { .. } => {
                    members.keys().filter(|(of, _)| *of == organisation).for_each(|(_, user)| to_member(*user));
                }
                Letter::ViewersChanged | Letter::Ended { .. } => {}
            }
        }
        // Nobody listening any more is no failure.
        for (organisation, letters) in sorted.organisations {
            let _ = organisations.get(&organisation).map(|channel| channel.send(Arc::new(Batch::new(letters))));
        }
        for (member, letters) in sorted.members {
            let _ = members.get(&member).map(|channel| channel.send(Arc::new(Batch::new(letters))));
        }
    }

    /// Sends the ticks that had to wait, each when its time comes; never ends.
    pub async fn send_ticks(&self) {
        let mut soonest = Instant::now();
        loop {
            let next = self.ticks().next();
            match next {
                None => self.0.tick.notified().await,
                Some(next) => {
                    sleep_until(next.max(soonest)).await;
                    let now = Instant::now();
                    self.send_due(now);
                    soonest = now + config::TICKS_TOGETHER;
                }
            }
        }
    }

    /// Sends the ticks whose time has come by `now`.
    pub fn send_due(&self, now: Instant) {
        let mut ticks = self.ticks();
        let due = ticks.due(now);
        self.send(&due);
    }

    /// Grows whenever what is remembered of any viewer may be outdated.
    pub fn viewers_generation(&self) -> u64 {
        self.0.viewers.load(Ordering::SeqCst)
    }

    /// Grows whenever a name that fragments show may have changed.
    pub fn names_generation(&self) -> u64 {
        self.0.names.load(Ordering::SeqCst)
    }

    /// The newest entry of the trail as far as the hub knows; all up to it is in the trail for whoever reads it now.
    pub fn announced(&self) -> i64 {
        self.0.announced.load(Ordering::SeqCst)
    }

    /// All entries up to this one were sent: whoever has nothing waiting has heard what concerns them.
    pub fn settled(&self) -> i64 {
        self.0.settled.load(Ordering::SeqCst)
    }

    /// Where the trail stands when the program starts.
    pub fn start_at(&self, newest: i64) {
        self.0.announced.store(newest, Ordering::SeqCst);
        self.0.settled.store(newest, Ordering::SeqCst);
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.0.streams.count()
    }

    /// How many channels are open.
    pub fn channels(&self) -> usize {
        let organisations = self.0.organisations.read().expect("no one panics holding this lock").len();
        organisations + self.0.members.read().expect("no one panics holding this lock").len()
    }

    /// Tells every stream that the server stops.
    pub fn shut_down(&self) {
        self.0.streams.shut();
    }
}

/// Leaves out the ticks that have to wait.
fn coalesced(ticks: &mut Ticks, letters: Vec<Letter>, now: Instant) -> Vec<Letter> {
    let is_quiet = ticks.is_empty() && !letters.iter().any(|letter| matches!(letter, Letter::Tick(_)));
    if is_quiet {
        return letters;
    }
    let mut sent = Vec::with_capacity(letters.len());
    for letter in letters {
        match &letter {
            Letter::Tick(tick) => sent.extend(ticks.offer(tick.task.id, letter.clone(), now)),
            Letter::Task(task) => {
                ticks.supersede(task.entry.task);
                sent.push(letter);
            }
            Letter::Sight(_) => {
                // What waits is for whoever saw it until now.
                sent.extend(ticks.flush());
                sent.push(letter);
            }
            _ => sent.push(letter),
        }
    }
    sent
}

fn listen<K: Eq + Hash>(map: &RwLock<HashMap<K, Channel>>, key: K, buffer: usize) -> broadcast::Receiver<Arc<Batch>> {
    let mut map = map.write().expect("no one panics holding this lock");
    map.entry(key).or_insert_with(|| broadcast::channel(buffer).0).subscribe()
}

/// Drops the channel if nobody listens to it any more.
fn leave<K: Eq + Hash>(map: &RwLock<HashMap<K, Channel>>, key: &K) {
    let mut map = map.write().expect("no one panics holding this lock");
    if map.get(key).is_some_and(|channel| channel.receiver_count() == 0) {
        map.remove(key);
    }
}
