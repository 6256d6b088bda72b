-- What users should know, each with its reason; and to whom broadcasts are sent, one row for each recipient.
create table notifications (
  id              integer primary key autoincrement,
  organisation_id integer not null references organisations,
  user_id         integer not null references users,
  reason          text    not null check (reason in ('broadcast', 'alarm')),
  subject         text    not null,
  text            text    not null,
  -- What it is about, where that is still there.
  task_id         integer,
  schedule_id     integer,
  is_read         integer not null default 0 check (is_read in (0, 1)),
  created_at      integer not null,
  read_at         integer,
  check ((is_read = 1) = (read_at is not null))
) strict;
create index notifications_by_reading on notifications (organisation_id, user_id, is_read, id);
create index notifications_by_user on notifications (organisation_id, user_id, id);
-- One broadcast tells nobody twice.
create unique index notifications_of_broadcasts on notifications (task_id, user_id) where reason = 'broadcast';

-- Counted on write: it stands on every page.
alter table members add column unread integer not null default 0 check (unread >= 0);

-- A broadcast whose whole list of recipients is there, and how many retries by hand it has heeded.
create table broadcasts (
  job_id  integer primary key,
  retries integer not null
) strict;

-- Found by the job's id, which is never given twice. A row is `sending` before anything is sent, and durably so: what is found
-- so by another attempt may have been sent, and becomes `unknown`.
create table deliveries (
  job_id     integer not null,
  place      integer not null,  -- in the list, from 1
  recipient  text,              -- a user's id, an address, a URL; none: it names nobody, or one who is listed already
  key        text    not null,  -- how the job's items call it
  state      text    not null check (state in ('waiting', 'sending', 'sent', 'failed', 'unknown', 'bad', 'twice')),
  attempt    integer not null default 0,
  told       text,
  claimed_at integer,
  primary key (job_id, place),
  check (recipient is not null or state in ('bad', 'twice'))
) strict, without rowid;
create unique index deliveries_by_recipient on deliveries (job_id, recipient) where recipient is not null;
create index deliveries_by_state on deliveries (job_id, state, place);

-- How each channel fared when it was last used.
create table channels (
  channel text    primary key check (channel in ('bell', 'email', 'webhook')),
  is_well integer not null check (is_well in (0, 1)),
  told    text,
  at      integer not null
) strict, without rowid;

-- One more check of the house's health: channels.
create table health_with_channels (
  what   text    primary key check (what in ('disk', 'database', 'log', 'writer', 'backup', 'stuck', 'waiting', 'channels')),
  state  text    not null check (state in ('well', 'warning', 'failing')),
  figure integer,
  at     integer not null
) strict, without rowid;
insert into health_with_channels (what, state, figure, at) select what, state, figure, at from health;
drop table health;
alter table health_with_channels rename to health;
