-- How grave the alarm of a schedule is of which its admins were told since it was last well; none: it is well. And whether
-- something happened to it since it was last looked at for that.
alter table schedules add column alarm_told integer;
alter table schedules add column alarm_look integer not null default 0 check (alarm_look in (0, 1));
update schedules set alarm_look = 1;
create index schedules_alarm_look on schedules (id) where alarm_look = 1;
create index schedules_alarmed on schedules (id) where alarm_told is not null;
create trigger schedule_run_comes after insert on schedule_runs when new.outcome is not null begin
  update schedules set alarm_look = 1 where id = new.schedule_id and alarm_look = 0;
end;
create trigger schedule_run_turns after update of outcome on schedule_runs when new.outcome is not old.outcome begin
  update schedules set alarm_look = 1 where id = new.schedule_id and alarm_look = 0;
end;

-- Whether alarms of schedules go to a user by e-mail, too.
alter table users add column alarms_by_mail integer not null default 0 check (alarms_by_mail in (0, 1));

-- One more check of the house's health: the password for the mail server.
create table health_with_mail (
  what   text    primary key check (what in ('disk', 'database', 'log', 'writer', 'backup', 'stuck', 'waiting', 'channels', 'mail')),
  state  text    not null check (state in ('well', 'warning', 'failing')),
  figure integer,
  at     integer not null
) strict, without rowid;
insert into health_with_mail (what, state, figure, at) select what, state, figure, at from health;
drop table health;
alter table health_with_mail rename to health;
