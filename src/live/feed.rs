//! Replay and live as one: subscribe, replay the trail after the cursor, then
//! go live, with no gap and no repeat across the seam. When to read, when to
//! wait and how an item is written are the business of whoever holds the feed.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::hub::Subscription;
use super::past::{Looked, Seam, look, replay};
use super::{Batch, Cursor, EndReason, Letter, SightLetter, TaskLetter, TickLetter, Ticket, Watcher};
use crate::App;
use crate::error::Result;
use crate::people::{Presence, UserId};
use crate::tasks::{Entry, Task, TaskId};

/// What a subscriber gets, in order.
#[derive(Clone, Debug)]
pub enum Item {
    Task(News),
    Tick(Arc<TickLetter>),
    Presence {
        user: UserId,
        presence: Presence,
    },
    /// Names or settings changed: ask again for what is shown.
    Changed,
    /// So many notifications this subscriber has not read now.
    Unread(i64),
    /// Tasks left this subscriber's sight, though nothing happened to them.
    Gone {
        cursor: Cursor,
        letter: Arc<SightLetter>,
    },
    /// Ask again for everything.
    Reset {
        cursor: Cursor,
    },
}

/// An entry of the trail, as one subscriber may know it.
#[derive(Clone, Debug)]
pub struct News {
    pub cursor: Cursor,
    pub letter: Arc<TaskLetter>,
    sees: bool,
    saw: bool,
}

impl News {
    pub fn entry(&self) -> &Entry {
        &self.letter.entry
    }

    pub fn task(&self) -> TaskId {
        self.letter.entry.task
    }

    /// None when the task has left this subscriber's sight.
    pub fn after(&self) -> Option<&Arc<Task>> {
        self.letter.after.as_ref().filter(|_| self.sees)
    }

    /// None when it was not in this subscriber's sight, or not known.
    pub fn before(&self) -> Option<&Arc<Task>> {
        self.letter.before.as_ref().filter(|_| self.saw)
    }
}

/// Where a subscriber goes on.
#[derive(Clone, Copy, Debug)]
pub struct From {
    /// Without one the feed starts now.
    pub cursor: Option<Cursor>,
    /// More entries than this are not replayed: the subscriber asks for everything instead.
    pub most: i64,
}

/// How a feed begins.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    pub cursor: Cursor,
    pub now: Timestamp,
    /// The cursor could not be continued: everything is to be asked for again.
    pub reset: bool,
    /// There are pages to replay before it is live.
    pub behind: bool,
}

/// A page of the past.
pub struct Page {
    pub items: Vec<Item>,
    pub more: bool,
}

pub struct Feed {
    pub app: App,
    pub watcher: Watcher,
    subscription: Subscription,
    /// The newest entry that this feed has dealt with.
    sequence: i64,
    /// What was received and is not read to its end.
    batch: Option<(Arc<Batch>, usize)>,
    seam: Option<Box<Seam>>,
}

impl Feed {
    /// Subscribes, or refuses when there are too many streams.
    pub fn open(app: &App, watcher: Watcher) -> Result<Feed> {
        let subscription = app.hub.subscribe(&watcher)?;
        Ok(Feed { app: app.clone(), watcher, subscription, sequence: 0, batch: None, seam: None })
    }

    pub fn ticket(&self) -> &Arc<Ticket> {
        &self.subscription.ticket
    }

    /// How far this feed has come.
    pub fn cursor(&self) -> Cursor {
        self.at(self.sequence)
    }

    fn at(&self, sequence: i64) -> Cursor {
        Cursor { epoch: self.app.db.epoch(), sequence }
    }

    /// Finds out where to begin. Asks the database only when the hub does not know.
    pub async fn start(&mut self, from: From) -> Result<Start, EndReason> {
        let epoch = self.app.db.epoch();
        // Read after subscribing: all up to it is in the trail, and what comes after it comes through the channel.
        let announced = self.app.hub.announced();
        let is_known = self.app.hub.viewers_generation() == self.watcher.known_at;
        let is_there = |at: Cursor| at == Cursor { epoch, sequence: announced };
        let (oldest, newest, is_there) = if is_known && from.cursor.is_none_or(is_there) {
            (announced, announced, true)
        } else {
            let looked = self.look().await?;
            (looked.sight_changed_at.max(looked.newest - from.most), looked.newest, false)
        };
        let now = self.app.clock.now();
        let known = from.cursor.filter(|at| at.epoch == epoch && (oldest..=newest).contains(&at.sequence));
        self.sequence = known.map_or(newest, |at| at.sequence);
        let reset = from.cursor.is_some() && known.is_none();
        Ok(Start { cursor: self.cursor(), now, reset, behind: !is_there })
    }

