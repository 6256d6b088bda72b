-- Which rows of its file an import has saved, and how: what another attempt leaves out. A chunk is 500 rows, a byte for
-- each: 0 not saved, 1 new, 2 updated, 3 was so already. Found by the job's id, which is never given twice.
create table import_chunks (
  job_id   integer not null,
  chunk    integer not null,
  outcomes blob    not null,
  primary key (job_id, chunk)
) strict, without rowid;
