-- Jobs, and what became of each of their ticks.
--
-- Times are milliseconds since 1970-01-01 UTC. This file is never edited once it was released; a change of the schema
-- is a new file.

create table onehost_jobs (
  name text not null primary key,
  lease text not null,             -- whose fencing tokens its runs have: those of two leases cannot be compared
  schedule text not null,          -- in words, as the last owner registered it
  handled_until integer not null,  -- every tick up to this one has been dealt with
  pruned_until integer,            -- the newest tick that began and has no row any more
  registered_at integer not null
) strict, without rowid;

-- One row per tick, or per row of ticks that did not run. The key is what keeps a tick from running twice when handled_until
-- is set back with a clock that was ahead.
create table onehost_job_runs (
  job text not null references onehost_jobs (name),
  scheduled_for integer not null,
  last_scheduled_for integer not null, -- scheduled_for, unless this stands for several ticks
  ticks integer not null check (ticks > 0),
  outcome text not null check (outcome in (
    'running', 'succeeded', 'failed', 'timed-out', 'stopped', 'abandoned', 'missed', 'skipped')),
  attempts integer not null,
  instance text not null,
  fencing_token integer not null,
  started_at integer not null,
  ended_at integer,
  error text,
  primary key (job, scheduled_for)
) strict, without rowid;

create index onehost_job_runs_running on onehost_job_runs (job, fencing_token)
where outcome = 'running';

-- Whoever deletes a run: its tick is still known to have begun.
create trigger onehost_job_runs_pruned
after delete on onehost_job_runs
when old.outcome not in ('missed', 'skipped')
begin
  update onehost_jobs set pruned_until = max(old.scheduled_for, coalesce(pruned_until, old.scheduled_for))
  where name = old.job;
end;