    /// Reads how far the trail and this feed's rights go, if they still hold.
    async fn look(&mut self) -> Result<Looked, EndReason> {
        let (watcher, now) = (self.watcher.clone(), self.app.clock.now());
        let looked = self.app.db.snapshot(move |conn, at| look(conn, &watcher, at.sequence, now)).await;
        match looked {
            Ok(Some(looked)) => {
                self.watcher.expires_at = looked.expires_at;
                Ok(looked)
            }
            Ok(None) => Err(self.over(now)),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Why the right behind this feed is not there any more.
    fn over(&self, now: Timestamp) -> EndReason {
        let expired = if self.watcher.expires_at <= now { EndReason::Expired } else { EndReason::Revoked };
        self.ticket().ended().unwrap_or(expired)
    }

    /// How long the right behind this feed lasts, unless it is prolonged; then [`Feed::renew`] tells.
    pub fn lasts(&self) -> Duration {
        let left = self.watcher.expires_at.duration_since(self.app.clock.now());
        Duration::try_from(left).unwrap_or_default()
    }

    /// Goes on if the time is not over, or was prolonged meanwhile.
    pub async fn renew(&mut self) -> Result<(), EndReason> {
        if self.lasts().is_zero() { self.look().await.map(|_| ()) } else { Ok(()) }
    }

    /// The next page of the past.
    pub async fn replay(&mut self) -> Result<Page, EndReason> {
        // Anew for each page: what came before is read from the trail, and a long replay does not overflow the channel.
        self.subscription.start_anew();
        self.batch = None;
        let (watcher, after, now) = (self.watcher.clone(), self.sequence, self.app.clock.now());
        // Of one moment: whoever loses sight in the midst of it hears so afterwards.
        let read = self.app.db.snapshot(move |conn, at| replay(conn, &watcher, after, at.sequence, now)).await;
        let past = match read {
            Ok(Some(past)) => past,
            Ok(None) => return Err(self.over(now)),
            Err(error) => return Err(failed(&error)),
        };
        // What was read may be younger than the rights under which it was: then their end is known by now.
        if let Some(reason) = self.ticket().ended() {
            return Err(reason);
        }
        self.sequence = past.last;
        self.seam = Seam::after(self.seam.take(), &past);
        if past.reset {
            return Ok(Page { items: vec![Item::Reset { cursor: self.cursor() }], more: false });
        }
        let items = past.letters.into_iter().map(|letter| {
            let cursor = self.at(letter.entry.sequence);
            Item::Task(News { cursor, sees: letter.after.is_some(), saw: false, letter: Arc::new(letter) })
        });
        Ok(Page { items: items.collect(), more: past.more })
    }

    /// Whether the past showed this, or what came after it.
    fn is_past(&self, tick: &TickLetter) -> bool {
        self.seam.as_ref().is_some_and(|seam| seam.has_shown(&tick.task))
    }

    fn pass_seam(&mut self, sequence: i64) {
        self.seam.take_if(|seam| seam.is_passed(sequence));
    }

    /// The next item that is there already.
    pub fn try_next(&mut self) -> Result<Option<Item>, EndReason> {
        loop {
            // A right that ended is heard of before what it no longer covers.
            if let Some(reason) = self.ticket().ended() {
                return Err(reason);
            }
            while let Some(letter) = self.letter() {
                if let Some(item) = self.item(letter) {
                    return Ok(Some(item));
                }
            }
            match self.subscription.ear().try_recv() {
                Ok(batch) => self.batch = Some((batch, 0)),
                Err(TryRecvError::Empty) => return Ok(None),
                Err(TryRecvError::Lagged(_)) => return Err(EndReason::Lagged),
                Err(TryRecvError::Closed) => return Err(EndReason::Shutdown),
            }
        }
    }

    /// Waits until [`Feed::try_next`] may have something. Nothing is lost when it is dropped.
    pub async fn ready(&mut self) -> Result<(), EndReason> {
        if self.batch.is_some() {
            return Ok(());
        }
        match self.subscription.ear().recv().await {
            Ok(batch) => {
                self.batch = Some((batch, 0));
                Ok(())
            }
            Err(RecvError::Lagged(_)) => Err(EndReason::Lagged),
            Err(RecvError::Closed) => Err(EndReason::Shutdown),
        }
    }

    /// Moves the cursor over entries that were none of this subscriber's, so that coming back does not read them.
    pub fn settle(&mut self) {
        // Read before the channel: what was sent up to it is either dealt with, or waits there.
        let settled = self.app.hub.settled();
        if self.batch.is_none() && self.subscription.ear().is_empty() {
            self.sequence = self.sequence.max(settled);
        }
    }

    fn letter(&mut self) -> Option<Letter> {
        let (batch, at) = self.batch.as_mut()?;
        let letter = batch.letters.get(*at).cloned();
        *at += 1;
        if letter.is_none() {
            self.batch = None;
        }
        letter
    }

    /// The next batch that is there already, if all of it is new to this subscriber; it stays until it is passed.
    pub fn try_whole(&mut self) -> Result<Option<Arc<Batch>>, EndReason> {
        if let Some(reason) = self.ticket().ended() {
            return Err(reason);
        }
        if self.batch.is_none() {
            match self.subscription.ear().try_recv() {
                Ok(batch) => self.batch = Some((batch, 0)),
                Err(TryRecvError::Empty) => return Ok(None),
                Err(TryRecvError::Lagged(_)) => return Err(EndReason::Lagged),
                Err(TryRecvError::Closed) => return Err(EndReason::Shutdown),
            }
        }
        // At the seam each looks for itself what of it is new.
        let is_new = |batch: &Batch| self.seam.is_none() && batch.span.is_none_or(|(first, _)| first > self.sequence);
        let whole = self.batch.as_ref().filter(|(batch, read)| *read == 0 && is_new(batch));
        Ok(whole.map(|(batch, _)| batch.clone()))
    }

    /// The batch was dealt with as a whole. Gives the cursor to tell, if it has one.
    pub fn pass(&mut self, batch: &Batch) -> Option<Cursor> {
        self.batch = None;
        self.sequence = batch.span.map_or(self.sequence, |(_, last)| last.max(self.sequence));
        batch.span.map(|_| self.cursor())
    }

    /// What a letter says to this subscriber.
    pub fn item(&mut self, letter: Letter) -> Option<Item> {
        let Watcher { user, is_admin, .. } = self.watcher;
        match letter {
            Letter::Task(letter) => {
                let sequence = letter.entry.sequence;
                if sequence <= self.sequence {
                    return None;
                }
                self.sequence = sequence;
                self.pass_seam(sequence);
                let sees = is_admin || letter.sees.contains(&user);
                let saw = is_admin || letter.saw.contains(&user);
                Some(Item::Task(News { cursor: self.at(sequence), sees, saw, letter }))
            }
            Letter::Tick(tick) => (!self.is_past(&tick)).then_some(Item::Tick(tick)),
            Letter::Presence { user, presence, .. } => Some(Item::Presence { user, presence }),
            Letter::Changed { .. } => Some(Item::Changed),
            Letter::Sight(letter) => {
                if letter.sequence <= self.sequence {
                    return None;
                }
                self.sequence = letter.sequence;
                self.pass_seam(letter.sequence);
                let cursor = self.cursor();
                Some(if letter.gone.is_some() { Item::Gone { cursor, letter } } else { Item::Reset { cursor } })
            }
            Letter::Unread { user: whose, unread, .. } => (whose == user).then_some(Item::Unread(unread)),
            Letter::ViewersChanged | Letter::Ended { .. } => None,
        }
    }
}

/// The stream comes back and tries again.
fn failed(error: &crate::error::Error) -> EndReason {
    tracing::error!(%error, "a stream could not read the trail");
    EndReason::Lagged
}
