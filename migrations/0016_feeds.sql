-- Feeds: addresses with which tasks are kept in step. The address itself stands in the jobs that ask it: it may have a secret
-- in it, here it is only told apart by its SHA-256. Settings are a hash of all else that the feed was read with.
create table feeds (
  id              integer primary key,
  organisation_id integer not null references organisations (id),
  address         blob    not null,
  project         text    not null,
  settings        text,
  etag            text,
  last_modified   text,
  read_at         integer,
  unique (organisation_id, address, project)
) strict;

-- What the last good state of a feed had, and the task that it became. What it said of it is kept by field: only what the
-- feed itself changes since then is changed here. What it cancelled by being gone it opens again when it is back.
create table feed_entries (
  feed_id integer not null references feeds (id),
  uid     text    not null,
  task_id integer not null,
  said    text    not null,
  gone_at integer,
  is_cancelled integer not null default 0,
  primary key (feed_id, uid)
) strict, without rowid;
