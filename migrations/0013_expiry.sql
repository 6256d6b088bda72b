-- When a file goes; null: so many days after its job ended, as the clean-up says.
alter table artifacts add column expires_at integer;
