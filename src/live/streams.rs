//! Who is listening: every open stream under its user, organisation and
//! credential, so that a right that ends cuts its streams at once, whatever
//! else waits in their channels. Also where the limits of streams are kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use super::{Credentials, EndReason, Watcher};
use crate::config;
use crate::error::{Crowded, Error, Result};
use crate::people::{Credential, OrganisationId, UserId};

/// A stream's place in the register; the stream holds one end, the register the other.
#[derive(Debug)]
pub struct Ticket {
    user: UserId,
    organisation: OrganisationId,
    credential: Credential,
    /// 0 while it goes on, then the reason's number.
    ended: AtomicU8,
    waker: AtomicWaker,
}

impl Ticket {
    fn end(&self, reason: EndReason) {
        // The first reason is the one that is told.
        if self.ended.compare_exchange(0, number(reason), Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.waker.wake();
        }
    }

    /// Why this stream is over, if it is.
    pub fn ended(&self) -> Option<EndReason> {
        match self.ended.load(Ordering::SeqCst) {
            0 => None,
            number => EndReason::ALL.iter().copied().find(|reason| self::number(*reason) == number),
        }
    }

    pub fn poll_ended(&self, cx: &Context<'_>) -> Poll<EndReason> {
        if let Some(reason) = self.ended() {
            return Poll::Ready(reason);
        }
        self.waker.register(cx.waker());
        // Once more: it may have ended before the waker was there.
        self.ended().map_or(Poll::Pending, Poll::Ready)
    }
}

/// 0 is kept for a stream that goes on.
const fn number(reason: EndReason) -> u8 {
    reason as u8 + 1
}

#[derive(Default)]
pub struct Streams(Mutex<Register>);

#[derive(Default)]
struct Register {
    of_user: HashMap<UserId, Vec<Arc<Ticket>>>,
    of_organisation: HashMap<OrganisationId, usize>,
    all: usize,
    is_shut: bool,
}

impl Streams {
    fn register(&self) -> MutexGuard<'_, Register> {
        self.0.lock().expect("no one panics holding this lock")
    }

    /// Enters a stream, or says which limit it would break.
    pub fn enter(&self, watcher: &Watcher, limits: &config::Streams) -> Result<Arc<Ticket>> {
        let mut register = self.register();
        let of_organisation = register.of_organisation.get(&watcher.organisation).copied().unwrap_or_default();
        let of_user = register.of_user.get(&watcher.user).map_or(0, Vec::len);
        let crowded = if register.all >= limits.in_all {
            Some(Crowded::Server)
        } else if of_organisation >= limits.per_organisation {
            Some(Crowded::Organisation)
        } else if of_user >= limits.per_user {
            Some(Crowded::User)
        } else {
            None
        };
        if let Some(who) = crowded {
            return Err(Error::Crowded(who));
        }
        let ticket = Arc::new(Ticket {
            user: watcher.user,
            organisation: watcher.organisation,
            credential: watcher.credential,
            ended: AtomicU8::new(if register.is_shut { number(EndReason::Shutdown) } else { 0 }),
            waker: AtomicWaker::new(),
        });
        register.all += 1;
        *register.of_organisation.entry(watcher.organisation).or_default() += 1;
        register.of_user.entry(watcher.user).or_default().push(ticket.clone());
        Ok(ticket)
    }

    pub fn leave(&self, ticket: &Arc<Ticket>) {
        let mut register = self.register();
        let Some(tickets) = register.of_user.get_mut(&ticket.user) else { return };
        let Some(at) = tickets.iter().position(|other| Arc::ptr_eq(other, ticket)) else { return };
        tickets.swap_remove(at);
        if tickets.is_empty() {
            register.of_user.remove(&ticket.user);
        }
        register.all -= 1;
        if let Some(count) = register.of_organisation.get_mut(&ticket.organisation) {
            *count -= 1;
            if *count == 0 {
                register.of_organisation.remove(&ticket.organisation);
            }
        }
    }

    /// Ends a user's streams: everywhere or in one organisation, all or those under some credentials.
    pub fn end(&self, user: UserId, organisation: Option<OrganisationId>, credentials: Credentials, reason: EndReason) {
        for ticket in self.register().of_user.get(&user).into_iter().flatten() {
            if organisation.is_none_or(|only| only == ticket.organisation) && credentials.includes(ticket.credential) {
                ticket.end(reason);
            }
        }
    }

    /// Ends every stream, and those that still come.
    pub fn shut(&self) {
        let mut register = self.register();
        register.is_shut = true;
        for ticket in register.of_user.values().flatten() {
            ticket.end(EndReason::Shutdown);
        }
    }

    pub fn count(&self) -> usize {
        self.register().all
    }
}
