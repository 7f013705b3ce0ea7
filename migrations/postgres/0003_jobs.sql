-- Jobs, and what became of each of their ticks.
--
-- :schema stands for the schema that onehost was told to use. Times are milliseconds since 1970-01-01 UTC; texts are written as
-- those of leases. This file is never edited once it was released; a change of the schema is a new file.

create table :schema.jobs (
  name text collate "C" not null primary key,
  lease text collate "C" not null, -- whose fencing tokens its runs have: those of two leases cannot be compared
  schedule text not null,          -- in words, as the last owner registered it
  handled_until bigint not null,   -- every tick up to this one has been dealt with
  pruned_until bigint,             -- the newest tick that began and has no row any more
  registered_at bigint not null
);

-- One row per tick, or per row of ticks that did not run. The key is what keeps a tick from running twice when handled_until
-- is set back with a clock that was ahead.
create table :schema.job_runs (
  job text collate "C" not null references :schema.jobs (name),
  scheduled_for bigint not null,
  last_scheduled_for bigint not null, -- scheduled_for, unless this stands for several ticks
  ticks bigint not null check (ticks > 0),
  outcome text not null check (outcome in (
    'running', 'succeeded', 'failed', 'timed-out', 'stopped', 'abandoned', 'missed', 'skipped')),
  attempts bigint not null,
  instance text not null,
  fencing_token bigint not null,
  started_at bigint not null,
  ended_at bigint,
  error text,
  primary key (job, scheduled_for)
);

create index job_runs_running on :schema.job_runs (job, fencing_token)
where outcome = 'running';

-- Whoever deletes a run: its tick is still known to have begun.
create function :schema.job_run_pruned() returns trigger
language plpgsql
as $$
begin
  update :schema.jobs set pruned_until = greatest(old.scheduled_for, pruned_until) where name = old.job;
  return null;
end $$;

create trigger job_runs_pruned after delete on :schema.job_runs
for each row when (old.outcome not in ('missed', 'skipped'))
execute function :schema.job_run_pruned();
