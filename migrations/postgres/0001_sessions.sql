-- Sessions, and what keeps a session that was ended from coming back.
--
-- :schema stands for the schema that onehost was told to use. Times are milliseconds since 1970-01-01 UTC, by the server's
-- clock. This file is never edited once it was released; a change of the schema is a new file.

-- The one place where it is read. The volatile function that it is inlined to is clock_timestamp(), and not now(), which
-- stands still for the whole of a transaction: whoever waited for a lock would go by the time before its wait.
create function :schema.now_ms() returns bigint
language sql volatile parallel safe
as $$ select floor(date_part('epoch', clock_timestamp()) * 1000)::bigint $$;

-- When what begins to live at p_now has expired; rounded up, and no later than what a JavaScript Date can name.
create function :schema.expiry_after(p_now bigint, p_ttl_ms double precision) returns bigint
language sql immutable parallel safe
as $$ select least(ceil(p_now + p_ttl_ms), 8.64e15)::bigint $$;

-- One row per token. Neither the token nor, but for the payload, the id of the user is in it: a SHA-256 has one length, which an
-- index needs, and may be of any text, which PostgreSQL's own text may not.
create table :schema.sessions (
  token_hash bytea not null primary key check (length(token_hash) = 32), -- SHA-256 of the token
  generation bigint not null,
  user_hash bytea not null check (length(user_hash) = 32),               -- SHA-256 of the user's id
  payload text not null,                                                 -- '{': JSON, '[': devalue
  created_at bigint not null,
  touched_at bigint not null,
  expires_at bigint not null
);

-- The user index. PostgreSQL keeps it in step with the sessions inside each statement, so it cannot drift.
create index sessions_of_user on :schema.sessions (user_hash);

-- What nobody is given any more lies before everything else: first what a clear has left behind, then what has expired.
create index sessions_dead on :schema.sessions (generation, expires_at);

-- One row. Sessions of an earlier generation were cleared: to clear is to begin the next.
create table :schema.state (
  id integer not null primary key check (id = 1),
  session_generation bigint not null
);
insert into :schema.state (id, session_generation) values (1, 1);

create function :schema.generation_never_falls() returns trigger
language plpgsql
as $$
begin
  raise exception 'sessions that were cleared would be back';
end $$;

create trigger generation_never_falls
before update on :schema.state
for each row when (new.session_generation < old.session_generation)
execute function :schema.generation_never_falls();

-- The fence. An invalidation draws the next position, notes it in the bucket of what it ends, and only then deletes. Whoever keeps a
-- session tells the position that it knew before it loaded: if the bucket of the token or the user holds a later one, it is refused.
--
-- Why a position that is drawn from a sequence is right although transactions commit in another order: what counts is when it was
-- drawn. An app ends a session in its own store before it calls the invalidation, which then draws: a load that began after a
-- look at the position that is not lower has seen the session ended. And by the lock of the bucket's row, either the invalidation finds what
-- was kept, or who keeps finds the position.
--
-- Buckets 0 to 4095 are of users, 4096 to 8191 of tokens; a bucket that is shared costs a load that is done again. In bucket -1 there is a
-- random number, drawn when the table was filled. The table is unlogged: after a crash, and on a standby that was promoted, it is
-- empty, and is filled anew with another number. So whatever the sequence may have forgotten with the last moments before a crash,
-- nothing that was known before it is taken for current after it.
create sequence :schema.fence_position;
-- Before the first one is drawn, last_value is already what will be drawn first: it would be taken for drawn.
select nextval(':schema.fence_position');

create unlogged table :schema.fences (
  bucket integer not null primary key,
  position bigint not null
) with (fillfactor = 50);

create function :schema.user_bucket(p_user_hash bytea) returns integer
language sql immutable parallel safe
as $$ select get_byte(p_user_hash, 0) * 16 + get_byte(p_user_hash, 1) / 16 $$;

create function :schema.token_bucket(p_token_hash bytea) returns integer
language sql immutable parallel safe
as $$ select 4096 + get_byte(p_token_hash, 0) * 16 + get_byte(p_token_hash, 1) / 16 $$;

-- On a standby nothing can be written, and its fences cannot even be read. It is said in words that the caller knows.
create function :schema.assert_primary() returns void
language plpgsql
as $$
begin
  if pg_is_in_recovery() then
    raise exception 'onehost needs the primary, and this is a standby' using errcode = '25006';
  end if;
