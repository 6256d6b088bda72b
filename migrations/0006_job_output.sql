-- What jobs leave behind: log, items, artifacts. Rows are found by the task's id, which is never given twice, and are
-- removed in pieces after the task is deleted: megabytes at once would keep every other write waiting.
create table job_outputs (
  task_id    integer primary key,
  -- The log, in bytes of all that was ever appended. What lies between the two ends of the gap was dropped.
  log_bytes  integer not null default 0,
  gap_start  integer not null default 0,
  gap_end    integer not null default 0,
  -- The first bytes of a character whose others have not come yet, and the attempt that wrote them.
  log_rest   blob,
  attempt    integer not null default 0,
  -- Items of other generations do not count any more and wait for their removal.
  generation integer not null default 1,
  items      integer not null default 0 check (items >= 0),
  next_place integer not null default 1,
  -- Failures of earlier attempts than this left the counts when they were begun again.
  failed_from integer not null default 0,
  check (0 <= gap_start and gap_start <= gap_end and gap_end <= log_bytes)
) strict;

create table job_log (
  id      integer primary key,
  task_id integer not null,
  start   integer not null,  -- of all bytes of the log
  attempt integer not null,
  at      integer not null,
  text    blob    not null   -- UTF-8, whole characters
) strict;
create unique index job_log_by_start on job_log (task_id, start);

-- Items are told apart by their message in groups, which hold each message once and are counted on write.
create table item_groups (
  id         integer primary key,
  task_id    integer not null,
  generation integer not null,
  outcome    text    not null check (outcome in ('succeeded', 'failed', 'skipped')),
  hash       blob    not null,  -- of the message
  message    text,
  items      integer not null check (items >= 0)
) strict;
create unique index item_groups_by_message on item_groups (task_id, generation, outcome, hash);
create index item_groups_by_size on item_groups (task_id, generation, outcome, items, id);

create table items (
  id         integer primary key,
  task_id    integer not null,
  generation integer not null,
  place      integer not null,  -- in the order in which they were first heard of
  key        text    not null,
  outcome    text    not null check (outcome in ('succeeded', 'failed', 'skipped')),
  group_id   integer not null,
  attempt    integer not null,
  at         integer not null
) strict;
create unique index items_by_key on items (task_id, generation, key);
create unique index items_by_place on items (task_id, generation, place);
create index items_by_outcome on items (task_id, generation, outcome, place);
create index items_by_group on items (group_id, place);

-- A file is `arriving` until its last byte has come; `gone` ones wait until nobody can still be reading them.
create table artifacts (
  id           integer primary key autoincrement,
  task_id      integer not null,
  name         text    not null,
  state        text    not null check (state in ('arriving', 'stored', 'gone')),
  content_type text    not null,
  bytes        integer not null default 0 check (bytes >= 0),
  sha256       blob,
  attempt      integer not null,
  created_at   integer not null,
  touched_at   integer not null,  -- when its last chunk came, or when it went
  check (state <> 'stored' or sha256 is not null)
) strict;
create unique index artifacts_by_name on artifacts (task_id, name) where state = 'stored';
create index artifacts_by_task on artifacts (task_id, state);
create index artifacts_not_stored on artifacts (state, touched_at) where state <> 'stored';

create table artifact_chunks (
  id          integer primary key,
  artifact_id integer not null,
  place       integer not null,  -- counts from 0
  bytes       blob    not null
) strict;
create unique index artifact_chunks_by_place on artifact_chunks (artifact_id, place);

-- What is to be removed in pieces: all output of a task that is deleted (generation 0), or items of a generation.
create table output_removals (
  task_id    integer not null,
  generation integer not null,
  primary key (task_id, generation)
) strict, without rowid;
