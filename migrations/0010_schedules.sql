-- Schedules: what is made again and again, and what became of it. A slot is the instant at which a schedule's time comes.
create table schedules (
  id              integer primary key autoincrement,
  organisation_id integer not null references organisations,
  title           text    not null,
  cron            text    not null,
  zone            text    not null,
  template        text    not null,  -- JSON: the job or the assignment that is made at each slot
  jitter_seconds  integer not null check (jitter_seconds >= 0),
  after_downtime  text    not null check (after_downtime in ('skip', 'once', 'all')),
  overlap         text    not null check (overlap in ('skip', 'queue', 'allow')),
  alarm_failures  integer not null check (alarm_failures >= 1),
  is_paused       integer not null default 0 check (is_paused in (0, 1)),
  comes_with      text,              -- the kind of job with which it came by itself
  maker_id        integer references users,  -- none: Milepost itself
  next_slot       integer,
  look_at         integer,           -- when it is to be looked at next: its slot with its delay, or at once
  counted_to      integer not null,  -- up to where slots were looked at
  forgotten_to    integer not null,  -- the newest slot whose run is not kept any more
  runs            integer not null default 0,  -- how many are kept
  created_at      integer not null,
  updated_at      integer not null,
  version         integer not null,
  check (is_paused = 0 or look_at is null)
) strict;
create index schedules_by_organisation on schedules (organisation_id, id);
-- One seek says whether there is anything to do, however many there are.
create index schedules_due on schedules (look_at) where look_at is not null;
create index schedules_ahead on schedules (counted_to) where is_paused = 0;

-- One row for each slot that was looked at. Whoever inserts it has the slot: the task that it made and the schedule's next
-- time are saved in the same commit.
create table schedule_runs (
  schedule_id integer not null references schedules,
  slot        integer not null,
  by_hand     integer not null default 0 check (by_hand in (0, 1)),
  missed      integer not null default 0 check (missed >= 0),  -- slots before it that were left out
  task_id     integer,
  is_waiting  integer not null default 0 check (is_waiting in (0, 1)),
  outcome     text check (outcome in ('done', 'failed', 'cancelled', 'skipped', 'missed', 'refused')),
  reason      text check (reason in ('maker', 'assignee', 'project', 'other')),
  started_at  integer,
  ended_at    integer,
  primary key (schedule_id, slot)
) strict, without rowid;
create index schedule_runs_by_task on schedule_runs (task_id) where task_id is not null;
create index schedule_runs_open on schedule_runs (schedule_id, is_waiting, slot) where outcome is null;

-- A run ends, and goes on again, with its task; what waits for its end is looked at.
create trigger schedule_run_moves after update of finished_at on tasks when (old.finished_at is null) <> (new.finished_at is null) begin
  update schedule_runs set started_at = new.started_at, ended_at = new.finished_at,
    outcome = case when new.finished_at is null then null else new.status end
  where task_id = new.id;
  update schedules set look_at = 0
  where id = (select schedule_id from schedule_runs where task_id = new.id) and is_paused = 0
    and exists (select 1 from schedule_runs r where r.schedule_id = schedules.id and r.outcome is null and r.is_waiting = 1);
end;

-- Which schedules an organisation was given once: one that it deleted does not come back.
create table schedules_given (
  organisation_id integer not null references organisations,
  job_kind        text    not null,
  primary key (organisation_id, job_kind)
) strict, without rowid;