end $$;

-- What each function below relies on: that the statement after a lock sees what was committed before the lock was had. It
-- does in READ COMMITTED alone. And that nobody waits for longer than who has called.
create function :schema.begin_change(p_lock_timeout_ms integer) returns void
language plpgsql
as $$
begin
  perform :schema.assert_primary();
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'onehost needs read committed, but this transaction is %', current_setting('transaction_isolation')
      using errcode = 'OH001';
  end if;
  perform set_config('lock_timeout', p_lock_timeout_ms::text, true);
end $$;

-- The commit is on disk when it returns, whatever the server or the connection was set to; where they ask for more, that stays.
create function :schema.be_durable() returns void
language plpgsql
as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
end $$;

create function :schema.open_fence() returns table (incarnation bigint, fence_position bigint, generation bigint)
language plpgsql
as $$
begin
  perform :schema.assert_primary();
  for attempt in 1..2 loop
    return query
      select f.position, p.last_value, s.session_generation
      from :schema.fences f, :schema.fence_position p, :schema.state s
      where f.bucket = -1;
    exit when found;
    -- By whoever is first with this row; the others wait for it, and find all of them.
    insert into :schema.fences (bucket, position)
      values (-1, floor(random() * 4503599627370496)::bigint)
    on conflict do nothing;
    if found then
      insert into :schema.fences (bucket, position) select n, 0 from generate_series(0, 8191) n;
    end if;
  end loop;
end $$;

-- Whether nothing that concerns the token or the user was invalidated after the fence. From here to the end of the transaction
-- nothing will be: invalidations wait for the two locks. The user's is taken first, by everybody.
--
-- The user's is an advisory lock. Who shares a row passes by those who wait to have it alone, so that a stream of sets for one user, each
-- of which keeps the row until its commit, would keep every invalidation of that user out for ever. Advisory locks are had in the order
-- in which they were asked for. There is no room for one per token in the server's table of locks, nor a stream of sets for one token.
create function :schema.fence_holds(
  p_token_hash bytea, p_user_hash bytea, p_incarnation bigint, p_fence_position bigint, p_generation bigint
) returns boolean
language plpgsql
as $$
declare
  v_user bigint;
  v_token bigint;
begin
  perform pg_advisory_xact_lock_shared(':schema.fences'::regclass::oid::integer, :schema.user_bucket(p_user_hash));
  select f.position into v_user from :schema.fences f where f.bucket = :schema.user_bucket(p_user_hash);
  select f.position into v_token from :schema.fences f where f.bucket = :schema.token_bucket(p_token_hash) for share;
  return coalesce(
    v_user <= p_fence_position
    and v_token <= p_fence_position
    and p_incarnation = (select f.position from :schema.fences f where f.bucket = -1)
    -- A database that was put back to an earlier state.
    and p_fence_position <= (select p.last_value from :schema.fence_position p)
    and p_generation = (select s.session_generation from :schema.state s),
    false);
end $$;

-- Removes up to so many sessions that nobody is given any more; those that somebody else is about to change are left.
create function :schema.remove_dead(p_limit integer) returns integer
language plpgsql
as $$
declare
  v_now bigint := :schema.now_ms();
  v_generation bigint;
  v_removed integer;
begin
  select session_generation into v_generation from :schema.state;
  with dead as materialized (
    select token_hash from :schema.sessions
    where (generation, expires_at) <= (v_generation, v_now)
    order by generation, expires_at
    limit p_limit
    for update skip locked
  )
  delete from :schema.sessions s using dead where s.token_hash = dead.token_hash;
  get diagnostics v_removed = row_count;
  return v_removed;
end $$;

-- Keeps a session in place of what the token had; false, and nothing was done, when the fence does not hold. It is asked although a
-- set is unconditional: the statement may be carried out long after its caller gave it up, by a server that hung, and what
-- was invalidated meanwhile must not come back.
create function :schema.put(
  p_token_hash bytea, p_user_hash bytea, p_payload text, p_ttl_ms double precision,
  p_incarnation bigint, p_fence_position bigint, p_generation bigint, p_lock_timeout_ms integer
) returns boolean
language plpgsql
as $$
declare
  v_now bigint;
