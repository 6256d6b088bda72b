//! The channels, one file for each, behind one trait: what is handed over, and how it ended. Whether somebody may be sent
//! something, how fast, and how often it is tried, is the sender's business.

mod bell;
mod email;
mod webhook;

use std::time::Duration;

use async_trait::async_trait;

use super::{Channel, Reason};
use crate::App;
use crate::config::Config;
use crate::error::{Message, msg};
use crate::people::OrganisationId;
use crate::tasks::TaskId;

/// What recipients get.
#[derive(Clone, Debug)]
pub struct Letter {
    pub organisation: OrganisationId,
    pub organisation_name: String,
    pub reason: Reason,
    pub subject: String,
    pub text: String,
    pub task: Option<TaskId>,
}

/// How handing over ended. Of all but `Unknown` it is certain whether something arrived.
#[derive(Clone, PartialEq, Debug)]
pub enum Delivered {
    Sent,
    /// Nothing arrived, and nothing will.
    Refused(Message),
    /// Nothing arrived; it may later, not before so much time if that was said.
    Later {
        why: Message,
        after: Option<Duration>,
    },
    /// Nothing arrived, nor would anything else by this channel.
    Down(Message),
    /// Something may have arrived.
    Unknown(Message),
    /// There is nobody any more to whom it would go.
    Gone(Message),
}

/// What takes letters to recipients by one channel.
#[async_trait]
pub trait Courier: Send {
    /// Hands a letter over. `id` is one for this recipient of this letter, whenever it is tried.
    async fn deliver(&mut self, to: &str, letter: &Letter, id: &str) -> Delivered;

    /// Whether the same `id` twice is as once, so that what was interrupted can be done again.
    fn is_repeatable(&self) -> bool {
        false
    }
}

/// Whether this server has such a channel; a sentence when it does not.
pub fn check(config: &Config, channel: Channel) -> Result<(), Message> {
    match channel {
        Channel::Email if config.mail.is_none() => Err(msg("channel-email-none")),
        Channel::Bell | Channel::Email | Channel::Webhook => Ok(()),
    }
}

/// What takes letters by this channel.
pub fn courier(app: &App, channel: Channel) -> Result<Box<dyn Courier>, Message> {
    check(&app.config, channel)?;
    Ok(match (channel, &app.config.mail) {
        (Channel::Bell, _) => Box::new(bell::Bell::new(app)),
        (Channel::Email, Some(mail)) => Box::new(email::Email::new(app, mail.clone())),
        (Channel::Email, None) => return Err(msg("channel-email-none")),
        (Channel::Webhook, _) => Box::new(webhook::Webhook::new(app)),
    })
}

/// What was answered, on one line and no longer than an item's message can be.
fn answer(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(ANSWER_CHARS).collect()
}

/// Characters of an answer that are kept.
const ANSWER_CHARS: usize = 300;
