//! What there is to ask for: a thing of each sort that belongs to Harbour Works, and all that it has, to compare.

use milepost::jobs::Outcome;
use milepost::notify::{NewNotification, Reason};
use milepost::people::OrganisationId;
use reqwest::Method;
use rusqlite::types::Value;

use crate::support::server::{House, MARK};
use crate::support::worker::Worker;

/// What Harbour Works has besides its people.
pub struct Things {
    task: String,
    job: String,
    failed: String,
    project: String,
    schedule: String,
    invitation: String,
    token: String,
    key: String,
    sequence: String,
    asset: String,
    own_token: String,
    organisation_token: String,
    notification: String,
}

impl Things {
    pub async fn make(house: &House) -> Things {
        let alice = house.alice();
        alice.post("/projects", &[("name", &format!("{MARK} Waterfront"))]).await.expect(303);
        let link = crate::support::server::invite(&alice, "dan@example.org", &format!("Dan {MARK}"), "member").await;
        let task = house.assign_with(&format!("Feed the {MARK}"), "bob", &[("project", "1")]).await;
        let note = format!("the {MARK} is hungry");
        house.bob().post(&format!("/tasks/{task}/progress"), &[("progress", "20"), ("note", &note)]).await.expect(303);
        let job = format!("{{\"title\":\"Count the {MARK}s\"}}");
        let job = house.bob().send_json(Method::POST, "/api/v1/tasks", &job).await.expect(201).json()["id"].to_string();
        let schedule = format!(r#"{{"title":"Call the {MARK}s","cron":"@daily","job":{{"job_kind":"calls"}}}}"#);
        let schedule = alice.send_json(Method::POST, "/api/v1/schedules", &schedule).await.expect(201).json();
        let one = |sql: &str| -> String {
            house.look().query_row(sql, [], |row| row.get::<_, Value>(0)).map(|value| text(&value)).unwrap()
        };
        let bob = house.people.id("bob");
        house.token("bob", "read").await;
        house.organisation_token("read admin").await;
        let file = format!("/api/v1/tasks/{job}/artifacts/default");
        house.bob().send_json(Method::PUT, &file, &format!("\"{MARK}\"")).await.expect(201);
        let sequence = one(&format!("select max(sequence) from trail where task_id = {task}"));
        tell(house, "bob").await;
        Things {
            failed: failed_job(house).await,
            notification: one("select id from notifications"),
            task,
            job,
            sequence,
            project: one("select id from projects"),
            schedule: schedule["id"].to_string(),
            invitation: one("select max(id) from invitations"),
            token: link.rsplit('/').next().unwrap().to_owned(),
            key: one(&format!("select lower(hex(key)) from sessions where user_id = {bob}")),
            own_token: one("select id from api_tokens where owner = 'member'"),
            organisation_token: one("select id from api_tokens where owner = 'organisation'"),
            asset: alice
                .open("/tasks")
                .await
                .attribute("link[rel='stylesheet']", "href")
                .unwrap()
                .replace("/assets/", ""),
        }
    }

    /// A route's path with the ids of these things in it.
    pub fn path(&self, route: &str, house: &House) -> String {
        // What only a job has or takes.
        let is_of_job = ["retry", "dismiss", "log", "items.csv", "{name}"].iter().any(|last| route.ends_with(last));
        let id = match route {
            _ if route.starts_with("/tasks") && is_of_job => &self.failed,
            _ if route.starts_with("/tasks") => &self.task,
            _ if route.starts_with("/api/v1/tasks") => &self.job,
            _ if route.starts_with("/projects") => &self.project,
            _ if route.contains("/schedules") => &self.schedule,
            _ if route.starts_with("/people/invitations") => &self.invitation,
            _ if route.starts_with("/account/tokens") => &self.own_token,
            _ if route.starts_with("/settings/tokens") => &self.organisation_token,
            _ => house.people.id("bob"),
        };
        let path = route.replace("{id}", id).replace("{token}", &self.token).replace("{key}", &self.key);
        let name = if route.starts_with("/tasks") { "letters.txt" } else { "default" };
        let query = if route == "/jobs/bulk" { "?act=retry&status=failed" } else { "" };
        path.replace("{*path}", &self.asset)
            .replace("{what}", "queue")
            .replace("{name}", name)
            .replace("{kind}", "rehearsal")
            + query
    }

    pub fn fields(&self, fields: &str, house: &House) -> String {
        if fields.starts_with('{') {
            return fields.replace("{job}", &self.job);
        }
        fields
            .replace("{bob}", house.people.id("bob"))
            .replace("{sequence}", &self.sequence)
            .replace("{notification}", &self.notification)
            .replace(' ', "+")
    }
}

/// A notification of somebody's.
async fn tell(house: &House, name: &str) {
    let new = NewNotification {
        organisation: OrganisationId::new(1),
        user: house.people.id(name).parse().unwrap(),
        reason: Reason::Broadcast,
        subject: format!("The {MARK}"),
        text: format!("The {MARK} is hungry."),
        task: None,
        schedule: None,
    };
    house.server.app.db.write(move |w| milepost::notify::actions::tell(w, &new)).await.unwrap();
}

/// A job of Bob's that failed and left a log and a file.
async fn failed_job(house: &House) -> String {
    let program = Worker::of(house, "bob");
    let id = program.running("Send the letters").await;
    program.log(id, &format!("the {MARK} is hungry\n")).await;
    program.file(id, "letters.txt", MARK).await;
    program.finish(id, Outcome::Failed).await;
    id.to_string()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => format!("{bytes:02x?}"),
    }
}

/// All that Harbour Works has, but for what visits leave (sessions, presence).
pub fn everything(house: &House) -> Vec<String> {
    let conn = house.look();
    let stranger = house.people.id("stranger");
    let mut all = Vec::new();
    for (table, which) in [
        ("organisations", "id = 1"),
        ("members", "organisation_id = 1"),
        ("invitations", "organisation_id = 1"),
        ("projects", "organisation_id = 1"),
        ("tasks", "organisation_id = 1"),
        ("trail", "organisation_id = 1"),
        ("jobs", "organisation_id = 1"),
        ("queue_limits", "organisation_id = 1"),
        ("task_counts", "organisation_id = 1"),
        ("audit", "organisation_id = 1"),
        ("ready_jobs", "organisation_id = 1"),
        ("schedules", "organisation_id = 1"),
        ("schedule_runs", "schedule_id in (select id from schedules where organisation_id = 1)"),
        ("notifications", "organisation_id = 1"),
        ("deliveries", "1"),
        ("attempts", "1"),
        ("job_log", "1"),
        ("artifacts", "1"),
        ("project_members", "1"),
        ("password_resets", "1"),
        ("api_tokens", "organisation_id = 1"),
        (
            "users",
            &format!("id <> {stranger} and id not in (select user_id from api_tokens where organisation_id <> 1)"),
        ),
    ] {
        let mut statement = conn.prepare(&format!("select * from {table} where {which}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> = (0..columns).map(|column| text(&row.get(column).unwrap())).collect();
            all.push(format!("{table}: {}", cells.join(" | ")));
        }
    }
    all
}
