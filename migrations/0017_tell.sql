-- Who was listed, and is no member any more when their turn comes, is left out: `gone`.
create table deliveries_with_gone (
  job_id     integer not null,
  place      integer not null,  -- in the list, from 1
  recipient  text,              -- a user's id, an address, a URL; none: it names nobody, or one who is listed already
  key        text    not null,  -- how the job's items call it
  state      text    not null check (state in ('waiting', 'sending', 'sent', 'failed', 'unknown', 'bad', 'twice', 'gone')),
  attempt    integer not null default 0,
  told       text,
  claimed_at integer,           -- when it was last handed over, or was about to be
  primary key (job_id, place),
  check (recipient is not null or state in ('bad', 'twice'))
) strict, without rowid;
insert into deliveries_with_gone (job_id, place, recipient, key, state, attempt, told, claimed_at)
  select job_id, place, recipient, key, state, attempt, told, claimed_at from deliveries;
drop table deliveries;
alter table deliveries_with_gone rename to deliveries;
create unique index deliveries_by_recipient on deliveries (job_id, recipient) where recipient is not null;
create index deliveries_by_state on deliveries (job_id, state, place);

-- Whether the last retry by hand was of those of whom nobody knows whether they got it.
alter table broadcasts add column sends_unknown integer not null default 0 check (sends_unknown in (0, 1));
