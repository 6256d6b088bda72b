//! The hub against a model of it: commits, ticks, time, and subscribers that come, go, read and fall behind at random.
//! What each of them hears must be what the model says, batch by batch; the model is the specification in few words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use milepost::config::{self, Streams, TICK_EVERY};
use milepost::live::hub::Subscription;
use milepost::live::{Credentials, EndReason, Hub, Letter, SightLetter, TickLetter, Written};
use milepost::people::{OrganisationId, Presence, UserId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::sync::broadcast::error::TryRecvError;
use tokio::time::Instant;

use crate::hub::{Heard, entry, session, task, watcher};
use crate::support::say;

/// Who may watch: organisation, user, whether as an admin. User 3 is a member of both.
const PLACES: [(i64, i64, bool); 8] = [
    (1, 1, false),
    (1, 2, false),
    (1, 3, false),
    (1, 5, true),
    (1, 7, true),
    (2, 3, false),
    (2, 4, false),
    (2, 6, true),
];
/// Their members, as tasks have them for an audience.
const MEMBERS: [[i64; 3]; 2] = [[1, 2, 3], [3, 4, 4]];
const TASKS: usize = 6;

fn organisation_of(task: usize) -> i64 {
    if task < 4 { 1 } else { 2 }
}

/// The members named by the bits.
fn audience(task: usize, bits: u8) -> BTreeSet<i64> {
    let members = MEMBERS[usize::from(organisation_of(task) == 2)];
    members.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, user)| *user).collect()
}

/// One thing in a commit.
#[derive(Clone, Debug)]
enum Part {
    Entry { task: usize, sees: u8 },
    Tick { task: usize },
    Presence { place: usize },
    Changed { organisation: i64 },
    Sight { place: usize },
    Ended { user: i64, organisation: Option<i64>, key: Option<u8> },
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Part>),
    Pass(u64),
    Due,
    Join { place: usize, key: u8 },
    Leave(usize),
    Read(usize),
}

