-- Clearing all sessions at once, however many there are.
--
-- Each session belongs to a generation, and only those of the current one exist for a reader. To clear is to begin
-- the next generation: one number changes. The rows that are left behind are removed a few at a time.
--
-- Times are milliseconds since 1970-01-01 UTC. This file is never edited once it was released; a change of the schema
-- is a new file.

alter table onehost_file add column session_generation integer not null default 1;

create trigger onehost_file_generation_never_falls
before update of session_generation on onehost_file
when new.session_generation < old.session_generation
begin
  select raise(abort, 'sessions that were cleared would be back');
end;

-- In place of onehost_session_entries. The name is another one on purpose: a process of an older version that has the
-- file open knows no generations and would read what was cleared. It finds no table instead, and fails.
--
-- The key is the first 64 bits of the hash, as the rowid: the tree has 3 levels for a million sessions and compares integers, where
-- one with the hash as its key has 7, since its inner pages would hold whole rows. Two tokens may share a key, as good as never: with a
-- million sessions once in 40 million times that so many are made. The later one takes the place of the other, whose user logs in again.
create table onehost_sessions (
  token_key integer not null primary key,
  generation integer not null,
  token_hash blob not null check (length(token_hash) = 32), -- SHA-256 of the token
  user_id text not null,
  created_at integer not null,
  touched_at integer not null,
  expires_at integer not null,
  payload text not null -- '{': JSON, '[': devalue. The last, so that what is before it is read without it
) strict;

insert into onehost_sessions
  (token_key, generation, token_hash, user_id, created_at, touched_at, expires_at, payload)
select
  ( -- The first 16 hex digits, one after the other.
    with recursive digits (place, number) as (
      select 0, 0
      union all
      select place + 1, number << 4 | instr('0123456789ABCDEF', substr(hex(token_hash), place + 1, 1)) - 1
      from digits
      where place < 16
    )
    select number from digits where place = 16
  ),
  1, token_hash, user_id, created_at, touched_at, expires_at, payload
from onehost_session_entries;

drop table onehost_session_entries; -- and its indexes

-- The user index. SQLite keeps it in step with the sessions inside each statement, so it cannot drift. Without the expiry: a touch would have to
-- write it, too.
create index onehost_session_user_index on onehost_sessions (user_id);

-- What a clear has left behind, and then what has expired, the oldest first.
create index onehost_session_expiry on onehost_sessions (generation, expires_at);
