//! The hub under haste: commits of any size, subscribers that come and go at the same instant, the seam between the trail
//! and the channel. Against its model it stands in `hub_model`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};

use jiff::Timestamp;
use milepost::config::{self, Streams};
use milepost::live::{Hub, Letter, TaskLetter, Watcher, Written};
use milepost::locale::Lang;
use milepost::people::{Credential, OrganisationId, SessionKey, UserId};
use milepost::tasks::{Change, Entry, Kind, Status, Task, TaskId, Via};
use serde_json::json;
use tokio::sync::broadcast::error::TryRecvError;

use crate::support::say;

/// A letter as the tests tell it from others: the stamps grow with every entry and tick.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Heard {
    Entry {
        task: i64,
        stamp: i64,
    },
    /// With the newest entry that it knows.
    Tick {
        task: i64,
        stamp: i64,
        knows: i64,
    },
    Presence {
        user: i64,
    },
    Changed,
    Sight {
        sequence: i64,
    },
}

impl Heard {
    pub fn is_tick(&self) -> bool {
        matches!(self, Heard::Tick { .. })
    }

    pub fn of(letter: &Letter) -> Heard {
        match letter {
            Letter::Task(letter) => Heard::Entry { task: letter.entry.task.get(), stamp: letter.entry.version },
            Letter::Tick(letter) => {
                Heard::Tick { task: letter.task.id.get(), stamp: letter.task.version, knows: letter.sequence }
            }
            Letter::Presence { user, .. } => Heard::Presence { user: user.get() },
            Letter::Changed { .. } => Heard::Changed,
            Letter::Sight(letter) => Heard::Sight { sequence: letter.sequence },
            Letter::ViewersChanged | Letter::Unread { .. } | Letter::Ended { .. } => {
                panic!("{letter:?} was sent by no test")
            }
        }
    }
}

pub fn session(key: u8) -> Credential {
    Credential::Session(SessionKey::from_bytes([key; 32]))
}

pub fn watcher((organisation, user, is_admin): (i64, i64, bool), key: u8) -> Watcher {
    Watcher {
        organisation: OrganisationId::new(organisation),
        user: UserId::new(user),
        is_admin,
        credential: session(key),
        expires_at: Timestamp::MAX,
        lang: Lang::En,
        known_at: 0,
    }
}

pub fn task(organisation: i64, id: i64, version: i64) -> Task {
    Task {
        id: TaskId::new(id),
        status: Status::InProgress,
        version,
        ..Task::new(OrganisationId::new(organisation), Kind::Job, String::new(), UserId::new(1), Timestamp::UNIX_EPOCH)
    }
}

pub fn entry(organisation: i64, id: i64, version: i64, sequence: i64, saw: Vec<UserId>, sees: Vec<UserId>) -> Letter {
    let entry = Entry {
        sequence,
        organisation: OrganisationId::new(organisation),
        task: TaskId::new(id),
        version,
        change: Change::Progress,
        actor: None,
        via: Via::Api,
        old: json!({}),
        new: json!({}),
        note: None,
        presence: None,
        at: Timestamp::UNIX_EPOCH,
    };
    let after = Some(Arc::new(task(organisation, id, version)));
    let (entry, written) = (Arc::new(entry), Written::default());
    Letter::Task(Arc::new(TaskLetter { entry, before: None, after, saw, sees, written }))
}

/// Letters of one commit are one message, however many: a channel's buffer counts commits.
#[test]
fn a_commit_larger_than_any_buffer_arrives_whole() {
    let hub = Hub::new(Streams::default());
    let places = [(1, 1, false), (1, 5, true)];
    let mut ears: Vec<_> = places.iter().map(|place| hub.subscribe(&watcher(*place, 0)).unwrap()).collect();
    let count = 20 * config::ORGANISATION_BUFFER as i64;
    let bob = || vec![UserId::new(1)];
    let letters = (1..=count).map(|sequence| entry(1, sequence % 7, sequence, sequence, bob(), bob())).collect();
    hub.publish(letters, count);
    for ear in &mut ears {
        let batch = ear.ear().try_recv().unwrap();
        let heard: Vec<_> = batch.letters.iter().map(Heard::of).collect();
        let whole: Vec<_> = (1..=count).map(|stamp| Heard::Entry { task: stamp % 7, stamp }).collect();
        assert_eq!(heard, whole);
        assert!(matches!(ear.ear().try_recv(), Err(TryRecvError::Empty)));
    }
}

