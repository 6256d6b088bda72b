-- What was answered to a write that came with an `Idempotency-Key`, stored together with its effect: the same write
-- again gets the same answer and does nothing. Kept for a day.
create table kept_answers (
  id              integer primary key,
  organisation_id integer not null references organisations,
  user_id         integer not null references users,
  key             text    not null,
  asked           blob    not null,   -- SHA-256 of method, path, kind of body and body
  status          integer not null,
  location        text,
  body            blob    not null,
  at              integer not null
) strict;
create unique index kept_answers_by_key on kept_answers (organisation_id, user_id, key);
create index kept_answers_by_time on kept_answers (at);
