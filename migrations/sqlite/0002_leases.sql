-- Leases: who may do what only one process at a time may do.
--
-- Times are milliseconds since 1970-01-01 UTC and for display; what decides is the monotonic time, milliseconds since
-- the machine's boot. This file is never edited once it was released; a change of the schema is a new file.

-- One row per lease, for ever: with the row its fencing token would be lost, and begin anew.
create table onehost_leases (
  name text not null primary key,
  fencing_token integer not null check (fencing_token > 0),  -- of the newest term
  replaced_token integer,                                    -- of the term before it
  holder text,                                               -- id of the instance; null: nobody holds it
  process_id integer not null,                               -- from here on: of the newest term
  host text not null,
  app_version text,
  instance_started_at integer not null,
  reason text not null check (reason in ('first', 'released', 'holder-died', 'expired', 'stolen')),
  duration_milliseconds real not null check (duration_milliseconds > 0),
  renewals integer not null,                                 -- moves with each renewal: a heartbeat that needs no clock
  renewed_monotonic real not null,                           -- when the last successful attempt began
  boot_id text not null,                                     -- whose monotonic clock that is
  acquired_at integer not null,
  renewed_at integer not null
) strict, without rowid;

create trigger onehost_leases_keep_rows
before delete on onehost_leases
begin
  select raise(abort, 'a row of onehost_leases must stay: the fencing token would begin anew');
end;

create trigger onehost_leases_raise_token
before update of fencing_token on onehost_leases
when new.fencing_token <= old.fencing_token
begin
  select raise(abort, 'a fencing token only rises');
end;

-- What has been learnt of the file's locks during a boot of the machine: that one process sees the lock of another
-- (and so its end), or that the lock of a process that lives was found free.
alter table onehost_file add column locks_proved_boot_id text;
alter table onehost_file add column locks_broken_boot_id text;
