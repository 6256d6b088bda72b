//! Changing what a task is.

use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::body::Json;
use super::call::{Answer, Call};
use super::openapi::Told;
use super::schemas;
use super::shapes::TaskShape;
use crate::error::Result;
use crate::people::{ProjectId, UserId};
use crate::tasks::actions::Edit;
use crate::tasks::{Priority, TaskId, actions};
use crate::web::At;

/// What is to change; a field that is not there stays. `null` empties those that can be empty.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskEdit)]
pub struct EditBody {
    #[schema(value_type = Option<schemas::Title>, nullable = false)]
    title: Option<String>,
    #[schema(value_type = Option<schemas::Description>)]
    #[serde(default, deserialize_with = "given")]
    description: Option<Option<String>>,
    /// A member's id.
    #[schema(value_type = Option<schemas::Id>)]
    #[serde(default, deserialize_with = "given")]
    assignee: Option<Option<UserId>>,
    /// A project's id.
    #[schema(value_type = Option<schemas::Id>)]
    #[serde(default, deserialize_with = "given")]
    project: Option<Option<ProjectId>>,
    /// A date, or a date and time.
    #[schema(value_type = Option<schemas::DueText>)]
    #[serde(default, deserialize_with = "given")]
    due: Option<Option<String>>,
    #[schema(value_type = Option<schemas::Priority>)]
    priority: Option<Priority>,
    #[schema(value_type = Option<schemas::EstimateMinutes>)]
    #[serde(default, deserialize_with = "given")]
    estimate_minutes: Option<Option<i64>>,
    #[schema(value_type = Option<schemas::Line>)]
    #[serde(default, deserialize_with = "given")]
    category: Option<Option<String>>,
    #[schema(value_type = Option<Vec<schemas::Line>>, max_items = 20)]
    #[serde(default, deserialize_with = "given")]
    labels: Option<Option<Vec<String>>>,
    /// Of a job that does not run yet; `null`: as soon as can be.
    #[schema(value_type = Option<schemas::Time>)]
    #[serde(default, deserialize_with = "given")]
    run_at: Option<Option<Timestamp>>,
    #[schema(value_type = Option<schemas::QueuePriority>)]
    queue_priority: Option<i64>,
    /// The version that you read: who changed the same field since is not overwritten.
    #[schema(value_type = Option<schemas::Id>)]
    version: Option<i64>,
}

/// Tells a field that is null from one that is not there.
fn given<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl EditBody {
    fn wanted(self) -> Edit {
        fn text<T: ToString>(value: Option<Option<T>>) -> Option<String> {
            value.map(|value| value.map(|value| value.to_string()).unwrap_or_default())
        }
        Edit {
            title: self.title,
            description: text(self.description),
            assignee: text(self.assignee),
            project: text(self.project),
            due: text(self.due),
            due_again: None,
            priority: self.priority.map(|priority| priority.to_string()),
            estimate: text(self.estimate_minutes),
            category: text(self.category),
            labels: self.labels.map(Option::unwrap_or_default),
            run_at: self.run_at,
            queue_priority: self.queue_priority,
            version: self.version,
        }
    }
}

pub async fn patch_task(At(id): At<TaskId>, call: Call<Json<EditBody>>) -> Result<Response> {
    let (call, Json(body)) = call.split();
    let (by, edit) = (call.by(), body.wanted());
    call.once(
        move |w| actions::edit(w, &by, id, &edit).map_err(|error| error.about("estimate", "estimate_minutes")),
        |edited, telling| Answer::ok(&telling.task(&edited.task)),
    )
    .await
}

pub fn told_patch_task() -> Told {
    Told::new("patch_task", "Tasks", "Edit a task")
        .more("For admins. Each field that differs becomes an entry of the trail.")
        .takes::<EditBody>(json!({ "title": "Send 1200 letters", "priority": "high" }))
        .gives::<TaskShape>(200, "The task as it is now.")
}