/// A place that two leave and one enters at the same instant: whoever is there afterwards hears, and nobody leaves an
/// empty channel behind.
#[test]
fn subscribers_that_leave_and_come_at_the_same_instant_neither_lose_nor_leave_a_channel() {
    let hub = Hub::new(Streams::default());
    for place in [(1, 1, false), (1, 5, true)] {
        for turn in 1..=1_000 {
            let leaving = [0, 1].map(|key| hub.subscribe(&watcher(place, key)).unwrap());
            let start = Barrier::new(3);
            let mut new = std::thread::scope(|scope| {
                for subscription in leaving {
                    scope.spawn(|| {
                        start.wait();
                        drop(subscription);
                    });
                }
                start.wait();
                hub.subscribe(&watcher(place, 2)).unwrap()
            });
            assert_eq!((hub.channels(), hub.streams()), (1, 1));
            hub.publish(vec![entry(1, 1, turn, turn, vec![UserId::new(1)], vec![UserId::new(1)])], turn);
            let batch = new.ear().try_recv().expect("who came hears");
            assert_eq!(Heard::of(&batch.letters[0]), Heard::Entry { task: 1, stamp: turn });
            drop(new);
            assert_eq!((hub.channels(), hub.streams()), (0, 0));
        }
    }
}

/// While a thread publishes as fast as it can: whoever subscribes and then asks how far the trail is announced hears every
/// later entry, in order, once.
#[test]
fn nothing_falls_into_the_seam_between_the_trail_and_the_channel() {
    let hub = Hub::new(Streams::default());
    let over = AtomicBool::new(false);
    let heard = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut sequence = 0;
            while !over.load(Ordering::Relaxed) {
                sequence += 1;
                let everybody = || vec![UserId::new(1), UserId::new(2)];
                hub.publish(vec![entry(1, sequence % 5, sequence, sequence, everybody(), everybody())], sequence);
            }
        });
        let places = [(1, 1, false), (1, 2, false), (1, 5, true)];
        let readers = places.map(|place| {
            scope.spawn({
                let hub = &hub;
                move || (0..100).map(|_| across_the_seam(hub, place)).sum::<usize>()
            })
        });
        let heard = readers.map(|reader| reader.join());
        over.store(true, Ordering::Relaxed);
        heard.map(Result::unwrap)
    });
    say(&format!("entries heard right after the seam by a member, another and an admin: {heard:?}"));
    assert!(heard.iter().sum::<usize>() > 0);
}

/// Subscribes and reads a little; says how much came before it could not keep up.
fn across_the_seam(hub: &Hub, place: (i64, i64, bool)) -> usize {
    let mut subscription = hub.subscribe(&watcher(place, 0)).unwrap();
    let announced = hub.announced();
    let (mut last, mut count) = (announced, 0);
    while count < 40 {
        let batch = match subscription.ear().try_recv() {
            Ok(batch) => batch,
            Err(TryRecvError::Empty) => {
                std::thread::yield_now();
                continue;
            }
            // It will come back by its cursor.
            Err(TryRecvError::Lagged(_)) => break,
            Err(TryRecvError::Closed) => panic!("a channel lives as long as its last subscriber"),
        };
        let Letter::Task(letter) = &batch.letters[0] else { panic!("{batch:?}") };
        // What was announced is in the trail already.
        if letter.entry.sequence > announced {
            assert_eq!(letter.entry.sequence, last + 1, "after the seam at {announced}");
            last += 1;
            count += 1;
        }
    }
    count
}
