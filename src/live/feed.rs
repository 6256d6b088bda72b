//! Replay and live as one stream: subscribe, replay the trail after the
//! cursor, then go live, with no gap and no repeat across the seam. How an
//! item is written (fragments or JSON) is the doors' business.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::ReceiverStream;

use super::hub::Subscription;
use super::{Cursor, EndReason, Letter, TaskLetter};
use crate::config;
use crate::error::Result;
use crate::people::{self, OrganisationId, Presence, UserId, Viewer};
use crate::tasks::{self, Change, Entry, Task};
use crate::{App, db};

/// What a subscriber gets, in order.
#[derive(Clone, Debug)]
pub enum Item {
    /// First of all: where the stream stands.
    Hello {
        cursor: Cursor,
        now: Timestamp,
    },
    /// An entry of the trail. `after` is none when the task has left this
    /// viewer's sight; `before` is none when it was not in it, or not known.
    Task {
        cursor: Cursor,
        entry: Arc<Entry>,
        before: Option<Arc<Task>>,
        after: Option<Arc<Task>>,
    },
    Presence {
        user: UserId,
        presence: Presence,
    },
    /// Names or settings changed: ask again for what is shown.
    Changed,
    /// The cursor cannot be continued: ask again for everything.
    Reset {
        cursor: Cursor,
    },
    Ping,
    /// The last item.
    End(EndReason),
}

/// How many items may wait for a slow reader before letters wait in the channel.
const ITEMS: usize = 16;
/// So that both ends notice a connection that died without a word.
const PING: Duration = Duration::from_secs(config::PING_SECONDS);

/// Opens a stream for this viewer. Without a cursor it starts now; with one,
/// after it. More than `most` entries to replay is answered with `Reset`.
pub fn feed(app: &App, viewer: Arc<Viewer>, cursor: Option<Cursor>, most: i64) -> Result<ReceiverStream<Item>> {
    let ears = app.hub.subscribe(&viewer)?;
    let (items, stream) = mpsc::channel(ITEMS);
    let feed = Feed { app: app.clone(), viewer, items, sequence: 0, next_ping: Instant::now() + PING };
    tokio::spawn(feed.run(ears, cursor, most));
    Ok(ReceiverStream::new(stream))
}

struct Feed {
    app: App,
    viewer: Arc<Viewer>,
    items: mpsc::Sender<Item>,
    /// The newest entry that this stream has dealt with.
    sequence: i64,
    next_ping: Instant,
}

/// The reader went away, or the stream has said its last word.
struct Over;

impl Feed {
    async fn run(mut self, mut ears: Subscription, cursor: Option<Cursor>, most: i64) {
        let _: Result<(), Over> = async {
            self.catch_up(&mut ears, cursor, most).await?;
            loop {
                self.live(&mut ears).await?;
            }
        }
        .await;
    }

    async fn send(&self, item: Item) -> Result<(), Over> {
        self.items.send(item).await.map_err(|_| Over)
    }

    async fn end(&self, reason: EndReason) -> Result<(), Over> {
        self.send(Item::End(reason)).await?;
        Err(Over)
    }

    fn cursor(&self, sequence: i64) -> Cursor {
        Cursor { epoch: self.app.db.epoch(), sequence }
    }

    /// Says hello and replays. The trail is read after subscribing: what is
    /// committed meanwhile is in the channel, and skipped by its sequence.
    async fn catch_up(&mut self, ears: &mut Subscription, cursor: Option<Cursor>, most: i64) -> Result<(), Over> {
        let Ok(newest) = self.app.db.read(|conn| Ok(db::last_sequence(conn)?)).await else {
            return self.end(EndReason::Shutdown).await;
        };
        let known = cursor
            .filter(|at| at.epoch == self.app.db.epoch() && at.sequence <= newest && newest - at.sequence <= most);
        let start = if cursor.is_some() && known.is_none() { newest } else { known.map_or(newest, |at| at.sequence) };
        self.sequence = start;
        self.send(Item::Hello { cursor: self.cursor(start), now: self.app.clock.now() }).await?;
        if cursor.is_some() && known.is_none() {
            self.send(Item::Reset { cursor: self.cursor(start) }).await?;
        }
        loop {
            // Anew for each page of the trail: what came before is read from
            // the trail, and a long replay does not overflow the channel.
            ears.own = ears.own.resubscribe();
            ears.organisation = ears.organisation.as_ref().map(|ear| ear.resubscribe());
            if !self.replay_page().await? {
                return Ok(());
            }
        }
    }

    /// Reads and sends one page of the trail; true when there may be more.
    async fn replay_page(&mut self) -> Result<bool, Over> {
        let viewer = self.viewer.clone();
        let (after, now) = (self.sequence, self.app.clock.now());
        let page = self.app.db.read(move |conn| replay(conn, &viewer, after, now)).await;
        let page = match page {
            Ok(Some(page)) => page,
            Ok(None) => return self.end(EndReason::Revoked).await.map(|()| false),
            Err(error) => {
                tracing::error!(%error, "a replay failed");
                return self.end(EndReason::Lagged).await.map(|()| false);
            }
        };
        for (entry, after) in page.entries {
            let cursor = self.cursor(entry.sequence);
            self.send(Item::Task { cursor, entry: Arc::new(entry), before: None, after }).await?;
        }
        self.sequence = page.last;
        Ok(page.more)
    }

