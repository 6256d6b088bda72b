//! Forms that do something which is not to be done twice: the form has a key, made when it was shown and kept, as of a
//! program's `Idempotency-Key`, for whom it was shown to and what it would do. What it did is kept in the same place. A double
//! click, a reload, a way back through the history lead to what was done; no key does anything but what was shown with it.

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
    /// Its key is none, or of another organisation, person or content, or too old for anybody to know what it did: the form is
    /// to be shown again.
    Stale,
}

/// A program of the same member keeps its answers there, too.
fn kept_as(key: &str) -> String {
    format!("page:{key}")
}

/// What a form does.
fn asked(kind: BuiltIn, payload: &Value) -> [u8; 32] {
    let mut asked = Sha256::new();
    asked.update(kind.as_str());
    asked.update(payload.to_string());
    asked.finalize().into()
}

/// A key for a form that is shown now, to this member of this organisation, and makes such a job.
pub async fn key(visit: &Visit, kind: BuiltIn, payload: &Value) -> Result<String> {
    let key = Token::random()?.reveal().to_owned();
    let (viewer, kept) = (visit.viewer.clone(), kept_as(&key));
    let shown = KeptAnswer { asked: asked(kind, payload), status: 200, location: None, body: Vec::new() };
    visit.app.db.write(move |w| Ok(keep_answer(w.conn, &viewer, &kept, &shown, w.now)?)).await?;
    Ok(key)
}

/// Makes a job of a built-in kind, once for each key.
pub async fn start(visit: &Visit, kind: BuiltIn, title: String, payload: Value, key: &str) -> Result<Once> {
    let (key, asked) = (kept_as(key), asked(kind, &payload));
    let job = NewJob { job_kind: Some(kind.to_string()), payload, ..NewJob::default() };
    let new = NewTask { title, job: Some(job), ..NewTask::default() };
    let done = visit.app.act(&visit.viewer, Via::Page, move |w, by| {
        let kept = kept_answer(w.conn, &by.viewer, &key, w.now - config::ANSWERS_KEPT)?;
        let Some(kept) = kept.filter(|kept| kept.asked == asked) else { return Ok(Once::Stale) };
        if let Some(location) = kept.location {
            let id = location.rsplit_once('/').and_then(|(_, id)| id.parse().ok());
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
