//! Ended jobs and files that may be over: found in pieces, oldest first, and never one that something open needs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::error::Result;
use crate::jobs::artifacts::ArtifactId;
use crate::people::OrganisationId;
use crate::tasks::{Status, TaskId};

/// Where a walk over ended jobs goes on.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct EndedPlace {
    finished_at: i64,
    id: i64,
}

/// The next ended jobs of an organisation, and where to go on; nowhere after the last. Parents whose children are there
/// stay out, children of what is open, and what something open waited for.
pub fn ended_jobs(
    conn: &Connection,
    organisation: OrganisationId,
    status: Status,
    ended_before: Timestamp,
    after: EndedPlace,
    limit: i64,
) -> Result<(Vec<TaskId>, Option<EndedPlace>)> {
    let mut statement = conn.prepare_cached(
        "select t.finished_at, t.id,
                not exists (select 1 from tasks c where c.parent_id = t.id)
                and not exists (select 1 from tasks p where p.id = t.parent_id and p.finished_at is null)
                and not exists (select 1 from task_dependencies d join tasks w on w.id = d.task_id
                                where d.after_id = t.id and w.finished_at is null)
         from tasks t indexed by jobs_ended
         where t.kind = 'job' and t.finished_at is not null and t.organisation_id = ?1 and t.status = ?2
           and (t.finished_at, t.id) > (?3, ?4) and t.finished_at <= ?5
         order by t.finished_at, t.id limit ?6",
    )?;
    let rows = statement
        .query_map(
            params![organisation, status, after.finished_at, after.id, ended_before.as_microsecond(), limit],
            |row| Ok((EndedPlace { finished_at: row.get(0)?, id: row.get(1)? }, row.get(2)?)),
        )?
        .collect::<rusqlite::Result<Vec<(EndedPlace, bool)>>>()?;
    let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < limit);
    let next = rows.last().map(|(place, _)| *place).filter(|_| !is_last);
    Ok((rows.into_iter().filter(|(_, is_free)| *is_free).map(|(place, _)| TaskId::new(place.id)).collect(), next))
}

/// The jobs that have a file which an open job, or a schedule, will read: payloads name it `{"task": 42, "name": "a.csv"}`.
pub fn files_awaited(conn: &Connection) -> Result<BTreeSet<TaskId>> {
    Ok(conn
        .prepare_cached(
            "select f.value from jobs j join job_contents c on c.task_id = j.task_id, json_tree(c.payload) f
             where j.ended_at is null and j.job_kind is not null
               and f.key = 'task' and f.type = 'integer' and f.path like '%.file'
             union
             select f.value from schedules s, json_tree(s.template) f
             where f.key = 'task' and f.type = 'integer' and f.path like '%.file'",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// A file, and the job that left it.
pub type FileOfJob = (ArtifactId, TaskId);

/// The next files that have expired, or of jobs that ended before this, of all organisations, each with its job, and where
/// to go on. What has a time of its own goes by that one.
pub fn old_files(
    conn: &Connection,
    ended_before: Timestamp,
    now: Timestamp,
    after: ArtifactId,
    limit: i64,
) -> Result<(Vec<FileOfJob>, Option<ArtifactId>)> {
    let rows = conn
        .prepare_cached(
            "select a.id, a.task_id,
                    a.state = 'stored' and t.finished_at is not null and iif(a.expires_at is null, t.finished_at <= ?1, a.expires_at <= ?4)
             from artifacts a left join tasks t on t.id = a.task_id where a.id > ?2 order by a.id limit ?3",
        )?
        .query_map(params![ended_before.as_microsecond(), after, limit, now.as_microsecond()], |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
        })?
        .collect::<rusqlite::Result<Vec<(FileOfJob, Option<bool>)>>>()?;
    let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < limit);
    let next = rows.last().map(|((id, _), _)| *id).filter(|_| !is_last);
    Ok((rows.into_iter().filter(|(_, is_old)| *is_old == Some(true)).map(|(file, _)| file).collect(), next))
}

/// Lets go of a file that has expired, or of a job that ended before this; its bytes go in pieces, later. False when it is not there any more, or
/// its job was begun again.
pub fn let_file_go(conn: &Connection, id: ArtifactId, ended_before: Timestamp, now: Timestamp) -> Result<bool> {
    Ok(conn
        .prepare_cached(
            "update artifacts set state = 'gone', touched_at = ?3 where id = ?1 and state = 'stored'
               and exists (select 1 from tasks t where t.id = artifacts.task_id and t.finished_at is not null
                           and iif(artifacts.expires_at is null, t.finished_at <= ?2, artifacts.expires_at <= ?3))",
        )?
        .execute(params![id, ended_before.as_microsecond(), now.as_microsecond()])?
        == 1)
}
