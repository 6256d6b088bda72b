//! The bell: a row of Milepost's own store. The row says which broadcast it is of, so that the same twice is as once.

use async_trait::async_trait;

use super::{Courier, Delivered, Letter};
use crate::App;
use crate::error::msg;
use crate::notify::NewNotification;
use crate::notify::actions::{self, Told};
use crate::people::UserId;

pub struct Bell {
    app: App,
}

impl Bell {
    pub fn new(app: &App) -> Bell {
        Bell { app: app.clone() }
    }
}

#[async_trait]
impl Courier for Bell {
    /// `to` is a user's id.
    async fn deliver(&mut self, to: &str, letter: &Letter, _: &str) -> Delivered {
        let Ok(user) = to.parse::<UserId>() else { return Delivered::Refused(msg("channel-bell-nobody")) };
        let new = NewNotification {
            organisation: letter.organisation,
            user,
            reason: letter.reason,
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            task: letter.task,
            schedule: None,
        };
        match self.app.db.write(move |w| actions::tell(w, &new)).await {
            Ok(Told::Now | Told::Before) => Delivered::Sent,
            Ok(Told::Nobody) => Delivered::Gone(msg("broadcast-gone")),
            Err(error) => {
                tracing::error!(%error, "a notification was not written");
                Delivered::Later { why: msg("channel-bell-broken"), after: None }
            }
        }
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}
