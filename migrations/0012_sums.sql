-- Sums of what the trail tells, for statistics. A ledger adds them up for one organisation, with days in one zone, as far as
-- one entry of the trail; that place, the sums and the tasks they are made from are saved together. A ledger that is made
-- anew grows beside the one that is read, and takes its place when it is whole.
create table ledgers (
  id              integer primary key autoincrement,
  organisation_id integer not null references organisations,
  zone            text    not null,
  form            integer not null,             -- what its figures mean; of another form, it is made anew
  sequence        integer not null default 0,   -- the last entry of the trail that is in it
  state           text    not null check (state in ('building', 'present', 'gone')),
  updated_at      integer not null
) strict;
create index ledgers_by_organisation on ledgers (organisation_id, state);
create unique index ledgers_one_of_each on ledgers (organisation_id, state) where state <> 'gone';

-- Each task as the trail up to that place tells it: what an entry does not say itself.
create table ledger_tasks (
  ledger_id        integer not null,
  task_id          integer not null,
  kind             text    not null check (kind in ('assignment', 'job')),
  status           text    not null check (status in ('pending', 'in_progress', 'done', 'failed', 'cancelled')),
  person_id        integer,
  project_id       integer,
  category         text,
  due_at           integer,
  estimate_minutes integer,
  created_at       integer not null,
  started_at       integer,
  attempt_at       integer,
  primary key (ledger_id, task_id)
) strict, without rowid;

-- By day ('2026-11-22') and by month ('2026-11'). 0 stands for nobody and for no project, '' for no category. What each
-- figure is stands in src/tasks/sums.rs.
create table sums (
  ledger_id                    integer not null,
  span                         text    not null check (span in ('day', 'month')),
  period                       text    not null,
  kind                         text    not null check (kind in ('assignment', 'job')),
  person_id                    integer not null,
  project_id                   integer not null,
  category                     text    not null,
  created                      integer not null,
  assigned                     integer not null,
  done                         integer not null,
  failed                       integer not null,
  cancelled                    integer not null,
  reopened                     integer not null,
  reports                      integer not null,
  comments                     integer not null,
  done_due                     integer not null,
  done_on_time                 integer not null,
  late_milliseconds            integer not null,
  lead_milliseconds            integer not null,
  cycle_milliseconds           integer not null,
  done_estimated               integer not null,
  estimated_minutes            integer not null,
  estimated_cycle_milliseconds integer not null,
  attempts                     integer not null,
  attempts_failed              integer not null,
  attempts_lost                integer not null,
  run_milliseconds             integer not null,
  primary key (ledger_id, span, period, kind, person_id, project_id, category)
) strict, without rowid;