begin
  perform :schema.begin_change(p_lock_timeout_ms);
  if not :schema.fence_holds(p_token_hash, p_user_hash, p_incarnation, p_fence_position, p_generation) then
    return false;
  end if;
  v_now := :schema.now_ms();
  insert into :schema.sessions as s
    (token_hash, generation, user_hash, payload, created_at, touched_at, expires_at)
  values
    (p_token_hash, p_generation, p_user_hash, p_payload, v_now, v_now, :schema.expiry_after(v_now, p_ttl_ms))
  on conflict (token_hash) do update set
    generation = excluded.generation,
    user_hash = excluded.user_hash,
    payload = excluded.payload,
    created_at = case
      when s.generation = excluded.generation and s.expires_at > v_now and s.user_hash = excluded.user_hash
      then s.created_at else excluded.created_at end,
    touched_at = excluded.touched_at,
    expires_at = excluded.expires_at;
  perform :schema.remove_dead(2);
  return true;
end $$;

-- Keeps what was loaded after the fence, and gives the payload that is there then: its own, or that of a live session that was there
-- already and is newer. Null when the fence does not hold.
create function :schema.fill(
  p_token_hash bytea, p_user_hash bytea, p_payload text, p_ttl_ms double precision,
  p_incarnation bigint, p_fence_position bigint, p_generation bigint, p_lock_timeout_ms integer
) returns text
language plpgsql
as $$
declare
  v_now bigint;
  v_payload text;
begin
  perform :schema.begin_change(p_lock_timeout_ms);
  -- What a crash undoes of it was a copy.
  perform set_config('synchronous_commit', 'off', true);
  if not :schema.fence_holds(p_token_hash, p_user_hash, p_incarnation, p_fence_position, p_generation) then
    -- A session that somebody has set meanwhile is newer than every invalidation so far.
    select s.payload into v_payload from :schema.sessions s
    where s.token_hash = p_token_hash and s.expires_at > :schema.now_ms()
      and s.generation = (select session_generation from :schema.state);
    return v_payload;
  end if;
  loop
    v_now := :schema.now_ms();
    select s.payload into v_payload from :schema.sessions s
    where s.token_hash = p_token_hash and s.generation = p_generation and s.expires_at > v_now;
    if found then
      return v_payload;
    end if;
    insert into :schema.sessions as s
      (token_hash, generation, user_hash, payload, created_at, touched_at, expires_at)
    values
      (p_token_hash, p_generation, p_user_hash, p_payload, v_now, v_now, :schema.expiry_after(v_now, p_ttl_ms))
    on conflict (token_hash) do update set
      generation = excluded.generation,
      user_hash = excluded.user_hash,
      payload = excluded.payload,
      created_at = excluded.created_at,
      touched_at = excluded.touched_at,
      expires_at = excluded.expires_at
    -- Somebody was faster: what is there now is to be given, and not to be replaced.
    where not (s.generation = p_generation and s.expires_at > v_now);
    if found then
      perform :schema.remove_dead(2);
      return p_payload;
    end if;
  end loop;
end $$;

-- Whether there was a live session whose life begins anew. On disk when it ends sooner than it would have.
create function :schema.extend(p_token_hash bytea, p_ttl_ms double precision, p_lock_timeout_ms integer) returns boolean
language plpgsql
as $$
declare
  v_now bigint;
  v_before bigint;
  v_expires_at bigint;
begin
  perform :schema.begin_change(p_lock_timeout_ms);
  select s.expires_at into v_before from :schema.sessions s
  where s.token_hash = p_token_hash and s.generation = (select session_generation from :schema.state)
  for update of s;
  v_now := :schema.now_ms();
  if v_before is null or v_before <= v_now then
    return false;
  end if;
  v_expires_at := :schema.expiry_after(v_now, p_ttl_ms);
  if v_expires_at < v_before then
    perform :schema.be_durable();
  else
    perform set_config('synchronous_commit', 'off', true);
  end if;
  update :schema.sessions s set touched_at = v_now, expires_at = v_expires_at where s.token_hash = p_token_hash;
  return true;
end $$;

