-- Who uses Milepost: organisations, users, members, sessions, presence, projects.
-- Times are integer microseconds since 1970, UTC.
create table meta (
  key   text primary key,
  value text not null
) strict, without rowid;

create table organisations (
  id                   integer primary key autoincrement,
  name                 text    not null,
  zone                 text    not null default 'UTC',
  members_see_projects integer not null default 1 check (members_see_projects in (0, 1)),
  created_at           integer not null
) strict;

create table users (
  id            integer primary key autoincrement,
  email         text    not null unique,
  name          text    not null,
  password_hash text    not null,
  language      text,
  theme         text    not null default 'auto' check (theme in ('auto', 'light', 'dark')),
  zone          text,
  created_at    integer not null
) strict;

create table members (
  organisation_id integer not null references organisations,
  user_id         integer not null references users,
  role            text    not null check (role in ('owner', 'admin', 'member')),
  joined_at       integer not null,
  deactivated_at  integer,
  primary key (organisation_id, user_id)
) strict, without rowid;
create index members_by_user on members (user_id);

-- The token itself is shown once and never stored: only its SHA-256.
create table invitations (
  id              integer primary key autoincrement,
  organisation_id integer not null references organisations,
  email           text    not null,
  name            text    not null,
  role            text    not null check (role in ('owner', 'admin', 'member')),
  token_hash      blob    not null unique,
  created_by      integer not null references users,
  created_at      integer not null,
  expires_at      integer not null,
  used_at         integer,
  revoked_at      integer
) strict;
create index invitations_pending on invitations (organisation_id, created_at) where used_at is null and revoked_at is null;

create table password_resets (
  token_hash blob    primary key,
  user_id    integer not null references users,
  created_by integer not null references users,
  created_at integer not null,
  expires_at integer not null,
  used_at    integer
) strict, without rowid;

-- Keyed by the SHA-256 of the session id: a stolen database opens no session.
create table sessions (
  key        blob    primary key,
  user_id    integer references users,
  data       text    not null,
  created_at integer not null,
  seen_at    integer not null,
  expires_at integer not null
) strict, without rowid;
create index sessions_by_user on sessions (user_id) where user_id is not null;
create index sessions_by_expiry on sessions (expires_at);

create table presence_spans (
  id              integer primary key,
  organisation_id integer not null references organisations,
  user_id         integer not null references users,
  state           text    not null check (state in ('active', 'idle', 'offline')),
  source          text    not null check (source in ('pages', 'declared')),
  started_at      integer not null,
  ended_at        integer not null
) strict;
create index presence_spans_by_user on presence_spans (organisation_id, user_id, started_at);

create table projects (
  id              integer primary key autoincrement,
  organisation_id integer not null references organisations,
  name            text    not null,
  created_at      integer not null,
  archived_at     integer
) strict;
create unique index projects_by_name on projects (organisation_id, name);

create table project_members (
  project_id integer not null references projects,
  user_id    integer not null references users,
  primary key (project_id, user_id)
) strict, without rowid;
create index project_members_by_user on project_members (user_id);

-- Every administrative act: who did what to whom.
create table audit (
  id              integer primary key,
  organisation_id integer not null references organisations,
  actor_id        integer references users,
  act             text    not null,
  subject         text    not null,
  at              integer not null
) strict;
create index audit_by_organisation on audit (organisation_id, id);