    /// Waits for the next letter, ping, expiry or farewell, and passes it on.
    async fn live(&mut self, ears: &mut Subscription) -> Result<(), Over> {
        let left = self.viewer.session_expires_at.duration_since(self.app.clock.now());
        let expiry = Instant::now() + Duration::try_from(left).unwrap_or_default();
        tokio::select! {
            // In this order: a right that ended is heard of before what it no longer covers, and neither waits for a lull.
            biased;
            _ = async { ears.shutdown.wait_for(|stop| *stop).await.is_ok() } => self.end(EndReason::Shutdown).await,
            () = sleep_until(expiry.min(self.next_ping)) => {
                if expiry <= self.next_ping {
                    return self.end(EndReason::Expired).await;
                }
                self.next_ping += PING;
                self.send(Item::Ping).await
            }
            letter = ears.own.recv() => self.letter(letter, false).await,
            letter = next_of(&mut ears.organisation) => self.letter(letter, true).await,
            () = self.items.closed() => Err(Over),
        }
    }

    async fn letter(&mut self, letter: Result<Arc<Letter>, RecvError>, of_organisation: bool) -> Result<(), Over> {
        let letter = match letter {
            Ok(letter) => letter,
            Err(RecvError::Lagged(_)) => return self.end(EndReason::Lagged).await,
            Err(RecvError::Closed) => return self.end(EndReason::Shutdown).await,
        };
        match &*letter {
            // Admins hear of tasks through the organisation's channel alone.
            Letter::Task(task) if of_organisation == self.viewer.is_admin() => self.task(task).await,
            Letter::Presence { user, presence, .. } if of_organisation == self.viewer.is_admin() => {
                self.send(Item::Presence { user: *user, presence: *presence }).await
            }
            Letter::Changed { .. } => self.send(Item::Changed).await,
            Letter::Ended { sessions, reason, .. } if sessions.includes(&self.viewer.session) => {
                self.end(*reason).await
            }
            _ => Ok(()),
        }
    }

    async fn task(&mut self, letter: &TaskLetter) -> Result<(), Over> {
        if letter.entry.sequence <= self.sequence {
            return Ok(());
        }
        self.sequence = letter.entry.sequence;
        let sees = self.viewer.is_admin() || letter.sees.contains(&self.viewer.user);
        let saw = self.viewer.is_admin() || letter.saw.contains(&self.viewer.user);
        self.send(Item::Task {
            cursor: self.cursor(letter.entry.sequence),
            entry: letter.entry.clone(),
            before: letter.before.clone().filter(|_| saw),
            after: sees.then(|| letter.after.clone()),
        })
        .await
    }
}

async fn next_of(ear: &mut Option<tokio::sync::broadcast::Receiver<Arc<Letter>>>) -> Result<Arc<Letter>, RecvError> {
    match ear {
        Some(ear) => ear.recv().await,
        None => std::future::pending().await,
    }
}

struct Page {
    entries: Vec<(Entry, Option<Arc<Task>>)>,
    last: i64,
    more: bool,
}

/// One page of what this viewer may know of the trail after `after`; none when
/// the session behind the viewer is over.
fn replay(conn: &Connection, viewer: &Viewer, after: i64, now: Timestamp) -> Result<Option<Page>> {
    let still = people::sql::viewer(conn, &viewer.session, now)?;
    if still.is_none_or(|still| still.organisation != viewer.organisation || still.role != viewer.role) {
        return Ok(None);
    }
    let entries = tasks::sql::trail_after(conn, viewer.organisation, after, config::REPLAY_ROWS)?;
    let more = i64::try_from(entries.len()).is_ok_and(|rows| rows == config::REPLAY_ROWS);
    let last = entries.last().map_or(after, |entry| entry.sequence);
    let mut seen = Vec::new();
    for entry in entries {
        let task = tasks::sql::find_for(conn, viewer, entry.task)?.map(Arc::new);
        if task.is_some() || left_sight(conn, viewer.organisation, viewer.user, &entry)? {
            seen.push((entry, task));
        }
    }
    Ok(Some(Page { entries: seen, last, more }))
}

/// This entry is how a task went out of the user's sight.
fn left_sight(conn: &Connection, organisation: OrganisationId, user: UserId, entry: &Entry) -> Result<bool> {
    let id_in = |field: &str| entry.old.get(field).and_then(serde_json::Value::as_i64);
    Ok(match entry.change {
        Change::Assigned => id_in("assignee") == Some(user.get()),
        Change::Project => match id_in("project") {
            Some(project) => {
                people::sql::project_watchers(conn, organisation, people::ProjectId::new(project))?.contains(&user)
            }
            None => false,
        },
        _ => false,
    })
}
