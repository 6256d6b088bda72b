//! The broadcast channels: one per organisation (for its admins) and one per
//! member, made by the first subscriber and gone with the last. Publishing
//! happens in the writer's thread, in the order of commits.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use tokio::sync::{broadcast, watch};

use super::Letter;
use crate::config;
use crate::error::{Error, Result};
use crate::people::{OrganisationId, UserId, Viewer};

type Channel = broadcast::Sender<Arc<Letter>>;

#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    organisations: RwLock<HashMap<OrganisationId, Channel>>,
    members: RwLock<HashMap<(OrganisationId, UserId), Channel>>,
    streams: AtomicUsize,
    viewers: AtomicU64,
    names: AtomicU64,
    shutdown: watch::Sender<bool>,
}

impl Default for Hub {
    fn default() -> Hub {
        Hub(Arc::new(Inner {
            organisations: RwLock::default(),
            members: RwLock::default(),
            streams: AtomicUsize::new(0),
            viewers: AtomicU64::new(0),
            names: AtomicU64::new(0),
            shutdown: watch::channel(false).0,
        }))
    }
}

/// A stream's two ears: its own channel, and for admins the organisation's.
pub struct Subscription {
    pub own: broadcast::Receiver<Arc<Letter>>,
    pub organisation: Option<broadcast::Receiver<Arc<Letter>>>,
    pub shutdown: watch::Receiver<bool>,
    key: (OrganisationId, UserId),
    hub: Hub,
}

impl Hub {
    /// Opens a stream's ears, or refuses when the user or the server has too many.
    pub fn subscribe(&self, viewer: &Viewer) -> Result<Subscription> {
        let key = (viewer.organisation, viewer.user);
        let taken = self.0.streams.fetch_add(1, Ordering::Relaxed);
        let own = listen(&self.0.members, key);
        let subscription = Subscription {
            organisation: viewer.is_admin().then(|| listen(&self.0.organisations, viewer.organisation)),
            shutdown: self.0.shutdown.subscribe(),
            own,
            key,
            hub: self.clone(),
        };
        let of_user = read(&self.0.members).get(&key).map_or(0, Channel::receiver_count);
        if taken >= config::STREAMS || of_user > config::STREAMS_PER_USER {
            return Err(Error::TooMany { retry_after_seconds: 30 });
        }
        Ok(subscription)
    }

    /// Sends a letter to those whom it concerns. Called by the writer only, so
    /// that every channel has letters in the order of commits.
    pub fn publish(&self, letter: Letter) {
        match &letter {
            Letter::Ended { .. } | Letter::ViewersChanged => self.bump(&self.0.viewers),
            Letter::Changed { .. } => {
                self.bump(&self.0.viewers);
                self.bump(&self.0.names);
            }
            Letter::Task(_) | Letter::Presence { .. } => {}
        }
        let letter = Arc::new(letter);
        match &*letter {
            Letter::Task(task) => {
                let organisation = task.after.organisation;
                send(&self.0.organisations, &organisation, &letter);
                let members = read(&self.0.members);
                let gone = task.saw.iter().filter(|user| !task.sees.contains(user));
                for user in task.sees.iter().chain(gone) {
                    if let Some(channel) = members.get(&(organisation, *user)) {
                        // Nobody listening any more is no failure.
                        let _ = channel.send(letter.clone());
                    }
                }
            }
            Letter::Presence { organisation, user, .. } => {
                send(&self.0.organisations, organisation, &letter);
                send(&self.0.members, &(*organisation, *user), &letter);
            }
            Letter::Changed { organisation } => {
                self.send_to_members(&letter, |(of, _)| of == organisation);
            }
            Letter::Ended { user, organisation, .. } => {
                self.send_to_members(&letter, |(of, who)| who == user && organisation.is_none_or(|only| only == *of));
            }
            Letter::ViewersChanged => {}
        }
    }

    fn send_to_members(&self, letter: &Arc<Letter>, to: impl Fn(&(OrganisationId, UserId)) -> bool) {
        for (key, channel) in &*read(&self.0.members) {
            if to(key) {
                let _ = channel.send(letter.clone());
            }
        }
    }

    fn bump(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::SeqCst);
    }

    /// Grows whenever what is remembered of any viewer may be outdated.
    pub fn viewers_generation(&self) -> u64 {
        self.0.viewers.load(Ordering::SeqCst)
    }

    /// Grows whenever a name that fragments show may have changed.
    pub fn names_generation(&self) -> u64 {
        self.0.names.load(Ordering::SeqCst)
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.0.streams.load(Ordering::Relaxed)
    }

    /// Tells every stream that the server stops.
    pub fn shut_down(&self) {
        self.0.shutdown.send_replace(true);
    }
}

fn read<K, V>(map: &RwLock<HashMap<K, V>>) -> std::sync::RwLockReadGuard<'_, HashMap<K, V>> {
    map.read().expect("no one panics holding this lock")
}

fn listen<K: Eq + Hash>(map: &RwLock<HashMap<K, Channel>>, key: K) -> broadcast::Receiver<Arc<Letter>> {
    let mut map = map.write().expect("no one panics holding this lock");
    map.entry(key).or_insert_with(|| broadcast::channel(config::STREAM_BUFFER).0).subscribe()
}

fn send<K: Eq + Hash>(map: &RwLock<HashMap<K, Channel>>, key: &K, letter: &Arc<Letter>) {
    if let Some(channel) = read(map).get(key) {
        let _ = channel.send(letter.clone());
    }
}

/// Drops the channel that nobody listens to; `leaving` is still among its receivers.
fn leave<K: Eq + Hash>(map: &RwLock<HashMap<K, Channel>>, key: &K) {
    let mut map = map.write().expect("no one panics holding this lock");
    if map.get(key).is_some_and(|channel| channel.receiver_count() <= 1) {
        map.remove(key);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        leave(&self.hub.0.members, &self.key);
        if self.organisation.is_some() {
            leave(&self.hub.0.organisations, &self.key.0);
        }
        self.hub.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}
