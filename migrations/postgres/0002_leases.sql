-- Leases: who may do what only one process at a time may do.
--
-- :schema stands for the schema that onehost was told to use. Times are milliseconds since 1970-01-01 UTC, by the server's
-- clock. Texts are as they were given, but for \ and NUL, which stand as \\ and \0: PostgreSQL keeps no NUL in a text. This file is never
-- edited once it was released; a change of the schema is a new file.

-- One row per lease, for ever: with the row its fencing token would be lost, and begin anew.
create table :schema.leases (
  name text collate "C" not null primary key,
  fencing_token bigint not null check (fencing_token > 0), -- of the newest term
  replaced_token bigint,                                   -- of the term before it
  holder text,                                             -- id of the instance; null: nobody holds it
  process_id bigint not null,                              -- from here on: of the newest term
  host text not null,
  app_version text,
  instance_started_at bigint not null,                     -- by the clock of the instance
  reason text not null check (reason in ('first', 'released', 'holder-died', 'expired', 'stolen')),
  duration_ms double precision not null check (duration_ms > 0),
  renewals bigint not null,                                -- moves with each renewal: a heartbeat that needs no clock
  acquired_at bigint not null,
  renewed_at bigint not null
) with (fillfactor = 50);

-- Makes the fencing token a part of a key. So a row that is locked FOR KEY SHARE can be renewed, which changes no key, but not be
-- taken over, which changes the token: this is how a transaction under the lease keeps the next term waiting for its commit, and
-- nobody waits for it to renew (https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS).
create unique index leases_term on :schema.leases (name, fencing_token);

create function :schema.leases_stay() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'a row of leases must stay: the fencing token would begin anew';
  end if;
  raise exception 'a fencing token only rises';
end $$;

create trigger leases_stay before delete on :schema.leases
for each row execute function :schema.leases_stay();

create trigger leases_raise_token before update on :schema.leases
for each row when (new.fencing_token < old.fencing_token)
execute function :schema.leases_stay();

-- True; from here to the end of the transaction nobody waits for a lock for longer than that.
create function :schema.wait_at_most(p_milliseconds integer) returns boolean
language plpgsql volatile
as $$
begin
  perform set_config('lock_timeout', p_milliseconds::text, true);
  return true;
end $$;

-- A token is at least the wall clock in microseconds: a database put back from a backup gives none a second time.
create function :schema.next_token(p_before bigint) returns bigint
language sql volatile
as $$ select greatest(p_before + 1, :schema.now_ms() * 1000) $$;

-- Fails unless this term is the current one; it stays so until the end of the transaction.
create function :schema.assert_term(p_name text, p_holder text, p_fencing_token bigint) returns void
language plpgsql
as $$
begin
  perform 1 from :schema.leases l
  where l.name = p_name and l.holder = p_holder and l.fencing_token = p_fencing_token
  for key share;
  if not found then
    raise exception 'another term is the current one' using errcode = 'OH002';
  end if;
end $$;