-- Draws a position for each of the buckets, and holds their rows until the end of the transaction. Locked in ascending order
-- by everybody. They are of one user, or of tokens.
create function :schema.raise_fences(p_buckets integer[]) returns void
language plpgsql
as $$
begin
  if p_buckets[1] < 4096 then
    perform pg_advisory_xact_lock(':schema.fences'::regclass::oid::integer, p_buckets[1]);
  end if;
  perform 1 from :schema.fences f where f.bucket = any (p_buckets) order by f.bucket for no key update;
  update :schema.fences f set position = nextval(':schema.fence_position') where f.bucket = any (p_buckets);
end $$;

-- How many of the sessions of this user, by token, were live until now.
create function :schema.drop_sessions(p_user_hash bytea, p_token_hashes bytea[]) returns integer
language plpgsql
as $$
declare
  v_now bigint := :schema.now_ms();
  v_removed integer;
begin
  with dropped as (
    delete from :schema.sessions s
    where s.token_hash = any (p_token_hashes) and (p_user_hash is null or s.user_hash = p_user_hash)
    returning s.generation, s.expires_at
  )
  select count(*) into v_removed from dropped d, :schema.state g
  where d.generation = g.session_generation and d.expires_at > v_now;
  return v_removed;
end $$;

-- The three ways to end sessions. Each gives how many live ones there were, and a position that is not lower than its own.
create function :schema.invalidate(p_token_hash bytea, p_lock_timeout_ms integer)
returns table (removed integer, fence_position bigint)
language plpgsql
as $$
begin
  perform :schema.begin_change(p_lock_timeout_ms);
  perform :schema.be_durable();
  perform :schema.raise_fences(array[:schema.token_bucket(p_token_hash)]);
  removed := :schema.drop_sessions(null, array[p_token_hash]);
  select p.last_value into fence_position from :schema.fence_position p;
  return next;
end $$;

-- Sessions that somebody sets for the user at the same time may stay: they may as well have been set a moment later.
create function :schema.invalidate_user(p_user_hash bytea, p_except_token_hash bytea, p_lock_timeout_ms integer)
returns table (removed integer, fence_position bigint)
language plpgsql
as $$
declare
  v_token_hashes bytea[];
begin
  perform :schema.begin_change(p_lock_timeout_ms);
  perform :schema.be_durable();
  perform :schema.raise_fences(array[:schema.user_bucket(p_user_hash)]);
  select array_agg(s.token_hash) into v_token_hashes from :schema.sessions s
  where s.user_hash = p_user_hash and s.token_hash is distinct from p_except_token_hash;
  removed := 0;
  if v_token_hashes is not null then
    -- What is on its way in for one of these tokens may be of another user, and is older than what is dropped.
    perform :schema.raise_fences(array(select distinct :schema.token_bucket(t) from unnest(v_token_hashes) t));
    removed := :schema.drop_sessions(p_user_hash, v_token_hashes);
  end if;
  select p.last_value into fence_position from :schema.fence_position p;
  return next;
end $$;

-- The tokens of a user, after no load of an earlier time can add one any more. The caller looks for the one that it means, and
-- drops it with a second call; what is loaded between the two was loaded after the app had ended it.
create function :schema.tokens_of_user(p_user_hash bytea, p_lock_timeout_ms integer) returns setof bytea
language plpgsql
as $$
begin
  perform :schema.begin_change(p_lock_timeout_ms);
  perform :schema.be_durable();
  perform :schema.raise_fences(array[:schema.user_bucket(p_user_hash)]);
  return query select s.token_hash from :schema.sessions s where s.user_hash = p_user_hash;
end $$;

create function :schema.invalidate_of_user(p_user_hash bytea, p_token_hash bytea, p_lock_timeout_ms integer)
returns table (removed integer, fence_position bigint)
language plpgsql
as $$
begin
  perform :schema.begin_change(p_lock_timeout_ms);
  perform :schema.be_durable();
  perform :schema.raise_fences(array[:schema.token_bucket(p_token_hash)]);
  removed := :schema.drop_sessions(p_user_hash, array[p_token_hash]);
  select p.last_value into fence_position from :schema.fence_position p;
  return next;
end $$;

-- Who is about to keep a session told the generation that it knew, and its row is of that one: nobody is given it any more.
create function :schema.clear(p_lock_timeout_ms integer) returns void
language plpgsql
as $$
begin
  perform :schema.begin_change(p_lock_timeout_ms);
  perform :schema.be_durable();
  update :schema.state set session_generation = session_generation + 1;
end $$;
