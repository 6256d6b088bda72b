-- Tasks, and the trail of everything that happened to them.
create table tasks (
  id               integer primary key autoincrement,
  organisation_id  integer not null references organisations,
  kind             text    not null check (kind in ('assignment', 'job')),
  title            text    not null,
  description      text    not null default '',
  status           text    not null check (status in ('pending', 'in_progress', 'done', 'failed', 'cancelled')),
  progress         real    not null default 0 check (progress between 0 and 100),
  project_id       integer references projects,
  assignee_id      integer references users,
  creator_id       integer not null references users,
  priority         text    not null default 'medium' check (priority in ('low', 'medium', 'high', 'urgent')),
  due_at           integer,          -- the instant after which it is overdue
  due_date         text,             -- the day as it was given, when no time was given
  estimate_minutes integer check (estimate_minutes > 0),
  created_at       integer not null,
  started_at       integer,
  finished_at      integer,
  updated_at       integer not null,
  version          integer not null,
  check ((finished_at is null) = (status in ('pending', 'in_progress'))),
  check (due_date is null or due_at is not null)
) strict;

-- The monitor: by risk. Due first, then whoever was not heard of for longest.
create index tasks_open_by_due on tasks (organisation_id, due_at, id) where finished_at is null;
create index tasks_open_by_update on tasks (organisation_id, updated_at, id) where finished_at is null;
create index tasks_open_by_assignee on tasks (organisation_id, assignee_id, due_at, id) where finished_at is null;
create index tasks_open_by_project on tasks (organisation_id, project_id, due_at, id) where finished_at is null;
-- My tasks: what was done lately.
create index tasks_ended_by_assignee on tasks (organisation_id, assignee_id, finished_at, id) where finished_at is not null;
-- History: newest first, along whichever filter is narrowest.
create index tasks_by_creation on tasks (organisation_id, created_at, id);
create index tasks_by_assignee on tasks (organisation_id, assignee_id, created_at, id);
create index tasks_by_project on tasks (organisation_id, project_id, created_at, id);
create index tasks_by_status on tasks (organisation_id, status, created_at, id);
create index tasks_by_priority on tasks (organisation_id, priority, created_at, id);
create index tasks_by_kind on tasks (organisation_id, kind, created_at, id);

-- Append-only: nothing updates or deletes an entry. `sequence` is the order of
-- commits, and what a stream's cursor counts. `old` and `new` are JSON objects
-- of the changed fields: folding every `new` gives the task's present state.
create table trail (
  sequence        integer primary key,
  organisation_id integer not null references organisations,
  task_id         integer not null,
  version         integer not null,
  change          text    not null,
  actor_id        integer references users,
  via             text    not null check (via in ('page', 'api', 'system')),
  old             text    not null,
  new             text    not null,
  note            text,
  presence        text check (presence in ('active', 'idle', 'offline')),
  at              integer not null
) strict;
create index trail_by_task on trail (task_id, sequence);
create index trail_by_organisation on trail (organisation_id, sequence);
create trigger trail_is_append_only_update before update on trail begin select raise(abort, 'the trail is append-only'); end;
create trigger trail_is_append_only_delete before delete on trail begin select raise(abort, 'the trail is append-only'); end;

-- How many tasks a person has in a project, by status: kept on write, so that
-- no page counts. 0 stands for nobody and for no project.
create table task_counts (
  organisation_id integer not null,
  assignee_id     integer not null,
  project_id      integer not null,
  status          text    not null,
  tasks           integer not null check (tasks >= 0),
  primary key (organisation_id, assignee_id, project_id, status)
) strict, without rowid;

-- Full text of what people wrote; `organisation` holds one token, o<ID>.
create virtual table tasks_text using fts5 (organisation, title, description, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2', prefix='2 3');
