//! Forms that do something which is not to be done twice: the form has a key, made when it was shown, and what it did is
//! kept under it with the answer, as of a program's `Idempotency-Key`. A double click, a reload, a way back through the
//! history lead to what was done.

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::page::Visit;
use crate::config;
use crate::error::Result;
use crate::jobs::BuiltIn;
use crate::people::sql::{KeptAnswer, keep_answer, kept_answer};
use crate::people::tokens::Token;
use crate::tasks::actions::{NewJob, NewTask, create};
use crate::tasks::{self, TaskId, Via};

/// What became of a form.
pub enum Once {
    Made(TaskId),
    /// It was sent before, and made this; none when that is not there any more.
    Known(Option<TaskId>),
    /// Its key is none, or too old for anybody to know what it did: the form is to be shown again.
    Stale,
}

/// A key for a form that is shown now.
pub fn key(now: Timestamp) -> Result<String> {
    Ok(format!("{}-{}", now.as_second(), Token::random()?.reveal()))
}

/// Whether the answer to such a key is still kept, if there was one: it was made after the key.
fn is_fresh(key: &str, now: Timestamp) -> bool {
    let made_at = key.split_once('-').and_then(|(made_at, _)| Timestamp::from_second(made_at.parse().ok()?).ok());
    key.len() <= config::KEY_CHARS
        && made_at.is_some_and(|at| at <= now && now.duration_since(at) < config::ANSWERS_KEPT)
}

/// Makes a job of a built-in kind, once for each key.
pub async fn start(visit: &Visit, kind: BuiltIn, title: String, payload: Value, key: &str) -> Result<Once> {
    if !is_fresh(key, visit.app.clock.now()) {
        return Ok(Once::Stale);
    }
    // A program of the same member keeps its answers there, too.
    let key = format!("page:{key}");
    let mut asked = Sha256::new();
    asked.update(kind.as_str());
    asked.update(payload.to_string());
    let asked: [u8; 32] = asked.finalize().into();
    let job = NewJob { job_kind: Some(kind.to_string()), payload, ..NewJob::default() };
    let new = NewTask { title, job: Some(job), ..NewTask::default() };
    let done = visit.app.act(&visit.viewer, Via::Page, move |w, by| {
        if let Some(kept) = kept_answer(w.conn, &by.viewer, &key, w.now - config::ANSWERS_KEPT)? {
            if kept.asked != asked {
                return Ok(Once::Stale);
            }
            let id = kept.location.as_deref().and_then(|at| at.rsplit_once('/')?.1.parse().ok());
            let seen = id.map(|id| tasks::sql::find_for(w.conn, &by.viewer, id)).transpose()?.flatten();
            return Ok(Once::Known(seen.map(|task| task.id)));
        }
        let id = create(w, by, new)?.task.id;
        let answer = KeptAnswer { asked, status: 303, location: Some(format!("/tasks/{id}")), body: Vec::new() };
        keep_answer(w.conn, &by.viewer, &key, &answer, w.now)?;
        Ok(Once::Made(id))
    });
    done.await
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_key_is_good_for_as_long_as_its_answer_is_kept() {
        let now: Timestamp = "2026-11-22T11:00:00Z".parse().unwrap();
        let key = key(now).unwrap();
        assert!(is_fresh(&key, now) && is_fresh(&key, now + SignedDuration::from_hours(23)));
        assert!(!is_fresh(&key, now + config::ANSWERS_KEPT));
        assert!(!is_fresh(&key, now - SignedDuration::from_secs(1)), "the clock was set back: nobody knows");
        for bad in ["", "-", "x-1", "99999999999999999999-1"] {
            assert!(!is_fresh(bad, now), "{bad}");
        }
    }
}