fn part() -> impl Strategy<Value = Part> {
    let user = || prop::sample::select(vec![1, 2, 3, 4, 5, 6, 7]);
    prop_oneof![
        5 => (0..TASKS, 0..8u8).prop_map(|(task, sees)| Part::Entry { task, sees }),
        6 => (0..TASKS).prop_map(|task| Part::Tick { task }),
        1 => (0..PLACES.len()).prop_map(|place| Part::Presence { place }),
        1 => (1..=2i64).prop_map(|organisation| Part::Changed { organisation }),
        1 => prop::sample::select(vec![0, 1, 2, 5, 6]).prop_map(|place| Part::Sight { place }),
        1 => (user(), prop::option::of(1..=2i64), prop::option::of(0..3u8))
            .prop_map(|(user, organisation, key)| Part::Ended { user, organisation, key }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(part(), 1..8).prop_map(Step::Commit),
        4 => (1..130u64).prop_map(Step::Pass),
        4 => Just(Step::Due),
        3 => (0..PLACES.len(), 0..3u8).prop_map(|(place, key)| Step::Join { place, key }),
        1 => any::<usize>().prop_map(Step::Leave),
        3 => any::<usize>().prop_map(Step::Read),
    ]
}

/// Who hears something, as the specification says it.
#[derive(Clone, Debug)]
struct Addressed {
    organisation: i64,
    /// Besides the organisation's admins; none: every member.
    members: Option<BTreeSet<i64>>,
    /// An admin sees everything, so nothing of this kind is theirs.
    members_only: bool,
    what: Heard,
}

impl Addressed {
    fn is_for(&self, (organisation, user, is_admin): (i64, i64, bool)) -> bool {
        let is_among = self.members.as_ref().is_none_or(|members| members.contains(&user));
        organisation == self.organisation && if is_admin { !self.members_only } else { is_among }
    }
}

struct Reader {
    place: (i64, i64, bool),
    key: u8,
    subscription: Subscription,
    /// The batches that it has to hear and did not read.
    waiting: Vec<Vec<Heard>>,
    ended: Option<EndReason>,
    /// The last stamp that it read of each task.
    stamps: BTreeMap<i64, i64>,
}

/// A task's ticks, as the specification says it: when the last was sent, and which waits.
#[derive(Clone, Default)]
struct Ticking {
    sent_at: Option<Instant>,
    waiting: Option<Addressed>,
}

struct World {
    hub: Hub,
    now: Instant,
    stamp: i64,
    sequence: i64,
    sees: Vec<BTreeSet<i64>>,
    ticking: Vec<Ticking>,
    readers: Vec<Reader>,
}

fn users(users: &BTreeSet<i64>) -> Vec<UserId> {
    users.iter().copied().map(UserId::new).collect()
}

impl World {
    fn new() -> World {
        let sees = (0..TASKS).map(|task| audience(task, 1)).collect();
        let (hub, now) = (Hub::new(Streams::default()), Instant::now());
        World { hub, now, stamp: 0, sequence: 0, sees, ticking: vec![Ticking::default(); TASKS], readers: Vec::new() }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Commit(parts) => self.commit(&parts),
            Step::Pass(millis) => self.now += Duration::from_millis(millis),
            Step::Due => self.due(),
            Step::Join { place, key } => self.join(PLACES[place], key),
            Step::Leave(which) if !self.readers.is_empty() => {
                self.readers.swap_remove(which % self.readers.len());
            }
            Step::Read(which) if !self.readers.is_empty() => {
                let which = which % self.readers.len();
                if self.readers[which].read() == Read::Lagged {
                    self.readers.swap_remove(which);
                }
            }
            Step::Leave(_) | Step::Read(_) => {}
        }
        self.check();
    }

    fn join(&mut self, place: (i64, i64, bool), key: u8) {
        let subscription = self.hub.subscribe(&watcher(place, key)).unwrap();
        let (waiting, stamps) = (Vec::new(), BTreeMap::new());
        self.readers.push(Reader { place, key, subscription, waiting, ended: None, stamps });
    }

    fn commit(&mut self, parts: &[Part]) {
        let (mut letters, mut sent) = (Vec::new(), Vec::new());
        for part in parts {
            letters.push(self.letter(part, &mut sent));
        }
        self.hub.publish_at(letters, self.sequence, self.now);
        assert_eq!((self.hub.announced(), self.hub.settled()), (self.sequence, self.sequence));
        self.expect(&sent);
    }

    /// The letter for a part of a commit; `sent` gets what of it goes out at once.
    fn letter(&mut self, part: &Part, sent: &mut Vec<Addressed>) -> Letter {
        match *part {
            Part::Entry { task, sees } => {
                let organisation = organisation_of(task);
                let sees = audience(task, sees);
                let saw = std::mem::replace(&mut self.sees[task], sees.clone());
                self.stamp += 1;
                self.sequence += 1;
                // It says all that a waiting tick would have.
                self.ticking[task].waiting = None;
                let (id, stamp) = (task as i64, self.stamp);
                let members = Some(saw.union(&sees).copied().collect());
                sent.push(Addressed {
                    organisation,
                    members,
                    members_only: false,
                    what: Heard::Entry { task: id, stamp },
                });
                entry(organisation, id, stamp, self.sequence, users(&saw), users(&sees))
            }
            Part::Tick { task } => self.tick(task, sent),
            Part::Presence { place } => {
                let (organisation, user, _) = PLACES[place];
                sent.push(Addressed {
                    organisation,
                    members: Some([user].into()),
                    members_only: false,
                    what: Heard::Presence { user },
                });
                let (organisation, user) = (OrganisationId::new(organisation), UserId::new(user));
                Letter::Presence { organisation, user, presence: Presence::Idle }
            }
            Part::Changed { organisation } => {
                sent.push(Addressed { organisation, members: None, members_only: false, what: Heard::Changed });
                Letter::Changed { organisation: OrganisationId::new(organisation) }
            }
            Part::Sight { place } => {
                let (organisation, user, _) = PLACES[place];
                // What waits is for whoever saw it until now.
                sent.extend(self.ticking.iter_mut().filter_map(|ticking| ticking.waiting.take()));
                self.sequence += 1;
                let sequence = self.sequence;
                let (members, what) = (Some([user].into()), Heard::Sight { sequence });
                sent.push(Addressed { organisation, members, members_only: true, what });
                let (organisation, user) = (OrganisationId::new(organisation), UserId::new(user));
                Letter::Sight(Arc::new(SightLetter { organisation, user, sequence, gone: None }))
            }
            Part::Ended { user, organisation, key } => {
                for reader in &mut self.readers {
                    let (of, who, _) = reader.place;
                    let is_meant =
                        organisation.is_none_or(|only| only == of) && key.is_none_or(|key| key == reader.key);
                    if who == user && is_meant {
                        reader.ended = Some(EndReason::Revoked);
                    }
                }
                Letter::Ended {
                    user: UserId::new(user),
                    organisation: organisation.map(OrganisationId::new),
                    credentials: key.map_or(Credentials::All, |key| Credentials::Only(session(key))),
                    reason: EndReason::Revoked,
                }
            }
        }
    }

    fn tick(&mut self, of: usize, sent: &mut Vec<Addressed>) -> Letter {
        let organisation = organisation_of(of);
        self.stamp += 1;
        let (id, stamp) = (of as i64, self.stamp);
        let members = Some(self.sees[of].clone());
        let addressed = Addressed {
            organisation,
            members,
            members_only: false,
            what: Heard::Tick { task: id, stamp, knows: self.sequence },
        };
        let ticking = &mut self.ticking[of];
        let is_free = ticking.sent_at.is_none_or(|at| self.now >= at + TICK_EVERY);
        if is_free && ticking.waiting.is_none() {
            ticking.sent_at = Some(self.now);
            sent.push(addressed);
        } else {
            ticking.waiting = Some(addressed);
        }
        let (task, sees) = (Arc::new(task(organisation, id, stamp)), users(&self.sees[of]));
        Letter::Tick(Arc::new(TickLetter {
            task,
            sequence: self.sequence,
            at: Timestamp::UNIX_EPOCH,
            sees,
            written: Written::default(),
        }))
    }

    fn due(&mut self) {
        self.hub.send_due(self.now);
        let mut sent = Vec::new();
        for ticking in &mut self.ticking {
            if ticking.sent_at.is_some_and(|at| self.now >= at + TICK_EVERY)
                && let Some(addressed) = ticking.waiting.take()
            {
                ticking.sent_at = Some(self.now);
                sent.push(addressed);
            }
        }
        self.expect(&sent);
    }

    /// Whom it concerns hears it, as one batch.
    fn expect(&mut self, sent: &[Addressed]) {
        for reader in &mut self.readers {
            let batch: Vec<_> =
                sent.iter().filter(|one| one.is_for(reader.place)).map(|one| one.what.clone()).collect();
            if !batch.is_empty() {
                reader.waiting.push(batch);
            }
        }
    }

    fn check(&self) {
        let member = |(organisation, user, is_admin): (i64, i64, bool)| (organisation, (!is_admin).then_some(user));
        let channels: BTreeSet<_> = self.readers.iter().map(|reader| member(reader.place)).collect();
        assert_eq!(self.hub.channels(), channels.len(), "a channel for each place that is watched: {channels:?}");
        assert_eq!(self.hub.streams(), self.readers.len());
        for reader in &self.readers {
            assert_eq!(reader.subscription.ticket.ended(), reader.ended, "{:?}", reader.place);
        }
    }

    /// Time passes until nothing waits, and everybody reads.
    fn come_to_rest(&mut self) {
        for _ in 0..2 {
            self.now += TICK_EVERY;
            self.due();
        }
        assert!(self.ticking.iter().all(|ticking| ticking.waiting.is_none()));
        self.readers.retain_mut(|reader| reader.read() == Read::All);
        self.check();
        self.readers.clear();
        self.check();
    }
}

