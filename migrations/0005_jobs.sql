-- Jobs: what a task needs to be moved by a program. Counts, stage and note are
-- part of every task's progress; what only a job has stands beside it.
alter table tasks add column category     text;
alter table tasks add column total        integer check (total >= 0);
alter table tasks add column succeeded    integer check (succeeded >= 0);
alter table tasks add column failed       integer check (failed >= 0);
alter table tasks add column skipped      integer check (skipped >= 0);
alter table tasks add column stage        text;
alter table tasks add column stage_index  integer check (stage_index >= 1);
alter table tasks add column stage_of     integer check (stage_of >= 1);
alter table tasks add column note         text;
alter table tasks add column eta_earliest integer;
alter table tasks add column eta_latest   integer;
alter table tasks add column parent_id    integer references tasks;
alter table tasks add column labels       text;    -- a JSON list of texts; none is null
alter table tasks add column external_id  text;

create index tasks_by_parent on tasks (parent_id, id) where parent_id is not null;
create unique index tasks_by_external_id on tasks (organisation_id, external_id) where external_id is not null;
create index tasks_by_category on tasks (organisation_id, category, created_at, id) where category is not null;

-- What a task waits for: `after_id` has to be done first.
create table task_dependencies (
  task_id  integer not null references tasks,
  after_id integer not null references tasks,
  primary key (task_id, after_id)
) strict, without rowid;
create index task_dependencies_by_after on task_dependencies (after_id, task_id);

-- The life of a job: small, and written with every report.
create table jobs (
  task_id               integer primary key references tasks,
  organisation_id       integer not null references organisations,
  job_kind              text,              -- none: its creator runs it
  queue                 text    not null,
  queue_priority        integer not null check (queue_priority between 0 and 9),
  run_at                integer,
  is_scheduled          integer not null default 0 check (is_scheduled in (0, 1)),  -- waits for run_at
  unique_key            text,
  max_attempts          integer not null check (max_attempts >= 1),
  backoff               text    not null,  -- seconds between attempts: "exponential" or a JSON list
  timeout_seconds       integer check (timeout_seconds >= 1),
  stalled_after_seconds integer check (stalled_after_seconds >= 1),
  stages                text,              -- a JSON list of [name, weight]
  attempt               integer not null default 0,
  round                 integer not null default 0,  -- the last attempt of earlier rounds: a retry by hand starts a new one
  only_failed_items     integer not null default 0 check (only_failed_items in (0, 1)),
  worker                text,
  attempt_started_at    integer,
  lease_seconds         integer,
  lease_expires_at      integer,
  heard_at              integer,
  cancel_requested_at   integer,
  cancel_acknowledged_at integer,
  stalled_at            integer,
  lost_at               integer,
  log_bytes             integer not null default 0,
  ended_at              integer,
  pace                  text,              -- what the estimate is made from
  -- The progress entry of the trail that was last written, and whether the row has gone on since.
  recorded_at           integer,
  is_ahead              integer not null default 0 check (is_ahead in (0, 1)),
  -- A parent's: how its children stand.
  children              integer not null default 0,
  children_done         integer not null default 0,
  children_failed       integer not null default 0,
  children_cancelled    integer not null default 0,
  children_progress     real    not null default 0,
  children_expected     integer,
  own_outcome           text check (own_outcome in ('done', 'failed', 'cancelled'))
) strict;
-- One open job for a key.
create unique index jobs_by_unique_key on jobs (organisation_id, unique_key) where unique_key is not null and ended_at is null;
create index jobs_running on jobs (organisation_id, queue, job_kind) where attempt_started_at is not null and ended_at is null;
create index jobs_ahead on jobs (recorded_at) where is_ahead = 1;
create index jobs_by_kind on jobs (organisation_id, job_kind, task_id) where job_kind is not null;
create index jobs_by_queue on jobs (organisation_id, queue, task_id);
-- Jobs that wait for their time.
create index jobs_scheduled on jobs (run_at) where is_scheduled = 1;

-- What may be large and is written once.
create table job_contents (
  task_id integer primary key references tasks,
  payload text not null default 'null',
  result  text,
  error   text
) strict;

-- What can be claimed now, in the order in which it is: kept on write, so that
-- a claim reads one row however many jobs wait.
create table ready_jobs (
  organisation_id integer not null,
  job_kind        text    not null,
  queue           text    not null,
  rank            integer not null,  -- 9 minus the priority: the lowest goes first
  ready_at        integer not null,
  task_id         integer not null unique,
  assignee_id     integer,           -- a member's own: the member may take it, too
  primary key (organisation_id, job_kind, queue, rank, ready_at, task_id)
) strict, without rowid;

create index ready_jobs_by_assignee on ready_jobs (organisation_id, assignee_id, job_kind, queue, rank, ready_at, task_id)
  where assignee_id is not null;

-- One row for each attempt, kept after its end.
create table attempts (
  task_id    integer not null references tasks,
  attempt    integer not null,
  worker     text,
  started_at integer not null,
  ended_at   integer,
  outcome    text check (outcome in ('done', 'failed', 'cancelled', 'lost')),
  progress   real,
  error      text,
  primary key (task_id, attempt),
  check ((ended_at is null) = (outcome is null))
) strict, without rowid;

-- How long the runs of a kind took (seconds), the newest few: what the first
-- estimate of the next run is made from. `kind` is the job's kind, or its title.
create table run_times (
  organisation_id integer not null,
  kind            text    not null,
  ended_at        integer not null,
  task_id         integer not null,
  seconds         real    not null,
  primary key (organisation_id, kind, ended_at, task_id)
) strict, without rowid;

-- What admins said of a queue or of a kind: paused, or so many at a time.
create table queue_limits (
  organisation_id integer not null references organisations,
  what            text    not null check (what in ('queue', 'kind')),
  name            text    not null,
  is_paused       integer not null default 0 check (is_paused in (0, 1)),
  at_once         integer check (at_once >= 1),
  primary key (organisation_id, what, name)
) strict, without rowid;
