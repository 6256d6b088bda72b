//! The database that both scenes use: an owner with tasks, admins who watch the organisation, members with a task each;
//! a session for everybody.

use std::path::Path;

use milepost::people::{SessionKey, sql};
use milepost::tasks::actions::{NewTasks, create_tasks};
use rusqlite::{Connection, params};
use tower_sessions::session::Id;

use crate::support;

/// The owner's tasks have the ids 1 to this.
pub const TASKS: usize = 1_000;
/// Admins are the users from 2 on: enough for all streams that are held, at `STREAMS_OF_ADMIN` each.
pub const FIRST_ADMIN: usize = 2;
pub const ADMINS: usize = 310;
/// Below the limit of streams per user, so that one who comes back is not refused while the old stream is being closed.
pub const STREAMS_OF_ADMIN: usize = 60;
pub const FIRST_MEMBER: usize = FIRST_ADMIN + ADMINS;
pub const MEMBERS: usize = 10_000;

/// The id in the cookie of this user's session.
pub fn session(user: usize) -> Id {
    Id(support::SESSION + user as i128)
}

/// Makes the database at `path`.
pub async fn prepare(path: &Path) {
    let (app, viewer) = support::app(path).await;
    for _ in 0..TASKS / 100 {
        let title: String = (0..100).map(|n| format!("Prepare the quarterly report, part {n}\n")).collect();
        let form = NewTasks { title, assignee: viewer.user.to_string(), ..NewTasks::default() };
        create_tasks(&app, &viewer, form).await.expect("creates");
    }
    app.db
        .write(|w| {
            let now = w.now.as_microsecond();
            people(w.conn, now)?;
            tasks(w.conn, now)?;
            let expires = (w.now + jiff::SignedDuration::from_hours(24 * 30)).as_microsecond();
            for user in 1..FIRST_MEMBER + MEMBERS {
                let data = format!(r#"{{"user":{user},"organisation":1}}"#);
                sql::put_session(
                    w.conn,
                    &SessionKey::of(session(user)),
                    Some(user as i64),
                    &data,
                    expires,
                    w.now,
                    true,
                )?;
            }
            Ok(())
        })
        .await
        .expect("fills");
    app.db.close();
}

fn people(conn: &Connection, now: i64) -> rusqlite::Result<()> {
    conn.execute(
        "with recursive n (i) as (select 2 union all select i + 1 from n where i < ?2)
         insert into users (id, email, name, password_hash, created_at)
         select i, 'person' || i || '@example.org', 'Person Number ' || i, 'x', ?1 from n",
        params![now, (FIRST_MEMBER + MEMBERS - 1) as i64],
    )?;
    conn.execute(
        "insert into members (organisation_id, user_id, role, joined_at)
         select 1, id, case when id < ?1 then 'admin' else 'member' end, created_at from users where id > 1",
        [FIRST_MEMBER as i64],
    )?;
    Ok(())
}

/// The task of member number i has the id TASKS + 1 + i.
fn tasks(conn: &Connection, now: i64) -> rusqlite::Result<()> {
    conn.execute(
        "with recursive n (i) as (select 0 union all select i + 1 from n where i < ?2 - 1)
         insert into tasks (id, organisation_id, kind, title, status, progress, assignee_id, creator_id, priority,
                            created_at, updated_at, version)
         select ?3 + 1 + i, 1, 'assignment', 'Prepare the quarterly report, part ' || i, 'pending', 0, ?4 + i, 1, 'medium', ?1, ?1, 1
         from n",
        params![now, MEMBERS as i64, TASKS as i64, FIRST_MEMBER as i64],
    )?;
    conn.execute(
        "insert into trail (organisation_id, task_id, version, change, actor_id, via, old, new, at)
         select 1, id, 1, 'created', 1, 'page', '{}', json_object('status', status, 'progress', progress, 'title', title), created_at
         from tasks where id > ?1 order by id",
        [TASKS as i64],
    )?;
    conn.execute("delete from task_counts", [])?;
    conn.execute(
        "insert into task_counts select organisation_id, coalesce(assignee_id, 0), coalesce(project_id, 0), status, count(*)
         from tasks group by 1, 2, 3, 4",
        [],
    )?;
    conn.execute("insert or replace into tasks_text (rowid, organisation, title, description) select id, 'o1', title, '' from tasks where id > ?1", [TASKS as i64])?;
    Ok(())
}
