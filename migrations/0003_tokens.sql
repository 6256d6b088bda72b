-- Tokens of the API. The secret is shown once and never stored: only its SHA-256, and its first characters, by which
-- people tell their tokens apart.
create table api_tokens (
  id              integer primary key autoincrement,
  organisation_id integer not null references organisations,
  owner           text    not null check (owner in ('member', 'organisation')),
  -- As whom it acts: the member; for the organisation's, a user of its own that is nobody's membership.
  user_id         integer not null references users,
  name            text    not null,
  prefix          text    not null,
  secret_hash     blob    not null unique,
  scopes          text    not null check (scopes <> ''),   -- words with blanks between
  created_by      integer not null references users,
  created_at      integer not null,
  expires_at      integer,
  last_used_at    integer,
  revoked_at      integer
) strict;
create index api_tokens_by_owner on api_tokens (organisation_id, owner, user_id, created_at) where revoked_at is null;
