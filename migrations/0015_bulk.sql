-- What a job that goes through many tasks has done: what another attempt of it leaves out, and what its undo sets back. What
-- changed, and from what to what, stands in the trail: the task's entries between these two sequences.
create table bulk_deeds (
  job_id         integer not null,
  task_id        integer not null,
  first_sequence integer not null,
  last_sequence  integer not null check (last_sequence >= first_sequence),
  due_at         integer,  -- the instant after which it was overdue: of a day, the trail has only its date
  primary key (job_id, task_id)
) strict, without rowid;
