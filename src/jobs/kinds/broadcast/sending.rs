//! One recipient after the other: the turn is waited for, claimed, the letter handed over, the claim settled. Between two of
//! them the job can be cancelled; what was claimed and not sent is given back.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::time::sleep;

use super::{Run, counts, stage};
use crate::error::{Message, Result, msg};
use crate::jobs::items::{ItemOutcome, NewItem};
use crate::jobs::kinds::Stop;
use crate::notify::audience::Audience;
use crate::notify::channels::{Courier, Delivered};
use crate::notify::pace::Pace;
use crate::notify::sql::{Waiting, claim, claim_again, last_claim, release, save_channel, settle, waiting};
use crate::notify::{Channel, Standing};
use crate::people::{self, OrganisationId, UserId};
use crate::tasks::actions::Report;

/// Recipients that are read at a time.
const ROWS: i64 = 200;
/// How often one recipient is tried, as long as it is certain that nothing arrived, and how long after one another.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// A receiver that asks for more patience than this is a failure, to be tried again by hand.
const PAUSE_MOST: Duration = Duration::from_secs(60);

/// What became of a turn.
enum Claim {
    Ours(Timestamp),
    /// It was not to be sent to.
    Not,
    /// They are no member any more.
    Gone,
}

/// How trying ended.
enum Ended {
    /// Of what became of it, and the sentence of it.
    So(Standing, Option<Message>),
    /// The channel as a whole does not work: nothing was sent.
    Down(Message),
}