#[derive(PartialEq, Eq, Debug)]
enum Read {
    All,
    Lagged,
}

impl Reader {
    /// Reads what waits: exactly what the model says, or that it was too much.
    fn read(&mut self) -> Read {
        let buffer = if self.place.2 { config::ORGANISATION_BUFFER } else { config::MEMBER_BUFFER };
        if self.waiting.len() > buffer {
            let heard = self.subscription.ear().try_recv();
            assert!(matches!(heard, Err(TryRecvError::Lagged(_))), "{:?} of {}", heard.is_ok(), self.waiting.len());
            return Read::Lagged;
        }
        for mut expected in std::mem::take(&mut self.waiting) {
            let batch = self.subscription.ear().try_recv().unwrap_or_else(|why| panic!("{why} before {expected:?}"));
            let mut heard: Vec<_> = batch.letters.iter().map(Heard::of).collect();
            // Ticks of several tasks that go at once do so in any order.
            for letters in [&mut heard, &mut expected] {
                letters.chunk_by_mut(|one, next| one.is_tick() && next.is_tick()).for_each(<[Heard]>::sort);
            }
            assert_eq!(heard, expected, "{:?}", self.place);
            self.note(&heard);
        }
        let more = self.subscription.ear().try_recv();
        assert!(matches!(more, Err(TryRecvError::Empty)), "{more:?} was for somebody else");
        Read::All
    }

    /// Of one task nothing older comes after something newer, whatever the model says.
    fn note(&mut self, heard: &[Heard]) {
        for one in heard {
            if let Heard::Entry { task, stamp } | Heard::Tick { task, stamp, .. } = one {
                let before = self.stamps.insert(*task, *stamp);
                assert!(before.is_none_or(|before| before < *stamp), "{one:?} after {before:?}");
            }
        }
    }
}

#[test]
fn what_each_subscriber_hears_is_what_the_model_says() {
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let told = std::cell::Cell::new(0usize);
    let outcome = runner.run(&prop::collection::vec(step(), 1..160), |steps| {
        let mut world = World::new();
        // Somebody hears all of each organisation from the first commit on.
        world.join((1, 5, true), 0);
        world.join((2, 6, true), 0);
        steps.into_iter().for_each(|step| world.take(step));
        told.set(told.get() + usize::try_from(world.stamp).unwrap());
        world.come_to_rest();
        Ok(())
    });
    say(&format!("hub model: {} entries and ticks in 400 runs", told.get()));
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
