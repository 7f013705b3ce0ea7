-- Sessions, and what happened to them.
--
-- Times are milliseconds since 1970-01-01 UTC. Ids of users are text: 1 and '1' are the same user.
-- This file is never edited once it was released; a change of the schema is a new file.

-- One row per token. The token itself is nowhere: what a thief of this file could try out is not in it.
create table onehost_session_entries (
  token_hash blob not null primary key check (length(token_hash) = 32), -- SHA-256 of the token
  user_id text not null,
  payload text not null,                                                -- '{': JSON, '[': devalue
  created_at integer not null,
  touched_at integer not null,
  expires_at integer not null
) strict, without rowid;

-- The user index. SQLite keeps it in step with the entries inside each statement, so it cannot drift.
-- Since the table has no rowid, each index row also holds the entry's token_hash.
create index onehost_session_user_index on onehost_session_entries (user_id, expires_at);

-- What has expired, the oldest first.
create index onehost_session_expiry on onehost_session_entries (expires_at);

-- The change log: which entries a process may have in its memory and must not use any more. A row names
-- a token, a user (all of that user's entries), or neither (everything).
--
-- seq has no gaps and is never used twice: rows are only ever deleted from the low end, and the newest
-- one stays (the trigger sees to that). So a reader that finds the row it read last still there knows
-- that it missed nothing. AUTOINCREMENT would promise the same for twice the cost of an insert.
create table onehost_session_changes (
  seq integer not null primary key,
  mark integer not null, -- random: a seq that is given again, in a file put back to an earlier state, has another
  token_hash blob check (length(token_hash) = 32),
  user_id text,
  check (token_hash is null or user_id is null)
) strict;

create trigger onehost_session_changes_keep_newest
before delete on onehost_session_changes
when old.seq = (select max(seq) from onehost_session_changes)
begin
  select raise(abort, 'the newest row of onehost_session_changes must stay: its seq would be used again');
end;

-- Position 1: there is always a newest row.
insert into onehost_session_changes (seq, mark) values (1, random() & 0xfffffffffffff);

-- What is known of this file. One row.
create table onehost_file (
  id integer not null primary key check (id = 1),
  checked_boot_id text -- the boot of the machine during which the file was last found to be sound
) strict;

insert into onehost_file (id) values (1);
