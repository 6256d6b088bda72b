-- The latest health of the house: one row for each check, in the unit of the check.
create table health (
  what   text    primary key check (what in ('disk', 'database', 'log', 'writer', 'backup', 'stuck', 'waiting')),
  state  text    not null check (state in ('well', 'warning', 'failing')),
  figure integer,
  at     integer not null
) strict, without rowid;