impl Run<'_> {
    pub(super) async fn send(&mut self) -> Result<(), Stop> {
        let id = self.job.id();
        self.job.report(Report { stage: Some(stage(1)), ..Report::default() }).await?;
        let mut courier = self.courier()?;
        let last = self.job.read(move |conn| last_claim(conn, id)).await?;
        let (mut pace, mut after) = (Pace::new(self.per_minute, last), 0);
        loop {
            let turns = self.job.read(move |conn| waiting(conn, id, after, ROWS)).await?;
            let Some(last) = turns.last() else { return Ok(()) };
            after = last.place;
            for turn in turns {
                self.wait(pace.wait(self.job.app().clock.now())).await?;
                self.one(courier.as_mut(), &mut pace, turn).await?;
            }
        }
    }

    async fn wait(&self, time: Duration) -> Result<(), Stop> {
        if self.job.is_cancelled() {
            return Err(Stop::Told);
        }
        tokio::select! {
            () = self.job.cancelled() => Err(Stop::Told),
            () = sleep(time) => Ok(()),
        }
    }

    async fn one(&mut self, courier: &mut dyn Courier, pace: &mut Pace, turn: Waiting) -> Result<(), Stop> {
        let place = turn.place;
        match self.claim(&turn).await {
            Ok(Claim::Ours(at)) => pace.claimed(at),
            Ok(Claim::Not) => return Ok(()),
            Ok(Claim::Gone) => return self.settle(turn, Standing::Gone, Some(msg("broadcast-gone"))).await,
            // The claim may stand all the same: the word to stop came with its answer.
            Err(stop) => return self.give_back(place).await.and(Err(stop)),
        }
        match self.hand_over(courier, pace, &turn).await {
            Ok(Ended::So(standing, told)) => self.settle(turn, standing, told).await,
            Err(stop) => self.give_back(place).await.and(Err(stop)),
            Ok(Ended::Down(why)) => {
                self.give_back(place).await?;
                let (channel, told) = (self.payload.channel, self.l.m(&why));
                let kept = told.clone();
                self.job.app().db.write(move |w| save_channel(w.conn, channel, Some(&kept), w.now)).await?;
                Err(Stop::Failed(told))
            }
        }
    }

    /// Takes a recipient's turn. Members may have gone since they were listed.
    async fn claim(&self, turn: &Waiting) -> Result<Claim, Stop> {
        let (id, place, attempt) = (self.job.id(), turn.place, self.job.attempt().unwrap_or_default());
        let (organisation, channel) = (self.job.organisation(), self.payload.channel);
        let member = Some(turn.recipient.clone()).filter(|_| self.payload.to != Audience::File);
        let claimed = self.job.act(move |w, _| {
            let claim = match member {
                Some(member) if !is_member(w.conn, organisation, channel, &member)? => Claim::Gone,
                _ if claim(w.conn, id, place, attempt, w.now)? => Claim::Ours(w.now),
                _ => Claim::Not,
            };
            Ok((claim, Report::default()))
        });
        claimed.await
    }

    /// Waits for another try of the same recipient: it is a turn like any other.
    async fn wait_again(&self, pace: &mut Pace, turn: &Waiting, patience: Duration) -> Result<(), Stop> {
        let (id, place, attempt) = (self.job.id(), turn.place, self.job.attempt().unwrap_or_default());
        self.wait(patience.max(pace.wait(self.job.app().clock.now()))).await?;
        let claim = self.job.act(move |w, _| {
            claim_again(w.conn, id, place, attempt, w.now)?;
            Ok((w.now, Report::default()))
        });
        pace.claimed(claim.await?);
        Ok(())
    }

    /// Nothing was sent under this claim.
    async fn give_back(&self, place: i64) -> Result<(), Stop> {
        let (id, attempt) = (self.job.id(), self.job.attempt().unwrap_or_default());
        Ok(self.job.app().db.write(move |w| release(w.conn, id, place, attempt)).await?)
    }

    /// Tries it, again only as long as it is certain that nothing arrived.
    async fn hand_over(&self, courier: &mut dyn Courier, pace: &mut Pace, turn: &Waiting) -> Result<Ended, Stop> {
        // The same whenever this recipient is tried, so that whoever gets it twice can tell.
        let name = format!("milepost-{:x}-{}-{}", self.job.app().db.epoch(), self.job.id(), turn.place);
        let (mut tried, mut pause) = (1, PAUSE);
        loop {
            let (why, after, is_down) = match courier.deliver(&turn.recipient, &self.letter, &name).await {
                Delivered::Sent => return Ok(Ended::So(Standing::Sent, None)),
                Delivered::Refused(why) => return Ok(Ended::So(Standing::Failed, Some(why))),
                Delivered::Unknown(why) => return Ok(Ended::So(Standing::Unknown, Some(why))),
                Delivered::Gone(why) => return Ok(Ended::So(Standing::Gone, Some(why))),
                Delivered::Later { why, after } => (why, after, false),
                Delivered::Down(why) => (why, None, true),
            };
            let patience = after.unwrap_or(pause);
            if tried == TRIES || patience > PAUSE_MOST {
                return Ok(if is_down { Ended::Down(why) } else { Ended::So(Standing::Failed, Some(why)) });
            }
            tried += 1;
            pause *= 2;
            self.wait_again(pace, turn, patience).await?;
        }
    }

    async fn settle(&mut self, turn: Waiting, standing: Standing, why: Option<Message>) -> Result<(), Stop> {
        let told = why.as_ref().map(|why| match standing {
            Standing::Unknown => self.l.with("broadcast-maybe", "why", self.l.m(why)),
            _ => self.l.m(why),
        });
        self.tally.open -= 1;
        let outcome = match standing {
            Standing::Sent => {
                self.tally.sent += 1;
                ItemOutcome::Succeeded
            }
            Standing::Gone => {
                self.tally.gone += 1;
                ItemOutcome::Skipped
            }
            Standing::Unknown => {
                self.tally.unknown += 1;
                ItemOutcome::Failed
            }
            _ => {
                self.tally.failed += 1;
                ItemOutcome::Failed
            }
        };
        let (id, counts) = (self.job.id(), counts(&self.tally));
        let channel = self.payload.channel;
        self.job
            .act(move |w, _| {
                settle(w.conn, id, turn.place, standing, told.as_deref())?;
                // Of the channel as a whole only what gets through says something, and what finds it down.
                if standing == Standing::Sent {
                    save_channel(w.conn, channel, None, w.now)?;
                }
                let items = vec![NewItem { key: Some(turn.key), outcome, message: told }];
                Ok(((), Report { counts, items, ..Report::default() }))
            })
            .await
    }
}

/// Whether whoever was listed so is an active member now.
fn is_member(conn: &Connection, organisation: OrganisationId, channel: Channel, listed: &str) -> Result<bool> {
    if channel == Channel::Email {
        return Ok(people::sql::has_active_email(conn, organisation, listed)?);
    }
    let Ok(user) = listed.parse::<UserId>() else { return Ok(false) };
    let found = people::sql::membership(conn, organisation, user)?;
    Ok(found.is_some_and(|(_, deactivated_at)| deactivated_at.is_none()))
}
