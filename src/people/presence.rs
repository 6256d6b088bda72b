//! Presence: who is active, idle or offline, from requests, from the pages'
//! own signals, or declared. The present state is in memory; spans are stored,
//! so that each user can see what is recorded about them. Offline is what no
//! span covers.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use super::{OrganisationId, Presence, PresenceSource, UserId, sql};
use crate::App;
use crate::config;
use crate::error::Result;
use crate::live::Letter;

type Key = (OrganisationId, UserId);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Present {
    state: Presence,
    source: PresenceSource,
    since: Timestamp,
    signal: Timestamp,
    written: Timestamp,
    span: Option<i64>,
}

/// Who is here now.
#[derive(Default)]
pub struct Tracker(Mutex<HashMap<Key, Present>>);

/// What a signal asks the store to do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Nothing,
    /// The same state lasts: write its span's end.
    Extend(i64),
    /// Another state: end the old span, open a new one.
    Open(Option<i64>),
}

impl Tracker {
    pub fn of(&self, organisation: OrganisationId, user: UserId) -> Presence {
        self.lock().get(&(organisation, user)).map_or(Presence::Offline, |present| present.state)
    }

    /// Takes a signal in, and says what to store. Decided under one lock, so
    /// that two requests at once do not open two spans.
    fn signal(&self, key: Key, state: Presence, source: PresenceSource, now: Timestamp) -> Step {
        let mut all = self.lock();
        let old = all.get(&key).copied();
        if let Some(old) = old
            && old.source == PresenceSource::Declared
            && source == PresenceSource::Pages
            && now.duration_since(old.since) < config::OFFLINE_AFTER
        {
            // What somebody says of themselves holds for a while.
            return Step::Nothing;
        }
        match old {
            Some(old) if old.state == state && old.source == source => {
                let due = now.duration_since(old.written) >= config::PRESENCE_WRITE_EVERY;
                let written = if due { now } else { old.written };
                all.insert(key, Present { signal: now, written, ..old });
                old.span.filter(|_| due).map_or(Step::Nothing, Step::Extend)
            }
            _ => {
                all.insert(key, Present { state, source, since: now, signal: now, written: now, span: None });
                Step::Open(old.and_then(|old| old.span))
            }
        }
    }

    fn remember_span(&self, key: Key, since: Timestamp, span: i64) {
        if let Some(present) = self.lock().get_mut(&key)
            && present.since == since
        {
            present.span = Some(span);
        }
    }

    /// Whose silence makes them idle or offline by now.
    fn silent(&self, now: Timestamp) -> Vec<(Key, Presence)> {
        self.lock()
            .iter()
            .filter_map(|(key, present)| {
                silence(present.state, now.duration_since(present.signal)).map(|state| (*key, state))
            })
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Present>> {
        self.0.lock().expect("no one panics holding this lock")
    }
}

fn silence(state: Presence, quiet: SignedDuration) -> Option<Presence> {
    match state {
        Presence::Offline => None,
        _ if quiet >= config::OFFLINE_AFTER => Some(Presence::Offline),
        Presence::Active if quiet >= config::IDLE_AFTER => Some(Presence::Idle),
        _ => None,
    }
}

/// A sign of life, or a declaration, of a member.
pub async fn note_presence(
    app: &App,
    organisation: OrganisationId,
    user: UserId,
    state: Presence,
    source: PresenceSource,
) -> Result<()> {
    let now = app.clock.now();
    let key = (organisation, user);
    match app.presence.signal(key, state, source, now) {
        Step::Nothing => Ok(()),
        Step::Extend(span) => app.db.write(move |w| Ok(sql::extend_span(w.conn, span, now)?)).await,
        Step::Open(old) => {
            let span = app.db.write(move |w| {
                if let Some(old) = old {
                    sql::extend_span(w.conn, old, now)?;
                }
                w.publish(Letter::Presence { organisation, user, presence: state });
                match state {
                    Presence::Offline => Ok(None),
                    _ => Ok(Some(sql::open_span(w.conn, organisation, user, state, source, now)?)),
                }
            });
            if let Some(span) = span.await? {
                app.presence.remember_span(key, now, span);
            }
            Ok(())
        }
    }
}

/// Makes idle, then offline, who has been silent. Called every half minute.
pub async fn notice_silence(app: &App) -> Result<()> {
    let now = app.clock.now();
    for ((organisation, user), state) in app.presence.silent(now) {
        let key = (organisation, user);
        let (old, since) = {
            let mut all = app.presence.lock();
            let Some(present) = all.get_mut(&key) else { continue };
            let old = present.span.take();
            (present.state, present.since) = (state, now);
            present.source = PresenceSource::Pages;
            (old, now)
        };
        let span = app.db.write(move |w| {
            if let Some(old) = old {
                sql::extend_span(w.conn, old, now)?;
            }
            w.publish(Letter::Presence { organisation, user, presence: state });
            match state {
                Presence::Offline => Ok(None),
                _ => Ok(Some(sql::open_span(w.conn, organisation, user, state, PresenceSource::Pages, now)?)),
            }
        });
        if let Some(span) = span.await? {
            app.presence.remember_span(key, since, span);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = (OrganisationId::new(1), UserId::new(1));

    #[test]
    fn many_requests_of_one_minute_write_once() {
        let tracker = Tracker::default();
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let signal = |seconds| tracker.signal(KEY, Presence::Active, PresenceSource::Pages, at(seconds));
        assert_eq!(signal(0), Step::Open(None));
        tracker.remember_span(KEY, at(0), 7);
        assert_eq!(signal(1), Step::Nothing);
        assert_eq!(signal(59), Step::Nothing);
        assert_eq!(signal(61), Step::Extend(7));
        assert_eq!(signal(62), Step::Nothing);
    }

    #[test]
    fn a_declaration_outlasts_the_next_page() {
        let tracker = Tracker::default();
        let now = Timestamp::UNIX_EPOCH;
        tracker.signal(KEY, Presence::Idle, PresenceSource::Declared, now);
        assert_eq!(tracker.signal(KEY, Presence::Active, PresenceSource::Pages, now), Step::Nothing);
        assert_eq!(tracker.of(KEY.0, KEY.1), Presence::Idle);
        let later = now + config::OFFLINE_AFTER;
        assert_eq!(tracker.signal(KEY, Presence::Active, PresenceSource::Pages, later), Step::Open(None));
    }

    #[test]
    fn silence_makes_idle_then_offline() {
        assert_eq!(silence(Presence::Active, SignedDuration::from_mins(4)), None);
        assert_eq!(silence(Presence::Active, SignedDuration::from_mins(5)), Some(Presence::Idle));
        assert_eq!(silence(Presence::Idle, SignedDuration::from_mins(5)), None);
        assert_eq!(silence(Presence::Idle, SignedDuration::from_mins(15)), Some(Presence::Offline));
    }
}
