//! Notifications, the words: what a user should know and why, the channels by which it reaches them, and how a broadcast
//! stands with each of its recipients. Rows are in `sql`, verbs in `actions`, one file for each channel in `channels`.

pub mod actions;
pub mod audience;
pub mod channels;
pub mod mail;
pub mod pace;
pub mod sql;

use jiff::Timestamp;

use crate::db::types::{id, words};
use crate::people::{OrganisationId, UserId};
use crate::schedules::ScheduleId;
use crate::tasks::TaskId;

id!(NotificationId);

words!(
    /// How a notification reaches whom it is for.
    Channel {
        /// Milepost's own page, with a count beside its bell.
        Bell = "bell",
        Email = "email",
        /// A program of somebody's, by HTTP.
        Webhook = "webhook",
    }
);
words!(
    /// Why somebody is told.
    Reason {
        /// An admin wrote to them.
        Broadcast = "broadcast",
        /// A schedule of their organisation needs a look.
        Alarm = "alarm",
    }
);
words!(
    /// How a broadcast stands with one line of its list.
    Standing {
        Waiting = "waiting",
        /// Claimed: it is being sent, or was when the program ended.
        Sending = "sending",
        Sent = "sent",
        /// Refused, or never got through: nothing arrived.
        Failed = "failed",
        /// Nobody knows whether it arrived.
        Unknown = "unknown",
        /// It names nobody who could be sent anything.
        Bad = "bad",
        /// It names somebody who is listed already.
        Twice = "twice",
        /// Who it names is no member any more: nothing was sent.
        Gone = "gone",
    }
);

/// Something that a user should know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    pub id: NotificationId,
    pub reason: Reason,
    pub subject: String,
    pub text: String,
    /// What it is about.
    pub task: Option<TaskId>,
    pub schedule: Option<ScheduleId>,
    pub is_read: bool,
    pub created_at: Timestamp,
}

/// The same before it is told, and whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewNotification {
    pub organisation: OrganisationId,
    pub user: UserId,
    pub reason: Reason,
    pub subject: String,
    pub text: String,
    pub task: Option<TaskId>,
    pub schedule: Option<ScheduleId>,
}

impl Channel {
    pub const fn title_key(self) -> &'static str {
        match self {
            Channel::Bell => "channel-bell",
            Channel::Email => "channel-email",
            Channel::Webhook => "channel-webhook",
        }
    }
}

impl Reason {
    pub const fn title_key(self) -> &'static str {
        match self {
            Reason::Broadcast => "reason-broadcast",
            Reason::Alarm => "reason-alarm",
        }
    }
}
