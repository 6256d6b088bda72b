-- What the pages of jobs are listed along: what is open by creation, what has ended by its end; for those who see only a
-- part, the same by assignee and by project.
create index jobs_open on tasks (organisation_id, status, created_at, id) where kind = 'job' and finished_at is null;
create index jobs_ended on tasks (organisation_id, status, finished_at, id) where kind = 'job' and finished_at is not null;
create index jobs_open_by_assignee on tasks (organisation_id, assignee_id, status, created_at, id)
  where kind = 'job' and finished_at is null and assignee_id is not null;
create index jobs_open_by_project on tasks (organisation_id, project_id, status, created_at, id)
  where kind = 'job' and finished_at is null and project_id is not null;
create index jobs_ended_by_assignee on tasks (organisation_id, assignee_id, status, finished_at, id)
  where kind = 'job' and finished_at is not null and assignee_id is not null;
create index jobs_ended_by_project on tasks (organisation_id, project_id, status, finished_at, id)
  where kind = 'job' and finished_at is not null and project_id is not null;

-- The few that are told apart from many: those that wait for a time or for others, and those that were lost.
alter table jobs add column waits integer not null default 0 check (waits in (0, 1));
create trigger jobs_wait after insert on jobs when exists (select 1 from task_dependencies where task_id = new.task_id) begin
  update jobs set waits = 1 where task_id = new.task_id;
end;
create index jobs_timed on jobs (organisation_id, task_id) where run_at is not null and attempt_started_at is null and ended_at is null;
create index jobs_waiting on jobs (organisation_id, task_id) where waits = 1 and attempt_started_at is null and ended_at is null;
create index jobs_lost on jobs (organisation_id, task_id) where lost_at is not null;
