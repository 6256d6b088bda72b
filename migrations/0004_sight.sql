-- When what a member may see last changed without an entry of the trail (a project's members, a setting, a role): a
-- sequence of its own, taken from the trail's, so that a cursor is either older or newer than the change. 0 for never.
alter table members add column sight_changed_at integer not null default 0;
create index members_by_sight on members (sight_changed_at);
