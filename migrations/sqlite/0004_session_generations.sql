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
create table onehost_sessions (
  generation integer not null,
  token_hash blob not null check (length(token_hash) = 32), -- SHA-256 of the token
  user_id text not null,
  payload text not null,                                    -- '{': JSON, '[': devalue
  created_at integer not null,
  touched_at integer not null,
  expires_at integer not null,
  -- Whatever was left behind by a clear lies before all that is current: found without an index of its own, and
  -- never in the way of a set of the same token.
  primary key (generation, token_hash)
) strict, without rowid;

insert into onehost_sessions (generation, token_hash, user_id, payload, created_at, touched_at, expires_at)
select 1, token_hash, user_id, payload, created_at, touched_at, expires_at
from onehost_session_entries
order by token_hash;

drop table onehost_session_entries; -- and its indexes

-- The user index. SQLite keeps it in step with the sessions inside each statement, so it cannot drift.
-- Since the table has no rowid, each index row also holds the session's generation and token_hash.
create index onehost_session_user_index on onehost_sessions (user_id, expires_at);

-- What has expired, the oldest first.
create index onehost_session_expiry on onehost_sessions (expires_at);
